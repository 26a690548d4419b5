/* SPDX-License-Identifier: Apache-2.0
 *
 * node/load.c - records that go in one message, all under one grant: what is due at the moment it goes (the newest
 * revision, decided again), and the same again later.
 *
 * What went is remembered as a list of (record, position): u64 record, u32 incarnation, u64 number each.
 */
#include "node/exchange_priv.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"

enum {
    ITEM_POSITION = 12,
    PIECES_MOST = 64, /* looked at in a row without one that may go: others wait meanwhile */
};

/* Contributions and what comes back of them wait for the answer: it comes by rule, and who says no gets nothing. */
static bool
is_open(const struct live *live)
{
    bool by_rule = live->kind == OFFER_CONTRIBUTION || live->kind == OFFER_FEEDBACK;

    return live->state == SHARE_ACCEPTED || (live->state == SHARE_DELIVERED && !by_rule);
}

/* What we hold goes back to its owner, that was restored. */
static bool
may_go_back(struct core *core, const struct live *live, int64_t company)
{
    const struct company *c = company_by_id(core, company);

    return live->role == ROLE_RECEIVED && c != NULL && c->gives_back &&
           ID_IS_EQUAL(*chain_owner(live->chain), c->node);
}

bool
load_may_carry(struct core *core, const struct live *live, int64_t company)
{
    if (live->role == ROLE_RECEIVED)
        return may_go_back(core, live, company);
    return live->role == ROLE_GIVEN && live->partner == company && is_open(live) &&
           decide_lease(live->chain, live->lease, core_wall(core)).stop == STOP_NONE;
}

static enum status
clear(struct core *core, const struct live *live, struct copy_row *row, struct arena *arena,
      struct cleared *out)
{
    struct decision why;

    if (live_is_declined(core, live, &row->facts.id))
        return STATUS_NOT_GRANTED;
    if (live->role == ROLE_RECEIVED)
        return disclose_back(chain_leaf_id(live->chain), chain_owner(live->chain), &row->facts,
                             &row->full, out);
    row->facts.consent_waived = live_waives_consent(core, live);
    row->facts.lease = live->lease;
    return disclose(live->chain, &chain_leaf(live->chain)->audience, &row->facts, &row->full,
                    core_wall(core), arena, out, &why);
}

/* Who never had a record does not hear that it is gone (P3). Restored from a copy we may have forgotten who had it: a partner
 * with a link is compared with (node/repair.c), one without is told. */
static enum status
is_news(struct core *core, const struct live *live, const struct copy_row *row, bool *out)
{
    const struct company *to = company_by_id(core, live->partner);

    *out = !row->tombstone || live->role == ROLE_RECEIVED ||
           (core->incarnation > 1 && to != NULL && to->peer == NULL);
    return *out ? STATUS_OK : withdrawal_may_have(core, live, row->record, out);
}

/* The second decision. STATUS_NOT_GRANTED, STATUS_NOT_FOUND: it must not or cannot go. */
static enum status
load_record(struct core *core, struct load *load, int64_t record, struct arena *arena,
            const struct run_leaves **run)
{
    const struct live *live = load->live;
    struct cleared *item = &load->items[load->count];
    int64_t held = live->role == ROLE_RECEIVED ? live->leaf : live->parent_leaf;
    struct copy_row row;
    bool news;

    TRY(copy_get(core, record, held, arena, run, &row));
    TRY(is_news(core, live, &row, &news));
    if (!news)
        return STATUS_NOT_GRANTED;
    TRY(clear(core, live, &row, arena, item));
    item->run = row.run;
    item->leaf = row.leaf;
    load->records[load->count] = record;
    load->gone[load->count] = row.tombstone;
    load->positions[load->count++] = row.position;
    return STATUS_OK;
}

enum status
load_may_go(struct core *core, const struct live *live, int64_t record, struct position *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct load *load = ARENA_NEW(arena, struct load);
    const struct run_leaves *run = NULL;

    load->live = live;
    TRY(load_record(core, load, record, arena, &run));
    *out = load->positions[0];
    return STATUS_OK;
}

static void
load_swap(struct load *load, size_t a, size_t b)
{
    struct cleared item = load->items[a];
    int64_t record = load->records[a];
    struct position position = load->positions[a];
    bool gone = load->gone[a];

    load->items[a] = load->items[b];
    load->records[a] = load->records[b];
    load->positions[a] = load->positions[b];
    load->gone[a] = load->gone[b];
    load->items[b] = item;
    load->records[b] = record;
    load->positions[b] = position;
    load->gone[b] = gone;
}

/* (run, leaf) order, so that neighbours of one batch share a signature; nearly sorted already. */
static void
load_sort(struct load *load)
{
    for (size_t i = 1; i < load->count; i++) {
        for (size_t k = i; k > 0; k--) {
            const struct cleared *a = &load->items[k - 1], *b = &load->items[k];
            if (a->run->id < b->run->id || (a->run->id == b->run->id && a->leaf <= b->leaf))
                break;
            load_swap(load, k - 1, k);
        }
    }
}

static enum status
next_due(struct core *core, int64_t leaf, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_DUE_NEXT);
    enum status s;

    *count = 0;
    stmt_bind(q, "ii", leaf, (int64_t)LOAD_MAX);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
load_piece(struct core *core, struct load *load, struct arena *arena, bool *any)
{
    const struct run_leaves *run = NULL;
    int64_t records[LOAD_MAX];
    size_t count;

    TRY(next_due(core, load->live->leaf, records, &count));
    *any = count > 0;
    for (size_t i = 0; i < count; i++) {
        enum status s = load_record(core, load, records[i], arena, &run);
        if (s == STATUS_NOT_FOUND || s == STATUS_NOT_GRANTED)
            s = store_exec(core->store, STMT_DUE_DROP, "ii", load->live->leaf, records[i]);
        TRY(s);
    }
    load_sort(load);
    return STATUS_OK;
}

enum status
load_due(struct core *core, struct live *live, struct arena *arena, struct load *out)
{
    AUTO(arena_free)
    struct arena *piece = arena_new(0); /* of rows that may not go nothing stays */
    bool any = true;

    out->live = live;
    out->count = 0;
    for (int i = 0; i < PIECES_MOST && any && out->count == 0; i++) {
        arena_reset(piece);
        TRY(load_piece(core, out, piece, &any));
    }
    if (out->count > 0)
        arena_adopt(arena, &piece);
    else if (any)
        core->due_waits = true;
    else
        live->has_due = false;
    return STATUS_OK;
}

struct bytes
load_pack(const struct load *load, size_t room, struct arena *arena, size_t *taken)
{
    return records_pack(load->items, load->count, room, arena, taken);
}

enum status
load_handed(struct core *core, const struct load *load, size_t count, struct buffer *items)
{
    for (size_t i = 0; i < count; i++) {
        TRY(store_exec(core->store, STMT_DUE_DROP, "ii", load->live->leaf, load->records[i]));
        buffer_put_u64(items, (uint64_t)load->records[i]);
        buffer_put_u32(items, load->positions[i].incarnation);
        buffer_put_u64(items, load->positions[i].number);
    }
    return STATUS_OK;
}

/* Whose rows go under it: ours, or back. */
static struct live *
live_at(struct core *core, int64_t leaf)
{
    struct live *live = live_by_leaf(core, leaf, ROLE_GIVEN);

    return live != NULL ? live : live_by_leaf(core, leaf, ROLE_RECEIVED);
}

enum status
load_again(struct core *core, int64_t leaf, int64_t company, struct bytes items,
           struct arena *arena, struct load *out)
{
    const struct run_leaves *run = NULL;
    struct reader r = reader_of(items);

    out->count = 0;
    out->live = live_at(core, leaf);
    if (out->live == NULL || !load_may_carry(core, out->live, company))
        return STATUS_NOT_GRANTED;
    while (r.left > 0 && out->count < LOAD_MAX) {
        int64_t record = (int64_t)reader_u64(&r);
        struct position was;
        was.incarnation = reader_u32(&r);
        was.number = reader_u64(&r);
        TRY(load_record(core, out, record, arena, &run));
        if (position_compare(out->positions[out->count - 1], was) != 0)
            return STATUS_NOT_GRANTED; /* overtaken by a newer one */
    }
    return STATUS_OK;
}

enum status
load_requeue(struct core *core, int64_t leaf, struct bytes items)
{
    struct live *live = live_at(core, leaf);
    struct reader r = reader_of(items);

    if (live == NULL)
        return STATUS_OK;
    live->has_due = true;
    while (r.left > 0) {
        TRY(store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, (int64_t)reader_u64(&r)));
        (void)reader_bytes(&r, ITEM_POSITION);
    }
    return STATUS_OK;
}
