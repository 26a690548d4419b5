/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <string.h>
#include <wchar.h>

#include "schema/base/cleanup.h"

enum { GAP = 2, COLUMN_MIN = 8 };

/* The cells of the next character, and its bytes; what is no character is one byte in one cell.
 */
static size_t
next_width(const char *text, size_t *len)
{
    mbstate_t state = { 0 };
    wchar_t c = 0;
    size_t got = mbrtowc(&c, text, strlen(text), &state);

    if (got == 0 || got > 4) {
        *len = 1;
        return 1;
    }
    *len = got;
    int width = wcwidth(c);
    return width < 0 ? 1 : (size_t)width;
}

size_t
table_width(const char *text)
{
    size_t width = 0, len;

    for (; *text != '\0'; text += len)
        width += next_width(text, &len);
    return width;
}

const char *
table_cut(const char *text, size_t width, struct arena *arena)
{
    size_t used = 0, len, at = 0;

    if (table_width(text) <= width)
        return text;
    for (; text[at] != '\0'; at += len) {
        size_t next = next_width(text + at, &len);
        if (used + next + 1 > width)
            break;
        used += next;
    }
    return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)at, text);
}

void
table_pad(size_t used, size_t width, FILE *out)
{
    for (; used < width; used++)
        (void)fputc(' ', out);
}

static size_t
total(const size_t *widths, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += widths[i] + (i + 1 < count ? GAP : 0);
    return sum;
}

/* Take from the widest until it fits or nothing is left to take. */
static void
shrink(size_t *widths, size_t count, size_t width)
{
    while (width > 0 && total(widths, count) > width) {
        size_t widest = 0;
        for (size_t i = 1; i < count; i++)
            if (widths[i] > widths[widest])
                widest = i;
        if (widths[widest] <= COLUMN_MIN)
            return;
        widths[widest]--;
    }
}

void
table_print(const struct table *table, struct arena *arena, FILE *out)
{
    size_t *widths = ARENA_ARRAY(arena, size_t, table->columns);

    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t width = table_width(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    shrink(widths, table->columns, table->width > 0 ? table->width - table->indent : 0);
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t column = i % table->columns;
        bool is_last = column + 1 == table->columns;
        bool is_bold = table->is_bold && i < table->columns;
        const char *cell = table_cut(table->cells[i], widths[column], arena);
        table_pad(0, column == 0 ? table->indent : 0, out);
        (void)fprintf(out, "%s%s%s", is_bold ? "\x1b[1m" : "", cell, is_bold ? "\x1b[0m" : "");
        if (is_last)
            (void)fputc('\n', out);
        else
            table_pad(table_width(cell), widths[column] + GAP, out);
    }
}
