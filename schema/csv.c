/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/csv.c - reading a CSV file as it comes in, and writing cells (contract: schema/csv.h). Pieces of the file go through
 * ICU to UTF-8 and line by line into libcsv, whose cells are gathered until the row is whole.
 *
 * 1. No row holds more than CSV_LINE_MAX bytes or CSV_COLUMNS_MAX cells: checked before libcsv sees the bytes.
 * 2. libcsv gets at most one line at a time, so a row ends at most once per call and its line number is known.
 */
#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/csv.h"

enum { UNITS = 4096, CELL_STEP = 64 * KIB };

struct csv {
    struct csv_parser parser;
    UConverter *from, *to;
    UChar pivot[UNITS], *pivot_from, *pivot_to;
    char charset[32];

    csv_row_fn *on_row;
    void *self;
    struct buffer text; /* of the cells of this row, one after the other */
    struct csv_cell cells[CSV_COLUMNS_MAX];
    size_t ends[CSV_COLUMNS_MAX]; /* where each cell ends in text */
    size_t count;                 /* of cells, also of those over the limit */
    size_t row_bytes;
    size_t row_line;
    size_t line;
    bool begun; /* the byte order mark, if there is one, is behind us */
    bool in_row;
    bool tabs;         /* tabs stand between cells */
    bool after_return; /* the last character was CR: a LF now is no new line */
    enum status broken;
};

static void
on_cell(void *data, size_t len, void *self)
{
    struct csv *csv = self;

    if (csv->count < CSV_COLUMNS_MAX) {
        buffer_put(&csv->text, data, len);
        csv->ends[csv->count] = csv->text.len;
    }
    csv->count++;
}

static bool
is_empty(const struct csv *csv)
{
    for (size_t i = 0; i < csv->text.len; i++)
        if (csv->text.data[i] != ' ' && csv->text.data[i] != '\t')
            return false;
    return true;
}

static void
on_row_end(int end, void *self)
{
    struct csv *csv = self;
    size_t start = 0;

    (void)end;
    csv->in_row = false;
    csv->row_bytes = 0;
    if (csv->count > CSV_COLUMNS_MAX) {
        csv->broken = STATUS_TOO_BIG;
        return;
    }
    for (size_t i = 0; i < csv->count; i++) {
        struct bytes text = bytes_of(csv->text.data + start, csv->ends[i] - start);
        csv->cells[i] = (struct csv_cell){ .text = text, .column = i + 1 };
        start = csv->ends[i];
    }
    if (!is_empty(csv) && !csv->on_row(csv->self, csv->row_line, csv->cells, csv->count))
        csv->broken = STATUS_STOPPED;
    csv->count = 0;
    buffer_clear(&csv->text);
}

enum status
csv_open(const struct csv_shape *shape, csv_row_fn *on_row, void *self, struct csv **out)
{
    UErrorCode error = U_ZERO_ERROR;

    *out = NULL;
    AUTO(csv_close) struct csv *csv = xcalloc(1, sizeof(*csv));
    csv->on_row = on_row;
    csv->self = self;
    csv->line = 1;
    csv->tabs = shape->delimiter == '\t';
    csv->pivot_from = csv->pivot_to = csv->pivot;
    (void)snprintf(csv->charset, sizeof(csv->charset), "%s", shape->charset);
    if (csv_init(&csv->parser, 0) != 0)
        return STATUS_INTERNAL;
    csv_set_blk_size(&csv->parser, CELL_STEP); /* its own 128 bytes make long cells slow */
    csv_set_delim(&csv->parser, (unsigned char)shape->delimiter);
    csv->from = ucnv_open(csv->charset, &error);
    csv->to = ucnv_open("UTF-8", &error);
    if (U_SUCCESS(error))
        ucnv_setToUCallBack(csv->from, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &error);
    if (U_FAILURE(error))
        return STATUS_USAGE;
    *out = TAKE(csv);
    return STATUS_OK;
}

void
csv_close(struct csv **csvp)
{
    struct csv *csv = *csvp;

    if (csv == NULL)
        return;
    csv_free(&csv->parser); /* libcsv's */
    if (csv->from != NULL)
        ucnv_close(csv->from);
    if (csv->to != NULL)
        ucnv_close(csv->to);
    buffer_fini(&csv->text);
    free(csv);
    *csvp = NULL;
}

static enum status
say_line(const struct csv *csv, struct diag *diag, enum status status, const char *key,
         size_t line)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%zu", line);
    return diag_say(diag, status, key, number, csv->charset, NULL);
}

/* Up to the end of one line: content and the length of its end, 0 when it goes on in the next piece. */
static size_t
line_content(struct bytes text, size_t *end)
{
    size_t len = 0;

    while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
        len++;
    *end = 0;
    if (len < text.len)
        *end =
            text.data[len] == '\r' && len + 1 < text.len && text.data[len + 1] == '\n' ? 2 : 1;
    return len;
}

/* Would libcsv begin a row with this? It skips blanks before the first cell. */
static bool
has_ink(const struct csv *csv, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ' ' && (text.data[i] != '\t' || csv->tabs))
            return true;
    return false;
}

/* One line, or a part of one, into libcsv. */
static enum status
feed_line(struct csv *csv, struct bytes content, size_t end, struct diag *diag)
{
    if (!csv->in_row)
        csv->row_line = csv->line;
    if (content.len > CSV_LINE_MAX - csv->row_bytes)
        return say_line(csv, diag, STATUS_TOO_BIG, "csv.long-row", csv->row_line);
    csv->in_row = csv->in_row || has_ink(csv, content);
    csv->row_bytes += csv->in_row ? content.len : 0;
    size_t len = content.len + end;
    if (csv_parse(&csv->parser, content.data, len, on_cell, on_row_end, csv) != len)
        return STATUS_TOO_BIG;    /* no memory: the only failure without CSV_STRICT */
    if (csv->in_row && end > 0) { /* a line feed in quotes belongs to the row */
        if (CSV_LINE_MAX - csv->row_bytes < end)
            return say_line(csv, diag, STATUS_TOO_BIG, "csv.long-row", csv->row_line);
        csv->row_bytes += end;
    }
    if (csv->broken == STATUS_TOO_BIG)
        return say_line(csv, diag, STATUS_TOO_BIG, "csv.wide-row", csv->row_line);
    return csv->broken;
}

static enum status
feed_text(struct csv *csv, struct bytes text, struct diag *diag)
{
    if (csv->after_return && text.len > 0 && text.data[0] == '\n') {
        if (csv_parse(&csv->parser, text.data, 1, on_cell, on_row_end, csv) != 1)
            return STATUS_TOO_BIG;
        text = bytes_of(text.data + 1, text.len - 1);
        csv->after_return = false;
    }
    while (text.len > 0) {
        size_t end, len = line_content(text, &end);
        TRY(feed_line(csv, bytes_of(text.data, len), end, diag));
        csv->line += end > 0 ? 1 : 0;
        csv->after_return = end == 1 && text.data[len] == '\r';
        text = bytes_of(text.data + len + end, text.len - len - end);
    }
    return STATUS_OK;
}

/* Whoever reads the file may have skipped the mark or not. */
static struct bytes
after_mark(struct csv *csv, struct bytes text)
{
    bool mark = !csv->begun && text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0;

    csv->begun = csv->begun || text.len > 0;
    return mark ? bytes_of(text.data + 3, text.len - 3) : text;
}

/* Through ICU, a buffer at a time. last: nothing follows, so half a character is an error. */
static enum status
feed_bytes(struct csv *csv, struct bytes piece, bool last, struct diag *diag)
{
    const char *source = (const char *)piece.data, *source_end = source + piece.len;

    for (;;) {
        UErrorCode error = U_ZERO_ERROR;
        char utf8[UNITS], *target = utf8;
        ucnv_convertEx(csv->to, csv->from, &target, utf8 + sizeof(utf8), &source, source_end,
                       csv->pivot, &csv->pivot_from, &csv->pivot_to, csv->pivot + UNITS, false,
                       last, &error);
        struct bytes text = after_mark(csv, bytes_of(utf8, (size_t)(target - utf8)));
        TRY(feed_text(csv, text, diag));
        if (error == U_BUFFER_OVERFLOW_ERROR)
            continue;
        if (U_FAILURE(error))
            return say_line(csv, diag, STATUS_MALFORMED, "csv.bytes", csv->line);
        return STATUS_OK;
    }
}

enum status
csv_feed(struct csv *csv, struct bytes piece, struct diag *diag)
{
    if (csv->broken == STATUS_OK && piece.len > 0)
        csv->broken = feed_bytes(csv, piece, false, diag);
    return csv->broken;
}

enum status
csv_finish(struct csv *csv, struct diag *diag)
{
    static const uint8_t nothing[1];

    if (csv->broken != STATUS_OK)
        return csv->broken;
    csv->broken = feed_bytes(csv, bytes_of(nothing, 0), true, diag);
    if (csv->broken == STATUS_OK && csv->in_row)
        (void)csv_fini(&csv->parser, on_cell, on_row_end, csv);
    if (csv->broken == STATUS_TOO_BIG)
        return say_line(csv, diag, STATUS_TOO_BIG, "csv.wide-row", csv->row_line);
    return csv->broken;
}

/* ---- output ---- */

/* A spreadsheet takes what begins so for a formula. */
static bool
is_formula(struct bytes text)
{
    static const char *const starts[] = { "=",
                                          "+",
                                          "-",
                                          "@",
                                          "\t",
                                          "\r", /* and full-width */
                                          "\xEF\xBC\x9D",
                                          "\xEF\xBC\x8B",
                                          "\xEF\xBC\x8D",
                                          "\xEF\xBC\xA0" };

    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        size_t len = strlen(starts[i]);
        if (text.len >= len && memcmp(text.data, starts[i], len) == 0)
            return true;
    }
    return false;
}

/* Apostrophes before such a start count as well, so that taking one off gives back what was there. */
static bool
needs_guard(struct bytes text)
{
    while (text.len > 0 && text.data[0] == '\'')
        text = bytes_of(text.data + 1, text.len - 1);
    return is_formula(text);
}

static bool
needs_quotes(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(",;\t|\"\r\n", text.data[i]) != NULL && text.data[i] != '\0')
            return true;
    return text.len > 0 && (text.data[0] == ' ' || text.data[text.len - 1] == ' ');
}

void
csv_put_cell(struct buffer *out, struct bytes text, bool first_in_row)
{
    csv_put_cell_after(out, first_in_row ? '\0' : ',', text);
}

void
csv_put_cell_after(struct buffer *out, char delimiter, struct bytes text)
{
    bool quotes = needs_quotes(text);

    if (delimiter != '\0')
        buffer_put_u8(out, (uint8_t)delimiter);
    if (quotes)
        buffer_put_u8(out, '"');
    if (needs_guard(text))
        buffer_put_u8(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buffer_put_u8(out, '"');
        buffer_put_u8(out, text.data[i]);
    }
    if (quotes)
        buffer_put_u8(out, '"');
}

struct bytes
csv_unguard(struct bytes text)
{
    if (text.len == 0 || text.data[0] != '\'' || !needs_guard(text))
        return text;
    return bytes_of(text.data + 1, text.len - 1);
}
