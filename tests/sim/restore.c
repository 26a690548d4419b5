/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/restore.c - an older database comes back, when all else is at rest: somebody copies it over a home by hand, or
 * restores it. What lies beside it (journal, suppression list, hashes of the audit) is of today.
 *
 * 1. Nothing but sessions leaves the node until an admin confirmed, and nothing to a partner before that one has sent back
 *    what it knows.
 * 2. No number and no position is used twice; nothing goes under what was taken back since (watch.c, chains.c).
 * 3. Keys are of today, so that its newest descriptor is news to the older database; a partner's may be news as well, and
 *    when it was a key of the link, only an invitation helps. With keys from then as well the node does not start.
 * 4. A partner that was removed since stays removed; a person who was erased since is not there (P11).
 */
#include <stdio.h>

#include "tests/sim/people_priv.h"

enum { REMOVE_PERCENT = 50, QUIET_LOOKS = 100 };

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
    sim->restore.shares = sim->share_count;
    sim->restore.node = node->index;
    sim->restore.serial = sim->keys[node->index].serial;
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
        if ((sim->shares[i].giver == node->index && sim->shares[i].receiver == partner) ||
            (sim->shares[i].giver == partner && sim->shares[i].receiver == node->index))
            sim->shares[i].stopped = true; /* both ways */
    node_flush(node, SIZE_MAX);
    net_run(sim, sim->now + SIM_MINUTE);
}

/* Answers come back over the link. Of who is away by now, and of companies that it has no link with, the restored node
 * knows none that came since the copy: what is granted them it may send as before the answer. */
static void
forget_answers(struct sim *sim)
{
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].giver == sim->restore.node &&
            !sim->linked[sim->restore.node][sim->shares[i].receiver])
            sim->shares[i].answer_known &= sim->shares[i].answer_copied;
}

/* ---- the tap ------------------------------------------------------------------------------ */

void
restore_offers(const struct sim *sim, int from, struct share *s)
{
    if (sim->restore.is_back && from == sim->restore.node && !s->is_offered)
        s->stopped = false; /* before anybody heard of it; so it forgot */
    s->is_offered = true;
}

bool
restore_is_return(const struct sim *sim, int to, const struct node_id *author)
{
    return sim->restore.is_back && to == sim->restore.node &&
           ID_IS_EQUAL(*author, sim->nodes[to].id);
}

void
restore_watch(struct sim *sim, int from, int to, const struct envelope *env)
{
    struct restore *r = &sim->restore;

    if (env->kind == MESSAGE_OWN_RECORDS && !(r->is_back && to == r->node))
        sim_fail(sim, "%s sends records back to %s, which was not restored",
                 sim->nodes[from].name, sim->nodes[to].name);
    sim->counts[COUNT_given_back] += env->kind == MESSAGE_OWN_RECORDS;
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

static bool
is_quiet(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->node_count; i++)
        for (int k = 0; k < sim->node_count; k++)
            if (sim->linked[i][k] && !judge_quiet(sim, i, k, say))
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

static bool
is_accepted(const struct sim *sim, const struct share *s)
{
    return s->kind == SHARE_PLAIN && s->parent < 0 && s->accepted && share_flows(sim, s);
}

/* Of what it gave before the copy it knows what became of it, as if it had never been away; and what was accepted since
 * stands again. */
static void
check_shares(struct sim *sim, const struct node *node)
{
    for (int i = 0; i < sim->share_count && !sim_failed(sim); i++) {
        const struct share *s = &sim->shares[i];
        bool stands = i < sim->restore.shares || is_accepted(sim, s);
        if (stands && s->giver == node->index && sim->linked[node->index][s->receiver])
            judge_share(sim, s);
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

static void
come_back(struct sim *sim, struct node *node, bool is_said, bool with_keys)
{
    node_kill(node);
    node_put_back(node, is_said, with_keys);
    if (with_keys)
        keys_are_older(node);
    node->restart_at = sim->now;
    net_run(sim, sim->now + SIM_MINUTE);
}

static bool
was_noticed(const struct sim *sim)
{
    bool is = false;

    for (int i = 0; i < sim->node_count; i++)
        is = is || sim->restore.returned[i];
    return is;
}

/* What some partner was shown of it: a bit for each slot. */
static unsigned
is_held(const struct sim *sim, int owner, int record)
{
    unsigned slots = 0;

    for (int i = 0; i < sim->node_count; i++) {
        if (i == owner || !sim->linked[owner][i] || model_may_be_old(sim, i, record))
            continue;
        int sees = model_sees(sim, i, record);
        slots |= sees < 0 ? 0 : (unsigned)sees;
    }
    return slots;
}

static void
note_held(struct sim *sim)
{
    for (int i = 0; i < sim->record_count; i++)
        sim->restore.held[i] =
            sim->records[i].owner == sim->restore.node && !sim->records[i].gone
                ? is_held(sim, sim->restore.node, i)
                : 0;
}

/* What a partner has of its own records comes back: the newest of every field that one was shown. */
static void
check_readopted(struct sim *sim, const struct node *node)
{
    for (int i = 0; i < sim->record_count && !sim_failed(sim); i++) {
        const struct record *r = &sim->records[i];
        unsigned held = sim->restore.held[i];
        int shown[SLOTS];
        int count = held != 0 ? judge_view(sim, node->index, i, shown) : 0;
        for (int slot = 0; slot < SLOTS && !sim_failed(sim); slot++) {
            bool is_there = !(held >> slot & 1) || r->values[slot] == 0;
            for (int k = 0; k < count; k++)
                is_there = is_there || shown[k] == r->values[slot];
            if (!is_there)
                sim_fail(sim,
                         "%s was restored, and has not what it showed of its %s %s (zq%06d)",
                         node->name, kind_names[r->kind], r->id, r->values[slot]);
        }
    }
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
    note_held(sim);
    r->is_back = true;
    forget_answers(sim);
    bool with_keys = sim->keys[r->node].serial > r->serial && sim_chance(sim, 50);
    come_back(sim, node, sim_chance(sim, 50), with_keys);
    if (!sim_failed(sim) &&
        !was_noticed(sim)) /* nothing is lost that the audit knows of: a person says it */
        come_back(sim, node, true, false);
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
    net_run(sim, sim->now + 1000);
    people_invite_again(sim);
    for (int i = 0; i < QUIET_LOOKS && !sim_failed(sim); i++) {
        net_run(sim, sim->now + 7000); /* a word of an owner goes every 20 s */
        if (!sim_failed(sim) && is_quiet(sim, i == QUIET_LOOKS - 1))
            break;
    }
    sim->counts[COUNT_restored]++;
    if (!sim_failed(sim))
        check_removed(sim, node);
    check_shares(sim, node);
    check_readopted(sim, node);
    check_erased(sim, node);
    keys_judge(sim);
    if (!sim_failed(sim))
        judge_sound(sim, r->node);
    if (!sim_failed(sim))
        disks_judge(sim, r->node);
}
