/* SPDX-License-Identifier: Apache-2.0
 *
 * node/scopes.h - what stands under the grant of a live share, as sums in memory and as entries from the database: what
 * we delivered under one that we gave, what we hold under one that we received (docs/protocol/repair.md).
 *
 * 1. Sums are made from the rows themselves, a piece a round, when somebody wants to compare; from then on every change
 *    of a row moves them (scopes_moved). A restart forgets them, so rows that went behind our back are missed by then.
 * 2. Not there: what its holder did not have twice running (delivery.missed), frozen records, and what is kept out of
 *    sight by law.
 */
#ifndef HANSA_NODE_SCOPES_H
#define HANSA_NODE_SCOPES_H

#include "federation/scope.h"
#include "node/core_priv.h"

struct scope_set;

/* Nobody knows what moved: made anew when wanted. */
void scopes_forget_all(struct core *core);
void scopes_forget(struct live *live);

/* Its sums, or NULL: they are being made, ask again in a later round. A small share is done at once. */
MUST_CHECK enum status scopes_want(struct core *core, struct live *live,
                                   const struct scope **out);
/* A piece of what is being made. */
MUST_CHECK enum status scopes_step(struct core *core);

/* The entry of this record went from `was` to `is`; NULL: it was, or is, none. */
MUST_CHECK enum status scopes_moved(struct core *core, const struct live *live, int64_t record,
                                    const struct position *was, const struct position *is);
/* What we delivered of the record. STATUS_NOT_FOUND. */
MUST_CHECK enum status scopes_delivered(struct core *core, int64_t leaf, int64_t record,
                                        struct position *position, int *missed);

/* One entry from the database. */
struct scope_row {
    struct scope_entry entry;
    int64_t record;
    int missed;
};
/* What stands in a range: at most SCOPE_LIST_MAX rows, ascending by id, or else the sums of its parts, which a range of
 * full depth has not. split: the parts in any case. */
struct scope_look {
    struct scope_row rows[SCOPE_LIST_MAX];
    size_t row_count;
    bool is_listed;
    struct scope_sum parts[SCOPE_PARTS];
};
MUST_CHECK enum status scopes_look(struct core *core, const struct live *live,
                                   const struct scope_range *range, bool split,
                                   struct scope_look *out);

#endif
