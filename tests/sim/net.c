/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/net.c - what happens between nodes, in the order of virtual time; and everything that goes wrong.
 *
 * A link carries messages in order and without loss unless a fault strikes. Who is admitted is as the
 * cores said. Between a core and its edge, notices wait like messages do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "federation/invitation.h"
#include "schema/digest.h"
#include "tests/sim/sim.h"

enum happening_kind { COMES_MESSAGE, COMES_UP, COMES_DROPPED, COMES_EPOCH };

struct happening {
    struct happening *next;
    int64_t at;
    uint64_t order;
    enum happening_kind kind;
    int from, to; /* node indexes; to: who learns of it */
    int life;     /* of `to`, for notices */
    struct node_id who;
    uint64_t epoch;
    size_t len;
    uint8_t data[];
};

int
node_index_of(const struct sim *sim, const struct node_id *id)
{
    for (int i = 0; i < sim->node_count; i++)
        if (ID_IS_EQUAL(sim->nodes[i].id, *id))
            return i;
    return -1;
}

/* ---- the queue ---------------------------------------------------------------------------- */

static struct happening *
happening_new(struct sim *sim, enum happening_kind kind, struct bytes data)
{
    struct happening *h = xcalloc(1, sizeof(*h) + data.len);

    h->kind = kind;
    h->order = ++sim->order;
    h->len = data.len;
    if (data.len > 0)
        memcpy(h->data, data.data, data.len);
    return h;
}

static void
happening_add(struct sim *sim, struct happening *h)
{
    struct happening **at = &sim->happenings;

    while (*at != NULL &&
           ((*at)->at < h->at || ((*at)->at == h->at && (*at)->order < h->order)))
        at = &(*at)->next;
    h->next = *at;
    *at = h;
}

/* What is under way between two nodes, in one direction, is lost; each with this chance. */
static void
lose_messages(struct sim *sim, int from, int to, unsigned percent)
{
    for (struct happening **at = &sim->happenings; *at != NULL;) {
        struct happening *h = *at;
        if (h->kind != COMES_MESSAGE || h->from != from || h->to != to ||
            !sim_chance(sim, percent)) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        free(h);
    }
}

void
net_fini(struct sim *sim)
{
    for (struct happening *h = sim->happenings, *next; h != NULL; h = next) {
        next = h->next;
        free(h);
    }
    sim->happenings = NULL;
}

/* ---- links -------------------------------------------------------------------------------- */

static struct link_peer *
link_find(struct node *node, const struct node_id *id)
{
    for (size_t i = 0; i < node->link_count; i++)
        if (ID_IS_EQUAL(node->links[i].node, *id))
            return &node->links[i];
    return NULL;
}

static bool
is_joined(struct sim *sim, int a, int b)
{
    const struct link_peer *ab = link_find(&sim->nodes[a], &sim->nodes[b].id);
    const struct link_peer *ba = link_find(&sim->nodes[b], &sim->nodes[a].id);

    return sim->nodes[a].edge_up && sim->nodes[b].edge_up && ab != NULL && ba != NULL &&
           ab->role == ADMIT_PARTNER && ba->role == ADMIT_PARTNER;
}

/* The dialling side hears that the link is through. */
static void
tell_up(struct sim *sim, int a, int b)
{
    if (!is_joined(sim, a, b))
        return;
    const struct link_peer *ab = link_find(&sim->nodes[a], &sim->nodes[b].id);
    int dialler = ab->dial != NULL ? a : b;
    struct happening *h = happening_new(sim, COMES_UP, (struct bytes){ 0 });
    h->at = sim->now + 1 + (int64_t)sim_random(sim, 30);
    h->to = dialler;
    h->life = sim->nodes[dialler].life;
    h->who = sim->nodes[dialler == a ? b : a].id;
    happening_add(sim, h);
}

void
net_link_up(struct node *node, const struct link_peer *peer)
{
    struct link_peer *there = link_find(node, &peer->node);

    if (!node->edge_up)
        return;
    if (there == NULL) {
        if (node->link_count == LINKS_MAX)
            abort();
        there = &node->links[node->link_count++];
    }
    *there = *peer;
    int other = node_index_of(node->sim, &peer->node);
    if (other >= 0)
        tell_up(node->sim, node->index, other);
}

static void
notice(struct node *node, enum happening_kind kind, const struct node_id *who, uint64_t epoch)
{
    struct happening *h = happening_new(node->sim, kind, (struct bytes){ 0 });

    h->at = node->sim->now + 1 + (int64_t)sim_random(node->sim, 5);
    h->to = node->index;
    h->life = node->life;
    h->who = *who;
    h->epoch = epoch;
    happening_add(node->sim, h);
}

void
net_dropped(struct node *node, const struct node_id *peer)
{
    struct link_peer *there = link_find(node, peer);
    int other = node_index_of(node->sim, peer);

    if (!node->edge_up)
        return;
    if (there != NULL)
        *there = node->links[--node->link_count];
    if (other >= 0) {
        lose_messages(node->sim, node->index, other, 100);
        lose_messages(node->sim, other, node->index, 100);
    }
    notice(node, COMES_DROPPED, peer, 0);
}

/* What the edge held is forgotten; what was on the wire may still arrive. */
void
net_epoch(struct node *node, const struct node_id *peer, uint64_t epoch)
{
    int other = node_index_of(node->sim, peer);

    if (!node->edge_up)
        return;
    if (other >= 0) {
        lose_messages(node->sim, node->index, other, 70);
        lose_messages(node->sim, other, node->index, 30);
        tell_up(node->sim, node->index, other);
    }
    notice(node, COMES_EPOCH, peer, epoch);
}

/* ---- sending ------------------------------------------------------------------------------ */

static void
put_on_wire(struct sim *sim, int from, int to, const struct node_id *as, struct bytes message)
{
    struct happening *h = happening_new(sim, COMES_MESSAGE, message);
    struct node *sender = &sim->nodes[from];
    bool overtakes = !sim->calm && sim->faults[FAULT_reorder] && sim_chance(sim, 8);

    h->from = from;
    h->to = to;
    h->who = *as;
    h->at = sim->now + 1 + (int64_t)sim_random(sim, 40);
    if (overtakes) {
        h->at += (int64_t)sim_random(sim, 400);
        sim->counts[FAULT_reorder]++;
    } else if (h->at < sender->last_at[to]) {
        h->at = sender->last_at[to];
    }
    if (!sim->calm && sim->faults[FAULT_delay] && sim_chance(sim, 1)) {
        h->at += (int64_t)sim_random(sim, 240) * SIM_MINUTE;
        sim->counts[FAULT_delay]++;
    } else if (!overtakes) {
        sender->last_at[to] = h->at;
    }
    happening_add(sim, h);
}

/* Whom a guest's or host's name stands for. */
static bool
resolve_guest(struct node *from, const struct link_peer *link, int *to, struct node_id *as)
{
    struct sim *sim = from->sim;
    struct box_key key;

    if (link->role != ADMIT_HOST ||
        invitation_guest_key(link->client_secret, &key) != STATUS_OK)
        return false;
    for (int i = 0; i < sim->node_count; i++) {
        for (size_t k = 0; k < sim->nodes[i].link_count; k++) {
            const struct link_peer *there = &sim->nodes[i].links[k];
            if (there->role != ADMIT_GUEST || !ID_IS_EQUAL(there->transport_key, key))
                continue;
            *to = i;
            *as = there->node;
            return true;
        }
    }
    return false;
}

/* Its lies took the next numbers of this stream: what it says itself now would look like one of them. */
static bool
is_muted(struct sim *sim, int from, int to, struct bytes raw)
{
    struct envelope env;
    bool is = sim->muted[from][to] && envelope_parse(raw, &env) == STATUS_OK &&
              env.stream == STREAM_DATA;

    sim->has_muted = sim->has_muted || is;
    return is;
}

void
net_send(struct node *from, const struct sent *message)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct sim *sim = from->sim;
    struct link_peer *link = link_find(from, &message->to);
    struct bytes raw = bytes_of(message->data, message->len);
    struct node_id as = from->id;
    int to = node_index_of(sim, &message->to);

    if (to >= 0 && is_muted(sim, from->index, to, raw))
        return;
    sim->counts[COUNT_messages]++;
    sim_trace(sim, raw);
    if (to >= 0)
        watch_send(sim, from->index, to, raw);
    if (link == NULL || !from->edge_up)
        return; /* the edge has no link: there it ends */
    if (to >= 0 && sim->suspended[from->index][to])
        sim_fail(sim, "%s speaks to %s, which it suspended", from->name, sim->nodes[to].name);
    if (to < 0 && !resolve_guest(from, link, &to, &as))
        return;
    if (!sim->calm && sim->faults[FAULT_drop] && sim_chance(sim, 5)) {
        sim->counts[FAULT_drop]++;
        return;
    }
    raw = sealed_drop(sim, from->index, node_index_of(sim, &message->to), raw, arena);
    put_on_wire(sim, from->index, to, &as, raw);
    if (!sim->calm && sim->faults[FAULT_duplicate] && sim_chance(sim, 5)) {
        sim->counts[FAULT_duplicate]++;
        put_on_wire(sim, from->index, to, &as, raw);
    }
}

void
net_inject(struct sim *sim, int from, int to, struct bytes message)
{
    put_on_wire(sim, from, to, &sim->nodes[from].id, message);
}

/* ---- arriving ----------------------------------------------------------------------------- */

static bool
is_admitted(struct sim *sim, const struct happening *h)
{
    struct node *to = &sim->nodes[h->to];
    const struct link_peer *link = link_find(to, &h->who);

    if (!to->edge_up || link == NULL || sim->blocked_until[h->from][h->to] > sim->now)
        return false;
    return link->role == ADMIT_GUEST || is_joined(sim, h->from, h->to);
}

static void
arrive(struct sim *sim, const struct happening *h)
{
    struct node *to = &sim->nodes[h->to];

    if (!to->up || (h->kind != COMES_MESSAGE && h->life != to->life))
        return;
    if (h->kind == COMES_MESSAGE) {
        if (!is_admitted(sim, h))
            return;
        core_on_message(to->core, &h->who, bytes_of(h->data, h->len));
    } else if (h->kind == COMES_UP) {
        core_on_up(to->core, &h->who);
    } else if (h->kind == COMES_DROPPED) {
        core_on_dropped(to->core, &h->who);
    } else {
        core_on_epoch(to->core, &h->who, h->epoch);
    }
    int64_t soon = sim->now + (int64_t)sim_random(sim, 3);
    if (to->round_at > soon)
        to->round_at = soon;
}

/* ---- running ------------------------------------------------------------------------------ */

static int64_t
wants(const struct node *node)
{
    int64_t at = node->up ? node->round_at : node->restart_at;

    if (node->up && !node->edge_up && node->edge_at < at)
        at = node->edge_at;
    return at < node->paused_until ? node->paused_until : at;
}

static void
run_node(struct node *node)
{
    struct sim *sim = node->sim;

    if (!node->up) {
        node_start(node);
        return;
    }
    if (!node->edge_up && sim->now >= node->edge_at) {
        node->edge_up = true;
        core_on_link_start(node->core);
    }
    node_round(node);
    node_flush(node, SIZE_MAX);
}

/* The next thing: a node's turn, or something that comes. */
static bool
run_one(struct sim *sim, int64_t until)
{
    struct node *first = &sim->nodes[0];
    struct happening *h = sim->happenings;

    for (int i = 1; i < sim->node_count; i++)
        if (wants(&sim->nodes[i]) < wants(first))
            first = &sim->nodes[i];
    int64_t at = wants(first);
    bool comes = h != NULL && h->at <= at;
    if ((comes ? h->at : at) > until)
        return false;
    if ((comes ? h->at : at) > sim->now)
        sim->now = comes ? h->at : at;
    if (!comes) {
        run_node(first);
        return true;
    }
    sim->happenings = h->next;
    if (sim->nodes[h->to].paused_until > sim->now) {
        h->at = sim->nodes[h->to].paused_until;
        happening_add(sim, h);
        return true;
    }
    arrive(sim, h);
    free(h);
    return true;
}

void
net_run(struct sim *sim, int64_t until)
{
    while (!sim_failed(sim) && run_one(sim, until))
        ;
    if (sim->now < until)
        sim->now = until;
}

/* ---- faults ------------------------------------------------------------------------------- */

static struct node *
any_node(struct sim *sim)
{
    return &sim->nodes[sim_random(sim, (uint64_t)sim->node_count)];
}

static void
block(struct sim *sim, int from, int to)
{
    sim->blocked_until[from][to] =
        sim->now + 1000 + (int64_t)sim_random(sim, 3) * (int64_t)sim_random(sim, SIM_MINUTE);
}

static void
strike_partition(struct sim *sim)
{
    int a = any_node(sim)->index, b = any_node(sim)->index;

    block(sim, a, b);
    block(sim, b, a);
}

static void
strike_one_way(struct sim *sim)
{
    block(sim, any_node(sim)->index, any_node(sim)->index);
}

static void
strike_cut(struct sim *sim)
{
    int a = any_node(sim)->index, b = any_node(sim)->index;

    lose_messages(sim, a, b, 100);
    lose_messages(sim, b, a, 100);
    tell_up(sim, a, b);
}

static void
strike_edge(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (!node->up || !node->edge_up)
        return;
    for (int i = 0; i < sim->node_count; i++) {
        lose_messages(sim, node->index, i, 100);
        lose_messages(sim, i, node->index, 80);
    }
    node->edge_up = false;
    node->link_count = 0;
    node->edge_at = sim->now + 50 + (int64_t)sim_random(sim, 3000);
}

static void
kill_for_a_while(struct node *node)
{
    struct sim *sim = node->sim;

    node_kill(node);
    node->restart_at = sim->now + 100 + (int64_t)sim_random(sim, 20000);
}

/* Whatever came since the last round is not committed. */
static void
strike_crash_early(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (!node->up)
        return;
    for (struct happening **at = &sim->happenings; *at != NULL;) {
        struct happening *h = *at;
        if (h->to != node->index || h->kind != COMES_MESSAGE || h->at > sim->now + 500) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        if (is_admitted(sim, h))
            core_on_message(node->core, &h->who, bytes_of(h->data, h->len));
        free(h);
    }
    node_flush(node, SIZE_MAX); /* a sound core has sent nothing yet */
    kill_for_a_while(node);
}

static void
strike_crash_late(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (!node->up)
        return;
    node_round(node);
    node_flush(node, sim_random(sim, 3));
    kill_for_a_while(node);
}

static void
strike_pause(struct sim *sim)
{
    struct node *node = any_node(sim);

    node->paused_until = sim->now + 1000 + (int64_t)sim_random(sim, 90000);
}

static void
strike_jump(struct sim *sim)
{
    sim->now += SIM_MINUTE + (int64_t)sim_random(sim, 180) * SIM_MINUTE;
}

static void
strike_keys(struct sim *sim)
{
    any_node(sim)->keys_at = sim->now + 100 + (int64_t)sim_random(sim, 20000);
}

static void
strike_carrier(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (!node->up)
        return;
    kill_for_a_while(node);
    sim->counts[FAULT_carrier_drops] += (uint64_t)node_lose_carried(node);
}

static void
strike_rows(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (!node->up)
        return;
    kill_for_a_while(node);
    sim->counts[FAULT_rows_lost] += (uint64_t)node_lose_rows(node);
}

void
net_strike(struct sim *sim)
{
    static const struct {
        enum count fault;
        unsigned percent;
        void (*strike)(struct sim *sim);
    } rows[] = {
        { FAULT_partition, 10, strike_partition },
        { FAULT_one_way, 8, strike_one_way },
        { FAULT_cut, 12, strike_cut },
        { FAULT_edge_restart, 6, strike_edge },
        { FAULT_crash_early, 5, strike_crash_early },
        { FAULT_crash_late, 5, strike_crash_late },
        { FAULT_pause, 5, strike_pause },
        { FAULT_jump, 2, strike_jump },
        { FAULT_keys_away, 5, strike_keys },
        { FAULT_carrier_drops, 2, strike_carrier },
        { FAULT_rows_lost, 2, strike_rows },
    };

    for (size_t i = 0; i < COUNT_OF(rows) && !sim_failed(sim); i++) {
        if (!sim->faults[rows[i].fault] || !sim_chance(sim, rows[i].percent))
            continue;
        sim->counts[rows[i].fault] += rows[i].fault != FAULT_carrier_drops &&
                                      rows[i].fault != FAULT_rows_lost; /* those count losses */
        rows[i].strike(sim);
    }
}

void
net_calm(struct sim *sim)
{
    sim->calm = true;
    memset(sim->blocked_until, 0, sizeof(sim->blocked_until));
    for (int i = 0; i < sim->node_count; i++) {
        struct node *node = &sim->nodes[i];
        node->paused_until = 0;
        node->keys_at = 0;
        if (node->edge_at > sim->now)
            node->edge_at = sim->now;
        if (!node->up)
            node->restart_at = sim->now;
    }
    for (struct happening *h = sim->happenings; h != NULL; h = h->next)
        if (h->at > sim->now + SIM_MINUTE)
            h->at = sim->now + SIM_MINUTE; /* still in their order */
}
