/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/disks.c - what stands on whose disk, in the raw bytes of every file of a home, the database's log included.
 *
 * 1. Nothing that nobody told the company (P3).
 * 2. When all is at rest, nothing that had to be erased: records that went, rows taken back, what came under a share that
 *    is over (P11). Older values of a record that it may hold are let pass, and titles of offers, which are kept as
 *    evidence (they name no person: node/service_share.c).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/sim.h"

/* ---- what may stand ----------------------------------------------------------------------- */

static bool
was_told(const struct sim *sim, int at, int canary)
{
    const struct canary *c = &sim->canaries[canary];
    bool was = (c->told >> at & 1) != 0;

    for (int i = 0; i < c->place_count; i++)
        was = was || sim->records[c->places[i].record].owner == at;
    return was;
}

/* A ground that went, without a waiver at any time, takes the row back; from below, too. */
static bool
is_withdrawn(const struct sim *sim, const struct share *s, int record)
{
    if (!share_has_ground(sim, s, record) && !sim->has_waived[s->giver][s->receiver])
        return true;
    return s->parent >= 0 && is_withdrawn(sim, &sim->shares[s->parent], record);
}

/* Out of sight, for the days after its end that the owner left; who goes meanwhile is not taken out of it. */
static bool
is_ended(const struct sim *sim, const struct share *s)
{
    return SIM_EPOCH_MS + sim->now >= s->until - 11000 ||
           (s->kind != SHARE_PLAIN && s->cites >= 0 && is_ended(sim, &sim->shares[s->cites])) ||
           (s->parent >= 0 && is_ended(sim, &sim->shares[s->parent]));
}

static bool
may_hold(const struct sim *sim, int at, int record)
{
    const struct record *r = &sim->records[record];

    for (int i = 0; i < sim->share_count && r->owner != at; i++) {
        const struct share *s = &sim->shares[i];
        if (s->receiver == at && share_matches(sim, s, record) && !share_is_over(sim, i) &&
            (is_ended(sim, s) ||
             (!r->gone && !s->struck[record] && !is_withdrawn(sim, s, record))))
            return true;
    }
    return r->owner == at && !r->gone;
}

static bool
may_stand(const struct sim *sim, int at, int canary)
{
    const struct canary *c = &sim->canaries[canary];

    for (int i = 0; i < c->place_count; i++) {
        bool is_name =
            sim->records[c->places[i].record].kind == EVENT && c->places[i].slot == 0;
        if (is_name || may_hold(sim, at, c->places[i].record))
            return true; /* its name may be the title of an offer that never went */
    }
    return (c->titled >> at & 1) != 0;
}

/* ---- what stands -------------------------------------------------------------------------- */

/* Every place of it is a record of this company that it erased. */
static bool
is_erased(const struct sim *sim, int at, int canary)
{
    const struct canary *c = &sim->canaries[canary];

    for (int i = 0; i < c->place_count; i++)
        if (sim->records[c->places[i].record].owner != at ||
            !sim->records[c->places[i].record].is_erased)
            return false;
    return true;
}

/* An older database came back: what its node erased in the time that it forgot is all that counts. */
static bool
is_let_pass(const struct sim *sim, int at, int canary)
{
    return sim->restore.is_back ? !is_erased(sim, at, canary) : may_stand(sim, at, canary);
}

static void
search(struct sim *sim, int at, const char *file, struct bytes data)
{
    size_t from = 0;

    for (int canary; (canary = canary_next(data, &from)) != 0;) {
        bool told = canary > sim->canary_count || was_told(sim, at, canary);
        if (canary > sim->canary_count || (told && is_let_pass(sim, at, canary)))
            continue;
        const struct canary *c = &sim->canaries[canary];
        const struct record *r = &sim->records[c->places[0].record];
        sim_fail(sim, "in %s of %s %s %s of %s's %s %s (zq%06d)", file, sim->nodes[at].name,
                 told ? "there is still" : "stands, untold,",
                 slot_names[r->kind][c->places[0].slot], sim->nodes[r->owner].name,
                 kind_names[r->kind], r->id, canary);
        return;
    }
}

static void
search_file(struct sim *sim, int at, const char *file)
{
    char path[600];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", sim->nodes[at].home, file);
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        sim_fail(sim, "%s of %s cannot be read", file, sim->nodes[at].name);
        return;
    }
    search(sim, at, file, bytes_of(map, (size_t)st.st_size));
    (void)munmap(map, (size_t)st.st_size);
}

void
disks_judge(struct sim *sim, int at)
{
    DIR *home = opendir(sim->nodes[at].home);
    const struct dirent *entry;
    int files = 0;

    while (home != NULL && (entry = readdir(home)) != NULL && !sim_failed(sim)) {
        files += strcmp(entry->d_name, "hansa.db") == 0;
        search_file(sim, at, entry->d_name);
    }
    if (home != NULL)
        (void)closedir(home);
    if (files == 0)
        sim_fail(sim, "%s has no database", sim->nodes[at].name);
}
