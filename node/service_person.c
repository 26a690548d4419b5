/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_person.c - the joint guest list: one line per person over the rows of all owners, and who claims whom.
 *
 * 1. Every row that speaks of a person is a claim on it (node/person.h). What the first claim lacks is filled from
 *    the others, on the screen alone: no row ever takes a value of another's.
 * 2. A line is made of rows that this node holds, and of nothing else. Nothing is asked of partners and nothing is told
 *    to them, so what one bringer sees here cannot depend on what another brought.
 */
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

enum { STALE_DAYS = 7 };

enum { ACTIVITIES_MAX = 16 };

/* ---- claims ------------------------------------------------------------------------------- */

static enum status
claim_rows(struct call *call, int64_t person, int64_t *records, struct claim *out,
           size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_PERSON_CLAIMS);
    enum status s = STATUS_OK;

    *count = 0;
    stmt_bind(q, "i", person);
    while (*count < PERSON_ROWS_MAX && (s = stmt_step(q)) == STATUS_OK) {
        records[*count] = stmt_int(q, 0);
        out[*count].claimed.ms = stmt_int(q, 1);
        out[*count].since.ms = stmt_int(q, 2);
        (*count)++;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* A company behind a carrier says of each thing that we send it that it has come. When the newest such word is old, so may
   its rows be: they stay until the grant's end, and are marked. */
static enum status
stale_since(struct call *call, int64_t owner, struct wall_ms *out)
{
    const int64_t long_ms = (int64_t)STALE_DAYS * 24 * 3600 * 1000;
    const struct company *company = company_by_id(call->core, owner);
    int64_t heard;

    *out = (struct wall_ms){ 0 };
    if (owner == COMPANY_US || company == NULL || company->peer != NULL)
        return STATUS_OK;
    enum status s = store_number(call->store, &heard, STMT_ROUTE_HEARD, "i", owner);
    if (s == STATUS_OK && call->now.ms - heard > long_ms)
        out->ms = heard;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
claim_fill(struct call *call, int64_t record, struct claim *out)
{
    struct company_name owner;

    TRY(record_now(call->store, record, false, call->arena, &out->now));
    TRY(company_name(call, out->now->owner, &owner));
    TRY(via_name(call, out->now->grant, out->now->owner, &out->via));
    TRY(stale_since(call, out->now->owner, &out->stale));
    out->company = owner.name;
    out->is_verified = company_name_is_verified(&owner);
    out->by_file = owner.state == COMPANY_LIGHT;
    return STATUS_OK;
}

enum status
person_claims(struct call *call, int64_t person, struct claim **out, size_t *count)
{
    int64_t records[PERSON_ROWS_MAX];
    struct claim *claims = ARENA_ARRAY(call->arena, struct claim, PERSON_ROWS_MAX);
    size_t found;

    *out = claims;
    *count = 0;
    TRY(claim_rows(call, person, records, claims, &found));
    for (size_t i = 0; i < found; i++) {
        struct claim claim = claims[i];
        enum status s = claim_fill(call, records[i], &claim);
        if (s == STATUS_NOT_FOUND && claim.now == NULL)
            continue; /* lost, and not mended yet (node/repair.h) */
        TRY(s);
        claims[(*count)++] = claim;
    }
    return *count == 0 && found > 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

static const char *
claim_text(struct call *call, const struct type_field *field, const struct claim *claim)
{
    for (size_t i = 0; i < claim->now->field_count; i++)
        if (key_is_equal(claim->now->fields[i].key, field->key) &&
            claim->now->fields[i].value.len > 0)
            return value_format(field, claim->now->fields[i].value, call->arena);
    return NULL;
}

const char *
person_text(struct call *call, const struct type *type, const struct claim *claims,
            size_t count, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);
    const char *text = NULL;

    for (size_t i = 0; field != NULL && text == NULL && i < count; i++)
        text = claim_text(call, field, &claims[i]);
    return text;
}

static const char *
words(struct call *call, const char *key, const char *a, const char *b)
{
    const char *args[] = { a, b };

    return text_format(call->language, key, args, b == NULL ? 1 : 2, call->arena);
}

const char *
claim_words(struct call *call, const struct claim *claim)
{
    if (claim->by_file)
        return words(call, "guest.by_file", claim->company, NULL);
    const char *text = claim->via == NULL
                           ? claim->company
                           : words(call, "guest.via", claim->company, claim->via);

    return claim->is_verified ? text : words(call, "guest.not_verified", text, NULL);
}

/* ---- what is known about a claim ---------------------------------------------------------- */

enum status
claim_activity(struct call *call, const struct claim *claim, const char *form, bool own_only,
               struct record_now **out)
{
    struct project_reference query = { .value = &claim->now->id,
                                       .form = form,
                                       .own_only = own_only };
    int64_t found[ACTIVITIES_MAX];
    size_t count;

    *out = NULL;
    TRY(find_type(call, "activity", &query.type));
    query.ref = type_field_find_name(query.type, "about");
    TRY(project_referring(call->store, &query, found, COUNT_OF(found), &count));
    return count == 0 ? STATUS_OK
                      : record_now(call->store, found[count - 1], false, call->arena, out);
}

enum status
claim_draft(struct call *call, const struct type *activity, const struct claim *claim,
            const char *form, struct draft *draft)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_CLAIM_CONTRIBUTION);

    TRY(draft_set(call, draft, activity, "form", form));
    draft_put(draft, type_field_find_name(activity, "about")->key,
              bytes_of(claim->now->id.b, ID_SIZE));
    stmt_bind(q, "i", claim->now->record);
    enum status s = stmt_step(q);
    if (s == STATUS_OK)
        draft_put(draft, activity->parent->key, arena_copy(call->arena, stmt_bytes(q, 0)));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
claim_of_row(struct call *call, const struct record_id *row, struct claim *out, int64_t *person)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    int64_t record;

    *out = (struct claim){ 0 };
    TRY(store_number(call->store, &record, STMT_RECORD_FIND, "b", bytes_of(row->b, ID_SIZE)));
    q = stmt_borrow(call->store, STMT_PERSON_GET);
    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    *person = stmt_int(q, 0);
    out->claimed.ms = stmt_int(q, 2);
    out->since.ms = stmt_int(q, 3);
    return claim_fill(call, record, out);
}

/* A moment in a record's field; ms 0: it has none. */
static struct wall_ms
moment_of(const struct type *type, const struct record_now *now, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, field->key) && now->fields[i].value.len >= 8)
            return (struct wall_ms){ (int64_t)get_u64(now->fields[i].value.data) };
    return (struct wall_ms){ 0 };
}

enum status
person_arrived(struct call *call, const struct claim *claims, size_t count, struct wall_ms *out)
{
    const struct type *activity;

    *out = (struct wall_ms){ 0 };
    TRY(find_type(call, "activity", &activity));
    for (size_t i = 0; i < count; i++) {
        struct record_now *now;
        TRY(claim_activity(call, &claims[i], "arrival", false, &now));
        struct wall_ms at = now == NULL ? *out : moment_of(activity, now, "startDate");
        if (at.ms > 0 && (out->ms == 0 || at.ms < out->ms))
            *out = at;
    }
    return STATUS_OK;
}

/* ---- who is meant ------------------------------------------------------------------------- */

/* By the beginning of a row's id. STATUS_NOT_FOUND: the text is none, or not of this event. */
static enum status
find_by_id(struct call *call, const struct record_id *event, const char *text, int64_t *person)
{
    struct diag nothing = { 0 }, *said = call->diag;
    int64_t record;

    call->diag = &nothing; /* it may be words; then nobody must hear of it */
    enum status s = find_record(call, text, &record);
    call->diag = said;
    if (s != STATUS_OK)
        return STATUS_NOT_FOUND;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_RECORD_GET);
    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    if (!bytes_is_equal(stmt_bytes(q, 3), bytes_of(event->b, ID_SIZE)))
        return STATUS_NOT_FOUND;
    return store_number(call->store, person, STMT_PERSON_GET, "i", record);
}

enum status
person_find(struct call *call, const struct record_id *event, const char *text, int64_t *person)
{
    struct project_query query = {
        .people = true, .parent = event, .search = text, .limit = 2
    };
    int64_t found[2];
    size_t count;

    enum status s = find_by_id(call, event, text, person);
    if (s != STATUS_NOT_FOUND)
        return s;
    TRY(find_type(call, "attendee", &query.type));
    TRY(project_list(call->store, &query, found, &count));
    if (count == 0 || text[0] == '\0')
        return diag_say(call->diag, STATUS_NOT_FOUND, "guest.unknown", text, NULL);
    if (count > 1)
        return diag_say(call->diag, STATUS_USAGE, "guest.ambiguous", text, NULL);
    *person = found[0];
    return STATUS_OK;
}

/* ---- a line ------------------------------------------------------------------------------- */

static json_t *
text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_words(text);
}

static json_t *
claim_json(struct call *call, const struct type *type, const struct claim *claim)
{
    json_t *o = json_object();

    reply_set(o, "record", json_id(claim->now->id.b));
    reply_set(o, "company", json_words(claim->company));
    reply_set(o, "own", json_boolean(claim->now->owner == COMPANY_US));
    reply_set(o, "via", text_or_null(claim->via));
    reply_set(o, "verified", json_boolean(claim->is_verified));
    reply_set(o, "by_file", json_boolean(claim->by_file));
    reply_set(o, "claimed", json_time(claim->claimed));
    reply_set(o, "since", json_time(claim->since));
    reply_set(o, "as_of", json_time(claim->now->at));
    reply_set(o, "stale_since", claim->stale.ms > 0 ? json_time(claim->stale) : json_null());
    reply_set(o, "status", text_or_null(person_text(call, type, claim, 1, "status")));
    return o;
}

/* Who brings her, and since when that company is silent. */
static const char *
bringer_words(struct call *call, const struct claim *claim)
{
    const char *text = claim_words(call, claim);

    if (claim->stale.ms == 0)
        return text;
    json_t *day = json_time(claim->stale);
    text = words(call, "guest.stale", text,
                 arena_printf(call->arena, "%.10s", json_string_value(day)));
    json_decref(day);
    return text;
}

/* Each company once, however many rows it has. */
static const char *
brought_by(struct call *call, const struct claim *claims, size_t count)
{
    const char *text = bringer_words(call, &claims[0]);

    for (size_t i = 1; i < count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && claims[i].now->owner != claims[j].now->owner;
        if (is_new)
            text = words(call, "guest.join", text, bringer_words(call, &claims[i]));
    }
    return text;
}

static enum status
line_json(struct call *call, const struct type *type, int64_t person, json_t **out)
{
    static const char *const shown[] = { "name",      "organization", "email",
                                         "telephone", "mobile",       "status" };
    struct claim *claims;
    struct wall_ms arrived;
    json_t *list;
    int64_t seen_by;
    size_t count;

    *out = NULL;
    TRY(person_claims(call, person, &claims, &count));
    if (count == 0)
        return STATUS_NOT_FOUND;
    TRY(store_number(call->store, &seen_by, STMT_PERSON_SEEN_BY, "i", person));
    TRY(person_arrived(call, claims, count, &arrived));
    TRY(record_json(call, claims[0].now, out));
    for (size_t i = 0; i < COUNT_OF(shown); i++)
        reply_set(*out, shown[i],
                  text_or_null(person_text(call, type, claims, count, shown[i])));
    reply_set(*out, "brought_by", json_words(brought_by(call, claims, count)));
    reply_set(*out, "arrived", arrived.ms > 0 ? json_time(arrived) : json_null());
    reply_set(*out, "seen_by", json_integer(seen_by));
    list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, claim_json(call, type, &claims[i]));
    reply_set(*out, "claims", list);
    return STATUS_OK;
}

/* ---- totals ------------------------------------------------------------------------------- */

struct totals {
    struct call *call;
    json_t *list;
};

static enum status
on_share(void *self, const struct project_share *share)
{
    const struct totals *t = self;
    struct company_name owner, issuer;
    const char *via = NULL;
    json_t *o;

    TRY(company_name(t->call, share->owner, &owner));
    bool by_file = owner.state == COMPANY_LIGHT;
    if (share->issuer != share->owner && !by_file) {
        TRY(company_name(t->call, share->issuer, &issuer));
        via = issuer.name;
    } else if (share->owner != COMPANY_US) {
        TRY(carrier_name(t->call, share->owner, &via));
    }
    o = json_object();
    reply_set(o, "company", json_words(owner.name));
    reply_set(o, "own", json_boolean(share->owner == COMPANY_US));
    reply_set(o, "via", text_or_null(via));
    reply_set(o, "verified", json_boolean(company_name_is_verified(&owner)));
    reply_set(o, "by_file", json_boolean(by_file));
    reply_set(o, "rows", json_integer(share->rows));
    reply_set(o, "missing", json_integer(share->missing));
    (void)json_array_append_new(t->list, o);
    return STATUS_OK;
}

/* ---- the list ----------------------------------------------------------------------------- */

/* --company and --status. A guest is listed when one claim on her fits. */
static enum status
narrow(struct call *call, struct project_query *query)
{
    const char *company = arg_text(call, "company"), *status = arg_text(call, "status");
    struct company_name us;
    const char *rule;

    TRY(company_name(call, COMPANY_US, &us));
    if (company != NULL && strcmp(text_fold(bytes_text(company), call->arena),
                                  text_fold(bytes_text(us.name), call->arena)) == 0)
        query->owner = COMPANY_US;
    else if (company != NULL)
        TRY(find_company(call, company, &query->owner));
    if (status == NULL)
        return STATUS_OK;
    if (strpbrk(status, "\"\\") != NULL || status[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "guest.status_unknown", status, NULL);
    rule = arena_printf(call->arena, "status = \"%s\"", status);
    return rule_parse(query->type, bytes_text(rule), call->core->region, call->arena,
                      call->diag, &query->where);
}

static enum status
list_page(struct call *call, struct project_query *query, struct page *page)
{
    int64_t persons[PAGE_MAX + 1], total;
    size_t count;

    TRY(project_list(call->store, query, persons, &count));
    TRY(project_count(call->store, query, &total));
    bool more = count > (size_t)page->limit;
    count -= more;
    for (size_t i = 0; i < count; i++) {
        json_t *o;
        enum status s = line_json(call, query->type, persons[i], &o);
        if (s == STATUS_NOT_FOUND)
            continue; /* all rows that speak of her are lost, and not mended yet */
        TRY(s);
        (void)json_array_append_new(page->items, o);
    }
    page_end(call, page, count > 0 ? persons[count - 1] : 0, more, total);
    return STATUS_OK;
}

enum status
person_query(struct call *call, struct project_query *out)
{
    struct record_now *event;

    *out = (struct project_query){ .people = true };
    TRY(guests_event(call, &event));
    out->parent = &event->id;
    TRY(find_type(call, "attendee", &out->type));
    return narrow(call, out);
}

enum status
service_guest_list(struct call *call)
{
    struct totals totals = { call, NULL };
    struct project_query query;
    struct page page;

    TRY(person_query(call, &query));
    TRY(page_begin(call, &page));
    query.search = page.search;
    query.after = page.after;
    query.limit = page.limit + 1;
    TRY(list_page(call, &query, &page));
    if (page.after > 0)
        return STATUS_OK;
    totals.list = json_array();
    reply_set(call->reply, "by_company", totals.list);
    return project_each_share(call->store, query.type, query.parent, on_share, &totals);
}
