/* SPDX-License-Identifier: Apache-2.0
 *
 * node/proposals.h - corrections proposed for another company's records, at both sides: the one that proposed
 * and the owner that decides.
 *
 * 1. Of one author at most one open proposal has a field of a record: the newest.
 * 2. What was proposed is kept while the proposal is open and erased in the transaction that closes it, at both sides
 *    (P11); who, when, which record, the outcome and the object's hash stay.
 * 3. A proposal lives no longer than the grant that it cites and the record that it is for.
 */
#ifndef HANSA_NODE_PROPOSALS_H
#define HANSA_NODE_PROPOSALS_H

#include "node/core_priv.h"

/*   OPEN -> ACCEPTED | DECLINED     by the owner
 *   OPEN -> REPLACED                its author proposed anew for all of its fields
 *   OPEN -> LAPSED                  the grant or the record is gone
 *
 * At the author's side the owner's answer counts also when it comes after REPLACED or LAPSED. */
#define PROPOSAL_STATES(X)                                                                     \
    X(OPEN, "open")                                                                            \
    X(ACCEPTED, "accepted")                                                                    \
    X(DECLINED, "declined")                                                                    \
    X(REPLACED, "replaced")                                                                    \
    X(LAPSED, "lapsed")
enum proposal_state {
#define X(name, text) PROPOSAL_##name,
    PROPOSAL_STATES(X)
#undef X
        PROPOSAL_STATE_COUNT_
};
const char *proposals_state_name(enum proposal_state state);

struct proposal_row {
    int64_t id;
    struct object_id pid;
    bool sent;       /* by us */
    int64_t company; /* the other side */
    int64_t leaf, record;
    struct revision_id seen;
    enum proposal_state state;
    const struct field *fields; /* ascending; none once decided */
    size_t field_count;
    const char *note, *reason;
    struct wall_ms at, changed;
};

/* In the arena. STATUS_NOT_FOUND. */
MUST_CHECK enum status proposals_get(struct store *st, int64_t id, struct arena *arena,
                                     struct proposal_row *out);
/* STATUS_TOO_BIG: this company has PROPOSALS_OPEN_MAX open ones on that side already. */
MUST_CHECK enum status proposals_room(struct store *st, int64_t company, bool sent);
/* Open; its fields leave the older open ones of the same author. */
MUST_CHECK enum status proposals_add(struct core *core, const struct proposal_row *row);
/* Closes it and erases what was proposed. */
MUST_CHECK enum status proposals_close(struct core *core, int64_t id, enum proposal_state state,
                                       const char *reason);
/* All open ones under a grant that fell, or for a record that is gone. */
MUST_CHECK enum status proposals_lapse_leaf(struct core *core, int64_t leaf);
MUST_CHECK enum status proposals_lapse_record(struct core *core, int64_t record);
/* The owner's signed answer to its author. */
MUST_CHECK enum status proposals_answer(struct core *core, struct company *author,
                                        const struct object_id *pid, bool accepted,
                                        const char *reason);
#endif
