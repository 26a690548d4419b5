/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/ids.h - one-member structs for identifiers and units, so that the compiler refuses to mix them.
 */
#ifndef HANSA_BASE_IDS_H
#define HANSA_BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ID_SIZE 32

/* clang-format off */
struct digest      { uint8_t b[ID_SIZE]; }; /* BLAKE2b-256 */
struct node_id     { uint8_t b[ID_SIZE]; }; /* BLAKE2b-256 of the Ed25519 root key */
struct record_id   { uint8_t b[ID_SIZE]; }; /* docs/protocol/objects.md, "record id" */
struct revision_id { uint8_t b[ID_SIZE]; }; /* digest of a revision's payload bytes */
struct object_id   { uint8_t b[ID_SIZE]; }; /* digest of any other signed body: grant, offer, ... */
struct sign_key    { uint8_t b[32]; };      /* Ed25519 public key */
struct box_key     { uint8_t b[32]; };      /* X25519 public key: CURVE or sealing */
struct signature   { uint8_t b[64]; };

struct wall_ms { int64_t ms; };             /* UTC, milliseconds since 1970: bounds leases, orders nothing */
struct mono_ms { int64_t ms; };             /* monotonic, for timers */
/* clang-format on */

/* No parameter may be called b: that is the member's name. */
#define ID_IS_EQUAL(one, two)                                                                  \
    (sizeof(one) == sizeof(two) && memcmp((one).b, (two).b, sizeof((one).b)) == 0)
#define ID_IS_ZERO(id) (ids_is_zero((id).b, sizeof((id).b)))

static inline bool
ids_is_zero(const uint8_t *raw, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= raw[i];
    return any == 0;
}

#endif
