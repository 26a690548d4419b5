/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/schema/test_rule.c - what people write as a rule becomes the tree they meant, or a sentence that helps.
 */
#include "schema/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text.h"
#include "tests/check.h"

static struct dictionary *dictionary;

static const char *
value_text(const struct rule *r, struct arena *arena)
{
    if (r->op == RULE_CONTAINS || rule_is_folded(r->field->kind))
        return arena_text(arena, r->value);
    return r->value.len == 2 * (size_t)ID_SIZE
               ? arena_printf(arena, "%02x..%02x", r->value.data[0], r->value.data[ID_SIZE])
               : value_format(r->field, r->value, arena);
}

/* The tree as text: and(x,y), name=value, empty(name), text(value). */
static const char *
shown(const struct rule *r, struct arena *arena)
{
    static const char *const ops[] = { "=", "~", "<", "<=", ">", ">=" };

    switch (r->kind) {
    case RULE_AND:
    case RULE_OR:
        return arena_printf(arena, "%s(%s,%s)", r->kind == RULE_AND ? "and" : "or",
                            shown(r->left, arena), shown(r->right, arena));
    case RULE_NOT:
        return arena_printf(arena, "not(%s)", shown(r->left, arena));
    case RULE_TEXT:
        return arena_printf(arena, "text(%s)", arena_text(arena, r->value));
    case RULE_FIELD:
        return arena_printf(arena, "%s%s%s", r->field->name, ops[r->op], value_text(r, arena));
    case RULE_EMPTY:
        return arena_printf(arena, "empty(%s)", r->field->name);
    }
    return "?";
}

struct row {
    const char *why;
    const char *type;
    const char *text;
    const char *want; /* the tree, or the sentence */
};

static enum status
parse(const char *type, const char *text, struct arena *arena, struct diag *diag,
      const struct rule **out)
{
    return rule_parse(dictionary_find_name(dictionary, type), bytes_text(text), "DE", arena,
                      diag, out);
}

static void
check_rows(struct check *t, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct diag diag = { 0 };
        const struct rule *rule;
        enum status s = parse(rows[i].type, rows[i].text, arena, &diag, &rule);
        const char *got =
            s == STATUS_OK ? shown(rule, arena) : text_failure(LANGUAGE_EN, s, &diag, arena);
        if (!CHECK(t, rows[i].why, strcmp(got, rows[i].want) == 0))
            (void)fprintf(stderr, "  %s\n  got:  %s\n  want: %s\n", rows[i].text, got,
                          rows[i].want);
        CHECK(t, "there is a tree or a sentence", (rule == NULL) == (diag.key[0] != '\0'));
    }
}

static void
test_meant(struct check *t)
{
    static const struct row rows[] = {
        { "a field, a sign, a value", "contact", "country = DE", "country=DE" },
        { "a value is read as in a form", "contact", "country = Germany", "country=DE" },
        { "spaces are free", "contact", "country=DE", "country=DE" },
        { "and binds closer than or", "contact",
          "country = DE or country = AT and organization ~ Werft",
          "or(country=DE,and(country=AT,organization~werft))" },
        { "parentheses go first", "contact",
          "(country = DE or country = AT) and organization ~ Werft",
          "and(or(country=DE,country=AT),organization~werft)" },
        { "not binds closest", "contact", "not country = DE and email is set",
          "and(not(country=DE),not(empty(email)))" },
        { "unlike is not like", "contact", "country != DE", "not(country=DE)" },
        { "a list means any of them", "contact", "country = DE, AT,CH",
          "or(or(country=DE,country=AT),country=CH)" },
        { "unlike a list means none of them", "contact", "country != DE, AT",
          "not(or(country=DE,country=AT))" },
        { "empty", "contact", "email is empty", "empty(email)" },
        { "not empty", "contact", "email is not empty", "not(empty(email))" },
        { "set", "contact", "email is set", "not(empty(email))" },
        { "not set", "contact", "email is not set", "empty(email)" },
        { "missing", "contact", "email missing", "empty(email)" },
        { "present", "contact", "email present", "not(empty(email))" },
        { "the words may be large", "contact", "email IS EMPTY AND Name IS SET",
          "and(empty(email),not(empty(name)))" },
        { "a quoted text is looked for everywhere", "contact", "\"Nord Werft\"",
          "text(nord werft)" },
        { "and may be joined", "contact", "\"werft\" and country = DE",
          "and(text(werft),country=DE)" },
        { "a label with a space stands in quotes", "contact", "\"Job title\" ~ \"head of\"",
          "jobTitle~head of" },
        { "accents and case make no difference in a text", "contact", "name = \"MÜLLER\"",
          "name=muller" },
        { "an amount", "product", "price >= \"1,250.50 EUR\"", "price>=1,250.50 EUR" },
        { "a number may have a comma", "event", "capacity > 1,250", "capacity>1250" },
        { "a day", "contact", "birthday < 1990-01-31", "birthday<1990-01-31" },
        { "a moment", "event", "startDate >= \"2027-05-20 18:00 Europe/Berlin\"",
          "startDate>=2027-05-20 18:00 Europe/Berlin" },
        { "an option by its name", "attendee", "status = accepted", "status=accepted" },
        { "an id by its beginning", "contact", "account = aaaa", "account=00..00" },
        { "a word of the language is a value in quotes", "contact", "region = \"or\"",
          "region=or" },
        { "what is no word of the language needs none", "contact", "region = empty",
          "region=empty" },
        { "several spaces and lines", "contact", "\n country\t=\r\n DE \n", "country=DE" },
    };

    check_rows(t, rows, COUNT_OF(rows));
}

static void
test_chinese(struct check *t)
{
    static const struct row rows[] = {
        { "labels and words", "contact", "公司 ~ 船舶 或 职位 ~ 总监",
          "or(organization~船舶,jobTitle~总监)" },
        { "no spaces are needed around signs", "contact", "公司~船舶 且 国家或地区=中国",
          "and(organization~船舶,country=CN)" },
        { "full-width signs", "contact", "（公司～船舶 或 国家或地区＝DE，AT）且 姓名＝王小明",
          "and(or(organization~船舶,or(country=DE,country=AT)),name=王小明)" },
        { "Chinese quotes", "contact", "公司 ＝ “上海 船舶”", "organization=上海 船舶" },
        { "quotes the wrong way round", "contact", "公司 = ”上海 船舶“",
          "organization=上海 船舶" },
        { "corner quotes", "contact", "職稱 ~ 「總監」", "jobTitle~總監" },
        { "a quoted text is looked for everywhere", "contact", "“造船”", "text(造船)" },
        { "empty", "contact", "邮箱 为空", "empty(email)" },
        { "not empty", "contact", "郵箱 不為空 或 電子郵件 不為空",
          "Column 1: “郵箱” is no field of contact; see `hansa type show contact`" },
        { "not empty, by its label", "contact", "電子郵件 不為空", "not(empty(email))" },
        { "not", "contact", "非 国家或地区 = 德国", "not(country=DE)" },
        { "unlike", "contact", "国家或地区 ≠ 德国", "not(country=DE)" },
        { "at least", "event", "capacity ≥ ２００", "capacity>=200" },
        { "full-width letters are letters", "contact", "jobTitle ~ ＣＴＯ", "jobTitle~cto" },
        { "a word of the language inside a word is none", "contact", "公司 ~ 和平",
          "organization~和平" },
        { "columns count characters", "contact", "公司 ~ 船舶 或 大小 = 3",
          "Column 11: “大小” is no field of contact; see `hansa type show contact`" },
    };

    check_rows(t, rows, COUNT_OF(rows));
}

static void
test_refused(struct check *t)
{
    static const struct row rows[] = {
        { "nothing", "contact", "  ",
          "The rule is empty; write it as: country = DE and organization ~ \"Nord Werft\"" },
        { "a field that is none", "contact", "contry = DE",
          "Column 1: “contry” is no field of contact; see `hansa type show contact`" },
        { "no sign", "contact", "country = DE and werft",
          "Column 18: after “werft” write =, !=, ~, <, >, is empty or is set; put a text to "
          "look for in quotes" },
        { "no value", "contact", "country =",
          "Column 10: a value is missing here; put it in quotes if it is a word such as and" },
        { "no value but a word", "contact", "country = and name = Ada",
          "Column 11: a value is missing here; put it in quotes if it is a word such as and" },
        { "an empty value", "contact", "name = \"\"",
          "Column 8: a value is missing here; put it in quotes if it is a word such as and" },
        { "no condition", "contact", "country = DE and",
          "Column 17: a condition is missing here; write it as: country = DE" },
        { "empty parentheses", "contact", "()",
          "Column 2: a condition is missing here; write it as: country = DE" },
        { "words without quotes", "contact", "organization ~ Nord Werft",
          "Column 21: “Werft” cannot stand here; join conditions with and or or, and put "
          "several words in quotes" },
        { "a quote too few", "contact", "name = \"Ada",
          "Column 8: the quote that opens here is never closed" },
        { "a parenthesis too few", "contact", "name = Ada and (country = DE",
          "Column 16: the parenthesis that opens here is never closed" },
        { "a parenthesis too many", "contact", "country = DE) or name = Ada",
          "Column 13: “)” cannot stand here; join conditions with and or or, and put several "
          "words in quotes" },
        { "a value that is none", "contact", "birthday < soon",
          "birthday: “soon” is no date; write it as 2027-03-12" },
        { "a sign that does not fit", "contact", "country ~ land",
          "Column 9: “~” cannot be asked of the field country; write one of: =, !=" },
        { "text has no order", "contact", "name < M",
          "Column 6: “<” cannot be asked of the field name; write one of: =, !=, ~" },
        { "numbers contain nothing", "event", "capacity ~ 3",
          "Column 10: “~” cannot be asked of the field capacity; write one of: =, !=, <, <=, "
          ">, >=" },
        { "less than two values", "event", "capacity < 3, 4",
          "Column 13: one value only after <, <=, > and >=; put a number with commas in "
          "quotes" },
        { "is what?", "contact", "email is good", "Column 10: after “is” write empty or set" },
        { "an id that is none", "contact", "account = 1", "account: “1” is no record id" },
        { "an invisible character", "contact",
          "name = A\x01"
          "da",
          "Column 9: there is an invisible character here; take it out" },
        { "bytes that are no text", "contact", "name = \xff", "The rule is not valid UTF-8" },
    };

    check_rows(t, rows, COUNT_OF(rows));
}

/* A company's own field is kept as bytes and has no column. */
static void
test_own_field(struct check *t)
{
    AUTO(dictionary_free) struct dictionary *own = NULL;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *text = "[{\"name\": \"contact\", \"fields\": [{\"number\": 1, \"name\": "
                       "\"shoeSize\", \"kind\": \"integer\", \"label\": \"Shoe size\","
                       " \"privacy\": \"personal\"}]}]";
    struct diag diag = { 0 };
    const struct rule *rule;

    if (!CHECK(t, "a field of our own",
               dictionary_new(bytes_text(text), "acme", &diag, &own) == STATUS_OK))
        return;
    const struct type *type = dictionary_find_name(own, "contact");
    CHECK(t, "is said to be one",
          rule_parse(type, bytes_text("shoeSize > 40"), NULL, arena, &diag, &rule) ==
                  STATUS_USAGE &&
              strcmp(diag.key, "rule.own") == 0);
}

/* count times `piece` with `gap` between. */
static const char *
repeated(const char *piece, const char *gap, size_t count, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    for (size_t i = 0; i < count; i++) {
        buffer_put_text(&out, i > 0 ? gap : "");
        buffer_put_text(&out, piece);
    }
    return arena_text(arena, buffer_bytes(&out));
}

static bool
holds(const char *text, const char *key)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };
    const struct rule *rule;
    enum status s = parse("contact", text, arena, &diag, &rule);

    return key == NULL ? s == STATUS_OK
                       : s == STATUS_TOO_BIG && strcmp(diag.key, key) == 0 && rule == NULL;
}

static void
test_limits(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static const struct {
        const char *why;
        size_t more;
        const char *key; /* NULL: it holds */
    } rows[] = { { "one below", 0, NULL }, { "at the limit", 1, NULL }, { "one over", 2, "" } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t more = rows[i].more;
        bool over = rows[i].key != NULL;
        const char *text =
            arena_printf(arena, "name = %s", repeated("a", "", RULE_MAX - 1 - 7 + more, arena));
        CHECK(t, rows[i].why, holds(text, over ? "rule.long" : NULL)); /* bytes */
        text = repeated("\"a\"", " and ", RULE_TERMS_MAX - 1 + more, arena);
        CHECK(t, rows[i].why, holds(text, over ? "rule.many" : NULL)); /* terms */
        text = arena_printf(arena, "country = %s",
                            repeated("DE", ",", RULE_TERMS_MAX - 1 + more, arena));
        CHECK(t, rows[i].why, holds(text, over ? "rule.many" : NULL)); /* values of a list */
        size_t depth = RULE_DEPTH_MAX - 1 + more;
        text = arena_printf(arena, "%s\"a\"%s", repeated("(", "", depth, arena),
                            repeated(")", "", depth, arena));
        CHECK(t, rows[i].why, holds(text, over ? "rule.deep" : NULL)); /* parentheses */
        text = arena_printf(arena, "%s \"a\"", repeated("not", " ", depth, arena));
        CHECK(t, rows[i].why, holds(text, over ? "rule.deep" : NULL)); /* nots */
    }
    const char *wide = repeated("(\"a\")", " or ", RULE_TERMS_MAX, arena);
    CHECK(t, "what was closed counts no more", holds(wide, NULL));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a rule means what it says", test_meant },
        { "and so in Chinese", test_chinese },
        { "a bad rule is refused with a sentence that helps", test_refused },
        { "own fields cannot be asked", test_own_field },
        { "limits", test_limits },
    };

    if (dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return EXIT_FAILURE;
    int result = check_main(argc, argv, cases, COUNT_OF(cases));
    dictionary_free(&dictionary);
    return result;
}
