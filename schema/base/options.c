/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/options.c - a command line of long options into the places that a table names (contract:
 * schema/base/options.h).
 */
#include "schema/base/options.h"

#include <assert.h>
#include <getopt.h>

static bool
take(const struct option_row *row, const char *value)
{
    if (row->list != NULL && *row->count >= row->most)
        return false;
    if (row->flag != NULL)
        *row->flag = true;
    else if (row->list != NULL)
        row->list[(*row->count)++] = value;
    else
        *row->text = value;
    return true;
}

bool
options_read(int argc, char **argv, const struct option_row *rows, size_t count)
{
    struct option table[OPTION_ROWS_MAX + 1] = { { 0 } };
    int at;

    assert(count <= OPTION_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        table[i].name = rows[i].name;
        table[i].has_arg = rows[i].flag != NULL ? no_argument : required_argument;
        table[i].val = (int)i;
    }
    while ((at = getopt_long(argc, argv, "", table, NULL)) != -1)
        if (at < 0 || (size_t)at >= count || !take(&rows[at], optarg))
            return false;
    return optind == argc;
}
