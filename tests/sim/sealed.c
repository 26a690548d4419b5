/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/sealed.c - the sealed way as someone sees it who has every company's keys: each message is opened where
 * its author sends it and judged like one between neighbours; on its way further nothing of it may change.
 *
 * 1. Numbers have no holes. A number has one box, or an empty one instead, when what was in it may not go any more.
 * 2. A receipt never goes back, never says what was not sent; when all is at rest everything has one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "schema/digest.h"
#include "tests/sim/sim.h"

struct opened {
    int author, audience;
    struct sealed_body *body;
    struct sealed *header;
    struct envelope inner;
    uint64_t key; /* of its receiver's keys: the one that it is sealed to */
};

static bool
parse(struct sim *sim, const struct envelope *env, struct arena *arena, struct opened *out)
{
    *out = (struct opened){ 0 };
    if (wire_sealed_body_parse(env->body, arena, &out->body) != STATUS_OK ||
        wire_sealed_parse(out->body->header.body, arena, &out->header) != STATUS_OK)
        return false;
    out->author = node_index_of(sim, &out->header->author);
    out->audience = node_index_of(sim, &out->header->audience);
    return out->author >= 0 && out->audience >= 0;
}

static bool
open_box(const struct sim *sim, struct opened *o, struct arena *arena)
{
    struct content_key key;

    o->key = keys_open(sim, o->audience, o->header->key, &key);
    if (o->key == 0 || seal_open(&key, o->header, o->body->box, arena, &o->inner.kind,
                                 &o->inner.body) != STATUS_OK)
        return false;
    o->inner.seq = o->header->number;
    return true;
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* What is sealed now is sealed to a key that its receiver has: by a way that stood before that changed it. Who had none then
 * may know the older one only, and seals again once it knows better. */
static void
check_key(struct sim *sim, const struct opened *o)
{
    const struct held_keys *held = &sim->nodes[o->audience].held;
    int way = share_find_gid(sim, &o->header->grant);
    bool stood = way >= 0 && share_flows(sim, &sim->shares[way]) &&
                 sim->shares[way].accepted_at > 0 &&
                 sim->shares[way].accepted_at < sim->keys[o->audience].changed_at;

    if (stood && sim->sealed[o->author][o->audience].have > 0 && o->key != held->sealing &&
        o->key != held->former_sealing)
        sim_fail(sim, "%s seals number %llu to a key that %s has not any more",
                 sim->nodes[o->author].name, (unsigned long long)o->header->number,
                 sim->nodes[o->audience].name);
}

/* Is it said for the first time? */
static bool
watch_number(struct sim *sim, const struct opened *o)
{
    struct sealed_lane *lane = &sim->sealed[o->author][o->audience];
    uint64_t number = o->header->number;
    bool is_new = number == lane->count + 1;
    struct digest inner = digest_plain(o->inner.body);

    if (o->header->incarnation > lane->incarnation) {
        lane->incarnation = o->header->incarnation;
        lane->count = lane->have = 0;
        is_new = number == 1;
    }
    if (number == 0 || number > lane->count + 1) {
        sim_fail(sim, "%s leaves a hole before sealed number %llu for %s",
                 sim->nodes[o->author].name, (unsigned long long)number,
                 sim->nodes[o->audience].name);
        return false;
    }
    if (is_new) {
        lane->seen = xrealloc(lane->seen, (lane->count + 1) * sizeof(*lane->seen));
        lane->seen[lane->count++] =
            (struct sealed_seen){ o->header->box, inner, o->header->grant, o->key, false };
        sim->counts[COUNT_sealed]++;
        sim->counts[COUNT_sealed_records] += o->inner.kind == MESSAGE_RECORDS;
        check_key(sim, o);
        return true;
    }
    struct sealed_seen *seen = &lane->seen[number - 1];
    /* The same again, or the same by another way or to a newer key, or nothing. */
    bool is_same = ID_IS_EQUAL(seen->box, o->header->box) ||
                   (ID_IS_EQUAL(seen->inner, inner) &&
                    (!ID_IS_EQUAL(seen->way, o->header->grant) || o->key > seen->key));
    sim->counts[COUNT_sealed_resends]++;
    if (!is_same && o->inner.kind != 0)
        sim_fail(sim, "%s seals number %llu for %s with other content",
                 sim->nodes[o->author].name, (unsigned long long)number,
                 sim->nodes[o->audience].name);
    if (is_same && !ID_IS_EQUAL(seen->box, o->header->box)) {
        sim->counts[COUNT_other_ways] += !ID_IS_EQUAL(seen->way, o->header->grant);
        sim->counts[COUNT_sealed_anew] += o->key > seen->key;
        seen->box = o->header->box;
        seen->way = o->header->grant;
        seen->key = o->key;
        seen->is_emptied = true; /* a carrier may hold the older one */
        check_key(sim, o);
    }
    sim->counts[COUNT_emptied] += o->inner.kind == 0 && !seen->is_emptied;
    seen->is_emptied = seen->is_emptied || o->inner.kind == 0;
    return false;
}

static void
watch_author(struct sim *sim, struct opened *o, struct arena *arena)
{
    if (!open_box(sim, o, arena)) {
        sim_fail(sim, "%s seals what %s cannot open", sim->nodes[o->author].name,
                 sim->nodes[o->audience].name);
        return;
    }
    if (sim->suspended[o->author][o->audience])
        sim_fail(sim, "%s writes to %s, which it suspended, by others",
                 sim->nodes[o->author].name, sim->nodes[o->audience].name);
    bool is_new = watch_number(sim, o);
    if (o->inner.kind != 0 && !sim_failed(sim))
        watch_content(sim, o->author, o->audience, &o->inner, is_new);
}

static void
keep(struct sim *sim, int from, int to, struct bytes body)
{
    struct kept_body *kept = xcalloc(1, sizeof(*kept) + body.len);

    kept->from = from;
    kept->to = to;
    kept->len = body.len;
    memcpy(kept->data, body.data, body.len);
    kept->next = sim->carried;
    sim->carried = kept;
}

/* The last message that `from` carried to `to` for others before this one. */
static bool
carried_before(struct sim *sim, int from, int to, struct bytes now, struct bytes *out)
{
    for (const struct kept_body *k = sim->carried; k != NULL; k = k->next) {
        *out = bytes_of(k->data, k->len);
        if (k->from == from && k->to == to && !bytes_is_equal(*out, now))
            return true;
    }
    *out = (struct bytes){ 0 };
    return false;
}

/* What was said under this number instead; NULL: nothing yet. */
static struct dropped *
dropped_find(struct sim *sim, int from, int to, uint64_t seq)
{
    struct dropped *d = sim->dropped;

    while (d != NULL && (d->from != from || d->to != to || d->seq != seq))
        d = d->next;
    return d;
}

struct bytes
sealed_drop(struct sim *sim, int from, int to, struct bytes raw, struct arena *arena)
{
    struct envelope env;

    if (!sim->faults[FAULT_carrier_drops] || to < 0 || envelope_parse(raw, &env) != STATUS_OK ||
        env.kind != MESSAGE_SEALED)
        return raw;
    struct dropped *d = dropped_find(sim, from, to, env.seq);
    if (d == NULL) {
        d = xcalloc(1, sizeof(*d));
        *d = (struct dropped){ .next = sim->dropped, .from = from, .to = to, .seq = env.seq };
        if (!sim->calm && sim_chance(sim, 40) &&
            carried_before(sim, from, to, env.body, &d->instead))
            sim->counts[FAULT_carrier_drops]++;
        sim->dropped = d;
    }
    if (d->instead.len == 0)
        return raw;
    env.body = d->instead;
    return envelope_format(&env, arena);
}

void
sealed_watch(struct sim *sim, int from, int to, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct opened o;

    if (!parse(sim, env, arena, &o)) {
        sim_fail(sim, "%s sends a sealed message that is none", sim->nodes[from].name);
        return;
    }
    if (sim->verbose)
        printf("     %9.3fs %s -> %s carries number %llu of %s for %s\n",
               (double)sim->now / 1000, sim->nodes[from].name, sim->nodes[to].name,
               (unsigned long long)o.header->number, sim->nodes[o.author].name,
               sim->nodes[o.audience].name);
    if (o.author == to || o.audience == from)
        sim_fail(sim, "a sealed message of %s goes back", sim->nodes[o.author].name);
    if (o.author == from) {
        watch_author(sim, &o, arena);
        return;
    }
    const struct sealed_lane *lane = &sim->sealed[o.author][o.audience];
    if (o.header->incarnation < lane->incarnation)
        return; /* from before its author was restored */
    const struct sealed_seen *seen = o.header->number == 0 || o.header->number > lane->count
                                         ? NULL
                                         : &lane->seen[o.header->number - 1];
    if (seen == NULL || (!seen->is_emptied && !ID_IS_EQUAL(seen->box, o.header->box)))
        sim_fail(sim, "%s carries what %s never sealed", sim->nodes[from].name,
                 sim->nodes[o.author].name);
    keep(sim, from, to, env->body);
}

/* ---- receipts ----------------------------------------------------------------------------- */

void
sealed_watch_receipt(struct sim *sim, int from, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct sealed_receipt *r;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_sealed_receipt_parse(object->body, arena, &r) != STATUS_OK) {
        sim_fail(sim, "%s sends a receipt that does not parse", sim->nodes[from].name);
        return;
    }
    int by = node_index_of(sim, &r->author), toward = node_index_of(sim, &r->audience);
    if (sim->verbose)
        printf("     %9.3fs %s sends on a receipt of %s to %s: %llu of %llu\n",
               (double)sim->now / 1000, sim->nodes[from].name,
               by < 0 ? "?" : sim->nodes[by].name, toward < 0 ? "?" : sim->nodes[toward].name,
               (unsigned long long)r->have, (unsigned long long)r->seen);
    if (by != from || toward < 0)
        return; /* carried on */
    struct sealed_lane *lane = &sim->sealed[toward][by];
    if (r->incarnation != lane->incarnation)
        return; /* of other numbers */
    if (r->have > lane->count)
        sim_fail(sim, "%s gives %s a receipt for what was never sent", sim->nodes[by].name,
                 sim->nodes[toward].name);
    sim->counts[COUNT_receipts]++;
    sim->counts[COUNT_sealed_gaps] += r->seen > r->have;
    if (r->have < lane->have)
        return; /* again, from before */
    lane->have = r->have;
    watch_known(sim, by, toward, true, r->have);
}

/* ---- rest --------------------------------------------------------------------------------- */

bool
sealed_is_quiet(struct sim *sim, bool say)
{
    for (int a = 0; a < sim->node_count; a++)
        for (int b = 0; b < sim->node_count; b++) {
            const struct sealed_lane *lane = &sim->sealed[a][b];
            if (lane->have == lane->count || !model_has_way(sim, a, b))
                continue;
            if (say)
                sim_fail(sim, "%s has no receipt of %s above %llu of %llu", sim->nodes[a].name,
                         sim->nodes[b].name, (unsigned long long)lane->have,
                         (unsigned long long)lane->count);
            return false;
        }
    return true;
}

void
sealed_fini(struct sim *sim)
{
    for (int i = 0; i < NODES_MAX * NODES_MAX; i++)
        free(sim->sealed[i / NODES_MAX][i % NODES_MAX].seen);
    for (struct kept_body *k = sim->carried, *next; k != NULL; k = next) {
        next = k->next;
        free(k);
    }
    sim->carried = NULL;
    for (struct dropped *d = sim->dropped, *next; d != NULL; d = next) {
        next = d->next;
        free(d);
    }
    sim->dropped = NULL;
}
