/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/chain_priv.h - what a verified chain is made of. Only acl/chain.c makes one; acl/decide.c
 * reads it.
 */
#ifndef HANSA_ACL_CHAIN_PRIV_H
#define HANSA_ACL_CHAIN_PRIV_H

#include "acl/chain.h"

struct verified_chain {
    struct arena *arena; /* everything below lives in it */
    const struct grant *links[CHAIN_MAX];
    struct object_id ids[CHAIN_MAX];
    size_t count;
    /* What is in every link's field set, ascending: the decision asks this alone. */
    struct grant_field *fields;
    size_t field_count;
    struct consent_target target; /* the leaf's purposes and audience */
};

/* A part of chain->fields: [first, end). */
struct stretch {
    size_t first, end;
};
/* Does this record, whose granted fields are these, want a ground that it has not? */
enum consent_lack consent_decide(const struct verified_chain *chain,
                                 const struct record_facts *facts, struct stretch granted);

/* Clocks differ: a window opens CLOCK_TOLERANCE_MS early, and closes on the dot. */
bool grant_is_open(const struct grant *grant, struct wall_ms now);
bool grant_is_over(const struct grant *grant, struct wall_ms now);

#endif
