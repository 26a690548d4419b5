/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/faults.c - what strikes nodes and links while people work, and its end.
 */
#include "tests/sim/net_priv.h"

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

    net_lose(sim, a, b, 100);
    net_lose(sim, b, a, 100);
    net_tell_up(sim, a, b);
}

void
net_edge_dies(struct node *node)
{
    struct sim *sim = node->sim;

    for (int i = 0; i < sim->node_count; i++) {
        net_lose(sim, node->index, i, 100);
        net_lose(sim, i, node->index, 80);
    }
    node->edge_up = false;
    node->link_count = 0;
    node->edge_at = sim->now + 50 + (int64_t)sim_random(sim, sim->calm ? 200 : 3000);
}

static void
strike_edge(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (node->up && node->edge_up)
        net_edge_dies(node);
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
        if (net_admits(sim, h))
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

    if (!node->up ||
        node->has_lost) /* what is lost again soon after is given up: node/repair.h */
        return;
    node->has_lost = true;
    kill_for_a_while(node);
    sim->counts[FAULT_rows_lost] += (uint64_t)node_lose_rows(node);
}

static void
strike_disk(struct sim *sim)
{
    struct node *node = any_node(sim);

    if (node->up && full_has_ballast(node))
        full_begin(node, 1000 + (int64_t)sim_random(sim, 40000));
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
        { FAULT_disk_full, 3, strike_disk },
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
        node->paused_until = node->full_until = 0;
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
