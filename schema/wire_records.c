/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_records.c - Records > Run > Disclosure > Field, the bulk of all traffic, by hand.
 *
 * After the pre-scan every byte is known to be in its place, so decoding is one pass that copies no value:
 * texts and values point into the message. Encoding writes what protobuf-c would pack, byte for byte
 * (tests/unit/schema/test_wire.c, tests/fuzz/fuzz_prescan.c).
 */
#include "schema/prescan_priv.h"
#include "schema/wire_priv.h"

/* ---- decoding ---- */

/* One protobuf field of a message that passed the pre-scan. */
struct piece {
    uint64_t number;
    uint64_t value;   /* the value, or the length of raw */
    struct bytes raw; /* of a length-delimited field */
};

static inline struct piece
take_piece(struct reader *r)
{
    uint64_t tag = prescan_varint(r);
    struct piece p = { .number = tag >> 3, .value = prescan_varint(r) };

    if ((tag & 7) == WIRE_LENGTH)
        p.raw = reader_bytes(r, (size_t)p.value);
    assert(!r->failed);
    return p;
}

static size_t
count_pieces(struct bytes raw, uint64_t number)
{
    struct reader r = reader_of(raw);
    size_t count = 0;

    while (r.left > 0)
        count += take_piece(&r).number == number;
    return count;
}

static void
take_fixed(struct bytes raw, uint8_t *out, size_t len)
{
    assert(raw.len == len);
    memcpy(out, raw.data, len);
}

static void
take_field(struct bytes raw, struct field *out)
{
    for (struct reader r = reader_of(raw); r.left > 0;) {
        struct piece p = take_piece(&r);
        if (p.number == 1) {
            out->key.number = (uint32_t)p.value;
        } else if (p.number == 2) {
            out->key.space = p.raw;
        } else if (p.number == 3) {
            out->value = p.raw;
        } else {
            out->has_salt = true;
            take_fixed(p.raw, out->salt, sizeof(out->salt));
        }
    }
}

static enum status
take_disclosure(struct arena *arena, struct bytes raw, struct disclosure *out)
{
    out->fields = wire_alloc(arena, count_pieces(raw, 3), sizeof(*out->fields));
    if (out->fields == NULL)
        return STATUS_TOO_BIG;
    for (struct reader r = reader_of(raw); r.left > 0;) {
        struct piece p = take_piece(&r);
        if (p.number == 1) {
            out->revision = p.raw;
        } else if (p.number == 2) {
            out->has_secret = true;
            take_fixed(p.raw, out->secret, sizeof(out->secret));
        } else if (p.number == 3) {
            take_field(p.raw, &out->fields[out->field_count++]);
        } else {
            out->withheld = p.raw;
        }
    }
    return STATUS_OK;
}

static enum status
take_run(struct arena *arena, struct bytes raw, struct run *out)
{
    out->items = wire_alloc(arena, count_pieces(raw, 5), sizeof(*out->items));
    if (out->items == NULL)
        return STATUS_TOO_BIG;
    for (struct reader r = reader_of(raw); r.left > 0;) {
        struct piece p = take_piece(&r);
        if (p.number == 1)
            out->size = (uint32_t)p.value;
        else if (p.number == 2)
            out->first = (uint32_t)p.value;
        else if (p.number == 3)
            take_fixed(p.raw, out->signature.b, sizeof(out->signature.b));
        else if (p.number == 4)
            out->path = p.raw;
        else
            TRY(take_disclosure(arena, p.raw, &out->items[out->item_count++]));
    }
    return STATUS_OK;
}

static enum status
take_records(struct arena *arena, struct bytes raw, struct records *out)
{
    out->runs = wire_alloc(arena, count_pieces(raw, 2), sizeof(*out->runs));
    if (out->runs == NULL)
        return STATUS_TOO_BIG;
    for (struct reader r = reader_of(raw); r.left > 0;) {
        struct piece p = take_piece(&r);
        if (p.number == 1)
            take_fixed(p.raw, out->grant.b, sizeof(out->grant.b));
        else
            TRY(take_run(arena, p.raw, &out->runs[out->run_count++]));
    }
    return STATUS_OK;
}

/* ---- what the pre-scan cannot see ---- */

static bool
is_disclosure_valid(const struct disclosure *shown)
{
    size_t total = 0;

    for (size_t i = 0; i < shown->field_count; i++) {
        total += shown->fields[i].value.len;
        if (i > 0 && key_compare(shown->fields[i - 1].key, shown->fields[i].key) >= 0)
            return false;
    }
    const uint8_t *withheld = shown->withheld.data;
    for (size_t at = ID_SIZE; at < shown->withheld.len; at += ID_SIZE)
        if (memcmp(withheld + at - ID_SIZE, withheld + at, ID_SIZE) >= 0)
            return false;
    return total <= RECORD_MAX;
}

static bool
is_records_valid(const struct records *in)
{
    for (size_t i = 0; i < in->run_count; i++)
        for (size_t k = 0; k < in->runs[i].item_count; k++)
            if (!is_disclosure_valid(&in->runs[i].items[k]))
                return false;
    return true;
}

enum status
wire_records_parse(struct bytes raw, struct arena *arena, struct records **out)
{
    *out = NULL;
    TRY(prescan_check(&prescan_records, raw));
    struct records *made = wire_alloc(arena, 1, sizeof(*made));
    if (made == NULL)
        return STATUS_TOO_BIG;
    TRY(take_records(arena, raw, made));
    if (!is_records_valid(made))
        return STATUS_MALFORMED;
    *out = made;
    return STATUS_OK;
}

/* ---- encoding: lengths first, then bytes into a buffer of exactly that length ---- */

static size_t
varint_size(uint64_t value)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);

    return (bits + 6) / 7;
}

static size_t
number_size(uint64_t value)
{
    return 1 + varint_size(value);
}

static size_t
bytes_size(size_t len)
{
    return 1 + varint_size(len) + len;
}

static size_t
optional_size(size_t len)
{
    return len > 0 ? bytes_size(len) : 0;
}

static size_t
field_size(const struct field *in)
{
    return number_size(in->key.number) + optional_size(in->key.space.len) +
           bytes_size(in->value.len) + (in->has_salt ? bytes_size(sizeof(in->salt)) : 0);
}

static size_t
disclosure_size(const struct disclosure *in)
{
    size_t size = bytes_size(in->revision.len) + optional_size(in->withheld.len);

    if (in->has_secret)
        size += bytes_size(sizeof(in->secret));
    for (size_t i = 0; i < in->field_count; i++)
        size += bytes_size(field_size(&in->fields[i]));
    return size;
}

static size_t
run_size(const struct run *in)
{
    size_t size = number_size(in->size) + number_size(in->first) +
                  bytes_size(sizeof(in->signature.b)) + optional_size(in->path.len);

    for (size_t i = 0; i < in->item_count; i++)
        size += bytes_size(disclosure_size(&in->items[i]));
    return size;
}

static size_t
records_size(const struct records *in)
{
    size_t size = bytes_size(sizeof(in->grant.b));

    for (size_t i = 0; i < in->run_count; i++)
        size += bytes_size(run_size(&in->runs[i]));
    return size;
}

struct writer {
    uint8_t *at;
    size_t left;
};

static void
write_varint(struct writer *w, uint64_t value)
{
    size_t len = varint_size(value);

    assert(len <= w->left);
    w->left -= len;
    for (; value >= 0x80; value >>= 7)
        *w->at++ = (uint8_t)(value | 0x80);
    *w->at++ = (uint8_t)value;
}

static void
write_number(struct writer *w, unsigned number, uint64_t value)
{
    write_varint(w, number << 3 | WIRE_VARINT);
    write_varint(w, value);
}

static void
write_head(struct writer *w, unsigned number, size_t len)
{
    write_varint(w, number << 3 | WIRE_LENGTH);
    write_varint(w, len);
}

static void
write_bytes(struct writer *w, unsigned number, const void *data, size_t len)
{
    write_head(w, number, len);
    assert(len <= w->left);
    if (len > 0)
        memcpy(w->at, data, len);
    w->at += len;
    w->left -= len;
}

static void
write_optional(struct writer *w, unsigned number, struct bytes raw)
{
    if (raw.len > 0)
        write_bytes(w, number, raw.data, raw.len);
}

static void
write_field(struct writer *w, const struct field *in)
{
    write_number(w, 1, in->key.number);
    write_optional(w, 2, in->key.space);
    write_bytes(w, 3, in->value.data, in->value.len);
    if (in->has_salt)
        write_bytes(w, 4, in->salt, sizeof(in->salt));
}

static void
write_disclosure(struct writer *w, const struct disclosure *in)
{
    write_bytes(w, 1, in->revision.data, in->revision.len);
    if (in->has_secret)
        write_bytes(w, 2, in->secret, sizeof(in->secret));
    for (size_t i = 0; i < in->field_count; i++) {
        write_head(w, 3, field_size(&in->fields[i]));
        write_field(w, &in->fields[i]);
    }
    write_optional(w, 4, in->withheld);
}

static void
write_run(struct writer *w, const struct run *in)
{
    write_number(w, 1, in->size);
    write_number(w, 2, in->first);
    write_bytes(w, 3, in->signature.b, sizeof(in->signature.b));
    write_optional(w, 4, in->path);
    for (size_t i = 0; i < in->item_count; i++) {
        write_head(w, 5, disclosure_size(&in->items[i]));
        write_disclosure(w, &in->items[i]);
    }
}

struct bytes
wire_records_format(const struct records *in, struct arena *arena)
{
    size_t len = records_size(in);
    uint8_t *raw = arena_alloc(arena, len);
    struct writer w = { .at = raw, .left = len };

    assert(is_records_valid(in));
    write_bytes(&w, 1, in->grant.b, sizeof(in->grant.b));
    for (size_t i = 0; i < in->run_count; i++) {
        write_head(&w, 2, run_size(&in->runs[i]));
        write_run(&w, &in->runs[i]);
    }
    assert(w.left == 0);
    enum status status = prescan_check(&prescan_records, bytes_of(raw, len));
    assert(status == STATUS_OK); /* the caller checked its own data */
    return bytes_of(raw, len);
}
