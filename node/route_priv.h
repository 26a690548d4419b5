/* SPDX-License-Identifier: Apache-2.0
 *
 * node/route_priv.h - what node/route*.c share.
 */
#ifndef HANSA_NODE_ROUTE_PRIV_H
#define HANSA_NODE_ROUTE_PRIV_H

#include "node/route.h"

/* Numbers of the sealed way with one company; a row of the table route. */
struct route_numbers {
    uint32_t epoch;
    uint64_t next, acked; /* ours to it, of the incarnation that we are */
    uint32_t incarnation; /* its own, of: 0: nothing came yet */
    uint64_t have, seen;  /* its to us */
    bool owed;
    struct object_id way;
    struct wall_ms receipt;
};
MUST_CHECK enum status route_numbers_get(struct core *core, int64_t company,
                                         struct route_numbers *out);
MUST_CHECK enum status route_numbers_put(struct core *core, int64_t company,
                                         const struct route_numbers *numbers);

/* The way by this chain, while it is one. */
bool route_find_by(struct core *core, const struct company *to, const struct object_id *grant,
                   struct way *out);

/* What is sealed, and what is remembered of it. */
struct parcel {
    uint64_t number;
    uint8_t kind; /* 0: it stands for what may not go any more */
    struct bytes inner;
    int64_t leaf, share;
    struct buffer items;
    struct handle *handles, *gone;
    size_t handle_count, gone_count;
};
/* *body: a SealedBody under the present content key of this way. n gets the key's epoch. STATUS_UNKNOWN_KEY: the
 * company's sealing key is none. */
MUST_CHECK enum status route_seal(struct core *core, const struct company *to,
                                  const struct way *way, struct parcel *p,
                                  struct route_numbers *n, struct arena *arena,
                                  struct bytes *body);

/* ---- route_again.c ---- */
/* Parcels from..upto go again; what may not go any more as an empty one, so that no hole stays. */
MUST_CHECK enum status route_resend(struct core *core, struct company *to, uint64_t from,
                                    uint64_t upto);

#endif
