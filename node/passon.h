/* SPDX-License-Identifier: Apache-2.0
 *
 * node/passon.h - who passes on says so to the owner first, who notes it and says that it did (docs/protocol/grants.md).
 */
#ifndef HANSA_NODE_PASSON_H
#define HANSA_NODE_PASSON_H

#include "node/exchange_priv.h"

/* Who hears of it from us: the next towards the owner, of a share that we passed on or noted for others. NULL: nobody. */
struct company *passon_upward(struct core *core, const struct live *live);
/* Queues it for that one, also once more. */
MUST_CHECK enum status passon_send(struct core *core, const struct live *live);

MUST_CHECK enum status passon_take(struct taking *t);
MUST_CHECK enum status passon_take_ack(struct taking *t);

#endif
