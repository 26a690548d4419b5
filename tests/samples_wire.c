/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/samples_wire.c - one full and one bare example of every message.
 */
#include "schema/base/cleanup.h"
#include "tests/samples.h"

static const struct node_id acme = { .b = { 0xac } };
static const struct node_id brio = { .b = { 0xb1 } };
static const struct object_id some_grant = { .b = { 0x67 } };
static const uint8_t some_box[2 * SEAL_PAD + SEAL_TAG_SIZE] = { 1, 2, 3 };
static const struct wall_ms today = { 1800000000000 };

static struct signed_object
signed_of(const char *body)
{
    return (struct signed_object){ .body = bytes_text(body),
                                   .signature = { .b = { 1, 2, 3 } } };
}

#define SAMPLE(name, ...)                                                                      \
    static struct bytes full_##name(struct arena *arena)                                       \
    {                                                                                          \
        struct name in = { __VA_ARGS__ };                                                      \
        return wire_##name##_format(&in, arena);                                               \
    }
#define BARE(name, ...)                                                                        \
    static struct bytes bare_##name(struct arena *arena)                                       \
    {                                                                                          \
        struct name in = { __VA_ARGS__ };                                                      \
        return wire_##name##_format(&in, arena);                                               \
    }

/* clang-format off */
SAMPLE(signed_object, .body = bytes_text("body"), .signature = { .b = { 5 } })
BARE(signed_object, 0)

SAMPLE(descriptor, .root_key = { { 1 } }, .serial = 2, .has_previous = true, .previous = { { 3 } },
       .name = "Brio \xe5\xb9\xbf\xe5\x91\x8a", .country = "CN", .signing_key = { { 4 } }, .transport_key = { { 5 } },
       .sealing_key = { { 6 } },
       .endpoints = (const char *[]){ "tcp://brio.example:7788", "tcp://[::1]:7789" }, .endpoint_count = 2,
       .not_before = { 1 }, .not_after = today)
BARE(descriptor, .serial = 1, .name = "B", .country = "DE", .not_after = { 1 })

SAMPLE(revision, .nonce = { 9 }, .owner = acme, .type = { bytes_text("own"), 7 }, .position = { 3, 300 },
       .has_previous = true, .previous = { { 8 } }, .profile = { { 7 } }, .commitments = { { 6 } },
       .claimed = today, .tombstone = true)
BARE(revision, .position = { 1, 1 })

SAMPLE(offer, .author = acme, .audience = brio, .grant = some_grant, .kind = OFFER_EVENT, .title = "Launch",
       .note = "line\nline\ttab", .count = 3, .offered = today)
BARE(offer, .kind = OFFER_RECORDS, .title = "", .note = "")

SAMPLE(answer, .author = brio, .audience = acme, .offer = { { 1 } }, .grant = some_grant, .accepted = true,
       .reason = "yes", .declined = (struct declined[]){ { { { 1 } }, "not ours" }, { { { 2 } }, "" } },
       .declined_count = 2, .answered = today)
BARE(answer, .reason = "")

SAMPLE(passon, .author = brio, .audience = acme, .grant = some_grant, .next = { { 0xce } }, .asked = today)
BARE(passon, 0)

SAMPLE(passon_ack, .author = acme, .audience = brio, .grant = some_grant, .noted = true, .reason = "ok",
       .noted_at = today)
BARE(passon_ack, .reason = "")

SAMPLE(revocation, .author = acme, .audience = brio, .owner = acme, .grant = some_grant, .reason = "over",
       .revoked = today)
BARE(revocation, .reason = "")

SAMPLE(verdict, .author = acme, .audience = brio, .grant = some_grant,
       .rows = (struct judged[]){ { { { 1 } }, { 1, 7 }, true, "" }, { { { 2 } }, { 2, 1 }, false, "OVER_QUOTA" } },
       .row_count = 2, .judged = today)
BARE(verdict, .rows = (struct judged[]){ { .position = { 1, 1 }, .taken = true, .reason = "" } }, .row_count = 1)

SAMPLE(ask, .author = acme, .audience = brio, .grant = some_grant,
       .rows = (struct wanted[]){ { { { 1 } }, (struct grant_field[]){ { { .number = 4 }, { .number = 5 } },
                                                                       { { .number = 4 }, { .number = 6 } } }, 2 },
                                  { { { 2 } }, (struct grant_field[]){ { { .number = 4 }, { .number = 5 } } }, 1 } },
       .row_count = 2, .note = "by Friday", .asked = today)
BARE(ask, .rows = (struct wanted[]){ { .fields = (struct grant_field[]){ { .type = { .number = 0 } } }, .field_count = 1 } },
     .row_count = 1, .note = "")

SAMPLE(proposal, .author = brio, .audience = acme, .grant = some_grant, .record = { { 1 } }, .seen = { { 2 } },
       .fields = (struct field[]){ { .key = { .number = 6 }, .value = bytes_text("+49 40 1") },
                                   { .key = { bytes_text("own"), 1 } } },
       .field_count = 2, .note = "she said so", .proposed = today)
BARE(proposal, .fields = (struct field[]){ { .key = { .number = 1 } } }, .field_count = 1, .note = "")

SAMPLE(proposal_answer, .author = acme, .audience = brio, .proposal = some_grant, .accepted = true, .reason = "thanks",
       .answered = today)
BARE(proposal_answer, .reason = "")

SAMPLE(withdrawal, .author = acme, .audience = brio, .owner = acme, .grant = some_grant,
       .rows = (struct withdrawn[]){ { { { 1 } }, { 1, 7 } }, { { { 2 } }, { 2, 1 } } }, .row_count = 2,
       .reason = "CONSENT", .withdrawn = today)
BARE(withdrawal, .rows = (struct withdrawn[]){ { .upto = { 1, 1 } } }, .row_count = 1, .reason = "C")

SAMPLE(sealed, .author = brio, .audience = acme, .grant = some_grant, .epoch = 3, .incarnation = 2, .number = 300,
       .handles = (struct handle[]){ { { 1 } }, { { 2 } } }, .handle_count = 2,
       .gone = (struct handle[]){ { { 3 } } }, .gone_count = 1, .key = { 4 }, .nonce = { 5 }, .box = { { 6 } })
BARE(sealed, .epoch = 1, .incarnation = 1, .number = 1)

SAMPLE(sealed_body, .header = signed_of("header"), .box = bytes_of(some_box, sizeof(some_box)))
BARE(sealed_body, .box = bytes_of(some_box, SEAL_PAD + SEAL_TAG_SIZE))

SAMPLE(sealed_receipt, .author = acme, .audience = brio, .grant = some_grant, .incarnation = 2, .have = 4, .seen = 9, .received = today)
BARE(sealed_receipt, .incarnation = 1)

SAMPLE(receipt, .author = brio, .audience = acme, .owner = acme, .grant = some_grant, .state = RECEIPT_REFUSED,
       .records = (struct record_id[]){ { { 1 } }, { { 2 } } }, .record_count = 2, .count = 2, .reason = "LEGAL_HOLD",
       .basis = "tax law", .at = today)
BARE(receipt, .state = RECEIPT_PURGED, .reason = "", .basis = "")
SAMPLE(light_offer, .author = acme, .audience = { { 9 } }, .grant = some_grant, .event = { { 7 } },
       .columns = (struct grant_field[]){ { .type = { .number = 4 }, .field = { .number = 2 } },
                                          { .type = { .number = 4 }, .field = { .number = 5 } } },
       .column_count = 2, .offered = today)
BARE(light_offer, 0)

SAMPLE(head, .author = acme, .grant = some_grant, .number = 7, .revoked = (struct object_id[]){ { { 1 } }, { { 2 } } },
       .revoked_count = 2, .issued = today, .expires = { INT64_C(1800003600000) })
BARE(head, .number = 1, .expires = { 1 })

SAMPLE(void_range, .author = acme, .audience = brio, .stream = STREAM_DATA, .incarnation = 2, .first = 5, .last = 9)
BARE(void_range, .stream = STREAM_CONTROL, .incarnation = 1, .first = 1, .last = 1)

SAMPLE(hello, .author = acme, .audience = brio, .session = UINT64_MAX, .answers = 4, .incarnation = 1,
       .clock = today, .descriptor_serial = 2,
       .streams = { { STREAM_CONTROL, 1, 10, 16, 1000 }, { STREAM_DATA, 1, 11, 64, 4000000 } }, .stream_count = 2,
       .profile = { { 3 } })
BARE(hello, .session = 1, .incarnation = 1)

SAMPLE(ack, .streams = { { STREAM_CONTROL, 1, 10, 16, 1000 }, { STREAM_DATA, 0, 0, 0, 0 } }, .stream_count = 2)
BARE(ack, 0)

SAMPLE(scopes, .incarnation = 2, .have = 300, .answer = true,
       .list = (struct scope_state[]){ { some_grant, { 2, { 7 } } }, { { { 0x68 } }, { 0, { 0 } } } }, .count = 2)
BARE(scopes, 0)

SAMPLE(scope_ids, .grant = some_grant, .incarnation = 1, .have = 7, .answer = true,
       .ranges = (struct scope_range[]){
           { .depth = 1, .prefix = 5, .parts = (struct scope_sum[SCOPE_PARTS]){ { 3, { 9 } } },
             .part_count = SCOPE_PARTS },
           { .depth = 2, .prefix = 0xac, .listed = true, .entry_count = 2,
             .entries = (struct scope_entry[]){ { { { 0xac, 1 } }, { 1, 7 } }, { { { 0xac, 2 } }, { 2, 1 } } } },
           { .depth = 12, .prefix = UINT64_C(0xffffffffffff), .split = true } },
       .range_count = 3)
BARE(scope_ids, .ranges = (struct scope_range[]){ { 0 } }, .range_count = 1)

SAMPLE(introduce, .token = { 1 }, .descriptor = signed_of("descriptor"))
BARE(introduce, 0)
/* clang-format on */

static struct bytes
full_grant(struct arena *arena)
{
    struct grant g = {
        .issuer = brio,
        .audience = { { 0xce } },
        .owner = acme,
        .has_parent = true,
        .parent = some_grant,
        .selector = SELECTOR_RECORDS,
        .records = (struct record_id[]){ { { 1 } }, { { 2 } } },
        .record_count = 2,
        .fields = (struct grant_field[]){ { { .number = 2 }, { .number = 1 } },
                                          { { .number = 2 }, { bytes_text("own"), 1 } },
                                          { { bytes_text("own"), 1 }, { .number = 300 } } },
        .field_count = 3,
        .actions = ACTION_READ | ACTION_PASS_ON,
        .depth = 1,
        .not_before = { 1 },
        .not_after = today,
        .purposes = (const char *[]){ "follow-up", "launch" },
        .purpose_count = 2,
        .countries = (const char *[]){ "CN", "DE" },
        .country_count = 2,
        .delete_days = 30,
        .receipt = true,
        .nonce = { 4 },
        .has_terms = true,
        .terms = { .want = (struct grant_field[]){ { { .number = 4 }, { .number = 2 } },
                                                   { { .number = 4 }, { .number = 5 } } },
                   .want_count = 2,
                   .quota = 300,
                   .closes = today,
                   .chain = true },
        .has_cites = true,
        .cites = some_grant,
    };
    return wire_grant_format(&g, arena);
}

static struct bytes
bare_grant(struct arena *arena)
{
    struct grant g = { .selector = SELECTOR_SEGMENT };

    return wire_grant_format(&g, arena);
}

static struct bytes
full_records(struct arena *arena)
{
    static const struct digest hashes[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
    struct field salted[] = {
        { { .number = 1 }, bytes_text("Ada"), true, { 1 } },
        { { .number = 3 }, bytes_text(""), true, { 2 } },
        { { bytes_text("own"), 1 }, bytes_text("vip"), true, { 3 } },
    };
    struct field plain[] = { { .key = { .number = 2 }, .value = bytes_text("Lovelace") } };
    struct disclosure items[] = {
        { .revision = bytes_text("revision"),
          .fields = salted,
          .field_count = 3,
          .withheld = bytes_of(hashes, sizeof(hashes)) },
        { .revision = bytes_text("other"),
          .has_secret = true,
          .secret = { 9 },
          .fields = plain,
          .field_count = 1 },
    };
    struct run runs[] = {
        { .size = 1000,
          .first = 998,
          .path = bytes_of(hashes, 64),
          .items = items,
          .item_count = 2 },
        { .size = 1, .items = items, .item_count = 1 },
    };
    struct records in = { .grant = some_grant, .runs = runs, .run_count = 2 };
    return wire_records_format(&in, arena);
}

static struct bytes
bare_records(struct arena *arena)
{
    struct disclosure item = { 0 };
    struct run run = { .size = 1, .items = &item, .item_count = 1 };
    struct records in = { .runs = &run, .run_count = 1 };

    return wire_records_format(&in, arena);
}

static struct bytes
full_bundle(struct arena *arena)
{
    struct signed_object links[] = { signed_of("root"), signed_of("leaf") };
    struct signed_object descriptors[] = { signed_of("owner"), signed_of("middle") };
    struct bundle in = { signed_of("offer"), links, 2, descriptors, 2 };

    return wire_bundle_format(&in, arena);
}

static struct bytes
bare_bundle(struct arena *arena)
{
    struct bundle in = { 0 };

    return wire_bundle_format(&in, arena);
}

static struct bytes
full_signed_body(struct arena *arena)
{
    struct signed_object in = signed_of("inner");

    return wire_signed_body_format(&in, arena);
}

static struct bytes
bare_signed_body(struct arena *arena)
{
    struct signed_object in = { 0 };

    return wire_signed_body_format(&in, arena);
}

#define CODECS(X)                                                                              \
    WIRE_MESSAGES(X)                                                                           \
    X(records)                                                                                 \
    X(signed_body)                                                                             \
    X(bundle)
#define ROUND_TRIP(name, type)                                                                 \
    static enum status round_trip_##name(struct bytes raw, struct arena *arena,                \
                                         struct bytes *again)                                  \
    {                                                                                          \
        struct type *out;                                                                      \
        TRY(wire_##name##_parse(raw, arena, &out));                                            \
        *again = wire_##name##_format(out, arena);                                             \
        return STATUS_OK;                                                                      \
    }
#define X(name) ROUND_TRIP(name, name)
WIRE_MESSAGES(X)
#undef X
ROUND_TRIP(records, records)
ROUND_TRIP(bundle, bundle)
ROUND_TRIP(signed_body, signed_object)

const struct sample_codec sample_codecs[] = {
#define X(name) { #name, round_trip_##name, full_##name, bare_##name },
    CODECS(X)
#undef X
};
const size_t sample_codec_count = COUNT_OF(sample_codecs);
