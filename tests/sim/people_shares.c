/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people_shares.c - people share, pass on, answer, take back, and now and then fall out.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/sim/people_priv.h"

/* ---- sharing ------------------------------------------------------------------------------ */

static const char *
until_text(struct share *s, char out[static 32])
{
    time_t seconds = (time_t)(s->until / 1000);
    struct tm tm;

    (void)gmtime_r(&seconds, &tm);
    s->until = (int64_t)seconds * 1000;
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

static json_t *
share_args(struct sim *sim, struct share *s)
{
    json_t *fields = json_array(), *records = json_array();
    char text[80], until[32];

    for (int kind = 0; kind < THING_COUNT_; kind++)
        for (int slot = 0; slot < SLOTS; slot++) {
            if (!(s->slots[kind] >> slot & 1))
                continue;
            (void)snprintf(text, sizeof(text), "%s.%s", kind_names[kind],
                           slot_names[kind][slot]);
            (void)json_array_append_new(fields, json_string(text));
        }
    if (s->event >= 0)
        (void)json_array_append_new(records, json_string(sim->records[s->event].id));
    for (int i = 0; i < s->listed_count; i++)
        (void)json_array_append_new(records, json_string(sim->records[s->listed[i]].id));
    json_t *args = json_pack("{s:o, s:s, s:o, s:[s], s:s, s:i}", "records", records, "partner",
                             sim->nodes[s->receiver].name, "fields", fields, "purpose", "event",
                             "until", until_text(s, until), "depth", s->depth);
    /* Nobody may keep it longer than its owner allows: then it is what the owner said. */
    if (s->parent >= 0 || sim_chance(sim, 40))
        (void)json_object_set_new(args, "delete-days", json_integer(s->parent < 0 ? 7 : 30));
    people_put_terms(s, args);
    return args;
}

static enum status
create_share(struct node *node, struct share *s)
{
    struct sim *sim = node->sim;
    enum status status;

    for (int kind = 0; kind < THING_COUNT_; kind++)
        s->of_kind[kind] = s->slots[kind] != 0;
    json_t *reply = people_ask(node, "share.create", share_args(sim, s), &status);
    if (status == STATUS_OK) {
        people_copy_id(reply, s->id);
        sim->shares[sim->share_count++] = *s;
        sim->counts[COUNT_own_fields] +=
            ((s->slots[EVENT] | s->slots[GUEST] | s->slots[LEAD]) >> SLOT_OWN & 1) != 0;
    }
    json_decref(reply);
    return status;
}

static int64_t
some_end(struct sim *sim)
{
    int64_t wall = SIM_EPOCH_MS + sim->now;

    return sim_chance(sim, 25) ? wall + SIM_MINUTE + (int64_t)sim_random(sim, 20) * SIM_MINUTE
                               : wall + 150 * 24 * 60 * SIM_MINUTE;
}

/* Own leads or guests, one by one. */
static void
pick_listed(struct node *node, struct share *s)
{
    struct sim *sim = node->sim;
    enum thing kind = sim_chance(sim, 60) ? LEAD : GUEST;

    for (int i = 0; i < 3; i++) {
        int record = people_pick_record(sim, node->index, (int)kind);
        bool is_there = record < 0;
        for (int k = 0; k < s->listed_count; k++)
            is_there = is_there || s->listed[k] == record;
        if (!is_there)
            s->listed[s->listed_count++] = record;
    }
    s->slots[kind] =
        people_some_slots(sim, people_all_slots(node, kind)) | 1u << sim_random(sim, SLOT_OWN);
}

static void
share_own(struct node *node, bool for_guests)
{
    struct sim *sim = node->sim;
    struct share s = {
        .giver = node->index, .owner = node->index, .parent = -1, .event = -1, .cites = -1
    };

    s.receiver = people_pick_partner(sim, node->index);
    s.until = some_end(sim);
    s.depth = sim_chance(sim, 25) ? 0 : 1 + (int)sim_random(sim, 2);
    if (sim->share_count == SHARES_MAX || s.receiver < 0)
        return;
    if (for_guests || sim_chance(sim, 65)) {
        s.event = people_pick_record(sim, node->index, EVENT);
        s.slots[EVENT] = people_some_slots(sim, people_all_slots(node, EVENT)) |
                         1u << sim_random(sim, SLOT_OWN);
        s.slots[GUEST] = people_some_slots(sim, people_all_slots(node, GUEST));
        people_draw_terms(sim, &s, for_guests);
    } else {
        pick_listed(node, &s);
    }
    if (s.event < 0 && s.listed_count == 0)
        return;
    enum status status = create_share(node, &s);
    /* CLOCK: a message that took hours makes the partner's clock look wrong. */
    if (status != STATUS_OK && status != STATUS_LOCKED && status != STATUS_CONFLICT &&
        (status != STATUS_CLOCK || !sim->faults[FAULT_delay]))
        sim_fail(sim, "%s cannot share its own: %s", node->name, status_name(status));
}

void
people_share_own(struct node *node)
{
    share_own(node, false);
}

void
people_ask_for_guests(struct node *node)
{
    share_own(node, true);
}

/* ---- passing on --------------------------------------------------------------------------- */

/* The one share under which this node holds the record; -1 when there are several or none. */
static int
only_source(const struct sim *sim, int holder, int record)
{
    int found = -1, count = 0;

    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        if (s->receiver != holder || !s->accepted || !share_matches(sim, s, record))
            continue;
        found = i;
        count++;
    }
    return count == 1 && sim->shares[found].depth > 0 ? found : -1;
}

/* One component wider than the parent allows. */
static void
widen(struct sim *sim, const struct share *parent, struct share *s)
{
    enum thing kind = parent->event >= 0 ? EVENT : sim->records[parent->listed[0]].kind;
    unsigned more = ~parent->slots[kind] & ((1u << SLOT_OWN) - 1);

    if (s->asks && parent->quota > 0 && sim_chance(sim, 50))
        s->quota = parent->quota + 1;
    else if (more != 0 && sim_chance(sim, 50))
        s->slots[kind] |= more;
    else if (sim_chance(sim, 50))
        s->depth = parent->depth;
    else
        s->until = parent->until + SIM_MINUTE;
}

static void
pass_on_from(struct node *node, int source)
{
    struct sim *sim = node->sim;
    const struct share *parent = &sim->shares[source];
    struct share s = *parent;
    unsigned common = (1u << SLOT_OWN) - 1; /* fields of another's own have no name here */
    bool wider = sim_chance(sim, 25);

    s.giver = node->index;
    for (int tries = 0; tries < 4 && (tries == 0 || share_is_in_chain(sim, source, s.receiver));
         tries++)
        s.receiver = people_pick_partner(sim, node->index);
    s.parent = source;
    s.depth = parent->depth - 1;
    s.accepted = s.declined = s.stopped = s.answer_known = s.fall_known = s.noted = false;
    s.is_offered = false;
    memset(s.said, 0, sizeof(s.said));
    memset(s.struck, 0, sizeof(s.struck));
    people_narrow_terms(sim, &s);
    for (int kind = 0; kind < THING_COUNT_; kind++)
        s.slots[kind] = people_some_slots(sim, parent->slots[kind] & common);
    enum thing first = parent->event >= 0 ? EVENT : sim->records[parent->listed[0]].kind;
    if (s.slots[first] == 0)
        s.slots[first] = parent->slots[first] & common;
    if (share_is_in_chain(sim, source, s.receiver) || s.slots[first] == 0 ||
        sim->share_count == SHARES_MAX)
        return;
    if (wider)
        widen(sim, parent, &s);
    enum status status = create_share(node, &s);
    sim->counts[COUNT_widen_refused] += wider && status == STATUS_WIDENED;
    sim->counts[COUNT_passed_on] += status == STATUS_OK;
    sim->counts[COUNT_third_hand] += status == STATUS_OK && parent->parent >= 0;
    if (wider && status == STATUS_OK)
        sim_fail(sim, "%s passes on more than it was given", node->name);
    else if (!wider && status == STATUS_WIDENED)
        sim_fail(sim, "%s cannot pass on less than it was given", node->name);
}

void
people_pass_on(struct node *node)
{
    struct sim *sim = node->sim;

    for (int tries = 0; tries < 12 && sim->share_count > 0; tries++) {
        const struct share *s = &sim->shares[sim_random(sim, (uint64_t)sim->share_count)];
        if (s->receiver != node->index || !s->accepted || s->kind != SHARE_PLAIN ||
            (tries < 6 && s->parent < 0))
            continue;
        int source = only_source(sim, node->index, s->event >= 0 ? s->event : s->listed[0]);
        if (source < 0)
            continue;
        pass_on_from(node, source);
        return;
    }
}

/* ---- answers ------------------------------------------------------------------------------ */

/* An open offer in the tray; -1: none. */
static int
open_offer(struct node *node)
{
    enum status s;
    json_t *reply = people_ask(node, "offer.list", json_pack("{s:i}", "limit", 200), &s);
    const json_t *items = json_object_get(reply, "items");
    int found = -1;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (people_is_text(item, "state", "open") && (found < 0 || sim_chance(node->sim, 50)))
            found = share_find(node->sim, json_string_value(json_object_get(item, "id")));
    }
    json_decref(reply);
    return found;
}

/* One of the rows that lie in the tray; -1: none arrived yet. */
static int
offered_record(struct node *node, const struct share *share)
{
    struct sim *sim = node->sim;
    enum status s;
    json_t *reply = people_ask(node, "offer.show", json_pack("{s:s}", "offer", share->id), &s);
    const json_t *items = json_object_get(reply, "items");
    size_t n = json_array_size(items);
    int found = -1;

    for (int i = 0; n > 0 && i < sim->record_count; i++)
        if (people_is_text(json_array_get(items, n - 1), "id", sim->records[i].id))
            found = i;
    json_decref(reply);
    return found;
}

static void
accept(struct node *node, struct share *share)
{
    struct sim *sim = node->sim;
    int except = sim_chance(sim, 25) ? offered_record(node, share) : -1;
    json_t *args = json_pack("{s:s}", "offer", share->id);

    if (except >= 0) {
        (void)json_object_set_new(args, "except", json_pack("[s]", sim->records[except].id));
        (void)json_object_set_new(args, "reason", json_string("known already"));
    }
    if (people_tell(node, "offer.accept", args) != STATUS_OK)
        return;
    share->accepted = true;
    share->accepted_at = node->sim->now;
    sim->counts[COUNT_accepts]++;
    if (except < 0)
        return;
    share->struck[except] = true;
    sim->counts[COUNT_excepts]++;
}

void
people_answer(struct node *node)
{
    struct sim *sim = node->sim;
    int i = open_offer(node);

    if (i < 0)
        return;
    struct share *share = &sim->shares[i];
    sim->counts[COUNT_offers]++;
    if (sim_chance(sim, 85)) {
        accept(node, share);
    } else if (people_tell(node, "offer.decline",
                           json_pack("{s:s, s:s}", "offer", share->id, "reason",
                                     "not for us")) == STATUS_OK) {
        share->declined = true;
        sim->counts[COUNT_declines]++;
    }
}

/* ---- taking back -------------------------------------------------------------------------- */

static bool
has_below(const struct sim *sim, int share)
{
    for (int i = 0; i < sim->share_count; i++)
        if (i != share && share_is_below(sim, i, share))
            return true;
    return false;
}

void
people_stop_share(struct node *node)
{
    struct sim *sim = node->sim;

    for (int tries = 0; tries < 8 && sim->share_count > 0; tries++) {
        int i = (int)sim_random(sim, (uint64_t)sim->share_count);
        struct share *s = &sim->shares[i];
        if (s->giver != node->index || s->stopped || s->kind == SHARE_FEEDBACK ||
            (tries < 4 && !has_below(sim, i)))
            continue;
        enum status status =
            people_tell(node, "share.stop", json_pack("{s:s}", "share", s->id));
        if (status == STATUS_OK) {
            s->stopped = true;
            sim->counts[COUNT_stops]++;
            sim->counts[COUNT_stops_above] += has_below(sim, i);
        }
        return;
    }
}

void
people_suspend(struct node *node)
{
    struct sim *sim = node->sim;
    int partner = people_pick_partner(sim, node->index);

    if (partner < 0 || sim->suspended[node->index][partner])
        return;
    enum status s = people_tell(node, "partner.suspend",
                                json_pack("{s:s}", "partner", sim->nodes[partner].name));
    sim->suspended[node->index][partner] = s == STATUS_OK;
    sim->has_suspended[node->index][partner] |= s == STATUS_OK;
    sim->counts[COUNT_suspends] += s == STATUS_OK;
}

void
people_trust_again(struct node *node)
{
    struct sim *sim = node->sim;

    for (int i = 0; i < sim->node_count; i++) {
        if (!sim->suspended[node->index][i])
            continue;
        enum status s = people_tell(node, "partner.trust",
                                    json_pack("{s:s}", "partner", sim->nodes[i].name));
        sim->suspended[node->index][i] = s != STATUS_OK;
    }
}

/* Goes without a ground with one partner, as agreed in writing; or no longer. */
void
people_waive(struct node *node)
{
    struct sim *sim = node->sim;
    int partner = people_pick_partner(sim, node->index);

    if (partner < 0)
        return;
    bool *waived = &sim->waived[node->index][partner];
    json_t *args = *waived
                       ? json_pack("{s:s, s:b}", "partner", sim->nodes[partner].name, "end", 1)
                       : json_pack("{s:s, s:s}", "partner", sim->nodes[partner].name, "note",
                                   "contract, clause 4");
    enum status s = people_tell(node, "partner.waive", args);
    if (s == STATUS_OK) {
        *waived = !*waived;
        sim->has_waived[node->index][partner] |= *waived;
        sim->counts[COUNT_waived]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot waive: %s", node->name, status_name(s));
    }
}

/* Minutes, not a day, and the same to the end: the word that expires last is the newest. */
void
people_shorten_lease(struct node *node)
{
    (void)people_tell(node, "lease.set",
                      json_pack("{s:i}", "minutes", 1 + (int)sim_random(node->sim, 2)));
}

static void
block(struct sim *sim, int a, int b, int64_t ms)
{
    sim->blocked_until[a][b] = sim->now + ms;
    sim->blocked_until[b][a] = sim->now + ms;
}

/* A share of this owner's event that one of its partners passed on; -1: none. */
static int
passed_on(const struct sim *sim, int owner)
{
    for (int i = sim->share_count - 1; i >= 0; i--) {
        const struct share *s = &sim->shares[i];
        if (s->owner == owner && s->parent >= 0 && sim->shares[s->parent].parent < 0 &&
            s->accepted && !s->stopped && s->event >= 0 && !sim->records[s->event].gone)
            return i;
    }
    return -1;
}

/* An owner is not heard of for longer than its word holds, while something of it waits at who passes on. */
void
people_fall_silent(struct node *node)
{
    struct sim *sim = node->sim;
    int i = passed_on(sim, node->index);

    if (i < 0)
        return;
    const struct share *s = &sim->shares[i];
    block(sim, s->giver, s->receiver, 3 * SIM_MINUTE);
    people_change(node, s->event);
    node_flush(node, SIZE_MAX);
    net_run(sim, sim->now + 30 * 1000);
    block(sim, node->index, s->giver, 10 * SIM_MINUTE);
    net_run(sim, sim->now + 200 * 1000);
}
