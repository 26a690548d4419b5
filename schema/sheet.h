/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/sheet.h - reply sheets: a table that a company without a node fills in and sends back (docs/protocol/light.md).
 *
 * The header carries all that ties a sheet to its offer, because it is what programs and people leave alone: the first
 * column is named "... [offer:ID]" with the offer's id in base32, the others "Label [name]".
 */
#ifndef HANSA_SCHEMA_SHEET_H
#define HANSA_SCHEMA_SHEET_H

#include "schema/base/arena.h"
#include "schema/base/ids.h"
#include "schema/csv.h"

struct sheet_header {
    bool has_offer;
    struct object_id offer;
    const char **names; /* per column: the name in brackets, or all of the cell; "" for none */
    size_t count;
};

/* From the cells of the first row. STATUS_MALFORMED with a sentence: an offer's id that was changed, or two. */
MUST_CHECK enum status sheet_header_parse(const struct csv_cell *cells, size_t count,
                                          struct arena *arena, struct diag *diag,
                                          struct sheet_header *out);
/* The names of those two kinds of columns, in the arena. */
const char *sheet_offer_column(const char *label, const struct object_id *offer,
                               struct arena *arena);
const char *sheet_column(const char *label, const char *name, struct arena *arena);
/* What a cell says, without what spreadsheets put around it; borrowed. */
struct bytes sheet_cell(const struct csv_cell *cells, size_t count, size_t column);

#endif
