/* SPDX-License-Identifier: Apache-2.0
 *
 * The common schema is sound, a company's own additions are taken, and mistakes in them are named.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/type.h"
#include "tests/check.h"

#define SPACE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const type_names[] = {
    "account",  "contact", "event", "attendee", "lead",    "opportunity", "activity",
    "campaign", "product", "order", "ticket",   "consent", "segment",
};

static struct dictionary *
common(struct check *t)
{
    struct dictionary *d = NULL;

    CHECK(t, "the common schema loads",
          dictionary_new((struct bytes){ 0 }, NULL, NULL, &d) == STATUS_OK);
    return d;
}

static void
test_numbers_are_stable(struct check *t)
{
    AUTO(dictionary_free) struct dictionary *d = common(t);

    CHECK(t, "there are thirteen types", dictionary_count(d) == COUNT_OF(type_names));
    for (size_t i = 0; i < COUNT_OF(type_names); i++) {
        struct key key = { .number = (uint32_t)i + 1 };
        const struct type *type = dictionary_find(d, key);
        CHECK(t, "a type has the number of its place in the design",
              type != NULL && strcmp(type->name, type_names[i]) == 0);
        CHECK(t, "a type is found by name", dictionary_find_name(d, type_names[i]) == type);
        for (size_t k = 0; k < type->field_count; k++)
            CHECK(t, "field numbers of a type have no holes",
                  type->fields[k].key.number == k + 1);
        CHECK(t, "a record of the type fits the limits", type->field_count <= FIELDS_MAX);
    }
}

/* What other code and other nodes rely on: numbers below may never move. */
static void
test_fields_stay_where_they_are(struct check *t)
{
    static const struct {
        const char *type, *field;
        uint32_t number;
        enum kind kind;
        enum privacy privacy;
    } rows[] = {
        { "contact", "name", 1, KIND_NAME, PRIVACY_PERSONAL },
        { "contact", "givenName", 2, KIND_NAME, PRIVACY_PERSONAL },
        { "contact", "familyName", 3, KIND_NAME, PRIVACY_PERSONAL },
        { "contact", "email", 4, KIND_EMAIL, PRIVACY_PERSONAL },
        { "contact", "telephone", 5, KIND_PHONE, PRIVACY_PERSONAL },
        { "contact", "mobile", 6, KIND_PHONE, PRIVACY_PERSONAL },
        { "contact", "organization", 7, KIND_NAME, PRIVACY_BUSINESS },
        { "event", "name", 1, KIND_NAME, PRIVACY_PUBLIC },
        { "event", "startDate", 2, KIND_DATETIME, PRIVACY_PUBLIC },
        { "event", "endDate", 3, KIND_DATETIME, PRIVACY_PUBLIC },
        { "event", "place", 4, KIND_TEXT, PRIVACY_PUBLIC },
        { "event", "description", 6, KIND_TEXT, PRIVACY_PUBLIC },
        { "event", "capacity", 7, KIND_INTEGER, PRIVACY_BUSINESS },
        { "event", "productNeed", 8, KIND_TEXT, PRIVACY_BUSINESS },
        { "attendee", "event", 1, KIND_REFERENCE, PRIVACY_BUSINESS },
        { "attendee", "name", 2, KIND_NAME, PRIVACY_PERSONAL },
        { "attendee", "givenName", 3, KIND_NAME, PRIVACY_PERSONAL },
        { "attendee", "familyName", 4, KIND_NAME, PRIVACY_PERSONAL },
        { "attendee", "email", 5, KIND_EMAIL, PRIVACY_PERSONAL },
        { "attendee", "telephone", 6, KIND_PHONE, PRIVACY_PERSONAL },
        { "attendee", "organization", 7, KIND_NAME, PRIVACY_BUSINESS },
        { "attendee", "jobTitle", 8, KIND_TEXT, PRIVACY_BUSINESS },
        { "attendee", "status", 9, KIND_ENUM, PRIVACY_BUSINESS },
        { "attendee", "contact", 10, KIND_REFERENCE, PRIVACY_PERSONAL },
        { "attendee", "dietaryNeeds", 17, KIND_TEXT, PRIVACY_SENSITIVE },
        { "lead", "name", 1, KIND_NAME, PRIVACY_PERSONAL },
        { "lead", "organization", 2, KIND_NAME, PRIVACY_BUSINESS },
        { "lead", "email", 3, KIND_EMAIL, PRIVACY_PERSONAL },
        { "lead", "telephone", 4, KIND_PHONE, PRIVACY_PERSONAL },
        { "lead", "need", 5, KIND_TEXT, PRIVACY_BUSINESS },
        { "lead", "stage", 6, KIND_ENUM, PRIVACY_BUSINESS },
    };
    AUTO(dictionary_free) struct dictionary *d = common(t);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct type *type = dictionary_find_name(d, rows[i].type);
        const struct type_field *f = type_field_find_name(type, rows[i].field);
        struct key key = { .number = rows[i].number };
        CHECK(t, rows[i].field,
              f != NULL && f == type_field_find(type, key) && f->kind == rows[i].kind &&
                  f->privacy == rows[i].privacy);
    }
}

static void
check_field(struct check *t, const struct dictionary *d, const struct type *type,
            const struct type_field *f)
{
    CHECK(t, "a common field is a column of its name",
          f->column != NULL && strcmp(f->column, f->name) == 0 &&
              strspn(f->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                  strlen(f->name));
    CHECK(t, "only enums have options", (f->kind == KIND_ENUM) == (f->options != NULL));
    CHECK(t, "a reference names a type that exists",
          f->refers == NULL || dictionary_find_name(d, f->refers) != NULL);
    CHECK(t, "what identifies is not bytes", !f->identifies || f->kind != KIND_BYTES);
    for (size_t lang = 0; lang < LANGUAGE_COUNT_; lang++) {
        CHECK(t, "a label leads back to its field",
              type_field_find_name(type, f->label[lang]) == f);
        for (size_t i = 0; f->options != NULL && f->options[i] != NULL; i++)
            CHECK(t, "an option has a label", f->option_label[lang][i] != NULL);
    }
    CHECK(t, "the Chinese label is Chinese",
          (unsigned char)f->label[LANGUAGE_ZH_HANS][0] >= 0xE0);
}

static void
test_common_schema_is_sound(struct check *t)
{
    AUTO(dictionary_free) struct dictionary *d = common(t);

    for (size_t i = 0; i < dictionary_count(d); i++) {
        const struct type *type = dictionary_type(d, i);
        AUTO(xfree) char *title = xstrdup(type->title);
        char *state = NULL;
        for (const char *name = strtok_r(title, " ", &state); name != NULL;
             name = strtok_r(NULL, " ", &state))
            CHECK(t, "a title is made of fields", type_field_find_name(type, name) != NULL);
        for (size_t k = 0; k < type->field_count; k++)
            check_field(t, d, type, &type->fields[k]);
        CHECK(t, "guests and activities have a parent, and nobody else",
              (type->parent != NULL) ==
                  (strcmp(type->name, "attendee") == 0 || strcmp(type->name, "activity") == 0));
    }
    const struct type *guest = dictionary_find_name(d, "attendee");
    CHECK(t, "and it is the event",
          strcmp(guest->parent->name, "event") == 0 &&
              strcmp(guest->parent->refers, "event") == 0);
}

static void
test_own_additions(struct check *t)
{
    static const char own[] =
        "[{\"name\":\"seminar\",\"number\":1,\"label\":{\"en\":\"Seminar\",\"zh-Hans\":"
        "\"研讨会\"},"
        "\"fields\":[{\"name\":\"name\",\"number\":1,\"kind\":\"name\",\"label\":\"Title\"}]},"
        "{\"name\":\"contact\",\"fields\":[{\"name\":\"shoeSize\",\"number\":7,\"kind\":"
        "\"integer\"},"
        "{\"name\":\"客户等级\",\"number\":2,\"kind\":\"enum\",\"options\":[\"A\",{\"name\":"
        "\"B\","
        "\"label\":{\"en\":\"second\"}}]}]}]";
    AUTO(dictionary_free) struct dictionary *d = NULL;
    AUTO(dictionary_free) struct dictionary *plain = common(t);
    struct diag diag = { 0 };

    CHECK(t, "own types and fields are taken",
          dictionary_new(bytes_text(own), SPACE, &diag, &d) == STATUS_OK);
    struct key seminar = { bytes_text(SPACE), 1 }, size = { bytes_text(SPACE), 7 };
    const struct type *type = dictionary_find(d, seminar);
    CHECK(t, "an own type lies in the own name space",
          type != NULL && strcmp(type->name, "seminar") == 0);
    CHECK(t, "a language without a label shows the English one",
          strcmp(type->label[LANGUAGE_ZH_HANT], "Seminar") == 0 &&
              strcmp(type->label[LANGUAGE_ZH_HANS], "研讨会") == 0);
    const struct type *contact = dictionary_find_name(d, "contact");
    CHECK(t, "a common type keeps its number and space",
          contact->key.number == 2 && contact->key.space.len == 0);
    const struct type_field *f = type_field_find(contact, size);
    CHECK(t, "an own field of a common type is found by key",
          f != NULL && strcmp(f->name, "shoeSize") == 0);
    CHECK(t, "it has no column and is personal unless it says otherwise",
          f->column == NULL && f->privacy == PRIVACY_PERSONAL);
    CHECK(t, "common fields come first",
          contact->fields[0].key.space.len == 0 &&
              contact->fields[contact->field_count - 1].key.space.len > 0);
    CHECK(t, "an option may be a bare word or have labels",
          strcmp(type_field_find_name(contact, "客户等级")->option_label[LANGUAGE_EN][1],
                 "second") == 0);
    struct digest a = dictionary_profile(d), b = dictionary_profile(plain);
    CHECK(t, "another dictionary has another profile", !ID_IS_EQUAL(a, b));
}

#define FIELD(members) "{\"name\":\"contact\",\"fields\":[" members "]}"

static void
test_mistakes_are_named(struct check *t)
{
    static const struct {
        const char *why, *own, *key;
    } rows[] = {
        { "text that is no JSON", "[{", "type.json" },
        { "a member given twice", "{\"name\":\"a\",\"name\":\"b\"}", "type.json" },
        { "a number instead of an object", "[1]", "type.shape" },
        { "a type without a name", "{\"number\":1}", "type.name" },
        { "a type without a number", "{\"name\":\"seminar\"}", "type.number" },
        { "number zero", "{\"name\":\"seminar\",\"number\":0}", "type.number" },
        { "a number over 32 bits", "{\"name\":\"seminar\",\"number\":4294967296}",
          "type.number" },
        { "a misspelt member", "{\"name\":\"contact\",\"filds\":[]}", "type.member" },
        { "two own types with one number",
          "[{\"name\":\"a\",\"number\":1},{\"name\":\"b\",\"number\":1}]", "type.same-number" },
        { "a name with a space", FIELD("{\"name\":\"shoe size\",\"number\":1}"), "type.name" },
        { "a name with a quote", FIELD("{\"name\":\"a\\\"b\",\"number\":1}"), "type.name" },
        { "a name that begins with a digit", FIELD("{\"name\":\"1a\",\"number\":1}"),
          "type.name" },
        { "a name with a bidi override", FIELD("{\"name\":\"a\\u202eb\",\"number\":1}"),
          "type.text" },
        { "the name of a common field", FIELD("{\"name\":\"Email\",\"number\":1}"),
          "type.twice" },
        { "a kind that is none", FIELD("{\"name\":\"a\",\"number\":1,\"kind\":\"txt\"}"),
          "type.kind" },
        { "a privacy class that is none",
          FIELD("{\"name\":\"a\",\"number\":1,\"privacy\":\"open\"}"), "type.privacy" },
        { "an enum without options", FIELD("{\"name\":\"a\",\"number\":1,\"kind\":\"enum\"}"),
          "type.options" },
        { "options without an enum", FIELD("{\"name\":\"a\",\"number\":1,\"options\":[\"x\"]}"),
          "type.options" },
        { "an option twice",
          FIELD("{\"name\":\"a\",\"number\":1,\"kind\":\"enum\",\"options\":[\"x\",\"X\"]}"),
          "type.twice" },
        { "a parent that is no reference",
          FIELD("{\"name\":\"a\",\"number\":1,\"parent\":true}"), "type.refers" },
        { "a second parent",
          "{\"name\":\"attendee\",\"fields\":[{\"name\":\"a\",\"number\":1,\"kind\":"
          "\"reference\","
          "\"parent\":true}]}",
          "type.parent" },
        { "a flag that is a text", FIELD("{\"name\":\"a\",\"number\":1,\"required\":\"no\"}"),
          "type.flag" },
        { "a label that is a number", FIELD("{\"name\":\"a\",\"number\":1,\"label\":1}"),
          "type.shape" },
        { "a label in an unknown language",
          FIELD("{\"name\":\"a\",\"number\":1,\"label\":{\"fr\":\"x\"}}"), "type.member" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(dictionary_free) struct dictionary *d = NULL;
        struct diag diag = { 0 };
        enum status status = dictionary_new(bytes_text(rows[i].own), SPACE, &diag, &d);
        CHECK(t, rows[i].why,
              status == STATUS_USAGE && d == NULL && strcmp(diag.key, rows[i].key) == 0);
    }
}

/* An own type with n fields. */
static enum status
with_fields(unsigned n)
{
    AUTO(buffer_fini) struct buffer own = { 0 };
    AUTO(dictionary_free) struct dictionary *d = NULL;
    char field[64];

    buffer_put_text(&own, "{\"name\":\"wide\",\"number\":1,\"fields\":[");
    for (unsigned i = 1; i <= n; i++) {
        (void)snprintf(field, sizeof(field), "%s{\"name\":\"f%u\",\"number\":%u}",
                       i > 1 ? "," : "", i, i);
        buffer_put_text(&own, field);
    }
    buffer_put_text(&own, "]}");
    return dictionary_new(buffer_bytes(&own), SPACE, NULL, &d);
}

static enum status
with_types(unsigned n)
{
    AUTO(buffer_fini) struct buffer own = { 0 };
    AUTO(dictionary_free) struct dictionary *d = NULL;
    char type[64];

    buffer_put_text(&own, "[");
    for (unsigned i = 1; i <= n; i++) {
        (void)snprintf(type, sizeof(type), "%s{\"name\":\"t%u\",\"number\":%u}",
                       i > 1 ? "," : "", i, i);
        buffer_put_text(&own, type);
    }
    buffer_put_text(&own, "]");
    return dictionary_new(buffer_bytes(&own), SPACE, NULL, &d);
}

static enum status
with_length(size_t len)
{
    AUTO(buffer_fini) struct buffer own = { 0 };
    AUTO(dictionary_free) struct dictionary *d = NULL;

    buffer_put_text(&own, "[]");
    memset(buffer_extend(&own, len - 2), ' ', len - 2);
    return dictionary_new(buffer_bytes(&own), SPACE, NULL, &d);
}

static void
test_limits(struct check *t)
{
    unsigned room = TYPES_MAX - (unsigned)COUNT_OF(type_names);

    CHECK(t, "one field below the limit", with_fields(TYPE_FIELDS_MAX - 1) == STATUS_OK);
    CHECK(t, "as many fields as the limit", with_fields(TYPE_FIELDS_MAX) == STATUS_OK);
    CHECK(t, "one field too many", with_fields(TYPE_FIELDS_MAX + 1) == STATUS_USAGE);
    CHECK(t, "one type below the limit", with_types(room - 1) == STATUS_OK);
    CHECK(t, "as many types as the limit", with_types(room) == STATUS_OK);
    CHECK(t, "one type too many", with_types(room + 1) == STATUS_USAGE);
    CHECK(t, "one byte below the limit", with_length(DICTIONARY_OWN_MAX - 1) == STATUS_OK);
    CHECK(t, "as long as the limit", with_length(DICTIONARY_OWN_MAX) == STATUS_OK);
    CHECK(t, "one byte too long", with_length(DICTIONARY_OWN_MAX + 1) == STATUS_TOO_BIG);
}

static void
test_languages(struct check *t)
{
    static const struct {
        const char *tag;
        enum language language;
    } rows[] = {
        { NULL, LANGUAGE_EN },
        { "", LANGUAGE_EN },
        { "C.UTF-8", LANGUAGE_EN },
        { "de", LANGUAGE_EN },
        { "en_US.UTF-8", LANGUAGE_EN },
        { "zh", LANGUAGE_ZH_HANS },
        { "zh_CN.UTF-8", LANGUAGE_ZH_HANS },
        { "zh_TW.UTF-8", LANGUAGE_ZH_HANT },
        { "zh-Hant", LANGUAGE_ZH_HANT },
        { "zh-hans-HK", LANGUAGE_ZH_HANS },
        { "ZH-HK", LANGUAGE_ZH_HANT },
        { "zhx", LANGUAGE_EN },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].tag == NULL ? "no tag" : rows[i].tag,
              language_of(rows[i].tag) == rows[i].language);
    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        CHECK(t, "a language is found by its own tag",
              language_of(language_tag((enum language)i)) == (enum language)i);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "numbers are stable", test_numbers_are_stable },
        { "fields stay where they are", test_fields_stay_where_they_are },
        { "the common schema is sound", test_common_schema_is_sound },
        { "own additions", test_own_additions },
        { "mistakes are named", test_mistakes_are_named },
        { "limits", test_limits },
        { "languages", test_languages },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
