/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/options.h - a command line of long options into the places that a table names.
 */
#ifndef HANSA_SCHEMA_BASE_OPTIONS_H
#define HANSA_SCHEMA_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* One of text, flag and list. Of a text given twice the last counts; a list takes up to `most`. */
struct option_row {
    const char *name;
    const char **text;
    bool *flag;
    const char **list;
    size_t *count, most;
};

enum { OPTION_ROWS_MAX = 32 };

/* False: something is not in the table, is given once too often or lacks its value, or stands without an option. The texts
 * are argv's. getopt says on standard error which it is. */
bool options_read(int argc, char **argv, const struct option_row *rows, size_t count);

#endif
