/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_lead_undo.c - leads that were made in one step, taken back in one: each with its task, unless somebody
 * touched one of them or noted something about it.
 */
#include <stdlib.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum { AT_ONCE = 512 }; /* as many as one step makes */

struct made {
    int64_t lead, task, incarnation;
};

struct undoing {
    struct call *call;
    int64_t batch;
    const struct type *activity;
    struct made rows[AT_ONCE];
    size_t count;
    struct mint mints[2 * AT_ONCE];
    size_t mint_count;
    int64_t removed;
    json_t *stayed;
};

static enum status
read_batch(struct undoing *u)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(u->call->store, STMT_LEAD_MADE_LIST);
    const char *text = arg_text(u->call, "batch");
    enum status s = STATUS_OK;
    char *end;

    u->batch = strtoll(text, &end, 10);
    stmt_bind(q, "i", *end == '\0' ? u->batch : 0);
    while (u->count < AT_ONCE && (s = stmt_step(q)) == STATUS_OK)
        u->rows[u->count++] = (struct made){ stmt_int(q, 0), stmt_int(q, 1), stmt_int(q, 2) };
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    return u->count > 0
               ? STATUS_OK
               : diag_say(u->call->diag, STATUS_NOT_FOUND, "lead.batch_unknown", text, NULL);
}

/* Untouched: our record is still in the revision with which it began. */
static enum status
look(struct undoing *u, int64_t record, int64_t incarnation, struct record_now **now,
     bool *is_touched)
{
    TRY(record_now(u->call->store, record, false, u->call->arena, now));
    *is_touched = !(*now)->tombstone &&
                  ((*now)->position.number != 1 || (*now)->position.incarnation != incarnation);
    return STATUS_OK;
}

/* Does anything of ours speak of the lead beside its task? */
static enum status
has_activity(struct undoing *u, const struct record_now *lead, const struct made *row,
             bool *out)
{
    struct project_reference query = { .type = u->activity,
                                       .ref = type_field_find_name(u->activity, "about"),
                                       .value = &lead->id };
    int64_t found[2];
    size_t count;

    *out = false;
    TRY(project_referring(u->call->store, &query, found, COUNT_OF(found), &count));
    for (size_t i = 0; i < count; i++)
        *out = *out || found[i] != row->task;
    return STATUS_OK;
}

static void
bury(struct undoing *u, const struct record_now *now)
{
    if (now->tombstone)
        return;
    u->mints[u->mint_count++] =
        (struct mint){ .record = now->record, .type = now->type, .tombstone = true };
}

static enum status
undo(struct undoing *u, const struct made *row)
{
    struct record_now *lead, *task;
    bool lead_touched, task_touched, has_notes;

    TRY(look(u, row->lead, row->incarnation, &lead, &lead_touched));
    TRY(look(u, row->task, row->incarnation, &task, &task_touched));
    TRY(has_activity(u, lead, row, &has_notes));
    if (lead_touched || task_touched || has_notes) {
        const char *key = lead_touched   ? "lead.stayed.lead"
                          : task_touched ? "lead.stayed.task"
                                         : "lead.stayed.activity";
        json_t *o;
        TRY(record_json(u->call, lead, &o));
        reply_set(o, "reason", json_words(text_get(u->call->language, key)));
        (void)json_array_append_new(u->stayed, o);
        return STATUS_OK;
    }
    u->removed += !lead->tombstone;
    bury(u, lead);
    bury(u, task);
    return store_exec(u->call->store, STMT_LEAD_MADE_DROP, "ii", u->batch, row->lead);
}

static enum status
undo_all(struct undoing *u)
{
    for (size_t i = 0; i < u->count; i++)
        TRY(undo(u, &u->rows[i]));
    return u->mint_count == 0 ? STATUS_OK
                              : records_mint(u->call->core, u->mints, u->mint_count,
                                             u->call->actor, "lead.undone");
}

enum status
service_lead_undo(struct call *call)
{
    struct undoing *u = ARENA_NEW(call->arena, struct undoing);

    u->call = call;
    TRY(find_type(call, "activity", &u->activity));
    TRY(read_batch(u));
    u->stayed = json_array();
    enum status s = undo_all(u);
    call->reply = json_object();
    reply_set(call->reply, "batch", json_integer(u->batch));
    reply_set(call->reply, "removed", json_integer(u->removed));
    reply_set(call->reply, "stayed", u->stayed);
    return s;
}
