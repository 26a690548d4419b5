/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people_contributions.c - people ask partners for guests, and bring theirs to a partner's event.
 */
#include <stdio.h>

#include "tests/sim/people_priv.h"

/* ---- what is asked for -------------------------------------------------------------------- */

void
people_draw_terms(struct sim *sim, struct share *s, bool surely)
{
    if (!surely && !sim_chance(sim, 70))
        return;
    s->asks = true;
    s->want = people_some_slots(sim, (1u << SLOT_OWN) - 1) | 1u << sim_random(sim, SLOT_OWN);
    s->quota = sim_chance(sim, 50) ? 1 + (int)sim_random(sim, 3) : 0;
    s->chain_sees = sim_chance(sim, 25);
    s->depth = s->depth == 0 && sim_chance(sim, 80) ? 1 : s->depth;
}

void
people_narrow_terms(struct sim *sim, struct share *s)
{
    if (!s->asks || !sim_chance(sim, 90)) {
        s->asks = false;
        return;
    }
    if (sim_chance(sim, 30))
        s->quota = s->quota == 0 ? 2 : 1 + (int)sim_random(sim, (uint64_t)s->quota);
    s->chain_sees = s->chain_sees && sim_chance(sim, 80);
}

void
people_put_terms(const struct share *s, json_t *args)
{
    json_t *want = json_array();
    char text[80];

    for (int slot = 0; slot < SLOT_OWN && s->asks; slot++) {
        if (!(s->want >> slot & 1))
            continue;
        (void)snprintf(text, sizeof(text), "attendee.%s", slot_names[GUEST][slot]);
        (void)json_array_append_new(want, json_string(text));
    }
    if (s->asks) {
        (void)json_object_set_new(args, "contribute", json_true());
        (void)json_object_set_new(args, "visible",
                                  json_string(s->chain_sees ? "chain" : "organiser"));
        if (s->quota > 0)
            (void)json_object_set_new(args, "quota", json_integer(s->quota));
        if (s->parent < 0)
            (void)json_object_set(args, "want", want);
    }
    json_decref(want);
}

/* ---- bringing ----------------------------------------------------------------------------- */

/* A share under which this company is asked for guests; -1: none. */
static int
invitation_of(const struct node *node)
{
    struct sim *sim = node->sim;
    int found[SHARES_MAX], count = 0;

    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].receiver == node->index && sim->shares[i].accepted &&
            sim->shares[i].asks && !sim->shares[i].stopped)
            found[count++] = i;
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

void
people_bring_guest(struct node *node)
{
    struct sim *sim = node->sim;
    int share = invitation_of(node);

    if (share < 0)
        return;
    if (people_pick_record(sim, node->index, CONTACT) < 0 || sim_chance(sim, 40))
        people_add_contact(node);
    if (!sim_failed(sim))
        people_add_guest_to(node, sim->shares[share].event);
}

static int
node_by_name(const struct sim *sim, const json_t *item)
{
    for (int i = 0; i < sim->node_count; i++)
        if (people_is_text(item, "partner", sim->nodes[i].name))
            return i;
    return -1;
}

/* Shares that this made; what is in them is seen when they are offered. */
static void
learn_contributions(struct node *node, int event)
{
    struct sim *sim = node->sim;
    enum status s;
    json_t *reply = people_ask(node, "share.list", json_pack("{s:i}", "limit", 200), &s);
    const json_t *items = json_object_get(reply, "items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        struct share made = { .kind = SHARE_CONTRIBUTION,
                              .cites = -1,
                              .giver = node->index,
                              .receiver = node_by_name(sim, item),
                              .owner = node->index,
                              .parent = -1,
                              .event = event,
                              .until = INT64_MAX };
        if (!people_is_text(item, "kind", "contribution") || share_find(sim, id) >= 0)
            continue;
        if (made.receiver < 0 || sim->share_count == SHARES_MAX) {
            sim_fail(sim, "%s contributes to nobody that is known", node->name);
            break;
        }
        people_copy_id(item, made.id);
        sim->shares[sim->share_count++] = made;
        sim->counts[COUNT_contributions]++;
    }
    json_decref(reply);
}

void
people_contribute(struct node *node)
{
    struct sim *sim = node->sim;
    int share = invitation_of(node);

    if (share < 0 || sim->share_count + NODES_MAX > SHARES_MAX)
        return;
    const char *event = sim->records[sim->shares[share].event].id;
    json_t *args = json_pack("{s:s}", "event", event);
    bool looks = sim_chance(sim, 15);
    if (looks)
        (void)json_object_set_new(args, "preview", json_true());
    enum status s = people_tell(node, "guest.contribute", args);
    if (s == STATUS_OK)
        learn_contributions(node,
                            sim->shares[share].event); /* a preview makes none: see offers */
    else if (s != STATUS_LOCKED && s != STATUS_DENIED && s != STATUS_NOT_FOUND &&
             s != STATUS_USAGE)
        sim_fail(sim, "%s cannot contribute: %s", node->name, status_name(s));
}

/* While some of it is under way, if there is such. */
void
people_withdraw(struct node *node)
{
    struct sim *sim = node->sim;

    for (int i = 0; i < sim->share_count; i++) {
        struct share *s = &sim->shares[i];
        const struct sealed_lane *lane = &sim->sealed[s->giver][s->receiver];
        if (s->kind != SHARE_CONTRIBUTION || s->giver != node->index || s->stopped ||
            (lane->have == lane->count && !sim_chance(sim, 20)))
            continue;
        enum status status =
            people_tell(node, "share.stop", json_pack("{s:s}", "share", s->id));
        s->stopped = status == STATUS_OK;
        sim->counts[COUNT_stops] += s->stopped;
        return;
    }
}

/* The chain that a message without a receipt names, when the two have another chain as well; -1: there is none. */
static int
way_to_close(const struct sim *sim)
{
    for (int i = 0; i < NODES_MAX * NODES_MAX; i++) {
        const struct sealed_lane *lane = &sim->sealed[i / NODES_MAX][i % NODES_MAX];
        int way =
            lane->have == lane->count ? -1 : share_find_gid(sim, &lane->seen[lane->have].way);
        for (int k = 0; way >= 0 && k < sim->share_count; k++) {
            const struct share *other = &sim->shares[k];
            if (k != way && other->kind == SHARE_PLAIN && !sim->shares[way].stopped &&
                other->parent >= 0 && other->receiver == sim->shares[way].receiver &&
                other->giver == sim->shares[way].giver && share_flows(sim, other))
                return way;
        }
    }
    return -1;
}

struct node *
people_on_the_way(struct sim *sim)
{
    int way = way_to_close(sim);

    return &sim->nodes[way < 0 ? 1 : sim->shares[way].giver];
}

/* What is on its way under that chain must go by another. */
void
people_close_way(struct node *node)
{
    struct sim *sim = node->sim;
    int way = way_to_close(sim);

    if (way < 0 || sim->shares[way].giver != node->index)
        return;
    struct share *s = &sim->shares[way];
    s->stopped =
        people_tell(node, "share.stop", json_pack("{s:s}", "share", s->id)) == STATUS_OK;
    sim->counts[COUNT_stops] += s->stopped;
}

/* A guest of whatever company comes to one of our events. */
void
people_arrive(struct node *node)
{
    struct sim *sim = node->sim;
    int found[RECORDS_MAX], count = 0;

    for (int i = 0; i < sim->record_count; i++) {
        const struct record *r = &sim->records[i];
        if (r->kind == GUEST && !r->gone && sim->records[r->event].owner == node->index &&
            (r->owner != node->index || sim_chance(sim, 10)))
            found[count++] = i;
    }
    if (count == 0)
        return;
    const struct record *guest = &sim->records[found[sim_random(sim, (uint64_t)count)]];
    enum status s = people_tell(
        node, "guest.arrive",
        json_pack("{s:s, s:s}", "event", sim->records[guest->event].id, "guest", guest->id));
    sim->counts[COUNT_arrivals] += s == STATUS_OK;
    if (s != STATUS_OK && s != STATUS_LOCKED && s != STATUS_NOT_FOUND)
        sim_fail(sim, "%s cannot say that a guest is there: %s", node->name, status_name(s));
}

void
people_call_off(struct node *node)
{
    struct sim *sim = node->sim;
    int event = people_pick_record(sim, node->index, EVENT);

    if (event < 0)
        return;
    enum status s =
        people_tell(node, "record.set",
                    json_pack("{s:s, s:s, s:{s:s}}", "type", kind_names[EVENT], "record",
                              sim->records[event].id, "fields", "status", "cancelled"));
    if (s == STATUS_OK)
        sim->records[event].is_off = true;
    else if (s != STATUS_LOCKED)
        sim_fail(sim, "%s cannot call off its event: %s", node->name, status_name(s));
}
