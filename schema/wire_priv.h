/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_priv.h - the one way from bytes to our structs and back, shared by
 * schema/wire*.c.
 *
 * A codec is a row: rules, protobuf descriptor, two converters, a check. Decoding takes from the
 * caller's arena alone, whose cap is its limit: what does not fit is STATUS_TOO_BIG. Protobuf types
 * stay in here.
 */
#ifndef HANSA_SCHEMA_WIRE_PRIV_H
#define HANSA_SCHEMA_WIRE_PRIV_H

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/prescan.h"
#include "schema/wire.h"
#include "wire.pb-c.h"

struct codec {
    const struct prescan_message *rules;
    const ProtobufCMessageDescriptor *descriptor;
    size_t size; /* of our struct */
    /* From the decoded message. */
    enum status (*take)(struct arena *arena, const void *pb, void *out);
    /* Into an initialised message; what it points at lives in the arena or in `in`. */
    void (*give)(struct arena *arena, const void *in, void *pb);
    /* What the pre-scan cannot see: orders, sums. May be NULL. */
    bool (*is_valid)(const void *in);
};

MUST_CHECK enum status wire_decode(const struct codec *codec, struct bytes raw,
                                   struct arena *arena, void **out);
struct bytes wire_encode(const struct codec *codec, const void *in, struct arena *arena);

/* Zeroed; NULL when the arena is used up, never for count 0. */
void *wire_alloc(struct arena *arena, size_t count, size_t size);

#define WIRE_CODEC(name, type)                                                                 \
    enum status wire_##name##_parse(struct bytes raw, struct arena *arena, struct type **out)  \
    {                                                                                          \
        void *made = NULL;                                                                     \
        enum status status = wire_decode(&codec_##name, raw, arena, &made);                    \
        *out = made;                                                                           \
        return status;                                                                         \
    }                                                                                          \
    struct bytes wire_##name##_format(const struct type *in, struct arena *arena)              \
    {                                                                                          \
        return wire_encode(&codec_##name, in, arena);                                          \
    }

/* ---- pieces of converters ---- */

struct bytes wire_take_bytes(ProtobufCBinaryData data);
ProtobufCBinaryData wire_give_bytes(struct bytes raw);
/* Exactly len bytes: the pre-scan has seen to it. */
void wire_take_fixed(ProtobufCBinaryData data, uint8_t *out, size_t len);

#define TAKE_ID(id, data) wire_take_fixed((data), (id).b, sizeof((id).b))
#define GIVE_ID(id)       wire_give_bytes(bytes_of((id).b, sizeof((id).b)))
#define TAKE_MS(value)    ((struct wall_ms){ .ms = (int64_t)(value) })
#define GIVE_MS(wall)     ((uint64_t)(wall).ms)

/* Optional text: empty is absent. */
struct bytes wire_take_space(char *text);
char *wire_give_space(struct arena *arena, struct bytes space);
char *wire_give_text(const char *text);
char **wire_give_texts(const char **texts);
/* A decoded array of texts, as ours. */
const char **wire_take_texts(char **texts);
/* Each after the one before. */
bool wire_are_texts_ascending(const char **texts, size_t count);
bool wire_is_country(const char *text);

/* A list of fields as in Grant; NULL when the arena is used up. */
struct grant_field *wire_take_grant_fields(struct arena *arena,
                                           Hansa__V1__GrantField *const *list, size_t count);
Hansa__V1__GrantField **wire_give_grant_fields(struct arena *arena,
                                               const struct grant_field *list, size_t count);
bool wire_are_grant_fields_ascending(const struct grant_field *list, size_t count);

void wire_take_signed(const Hansa__V1__Signed *pb, struct signed_object *out);
Hansa__V1__Signed *wire_give_signed(struct arena *arena, const struct signed_object *in);

#endif
