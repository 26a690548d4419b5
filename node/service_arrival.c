/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_arrival.c - guests at the door: an arrival of ours about each row that speaks of the person.
 *
 * Each bringer gets the one about its own row, under its own contribution (docs/protocol/contributions.md), and so
 * learns that its guest came and not who else had brought her.
 */
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

struct arriving {
    struct call *call;
    const struct type *activity;
    struct record_now *event;
    struct claim *claims;
    size_t count;
    const char *name;
    const char *at;
    struct mint mints[PERSON_ROWS_MAX];
    size_t mint_count;
};

static enum status
add_mint(struct arriving *a, const struct draft *draft, int64_t record)
{
    struct field *fields = ARENA_ARRAY(a->call->arena, struct field, draft->count);

    for (size_t i = 0; i < draft->count; i++)
        fields[i] = draft->fields[i];
    a->mints[a->mint_count++] = (struct mint){ .record = record,
                                               .type = a->activity->key,
                                               .fields = fields,
                                               .field_count = draft->count,
                                               .tombstone = record != 0 };
    return STATUS_OK;
}

static enum status
arrive(struct arriving *a, const struct claim *claim)
{
    struct draft draft = { .count = 0 };

    TRY(claim_draft(a->call, a->activity, claim, "arrival", &draft));
    TRY(draft_set(a->call, &draft, a->activity, "subject", record_title(a->call, a->event)));
    TRY(draft_set(a->call, &draft, a->activity, "startDate", a->at));
    return add_mint(a, &draft, 0);
}

/* What is left of it says to whom it was shown, so that they hear of its end. */
static enum status
undo(struct arriving *a, const struct record_now *there)
{
    struct draft draft = { .count = 0 };

    for (size_t i = 0; i < there->field_count; i++)
        if (key_is_equal(there->fields[i].key, a->activity->parent->key))
            draft_put(&draft, there->fields[i].key, there->fields[i].value);
    return add_mint(a, &draft, there->record);
}

static enum status
each_claim(struct arriving *a, bool is_undone)
{
    for (size_t i = 0; i < a->count; i++) {
        struct record_now *there;
        TRY(claim_activity(a->call, &a->claims[i], "arrival", true, &there));
        if (is_undone && there != NULL)
            TRY(undo(a, there));
        else if (!is_undone && there == NULL)
            TRY(arrive(a, &a->claims[i]));
    }
    return STATUS_OK;
}

static enum status
arriving_init(struct call *call, struct arriving *a)
{
    const struct type *attendee;
    int64_t person;

    a->call = call;
    TRY(guests_event(call, &a->event));
    TRY(find_type(call, "activity", &a->activity));
    TRY(find_type(call, "attendee", &attendee));
    TRY(person_find(call, &a->event->id, arg_text(call, "guest"), &person));
    TRY(person_claims(call, person, &a->claims, &a->count));
    a->name = person_text(call, attendee, a->claims, a->count, "name");
    a->name = a->name == NULL ? "" : a->name;
    json_t *now = json_time(call->now);
    a->at =
        arena_text(call->arena, bytes_text(arg_text_or(call, "at", json_string_value(now))));
    json_decref(now);
    return STATUS_OK;
}

enum status
service_guest_arrive(struct call *call)
{
    struct arriving *a = ARENA_NEW(call->arena, struct arriving);
    bool is_undone = arg_is_set(call, "undo");
    struct wall_ms before, after;

    TRY(arriving_init(call, a));
    TRY(person_arrived(call, a->claims, a->count, &before));
    TRY(each_claim(a, is_undone));
    if (is_undone && a->mint_count == 0)
        return diag_say(call->diag, STATUS_USAGE, "guest.not_arrived", a->name, NULL);
    /* Each in a batch of its own: the size of a batch would tell one bringer that another brought the same person. */
    for (size_t i = 0; i < a->mint_count; i++)
        TRY(records_mint(call->core, &a->mints[i], 1, call->actor,
                         is_undone ? "guest.arrival_undone" : "guest.arrived"));
    TRY(person_arrived(call, a->claims, a->count, &after));
    call->reply = json_object();
    reply_set(call->reply, "id", json_id(a->claims[0].now->id.b));
    reply_set(call->reply, "name", json_words(a->name));
    reply_set(call->reply, "state", json_string(is_undone ? "undone" : "arrived"));
    reply_set(call->reply, "arrived", after.ms > 0 ? json_time(after) : json_null());
    reply_set(call->reply, "already", json_boolean(!is_undone && before.ms > 0));
    return STATUS_OK;
}
