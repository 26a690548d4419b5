/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire.c - the codec engine, and the order of keys and positions.
 */
#include "schema/wire_priv.h"

int
key_compare(struct key a, struct key b)
{
    int order = bytes_compare(a.space, b.space);

    if (order != 0)
        return order;
    return a.number < b.number ? -1 : a.number > b.number;
}

bool
key_is_equal(struct key a, struct key b)
{
    return a.number == b.number && bytes_is_equal(a.space, b.space);
}

int
position_compare(struct position a, struct position b)
{
    if (a.incarnation != b.incarnation)
        return a.incarnation < b.incarnation ? -1 : 1;
    return a.number < b.number ? -1 : a.number > b.number;
}

int
grant_field_compare(const struct grant_field *a, const struct grant_field *b)
{
    int order = key_compare(a->type, b->type);

    return order != 0 ? order : key_compare(a->field, b->field);
}

/* ---- engine ---- */

void *
wire_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t want;

    return __builtin_mul_overflow(count, size, &want) ? NULL : arena_try(arena, want);
}

static void *
on_alloc(void *arena, size_t size)
{
    return arena_try(arena, size);
}

static void
on_free(void *data, void *pointer)
{
    (void)data; /* the arena frees */
    (void)pointer;
}

enum status
wire_decode(const struct codec *codec, struct bytes raw, struct arena *arena, void **out)
{
    *out = NULL;
    TRY(prescan_check(codec->rules, raw));

    ProtobufCAllocator allocator = { .alloc = on_alloc,
                                     .free = on_free,
                                     .allocator_data = arena };
    void *pb = protobuf_c_message_unpack(codec->descriptor, &allocator, raw.len, raw.data);
    void *made = pb == NULL ? NULL : wire_alloc(arena, 1, codec->size);
    if (made == NULL)
        return STATUS_TOO_BIG; /* what passed the pre-scan decodes: only memory can be missing
                                */
    TRY(codec->take(arena, pb, made));
    if (codec->is_valid != NULL && !codec->is_valid(made))
        return STATUS_MALFORMED;
    *out = made;
    return STATUS_OK;
}

struct bytes
wire_encode(const struct codec *codec, const void *in, struct arena *arena)
{
    ProtobufCMessage *pb = arena_alloc(arena, codec->descriptor->sizeof_message);

    assert(codec->is_valid == NULL || codec->is_valid(in));
    codec->descriptor->message_init(pb);
    codec->give(arena, in, pb);
    size_t len = protobuf_c_message_get_packed_size(pb);
    uint8_t *raw = arena_alloc(arena, len);
    size_t packed = protobuf_c_message_pack(pb, raw);
    assert(packed == len);
    enum status status = prescan_check(codec->rules, bytes_of(raw, len));
    assert(status == STATUS_OK); /* the caller checked its own data */
    return bytes_of(raw, len);
}

/* ---- pieces ---- */

struct bytes
wire_take_bytes(ProtobufCBinaryData data)
{
    return bytes_of(data.data, data.len);
}

ProtobufCBinaryData
wire_give_bytes(struct bytes raw)
{
    /* protobuf-c has no const; packing only reads */
    return (ProtobufCBinaryData){ .len = raw.len, .data = (uint8_t *)(uintptr_t)raw.data };
}

void
wire_take_fixed(ProtobufCBinaryData data, uint8_t *out, size_t len)
{
    assert(data.len == len);
    memcpy(out, data.data, len);
}

struct bytes
wire_take_space(char *text)
{
    return text == NULL ? (struct bytes){ 0 } : bytes_text(text);
}

char *
wire_give_space(struct arena *arena, struct bytes space)
{
    return space.len == 0 ? NULL : arena_text(arena, space);
}

char *
wire_give_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

char **
wire_give_texts(const char **texts)
{
    return (char **)(uintptr_t)texts;
}

const char **
wire_take_texts(char **texts)
{
    return (const char **)(uintptr_t)texts;
}

bool
wire_are_texts_ascending(const char **texts, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(texts[i - 1], texts[i]) >= 0)
            return false;
    return true;
}

bool
wire_is_country(const char *text)
{
    return text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' &&
           text[2] == '\0';
}
