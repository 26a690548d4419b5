/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_asks.c - which wanted fields a row lacks.
 */
#include "node/asks.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_what_is_missing(struct check *t)
{
    static const struct {
        const char *why;
        const char *has; /* numbers of fields with a value; 0 after one: an empty value */
        size_t want;
        uint32_t first;
    } rows[] = {
        { "all of it", "", 3, 2 },           { "some of it", "3", 2, 2 },
        { "nothing", "2345", 0, 0 },         { "an empty value is none", "234", 1, 5 },
        { "more does not help", "9", 3, 2 },
    };
    struct key guest = { .number = 4 };
    struct grant_field want[] = { { guest, { .number = 2 } },
                                  { guest, { .number = 3 } },
                                  { guest, { .number = 5 } },
                                  { { .number = 3 }, { .number = 6 } } };
    struct terms terms = { .want = want, .want_count = COUNT_OF(want) };
    struct grant_field out[TERMS_WANT_MAX];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct field fields[8];
        size_t n = 0;
        for (const char *c = rows[i].has; *c != '\0'; c++)
            fields[n++] = (struct field){ .key = { .number = (uint32_t)(*c - '0') },
                                          .value = bytes_text(*c == '4' ? "" : "x") };
        size_t count = asks_missing(&terms, guest, fields, n, out);
        CHECK(t, rows[i].why, count == rows[i].want);
        CHECK(t, rows[i].why, count == 0 || out[0].field.number == rows[i].first);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = { { "what is missing", test_what_is_missing } };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
