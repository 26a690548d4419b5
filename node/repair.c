/* SPDX-License-Identifier: Apache-2.0
 *
 * node/repair.c - what we delivered under each share, compared with what its holder has (contract: node/repair.h).
 *
 * A pass goes through the shares that we gave one partner, SCOPES_MAX in a message. Where sums differ, ranges of record ids
 * are split until few enough entries are left to list; what is still before it lies on a stack, so that it is never more
 * than SCOPE_TODO_MAX ranges, whatever the other side says.
 */
#include <stdlib.h>
#include <string.h>

#include "node/disk.h"
#include "node/exchange_priv.h"
#include "node/repair_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum {
    CONNECT_MS = 300,         /* after the link came up */
    IDLE_MS = 10 * 60 * 1000, /* from one pass to the next */
    CONFIRM_MS = 2 * 1000,    /* after something was mended */
    SETTLE_MS = 10 * 1000,    /* after shares were left out that had something due */
    CONFIRM_MOST = 3, /* passes in a row that way: who always lacks something waits like all */
    ANSWER_MS = 1000,
    TRIES = 60,
    QUIET_MS = 100,  /* look again whether all is acknowledged */
    ALONE_MOST = 64, /* ranges that are empty there, worked through in a round */
    PASS_MESSAGES =
        16384, /* of one pass: some four million rows, or a partner that makes them up */
};

/*
 *    RESTING --time--> ASKING --sums differ--> RANGING --nothing left--+
 *       ^                |  ^                                          |
 *       +---no share left+  +------------------------------------------+
 */
enum repair_state { REPAIR_RESTING, REPAIR_ASKING, REPAIR_RANGING };

struct todo {
    uint64_t prefix;
    uint32_t depth;
    bool is_empty_there;
    bool split; /* we have more than a list of it */
};

struct repair {
    enum repair_state state;
    struct mono_ms at; /* when to go on */
    bool is_asked;     /* a message is out */
    bool has_begun;    /* with the ranges of differ[differ_count - 1] */
    unsigned tries, confirms;
    int64_t after;       /* share.id: those up to it are done, or in the message that is out */
    int64_t batch_after; /* ... before that message */
    bool has_mended, has_skipped;
    int64_t asked[SCOPES_MAX]; /* leaves in the message that is out */
    size_t asked_count;
    int64_t differ[SCOPES_MAX]; /* leaves whose sums differ */
    size_t differ_count;
    struct repair_tally tally; /* of differ[differ_count - 1] */
    struct todo *todo;         /* a stack of SCOPE_TODO_MAX */
    size_t todo_count;
    size_t waiting; /* of its top, asked for */
    struct {
        size_t scopes, differ, messages, bytes;
        struct repair_tally tally;
    } pass;
};

void
repair_free(struct repair **repair)
{
    if (*repair != NULL)
        free((*repair)->todo);
    free(*repair);
    *repair = NULL;
}

void
repair_link(struct core *core, const struct peer *peer)
{
    struct company *c = company_by_id(core, peer_company(peer));

    if (c == NULL)
        return;
    repair_free(&c->repair);
    if (peer_state(peer) != PEER_READY)
        return;
    c->repair = xcalloc(1, sizeof(*c->repair));
    c->repair->at.ms = core_mono(core).ms + CONNECT_MS;
}

/* ---- asking ------------------------------------------------------------------------------- */

static void
say(struct core *core, struct company *c, enum message_kind kind, struct bytes body)
{
    struct repair *r = c->repair;

    peer_say(c->peer, kind, body);
    r->is_asked = true;
    r->at.ms = core_mono(core).ms + ANSWER_MS;
    r->pass.messages++;
    r->pass.bytes += ENVELOPE_SIZE + body.len;
}

/* All that was handed over is acknowledged, and it may be spoken with. */
static bool
is_quiet(const struct core *core, const struct company *c)
{
    return !core->unconfirmed && !c->held && c->state == COMPANY_TRUSTED &&
           !peer_is_owed(c->peer) && !peer_clock_is_off(c->peer) && !peer_is_behind(c->peer);
}

/* What the holder says is of the number that we know of. Nothing of this incarnation was ever sent: of none before it
 * either is anything still under way. */
static bool
is_of_now(const struct company *c, uint32_t incarnation, uint64_t have)
{
    uint64_t acked = peer_acked(c->peer, STREAM_DATA);
    uint32_t ours = peer_incarnation(c->peer);

    return (incarnation == ours && have == acked) || (incarnation < ours && acked == 0);
}

static void
pass_over(struct core *core, struct company *c)
{
    struct repair *r = c->repair;
    struct repair_tally *t = &r->pass.tally;
    int64_t wait = r->has_skipped ? SETTLE_MS : IDLE_MS;

    if (r->pass.scopes > 0)
        LOG(LOG_INFO, "scopes.compared", log_id("partner", c->node.b),
            log_num("scopes", (int64_t)r->pass.scopes),
            log_num("differ", (int64_t)r->pass.differ), log_num("again", (int64_t)t->again),
            log_num("back", (int64_t)t->back), log_num("odd", (int64_t)t->odd),
            log_num("given_up", (int64_t)t->given_up),
            log_num("messages", (int64_t)r->pass.messages),
            log_num("bytes", (int64_t)r->pass.bytes));
    r->confirms = r->has_mended ? r->confirms + 1 : 0;
    if (r->has_mended && r->confirms <= CONFIRM_MOST)
        wait = CONFIRM_MS;
    r->state = REPAIR_RESTING;
    r->is_asked = r->has_begun = false;
    r->after = 0;
    r->tries = 0;
    r->differ_count = r->todo_count = r->waiting = 0;
    r->at.ms = core_mono(core).ms + wait;
    r->has_mended = r->has_skipped = false;
    memset(&r->pass, 0, sizeof(r->pass));
}

static struct live *
next_live(struct core *core, const struct company *c, int64_t after)
{
    struct live *best = NULL;

    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->share > after && (best == NULL || live->share < best->share) &&
            load_may_carry(core, live, c->id))
            best = live;
    }
    return best;
}

static enum status
has_due(struct core *core, const struct live *live, bool *out)
{
    int64_t record;

    *out = false;
    if (!live->has_due)
        return STATUS_OK;
    enum status s =
        store_number(core->store, &record, STMT_DUE_NEXT, "ii", live->leaf, (int64_t)1);
    *out = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The next shares whose sums are known. *wait: the next one's are being made. */
static enum status
gather(struct core *core, struct company *c, struct scope_state *list, bool *wait)
{
    struct repair *r = c->repair;
    struct live *live;

    r->asked_count = 0;
    *wait = false;
    while (r->asked_count < SCOPES_MAX && (live = next_live(core, c, r->after)) != NULL) {
        const struct scope *scope;
        bool due;
        TRY(has_due(core, live, &due));
        if (!due) {
            TRY(scopes_want(core, live, &scope));
            *wait = scope == NULL;
            if (scope == NULL)
                return STATUS_OK;
            list[r->asked_count].grant = *chain_leaf_id(live->chain);
            list[r->asked_count].held = scope_sum_of(scope, &(struct scope_range){ 0 });
            r->asked[r->asked_count++] = live->leaf;
        }
        r->has_skipped = r->has_skipped || due;
        r->after = live->share;
    }
    return STATUS_OK;
}

static enum status
ask_scopes(struct core *core, struct company *c)
{
    struct repair *r = c->repair;
    int64_t before = r->after;
    bool wait;
    struct scopes ask = { .incarnation = peer_incarnation(c->peer),
                          .have = peer_acked(c->peer, STREAM_DATA),
                          .list = ARENA_ARRAY(core->round, struct scope_state, SCOPES_MAX) };

    TRY(gather(core, c, ask.list, &wait));
    if (r->asked_count == 0 && !wait) {
        pass_over(core, c);
        return STATUS_OK;
    }
    if (r->asked_count == 0) {
        r->at = core_mono(core);
        return STATUS_OK;
    }
    r->state = REPAIR_ASKING;
    ask.count = r->asked_count;
    say(core, c, MESSAGE_SCOPES, wire_scopes_format(&ask, core->round));
    r->batch_after = before;
    return STATUS_OK;
}

/* ---- ranges ------------------------------------------------------------------------------- */

static void
push(struct repair *r, struct todo todo)
{
    assert(r->todo_count < SCOPE_TODO_MAX);
    r->todo[r->todo_count++] = todo;
}

static struct scope_range
range_of(const struct todo *todo)
{
    return (struct scope_range){ .depth = todo->depth, .prefix = todo->prefix };
}

static struct live *
live_in_hand(struct core *core, const struct repair *r)
{
    return live_by_leaf(core, r->differ[r->differ_count - 1], ROLE_GIVEN);
}

/* One share is through. */
static enum status
scope_over(struct core *core, struct company *c)
{
    struct repair *r = c->repair;
    struct live *live = live_in_hand(core, r);
    struct repair_tally *t = &r->tally, *all = &r->pass.tally;
    bool found = t->again + t->back + t->given_up > 0;

    r->differ_count--;
    r->todo_count = r->waiting = 0;
    r->has_begun = false;
    r->has_mended = r->has_mended || found;
    all->again += t->again;
    all->back += t->back;
    all->odd += t->odd;
    all->given_up += t->given_up;
    if (live == NULL)
        return STATUS_OK;
    if (!found && t->odd == 0)
        scopes_forget(live); /* only our sums differed */
    TRY(repair_note(core, live->leaf, false, t));
    if (t->again + t->back == 0)
        return STATUS_OK;
    uint8_t detail[16];
    put_u64(detail, t->again);
    put_u64(detail + 8, t->back);
    return audit_add(core, "node", "scope.mended",
                     bytes_of(chain_leaf_id(live->chain)->b, ID_SIZE),
                     bytes_of(detail, sizeof(detail)));
}

/* Of what is empty there, everything here is missing. */
static enum status
work_alone(struct core *core, struct repair *r, struct live *live, struct scope_look *look)
{
    struct todo todo = r->todo[--r->todo_count];
    struct scope_range range = range_of(&todo);

    TRY(scopes_look(core, live, &range, false, look));
    if (look->is_listed)
        return repair_mend_list(core, live, look, &range, &r->tally);
    for (uint32_t i = 0; i < SCOPE_PARTS; i++) {
        struct scope_range part = scope_range_child(&range, i);
        if (look->parts[i].count > 0)
            push(r, (struct todo){
                        .depth = part.depth, .prefix = part.prefix, .is_empty_there = true });
    }
    return STATUS_OK;
}

static bool
is_more_than_a_list(const struct scope *scope, const struct todo *todo)
{
    struct scope_range range = range_of(todo);

    return todo->split || (todo->depth <= scope_depth(scope) &&
                           scope_sum_of(scope, &range).count > SCOPE_LIST_MAX);
}

static void
ask_ranges(struct core *core, struct company *c, const struct live *live,
           const struct scope *scope)
{
    struct repair *r = c->repair;
    struct scope_ids ask = {
        .grant = *chain_leaf_id(live->chain),
        .incarnation = peer_incarnation(c->peer),
        .have = peer_acked(c->peer, STREAM_DATA),
        .ranges = ARENA_ARRAY(core->round, struct scope_range, SCOPE_RANGES_MAX),
    };

    while (ask.range_count < SCOPE_RANGES_MAX && ask.range_count < r->todo_count) {
        const struct todo *todo = &r->todo[r->todo_count - 1 - ask.range_count];
        if (todo->is_empty_there)
            break;
        struct scope_range *range = &ask.ranges[ask.range_count++];
        *range = range_of(todo);
        range->split = is_more_than_a_list(scope, todo);
    }
    r->waiting = ask.range_count;
    say(core, c, MESSAGE_SCOPE_IDS, wire_scope_ids_format(&ask, core->round));
}

static enum status
go_on_ranging(struct core *core, struct company *c)
{
    struct repair *r = c->repair;
    struct live *live = live_in_hand(core, r);
    struct scope_look *look = ARENA_NEW(core->round, struct scope_look);
    const struct scope *scope;

    if (live == NULL || !load_may_carry(core, live, c->id))
        return scope_over(core, c);
    TRY(scopes_want(core, live, &scope));
    r->at = core_mono(core);
    if (scope == NULL)
        return STATUS_OK;
    for (int i = 0; i < ALONE_MOST && r->todo_count > 0; i++) {
        if (!r->todo[r->todo_count - 1].is_empty_there)
            break;
        TRY(work_alone(core, r, live, look));
    }
    if (r->todo_count == 0)
        return scope_over(core, c);
    if (!r->todo[r->todo_count - 1].is_empty_there)
        ask_ranges(core, c, live, scope);
    return STATUS_OK;
}

/* ---- answers ------------------------------------------------------------------------------ */

static enum status
on_equal(struct core *core, const struct live *live)
{
    static const struct repair_tally none = { 0 };

    TRY(store_exec(core->store, STMT_DELIVERY_THERE, "i", live->leaf));
    return repair_note(core, live->leaf, true, &none);
}

/* To the question that is out: an answer to an older one may come late. */
static bool
is_to_this(struct core *core, const struct repair *r, const struct scopes *said)
{
    for (size_t i = 0; i < said->count; i++) {
        const struct live *live = live_by_gid(core, &said->list[i].grant, ROLE_GIVEN);
        bool was_asked = live == NULL;
        for (size_t k = 0; k < r->asked_count && !was_asked; k++)
            was_asked = r->asked[k] == live->leaf;
        if (!was_asked)
            return false;
    }
    return true;
}

static enum status
on_scopes(struct core *core, struct company *c, const struct scopes *said)
{
    struct repair *r = c->repair;

    r->differ_count = 0;
    for (size_t i = 0; i < said->count; i++) {
        struct live *live = live_by_gid(core, &said->list[i].grant, ROLE_GIVEN);
        const struct scope *scope;
        if (live == NULL)
            continue; /* it ended since */
        TRY(scopes_want(core, live, &scope));
        if (scope == NULL)
            continue;
        struct scope_sum ours = scope_sum_of(scope, &(struct scope_range){ 0 });
        r->pass.scopes++;
        if (scope_sum_is_equal(&ours, &said->list[i].held)) {
            TRY(on_equal(core, live));
            continue;
        }
        r->pass.differ++;
        r->differ[r->differ_count++] = live->leaf;
    }
    return STATUS_OK;
}

static enum status
on_parts(struct core *core, struct repair *r, struct live *live,
         const struct scope_range *theirs, struct scope_look *look)
{
    TRY(scopes_look(core, live, theirs, true, look));
    for (uint32_t i = 0; i < SCOPE_PARTS; i++) {
        struct scope_range part = scope_range_child(theirs, i);
        if (!scope_sum_is_equal(&look->parts[i], &theirs->parts[i]))
            push(r, (struct todo){ .depth = part.depth,
                                   .prefix = part.prefix,
                                   .is_empty_there = theirs->parts[i].count == 0 });
    }
    return STATUS_OK;
}

static enum status
on_list(struct core *core, struct repair *r, struct live *live,
        const struct scope_range *theirs, struct scope_look *look)
{
    TRY(scopes_look(core, live, theirs, false, look));
    if (look->is_listed)
        return repair_mend_list(core, live, look, theirs, &r->tally);
    if (theirs->depth < SCOPE_DEPTH_MAX)
        push(r,
             (struct todo){ .depth = theirs->depth, .prefix = theirs->prefix, .split = true });
    return STATUS_OK;
}

/* The first of what was asked, in the order asked. */
static bool
fits(struct core *core, const struct repair *r, const struct scope_ids *said)
{
    const struct live *live = live_in_hand(core, r);

    if (said->range_count > r->waiting || live == NULL ||
        !ID_IS_EQUAL(*chain_leaf_id(live->chain), said->grant))
        return false;
    for (size_t i = 0; i < said->range_count; i++) {
        const struct todo *todo = &r->todo[r->todo_count - 1 - i];
        if (said->ranges[i].depth != todo->depth || said->ranges[i].prefix != todo->prefix)
            return false;
    }
    return true;
}

static enum status
on_ids(struct core *core, struct company *c, const struct scope_ids *said)
{
    struct repair *r = c->repair;
    struct live *live = live_in_hand(core, r);
    struct scope_look *look = ARENA_NEW(core->round, struct scope_look);
    const struct scope *scope;

    if (!load_may_carry(core, live, c->id))
        return STATUS_OK; /* it ends here too */
    TRY(scopes_want(core, live, &scope));
    if (scope == NULL)
        return STATUS_OK;
    r->todo_count -= said->range_count;
    r->waiting = 0;
    for (size_t i = 0; i < said->range_count; i++) {
        const struct scope_range *range = &said->ranges[i];
        if (range->part_count > 0 && range->depth < SCOPE_DEPTH_MAX)
            TRY(on_parts(core, r, live, range, look));
        else if (range->listed)
            TRY(on_list(core, r, live, range, look));
    }
    return STATUS_OK;
}

/* ---- the pass ----------------------------------------------------------------------------- */

static enum status
go_on(struct core *core, struct company *c)
{
    struct repair *r = c->repair;

    if (!is_quiet(core, c)) {
        r->at.ms = core_mono(core).ms + QUIET_MS;
        return STATUS_OK;
    }
    if (r->differ_count == 0)
        return ask_scopes(core, c);
    if (!r->has_begun) {
        r->state = REPAIR_RANGING;
        r->has_begun = true;
        if (r->todo == NULL)
            r->todo = xcalloc(SCOPE_TODO_MAX, sizeof(*r->todo));
        r->tally = (struct repair_tally){ 0 };
        push(r, (struct todo){ 0 });
    }
    return go_on_ranging(core, c);
}

/* No answer in time, or none that counts: the same question once more, not at once. */
static enum status
ask_again(struct core *core, struct company *c)
{
    struct repair *r = c->repair;

    r->is_asked = false;
    r->at.ms = core_mono(core).ms + QUIET_MS;
    if (r->state == REPAIR_ASKING)
        r->after = r->batch_after;
    if (++r->tries <= TRIES && r->pass.messages <= PASS_MESSAGES)
        return STATUS_OK;
    LOG(LOG_WARN, "scopes.unanswered", log_id("partner", c->node.b));
    r->has_mended = r->has_skipped = false;
    pass_over(core, c);
    return STATUS_OK;
}

enum status
repair_tick(struct core *core, struct mono_ms *next)
{
    if (disk_is_full(core->disk))
        return STATUS_OK;
    for (size_t i = 0; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (c->repair == NULL || peer_state(c->peer) != PEER_READY)
            continue;
        if (core_mono(core).ms >= c->repair->at.ms) {
            TRY(core_need_txn(core));
            TRY(c->repair->is_asked ? ask_again(core, c) : go_on(core, c));
        }
        if (c->repair->at.ms < next->ms)
            *next = c->repair->at;
    }
    TRY(scopes_step(core));
    if (core->scopes_wait)
        *next = core_mono(core);
    return STATUS_OK;
}

/* ---- what comes --------------------------------------------------------------------------- */

static enum status
take_scopes(struct core *core, struct company *c, struct bytes body)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct repair *r = c->repair;
    struct scopes *said;

    TRY(wire_scopes_parse(body, arena, &said));
    if (!said->answer)
        return repair_answer_scopes(core, c->peer, said);
    if (r->state != REPAIR_ASKING || !r->is_asked || !is_to_this(core, r, said))
        return STATUS_OK;
    r->pass.bytes += ENVELOPE_SIZE + body.len;
    if (!is_of_now(c, said->incarnation, said->have))
        return ask_again(core, c);
    r->is_asked = false;
    r->tries = 0;
    r->at = core_mono(core);
    return on_scopes(core, c, said);
}

static enum status
take_ids(struct core *core, struct company *c, struct bytes body)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct repair *r = c->repair;
    struct scope_ids *said;

    TRY(wire_scope_ids_parse(body, arena, &said));
    if (!said->answer)
        return repair_answer_ids(core, c->peer, said);
    if (r->state != REPAIR_RANGING || !r->is_asked || !fits(core, r, said))
        return STATUS_OK;
    r->pass.bytes += ENVELOPE_SIZE + body.len;
    if (!is_of_now(c, said->incarnation, said->have) || r->pass.messages > PASS_MESSAGES)
        return ask_again(core, c);
    r->is_asked = false;
    r->tries = 0;
    r->at = core_mono(core);
    return on_ids(core, c, said);
}

enum status
repair_take(struct core *core, struct peer *peer, const struct envelope *env)
{
    struct company *c = company_by_id(core, peer_company(peer));

    if (c == NULL || c->repair == NULL)
        return STATUS_OK;
    return env->kind == MESSAGE_SCOPES ? take_scopes(core, c, env->body)
                                       : take_ids(core, c, env->body);
}
