/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/receipts.c - what holders say of what they hold (docs/protocol/receipts.md), held against what is true.
 *
 * 1. Who says that it erased holds nothing of it at that moment, and had to erase it; nobody carries what was not said.
 * 2. When all is at rest, whoever had to erase holds nothing and has said so, to the owner and to whom it had it from; and
 *    these two show what it said.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/digest.h"
#include "tests/sim/sim.h"

static const char *const state_names[] = { "none", "received", "applied", "purged", "refused" };

struct said {
    struct said *next;
    struct digest object;
};

/* ---- what is in a company's tables -------------------------------------------------------- */

/* A number that a query finds in its database, past the node. */
static int64_t
probe(struct sim *sim, int at, const char *sql, struct bytes gid, struct bytes records)
{
    char path[300];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int64_t found = -1;

    (void)snprintf(path, sizeof(path), "%s/hansa.db", sim->nodes[at].home);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_blob(q, 1, gid.data, (int)gid.len, SQLITE_STATIC);
        (void)sqlite3_bind_blob(q, 2, records.len > 0 ? (const void *)records.data : "",
                                (int)records.len, SQLITE_STATIC);
        found = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    }
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    if (found < 0)
        sim_fail(sim, "the database of %s does not answer", sim->nodes[at].name);
    return found;
}

/* Copies under a grant: of these records, or of all. */
static int64_t
held(struct sim *sim, int at, const struct object_id *grant, struct bytes records)
{
    return probe(sim, at,
                 "SELECT count(*) FROM copy c JOIN grants g ON g.id = c.grant_id"
                 " JOIN record r ON r.id = c.record WHERE g.gid = ?1"
                 " AND (?2 = x'' OR instr(?2, r.rid) > 0)",
                 bytes_of(grant->b, ID_SIZE), records);
}

/* ---- on the wire -------------------------------------------------------------------------- */

static bool
was_said(const struct sim *sim, const struct digest *object)
{
    for (const struct said *s = sim->said; s != NULL; s = s->next)
        if (ID_IS_EQUAL(s->object, *object))
            return true;
    return false;
}

/* Is it taken back (also after its end), over, or turned down, so that nothing may be kept of it? */
bool
share_is_over(const struct sim *sim, int share)
{
    const struct share *s = &sim->shares[share];
    int on = s->kind == SHARE_PLAIN ? s->parent : s->cites;
    bool ended = SIM_EPOCH_MS + sim->now >= s->until + 11000; /* a node sees it within 10 s */

    return s->stopped || s->declined || (ended && s->delete_days == 0) ||
           (on >= 0 && share_is_over(sim, on));
}

static void
watch_erased(struct sim *sim, int by, int share, const struct receipt *r)
{
    const struct share *s = &sim->shares[share];
    struct bytes records = bytes_of(r->records, r->record_count * sizeof(*r->records));
    int64_t left = held(sim, by, &r->grant, records);

    sim->counts[COUNT_purged]++;
    if (left > 0 && strcmp(r->reason, "WITHDRAWN") != 0) /* those may have come anew since */
        sim_fail(sim, "%s says that it erased %s (%s) and holds %lld records of it",
                 sim->nodes[by].name, s->id, r->reason, (long long)left);
    if (r->record_count == 0 && !sim->restore.has_begun && SIM_EPOCH_MS + sim->now < s->until &&
        share_flows(sim, s))
        sim_fail(sim, "%s says that it erased %s (%s), which stands", sim->nodes[by].name,
                 s->id, r->reason);
}

static void
watch_said(struct sim *sim, int by, const struct receipt *r)
{
    int i = share_find_gid(sim, &r->grant), to = node_index_of(sim, &r->audience);

    if (i < 0 || sim->shares[i].receiver != by || to < 0 ||
        (sim->shares[i].owner != to && sim->shares[i].giver != to) ||
        node_index_of(sim, &r->owner) != sim->shares[i].owner) {
        sim_fail(sim, "%s gives a receipt for what is not between them", sim->nodes[by].name);
        return;
    }
    struct share *s = &sim->shares[i];
    sim->counts[COUNT_said]++;
    if (sim->verbose)
        printf("     %9.3fs %s says to %s of %s: %s (%zu records)\n", (double)sim->now / 1000,
               sim->nodes[by].name, sim->nodes[to].name, s->id, state_names[r->state],
               r->record_count);
    if (r->state == RECEIPT_PURGED)
        watch_erased(sim, by, i, r);
    else if (r->state == RECEIPT_REFUSED)
        sim_fail(sim, "%s keeps %s on a ground that nobody gave it", sim->nodes[by].name,
                 s->id);
    else if (r->state == RECEIPT_APPLIED && s->kind == SHARE_PLAIN && !s->accepted)
        sim_fail(sim, "%s says that it uses %s, which it did not accept", sim->nodes[by].name,
                 s->id);
    if (r->record_count == 0)
        s->said[to == s->owner ? 0 : 1] = (uint8_t)r->state;
}

void
receipts_watch(struct sim *sim, int from, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct receipt *r;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_receipt_parse(object->body, arena, &r) != STATUS_OK) {
        sim_fail(sim, "%s sends a receipt that does not parse", sim->nodes[from].name);
        return;
    }
    struct digest digest = digest_plain(env->body);
    int by = node_index_of(sim, &r->author);
    if (was_said(sim, &digest))
        return;
    if (by != from) {
        sim_fail(sim, "%s carries a receipt that nobody gave", sim->nodes[from].name);
        return;
    }
    struct said *s = xcalloc(1, sizeof(*s));
    *s = (struct said){ .next = sim->said, .object = digest };
    sim->said = s;
    watch_said(sim, by, r);
}

void
receipts_fini(struct sim *sim)
{
    for (struct said *s = sim->said, *next; s != NULL; s = next) {
        next = s->next;
        free(s);
    }
    sim->said = NULL;
}

/* ---- at rest ------------------------------------------------------------------------------ */

/* What the company that gets this receipt shows of it. */
static void
check_shown(struct sim *sim, const struct share *s, int at, const char *want)
{
    enum status status;
    json_t *reply = judge_look(&sim->nodes[at], "receipt.list",
                               json_pack("{s:s, s:s, s:i}", "share", s->id, "company",
                                         sim->nodes[s->receiver].name, "limit", 200),
                               &status);
    const json_t *items = json_object_get(reply, "items");
    const char *shown = "none";

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (json_object_get(item, "record_ids") == NULL)
            shown = json_string_value(json_object_get(item, "state"));
    }
    if (shown == NULL || strcmp(shown, want) != 0)
        sim_fail(sim, "%s shows of %s at %s: %s; it said: %s", sim->nodes[at].name, s->id,
                 sim->nodes[s->receiver].name, shown == NULL ? "nothing" : shown, want);
    json_decref(reply);
}

static void
check_erased(struct sim *sim, const struct share *s)
{
    if (held(sim, s->receiver, &s->gid, (struct bytes){ 0 }) > 0)
        sim_fail(sim, "%s still holds records of %s, which is over",
                 sim->nodes[s->receiver].name, s->id);
    for (int k = 0; k < (s->owner == s->giver ? 1 : 2); k++)
        if (s->said[k] != RECEIPT_PURGED)
            sim_fail(sim, "%s erased %s and did not tell %s (%s)", sim->nodes[s->receiver].name,
                     s->id, sim->nodes[k == 0 ? s->owner : s->giver].name,
                     state_names[s->said[k]]);
}

void
receipts_judge(struct sim *sim)
{
    for (int i = 0; i < sim->share_count && !sim_failed(sim); i++) {
        const struct share *s = &sim->shares[i];
        bool came =
            s->is_offered && probe(sim, s->receiver,
                                   "SELECT count(*) FROM share s JOIN grants g ON g.id = s.leaf"
                                   " WHERE s.role = 1 AND g.gid = ?1",
                                   bytes_of(s->gid.b, ID_SIZE), (struct bytes){ 0 }) > 0;
        if (came && share_is_over(sim, i))
            check_erased(sim, s);
        for (int k = 0; k < (s->owner == s->giver ? 1 : 2) && !sim_failed(sim); k++)
            check_shown(sim, s, k == 0 ? s->owner : s->giver, state_names[s->said[k]]);
    }
}
