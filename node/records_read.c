/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records_read.c - what a record is now, from the copies we hold; a single copy for disclosing; and every
 * record that a share covers.
 */
#include <string.h>

#include "node/person.h"
#include "node/records_priv.h"
#include "node/store/pack.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"

enum { PIECE = 256 };

/* ---- what a record is now ----------------------------------------------------------------- */

/* Adds what `more` has and `into` lacks; both ascending. */
static void
merge_fields(struct record_now *now, const struct field *more, size_t count,
             struct arena *arena)
{
    struct field *all = ARENA_ARRAY(arena, struct field, now->field_count + count);
    size_t a = 0, b = 0, n = 0;

    while (a < now->field_count || b < count) {
        int order = a == now->field_count ? 1
                    : b == count          ? -1
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
    AUTO(stmt_return)
    struct stmt *q = stmt_borrow(st, pending ? STMT_COPY_ANY : STMT_COPY_APPLIED);
    bool first = true;
    enum status s;

    stmt_bind(q, "i", now->record);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct position at = { (uint32_t)stmt_int(q, INCARNATION),
                               (uint64_t)stmt_int(q, NUMBER) };
        struct field *fields;
        size_t count;
        if (!first && position_compare(at, now->position) != 0)
            return STATUS_OK;
        TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, FIELDS)), arena, &fields, &count));
        if (first) {
            struct revision *revision;
            TRY(wire_revision_parse(arena_copy(arena, stmt_bytes(q, REVISION)), arena,
                                    &revision));
            now->tombstone = revision->tombstone;
            now->claimed = revision->claimed;
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

enum status
records_row_put(struct core *core, const struct type *type, int64_t record,
                const struct row_in *row)
{
    TRY(project_put(core->store, type, record, row->fields, row->field_count));
    return person_is_kept(type) ? person_note(core, type, record, row) : STATUS_OK;
}

enum status
records_row_drop(struct core *core, const struct type *type, int64_t record)
{
    TRY(project_drop(core->store, type, record));
    return person_is_kept(type) ? person_drop(core, record) : STATUS_OK;
}

struct bytes
record_now_value(const struct record_now *now, const struct type *type, const char *name)
{
    const struct type_field *f = type_field_find_name(type, name);

    for (size_t i = 0; f != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, f->key))
            return now->fields[i].value;
    return (struct bytes){ 0 };
}

enum status
records_project(struct core *core, int64_t record)
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
        return gone == NULL ? STATUS_OK : records_row_drop(core, gone, record);
    }
    TRY(s);
    const struct type *type = dictionary_find(core->dictionary, now->type);
    if (type == NULL)
        return STATUS_OK;
    if (now->tombstone)
        return records_row_drop(core, type, record);
    struct row_in row = { now->fields, now->field_count, now->claimed, now->owner };
    return records_row_put(core, type, record, &row);
}

struct covering {
    struct core *core;
    struct live *live;
    selected_fn *fn;
    void *self;
    size_t *left; /* rows that may still be looked at; NULL: any number */
};

static enum status
cover_one(const struct covering *c, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct run_leaves *run = NULL;
    struct copy_row row;

    if (c->left != NULL && *c->left == 0)
        return STATUS_STOPPED;
    if (c->left != NULL)
        --*c->left;
    enum status s = copy_get(c->core, record, c->live->parent_leaf, arena, &run, &row);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    row.facts.consent_waived = live_waives_consent(c->core, c->live);
    struct decision d = decide_record(c->live->chain, &chain_leaf(c->live->chain)->audience,
                                      &row.facts, core_wall(c->core));
    if ((d.stop != STOP_NONE && d.stop != STOP_CONSENT) ||
        live_is_declined(c->core, c->live, &row.facts.id))
        return STATUS_OK;
    return c->fn(c->self, c->live, &row, &d);
}

static enum status
cover_id(const struct covering *c, const struct record_id *id)
{
    int64_t record;
    enum status s =
        store_number(c->core->store, &record, STMT_RECORD_FIND, "b", bytes_of(id->b, ID_SIZE));

    if (s == STATUS_OK)
        s = cover_one(c, record);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The next children after `after`, in the order of the index. */
static enum status
next_children(const struct covering *c, const struct grant *leaf, int64_t after, int64_t *out,
              size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(c->core->store, STMT_RECORD_OF_PARENT);
    const struct company *owner = company_find(c->core, &leaf->owner);
    enum status s = STATUS_OK;

    *count = 0;
    if (owner == NULL)
        return STATUS_OK;
    stmt_bind(q, "bii", bytes_of(leaf->tree.b, ID_SIZE), after, owner->id);
    while (*count < PIECE && (s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
cover_tree(const struct covering *c, const struct grant *leaf)
{
    int64_t records[PIECE], after = 0;
    size_t count;

    TRY(cover_id(c, &leaf->tree));
    do {
        TRY(next_children(c, leaf, after, records, &count));
        for (size_t i = 0; i < count; i++)
            TRY(cover_one(c, records[i]));
        after = count > 0 ? records[count - 1] : after;
    } while (count > 0);
    return STATUS_OK;
}

static enum status
cover_all(const struct covering *c)
{
    const struct grant *leaf = chain_leaf(c->live->chain);

    if (leaf->selector == SELECTOR_TREE)
        return cover_tree(c, leaf);
    for (size_t i = 0; leaf->selector == SELECTOR_RECORDS && i < leaf->record_count; i++)
        TRY(cover_id(c, &leaf->records[i]));
    return STATUS_OK;
}

enum status
records_each_selected(struct core *core, struct live *live, selected_fn *fn, void *self)
{
    return cover_all(&(struct covering){ core, live, fn, self, NULL });
}

struct covered {
    covered_fn *fn;
    void *self;
};

static enum status
on_selected(void *self, struct live *live, const struct copy_row *row,
            const struct decision *decision)
{
    const struct covered *c = self;

    return decision->stop == STOP_NONE ? c->fn(c->self, live, row) : STATUS_OK;
}

enum status
records_each_covered(struct core *core, struct live *live, size_t *left, covered_fn *fn,
                     void *self)
{
    struct covered c = { fn, self };

    return cover_all(&(struct covering){ core, live, on_selected, &c, left });
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
    return records_each_covered(core, live, NULL, on_due, core);
}

static enum status
on_left_out(void *self, struct live *live, const struct copy_row *row,
            const struct decision *decision)
{
    return decision->stop == STOP_CONSENT ? on_due(self, live, row) : STATUS_OK;
}

enum status
records_queue_left_out(struct core *core, int64_t partner)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->role == ROLE_GIVEN && live->partner == partner &&
            (live->state == SHARE_DELIVERED || live->state == SHARE_ACCEPTED))
            TRY(records_each_selected(core, live, on_left_out, core));
    }
    return STATUS_OK;
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
    out->position =
        (struct position){ (uint32_t)stmt_int(q, INCARNATION), (uint64_t)stmt_int(q, NUMBER) };
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
    out->tombstone = revision->tombstone;
    record_facts_of(revision, out->full.fields, out->full.field_count, core->dictionary,
                    &out->facts);
    return STATUS_OK;
}
