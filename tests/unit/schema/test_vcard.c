/* SPDX-License-Identifier: Apache-2.0
 *
 * Cards say what they were given, whatever it is: read back by the rules of RFC 6350 it is the same, and no line is too
 * long or ends within a character.
 */
#include "schema/vcard.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "tests/check.h"

enum { LINE_MOST = 75, ROUNDS = 4000, PIECES_MOST = 60 };

/* Lines without their folds, into one buffer with a line feed after each. false: a line is too long, or cut badly. */
static bool
unfold(struct bytes text, struct buffer *out)
{
    size_t start = 0;

    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] != '\r' || text.data[i + 1] != '\n')
            continue;
        struct bytes line = bytes_of(text.data + start, i - start);
        if (line.len > LINE_MOST || !utf8_is_valid(line))
            return false;
        bool is_more = line.len > 0 && line.data[0] == ' ';
        if (is_more)
            out->len--;
        buffer_put(out, line.data + is_more, line.len - is_more);
        buffer_put_u8(out, '\n');
        start = i + 2;
    }
    return start == text.len;
}

/* What stands after "NAME:", unescaped; parts joined by 0x1f. */
static bool
value_of(struct bytes lines, const char *name, struct buffer *out)
{
    const char *at = memmem(lines.data, lines.len, name, strlen(name));

    if (at == NULL || (at != (const char *)lines.data && at[-1] != '\n'))
        return false;
    for (at += strlen(name) + 1; *at != '\n'; at++) {
        if (*at == ';')
            buffer_put_u8(out, 0x1f);
        else if (*at != '\\')
            buffer_put_u8(out, (uint8_t)*at);
        else
            buffer_put_u8(out, *++at == 'n' ? '\n' : (uint8_t)*at);
    }
    return true;
}

static bool
comes_back(struct bytes text)
{
    AUTO(buffer_fini) struct buffer card = { 0 }, lines = { 0 }, back = { 0 };

    vcard_begin(&card);
    vcard_put_text(&card, "NOTE", text);
    vcard_end(&card);
    return unfold(buffer_bytes(&card), &lines) &&
           value_of(buffer_bytes(&lines), "NOTE", &back) &&
           bytes_is_equal(buffer_bytes(&back), text);
}

static void
test_any_text(struct check *t)
{
    static const char *const pieces[] = {
        "a", ";",  ",",  "\\",    "\n",  "\\n",
        ":", " ",  "\"", "=",     "\t",  "END:VCARD",
        "é", "李", "𠮷", "BEGIN", "\n ", "0123456789012345678901234567890123456789"
    };
    uint64_t state = t->seed;
    size_t bad = 0;

    for (int round = 0; round < ROUNDS; round++) {
        AUTO(buffer_fini) struct buffer text = { 0 };
        size_t count = (size_t)(check_random(&state) % PIECES_MOST);
        for (size_t i = 0; i < count; i++)
            buffer_put_text(&text, pieces[check_random(&state) % COUNT_OF(pieces)]);
        bad += !comes_back(buffer_bytes(&text));
    }
    CHECK(t, "any text comes back", bad == 0);
}

static void
test_lines(struct check *t)
{
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "70 bytes fit beside the name",
          "0123456789012345678901234567890123456789012345678901234567890123456789",
          "NOTE:0123456789012345678901234567890123456789012345678901234567890123456789\r\n" },
        { "the next begins a line",
          "0123456789012345678901234567890123456789012345678901234567890123456789x",
          "NOTE:0123456789012345678901234567890123456789012345678901234567890123456789\r\n x"
          "\r\n" },
        { "a character stays whole",
          "012345678901234567890123456789012345678901234567890123456789012345678李",
          "NOTE:012345678901234567890123456789012345678901234567890123456789012345678\r\n 李"
          "\r\n" },
        { "control characters go", "a\x01\r\x7f\nb", "NOTE:a\\nb\r\n" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buffer_fini) struct buffer out = { 0 };
        vcard_put_text(&out, "NOTE", bytes_text(rows[i].text));
        CHECK(t, rows[i].why, bytes_is_equal(buffer_bytes(&out), bytes_text(rows[i].want)));
    }
}

static void
test_parts(struct check *t)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    const struct bytes parts[] = { bytes_text("a;b"), { 0 }, bytes_text("c,d") };

    vcard_put_parts(&out, "N", parts, COUNT_OF(parts));
    vcard_put_plain(&out, "URL", bytes_text("https://x.example/a;b\r\nNOTE:c d"));
    CHECK(t, "parts are told apart, and a plain value makes no line of its own",
          bytes_is_equal(buffer_bytes(&out),
                         bytes_text("N:a\\;b;;c\\,d\r\nURL:https://x.example/a;bNOTE:cd\r\n")));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "any text", test_any_text },
        { "lines", test_lines },
        { "parts", test_parts },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
