/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/judge_contributions.c - guests that one company brings to another's event: answers, verdicts, and what the
 * bringer is shown.
 */
#include "tests/sim/sim.h"

/* ---- verdicts ----------------------------------------------------------------------------- */

static bool
has_fallen(const struct sim *sim, const struct share *s)
{
    bool fell = s->cites >= 0 && !share_flows(sim, &sim->shares[s->cites]);

    for (int i = 0; s->cites < 0 && i < sim->share_count; i++) { /* not offered: one of these */
        const struct share *asked = &sim->shares[i];
        fell = fell || (asked->asks && asked->receiver == s->giver && asked->accepted &&
                        asked->event == s->event && !share_flows(sim, asked));
    }
    return fell;
}

static bool
is_judged_through(struct sim *sim, const struct share *s, bool say)
{
    for (int i = 0; i < sim->record_count; i++) {
        const struct record *r = &sim->records[i];
        if (r->gone || !share_matches(sim, s, i) || s->fates[i] != FATE_NONE ||
            !share_has_ground(sim, s, i))
            continue;
        if (say)
            sim_fail(sim, "%s never said what became of %s's guest %s",
                     sim->nodes[s->receiver].name, sim->nodes[s->giver].name, r->id);
        return false;
    }
    return true;
}

bool
judge_contributions(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        if (s->kind != SHARE_CONTRIBUTION || s->stopped || has_fallen(sim, s) || s->declined ||
            SIM_EPOCH_MS + sim->now >= s->until)
            continue;
        if (s->cites >= 0 && s->accepted) {
            if (share_is_judged(sim, s) && !is_judged_through(sim, s, say))
                return false;
            continue;
        }
        if (say)
            sim_fail(sim, "%s brings %s guests and has no answer", sim->nodes[s->giver].name,
                     sim->nodes[s->receiver].name);
        return false;
    }
    return true;
}

static int
record_of(const struct sim *sim, const char *id)
{
    for (int i = 0; id != NULL && i < sim->record_count; i++)
        if (strcmp(sim->records[i].id, id) == 0)
            return i;
    return -1;
}

/* Under any of its contributions to this company: two questions may have two answers. */
static bool
is_fate(const struct sim *sim, const struct share *s, int record, enum fate fate)
{
    for (int i = 0; i < sim->share_count; i++) {
        const struct share *other = &sim->shares[i];
        if (other->giver == s->giver && other->receiver == s->receiver &&
            share_is_judged(sim, other) && other->fates[record] == fate)
            return true;
    }
    return false;
}

void
judge_brought(struct sim *sim, const struct share *s)
{
    enum status status;

    if (s->stopped || !s->accepted || has_fallen(sim, s) || SIM_EPOCH_MS + sim->now >= s->until)
        return;
    json_t *reply = judge_look(
        &sim->nodes[s->giver], "guest.brought",
        json_pack("{s:s, s:i}", "event", sim->records[s->event].id, "limit", 200), &status);
    const json_t *items = json_object_get(reply, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        int r = record_of(sim, json_string_value(json_object_get(item, "id")));
        const char *state = json_string_value(json_object_get(item, "state"));
        bool is_so = r >= 0 && state != NULL &&
                     ((strcmp(state, "taken") == 0 && is_fate(sim, s, r, FATE_TAKEN)) ||
                      (strcmp(state, "refused") == 0 && is_fate(sim, s, r, FATE_REFUSED)) ||
                      (strcmp(state, "at home") == 0 && !share_has_ground(sim, s, r)));
        if (!is_so)
            sim_fail(sim, "%s says of its guest %s: %s; %s did not", sim->nodes[s->giver].name,
                     r < 0 ? "?" : sim->records[r].id, state != NULL ? state : "nothing",
                     sim->nodes[s->receiver].name);
    }
    json_decref(reply);
}
