/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/watch.c - every message that leaves a node, judged as someone with a tap on the wire would.
 *
 * 1. A value goes only to whom it is granted now, as far as the sender can know (P2, P3, P5): canaries are
 *    searched in the raw bytes, wherever they stand.
 * 2. A number has one content, or a Void instead (P6); numbers have no holes; acknowledgements never go back (P1).
 * 3. A passed-on offer goes after the owner said that it heard of it.
 */
#include <stdlib.h>

#include "federation/envelope.h"
#include "schema/digest.h"
#include "tests/sim/sim.h"

/* ---- what somebody knows once it acknowledges --------------------------------------------- */

static void
notice_add(struct sim *sim, int from, int to, const struct envelope *env, int share)
{
    struct notice *n = xcalloc(1, sizeof(*n));

    n->from = from;
    n->to = to;
    n->seq = env->seq;
    n->kind = env->kind;
    n->share = share;
    n->next = sim->notices;
    sim->notices = n;
}

static void
notice_known(struct sim *sim, const struct notice *n)
{
    if (n->kind == MESSAGE_ANSWER) {
        sim->shares[n->share].answer_known = true;
        return;
    }
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].receiver == n->to && share_is_below(sim, i, n->share))
            sim->shares[i].fall_known = true;
}

static void
acknowledged(struct sim *sim, int by, int toward, const struct stream_state *s)
{
    struct lane_seen *lane = &sim->lanes[toward][by][s->stream - 1];

    if (s->have < lane->have)
        sim_fail(sim, "%s had %llu of stream %d from %s and now says %llu", sim->nodes[by].name,
                 (unsigned long long)lane->have, (int)s->stream, sim->nodes[toward].name,
                 (unsigned long long)s->have);
    if (s->have > lane->count)
        sim_fail(sim, "%s acknowledges to %s what was never sent", sim->nodes[by].name,
                 sim->nodes[toward].name);
    lane->have = s->have;
    if (s->stream != STREAM_CONTROL)
        return;
    for (struct notice **at = &sim->notices; *at != NULL;) {
        struct notice *n = *at;
        if (n->from != toward || n->to != by || n->seq > s->have) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        notice_known(sim, n);
        free(n);
    }
}

static void
watch_session(struct sim *sim, int from, int to, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct stream_state *streams = NULL;
    struct hello *hello;
    struct ack *ack;
    size_t count = 0;

    if (env->kind == MESSAGE_HELLO && wire_hello_parse(env->body, arena, &hello) == STATUS_OK) {
        streams = hello->streams;
        count = hello->stream_count;
        sim->session[from][to] = hello->session;
    } else if (env->kind == MESSAGE_ACK &&
               wire_ack_parse(env->body, arena, &ack) == STATUS_OK) {
        streams = ack->streams;
        count = ack->stream_count;
    }
    for (size_t i = 0; i < count; i++)
        acknowledged(sim, from, to, &streams[i]);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void
watch_number(struct sim *sim, int from, int to, const struct envelope *env)
{
    struct lane_seen *lane = &sim->lanes[from][to][env->stream - 1];
    struct digest hash = digest_plain(env->body);

    if (env->kind == MESSAGE_VOID)
        sim->counts[COUNT_voids]++;
    if (env->seq == 0 || env->seq > lane->count + 1) {
        sim_fail(sim, "%s leaves a hole before number %llu to %s", sim->nodes[from].name,
                 (unsigned long long)env->seq, sim->nodes[to].name);
        return;
    }
    if (env->seq == lane->count + 1) {
        lane->hashes = xrealloc(lane->hashes, (lane->count + 1) * sizeof(*lane->hashes));
        lane->kinds = xrealloc(lane->kinds, lane->count + 1);
        lane->count++;
    } else {
        sim->counts[COUNT_resends]++;
        if (!ID_IS_EQUAL(lane->hashes[env->seq - 1], hash) && env->kind != MESSAGE_VOID)
            sim_fail(sim, "%s sends number %llu of stream %d to %s with other content",
                     sim->nodes[from].name, (unsigned long long)env->seq, (int)env->stream,
                     sim->nodes[to].name);
    }
    lane->hashes[env->seq - 1] = hash;
    lane->kinds[env->seq - 1] = env->kind;
}

/* ---- content ------------------------------------------------------------------------------ */

static bool
may_carry(const struct sim *sim, int from, int to, int canary)
{
    const struct canary *c = &sim->canaries[canary];

    for (int i = 0; i < c->place_count; i++)
        if (model_may_send(sim, from, to, c->places[i].record, c->places[i].slot))
            return true;
    return false;
}

static void
watch_canaries(struct sim *sim, int from, int to, const struct envelope *env)
{
    size_t at = 0;

    for (int canary; (canary = canary_next(env->body, &at)) != 0;) {
        if (canary > sim->canary_count || may_carry(sim, from, to, canary))
            continue;
        const struct canary *c = &sim->canaries[canary];
        const struct record *r = &sim->records[c->places[0].record];
        sim_fail(sim, "%s sends %s field %s of %s %s (zq%06d) in %s number %llu: not granted",
                 sim->nodes[from].name, sim->nodes[to].name,
                 slot_names[r->kind][c->places[0].slot], kind_names[r->kind], r->id, canary,
                 message_kind_name(env->kind), (unsigned long long)env->seq);
    }
}

static void
watch_offer(struct sim *sim, int from, int to, const struct envelope *env, struct arena *arena)
{
    struct bundle *bundle;
    struct offer *offer;

    if (wire_bundle_parse(env->body, arena, &bundle) != STATUS_OK ||
        wire_offer_parse(bundle->object.body, arena, &offer) != STATUS_OK) {
        sim_fail(sim, "%s sends an offer that does not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &offer->grant);
    if (i < 0) {
        sim_fail(sim, "%s offers %s what nobody shared", sim->nodes[from].name,
                 sim->nodes[to].name);
        return;
    }
    const struct share *s = &sim->shares[i];
    if (s->giver != from || s->receiver != to)
        sim_fail(sim, "an offer goes the wrong way");
    else if (s->parent >= 0 && !s->noted)
        sim_fail(sim, "%s serves %s before the owner heard of it", sim->nodes[from].name,
                 sim->nodes[to].name);
    else if (s->stopped)
        sim_fail(sim, "%s offers %s what it took back", sim->nodes[from].name,
                 sim->nodes[to].name);
}

static void
watch_records(struct sim *sim, int from, int to, const struct envelope *env,
              struct arena *arena)
{
    struct records *records;
    struct kept_body *kept;

    if (wire_records_parse(env->body, arena, &records) != STATUS_OK) {
        sim_fail(sim, "%s sends records that do not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &records->grant);
    if (i < 0 || sim->shares[i].giver != from || sim->shares[i].receiver != to) {
        sim_fail(sim, "%s sends %s records under a grant that is not between them",
                 sim->nodes[from].name, sim->nodes[to].name);
        return;
    }
    kept = xcalloc(1, sizeof(*kept) + env->body.len);
    kept->from = from;
    kept->to = to;
    kept->len = env->body.len;
    memcpy(kept->data, env->body.data, env->body.len);
    kept->next = sim->kept;
    sim->kept = kept;
}

static void
watch_signed(struct sim *sim, int from, int to, const struct envelope *env, struct arena *arena)
{
    struct signed_object *object;
    struct revocation *revocation;
    struct passon_ack *passon_ack;
    struct answer *answer;
    int i = -1;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK)
        return;
    if (env->kind == MESSAGE_REVOCATION &&
        wire_revocation_parse(object->body, arena, &revocation) == STATUS_OK)
        i = share_find_gid(sim, &revocation->grant);
    else if (env->kind == MESSAGE_ANSWER &&
             wire_answer_parse(object->body, arena, &answer) == STATUS_OK)
        i = share_find_gid(sim, &answer->grant);
    if (i >= 0)
        notice_add(sim, from, to, env, i);
    if (env->kind != MESSAGE_PASSON_ACK ||
        wire_passon_ack_parse(object->body, arena, &passon_ack) != STATUS_OK)
        return;
    i = share_find_gid(sim, &passon_ack->grant);
    if (i >= 0 && sim->shares[i].owner == from && passon_ack->noted)
        sim->shares[i].noted = true;
}

void
watch_send(struct sim *sim, int from, int to, struct bytes message)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct envelope env;

    if (envelope_parse(message, &env) != STATUS_OK) {
        sim_fail(sim, "%s sends what is no envelope", sim->nodes[from].name);
        return;
    }
    watch_canaries(sim, from, to, &env);
    if (env.stream == STREAM_SESSION) {
        watch_session(sim, from, to, &env);
        return;
    }
    watch_number(sim, from, to, &env);
    if (env.kind == MESSAGE_OFFER)
        watch_offer(sim, from, to, &env, arena);
    else if (env.kind == MESSAGE_RECORDS)
        watch_records(sim, from, to, &env, arena);
    else
        watch_signed(sim, from, to, &env, arena);
}

void
watch_fini(struct sim *sim)
{
    for (struct kept_body *k = sim->kept, *next; k != NULL; k = next) {
        next = k->next;
        free(k);
    }
    for (struct notice *n = sim->notices, *next; n != NULL; n = next) {
        next = n->next;
        free(n);
    }
    for (int i = 0; i < NODES_MAX * NODES_MAX * 2; i++) {
        struct lane_seen *lane = &sim->lanes[i / (2 * NODES_MAX)][i / 2 % NODES_MAX][i % 2];
        free(lane->hashes);
        free(lane->kinds);
    }
    sim->notices = NULL;
    sim->kept = NULL;
}
