/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_guest.c - bringing contacts of our own to an event. The list is in service_person.c.
 */
#include <string.h>

#include "node/consent.h"
#include "node/service_priv.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"

enum { PIECE = 256 };

enum status
guests_event(struct call *call, struct record_now **event)
{
    const char *text = arg_text(call, "event");
    const struct type *type;
    int64_t record;

    TRY(find_type(call, "event", &type));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, event);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK && ((*event)->tombstone || !key_is_equal((*event)->type, type->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "event.unknown", text, NULL);
    return s;
}

/* ---- adding ------------------------------------------------------------------------------- */

struct bringing {
    struct call *call;
    const struct type *contact, *attendee;
    const struct type_field *event_ref, *contact_ref;
    struct record_now *event;
    int64_t added, already;
};

/* What a guest row takes from the contact: fields of the same name. */
static void
take_fields(struct bringing *b, const struct record_now *contact, struct draft *draft)
{
    for (size_t i = 0; i < contact->field_count; i++) {
        const struct type_field *from = type_field_find(b->contact, contact->fields[i].key);
        const struct type_field *to = from == NULL || from->column == NULL
                                          ? NULL
                                          : type_field_find_name(b->attendee, from->name);
        if (to != NULL && to->kind == from->kind && strcmp(to->name, from->name) == 0 &&
            strcmp(to->name, "note") != 0)
            draft_put(draft, to->key, contact->fields[i].value);
    }
    draft_put(draft, b->event_ref->key, bytes_of(b->event->id.b, ID_SIZE));
    draft_put(draft, b->contact_ref->key, bytes_of(contact->id.b, ID_SIZE));
}

/* Contacts that are on the list already: by the reference of our own rows. */
static enum status
is_there(struct bringing *b, const struct record_id *contact, bool *out)
{
    return project_find_child(b->call->store, b->attendee, &b->event->id, b->contact_ref,
                              contact, out);
}

static enum status
bring(struct bringing *b, const int64_t *contacts, size_t count)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct mint *mints = ARENA_ARRAY(arena, struct mint, count);
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct draft draft = { .count = 0 };
        struct record_now *now;
        bool there;
        TRY(record_now(b->call->store, contacts[i], false, arena, &now));
        TRY(is_there(b, &now->id, &there));
        b->already += there;
        if (there)
            continue;
        take_fields(b, now, &draft);
        TRY(consent_fill(b->call, now, b->attendee, &draft));
        struct field *fields = ARENA_ARRAY(arena, struct field, draft.count);
        memcpy(fields, draft.fields, draft.count * sizeof(*fields));
        mints[n++] = (struct mint){ .type = b->attendee->key,
                                    .fields = fields,
                                    .field_count = draft.count };
    }
    b->added += (int64_t)n;
    return n == 0 ? STATUS_OK
                  : records_mint(b->call->core, mints, n, b->call->actor, "guest.added");
}

static enum status
bring_listed(struct bringing *b, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct record_now *now;
        int64_t record;
        TRY(find_record(b->call, text, &record));
        enum status s = record_now(b->call->store, record, false, b->call->arena, &now);
        if (s == STATUS_NOT_FOUND ||
            (s == STATUS_OK && (now->owner != COMPANY_US || now->tombstone ||
                                !key_is_equal(now->type, b->contact->key))))
            return diag_say(b->call->diag, STATUS_USAGE, "guest.not_a_contact", text, NULL);
        TRY(s);
        TRY(bring(b, &record, 1));
    }
    return STATUS_OK;
}

static enum status
bringing_init(struct call *call, struct bringing *b)
{
    *b = (struct bringing){ .call = call };
    TRY(guests_event(call, &b->event));
    TRY(find_type(call, "contact", &b->contact));
    TRY(find_type(call, "attendee", &b->attendee));
    b->event_ref = b->attendee->parent;
    b->contact_ref = type_field_find_name(b->attendee, "contact");
    return STATUS_OK;
}

enum status
guests_bring(struct call *call, const char *search, struct guests_progress *progress)
{
    int64_t records[PIECE];
    struct bringing b;
    size_t count;

    TRY(bringing_init(call, &b));
    struct project_query query = { .type = b.contact,
                                   .search = search,
                                   .after = progress->after,
                                   .limit = PIECE,
                                   .own_only = true };
    TRY(segment_filter(call, "segment", &query));
    TRY(project_list(call->store, &query, records, &count));
    TRY(bring(&b, records, count));
    progress->added += b.added;
    progress->already += b.already;
    progress->done += (int64_t)count;
    progress->after = count > 0 ? records[count - 1] : progress->after;
    progress->is_over = count < PIECE;
    return STATUS_OK;
}

/* Arguments that narrow which contacts are brought, beside `search`. */
static const char *const filters[] = { "segment", "where" };

/* A few at once; many as a job, a piece a round, so that nobody else waits. */
static enum status
bring_found(struct bringing *b, const char *search)
{
    struct call *call = b->call;
    struct guests_progress progress = { 0 };
    struct project_query query = { .type = b->contact, .search = search, .own_only = true };
    int64_t total;

    TRY(segment_filter(call, "segment", &query));
    TRY(project_count(call->store, &query, &total));
    if (total > PIECE) {
        json_t *args =
            json_pack("{s:o, s:s}", "event", json_id(b->event->id.b), "search", search);
        for (size_t i = 0; i < COUNT_OF(filters); i++)
            if (arg_text(call, filters[i]) != NULL)
                reply_set(args, filters[i], json_words(arg_text(call, filters[i])));
        return job_add(call, "guests", args, "", total);
    }
    TRY(guests_bring(call, search, &progress));
    b->added += progress.added;
    b->already += progress.already;
    return STATUS_OK;
}

enum status
service_guest_add(struct call *call)
{
    const json_t *list = arg_list(call, "contacts");
    const char *search = arg_text(call, "search");
    bool is_found = search != NULL || arg_is_set(call, "all");
    struct bringing b;

    for (size_t i = 0; i < COUNT_OF(filters); i++)
        is_found = is_found || arg_text(call, filters[i]) != NULL;
    TRY(bringing_init(call, &b));
    if (json_array_size(list) == 0 && !is_found)
        return diag_say(call->diag, STATUS_USAGE, "guest.whom", NULL);
    TRY(bring_listed(&b, list));
    if (is_found)
        TRY(bring_found(&b, search != NULL ? search : ""));
    if (call->reply == NULL)
        call->reply = json_object();
    reply_set(call->reply, "added", json_integer(b.added));
    reply_set(call->reply, "already", json_integer(b.already));
    return STATUS_OK;
}
