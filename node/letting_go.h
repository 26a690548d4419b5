/* SPDX-License-Identifier: Apache-2.0
 *
 * node/letting_go.h - all that is held under one share goes: in the transaction that asks for it, or, when the disk has
 * little room, in pieces of LET_GO_PIECE rows, each committed and its log emptied before the next.
 */
#ifndef HANSA_NODE_LETTING_GO_H
#define HANSA_NODE_LETTING_GO_H

#include "node/core_priv.h"

enum letting {
    LET_ERASE,  /* and a receipt says so when the last is gone */
    LET_FORGET, /* held for a company without a node: nobody hears of it */
    LET_HIDE,   /* kept out of sight for the days that the grant leaves */
};
MUST_CHECK enum status letting_go_begin(struct core *core, int64_t leaf, enum letting how,
                                        const char *reason);
/* The next piece of what waits; core.letting_waits says whether there is one. */
MUST_CHECK enum status letting_go_step(struct core *core);

#endif
