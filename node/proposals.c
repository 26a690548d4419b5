/* SPDX-License-Identifier: Apache-2.0 */
#include "node/proposals.h"

#include <string.h>

#include "node/route.h"
#include "node/store/pack.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

const char *
proposals_state_name(enum proposal_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        PROPOSAL_STATES(X)
#undef X
    };

    assert(state < PROPOSAL_STATE_COUNT_);
    return names[state];
}

/* ---- reading ------------------------------------------------------------------------------ */

enum status
proposals_get(struct store *st, int64_t id, struct arena *arena, struct proposal_row *out)
{
    enum { PID, SENT, COMPANY, LEAF, RECORD, SEEN, STATE, FIELDS, NOTE, REASON, AT, CHANGED };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_PROPOSAL_GET);
    struct field *fields = NULL;

    *out = (struct proposal_row){ 0 };
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    struct proposal_row row = { .id = id,
                                .sent = stmt_int(q, SENT) != 0,
                                .company = stmt_int(q, COMPANY),
                                .leaf = stmt_int(q, LEAF),
                                .record = stmt_int(q, RECORD),
                                .state = (enum proposal_state)stmt_int(q, STATE),
                                .note = arena_text(arena, bytes_text(stmt_text(q, NOTE))),
                                .reason = arena_text(arena, bytes_text(stmt_text(q, REASON))),
                                .at = { stmt_int(q, AT) },
                                .changed = { stmt_int(q, CHANGED) } };
    stmt_copy(q, PID, row.pid.b, ID_SIZE);
    stmt_copy(q, SEEN, row.seen.b, ID_SIZE);
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, FIELDS)), arena, &fields,
                      &row.field_count));
    row.fields = fields;
    *out = row;
    return STATUS_OK;
}

enum status
proposals_room(struct store *st, int64_t company, bool sent)
{
    int64_t open;

    TRY(store_number(st, &open, STMT_PROPOSAL_OPEN_COUNT, "ii", company, (int64_t)sent));
    return open < PROPOSALS_OPEN_MAX ? STATUS_OK : STATUS_TOO_BIG;
}

/* ---- closing ------------------------------------------------------------------------------ */

enum status
proposals_close(struct core *core, int64_t id, enum proposal_state state, const char *reason)
{
    assert(state != PROPOSAL_OPEN);
    core->has_erased = true;
    TRY(store_exec(core->store, STMT_PROPOSAL_CLOSE, "iiti", id, (int64_t)state, reason,
                   core_wall(core).ms));
    return store_exec(core->store, STMT_PROPOSAL_TRIM, "ii", id, (int64_t)PROPOSALS_KEPT_MAX);
}

/* Closing one takes it out of what `open` finds. */
static enum status
lapse(struct core *core, enum statement open, int64_t of)
{
    int64_t id;
    enum status s;

    while ((s = store_number(core->store, &id, open, "i", of)) == STATUS_OK)
        TRY(proposals_close(core, id, PROPOSAL_LAPSED, ""));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
proposals_lapse_leaf(struct core *core, int64_t leaf)
{
    return lapse(core, STMT_PROPOSAL_OPEN_LEAF, leaf);
}

enum status
proposals_lapse_record(struct core *core, int64_t record)
{
    return lapse(core, STMT_PROPOSAL_OPEN_RECORD, record);
}

/* ---- adding ------------------------------------------------------------------------------- */

static bool
has_field(const struct proposal_row *row, struct key key)
{
    for (size_t i = 0; i < row->field_count; i++)
        if (key_is_equal(row->fields[i].key, key))
            return true;
    return false;
}

/* What is proposed anew leaves the older one; what is not stays open in it. */
static enum status
take_from(struct core *core, int64_t older, const struct proposal_row *newer)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer packed = { 0 };
    struct proposal_row row;
    size_t kept = 0;

    TRY(proposals_get(core->store, older, arena, &row));
    struct field *fields = ARENA_ARRAY(arena, struct field, row.field_count);
    for (size_t i = 0; i < row.field_count; i++)
        if (!has_field(newer, row.fields[i].key))
            fields[kept++] = row.fields[i];
    if (kept == row.field_count)
        return STATUS_OK;
    if (kept == 0)
        return proposals_close(core, older, PROPOSAL_REPLACED, "");
    pack_fields(fields, kept, &packed);
    core->has_erased = true;
    return store_exec(core->store, STMT_PROPOSAL_FIELDS, "ib", older, buffer_bytes(&packed));
}

static enum status
replace_older(struct core *core, const struct proposal_row *newer)
{
    int64_t id, after = 0;
    enum status s;

    while ((s = store_number(core->store, &id, STMT_PROPOSAL_OPEN_SAME, "iiii", newer->company,
                             (int64_t)newer->sent, newer->record, after)) == STATUS_OK) {
        TRY(take_from(core, id, newer));
        after = id;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
proposals_add(struct core *core, const struct proposal_row *row)
{
    AUTO(buffer_fini) struct buffer packed = { 0 };

    TRY(core_need_txn(core));
    TRY(replace_older(core, row));
    pack_fields(row->fields, row->field_count, &packed);
    return store_exec(core->store, STMT_PROPOSAL_ADD, "biiiibbti",
                      bytes_of(row->pid.b, ID_SIZE), (int64_t)row->sent, row->company,
                      row->leaf, row->record, bytes_of(row->seen.b, ID_SIZE),
                      buffer_bytes(&packed), row->note, row->at.ms);
}

/* ---- the answer --------------------------------------------------------------------------- */

enum status
proposals_answer(struct core *core, struct company *author, const struct object_id *pid,
                 bool accepted, const char *reason)
{
    struct proposal_answer answer = { .author = core->me,
                                      .audience = author->node,
                                      .proposal = *pid,
                                      .accepted = accepted,
                                      .reason = reason,
                                      .answered = core_wall(core) };
    struct signed_object object;

    if (route_link(core, author) == NULL)
        return STATUS_OK; /* it was removed meanwhile: nobody to tell */
    TRY(core_sign(core, SIGN_PROPOSAL_ANSWER, wire_proposal_answer_format(&answer, core->round),
                  &object));
    return control_queue(core, author->id, MESSAGE_PROPOSAL_ANSWER,
                         wire_signed_body_format(&object, core->round), 0);
}
