/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/watch.c - every message that leaves a node, judged as someone with a tap on the wire would.
 *
 * 1. A value goes only to whom it is granted now, as far as the sender can know (P2, P3, P5): canaries are
 *    searched in the raw bytes, wherever they stand.
 * 2. A number has one content, or a Void instead (P6); numbers have no holes; acknowledgements never go back (P1).
 * 3. A passed-on offer goes after the owner said that it heard of it, and while it has said so recently (P5).
 */
#include <stdlib.h>

#include "federation/envelope.h"
#include "schema/digest.h"
#include "tests/sim/sim.h"

/* ---- acknowledgements ---------------------------------------------------------------------- */

static void
acknowledged(struct sim *sim, int by, int toward, const struct stream_state *s)
{
    struct lane_seen *lane = &sim->lanes[toward][by][s->stream - 1];

    if (lane->incarnation != 0 && s->incarnation != lane->incarnation)
        return; /* of other numbers */
    if (sim->restore.is_back && by == sim->restore.node && s->have < lane->have)
        lane->have = s->have; /* it forgot */
    if (s->have < lane->have)
        sim_fail(sim, "%s had %llu of stream %d from %s and now says %llu", sim->nodes[by].name,
                 (unsigned long long)lane->have, (int)s->stream, sim->nodes[toward].name,
                 (unsigned long long)s->have);
    if (s->have > lane->count)
        sim_fail(sim, "%s acknowledges to %s what was never sent", sim->nodes[by].name,
                 sim->nodes[toward].name);
    lane->have = s->have;
    if (s->stream == STREAM_CONTROL)
        watch_known(sim, by, toward, false, s->have);
}

static void
watch_session(struct sim *sim, int from, int to, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct stream_state *streams = NULL;
    struct hello *hello;
    struct ack *ack;
    size_t count = 0;

    if (env->kind == MESSAGE_HELLO && wire_hello_parse(env->body, arena, &hello) == STATUS_OK) {
        streams = hello->streams;
        count = hello->stream_count;
        sim->session[from][to] = hello->session;
    } else if (env->kind == MESSAGE_ACK &&
               wire_ack_parse(env->body, arena, &ack) == STATUS_OK) {
        streams = ack->streams;
        count = ack->stream_count;
    }
    for (size_t i = 0; i < count; i++)
        acknowledged(sim, from, to, &streams[i]);
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* Is it said for the first time? */
static bool
watch_number(struct sim *sim, int from, int to, const struct envelope *env)
{
    struct lane_seen *lane = &sim->lanes[from][to][env->stream - 1];
    struct digest hash = digest_plain(env->body);

    if (env->incarnation < lane->incarnation)
        sim_fail(sim, "%s numbers messages to %s in an incarnation that is over",
                 sim->nodes[from].name, sim->nodes[to].name);
    if (env->incarnation > lane->incarnation) {
        lane->incarnation = env->incarnation;
        lane->count = lane->have = 0;
    }
    if (env->kind == MESSAGE_VOID) {
        sim->counts[COUNT_voids]++;
        notice_void(sim, from, to, env);
    }
    if (env->seq == 0 || env->seq > lane->count + 1) {
        sim_fail(sim, "%s leaves a hole before number %llu to %s", sim->nodes[from].name,
                 (unsigned long long)env->seq, sim->nodes[to].name);
        return false;
    }
    bool is_new = env->seq == lane->count + 1;
    if (is_new) {
        lane->hashes = xrealloc(lane->hashes, (lane->count + 1) * sizeof(*lane->hashes));
        lane->kinds = xrealloc(lane->kinds, lane->count + 1);
        lane->count++;
    } else {
        sim->counts[COUNT_resends]++;
        if (!ID_IS_EQUAL(lane->hashes[env->seq - 1], hash) && env->kind != MESSAGE_VOID)
            sim_fail(sim, "%s sends number %llu of stream %d to %s with other content",
                     sim->nodes[from].name, (unsigned long long)env->seq, (int)env->stream,
                     sim->nodes[to].name);
    }
    lane->hashes[env->seq - 1] = hash;
    lane->kinds[env->seq - 1] = env->kind;
    return is_new;
}

/* ---- content ------------------------------------------------------------------------------ */

static bool
may_carry(const struct sim *sim, int from, int to, int canary)
{
    const struct canary *c = &sim->canaries[canary];

    for (int i = 0; i < c->place_count; i++)
        if (sim->records[c->places[i].record].owner == to ||
            model_may_send(sim, from, to, c->places[i].record, c->places[i].slot))
            return true;
    return false;
}

static void
watch_canaries(struct sim *sim, int from, int to, const struct envelope *env)
{
    size_t at = 0;

    for (int canary; (canary = canary_next(env->body, &at)) != 0;) {
        if (canary > sim->canary_count)
            continue;
        bool again = env->kind == MESSAGE_OFFER && (sim->canaries[canary].told >> to & 1) != 0;
        sim->canaries[canary].told |= 1u << to;
        if (env->kind == MESSAGE_OFFER)
            sim->canaries[canary].titled |= 1u << to | 1u << from;
        if (canary_is_erased(sim, from, canary))
            sim_fail(sim, "%s sends %s zq%06d of a person whom it erased",
                     sim->nodes[from].name, sim->nodes[to].name, canary);
        if (again || may_carry(sim, from, to, canary)) /* a title may say what it knows */
            continue;
        const struct canary *c = &sim->canaries[canary];
        const struct record *r = &sim->records[c->places[0].record];
        sim_fail(sim, "%s sends %s field %s of %s %s (zq%06d) in %s number %llu: not granted",
                 sim->nodes[from].name, sim->nodes[to].name,
                 slot_names[r->kind][c->places[0].slot], kind_names[r->kind], r->id, canary,
                 message_kind_name(env->kind), (unsigned long long)env->seq);
    }
}

static void
say_unsound(struct sim *sim, const struct share *s, const char *what)
{
    sim_fail(sim, "%s offers %s %s", sim->nodes[s->giver].name, sim->nodes[s->receiver].name,
             what);
}

/* Did the receiver of this share pass it on to that company, which sees the rows then? */
static bool
is_passed_on_to(const struct sim *sim, int share, int node)
{
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].parent == share && sim->shares[i].receiver == node &&
            sim->shares[i].chain_sees)
            return true;
    return false;
}

/* Rows for an event: under which question, and what may be in them. */
static void
watch_contribution(struct sim *sim, struct share *s, const struct grant *grant)
{
    const struct share *cited;

    s->cites = share_find_gid(sim, &grant->cites);
    if (s->cites < 0) {
        say_unsound(sim, s, "rows that nobody asked for");
        return;
    }
    cited = &sim->shares[s->cites];
    s->event = cited->event;
    s->slots[GUEST] = cited->want | 1u;
    s->of_kind[GUEST] = true;
    s->until = grant->not_after.ms;
    if (cited->receiver != s->giver || !cited->asks)
        say_unsound(sim, s, "rows that others were asked for");
    if (cited->owner != s->receiver &&
        (!cited->chain_sees || (!share_is_in_chain(sim, s->cites, s->receiver) &&
                                !is_passed_on_to(sim, s->cites, s->receiver))))
        say_unsound(sim, s, "rows that are not for it");
}

/* What comes back of a contribution. */
static void
watch_feedback(struct sim *sim, int from, int to, const struct offer *offer,
               const struct grant *grant)
{
    struct share s = { .kind = SHARE_FEEDBACK,
                       .giver = from,
                       .receiver = to,
                       .owner = from,
                       .parent = -1,
                       .event = -1,
                       .until = grant->not_after.ms };

    s.cites = share_find_gid(sim, &grant->cites);
    if (s.cites < 0 || sim->shares[s.cites].giver != to ||
        sim->shares[s.cites].receiver != from || !share_is_judged(sim, &sim->shares[s.cites])) {
        say_unsound(sim, &s, "what becomes of rows that are not its own");
        return;
    }
    share_name(&offer->grant, s.id);
    if (sim->share_count == SHARES_MAX) {
        sim_fail(sim, "more shares than the model has room for");
        return;
    }
    sim->shares[sim->share_count++] = s;
    sim->counts[COUNT_feedbacks]++;
}

static void
watch_offer(struct sim *sim, int from, int to, const struct envelope *env, bool is_new,
            struct arena *arena)
{
    struct bundle *bundle;
    struct offer *offer;

    if (wire_bundle_parse(env->body, arena, &bundle) != STATUS_OK ||
        wire_offer_parse(bundle->object.body, arena, &offer) != STATUS_OK) {
        sim_fail(sim, "%s sends an offer that does not parse", sim->nodes[from].name);
        return;
    }
    if (restore_is_return(sim, to, &offer->author))
        return;
    chains_watch(sim, from, bundle);
    int i = share_find_gid(sim, &offer->grant);
    struct signed_object *last = &bundle->links[bundle->link_count - 1];
    struct grant *grant;
    if (bundle->link_count == 0 || wire_grant_parse(last->body, arena, &grant) != STATUS_OK) {
        sim_fail(sim, "%s offers without a grant", sim->nodes[from].name);
        return;
    }
    if (i < 0 && offer->kind == OFFER_FEEDBACK) {
        watch_feedback(sim, from, to, offer, grant);
        i = share_find_gid(sim, &offer->grant);
    }
    if (i >= 0 && sim->shares[i].kind == SHARE_CONTRIBUTION && sim->shares[i].cites < 0)
        watch_contribution(sim, &sim->shares[i], grant);
    if (i < 0) {
        sim_fail(sim, "%s offers %s what nobody shared", sim->nodes[from].name,
                 sim->nodes[to].name);
        return;
    }
    struct share *s = &sim->shares[i];
    restore_offers(sim, from, s);
    s->gid = offer->grant;
    s->delete_days = grant->delete_days;
    if (s->giver != from || s->receiver != to)
        sim_fail(sim, "an offer goes the wrong way");
    else if (s->parent >= 0 && !s->noted)
        sim_fail(sim, "%s serves %s before the owner heard of it", sim->nodes[from].name,
                 sim->nodes[to].name);
    else if (s->stopped)
        sim_fail(sim, "%s offers %s what it took back", sim->nodes[from].name,
                 sim->nodes[to].name);
    else if (is_new)
        leases_may_pass_on(sim, from, to, i);
}

static int
record_find(const struct sim *sim, const struct record_id *id)
{
    char text[64];

    base32_format(bytes_of(id->b, ID_SIZE), text);
    text[ID_TEXT_LEN] = '\0';
    for (int i = 0; i < sim->record_count; i++)
        if (strcmp(sim->records[i].id, text) == 0)
            return i;
    return -1;
}

/* What goes back is about the receiver's own rows. */
static void
watch_fed_back(struct sim *sim, int from, int to, const struct records *records)
{
    for (size_t i = 0; i < records->run_count; i++)
        for (size_t k = 0; k < records->runs[i].item_count; k++) {
            const struct disclosure *item = &records->runs[i].items[k];
            sim->counts[COUNT_arrivals_told]++;
            for (size_t f = 0; f < item->field_count; f++) {
                struct record_id id;
                if (item->fields[f].value.len != ID_SIZE)
                    continue;
                memcpy(id.b, item->fields[f].value.data, ID_SIZE);
                int r = record_find(sim, &id);
                if (r >= 0 && sim->records[r].owner != to)
                    sim_fail(sim, "%s tells %s what became of %s's guest",
                             sim->nodes[from].name, sim->nodes[to].name,
                             sim->nodes[sim->records[r].owner].name);
            }
        }
}

static void
watch_records(struct sim *sim, int from, int to, const struct envelope *env,
              struct arena *arena)
{
    struct records *records;
    struct kept_body *kept;

    if (wire_records_parse(env->body, arena, &records) != STATUS_OK) {
        sim_fail(sim, "%s sends records that do not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &records->grant);
    if (i < 0 || sim->shares[i].giver != from || sim->shares[i].receiver != to) {
        sim_fail(sim, "%s sends %s records under a grant that is not between them",
                 sim->nodes[from].name, sim->nodes[to].name);
        return;
    }
    if (sim->shares[i].kind != SHARE_PLAIN && !sim->shares[i].accepted)
        sim_fail(sim, "%s sends %s rows before the answer", sim->nodes[from].name,
                 sim->nodes[to].name);
    leases_may_pass_on(sim, from, to, i);
    chains_watch_records(sim, from, &sim->shares[i], records);
    if (sim->shares[i].kind == SHARE_FEEDBACK)
        watch_fed_back(sim, from, to, records);
    sim->counts[COUNT_brought] += sim->shares[i].kind == SHARE_CONTRIBUTION;
    if (env->stream == 0)
        return;
    kept = xcalloc(1, sizeof(*kept) + env->body.len);
    kept->from = from;
    kept->to = to;
    kept->len = env->body.len;
    memcpy(kept->data, env->body.data, env->body.len);
    kept->next = sim->kept;
    sim->kept = kept;
}

/* An offer that was answered by rule: what the rule may say. */
static void
watch_rule(struct sim *sim, struct share *s, const struct answer *answer)
{
    bool fell = s->stopped || SIM_EPOCH_MS + sim->now >= s->until;

    for (int i = s->cites; i >= 0; i = sim->shares[i].parent)
        fell =
            fell || sim->shares[i].stopped || SIM_EPOCH_MS + sim->now >= sim->shares[i].until;
    if (s->kind == SHARE_FEEDBACK) {
        const struct share *asked = &sim->shares[sim->shares[s->cites].cites];
        fell = fell || !share_flows(sim, asked);
    }
    if (s->kind == SHARE_CONTRIBUTION && !share_is_judged(sim, s))
        fell = fell || !share_is_on_list(sim, s);
    if (!answer->accepted && !fell && !sim->restore.has_begun) /* a restored node forgot much */
        sim_fail(sim, "%s says no to %s's rows: %s", sim->nodes[s->receiver].name,
                 sim->nodes[s->giver].name, answer->reason);
    s->accepted = answer->accepted;
    s->declined = !answer->accepted;
    sim->counts[COUNT_looks_on] +=
        answer->accepted && s->kind == SHARE_CONTRIBUTION && !share_is_judged(sim, s);
}

/* Rows of its share that the organiser has on its list, for all that the bringer knows; without those on their way back. */
static int
taken_count(const struct sim *sim, const struct share *s)
{
    int count = 0;

    for (int i = 0; i < sim->record_count; i++)
        count +=
            s->fates[i] == FATE_TAKEN && !sim->records[i].gone && share_has_ground(sim, s, i);
    return count;
}

static bool
is_fair_refusal(const struct sim *sim, const struct share *s, const char *code)
{
    const struct share *asked = &sim->shares[s->cites];
    int rows = 0;

    for (int i = 0; i < sim->record_count; i++)
        rows += share_matches(sim, s, i);
    if (strcmp(code, "OVER_QUOTA") == 0)
        return asked->quota > 0 && rows > asked->quota;
    if (strcmp(code, "CLOSED") == 0)
        return sim->records[asked->event].is_off;
    if (strcmp(code, "NO_CONSENT") == 0) /* the bringer had waived it, the organiser had not */
        return sim->has_waived[s->giver][s->receiver];
    return strcmp(code, "LAPSED") == 0 && !share_flows(sim, asked);
}

static void
watch_judged(struct sim *sim, struct share *s, const struct judged *row)
{
    const struct share *asked = &sim->shares[s->cites];
    int i = record_find(sim, &row->record);

    if (i < 0 || sim->records[i].owner != s->giver) {
        sim_fail(sim, "%s judges for %s what it never brought", sim->nodes[s->receiver].name,
                 sim->nodes[s->giver].name);
        return;
    }
    s->fates[i] = row->taken ? FATE_TAKEN : FATE_REFUSED;
    sim->counts[COUNT_taken] += row->taken;
    sim->counts[COUNT_over_quota] += strcmp(row->reason, "OVER_QUOTA") == 0;
    sim->counts[COUNT_no_consent] += strcmp(row->reason, "NO_CONSENT") == 0;
    sim->counts[COUNT_closed] += strcmp(row->reason, "CLOSED") == 0;
    if (!row->taken && !is_fair_refusal(sim, s, row->reason))
        sim_fail(sim, "%s refuses %s's %s: %s", sim->nodes[s->receiver].name,
                 sim->nodes[s->giver].name, sim->records[i].id, row->reason);
    if (asked->quota > 0 && taken_count(sim, s) > asked->quota)
        sim_fail(sim, "%s takes more rows of %s than agreed: %d of %d",
                 sim->nodes[s->receiver].name, sim->nodes[s->giver].name, taken_count(sim, s),
                 asked->quota);
}

static void
watch_verdict(struct sim *sim, int from, int to, const struct envelope *env,
              struct arena *arena)
{
    struct signed_object *object;
    struct verdict *v;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_verdict_parse(object->body, arena, &v) != STATUS_OK) {
        sim_fail(sim, "%s sends a verdict that does not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &v->grant);
    if (i < 0 || sim->shares[i].receiver != from || sim->shares[i].giver != to ||
        !share_is_judged(sim, &sim->shares[i])) {
        sim_fail(sim, "%s judges for %s what is not between them", sim->nodes[from].name,
                 sim->nodes[to].name);
        return;
    }
    for (size_t k = 0; k < v->row_count; k++)
        watch_judged(sim, &sim->shares[i], &v->rows[k]);
}

/* Rows that are taken back leave the organiser's list, and make room under the quota. */
static void
watch_withdrawal(struct sim *sim, int from, const struct envelope *env, struct arena *arena)
{
    struct signed_object *object;
    struct withdrawal *w;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_withdrawal_parse(object->body, arena, &w) != STATUS_OK) {
        sim_fail(sim, "%s sends a withdrawal that does not parse", sim->nodes[from].name);
        return;
    }
    int i = share_find_gid(sim, &w->grant);
    if (i < 0) {
        sim_fail(sim, "%s takes back what it never shared", sim->nodes[from].name);
        return;
    }
    for (size_t k = 0; k < w->row_count; k++) {
        int r = record_find(sim, &w->rows[k].record);
        if (r < 0 || sim->records[r].owner != sim->shares[i].owner)
            sim_fail(sim, "%s takes back a row of another company", sim->nodes[from].name);
        else if (sim->shares[i].fates[r] == FATE_TAKEN)
            sim->shares[i].fates[r] = FATE_NONE;
        sim->counts[COUNT_withdrawn]++;
    }
}

static void
watch_signed(struct sim *sim, int from, int to, const struct envelope *env, struct arena *arena)
{
    struct signed_object *object;
    struct revocation *revocation;
    struct passon_ack *passon_ack;
    struct answer *answer;
    int i = -1;

    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK)
        return;
    if (env->kind == MESSAGE_REVOCATION &&
        wire_revocation_parse(object->body, arena, &revocation) == STATUS_OK)
        i = share_find_gid(sim, &revocation->grant);
    else if (env->kind == MESSAGE_ANSWER &&
             wire_answer_parse(object->body, arena, &answer) == STATUS_OK) {
        i = share_find_gid(sim, &answer->grant);
        if (i >= 0 && sim->shares[i].kind != SHARE_PLAIN)
            watch_rule(sim, &sim->shares[i], answer);
    }
    if (i >= 0)
        notice_add(sim, from, to, env, i);
    if (env->kind != MESSAGE_PASSON_ACK ||
        wire_passon_ack_parse(object->body, arena, &passon_ack) != STATUS_OK)
        return;
    i = share_find_gid(sim, &passon_ack->grant);
    if (i >= 0 && sim->shares[i].owner == from && passon_ack->noted)
        sim->shares[i].noted = true;
}

void
watch_content(struct sim *sim, int from, int to, const struct envelope *env, bool is_new)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    watch_canaries(sim, from, to, env);
    if (env->kind == MESSAGE_OFFER)
        watch_offer(sim, from, to, env, is_new, arena);
    else if (env->kind == MESSAGE_RECORDS)
        watch_records(sim, from, to, env, arena);
    else if (env->kind == MESSAGE_HEAD)
        leases_watch(sim, from, to, env, is_new);
    else if (env->kind == MESSAGE_VERDICT && is_new)
        watch_verdict(sim, from, to, env, arena);
    else if (env->kind == MESSAGE_RECEIPT)
        receipts_watch(sim, from, env);
    else if (env->kind == MESSAGE_WITHDRAWAL && is_new)
        watch_withdrawal(sim, from, env, arena);
    else
        watch_signed(sim, from, to, env, arena);
}

void
watch_send(struct sim *sim, int from, int to, struct bytes message)
{
    struct envelope env;

    if (envelope_parse(message, &env) != STATUS_OK) {
        sim_fail(sim, "%s sends what is no envelope", sim->nodes[from].name);
        return;
    }
    if (sim->is_apart) {
        apart_hear(sim, from, to, &env);
        return;
    }
    if (env.stream == STREAM_SESSION) {
        watch_canaries(sim, from, to, &env);
        watch_session(sim, from, to, &env);
        return;
    }
    restore_watch(sim, from, to, &env);
    bool is_new = watch_number(sim, from, to, &env);
    watch_content(sim, from, to, &env, is_new);
    if (env.kind == MESSAGE_SEALED)
        sealed_watch(sim, from, to, &env);
    else if (env.kind == MESSAGE_SEALED_RECEIPT)
        sealed_watch_receipt(sim, from, &env);
}

void
watch_fini(struct sim *sim)
{
    for (struct kept_body *k = sim->kept, *next; k != NULL; k = next) {
        next = k->next;
        free(k);
    }
    notice_fini(sim);
    for (int i = 0; i < NODES_MAX * NODES_MAX * 2; i++) {
        struct lane_seen *lane = &sim->lanes[i / (2 * NODES_MAX)][i / 2 % NODES_MAX][i % 2];
        free(lane->hashes);
        free(lane->kinds);
    }
    sealed_fini(sim);
    receipts_fini(sim);
    chains_fini(sim);
    sim->kept = NULL;
}
