/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/restore.c - an older database comes back, when all else is at rest: somebody copies it over a home by hand, or
 * restores it. What lies beside it (journal, suppression list, hashes of the audit) is of today.
 *
 * 1. Nothing but sessions leaves the node until an admin confirmed, and nothing to a partner before that one has sent back
 *    what it knows.
 * 2. No number and no position is used twice; nothing goes under what was taken back since (watch.c, chains.c).
 * 3. A partner that was removed since stays removed; a person who was erased since is not there (P11).
 */
#include <stdio.h>

#include "tests/sim/people_priv.h"

enum { REMOVE_PERCENT = 50, QUIET_MINUTES = 12 };

/* Once in a while, a copy of one node's database. */
void
restore_keep(struct sim *sim)
{
    struct node *node = &sim->nodes[sim_random(sim, (uint64_t)sim->node_count)];

    if (sim->restore.has_copy || !node->up || !sim_chance(sim, 2))
        return;
    node_keep_database(node);
    for (int i = 0; i < sim->share_count; i++)
        sim->shares[i].answer_copied = sim->shares[i].answer_known;
    sim->restore.has_copy = true;
    sim->restore.node = node->index;
}

static void
remove_partner(struct node *node)
{
    struct sim *sim = node->sim;
    int partner = people_pick_partner(sim, node->index);

    if (partner < 0 || !sim_chance(sim, REMOVE_PERCENT) ||
        people_tell(node, "partner.remove",
                    json_pack("{s:s}", "partner", sim->nodes[partner].name)) != STATUS_OK)
        return;
    sim->linked[node->index][partner] = sim->linked[partner][node->index] = false;
    sim->removed[node->index][partner] = true;
    sim->counts[COUNT_partners_removed]++;
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].giver == node->index && sim->shares[i].receiver == partner)
            sim->shares[i].stopped = true;
    node_flush(node, SIZE_MAX);
    net_run(sim, sim->now + SIM_MINUTE);
}

/* Answers are not sent back (docs/protocol/restore.md): of one that came since the copy, and of what it declined, the
 * restored node knows nothing. All that is granted it may send as before the answer. */
static void
forget_answers(struct sim *sim)
{
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].giver == sim->restore.node)
            sim->shares[i].answer_known &= sim->shares[i].answer_copied;
}

/* ---- the tap ------------------------------------------------------------------------------ */

void
restore_watch(struct sim *sim, int from, int to, const struct envelope *env)
{
    struct restore *r = &sim->restore;

    if (!r->is_back)
        return;
    r->returned[from] = r->returned[from] || (to == r->node && env->kind == MESSAGE_DESCRIPTOR);
    if (from != r->node)
        return;
    if (!r->is_confirmed)
        sim_fail(sim, "%s was restored and sends %s to %s before an admin confirmed",
                 sim->nodes[from].name, message_kind_name(env->kind), sim->nodes[to].name);
    else if (!r->returned[to])
        sim_fail(sim, "%s was restored and sends %s to %s, which has not sent back anything",
                 sim->nodes[from].name, message_kind_name(env->kind), sim->nodes[to].name);
}

/* ---- afterwards --------------------------------------------------------------------------- */

/* Not its own queues: an offer that was answered in the time that it forgot has no answer, and its rows wait for one. */
static bool
is_quiet(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->node_count; i++)
        for (int k = 0; k < sim->node_count; k++)
            if (sim->linked[i][k] && i != sim->restore.node && !judge_quiet(sim, i, k, say))
                return false;
    return true;
}

static void
check_removed(struct sim *sim, struct node *node)
{
    for (int i = 0; i < sim->node_count; i++) {
        enum status s;
        if (!sim->removed[node->index][i])
            continue;
        json_t *reply = judge_look(node, "partner.show",
                                   json_pack("{s:s}", "partner", sim->nodes[i].name), &s);
        if (s == STATUS_OK && !people_is_text(reply, "state", "removed"))
            sim_fail(sim, "%s was restored, and %s is its partner again", node->name,
                     sim->nodes[i].name);
        json_decref(reply);
    }
}

/* Own records that were erased, also of people without an address and of those whose address changed: no view shows one. */
static void
check_erased(struct sim *sim, struct node *node)
{
    int shown[SLOTS];

    for (int i = 0; i < sim->record_count && !sim_failed(sim); i++)
        if (sim->records[i].is_erased && sim->records[i].owner == node->index &&
            judge_view(sim, node->index, i, shown) >= 0)
            sim_fail(sim, "%s was restored, and shows %s %s, which was erased", node->name,
                     kind_names[sim->records[i].kind], sim->records[i].id);
}

void
restore_act(struct sim *sim)
{
    struct restore *r = &sim->restore;
    struct node *node = &sim->nodes[r->node];

    if (!node->up)
        return;
    r->has_begun = true;
    remove_partner(node);
    if (sim_failed(sim))
        return;
    node_kill(node);
    node_put_back(node, sim_chance(sim, 50));
    r->is_back = true;
    forget_answers(sim);
    node->restart_at = sim->now;
    net_run(sim, sim->now + SIM_MINUTE);
    if (sim_failed(sim))
        return;
    enum status s = people_tell(node, "node.confirm", json_object());
    if (s != STATUS_OK)
        sim_fail(sim, "%s cannot be confirmed: %s", node->name, status_name(s));
    r->is_confirmed = true;
    for (int i = 0; i < sim->node_count;
         i++) { /* one that was suspended then, and not any more */
        sim->suspended[node->index][i] =
            sim->has_suspended[node->index][i] && sim->linked[node->index][i];
    }
    people_trust_again(node);
    node_flush(node, SIZE_MAX);
    for (int i = 0; i < QUIET_MINUTES * 6 && !sim_failed(sim); i++) {
        net_run(sim, sim->now + 10000);
        if (!sim_failed(sim) && is_quiet(sim, i == QUIET_MINUTES * 6 - 1))
            break;
    }
    sim->counts[COUNT_restored]++;
    if (!sim_failed(sim))
        check_removed(sim, node);
    check_erased(sim, node);
    if (!sim_failed(sim))
        judge_sound(sim, r->node);
    if (!sim_failed(sim))
        disks_judge(sim, r->node);
}
