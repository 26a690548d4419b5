/* SPDX-License-Identifier: Apache-2.0
 *
 * node/relay.h - control objects that take back or answer (revocations, receipts, withdrawals) and have no link and no
 * sealed way to the company that they are for (docs/protocol/receipts.md, "The way").
 *
 * 1. A chain is a way for them whether its grants live or have fallen: taking back never needs a right.
 * 2. What has no way waits in the queue of the company that it is for, until there is one or a letter takes it
 *    (node/service_letter.c).
 */
#ifndef HANSA_NODE_RELAY_H
#define HANSA_NODE_RELAY_H

#include "node/exchange_priv.h"

/* What such an object says of itself; nothing of it is verified. */
struct relay_address {
    struct node_id author, audience;
    struct object_id grant;
};
/* Of one of the three kinds, as it stands in a message. STATUS_UNKNOWN_KIND: another. */
MUST_CHECK enum status relay_address_of(uint8_t kind, struct bytes body, struct arena *arena,
                                        struct relay_address *out);

/* *out: over whose link something about this grant (grants.id) reaches a company: its own, else that of the neighbour towards
 * it in the chain, or in the chain of what the grant cites. NULL: there is none. */
MUST_CHECK enum status relay_hop(struct core *core, int64_t grant, const struct company *to,
                                 struct arena *arena, struct company **out);
/* In whose queue another's object goes on that came to us: of the next towards its audience, or of that itself when we have
 * no link with the next. STATUS_NOT_GRANTED: no chain that we know names author, us and audience in this order, or it
 * came from elsewhere. */
MUST_CHECK enum status relay_after(struct taking *t, const struct relay_address *address,
                                   struct company **after);
/* Are they in one chain, or were they, for all we know? The 64 newest grants to either are looked at. */
MUST_CHECK enum status relay_are_in_line(struct core *core, const struct company *a,
                                         const struct company *b, bool *out);
/* Into that queue, unchanged. At most RECEIPTS_CARRIED_MAX of a kind wait for one company: STATUS_TOO_BIG. */
MUST_CHECK enum status relay_carry(struct taking *t, struct company *after);

/* What waits, or was sealed, for a company to which no sealed way leads goes along the chains that there were. */
MUST_CHECK enum status relay_strays(struct core *core, const struct company *to);
/* A removed partner was cut: what it was to carry for others goes back into their own queues. */
MUST_CHECK enum status relay_lose(struct core *core, struct company *carrier);

#endif
