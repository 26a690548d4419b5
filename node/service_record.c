/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_record.c - records of every type: adding, changing, showing, listing, removing.
 */
#include <stdio.h>
#include <string.h>

#include "node/consent.h"
#include "node/service_priv.h"
#include "node/store/project.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"

/* What a type asks of its records, and shows of them, beyond what every type does. */
static const struct hooks {
    const char *type;
    enum status (*check)(struct call *call, const struct draft *draft, const struct type *type);
    enum status (*show)(struct call *call, const struct record_now *now, json_t *object);
    enum status (*removed)(struct call *call, const struct record_now *now);
    enum status (*changed)(struct call *call, const struct record_now *before);
    enum status (*written)(struct call *call, const struct field *fields, size_t count);
} hooks[] = {
    /* NULL: nothing more */
    { "segment", segment_check, segment_show, segment_removed, NULL, NULL },
    { "lead", NULL, lead_show, NULL, lead_changed, NULL },
    { "consent", NULL, NULL, NULL, NULL, consent_spread },
};

static const struct hooks *
hooks_of(const struct type *type)
{
    for (size_t i = 0; type != NULL && i < COUNT_OF(hooks); i++)
        if (strcmp(hooks[i].type, type->name) == 0)
            return &hooks[i];
    return NULL;
}

/* ---- drafts ------------------------------------------------------------------------------- */

const struct field *
draft_find(const struct draft *draft, struct key key)
{
    for (size_t i = 0; i < draft->count; i++)
        if (key_is_equal(draft->fields[i].key, key))
            return &draft->fields[i];
    return NULL;
}

/* Keeps the order; an empty value takes the field away. */
void
draft_put(struct draft *draft, struct key key, struct bytes value)
{
    size_t at = 0;

    while (at < draft->count && key_compare(draft->fields[at].key, key) < 0)
        at++;
    bool there = at < draft->count && key_is_equal(draft->fields[at].key, key);
    if (value.len == 0 && there) {
        draft->count--;
        memmove(&draft->fields[at], &draft->fields[at + 1],
                (draft->count - at) * sizeof(draft->fields[0]));
    }
    if (value.len == 0)
        return;
    if (!there) {
        memmove(&draft->fields[at + 1], &draft->fields[at],
                (draft->count - at) * sizeof(draft->fields[0]));
        draft->count++;
    }
    draft->fields[at] = (struct field){ .key = key, .value = value };
}

enum status
draft_set(struct call *call, struct draft *draft, const struct type *type, const char *name,
          const char *text)
{
    const struct type_field *field = type_field_find_name(type, name);
    struct bytes value = { 0 };

    if (field == NULL)
        return diag_say(call->diag, STATUS_USAGE, "field.unknown", type->name, name, NULL);
    if (text[0] != '\0' && field->kind == KIND_REFERENCE)
        TRY(find_record_id(call, text, &value));
    else if (text[0] != '\0')
        TRY(value_parse(field, bytes_text(text), call->core->region, NULL, call->arena,
                        call->diag, &value));
    if (draft->count >= FIELDS_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "record.too_many_fields", NULL);
    draft_put(draft, field->key, value);
    return STATUS_OK;
}

static bool
is_han(struct bytes text)
{
    return text.len >= 3 && text.data[0] >= 0xe4 && text.data[0] <= 0xe9;
}

/* "Ada" + "Lovelace" is Ada Lovelace; 小明 + 王 is 王小明. */
static void
complete_name(struct call *call, struct draft *draft, const struct type *type)
{
    const struct type_field *name = type_field_find_name(type, "name");
    const struct type_field *given = type_field_find_name(type, "givenName");
    const struct type_field *family = type_field_find_name(type, "familyName");
    const struct field *g, *f;

    if (name == NULL || given == NULL || family == NULL || draft_find(draft, name->key) != NULL)
        return;
    g = draft_find(draft, given->key);
    f = draft_find(draft, family->key);
    struct bytes first = g != NULL ? g->value : (struct bytes){ 0 };
    struct bytes last = f != NULL ? f->value : (struct bytes){ 0 };
    bool is_east = is_han(last) && is_han(first);
    struct bytes a = is_east ? last : first, b = is_east ? first : last;
    const char *gap = is_east || a.len == 0 || b.len == 0 ? "" : " ";
    char *full = arena_printf(call->arena, "%.*s%s%.*s", (int)a.len, (const char *)a.data, gap,
                              (int)b.len, (const char *)b.data);
    draft_put(draft, name->key, bytes_text(full));
}

/* Somebody without a name is called by what we have. */
static void
borrow_name(struct draft *draft, const struct type *type)
{
    static const char *const others[] = { "email", "organization", "mobile", "telephone" };
    const struct type_field *name = type_field_find_name(type, "name");

    if (name == NULL || type_field_find_name(type, "givenName") == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(others) && draft_find(draft, name->key) == NULL; i++) {
        const struct type_field *other = type_field_find_name(type, others[i]);
        const struct field *f = other == NULL ? NULL : draft_find(draft, other->key);
        if (f != NULL)
            draft_put(draft, name->key, f->value);
    }
}

enum status
draft_check(struct call *call, struct draft *draft, const struct type *type)
{
    size_t bytes = 0;

    complete_name(call, draft, type);
    borrow_name(draft, type);
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required && draft_find(draft, type->fields[i].key) == NULL)
            return diag_say(call->diag, STATUS_USAGE, "field.required", type->name,
                            type->fields[i].name, NULL);
    for (size_t i = 0; i < draft->count; i++)
        bytes += draft->fields[i].value.len;
    if (bytes > RECORD_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "record.too_big", NULL);
    const struct hooks *own = hooks_of(type);
    return own == NULL || own->check == NULL ? STATUS_OK : own->check(call, draft, type);
}

enum status
draft_may_stand(struct call *call, const struct record_id *id, struct draft *draft,
                const struct type *type)
{
    enum suppression_verdict verdict;

    TRY(suppression_judge(call, type, id, draft, &verdict));
    if (verdict == SUPPRESSION_NONE)
        return STATUS_OK;
    return diag_say(
        call->diag, STATUS_DENIED,
        verdict == SUPPRESSION_REFUSED ? "suppression.stands" : "suppression.took_back", NULL);
}

/* ---- showing ------------------------------------------------------------------------------ */

const char *
record_title(struct call *call, const struct record_now *now)
{
    const struct type *type = dictionary_find(call->dictionary, now->type);
    const char *title = "";
    const char *names = type != NULL && type->title != NULL ? type->title : "";

    while (*names != '\0') {
        size_t len = strcspn(names, " ");
        const struct type_field *field =
            type_field_find_name(type, arena_text(call->arena, bytes_of(names, len)));
        for (size_t i = 0; field != NULL && i < now->field_count; i++)
            if (key_is_equal(now->fields[i].key, field->key))
                title = arena_printf(call->arena, "%s%s%s", title, *title != '\0' ? " " : "",
                                     value_format(field, now->fields[i].value, call->arena));
        names += len;
        names += strspn(names, " ");
    }
    return *title != '\0' ? title : id_text(call, now->id.b);
}

json_t *
record_fields_json(struct call *call, const struct type *type, const struct field *fields,
                   size_t count)
{
    static const struct type_field raw = { .kind = KIND_BYTES };
    json_t *o = json_object();

    for (size_t i = 0; i < count; i++) {
        const struct type_field *f = type == NULL ? NULL : type_field_find(type, fields[i].key);
        const char *name;
        json_t *value;
        if (f != NULL) /* what we do not know is shown raw, by its number and name space */
            name = f->name;
        else
            name = arena_printf(call->arena, "%.*s%s%u", (int)fields[i].key.space.len,
                                (const char *)fields[i].key.space.data,
                                fields[i].key.space.len > 0 ? "." : "", fields[i].key.number);
        if (f != NULL && f->kind == KIND_REFERENCE && fields[i].value.len == ID_SIZE)
            value = json_id(fields[i].value.data);
        else if (f == NULL && utf8_is_valid(fields[i].value))
            value = json_words(text_visible(fields[i].value, call->arena));
        else
            value =
                json_words(value_format(f == NULL ? &raw : f, fields[i].value, call->arena));
        reply_set(o, name, value);
    }
    return o;
}

enum status
company_name(struct call *call, int64_t company, struct company_name *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_GET);

    stmt_bind(q, "i", company);
    TRY(stmt_step(q));
    out->name = arena_text(call->arena, bytes_text(stmt_text(q, 2)));
    out->state = (enum company_state)stmt_int(q, 4);
    out->introduced_by = stmt_int(q, 5);
    int64_t confirmed;
    TRY(store_number(call->store, &confirmed, STMT_COMPANY_CONFIRMED, "i", company));
    out->is_confirmed = confirmed != 0;
    return STATUS_OK;
}

bool
company_name_is_verified(const struct company_name *name)
{
    return name->state != COMPANY_LIGHT &&
           ((name->state != COMPANY_INTRODUCED && name->state != COMPANY_INVITED) ||
            name->is_confirmed);
}

enum status
carrier_name(struct call *call, int64_t owner, const char **out)
{
    struct company_name name;

    *out = NULL;
    TRY(company_name(call, owner, &name));
    if (name.state != COMPANY_INTRODUCED || name.introduced_by == 0)
        return STATUS_OK;
    TRY(company_name(call, name.introduced_by, &name));
    *out = name.name;
    return STATUS_OK;
}

enum status
via_name(struct call *call, int64_t grant, int64_t owner, const char **out)
{
    struct company_name name;
    int64_t issuer;

    *out = NULL;
    if (grant == OWN_GRANT)
        return STATUS_OK;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_GRANT_GET);
        stmt_bind(q, "i", grant);
        TRY(stmt_step(q));
        issuer = stmt_int(q, 3);
    }
    if (issuer == owner)
        return carrier_name(call, owner, out);
    TRY(company_name(call, owner, &name));
    if (name.state == COMPANY_LIGHT)
        return STATUS_OK; /* its own rows, under our grant: they came by file */
    TRY(company_name(call, issuer, &name));
    *out = name.name;
    return STATUS_OK;
}

enum status
record_json(struct call *call, const struct record_now *now, json_t **out)
{
    const struct type *type = dictionary_find(call->dictionary, now->type);
    struct company_name owner;
    const char *via;
    json_t *o;

    TRY(company_name(call, now->owner, &owner));
    TRY(via_name(call, now->grant, now->owner, &via));
    o = json_object();
    reply_set(o, "id", json_id(now->id.b));
    reply_set(o, "type", json_words(type != NULL ? type->name : "?"));
    reply_set(o, "title", json_words(record_title(call, now)));
    reply_set(o, "owner", json_words(owner.name));
    reply_set(o, "own", json_boolean(now->owner == COMPANY_US));
    reply_set(o, "via", via != NULL ? json_words(via) : json_null());
    reply_set(o, "verified", json_boolean(company_name_is_verified(&owner)));
    reply_set(o, "as_of", json_time(now->at));
    reply_set(o, "version", json_integer((json_int_t)now->position.number));
    reply_set(o, "fields", record_fields_json(call, type, now->fields, now->field_count));
    *out = o;
    const struct hooks *own = hooks_of(type);
    return own == NULL || own->show == NULL ? STATUS_OK : own->show(call, now, o);
}

/* The record called `record` in the request: of the type asked for, and not removed. */
static enum status
find_now(struct call *call, const struct type **type, struct record_now **now)
{
    const char *text = arg_text(call, "record");
    int64_t record;

    TRY(find_type(call, arg_text(call, "type"), type));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, now);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK && ((*now)->tombstone || !key_is_equal((*now)->type, (*type)->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
    return s;
}

enum status
service_record_show(struct call *call)
{
    const struct type *type;
    struct record_now *now;

    TRY(find_now(call, &type, &now));
    return record_json(call, now, &call->reply);
}

static enum status
put_rows(struct call *call, struct page *page, const int64_t *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct record_now *now;
        json_t *o;
        enum status s = record_now(call->store, records[i], false, call->arena, &now);
        if (s == STATUS_NOT_FOUND)
            continue; /* lost, and not mended yet (node/repair.h): the others are shown */
        TRY(s);
        TRY(record_json(call, now, &o));
        (void)json_array_append_new(page->items, o);
    }
    return STATUS_OK;
}

enum status
record_page(struct call *call, struct project_query *query)
{
    int64_t records[PAGE_MAX + 1], total;
    struct page page;
    size_t count;

    TRY(page_begin(call, &page));
    query->search = page.search;
    query->after = page.after;
    query->limit = page.limit + 1;
    TRY(project_list(call->store, query, records, &count));
    TRY(project_count(call->store, query, &total));
    bool more = count > (size_t)page.limit;
    count -= more;
    TRY(put_rows(call, &page, records, count));
    page_end(call, &page, count > 0 ? records[count - 1] : 0, more, total);
    return STATUS_OK;
}

enum status
record_page_query(struct call *call, struct project_query *out)
{
    const char *event = arg_text(call, "event");

    *out = (struct project_query){ 0 };
    TRY(find_type(call, arg_text(call, "type"), &out->type));
    if (event != NULL) {
        struct record_id *parent = ARENA_NEW(call->arena, struct record_id);
        struct bytes id;
        TRY(find_record_id(call, event, &id));
        memcpy(parent->b, id.data, ID_SIZE);
        out->parent = parent;
    }
    return segment_filter(call, "segment", out);
}

enum status
service_record_list(struct call *call)
{
    struct project_query query;

    TRY(record_page_query(call, &query));
    return record_page(call, &query);
}

/* ---- writing ------------------------------------------------------------------------------ */

static enum status
set_all(struct call *call, const struct record_id *id, struct draft *draft,
        const struct type *type)
{
    const json_t *fields = json_object_get(call->args, "fields");
    const char *name;
    json_t *value;

    if (json_object_size(fields) == 0)
        return diag_say(call->diag, STATUS_USAGE, "record.nothing", type->name, NULL);
    for (void *it = json_object_iter(json_object_get(call->args, "fields")); it != NULL;
         it = json_object_iter_next(json_object_get(call->args, "fields"), it)) {
        name = json_object_iter_key(it);
        value = json_object_iter_value(it);
        TRY(draft_set(call, draft, type, name, json_string_value(value)));
    }
    TRY(draft_check(call, draft, type));
    return draft_may_stand(call, id, draft, type);
}

static enum status
mint_one(struct call *call, const struct type *type, int64_t record, struct draft *draft,
         const char *action)
{
    struct mint mint = { .record = record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    const struct hooks *own = hooks_of(type);
    struct record_now *now;

    TRY(records_mint(call->core, &mint, 1, call->actor, action));
    if (own != NULL && own->written != NULL)
        TRY(own->written(call, draft->fields, draft->count));
    TRY(record_now(call->store, mint.record, false, call->arena, &now));
    return record_json(call, now, &call->reply);
}

enum status
service_record_add(struct call *call)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    const struct type *type;

    TRY(find_type(call, arg_text(call, "type"), &type));
    TRY(set_all(call, NULL, draft, type));
    return mint_one(call, type, 0, draft, "record.added");
}

enum status
record_check_own(struct call *call, const struct record_now *now)
{
    struct company_name owner;

    if (now->owner == COMPANY_US)
        return STATUS_OK;
    TRY(company_name(call, now->owner, &owner));
    return diag_say(call->diag, STATUS_DENIED, "record.not_ours", owner.name, NULL);
}

enum status
service_record_set(struct call *call)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    const struct type *type;
    struct record_now *now;

    TRY(find_now(call, &type, &now));
    TRY(record_check_own(call, now));
    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    TRY(set_all(call, &now->id, draft, type));
    TRY(mint_one(call, type, now->record, draft, "record.changed"));
    const struct hooks *own = hooks_of(type);
    return own == NULL || own->changed == NULL ? STATUS_OK : own->changed(call, now);
}

enum status
service_record_remove(struct call *call)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    const struct type *type;
    struct record_now *now;

    TRY(find_now(call, &type, &now));
    TRY(record_check_own(call, now));
    TRY(record_json(call, now, &call->reply));
    reply_set(call->reply, "preview", json_boolean(arg_is_set(call, "preview")));
    if (arg_is_set(call, "preview"))
        return STATUS_OK;
    for (size_t i = 0; i < now->field_count; i++) /* whoever has the children must hear of it */
        if (type->parent != NULL && key_is_equal(now->fields[i].key, type->parent->key))
            draft_put(draft, now->fields[i].key, now->fields[i].value);
    struct mint mint = { .record = now->record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count,
                         .tombstone = true };
    TRY(records_mint(call->core, &mint, 1, call->actor, "record.removed"));
    const struct hooks *own = hooks_of(type);
    if (own != NULL && own->removed != NULL)
        TRY(own->removed(call, now));
    reply_set(call->reply, "state", json_string("removed"));
    return STATUS_OK;
}
