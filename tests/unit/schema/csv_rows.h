/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/schema/csv_rows.h - a sample file as a table of cells, for the tests of CSV and of mappings.
 */
#ifndef HANSA_TESTS_CSV_ROWS_H
#define HANSA_TESTS_CSV_ROWS_H

#include <stdio.h>
#include <string.h>

#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/csv.h"

enum { ROWS_MAX = 32 };

struct csv_rows {
    struct arena *arena;
    size_t count;
    struct {
        size_t line;
        size_t count;
        struct csv_cell *cells;
    } row[ROWS_MAX];
};

static inline bool
csv_rows_take(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct csv_rows *rows = self;

    if (rows->count == ROWS_MAX)
        return false;
    rows->row[rows->count].line = line;
    rows->row[rows->count].count = count;
    rows->row[rows->count].cells = ARENA_ARRAY(rows->arena, struct csv_cell, count + 1);
    for (size_t i = 0; i < count; i++) {
        rows->row[rows->count].cells[i].text = arena_copy(rows->arena, cells[i].text);
        rows->row[rows->count].cells[i].column = cells[i].column;
    }
    rows->count++;
    return true;
}

/* The file in pieces of `piece` bytes. */
static inline enum status
csv_rows_read(struct bytes file, const struct csv_shape *shape, size_t piece, struct diag *diag,
              struct csv_rows *rows)
{
    AUTO(csv_close) struct csv *csv = NULL;

    rows->count = 0;
    TRY(csv_open(shape, csv_rows_take, rows, &csv));
    for (size_t at = 0; at < file.len; at += piece) {
        size_t len = file.len - at < piece ? file.len - at : piece;
        AUTO(xfree)
        uint8_t *copy = xcalloc(len, 1); /* its own block: reading past it is seen */
        memcpy(copy, file.data + at, len);
        TRY(csv_feed(csv, bytes_of(copy, len), diag));
    }
    return csv_finish(csv, diag);
}

static inline bool
csv_rows_cell_is(const struct csv_rows *rows, size_t row, size_t column, const char *want)
{
    return row < rows->count && column < rows->row[row].count &&
           bytes_is_equal(rows->row[row].cells[column].text, bytes_text(want));
}

/* tests/data/csv/NAME; empty when it cannot be read. */
static inline struct bytes
csv_rows_file(const char *name, struct arena *arena)
{
    const char *path = arena_printf(arena, "tests/data/csv/%s", name);
    uint8_t *data = arena_alloc(arena, 64 * KIB);
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return (struct bytes){ 0 };
    size_t len = fread(data, 1, 64 * KIB, f);
    (void)fclose(f);
    return bytes_of(data, len);
}

#endif
