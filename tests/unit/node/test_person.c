/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_person.c - which rows of a guest list are one person, whatever the order in which they come, and
 * how many can be.
 */

#include "node/person.h"
#include "schema/base/limits.h"
#include "tests/unit/node/home_fake.h"

enum { ROWS_MAX = 40, FIELD_SLOTS = 8 };

static struct dictionary *dictionary;

struct list {
    struct home home;
    struct core core;
    const struct type *type;
};

static struct wall_ms
now(void *self)
{
    (void)self;
    return (struct wall_ms){ HOME_NOW_MS };
}

static void
list_open(struct list *list)
{
    struct diag diag = { 0 };

    memset(list, 0, sizeof(*list));
    home_make(&list->home);
    list->type = dictionary_find_name(dictionary, "attendee");
    list->core.env.wall = now;
    memcpy(list->core.region, "DE", 3);
    if (store_open(list->home.db, &diag, &list->core.store) != STATUS_OK ||
        store_begin(list->core.store) != STATUS_OK)
        abort();
}

static void
list_close(struct list *list)
{
    store_close(&list->core.store);
    home_remove(&list->home);
}

/* "email=a@b.example|name=Ada" of event number `event`. */
static bool
row_put(struct list *list, int64_t record, uint8_t event, const char *text)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    uint8_t *event_id = arena_alloc(arena, ID_SIZE);
    struct field fields[FIELD_SLOTS] = { 0 };
    size_t count = 1;
    char *rest = arena_text(arena, bytes_text(text)), *item;
    struct diag diag;

    memset(event_id, 0, ID_SIZE);
    event_id[0] = event;
    fields[0] =
        (struct field){ .key = list->type->parent->key, .value = bytes_of(event_id, ID_SIZE) };
    while ((item = strsep(&rest, "|")) != NULL && item[0] != '\0') {
        const char *name = strsep(&item, "=");
        const struct type_field *field = type_field_find_name(list->type, name);
        fields[count].key = field->key;
        if (value_parse(field, bytes_text(item), "DE", NULL, arena, &diag,
                        &fields[count++].value) != STATUS_OK)
            abort();
    }
    struct row_in row = { fields, count, { HOME_NOW_MS - 1 }, COMPANY_US };
    return person_put(&list->core, list->type, record, &row) == STATUS_OK;
}

static int64_t
person_of(struct list *list, int64_t record)
{
    int64_t person = 0;

    return store_number(list->core.store, &person, STMT_PERSON_GET, "i", record) == STATUS_OK
               ? person
               : 0;
}

/* "1 1 3": the persons of rows 1, 2, 3. */
static bool
persons_are(struct list *list, const char *want)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char *rest = arena_text(arena, bytes_text(want)), *item;
    int64_t record = 0;

    while ((item = strsep(&rest, " ")) != NULL)
        if (person_of(list, ++record) != strtoll(item, NULL, 10))
            return false;
    return true;
}

static void
test_connected(struct check *t)
{
    static const struct {
        const char *why;
        const char *rows[4];
        const char *want;
    } cases[] = {
        { "an address, whatever its case",
          { "email=a@x.example", "email=A@X.example" },
          "1 1" },
        { "a name alone connects nobody", { "name=Li Wei", "name=Li Wei" }, "1 2" },
        { "a name and a company do",
          { "name=Li Wei|organization=Hudong", "name=LI  WEI|organization=hudong" },
          "1 1" },
        { "a switchboard is not a person",
          { "name=Ada|telephone=040 111111", "name=Bo|telephone=+49 40 111111" },
          "1 2" },
        { "with the same name it is",
          { "name=Ada|telephone=040 111111", "name=ada|telephone=+49 40 111111" },
          "1 1" },
        { "a mobile number is, for whoever calls it so",
          { "name=Ada|mobile=0171 222222", "name=A. Kern|telephone=+49 171 222222" },
          "1 1" },
        { "and not a second one who only calls it telephone",
          { "name=Bo|telephone=0171 222222", "name=Ada|telephone=0171 222222" },
          "1 2" },
        { "one row connects two others",
          { "email=a@x.example", "mobile=0171 222222", "email=a@x.example|mobile=0171 222222" },
          "1 1 1" },
        { "a row with nothing is a person of its own", { "", "", "country=DE" }, "1 2 3" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct list list;
        bool is_stored = true;
        list_open(&list);
        for (int64_t r = 0; r < 4 && cases[i].rows[r] != NULL; r++)
            is_stored = is_stored && row_put(&list, r + 1, 1, cases[i].rows[r]);
        CHECK(t, cases[i].why, is_stored && persons_are(&list, cases[i].want));
        list_close(&list);
    }
}

static void
test_changes(struct check *t)
{
    struct list list;

    list_open(&list);
    CHECK(t, "two rows of one event and one of another",
          row_put(&list, 1, 1, "email=a@x.example") &&
              row_put(&list, 2, 1, "mobile=0171 222222") &&
              row_put(&list, 3, 2, "email=a@x.example"));
    CHECK(t, "an event knows nothing of another", persons_are(&list, "1 2 3"));
    CHECK(t, "a row comes between",
          row_put(&list, 4, 1, "email=a@x.example|mobile=0171 222222"));
    CHECK(t, "and joins them", persons_are(&list, "1 1 3 1"));
    CHECK(t, "it goes", person_drop(&list.core, 4) == STATUS_OK);
    CHECK(t, "and they part", persons_are(&list, "1 2 3 0"));
    CHECK(t, "twice is nothing", person_drop(&list.core, 4) == STATUS_OK);
    CHECK(t, "the first changes its address and takes the second's number",
          row_put(&list, 1, 1, "mobile=0171 222222"));
    CHECK(t, "and is one with it", persons_are(&list, "1 1 3"));
    CHECK(t, "the first moves to the other event",
          row_put(&list, 1, 2, "email=a@x.example") && persons_are(&list, "1 2 1"));
    list_close(&list);
}

static void
test_limit(struct check *t)
{
    struct list list;
    bool is_stored = true;

    list_open(&list);
    for (int64_t r = 1; r < PERSON_ROWS_MAX; r++)
        is_stored = is_stored && row_put(&list, r, 1, "email=a@x.example");
    CHECK(t, "one row less than may be connected", is_stored);
    CHECK(t, "is connected", person_of(&list, PERSON_ROWS_MAX - 1) == 1);
    CHECK(t, "so is the last that may be",
          row_put(&list, PERSON_ROWS_MAX, 1, "email=a@x.example") &&
              person_of(&list, PERSON_ROWS_MAX) == 1);
    CHECK(t, "one more stands for itself",
          row_put(&list, PERSON_ROWS_MAX + 1, 1, "email=a@x.example") &&
              person_of(&list, PERSON_ROWS_MAX + 1) == PERSON_ROWS_MAX + 1);
    for (int64_t r = 1; r <= PERSON_ROWS_MAX + 1; r++)
        is_stored = is_stored && person_drop(&list.core, r) == STATUS_OK;
    CHECK(t, "all go", is_stored);
    int64_t left = -1;
    CHECK(t, "and nothing of them is left",
          store_commit(list.core.store) == STATUS_OK &&
              (left = home_sql(&list.home, "SELECT (SELECT count(*) FROM person) +"
                                           " (SELECT count(*) FROM person_key)")) == 0);
    list_close(&list);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "connected", test_connected },
        { "changes", test_changes },
        { "limit", test_limit },
    };

    if (dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return EXIT_FAILURE;
    int result = check_main(argc, argv, cases, COUNT_OF(cases));
    dictionary_free(&dictionary);
    return result;
}
