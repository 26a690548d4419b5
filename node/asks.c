/* SPDX-License-Identifier: Apache-2.0 */
#include "node/asks.h"

#include <string.h>

#include "node/store/pack.h"
#include "schema/base/cleanup.h"

const char *
asks_state_name(enum ask_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        ASK_STATES(X)
#undef X
    };

    assert(state < ASK_STATE_COUNT_);
    return names[state];
}

static bool
has_value(const struct field *fields, size_t count, struct key key)
{
    for (size_t i = 0; i < count; i++)
        if (key_is_equal(fields[i].key, key))
            return fields[i].value.len > 0;
    return false;
}

size_t
asks_missing(const struct terms *terms, struct key type, const struct field *fields,
             size_t count, struct grant_field *out)
{
    size_t n = 0;

    for (size_t i = 0; i < terms->want_count && n < TERMS_WANT_MAX; i++)
        if (key_is_equal(terms->want[i].type, type) &&
            !has_value(fields, count, terms->want[i].field))
            out[n++] = terms->want[i];
    return n;
}

/* ---- reading ------------------------------------------------------------------------------ */

enum status
asks_get(struct store *st, int64_t id, struct arena *arena, struct ask_row *out)
{
    enum { SENT, COMPANY, LEAF, RECORD, FIELDS, NOTE, STATE, REASON, AT, CHANGED };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_ASK_GET);
    struct field *fields;

    *out = (struct ask_row){ 0 };
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    struct ask_row row = { .id = id,
                           .sent = stmt_int(q, SENT) != 0,
                           .company = stmt_int(q, COMPANY),
                           .leaf = stmt_int(q, LEAF),
                           .record = stmt_int(q, RECORD),
                           .state = (enum ask_state)stmt_int(q, STATE),
                           .note = arena_text(arena, bytes_text(stmt_text(q, NOTE))),
                           .reason = arena_text(arena, bytes_text(stmt_text(q, REASON))),
                           .at = { stmt_int(q, AT) },
                           .changed = { stmt_int(q, CHANGED) } };
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, FIELDS)), arena, &fields,
                      &row.field_count));
    row.fields = fields;
    *out = row;
    return STATUS_OK;
}

enum status
asks_terms(struct store *st, int64_t leaf, struct arena *arena, const struct terms **out)
{
    struct signed_object *links;
    struct grant *grant;
    size_t count;

    *out = NULL;
    TRY(grant_links(st, leaf, arena, &links, &count));
    if (count == 0)
        return STATUS_CORRUPT;
    TRY(wire_grant_parse(links[count - 1].body, arena, &grant));
    *out = grant->has_terms ? &grant->terms : NULL;
    return STATUS_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

enum status
asks_put(struct core *core, const struct ask_row *row)
{
    AUTO(buffer_fini) struct buffer packed = { 0 };

    TRY(core_need_txn(core));
    pack_fields(row->fields, row->field_count, &packed);
    return store_exec(core->store, STMT_ASK_PUT, "iiiibtii", (int64_t)row->sent, row->company,
                      row->leaf, row->record, buffer_bytes(&packed), row->note,
                      (int64_t)row->state, row->at.ms);
}

enum status
asks_close(struct core *core, int64_t id, enum ask_state state, const char *reason)
{
    assert(state != ASK_OPEN);
    return store_exec(core->store, STMT_ASK_CLOSE, "iiti", id, (int64_t)state, reason,
                      core_wall(core).ms);
}

static enum status
close_answered(struct core *core, int64_t id, const struct field *fields, size_t count)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ask_row row;

    TRY(asks_get(core->store, id, arena, &row));
    for (size_t i = 0; i < row.field_count; i++)
        if (!has_value(fields, count, row.fields[i].key))
            return STATUS_OK;
    return asks_close(core, id, ASK_ANSWERED, "");
}

enum status
asks_row_changed(struct core *core, int64_t record, const struct field *fields, size_t count,
                 bool gone)
{
    int64_t id, after = 0;
    enum status s;

    while ((s = store_number(core->store, &id, STMT_ASK_OF_ROW, "ii", record, after)) ==
           STATUS_OK) {
        TRY(gone ? asks_close(core, id, ASK_LAPSED, "")
                 : close_answered(core, id, fields, count));
        after = id;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
asks_lapse_leaf(struct core *core, int64_t leaf)
{
    return store_exec(core->store, STMT_ASK_LAPSE, "iii", leaf, (int64_t)ASK_LAPSED,
                      core_wall(core).ms);
}
