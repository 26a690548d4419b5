/* SPDX-License-Identifier: Apache-2.0 */
#include "node/store/pack.h"

#include "schema/base/limits.h"

void
pack_fields(const struct field *fields, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        buffer_put_u8(out, (uint8_t)f->key.space.len);
        buffer_put_bytes(out, f->key.space);
        buffer_put_u32(out, f->key.number);
        buffer_put_u8(out, f->has_salt);
        if (f->has_salt)
            buffer_put(out, f->salt, sizeof(f->salt));
        buffer_put_u32(out, (uint32_t)f->value.len);
        buffer_put_bytes(out, f->value);
    }
}

static void
read_field(struct reader *r, struct field *f)
{
    *f = (struct field){ 0 };
    f->key.space = reader_bytes(r, reader_u8(r));
    f->key.number = reader_u32(r);
    f->has_salt = reader_u8(r) != 0;
    if (f->has_salt)
        reader_copy(r, f->salt, sizeof(f->salt));
    f->value = reader_bytes(r, reader_u32(r));
}

enum status
unpack_fields(struct bytes raw, struct arena *arena, struct field **out, size_t *count)
{
    struct reader r = reader_of(raw);
    struct field field;
    size_t n = 0;

    *out = NULL;
    *count = 0;
    for (; r.left > 0 && !r.failed && n < FIELDS_MAX; n++)
        read_field(&r, &field);
    if (reader_finish(&r) != STATUS_OK)
        return STATUS_CORRUPT;
    struct field *fields = ARENA_ARRAY(arena, struct field, n);
    r = reader_of(raw);
    for (size_t i = 0; i < n; i++)
        read_field(&r, &fields[i]);
    *out = fields;
    *count = n;
    return STATUS_OK;
}
