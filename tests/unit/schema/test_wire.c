/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages are taken apart and put together here with the generated code, which shares nothing with
 * ours but the library: what we format it must read, and what it packs wrongly we must refuse.
 */
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/wire.h"
#include "tests/check.h"
#include "tests/samples.h"
#include "wire.pb-c.h"

static void *
on_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void
on_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

static ProtobufCMessage *
unpack(const ProtobufCMessageDescriptor *descriptor, struct bytes raw, struct arena *arena)
{
    ProtobufCAllocator allocator = { on_alloc, on_free, arena };

    return protobuf_c_message_unpack(descriptor, &allocator, raw.len, raw.data);
}

static void
test_round_trips(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < sample_codec_count; i++) {
        struct bytes full = sample_codecs[i].full(arena), bare = sample_codecs[i].bare(arena);
        struct bytes again = { 0 };
        CHECK(t, sample_codecs[i].name,
              sample_codecs[i].round_trip(full, arena, &again) == STATUS_OK &&
                  bytes_is_equal(full, again));
        CHECK(t, sample_codecs[i].name,
              sample_codecs[i].round_trip(bare, arena, &again) == STATUS_OK &&
                  bytes_is_equal(bare, again));
    }
}

static void
test_no_message_passes_for_another(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < sample_codec_count; i++)
        for (size_t k = 0; k < sample_codec_count; k++) {
            struct bytes again, full = sample_codecs[i].full(arena);
            if (sample_codecs[k].round_trip(full, arena, &again) == STATUS_OK)
                CHECK(t, "bytes that two parsers take mean the same to both",
                      bytes_is_equal(full, again));
        }
}

/* ---- every member stands where the proto says: read back by reflection ---- */

static const struct sample_codec *
codec_of(const char *name)
{
    for (size_t i = 0; i < sample_codec_count; i++)
        if (strcmp(sample_codecs[i].name, name) == 0)
            return &sample_codecs[i];
    abort();
}

/* The raw bytes of a singular member: numbers in host order, bytes as they are, text with its NUL. */
static struct bytes
member_of(const ProtobufCMessage *pb, const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(pb->descriptor, name);
    const uint8_t *at = (const uint8_t *)pb + f->offset;
    ProtobufCBinaryData data;
    const char *text;

    switch ((int)f->type) {
    case PROTOBUF_C_TYPE_BYTES:
        memcpy(&data, at, sizeof(data));
        return bytes_of(data.data, data.len);
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&text, at, sizeof(text));
        return bytes_text(text);
    case PROTOBUF_C_TYPE_UINT64:
        return bytes_of(at, 8);
    case PROTOBUF_C_TYPE_BOOL:
        return bytes_of(at, 1);
    default:
        return bytes_of(at, 4);
    }
}

enum shape { PLAIN, TEXT };

static struct bytes
ours(const void *in, size_t offset, size_t size, enum shape shape)
{
    const uint8_t *at = (const uint8_t *)in + offset;
    const char *text;

    if (shape == PLAIN)
        return bytes_of(at, size);
    memcpy(&text, at, sizeof(text));
    return bytes_text(text);
}

#define P(name, proto_member, member)                                                          \
    {                                                                                          \
#proto_member, offsetof(struct name, member), sizeof(((struct name *)0)->member),      \
            PLAIN                                                                              \
    }
#define T(name, proto_member, member)                                                          \
    {                                                                                          \
#proto_member, offsetof(struct name, member), sizeof(char *), TEXT                     \
    }
#define S(name, same) P(name, same, same)

struct row {
    const char *proto_member;
    size_t offset, size;
    enum shape shape;
};

static void
check_members(struct check *t, const char *name, const void *in,
              const ProtobufCMessageDescriptor *descriptor, const struct row *rows,
              size_t count)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes raw = codec_of(name)->full(arena);
    ProtobufCMessage *pb = unpack(descriptor, raw, arena);

    if (!CHECK(t, "the generated code reads what we format", pb != NULL))
        return;
    for (size_t i = 0; i < count; i++) {
        struct bytes theirs = member_of(pb, rows[i].proto_member);
        CHECK(t, rows[i].proto_member,
              bytes_is_equal(theirs, ours(in, rows[i].offset,
                                          theirs.len < rows[i].size ? theirs.len : rows[i].size,
                                          rows[i].shape)));
    }
}

#define MEMBERS(name, lower, ...)                                                              \
    do {                                                                                       \
        struct name *in_;                                                                      \
        const struct row rows_[] = { __VA_ARGS__ };                                            \
        if (CHECK(t, #name,                                                                    \
                  wire_##name##_parse(codec_of(#name)->full(arena), arena, &in_) ==            \
                      STATUS_OK))                                                              \
            check_members(t, #name, in_, &hansa__v1__##lower##__descriptor, rows_,             \
                          COUNT_OF(rows_));                                                    \
    } while (0)

static void
test_members(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    MEMBERS(descriptor, descriptor, S(descriptor, root_key), S(descriptor, serial),
            S(descriptor, previous), T(descriptor, name, name), T(descriptor, country, country),
            S(descriptor, signing_key), S(descriptor, transport_key),
            S(descriptor, sealing_key), P(descriptor, not_before_ms, not_before),
            P(descriptor, not_after_ms, not_after));
    MEMBERS(revision, revision, S(revision, nonce), S(revision, owner),
            P(revision, type, type.number), P(revision, incarnation, position.incarnation),
            P(revision, number, position.number), S(revision, previous), S(revision, profile),
            S(revision, commitments), P(revision, claimed_ms, claimed), S(revision, tombstone));
    MEMBERS(grant, grant, S(grant, issuer), S(grant, audience), S(grant, owner),
            S(grant, parent), S(grant, actions), S(grant, depth),
            P(grant, not_before_ms, not_before), P(grant, not_after_ms, not_after),
            S(grant, delete_days), S(grant, receipt), S(grant, nonce));
    MEMBERS(offer, offer, S(offer, author), S(offer, audience), S(offer, grant), S(offer, kind),
            T(offer, title, title), T(offer, note, note), S(offer, count),
            P(offer, offered_ms, offered));
    MEMBERS(answer, answer, S(answer, author), S(answer, audience), S(answer, offer),
            S(answer, grant), S(answer, accepted), T(answer, reason, reason),
            P(answer, answered_ms, answered));
    MEMBERS(passon, pass_on, S(passon, author), S(passon, audience), S(passon, grant),
            S(passon, next), P(passon, asked_ms, asked));
    MEMBERS(passon_ack, pass_on_ack, S(passon_ack, author), S(passon_ack, audience),
            S(passon_ack, grant), S(passon_ack, noted), T(passon_ack, reason, reason),
            P(passon_ack, noted_ms, noted_at));
    MEMBERS(revocation, revocation, S(revocation, author), S(revocation, audience),
            S(revocation, owner), S(revocation, grant), T(revocation, reason, reason),
            P(revocation, revoked_ms, revoked));
    MEMBERS(void_range, void, S(void_range, author), S(void_range, audience),
            S(void_range, stream), S(void_range, incarnation), S(void_range, first),
            S(void_range, last));
    MEMBERS(hello, hello, S(hello, author), S(hello, audience), S(hello, session),
            S(hello, answers), S(hello, incarnation), P(hello, clock_ms, clock),
            S(hello, descriptor_serial), S(hello, profile));
    MEMBERS(introduce, introduce, S(introduce, token));
    MEMBERS(records, records, S(records, grant));
}

static void
test_lists(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant *g;
    struct records *r;
    struct hello *h;

    if (!CHECK(t, "a grant parses",
               wire_grant_parse(codec_of("grant")->full(arena), arena, &g) == STATUS_OK) ||
        !CHECK(t, "records parse",
               wire_records_parse(codec_of("records")->full(arena), arena, &r) == STATUS_OK) ||
        !CHECK(t, "a hello parses",
               wire_hello_parse(codec_of("hello")->full(arena), arena, &h) == STATUS_OK))
        return;
    CHECK(t, "selector",
          g->selector == SELECTOR_RECORDS && g->record_count == 2 && g->records[1].b[0] == 2);
    CHECK(t, "grant fields",
          g->field_count == 3 && g->fields[1].type.number == 2 &&
              bytes_is_equal(g->fields[1].field.space, bytes_text("own")) &&
              bytes_is_equal(g->fields[2].type.space, bytes_text("own")) &&
              g->fields[2].field.number == 300);
    CHECK(t, "purposes and countries",
          strcmp(g->purposes[1], "launch") == 0 && strcmp(g->countries[0], "CN") == 0);
    const struct disclosure *d = &r->runs[0].items[0];
    CHECK(t, "runs",
          r->run_count == 2 && r->runs[0].size == 1000 && r->runs[0].first == 998 &&
              r->runs[0].path.len == 64 && r->runs[1].path.len == 0);
    CHECK(t, "a narrowed disclosure",
          d->field_count == 3 && !d->has_secret && d->withheld.len == 96 &&
              d->fields[0].salt[0] == 1 &&
              bytes_is_equal(d->fields[0].value, bytes_text("Ada")) &&
              bytes_is_equal(d->fields[2].key.space, bytes_text("own")));
    CHECK(t, "a full disclosure",
          r->runs[0].items[1].has_secret && r->runs[0].items[1].secret[0] == 9 &&
              !r->runs[0].items[1].fields[0].has_salt);
    CHECK(t, "streams",
          h->stream_count == 2 && h->streams[1].stream == STREAM_DATA &&
              h->streams[1].have == 11 && h->streams[0].credit_bytes == 1000);
}

/* ---- what only the order or the sum gives away ---- */

typedef void spoil_fn(ProtobufCMessage *pb);

#define SPOIL(name, Type)                                                                      \
    static void name##_of(Hansa__V1__##Type *pb);                                              \
    static void name(ProtobufCMessage *pb)                                                     \
    {                                                                                          \
        name##_of((Hansa__V1__##Type *)pb);                                                    \
    }                                                                                          \
    static void name##_of(Hansa__V1__##Type *pb)

#define SWAP(list)                                                                             \
    do {                                                                                       \
        __typeof__((list)[0]) kept_ = (list)[0];                                               \
        (list)[0] = (list)[1];                                                                 \
        (list)[1] = kept_;                                                                     \
    } while (0)

/* clang-format off */
SPOIL(nothing, Ack) { (void)pb; }
SPOIL(records_fields_swapped, Records) { SWAP(pb->run[0]->item[0]->field); }
SPOIL(records_field_twice, Records) { pb->run[0]->item[0]->field[1]->number = 1; }
SPOIL(records_withheld_swapped, Records) { pb->run[0]->item[0]->withheld.data[0] = 9; }
SPOIL(records_withheld_last, Records) { pb->run[0]->item[0]->withheld.data[64] = 2; }
SPOIL(grant_records_swapped, Grant) { SWAP(pb->record); }
SPOIL(grant_record_twice, Grant) { pb->record[1].data[0] = 1; }
SPOIL(grant_fields_swapped, Grant) { SWAP(pb->field); }
SPOIL(grant_field_twice, Grant) { pb->field[1]->space = NULL; }
SPOIL(grant_purposes_swapped, Grant) { SWAP(pb->purpose); }
SPOIL(grant_purpose_twice, Grant) { pb->purpose[1] = pb->purpose[0]; }
SPOIL(grant_countries_swapped, Grant) { SWAP(pb->country); }
SPOIL(grant_country_lower, Grant) { pb->country[1][0] = 'd'; }
SPOIL(grant_tree_too, Grant) { pb->has_tree = true; pb->tree = pb->owner; }
SPOIL(grant_segment_too, Grant) { pb->has_segment = true; pb->segment = pb->owner; }
SPOIL(grant_no_selector, Grant) { pb->n_record = 0; }
SPOIL(grant_only_tree, Grant) { pb->n_record = 0; pb->has_tree = true; pb->tree = pb->owner; }
SPOIL(grant_tree_and_segment, Grant) { grant_only_tree_of(pb); grant_segment_too_of(pb); }
SPOIL(descriptor_for_somebody, Descriptor) { pb->audience.data[31] = 1; }
SPOIL(descriptor_country_digit, Descriptor) { pb->country[1] = '1'; }
SPOIL(descriptor_first_with_past, Descriptor) { pb->serial = 1; }
SPOIL(descriptor_without_past, Descriptor) { pb->has_previous = false; }
SPOIL(descriptor_no_window, Descriptor) { pb->not_before_ms = pb->not_after_ms; }
SPOIL(answer_declined_swapped, Answer) { SWAP(pb->declined); }
SPOIL(answer_declined_twice, Answer) { pb->declined[1]->record.data[0] = 1; }
SPOIL(void_backwards, Void) { pb->last = pb->first - 1; }
SPOIL(void_one, Void) { pb->last = pb->first; }
SPOIL(hello_streams_swapped, Hello) { SWAP(pb->stream); }
SPOIL(ack_stream_twice, Ack) { pb->stream[1]->stream = 1; }
/* clang-format on */

static void
test_orders_and_sums(struct check *t)
{
    /* clang-format off */
#define ROW(why, name, lower, spoil, want) { why, #name, &hansa__v1__##lower##__descriptor, spoil, STATUS_##want }
    static const struct {
        const char *why, *name;
        const ProtobufCMessageDescriptor *descriptor;
        spoil_fn *spoil;
        enum status want;
    } rows[] = {
        ROW("an untouched message passes", ack, ack, nothing, OK),
        ROW("untouched records pass", records, records, nothing, OK),
        ROW("fields out of order", records, records, records_fields_swapped, MALFORMED),
        ROW("a field twice", records, records, records_field_twice, MALFORMED),
        ROW("withheld commitments out of order", records, records, records_withheld_swapped, MALFORMED),
        ROW("a withheld commitment twice", records, records, records_withheld_last, MALFORMED),
        ROW("records out of order", grant, grant, grant_records_swapped, MALFORMED),
        ROW("a record twice", grant, grant, grant_record_twice, MALFORMED),
        ROW("grant fields out of order", grant, grant, grant_fields_swapped, MALFORMED),
        ROW("a grant field twice", grant, grant, grant_field_twice, MALFORMED),
        ROW("purposes out of order", grant, grant, grant_purposes_swapped, MALFORMED),
        ROW("a purpose twice", grant, grant, grant_purpose_twice, MALFORMED),
        ROW("countries out of order", grant, grant, grant_countries_swapped, MALFORMED),
        ROW("a country in lower case", grant, grant, grant_country_lower, MALFORMED),
        ROW("records and a tree", grant, grant, grant_tree_too, MALFORMED),
        ROW("records and a segment", grant, grant, grant_segment_too, MALFORMED),
        ROW("a tree and a segment", grant, grant, grant_tree_and_segment, MALFORMED),
        ROW("no selector", grant, grant, grant_no_selector, MALFORMED),
        ROW("a tree alone passes", grant, grant, grant_only_tree, OK),
        ROW("a descriptor for somebody", descriptor, descriptor, descriptor_for_somebody, MALFORMED),
        ROW("a country with a digit", descriptor, descriptor, descriptor_country_digit, MALFORMED),
        ROW("a first descriptor with a previous one", descriptor, descriptor, descriptor_first_with_past, MALFORMED),
        ROW("a second descriptor without a previous one", descriptor, descriptor, descriptor_without_past, MALFORMED),
        ROW("a descriptor that ends when it begins", descriptor, descriptor, descriptor_no_window, MALFORMED),
        ROW("declined records out of order", answer, answer, answer_declined_swapped, MALFORMED),
        ROW("a declined record twice", answer, answer, answer_declined_twice, MALFORMED),
        ROW("a void that ends before it begins", void_range, void, void_backwards, MALFORMED),
        ROW("a void of one number passes", void_range, void, void_one, OK),
        ROW("streams out of order", hello, hello, hello_streams_swapped, MALFORMED),
        ROW("a stream twice", ack, ack, ack_stream_twice, MALFORMED),
    };
#undef ROW
    /* clang-format on */

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        const struct sample_codec *codec = codec_of(rows[i].name);
        struct bytes again;
        ProtobufCMessage *pb = unpack(rows[i].descriptor, codec->full(arena), arena);
        rows[i].spoil(pb);
        uint8_t *raw = arena_alloc(arena, protobuf_c_message_get_packed_size(pb));
        size_t len = protobuf_c_message_pack(pb, raw);
        CHECK(t, rows[i].why,
              codec->round_trip(bytes_of(raw, len), arena, &again) == rows[i].want);
        if (rows[i].spoil == nothing)
            CHECK(t, "protobuf-c packs the same bytes as we do",
                  bytes_is_equal(bytes_of(raw, len), codec->full(arena)));
    }
}

/* A Records message of one record with four values of 8 KiB and one of `rest`. */
static enum status
parse_values(struct arena *arena, size_t rest)
{
    Hansa__V1__Field fields[5], *list[5];
    Hansa__V1__Disclosure item = HANSA__V1__DISCLOSURE__INIT, *items = &item;
    Hansa__V1__Run run = HANSA__V1__RUN__INIT, *runs = &run;
    Hansa__V1__Records in = HANSA__V1__RECORDS__INIT;
    struct records *out;

    for (size_t i = 0; i < 5; i++) {
        hansa__v1__field__init(&fields[i]);
        fields[i].number = (uint32_t)i;
        fields[i].value.len = i < 4 ? FIELD_VALUE_MAX : rest;
        fields[i].value.data = arena_alloc(arena, FIELD_VALUE_MAX);
        list[i] = &fields[i];
    }
    item.field = list;
    item.n_field = 5;
    run.size = 1;
    run.signature = (ProtobufCBinaryData){ 64, arena_alloc(arena, 64) };
    run.item = &items;
    run.n_item = 1;
    in.grant = (ProtobufCBinaryData){ 32, arena_alloc(arena, 32) };
    in.run = &runs;
    in.n_run = 1;
    uint8_t *raw = arena_alloc(arena, hansa__v1__records__get_packed_size(&in));
    size_t len = hansa__v1__records__pack(&in, raw);
    return wire_records_parse(bytes_of(raw, len), arena, &out);
}

static void
test_record_size(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    _Static_assert(4 * FIELD_VALUE_MAX == RECORD_MAX, "the rows below sit at the limit");
    CHECK(t, "32 KiB of values pass", parse_values(arena, 0) == STATUS_OK);
    CHECK(t, "one byte more does not", parse_values(arena, 1) == STATUS_MALFORMED);
}

/* ---- memory ---- */

static void
test_small_arenas(struct check *t)
{
    AUTO(arena_free) struct arena *source = arena_new(0);

    for (size_t i = 0; i < sample_codec_count; i++) {
        struct bytes raw = sample_codecs[i].full(source), again = { 0 };
        AUTO(arena_free) struct arena *none = arena_new(1);
        CHECK(t, "without memory a good message is too big",
              sample_codecs[i].round_trip(raw, none, &again) == STATUS_TOO_BIG);
    }
    /* filled to within `spare` bytes, every allocation in turn is the one that fails */
    struct bytes raw = codec_of("records")->full(source);
    enum status last = STATUS_COUNT_;
    for (size_t spare = 0; spare < 8192; spare += 16) {
        AUTO(arena_free) struct arena *arena = arena_new(32 * KIB);
        struct records *out;
        (void)arena_alloc(arena, 32 * KIB - spare);
        last = wire_records_parse(raw, arena, &out);
        CHECK(t, "it parses, or is too big and gives nothing",
              last == STATUS_OK || (last == STATUS_TOO_BIG && out == NULL));
    }
    CHECK(t, "with enough memory it parses", last == STATUS_OK);
}

/* The worst that one message can make us hold. */
static void
test_amplification(struct check *t)
{
    AUTO(arena_free) struct arena *source = arena_new(0);
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct field fields[FIELDS_MAX] = { 0 };
    struct disclosure items[RUN_ITEMS_MAX] = { 0 };
    struct run run = { .size = RUN_ITEMS_MAX, .items = items, .item_count = 45 };
    struct records in = { .runs = &run, .run_count = 1 }, *out;

    for (uint32_t i = 0; i < FIELDS_MAX; i++)
        fields[i].key.number = i;
    for (size_t i = 0; i < run.item_count; i++)
        items[i] = (struct disclosure){ .fields = fields, .field_count = FIELDS_MAX };
    struct bytes raw = wire_records_format(&in, source);
    CHECK(t, "the message with the most pieces fits a message", raw.len <= MESSAGE_BODY_MAX);
    CHECK(t, "and the memory for one message",
          wire_records_parse(raw, arena, &out) == STATUS_OK && out->runs[0].item_count == 45);
}

/* ---- orders ---- */

static void
test_key_order(struct check *t)
{
    static const struct {
        const char *space;
        uint32_t number;
    } ascending[] = { { "", 0 },  { "", 1 },   { "", UINT32_MAX }, { "a", 0 },
                      { "a", 5 }, { "aa", 1 }, { "ab", 0 },        { "b", 0 } };

    for (size_t i = 0; i < COUNT_OF(ascending); i++)
        for (size_t k = 0; k < COUNT_OF(ascending); k++) {
            struct key a = { bytes_text(ascending[i].space), ascending[i].number };
            struct key b = { bytes_text(ascending[k].space), ascending[k].number };
            int order = key_compare(a, b);
            CHECK(t, "keys order by space, then number",
                  (order > 0) - (order < 0) == (i > k) - (i < k));
            CHECK(t, "equal keys are equal", key_is_equal(a, b) == (i == k));
            struct grant_field x = { a, b }, y = { b, a };
            int pair = grant_field_compare(&x, &y);
            CHECK(t, "grant fields order by type, then field",
                  (pair > 0) - (pair < 0) == (i > k) - (i < k));
        }
    struct grant_field x = { { .number = 1 }, { .number = 2 } };
    struct grant_field y = { { .number = 1 }, { .number = 3 } };
    CHECK(t, "under one type the field decides", grant_field_compare(&x, &y) < 0);
}

static void
test_position_order(struct check *t)
{
    static const struct position ascending[] = {
        { 1, 1 }, { 1, 2 }, { 1, UINT64_MAX }, { 2, 1 }, { UINT32_MAX, 1 }
    };

    for (size_t i = 0; i < COUNT_OF(ascending); i++)
        for (size_t k = 0; k < COUNT_OF(ascending); k++) {
            int order = position_compare(ascending[i], ascending[k]);
            CHECK(t, "positions order by incarnation, then number",
                  (order > 0) - (order < 0) == (i > k) - (i < k));
        }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "round trips", test_round_trips },
        { "no message passes for another", test_no_message_passes_for_another },
        { "members stand where the proto says", test_members },
        { "lists", test_lists },
        { "orders and sums", test_orders_and_sums },
        { "values of one record", test_record_size },
        { "small arenas", test_small_arenas },
        { "the worst message", test_amplification },
        { "order of keys", test_key_order },
        { "order of positions", test_position_order },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
