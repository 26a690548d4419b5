/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of docs/protocol/README.md, "Pre-scan", one by one; and every row of every table at its
 * limits. Messages are built here by hand, with no code in common with the walk.
 */
#include <string.h>

#include "wire.pb-c.h"
#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/ids.h"
#include "schema/base/limits.h"
#include "schema/prescan.h"
#include "schema/wire.h"
#include "tests/check.h"
#include "tests/samples.h"

static const struct table {
    const char *name;
    const struct prescan_message *rules;
    const ProtobufCMessageDescriptor *proto;
} tables[] = {
#define ROW(name, lower)                                                                       \
    {                                                                                          \
#name, &prescan_##name, &hansa__v1__##lower##__descriptor                              \
    }
    ROW(signed, signed),
    ROW(descriptor, descriptor),
    ROW(revision, revision),
    ROW(field, field),
    ROW(disclosure, disclosure),
    ROW(run, run),
    ROW(records, records),
    ROW(grant_field, grant_field),
    ROW(terms, terms),
    ROW(grant, grant),
    ROW(offer, offer),
    ROW(offer_body, offer_body),
    ROW(offer_body, pass_on_body),
    ROW(declined, declined),
    ROW(answer, answer),
    ROW(passon, pass_on),
    ROW(passon_ack, pass_on_ack),
    ROW(revocation, revocation),
    ROW(signed_body, revocation_body),
    ROW(judged, judged),
    ROW(verdict, verdict),
    ROW(wanted, wanted),
    ROW(ask, ask),
    ROW(proposal, proposal),
    ROW(proposal_answer, proposal_answer),
    ROW(withdrawn, withdrawn),
    ROW(withdrawal, withdrawal),
    ROW(sealed, sealed),
    ROW(sealed_body, sealed_body),
    ROW(sealed_receipt, sealed_receipt),
    ROW(receipt, receipt),
    ROW(head, head),
    ROW(void, void),
    ROW(signed_body, signed_body),
    ROW(stream_state, stream_state),
    ROW(hello, hello),
    ROW(ack, ack),
    ROW(introduce, introduce),
#undef ROW
};

/* ---- the tables are those of schema/wire.proto ---- */

static const struct table *
find_table(const ProtobufCMessageDescriptor *proto)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (tables[i].proto == proto)
            return &tables[i];
    return NULL;
}

static bool
is_same_label(enum prescan_label ours, ProtobufCLabel theirs)
{
    static const ProtobufCLabel labels[] = { [PRESCAN_OPTIONAL] = PROTOBUF_C_LABEL_OPTIONAL,
                                             [PRESCAN_REQUIRED] = PROTOBUF_C_LABEL_REQUIRED,
                                             [PRESCAN_REPEATED] = PROTOBUF_C_LABEL_REPEATED };

    return labels[ours] == theirs;
}

static bool
is_same_type(enum prescan_kind ours, ProtobufCType theirs)
{
    static const ProtobufCType types[] = {
        [PRESCAN_UINT32] = PROTOBUF_C_TYPE_UINT32,   [PRESCAN_UINT64] = PROTOBUF_C_TYPE_UINT64,
        [PRESCAN_BOOL] = PROTOBUF_C_TYPE_BOOL,       [PRESCAN_BYTES] = PROTOBUF_C_TYPE_BYTES,
        [PRESCAN_HASHES] = PROTOBUF_C_TYPE_BYTES,    [PRESCAN_TEXT] = PROTOBUF_C_TYPE_STRING,
        [PRESCAN_MESSAGE] = PROTOBUF_C_TYPE_MESSAGE,
    };

    return types[ours] == theirs;
}

static void
test_tables_match_the_proto(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct prescan_message *m = tables[i].rules;
        const ProtobufCMessageDescriptor *p = tables[i].proto;
        CHECK(t, "a table has a row for every field of its message", m->count == p->n_fields);
        for (size_t k = 0; k < m->count && k < p->n_fields; k++) {
            const ProtobufCFieldDescriptor *f = &p->fields[k];
            CHECK(t, "row k is field number k + 1", f->id == k + 1);
            CHECK(t, "labels agree", is_same_label(m->fields[k].label, f->label));
            CHECK(t, "types agree", is_same_type(m->fields[k].kind, f->type));
            if (f->type == PROTOBUF_C_TYPE_MESSAGE)
                CHECK(t, "a nested message has the rules of its own table",
                      find_table(f->descriptor) != NULL &&
                          find_table(f->descriptor)->rules == m->fields[k].message);
        }
    }
}

static unsigned
depth_of(const struct prescan_message *m)
{
    unsigned deepest = 0;

    for (size_t k = 0; k < m->count; k++) {
        unsigned d = m->fields[k].message == NULL ? 0 : depth_of(m->fields[k].message);
        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

static void
test_depth(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        CHECK(t, "no message nests deeper than the limit",
              depth_of(tables[i].rules) <= PRESCAN_DEPTH_MAX);
    CHECK(t, "records are the deepest", depth_of(&prescan_records) == 4);
}

/* ---- building ---- */

static void
put_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value | 0x80));
    buffer_put_u8(out, (uint8_t)value);
}

static void put_message(struct buffer *out, const struct prescan_message *m, size_t odd,
                        uint64_t value, uint32_t count);

/* One field of number `number` whose value or length is `value`. */
static void
put_field(struct buffer *out, const struct prescan_field *f, uint64_t number, uint64_t value)
{
    bool has_length = f->kind >= PRESCAN_BYTES;

    put_varint(out, number << 3 | (has_length ? 2 : 0));
    if (f->kind == PRESCAN_MESSAGE) {
        AUTO(buffer_fini) struct buffer inner = { 0 };
        put_message(&inner, f->message, SIZE_MAX, 0, 0);
        value = inner.len;
        put_varint(out, value);
        buffer_put_bytes(out, buffer_bytes(&inner));
        return;
    }
    put_varint(out, value);
    if (has_length && value > 0)
        memset(buffer_extend(out, value), 'A', value);
}

/* The least that passes; field `odd` (index) stands `count` times with `value`. */
static void
put_message(struct buffer *out, const struct prescan_message *m, size_t odd, uint64_t value,
            uint32_t count)
{
    for (size_t k = 0; k < m->count; k++) {
        const struct prescan_field *f = &m->fields[k];
        uint32_t times = f->label == PRESCAN_REQUIRED ? 1 : f->count_min;
        if (k == odd)
            times = count;
        for (uint32_t i = 0; i < times; i++)
            put_field(out, f, k + 1, k == odd ? value : f->min);
    }
}

static enum status
scan_built(const struct prescan_message *m, size_t odd, uint64_t value, uint32_t count)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    put_message(&out, m, odd, value, count);
    return prescan_check(m, buffer_bytes(&out));
}

static void
check_row(struct check *t, const struct prescan_message *m, size_t k)
{
    const struct prescan_field *f = &m->fields[k];
    uint64_t unit = f->kind == PRESCAN_HASHES ? ID_SIZE : 1;
    bool is_number = f->kind < PRESCAN_BYTES;
    uint32_t one = f->label == PRESCAN_REPEATED && f->count_min > 1 ? f->count_min : 1;

    if (f->kind != PRESCAN_MESSAGE) {
        CHECK(t, "its least passes", scan_built(m, k, f->min, one) == STATUS_OK);
        if (f->min > 0)
            CHECK(t, "one less does not",
                  scan_built(m, k, f->min - 1, one) == STATUS_MALFORMED);
        if (f->max > f->min) {
            CHECK(t, "one under its most passes",
                  scan_built(m, k, f->max - unit, one) == STATUS_OK);
            CHECK(t, "its most passes", scan_built(m, k, f->max, one) == STATUS_OK);
        }
        if (f->max < UINT64_MAX && (is_number || f->max < m->size_max / 2))
            CHECK(t, "one more does not",
                  scan_built(m, k, f->max + unit, one) == STATUS_MALFORMED);
    }
    switch (f->label) {
    case PRESCAN_REQUIRED:
        CHECK(t, "without it the message is refused",
              scan_built(m, k, f->min, 0) == STATUS_MALFORMED);
        CHECK(t, "twice it is refused", scan_built(m, k, f->min, 2) == STATUS_MALFORMED);
        break;
    case PRESCAN_OPTIONAL:
        CHECK(t, "without it the message passes", scan_built(m, k, f->min, 0) == STATUS_OK);
        CHECK(t, "twice it is refused", scan_built(m, k, f->min, 2) == STATUS_MALFORMED);
        break;
    case PRESCAN_REPEATED:
        CHECK(t, "one under the most entries pass",
              scan_built(m, k, f->min, f->count_max - 1) == STATUS_OK);
        CHECK(t, "the most entries pass", scan_built(m, k, f->min, f->count_max) == STATUS_OK);
        CHECK(t, "one more is refused",
              scan_built(m, k, f->min, f->count_max + 1) == STATUS_MALFORMED);
        if (f->count_min > 0)
            CHECK(t, "fewer than the least are refused",
                  scan_built(m, k, f->min, f->count_min - 1) == STATUS_MALFORMED);
        break;
    }
}

static void
test_every_row_at_its_limits(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct check before = *t;
        for (size_t k = 0; k < tables[i].rules->count; k++)
            check_row(t, tables[i].rules, k);
        CHECK(t, tables[i].name, before.failed == t->failed);
    }
}

/* The limits themselves, in plain numbers: a table with a wrong constant fails here. */
static void
test_limits_in_numbers(struct check *t)
{
    static const struct {
        const char *why;
        const struct prescan_message *rules;
        size_t field; /* number */
        uint64_t value;
        uint32_t count;
        enum status want;
    } rows[] = {
        { "64 revisions in a run", &prescan_run, 5, 0, 64, STATUS_OK },
        { "65 revisions in a run", &prescan_run, 5, 0, 65, STATUS_MALFORMED },
        { "65536 revisions in a batch", &prescan_run, 1, 65536, 1, STATUS_OK },
        { "65537 revisions in a batch", &prescan_run, 1, 65537, 1, STATUS_MALFORMED },
        { "120 fields", &prescan_disclosure, 3, 0, 120, STATUS_OK },
        { "121 fields", &prescan_disclosure, 3, 0, 121, STATUS_MALFORMED },
        { "8192 bytes of a value", &prescan_field, 3, 8192, 1, STATUS_OK },
        { "8193 bytes of a value", &prescan_field, 3, 8193, 1, STATUS_MALFORMED },
        { "128 commitments withheld", &prescan_disclosure, 4, 4096, 1, STATUS_OK },
        { "129 commitments withheld", &prescan_disclosure, 4, 4128, 1, STATUS_MALFORMED },
        { "half a commitment withheld", &prescan_disclosure, 4, 48, 1, STATUS_MALFORMED },
        { "an owner of 31 bytes", &prescan_grant, 3, 31, 1, STATUS_MALFORMED },
        { "a signature of 63 bytes", &prescan_signed, 2, 63, 1, STATUS_MALFORMED },
        { "256 records in a selector", &prescan_grant, 5, 32, 256, STATUS_OK },
        { "257 records in a selector", &prescan_grant, 5, 32, 257, STATUS_MALFORMED },
        { "4 links", &prescan_offer_body, 2, 0, 4, STATUS_OK },
        { "5 links", &prescan_offer_body, 2, 0, 5, STATUS_MALFORMED },
        { "the last millisecond", &prescan_grant, 12, INT64_MAX, 1, STATUS_OK },
        { "one millisecond later", &prescan_grant, 12, (uint64_t)INT64_MAX + 1, 1,
          STATUS_MALFORMED },
        { "the largest uint32", &prescan_grant, 9, UINT32_MAX, 1, STATUS_OK },
        { "a uint32 over 32 bits", &prescan_grant, 9, (uint64_t)UINT32_MAX + 1, 1,
          STATUS_MALFORMED },
        { "a bool of 2", &prescan_answer, 5, 2, 1, STATUS_MALFORMED },
        { "revision number 0", &prescan_revision, 6, 0, 1, STATUS_MALFORMED },
        { "session 0", &prescan_hello, 3, 0, 1, STATUS_MALFORMED },
        { "stream 3", &prescan_void, 3, 3, 1, STATUS_MALFORMED },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              scan_built(rows[i].rules, rows[i].field - 1, rows[i].value, rows[i].count) ==
                  rows[i].want);
}

/* ---- what protobuf forgives: a StreamState is five varints, a Field has all shapes ---- */

static void
test_encodings(struct check *t)
{
    static const struct {
        const char *why;
        const struct prescan_message *rules;
        const char *hex;
        enum status want;
    } rows[] = {
        /* clang-format off */
        { "a plain message passes", &prescan_stream_state, "080110011800200028 00", STATUS_OK },
        { "a two-byte varint passes", &prescan_stream_state, "08011001188001 20002800", STATUS_OK },
        { "a padded value is refused", &prescan_stream_state, "0801100118800020002800", STATUS_MALFORMED },
        { "a padded zero is refused", &prescan_stream_state, "08011001188080002000 2800", STATUS_MALFORMED },
        { "a padded tag is refused", &prescan_stream_state, "88000110011800 20002800", STATUS_MALFORMED },
        { "the largest counter passes", &prescan_stream_state, "08011001 18ffffffffffffffff7f 20002800", STATUS_OK },
        { "a varint over 64 bits is refused", &prescan_stream_state, "08011001 18ffffffffffffffffff02 20002800", STATUS_MALFORMED },
        { "a varint without end is refused", &prescan_stream_state, "08011001 18ffffffffffffffffffffffff", STATUS_MALFORMED },
        { "a varint cut short is refused", &prescan_stream_state, "080110011800200028", STATUS_MALFORMED },
        { "a tag cut short is refused", &prescan_stream_state, "08011001180020002800 88", STATUS_MALFORMED },
        { "a field missing in the middle is refused", &prescan_stream_state, "0801100120002800", STATUS_MALFORMED },
        { "a field missing at the end is refused", &prescan_stream_state, "0801100118002000", STATUS_MALFORMED },
        { "fields out of order are refused", &prescan_stream_state, "100108011800 20002800", STATUS_MALFORMED },
        { "a field twice is refused", &prescan_stream_state, "08010801100118002000 2800", STATUS_MALFORMED },
        { "an unknown field is refused", &prescan_stream_state, "080110011800200028003001", STATUS_MALFORMED },
        { "an unknown field far away is refused", &prescan_stream_state, "08011001180020002800 f8ffffff0f01", STATUS_MALFORMED },
        { "field number 0 is refused", &prescan_stream_state, "000108011001180020002800", STATUS_MALFORMED },
        { "a tag over 32 bits is refused", &prescan_stream_state, "8880808080 01 01 1001180020002800", STATUS_MALFORMED },
        { "fixed64 in place of a varint is refused", &prescan_stream_state, "0901000000000000001001180020002800", STATUS_MALFORMED },
        { "fixed32 in place of a varint is refused", &prescan_stream_state, "0d010000001001180020002800", STATUS_MALFORMED },
        { "bytes in place of a varint are refused", &prescan_stream_state, "0a0101100118002000 2800", STATUS_MALFORMED },
        { "a varint in place of bytes is refused", &prescan_field, "08011800", STATUS_MALFORMED },
        { "a group is refused", &prescan_field, "0801131400", STATUS_MALFORMED },
        { "a field with an empty value passes", &prescan_field, "08011a00", STATUS_OK },
        { "a value cut short is refused", &prescan_field, "08011a0241", STATUS_MALFORMED },
        { "a length that wraps is refused", &prescan_field, "08011affffffffffffffffff01", STATUS_MALFORMED },
        { "a padded length is refused", &prescan_field, "08011a810041", STATUS_MALFORMED },
        { "an empty name space is refused: absence has one form", &prescan_field, "080112001a00", STATUS_MALFORMED },
        { "a salt of 15 bytes is refused", &prescan_field, "08011a00220f000000000000000000000000000000", STATUS_MALFORMED },
        { "text passes", &prescan_field, "08011203e5b9bf1a00", STATUS_OK },
        { "a tab and a line feed pass", &prescan_field, "08011202090a1a00", STATUS_OK },
        { "a carriage return is refused", &prescan_field, "080112010d1a00", STATUS_MALFORMED },
        { "NUL in text is refused", &prescan_field, "08011203610062 1a00", STATUS_MALFORMED },
        { "DEL in text is refused", &prescan_field, "080112017f1a00", STATUS_MALFORMED },
        { "text that is not UTF-8 is refused", &prescan_field, "08011202c3281a00", STATUS_MALFORMED },
        { "a surrogate in text is refused", &prescan_field, "08011203eda0801a00", STATUS_MALFORMED },
        { "an empty message without required fields passes", &prescan_ack, "", STATUS_OK },
        { "a repeated field that stands apart is refused", &prescan_ack, "0a0a08011001180020002800 1000 0a0a08021001180020002800", STATUS_MALFORMED },
        { "a nested message is scanned too", &prescan_ack, "0a0a08011001180020003000", STATUS_MALFORMED },
        { "a nested message ends with its length", &prescan_ack, "0a0908011001180020002800", STATUS_MALFORMED },
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char packed[128];
        uint8_t raw[64];
        size_t len = 0;
        for (const char *c = rows[i].hex; *c != '\0'; c++)
            if (*c != ' ')
                packed[len++] = *c;
        CHECK(t, "the row is hex", hex_parse(bytes_of(packed, len), raw, len / 2) == STATUS_OK);
        CHECK(t, rows[i].why,
              prescan_check(rows[i].rules, bytes_of(raw, len / 2)) == rows[i].want);
    }
}

/* Any cut, any one byte more, and nearly any changed length of a good message is refused. */
static void
test_cut_and_longer(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < sample_codec_count; i++) {
        struct bytes full = sample_codecs[i].full(arena);
        struct bytes again;
        AUTO(buffer_fini) struct buffer longer = { 0 };
        for (size_t len = 0; len < full.len; len++) {
            /* a list that ends early is a shorter list: then what passes is still itself */
            struct bytes cut = bytes_of(full.data, len);
            if (sample_codecs[i].round_trip(cut, arena, &again) == STATUS_OK)
                CHECK(t, "a cut message that passes is a message", bytes_is_equal(cut, again));
        }
        buffer_put_bytes(&longer, full);
        buffer_put_u8(&longer, 0);
        CHECK(t, "a byte left over is refused",
              sample_codecs[i].round_trip(buffer_bytes(&longer), arena, &again) ==
                  STATUS_MALFORMED);
    }
}

/* A Records message with `fields` protobuf fields in all. */
static void
put_records_of(struct buffer *out, uint32_t fields)
{
    uint32_t left = fields - 1; /* grant */

    buffer_put(out, "\x0a\x20", 2);
    memset(buffer_extend(out, 32), 0, 32);
    while (left > 0) {
        AUTO(buffer_fini) struct buffer run = { 0 };
        buffer_put(&run, "\x08\x01\x10\x00\x1a\x40", 6);
        memset(buffer_extend(&run, 64), 0, 64);
        left -= 4; /* the run and its three fields */
        for (int item = 0; item < RUN_ITEMS_MAX && left > 0; item++) {
            AUTO(buffer_fini) struct buffer shown = { 0 };
            buffer_put(&shown, "\x0a\x00", 2);
            left -= 2; /* the item and its revision */
            for (int f = 0; f < FIELDS_MAX && left > 2; f++, left -= 3)
                buffer_put(&shown, "\x1a\x04\x08\x01\x1a\x00", 6);
            if (left == 1) { /* a withheld commitment makes the count come out */
                buffer_put(&shown, "\x22\x20", 2);
                memset(buffer_extend(&shown, 32), 0, 32);
                left--;
            }
            buffer_put_u8(&run, 0x2a);
            put_varint(&run, shown.len);
            buffer_put_bytes(&run, buffer_bytes(&shown));
        }
        buffer_put_u8(out, 0x12);
        put_varint(out, run.len);
        buffer_put_bytes(out, buffer_bytes(&run));
    }
}

static void
test_fields_in_all(struct check *t)
{
    static const struct {
        uint32_t fields;
        enum status want;
    } rows[] = { { PRESCAN_FIELDS_MAX - 1, STATUS_OK },
                 { PRESCAN_FIELDS_MAX, STATUS_OK },
                 { PRESCAN_FIELDS_MAX + 1, STATUS_MALFORMED } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buffer_fini) struct buffer out = { 0 };
        put_records_of(&out, rows[i].fields);
        CHECK(t, "it fits a message", out.len <= MESSAGE_BODY_MAX);
        CHECK(t, "16,384 fields pass, one more does not",
              prescan_check(&prescan_records, buffer_bytes(&out)) == rows[i].want);
    }
}

static void
test_sizes(struct check *t)
{
    static uint8_t raw[MESSAGE_BODY_MAX + 1];

    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        size_t most = tables[i].rules->size_max;
        CHECK(t, "a message over its size is too big",
              prescan_check(tables[i].rules, bytes_of(raw, most + 1)) == STATUS_TOO_BIG);
        CHECK(t, "at its size it is judged by its content",
              prescan_check(tables[i].rules, bytes_of(raw, most)) == STATUS_MALFORMED);
    }
    uint64_t fullest = 0;
    for (size_t k = 0; k < prescan_revision.count; k++)
        fullest += prescan_revision.fields[k].kind < PRESCAN_BYTES
                       ? 11
                       : prescan_revision.fields[k].max + 2;
    CHECK(t, "the fullest revision has room", fullest <= REVISION_MAX);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "the tables are those of wire.proto", test_tables_match_the_proto },
        { "nesting", test_depth },
        { "every row at its limits", test_every_row_at_its_limits },
        { "limits in numbers", test_limits_in_numbers },
        { "what protobuf forgives", test_encodings },
        { "cut short, and longer", test_cut_and_longer },
        { "fields in all", test_fields_in_all },
        { "sizes", test_sizes },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
