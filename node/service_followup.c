/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_followup.c - what a seller sees of a lead's guest, what the bringers hear of its stage, and the work
 * lists.
 *
 * 1. A lead refers to a guest's row and copies nothing personal. Name and telephone are read from that row each time:
 *    when it is withdrawn, or the share under which it came has ended, the seller sees neither, and why.
 * 2. Only the row that the lead refers to is read. Another bringer's row of the same person may not be used for this.
 * 3. Of a lead its stage goes back, once for each claim of a partner, and nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/service_priv.h"
#include "node/store/work.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

/* ---- the guest of a lead ------------------------------------------------------------------ */

static struct bytes
value_of(const struct type *type, const struct record_now *now, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, field->key))
            return now->fields[i].value;
    return (struct bytes){ 0 };
}

static bool
reference_of(const struct type *type, const struct record_now *now, const char *name,
             struct record_id *out)
{
    struct bytes value = value_of(type, now, name);

    if (value.len != ID_SIZE)
        return false;
    memcpy(out->b, value.data, ID_SIZE);
    return true;
}

/* The title of a record that is here; "" when it is not. */
static enum status
title_of(struct call *call, const struct record_id *id, const char **out)
{
    struct record_now *now;
    int64_t record;

    *out = "";
    enum status s =
        store_number(call->store, &record, STMT_RECORD_FIND, "b", bytes_of(id->b, ID_SIZE));
    if (s == STATUS_OK)
        s = record_now(call->store, record, false, call->arena, &now);
    if (s == STATUS_OK)
        *out = record_title(call, now);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static const char *
words(struct call *call, const char *key, const char *a, const char *b, const char *c)
{
    const char *args[] = { a, b, c };

    return text_format(call->language, key, args,
                       c != NULL   ? 3
                       : b != NULL ? 2
                                   : 1,
                       call->arena);
}

/* Withdrawn by its owner, or the share is over. */
static enum status
why_gone(struct call *call, const struct record_id *row, const char **out)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct company_name owner;
    int64_t record, company;

    *out = text_get(call->language, "lead.share_ended");
    enum status s =
        store_number(call->store, &record, STMT_RECORD_FIND, "b", bytes_of(row->b, ID_SIZE));
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    {
        AUTO(stmt_return) struct stmt *r = stmt_borrow(call->store, STMT_RECORD_GET);
        stmt_bind(r, "i", record);
        TRY(stmt_step(r));
        company = stmt_int(r, 1);
    }
    q = stmt_borrow(call->store, STMT_CLAIM_END);
    stmt_bind(q, "i", company);
    s = stmt_step(q);
    if (s == STATUS_OK && stmt_int(q, 0) == SHARE_ENDED)
        return STATUS_OK;
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    TRY(company_name(call, company, &owner));
    *out = words(call, "lead.withdrawn", owner.name, NULL, NULL);
    return STATUS_OK;
}

static enum status
origin_of(struct call *call, const struct type *attendee, const char *event,
          struct lead_guest *out)
{
    const struct type_field *status = type_field_find_name(attendee, "status");
    const char *state = person_text(call, attendee, &out->claim, 1, "status");
    struct wall_ms arrived;

    TRY(person_arrived(call, &out->claim, 1, &arrived));
    if (arrived.ms > 0)
        state = "attended";
    for (size_t i = 0; state != NULL && status->options[i] != NULL; i++)
        if (strcmp(status->options[i], state) == 0)
            state = status->option_label[call->language][i];
    const char *who = claim_words(call, &out->claim);
    out->origin = state == NULL ? words(call, "lead.origin", event, who, NULL)
                                : words(call, "lead.origin_state", event, who, state);
    return STATUS_OK;
}

enum status
lead_guest_get(struct call *call, const struct record_now *lead, struct lead_guest *out)
{
    const struct type *type, *attendee;
    struct record_id row, event;
    const char *title = "";
    int64_t person;

    *out = (struct lead_guest){ 0 };
    TRY(find_type(call, "lead", &type));
    TRY(find_type(call, "attendee", &attendee));
    if (!reference_of(type, lead, "attendee", &row))
        return STATUS_NOT_FOUND;
    enum status s = claim_of_row(call, &row, &out->claim, &person);
    if (s == STATUS_NOT_FOUND) {
        out->claim.now = NULL;
        return why_gone(call, &row, &out->why);
    }
    TRY(s);
    if (reference_of(type, lead, "event", &event))
        TRY(title_of(call, &event, &title));
    out->name = person_text(call, attendee, &out->claim, 1, "name");
    out->organization = person_text(call, attendee, &out->claim, 1, "organization");
    out->email = person_text(call, attendee, &out->claim, 1, "email");
    out->telephone = person_text(call, attendee, &out->claim, 1, "mobile");
    if (out->telephone == NULL)
        out->telephone = person_text(call, attendee, &out->claim, 1, "telephone");
    return origin_of(call, attendee, title, out);
}

static json_t *
text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_words(text);
}

static void
put_guest(json_t *o, const struct lead_guest *guest)
{
    reply_set(o, "name", text_or_null(guest->name));
    reply_set(o, "organization", text_or_null(guest->organization));
    reply_set(o, "email", text_or_null(guest->email));
    reply_set(o, "telephone", text_or_null(guest->telephone));
    reply_set(o, "origin", text_or_null(guest->origin != NULL ? guest->origin : guest->why));
}

enum status
lead_show(struct call *call, const struct record_now *now, json_t *object)
{
    const struct type *type;
    struct lead_guest guest;
    json_t *o;

    TRY(find_type(call, "lead", &type));
    enum status s = lead_guest_get(call, now, &guest);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    o = json_object();
    put_guest(o, &guest);
    reply_set(o, "reason", text_or_null(guest.why));
    reply_set(object, "guest", o);
    if (value_of(type, now, "name").len == 0 && value_of(type, now, "organization").len == 0)
        reply_set(object, "title", json_words(guest.name != NULL ? guest.name : guest.why));
    return STATUS_OK;
}

/* ---- the stage goes back ------------------------------------------------------------------ */

struct telling {
    struct call *call;
    const struct type *activity;
    const char *subject, *stage, *at;
    struct mint mints[PERSON_ROWS_MAX];
    size_t count;
};

static enum status
tell(struct telling *t, const struct claim *claim)
{
    struct draft draft = { .count = 0 };
    struct record_now *there;

    TRY(claim_activity(t->call, claim, "stage", true, &there));
    TRY(claim_draft(t->call, t->activity, claim, "stage", &draft));
    TRY(draft_set(t->call, &draft, t->activity, "subject", t->subject));
    TRY(draft_set(t->call, &draft, t->activity, "outcome", t->stage));
    TRY(draft_set(t->call, &draft, t->activity, "startDate", t->at));
    struct field *fields = ARENA_ARRAY(t->call->arena, struct field, draft.count);
    memcpy(fields, draft.fields, draft.count * sizeof(*fields));
    t->mints[t->count++] = (struct mint){ .record = there == NULL ? 0 : there->record,
                                          .type = t->activity->key,
                                          .fields = fields,
                                          .field_count = draft.count };
    return STATUS_OK;
}

static enum status
tell_all(struct call *call, const struct type *type, const struct record_now *lead)
{
    struct telling *t = ARENA_NEW(call->arena, struct telling);
    struct record_id row, event;
    struct claim *claims, first;
    int64_t person;
    size_t count;

    t->call = call;
    if (!reference_of(type, lead, "attendee", &row))
        return STATUS_OK;
    enum status s = claim_of_row(call, &row, &first, &person);
    if (s != STATUS_OK) /* withdrawn: nobody is there to be told about */
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(find_type(call, "activity", &t->activity));
    t->subject = text_get(call->language, "lead.stage_subject");
    if (reference_of(type, lead, "event", &event))
        TRY(title_of(call, &event, &t->subject));
    t->stage = arena_text(call->arena, value_of(type, lead, "stage"));
    json_t *now = json_time(call->now);
    t->at = arena_text(call->arena, bytes_text(json_string_value(now)));
    json_decref(now);
    TRY(person_claims(call, person, &claims, &count));
    for (size_t i = 0; i < count; i++)
        if (claims[i].now->owner != COMPANY_US)
            TRY(tell(t, &claims[i]));
    /* Each in a batch of its own: the size of a batch would tell one bringer that another brought the same person. */
    for (size_t i = 0; i < t->count; i++)
        TRY(records_mint(call->core, &t->mints[i], 1, call->actor, "lead.stage"));
    return STATUS_OK;
}

enum status
lead_changed(struct call *call, const struct record_now *before)
{
    const struct type *type;
    struct record_now *after;

    TRY(find_type(call, "lead", &type));
    TRY(record_now(call->store, before->record, false, call->arena, &after));
    if (bytes_is_equal(value_of(type, before, "stage"), value_of(type, after, "stage")))
        return STATUS_OK;
    return tell_all(call, type, after);
}

enum status
service_lead_move(struct call *call)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    const char *text = arg_text(call, "lead"), *note = arg_text(call, "note");
    const struct type *type;
    struct record_now *now;
    int64_t record;

    TRY(find_type(call, "lead", &type));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, &now);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK && (now->tombstone || !key_is_equal(now->type, type->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
    TRY(s);
    TRY(record_check_own(call, now));
    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    TRY(draft_set(call, draft, type, "stage", arg_text(call, "stage")));
    if (note != NULL)
        TRY(draft_set(call, draft, type, "note", note));
    struct mint mint = { .record = now->record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    TRY(records_mint(call->core, &mint, 1, call->actor, "lead.moved"));
    TRY(lead_changed(call, now));
    TRY(record_now(call->store, record, false, call->arena, &now));
    return record_json(call, now, &call->reply);
}

/* ---- work lists --------------------------------------------------------------------------- */

static enum status
put_task(struct call *call, int64_t task, const char **seller, json_t *o)
{
    const struct type *activity;
    struct record_now *now;

    TRY(find_type(call, "activity", &activity));
    TRY(record_now(call->store, task, false, call->arena, &now));
    struct bytes due = value_of(activity, now, "dueDate");
    struct wall_ms at = { due.len >= 8 ? (int64_t)get_u64(due.data) : 0 };
    reply_set(o, "task", json_id(now->id.b));
    reply_set(o, "subject", json_words(record_title(call, now)));
    reply_set(o, "due", due.len >= 8 ? json_time(at) : json_null());
    reply_set(o, "overdue", json_boolean(due.len >= 8 && at.ms < call->now.ms));
    if (*seller == NULL)
        *seller = arena_text(call->arena, value_of(activity, now, "assignee"));
    if (json_object_get(o, "id") == NULL)
        reply_set(o, "id", json_id(now->id.b));
    return STATUS_OK;
}

static enum status
put_lead(struct call *call, int64_t lead, const char **seller, json_t *o)
{
    const struct type *type;
    struct record_now *now;
    struct lead_guest guest;

    TRY(find_type(call, "lead", &type));
    TRY(record_now(call->store, lead, false, call->arena, &now));
    *seller = arena_text(call->arena, value_of(type, now, "assignee"));
    reply_set(o, "id", json_id(now->id.b));
    reply_set(o, "stage", json_words(arena_text(call->arena, value_of(type, now, "stage"))));
    enum status s = lead_guest_get(call, now, &guest);
    if (s == STATUS_NOT_FOUND) {
        reply_set(o, "name", json_words(record_title(call, now)));
        return STATUS_OK;
    }
    TRY(s);
    put_guest(o, &guest);
    return STATUS_OK;
}

static enum status
work_json(struct call *call, const struct work_row *row, json_t *o)
{
    const char *seller = NULL;

    if (row->lead != 0)
        TRY(put_lead(call, row->lead, &seller, o));
    if (row->task != 0)
        TRY(put_task(call, row->task, &seller, o));
    else
        reply_set(o, "overdue", json_false());
    reply_set(o, "seller", json_words(seller));
    return STATUS_OK;
}

/* Its order is by due date, so a cursor is a number of rows. */
enum status
service_work_list(struct call *call)
{
    const char *seller = arg_text_or(call, "seller", "");
    struct work_row rows[PAGE_MAX + 1];
    struct page page;
    int64_t total;
    size_t count;

    TRY(page_begin(call, &page));
    TRY(work_list(call->store, seller, page.after, page.limit + 1, rows, &count));
    TRY(work_count(call->store, seller, &total));
    bool more = count > (size_t)page.limit;
    count -= more;
    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object();
        (void)json_array_append_new(page.items, o);
        TRY(work_json(call, &rows[i], o));
    }
    page_end(call, &page, page.after + (int64_t)count, more, total);
    return STATUS_OK;
}
