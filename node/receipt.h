/* SPDX-License-Identifier: Apache-2.0
 *
 * node/receipt.h - receipts: what we say of what we hold under others' grants, and what others say of ours
 * (docs/protocol/receipts.md).
 *
 * 1. What is to be said is stored with what it speaks of, in one transaction, and signed afterwards: erasing never
 *    waits for the key process (P12).
 * 2. Of one holder, grant, audience and set of records only the newest is kept, and it only moves forward.
 * 3. A receipt for another company goes on unchanged, also along a chain that has fallen.
 */
#ifndef HANSA_NODE_RECEIPT_H
#define HANSA_NODE_RECEIPT_H

#include "node/exchange_priv.h"

const char *receipt_state_name(enum receipt_state state);
/* Is a receipt of state `to` news after one of state `from`? newer: its time is later. */
bool receipt_is_news(enum receipt_state from, enum receipt_state to, bool newer);

/* What we say of records that we hold, or held, under a leaf whose audience we are. */
struct receipt_said {
    int64_t leaf; /* grants.id */
    enum receipt_state state;
    const struct record_id
        *records; /* ascending, at most RECEIPT_RECORDS_MAX; none: all under it */
    size_t record_count;
    size_t count;       /* that it is about */
    const char *reason; /* a code; NULL: none */
    const char *basis;  /* of REFUSED alone */
};
/* One receipt to the owner and, when it is another company, one to the issuer. RECEIVED and APPLIED only if the grant
 * asks for receipts. */
MUST_CHECK enum status receipt_make(struct core *core, const struct receipt_said *said);
/* What is held under the leaf is in use now. */
MUST_CHECK enum status receipt_applied(struct core *core, int64_t leaf);
/* Erases what is held under the leaf (records: just these, ascending; none: everything) and says so: PURGED with this
 * reason. */
MUST_CHECK enum status receipt_erase(struct core *core, int64_t leaf,
                                     const struct record_id *records, size_t count,
                                     const char *reason);
/* The last row that is to go under the leaf is gone; `before` were held. */
MUST_CHECK enum status receipt_erased(struct core *core, int64_t leaf, int64_t before,
                                      const char *reason);

/* This one should go and is kept on a basis in law: REFUSED. */
MUST_CHECK enum status receipt_refuse(struct core *core, int64_t leaf,
                                      const struct record_id *record);
/* The hold on this record is over: it is erased (all: with everything under the leaf), and where it was refused PURGED is said. */
MUST_CHECK enum status receipt_release(struct core *core, int64_t leaf,
                                       const struct record_id *record, bool all);

/* Signs and queues what is to be said. */
MUST_CHECK enum status receipt_tell(struct core *core);
/* A Receipt: for us, or another's to pass on. */
MUST_CHECK enum status receipt_take(struct taking *t);

#endif
