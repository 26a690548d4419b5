/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records_take.c - a partner's revisions into the store, and what happens to all that is held under one
 * share: applied, hidden, erased.
 */
#include <string.h>

#include "node/equivocation.h"
#include "node/proposals.h"
#include "node/records_priv.h"
#include "node/scopes.h"
#include "node/store/pack.h"
#include "node/store/project.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

/* ---- taking ------------------------------------------------------------------------------- */

/* The copy under this grant says something else at the item's position. */
static enum status
contradicts(struct core *core, int64_t record, int64_t grant, const struct live *live,
            const struct received *item)
{
    TRY(equivocation_found(core, record, grant, item, live->partner));
    return STATUS_EQUIVOCATION;
}

/* Does any other copy hold another revision at the same position? One under a stolen key says nothing. */
static enum status
check_others(struct core *core, const struct company *owner, int64_t record,
             const struct live *live, const struct received *item)
{
    int64_t other = -1;
    bool is_stolen;
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_OTHERS);
        stmt_bind(q, "ii", record, live->leaf);
        while ((s = stmt_step(q)) == STATUS_OK) {
            struct position at = { (uint32_t)stmt_int(q, 0), (uint64_t)stmt_int(q, 1) };
            if (position_compare(at, item->revision->position) != 0 ||
                bytes_is_equal(stmt_bytes(q, 2), item->shown->revision))
                continue;
            TRY(records_run_is_stolen(core, owner, stmt_int(q, 4), &is_stolen));
            if (!is_stolen)
                other = stmt_int(q, 3);
        }
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    return other < 0 ? STATUS_OK : contradicts(core, record, other, live, item);
}

/* Against the copy under the same grant. *old_run: its run, 0 when there is none. STATUS_REPLAY: nothing new. */
static enum status
check_same(struct core *core, const struct company *owner, int64_t record,
           const struct live *live, const struct received *item, int64_t *old_run,
           struct position *was)
{
    bool differs, is_stolen;
    int order;

    *old_run = 0;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);
        stmt_bind(q, "ii", record, live->leaf);
        enum status s = stmt_step(q);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        struct position at = { (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
        *old_run = stmt_int(q, 0);
        *was = at;
        order = position_compare(item->revision->position, at);
        differs = !bytes_is_equal(stmt_bytes(q, 3), item->shown->revision);
    }
    if (order > 0 || PLANTED(APPLY_OLDER))
        return STATUS_OK;
    TRY(records_run_is_stolen(core, owner, *old_run, &is_stolen));
    if (is_stolen)
        return STATUS_OK; /* its position says nothing, and its signature is of no use to others */
    return order == 0 && differs ? contradicts(core, record, live->leaf, live, item)
                                 : STATUS_REPLAY;
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

/* Its owner destroyed it: whatever else we hold of it, under other grants or hidden, goes too (P11). */
static enum status
bury(struct core *core, const struct received *item, int64_t record, int64_t grant)
{
    struct position at = item->revision->position;

    core->has_erased = true;
    for (;;) {
        struct position was;
        int64_t other, run;
        {
            AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_BELOW);
            stmt_bind(q, "iiii", record, grant, (int64_t)at.incarnation, (int64_t)at.number);
            enum status s = stmt_step(q);
            if (s != STATUS_OK)
                return s == STATUS_NOT_FOUND ? proposals_lapse_record(core, record) : s;
            other = stmt_int(q, 0);
            run = stmt_int(q, 1);
            was = (struct position){ (uint32_t)stmt_int(q, 2), (uint64_t)stmt_int(q, 3) };
        }
        TRY(store_exec(core->store, STMT_COPY_DROP, "ii", record, other));
        TRY(scopes_moved(core, live_by_leaf(core, other, ROLE_RECEIVED), record, &was, NULL));
        TRY(records_run_spare(core, run));
    }
}

static enum status
show(struct core *core, const struct live *live, const struct received *item, int64_t record,
     bool is_new)
{
    const struct type *type = dictionary_find(core->dictionary, item->revision->type);

    if (live->state != SHARE_ACCEPTED)
        return STATUS_OK;
    struct row_in row = { item->shown->fields, item->shown->field_count,
                          item->revision->claimed,
                          company_find(core, &item->revision->owner)->id };
    if (is_new && type != NULL && !item->revision->tombstone)
        TRY(records_row_put(core, type, record, &row));
    else
        TRY(records_project(core, record));
    return records_fan_out(core, record, &item->facts, live->leaf);
}

enum status
record_take(struct core *core, const struct live *live, const struct received *item,
            int64_t run, const char **fault)
{
    struct copy_in copy = { .grant = live->leaf,
                            .run = run,
                            .applied = live->state == SHARE_ACCEPTED,
                            .position = item->revision->position,
                            .shown = item->shown,
                            .leaf = item->leaf };
    const struct company *owner = company_find(core, &item->revision->owner);
    bool is_frozen, is_new, is_withdrawn, is_mended = false;
    struct position was;

    assert(owner != NULL); /* its chain verified */
    TRY(withdrawal_covers(core, live, &item->facts.id, item->revision->position,
                          &is_withdrawn));
    if (is_withdrawn)
        return STATUS_REPLAY; /* it was taken back while it was on its way */
    TRY(find_record(core, item, &copy.record, &is_frozen));
    is_new = copy.record == 0;
    *fault = "frozen";
    if (is_frozen)
        TRY(equivocation_mended(core, copy.record, item->revision->position, &is_mended));
    if (is_frozen && !is_mended)
        return STATUS_EQUIVOCATION;
    *fault = "position";
    if (is_new) {
        TRY(records_add(core, &item->facts, owner->id, &copy.record));
    } else {
        TRY(check_same(core, owner, copy.record, live, item, &copy.old_run, &was));
        TRY(check_others(core, owner, copy.record, live, item));
        if (item->facts.has_parent)
            TRY(store_exec(core->store, STMT_RECORD_PARENT, "ib", copy.record,
                           bytes_of(item->facts.parent.b, ID_SIZE)));
    }
    *fault = NULL;
    TRY(records_copy_put(core, &copy));
    TRY(scopes_moved(core, live, copy.record, copy.old_run != 0 ? &was : NULL, &copy.position));
    if (item->revision->tombstone)
        TRY(bury(core, item, copy.record, live->leaf));
    return show(core, live, item, copy.record, is_new);
}

/* ---- whole shares ------------------------------------------------------------------------- */

/* The next records under a leaf after `after`, at most LET_GO_PIECE. */
static enum status
next_held(struct core *core, int64_t leaf, int64_t after, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_BY_GRANT);
    enum status s;

    *count = 0;
    stmt_bind(q, "iii", leaf, after, (int64_t)LET_GO_PIECE);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
apply_one(struct core *core, int64_t leaf, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct run_leaves *run = NULL;
    struct copy_row row;

    TRY(records_project(core, record));
    TRY(copy_get(core, record, leaf, arena, &run, &row));
    return records_fan_out(core, record, &row.facts, leaf);
}

enum status
records_apply(struct core *core, const struct live *live)
{
    int64_t records[LET_GO_PIECE], after = 0;
    size_t count;

    TRY(store_exec(core->store, STMT_COPY_APPLY, "ii", live->leaf, (int64_t)1));
    do {
        TRY(next_held(core, live->leaf, after, records, &count));
        for (size_t i = 0; i < count; i++)
            TRY(apply_one(core, live->leaf, records[i]));
        after = count > 0 ? records[count - 1] : after;
    } while (count > 0);
    return STATUS_OK;
}

static enum status
hide_one(struct core *core, int64_t leaf, int64_t record)
{
    TRY(store_exec(core->store, STMT_COPY_HIDE, "ii", record, leaf));
    return records_project(core, record);
}

/* By law it must not be erased: it is kept, out of sight. */
static enum status
is_held_back(struct core *core, int64_t record, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HOLD_GET);

    stmt_bind(q, "i", record);
    enum status s = stmt_step(q);
    *out = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
forget_one(struct core *core, const struct live *live, int64_t leaf, int64_t record)
{
    int64_t run = 0;
    struct position was;
    bool held;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);
        stmt_bind(q, "ii", record, leaf);
        TRY(stmt_step(q));
        run = stmt_int(q, 0);
        was = (struct position){ (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
    }
    TRY(scopes_moved(core, live, record, &was, NULL));
    TRY(is_held_back(core, record, &held));
    if (held)
        return hide_one(core, leaf, record);
    core->has_erased = true;
    TRY(store_exec(core->store, STMT_COPY_DROP, "ii", record, leaf));
    TRY(records_run_spare(core, run));
    return records_project(core, record);
}

enum status
records_piece_go(struct core *core, int64_t leaf, bool hide, int64_t *after)
{
    const struct live *live = live_by_leaf(core, leaf, ROLE_RECEIVED);
    int64_t records[LET_GO_PIECE];
    size_t count;

    TRY(next_held(core, leaf, *after, records, &count));
    for (size_t i = 0; i < count; i++)
        TRY(hide ? hide_one(core, leaf, records[i]) : forget_one(core, live, leaf, records[i]));
    if (count == 0)
        return STATUS_NOT_FOUND;
    *after = records[count - 1];
    return STATUS_OK;
}

enum status
records_forget(struct core *core, int64_t leaf, const struct record_id *id)
{
    int64_t record;

    enum status s =
        store_number(core->store, &record, STMT_RECORD_FIND, "b", bytes_of(id->b, ID_SIZE));
    if (s == STATUS_OK)
        s = forget_one(core, live_by_leaf(core, leaf, ROLE_RECEIVED), leaf, record);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* No copy of it is here. If one was and got lost behind our back, lists and indexes may still show its values: they follow
 * what is left. */
static enum status
forget_lost(struct core *core, int64_t record)
{
    core->has_erased = true;
    return records_project(core, record);
}

/* Newer than that, as far as its position says anything. */
static enum status
is_newer(struct core *core, int64_t record, int64_t run, int order, bool *out)
{
    int64_t owner;
    bool is_stolen;

    *out = order > 0;
    if (!*out)
        return STATUS_OK;
    TRY(store_number(core->store, &owner, STMT_RECORD_OWNER, "i", record));
    TRY(records_run_is_stolen(core, company_by_id(core, owner), run, &is_stolen));
    *out = !is_stolen;
    return STATUS_OK;
}

enum status
records_forget_upto(struct core *core, int64_t leaf, int64_t record, struct position upto,
                    enum forgotten *out)
{
    struct position at = { 0 };
    int64_t run;

    *out = FORGOT_NOTHING;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_POSITION);
        stmt_bind(q, "ii", record, leaf);
        enum status s = stmt_step(q);
        if (s == STATUS_NOT_FOUND)
            return forget_lost(core, record);
        TRY(s);
        run = stmt_int(q, 0);
        at = (struct position){ (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
    }
    bool held, newer;
    TRY(is_held_back(core, record, &held));
    TRY(is_newer(core, record, run, position_compare(at, upto), &newer));
    *out = newer ? FORGOT_NEWER : held ? FORGOT_KEPT : FORGOT_GONE;
    return *out == FORGOT_NEWER
               ? STATUS_OK
               : forget_one(core, live_by_leaf(core, leaf, ROLE_RECEIVED), leaf, record);
}
