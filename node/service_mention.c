/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_mention.c - texts of ours that name a person: what an erasure cannot find by itself, and somebody should read
 * before it.
 */
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum { VALUES_MOST = 8, VALUE_LEAST = 4 };

struct looking {
    struct call *call;
    struct record_now *person;
    const char *values[VALUES_MOST]; /* by which somebody may have named her */
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
read_values(struct looking *l, const struct type *type)
{
    static const char *const told[] = {
        "name",   "email",          "otherEmail",      "telephone",
        "mobile", "otherTelephone", "instantMessaging"
    };

    for (size_t i = 0; i < COUNT_OF(told); i++) {
        struct bytes value = record_now_value(l->person, type, told[i]);
        if (value.len >= VALUE_LEAST && utf8_is_valid(value))
            l->values[l->count++] = arena_text(l->call->arena, value);
    }
}

/* An erasure finds those by itself. */
static bool
goes_with_her(const struct looking *l, const struct type *type, const struct record_now *now)
{
    static const char *const names[] = { "activity", "consent" };
    struct bytes of = record_now_value(now, type, "contact");

    return is_one_of(type, names, COUNT_OF(names)) &&
           bytes_is_equal(of, bytes_of(l->person->id.b, ID_SIZE));
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
    if (goes_with_her(l, type, now) || is_listed(l, id))
        return STATUS_OK;
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
look(struct looking *l, const struct type *type, const char *value)
{
    int64_t found[PAGE_MAX];
    struct project_query query = {
        .type = type, .search = value, .own_only = true, .limit = PAGE_MAX
    };
    size_t count;

    TRY(project_list(l->call->store, &query, found, &count));
    l->is_cut = l->is_cut || count == PAGE_MAX;
    for (size_t i = 0; i < count; i++) {
        if ((int64_t)json_array_size(l->page.items) == l->page.limit) {
            l->is_cut = true;
            return STATUS_OK;
        }
        TRY(list_one(l, type, found[i], value));
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
    read_values(&l, type);
    for (size_t t = 0; t < dictionary_count(call->dictionary); t++) {
        const struct type *in = dictionary_type(call->dictionary, t);
        for (size_t v = 0; v < l.count && !is_one_of(in, people, COUNT_OF(people)); v++)
            TRY(look(&l, in, l.values[v]));
    }
    page_end(call, &l.page, 0, false, -1);
    reply_set(call->reply, "cut", json_boolean(l.is_cut));
    return STATUS_OK;
}
