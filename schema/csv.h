/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/csv.h - CSV as people have it: UTF-8 with and without BOM, UTF-16 either way, GB18030,
 * Windows-1252; comma, semicolon, tab or bar; quoted fields with line feeds (RFC 4180). Push parser over libcsv
 * and ICU: the file goes through in pieces, memory is bounded by CSV_LINE_MAX.
 */
#ifndef HANSA_SCHEMA_CSV_H
#define HANSA_SCHEMA_CSV_H

#include "schema/base/bytes.h"
#include "schema/diag.h"

/* What the first piece of a file looks like. */
struct csv_shape {
    char charset[32]; /* ICU name: "UTF-8", "UTF-16LE", "GB18030", ... */
    size_t bom;       /* bytes of the byte order mark; may be fed or skipped */
    char delimiter;
};
/* head: the first up to 64 KiB (more is not looked at). charset / delimiter given by the user win; NULL or 0: guess. */
MUST_CHECK enum status csv_sniff(struct bytes head, const char *charset, char delimiter,
                                 struct diag *diag, struct csv_shape *out);

struct csv_cell {
    struct bytes text; /* UTF-8 */
    size_t column;     /* 1 = first */
};

/* Called per row, also for rows with the wrong number of cells. line: of the row's first character,
 * 1 = first line. Return false to stop. Rows that are wholly empty are not reported. */
typedef bool csv_row_fn(void *self, size_t line, const struct csv_cell *cells, size_t count);

/* Named open and close because libcsv has a csv_free of its own. */
struct csv;
MUST_CHECK enum status csv_open(const struct csv_shape *shape, csv_row_fn *on_row, void *self,
                                struct csv **out);
/* STATUS_MALFORMED for bytes that are not of the charset (diag names line), STATUS_TOO_BIG for a row over
 * CSV_LINE_MAX or CSV_COLUMNS_MAX, STATUS_STOPPED when on_row said so. The first failure stays. */
MUST_CHECK enum status csv_feed(struct csv *csv, struct bytes piece, struct diag *diag);
MUST_CHECK enum status csv_finish(struct csv *csv, struct diag *diag);
void csv_close(struct csv **csv);

/* One cell for output, RFC 4180, with a leading apostrophe before = + - @ TAB CR and their full-width forms. */
void csv_put_cell(struct buffer *out, struct bytes text, bool first_in_row);
/* The same with another delimiter before it; 0: none, it is the first. */
void csv_put_cell_after(struct buffer *out, char delimiter, struct bytes text);
/* Takes that apostrophe off again on our own import. */
struct bytes csv_unguard(struct bytes text);

#endif
