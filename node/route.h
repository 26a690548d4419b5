/* SPDX-License-Identifier: Apache-2.0
 *
 * node/route.h - the sealed way: exchanging control objects and records with a company of one of our chains that we
 * have no link with, through the companies between (docs/protocol/sealed.md).
 *
 * 1. Everything above speaks to a company; whether by link or by the sealed way is decided here and in peer.c.
 * 2. A carrier sees numbers and handles. It keeps what it carries until the next link has it, and nothing after.
 * 3. What we sealed is kept until the destination's signed receipt; a number of one incarnation is never given to two
 *    contents that could both be taken.
 */
#ifndef HANSA_NODE_ROUTE_H
#define HANSA_NODE_ROUTE_H

#include "node/exchange_priv.h"

/* A company that has no link with us, and the next one on the way to it. */
struct way {
    struct company *hop;
    const struct live *live; /* whose chain the way is */
};
/* false: there is none now. */
bool route_find(struct core *core, const struct company *to, struct way *out);
/* Over which link do we reach it? Itself, the next on the way, or NULL. */
struct company *route_link(struct core *core, struct company *company);

/* The next sealed message for this link: carried for others, or our own. Gives it its number. STATUS_NOT_FOUND. */
MUST_CHECK enum status route_next(struct core *core, struct peer *peer, uint64_t seq,
                                  struct arena *arena, struct peer_frame *out);
/* May a sealed message that was handed over go once more? name and body as in its frame. */
bool route_may_go_again(struct core *core, struct bytes name, struct bytes body);
/* Nothing under this leaf may go any more. */
MUST_CHECK enum status route_forget(struct core *core, int64_t leaf);

/* A Sealed message from the link of `from`: ours to open, or another's to carry. */
MUST_CHECK enum status route_take(struct core *core, const struct company *from,
                                  const struct envelope *env, const char **detail);
/* A SealedReceipt: ours, or another's to carry back. */
MUST_CHECK enum status route_take_receipt(struct taking *t);
/* Signs and queues receipts that are owed. */
MUST_CHECK enum status route_tell(struct core *core);
/* In a new incarnation everything without a receipt is due anew; numbers begin at 1. For the start. */
MUST_CHECK enum status route_begin(struct core *core);
/* What has no receipt for long goes again. */
MUST_CHECK enum status route_tick(struct core *core);
void route_forget_keys(struct core *core);

#endif
