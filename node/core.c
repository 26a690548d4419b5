/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core.c - the round: one transaction for all that came, one commit, then sending and answering.
 *
 * 1. Nothing is sent and nobody is answered before the commit (P1).
 * 2. A failed commit leaves memory as the database has it: core_recover() reads everything anew, and
 *    every request of the round is answered with the failure; but what takes back is tried once more on the room kept
 *    for it when the disk was full (node/disk.h).
 */
#include "node/core.h"

#include <stdlib.h>
#include <string.h>

#include "node/consent_day.h"
#include "node/contribution.h"
#include "node/core_answer.h"
#include "node/heads.h"
#include "node/keys.h"
#include "node/letting_go.h"
#include "node/person.h"
#include "node/receipt.h"
#include "node/repair.h"
#include "node/revocation.h"
#include "node/route.h"
#include "node/suppression.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"

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
    FORGET_MS = 1000, /* when much is erased: readers begin anew each time */
    AGAIN_MS = 1000,  /* after a piece of letting go that was not committed */
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
        else if (o->order == LINK_RENEW)
            core->env.renew(core->env.self);
        else
            core->env.epoch(core->env.self, &o->peer.node, o->epoch);
    }
    for (const struct sending *s = core->sendings; s != NULL; s = s->next)
        core->env.send(core->env.self, &s->to, s->message);
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
        bool is_refused =
            disk_is_full(core->disk) && request->service->effect != SERVICE_TAKES_BACK;
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
        if (request->status == STATUS_DISK_FULL && !is_refused)
            round_fail(core, STATUS_DISK_FULL); /* SQLite may have rolled back all of it */
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

    if (core->answer_count > 0 || core->unconfirmed || disk_is_full(core->disk))
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
        ((core->unconfirmed || c->held) && !PLANTED(HELD_SERVED)))
        return STATUS_OK;
    if (disk_is_full(core->disk)) { /* what takes back goes out; data waits */
        if (!c->control_waits)
            return STATUS_OK;
        disk_lend(core->disk);
    }
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

enum status
core_write_journal(struct core *core, bool durable)
{
    enum status s = journal_flush(core->journal, durable);

    if (s != STATUS_OK)
        LOG(LOG_ERROR, "journal.not_written", log_status(s));
    return s;
}

/* What stands beside the database. Whoever asked for a suppression must not think that it is done when it is not in its
 * file; tried again each round. */
static enum status
write_beside(struct core *core, enum status *filed)
{
    enum status hashes = audit_write(core), journal = core_write_journal(core, true);

    *filed = suppression_write(core);
    if (*filed != STATUS_OK)
        LOG(LOG_ERROR, "suppression.not_written", log_status(*filed));
    return hashes != STATUS_OK ? hashes : journal != STATUS_OK ? journal : *filed;
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
        if (failure == STATUS_DISK_FULL)
            disk_fill(core->disk, "database", core_mono(core));
        core_answer_all(core, failure);
        jobs_settle(core, false);
        core_answer_waiters_fail(core, failure);
        LOG(LOG_WARN, "round.failed", log_status(failure));
        round_clear(core);
        recover(core);
        carry_out(core);
        round_clear(core);
        return;
    }
    enum status filed;
    if (write_beside(core, &filed) == STATUS_DISK_FULL) {
        disk_fill(core->disk, "files", core_mono(core));
        disk_lend(core->disk);
        (void)write_beside(core, &filed);
    }
    jobs_settle(core, true);
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->peer != NULL)
            peer_committed(core->companies[i]->peer);
    core->letting_at.ms = 0;
    carry_out(core);
    core_answer_all(core, filed);
    round_clear(core);
}

/* A long log makes every page look-up longer; the loop never waits for a reader to get at it. */
static void
checkpoint(struct core *core)
{
    int64_t pages = store_wal_pages(core->store);

    if ((core->has_erased && !PLANTED(LOG_KEPT)) || disk_is_lent(core->disk) ||
        (disk_is_tight(core->disk) && pages > WAL_PAGES_IDLE)) {
        bool is_empty = store_truncate_log(core->store);
        core->must_forget = core->must_forget || (core->has_erased && is_empty);
        core->has_erased = core->has_erased && !is_empty;
    } else if (pages > WAL_PAGES_MOST ||
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

/* What was taken back goes, and is said, also on a full disk. */
static void
take_back(struct core *core)
{
    if (core->letting_waits && core_mono(core).ms >= core->letting_at.ms) {
        core->letting_at.ms = core_mono(core).ms + AGAIN_MS;
        round_fail(core, letting_go_step(core));
    }
    if (core->revocations_unsaid || core->withdrawals_wait || core->receipts_unsaid)
        disk_lend(core->disk);
    round_fail(core, revocation_tell(core));
    round_fail(core, withdrawal_tell(core));
    round_fail(core, receipt_tell(core));
}

/* What can wait until there is room. */
static void
work(struct core *core)
{
    run_jobs(core);
    if (core_mono(core).ms >= core->sweep_at.ms) {
        round_fail(core, consent_day_pass(core));
        round_fail(core, route_tick(core));
        round_fail(core, keys_retire(core, false, "node"));
        core->heads_wait = true;
    }
    round_fail(core, keys_anew_pass(core));
    round_fail(core, contribution_tell(core));
    round_fail(core, heads_tell(core));
    round_fail(core, route_tell(core));
}

static void
sweep(struct core *core)
{
    disk_lend(core->disk);
    round_fail(core, lives_sweep(core));
}

/* The log is emptied while the ballast is lent: it may need room to go into the database. */
static struct mono_ms
settle(struct core *core)
{
    bool was_full = disk_is_full(core->disk);
    int64_t now_ms = core_mono(core).ms;

    checkpoint(core);
    if (core->must_forget && (core->pumped == 0 || now_ms >= core->forget_at.ms)) {
        core->must_forget = false;
        core->forget_at.ms = now_ms + FORGET_MS;
        core_forget(core);
    }
    struct mono_ms next = disk_settle(core->disk, core_mono(core));
    for (size_t i = 0; was_full && i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (!disk_is_full(core->disk))
            c->crowded = c->refused = 0;
        if (disk_is_whole(core->disk))
            c->lent = 0;
    }
    return next;
}

struct mono_ms
core_round(struct core *core)
{
    struct mono_ms now = core_mono(core);

    core->pumped = 0;
    core->due_waits = false;
    if (lives_are_due(core)) /* before anybody is answered */
        sweep(core);
    run_requests(core);
    if (core->audit_state != AUDIT_WELL) { /* read, and be asked: no more */
        finish(core);
        return (struct mono_ms){ now.ms + 10 * 1000 };
    }
    if (!disk_is_full(core->disk))
        work(core);
    if (now.ms >= core->sweep_at.ms) {
        sweep(core);
        core->sweep_at.ms = now.ms + SWEEP_MS;
    }
    struct mono_ms next = companies_tick(core);
    take_back(core);
    round_fail(core, repair_tick(core, &next)); /* before more is under way */
    pump_all(core);
    bool is_idle = core->pumped == 0 && !core->job_waits;
    if (!disk_is_full(core->disk))
        round_fail(core, person_settle(core, is_idle ? SETTLE_IDLE : SETTLE_BUSY));
    finish(core);
    next = earlier(next, audit_sign(core));
    core_answer_expired(core);
    company_publish(core);
    next = earlier(next, settle(core));
    bool has_work = !is_idle || core->due_waits || core->persons_wait ||
                    (core->signs_anew && !core->signs_later);
    bool lets_go = core->letting_waits && core->letting_at.ms <= now.ms;
    if (lets_go || core->request_count > 0 || (has_work && !disk_is_full(core->disk)))
        return now;
    if (core->letting_waits)
        next = earlier(next, core->letting_at);
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

/* On a full disk a partner holds back what it has, unacknowledged, but for what takes back. In front of that on the same
 * stream stands at most what the credit allows: senders put it first. What is refused takes room as well: after that much of
 * it a partner waits altogether; and after so much that takes back, unless the ballast is whole again after it: others need
 * it, too. What keeps the link going is not counted: without it nothing of ours that takes back would go out. */
static bool
has_room(struct core *core, struct company *from, const struct envelope *env)
{
    if (!disk_is_full(core->disk))
        return true;
    bool takes_back = message_kind_takes_back(env->kind);
    if (env->stream != STREAM_SESSION || !takes_back) {
        if (from->refused >= CREDIT_CONTROL_FRAMES || from->lent >= DISK_TAKES_MAX)
            return false;
        if (!takes_back &&
            (env->stream != STREAM_CONTROL || from->crowded++ >= CREDIT_CONTROL_FRAMES))
            return false;
        from->lent++;
    }
    disk_lend(core->disk);
    return true;
}

void
core_on_message(struct core *core, const struct node_id *from, struct bytes message)
{
    struct company *c = company_find(core, from);
    struct envelope env;
    enum status s = envelope_parse(message, &env);

    if (core->audit_state != AUDIT_WELL ||
        (disk_is_full(core->disk) && (c == NULL || c->peer == NULL || s != STATUS_OK)))
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
    if (!has_room(core, c, &env))
        return;
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

void
core_on_dropped(struct core *core, const struct node_id *node)
{
    struct company *c = company_find(core, node);

    if (c != NULL && c->peer != NULL)
        peer_on_cut(c->peer);
    core_answer_waiters(core, node, 0);
}

void
core_on_epoch(struct core *core, const struct node_id *node, uint64_t epoch)
{
    struct company *c = company_find(core, node);

    if (c != NULL && c->peer != NULL)
        peer_on_cut(c->peer);
    core_answer_waiters(core, node, epoch);
}

void
core_on_broken(struct core *core, const struct node_id *node, uint8_t reason)
{
    static const char *const details[] = { "link", "frames", "size", "magic" };
    struct company *c = company_find(core, node);
    struct envelope none = { 0 };

    if (c == NULL || disk_is_full(core->disk) || core_need_txn(core) != STATUS_OK)
        return;
    dead_letter(core, c->id, &none, reason == 2 ? STATUS_TOO_BIG : STATUS_MALFORMED,
                details[reason < COUNT_OF(details) ? reason : 0]);
}

const struct node_id *
core_me(const struct core *core)
{
    return &core->me;
}
