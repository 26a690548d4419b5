/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_light.c - companies without a node: adding one by name and address, the offer that its reply sheet answers,
 * and the files that it gets (contract: node/light.h). What it sends back is in service_light_reply.c.
 */
#include <stdlib.h>
#include <string.h>

#include "node/export.h"
#include "node/light.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

bool
light_language_find(const char *text, enum language *out)
{
    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        if (strcmp(text, language_tag((enum language)i)) == 0) {
            *out = (enum language)i;
            return true;
        }
    return false;
}

/* The argument, else what is written down of the company, else the language of who asks. */
static enum status
language_read(struct call *call, const char *otherwise, enum language *out)
{
    const char *text = arg_text_or(call, "language", otherwise);

    *out = call->language;
    return text == NULL || light_language_find(text, out)
               ? STATUS_OK
               : diag_say(call->diag, STATUS_USAGE, "light.language", text, NULL);
}

/* ---- adding one --------------------------------------------------------------------------- */

static enum status
check_name(struct call *call, const char *name)
{
    int64_t other;

    if (*name == '\0' || strlen(name) > TEXT_SHORT_MAX)
        return diag_say(call->diag, STATUS_USAGE, "light.name", NULL);
    enum status s = store_number(call->store, &other, STMT_COMPANY_NAMED, "t", name);
    if (s == STATUS_OK)
        return diag_say(call->diag, STATUS_CONFLICT, "light.name_taken", name, NULL);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
read_as(struct call *call, enum kind kind, const char *text, const char **out)
{
    const struct type_field field = { .kind = kind, .name = "light" };
    struct bytes value;

    *out = "";
    if (text == NULL)
        return STATUS_OK;
    TRY(value_parse(&field, bytes_text(text), call->core->region, NULL, call->arena, call->diag,
                    &value));
    *out = value_format(&field, value, call->arena);
    return STATUS_OK;
}

enum status
service_partner_add_light(struct call *call)
{
    const char *name = arg_text(call, "name"), *email, *country, *person;
    enum language language;
    struct company *company;

    TRY(check_name(call, name));
    TRY(read_as(call, KIND_EMAIL, arg_text(call, "email"), &email));
    TRY(read_as(call, KIND_COUNTRY, arg_text_or(call, "country", call->core->region),
                &country));
    TRY(read_as(call, KIND_TEXT, arg_text(call, "contact"), &person));
    TRY(language_read(call, NULL, &language));
    if (strlen(person) > TEXT_SHORT_MAX)
        return diag_say(call->diag, STATUS_USAGE, "light.name", NULL);
    TRY(core_need_txn(call->core));
    TRY(company_add_light(call->core, name, country, &company));
    TRY(store_exec(call->store, STMT_LIGHT_ADD, "ittt", company->id, email, person,
                   language_tag(language)));
    TRY(audit_add(call->core, call->actor, "partner.added_light",
                  bytes_of(company->node.b, ID_SIZE), (struct bytes){ 0 }));
    return partner_show(call, company->id);
}

enum status
light_company_put(struct call *call, int64_t company, json_t *o)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_LIGHT_GET);

    stmt_bind(q, "i", company);
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    reply_set(o, "email", json_words(stmt_text(q, 0)));
    reply_set(o, "contact", json_words(stmt_text(q, 1)));
    reply_set(o, "language", json_words(stmt_text(q, 2)));
    return STATUS_OK;
}

/* ---- the offer ---------------------------------------------------------------------------- */

enum status
light_check(struct call *call, const struct grant *grant)
{
    const struct type *event;

    TRY(find_type(call, "event", &event));
    if (!ID_IS_EQUAL(grant->owner, call->core->me) || grant->selector != SELECTOR_TREE)
        return diag_say(call->diag, STATUS_CONFLICT, "light.own_event", NULL);
    if (grant->depth > 0 || (grant->actions & (ACTION_PASS_ON | ACTION_PROPOSE)) != 0)
        return diag_say(call->diag, STATUS_CONFLICT, "light.reads_only", NULL);
    for (size_t i = 0; i < grant->field_count; i++)
        if (!key_is_equal(grant->fields[i].type, event->key))
            return diag_say(call->diag, STATUS_CONFLICT, "light.event_fields", NULL);
    return STATUS_OK;
}

static int
compare_columns(const void *a, const void *b)
{
    return grant_field_compare(a, b);
}

/* What is wanted, and what a row always may have; references mean nothing on paper. */
static enum status
read_columns(struct call *call, const struct terms *terms, struct light_offer *offer)
{
    const struct type *guest;
    size_t n = 0, kept = 0;

    TRY(find_type(call, "attendee", &guest));
    struct grant_field *columns =
        ARENA_ARRAY(call->arena, struct grant_field, LIGHT_COLUMNS_MAX);
    columns[n++] = (struct grant_field){ guest->key, type_field_find_name(guest, "name")->key };
    for (size_t i = 0; i < CONSENT_FIELD_COUNT_; i++)
        columns[n++] = (struct grant_field){ guest->key, guest->consent[i]->key };
    for (size_t i = 0; i < terms->want_count; i++) {
        const struct type_field *f = type_field_find(guest, terms->want[i].field);
        if (f != NULL && f->kind != KIND_REFERENCE && n < LIGHT_COLUMNS_MAX)
            columns[n++] = terms->want[i];
    }
    qsort(columns, n, sizeof(*columns), compare_columns);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || grant_field_compare(&columns[kept - 1], &columns[i]) != 0)
            columns[kept++] = columns[i];
    offer->columns = columns;
    offer->column_count = kept;
    return STATUS_OK;
}

enum status
light_offer_make(struct call *call, const struct grant *grant, const struct object_id *gid,
                 struct signed_object *out)
{
    struct light_offer offer = { .author = call->core->me,
                                 .audience = grant->audience,
                                 .grant = *gid,
                                 .event = grant->tree,
                                 .offered = call->now };

    if (grant->has_terms)
        TRY(read_columns(call, &grant->terms, &offer));
    return core_sign(call->core, SIGN_LIGHT_OFFER, wire_light_offer_format(&offer, call->arena),
                     out);
}

enum status
light_share_find(struct call *call, struct light_share *out)
{
    const char *text = arg_text(call, "share");
    struct signed_object *object;
    int64_t share;

    *out = (struct light_share){ 0 };
    TRY(find_share(call, text, &share));
    out->live = live_by_share(call->core, share);
    if (out->live == NULL || chain_end(out->live->chain).ms <= call->now.ms)
        return diag_say(call->diag, STATUS_CONFLICT, "share.not_live", text, NULL);
    if (out->live->state != SHARE_FILED)
        return diag_say(call->diag, STATUS_CONFLICT, "light.has_node", text, NULL);
    out->company = company_by_id(call->core, out->live->partner);
    out->grant = chain_leaf(out->live->chain);
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SHARE_OFFER);
        stmt_bind(q, "i", share);
        TRY(stmt_step(q));
        TRY(wire_signed_object_parse(arena_copy(call->arena, stmt_bytes(q, 0)), call->arena,
                                     &object));
    }
    out->object = *object;
    out->oid = digest_object_id(object->body);
    return wire_light_offer_parse(object->body, call->arena, &out->offer);
}

/* ---- the files ---------------------------------------------------------------------------- */

/* The event as the grant lets it through: the decision and the narrowing of every other share. */
static enum status
granted_event(struct light_files *f, const struct record_now *now)
{
    struct call *call = f->call;
    const struct live *live = f->share->live;
    const struct run_leaves *run = NULL;
    struct copy_row row;
    struct cleared cleared;
    struct decision why;

    TRY(copy_get(call->core, now->record, OWN_GRANT, call->arena, &run, &row));
    enum status s = disclose(live->chain, &f->share->grant->audience, &row.facts, &row.full,
                             call->now, call->arena, &cleared, &why);
    if (s != STATUS_OK)
        return diag_say(call->diag, s, "light.withheld", NULL);
    f->event = ARENA_NEW(call->arena, struct record_now);
    *f->event = *now;
    f->event->fields = cleared.shown.fields;
    f->event->field_count = cleared.shown.field_count;
    int64_t purged; /* nobody without a node says so */
    return store_number(call->store, &purged, STMT_DELIVERY_PUT, "iiiiii", now->record,
                        live->partner, live->leaf, (int64_t)now->position.incarnation,
                        (int64_t)now->position.number, call->now.ms);
}

static enum status
find_event(struct light_files *f)
{
    struct call *call = f->call;
    struct record_now *now;
    int64_t record;

    enum status s = store_number(call->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(f->share->grant->tree.b, ID_SIZE));
    if (s == STATUS_OK)
        s = record_now(call->store, record, false, call->arena, &now);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && now->tombstone))
        return diag_say(call->diag, STATUS_NOT_FOUND, "light.event_gone", NULL);
    TRY(s);
    return granted_event(f, now);
}

/* Whom to ask: as said, else the event's organiser, if that is shared. */
static enum status
find_contact(struct light_files *f)
{
    const struct type_field *email = type_field_find_name(f->event_type, "organizerEmail");

    f->ask = arg_text(f->call, "contact");
    for (size_t i = 0; f->ask == NULL && email != NULL && i < f->event->field_count; i++)
        if (key_is_equal(f->event->fields[i].key, email->key))
            f->ask = value_format(email, f->event->fields[i].value, f->call->arena);
    return f->ask != NULL && *f->ask != '\0'
               ? STATUS_OK
               : diag_say(f->call->diag, STATUS_USAGE, "light.contact", NULL);
}

static enum status
files_init(struct call *call, const struct light_share *share, struct light_files *f)
{
    struct company_name us;
    const char *language = NULL;

    *f = (struct light_files){ .call = call, .share = share };
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_LIGHT_GET);
        stmt_bind(q, "i", share->company->id);
        TRY(stmt_step(q));
        language = arena_text(call->arena, bytes_text(stmt_text(q, 2)));
    }
    TRY(language_read(call, language, &f->language));
    TRY(company_name(call, COMPANY_US, &us));
    f->us = us.name;
    TRY(find_type(call, "event", &f->event_type));
    TRY(find_type(call, "attendee", &f->guest_type));
    TRY(core_need_txn(call->core));
    TRY(find_event(f));
    TRY(find_contact(f));
    return export_delimiter(call, &f->delimiter);
}

static void
add_file(json_t *files, const char *name, const char *text)
{
    json_t *o = json_object();

    reply_set(o, "name", json_string(name));
    reply_set(o, "text", json_words(text));
    (void)json_array_append_new(files, o);
}

/* An event without a time is shared all the same, only not as a calendar file. */
static enum status
add_calendar(struct light_files *f, json_t *files, json_t *left_out)
{
    struct call *call = f->call;
    struct diag why = { 0 };
    const char *text;

    enum status s = invitation_event(call, f->event, NULL, &why, &text);
    if (s == STATUS_OK)
        add_file(files, "event.ics", text);
    if (s != STATUS_USAGE)
        return s;
    json_t *o = json_object();
    reply_set(o, "title", json_string("event.ics"));
    reply_set(o, "reason", json_words(text_failure(call->language, s, &why, call->arena)));
    (void)json_array_append_new(left_out, o);
    return STATUS_OK;
}

enum status
service_share_to_file(struct call *call)
{
    struct light_share share;
    struct light_files f;
    const char *offer;
    json_t *files = json_array(), *left_out = json_array();

    call->reply = json_object();
    reply_set(call->reply, "files", files);
    reply_set(call->reply, "left_out", left_out);
    reply_set(call->reply, "next", json_null());
    TRY(light_share_find(call, &share));
    TRY(files_init(call, &share, &f));
    TRY(light_offer_text(&f, &offer));
    add_file(files, "README.txt", light_page(&f));
    if (share.offer->column_count > 0)
        add_file(files, "reply.csv", light_sheet(&f));
    TRY(add_calendar(&f, files, left_out));
    add_file(files, "offer.json", offer);
    return audit_add(call->core, call->actor, "share.filed",
                     bytes_of(chain_leaf_id(share.live->chain)->b, ID_SIZE),
                     bytes_of(share.oid.b, ID_SIZE));
}
