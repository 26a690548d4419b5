/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people_records.c - people keep records: events, contacts, guests, leads, fields of their own.
 */
#include <string.h>

#include "tests/sim/people_priv.h"

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

/* On what ground this person may be shared: mostly any company; some name some, some are not known, some have none. */
static void
put_ground(struct sim *sim, struct record *r, json_t *fields)
{
    AUTO(buffer_fini) struct buffer names = { 0 };
    unsigned pick = (unsigned)sim_random(sim, 10), everybody = (1u << sim->node_count) - 1;
    const char *basis = pick < 6   ? "legitimateInterest"
                        : pick < 8 ? "consent"
                        : pick < 9 ? "unknown"
                                   : "";

    if (r->kind == EVENT)
        return;
    r->ground = pick < 6 ? everybody : pick < 8 ? (unsigned)sim_random(sim, everybody + 1) : 0;
    for (int i = 0; i < sim->node_count && pick >= 6 && pick < 8; i++) {
        if (!(r->ground >> i & 1))
            continue;
        buffer_put_text(&names, names.len > 0 ? "; " : "");
        buffer_put_text(&names, sim->nodes[i].name);
    }
    r->ground_ever |= r->ground;
    (void)json_object_set_new(fields, "consentBasis", json_string(basis));
    (void)json_object_set_new(fields, "consentRecipients",
                              names.len == 0 /* taken away: NULL is no text to Jansson */
                                  ? json_string("")
                                  : json_stringn((const char *)names.data, names.len));
}

static void
add_record(struct node *node, enum thing kind)
{
    struct sim *sim = node->sim;
    struct record r = { .owner = node->index, .kind = kind, .event = -1, .contact = -1 };
    enum status s;

    if (sim->record_count == RECORDS_MAX)
        return;
    json_t *fields =
        new_values(sim, sim->record_count, kind,
                   1u | people_some_slots(sim, people_all_slots(node, kind)), r.values);
    put_ground(sim, &r, fields);
    json_t *reply =
        people_ask(node, "record.add",
                   json_pack("{s:s, s:o}", "type", kind_names[kind], "fields", fields), &s);
    if (s == STATUS_OK) {
        people_copy_id(reply, r.id);
        sim->records[sim->record_count++] = r;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "record.add at %s: %s", node->name, status_name(s));
    }
    json_decref(reply);
}

void
people_add_event(struct node *node)
{
    add_record(node, EVENT);
}

void
people_add_contact(struct node *node)
{
    add_record(node, CONTACT);
}

void
people_add_lead(struct node *node)
{
    add_record(node, LEAD);
}

void
people_change_record(struct node *node)
{
    int record = people_pick_record(node->sim, node->index, -1);

    if (record >= 0)
        people_change(node, record);
}

void
people_change(struct node *node, int record)
{
    struct sim *sim = node->sim;
    struct record *r = &sim->records[record];
    int values[SLOTS];
    memcpy(values, r->values, sizeof(values));
    unsigned slots = people_some_slots(sim, people_all_slots(node, r->kind)) |
                     1u << sim_random(sim, SLOT_OWN);
    json_t *fields = new_values(sim, record, r->kind, slots, values);
    struct record changed = *r;
    if (sim_chance(sim, 15))
        put_ground(sim, &changed, fields);
    int emptied = 1 + (int)sim_random(sim, SLOT_OWN - 1);
    if (sim_chance(sim, 10)) { /* a value is taken away */
        values[emptied] = 0;
        (void)json_object_set_new(fields, slot_names[r->kind][emptied], json_string(""));
    }
    enum status s = people_tell(node, "record.set",
                                json_pack("{s:s, s:s, s:o}", "type", kind_names[r->kind],
                                          "record", r->id, "fields", fields));
    if (s == STATUS_OK) {
        memcpy(r->values, values, sizeof(values));
        r->ground = changed.ground;
        r->ground_ever = changed.ground_ever;
        sim->counts[COUNT_changes]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot change its own %s %s: %s", node->name, kind_names[r->kind],
                 r->id, status_name(s));
    }
}

/* Only its owner writes a record (P7). */
void
people_change_foreign(struct node *node)
{
    struct sim *sim = node->sim;

    if (sim->record_count == 0)
        return;
    const struct record *r = &sim->records[sim_random(sim, (uint64_t)sim->record_count)];
    if (r->owner == node->index)
        return;
    enum status s =
        people_tell(node, "record.set",
                    json_pack("{s:s, s:s, s:{s:s}}", "type", kind_names[r->kind], "record",
                              r->id, "fields", slot_names[r->kind][0], "not yours"));
    if (s == STATUS_OK)
        sim_fail(sim, "%s writes %s's %s", node->name, sim->nodes[r->owner].name, r->id);
    sim->counts[COUNT_foreign_refused] += s == STATUS_DENIED;
}

void
people_remove_record(struct node *node)
{
    struct sim *sim = node->sim;
    int record = people_pick_record(sim, node->index, sim_chance(sim, 70) ? GUEST : LEAD);

    if (record < 0)
        return;
    struct record *r = &sim->records[record];
    enum status s =
        people_tell(node, "record.remove",
                    json_pack("{s:s, s:s}", "type", kind_names[r->kind], "record", r->id));
    if (s == STATUS_OK) {
        r->gone = true;
        sim->counts[COUNT_removed]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot remove its own %s: %s", node->name, r->id, status_name(s));
    }
}

/* ---- a person goes ------------------------------------------------------------------------ */

static bool
has_same_email(const struct record *a, const struct record *b)
{
    return a->kind != EVENT && b->kind != EVENT && a->values[1] != 0 &&
           a->values[1] == b->values[1];
}

/* She, and what was made of her or has her address; returns how many. */
static int
mark_gone(struct sim *sim, int record)
{
    const struct record *r = &sim->records[record];
    int count = 1;

    sim->records[record].gone = true;
    sim->records[record].is_erased = true;
    for (int i = 0; i < sim->record_count; i++) {
        const struct record *other = &sim->records[i];
        if (other->owner == r->owner && !other->gone &&
            (other->contact == record || has_same_email(other, r)))
            count += mark_gone(sim, i);
    }
    return count;
}

void
people_erase(struct node *node)
{
    struct sim *sim = node->sim;
    int record = people_pick_record(sim, node->index, sim_chance(sim, 70) ? CONTACT : GUEST);
    static const char *const kinds[] = { "contact", "attendee", "lead" };
    json_int_t count = 0;
    enum status s;

    if (record < 0)
        return;
    json_t *reply = people_ask(node, "contact.erase",
                               json_pack("{s:s}", "contact", sim->records[record].id), &s);
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        count +=
            json_integer_value(json_object_get(json_object_get(reply, "erased"), kinds[i]));
    json_decref(reply);
    if (s == STATUS_OK) {
        int gone = mark_gone(sim, record);
        if (gone != count)
            sim_fail(sim, "%s erases %lld records of %s; there are %d", node->name,
                     (long long)count, sim->records[record].id, gone);
        sim->counts[COUNT_erased]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot erase %s: %s", node->name, sim->records[record].id,
                 status_name(s));
    }
}

/* One of ours that somebody has; -1: none. */
static int
pick_shared(const struct node *node)
{
    struct sim *sim = node->sim;
    int found[RECORDS_MAX], count = 0;

    for (int r = 0; r < sim->record_count; r++) {
        bool is = false;
        for (int i = 0; i < sim->share_count; i++)
            is = is ||
                 (sim->shares[i].giver == node->index && sim->shares[i].accepted &&
                  share_flows(sim, &sim->shares[i]) && share_matches(sim, &sim->shares[i], r));
        if (is && sim->records[r].owner == node->index && sim->records[r].kind != EVENT &&
            !sim->records[r].gone && sim->records[r].ground != 0)
            found[count++] = r;
    }
    return count == 0 ? -1 : found[sim_random(sim, (uint64_t)count)];
}

/* She says no: to everybody. */
void
people_take_ground(struct node *node)
{
    struct sim *sim = node->sim;
    int record = pick_shared(node);

    if (record < 0)
        return;
    struct record *r = &sim->records[record];
    enum status s =
        people_tell(node, "record.set",
                    json_pack("{s:s, s:s, s:{s:s, s:s}}", "type", kind_names[r->kind], "record",
                              r->id, "fields", "consentBasis", "", "consentRecipients", ""));
    if (s == STATUS_OK) {
        r->ground = 0;
        sim->counts[COUNT_grounds_gone]++;
    } else if (s != STATUS_LOCKED) {
        sim_fail(sim, "%s cannot take the ground from its own %s: %s", node->name, r->id,
                 status_name(s));
    }
}

void
people_add_field(struct node *node)
{
    enum thing kind = (enum thing)sim_random(node->sim, THING_COUNT_);

    if (node->keeps_own_field[kind])
        return;
    enum status s =
        people_tell(node, "field.add",
                    json_pack("{s:s, s:s, s:s}", "type", kind_names[kind], "name", "extra",
                              "privacy", kind == EVENT ? "business" : "personal"));
    node->keeps_own_field[kind] = s == STATUS_OK;
    if (s != STATUS_OK && !full_may_show(node))
        sim_fail(node->sim, "field.add at %s: %s", node->name, status_name(s));
}

/* ---- guests ------------------------------------------------------------------------------- */

static bool
is_known(const struct sim *sim, const json_t *item)
{
    for (int i = 0; i < sim->record_count; i++)
        if (people_is_text(item, "id", sim->records[i].id))
            return true;
    return false;
}

/* The guest list; or, when the share under which we saw the event has just ended, our own rows. */
static json_t *
list_guests(struct node *node, int event)
{
    const struct record *r = &node->sim->records[event];
    enum status s;
    json_t *reply = people_ask(node, "guest.list",
                               json_pack("{s:s, s:i}", "event", r->id, "limit", 200), &s);

    if (s == STATUS_NOT_FOUND && r->owner != node->index)
        return people_ask(node, "record.list",
                          json_pack("{s:s, s:i}", "type", kind_names[GUEST], "limit", 200), &s);
    return reply;
}

/* The row that guest.add made: the one of ours that we did not know. */
static void
learn_guest(struct node *node, int event, int contact)
{
    struct sim *sim = node->sim;
    json_t *reply = list_guests(node, event);
    const json_t *items = json_object_get(reply, "items");
    struct record r = { .owner = node->index, .kind = GUEST, .event = event, .contact = -1 };
    bool found = false;

    for (size_t i = 0; i < json_array_size(items) && !found; i++) {
        const json_t *item = json_array_get(items, i);
        if (!json_is_true(json_object_get(item, "own")) || is_known(sim, item))
            continue;
        people_copy_id(item, r.id);
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
    r.contact = contact;
    r.ground = sim->records[contact].ground;
    r.ground_ever = r.ground;
    sim->records[sim->record_count++] = r;
}

/* With a contact of ours, or as a record of its own. */
static enum status
invite(struct node *node, int event, int contact)
{
    struct sim *sim = node->sim;
    enum status s;
    json_t *reply = people_ask(node, "guest.add",
                               json_pack("{s:s, s:[s]}", "event", sim->records[event].id,
                                         "contacts", sim->records[contact].id),
                               &s);

    if (s == STATUS_OK && json_integer_value(json_object_get(reply, "added")) == 1)
        learn_guest(node, event, contact);
    json_decref(reply);
    return s;
}

static enum status
enter(struct node *node, int event)
{
    struct sim *sim = node->sim;
    struct record r = { .owner = node->index, .kind = GUEST, .event = event, .contact = -1 };
    unsigned slots = 3u | people_some_slots(sim, people_all_slots(node, GUEST));
    json_t *fields = new_values(sim, sim->record_count, GUEST, slots, r.values);
    enum status s;

    put_ground(sim, &r, fields);
    (void)json_object_set_new(fields, "event", json_string(sim->records[event].id));
    json_t *reply =
        people_ask(node, "record.add",
                   json_pack("{s:s, s:o}", "type", kind_names[GUEST], "fields", fields), &s);
    if (s == STATUS_OK) {
        people_copy_id(reply, r.id);
        sim->records[sim->record_count++] = r;
    }
    json_decref(reply);
    return s;
}

void
people_add_guest_to(struct node *node, int event)
{
    struct sim *sim = node->sim;
    int contact = people_pick_record(sim, node->index, CONTACT);

    if (contact < 0 || event < 0 || sim->record_count == RECORDS_MAX)
        return;
    bool is_own = sim->records[event].owner == node->index;
    enum status s = sim_chance(sim, 70) ? invite(node, event, contact) : enter(node, event);
    if (s != STATUS_OK && s != STATUS_LOCKED && is_own)
        sim_fail(sim, "%s cannot add a guest to its own event: %s", node->name, status_name(s));
}

void
people_add_guest(struct node *node)
{
    struct sim *sim = node->sim;
    int event = -1;

    for (int tries = 0; tries < 4 && event < 0 && sim->record_count > 0; tries++) {
        int r = (int)sim_random(sim, (uint64_t)sim->record_count);
        if (sim->records[r].kind == EVENT && !sim->records[r].gone)
            event = r;
    }
    people_add_guest_to(node, event);
}
