/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/table.h - aligned columns on a terminal, right also for Chinese: a character may take two
 * cells.
 *
 * Cells are UTF-8 without control characters (text_visible first). Needs LC_CTYPE of UTF-8.
 */
#ifndef HANSA_CLI_TABLE_H
#define HANSA_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "schema/base/arena.h"

/* Cells of the terminal that a text takes. */
size_t table_width(const char *text);
/* Text cut to at most `width` cells, with an ellipsis when cut. In the arena. */
const char *table_cut(const char *text, size_t width, struct arena *arena);

/*
 * rows * columns cells, row after row, the first row the heads. width: of the terminal, the
 * widest columns are cut to fit; 0: never cut. indent: spaces before every row. is_bold: heads in bold.
 */
struct table {
    const char **cells;
    size_t columns, rows;
    size_t width, indent;
    bool is_bold;
};
void table_print(const struct table *table, struct arena *arena, FILE *out);
/* Spaces up to `width` cells after a text that takes `used`. */
void table_pad(size_t used, size_t width, FILE *out);

#endif
