/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_mention.c - texts of ours that name a person: what an erasure cannot find by itself, and somebody should read
 * before it.
 */
#include <string.h>

#include "node/erase.h"
#include "schema/base/cleanup.h"

enum {
    VALUES_MOST = 16,
    VALUE_LEAST = 4,
    DIGITS_LEAST = 7, /* the last ones: a number is written with and without its country */
};

struct looking {
    struct call *call;
    struct record_now *person;
    struct erase_set hers; /* an erasure finds those by itself */
    struct value {
        const char *text;   /* by which somebody may have named her */
        const char *digits; /* it is a telephone number: its last ones; NULL */
    } values[VALUES_MOST];
    size_t count;
    struct page page;
    bool is_cut;
};

static bool
is_one_of(const struct type *type, const char *const *names, size_t count)
{
    for (size_t i = 0; type->key.space.len == 0 && i < count; i++)
        if (strcmp(type->name, names[i]) == 0)
            return true;
    return false;
}

static void
add_value(struct looking *l, const char *text, bool is_number)
{
    char *digits = arena_text(l->call->arena, bytes_text(text));
    size_t count = 0;

    if (strlen(text) < VALUE_LEAST)
        return;
    for (const char *c = text; is_number && *c != '\0'; c++)
        if (*c >= '0' && *c <= '9')
            digits[count++] = *c;
    digits[count] = '\0';
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->values[i].text, text) == 0)
            return;
    assert(l->count < VALUES_MOST);
    l->values[l->count++] =
        (struct value){ text, count >= DIGITS_LEAST ? digits + count - DIGITS_LEAST : NULL };
}

static const char *
value_of(struct looking *l, const struct type *type, const char *field)
{
    struct bytes value = record_now_value(l->person, type, field);

    return utf8_is_valid(value) ? arena_text(l->call->arena, value) : "";
}

/* Her name as it is written elsewhere: either part first, with a blank, a comma, or nothing between. */
static void
add_names(struct looking *l, const struct type *type)
{
    static const char *const between[] = { " ", "", ", " };
    const char *given = value_of(l, type, "givenName");
    const char *family = value_of(l, type, "familyName");

    add_value(l, value_of(l, type, "name"), false);
    for (size_t i = 0; *given != '\0' && *family != '\0' && i < COUNT_OF(between); i++) {
        add_value(l, arena_printf(l->call->arena, "%s%s%s", given, between[i], family), false);
        add_value(l, arena_printf(l->call->arena, "%s%s%s", family, between[i], given), false);
    }
}

static void
read_values(struct looking *l, const struct type *type)
{
    static const struct {
        const char *field;
        bool is_number;
    } told[] = { { "email", false },    { "otherEmail", false }, { "instantMessaging", false },
                 { "telephone", true }, { "mobile", true },      { "otherTelephone", true } };

    add_names(l, type);
    for (size_t i = 0; i < COUNT_OF(told); i++)
        add_value(l, value_of(l, type, told[i].field), told[i].is_number);
}

static bool
goes_with_her(const struct looking *l, int64_t record)
{
    for (size_t i = 0; i < l->hers.count; i++)
        if (l->hers.items[i].record == record)
            return l->hers.items[i].fate == ERASE_GONE;
    return false;
}

static bool
is_listed(const struct looking *l, const char *id)
{
    for (size_t i = 0; i < json_array_size(l->page.items); i++) {
        const json_t *item = json_array_get(l->page.items, i);
        if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
            return true;
    }
    return false;
}

static enum status
list_one(struct looking *l, const struct type *type, int64_t record, const char *value)
{
    struct call *call = l->call;
    struct record_now *now;

    enum status s = record_now(call->store, record, false, call->arena, &now);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    const char *id = id_text(call, now->id.b);
    if (is_listed(l, id))
        return STATUS_OK;
    if ((int64_t)json_array_size(l->page.items) == l->page.limit) {
        l->is_cut = true;
        return STATUS_OK;
    }
    json_t *o = json_object();
    reply_set(o, "id", json_string(id));
    reply_set(o, "type", json_words(type->name));
    reply_set(o, "title", json_words(record_title(call, now)));
    reply_set(o, "names", json_words(value));
    reply_set(o, "show",
              json_words(arena_printf(call->arena, "hansa %s show %s", type->name, id)));
    (void)json_array_append_new(l->page.items, o);
    return STATUS_OK;
}

/* Own rows of this type with this value somewhere in their texts. */
static enum status
look(struct looking *l, const struct type *type, const struct value *value)
{
    int64_t found[PAGE_MAX];
    struct project_query query = { .type = type,
                                   .search =
                                       value->digits != NULL ? value->digits : value->text,
                                   .is_digits = value->digits != NULL,
                                   .own_only = true,
                                   .limit = PAGE_MAX };
    size_t count = PAGE_MAX;

    while (count == PAGE_MAX && !l->is_cut) {
        TRY(project_list(l->call->store, &query, found, &count));
        for (size_t i = 0; i < count && !l->is_cut; i++)
            if (!goes_with_her(l, found[i]))
                TRY(list_one(l, type, found[i], value->text));
        query.after = count > 0 ? found[count - 1] : 0;
    }
    return STATUS_OK;
}

enum status
service_contact_mentions(struct call *call)
{
    static const char *const people[] = { "contact", "attendee", "lead" };
    struct looking l = { .call = call };
    const struct type *type;
    int64_t record;

    TRY(find_record(call, arg_text(call, "contact"), &record));
    enum status s = record_now(call->store, record, false, call->arena, &l.person);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && l.person->tombstone))
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown",
                        arg_text(call, "contact"), NULL);
    TRY(s);
    type = dictionary_find(call->dictionary, l.person->type);
    if (type == NULL || !is_one_of(type, people, COUNT_OF(people)))
        return diag_say(call->diag, STATUS_USAGE, "erase.no_person", arg_text(call, "contact"),
                        NULL);
    TRY(page_begin(call, &l.page));
    TRY(erase_collect(call, l.person, &l.hers));
    read_values(&l, type);
    for (size_t t = 0; t < dictionary_count(call->dictionary); t++) {
        const struct type *in = dictionary_type(call->dictionary, t);
        for (size_t v = 0; v < l.count && !l.is_cut; v++)
            TRY(look(&l, in, &l.values[v]));
    }
    page_end(call, &l.page, 0, false, -1);
    reply_set(call->reply, "cut", json_boolean(l.is_cut));
    return STATUS_OK;
}
