/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/csv_sniff.c - which character set and delimiter the first piece of a file has (contract: schema/csv.h).
 *
 * In this order: a byte order mark; zero bytes, which only UTF-16 has; valid UTF-8; GB18030, when most of what is not
 * ASCII are pairs of the common Chinese range; else Windows-1252. Whoever knows better says so with --charset.
 */
#include <stdio.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/csv.h"

enum { HEAD_MAX = 64 * KIB, WHOLE_MAX = 4 * KIB, ROWS_MAX = 32 };
enum { CHINESE_PAIRS_MIN = 2, CHINESE_PERCENT = 70 };

struct mark {
    const char *charset;
    const char *bytes;
    size_t len;
};

static const struct mark marks[] = {
    { "UTF-8", "\xEF\xBB\xBF", 3 },    { "UTF-32LE", "\xFF\xFE\0\0", 4 },
    { "UTF-32BE", "\0\0\xFE\xFF", 4 }, { "UTF-16LE", "\xFF\xFE", 2 },
    { "UTF-16BE", "\xFE\xFF", 2 },     { "GB18030", "\x84\x31\x95\x33", 4 },
};

static const struct mark *
find_mark(struct bytes head)
{
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (head.len >= marks[i].len && memcmp(head.data, marks[i].bytes, marks[i].len) == 0)
            return &marks[i];
    return NULL;
}

/* A head may be cut within a character, but a short one is the whole file. */
static bool
is_utf8(struct bytes head)
{
    for (size_t cut = 0; cut < (head.len < WHOLE_MAX ? 1 : 4); cut++)
        if (utf8_is_valid(bytes_of(head.data, head.len - cut)))
            return true;
    return false;
}

/* GB 2312, the common part of GB18030: two high bytes. Western text has its high bytes one by one. */
static bool
looks_chinese(struct bytes head)
{
    size_t pairs = 0, others = 0;

    for (size_t i = 0; i < head.len; i++) {
        uint8_t a = head.data[i], b = i + 1 < head.len ? head.data[i + 1] : 0xA1;
        if (a < 0x80)
            continue;
        if (((a >= 0xB0 && a <= 0xF7) || (a >= 0xA1 && a <= 0xA3)) && b >= 0xA1 && b <= 0xFE) {
            pairs++;
            i++;
        } else {
            others++;
        }
    }
    return pairs >= CHINESE_PAIRS_MIN && pairs * 100 >= (pairs + others) * CHINESE_PERCENT;
}

/* As much of the head as decodes, in UTF-8; clean says whether that was all, but for a cut end. */
static struct bytes
decode(struct bytes head, const char *charset, struct arena *arena, bool *clean)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar pivot[1024], *pivot_from = pivot, *pivot_to = pivot;
    size_t room = head.len * 3 + 16;
    char *out = arena_alloc(arena, room), *target = out;
    const char *source = (const char *)head.data;
    UConverter *from = ucnv_open(charset, &error), *to = ucnv_open("UTF-8", &error);

    *clean = false;
    if (U_SUCCESS(error)) {
        ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &error);
        ucnv_convertEx(to, from, &target, out + room, &source, source + head.len, pivot,
                       &pivot_from, &pivot_to, pivot + COUNT_OF(pivot), true, false, &error);
        *clean = U_SUCCESS(error);
    }
    if (from != NULL)
        ucnv_close(from);
    if (to != NULL)
        ucnv_close(to);
    return bytes_of(out, (size_t)(target - out));
}

/* ASCII in UTF-16 has every other byte zero; which of the two tells the order. */
static const char *
utf16_order(struct bytes head)
{
    size_t zeros[2] = { 0 };

    for (size_t i = 0; i < head.len; i++)
        zeros[i % 2] += head.data[i] == 0 ? 1 : 0;
    if (zeros[0] == zeros[1])
        return NULL;
    return zeros[0] > zeros[1] ? "UTF-16BE" : "UTF-16LE";
}

/* A picture or a program has zeros too, but not as text. */
static const char *
guess_utf16(struct bytes head, struct arena *arena)
{
    const char *order = utf16_order(head);
    bool clean = false;

    if (order == NULL)
        return NULL;
    struct bytes text = decode(head, order, arena, &clean);
    return clean && text.len > 0 && memchr(text.data, 0, text.len) == NULL ? order : NULL;
}

static const char *
guess_charset(struct bytes head, struct arena *arena)
{
    bool clean = false;

    if (head.len > 0 && memchr(head.data, 0, head.len) != NULL)
        return guess_utf16(head, arena);
    if (is_utf8(head))
        return "UTF-8";
    if (looks_chinese(head)) {
        (void)decode(head, "GB18030", arena, &clean);
        if (clean)
            return "GB18030";
    }
    return "windows-1252";
}

struct counts {
    size_t header; /* delimiters in the first row */
    size_t rows;
    size_t alike; /* rows that have as many */
};

/* Rows with this delimiter; a row that the head cuts does not count. */
static struct counts
count_rows(struct bytes text, char delimiter)
{
    struct counts c = { 0 };
    size_t found = 0;
    bool quoted = false, any = false;

    for (size_t i = 0; i <= text.len && c.rows < ROWS_MAX; i++) {
        bool at_end = i == text.len;
        char now = at_end ? '\n' : (char)text.data[i];
        if (at_end && c.rows > 0)
            break;
        if (now == '"' && !at_end) {
            quoted = !quoted;
        } else if ((now == '\n' || now == '\r') && (!quoted || at_end)) {
            if (!any)
                continue;
            c.header = c.rows == 0 ? found : c.header;
            c.alike += found == c.header ? 1 : 0;
            c.rows++;
            found = 0;
            any = false;
            continue;
        } else if (now == delimiter && !quoted) {
            found++;
        }
        any = true;
    }
    return c;
}

static char
guess_delimiter(struct bytes text)
{
    static const char candidates[] = { ',', ';', '\t', '|' };
    size_t best = 0;
    char found = ',';

    for (size_t i = 0; i < COUNT_OF(candidates); i++) {
        struct counts c = count_rows(text, candidates[i]);
        size_t score = c.header * c.alike;
        if (score > best) {
            best = score;
            found = candidates[i];
        }
    }
    return found;
}

/* The charset that the user names, in the form that ICU knows; "UTF-16" takes its order from the file. */
static enum status
named_charset(const char *charset, struct bytes head, struct diag *diag, struct csv_shape *out)
{
    UErrorCode error = U_ZERO_ERROR;
    const struct mark *mark = find_mark(head);
    UConverter *converter = ucnv_open(charset, &error);
    const char *name = converter != NULL ? ucnv_getName(converter, &error) : "";
    bool usable = U_SUCCESS(error) && *charset != '\0' && strlen(name) < sizeof(out->charset);

    if (usable)
        (void)snprintf(out->charset, sizeof(out->charset), "%s", name);
    if (converter != NULL)
        ucnv_close(converter);
    if (!usable)
        return diag_say(diag, STATUS_USAGE, "csv.charset", charset, NULL);
    if (strcmp(out->charset, "UTF-16") == 0) {
        const char *order = mark != NULL ? mark->charset : utf16_order(head);
        (void)snprintf(out->charset, sizeof(out->charset), "%s",
                       order != NULL ? order : "UTF-16LE");
    }
    if (mark != NULL && ucnv_compareNames(mark->charset, out->charset) == 0)
        out->bom = mark->len;
    return STATUS_OK;
}

static enum status
find_charset(struct bytes head, const char *charset, struct arena *arena, struct diag *diag,
             struct csv_shape *out)
{
    const struct mark *mark = find_mark(head);

    if (charset != NULL)
        return named_charset(charset, head, diag, out);
    if (mark != NULL) {
        (void)snprintf(out->charset, sizeof(out->charset), "%s", mark->charset);
        out->bom = mark->len;
        return STATUS_OK;
    }
    const char *guess = guess_charset(head, arena);
    if (guess == NULL)
        return diag_say(diag, STATUS_USAGE, "csv.binary", NULL);
    (void)snprintf(out->charset, sizeof(out->charset), "%s", guess);
    return STATUS_OK;
}

static bool
is_delimiter(char c)
{
    return c == '\t' || (c > ' ' && c < 0x7F && c != '"');
}

enum status
csv_sniff(struct bytes head, const char *charset, char delimiter, struct diag *diag,
          struct csv_shape *out)
{
    struct csv_shape shape = { .delimiter = delimiter };
    bool clean = false;

    *out = (struct csv_shape){ 0 };
    head.len = head.len < HEAD_MAX ? head.len : HEAD_MAX;
    if (delimiter != '\0' && !is_delimiter(delimiter))
        return diag_say(diag, STATUS_USAGE, "csv.delimiter", NULL);
    AUTO(arena_free) struct arena *arena = arena_new(0);
    TRY(find_charset(head, charset, arena, diag, &shape));
    struct bytes rest = bytes_of(head.data + shape.bom, head.len - shape.bom);
    if (delimiter == '\0')
        shape.delimiter = guess_delimiter(decode(rest, shape.charset, arena, &clean));
    *out = shape;
    return STATUS_OK;
}
