/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records.c - records in and out of the store: minting our own revisions, taking a partner's,
 * projecting them for lists, and marking what has become due for whom.
 *
 * 1. One owner, one writer: only records_mint() makes revisions, and only of our own records (P7).
 * 2. The highest position applies; two revisions with one position freeze the record (P6, P7).
 * 3. Whoever may get a record has it marked due in the transaction that changed it, after the first
 *    decision; the second is taken at hand-over (P2).
 */
#include <string.h>

#include "node/core_priv.h"
#include "node/store/pack.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "schema/merkle.h"

enum { MINT_BATCH = RUN_ITEMS_MAX, PIECE = 256, MATCH_KEY_SIZE = 16, TYPE_OWN_FIRST = 1000 };

/* ---- small parts -------------------------------------------------------------------------- */

static enum status
local_type(struct core *core, struct key type, int64_t *out)
{
    AUTO(xfree) char *space = NULL;

    if (type.space.len == 0 && type.number < TYPE_OWN_FIRST) {
        enum status s = store_number(core->store, out, STMT_RTYPE_FIND, "ti", "",
                                     (int64_t)type.number);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    space = xcalloc(1, type.space.len + 1);
    if (type.space.len > 0)
        memcpy(space, type.space.data, type.space.len);
    enum status s = store_number(core->store, out, STMT_RTYPE_FIND, "ti", space, (int64_t)type.number);
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

static enum status
record_add(struct core *core, const struct record_facts *facts, int64_t owner, int64_t *out)
{
    int64_t type;

    TRY(local_type(core, facts->type, &type));
    if (facts->has_parent)
        TRY(store_exec(core->store, STMT_RECORD_ADD, "biib", bytes_of(facts->id.b, ID_SIZE), owner,
                       type, parent_of(facts)));
    else
        TRY(store_exec(core->store, STMT_RECORD_ADD, "biin", bytes_of(facts->id.b, ID_SIZE), owner,
                       type));
    *out = store_last_id(core->store);
    return STATUS_OK;
}

static enum status
run_unref(struct core *core, int64_t run)
{
    TRY(store_exec(core->store, STMT_RUN_UNREF, "i", run));
    return store_exec(core->store, STMT_RUN_DROP, "i", run);
}

static enum status
run_add(struct core *core, const struct run_leaves *run, size_t refs, int64_t *out)
{
    TRY(store_exec(core->store, STMT_RUN_ADD, "iibbbi", (int64_t)run->size, (int64_t)run->first,
                   bytes_of(run->signature.b, sizeof(run->signature.b)),
                   bytes_of(run->leaves, run->count * sizeof(*run->leaves)), run->path,
                   (int64_t)refs));
    *out = store_last_id(core->store);
    return STATUS_OK;
}

struct copy_in {
    int64_t record, grant, run, old_run; /* old_run 0: a new copy */
    bool applied;
    struct position position;
    const struct disclosure *shown;
    uint32_t leaf;
};

static enum status
copy_put(struct core *core, const struct copy_in *in)
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
    return in->old_run == 0 ? STATUS_OK : run_unref(core, in->old_run);
}

/* ---- due ---------------------------------------------------------------------------------- */

/* The first decision: who should get this record now that it changed? source: the grant under which it
 * reached us, OWN_GRANT for our own. */
static enum status
fan_out(struct core *core, int64_t record, const struct record_facts *facts, int64_t source)
{
    if (PLANTED(FORGET_FANOUT) && source != OWN_GRANT)
        return STATUS_OK;
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->role != ROLE_GIVEN || live->parent_leaf != source ||
            (live->state != SHARE_DELIVERED && live->state != SHARE_ACCEPTED))
            continue;
        struct decision d = decide_record(live->chain, &chain_leaf(live->chain)->audience, facts,
                                          core_wall(core));
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
    return store_number(core->store, out, STMT_MATCH_FIND, "b", bytes_of(key.b, MATCH_KEY_SIZE));
}

/* ---- minting ------------------------------------------------------------------------------ */

struct made {
    struct revision revision;
    struct disclosure full;
    struct record_facts facts;
    int64_t old_run;
    struct field *old_fields;
    size_t old_count;
};

/* Position, nonce and hash of the revision before. */
static enum status
continue_record(struct core *core, const struct mint *in, struct arena *arena, struct made *made)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);
    struct revision *before;

    stmt_bind(q, "ii", in->record, (int64_t)OWN_GRANT);
    TRY(stmt_step(q));
    struct bytes raw = arena_copy(arena, stmt_bytes(q, 3));
    TRY(wire_revision_parse(raw, arena, &before));
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, 4)), arena, &made->old_fields,
                      &made->old_count));
    made->old_run = stmt_int(q, 0);
    memcpy(made->revision.nonce, before->nonce, sizeof(before->nonce));
    made->revision.position.number =
        before->position.incarnation == core->incarnation ? before->position.number + 1 : 1;
    made->revision.has_previous = true;
    made->revision.previous = digest_revision_id(raw);
    return STATUS_OK;
}

static enum status
make_revision(struct core *core, const struct mint *in, struct arena *arena, struct made *made)
{
    made->revision = (struct revision){ .owner = core->me,
                                        .type = in->type,
                                        .position = { core->incarnation, 1 },
                                        .profile = core->profile,
                                        .claimed = core_wall(core),
                                        .tombstone = in->tombstone };
    if (in->record != 0)
        TRY(continue_record(core, in, arena, made));
    else
        core->env.random(core->env.self, made->revision.nonce, sizeof(made->revision.nonce));
    made->full = (struct disclosure){ .has_secret = true,
                                      .fields = in->fields,
                                      .field_count = in->field_count };
    core->env.random(core->env.self, made->full.secret, sizeof(made->full.secret));
    made->revision.commitments =
        commitment_root(made->full.secret, in->fields, in->field_count);
    made->full.revision = wire_revision_format(&made->revision, arena);
    record_facts_of(&made->revision, in->fields, in->field_count, core->dictionary, &made->facts);
    return STATUS_OK;
}

static enum status
sign_batch(struct core *core, const struct made *made, size_t count, struct digest *leaves,
           struct run_leaves *run)
{
    struct signed_object object;
    uint8_t body[68];

    for (size_t i = 0; i < count; i++) {
        struct revision_id id = digest_revision_id(made[i].full.revision);
        leaves[i] = merkle_leaf(&id);
    }
    struct digest root = merkle_root(leaves, count);
    signature_batch_body(&core->me, (uint32_t)count, &root, body);
    TRY(core_sign(core, SIGN_BATCH, bytes_of(body, sizeof(body)), &object));
    *run = (struct run_leaves){ .size = (uint32_t)count,
                                .count = (uint32_t)count,
                                .signature = object.signature,
                                .leaves = leaves };
    return STATUS_OK;
}

static enum status
store_made(struct core *core, struct mint *in, const struct made *made, int64_t run, uint32_t leaf)
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
        TRY(record_add(core, &made->facts, COMPANY_US, &in->record));
    copy.record = in->record;
    in->id = made->facts.id;
    TRY(copy_put(core, &copy));
    if (in->tombstone)
        TRY(project_drop(core->store, type, in->record));
    else
        TRY(project_put(core->store, type, in->record, in->fields, in->field_count));
    if (type->parent == NULL) {
        TRY(match_put(core, type, in->record, STMT_MATCH_DROP, made->old_fields, made->old_count));
        if (!in->tombstone)
            TRY(match_put(core, type, in->record, STMT_MATCH_ADD, in->fields, in->field_count));
    }
    return fan_out(core, in->record, &made->facts, OWN_GRANT);
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

    for (size_t i = 0; i < count; i++)
        TRY(make_revision(core, &items[i], arena, &made[i]));
    TRY(sign_batch(core, made, count, leaves, &run));
    TRY(core_need_txn(core));
    TRY(run_add(core, &run, count, &run_id));
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

/* ---- what a record is now ----------------------------------------------------------------- */

/* Adds what `more` has and `into` lacks; both ascending. */
static void
merge_fields(struct record_now *now, const struct field *more, size_t count, struct arena *arena)
{
    struct field *all = ARENA_ARRAY(arena, struct field, now->field_count + count);
    size_t a = 0, b = 0, n = 0;

    while (a < now->field_count || b < count) {
        int order = a == now->field_count ? 1
                    : b == count         ? -1
                                         : key_compare(now->fields[a].key, more[b].key);
        all[n++] = order <= 0 ? now->fields[a] : more[b];
        a += order <= 0;
        b += order >= 0;
    }
    now->fields = all;
    now->field_count = n;
}

static enum status
now_from_copies(struct store *st, struct record_now *now, bool pending, struct arena *arena)
{
    enum { INCARNATION, NUMBER, REVISION, FIELDS, AT, GRANT, PARTIAL };
    AUTO(stmt_return) struct stmt *q =
        stmt_borrow(st, pending ? STMT_COPY_ANY : STMT_COPY_APPLIED);
    bool first = true;
    enum status s;

    stmt_bind(q, "i", now->record);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct position at = { (uint32_t)stmt_int(q, INCARNATION), (uint64_t)stmt_int(q, NUMBER) };
        struct field *fields;
        size_t count;
        if (!first && position_compare(at, now->position) != 0)
            return STATUS_OK;
        TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, FIELDS)), arena, &fields, &count));
        if (first) {
            struct revision *revision;
            TRY(wire_revision_parse(arena_copy(arena, stmt_bytes(q, REVISION)), arena, &revision));
            now->tombstone = revision->tombstone;
            now->position = at;
            now->at.ms = stmt_int(q, AT);
            now->grant = stmt_int(q, GRANT);
            now->is_partial = stmt_int(q, PARTIAL) != 0;
        }
        merge_fields(now, fields, count, arena);
        first = false;
    }
    if (s == STATUS_NOT_FOUND && first)
        return STATUS_NOT_FOUND;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
record_now(struct store *st, int64_t record, bool pending, struct arena *arena,
           struct record_now **out)
{
    struct record_now *now = ARENA_NEW(arena, struct record_now);

    *out = NULL;
    now->record = record;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_RECORD_GET);
        stmt_bind(q, "i", record);
        TRY(stmt_step(q));
        stmt_copy(q, 0, now->id.b, ID_SIZE);
        now->owner = stmt_int(q, 1);
        now->type.space = arena_copy(arena, stmt_bytes(q, 4));
        now->type.number = (uint32_t)stmt_int(q, 5);
    }
    TRY(now_from_copies(st, now, pending, arena));
    *out = now;
    return STATUS_OK;
}

static enum status
project(struct core *core, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct record_now *now;
    enum status s = record_now(core->store, record, false, arena, &now);

    if (s == STATUS_NOT_FOUND) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_GET);
        stmt_bind(q, "i", record);
        TRY(stmt_step(q));
        struct key key = { stmt_bytes(q, 4), (uint32_t)stmt_int(q, 5) };
        const struct type *gone = dictionary_find(core->dictionary, key);
        return gone == NULL ? STATUS_OK : project_drop(core->store, gone, record);
    }
    TRY(s);
    const struct type *type = dictionary_find(core->dictionary, now->type);
    if (type == NULL)
        return STATUS_OK;
    if (now->tombstone)
        return project_drop(core->store, type, record);
    return project_put(core->store, type, record, now->fields, now->field_count);
}

/* ---- taking ------------------------------------------------------------------------------- */

static enum status
freeze(struct core *core, int64_t record, const struct received *item, const char **fault)
{
    *fault = "position";
    TRY(store_exec(core->store, STMT_RECORD_FREEZE, "i", record));
    TRY(audit_add(core, "node", "record.equivocation", bytes_of(item->facts.id.b, ID_SIZE),
                  bytes_of(item->revision_id.b, ID_SIZE)));
    LOG(LOG_ERROR, "record.equivocation", log_id("record", item->facts.id.b));
    return STATUS_EQUIVOCATION;
}

/* Does any other copy hold another revision at the same position? */
static enum status
check_others(struct core *core, int64_t record, int64_t grant, const struct received *item,
             const char **fault)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_OTHERS);
    bool differs = false;
    enum status s;

    stmt_bind(q, "ii", record, grant);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct position at = { (uint32_t)stmt_int(q, 0), (uint64_t)stmt_int(q, 1) };
        differs = differs || (position_compare(at, item->revision->position) == 0 &&
                              !bytes_is_equal(stmt_bytes(q, 2), item->shown->revision));
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    return differs ? freeze(core, record, item, fault) : STATUS_OK;
}

/* Against the copy under the same grant. *old_run: its run, 0 when there is none. STATUS_REPLAY: nothing new. */
static enum status
check_same(struct core *core, int64_t record, int64_t grant, const struct received *item,
           int64_t *old_run, const char **fault)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);

    *old_run = 0;
    stmt_bind(q, "ii", record, grant);
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    struct position at = { (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
    *old_run = stmt_int(q, 0);
    int order = position_compare(item->revision->position, at);
    if (order == 0 && !bytes_is_equal(stmt_bytes(q, 3), item->shown->revision))
        return freeze(core, record, item, fault);
    if (order > 0 || PLANTED(APPLY_OLDER))
        return STATUS_OK;
    return STATUS_REPLAY;
}

static enum status
find_record(struct core *core, const struct received *item, int64_t *record, bool *is_frozen)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_FIND);

    *record = 0;
    *is_frozen = false;
    stmt_bind(q, "b", bytes_of(item->facts.id.b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    *record = stmt_int(q, 0);
    *is_frozen = stmt_int(q, 2) != 0;
    return STATUS_OK;
}

static enum status
show(struct core *core, const struct live *live, const struct received *item, int64_t record,
     bool is_new)
{
    const struct type *type = dictionary_find(core->dictionary, item->revision->type);

    if (live->state != SHARE_ACCEPTED)
        return STATUS_OK;
    if (is_new && type != NULL && !item->revision->tombstone)
        TRY(project_put(core->store, type, record, item->shown->fields,
                        item->shown->field_count));
    else
        TRY(project(core, record));
    return fan_out(core, record, &item->facts, live->leaf);
}

enum status
record_take(struct core *core, const struct live *live, const struct received *item, int64_t run,
            const char **fault)
{
    struct copy_in copy = { .grant = live->leaf,
                            .run = run,
                            .applied = live->state == SHARE_ACCEPTED,
                            .position = item->revision->position,
                            .shown = item->shown,
                            .leaf = item->leaf };
    const struct company *owner = company_find(core, &item->revision->owner);
    bool is_frozen, is_new;

    assert(owner != NULL); /* its chain verified */
    TRY(find_record(core, item, &copy.record, &is_frozen));
    is_new = copy.record == 0;
    *fault = "frozen";
    if (is_frozen)
        return STATUS_EQUIVOCATION;
    if (is_new) {
        TRY(record_add(core, &item->facts, owner->id, &copy.record));
    } else {
        TRY(check_same(core, copy.record, live->leaf, item, &copy.old_run, fault));
        TRY(check_others(core, copy.record, live->leaf, item, fault));
        if (item->facts.has_parent)
            TRY(store_exec(core->store, STMT_RECORD_PARENT, "ib", copy.record,
                           parent_of(&item->facts)));
    }
    *fault = NULL;
    TRY(copy_put(core, &copy));
    return show(core, live, item, copy.record, is_new);
}

enum status
records_keep_run(struct core *core, const struct run_leaves *run, size_t refs, int64_t *out)
{
    return run_add(core, run, refs, out);
}

enum status
records_run_spare(struct core *core, int64_t run)
{
    return run_unref(core, run);
}

/* ---- whole shares ------------------------------------------------------------------------- */

/* The next records under a leaf after `after`, at most PIECE. */
static enum status
next_held(struct core *core, int64_t leaf, int64_t after, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_BY_GRANT);
    enum status s;

    *count = 0;
    stmt_bind(q, "iii", leaf, after, (int64_t)PIECE);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

typedef enum status held_fn(struct core *core, int64_t leaf, int64_t record);

static enum status
each_held(struct core *core, int64_t leaf, held_fn *fn)
{
    int64_t records[PIECE], after = 0;
    size_t count;

    do {
        TRY(next_held(core, leaf, after, records, &count));
        for (size_t i = 0; i < count; i++)
            TRY(fn(core, leaf, records[i]));
        after = count > 0 ? records[count - 1] : after;
    } while (count > 0);
    return STATUS_OK;
}

static enum status
apply_one(struct core *core, int64_t leaf, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct run_leaves *run = NULL;
    struct copy_row row;

    TRY(project(core, record));
    TRY(copy_get(core, record, leaf, arena, &run, &row));
    return fan_out(core, record, &row.facts, leaf);
}

enum status
records_apply(struct core *core, const struct live *live)
{
    TRY(store_exec(core->store, STMT_COPY_APPLY, "ii", live->leaf, (int64_t)1));
    return each_held(core, live->leaf, apply_one);
}

static enum status
project_one(struct core *core, int64_t leaf, int64_t record)
{
    (void)leaf;
    return project(core, record);
}

enum status
records_hide(struct core *core, int64_t leaf)
{
    TRY(store_exec(core->store, STMT_COPY_APPLY, "ii", leaf, (int64_t)0));
    return each_held(core, leaf, project_one);
}

static enum status
forget_one(struct core *core, int64_t leaf, int64_t record)
{
    int64_t run = 0;

    TRY(store_number(core->store, &run, STMT_COPY_POSITION, "ii", record, leaf));
    TRY(store_exec(core->store, STMT_COPY_DROP, "ii", record, leaf));
    TRY(run_unref(core, run));
    return project(core, record);
}

enum status
records_forget(struct core *core, int64_t leaf, const struct record_id *only)
{
    int64_t record;

    if (only == NULL)
        return each_held(core, leaf, forget_one);
    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(only->b, ID_SIZE));
    if (s == STATUS_OK)
        s = forget_one(core, leaf, record);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

struct covering {
    struct core *core;
    struct live *live;
    covered_fn *fn;
    void *self;
};

static enum status
cover_one(const struct covering *c, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct run_leaves *run = NULL;
    struct copy_row row;

    enum status s = copy_get(c->core, record, c->live->parent_leaf, arena, &run, &row);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    struct decision d = decide_record(c->live->chain, &chain_leaf(c->live->chain)->audience,
                                      &row.facts, core_wall(c->core));
    if (d.stop != STOP_NONE || live_is_declined(c->core, c->live, &row.facts.id))
        return STATUS_OK;
    return c->fn(c->self, c->live, &row);
}

static enum status
cover_listed(const struct covering *c, const struct grant *leaf)
{
    for (size_t i = 0; i < leaf->record_count; i++) {
        int64_t record;
        enum status s = store_number(c->core->store, &record, STMT_RECORD_FIND, "b",
                                     bytes_of(leaf->records[i].b, ID_SIZE));
        if (s == STATUS_OK)
            s = cover_one(c, record);
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_OK;
}

static enum status
next_of_tree(struct core *core, const struct grant *leaf, int64_t after, int64_t *out,
             size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_TREE);
    const struct company *owner = company_find(core, &leaf->owner);
    enum status s = STATUS_OK;

    *count = 0;
    if (owner == NULL)
        return STATUS_OK;
    stmt_bind(q, "bii", bytes_of(leaf->tree.b, ID_SIZE), after, owner->id);
    while (*count < PIECE && (s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
records_each_covered(struct core *core, struct live *live, covered_fn *fn, void *self)
{
    const struct grant *leaf = chain_leaf(live->chain);
    struct covering c = { core, live, fn, self };
    int64_t records[PIECE], after = 0;
    size_t count;

    if (leaf->selector == SELECTOR_RECORDS)
        return cover_listed(&c, leaf);
    if (leaf->selector != SELECTOR_TREE)
        return STATUS_OK;
    do {
        TRY(next_of_tree(core, leaf, after, records, &count));
        for (size_t i = 0; i < count; i++)
            TRY(cover_one(&c, records[i]));
        after = count > 0 ? records[count - 1] : after;
    } while (count > 0);
    return STATUS_OK;
}

static enum status
on_due(void *self, struct live *live, const struct copy_row *row)
{
    struct core *core = self;

    live->has_due = true;
    return store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, row->record);
}

enum status
records_queue_share(struct core *core, struct live *live)
{
    return records_each_covered(core, live, on_due, core);
}

/* ---- reading a copy ----------------------------------------------------------------------- */

static enum status
run_get(struct core *core, int64_t id, struct arena *arena, const struct run_leaves **out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RUN_GET);
    struct run_leaves *run = ARENA_NEW(arena, struct run_leaves);

    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    struct bytes leaves = stmt_bytes(q, 3);
    run->id = id;
    run->size = (uint32_t)stmt_int(q, 0);
    run->first = (uint32_t)stmt_int(q, 1);
    stmt_copy(q, 2, run->signature.b, sizeof(run->signature.b));
    run->count = (uint32_t)(leaves.len / ID_SIZE);
    run->leaves = (const struct digest *)(const void *)arena_copy(arena, leaves).data;
    run->path = arena_copy(arena, stmt_bytes(q, 4));
    *out = run;
    return STATUS_OK;
}

enum status
copy_get(struct core *core, int64_t record, int64_t grant, struct arena *arena,
         const struct run_leaves **run, struct copy_row *out)
{
    enum { INCARNATION, NUMBER, REVISION, SECRET, FIELDS, WITHHELD, LEAF, AT, RUN };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_GET);
    struct revision *revision;

    *out = (struct copy_row){ .record = record };
    stmt_bind(q, "ii", record, grant);
    TRY(stmt_step(q));
    out->position = (struct position){ (uint32_t)stmt_int(q, INCARNATION),
                                       (uint64_t)stmt_int(q, NUMBER) };
    out->full.revision = arena_copy(arena, stmt_bytes(q, REVISION));
    out->full.has_secret = !stmt_is_null(q, SECRET);
    stmt_copy(q, SECRET, out->full.secret, sizeof(out->full.secret));
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, FIELDS)), arena, &out->full.fields,
                      &out->full.field_count));
    out->full.withheld = arena_copy(arena, stmt_bytes(q, WITHHELD));
    out->leaf = (uint32_t)stmt_int(q, LEAF);
    out->at.ms = stmt_int(q, AT);
    if (*run == NULL || (*run)->id != stmt_int(q, RUN))
        TRY(run_get(core, stmt_int(q, RUN), arena, run));
    out->run = *run;
    TRY(wire_revision_parse(out->full.revision, arena, &revision));
    record_facts_of(revision, out->full.fields, out->full.field_count, core->dictionary,
                    &out->facts);
    return STATUS_OK;
}
