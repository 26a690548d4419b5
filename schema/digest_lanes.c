/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/digest_lanes.c - BLAKE2b, one message in each 64-bit lane of a 256-bit register.
 *
 * A record has one short message per field commitment, and hashing them is most of the work of making and
 * checking it; libsodium takes them one by one, which leaves most of the processor idle. What comes out is
 * libsodium's digest, bit by bit (tests/unit/schema/test_digest.c). No branch and no index depends on a secret.
 */
#include "schema/digest_lanes_priv.h"

#include <endian.h>
#include <string.h>

static const uint64_t iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

void
digest_lanes_begin(struct digest_lanes *lanes, size_t out_len, size_t key_len)
{
    uint64_t parameters = 0x01010000 ^ (uint64_t)key_len << 8 ^ out_len;

    for (size_t word = 0; word < 8; word++)
        for (size_t lane = 0; lane < LANES; lane++)
            lanes->h[word][lane] = word == 0 ? iv[0] ^ parameters : iv[word];
}

void
digest_lanes_end(const struct digest_lanes *lanes, size_t lane, uint8_t *out, size_t out_len)
{
    for (size_t word = 0; word < out_len / 8; word++) {
        uint64_t little = htole64(lanes->h[word][lane]);
        memcpy(out + 8 * word, &little, sizeof(little));
    }
}

#if defined(__x86_64__) /* little endian */

/* clang-format off */
static const uint8_t sigma[12][16] = {
    {  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15 },
    { 14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3 },
    { 11,  8, 12,  0,  5,  2, 15, 13, 10, 14,  3,  6,  7,  1,  9,  4 },
    {  7,  9,  3,  1, 13, 12, 11, 14,  2,  6,  5, 10,  4,  0, 15,  8 },
    {  9,  0,  5,  7,  2,  4, 10, 15, 14,  1, 11, 12,  6,  8,  3, 13 },
    {  2, 12,  6, 10,  0, 11,  8,  3,  4, 13,  7,  5, 15, 14,  1,  9 },
    { 12,  5,  1, 15, 14, 13,  4, 10,  0,  7,  6,  3,  9,  2,  8, 11 },
    { 13, 11,  7, 14, 12,  1,  3,  9,  5,  0, 15,  4,  8,  6,  2, 10 },
    {  6, 15, 14,  9, 11,  3,  0,  8, 12,  2, 13,  7,  1,  4, 10,  5 },
    { 10,  2,  8,  4,  7,  6,  1,  5, 15, 11,  9, 14,  3, 12, 13,  0 },
    {  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15 },
    { 14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3 },
};
/* clang-format on */

#define WIDE __attribute__((target("avx2")))

typedef uint64_t four __attribute__((vector_size(32)));

bool
digest_lanes_exist(void)
{
    return __builtin_cpu_supports("avx2");
}

typedef uint8_t octets __attribute__((vector_size(32)));

/* Rotations by whole bytes are one shuffle. */
#define OCTETS(at, n)                                                                          \
    (at) + (n) % 8, (at) + ((n) + 1) % 8, (at) + ((n) + 2) % 8, (at) + ((n) + 3) % 8,          \
        (at) + ((n) + 4) % 8, (at) + ((n) + 5) % 8, (at) + ((n) + 6) % 8, (at) + ((n) + 7) % 8
#define ROTATE_OCTETS(x, n)                                                                    \
    ((four)__builtin_shufflevector((octets)(x), (octets)(x), OCTETS(0, n), OCTETS(8, n),       \
                                   OCTETS(16, n), OCTETS(24, n)))
#define ROTATE_63(x) ((x) >> 63 | ((x) + (x)))

#define MIX(a, b, c, d, x, y)                                                                  \
    do {                                                                                       \
        (a) += (b) + (x);                                                                      \
        (d) = ROTATE_OCTETS((d) ^ (a), 4);                                                     \
        (c) += (d);                                                                            \
        (b) = ROTATE_OCTETS((b) ^ (c), 3);                                                     \
        (a) += (b) + (y);                                                                      \
        (d) = ROTATE_OCTETS((d) ^ (a), 2);                                                     \
        (c) += (d);                                                                            \
        (b) ^= (c);                                                                            \
        (b) = ROTATE_63(b);                                                                    \
    } while (0)

WIDE void
digest_lanes_block(struct digest_lanes *lanes, const uint8_t blocks[LANES][LANE_BLOCK],
                   const size_t total[LANES], bool is_last)
{
    four v[16], m[16];

    for (size_t i = 0; i < 16; i++)
        for (size_t lane = 0; lane < LANES; lane++) {
            uint64_t word;
            memcpy(&word, &blocks[lane][8 * i], sizeof(word));
            m[i][lane] = word;
        }
    for (size_t i = 0; i < 8; i++) {
        memcpy(&v[i], lanes->h[i], sizeof(v[i]));
        v[8 + i] = (four){ iv[i], iv[i], iv[i], iv[i] };
    }
    v[12] ^= (four){ total[0], total[1], total[2], total[3] };
    if (is_last)
        v[14] = ~v[14];
    for (size_t round = 0; round < 12; round++) {
        const uint8_t *s = sigma[round];
        MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
        MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
        MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
        MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
        MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
        MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
        MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
        MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
    }
    for (size_t i = 0; i < 8; i++) {
        four h;
        memcpy(&h, lanes->h[i], sizeof(h));
        h ^= v[i] ^ v[8 + i];
        memcpy(lanes->h[i], &h, sizeof(h));
    }
}

#else

bool
digest_lanes_exist(void)
{
    return false;
}

void
digest_lanes_block(struct digest_lanes *lanes, const uint8_t blocks[LANES][LANE_BLOCK],
                   const size_t total[LANES], bool is_last)
{
    (void)lanes, (void)blocks, (void)total, (void)is_last;
    __builtin_trap();
}

#endif
