/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/equivocation.h - two revisions of one record with one position, both signed by its owner: a proof that needs
 * nothing but the owner's key, and that says nothing of what the record holds (docs/protocol/equivocation.md).
 */
#ifndef HANSA_FEDERATION_EQUIVOCATION_H
#define HANSA_FEDERATION_EQUIVOCATION_H

#include "federation/disclose.h"

struct equivocation {
    struct node_id owner;
    struct record_id record;
    struct position position;
    struct revision_id revisions[2];
};

/* A revision as it is kept: its bytes, and where it stands in which batch. */
struct twin {
    struct bytes revision;
    const struct run_leaves *run;
    uint32_t leaf;
};

/* The proof, in the arena; no value and no salt is in it. */
struct bytes equivocation_format(const struct twin twins[2], struct arena *arena);

/* STATUS_OK: the owner did sign both. STATUS_MALFORMED: it is no such proof; STATUS_UNKNOWN_KEY: the owner is not known. */
MUST_CHECK enum status equivocation_verify(struct bytes body, const struct key_directory *keys,
                                           struct arena *arena, struct equivocation *out);

#endif
