/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/model.c - who should hold what, written from the promises and docs/protocol, not from the node's code.
 *
 * A share lets a field through when every share it hangs under does (P4), for the records it names, until its
 * end, unless it was declined, stopped, or struck off. Two questions: what may be sent by one who knows this much
 * (P2, P5), and what is seen when everything has arrived (P6). What says something of a person wants a ground for
 * this receiver, or a waiver of the giver: without one the whole record stays home (P2, P3). Who passes on decides by
 * what it holds, which may be older than what the owner has.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

const char *const kind_names[THING_COUNT_] = { "event", "contact", "attendee", "lead" };
/* The last slot is a field of the owner's own. */
const char *const slot_names[THING_COUNT_][SLOTS] = {
    { "name", "place", "description", "productNeed", "organizer", "note", "extra" },
    { "name", "email", "organization", "jobTitle", "department", "note", "extra" },
    { "name", "email", "organization", "jobTitle", "need", "note", "extra" },
    { "name", "email", "organization", "need", "source", "note", "extra" },
};

/* ---- canaries: "zq" and six digits ---------------------------------------------------------- */

enum { CANARY_LEN = 8 };

int
model_canary(struct sim *sim, int record, int slot)
{
    if (sim->canary_count + 1 >= VALUES_MAX)
        return 0;
    int canary = ++sim->canary_count;
    sim->canaries[canary].place_count = 0;
    model_place(sim, canary, record, slot);
    return canary;
}

void
model_place(struct sim *sim, int canary, int record, int slot)
{
    struct canary *c = &sim->canaries[canary];

    if (c->place_count == PLACES_MAX)
        return;
    c->places[c->place_count].record = record;
    c->places[c->place_count++].slot = slot;
}

const char *
canary_text(int canary, enum thing kind, int slot, char out[static 64])
{
    bool is_email = strcmp(slot_names[kind][slot], "email") == 0;

    (void)snprintf(out, 64, "zq%06d%s", canary, is_email ? "@example.org" : "");
    return out;
}

int
canary_next(struct bytes data, size_t *at)
{
    for (size_t i = *at; i + CANARY_LEN <= data.len; i++) {
        const uint8_t *z = memchr(data.data + i, 'z', data.len - i - CANARY_LEN + 1);
        int number = 0;
        size_t k = 2;
        if (z == NULL)
            break;
        i = (size_t)(z - data.data);
        if (data.data[i + 1] != 'q')
            continue;
        for (; k < CANARY_LEN && data.data[i + k] >= '0' && data.data[i + k] <= '9'; k++)
            number = 10 * number + (data.data[i + k] - '0');
        if (k < CANARY_LEN)
            continue;
        *at = i + CANARY_LEN;
        return number;
    }
    *at = data.len;
    return 0;
}

/* ---- shares ------------------------------------------------------------------------------- */

int
share_find(const struct sim *sim, const char *id)
{
    for (int i = 0; id != NULL && i < sim->share_count; i++)
        if (strcmp(sim->shares[i].id, id) == 0)
            return i;
    return -1;
}

void
share_name(const struct object_id *gid, char out[static ID_TEXT_LEN + 1])
{
    char text[64];

    base32_format(bytes_of(gid->b, ID_SIZE), text);
    memcpy(out, text, ID_TEXT_LEN);
    out[ID_TEXT_LEN] = '\0';
}

int
share_find_gid(const struct sim *sim, const struct object_id *gid)
{
    char text[ID_TEXT_LEN + 1];

    share_name(gid, text);
    return share_find(sim, text);
}

bool
share_matches(const struct sim *sim, const struct share *s, int record)
{
    const struct record *r = &sim->records[record];

    if (r->owner != s->owner || s->kind == SHARE_FEEDBACK)
        return false;
    if (s->event >= 0)
        return record == s->event || (r->kind == GUEST && r->event == s->event);
    for (int i = 0; i < s->listed_count; i++)
        if (s->listed[i] == record)
            return true;
    return false;
}

bool
share_is_below(const struct sim *sim, int share, int above)
{
    for (int i = share; i >= 0; i = sim->shares[i].parent)
        if (i == above)
            return true;
    return false;
}

static bool
is_ended(const struct sim *sim, const struct share *s)
{
    return SIM_EPOCH_MS + sim->now >= s->until;
}

bool
share_may_go(const struct sim *sim, const struct share *s)
{
    if (s->stopped || (s->declined && s->answer_known) || is_ended(sim, s))
        return false;
    if (s->kind != SHARE_PLAIN)
        return s->cites >= 0 && !sim->shares[s->cites].fall_known &&
               !is_ended(sim, &sim->shares[s->cites]);
    if (s->parent < 0)
        return true;
    /* The giver is the receiver of the parent. What fell further up it knows by its acknowledgement. */
    const struct share *p = &sim->shares[s->parent];
    return !p->fall_known && !is_ended(sim, p);
}

static bool
is_struck(const struct share *s, int record)
{
    return s->struck[record] && s->answer_known;
}

/* ---- consent ------------------------------------------------------------------------------ */

/* Name, e-mail, note, and own fields, which are personal unless somebody says otherwise. */
static const unsigned personal_slots[THING_COUNT_] = {
    [EVENT] = 0,
    [CONTACT] = 1u << 0 | 1u << 1 | 1u << 5 | 1u << SLOT_OWN,
    [GUEST] = 1u << 0 | 1u << 1 | 1u << 5 | 1u << SLOT_OWN,
    [LEAD] = 1u << 0 | 1u << 1 | 1u << 5 | 1u << SLOT_OWN,
};

static unsigned
granted_slots(const struct sim *sim, const struct share *s, enum thing kind)
{
    unsigned slots = s->slots[kind];

    for (int i = s->parent; i >= 0; i = sim->shares[i].parent)
        slots &= sim->shares[i].slots[kind];
    return slots;
}

static bool
is_personal(const struct sim *sim, const struct share *s, const struct record *r)
{
    unsigned slots = granted_slots(sim, s, r->kind) & personal_slots[r->kind];

    for (int slot = 0; slot < SLOTS; slot++)
        if ((slots >> slot & 1) && r->values[slot] != 0)
            return true;
    return false;
}

static bool
had_ground(const struct sim *sim, const struct share *s, const struct record *r)
{
    return sim->has_waived[s->giver][s->receiver] || (r->ground_ever >> s->receiver & 1);
}

/* May the newest go through this share? */
static bool
has_ground(const struct sim *sim, const struct share *s, const struct record *r)
{
    if (sim->restore.is_back && s->giver == sim->restore.node && had_ground(sim, s, r))
        return true; /* it forgot what it knew since */
    return !is_personal(sim, s, r) || sim->waived[s->giver][s->receiver] ||
           (r->ground >> s->receiver & 1);
}

bool
share_has_ground(const struct sim *sim, const struct share *s, int record)
{
    return has_ground(sim, s, &sim->records[record]);
}

/* As far as the giver can know: the owner has the newest, the others something of before. A name always stands. */
static bool
may_have_ground(const struct sim *sim, const struct share *s, const struct record *r, int slot)
{
    unsigned slots = granted_slots(sim, s, r->kind) & personal_slots[r->kind];

    if (s->giver == r->owner)
        return has_ground(sim, s, r);
    return (!(slots & 1) && !(slots >> slot & 1)) || had_ground(sim, s, r);
}

bool
model_may_send(const struct sim *sim, int from, int to, int record, int slot)
{
    const struct record *r = &sim->records[record];

    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        bool within = true;
        if (s->giver != from || s->receiver != to || is_struck(s, record) ||
            !share_may_go(sim, s))
            continue;
        for (int k = i; k >= 0; k = sim->shares[k].parent)
            within = within && share_matches(sim, &sim->shares[k], record) &&
                     (sim->shares[k].slots[r->kind] >> slot & 1);
        if (within && may_have_ground(sim, s, r, slot))
            return true;
    }
    return false;
}

bool
share_flows(const struct sim *sim, const struct share *s)
{
    if (!s->accepted || s->stopped || is_ended(sim, s))
        return false;
    if (s->kind != SHARE_PLAIN) /* ends with what it answers */
        return s->cites >= 0 && share_flows(sim, &sim->shares[s->cites]);
    return s->parent < 0 || share_flows(sim, &sim->shares[s->parent]);
}

bool
share_is_in_chain(const struct sim *sim, int share, int node)
{
    bool is = sim->shares[share].owner == node;

    for (int i = share; i >= 0; i = sim->shares[i].parent)
        is = is || sim->shares[i].receiver == node;
    return is;
}

bool
share_is_judged(const struct sim *sim, const struct share *s)
{
    return s->kind == SHARE_CONTRIBUTION && s->cites >= 0 &&
           sim->shares[s->cites].owner == s->receiver;
}

/* Where in the chain of this share, from its owner on; -1: nowhere. */
static int
place_in_chain(const struct sim *sim, int share, int node)
{
    int place = -1, depth = 0;

    for (int i = share; i >= 0; i = sim->shares[i].parent)
        depth++;
    if (sim->shares[share].owner == node)
        return 0;
    for (int i = share; i >= 0; i = sim->shares[i].parent, depth--)
        if (sim->shares[i].receiver == node)
            place = depth;
    return place;
}

bool
model_has_way(const struct sim *sim, int from, int to)
{
    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        int a = place_in_chain(sim, i, from), b = place_in_chain(sim, i, to);
        if (s->kind == SHARE_PLAIN && share_flows(sim, s) && a >= 0 && b >= 0 &&
            (a - b > 1 || b - a > 1))
            return true;
    }
    return false;
}

/* Bits of slots that get through this share and all above it; -1: the record does not. */
static int
through(const struct sim *sim, const struct share *s, int record)
{
    enum thing kind = sim->records[record].kind;
    int above = (1 << SLOTS) - 1;

    if (!share_flows(sim, s) || !share_matches(sim, s, record) || s->struck[record] ||
        !s->of_kind[kind])
        return -1;
    if (share_is_judged(sim, s) && s->fates[record] != FATE_TAKEN)
        return -1; /* the organiser's word decides */
    if (!has_ground(sim, s, &sim->records[record]))
        return -1;
    if (s->parent >= 0)
        above = through(sim, &sim->shares[s->parent], record);
    return above < 0 ? -1 : above & (int)s->slots[kind];
}

int
model_sees(const struct sim *sim, int holder, int record)
{
    int seen = -1;

    if (sim->records[record].owner == holder)
        return (1 << SLOTS) - 1;
    for (int i = 0; i < sim->share_count; i++) {
        if (sim->shares[i].receiver != holder)
            continue;
        int bits = through(sim, &sim->shares[i], record);
        if (bits >= 0)
            seen = seen < 0 ? bits : seen | bits;
    }
    return seen;
}

/* The newest stays home somewhere on the way, and what went before on a waiver is not taken back with it. A ground that
 * goes takes along what went on it: a withdrawal says so. */
static bool
is_held_up(const struct sim *sim, const struct share *s, int record)
{
    const struct record *r = &sim->records[record];

    if (!has_ground(sim, s, r) && sim->has_waived[s->giver][s->receiver])
        return true;
    return s->parent >= 0 && is_held_up(sim, &sim->shares[s->parent], record);
}

bool
model_may_be_old(const struct sim *sim, int holder, int record)
{
    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        if (s->receiver == holder && share_flows(sim, s) && share_matches(sim, s, record) &&
            !s->struck[record] && is_held_up(sim, s, record))
            return true;
    }
    return false;
}

/* Whoever looks on got the event under a share below: does one of these stand? */
bool
share_is_on_list(const struct sim *sim, const struct share *s)
{
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].parent == s->cites && sim->shares[i].receiver == s->receiver &&
            share_flows(sim, &sim->shares[i]))
            return true;
    return false;
}

/* Does it stand only in records of this company that it erased? */
bool
canary_is_erased(const struct sim *sim, int owner, int canary)
{
    const struct canary *c = &sim->canaries[canary];
    bool is = c->place_count > 0;

    for (int i = 0; i < c->place_count; i++) {
        const struct record *r = &sim->records[c->places[i].record];
        is = is && r->owner == owner && r->is_erased;
    }
    return is;
}
