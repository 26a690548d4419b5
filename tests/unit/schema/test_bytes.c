/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_order(struct check *t)
{
    static const struct {
        const char *why, *a, *b;
        int order;
    } rows[] = {
        { "equal bytes are equal", "abc", "abc", 0 },
        { "nothing equals nothing", "", "", 0 },
        { "a prefix comes first", "ab", "abc", -1 },
        { "the first difference decides", "b", "abc", 1 },
        { "bytes are unsigned", "\x7f", "\x80", -1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes a = bytes_text(rows[i].a), b = bytes_text(rows[i].b);
        int there = bytes_compare(a, b), back = bytes_compare(b, a);
        CHECK(t, rows[i].why, (there > 0) - (there < 0) == rows[i].order);
        CHECK(t, "order is the same from the other side",
              (back > 0) - (back < 0) == -rows[i].order);
        CHECK(t, "equality agrees with order", bytes_is_equal(a, b) == (rows[i].order == 0));
    }
    CHECK(t, "NULL is nothing", bytes_is_equal((struct bytes){ 0 }, bytes_text("")));
}

static void
test_reader(struct check *t)
{
    static const uint8_t raw[] = {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 'x', 'y'
    };
    struct reader r = reader_of(bytes_of(raw, sizeof(raw)));
    uint8_t xy[2];

    CHECK(t, "u8 is one byte", reader_u8(&r) == 1);
    CHECK(t, "u16 is big endian", reader_u16(&r) == 0x0203);
    CHECK(t, "u32 is big endian", reader_u32(&r) == 0x04050607);
    CHECK(t, "u64 is big endian", reader_u64(&r) == 0x08090a0b0c0d0e0fu);
    CHECK(t, "bytes left over are refused", reader_finish(&r) == STATUS_MALFORMED);
    reader_copy(&r, xy, 2);
    CHECK(t, "copied bytes are there", xy[0] == 'x' && xy[1] == 'y');
    CHECK(t, "read to the end is ok", reader_finish(&r) == STATUS_OK);
}

static void
test_reader_remembers(struct check *t)
{
    for (size_t len = 0; len < 8; len++) {
        static const uint8_t raw[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
        struct reader r = reader_of(bytes_of(raw, len));
        CHECK(t, "a number cut short reads as zero", reader_u64(&r) == 0);
        CHECK(t, "after a failure everything reads as zero", reader_u8(&r) == 0);
        CHECK(t, "and the failure is remembered", reader_finish(&r) == STATUS_MALFORMED);
    }
    struct reader r = reader_of(bytes_text("ab"));
    CHECK(t, "a length over what is left gives nothing", reader_bytes(&r, SIZE_MAX).len == 0);
    uint8_t two[2] = { 9, 9 };
    reader_copy(&r, two, 2);
    CHECK(t, "a failed copy is zeroed", two[0] == 0 && two[1] == 0);
}

static void
test_buffer(struct check *t)
{
    AUTO(buffer_fini) struct buffer b = { 0 };

    buffer_put_u8(&b, 1);
    buffer_put_u16(&b, 0x0203);
    buffer_put_u32(&b, 0x04050607);
    buffer_put_u64(&b, 0x08090a0b0c0d0e0fu);
    buffer_put_text(&b, "x");
    buffer_put(&b, NULL, 0);
    static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 'x' };
    CHECK(t, "what is put stands there big endian",
          bytes_is_equal(buffer_bytes(&b), bytes_of(want, sizeof(want))));
    buffer_clear(&b);
    CHECK(t, "a cleared buffer is empty", b.len == 0 && b.cap > 0);
    for (int i = 0; i < 100000; i++)
        buffer_put_u8(&b, (uint8_t)i);
    CHECK(t, "a buffer grows", b.len == 100000 && b.data[99999] == (uint8_t)99999);
    uint8_t raw[8];
    put_u32(raw, 0xfedcba98);
    CHECK(t, "a u32 comes back", get_u32(raw) == 0xfedcba98);
    put_u64(raw, 0xfedcba9876543210);
    CHECK(t, "a u64 comes back", get_u64(raw) == 0xfedcba9876543210);
}

static void
test_hex(struct check *t)
{
    uint8_t raw[2];
    char text[5];

    CHECK(t, "hex parses in both cases",
          hex_parse(bytes_text("aBCd"), raw, 2) == STATUS_OK && raw[0] == 0xab &&
              raw[1] == 0xcd);
    hex_format(bytes_of(raw, 2), text);
    CHECK(t, "and formats in lower case", strcmp(text, "abcd") == 0);
    static const char *const bad[] = { "",     "abc",  "abcde", "abcg",
                                       "ab d", "abc/", "abc:",  "abc@" };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK(t, "anything else is refused",
              hex_parse(bytes_text(bad[i]), raw, 2) == STATUS_MALFORMED);
}

static void
test_base32(struct check *t)
{
    /* RFC 4648 section 10, in lower case without padding */
    static const struct {
        const char *raw, *text;
    } rows[] = {
        { "", "" },
        { "f", "my" },
        { "fo", "mzxq" },
        { "foo", "mzxw6" },
        { "foob", "mzxw6yq" },
        { "fooba", "mzxw6ytb" },
        { "foobar", "mzxw6ytboi" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[16];
        uint8_t raw[8];
        size_t len = strlen(rows[i].raw);
        base32_format(bytes_text(rows[i].raw), text);
        CHECK(t, "RFC 4648's examples format", strcmp(text, rows[i].text) == 0);
        CHECK(t, "and parse",
              base32_parse(bytes_text(rows[i].text), raw, len) == STATUS_OK &&
                  memcmp(raw, rows[i].raw, len) == 0);
    }
    uint8_t raw[8];
    CHECK(t, "upper case parses", base32_parse(bytes_text("MZXQ"), raw, 2) == STATUS_OK);
    static const struct {
        const char *why, *text;
        size_t len;
    } bad[] = {
        { "spare bits must be zero", "mz", 1 },  { "a digit 1 is refused", "m1", 1 },
        { "padding is refused", "my======", 1 }, { "too short is refused", "m", 1 },
        { "too long is refused", "myy", 1 },     { "a digit 8 is refused", "m8", 1 },
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK(t, bad[i].why,
              base32_parse(bytes_text(bad[i].text), raw, bad[i].len) == STATUS_MALFORMED);
}

static void
test_utf8(struct check *t)
{
    static const struct {
        const char *why, *text;
        bool is_valid;
    } rows[] = {
        { "ASCII is valid", "plain", true },
        { "nothing is valid", "", true },
        { "two bytes", "\xc2\x80 \xdf\xbf", true },
        { "three bytes", "\xe0\xa0\x80 \xe5\xb9\xbf \xef\xbf\xbf", true },
        { "four bytes", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", true },
        { "the last before and the first after the surrogates", "\xed\x9f\xbf\xee\x80\x80",
          true },
        { "a surrogate is refused", "\xed\xa0\x80", false },
        { "above U+10FFFF is refused", "\xf4\x90\x80\x80", false },
        { "an over-long form of two is refused", "\xc0\x80", false },
        { "an over-long form of two is refused (c1)", "\xc1\xbf", false },
        { "an over-long form of three is refused", "\xe0\x9f\xbf", false },
        { "an over-long form of four is refused", "\xf0\x8f\xbf\xbf", false },
        { "a lone continuation is refused", "a\x80", false },
        { "a lead at the end is refused", "a\xe5\xb9", false },
        { "a lead before ASCII is refused", "\xe5\xb9z", false },
        { "f5 is refused", "\xf5\x80\x80\x80", false },
        { "ff is refused", "\xff", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, utf8_is_valid(bytes_text(rows[i].text)) == rows[i].is_valid);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "order", test_order },
        { "reader", test_reader },
        { "a reader remembers its first failure", test_reader_remembers },
        { "buffer", test_buffer },
        { "hex", test_hex },
        { "base32", test_base32 },
        { "UTF-8", test_utf8 },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
