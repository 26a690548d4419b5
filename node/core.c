/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core.c - the round: one transaction for all that came, one commit, then sending and answering.
 *
 * 1. Nothing is sent and nobody is answered before the commit (P1).
 * 2. A failed commit leaves memory as the database has it: core_recover() reads everything anew, and
 *    every request of the round is answered with the failure.
 */
#include "node/core.h"

#include <stdlib.h>
#include <string.h>

#include "node/consent_day.h"
#include "node/contribution.h"
#include "node/heads.h"
#include "node/person.h"
#include "node/receipt.h"
#include "node/route.h"
#include "node/suppression.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum {
    ROUND_FRAMES = 256, /* messages of one round */
    PUMP_FRAMES = 32, /* per partner and round: a partner cannot hold up the others for long */
    WAL_PAGES_MOST = 16384, /* 64 MiB */
    WAL_PAGES_IDLE = 1000,
    JOB_PIECES = 16, /* a round */
    JOB_MS = 40,
    SETTLE_IDLE = 128, /* guest rows connected in a round that has nothing else to do */
    SETTLE_BUSY = 32,
    SWEEP_MS = 10 * 1000,
};

/* ---- the round ---------------------------------------------------------------------------- */

enum status
core_need_txn(struct core *core)
{
    if (core->round_failed)
        return core->round_status;
    if (store_in_txn(core->store))
        return STATUS_OK;
    return store_begin(core->store);
}

static void
round_fail(struct core *core, enum status status)
{
    if (status == STATUS_OK || core->round_failed)
        return;
    core->round_failed = true;
    core->round_status = status;
}

enum status
core_mark_set(struct core *core, struct core_mark *mark)
{
    TRY(core_need_txn(core));
    TRY(store_mark(core->store));
    *mark = (struct core_mark){ .audit_number = core->audit_number,
                                .audit_hash = core->audit_hash,
                                .journal_waiting = journal_waiting(core->journal),
                                .company_count = core->company_count,
                                .lives_version = core->lives_version,
                                .keys_version = core->keys_version,
                                .dictionary = core->dictionary,
                                .sendings_end = core->sendings_end,
                                .orders_end = core->orders_end };
    return STATUS_OK;
}

void
core_mark_keep(struct core *core)
{
    store_mark_keep(core->store);
}

void
core_mark_undo(struct core *core, const struct core_mark *mark)
{
    store_mark_undo(core->store);
    audit_undo(core, mark->audit_number, &mark->audit_hash);
    journal_undo(core->journal, mark->journal_waiting);
    core->dictionary = mark->dictionary; /* the older ones are kept */
    core->sendings_end = mark->sendings_end;
    *core->sendings_end = NULL;
    core->orders_end = mark->orders_end;
    *core->orders_end = NULL;
    companies_cut(core, mark->company_count);
    if (core->keys_version != mark->keys_version)
        round_fail(core, companies_describe(core));
    if (core->lives_version == mark->lives_version)
        return;
    lives_free(core);
    round_fail(core, lives_load(core));
}

void
core_send_later(struct core *core, const struct node_id *to, struct bytes message)
{
    struct sending *s = ARENA_NEW(core->round, struct sending);

    s->to = *to;
    s->message = arena_copy(core->round, message);
    *core->sendings_end = s;
    core->sendings_end = &s->next;
}

void
core_order(struct core *core, enum link_order order, const struct link_peer *peer,
           uint64_t epoch)
{
    struct ordering *o = ARENA_NEW(core->round, struct ordering);

    o->order = order;
    o->peer = *peer;
    o->epoch = epoch;
    if (peer->dial != NULL)
        o->peer.dial = arena_text(core->round, bytes_text(peer->dial));
    *core->orders_end = o;
    core->orders_end = &o->next;
}

static void
round_clear(struct core *core)
{
    core->sendings = NULL;
    core->sendings_end = &core->sendings;
    core->orders = NULL;
    core->orders_end = &core->orders;
    core->answer_count = 0;
    core->round_failed = false;
    core->round_status = STATUS_OK;
    arena_reset(core->round);
}

static void
carry_out(struct core *core)
{
    for (const struct ordering *o = core->orders; o != NULL; o = o->next) {
        if (o->order == LINK_ADMIT)
            core->env.admit(core->env.self, &o->peer);
        else if (o->order == LINK_DROP)
            core->env.drop(core->env.self, &o->peer.node);
        else
            core->env.epoch(core->env.self, &o->peer.node, o->epoch);
    }
    for (const struct sending *s = core->sendings; s != NULL; s = s->next)
        core->env.send(core->env.self, &s->to, s->message);
}

static void
answer_all(struct core *core, enum status failure)
{
    for (size_t i = 0; i < core->answer_count; i++) {
        struct api_request *r = core->answers[i];
        if (failure != STATUS_OK && r->status == STATUS_OK) {
            r->status = failure;
            json_decref(r->reply);
            r->reply = NULL;
        }
        r->done(r);
    }
}

/* The waiters of this round: their change did not happen. */
static void
fail_waiters(struct core *core, enum status failure)
{
    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        if (!w->fresh) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->request->status = failure;
        w->request->done(w->request);
        free(w);
    }
}

/* Memory as the database has it. */
static void
recover(struct core *core)
{
    struct diag diag;

    store_rollback(core->store);
    journal_undo(core->journal, 0);
    lives_free(core);
    companies_free(core);
    enum status s = core_load(core, &diag);
    if (s != STATUS_OK) {
        LOG(LOG_ERROR, "core.cannot_recover", log_status(s));
        abort(); /* the parent starts us anew */
    }
    core_on_link_start(core);
}

static void
run_requests(struct core *core)
{
    for (size_t i = 0; i < core->request_count; i++) {
        struct api_request *request = core->requests[i];
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct call call = { .core = core,
                             .store = core->store,
                             .dictionary = core->dictionary,
                             .arena = arena,
                             .now = core_wall(core) };
        enum status s = core_need_txn(core);
        request->status = s;
        if (s == STATUS_OK)
            service_run(&call, request);
        if (call.waits)
            continue;
        core->answers =
            xrealloc(core->answers, (core->answer_count + 1) * sizeof(*core->answers));
        core->answers[core->answer_count++] = request;
    }
    core->request_count = 0;
}

/* Pieces of long work, for a moment: large commits are cheap per record, and nobody waits long. */
static void
run_jobs(struct core *core)
{
    int64_t start = core_mono(core).ms;

    if (core->answer_count > 0 || core->unconfirmed)
        return; /* a piece that fails must not take a request's change with it */
    for (int i = 0; i < JOB_PIECES && core->job_waits && !core->round_failed; i++) {
        round_fail(core, jobs_step(core));
        if (core_mono(core).ms - start >= JOB_MS)
            return;
    }
}

static enum status
pump_company(struct core *core, struct company *c)
{
    size_t sent = 0;

    if (c->peer == NULL || c->state == COMPANY_SUSPENDED || peer_state(c->peer) != PEER_READY ||
        core->unconfirmed || c->held)
        return STATUS_OK;
    TRY(core_need_txn(core));
    enum status s = peer_pump(c->peer, core_mono(core), PUMP_FRAMES, &sent);
    core->pumped += sent;
    return s;
}

/* Everybody gets a turn; who comes first changes from round to round. What a round sends is bounded, because it
 * is kept until the commit. */
static void
pump_all(struct core *core)
{
    size_t first = core->pump_first++;

    for (size_t i = 0; i < core->company_count && core->pumped < ROUND_FRAMES; i++)
        round_fail(core,
                   pump_company(core, core->companies[(first + i) % core->company_count]));
}

void
core_write_journal(struct core *core, bool durable)
{
    enum status s = journal_flush(core->journal, durable);

    if (s != STATUS_OK)
        LOG(LOG_ERROR, "journal.not_written", log_status(s));
}

static void
finish(struct core *core)
{
    enum status s = core->round_status;

    if (!core->round_failed && store_in_txn(core->store)) {
        s = store_commit(core->store);
        round_fail(core, s);
    }
    if (core->round_failed) {
        enum status failure = core->round_status;
        answer_all(core, failure);
        jobs_settle(core, false);
        fail_waiters(core, failure);
        LOG(LOG_WARN, "round.failed", log_status(failure));
        round_clear(core);
        recover(core);
        carry_out(core);
        round_clear(core);
        return;
    }
    audit_write(core);
    core_write_journal(core, true);
    jobs_settle(core, true);
    enum status filed = suppression_write(core);
    if (filed !=
        STATUS_OK) /* whoever asked for it must not think that it is done; tried again each round */
        LOG(LOG_ERROR, "suppression.not_written", log_status(filed));
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->peer != NULL)
            peer_committed(core->companies[i]->peer);
    carry_out(core);
    answer_all(core, filed);
    round_clear(core);
}

static void
expire_waiters(struct core *core)
{
    struct mono_ms now = core_mono(core);

    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        w->fresh = false;
        if (w->until.ms > now.ms) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->request->done(w->request);
        free(w);
    }
}

/* A long log makes every page look-up longer; the loop never waits for a reader to get at it. */
static void
checkpoint(struct core *core)
{
    int64_t pages = store_wal_pages(core->store);

    if (core->has_erased)
        core->has_erased = !store_truncate_log(core->store);
    else if (pages > WAL_PAGES_MOST ||
             (pages > WAL_PAGES_IDLE && core->pumped == 0 && !core->job_waits))
        store_checkpoint(core->store);
}

static struct mono_ms
earlier(struct mono_ms a, struct mono_ms b)
{
    return a.ms < b.ms ? a : b;
}

/* When the next share is over, as the other clock counts: at most a sweep from now. */
static struct mono_ms
next_end(struct core *core, struct mono_ms now)
{
    int64_t ends_at = core->ends_at, wall = core_wall(core).ms;

    if (ends_at <= wall)
        return now;
    return (struct mono_ms){ now.ms + (ends_at - wall < SWEEP_MS ? ends_at - wall : SWEEP_MS) };
}

bool
core_read_waits(const struct core *core)
{
    return lives_are_due(core);
}

struct mono_ms
core_round(struct core *core)
{
    struct mono_ms now = core_mono(core);

    core->pumped = 0;
    core->due_waits = false;
    if (lives_are_due(core)) /* before anybody is answered */
        round_fail(core, lives_sweep(core));
    run_requests(core);
    if (core->audit_state != AUDIT_WELL) { /* read, and be asked: no more */
        finish(core);
        return (struct mono_ms){ now.ms + 10 * 1000 };
    }
    run_jobs(core);
    if (now.ms >= core->sweep_at.ms) {
        round_fail(core, lives_sweep(core));
        round_fail(core, consent_day_pass(core));
        round_fail(core, route_tick(core));
        core->heads_wait = true;
        core->sweep_at.ms = now.ms + SWEEP_MS;
    }
    struct mono_ms next = companies_tick(core);
    round_fail(core, contribution_tell(core));
    round_fail(core, heads_tell(core));
    round_fail(core, route_tell(core));
    round_fail(core, withdrawal_tell(core));
    round_fail(core, receipt_tell(core));
    pump_all(core);
    bool is_idle = core->pumped == 0 && !core->job_waits;
    round_fail(core, person_settle(core, is_idle ? SETTLE_IDLE : SETTLE_BUSY));
    finish(core);
    struct mono_ms sign_at = audit_sign(core);
    if (sign_at.ms < next.ms)
        next = sign_at;
    expire_waiters(core);
    company_publish(core);
    checkpoint(core);
    if (core->job_waits || core->due_waits || core->pumped > 0 || core->persons_wait)
        return now;
    if (core->waiters != NULL && next.ms > now.ms + 50)
        next.ms = now.ms + 50;
    return earlier(next, earlier(core->sweep_at, next_end(core, now)));
}

/* ---- what comes --------------------------------------------------------------------------- */

void
core_submit(struct core *core, struct api_request *request)
{
    core->requests =
        xrealloc(core->requests, (core->request_count + 1) * sizeof(*core->requests));
    core->requests[core->request_count++] = request;
}

void
core_on_message(struct core *core, const struct node_id *from, struct bytes message)
{
    struct company *c = company_find(core, from);
    struct envelope env;
    enum status s = envelope_parse(message, &env);

    if (core->audit_state != AUDIT_WELL)
        return; /* comes again */
    if (s == STATUS_OK && env.kind == MESSAGE_INTRODUCE) {
        s = core_need_txn(core);
        if (s == STATUS_OK)
            s = companies_on_introduce(core, from, env.body);
        round_fail(core, s);
        return;
    }
    if (c == NULL || c->peer == NULL)
        return; /* not, or not any more, a partner: the link is being cut */
    if (s != STATUS_OK) {
        env = (struct envelope){ .body = message };
        if (core_need_txn(core) == STATUS_OK)
            dead_letter(core, c->id, &env, s, "envelope");
        return;
    }
    s = core_need_txn(core);
    if (s == STATUS_OK)
        s = peer_on_message(c->peer, &env, core_mono(core), core_wall(core));
    round_fail(core, s);
}

void
core_on_up(struct core *core, const struct node_id *node)
{
    struct company *c = company_find(core, node);

    if (c != NULL && c->peer != NULL)
        peer_on_link(c->peer, core_mono(core));
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->is_guest && ID_IS_EQUAL(core->companies[i]->guest_node, *node))
            core->companies[i]->introduce_at = (struct mono_ms){ 0 };
}

static void
release_waiters(struct core *core, const struct node_id *node, uint64_t epoch)
{
    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        if (!ID_IS_EQUAL(w->node, *node) || (epoch == 0) != (w->epoch == 0) ||
            w->epoch > epoch) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->request->done(w->request);
        free(w);
    }
}

void
core_on_dropped(struct core *core, const struct node_id *node)
{
    struct company *c = company_find(core, node);

    if (c != NULL && c->peer != NULL)
        peer_on_cut(c->peer);
    release_waiters(core, node, 0);
}

void
core_on_epoch(struct core *core, const struct node_id *node, uint64_t epoch)
{
    struct company *c = company_find(core, node);

    if (c != NULL && c->peer != NULL)
        peer_on_cut(c->peer);
    release_waiters(core, node, epoch);
}

void
core_on_strangers(struct core *core, uint32_t count)
{
    core->strangers += count;
    LOG(LOG_INFO, "link.strangers", log_num("count", count));
}

void
core_on_broken(struct core *core, const struct node_id *node, uint8_t reason)
{
    static const char *const details[] = { "link", "frames", "size", "magic" };
    struct company *c = company_find(core, node);
    struct envelope none = { 0 };

    if (c == NULL || core_need_txn(core) != STATUS_OK)
        return;
    dead_letter(core, c->id, &none, reason == 2 ? STATUS_TOO_BIG : STATUS_MALFORMED,
                details[reason < COUNT_OF(details) ? reason : 0]);
}

/* ---- readers ------------------------------------------------------------------------------ */

static enum status
reader_take(struct core *core, struct store **out)
{
    *out = NULL;
    (void)pthread_mutex_lock(&core->view_lock);
    if (core->reader_count > 0)
        *out = core->reader_pool[--core->reader_count];
    (void)pthread_mutex_unlock(&core->view_lock);
    return *out != NULL ? STATUS_OK : store_open_reader(core->db_path, out);
}

static void
reader_give(struct core *core, struct store **st)
{
    if (*st == NULL)
        return;
    store_rollback(*st);
    (void)pthread_mutex_lock(&core->view_lock);
    if (core->reader_count < COUNT_OF(core->reader_pool))
        core->reader_pool[core->reader_count++] = TAKE(*st);
    (void)pthread_mutex_unlock(&core->view_lock);
    store_close(st);
}

void
core_read(struct core *core, struct api_request *request)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct store *st = NULL;
    enum status s = reader_take(core, &st);

    if (s == STATUS_OK)
        s = store_begin_read(st);
    if (s == STATUS_OK) {
        struct call call = { .core = core,
                             .store = st,
                             .dictionary = core->dictionary,
                             .arena = arena,
                             .now = core_wall(core) };
        service_run(&call, request);
    } else {
        request->status = s;
    }
    reader_give(core, &st);
}

const struct node_id *
core_me(const struct core *core)
{
    return &core->me;
}
