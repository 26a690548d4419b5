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
    uint64_t next, acked; /* ours to it */
    uint64_t have, seen;  /* its to us */
    bool owed;
    struct object_id way;
    struct wall_ms receipt;
};
MUST_CHECK enum status route_numbers_get(struct core *core, int64_t company,
                                         struct route_numbers *out);
MUST_CHECK enum status route_numbers_put(struct core *core, int64_t company,
                                         const struct route_numbers *numbers);

/* Parcels from..upto go again; what may not go any more as an empty one, so that no hole stays. */
MUST_CHECK enum status route_resend(struct core *core, struct company *to, uint64_t from,
                                    uint64_t upto);

#endif
