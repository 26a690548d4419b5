/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of files that come from the node, and so from partners, stay inside the folder.
 */
#include <string.h>

#include "cli/folder.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_names(struct check *t)
{
    static const struct {
        const char *given, *want;
    } rows[] = {
        { "Ada Lovelace-k4fz.ics", "Ada_Lovelace-k4fz.ics" },
        { "王小明-k4fz.ics", "王小明-k4fz.ics" },
        { "../../etc/passwd", "_._.._etc_passwd" },
        { "/etc/passwd", "_etc_passwd" },
        { "..", "_." },
        { "-rf", "_rf" },
        { "", "_" },
        { "C:\\a|b\"c", "C__a_b_c" },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].given, strcmp(folder_name(rows[i].given, arena), rows[i].want) == 0);
    const char *turned = folder_name("a\n\x1b[31m\xe2\x80\xae.ics", arena);
    CHECK(t, "nothing that moves a terminal",
          strpbrk(turned, "\n\x1b") == NULL && strstr(turned, "\xe2\x80\xae") == NULL);
}

static void
test_length(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t len = 119; len <= 121; len++) {
        char *name = arena_alloc(arena, len + 1);
        memset(name, 'a', len);
        memcpy(name + len - 4, ".ics", 4);
        const char *got = folder_name(name, arena);
        CHECK(t, "a name has 120 bytes at most", strlen(got) == (len < 120 ? len : 120));
        CHECK(t, "and keeps its end", strcmp(got + strlen(got) - 4, ".ics") == 0);
    }
    const char *han = "王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王王"
                      "王王王王王.ics";
    CHECK(t, "characters stay whole",
          strlen(folder_name(han, arena)) <= 120 &&
              utf8_is_valid(bytes_text(folder_name(han, arena))));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a name stays inside the folder", test_names },
        { "a name is short", test_length },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
