/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys_priv.h - what node/keys*.c share.
 */
#ifndef HANSA_NODE_KEYS_PRIV_H
#define HANSA_NODE_KEYS_PRIV_H

#include "node/keys.h"

/* A descriptor as it is kept, parsed; in the arena. */
MUST_CHECK enum status keys_parse(struct bytes raw, struct arena *arena,
                                  struct signed_object **object, struct descriptor **d);
/* The one of this company that we keep with this serial. STATUS_NOT_FOUND. */
MUST_CHECK enum status keys_kept(struct core *core, const struct company *c, uint64_t serial,
                                 struct arena *arena, struct signed_object **object,
                                 struct descriptor **d);

#endif
