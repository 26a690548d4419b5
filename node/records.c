/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records.c - minting our own revisions, and marking what has become due for whom. Taking a partner's
 * is in records_take.c, reading in records_read.c.
 *
 * 1. One owner, one writer: only records_mint() makes revisions, and only of our own records (P7).
 * 2. The highest position applies; two revisions with one position freeze the record (P6, P7).
 * 3. Whoever may get a record has it marked due in the transaction that changed it, after the first
 *    decision; the second is taken at hand-over (P2).
 */
#include <string.h>

#include "node/asks.h"
#include "node/proposals.h"
#include "node/records_priv.h"
#include "node/store/pack.h"
#include "node/store/project.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "schema/merkle.h"

enum { MINT_BATCH = RUN_ITEMS_MAX, MATCH_KEY_SIZE = 16, TYPE_OWN_FIRST = 1000 };

/* ---- small parts -------------------------------------------------------------------------- */

static enum status
local_type(struct core *core, struct key type, int64_t *out)
{
    AUTO(xfree) char *space = NULL;

    if (type.space.len == 0 && type.number < TYPE_OWN_FIRST) {
        enum status s =
            store_number(core->store, out, STMT_RTYPE_FIND, "ti", "", (int64_t)type.number);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    space = xcalloc(1, type.space.len + 1);
    if (type.space.len > 0)
        memcpy(space, type.space.data, type.space.len);
    enum status s =
        store_number(core->store, out, STMT_RTYPE_FIND, "ti", space, (int64_t)type.number);
    if (s != STATUS_NOT_FOUND)
        return s;
    TRY(store_exec(core->store, STMT_RTYPE_ADD, "ti", space, (int64_t)type.number));
    *out = store_last_id(core->store);
    return STATUS_OK;
}

static struct bytes
parent_of(const struct record_facts *facts)
{
    return facts->has_parent ? bytes_of(facts->parent.b, ID_SIZE) : (struct bytes){ 0 };
}

enum status
records_add(struct core *core, const struct record_facts *facts, int64_t owner, int64_t *out)
{
    int64_t type;

    TRY(local_type(core, facts->type, &type));
    if (facts->has_parent)
        TRY(store_exec(core->store, STMT_RECORD_ADD, "biib", bytes_of(facts->id.b, ID_SIZE),
                       owner, type, parent_of(facts)));
    else
        TRY(store_exec(core->store, STMT_RECORD_ADD, "biin", bytes_of(facts->id.b, ID_SIZE),
                       owner, type));
    *out = store_last_id(core->store);
    return STATUS_OK;
}

enum status
records_run_spare(struct core *core, int64_t run)
{
    TRY(store_exec(core->store, STMT_RUN_UNREF, "i", run));
    return store_exec(core->store, STMT_RUN_DROP, "i", run);
}

enum status
records_keep_run(struct core *core, const struct run_leaves *run, size_t refs, int64_t *out)
{
    TRY(store_exec(core->store, STMT_RUN_ADD, "iibbbi", (int64_t)run->size, (int64_t)run->first,
                   bytes_of(run->signature.b, sizeof(run->signature.b)),
                   bytes_of(run->leaves, run->count * sizeof(*run->leaves)), run->path,
                   (int64_t)refs));
    *out = store_last_id(core->store);
    return STATUS_OK;
}

enum status
records_copy_put(struct core *core, const struct copy_in *in)
{
    AUTO(buffer_fini) struct buffer packed = { 0 };
    const struct disclosure *d = in->shown;
    enum statement put = in->old_run == 0 ? STMT_COPY_ADD : STMT_COPY_REPLACE;

    pack_fields(d->fields, d->field_count, &packed);
    if (d->has_secret)
        TRY(store_exec(core->store, put, "iiiiibbbbiii", in->record, in->grant,
                       (int64_t)in->applied, (int64_t)in->position.incarnation,
                       (int64_t)in->position.number, d->revision, bytes_of(d->secret, 32),
                       buffer_bytes(&packed), d->withheld, in->run, (int64_t)in->leaf,
                       core_wall(core).ms));
    else
        TRY(store_exec(core->store, put, "iiiiibnbbiii", in->record, in->grant,
                       (int64_t)in->applied, (int64_t)in->position.incarnation,
                       (int64_t)in->position.number, d->revision, buffer_bytes(&packed),
                       d->withheld, in->run, (int64_t)in->leaf, core_wall(core).ms));
    return in->old_run == 0 ? STATUS_OK : records_run_spare(core, in->old_run);
}

/* ---- due ---------------------------------------------------------------------------------- */

/* The first decision: who should get this record now that it changed? source: the grant under which it
 * reached us, OWN_GRANT for our own. */
enum status
records_fan_out(struct core *core, int64_t record, const struct record_facts *facts,
                int64_t source)
{
    if (PLANTED(FORGET_FANOUT) && source != OWN_GRANT)
        return STATUS_OK;
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->role != ROLE_GIVEN || live->parent_leaf != source ||
            (live->state != SHARE_DELIVERED && live->state != SHARE_ACCEPTED))
            continue;
        struct record_facts asked = *facts;
        asked.consent_waived = live_waives_consent(core, live);
        struct decision d = decide_record(live->chain, &chain_leaf(live->chain)->audience,
                                          &asked, core_wall(core));
        if (d.stop == STOP_CONSENT)
            TRY(withdrawal_note(core, live, record));
        if (d.stop != STOP_NONE || live_is_declined(core, live, &facts->id))
            continue;
        TRY(store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, record));
        live->has_due = true;
    }
    return STATUS_OK;
}

/* ---- match keys --------------------------------------------------------------------------- */

static struct digest
match_key(struct core *core, const struct type *type, const struct type_field *field,
          struct bytes form)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    buffer_put_text(&buf, type->name);
    buffer_put_u8(&buf, 0);
    buffer_put_u32(&buf, field->key.number);
    buffer_put_bytes(&buf, field->key.space);
    buffer_put_u8(&buf, 0);
    buffer_put_bytes(&buf, form);
    return digest_keyed(core->match_key, buffer_bytes(&buf));
}

static enum status
match_put(struct core *core, const struct type *type, int64_t record, enum statement put,
          const struct field *fields, size_t count)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < count; i++) {
        const struct type_field *field = type_field_find(type, fields[i].key);
        if (field == NULL || !(field->identifies || field->column == NULL))
            continue;
        struct bytes form = value_match_form(field, fields[i].value, core->region, arena);
        if (form.len == 0)
            continue;
        struct digest key = match_key(core, type, field, form);
        TRY(store_exec(core->store, put, "bi", bytes_of(key.b, MATCH_KEY_SIZE), record));
    }
    return STATUS_OK;
}

enum status
record_match(struct core *core, const struct type *type, const struct type_field *field,
             struct bytes value, int64_t *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes form = value_match_form(field, value, core->region, arena);

    *out = 0;
    if (form.len == 0)
        return STATUS_NOT_FOUND;
    struct digest key = match_key(core, type, field, form);
    return store_number(core->store, out, STMT_MATCH_FIND, "b",
                        bytes_of(key.b, MATCH_KEY_SIZE));
}

enum status
records_matching(struct core *core, const struct type *type, const struct field *field,
                 int64_t *out, size_t max, size_t *count)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct type_field *known = type_field_find(type, field->key);
    enum status s = STATUS_OK;

    *count = 0;
    if (known == NULL || !known->identifies)
        return STATUS_OK;
    struct bytes form = value_match_form(known, field->value, core->region, arena);
    if (form.len == 0)
        return STATUS_OK;
    struct digest key = match_key(core, type, known, form);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_MATCH_ALL);
    stmt_bind(q, "b", bytes_of(key.b, MATCH_KEY_SIZE));
    while (*count < max && (s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
records_forget_own(struct core *core, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct run_leaves *run = NULL;
    struct copy_row row;
    int64_t run_id = 0;

    TRY(store_number(core->store, &run_id, STMT_COPY_POSITION, "ii", record,
                     (int64_t)OWN_GRANT));
    TRY(copy_get(core, record, OWN_GRANT, arena, &run, &row));
    const struct type *type = dictionary_find(core->dictionary, row.facts.type);
    if (type != NULL && type->parent == NULL)
        TRY(match_put(core, type, record, STMT_MATCH_DROP, row.full.fields,
                      row.full.field_count));
    core->has_erased = true;
    TRY(proposals_lapse_record(core, record));
    TRY(store_exec(core->store, STMT_DUE_GONE, "i", record));
    TRY(store_exec(core->store, STMT_COPY_DROP, "ii", record, (int64_t)OWN_GRANT));
    TRY(records_run_spare(core, run_id));
    return records_project(core, record);
}

/* ---- minting ------------------------------------------------------------------------------ */

/* Position, nonce and hash of the revision before. */
static enum status
continue_record(struct core *core, int64_t record, int64_t grant, struct arena *arena,
                struct made *made)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);
    struct revision *before;

    stmt_bind(q, "ii", record, grant);
    TRY(stmt_step(q));
    struct bytes raw = arena_copy(arena, stmt_bytes(q, 3));
    TRY(wire_revision_parse(raw, arena, &before));
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, 4)), arena, &made->old_fields,
                      &made->old_count));
    made->old_run = stmt_int(q, 0);
    memcpy(made->revision.nonce, before->nonce, sizeof(before->nonce));
    made->revision.position.number =
        before->position.incarnation == core->incarnation
            ? before->position.number + (PLANTED(POSITION_REUSED) ? 0 : 1)
            : 1;
    made->revision.has_previous = true;
    made->revision.previous = digest_revision_id(raw);
    return STATUS_OK;
}

enum status
records_make(struct core *core, const struct mint *in, int64_t grant, struct arena *arena,
             struct made *made)
{
    made->revision = (struct revision){ .owner = made->owner,
                                        .type = in->type,
                                        .position = { core->incarnation, 1 },
                                        .profile = core->profile,
                                        .claimed = core_wall(core),
                                        .tombstone = in->tombstone };
    if (in->record != 0)
        TRY(continue_record(core, in->record, grant, arena, made));
    else if (in->nonce != NULL)
        memcpy(made->revision.nonce, in->nonce, sizeof(made->revision.nonce));
    else
        core->env.random(core->env.self, made->revision.nonce, sizeof(made->revision.nonce));
    made->full = (struct disclosure){ .has_secret = true,
                                      .fields = in->fields,
                                      .field_count = in->field_count };
    core->env.random(core->env.self, made->full.secret, sizeof(made->full.secret));
    made->revision.commitments =
        commitment_root(made->full.secret, in->fields, in->field_count);
    made->full.revision = wire_revision_format(&made->revision, arena);
    record_facts_of(&made->revision, in->fields, in->field_count, core->dictionary,
                    &made->facts);
    return STATUS_OK;
}

enum status
records_sign(struct core *core, const struct made *made, size_t count, struct digest *leaves,
             struct run_leaves *run)
{
    struct signed_object object;
    uint8_t body[68];

    for (size_t i = 0; i < count; i++) {
        struct revision_id id = digest_revision_id(made[i].full.revision);
        leaves[i] = merkle_leaf(&id);
    }
    struct digest root = merkle_root(leaves, count);
    signature_batch_body(&made[0].owner, (uint32_t)count, &root, body);
    TRY(core_sign(core, SIGN_BATCH, bytes_of(body, sizeof(body)), &object));
    *run = (struct run_leaves){ .size = (uint32_t)count,
                                .count = (uint32_t)count,
                                .signature = object.signature,
                                .leaves = leaves };
    return STATUS_OK;
}

static enum status
store_made(struct core *core, struct mint *in, const struct made *made, int64_t run,
           uint32_t leaf)
{
    const struct type *type = dictionary_find(core->dictionary, in->type);
    struct copy_in copy = { .grant = OWN_GRANT,
                            .run = run,
                            .old_run = made->old_run,
                            .applied = true,
                            .position = made->revision.position,
                            .shown = &made->full,
                            .leaf = leaf };

    assert(type != NULL); /* we mint only what we know */
    if (in->record == 0)
        TRY(records_add(core, &made->facts, COMPANY_US, &in->record));
    copy.record = in->record;
    in->id = made->facts.id;
    TRY(records_copy_put(core, &copy));
    struct row_in row = { in->fields, in->field_count, made->revision.claimed, COMPANY_US };
    if (in->tombstone)
        TRY(records_row_drop(core, type, in->record));
    else
        TRY(records_row_put(core, type, in->record, &row));
    if (in->tombstone) {
        core->has_erased = true;
        TRY(proposals_lapse_record(core, in->record));
    }
    if (made->old_run != 0)
        TRY(asks_row_changed(core, in->record, in->fields, in->field_count, in->tombstone));
    if (type->parent == NULL) {
        TRY(match_put(core, type, in->record, STMT_MATCH_DROP, made->old_fields,
                      made->old_count));
        if (!in->tombstone)
            TRY(match_put(core, type, in->record, STMT_MATCH_ADD, in->fields, in->field_count));
    }
    return records_fan_out(core, in->record, &made->facts, OWN_GRANT);
}

static enum status
mint_batch(struct core *core, struct mint *items, size_t count, const char *actor,
           const char *action)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct made *made = ARENA_ARRAY(arena, struct made, count);
    struct digest leaves[MINT_BATCH];
    struct run_leaves run;
    int64_t run_id;

    for (size_t i = 0; i < count; i++) {
        made[i].owner = core->me;
        TRY(records_make(core, &items[i], OWN_GRANT, arena, &made[i]));
    }
    TRY(records_sign(core, made, count, leaves, &run));
    TRY(core_need_txn(core));
    TRY(records_keep_run(core, &run, count, &run_id));
    for (size_t i = 0; i < count; i++)
        TRY(store_made(core, &items[i], &made[i], run_id, (uint32_t)i));
    struct digest root = merkle_root(leaves, count);
    return audit_add(core, actor, action, bytes_of(items[0].id.b, ID_SIZE),
                     bytes_of(root.b, ID_SIZE));
}

enum status
records_mint(struct core *core, struct mint *items, size_t count, const char *actor,
             const char *action)
{
    for (size_t done = 0; done < count; done += MINT_BATCH) {
        size_t n = count - done < MINT_BATCH ? count - done : MINT_BATCH;
        TRY(mint_batch(core, items + done, n, actor, action));
    }
    return STATUS_OK;
}
