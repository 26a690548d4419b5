/* SPDX-License-Identifier: Apache-2.0
 *
 * node/repair.h - what we delivered under each share, compared with what its holder has, and mended
 * (docs/protocol/repair.md).
 *
 * 1. The giver asks; the holder keeps nothing of the conversation. One message is under way with each partner.
 * 2. Compared is only what is acknowledged: an answer counts when it speaks of the very number that we know of.
 * 3. Nothing is written or erased here. A row that is missing there is due again and goes the ordinary way, decided
 *    again (P2); one that should not be there is taken back by a signed withdrawal, which the holder judges as any.
 */
#ifndef HANSA_NODE_REPAIR_H
#define HANSA_NODE_REPAIR_H

#include "node/core_priv.h"

struct repair;

void repair_free(struct repair **repair);
/* The link to the company came up or went down. */
void repair_link(struct core *core, const struct peer *peer);
/* Asks whom it is time to ask, and makes a piece of what sums are wanted. Returns when it wants to run again, into *next if that is earlier. */
MUST_CHECK enum status repair_tick(struct core *core, struct mono_ms *next);
/* Scopes or ScopeIds came. STATUS_MALFORMED, STATUS_TOO_BIG: not as it must be. */
MUST_CHECK enum status repair_take(struct core *core, struct peer *peer,
                                   const struct envelope *env);

#endif
