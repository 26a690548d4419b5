/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/leases.c - owners' words on their shares as seen on the wire: numbers only grow, nobody hands down what it was
 * not told, and who passes on says nothing new once the word it has is old.
 */
#include "tests/sim/sim.h"

static void
watch_own(struct sim *sim, int share, const struct head *head, struct bytes body)
{
    struct word *w = &sim->words[share];
    struct digest hash = digest_plain(body);

    if (sim->restore.is_back && head->number < w->number)
        return; /* it waited in the older database; who has a newer one keeps that */
    if (head->number < w->number || (head->number == w->number && !ID_IS_EQUAL(hash, w->hash)))
        sim_fail(sim, "%s takes back its word on %s: number %llu after %llu",
                 sim->nodes[sim->shares[share].owner].name, sim->shares[share].id,
                 (unsigned long long)head->number, (unsigned long long)w->number);
    w->number = head->number;
    w->hash = hash;
}

void
leases_watch(struct sim *sim, int from, int to, const struct envelope *env, bool is_new)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct head *head;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_head_parse(object->body, arena, &head) != STATUS_OK) {
        sim_fail(sim, "%s sends a word that does not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &head->grant);
    if (i < 0)
        return;
    const struct share *s = &sim->shares[i];
    struct word *w = &sim->words[i];
    if (s->parent >= 0 || node_index_of(sim, &head->author) != s->owner)
        sim_fail(sim, "%s sends a word that is not the owner's", sim->nodes[from].name);
    if (from == s->owner && is_new)
        watch_own(sim, i, head, object->body);
    else if (from != s->owner && head->expires.ms > w->until[from])
        sim_fail(sim, "%s hands down a word that it was not told", sim->nodes[from].name);
    sim->counts[COUNT_words]++;
    sim->counts[COUNT_words_late] +=
        w->until[to] > 0 && w->until[to] <= SIM_EPOCH_MS + sim->now;
    sim->counts[COUNT_words_revoke] += head->revoked_count > 0;
    if (head->expires.ms > w->until[to])
        w->until[to] = head->expires.ms;
}

void
leases_may_pass_on(struct sim *sim, int from, int to, int share)
{
    int root = share;

    while (sim->shares[root].parent >= 0)
        root = sim->shares[root].parent;
    if (root == share || SIM_EPOCH_MS + sim->now < sim->words[root].until[from])
        return;
    sim_fail(sim, "%s passes something on to %s without a word of %s for %lld ms",
             sim->nodes[from].name, sim->nodes[to].name,
             sim->nodes[sim->shares[share].owner].name,
             (long long)(SIM_EPOCH_MS + sim->now - sim->words[root].until[from]));
}
