/* SPDX-License-Identifier: Apache-2.0
 *
 * Rights only narrow (DESIGN P4). A model of grants as bit sets, written here from docs/protocol/grants.md
 * with no code in common with acl/, says what must come out; the code must agree on every question.
 * HANSA_CASES sets the number of random chains (default 300).
 */
#include <sodium.h>
#include <stdlib.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/samples.h"

enum { TYPES = 2, FIELDS = 3, RECORDS = 5, SEGMENTS = 2, TIMES = 6, HOUR = 3600000 };

static struct sample_world world;
static const size_t audiences[CHAIN_MAX] = { 1, 2, 5, 4 };
static const char *const countries[] = { "CN", "DE", "FR", "GB", "JP", "US" };
static const char *const purposes[] = { "ads", "follow-up", "launch" };

/* One link as bit sets. */
struct model {
    unsigned fields;  /* bit type * FIELDS + field */
    unsigned actions; /* as on the wire */
    unsigned depth;
    unsigned purposes;   /* bits of purposes[] */
    unsigned countries;  /* bits of countries[]; none: anywhere */
    unsigned begin, end; /* hours from the first */
    unsigned days;
    bool receipt;
    enum selector selector;
    unsigned target; /* bits of records; or the record; or the segment */
};

/* The records of the world: who is under whom, who is in which segment. */
static const int parent_of[RECORDS] = { -1, 0, 0, -1, 3 };
static const unsigned member_of[SEGMENTS] = { 0x0e, 0x16 }; /* bits of records */

/* ---- what the protocol says ---- */

static bool
model_is_sound(const struct model *m)
{
    bool has_pass_on = (m->actions & 8) != 0;

    return m->fields != 0 && m->purposes != 0 && (m->actions & 1) != 0 && m->depth <= 3 &&
           has_pass_on == (m->depth > 0) && m->begin < m->end &&
           (m->selector != SELECTOR_RECORDS || m->target != 0);
}

static bool
model_is_within(const struct model *inner, const struct model *outer)
{
    bool same_places = outer->countries == 0 ||
                       (inner->countries != 0 && (inner->countries & ~outer->countries) == 0);

    return (outer->actions & 8) != 0 && (inner->actions & ~outer->actions) == 0 &&
           inner->depth < outer->depth && (inner->fields & ~outer->fields) == 0 &&
           (inner->purposes & ~outer->purposes) == 0 && same_places &&
           inner->begin >= outer->begin && inner->end <= outer->end &&
           inner->days <= outer->days && (inner->receipt || !outer->receipt);
}

static bool
model_selects(const struct model *m, int record)
{
    switch (m->selector) {
    case SELECTOR_RECORDS:
        return (m->target >> record & 1) != 0;
    case SELECTOR_TREE:
        return record == (int)m->target || parent_of[record] == (int)m->target;
    case SELECTOR_SEGMENT:
        return (member_of[m->target] >> record & 1) != 0;
    }
    return false;
}

/* May the leaf's audience have this field (bit) of this record at this hour? */
static bool
model_allows(const struct model *links, size_t count, int record, unsigned field, unsigned hour)
{
    for (size_t i = 0; i < count; i++)
        if ((links[i].fields >> field & 1) == 0 || !model_selects(&links[i], record) ||
            hour < links[i].begin || hour >= links[i].end)
            return false;
    return true;
}

static bool
model_verifies(const struct model *links, size_t count, unsigned hour)
{
    static const unsigned home[CHAIN_MAX] = { 0, 2, 3,
                                              4 }; /* of the audiences, in countries[] */

    for (size_t i = 0; i < count; i++) {
        if (!model_is_sound(&links[i]) || (i > 0 && !model_is_within(&links[i], &links[i - 1])))
            return false;
        if (links[i].countries != 0 && (links[i].countries >> home[i] & 1) == 0)
            return false;
    }
    return hour >= links[count - 1].begin && hour < links[count - 1].end;
}

/* ---- the same as real grants ---- */

static struct record_id
record_named(int record)
{
    return (struct record_id){ .b = { 0xaa, (uint8_t)record } };
}

static struct wall_ms
hour_named(unsigned hour)
{
    return (struct wall_ms){ .ms = (int64_t)hour * HOUR };
}

static size_t
texts_of(struct arena *arena, const char *const *names, size_t count, unsigned bits,
         const char ***out)
{
    size_t used = 0;

    *out = ARENA_ARRAY(arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        if ((bits >> i & 1) != 0)
            (*out)[used++] = names[i];
    return used;
}

static void
fill_selector(struct arena *arena, const struct model *m, struct grant *g)
{
    g->selector = m->selector;
    g->records = ARENA_ARRAY(arena, struct record_id, RECORDS);
    g->tree = record_named((int)m->target);
    g->segment = (struct revision_id){ .b = { 0xbb, (uint8_t)m->target } };
    for (int i = 0; i < RECORDS; i++)
        if ((m->target >> i & 1) != 0)
            g->records[g->record_count++] = record_named(i);
}

static struct grant
grant_of(struct arena *arena, const struct model *m)
{
    struct grant g = { .owner = world.companies[0].id,
                       .actions = m->actions,
                       .depth = m->depth,
                       .not_before = hour_named(m->begin),
                       .not_after = hour_named(m->end),
                       .delete_days = m->days,
                       .receipt = m->receipt };

    g.fields = ARENA_ARRAY(arena, struct grant_field, TYPES * FIELDS);
    for (uint32_t i = 0; i < TYPES * FIELDS; i++)
        if ((m->fields >> i & 1) != 0)
            g.fields[g.field_count++] =
                (struct grant_field){ { .number = i / FIELDS }, { .number = i % FIELDS } };
    g.purpose_count = texts_of(arena, purposes, COUNT_OF(purposes), m->purposes, &g.purposes);
    g.country_count =
        texts_of(arena, countries, COUNT_OF(countries), m->countries, &g.countries);
    fill_selector(arena, m, &g);
    return g;
}

static void
sign_chain(struct arena *arena, const struct model *links, size_t count,
           struct signed_object out[static CHAIN_MAX])
{
    for (size_t i = 0; i < count; i++) {
        struct grant g = grant_of(arena, &links[i]);
        g.issuer = world.companies[i == 0 ? 0 : audiences[i - 1]].id;
        g.audience = world.companies[audiences[i]].id;
        g.has_parent = i > 0;
        if (i > 0)
            g.parent = digest_object_id(out[i - 1].body);
        out[i] = sample_grant_sign(&world, &g, arena);
    }
}

static struct verified_chain *
verify_at(const struct signed_object *links, size_t count, unsigned hour)
{
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    struct verified_chain *chain;
    enum status status =
        chain_verify(links, count, &keys, &revoked, hour_named(hour), &chain, NULL);

    return status == STATUS_OK ? chain : NULL;
}

/* ---- every pair of a small universe ---- */

enum { UNIVERSE = 3 * 6 * 3 * 4 * 2 * 2 * 2 };

static struct model
universe_at(unsigned n)
{
    static const unsigned actions[] = { 1, 1 | 2, 1 | 8, 1 | 2 | 8, 1 | 8, 1 | 2 | 8 };
    static const unsigned depths[] = { 0, 0, 1, 1, 2, 2 };
    struct model m = { .selector = SELECTOR_TREE, .begin = 1, .end = 5 };

    m.fields = n % 3 + 1;
    n /= 3;
    m.actions = actions[n % 6];
    m.depth = depths[n % 6];
    n /= 6;
    m.purposes = n % 3 + 1;
    n /= 3;
    m.countries = n % 4;
    n /= 4;
    m.begin += n % 2;
    n /= 2;
    m.days = n % 2;
    n /= 2;
    m.receipt = n % 2 == 1;
    return m;
}

static void
test_every_pair(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static struct model models[UNIVERSE];
    static struct grant grants[UNIVERSE];
    struct object_id parent = { .b = { 1 } };
    const char *component;
    unsigned within = 0, different = 0;

    for (unsigned i = 0; i < UNIVERSE; i++) {
        models[i] = universe_at(i);
        grants[i] = grant_of(arena, &models[i]);
        grants[i].has_parent = true;
        grants[i].parent = parent;
    }
    for (unsigned p = 0; p < UNIVERSE; p++)
        for (unsigned c = 0; c < UNIVERSE; c++) {
            bool ours = grant_narrows(&grants[p], &parent, &grants[c], &component) == STATUS_OK;
            bool theirs = model_is_within(&models[c], &models[p]);
            within += ours;
            different += ours != theirs;
        }
    CHECK(t, "the code and the model agree on every pair", different == 0);
    CHECK(t, "and some pairs do narrow", within > 1000 && within < UNIVERSE * UNIVERSE / 10);
}

/* ---- random chains ---- */

static unsigned
draw(uint64_t *state, unsigned below)
{
    return (unsigned)(check_random(state) % below);
}

static struct model
draw_root(uint64_t *state)
{
    struct model m = { .depth = draw(state, 4),
                       .begin = draw(state, 3),
                       .days = draw(state, 4) };

    m.fields = 1 + draw(state, (1u << TYPES * FIELDS) - 1);
    m.actions = 1 | draw(state, 8) | (m.depth > 0 ? 8u : 0);
    m.purposes = 1 + draw(state, 7);
    m.countries = draw(state, 2) == 0 ? 0 : 0x1d | draw(state, 64);
    m.end = m.begin + 1 + draw(state, TIMES - m.begin);
    m.receipt = draw(state, 2) == 0;
    m.selector = (enum selector)draw(state, 3);
    m.target = m.selector == SELECTOR_RECORDS ? 1 + draw(state, (1u << RECORDS) - 1)
               : m.selector == SELECTOR_TREE  ? draw(state, RECORDS)
                                              : draw(state, SEGMENTS);
    return m;
}

static unsigned
draw_subset(uint64_t *state, unsigned of)
{
    for (;;) {
        unsigned some = of & (draw(state, 1u << 8) | draw(state, 1u << 8));
        if (some != 0)
            return some;
    }
}

/* Narrower or equal in everything, most of the time. */
static struct model
draw_link(uint64_t *state, const struct model *parent)
{
    struct model wild = draw_root(state), m = *parent;
    unsigned odd = draw(state, 60); /* this component is taken as drawn */

    m.fields = odd == 0 ? wild.fields : draw_subset(state, parent->fields);
    m.purposes = odd == 1 ? wild.purposes : draw_subset(state, parent->purposes);
    if (odd == 2)
        m.countries = wild.countries;
    m.depth = odd == 3 ? wild.depth : parent->depth == 0 ? 0 : draw(state, parent->depth);
    m.actions = odd == 4 ? wild.actions : (parent->actions & 7) | (m.depth > 0 ? 8u : 0);
    if (odd == 5 || (parent->end - parent->begin > 2 && draw(state, 3) == 0)) {
        m.begin = odd == 5 ? wild.begin : parent->begin + 1;
        m.end = odd == 5 ? wild.end : parent->end;
    }
    if (odd == 6)
        m.days = wild.days;
    m.receipt = odd == 7 ? wild.receipt : parent->receipt || draw(state, 2) == 0;
    m.selector = wild.selector;
    m.target = wild.target;
    return m;
}

static struct record_facts
facts_of(int record, uint32_t type, struct revision_id segments[static SEGMENTS])
{
    struct record_facts f = { .id = record_named(record),
                              .owner = world.companies[0].id,
                              .type = { .number = type },
                              .has_parent = parent_of[record] >= 0,
                              .segments = segments };

    if (f.has_parent)
        f.parent = record_named(parent_of[record]);
    for (unsigned s = 0; s < SEGMENTS; s++)
        if ((member_of[s] >> record & 1) != 0)
            segments[f.segment_count++] = (struct revision_id){ .b = { 0xbb, (uint8_t)s } };
    return f;
}

/* Every question to a chain, code against model; returns the answers as a bit set in `out`. */
static void
ask_everything(struct check *t, const struct verified_chain *chain, const struct model *links,
               size_t count, bool out[RECORDS][TYPES * FIELDS][TIMES])
{
    const struct node_id *to = &world.companies[audiences[count - 1]].id;

    for (int r = 0; r < RECORDS; r++)
        for (uint32_t type = 0; type < TYPES; type++)
            for (unsigned hour = 0; hour < TIMES; hour++) {
                struct revision_id segments[SEGMENTS];
                struct record_facts facts = facts_of(r, type, segments);
                struct field fields[FIELDS] = { { .key.number = 0 },
                                                { .key.number = 1 },
                                                { .key.number = 2 } };
                bool keep[FIELDS];
                (void)decide_fields(chain, to, &facts, fields, FIELDS, hour_named(hour), keep);
                for (uint32_t f = 0; f < FIELDS; f++) {
                    uint32_t bit = type * FIELDS + f;
                    struct decision d =
                        decide_field(chain, to, &facts, fields[f].key, hour_named(hour));
                    CHECK(t, "one field and many fields are decided alike",
                          keep[f] == (d.stop == STOP_NONE));
                    CHECK(t, "the code decides as the model does",
                          keep[f] == model_allows(links, count, r, bit, hour));
                    out[r][bit][hour] = keep[f];
                }
            }
}

static bool
is_subset(bool inner[RECORDS][TYPES * FIELDS][TIMES],
          bool outer[RECORDS][TYPES * FIELDS][TIMES])
{
    for (int r = 0; r < RECORDS; r++)
        for (unsigned f = 0; f < TYPES * FIELDS; f++)
            for (unsigned h = 0; h < TIMES; h++)
                if (inner[r][f][h] && !outer[r][f][h])
                    return false;
    return true;
}

static size_t
case_count(size_t otherwise)
{
    const char *text = getenv("HANSA_CASES");

    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static void
test_links_only_narrow(struct check *t)
{
    uint64_t state = t->seed;
    size_t verified[CHAIN_MAX + 1] = { 0 }, refused = 0;

    for (size_t n = case_count(300); n > 0; n--) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct model links[CHAIN_MAX];
        struct signed_object objects[CHAIN_MAX];
        bool before[RECORDS][TYPES * FIELDS][TIMES], after[RECORDS][TYPES * FIELDS][TIMES];
        for (size_t count = 1; count <= CHAIN_MAX; count++) {
            links[count - 1] =
                count == 1 ? draw_root(&state) : draw_link(&state, &links[count - 2]);
            if (links[count - 1].selector == SELECTOR_RECORDS && links[count - 1].target == 0)
                break;
            unsigned hour = links[count - 1].begin;
            sign_chain(arena, links, count, objects);
            AUTO(verified_chain_free)
            struct verified_chain *chain = verify_at(objects, count, hour);
            CHECK(t, "a chain verifies exactly when the model says so",
                  (chain != NULL) == model_verifies(links, count, hour));
            refused += chain == NULL;
            if (chain == NULL)
                break;
            verified[count]++;
            ask_everything(t, chain, links, count, after);
            CHECK(t, "one more link never adds a right",
                  count == 1 || is_subset(after, before));
            memcpy(before, after, sizeof(before));
        }
    }
    CHECK(t, "chains of every length were asked",
          verified[1] > 0 && verified[2] > 0 && verified[3] > 0);
    CHECK(t, "and some were refused", refused > 0);
}

/* Take one right away from one link, in one of its components. */
static void
take_away(uint64_t *state, struct model *m)
{
    switch (draw(state, 5)) {
    case 0:
        m->fields &= m->fields - 1;
        break;
    case 1:
        m->actions &= ~(1u << draw(state, 4));
        break;
    case 2:
        m->end -= m->end > 0;
        break;
    case 3:
        m->purposes &= m->purposes - 1;
        break;
    default:
        if (m->selector == SELECTOR_RECORDS && (m->target & (m->target - 1)) != 0)
            m->target &= m->target - 1;
        else
            m->begin++;
    }
}

static void
test_removing_never_adds(struct check *t)
{
    uint64_t state = t->seed + 1;
    size_t asked = 0;

    for (size_t n = case_count(300); n > 0; n--) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct model links[CHAIN_MAX] = { draw_root(&state) };
        struct signed_object objects[CHAIN_MAX];
        bool before[RECORDS][TYPES * FIELDS][TIMES], after[RECORDS][TYPES * FIELDS][TIMES];
        size_t count = 1;
        while (count < CHAIN_MAX && links[count - 1].depth > 0) {
            links[count] = draw_link(&state, &links[count - 1]);
            count++;
        }
        sign_chain(arena, links, count, objects);
        AUTO(verified_chain_free)
        struct verified_chain *chain = verify_at(objects, count, links[count - 1].begin);
        if (chain == NULL)
            continue;
        ask_everything(t, chain, links, count, before);
        take_away(&state, &links[draw(&state, (unsigned)count)]);
        sign_chain(arena, links, count, objects);
        AUTO(verified_chain_free)
        struct verified_chain *less = verify_at(objects, count, links[count - 1].begin);
        if (less == NULL)
            continue; /* no chain, no right */
        ask_everything(t, less, links, count, after);
        CHECK(t, "a right taken away anywhere never adds one", is_subset(after, before));
        asked++;
    }
    CHECK(t, "some chains still stood", asked > 0);
}

static void
test_links_left_out(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant grants[CHAIN_MAX];
    struct signed_object links[CHAIN_MAX], fewer[CHAIN_MAX];

    sample_chain(&world, CHAIN_MAX, arena, grants, links);
    for (unsigned kept = 1; kept < 15; kept++) {
        struct key_directory keys = sample_keys(&world);
        struct revocation_view revoked = sample_revocations(&world);
        AUTO(verified_chain_free) struct verified_chain *chain = NULL;
        size_t count = 0;
        for (size_t i = 0; i < CHAIN_MAX; i++)
            if ((kept >> i & 1) != 0)
                fewer[count++] = links[i];
        bool is_prefix = (kept & (kept + 1)) == 0;
        enum status status =
            chain_verify(fewer, count, &keys, &revoked, SAMPLE_NOW, &chain, NULL);
        CHECK(t, "links left out leave a chain only when they were the last ones",
              (status == STATUS_OK) == is_prefix);
        if (chain == NULL)
            continue;
        struct record_facts facts = { .id = grants[0].tree,
                                      .owner = world.companies[0].id,
                                      .type = { .number = 2 } };
        CHECK(t, "and then the last company has no right under it",
              decide_record(chain, &world.companies[4].id, &facts, SAMPLE_NOW).stop ==
                  STOP_RECIPIENT);
    }
}

/* ---- forgery ---- */

static void
test_changed_bytes_never_verify(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    uint64_t state = t->seed + 2;
    struct grant grants[CHAIN_MAX];
    struct signed_object good[CHAIN_MAX];
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);

    sample_chain(&world, 3, arena, grants, good);
    for (size_t n = case_count(300) * 4; n > 0; n--) {
        AUTO(arena_free) struct arena *scratch = arena_new(0);
        struct signed_object links[3] = { good[0], good[1], good[2] };
        struct signed_object *l = &links[draw(&state, 3)];
        struct verified_chain *chain;
        struct bytes body = arena_copy(scratch, l->body);
        uint8_t *raw = (uint8_t *)(uintptr_t)body.data;
        unsigned at = draw(&state, (unsigned)body.len + 64);
        uint8_t change = (uint8_t)(1 + draw(&state, 255));
        if (at < body.len)
            raw[at] ^= change;
        else
            l->signature.b[at - body.len] ^= change;
        l->body = body;
        CHECK(t, "a chain with one byte changed never verifies",
              chain_verify(links, 3, &keys, &revoked, SAMPLE_NOW, &chain, NULL) != STATUS_OK &&
                  chain == NULL);
    }
}

static void
test_random_bytes_never_verify(struct check *t)
{
    uint64_t state = t->seed + 3;
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);

    for (size_t n = case_count(300) * 4; n > 0; n--) {
        uint8_t raw[400];
        struct signed_object links[CHAIN_MAX];
        struct verified_chain *chain;
        for (size_t i = 0; i < sizeof(raw); i++)
            raw[i] = (uint8_t)check_random(&state);
        for (size_t i = 0; i < CHAIN_MAX; i++) {
            links[i].body = bytes_of(raw + i, draw(&state, 300));
            memcpy(links[i].signature.b, raw + 300, 64);
        }
        CHECK(t, "random bytes never verify",
              chain_verify(links, 1 + draw(&state, CHAIN_MAX), &keys, &revoked, SAMPLE_NOW,
                           &chain, NULL) != STATUS_OK);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "every pair of a small universe", test_every_pair },
        { "links only narrow", test_links_only_narrow },
        { "removing never adds", test_removing_never_adds },
        { "links left out", test_links_left_out },
        { "changed bytes never verify", test_changed_bytes_never_verify },
        { "random bytes never verify", test_random_bytes_never_verify },
    };

    if (sodium_init() < 0)
        return 1;
    sample_world_init(&world);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
