/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/schema/test_options.c - command lines of long options.
 */
#include "schema/base/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_read(struct check *t)
{
    static const struct {
        const char *why;
        const char *line[6];
        bool want;
    } rows[] = {
        { "nothing is nothing", { "x" }, true },
        { "one of each", { "x", "--home", "/h", "--rotate", "--endpoint", "a" }, true },
        { "a list has several", { "x", "--endpoint", "a", "--endpoint", "b" }, true },
        { "but not more than it has places for",
          { "x", "--endpoint=a", "--endpoint=b", "--endpoint=c" },
          false },
        { "of a text that is given twice the last counts",
          { "x", "--home", "/i", "--home", "/h" },
          true },
        { "it needs its value", { "x", "--home" }, false },
        { "a flag has none", { "x", "--rotate=yes" }, false },
        { "what no table names", { "x", "--what" }, false },
        { "what is no option", { "x", "--rotate", "more" }, false },
    };

    opterr = 0; /* no words between the lines of the test */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *home = NULL, *endpoints[2] = { "", "" };
        char words[6][16];
        char *argv[7] = { 0 };
        bool rotate = false;
        size_t count = 0;
        int argc = 0;
        const struct option_row table[] = {
            { "home", .text = &home },
            { "rotate", .flag = &rotate },
            { "endpoint", .list = endpoints, .count = &count, .most = COUNT_OF(endpoints) },
        };
        for (; argc < 6 && rows[i].line[argc] != NULL; argc++) {
            (void)snprintf(words[argc], sizeof(words[argc]), "%s", rows[i].line[argc]);
            argv[argc] = words[argc];
        }
        optind = 0;
        CHECK(t, rows[i].why, options_read(argc, argv, table, COUNT_OF(table)) == rows[i].want);
        if (rows[i].want && i > 0 && count < 2)
            CHECK(t, rows[i].why, home != NULL && strcmp(home, "/h") == 0);
        if (i == 1)
            CHECK(t, rows[i].why, rotate && count == 1 && strcmp(endpoints[0], "a") == 0);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what may stand there", test_read },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
