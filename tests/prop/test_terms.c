/* SPDX-License-Identifier: Apache-2.0
 *
 * Terms only narrow (DESIGN P4). As in test_lattice.c a model, written from docs/protocol/grants.md, must agree with the code
 * on every pair; and what a company may bring under a link it might have brought under the parent: which fields, how many rows, until
 * when, for whose eyes.
 */
#include <sodium.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"
#include "tests/samples.h"

enum { WANTS = 4, STEPS = 3, FIELDS = 3, MODELS = 2 + WANTS * STEPS * STEPS * 2 };

struct model {
    bool contributes, has_terms, chain;
    unsigned want;          /* bits of fields, never none */
    unsigned quota, closes; /* 0: none */
};

static const unsigned wants[WANTS] = { 1, 3, 6, 7 };

static struct model
model_at(unsigned n)
{
    struct model m = { .contributes = n > 0, .has_terms = n > 1 };

    if (n < 2)
        return m; /* nothing, and contribute alone */
    n -= 2;
    m.want = wants[n % WANTS];
    n /= WANTS;
    m.quota = n % STEPS;
    n /= STEPS;
    m.closes = n % STEPS;
    m.chain = n / STEPS == 1;
    return m;
}

/* ---- what the protocol says ---- */

static bool
model_is_within(const struct model *inner, const struct model *outer)
{
    if (inner->contributes && !outer->contributes)
        return false;
    if (!outer->has_terms || !inner->contributes)
        return !inner->has_terms;
    return inner->has_terms && inner->want == outer->want &&
           (outer->quota == 0 || (inner->quota != 0 && inner->quota <= outer->quota)) &&
           (outer->closes == 0 || (inner->closes != 0 && inner->closes <= outer->closes)) &&
           (outer->chain || !inner->chain);
}

/* May the row-th row with this field be brought at this time, for eyes other than the owner's? */
static bool
model_allows(const struct model *m, unsigned field, unsigned row, unsigned time, bool others)
{
    return m->contributes && m->has_terms && (m->want >> field & 1) != 0 &&
           (m->quota == 0 || row <= m->quota) && (m->closes == 0 || time < m->closes) &&
           (m->chain || !others);
}

static bool
allows_no_more(const struct model *inner, const struct model *outer)
{
    for (unsigned field = 0; field < FIELDS; field++)
        for (unsigned row = 1; row <= STEPS; row++)
            for (unsigned time = 0; time <= STEPS; time++)
                for (int others = 0; others < 2; others++)
                    if (model_allows(inner, field, row, time, others == 1) &&
                        !model_allows(outer, field, row, time, others == 1))
                        return false;
    return true;
}

/* ---- the same as grants ---- */

static struct grant
grant_of(struct arena *arena, const struct grant *like, const struct model *m)
{
    struct grant g = *like;

    if (!m->contributes)
        g.actions &= ~(uint32_t)ACTION_CONTRIBUTE;
    g.has_terms = m->has_terms;
    g.terms = (struct terms){ .want = ARENA_ARRAY(arena, struct grant_field, FIELDS),
                              .quota = m->quota,
                              .closes = { m->closes },
                              .chain = m->chain };
    for (uint32_t i = 0; i < FIELDS; i++)
        if ((m->want >> i & 1) != 0)
            g.terms.want[g.terms.want_count++] =
                (struct grant_field){ { .number = 4 }, { .number = i } };
    return g;
}

static void
test_every_pair(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static struct sample_world world;
    struct object_id id = { .b = { 1 } };
    const char *component;
    unsigned within = 0, different = 0, more = 0, blamed = 0;

    sample_world_init(&world);
    struct grant root = sample_root(&world, arena);
    struct grant link = sample_link(&world, &root, &id, 2);
    for (unsigned p = 0; p < MODELS; p++)
        for (unsigned c = 0; c < MODELS; c++) {
            struct model outer = model_at(p), inner = model_at(c);
            struct grant parent = grant_of(arena, &root, &outer);
            struct grant child = grant_of(arena, &link, &inner);
            bool ours = grant_check(&parent, &component) == STATUS_OK &&
                        grant_check(&child, &component) == STATUS_OK &&
                        grant_narrows(&parent, &id, &child, &component) == STATUS_OK;
            within += ours;
            different += ours != model_is_within(&inner, &outer);
            more += ours && !allows_no_more(&inner, &outer);
            blamed += !ours && component != NULL && strcmp(component, "terms") == 0;
        }
    CHECK(t, "the code and the model agree on every pair", different == 0);
    CHECK(t, "and no link lets in more than its parent", more == 0);
    CHECK(t, "some pairs do narrow, some do not for their terms",
          within > MODELS && blamed > MODELS);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = { { "every pair", test_every_pair } };

    if (sodium_init() < 0)
        return 1;
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
