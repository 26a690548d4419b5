/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_where.c - rules against rows: whom a rule covers, and that no rule within the limits is more
 * than SQLite takes.
 */

#include "node/store/project.h"
#include "schema/text.h"
#include "tests/unit/node/home_fake.h"

enum { ROWS = 6 };

static struct dictionary *dictionary;

/* Rows as "field=value|field=value"; the record's number is the row's, from 1. */
static const char *const products[ROWS] = {
    "name=Anker|price=1234.50 EUR|sku=A-1|description=für Schiffe",
    "name=Boje|price=99 EUR|sku=B-1",
    "name=Kran|price=5000 USD|sku=ＢＢ-1",
    "name=锚|price=800 CNY|description=船舶用",
    "name=Tau",
    "name=Netz|price=-5 EUR",
};
static const char *const events[ROWS] = {
    "name=Launch|startDate=2027-05-20 18:00 Europe/Berlin|capacity=120",
    "name=Fair|startDate=2027-05-20 16:00 UTC|capacity=1250",
    "name=Later|startDate=2028-01-01|capacity=0",
    "name=Small|capacity=-3",
    "name=Open",
    "name=发布会|capacity=120",
};

static void
add_row(struct store *st, const struct type *type, const char *row, int64_t id)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct field fields[16] = { 0 };
    char *rest = arena_text(arena, bytes_text(row)), *item;
    size_t count = 0;
    uint8_t rid[ID_SIZE] = { (uint8_t)(type->key.number), (uint8_t)id };
    struct diag diag;

    while ((item = strsep(&rest, "|")) != NULL) {
        char *name = strsep(&item, "=");
        const struct type_field *field = type_field_find_name(type, name);
        struct field f = { .key = field->key };
        if (value_parse(field, bytes_text(item), "DE", NULL, arena, &diag, &f.value) !=
            STATUS_OK)
            abort();
        size_t at = count++;
        for (; at > 0 && key_compare(fields[at - 1].key, f.key) > 0; at--)
            fields[at] = fields[at - 1];
        fields[at] = f;
    }
    if (store_exec(st, STMT_RECORD_ADD, "biin", bytes_of(rid, ID_SIZE), (int64_t)1,
                   (int64_t)type->key.number) != STATUS_OK ||
        project_put(st, type, store_last_id(st), fields, count) != STATUS_OK)
        abort();
}

/* A database with the events as records 1 to 6, the products as 7 to 12. */
static struct store *
store_make(const struct home *home)
{
    struct store *st = NULL;
    struct diag diag = { 0 };

    if (store_open(home->db, &diag, &st) != STATUS_OK || store_begin(st) != STATUS_OK ||
        project_tables(st, dictionary) != STATUS_OK)
        abort();
    for (int i = 0; i < ROWS; i++)
        add_row(st, dictionary_find_name(dictionary, "event"), events[i], i + 1);
    for (int i = 0; i < ROWS; i++)
        add_row(st, dictionary_find_name(dictionary, "product"), products[i], i + 1);
    return st;
}

static const struct rule *
rule_of(const struct type *type, const char *text, struct arena *arena)
{
    const struct rule *rule = NULL;
    struct diag diag = { 0 };

    if (rule_parse(type, bytes_text(text), "DE", arena, &diag, &rule) != STATUS_OK)
        (void)fprintf(stderr, "%s: %s\n", text,
                      text_failure(LANGUAGE_EN, STATUS_USAGE, &diag, arena));
    return rule;
}

/* The rows found, as digits from 1. */
static const char *
found(struct store *st, const struct project_query *query, int64_t before, struct arena *arena)
{
    struct project_query all = *query;
    int64_t ids[ROWS + 1], count = 0;
    size_t n = 0;
    const char *out = "";

    all.limit = ROWS + 1;
    if (project_list(st, &all, ids, &n) != STATUS_OK ||
        project_count(st, query, &count) != STATUS_OK || count != (int64_t)n)
        return "failed";
    for (size_t i = 0; i < n; i++)
        out = arena_printf(arena, "%s%lld", out, (long long)(ids[i] - before));
    return out;
}

static void
test_covers(struct check *t)
{
    static const struct {
        const char *why, *type, *text, *rows;
    } rows[] = {
        { "equal texts", "product", "name = ANKER", "1" },
        { "a part of a text", "product", "description ~ schiff", "1" },
        { "accents make no difference", "product", "description ~ FUR", "1" },
        { "Chinese", "product", "说明 ~ 船舶 或 name = 锚", "4" },
        { "width makes no difference", "product", "sku ~ bb", "3" },
        { "an amount", "product", "price = \"99 EUR\"", "2" },
        { "more, in one currency", "product", "price > \"99 EUR\"", "1" },
        { "at least", "product", "price >= \"99 EUR\"", "12" },
        { "less than nothing", "product", "price < \"0 EUR\"", "6" },
        { "another currency is neither more nor less", "product", "price < \"9000 CNY\"", "4" },
        { "what has no price is not equal", "product", "price != \"99 EUR\"", "13456" },
        { "nor less nor more", "product",
          "not (price < \"99 EUR\" or price >= \"99 EUR\") and price is empty", "5" },
        { "empty", "product", "price is empty", "5" },
        { "set", "product", "price is set", "12346" },
        { "a text anywhere", "product", "\"B-1\"", "23" },
        { "no text across two fields", "product", "\"BojeB\"", "" },
        { "a number", "event", "capacity = 120", "16" },
        { "numbers are ordered as numbers", "event", "capacity > 120", "2" },
        { "below zero", "event", "capacity < 0", "4" },
        { "at most", "event", "capacity <= 0", "34" },
        { "a list", "event", "capacity = 0, 120", "136" },
        { "none of a list", "event", "capacity != 0, 120", "245" },
        { "a moment is one in every zone", "event", "startDate = \"2027-05-20 16:00 UTC\"",
          "12" },
        { "later", "event", "startDate > \"2027-06-01\"", "3" },
        { "and before or", "event", "name = Open or name = Fair and capacity < 5", "5" },
        { "parentheses", "event", "(name = Open or name = Fair) and capacity > 5", "2" },
        { "not", "event", "not name ~ a and capacity is set", "6" },
        { "not not", "event", "not not name = Open", "5" },
        { "quotes harm nothing", "product", "name = “'\" OR 1=1 --”", "" },
    };
    AUTO(home_remove) struct home home;

    home_make(&home);
    AUTO(store_close) struct store *st = store_make(&home);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        const struct type *type = dictionary_find_name(dictionary, rows[i].type);
        struct project_query query = { .type = type,
                                       .where = rule_of(type, rows[i].text, arena) };
        int64_t before = strcmp(rows[i].type, "event") == 0 ? 0 : ROWS;
        const char *got = query.where == NULL ? "refused" : found(st, &query, before, arena);
        if (!CHECK(t, rows[i].why, strcmp(got, rows[i].rows) == 0))
            (void)fprintf(stderr, "  %s\n  got %s, want %s\n", rows[i].text, got, rows[i].rows);
    }
}

static void
test_segments(struct check *t)
{
    AUTO(home_remove) struct home home;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct type *type = dictionary_find_name(dictionary, "event");

    home_make(&home);
    AUTO(store_close) struct store *st = store_make(&home);
    struct project_query list = { .type = type, .segment = 100 };
    struct project_query both = { .type = type,
                                  .segment = 100,
                                  .segment_rule = rule_of(type, "capacity = 120", arena),
                                  .where = rule_of(type, "name ~ a or name = 发布会", arena) };
    struct project_query some = { .type = type, .where = rule_of(type, "capacity < 0", arena) };

    CHECK(t, "a list begins empty", strcmp(found(st, &list, 0, arena), "") == 0);
    CHECK(t, "a rule, and another", strcmp(found(st, &both, 0, arena), "16") == 0);
    CHECK(t, "two by hand",
          store_exec(st, STMT_MEMBER_PUT, "iii", (int64_t)100, (int64_t)2, (int64_t)1) ==
                  STATUS_OK &&
              store_exec(st, STMT_MEMBER_PUT, "iii", (int64_t)100, (int64_t)6, (int64_t)0) ==
                  STATUS_OK);
    CHECK(t, "are the list", strcmp(found(st, &list, 0, arena), "2") == 0);
    CHECK(t, "and change what the rule says", strcmp(found(st, &both, 0, arena), "12") == 0);
    CHECK(t, "filled by a rule", project_fill(st, &some, 100) == STATUS_OK);
    CHECK(t, "twice is once", project_fill(st, &some, 100) == STATUS_OK);
    CHECK(t, "the list grew", strcmp(found(st, &list, 0, arena), "24") == 0);
    struct project_query other = { .type = type, .segment = 101 };
    CHECK(t, "filled from another segment", project_fill(st, &list, 101) == STATUS_OK);
    CHECK(t, "it is the same", strcmp(found(st, &other, 0, arena), "24") == 0);
    CHECK(t, "records of another type are no members",
          store_exec(st, STMT_MEMBER_PUT, "iii", (int64_t)101, (int64_t)(ROWS + 1),
                     (int64_t)1) == STATUS_OK &&
              strcmp(found(st, &other, 0, arena), "24") == 0);
    CHECK(t, "forgotten",
          store_exec(st, STMT_MEMBER_FORGET, "i", (int64_t)101) == STATUS_OK &&
              strcmp(found(st, &other, 0, arena), "") == 0);
}

static const char *
value_for(const struct type_field *field)
{
    switch (field->kind) {
    case KIND_ENUM:
        return field->options[0];
    case KIND_BOOLEAN:
        return "yes";
    case KIND_INTEGER:
    case KIND_DECIMAL:
        return "3";
    case KIND_MONEY:
        return "3 EUR";
    case KIND_DATE:
    case KIND_DATETIME:
        return "2027-05-20";
    case KIND_COUNTRY:
        return "DE";
    case KIND_LANGUAGE:
        return "de";
    case KIND_CURRENCY:
        return "EUR";
    case KIND_ZONE:
        return "Europe/Berlin";
    case KIND_TEXT:
    case KIND_NAME:
    case KIND_EMAIL:
    case KIND_PHONE:
    case KIND_URL:
    case KIND_ADDRESS:
    case KIND_REFERENCE:
    case KIND_CONSENT:
    case KIND_BYTES:
    case KIND_COUNT_:
        break;
    }
    return "aaaa";
}

/* How many questions the field takes; each must run. */
static size_t
ask_all(struct check *t, struct store *st, const struct type *type,
        const struct type_field *field)
{
    static const char *const ops[] = { "= ", "~ ", "< ", "<= ", "> ", ">= " };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };
    struct project_query query = { .type = type };
    size_t asked = 0;
    int64_t count;

    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        const char *text =
            arena_printf(arena, "%s %s \"%s\"", field->name, ops[i], value_for(field));
        if (rule_parse(type, bytes_text(text), NULL, arena, &diag, &query.where) == STATUS_OK)
            asked++;
        else
            continue;
        CHECK(t, text, project_count(st, &query, &count) == STATUS_OK);
    }
    query.where = rule_of(type, arena_printf(arena, "%s is empty", field->name), arena);
    CHECK(t, "may be empty",
          query.where != NULL && project_count(st, &query, &count) == STATUS_OK);
    return asked;
}

static void
test_every_field(struct check *t)
{
    AUTO(home_remove) struct home home;

    home_make(&home);
    AUTO(store_close) struct store *st = store_make(&home);
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const struct type *type = dictionary_type(dictionary, i);
        for (size_t f = 0; f < type->field_count; f++) {
            const struct type_field *field = &type->fields[f];
            if (field->column == NULL)
                continue;
            size_t asked = ask_all(t, st, type, field);
            CHECK(t, field->name,
                  asked > 0 || field->kind == KIND_CONSENT || field->kind == KIND_BYTES);
        }
    }
}

/* The widest and the deepest rules that are taken, as a segment's and as a filter at once. */
static void
test_limits(struct check *t)
{
    AUTO(home_remove) struct home home;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer wide = { 0 };
    AUTO(buffer_fini) struct buffer deep = { 0 };

    home_make(&home);
    AUTO(store_close) struct store *st = store_make(&home);
    for (int i = 0; i < RULE_TERMS_MAX; i++)
        buffer_put_text(&wide, i > 0 ? " and not \"a\"" : "not \"a\"");
    for (int i = 0; i < RULE_DEPTH_MAX / 2; i++)
        buffer_put_text(&deep, "\"a\" or \"b\" and not (");
    buffer_put_text(&deep, "\"c\"");
    for (int i = RULE_DEPTH_MAX + 1; i < RULE_TERMS_MAX; i++)
        buffer_put_text(&deep, " and \"d\"");
    for (int i = 0; i < RULE_DEPTH_MAX / 2; i++)
        buffer_put_text(&deep, ")");
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const struct type *type = dictionary_type(dictionary, i);
        const struct rule *w = rule_of(type, arena_text(arena, buffer_bytes(&wide)), arena);
        const struct rule *d = rule_of(type, arena_text(arena, buffer_bytes(&deep)), arena);
        struct project_query query = { .type = type, .where = w };
        int64_t count;
        CHECK(t, "the widest", w != NULL && project_count(st, &query, &count) == STATUS_OK);
        query = (struct project_query){
            .type = type, .where = d, .segment = 7, .segment_rule = d, .search = "x"
        };
        CHECK(t, "the deepest", d != NULL && project_count(st, &query, &count) == STATUS_OK);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a rule covers whom it says", test_covers },
        { "segments are rules, lists, or both", test_segments },
        { "every field can be asked about", test_every_field },
        { "no rule within the limits is too much", test_limits },
    };

    if (dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return EXIT_FAILURE;
    int result = check_main(argc, argv, cases, COUNT_OF(cases));
    dictionary_free(&dictionary);
    return result;
}
