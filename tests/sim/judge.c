/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/judge.c - what nodes show, against the model.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "tests/sim/sim.h"

json_t *
judge_look(struct node *node, const char *service, json_t *args, enum status *status)
{
    json_t *reply = node_ask(node, service, args, status);

    if (*status != STATUS_OK && *status != STATUS_NOT_FOUND)
        sim_fail(node->sim, "%s at %s: %s", service, node->name, status_name(*status));
    return reply;
}

/* ---- views -------------------------------------------------------------------------------- */

int
judge_view(struct sim *sim, int holder, int record, int out[static SLOTS])
{
    const struct record *r = &sim->records[record];
    enum status s;
    json_t *reply =
        judge_look(&sim->nodes[holder], "record.show",
                   json_pack("{s:s, s:s}", "type", kind_names[r->kind], "record", r->id), &s);
    json_t *fields = json_object_get(reply, "fields");
    int count = 0;

    if (s != STATUS_OK)
        return -1;
    for (void *it = json_object_iter(fields); it != NULL;
         it = json_object_iter_next(fields, it)) {
        const char *text = json_string_value(json_object_iter_value(it));
        size_t at = 0;
        int canary = text == NULL ? 0 : canary_next(bytes_text(text), &at);
        if (canary != 0 && count < SLOTS)
            out[count++] = canary;
    }
    json_decref(reply);
    return count;
}

static bool
has(const int *values, int count, int canary)
{
    for (int i = 0; i < count; i++)
        if (values[i] == canary)
            return true;
    return false;
}

/* What the model knows of shares that lead here, to find the fault by. */
static void
explain(const struct sim *sim, int holder, int record)
{
    for (int i = 0; i < sim->share_count; i++) {
        const struct share *s = &sim->shares[i];
        if (s->receiver != holder || !share_matches(sim, s, record))
            continue;
        printf("  share %d %s from %s under %d slots %x: accepted %d declined %d stopped %d "
               "struck %d flows %d\n",
               i, s->id, sim->nodes[s->giver].name, s->parent,
               s->slots[sim->records[record].kind], s->accepted, s->declined, s->stopped,
               s->struck[record], share_flows(sim, s));
    }
}

static bool
complain(struct sim *sim, bool say, int holder, int record, int slot, const char *what)
{
    const struct record *r = &sim->records[record];

    if (say && sim->verbose)
        explain(sim, holder, record);
    if (say)
        sim_fail(sim, "%s %s: %s's %s %s, %s (zq%06d)", sim->nodes[holder].name, what,
                 sim->nodes[r->owner].name, kind_names[r->kind], r->id,
                 slot < 0 ? "all of it" : slot_names[r->kind][slot],
                 slot < 0 ? 0 : r->values[slot]);
    return false;
}

static bool
is_as_it_should(struct sim *sim, int holder, int record, bool say)
{
    const struct record *r = &sim->records[record];
    int shown[SLOTS], slots = r->gone ? -1 : model_sees(sim, holder, record), wanted = 0;
    int count = judge_view(sim, holder, record, shown);

    if (holder != r->owner && !r->gone && model_may_be_old(sim, holder, record))
        return true;
    if (count < 0 || slots < 0)
        return (count < 0) == (slots < 0) ||
               complain(sim, say, holder, record, -1,
                        count < 0 ? "should see" : "should not see");
    for (int slot = 0; slot < SLOTS; slot++) {
        bool should = (slots >> slot & 1) && r->values[slot] != 0;
        wanted += should;
        if (should && !has(shown, count, r->values[slot]))
            return complain(sim, say, holder, record, slot, "lacks the newest value of");
    }
    return count == wanted ||
           complain(sim, say, holder, record, -1, "shows more than it should of");
}

void
judge_glance(struct sim *sim)
{
    for (int i = 0; i < sim->record_count && !sim_failed(sim); i++)
        if (sim->nodes[sim->records[i].owner].up &&
            !full_may_show(&sim->nodes[sim->records[i].owner]))
            (void)is_as_it_should(sim, sim->records[i].owner, i, true);
}

/* ---- rest --------------------------------------------------------------------------------- */

bool
judge_quiet(struct sim *sim, int at, int partner, bool say)
{
    static const char *const waiting[] = { "records_waiting", "messages_waiting" };
    struct node *node = &sim->nodes[at];
    enum status s;
    json_t *reply = judge_look(node, "partner.show",
                               json_pack("{s:s}", "partner", sim->nodes[partner].name), &s);
    const char *link = json_string_value(json_object_get(reply, "link"));
    bool quiet = link != NULL && strcmp(link, "up") == 0;

    if (!quiet && say)
        sim_fail(sim, "%s has no link with %s", node->name, sim->nodes[partner].name);
    for (size_t i = 0; i < COUNT_OF(waiting); i++) {
        json_int_t n = json_integer_value(json_object_get(reply, waiting[i]));
        if (n != 0 && say)
            sim_fail(sim, "%s still has %s for %s: %lld", node->name, waiting[i],
                     sim->nodes[partner].name, (long long)n);
        quiet = quiet && n == 0;
    }
    if (json_object_get(reply, "frozen") != NULL)
        sim_fail(sim, "%s has frozen the stream of %s", node->name, sim->nodes[partner].name);
    json_decref(reply);
    return quiet;
}

bool
judge_views(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->node_count; i++)
        for (int r = 0; r < sim->record_count; r++)
            if (!is_as_it_should(sim, i, r, say))
                return false;
    return true;
}

bool
judge_settled(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->node_count; i++) {
        if (!sim->nodes[i].up)
            return false;
        for (int k = 0; k < sim->node_count; k++)
            if (sim->linked[i][k] && !judge_quiet(sim, i, k, say))
                return false;
    }
    if (!sealed_is_quiet(sim, say) || !judge_contributions(sim, say) ||
        !keys_are_settled(sim, say))
        return false;
    return judge_views(sim, say);
}

/* What honest nodes may refuse of each other: it was right when it went. */
static const struct {
    const char *kind, *code, *detail, *why;
} fair[] = {
    { NULL, "GAP", NULL, "something before it was lost; it comes again" },
    { "OFFER", "REVOKED", NULL, "taken back further up while it was on its way" },
    { "PASSON", "REVOKED", NULL, "the owner took it back before it heard of the passing on" },
    { "REVOCATION", "UNKNOWN_KEY", NULL,
      "of an offer that became void before it came: nothing is held" },
    { "PASSON_ACK", "NOT_GRANTED", NULL,
      "taken back while the word of the owner was on its way" },
    { "SEALED", "NOT_GRANTED", "way", "its way was taken back before the offer of it went" },
    { "SEALED", "REVOKED", "revocation", "a revocation of what fell with something above it" },
    { "VOID", "BAD_SIGNATURE", "void",
      "in place of what has a number before that of the descriptor with the key that it is "
      "signed with" },
    { "OFFER", "EXPIRED", NULL, "its time was over on arrival" },
    { "PASSON", "EXPIRED", NULL, "its time was over on arrival" },
    { "RECORDS", "NOT_GRANTED", NULL, "its time was over on arrival" },
};

static bool
is_fair(struct sim *sim, const char *kind, const char *code, const char *detail)
{
    if (sim->counts[COUNT_stolen] > 0 && strcmp(kind, "HEAD") == 0 &&
        strcmp(code, "BAD_SIGNATURE") == 0)
        return true; /* on its way under a key that was stolen; there are newer ones */
    for (size_t i = 0; i < COUNT_OF(fair); i++) {
        if (strcmp(fair[i].code, code) != 0 ||
            (fair[i].kind != NULL && strcmp(fair[i].kind, kind) != 0) ||
            (fair[i].detail != NULL && strcmp(fair[i].detail, detail) != 0))
            continue;
        sim->counts[COUNT_gaps] += strcmp(code, "GAP") == 0;
        sim->counts[COUNT_revoked_late] += strcmp(code, "GAP") != 0;
        return true;
    }
    return false;
}

int
judge_dead(struct sim *sim, int at, const char *code)
{
    enum status s;
    json_t *reply =
        judge_look(&sim->nodes[at], "deadletter.list", json_pack("{s:i}", "limit", 200), &s);
    const json_t *items = json_object_get(reply, "items");
    int found = 0;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *kind = json_string_value(json_object_get(item, "kind"));
        const char *what = json_string_value(json_object_get(item, "code"));
        const char *detail = json_string_value(json_object_get(item, "detail"));
        if (kind == NULL || what == NULL || detail == NULL)
            continue;
        found += code != NULL && strcmp(what, code) == 0;
        if (code == NULL && !is_fair(sim, kind, what, detail))
            sim_fail(sim, "%s refused of an honest partner: %s, %s (%s)", sim->nodes[at].name,
                     kind, what, detail);
    }
    json_decref(reply);
    return found;
}

static void
check_audit(struct sim *sim, struct node *node)
{
    enum status s;
    json_t *reply = judge_look(node, "audit.verify", json_object(), &s);

    if (!json_is_true(json_object_get(reply, "ok")))
        sim_fail(sim, "the audit of %s does not verify", node->name);
    json_decref(reply);
}

/* The node does not let SQLite enforce references while it works; here they are checked, past the node. */
static void
check_database(struct sim *sim, const struct node *node)
{
    static const char *const checks[] = {
        "SELECT count(*) FROM pragma_foreign_key_check",
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    };
    char path[300];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/hansa.db", node->home);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        sim_fail(sim, "the database of %s does not open", node->name);
    for (size_t i = 0; i < COUNT_OF(checks) && !sim_failed(sim); i++) {
        sqlite3_stmt *q = NULL;
        if (sqlite3_prepare_v2(db, checks[i], -1, &q, NULL) != SQLITE_OK ||
            sqlite3_step(q) != SQLITE_ROW || sqlite3_column_int(q, 0) != 0)
            sim_fail(sim, "the database of %s is not sound: %s", node->name, checks[i]);
        (void)sqlite3_finalize(q);
    }
    (void)sqlite3_close(db);
}

/* Was something taken back that this rests on: above it, or what it answers? */
static bool
is_undone(const struct sim *sim, const struct share *s)
{
    int on = s->kind == SHARE_PLAIN ? s->parent : s->cites;

    return on >= 0 && (sim->shares[on].stopped || is_undone(sim, &sim->shares[on]));
}

static bool
is_expected(const struct sim *sim, const struct share *s, const char *state)
{
    bool ended = SIM_EPOCH_MS + sim->now >= s->until;
    bool above = is_undone(sim, s);

    if (s->kind == SHARE_CONTRIBUTION && s->cites < 0)
        return true; /* over before it could be offered: judge_contributions() */
    if (strcmp(state, "stopped") == 0)
        return s->stopped || above;
    if (strcmp(state, "ended") == 0)
        return ended;
    if (strcmp(state, "declined") == 0)
        return s->declined;
    if (strcmp(state, "refused") == 0) /* by an owner that had suspended the next */
        return s->parent >= 0 && sim->has_suspended[s->owner][s->receiver];
    /* A node sees an end within 10 s. */
    if (s->stopped || above || SIM_EPOCH_MS + sim->now >= s->until + 11000)
        return false;
    if (strcmp(state, "accepted") == 0)
        return s->accepted;
    return strcmp(state, "delivered") == 0 && !s->accepted && !s->declined;
}

void
judge_share(struct sim *sim, const struct share *s)
{
    enum status status;
    json_t *reply = judge_look(&sim->nodes[s->giver], "share.show",
                               json_pack("{s:s}", "share", s->id), &status);
    const char *state = json_string_value(json_object_get(reply, "state"));

    if (state == NULL || !is_expected(sim, s, state))
        sim_fail(sim, "%s says of %s to %s: %s", sim->nodes[s->giver].name, s->id,
                 sim->nodes[s->receiver].name, state == NULL ? "nothing" : state);
    sim->counts[COUNT_ended] += state != NULL && strcmp(state, "ended") == 0;
    json_decref(reply);
}

void
judge_sound(struct sim *sim, int at)
{
    check_audit(sim, &sim->nodes[at]);
    check_database(sim, &sim->nodes[at]);
}

void
judge_end(struct sim *sim)
{
    for (int i = 0; i < sim->node_count && !sim_failed(sim); i++) {
        judge_sound(sim, i);
        (void)judge_dead(sim, i, NULL);
        disks_judge(sim, i);
    }
    receipts_judge(sim);
    keys_judge(sim);
    for (int i = 0; i < sim->share_count && !sim_failed(sim); i++)
        judge_share(sim, &sim->shares[i]);
    for (int i = 0; i < sim->share_count && !sim_failed(sim); i++)
        if (share_is_judged(sim, &sim->shares[i]))
            judge_brought(sim, &sim->shares[i]);
}
