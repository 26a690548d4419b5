/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people.c - what people at the companies do, as the command line would ask for it, and what the model
 * learns from the answers.
 *
 * An answer that says OK is a promise (P1). A refusal must be one of those that fit; anything else fails the seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/sim.h"

enum { MEET_MINUTES = 30 };

/* ---- asking ------------------------------------------------------------------------------- */

static bool
is_fault_of_machine(enum status s)
{
    return s == STATUS_INTERNAL || s == STATUS_CORRUPT || s == STATUS_IO ||
           s == STATUS_DISK_FULL || s == STATUS_NEWER_HOME || s == STATUS_CONFIG;
}

static json_t *
ask(struct node *node, const char *service, json_t *args, enum status *status)
{
    struct sim *sim = node->sim;
    json_t *reply = node_ask(node, service, args, status);

    sim->counts[COUNT_ops]++;
    sim->counts[COUNT_refused] += *status != STATUS_OK;
    sim_trace(sim, bytes_text(service));
    sim_trace(sim, bytes_text(status_name(*status)));
    if (sim->verbose)
        printf("%4d %9.3fs %-6s %-16s %s\n", sim->step, (double)sim->now / 1000, node->name,
               service, status_name(*status));
    if (is_fault_of_machine(*status))
        sim_fail(sim, "%s at %s: %s", service, node->name, status_name(*status));
    return reply;
}

/* The same when only the status matters. */
static enum status
tell(struct node *node, const char *service, json_t *args)
{
    enum status s;

    json_decref(ask(node, service, args, &s));
    return s;
}

static void
copy_id(const json_t *object, char out[static ID_TEXT_LEN + 1])
{
    const char *id = json_string_value(json_object_get(object, "id"));

    (void)snprintf(out, ID_TEXT_LEN + 1, "%s", id != NULL ? id : "");
}

static bool
is_text(const json_t *object, const char *name, const char *text)
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
            reply = ask(node, service, json_incref(args), &s);
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

static void
meet(struct sim *sim, int a, int b)
{
    struct node *host = &sim->nodes[a], *guest = &sim->nodes[b];
    json_t *invitation = insist(host, "partner.invite", json_object());

    if (!sim_failed(sim))
        json_decref(insist(guest, "partner.accept",
                           json_pack("{s:s}", "invitation",
                                     json_string_value(json_object_get(invitation, "text")))));
    json_decref(invitation);
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
    return !sim_failed(sim);
}

/* ---- picking ------------------------------------------------------------------------------ */

static int
pick_record(struct sim *sim, int owner, int kind)
{
    int found[RECORDS_MAX], count = 0;

    for (int i = 0; i < sim->record_count; i++)
        if (sim->records[i].owner == owner && !sim->records[i].gone &&
            (kind < 0 || (int)sim->records[i].kind == kind))
            found[count++] = i;
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

static int
pick_partner(struct sim *sim, int of)
{
    int found[NODES_MAX], count = 0;

    for (int i = 0; i < sim->node_count; i++)
        if (sim->linked[of][i])
            found[count++] = i;
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

static unsigned
some_slots(struct sim *sim, unsigned of)
{
    unsigned bits = 0;

    for (int slot = 0; slot < SLOTS; slot++)
        if ((of >> slot & 1) && sim_chance(sim, 55))
            bits |= 1u << slot;
    return bits;
}

/* ---- records ------------------------------------------------------------------------------ */

/* New canaries for these slots of a record, as arguments and as values. */
static json_t *
new_values(struct sim *sim, int record, enum thing kind, unsigned slots,
           int values[static SLOTS])
{
    json_t *fields = json_object();
    char text[64];

    for (int slot = 0; slot < SLOTS; slot++) {
        if (!(slots >> slot & 1))
            continue;
        values[slot] = model_canary(sim, record, slot);
        (void)json_object_set_new(fields, slot_names[kind][slot],
                                  json_string(canary_text(values[slot], kind, slot, text)));
    }
    return fields;
}

static unsigned
all_slots(const struct node *node, enum thing kind)
{
    return node->keeps_own_field[kind] ? (1u << SLOTS) - 1 : (1u << SLOT_OWN) - 1;
}

static void
add_record(struct node *node, enum thing kind)
{
    struct sim *sim = node->sim;
    struct record r = { .owner = node->index, .kind = kind, .event = -1 };
    enum status s;

    if (sim->record_count == RECORDS_MAX)
        return;
    json_t *fields = new_values(sim, sim->record_count, kind,
                                1u | some_slots(sim, all_slots(node, kind)), r.values);
    json_t *reply =
        ask(node, "record.add",
            json_pack("{s:s, s:o}", "type", kind_names[kind], "fields", fields), &s);
    if (s == STATUS_OK) {
        copy_id(reply, r.id);
        sim->records[sim->record_count++] = r;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "record.add at %s: %s", node->name, status_name(s));
    }
    json_decref(reply);
}

static void
add_event(struct node *node)
{
    add_record(node, EVENT);
}

static void
add_contact(struct node *node)
{
    add_record(node, CONTACT);
}

static void
add_lead(struct node *node)
{
    add_record(node, LEAD);
}

static void
change_record(struct node *node)
{
    struct sim *sim = node->sim;
    int record = pick_record(sim, node->index, -1);

    if (record < 0)
        return;
    struct record *r = &sim->records[record];
    int values[SLOTS];
    memcpy(values, r->values, sizeof(values));
    unsigned slots =
        some_slots(sim, all_slots(node, r->kind)) | 1u << sim_random(sim, SLOT_OWN);
    json_t *fields = new_values(sim, record, r->kind, slots, values);
    int emptied = 1 + (int)sim_random(sim, SLOT_OWN - 1);
    if (sim_chance(sim, 10)) { /* a value is taken away */
        values[emptied] = 0;
        (void)json_object_set_new(fields, slot_names[r->kind][emptied], json_string(""));
    }
    enum status s = tell(node, "record.set",
                         json_pack("{s:s, s:s, s:o}", "type", kind_names[r->kind], "record",
                                   r->id, "fields", fields));
    if (s == STATUS_OK) {
        memcpy(r->values, values, sizeof(values));
        sim->counts[COUNT_changes]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot change its own %s %s: %s", node->name, kind_names[r->kind],
                 r->id, status_name(s));
    }
}

/* Only its owner writes a record (P7). */
static void
change_foreign(struct node *node)
{
    struct sim *sim = node->sim;

    if (sim->record_count == 0)
        return;
    const struct record *r = &sim->records[sim_random(sim, (uint64_t)sim->record_count)];
    if (r->owner == node->index)
        return;
    enum status s = tell(node, "record.set",
                         json_pack("{s:s, s:s, s:{s:s}}", "type", kind_names[r->kind], "record",
                                   r->id, "fields", slot_names[r->kind][0], "not yours"));
    if (s == STATUS_OK)
        sim_fail(sim, "%s writes %s's %s", node->name, sim->nodes[r->owner].name, r->id);
    sim->counts[COUNT_foreign_refused] += s == STATUS_DENIED;
}

static void
remove_record(struct node *node)
{
    struct sim *sim = node->sim;
    int record = pick_record(sim, node->index, sim_chance(sim, 70) ? GUEST : LEAD);

    if (record < 0)
        return;
    struct record *r = &sim->records[record];
    enum status s = tell(node, "record.remove",
                         json_pack("{s:s, s:s}", "type", kind_names[r->kind], "record", r->id));
    if (s == STATUS_OK) {
        r->gone = true;
        sim->counts[COUNT_removed]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot remove its own %s: %s", node->name, r->id, status_name(s));
    }
}

static void
add_field(struct node *node)
{
    enum thing kind = (enum thing)sim_random(node->sim, THING_COUNT_);

    if (node->keeps_own_field[kind])
        return;
    enum status s = tell(node, "field.add",
                         json_pack("{s:s, s:s}", "type", kind_names[kind], "name", "extra"));
    node->keeps_own_field[kind] = s == STATUS_OK;
    if (s != STATUS_OK)
        sim_fail(node->sim, "field.add at %s: %s", node->name, status_name(s));
}

/* ---- guests ------------------------------------------------------------------------------- */

static bool
is_known(const struct sim *sim, const json_t *item)
{
    for (int i = 0; i < sim->record_count; i++)
        if (is_text(item, "id", sim->records[i].id))
            return true;
    return false;
}

/* The row that guest.add made: the one of ours that we did not know. */
static void
learn_guest(struct node *node, int event, int contact)
{
    struct sim *sim = node->sim;
    enum status s;
    json_t *reply =
        ask(node, "guest.list",
            json_pack("{s:s, s:i}", "event", sim->records[event].id, "limit", 200), &s);
    const json_t *items = json_object_get(reply, "items");
    struct record r = { .owner = node->index, .kind = GUEST, .event = event };
    bool found = false;

    for (size_t i = 0; i < json_array_size(items) && !found; i++) {
        const json_t *item = json_array_get(items, i);
        if (!json_is_true(json_object_get(item, "own")) || is_known(sim, item))
            continue;
        copy_id(item, r.id);
        found = true;
    }
    json_decref(reply);
    if (!found) {
        sim_fail(sim, "%s added a guest and does not list it", node->name);
        return;
    }
    for (int slot = 0; slot < 4; slot++) { /* fields of the same name */
        r.values[slot] = sim->records[contact].values[slot];
        if (r.values[slot] != 0)
            model_place(sim, r.values[slot], sim->record_count, slot);
    }
    sim->records[sim->record_count++] = r;
}

static void
add_guest(struct node *node)
{
    struct sim *sim = node->sim;
    int contact = pick_record(sim, node->index, CONTACT), event = -1;
    enum status s;

    for (int tries = 0; tries < 4 && event < 0 && sim->record_count > 0; tries++) {
        int r = (int)sim_random(sim, (uint64_t)sim->record_count);
        if (sim->records[r].kind == EVENT && !sim->records[r].gone)
            event = r;
    }
    if (contact < 0 || event < 0 || sim->record_count == RECORDS_MAX)
        return;
    json_t *reply = ask(node, "guest.add",
                        json_pack("{s:s, s:[s]}", "event", sim->records[event].id, "contacts",
                                  sim->records[contact].id),
                        &s);
    if (s == STATUS_OK && json_integer_value(json_object_get(reply, "added")) == 1)
        learn_guest(node, event, contact);
    else if (s != STATUS_OK && s != STATUS_LOCKED && sim->records[event].owner == node->index)
        sim_fail(sim, "%s cannot add a guest to its own event: %s", node->name, status_name(s));
    json_decref(reply);
}

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
    return json_pack("{s:o, s:s, s:o, s:[s], s:s, s:i}", "records", records, "partner",
                     sim->nodes[s->receiver].name, "fields", fields, "purpose", "event",
                     "until", until_text(s, until), "depth", s->depth);
}

static enum status
create_share(struct node *node, struct share *s)
{
    struct sim *sim = node->sim;
    enum status status;

    for (int kind = 0; kind < THING_COUNT_; kind++)
        s->of_kind[kind] = s->slots[kind] != 0;
    json_t *reply = ask(node, "share.create", share_args(sim, s), &status);
    if (status == STATUS_OK) {
        copy_id(reply, s->id);
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
        int record = pick_record(sim, node->index, kind);
        bool is_there = record < 0;
        for (int k = 0; k < s->listed_count; k++)
            is_there = is_there || s->listed[k] == record;
        if (!is_there)
            s->listed[s->listed_count++] = record;
    }
    s->slots[kind] = some_slots(sim, all_slots(node, kind)) | 1u << sim_random(sim, SLOT_OWN);
}

static void
share_own(struct node *node)
{
    struct sim *sim = node->sim;
    struct share s = { .giver = node->index, .owner = node->index, .parent = -1, .event = -1 };

    s.receiver = pick_partner(sim, node->index);
    s.until = some_end(sim);
    s.depth = sim_chance(sim, 25) ? 0 : 1 + (int)sim_random(sim, 2);
    if (sim->share_count == SHARES_MAX || s.receiver < 0)
        return;
    if (sim_chance(sim, 65)) {
        s.event = pick_record(sim, node->index, EVENT);
        s.slots[EVENT] =
            some_slots(sim, all_slots(node, EVENT)) | 1u << sim_random(sim, SLOT_OWN);
        s.slots[GUEST] = some_slots(sim, all_slots(node, GUEST));
    } else {
        pick_listed(node, &s);
    }
    if (s.event < 0 && s.listed_count == 0)
        return;
    enum status status = create_share(node, &s);
    if (status != STATUS_OK && status != STATUS_LOCKED && status != STATUS_CONFLICT)
        sim_fail(sim, "%s cannot share its own: %s", node->name, status_name(status));
}

/* ---- passing on --------------------------------------------------------------------------- */

static bool
is_in_chain(const struct sim *sim, int share, int node)
{
    bool is = sim->shares[share].owner == node;

    for (int i = share; i >= 0; i = sim->shares[i].parent)
        is = is || sim->shares[i].receiver == node;
    return is;
}

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

    if (more != 0 && sim_chance(sim, 50))
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
    for (int tries = 0; tries < 4 && (tries == 0 || is_in_chain(sim, source, s.receiver));
         tries++)
        s.receiver = pick_partner(sim, node->index);
    s.parent = source;
    s.depth = parent->depth - 1;
    s.accepted = s.declined = s.stopped = s.answer_known = s.fall_known = s.noted = false;
    memset(s.struck, 0, sizeof(s.struck));
    for (int kind = 0; kind < THING_COUNT_; kind++)
        s.slots[kind] = some_slots(sim, parent->slots[kind] & common);
    enum thing first = parent->event >= 0 ? EVENT : sim->records[parent->listed[0]].kind;
    if (s.slots[first] == 0)
        s.slots[first] = parent->slots[first] & common;
    if (is_in_chain(sim, source, s.receiver) || s.slots[first] == 0 ||
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

static void
pass_on(struct node *node)
{
    struct sim *sim = node->sim;

    for (int tries = 0; tries < 12 && sim->share_count > 0; tries++) {
        const struct share *s = &sim->shares[sim_random(sim, (uint64_t)sim->share_count)];
        if (s->receiver != node->index || !s->accepted || (tries < 6 && s->parent < 0))
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
    json_t *reply = ask(node, "offer.list", json_pack("{s:i}", "limit", 200), &s);
    const json_t *items = json_object_get(reply, "items");
    int found = -1;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (is_text(item, "state", "open") && (found < 0 || sim_chance(node->sim, 50)))
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
    json_t *reply = ask(node, "offer.show", json_pack("{s:s}", "offer", share->id), &s);
    const json_t *items = json_object_get(reply, "items");
    size_t n = json_array_size(items);
    int found = -1;

    for (int i = 0; n > 0 && i < sim->record_count; i++)
        if (is_text(json_array_get(items, n - 1), "id", sim->records[i].id))
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
    if (tell(node, "offer.accept", args) != STATUS_OK)
        return;
    share->accepted = true;
    sim->counts[COUNT_accepts]++;
    if (except < 0)
        return;
    share->struck[except] = true;
    sim->counts[COUNT_excepts]++;
}

static void
answer(struct node *node)
{
    struct sim *sim = node->sim;
    int i = open_offer(node);

    if (i < 0)
        return;
    struct share *share = &sim->shares[i];
    sim->counts[COUNT_offers]++;
    if (sim_chance(sim, 85)) {
        accept(node, share);
    } else if (tell(node, "offer.decline",
                    json_pack("{s:s, s:s}", "offer", share->id, "reason", "not for us")) ==
               STATUS_OK) {
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

static void
stop_share(struct node *node)
{
    struct sim *sim = node->sim;

    for (int tries = 0; tries < 8 && sim->share_count > 0; tries++) {
        int i = (int)sim_random(sim, (uint64_t)sim->share_count);
        struct share *s = &sim->shares[i];
        if (s->giver != node->index || s->stopped || (tries < 4 && !has_below(sim, i)))
            continue;
        enum status status = tell(node, "share.stop", json_pack("{s:s}", "share", s->id));
        if (status == STATUS_OK) {
            s->stopped = true;
            sim->counts[COUNT_stops]++;
            sim->counts[COUNT_stops_above] += has_below(sim, i);
        }
        return;
    }
}

static void
suspend(struct node *node)
{
    struct sim *sim = node->sim;
    int partner = pick_partner(sim, node->index);

    if (partner < 0 || sim->suspended[node->index][partner])
        return;
    enum status s =
        tell(node, "partner.suspend", json_pack("{s:s}", "partner", sim->nodes[partner].name));
    sim->suspended[node->index][partner] = s == STATUS_OK;
    sim->counts[COUNT_suspends] += s == STATUS_OK;
}

static void
trust_again(struct node *node)
{
    struct sim *sim = node->sim;

    for (int i = 0; i < sim->node_count; i++) {
        if (!sim->suspended[node->index][i])
            continue;
        enum status s =
            tell(node, "partner.trust", json_pack("{s:s}", "partner", sim->nodes[i].name));
        sim->suspended[node->index][i] = s != STATUS_OK;
    }
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
        if (!s->accepted && !s->declined && !s->stopped)
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
    { 0, the_first, add_event },       { 0, the_first, add_contact }, { 0, the_first, add_contact },
    { 0, the_first, add_guest },       { 0, the_first, add_guest },   { 0, the_first, share_own },
    { 0, the_first, share_own },       { 0, somebody_asked, answer }, { 0, somebody_asked, answer },
    { 0, somebody_between, pass_on },  { 0, somebody_between, pass_on },
    { 0, somebody_asked, answer },     { 0, the_first, change_record },
    { 0, somebody_between, pass_on },  { 0, somebody_asked, answer },
};

static const struct act acts[] = {
    { 4, anyone, add_event },        { 5, anyone, add_contact },    { 4, anyone, add_lead },
    { 9, anyone, add_guest },        { 27, anyone, change_record }, { 3, anyone, change_foreign },
    { 4, anyone, remove_record },    { 2, anyone, add_field },      { 14, anyone, share_own },
    { 26, somebody_asked, answer },  { 18, somebody_between, pass_on },
    { 6, anyone, stop_share },       { 1, anyone, suspend },        { 4, anyone, trust_again },
};
/* clang-format on */

static const struct act *
pick_act(struct sim *sim)
{
    unsigned total = 0;
    size_t step = (size_t)sim->step - 1;

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
        bool dies = sim->faults[FAULT_crash_late] && sim_chance(sim, 3);
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
        trust_again(&sim->nodes[i]);
        node_flush(&sim->nodes[i], SIZE_MAX);
    }
}
