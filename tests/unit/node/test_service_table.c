/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_service_table.c - the one service table and its handlers fit each other.
 */
#include <string.h>

#include "node/core_priv.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_rows_and_handlers(struct check *t)
{
    for (size_t i = 0; i < service_count(); i++)
        CHECK(t, service_get(i)->name, service_handler(service_get(i)->name) != NULL);
    CHECK(t, "there is no handler without a row", service_handler_count() == service_count());
    CHECK(t, "a name that no row has gives none", service_handler("record.explode") == NULL);
}

static void
test_rows_are_sound(struct check *t)
{
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *s = service_get(i);
        CHECK(t, s->name, service_find(s->name) == s); /* no name twice */
        CHECK(t, "a GET changes nothing",
              strcmp(s->method, "GET") != 0 || s->effect == SERVICE_READS);
        CHECK(t, "a list names its columns", (s->shape == REPLY_LIST) == (s->columns != NULL));
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "every row has a handler and every handler a row", test_rows_and_handlers },
        { "every row is sound", test_rows_are_sound },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
