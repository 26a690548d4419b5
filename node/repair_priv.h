/* SPDX-License-Identifier: Apache-2.0
 *
 * node/repair_priv.h - what node/repair*.c share.
 */
#ifndef HANSA_NODE_REPAIR_PRIV_H
#define HANSA_NODE_REPAIR_PRIV_H

#include "node/repair.h"
#include "node/scopes.h"

struct repair_tally {
    size_t again;    /* due once more */
    size_t back;     /* taken back */
    size_t odd;      /* there, and not known here or newer than here */
    size_t given_up; /* not there again, or it may not go: not compared any more */
};

/* ---- repair_mend.c: one share that we gave, whose sums differ ---- */

/* Of a range: what we delivered and is not there, or older there, and what is there and was not delivered. */
MUST_CHECK enum status repair_mend_list(struct core *core, struct live *live,
                                        const struct scope_look *ours,
                                        const struct scope_range *theirs,
                                        struct repair_tally *tally);

/* ---- repair_answer.c: what we hold ---- */

MUST_CHECK enum status repair_answer_scopes(struct core *core, struct peer *peer,
                                            const struct scopes *asked);
MUST_CHECK enum status repair_answer_ids(struct core *core, struct peer *peer,
                                         const struct scope_ids *asked);
/* Sums were compared under this leaf, by either side. */
MUST_CHECK enum status repair_note(struct core *core, int64_t leaf, bool same,
                                   const struct repair_tally *tally);

#endif
