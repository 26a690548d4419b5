/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange.c - what federation/peer.c asks of a node: durable numbers, dead letters, and taking
 * records. Objects of the control stream are in exchange_control.c, handing over in exchange_out.c.
 */
#include <string.h>

#include "node/contribution.h"
#include "node/disk.h"
#include "node/heads.h"
#include "node/give_back.h"
#include "node/readopt.h"
#include "node/repair.h"
#include "node/route.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { INBOX_KEEP = 1024 }; /* hashes of taken messages */

/* ---- numbers ------------------------------------------------------------------------------ */

static uint64_t
on_random(void *self)
{
    struct core *core = self;
    uint64_t out;

    core->env.random(core->env.self, &out, sizeof(out));
    return out;
}

static void
on_send(void *self, const struct peer *peer, struct bytes message)
{
    struct core *core = self;

    if (PLANTED(ACK_BEFORE_COMMIT) && message.data[5] == MESSAGE_ACK)
        core->env.send(core->env.self, peer_node(peer), message);
    core_send_later(core, peer_node(peer), message);
}

static enum status
on_load(void *self, const struct peer *peer, enum stream stream, struct peer_in *in,
        struct peer_out *out)
{
    struct core *core = self;
    AUTO(stmt_return) struct stmt *i = stmt_borrow(core->store, STMT_IN_GET);
    AUTO(stmt_return) struct stmt *o = stmt_borrow(core->store, STMT_OUT_GET);

    *in = (struct peer_in){ 0 };
    *out = (struct peer_out){ .next = 1 };
    stmt_bind(i, "ii", peer_company(peer), (int64_t)stream);
    enum status s = stmt_step(i);
    if (s == STATUS_OK)
        *in = (struct peer_in){ (uint32_t)stmt_int(i, 0), (uint64_t)stmt_int(i, 1),
                                stmt_int(i, 2) != 0 };
    else if (s != STATUS_NOT_FOUND)
        return s;
    stmt_bind(o, "ii", peer_company(peer), (int64_t)stream);
    s = stmt_step(o);
    if (s == STATUS_OK)
        *out = (struct peer_out){ (uint64_t)stmt_int(o, 0), (uint64_t)stmt_int(o, 1) };
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
on_save_in(void *self, const struct peer *peer, enum stream stream, const struct peer_in *in,
           const struct digest *hash)
{
    struct core *core = self;
    int64_t company = peer_company(peer);

    TRY(core_need_txn(core));
    TRY(store_exec(core->store, STMT_IN_PUT, "iiiii", company, (int64_t)stream,
                   (int64_t)in->incarnation, (int64_t)in->have, (int64_t)in->frozen));
    if (hash == NULL)
        return STATUS_OK;
    TRY(store_exec(core->store, STMT_INBOX_ADD, "iiib", company, (int64_t)stream,
                   (int64_t)in->have, bytes_of(hash->b, ID_SIZE)));
    if (in->have % INBOX_KEEP != 0)
        return STATUS_OK;
    return store_exec(core->store, STMT_INBOX_TRIM, "iii", company, (int64_t)stream,
                      (int64_t)in->have - INBOX_KEEP);
}

static enum status
on_taken_hash(void *self, const struct peer *peer, enum stream stream, uint64_t seq,
              struct digest *hash)
{
    struct core *core = self;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_INBOX_GET);

    stmt_bind(q, "iii", peer_company(peer), (int64_t)stream, (int64_t)seq);
    TRY(stmt_step(q));
    stmt_copy(q, 0, hash->b, ID_SIZE);
    return STATUS_OK;
}

/* ---- dead letters ------------------------------------------------------------------------- */

static enum status
keep_dead(struct core *core, int64_t company, const struct envelope *env, enum status status,
          const char *detail)
{
    struct digest hash = digest_plain(env->body);

    TRY(store_exec(core->store, STMT_DEAD_ADD, "iiittb", core_wall(core).ms, company,
                   (int64_t)env->kind, status_name(status), detail, bytes_of(hash.b, ID_SIZE)));
    TRY(store_exec(core->store, STMT_DEAD_TRIM, "i", company));
    return audit_add(core, "node", "object.refused", bytes_of(hash.b, ID_SIZE),
                     bytes_text(status_name(status)));
}

void
dead_letter(struct core *core, int64_t company, const struct envelope *env, enum status status,
            const char *detail)
{
    struct company *c = company_by_id(core, company);
    enum status s = STATUS_OK;

    if (!disk_is_full(core->disk))
        s = keep_dead(core, company, env, status, detail);
    else if (c != NULL)
        c->refused++; /* the room is for taking back: the log alone says it */
    LOG(LOG_WARN, "object.refused", log_id("partner", c == NULL ? core->me.b : c->node.b),
        log_word("kind", message_kind_name(env->kind)), log_status(status),
        log_word("detail", detail));
    if (s != STATUS_OK)
        LOG(LOG_WARN, "deadletter.not_kept", log_status(s));
}

static void
on_broken(void *self, const struct peer *peer, const struct envelope *env, enum status status,
          const char *detail)
{
    struct core *core = self;

    if (core_need_txn(core) == STATUS_OK)
        dead_letter(core, peer_company(peer), env, status, detail);
}

enum status
control_queue(struct core *core, int64_t company, enum message_kind kind, struct bytes body,
              int64_t share)
{
    struct company *c = company_by_id(core, company);

    if (body.len > MESSAGE_BODY_MAX)
        return STATUS_TOO_BIG; /* would never go, and nothing behind it */
    if (c != NULL) {
        c->control_waits = true;
        c->descriptor_waits = c->descriptor_waits || kind == MESSAGE_DESCRIPTOR;
        const struct company *hop = c->peer == NULL ? route_link(core, c) : NULL;
        c->way = hop == NULL ? 0 : hop->id;
    }
    return store_exec(core->store, STMT_CONTROL_ADD, "iibi", company, (int64_t)kind, body,
                      share);
}

/* ---- taking ------------------------------------------------------------------------------- */

bool
exchange_is_their_fault(enum status s)
{
    return s != STATUS_OK && s != STATUS_BUSY && s != STATUS_IO && s != STATUS_DISK_FULL &&
           s != STATUS_CORRUPT && s != STATUS_LOCKED && s != STATUS_CLOCK &&
           s != STATUS_INTERNAL;
}

/* A message's records being taken, all under one share. */
struct batch {
    struct core *core;
    struct live *live;
    const struct envelope *env;
    struct contribution_judge judge;
};

static enum status
keep_item(struct batch *b, struct received *item, int64_t run, const char **fault)
{
    const char *code;

    TRY(contribution_judge_row(b->core, &b->judge, item, &code));
    enum status s = code == NULL ? record_take(b->core, b->live, item, run, fault)
                                 : STATUS_REPLAY; /* refused and said so: nothing is kept */
    if (s == STATUS_OK || s == STATUS_REPLAY)
        TRY(contribution_judge_note(b->core, &b->judge, item, code, s == STATUS_OK));
    return s;
}

static enum status
take_item(struct batch *b, struct received *item, int64_t run)
{
    const char *fault = item->detail;
    enum status s = item->status;

    if (s == STATUS_OK && live_is_declined(b->core, b->live, &item->facts.id))
        s = STATUS_REPLAY;
    if (s == STATUS_OK)
        s = keep_item(b, item, run, &fault);
    if (s == STATUS_OK)
        return STATUS_OK;
    if (!exchange_is_their_fault(s))
        return s;
    if (s != STATUS_REPLAY)
        dead_letter(b->core, b->live->partner, b->env, s, fault != NULL ? fault : "record");
    return records_run_spare(b->core, run);
}

/* Items of one run stand together. */
static enum status
take_run(struct batch *b, struct received *items, size_t count)
{
    int64_t run = 0;

    TRY(records_keep_run(b->core, items[0].run, count, &run));
    for (size_t i = 0; i < count; i++)
        TRY(take_item(b, &items[i], run));
    return STATUS_OK;
}

static enum status
take_records(struct batch *b, const struct records *message, struct arena *arena)
{
    const struct company *owner = company_find(b->core, chain_owner(b->live->chain));
    struct receive_rules rules = { .chain = b->live->chain,
                                   .me = b->core->me,
                                   .dictionary = b->core->dictionary,
                                   .now = core_wall(b->core) };
    struct key_directory keys = company_keys_of(b->core);
    struct received *items;
    size_t count;

    if (!keys.find(keys.self, &owner->node, &rules.owner))
        return STATUS_UNKNOWN_KEY;
    TRY(records_verify(message, &rules, arena, &items, &count));
    TRY(contribution_judge_begin(b->core, b->live, &b->judge));
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && items[i + n].run == items[i].run;)
            n++;
        TRY(take_run(b, items + i, n));
    }
    return contribution_judge_end(b->core, &b->judge);
}

/* Under a share that was declined, stopped or is over: on its way before the other side knew. */
static bool
is_past_share(struct core *core, const struct object_id *gid)
{
    int64_t id;

    return store_number(core->store, &id, STMT_GRANT_FIND, "b", bytes_of(gid->b, ID_SIZE)) ==
               STATUS_OK ||
           store_number(core->store, &id, STMT_REVOKED_FIND, "b", bytes_of(gid->b, ID_SIZE)) ==
               STATUS_OK;
}

enum status
exchange_take_records(struct core *core, const struct company *from, const struct envelope *env,
                      const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct records *message;

    *detail = "records";
    TRY(wire_records_parse(env->body, arena, &message));
    struct live *live = live_by_gid(core, &message->grant, ROLE_RECEIVED);
    *detail = "grant";
    if (live == NULL)
        return is_past_share(core, &message->grant) ? STATUS_OK : STATUS_NOT_GRANTED;
    if (live->partner != from->id)
        return STATUS_WRONG_AUDIENCE;
    if (!heads_is_news(core, live))
        return STATUS_BUSY; /* comes again, or a Void: who passed it on has no newer word either, if it is honest */
    struct batch batch = { .core = core, .live = live, .env = env };
    return take_records(&batch, message, arena);
}

/* What is the sender's fault is a dead letter, and the stream goes on. */
static enum status
refuse(struct core *core, const struct peer *peer, const struct envelope *env, enum status s,
       const char *detail)
{
    if (s == STATUS_OK || !exchange_is_their_fault(s))
        return s;
    dead_letter(core, peer_company(peer), env, s, detail);
    return STATUS_OK;
}

/* What leads to more that waits for its sender; the rest answers us, or takes back. */
static bool
wants_answer(uint8_t kind)
{
    return kind == MESSAGE_RECORDS || kind == MESSAGE_SEALED || kind == MESSAGE_OFFER ||
           kind == MESSAGE_PASSON || kind == MESSAGE_ASK || kind == MESSAGE_PROPOSAL;
}

enum status
exchange_room(struct core *core, int64_t company, int64_t most)
{
    int64_t one;
    enum status s = store_number(core->store, &one, STMT_CONTROL_OVER, "ii", company, most - 1);

    return s == STATUS_NOT_FOUND ? STATUS_OK : s == STATUS_OK ? STATUS_BUSY : s;
}

static enum status
on_take(void *self, struct peer *peer, const struct envelope *env)
{
    struct core *core = self;
    const char *detail = "object";
    const struct company *c = company_by_id(core, peer_company(peer));
    struct core_mark mark;

    if (c->state == COMPANY_REMOVED)
        return STATUS_BUSY;      /* it is being cut */
    if (wants_answer(env->kind)) /* it takes none of what waits for it: then more waits there */
        TRY(exchange_room(core, c->id, ANSWERS_WAITING_MAX));
    if (env->kind ==
        MESSAGE_RECORDS) { /* judges its items alone and writes nothing it would take back */
        TRY(core_need_txn(core));
        enum status s = exchange_take_records(core, c, env, &detail);
        return refuse(core, peer, env, s, detail);
    }
    if (env->kind == MESSAGE_SEALED) { /* sets its own mark for what is inside */
        TRY(core_need_txn(core));
        enum status s = route_take(core, c, env, &detail);
        return refuse(core, peer, env, s, detail);
    }
    TRY(core_mark_set(core, &mark));
    enum status s = env->kind == MESSAGE_VOID ? exchange_take_void(core, peer, env, &detail)
                    : env->kind == MESSAGE_OWN_RECORDS
                        ? readopt_take(core, c, env, &detail)
                        : exchange_take_control(core, peer, env, &detail);
    if (s == STATUS_OK)
        core_mark_keep(core);
    else
        core_mark_undo(core, &mark);
    return refuse(core, peer, env, s, detail);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void
on_changed(void *self, const struct peer *peer)
{
    repair_link(self, peer);
    LOG(LOG_INFO, "link.state", log_id("partner", peer_node(peer)->b),
        log_word("state", peer_state_name(peer_state(peer))),
        log_num("clock_off", peer_clock_is_off(peer)),
        log_num("clock_offset_ms", peer_clock_offset_ms(peer)));
}

static enum status
on_repair(void *self, struct peer *peer, const struct envelope *env)
{
    struct core *core = self;

    TRY(core_need_txn(core));
    return repair_take(core, peer, env);
}

static enum status
on_restored(void *self, struct peer *peer)
{
    struct core *core = self;

    TRY(core_need_txn(core));
    return give_back_begin(core, company_by_id(core, peer_company(peer)));
}

static void
on_about_us(void *self, struct hello *hello)
{
    const struct core *core = self;

    hello->descriptor_serial = core->companies[0]->serial;
    hello->profile = core->profile;
}

/* We know a newer descriptor of it than it has itself: its keys came out of an old backup, and it must not go on with
 * them. */
static enum status
say_newer(struct core *core, const struct company *c)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object object;
    int64_t said;

    TRY(core_need_txn(core));
    TRY(store_number(core->store, &said, STMT_CONTROL_KIND_COUNT, "ii", c->id,
                     (int64_t)MESSAGE_DESCRIPTOR));
    if (said > 0)
        return STATUS_OK;
    TRY(company_descriptor(core, &c->node, arena, &object));
    return control_queue(core, c->id, MESSAGE_DESCRIPTOR,
                         wire_signed_body_format(&object, arena), 0);
}

static void
on_about_them(void *self, struct peer *peer, const struct hello *hello)
{
    struct core *core = self;
    const struct company *c = company_by_id(core, peer_company(peer));

    if (hello->descriptor_serial > c->serial)
        LOG(LOG_INFO, "partner.newer_descriptor", log_id("partner", c->node.b));
    if (hello->descriptor_serial < c->serial && say_newer(core, c) != STATUS_OK)
        LOG(LOG_WARN, "partner.older_keys", log_id("partner", c->node.b));
}

void
exchange_ops(struct core *core, struct peer_ops *ops)
{
    *ops = (struct peer_ops){ .self = core,
                              .random = on_random,
                              .send = on_send,
                              .load = on_load,
                              .save_in = on_save_in,
                              .taken_hash = on_taken_hash,
                              .take = on_take,
                              .broken = on_broken,
                              .next = exchange_next,
                              .again = exchange_again,
                              .acked = exchange_acked,
                              .restored = on_restored,
                              .repair = on_repair,
                              .changed = on_changed,
                              .about_us = on_about_us,
                              .about_them = on_about_them };
}
