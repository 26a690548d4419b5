/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/digest_lanes_priv.h - BLAKE2b (RFC 7693) of four messages at once. Only schema/digest.c uses it.
 */
#ifndef HANSA_SCHEMA_DIGEST_LANES_PRIV_H
#define HANSA_SCHEMA_DIGEST_LANES_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 4, LANE_BLOCK = 128 };

/* Four running digests: word by word, lane beside lane. */
struct digest_lanes {
    _Alignas(32) uint64_t h[8][LANES];
};

/* Does this processor have what the rest needs? Without it, nothing below may be called. */
bool digest_lanes_exist(void);

void digest_lanes_begin(struct digest_lanes *lanes, size_t out_len, size_t key_len);
/* One block each, zeros after the message; total: bytes so far, this block included. */
void digest_lanes_block(struct digest_lanes *lanes, const uint8_t blocks[LANES][LANE_BLOCK],
                        const size_t total[LANES], bool is_last);
void digest_lanes_end(const struct digest_lanes *lanes, size_t lane, uint8_t *out,
                      size_t out_len);

#endif
