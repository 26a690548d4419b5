/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a reply sheet: stable names in brackets, and the number of the offer, which no change survives.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/sheet.h"
#include "tests/check.h"

#define NUMBER "aebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa"

static enum status
read_header(struct arena *arena, const char *const *texts, struct sheet_header *out,
            struct diag *diag)
{
    struct csv_cell cells[8];
    size_t count = 0;

    for (; texts[count] != NULL; count++)
        cells[count] = (struct csv_cell){ bytes_text(texts[count]), count + 1 };
    return sheet_header_parse(cells, count, arena, diag, out);
}

static struct object_id
some_offer(void)
{
    struct object_id id;

    for (uint8_t i = 0; i < ID_SIZE; i++)
        id.b[i] = (uint8_t)(i + 1);
    return id;
}

static void
test_names(struct check *t)
{
    static const struct {
        const char *why, *cell, *want;
    } rows[] = {
        { "the name is in brackets", "E-mail [email]", "email" },
        { "whatever the label became", "电子邮箱！ [email]", "email" },
        { "blanks around it", "  E-mail [ email ]  ", "email" },
        { "the last brackets count", "Mail [work] [email]", "email" },
        { "without brackets all of it", "E-mail", "E-mail" },
        { "brackets within are none", "E-mail [work] of her", "E-mail [work] of her" },
        { "an open bracket", "E-mail [email", "E-mail [email" },
        { "a closed one", "email]", "email]" },
        { "nothing in them", "E-mail []", "" },
        { "an empty cell", "", "" },
        { "a formula was guarded", "'=x [email]", "email" },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct sheet_header h;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              read_header(arena, (const char *[]){ rows[i].cell, NULL }, &h, NULL) ==
                      STATUS_OK &&
                  h.count == 1 && !h.has_offer && strcmp(h.names[0], rows[i].want) == 0);
}

static void
test_offer(struct check *t)
{
    static const struct {
        const char *why;
        const char *cells[4];
        bool has;
        enum status want;
    } rows[] = {
        { "as written", { "Number [offer:" NUMBER "]", "Name [name]" }, true, STATUS_OK },
        { "in another column", { "Name [name]", "x [offer:" NUMBER "]" }, true, STATUS_OK },
        { "in capitals",
          { "N [OFFER:AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYUCULBOGAZDINRYHI6D4QA]" },
          true,
          STATUS_OK },
        { "with blanks", { "N [offer: " NUMBER " ]" }, true, STATUS_OK },
        { "without its label", { "offer:" NUMBER }, true, STATUS_OK },
        { "none", { "Name [name]" }, false, STATUS_OK },
        { "one character less",
          { "N [offer:aebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4q]" },
          false,
          STATUS_MALFORMED },
        { "one more", { "N [offer:" NUMBER "a]" }, false, STATUS_MALFORMED },
        { "a character that is none",
          { "N [offer:1ebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa]" },
          false,
          STATUS_MALFORMED },
        { "spare bits",
          { "N [offer:aebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qb]" },
          false,
          STATUS_MALFORMED },
        { "two of them",
          { "N [offer:" NUMBER "]", "M [offer:" NUMBER "]" },
          false,
          STATUS_MALFORMED },
        { "empty", { "N [offer:]" }, false, STATUS_MALFORMED },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct object_id id = some_offer();
    struct sheet_header h;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag diag = { 0 };
        CHECK(t, rows[i].why,
              read_header(arena, rows[i].cells, &h, &diag) == rows[i].want &&
                  h.has_offer == rows[i].has && (!h.has_offer || ID_IS_EQUAL(h.offer, id)) &&
                  (rows[i].want == STATUS_OK) == (diag.key[0] == '\0'));
    }
}

static void
test_written(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct object_id id = some_offer();
    const char *cells[] = { sheet_offer_column("要约编号", &id, arena),
                            sheet_column("Name, \"full\"", "name", arena), NULL };
    struct sheet_header h;

    CHECK(t, "what is written is read",
          read_header(arena, cells, &h, NULL) == STATUS_OK && h.has_offer &&
              ID_IS_EQUAL(h.offer, id) && strcmp(h.names[0], "") == 0 &&
              strcmp(h.names[1], "name") == 0);
}

static void
test_cells(struct check *t)
{
    struct csv_cell cells[] = { { bytes_text(" \xc2\xa0"
                                             "Ada "),
                                  1 },
                                { bytes_text("'+49 40"), 2 },
                                { bytes_text("'tis"), 3 } };

    CHECK(t, "trimmed", bytes_is_equal(sheet_cell(cells, 3, 0), bytes_text("Ada")));
    CHECK(t, "our guard is off", bytes_is_equal(sheet_cell(cells, 3, 1), bytes_text("+49 40")));
    CHECK(t, "theirs stays", bytes_is_equal(sheet_cell(cells, 3, 2), bytes_text("'tis")));
    CHECK(t, "a row may be short", sheet_cell(cells, 3, 3).len == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "columns have stable names", test_names },
        { "the number of the offer is whole or none", test_offer },
        { "what is written is read", test_written },
        { "cells", test_cells },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
