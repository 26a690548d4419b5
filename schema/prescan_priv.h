/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/prescan_priv.h - varints in their one form, for the walk and for the codec that trusts it.
 */
#ifndef HANSA_SCHEMA_PRESCAN_PRIV_H
#define HANSA_SCHEMA_PRESCAN_PRIV_H

#include "schema/base/bytes.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

/* Shortest form only, at most 64 bits. */
static inline uint64_t
prescan_varint(struct reader *r)
{
    uint64_t value = 0;

    if (r->left > 0 && *r->pos < 0x80) { /* nearly all are one byte */
        r->left--;
        return *r->pos++;
    }
    for (unsigned shift = 0; shift < 64 && r->left > 0; shift += 7) {
        uint8_t byte = *r->pos++;
        r->left--;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        if (byte == 0 && shift > 0)
            break; /* a last group of zero is padding */
        return value;
    }
    r->failed = true;
    return 0;
}

#endif
