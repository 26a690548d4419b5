/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/hostile.c - a partner that lies, when all else is at rest: it forges a newer revision of another
 * company's record (P8), it says old things again under new numbers (P6), and as a carrier of sealed messages it
 * alters, swaps, invents and repeats them. None of it may change what is seen.
 *
 * What it sends was seen on the wire; it signs with its own key. Its number is the next of its own stream, so
 * the receiver must judge the content.
 */
#include "federation/envelope.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "schema/merkle.h"
#include "tests/sim/sim.h"

enum { LIES_A_SEED = 3, FAR_AHEAD = 1000 };

/* ---- saying it ---------------------------------------------------------------------------- */

static void
say(struct sim *sim, int from, int to, enum message_kind kind, struct bytes body)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct lane_seen *lane = &sim->lanes[from][to][STREAM_DATA - 1];
    struct envelope env = { .kind = (uint8_t)kind,
                            .stream = STREAM_DATA,
                            .session = sim->session[to][from],
                            .incarnation = 1,
                            .seq = lane->count + 1,
                            .body = body };

    lane->hashes = xrealloc(lane->hashes, (lane->count + 1) * sizeof(*lane->hashes));
    lane->kinds = xrealloc(lane->kinds, lane->count + 1);
    lane->kinds[lane->count] = (uint8_t)kind;
    lane->hashes[lane->count++] = digest_plain(body);
    sim->muted[from][to] = true;
    net_inject(sim, from, to, envelope_format(&env, arena));
    net_run(sim, sim->now + 2000);
    if (!sim_failed(sim) && lane->have != lane->count)
        sim_fail(sim, "%s does not count what %s made up as received", sim->nodes[to].name,
                 sim->nodes[from].name);
}

static struct share *
share_of(struct sim *sim, const struct kept_body *kept, struct arena *arena,
         struct records **out)
{
    if (wire_records_parse(bytes_of(kept->data, kept->len), arena, out) != STATUS_OK)
        return NULL;
    int i = share_find_gid(sim, &(*out)->grant);
    return i < 0 ? NULL : &sim->shares[i];
}

/* ---- forging ------------------------------------------------------------------------------ */

/* Another number in every canary: a value that its owner never wrote. */
static struct bytes
forge_value(struct bytes value, struct arena *arena)
{
    uint8_t *copy = arena_alloc(arena, value.len + 1);
    size_t at = 0;

    memcpy(copy, value.data, value.len);
    while (canary_next(value, &at) != 0)
        memset(copy + at - 6, '9', 6);
    return bytes_of(copy, value.len);
}

static struct bytes
forge(struct sim *sim, int from, const struct records *seen, struct arena *arena)
{
    struct disclosure item = seen->runs[0].items[0];
    struct field *fields = ARENA_ARRAY(arena, struct field, item.field_count + 1);
    struct run run = { .size = 1, .item_count = 1, .items = &item };
    struct records records = { .grant = seen->grant, .runs = &run, .run_count = 1 };
    struct revision *revision;
    uint8_t body[68];

    if (wire_revision_parse(item.revision, arena, &revision) != STATUS_OK)
        return (struct bytes){ 0 };
    for (size_t i = 0; i < item.field_count; i++)
        fields[i] = (struct field){ .key = item.fields[i].key,
                                    .value = forge_value(item.fields[i].value, arena) };
    item = (struct disclosure){ .has_secret = true,
                                .fields = fields,
                                .field_count = item.field_count };
    revision->position.number += FAR_AHEAD;
    revision->commitments = commitment_root(item.secret, fields, item.field_count);
    item.revision = wire_revision_format(revision, arena);
    struct revision_id id = digest_revision_id(item.revision);
    struct digest leaf = merkle_leaf(&id), root = merkle_root(&leaf, 1);
    signature_batch_body(&revision->owner, 1, &root, body);
    int owner = node_index_of(sim, &revision->owner);
    int liar = owner != from ? from : (from + 1) % NODES_MAX;
    uint64_t key = sim->keys[liar].since[KEY_SIGNING];
    if (sim->keys[owner].stolen != 0) { /* with the owner's, from before */
        liar = owner;
        key = sim->keys[owner].stolen;
        sim->counts[COUNT_stolen_refused]++;
    }
    run.signature = keys_sign(liar, key, SIGN_BATCH, bytes_of(body, sizeof(body)));
    return wire_records_format(&records, arena);
}

static void
lie(struct sim *sim, const struct kept_body *kept)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct records *seen;
    const struct share *s = share_of(sim, kept, arena, &seen);

    if (s == NULL || !share_flows(sim, s))
        return;
    struct bytes body = forge(sim, kept->from, seen, arena);
    if (body.len == 0)
        return;
    int before = judge_dead(sim, kept->to, "BAD_SIGNATURE");
    say(sim, kept->from, kept->to, MESSAGE_RECORDS, body);
    if (sim_failed(sim))
        return;
    if (judge_dead(sim, kept->to, "BAD_SIGNATURE") != before + 1)
        sim_fail(sim, "%s does not say that %s forged", sim->nodes[kept->to].name,
                 sim->nodes[kept->from].name);
    sim->counts[COUNT_forged]++;
}

/* ---- saying old things again -------------------------------------------------------------- */

/* Has one of the values in these bytes a newer one by now? */
static bool
is_outdated(const struct sim *sim, const struct kept_body *kept)
{
    struct bytes body = bytes_of(kept->data, kept->len);
    size_t at = 0;

    for (int canary; (canary = canary_next(body, &at)) != 0;) {
        if (canary > sim->canary_count)
            continue;
        const struct canary *c = &sim->canaries[canary];
        const struct record *r = &sim->records[c->places[0].record];
        if (c->place_count == 1 && !r->gone && r->values[c->places[0].slot] != canary)
            return true;
    }
    return false;
}

static void
repeat(struct sim *sim, const struct kept_body *kept)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct records *seen;
    const struct share *s = share_of(sim, kept, arena, &seen);

    if (s == NULL || !share_flows(sim, s))
        return;
    say(sim, kept->from, kept->to, MESSAGE_RECORDS, bytes_of(kept->data, kept->len));
    sim->counts[COUNT_replayed]++;
}

/* ---- a carrier that lies ------------------------------------------------------------------ */

enum lie { LIE_BYTE, LIE_SWAP, LIE_INVENT, LIE_OWN, LIE_REPEAT, LIE_COUNT_ };

static const char *const lie_codes[LIE_COUNT_] = { "BAD_SIGNATURE", "BAD_SIGNATURE",
                                                   "BAD_SIGNATURE", "NOT_GRANTED", NULL };

struct carried {
    struct sealed_body *body;
    struct sealed *header;
};

static bool
carried_parse(const struct kept_body *kept, struct arena *arena, struct carried *out)
{
    return wire_sealed_body_parse(bytes_of(kept->data, kept->len), arena, &out->body) ==
               STATUS_OK &&
           wire_sealed_parse(out->body->header.body, arena, &out->header) == STATUS_OK;
}

/* Signed by the carrier. */
static void
sign_as(const struct sim *sim, struct carried *c, int liar, struct arena *arena)
{
    c->body->header.body = wire_sealed_format(c->header, arena);
    c->body->header.signature =
        keys_sign(liar, sim->keys[liar].since[KEY_SIGNING], SIGN_SEALED, c->body->header.body);
}

/* false: it would be the truth. */
static bool
twist(struct sim *sim, const struct kept_body *kept, enum lie lie, struct carried *c,
      struct arena *arena)
{
    struct carried other;

    if (lie == LIE_BYTE) {
        uint8_t *box = arena_alloc(arena, c->body->box.len);
        memcpy(box, c->body->box.data, c->body->box.len);
        box[sim_random(sim, c->body->box.len)] ^= (uint8_t)(1 + sim_random(sim, 255));
        c->body->box = bytes_of(box, c->body->box.len);
    } else if (lie == LIE_SWAP) {
        if (kept->next == NULL || !carried_parse(kept->next, arena, &other) ||
            ID_IS_EQUAL(other.header->box, c->header->box))
            return false;
        c->body->box = other.body->box;
    } else if (lie == LIE_INVENT) {
        c->header->number = sim->sealed[node_index_of(sim, &c->header->author)]
                                       [node_index_of(sim, &c->header->audience)]
                                           .count +
                            1;
        sign_as(sim, c, kept->from, arena);
    } else if (lie == LIE_OWN) {
        if (!ID_IS_EQUAL(c->header->audience, sim->nodes[kept->to].id))
            return false; /* further away it may write; what it steals does not open there */
        c->header->author = sim->nodes[kept->from].id;
        sign_as(sim, c, kept->from, arena);
    }
    return true;
}

static void
carry_lie(struct sim *sim, const struct kept_body *kept)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    enum lie lie = (enum lie)sim_random(sim, LIE_COUNT_);
    struct carried c;

    if (!carried_parse(kept, arena, &c))
        return;
    int way = share_find_gid(sim, &c.header->grant);
    if (way < 0 || !share_flows(sim, &sim->shares[way]) || !twist(sim, kept, lie, &c, arena))
        return;
    const char *code = lie_codes[lie];
    int before = code == NULL ? 0 : judge_dead(sim, kept->to, code);
    say(sim, kept->from, kept->to, MESSAGE_SEALED, wire_sealed_body_format(c.body, arena));
    if (!sim_failed(sim) && code != NULL && judge_dead(sim, kept->to, code) != before + 1)
        sim_fail(sim, "%s does not say that its carrier %s lied (%d)",
                 sim->nodes[kept->to].name, sim->nodes[kept->from].name, (int)lie);
    sim->counts[COUNT_carrier_lies]++;
}

void
hostile_act(struct sim *sim)
{
    uint64_t lies = sim->counts[COUNT_forged], repeats = sim->counts[COUNT_replayed];

    for (const struct kept_body *k = sim->kept; k != NULL && !sim_failed(sim); k = k->next) {
        if (sim->counts[COUNT_forged] < lies + LIES_A_SEED && sim_chance(sim, 20))
            lie(sim, k);
        else if (sim->counts[COUNT_replayed] < repeats + LIES_A_SEED && is_outdated(sim, k))
            repeat(sim, k);
    }
    uint64_t carried = sim->counts[COUNT_carrier_lies];
    for (const struct kept_body *k = sim->carried; k != NULL && !sim_failed(sim); k = k->next)
        if (sim->counts[COUNT_carrier_lies] < carried + LIES_A_SEED && sim_chance(sim, 40))
            carry_lie(sim, k);
    /* A share may end just now: a node sees that within 10 s. */
    for (int tries = 0; tries < 4 && !sim_failed(sim); tries++) {
        if (sim->has_muted ? judge_views(sim, tries == 3) : judge_settled(sim, tries == 3))
            return;
        net_run(sim, sim->now + 7000);
    }
}
