/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/wire.h"
#include "tests/check.h"

static void
test_ack_round_trip(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ack in = { .streams = { { STREAM_CONTROL, 1, 5, 16, 100 },
                                   { STREAM_DATA, 2, 0, 64, 7 } },
                      .stream_count = 2 };
    struct bytes raw = wire_ack_format(&in, arena);
    struct ack *out;

    CHECK(t, "an ack comes back",
          wire_ack_parse(raw, arena, &out) == STATUS_OK && out->stream_count == 2 &&
              out->streams[1].incarnation == 2);
}

static void
test_records_round_trip(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct field fields[] = {
        { .key = { .number = 1 }, .value = bytes_text("Ada") },
        { .key = { .number = 3 }, .value = bytes_text("x"), .has_salt = true, .salt = { 4 } },
        { .key = { .space = bytes_text("own"), .number = 1 }, .value = { 0 } },
    };
    struct disclosure item = { .revision = bytes_text("rev"),
                               .fields = fields,
                               .field_count = 3 };
    struct run run = { .size = 1, .items = &item, .item_count = 1 };
    struct records in = { .runs = &run, .run_count = 1 };
    struct bytes raw = wire_records_format(&in, arena);
    struct records *out;

    if (!CHECK(t, "records parse", wire_records_parse(raw, arena, &out) == STATUS_OK))
        return;
    struct bytes again = wire_records_format(out, arena);
    CHECK(t, "and come back byte for byte", bytes_is_equal(raw, again));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "ack", test_ack_round_trip },
        { "records", test_records_round_trip },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
