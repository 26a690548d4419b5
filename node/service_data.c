/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_data.c - what a data protection officer asks: where a person's data is, what a company held in a time,
 * and the register of what is shared (GDPR Articles 15, 33 and 30). Read from what was acknowledged, the signed grants,
 * and what holders said in receipts; nothing is kept for it.
 *
 * 1. A company has a record from its first acknowledgement on. The end of a share does not prove that it is gone: only its
 *    own word does, a PURGED receipt, and that is a statement, not a proof.
 * 2. That it acknowledged a removal is as good: it has no field any more, from then on.
 * 3. Whom it was passed on to by a link that we noted may have it, from the moment when we noted it.
 */
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum { SUBJECTS_MAX = 1024 }; /* records that speak of one person; tests/net/test_data.py */

/* ---- who has one record ------------------------------------------------------------------- */

/* Fields of this type that the grant lets through: what its audience has, or had. */
static json_t *
fields_of(struct call *call, const struct grant *grant, struct key type_key)
{
    const struct type *type = dictionary_find(call->dictionary, type_key);
    json_t *list = json_array();

    for (size_t i = 0; i < grant->field_count; i++) {
        if (!key_is_equal(grant->fields[i].type, type_key))
            continue;
        const struct type_field *f =
            type == NULL ? NULL : type_field_find(type, grant->fields[i].field);
        (void)json_array_append_new(
            list, f != NULL ? json_words(f->name)
                            : json_words(arena_printf(call->arena, "%u",
                                                      grant->fields[i].field.number)));
    }
    return list;
}

static json_t *
words_of(const char *const *words, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_words(words[i]));
    return list;
}

/* Can this link let the record through at all? */
static bool
is_selected(const struct grant *grant, const struct record_id *record,
            const struct record_id *parent)
{
    bool found = grant->selector == SELECTOR_SEGMENT;

    if (grant->selector == SELECTOR_TREE)
        found = ID_IS_EQUAL(grant->tree, *record) || ID_IS_EQUAL(grant->tree, *parent);
    for (size_t i = 0; grant->selector == SELECTOR_RECORDS && i < grant->record_count; i++)
        found = found || ID_IS_EQUAL(grant->records[i], *record);
    return found;
}

struct subject {
    struct record_now *now;
    const struct type *type; /* NULL: unknown here */
    struct record_id parent; /* zero bytes: none */
    const char *basis;
};

static enum status
subject_read(struct call *call, int64_t record, struct subject *out)
{
    *out = (struct subject){ .basis = "" };
    enum status s = record_now(call->store, record, true, call->arena, &out->now);
    if (s == STATUS_NOT_FOUND)
        return s;
    TRY(s);
    out->type = dictionary_find(call->dictionary, out->now->type);
    for (size_t i = 0; out->type != NULL && i < out->now->field_count; i++) {
        const struct field *f = &out->now->fields[i];
        const struct type_field *parent = out->type->parent;
        const struct type_field *basis = out->type->consent[CONSENT_BASIS];
        if (parent != NULL && key_is_equal(f->key, parent->key) && f->value.len == ID_SIZE)
            memcpy(out->parent.b, f->value.data, ID_SIZE);
        if (basis != NULL && key_is_equal(f->key, basis->key))
            out->basis = value_format(basis, f->value, call->arena);
    }
    return STATUS_OK;
}

/* The same of a record of which nothing is left here but its number: who had it is still to be said. */
static enum status
subject_left(struct call *call, int64_t record, struct subject *out)
{
    enum { RID, OWNER, PARENT = 3, SPACE, NUMBER };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_RECORD_GET);
    enum status s = subject_read(call, record, out);

    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    if (s == STATUS_NOT_FOUND) {
        out->now = ARENA_NEW(call->arena, struct record_now);
        *out->now = (struct record_now){ .record = record,
                                         .owner = stmt_int(q, OWNER),
                                         .tombstone = true };
        stmt_copy(q, RID, out->now->id.b, ID_SIZE);
        out->now->type.space = arena_copy(call->arena, bytes_text(stmt_text(q, SPACE)));
        out->now->type.number = (uint32_t)stmt_int(q, NUMBER);
        out->type = dictionary_find(call->dictionary, out->now->type);
    }
    if (stmt_bytes(q, PARENT).len == ID_SIZE)
        stmt_copy(q, PARENT, out->parent.b, ID_SIZE);
    return STATUS_OK;
}

static void
put_subject(struct call *call, const struct subject *of, json_t *o)
{
    reply_set(o, "id", json_id(of->now->id.b));
    reply_set(o, "type", json_words(of->type == NULL ? "?" : of->type->name));
    reply_set(o, "title", json_words(of->now->tombstone ? "" : record_title(call, of->now)));
    reply_set(o, "basis", json_words(of->basis));
}

static json_t *
time_or_null(int64_t ms)
{
    return ms > 0 ? json_time((struct wall_ms){ ms }) : json_null();
}

enum {
    HELD_ROLE,
    HELD_STATE,
    HELD_CHANGED,
    HELD_NAME,
    HELD_COUNTRY,
    HELD_VIA,
    HELD_GRANT,
    HELD_ENDS,
    HELD_FIRST,
    HELD_AT,
    HELD_INCARNATION,
    HELD_NUMBER,
    HELD_PURGED
};

static bool
is_over(enum share_state state)
{
    return state == SHARE_STOPPED || state == SHARE_ENDED || state == SHARE_DECLINED;
}

static bool
has_newest(struct stmt *q, const struct subject *of)
{
    struct position at = { (uint32_t)stmt_int(q, HELD_INCARNATION),
                           (uint64_t)stmt_int(q, HELD_NUMBER) };

    return position_compare(at, of->now->position) == 0;
}

/* It acknowledged that the record is removed: when; 0: it did not. */
static int64_t
removed_at(struct stmt *q, const struct subject *of)
{
    bool arrived = of->now->tombstone && stmt_int(q, HELD_ROLE) != ROLE_NOTED &&
                   stmt_int(q, HELD_PURGED) == 0 && has_newest(q, of);

    return arrived ? stmt_int(q, HELD_AT) : 0;
}

static const char *
held_state(struct stmt *q, const struct subject *of)
{
    enum share_state state = (enum share_state)stmt_int(q, HELD_STATE);

    if (stmt_int(q, HELD_PURGED) > 0)
        return "says it is erased";
    if (removed_at(q, of) > 0)
        return "removed there";
    if (is_over(state))
        return "share over";
    if (stmt_int(q, HELD_ROLE) == ROLE_NOTED)
        return "passed on";
    return has_newest(q, of) ? "has the newest" : "has an older one";
}

static enum status
held_grant(struct stmt *q, struct arena *arena, struct grant **grant)
{
    struct signed_object *object;

    TRY(wire_signed_object_parse(stmt_bytes(q, HELD_GRANT), arena, &object));
    return wire_grant_parse(object->body, arena, grant);
}

/* One line for one company that has the record, or had it since `from`. */
static enum status
put_holder(struct call *call, struct stmt *q, const struct subject *of, struct wall_ms from,
           json_t *items)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    int64_t removed = removed_at(q, of), purged = stmt_int(q, HELD_PURGED);
    struct grant *grant;

    TRY(held_grant(q, arena, &grant));
    if (!is_selected(grant, &of->now->id, &of->parent) || (removed > 0 && removed < from.ms))
        return STATUS_OK;
    json_t *o = json_object();
    (void)json_array_append_new(items, o);
    put_subject(call, of, o);
    reply_set(o, "company", json_words(stmt_text(q, HELD_NAME)));
    reply_set(o, "country", json_words(stmt_text(q, HELD_COUNTRY)));
    reply_set(o, "via",
              stmt_int(q, HELD_ROLE) == ROLE_NOTED ? json_words(stmt_text(q, HELD_VIA))
                                                   : json_null());
    reply_set(o, "fields", removed > 0 ? json_array() : fields_of(call, grant, of->now->type));
    reply_set(o, "purpose", words_of(grant->purposes, grant->purpose_count));
    reply_set(o, "since", time_or_null(stmt_int(q, HELD_FIRST)));
    reply_set(o, "as_of",
              time_or_null(stmt_int(q, HELD_ROLE) == ROLE_NOTED ? 0 : stmt_int(q, HELD_AT)));
    reply_set(o, "until", time_or_null(stmt_int(q, HELD_ENDS)));
    reply_set(o, "erased", time_or_null(removed > 0 ? removed : purged));
    reply_set(o, "state", json_words(held_state(q, of)));
    return STATUS_OK;
}

/* company 0: all. */
static enum status
put_holders(struct call *call, const struct subject *of, int64_t company, struct wall_ms from,
            json_t *items)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_DATA_HOLDERS);
    enum status s;

    stmt_bind(q, "iib", of->now->record, company, bytes_of(of->now->id.b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK)
        TRY(put_holder(call, q, of, from, items));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
service_data_holding(struct call *call, int64_t record, json_t *names)
{
    struct subject of;

    enum status read = subject_read(call, record, &of);
    if (read != STATUS_OK)
        return read == STATUS_NOT_FOUND ? STATUS_OK : read;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_DATA_HOLDERS);
    enum status s;
    stmt_bind(q, "iib", record, (int64_t)0, bytes_of(of.now->id.b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct grant *grant;
        TRY(held_grant(q, arena, &grant));
        if (stmt_int(q, HELD_PURGED) == 0 && removed_at(q, &of) == 0 &&
            !is_over((enum share_state)stmt_int(q, HELD_STATE)) &&
            is_selected(grant, &of.now->id, &of.parent))
            reply_set(names, stmt_text(q, HELD_NAME), json_true());
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The owner, and we who have it from the owner. */
static enum status
put_here(struct call *call, const struct subject *of, json_t *items)
{
    struct company_name owner;
    const char *via = NULL;
    json_t *o = json_object();

    (void)json_array_append_new(items, o);
    put_subject(call, of, o);
    TRY(company_name(call, of->now->owner, &owner));
    TRY(via_name(call, of->now->grant, of->now->owner, &via));
    bool is_ours = of->now->owner == COMPANY_US;
    reply_set(o, "company", json_words(owner.name));
    reply_set(o, "via", via == NULL ? json_null() : json_words(via));
    reply_set(o, "as_of", json_time(of->now->at));
    reply_set(o, "state",
              json_words(of->now->tombstone ? "erased"
                         : is_ours          ? "owner"
                                            : "theirs, we have it"));
    return STATUS_OK;
}

/* ---- everything about a person ------------------------------------------------------------ */

struct subjects {
    int64_t records[SUBJECTS_MAX];
    size_t count;
};

static enum status
subjects_add(struct call *call, struct subjects *all, int64_t record)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->records[i] == record)
            return STATUS_OK;
    if (all->count == SUBJECTS_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "data.too_many",
                        arena_printf(call->arena, "%d", SUBJECTS_MAX), NULL);
    all->records[all->count++] = record;
    return STATUS_OK;
}

/* Records whose reference points at this one: a guest's row, what was said to her, the lead made of her. */
static enum status
subjects_pointing(struct call *call, struct subjects *all, const struct type *type,
                  const struct record_id *at)
{
    int64_t *found = ARENA_ARRAY(call->arena, int64_t, SUBJECTS_MAX + 1);
    struct project_reference query = { .type = type, .value = at };
    size_t count;

    for (size_t i = 0; i < type->field_count; i++) {
        query.ref = &type->fields[i];
        if (query.ref->kind != KIND_REFERENCE || query.ref->column == NULL)
            continue;
        TRY(project_referring(call->store, &query, found, SUBJECTS_MAX + 1, &count));
        for (size_t k = 0; k < count; k++)
            TRY(subjects_add(call, all, found[k]));
    }
    return STATUS_OK;
}

static enum status
subjects_of(struct call *call, int64_t record, struct subjects *all)
{
    TRY(subjects_add(call, all, record));
    for (size_t i = 0; i < all->count; i++) {
        struct subject of;
        enum status s = subject_read(call, all->records[i], &of);
        for (size_t k = 0; s == STATUS_OK && k < dictionary_count(call->dictionary); k++)
            TRY(subjects_pointing(call, all, dictionary_type(call->dictionary, k),
                                  &of.now->id));
        if (s != STATUS_NOT_FOUND)
            TRY(s);
    }
    return STATUS_OK;
}

enum status
service_data_where(struct call *call)
{
    struct subjects *all = ARENA_NEW(call->arena, struct subjects);
    struct page page;
    int64_t record;

    TRY(find_record(call, arg_text(call, "record"), &record));
    TRY(subjects_of(call, record, all));
    TRY(page_begin(call, &page));
    for (size_t i = 0; i < all->count; i++) {
        struct subject of;
        enum status s = subject_read(call, all->records[i], &of);
        if (s == STATUS_NOT_FOUND)
            continue;
        TRY(s);
        TRY(put_here(call, &of, page.items));
        TRY(put_holders(call, &of, 0, (struct wall_ms){ 0 }, page.items));
    }
    page_end(call, &page, 0, false, -1);
    return STATUS_OK;
}

/* ---- what a company held ------------------------------------------------------------------ */

enum status
service_data_held(struct call *call)
{
    struct wall_ms from = { 0 }, to = call->now;
    int64_t company, last = 0, count = 0;
    struct page page;
    enum status s;

    TRY(find_company(call, arg_text(call, "company"), &company));
    if (arg_text(call, "from") != NULL)
        TRY(moment_read(call, arg_text(call, "from"), "data.when", &from));
    if (arg_text(call, "to") != NULL)
        TRY(moment_read(call, arg_text(call, "to"), "data.when", &to));
    if (from.ms > to.ms)
        return diag_say(call->diag, STATUS_USAGE, "data.backwards", NULL);
    TRY(page_begin(call, &page));
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_DATA_HELD);
    stmt_bind(q, "iiiii", company, from.ms, to.ms, page.after, page.limit + 1);
    while ((s = stmt_step(q)) == STATUS_OK && count < page.limit) {
        struct subject of;
        last = stmt_int(q, 0);
        count++;
        TRY(subject_left(call, last, &of));
        TRY(put_holders(call, &of, company, from, page.items));
    }
    page_end(call, &page, last, s == STATUS_OK, -1);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- the register ------------------------------------------------------------------------- */

static json_t *
register_row(struct call *call, struct stmt *q)
{
    enum { ID, ROLE, STATE, NAME, COUNTRY, ISSUER, TITLE, AT, ENDS, GRANT, RECORDS };
    static const char *const directions[] = {
        [ROLE_GIVEN] = "to", [ROLE_RECEIVED] = "from", [ROLE_NOTED] = "passed on to"
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    enum share_role role = (enum share_role)stmt_int(q, ROLE);
    struct signed_object *object;
    struct grant *grant;
    json_t *o = json_object();

    reply_set(o, "direction", json_words(directions[role]));
    reply_set(o, "company", json_words(stmt_text(q, NAME)));
    reply_set(o, "country", json_words(stmt_text(q, COUNTRY)));
    reply_set(o, "via", role == ROLE_NOTED ? json_words(stmt_text(q, ISSUER)) : json_null());
    reply_set(o, "title", json_words(stmt_text(q, TITLE)));
    reply_set(o, "records",
              role == ROLE_NOTED ? json_null() : json_integer(stmt_int(q, RECORDS)));
    reply_set(o, "since", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "until", json_time((struct wall_ms){ stmt_int(q, ENDS) }));
    reply_set(o, "state", json_words(share_state_name((enum share_state)stmt_int(q, STATE))));
    if (wire_signed_object_parse(stmt_bytes(q, GRANT), arena, &object) != STATUS_OK ||
        wire_grant_parse(object->body, arena, &grant) != STATUS_OK)
        return o;
    reply_set(o, "purpose", words_of(grant->purposes, grant->purpose_count));
    reply_set(o, "fields", grant_fields_json(call, grant));
    reply_set(o, "delete_days", json_integer(grant->delete_days));
    return o;
}

enum status
service_data_register(struct call *call)
{
    return page_rows(call, STMT_DATA_REGISTER, register_row);
}
