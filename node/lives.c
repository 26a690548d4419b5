/* SPDX-License-Identifier: Apache-2.0
 *
 * node/lives.c - shares that can still let something through, each with its verified chain in memory, and
 * how they end: by answer, by revocation, by time.
 *
 * 1. A live exists exactly for the share rows in a state that is not final.
 * 2. Its chain came from chain_verify(), at start or when the share was added; the decision looks at the
 *    clock each time, so a chain whose time is over lets nothing through even before it is swept.
 */
#include <stdlib.h>
#include <string.h>

#include "node/asks.h"
#include "node/contribution.h"
#include "node/heads.h"
#include "node/letting_go.h"
#include "node/proposals.h"
#include "node/receipt.h"
#include "node/revocation.h"
#include "node/route.h"
#include "node/scopes.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static const char *const state_names[] = {
#define X(name, text) [SHARE_##name] = text,
    SHARE_STATES(X)
#undef X
};

#define TO(state) (1u << SHARE_##state)
static const unsigned successors[SHARE_STATE_COUNT_] = {
    [SHARE_WAITING] = TO(OFFERED) | TO(REFUSED) | TO(STOPPED) | TO(ENDED),
    [SHARE_OFFERED] = TO(DELIVERED) | TO(ACCEPTED) | TO(DECLINED) | TO(STOPPED) | TO(ENDED),
    [SHARE_DELIVERED] = TO(ACCEPTED) | TO(DECLINED) | TO(STOPPED) | TO(ENDED),
    [SHARE_ACCEPTED] = TO(DECLINED) | TO(STOPPED) | TO(ENDED),
    [SHARE_FILED] = TO(STOPPED) | TO(ENDED),
};
#undef TO

const char *
share_state_name(enum share_state state)
{
    return state_names[state];
}

/* ---- the list ----------------------------------------------------------------------------- */

static struct live *
live_append(struct core *core, const struct live *row)
{
    int64_t end = chain_end(row->chain).ms;

    core->lives = xrealloc(core->lives, (core->live_count + 1) * sizeof(*core->lives));
    struct live *live = &core->lives[core->live_count++];
    *live = *row;
    core->lives_version++;
    if (end < core->ends_at)
        core->ends_at = end;
    return live;
}

static void
live_drop(struct core *core, struct live *live)
{
    size_t at = (size_t)(live - core->lives);

    core->lives_version++;
    scopes_forget(live);
    verified_chain_free(&live->chain);
    core->lives[at] = core->lives[--core->live_count];
}

static enum status
load_rows(struct core *core, struct live **rows, size_t *count)
{
    enum { SHARE, LEAF, ROLE, PARTNER, STATE, PARENT, DECLINED, KIND, LEASE };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_LIVE);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        *rows = xrealloc(*rows, (*count + 1) * sizeof(**rows));
        (*rows)[(*count)++] = (struct live){ .share = stmt_int(q, SHARE),
                                             .leaf = stmt_int(q, LEAF),
                                             .role = (enum share_role)stmt_int(q, ROLE),
                                             .partner = stmt_int(q, PARTNER),
                                             .state = (enum share_state)stmt_int(q, STATE),
                                             .parent_leaf = stmt_int(q, PARENT),
                                             .has_declined = stmt_int(q, DECLINED) != 0,
                                             .kind = (enum offer_kind)stmt_int(q, KIND),
                                             .lease = { stmt_int(q, LEASE) },
                                             .has_due = true };
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
lives_load(struct core *core)
{
    AUTO(xfree) struct live *rows = NULL;
    size_t count = 0;

    core->ends_at = INT64_MAX;
    TRY(load_rows(core, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        enum status s = chain_load(core, rows[i].leaf, &rows[i].chain);
        if (s == STATUS_OK)
            (void)live_append(core, &rows[i]);
        else if (s != STATUS_NOT_FOUND)
            LOG(LOG_ERROR, "share.chain_not_verified", log_num("share", rows[i].share),
                log_status(s));
    }
    return STATUS_OK;
}

void
lives_free(struct core *core)
{
    scopes_forget_all(core);
    for (size_t i = 0; i < core->live_count; i++)
        verified_chain_free(&core->lives[i].chain);
    free(core->lives);
    core->lives = NULL;
    core->live_count = 0;
}

struct live *
live_by_leaf(struct core *core, int64_t leaf, enum share_role role)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].leaf == leaf && core->lives[i].role == role)
            return &core->lives[i];
    return NULL;
}

struct live *
live_by_share(struct core *core, int64_t share)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].share == share)
            return &core->lives[i];
    return NULL;
}

struct live *
live_by_gid(struct core *core, const struct object_id *gid, enum share_role role)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].role == role &&
            ID_IS_EQUAL(*chain_leaf_id(core->lives[i].chain), *gid))
            return &core->lives[i];
    return NULL;
}

bool
live_waives_consent(struct core *core, const struct live *live)
{
    struct company *c = company_by_id(core, live->partner);

    return live->role == ROLE_GIVEN && c != NULL && c->consent_waived;
}

bool
live_is_declined(struct core *core, const struct live *live, const struct record_id *record)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    if (!live->has_declined)
        return false;
    q = stmt_borrow(core->store, STMT_DECLINED_FIND);
    stmt_bind(q, "ib", live->share, bytes_of(record->b, ID_SIZE));
    return stmt_step(q) != STATUS_NOT_FOUND;
}

/* ---- shares ------------------------------------------------------------------------------- */

enum status
share_add(struct core *core, const struct share_row *row, struct verified_chain **chain,
          struct live **out)
{
    const char *title = row->title;
    struct wall_ms lease;
    int64_t parent = 0;

    *out = NULL;
    if (row->kind == OFFER_FEEDBACK)
        TRY(contribution_title(core, &chain_leaf(*chain)->cites, &title));
    TRY(heads_until(core->store, row->leaf, &lease));
    TRY(store_exec(core->store, STMT_SHARE_ADD, "iiiiittibbi", row->leaf, (int64_t)row->role,
                   row->partner, (int64_t)row->state, (int64_t)row->kind, title, row->note,
                   row->count, row->offer, bytes_of(row->oid.b, ID_SIZE), core_wall(core).ms));
    int64_t share = store_last_id(core->store);
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_GET);
        stmt_bind(q, "i", row->leaf);
        TRY(stmt_step(q));
        parent = stmt_int(q, 2);
    }
    struct live live = { .share = share,
                         .leaf = row->leaf,
                         .parent_leaf = parent,
                         .partner = row->partner,
                         .role = row->role,
                         .state = row->state,
                         .kind = row->kind,
                         .lease = lease,
                         .chain = TAKE(*chain) };
    *out = live_append(core, &live);
    return STATUS_OK;
}

enum status
share_move(struct core *core, struct live *live, enum share_state to, const char *reason)
{
    assert(successors[live->state] & 1u << to);
    TRY(store_exec(core->store, STMT_SHARE_STATE, "iiti", live->share, (int64_t)to, reason,
                   core_wall(core).ms));
    core->lives_version++;
    if (PLANTED(DECIDE_ONCE) && live->role == ROLE_GIVEN && to == SHARE_STOPPED &&
        live->kind <= OFFER_RECORDS)
        return STATUS_OK; /* memory goes on as if nothing had been said */
    live->state = to;
    if (successors[to] != 0)
        return STATUS_OK;
    int64_t leaf = live->leaf, share = live->share, partner = live->partner;
    live_drop(core, live);
    TRY(store_exec(core->store, STMT_CONTROL_DROP_SHARE, "ii", partner, share));
    TRY(route_forget(core, leaf));
    return store_exec(core->store, STMT_DUE_FORGET, "i", leaf);
}

/* ---- falling ------------------------------------------------------------------------------ */

struct below {
    int64_t share, leaf, partner;
    enum share_role role;
    enum share_state state;
    struct object_id gid;
};

static enum status
collect_below(struct core *core, const struct object_id *gid, struct below **out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_BELOW);
    enum status s;

    stmt_bind(q, "b", bytes_of(gid->b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK) {
        *out = xrealloc(*out, (*count + 1) * sizeof(**out));
        (*out)[(*count)++] = (struct below){ .share = stmt_int(q, 0),
                                             .leaf = stmt_int(q, 1),
                                             .role = (enum share_role)stmt_int(q, 2),
                                             .state = (enum share_state)stmt_int(q, 3),
                                             .partner = stmt_int(q, 4) };
        stmt_copy(q, 6, (*out)[*count - 1].gid.b, ID_SIZE);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What is under way to the partner is dropped, and what is on the wire is cut off with its link: if there is any. */
static enum status
cut(struct core *core, struct company *c)
{
    const struct company *link = route_link(core, c);
    struct link_peer peer = { 0 };
    int64_t under_way;

    if (link == NULL)
        return STATUS_OK; /* nothing of ours is on a link */
    TRY(store_number(core->store, &under_way, STMT_FRAME_COUNT, "i", link->id));
    if (under_way == 0)
        return STATUS_OK;
    peer.node = link->node;
    core_order(core, LINK_EPOCH, &peer, ++core->epoch);
    return STATUS_OK;
}

enum status
live_is_unsent(struct core *core, const struct live *live, bool *out)
{
    int64_t one;
    enum status s = store_number(core->store, &one, STMT_CONTROL_UNSENT_OFFER, "ii",
                                 live->partner, live->share);

    *out = s == STATUS_OK && live->state == SHARE_OFFERED;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The partner of a share we gave hears of it first, and the link forgets what it holds for it. */
static enum status
tell(struct core *core, const struct live *live, struct bytes object, const char *reason)
{
    struct signed_object *parsed;
    struct company *c = company_by_id(core, live->partner);
    bool is_unsent;

    TRY(live_is_unsent(core, live, &is_unsent));
    TRY(store_exec(core->store, STMT_CONTROL_DROP_SHARE, "ii", live->partner, live->share));
    if (live->state == SHARE_WAITING || c == NULL || is_unsent)
        return STATUS_OK;
    if (object.len == 0) {
        TRY(revocation_note(core, live, live->partner, reason));
        return cut(core, c);
    }
    TRY(wire_signed_object_parse(object, core->round, &parsed));
    TRY(control_queue(core, live->partner, MESSAGE_REVOCATION,
                      wire_signed_body_format(parsed, core->round), 0));
    return cut(core, c);
}

/* The companies above it hear that it is over: rows may have come back to them under this. */
static enum status
tell_above(struct core *core, const struct live *live, const char *reason)
{
    for (size_t i = 0; i + 1 < chain_length(live->chain); i++) {
        const struct company *above = company_find(core, &chain_link(live->chain, i)->issuer);
        if (above != NULL)
            TRY(revocation_note(core, live, above->id, reason));
    }
    return STATUS_OK;
}

/* What answers a grant ends with it: contributions, and what comes back of them; and what of them is kept out of sight since
 * their own end goes when the grant is taken back. */
static enum status
end_citing(struct core *core, const struct object_id *gid, enum share_state how,
           const char *reason)
{
    AUTO(xfree) struct object_id *citing = NULL;
    size_t count = 0;
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_CITING);
        stmt_bind(q, "bi", bytes_of(gid->b, ID_SIZE), (int64_t)(how == SHARE_STOPPED));
        while ((s = stmt_step(q)) == STATUS_OK) {
            citing = xrealloc(citing, (count + 1) * sizeof(*citing));
            stmt_copy(q, 0, citing[count++].b, ID_SIZE);
        }
    }
    for (size_t i = 0; i < count; i++)
        TRY(grant_fall(core, &citing[i], &core->me, (struct bytes){ 0 }, how, reason));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
live_decline(struct core *core, struct live *live, const char *reason)
{
    TRY(tell_above(core, live, reason));
    return share_move(core, live, SHARE_DECLINED, reason);
}

/* What was taken back is erased now; what is over is kept out of sight for the days that the grant leaves. */
static enum status
let_fallen_go(struct core *core, int64_t leaf, enum share_state how)
{
    int64_t held;

    if (how == SHARE_STOPPED)
        return letting_go_begin(core, leaf, LET_ERASE, "REVOKED");
    TRY(store_number(core->store, &held, STMT_COPY_GRANT_COUNT, "i", leaf));
    return letting_go_begin(core, leaf, held == 0 ? LET_ERASE : LET_HIDE, "ENDED");
}

/* Is it kept by hand here, without a node of its own? */
static enum status
is_light(struct core *core, int64_t company, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_LIGHT_GET);

    stmt_bind(q, "i", company);
    enum status s = stmt_step(q);
    *out = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Of a share that lets nothing through any more: its time was over before the word came, or its stored chain does not verify.
 * What is still kept goes all the same, and whoever had it from us hears of it too. */
static enum status
fall_unlisted(struct core *core, const struct below *b, struct bytes object,
              enum share_state how, const char *reason)
{
    const struct live was = {
        .share = b->share, .leaf = b->leaf, .partner = b->partner, .state = b->state
    };
    bool is_late = b->state == SHARE_ENDED && how == SHARE_STOPPED;
    int64_t held;
    bool light;

    if (!is_late && (successors[b->state] & 1u << how) == 0)
        return STATUS_OK; /* it is over */
    TRY(store_exec(core->store, STMT_SHARE_STATE, "iiti", b->share, (int64_t)how, reason,
                   core_wall(core).ms));
    core->lives_version++;
    TRY(store_number(core->store, &held, STMT_COPY_GRANT_COUNT, "i", b->leaf));
    if (b->role == ROLE_RECEIVED)
        return is_late && held == 0 ? STATUS_OK /* and it was said */
                                    : let_fallen_go(core, b->leaf, how);
    if (b->role != ROLE_GIVEN || how != SHARE_STOPPED)
        return STATUS_OK;
    TRY(is_light(core, b->partner, &light));
    return light ? letting_go_begin(core, b->leaf, LET_FORGET, "")
                 : tell(core, &was, object, reason);
}

static enum status
fall_one(struct core *core, const struct below *b, struct bytes object, enum share_state how,
         const char *reason)
{
    struct live *live = live_by_share(core, b->share);

    TRY(proposals_lapse_leaf(core, b->leaf));
    TRY(asks_lapse_leaf(core, b->leaf));
    if (live == NULL) {
        TRY(fall_unlisted(core, b, object, how, reason));
        return end_citing(core, &b->gid, how, reason);
    }
    if (PLANTED(FALL_HERE_ONLY) && b->role == ROLE_GIVEN && live->parent_leaf != 0)
        return STATUS_OK;
    bool is_filed = live->state == SHARE_FILED; /* nobody to tell, but rows came back by file */
    if (b->role == ROLE_GIVEN && how == SHARE_STOPPED && !is_filed) {
        TRY(tell(core, live, object, reason));
        if (object.len == 0)
            TRY(tell_above(core, live, reason));
    }
    TRY(share_move(core, live, how, reason));
    if (b->role == ROLE_NOTED && how == SHARE_STOPPED)
        TRY(heads_changed(core, b->leaf));
    if (b->role == ROLE_RECEIVED)
        TRY(let_fallen_go(core, b->leaf, how));
    if (is_filed) /* held for a company without a node: its rows, under our grant */
        TRY(letting_go_begin(core, b->leaf, how == SHARE_STOPPED ? LET_FORGET : LET_HIDE, ""));
    return end_citing(core, &b->gid, how, reason);
}

enum status
grant_fall(struct core *core, const struct object_id *gid, const struct node_id *author,
           struct bytes object, enum share_state how, const char *reason)
{
    AUTO(xfree) struct below *below = NULL;
    size_t count = 0;

    if (how == SHARE_STOPPED)
        TRY(store_exec(core->store, STMT_REVOKED_ADD, "bbbi", bytes_of(gid->b, ID_SIZE),
                       bytes_of(author->b, ID_SIZE), object, core_wall(core).ms));
    TRY(collect_below(core, gid, &below, &count));
    for (size_t i = 0; i < count; i++)
        TRY(fall_one(core, &below[i], object, how, reason));
    return audit_add(core, "node", how == SHARE_STOPPED ? "grant.revoked" : "grant.ended",
                     bytes_of(gid->b, ID_SIZE), (struct bytes){ 0 });
}

/* The next share by which we passed on what came under `leaf`; NULL: none. */
static const struct live *
passed_on(const struct core *core, int64_t leaf)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].role == ROLE_GIVEN && core->lives[i].parent_leaf == leaf)
            return &core->lives[i];
    return NULL;
}

enum status
live_give_back(struct core *core, struct live *live, const char *reason)
{
    struct object_id gid = *chain_leaf_id(live->chain);
    int64_t share = live->share, leaf = live->leaf;
    const struct live *below;

    while ((below = passed_on(core, leaf)) != NULL) {
        struct object_id child = *chain_leaf_id(below->chain);
        TRY(grant_fall(core, &child, &core->me, (struct bytes){ 0 }, SHARE_STOPPED, reason));
    }
    TRY(end_citing(core, &gid, SHARE_STOPPED, reason));
    TRY(proposals_lapse_leaf(core, leaf));
    TRY(asks_lapse_leaf(core, leaf));
    TRY(share_move(core, live_by_share(core, share), SHARE_DECLINED, reason));
    return letting_go_begin(core, leaf, LET_ERASE, "DECLINED");
}

static enum status
erase_ended(struct core *core)
{
    AUTO(xfree) int64_t *leaves = NULL;
    AUTO(xfree)
    bool *are_ours = NULL; /* rows held for a company without a node: nobody hears of them */
    size_t count = 0;
    struct wall_ms now = core_wall(core);
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_HELD_ENDED);
        while ((s = stmt_step(q)) == STATUS_OK) {
            AUTO(arena_free) struct arena *arena = arena_new(0);
            struct signed_object *object;
            struct grant *g;
            TRY(wire_signed_object_parse(stmt_bytes(q, 1), arena, &object));
            TRY(wire_grant_parse(object->body, arena, &g));
            if (now.ms < stmt_int(q, 2) + (int64_t)g->delete_days * DAY_MS)
                continue;
            leaves = xrealloc(leaves, (count + 1) * sizeof(*leaves));
            are_ours = xrealloc(are_ours, (count + 1) * sizeof(*are_ours));
            are_ours[count] = stmt_int(q, 3) == ROLE_GIVEN;
            leaves[count++] = stmt_int(q, 0);
        }
    }
    for (size_t i = 0; i < count; i++)
        TRY(letting_go_begin(core, leaves[i], are_ours[i] ? LET_FORGET : LET_ERASE, "ENDED"));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

bool
lives_are_due(const struct core *core)
{
    return core_wall(core).ms >= core->ends_at;
}

enum status
lives_sweep(struct core *core)
{
    AUTO(xfree) int64_t *over = NULL; /* shares; one takes others with it */
    size_t count = 0;
    struct wall_ms now = core_wall(core);
    int64_t next = INT64_MAX;

    TRY(core_need_txn(core));
    for (size_t i = 0; i < core->live_count; i++) {
        int64_t end = chain_end(core->lives[i].chain).ms;
        if (end > now.ms) {
            next = end < next ? end : next;
            continue;
        }
        over = xrealloc(over, (count + 1) * sizeof(*over));
        over[count++] = core->lives[i].share;
    }
    for (size_t i = 0; i < count; i++) {
        const struct live *live = live_by_share(core, over[i]);
        if (live == NULL)
            continue;
        struct object_id gid = *chain_leaf_id(live->chain);
        TRY(grant_fall(core, &gid, &core->me, (struct bytes){ 0 }, SHARE_ENDED, ""));
    }
    core->ends_at = next;
    return erase_ended(core);
}
