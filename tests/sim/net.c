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
#include "tests/sim/net_priv.h"

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
void
net_lose(struct sim *sim, int from, int to, unsigned percent)
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

/* Does the link go to the key that this edge has? */
static bool
is_keyed(const struct link_peer *link, const struct node *to)
{
    return ID_IS_EQUAL(link->transport_key, to->transport) ||
           (!ID_IS_ZERO(link->former_key) && ID_IS_EQUAL(link->former_key, to->transport));
}

bool
net_knows(struct sim *sim, int at, int of)
{
    const struct link_peer *link = link_find(&sim->nodes[at], &sim->nodes[of].id);

    return link == NULL || is_keyed(link, &sim->nodes[of]);
}

static bool
is_joined(struct sim *sim, int a, int b)
{
    const struct link_peer *ab = link_find(&sim->nodes[a], &sim->nodes[b].id);
    const struct link_peer *ba = link_find(&sim->nodes[b], &sim->nodes[a].id);

    return sim->nodes[a].edge_up && sim->nodes[b].edge_up && ab != NULL && ba != NULL &&
           ab->role == ADMIT_PARTNER && ba->role == ADMIT_PARTNER &&
           is_keyed(ab, &sim->nodes[b]) && is_keyed(ba, &sim->nodes[a]);
}

static void
notice(struct node *node, enum happening_kind kind, const struct node_id *who, uint64_t epoch,
       uint64_t within)
{
    struct happening *h = happening_new(node->sim, kind, (struct bytes){ 0 });

    h->at = node->sim->now + 1 + (int64_t)sim_random(node->sim, within);
    h->to = node->index;
    h->life = node->life;
    h->who = *who;
    h->epoch = epoch;
    happening_add(node->sim, h);
}

/* There was a handshake with the new one of two keys. */
static void
tell_proved(struct sim *sim, int at, int of)
{
    const struct link_peer *link = link_find(&sim->nodes[at], &sim->nodes[of].id);

    if (!ID_IS_ZERO(link->former_key) &&
        ID_IS_EQUAL(link->transport_key, sim->nodes[of].transport))
        notice(&sim->nodes[at], COMES_PROVED, &sim->nodes[of].id, 0, 30);
}

/* The dialling side hears that the link is through. */
void
net_tell_up(struct sim *sim, int a, int b)
{
    if (!is_joined(sim, a, b))
        return;
    const struct link_peer *ab = link_find(&sim->nodes[a], &sim->nodes[b].id);
    int dialler = ab->dial != NULL ? a : b;
    tell_proved(sim, a, b);
    tell_proved(sim, b, a);
    notice(&sim->nodes[dialler], COMES_UP, &sim->nodes[dialler == a ? b : a].id, 0, 30);
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
        net_tell_up(node->sim, node->index, other);
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
        net_lose(node->sim, node->index, other, 100);
        net_lose(node->sim, other, node->index, 100);
    }
    notice(node, COMES_DROPPED, peer, 0, 5);
}

/* What the edge held is forgotten; what was on the wire may still arrive. */
void
net_epoch(struct node *node, const struct node_id *peer, uint64_t epoch)
{
    int other = node_index_of(node->sim, peer);

    if (!node->edge_up)
        return;
    if (other >= 0) {
        net_lose(node->sim, node->index, other, 70);
        net_lose(node->sim, other, node->index, 30);
        net_tell_up(node->sim, node->index, other);
    }
    notice(node, COMES_EPOCH, peer, epoch, 5);
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
            if (there->role != ADMIT_GUEST || !ID_IS_EQUAL(there->transport_key, key) ||
                !is_keyed(link, &sim->nodes[i]))
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

bool
net_admits(struct sim *sim, const struct happening *h)
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
        if (!net_admits(sim, h))
            return;
        core_on_message(to->core, &h->who, bytes_of(h->data, h->len));
    } else if (h->kind == COMES_UP) {
        core_on_up(to->core, &h->who);
    } else if (h->kind == COMES_PROVED) {
        core_on_proved(to->core, &h->who);
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
        keys_edge_start(node);
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
