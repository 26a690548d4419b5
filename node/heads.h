/* SPDX-License-Identifier: Apache-2.0
 *
 * node/heads.h - an owner's word on its root grants, short and renewed (docs/protocol/heads.md): what of them is revoked
 * further down, and until when this is news. Who passes on staples the newest to what it gives; without one that is still
 * news it discloses nothing new.
 */
#ifndef HANSA_NODE_HEADS_H
#define HANSA_NODE_HEADS_H

#include "node/exchange_priv.h"

/* Until when the newest head of the root of this leaf is news; 0: there is none. Any store. */
MUST_CHECK enum status heads_until(struct store *st, int64_t leaf, struct wall_ms *out);

/* ---- our own roots ---- */
/* Something below the root of this leaf was passed on, or taken back: if the root is ours, its word is due. */
MUST_CHECK enum status heads_changed(struct core *core, int64_t leaf);
/* Signs and queues what is due, as much as one round should. */
MUST_CHECK enum status heads_tell(struct core *core);
/* How long a new head of ours is news, milliseconds. */
MUST_CHECK enum status heads_lease(struct store *st, int64_t *out);

/* ---- others' roots ---- */
MUST_CHECK enum status heads_take(struct taking *t);
/* The newest head goes after an offer of ours that passes something on. */
MUST_CHECK enum status heads_staple(struct core *core, const struct live *live);
/* Is the newest head of its root still news, or was it minutes ago? Shares of one link need none. Who takes records under
 * another waits for the next word. */
bool heads_is_news(const struct core *core, const struct live *live);
/* STATUS_TOO_BIG: under this root of ours more is passed on already, or taken back and not over, than one head could
 * name. */
MUST_CHECK enum status heads_room(struct core *core, const struct verified_chain *chain);
/* STATUS_REVOKED: the newest head of its root names a link of this chain. */
MUST_CHECK enum status heads_check(struct core *core, const struct verified_chain *chain);

#endif
