/* SPDX-License-Identifier: Apache-2.0
 *
 * node/asks.h - what an organiser asks for that a contributed row has not, and what became of that.
 *
 * 1. A row of a contribution has one ask, the newest; the answer is the row itself, changed in place.
 * 2. What is missing of a row is told by that row alone, as it came under its own contribution. Nothing that one bringer
 *    is asked depends on what another brought, even for the same person.
 */
#ifndef HANSA_NODE_ASKS_H
#define HANSA_NODE_ASKS_H

#include "node/core_priv.h"

/*   OPEN -> ANSWERED   the row has all the fields
 *   OPEN -> CLOSED     by a person, with a reason
 *   OPEN -> LAPSED     the row or the contribution is gone
 *
 * A newer ask for the row opens it again. */
#define ASK_STATES(X)                                                                          \
    X(OPEN, "open")                                                                            \
    X(ANSWERED, "answered")                                                                    \
    X(CLOSED, "closed")                                                                        \
    X(LAPSED, "lapsed")
enum ask_state {
#define X(name, text) ASK_##name,
    ASK_STATES(X)
#undef X
        ASK_STATE_COUNT_
};
const char *asks_state_name(enum ask_state state);

struct ask_row {
    int64_t id;
    bool sent;       /* by us */
    int64_t company; /* the other side */
    int64_t leaf, record;
    enum ask_state state;
    const struct field *fields; /* asked for; ascending, without values */
    size_t field_count;
    const char *note, *reason;
    struct wall_ms at, changed;
};

/* Fields of `type` that the terms want and a row with these fields has not. Pure. out: room for TERMS_WANT_MAX. */
size_t asks_missing(const struct terms *terms, struct key type, const struct field *fields,
                    size_t count, struct grant_field *out);

/* In the arena. STATUS_NOT_FOUND. */
MUST_CHECK enum status asks_get(struct store *st, int64_t id, struct arena *arena,
                                struct ask_row *out);
/* The terms of a stored leaf; *out NULL when it has none. In the arena. */
MUST_CHECK enum status asks_terms(struct store *st, int64_t leaf, struct arena *arena,
                                  const struct terms **out);
/* Takes the place of the one before for the same row. */
MUST_CHECK enum status asks_put(struct core *core, const struct ask_row *row);
MUST_CHECK enum status asks_close(struct core *core, int64_t id, enum ask_state state,
                                  const char *reason);
/* A row of ours is now this: closes what it answers. gone: it is removed. */
MUST_CHECK enum status asks_row_changed(struct core *core, int64_t record,
                                        const struct field *fields, size_t count, bool gone);
/* The contribution fell. */
MUST_CHECK enum status asks_lapse_leaf(struct core *core, int64_t leaf);

#endif
