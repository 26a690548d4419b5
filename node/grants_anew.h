/* SPDX-License-Identifier: Apache-2.0
 *
 * node/grants_anew.h - grants that their issuer signed anew after its keys were stolen (docs/protocol/grants.md).
 *
 * 1. A grant is its bytes: which of its issuer's signatures we keep changes nothing of what it says or lets through.
 * 2. A kept signature under a key that counts is never replaced; so each theft moves each grant once.
 */
#ifndef HANSA_NODE_GRANTS_ANEW_H
#define HANSA_NODE_GRANTS_ANEW_H

#include "node/core_priv.h"

/* What we said of a share that we gave, once more, to whom it says something: the notice while the owner has not answered,
 * the offer while nobody has or when the grant may be passed on. */
MUST_CHECK enum status grants_anew_say(struct core *core, const struct live *live);
/* Verified links, all of them stored: where what is stored counts for nothing new, what came is kept instead, and shares
 * that pass such a grant on are said again. */
MUST_CHECK enum status grants_anew_keep(struct core *core, const struct signed_object *links,
                                        const struct verified_chain *chain);

#endif
