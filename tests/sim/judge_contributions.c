/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/judge_contributions.c - guests that one company brings to another's event: answers, verdicts, what the
 * bringer is shown; and what may stand on whose disk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- disks -------------------------------------------------------------------------------- */

static bool
may_hold(const struct sim *sim, int at, int canary)
{
    const struct canary *c = &sim->canaries[canary];
    bool may = (c->told >> at & 1) != 0;

    for (int i = 0; i < c->place_count; i++)
        may = may || sim->records[c->places[i].record].owner == at;
    return may;
}

static void
search(struct sim *sim, int at, struct bytes data)
{
    size_t from = 0;

    for (int canary; (canary = canary_next(data, &from)) != 0;) {
        if (canary > sim->canary_count || may_hold(sim, at, canary))
            continue;
        const struct canary *c = &sim->canaries[canary];
        const struct record *r = &sim->records[c->places[0].record];
        sim_fail(sim, "on the disk of %s stands %s of %s's %s %s (zq%06d)", sim->nodes[at].name,
                 slot_names[r->kind][c->places[0].slot], sim->nodes[r->owner].name,
                 kind_names[r->kind], r->id, canary);
        return;
    }
}

void
judge_disk(struct sim *sim, int at)
{
    static const char *const files[] = { "hansa.db", "hansa.db-wal" };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[300];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s/%s", sim->nodes[at].home, files[i]);
        AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
            continue;
        void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            sim_fail(sim, "the database of %s cannot be read", sim->nodes[at].name);
            return;
        }
        search(sim, at, bytes_of(map, (size_t)st.st_size));
        (void)munmap(map, (size_t)st.st_size);
    }
}
