/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people.c - what people at the companies do, as the command line would ask for it, and what the model
 * learns from the answers. Here: asking, meeting, days; acts with records and with shares are beside.
 *
 * An answer that says OK is a promise (P1). A refusal must be one of those that fit; anything else fails the seed.
 */
#include <stdio.h>

#include "tests/sim/people_priv.h"

enum { MEET_MINUTES = 30 };

/* ---- asking ------------------------------------------------------------------------------- */

static bool
is_fault_of_machine(enum status s)
{
    return s == STATUS_INTERNAL || s == STATUS_CORRUPT || s == STATUS_IO ||
           s == STATUS_DISK_FULL || s == STATUS_NEWER_HOME || s == STATUS_CONFIG;
}

json_t *
people_ask(struct node *node, const char *service, json_t *args, enum status *status)
{
    struct sim *sim = node->sim;
    bool is_full = full_is(node);
    json_t *reply = node_ask(node, service, args, status);

    sim->counts[COUNT_ops]++;
    sim->counts[COUNT_refused] += *status != STATUS_OK;
    sim_trace(sim, bytes_text(service));
    sim_trace(sim, bytes_text(status_name(*status)));
    if (sim->verbose)
        printf("%4d %9.3fs %-6s %-16s %s\n", sim->step, (double)sim->now / 1000, node->name,
               service, status_name(*status));
    bool takes_back = service_find(service)->effect == SERVICE_TAKES_BACK;
    sim->counts[COUNT_full_refused] += *status == STATUS_DISK_FULL;
    sim->counts[COUNT_full_taken_back] += is_full && takes_back && *status == STATUS_OK;
    if (*status == STATUS_DISK_FULL && full_may_show(node) && !takes_back)
        *status = STATUS_LOCKED; /* all else waits for room (P12), as it waits for keys */
    if (is_fault_of_machine(*status))
        sim_fail(sim, "%s at %s: %s", service, node->name, status_name(*status));
    return reply;
}

/* The same when only the status matters. */
enum status
people_tell(struct node *node, const char *service, json_t *args)
{
    enum status s;

    json_decref(people_ask(node, service, args, &s));
    return s;
}

void
people_copy_id(const json_t *object, char out[static ID_TEXT_LEN + 1])
{
    const char *id = json_string_value(json_object_get(object, "id"));

    (void)snprintf(out, ID_TEXT_LEN + 1, "%s", id != NULL ? id : "");
}

bool
people_is_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL && strcmp(value, text) == 0;
}

/* ---- meeting ------------------------------------------------------------------------------ */

/* Until it is OK, or the world ends; faults go on meanwhile. */
static json_t *
insist(struct node *node, const char *service, json_t *args)
{
    struct sim *sim = node->sim;
    json_t *reply = NULL;
    enum status s = STATUS_BUSY;

    for (int i = 0; i < MEET_MINUTES * 30 && !sim_failed(sim); i++) {
        if (node->up && node->paused_until <= sim->now)
            reply = people_ask(node, service, json_incref(args), &s);
        if (node->up)
            node_flush(node, SIZE_MAX);
        if (s == STATUS_OK)
            break;
        if (i % 10 == 9)
            net_strike(sim);
        net_run(sim, sim->now + 2000);
    }
    json_decref(args);
    if (s != STATUS_OK)
        sim_fail(sim, "%s at %s does not come to pass: %s", service, node->name,
                 status_name(s));
    return reply;
}

void
people_invite(struct node *host, struct node *guest)
{
    json_t *invitation = insist(host, "partner.invite", json_object());

    if (!sim_failed(host->sim))
        json_decref(insist(guest, "partner.accept",
                           json_pack("{s:s}", "invitation",
                                     json_string_value(json_object_get(invitation, "text")))));
    json_decref(invitation);
}

static void
meet(struct sim *sim, int a, int b)
{
    struct node *host = &sim->nodes[a], *guest = &sim->nodes[b];

    people_invite(host, guest);
    if (!sim_failed(sim))
        json_decref(insist(host, "partner.trust", json_pack("{s:s}", "partner", guest->name)));
    if (!sim_failed(sim))
        json_decref(insist(guest, "partner.trust", json_pack("{s:s}", "partner", host->name)));
    sim->linked[a][b] = sim->linked[b][a] = !sim_failed(sim);
}

bool
people_meet(struct sim *sim)
{
    meet(sim, 0, 1);
    if (!sim_failed(sim))
        meet(sim, 1, 2);
    for (int i = 3; i < sim->node_count && !sim_failed(sim); i++) {
        int first = sim_chance(sim, 60) ? i - 1 : (int)sim_random(sim, (uint64_t)i),
            second = (int)sim_random(sim, (uint64_t)i);
        meet(sim, first, i);
        if (second != first && sim_chance(sim, 30) && !sim_failed(sim))
            meet(sim, second, i);
    }
    for (int i = 0; i < sim->node_count && !sim_failed(sim) && !sim->is_apart; i++)
        if (sim_chance(sim, 70))
            people_shorten_lease(&sim->nodes[i]);
    return !sim_failed(sim);
}

/* ---- picking ------------------------------------------------------------------------------ */

int
people_pick_record(struct sim *sim, int owner, int kind)
{
    int found[RECORDS_MAX], count = 0;

    for (int i = 0; i < sim->record_count; i++)
        if (sim->records[i].owner == owner && !sim->records[i].gone &&
            (kind < 0 || (int)sim->records[i].kind == kind))
            found[count++] = i;
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

int
people_pick_partner(struct sim *sim, int of)
{
    int found[NODES_MAX], count = 0;

    for (int i = 0; i < sim->node_count; i++)
        if (sim->linked[of][i])
            found[count++] = i;
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

unsigned
people_some_slots(struct sim *sim, unsigned of)
{
    unsigned bits = 0;

    for (int slot = 0; slot < SLOTS; slot++)
        if ((of >> slot & 1) && sim_chance(sim, 55))
            bits |= 1u << slot;
    return bits;
}

unsigned
people_all_slots(const struct node *node, enum thing kind)
{
    return node->keeps_own_field[kind] ? (1u << SLOTS) - 1 : (1u << SLOT_OWN) - 1;
}

/* ---- a day -------------------------------------------------------------------------------- */

static struct node *
anyone(struct sim *sim)
{
    uint64_t of = sim_chance(sim, 50) ? 2 : (uint64_t)sim->node_count;

    return &sim->nodes[sim_random(sim, of)]; /* the story is mostly about the first two */
}

/* Somebody with an offer that waits for an answer; or anyone. */
static struct node *
somebody_asked(struct sim *sim)
{
    for (int tries = 0; tries < 12 && sim->share_count > 0; tries++) {
        const struct share *s = &sim->shares[sim_random(sim, (uint64_t)sim->share_count)];
        if (!s->accepted && !s->declined && !s->stopped && s->kind == SHARE_PLAIN)
            return &sim->nodes[s->receiver];
    }
    return anyone(sim);
}

/* Somebody who has what may go further; or anyone. */
static struct node *
somebody_between(struct sim *sim)
{
    for (int tries = 0; tries < 12 && sim->share_count > 0; tries++) {
        const struct share *s = &sim->shares[sim_random(sim, (uint64_t)sim->share_count)];
        bool is_further = s->parent >= 0 || tries >= 6; /* those from second hand are rare */
        if (s->accepted && !s->stopped && s->depth > 0 && is_further)
            return &sim->nodes[s->receiver];
    }
    return anyone(sim);
}

/* An owner of what others passed on; or anyone. */
static struct node *
somebody_heard(struct sim *sim)
{
    for (int i = sim->share_count - 1; i >= 0; i--)
        if (sim->shares[i].parent >= 0 && sim->shares[i].accepted && !sim->shares[i].stopped)
            return &sim->nodes[sim->shares[i].owner];
    return anyone(sim);
}

/* Somebody who was asked for guests; or anyone. */
static struct node *
somebody_invited(struct sim *sim)
{
    for (int tries = 0; tries < 24 && sim->share_count > 0; tries++) {
        const struct share *s = &sim->shares[sim_random(sim, (uint64_t)sim->share_count)];
        if (s->accepted && !s->stopped && s->asks && (tries > 8 || s->parent >= 0))
            return &sim->nodes[s->receiver];
    }
    return anyone(sim);
}

/* Somebody with sealed messages that have no receipt yet; or anyone. */
static struct node *
somebody_waiting(struct sim *sim)
{
    for (int a = 0; a < sim->node_count; a++)
        for (int b = 0; b < sim->node_count; b++)
            if (sim->sealed[a][b].have < sim->sealed[a][b].count)
                return &sim->nodes[a];
    return anyone(sim);
}

static struct node *
the_first(struct sim *sim)
{
    return &sim->nodes[0];
}

struct act {
    unsigned weight;
    struct node *(*who)(struct sim *sim);
    void (*act)(struct node *node);
};

/* clang-format off */
/* How most seeds begin; then anything. */
static const struct act opening[] = {
    { 0, the_first, people_add_event },       { 0, the_first, people_add_contact }, { 0, the_first, people_add_contact },
    { 0, the_first, people_add_guest },       { 0, the_first, people_add_guest },   { 0, the_first, people_share_own },
    { 0, the_first, people_share_own },       { 0, somebody_asked, people_answer }, { 0, somebody_asked, people_answer },
    { 0, somebody_between, people_pass_on },  { 0, somebody_between, people_pass_on },
    { 0, somebody_asked, people_answer },     { 0, the_first, people_change_record },
    { 0, somebody_between, people_pass_on },  { 0, somebody_asked, people_answer },
};

/* Half of them begin with one guest list of several companies. */
static const struct act one_list[] = {
    { 0, the_first, people_add_event },            { 0, the_first, people_ask_for_guests },
    { 0, somebody_asked, people_answer },          { 0, somebody_asked, people_answer },
    { 0, somebody_between, people_pass_on },       { 0, somebody_asked, people_answer },
    { 0, somebody_between, people_pass_on },       { 0, somebody_asked, people_answer },
    { 0, somebody_invited, people_bring_guest },   { 0, somebody_invited, people_contribute },
    { 0, somebody_invited, people_contribute },    { 0, somebody_invited, people_bring_guest },
    { 0, somebody_between, people_pass_on },       { 0, somebody_asked, people_answer },
    { 0, somebody_invited, people_bring_guest },   { 0, somebody_invited, people_contribute },
    { 0, the_first, people_change_record },        { 0, somebody_invited, people_bring_guest },
    { 0, the_first, people_change_record },        { 0, somebody_invited, people_bring_guest },
};

static const struct act acts[] = {
    { 4, anyone, people_add_event },        { 5, anyone, people_add_contact },    { 4, anyone, people_add_lead },
    { 9, anyone, people_add_guest },        { 27, anyone, people_change_record }, { 3, anyone, people_change_foreign },
    { 4, anyone, people_remove_record },    { 2, anyone, people_add_field },      { 14, anyone, people_share_own },
    { 26, somebody_asked, people_answer },  { 18, somebody_between, people_pass_on },
    { 6, anyone, people_stop_share },       { 1, anyone, people_suspend },        { 4, anyone, people_trust_again },
    { 12, somebody_invited, people_bring_guest }, { 12, somebody_invited, people_contribute }, { 1, anyone, people_call_off },
    { 3, somebody_waiting, people_withdraw },
    { 3, anyone, people_waive },            { 3, anyone, people_erase },          { 5, anyone, people_take_ground },
    { 6, somebody_heard, people_fall_silent },
    { 5, the_first, people_arrive },             { 8, people_on_the_way, people_close_way },
    { 4, anyone, people_ask_for_guests },   { 4, anyone, people_rotate },
};
/* clang-format on */

static const struct act *
pick_act(struct sim *sim)
{
    unsigned total = 0;
    size_t step = (size_t)sim->step - 1;

    if (sim->seed % 2 != 0 && step < COUNT_OF(one_list))
        return &one_list[step];
    if (sim->seed % 4 != 0 && step < COUNT_OF(opening))
        return &opening[step];
    for (size_t i = 0; i < COUNT_OF(acts); i++)
        total += acts[i].weight;
    unsigned pick = (unsigned)sim_random(sim, total);
    for (size_t i = 0;; i++) {
        if (pick < acts[i].weight)
            return &acts[i];
        pick -= acts[i].weight;
    }
}

void
people_act(struct sim *sim)
{
    const struct act *act = pick_act(sim);
    struct node *node = act->who(sim);

    net_strike(sim);
    if (sim_failed(sim))
        return;
    if (node->up && node->paused_until <= sim->now) {
        act->act(node);
        bool dies = node->up && sim->faults[FAULT_crash_late] && sim_chance(sim, 3);
        node_flush(node, dies ? sim_random(sim, 3) : SIZE_MAX);
        if (dies) { /* what was answered stays true */
            sim->counts[FAULT_crash_late]++;
            node_kill(node);
            node->restart_at = sim->now + (int64_t)sim_random(sim, 5000);
        }
    }
    int64_t rest =
        sim_chance(sim, 60) ? (int64_t)sim_random(sim, 300) : (int64_t)sim_random(sim, 8000);
    net_run(sim, sim->now + rest);
}

void
people_settle(struct sim *sim)
{
    for (int i = 0; i < sim->node_count && !sim_failed(sim); i++) {
        people_trust_again(&sim->nodes[i]);
        node_flush(&sim->nodes[i], SIZE_MAX);
    }
}
