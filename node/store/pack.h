/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/pack.h - fields of a revision as one blob: per field u8 space length, space, u32 number,
 * u8 salted, 16 salt bytes when salted, u32 value length, value. Ascending by key.
 */
#ifndef HANSA_NODE_PACK_H
#define HANSA_NODE_PACK_H

#include "schema/wire.h"

void pack_fields(const struct field *fields, size_t count, struct buffer *out);
/* *out is in the arena and points into raw. STATUS_CORRUPT. */
MUST_CHECK enum status unpack_fields(struct bytes raw, struct arena *arena, struct field **out,
                                     size_t *count);

#endif
