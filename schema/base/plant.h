/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/plant.h - named faults that the simulator plants to prove that it would find them.
 *
 * Only builds of the simulator's own (HANSA_PLANTS) know how; in the product PLANTED() is the constant false.
 */
#ifndef HANSA_BASE_PLANT_H
#define HANSA_BASE_PLANT_H

#include <stdbool.h>

/*    name                  what goes wrong, and the promise it breaks */
#define PLANT_TABLE(X)                                                                         \
    X(PROJECTION_OFF)    /* fields outside the grant are disclosed: P2, P3 */                  \
    X(DECIDE_ONCE)       /* no second decision at hand-over: P2, P5 */                         \
    X(ACK_BEFORE_COMMIT) /* acknowledged, then lost by a crash: P1 */                          \
    X(APPLY_OLDER)       /* a late older revision overwrites a newer: P6 */                    \
    X(SKIP_SIGNATURE)    /* batch signatures are not checked: P8 */                            \
    X(FORGET_FANOUT)     /* a change at the owner does not go beyond the first hop: P6 */      \
    X(WIDEN_ACCEPTED)    /* a link may give more than its parent: P4 */                        \
    X(NUMBER_REUSED)     /* after a crash a number comes with other content: P6 */             \
    X(CONSENT_IGNORED)   /* personal fields leave without a ground for it: P2, P3 */           \
    X(QUOTA_IGNORED)     /* an organiser takes more rows than it agreed to */                  \
    X(SEALED_IN_CLEAR)   /* what goes through a carrier can be read there: P2 */               \
    X(RECEIPT_EARLY)     /* a receipt for what has not been taken: P1 */                       \
    X(FEEDBACK_TO_ALL)   /* what becomes of one bringer's rows goes to another: P2 */          \
    X(LEASE_IGNORED)     /* passed on although the owner's word is too old: P5 */              \
    X(KEPT_LONGER)       /* whoever gets it at second hand may keep it longer: P4 */           \
    X(FALL_HERE_ONLY)    /* taken back above, and still served further down: P5 */             \
    X(POSITION_REUSED)   /* a position has a second revision: P7 */                            \
    X(RECEIPT_UNTRUE)    /* "erased", and it is all still there: P11 */                        \
    X(RECEIPT_MISSING)   /* erased, and nobody hears of it */                                  \
    X(ROW_KEPT)          /* a row that was taken back stays: P11 */                            \
    X(LOG_KEPT)          /* what was erased stays in the database's log: P11 */                \
    X(RESTORE_UNSEEN)    /* an older database goes on as if it were the newest: P6 */          \
    X(HELD_SERVED)       /* a restored node sends before anybody told it anything: P5 */       \
    X(PARTNER_BACK)      /* who was removed since is a partner again */                        \
    X(PERSON_BACK)       /* who was erased since is there again: P11 */                        \
    X(KEY_GONE_EARLY)    /* a sealing key goes before everybody knows the next: P6 */          \
    X(KEY_UNTOLD)        /* who has no link with it does not hear of its new key: P8 */        \
    X(STOLEN_TAKEN)      /* what is signed with a key that is known as stolen is taken: P8 */

enum plant {
#define X(name) PLANT_##name,
    PLANT_TABLE(X)
#undef X
        PLANT_COUNT_
};

#ifdef HANSA_PLANTS
extern int plant_active; /* enum plant, or -1; one simulator, one thread */
#define PLANTED(name) (plant_active == (int)PLANT_##name)
#else
#define PLANTED(name) false
#endif

#endif
