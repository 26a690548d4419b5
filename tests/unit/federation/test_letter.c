/* SPDX-License-Identifier: Apache-2.0
 *
 * Letters of docs/protocol/letters.md: what is written is read again, at every length that matters, and a file that was cut or changed
 * at any byte is none.
 */
#include "federation/letter.h"

#include <string.h>

#include "federation/seal.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"

static const struct content_key content_key = { .b = { 5 } };

static struct bytes
filled(struct arena *arena, size_t len)
{
    uint8_t *out = arena_alloc(arena, len + 1);

    memset(out, 0x5a, len);
    return bytes_of(out, len);
}

static struct sealed_body *
part(struct arena *arena, size_t number, struct bytes plain)
{
    struct sealed header = { .author = { { 1 } },
                             .audience = { { 2 } },
                             .epoch = 1,
                             .incarnation = 1,
                             .number = number };
    struct sealed_body *out = ARENA_NEW(arena, struct sealed_body);

    out->box = seal_close(&content_key, &header, LETTER_BOX, plain, arena);
    out->header.body = wire_sealed_format(&header, arena);
    return out;
}

static void
letter_of(struct arena *arena, size_t parts, struct bytes plain, struct buffer *out)
{
    struct letter letter = { .part_count = parts };

    letter.descriptor.body = filled(arena, 300);
    for (size_t i = 0; i < parts; i++)
        letter.parts[i] = part(arena, i + 1, plain);
    letter_format(&letter, out);
}

static enum status
parse(struct bytes file)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct letter letter;

    return letter_parse(file, arena, &letter);
}

static void
test_parts(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static const size_t counts[] = { 1, 2, LETTER_PARTS_MAX - 1, LETTER_PARTS_MAX };

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        AUTO(buffer_fini) struct buffer file = { 0 };
        struct letter letter;
        letter_of(arena, counts[i], filled(arena, SEAL_ROOM - SEAL_HEAD), &file);
        CHECK(t, "the fullest fits its file", file.len <= LETTER_FILE_MAX);
        CHECK(t, "and is read",
              letter_parse(buffer_bytes(&file), arena, &letter) == STATUS_OK &&
                  letter.part_count == counts[i]);
    }
    AUTO(buffer_fini) struct buffer none = { 0 };
    letter_of(arena, 0, filled(arena, 0), &none);
    CHECK(t, "one without a part is none", parse(buffer_bytes(&none)) == STATUS_MALFORMED);
}

/* One part more than there may be, with a last line that fits. */
static void
test_too_many_parts(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer file = { 0 };
    char end[2 * ID_SIZE + 1];

    letter_of(arena, LETTER_PARTS_MAX, filled(arena, 8), &file);
    const uint8_t *last = memrchr(file.data, 'p', file.len); /* "part " of the last */
    size_t body = file.len - sizeof("end ") + 1 - 2 * ID_SIZE - 1;
    struct bytes line = bytes_of(last, (size_t)(file.data + body - last));
    AUTO(buffer_fini) struct buffer more = { 0 };
    buffer_put_bytes(&more, bytes_of(file.data, body));
    buffer_put_bytes(&more, line);
    struct digest digest = digest_plain(buffer_bytes(&more));
    hex_format(bytes_of(digest.b, ID_SIZE), end);
    buffer_put_text(&more, "end ");
    buffer_put_text(&more, end);
    buffer_put_u8(&more, '\n');
    CHECK(t, "more parts than there may be", parse(buffer_bytes(&more)) == STATUS_TOO_BIG);
}

static void
test_changed(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer file = { 0 };
    size_t taken = 0, cut = 0;

    letter_of(arena, 2, filled(arena, 40), &file);
    for (size_t i = 0; i < file.len; i++) {
        cut += parse(bytes_of(file.data, i)) == STATUS_OK;
        file.data[i] ^= 1;
        taken += parse(buffer_bytes(&file)) == STATUS_OK;
        file.data[i] ^= 1;
    }
    CHECK(t, "cut anywhere it is none", cut == 0);
    CHECK(t, "changed anywhere it is none", taken == 0);
    CHECK(t, "as it was it is one", parse(buffer_bytes(&file)) == STATUS_OK);
    buffer_put_u8(&file, '\n');
    CHECK(t, "nothing comes after", parse(buffer_bytes(&file)) != STATUS_OK);
}

static void
test_items(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static const struct {
        const char *why;
        size_t first, second; /* bytes of two items */
        size_t want;          /* how many go into one part */
    } rows[] = {
        { "nothing in it", 0, 0, 2 },
        { "the fullest part", SEAL_ROOM - 3 * SEAL_HEAD - 9, 9, 2 },
        { "one byte more than a part has room for", SEAL_ROOM - 3 * SEAL_HEAD - 9, 10, 1 },
        { "two of the greatest objects", OBJECT_MAX + KIB, OBJECT_MAX + KIB, 2 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buffer_fini) struct buffer plain = { 0 };
        struct letter_item in[] = { { 29, filled(arena, rows[i].first) },
                                    { 20, filled(arena, rows[i].second) } };
        struct letter_item out[2];
        size_t count = 0, n = letter_pack(in, COUNT_OF(in), &plain);
        CHECK(t, rows[i].why, n == rows[i].want && plain.len <= SEAL_ROOM - SEAL_HEAD);
        CHECK(t, "is read again",
              letter_unpack(buffer_bytes(&plain), out, COUNT_OF(out), &count) == STATUS_OK &&
                  count == n);
        for (size_t k = 0; k < count; k++) {
            struct digest a = letter_name(&in[k]), b = letter_name(&out[k]);
            CHECK(t, "under the same name", ID_IS_EQUAL(a, b));
        }
        size_t none = 0;
        CHECK(t, "one more than there may be",
              letter_unpack(buffer_bytes(&plain), out, count - 1, &none) == STATUS_TOO_BIG);
        none = 0;
        CHECK(t, "cut it is none",
              letter_unpack(bytes_of(plain.data, plain.len - 1), out, COUNT_OF(out), &none) ==
                  STATUS_MALFORMED);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "parts", test_parts },
        { "too many parts", test_too_many_parts },
        { "cut and changed", test_changed },
        { "objects in a part", test_items },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
