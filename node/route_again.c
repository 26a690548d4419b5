/* SPDX-License-Identifier: Apache-2.0
 *
 * node/route_again.c - what goes the sealed way once more (contract: node/route.h): because no receipt came, because the
 * way that it was sealed for is no more, or because we are a new incarnation.
 *
 * Nothing is written before it is signed, so that a missing key process leaves everything as it was.
 */
#include <string.h>

#include "node/relay.h"
#include "node/route_priv.h"
#include "schema/base/cleanup.h"

enum {
    RESEND_MOST = 16,
    RESEND_SOON_MS = 5 * 1000,  /* a gap was reported twice in this time: once is enough */
    RESEND_MS = 10 * 60 * 1000, /* no receipt for so long, then twice as long, and so on */
    RESEND_TRIES = 6,
};

/* ---- again -------------------------------------------------------------------------------- */

/* Records are decided again each time: a ground may have gone, or a newer revision come, which is due by itself. */
static bool
is_still_due(struct core *core, int64_t company, uint8_t kind, int64_t leaf, struct bytes items)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    return kind != MESSAGE_RECORDS || load_again(core, leaf, company, items, arena,
                                                 ARENA_NEW(arena, struct load)) == STATUS_OK;
}

bool
route_may_go_again(struct core *core, struct bytes name, struct bytes body)
{
    enum { KIND, LEAF, ITEMS };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct reader r = reader_of(name);
    struct bytes items;
    int64_t leaf;
    uint8_t kind;

    if (name.len == 0)
        return true; /* another's: it knows how to take it back */
    int64_t company = (int64_t)reader_u64(&r), number = (int64_t)reader_u64(&r);
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PARCEL_MAY_GO);
        stmt_bind(q, "iib", company, number, body);
        if (stmt_step(q) != STATUS_OK)
            return false; /* sealed again meanwhile, perhaps without what was in it */
        kind = (uint8_t)stmt_int(q, KIND);
        leaf = stmt_int(q, LEAF);
        items = arena_copy(arena, stmt_bytes(q, ITEMS));
    }
    return is_still_due(core, company, kind, leaf, items);
}

enum status
route_forget(struct core *core, int64_t leaf)
{
    route_forget_keys(core);
    TRY(store_exec(core->store, STMT_PARCEL_FORGET, "i", leaf));
    return store_exec(core->store, STMT_CARRY_FORGET, "");
}

/* What parcels are made of. */
struct kept {
    uint8_t kind;
    int64_t leaf, share;
    struct object_id way;
    struct bytes items, inner, body;
    bool may_go;
};

static enum status
kept_get(struct core *core, const struct company *to, uint64_t number, struct arena *arena,
         struct kept *out)
{
    enum { KIND, LEAF, ITEMS, SHARE, WAY, INNER, BODY };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PARCEL_GET);

    stmt_bind(q, "iii", to->id, (int64_t)number, core_wall(core).ms - RESEND_SOON_MS);
    TRY(stmt_step(q));
    *out = (struct kept){ .kind = (uint8_t)stmt_int(q, KIND),
                          .leaf = stmt_int(q, LEAF),
                          .share = stmt_int(q, SHARE),
                          .items = arena_copy(arena, stmt_bytes(q, ITEMS)),
                          .inner = arena_copy(arena, stmt_bytes(q, INNER)),
                          .body = arena_copy(arena, stmt_bytes(q, BODY)),
                          .may_go = !stmt_is_null(q, BODY) };
    stmt_copy(q, WAY, out->way.b, ID_SIZE);
    return STATUS_OK;
}

/* The same object for another way. An empty message in place of one that may not go any more, and of records: these
 * are due anew, and whichever revision is the newest goes under a later number. */
static enum status
seal_again(struct core *core, struct company *to, const struct way *way, uint64_t number,
           const struct kept *kept, struct arena *arena, struct bytes *body)
{
    struct parcel p = { .number = number };
    struct route_numbers n;

    if (kept->may_go && kept->kind != MESSAGE_RECORDS &&
        !exchange_offer_is_past(core, kept->kind, kept->share)) {
        p.kind = kept->kind;
        p.inner = kept->inner;
    }
    TRY(route_numbers_get(core, to->id, &n));
    TRY(route_seal(core, to, way, &p, &n, arena, body));
    TRY(route_numbers_put(core, to->id, &n));
    if (kept->kind == MESSAGE_RECORDS)
        TRY(load_requeue(core, kept->leaf, kept->items));
    return p.kind != 0
               ? STATUS_OK
               : store_exec(core->store, STMT_PARCEL_EMPTY, "ii", to->id, (int64_t)number);
}

/* The very bytes by the way that they name, while it is one; else by this way. */
static enum status
resend_one(struct core *core, struct company *to, const struct way *way, uint64_t number,
           struct arena *arena)
{
    struct way by = *way;
    struct kept kept;
    int64_t there;

    TRY(kept_get(core, to, number, arena, &kept));
    kept.may_go = kept.may_go && is_still_due(core, to->id, kept.kind, kept.leaf, kept.items);
    bool as_it_is = kept.may_go && route_find_by(core, to, &kept.way, &by);
    enum status s =
        store_number(core->store, &there, STMT_CARRY_FIND, "ii", to->id, (int64_t)number);
    if (s != STATUS_NOT_FOUND && (s != STATUS_OK || as_it_is))
        return s; /* waits already */
    if (!as_it_is)
        TRY(seal_again(core, to, way, number, &kept, arena, &kept.body));
    TRY(store_exec(core->store, STMT_CARRY_UNDO, "iii", to->id, (int64_t)number,
                   (int64_t)number));
    TRY(store_exec(core->store, STMT_PARCEL_SENT, "iibb", to->id, (int64_t)number,
                   bytes_of(chain_leaf_id(by.live->chain)->b, ID_SIZE), kept.body));
    TRY(store_exec(core->store, STMT_PARCEL_TRIED, "iii", to->id, (int64_t)number,
                   core_wall(core).ms));
    return store_exec(core->store, STMT_CARRY_ADD, "iiiib", by.hop->id, (int64_t)COMPANY_US,
                      (int64_t)number, to->id, kept.body);
}

enum status
route_resend(struct core *core, struct company *to, uint64_t from, uint64_t upto)
{
    struct way way;

    if (!route_find(core, to, &way))
        return STATUS_OK;
    for (uint64_t number = from; number <= upto && number < from + RESEND_MOST; number++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        enum status s = resend_one(core, to, &way, number, arena);
        if (s == STATUS_LOCKED || s == STATUS_UNKNOWN_KEY)
            return STATUS_OK; /* the tick comes back to it */
        if (s != STATUS_NOT_FOUND)
            TRY(s);
    }
    return STATUS_OK;
}

/* The oldest without a receipt has waited longer than its tries allow, and nothing is under way to the next link. */
static enum status
is_overdue(struct core *core, const struct company *to, const struct company *hop, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PARCEL_OLDEST);
    int64_t unanswered;

    *out = false;
    stmt_bind(q, "i", to->id);
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    int64_t tries = stmt_int(q, 1) < RESEND_TRIES ? stmt_int(q, 1) : RESEND_TRIES;
    int64_t wait = (int64_t)RESEND_MS << tries;
    TRY(store_number(core->store, &unanswered, STMT_FRAME_COUNT, "i", hop->id));
    *out = unanswered == 0 && core_wall(core).ms - stmt_int(q, 0) >= wait;
    return STATUS_OK;
}

static enum status
resend_overdue(struct core *core, struct company *to, const struct way *way)
{
    struct route_numbers n;
    bool overdue;

    TRY(is_overdue(core, to, way->hop, &overdue));
    if (!overdue)
        return STATUS_OK;
    TRY(route_numbers_get(core, to->id, &n));
    return route_resend(core, to, n.acked + 1, n.next - 1);
}

enum status
route_tick(struct core *core)
{
    core->receipts_wait = true; /* a way may have opened */
    for (size_t i = 0; i < core->company_count; i++) {
        struct company *to = core->companies[i];
        struct way way;
        if (to->is_lost && to->peer == NULL)
            TRY(relay_lose(core, to));
        to->way = 0;
        if (to->id == COMPANY_US || to->peer != NULL || to->state == COMPANY_LIGHT)
            continue;
        if (!route_find(core, to, &way)) {
            TRY(relay_strays(core, to));
            continue;
        }
        to->way = way.hop->id;
        if (peer_state(way.hop->peer) == PEER_READY)
            TRY(resend_overdue(core, to, &way));
    }
    return STATUS_OK;
}

/* ---- a new incarnation -------------------------------------------------------------------- */

/* Newest first, each before those that wait: their order stays. */
static enum status
requeue_one(struct core *core, const struct company *to, struct stmt *q)
{
    enum { KIND, LEAF, ITEMS, SHARE, INNER };

    if (stmt_int(q, KIND) == 0)
        return STATUS_OK;
    if (stmt_int(q, KIND) == MESSAGE_RECORDS)
        return load_requeue(core, stmt_int(q, LEAF), stmt_bytes(q, ITEMS));
    return store_exec(core->store, STMT_CONTROL_FIRST, "iibi", to->id, stmt_int(q, KIND),
                      stmt_bytes(q, INNER), stmt_int(q, SHARE));
}

static enum status
begin_anew(struct core *core, struct company *to)
{
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PARCEL_ALL);
        stmt_bind(q, "i", to->id);
        while ((s = stmt_step(q)) == STATUS_OK)
            TRY(requeue_one(core, to, q));
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    to->control_waits = true;
    TRY(store_exec(core->store, STMT_PARCEL_DROP, "ii", to->id, INT64_MAX));
    TRY(store_exec(core->store, STMT_CARRY_UNDO, "iii", to->id, (int64_t)0, INT64_MAX));
    return store_exec(core->store, STMT_ROUTE_ANEW, "ii", to->id, (int64_t)core->incarnation);
}

enum status
route_begin(struct core *core)
{
    enum status s;
    int64_t company;

    while ((s = store_number(core->store, &company, STMT_ROUTE_PAST, "i",
                             (int64_t)core->incarnation)) == STATUS_OK)
        TRY(begin_anew(core, company_by_id(core, company))); /* the table refers to it */
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
