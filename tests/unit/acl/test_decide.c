/* SPDX-License-Identifier: Apache-2.0
 *
 * The decision: a record that may go, and one reason at a time why it may not.
 */
#include <sodium.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/samples.h"

static struct sample_world world;
static const struct revision_id segment = { .b = { 0x5e } };

/* Three links: a tree; then two records; then members of a segment. Each narrower in fields:
 * type 2 has 1 3 4 9, then 1 3 4, then 1 4; type 3 has 1 2, then none. */
static struct verified_chain *
make_chain(struct check *t, struct arena *arena)
{
    struct grant g[CHAIN_MAX];
    struct signed_object links[CHAIN_MAX];
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    struct verified_chain *chain;
    static struct record_id records[] = { { { 1 } }, { { 2 } } };
    static struct grant_field middle[] = { { { .number = 2 }, { .number = 1 } },
                                           { { .number = 2 }, { .number = 3 } },
                                           { { .number = 2 }, { .number = 4 } } };
    static struct grant_field last[] = { { { .number = 2 }, { .number = 1 } },
                                         { { .number = 2 }, { .number = 4 } } };

    sample_chain(&world, 3, arena, g, links);
    g[1].selector = SELECTOR_RECORDS;
    g[1].records = records;
    g[1].record_count = COUNT_OF(records);
    g[1].fields = middle;
    g[1].field_count = COUNT_OF(middle);
    links[1] = sample_grant_sign(&world, &g[1], arena);
    g[2].parent = digest_object_id(links[1].body);
    g[2].selector = SELECTOR_SEGMENT;
    g[2].segment = segment;
    g[2].fields = last;
    g[2].field_count = COUNT_OF(last);
    g[2].not_after.ms -= 10;
    links[2] = sample_grant_sign(&world, &g[2], arena);
    CHECK(t, "the chain verifies",
          chain_verify(links, 3, &keys, &revoked, SAMPLE_NOW, &chain, NULL) == STATUS_OK);
    return chain;
}

/* A record that may go. */
struct question {
    struct record_facts facts;
    struct node_id recipient;
    struct key field;
    struct wall_ms now;
};

static struct question
good_question(void)
{
    return (struct question){
        .facts = { .id = { { 2 } },
                   .owner = world.companies[0].id,
                   .type = { .number = 2 },
                   .has_parent = true,
                   .parent = { { 0x7e } },
                   .segments = &segment,
                   .segment_count = 1 },
        .recipient = world.companies[5].id,
        .field = { .number = 4 },
        .now = SAMPLE_NOW,
    };
}

/* clang-format off */
#define CHANGE(name) static void name(struct question *q)
CHANGE(nothing)        { (void)q; }
CHANGE(other_owner)    { q->facts.owner = world.companies[1].id; }
CHANGE(middle_company) { q->recipient = world.companies[1].id; }
CHANGE(stranger)       { q->recipient = world.companies[4].id; }
CHANGE(owner_itself)   { q->recipient = world.companies[0].id; }
CHANGE(too_early)      { q->now.ms -= 1000000 + CLOCK_TOLERANCE_MS + 1; }
CHANGE(just_in_time)   { q->now.ms -= 1000000 + CLOCK_TOLERANCE_MS; }
CHANGE(leaf_over)      { q->now.ms += 1000000 - 10; }
CHANGE(nearly_over)    { q->now.ms += 1000000 - 11; }
CHANGE(all_over)       { q->now.ms += 1000000; }
CHANGE(other_tree)     { q->facts.parent.b[0] = 0x7f; }
CHANGE(hidden_parent)  { q->facts.has_parent = false; }
CHANGE(not_listed)     { q->facts.id.b[0] = 3; }
CHANGE(no_member)      { q->facts.segment_count = 0; }
CHANGE(old_segment)    { static const struct revision_id old = { .b = { 0x5d } }; q->facts.segments = &old; }
CHANGE(third_segment) {
    static const struct revision_id all[] = { { { 1 } }, { { 2 } }, { { 0x5e } } };
    q->facts.segments = all;
    q->facts.segment_count = 3;
}
CHANGE(type_of_root)   { q->facts.type.number = 3; }
CHANGE(unknown_type)   { q->facts.type.number = 7; }
CHANGE(own_type)       { q->facts.type.space = bytes_text("own"); }
CHANGE(field_of_root)  { q->field.number = 9; }
CHANGE(field_of_two)   { q->field.number = 3; }
CHANGE(unknown_field)  { q->field.number = 77; }
CHANGE(own_field)      { q->field = (struct key){ bytes_text("own"), 4 }; }
CHANGE(first_field)    { q->field.number = 1; }
CHANGE(everything)     { other_owner(q); stranger(q); all_over(q); not_listed(q); unknown_type(q); }
CHANGE(all_but_owner)  { stranger(q); all_over(q); not_listed(q); unknown_type(q); }
CHANGE(time_and_more)  { all_over(q); not_listed(q); unknown_type(q); }
CHANGE(selector_more)  { not_listed(q); unknown_type(q); unknown_field(q); }
/* clang-format on */

static void
test_one_reason_at_a_time(struct check *t)
{
    /* clang-format off */
    static const struct {
        const char *why;
        void (*change)(struct question *);
        enum stop stop;
        size_t link;
    } rows[] = {
        { "what all links grant may go", nothing, STOP_NONE, 0 },
        { "another field that all links grant", first_field, STOP_NONE, 0 },
        { "one of several segments", third_segment, STOP_NONE, 0 },
        { "clocks may differ by five minutes", just_in_time, STOP_NONE, 0 },
        { "until the last millisecond", nearly_over, STOP_NONE, 0 },
        { "a record of another owner", other_owner, STOP_OWNER, 0 },
        { "a company in the middle of the chain", middle_company, STOP_RECIPIENT, 2 },
        { "a stranger", stranger, STOP_RECIPIENT, 2 },
        { "the owner", owner_itself, STOP_RECIPIENT, 2 },
        { "before the window", too_early, STOP_NOT_YET, 0 },
        { "after the leaf's end", leaf_over, STOP_ENDED, 2 },
        { "after every end", all_over, STOP_ENDED, 0 },
        { "under another record", other_tree, STOP_SELECTOR, 0 },
        { "a parent that is not known", hidden_parent, STOP_SELECTOR, 0 },
        { "a record that is not listed", not_listed, STOP_SELECTOR, 1 },
        { "no member of the segment", no_member, STOP_SELECTOR, 2 },
        { "a member of an older revision of the segment", old_segment, STOP_SELECTOR, 2 },
        { "a type that only the root grants", type_of_root, STOP_TYPE, 1 },
        { "a type that nobody grants", unknown_type, STOP_TYPE, 0 },
        { "a type with this number in an own name space", own_type, STOP_TYPE, 0 },
        { "a field that only the root grants", field_of_root, STOP_FIELD, 1 },
        { "a field that the leaf does not grant", field_of_two, STOP_FIELD, 2 },
        { "a field that nobody grants", unknown_field, STOP_FIELD, 0 },
        { "a field with this number in an own name space", own_field, STOP_FIELD, 0 },
        { "of many reasons the first is named: owner", everything, STOP_OWNER, 0 },
        { "of many reasons the first is named: recipient", all_but_owner, STOP_RECIPIENT, 2 },
        { "of many reasons the first is named: window", time_and_more, STOP_ENDED, 0 },
        { "of many reasons the first is named: selector", selector_more, STOP_SELECTOR, 1 },
    };
    /* clang-format on */
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = make_chain(t, arena);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct question q = good_question();
        rows[i].change(&q);
        struct decision d = decide_field(chain, &q.recipient, &q.facts, q.field, q.now);
        CHECK(t, rows[i].why, d.stop == rows[i].stop && d.link == rows[i].link);
        struct decision r = decide_record(chain, &q.recipient, &q.facts, q.now);
        bool is_field = rows[i].stop == STOP_FIELD;
        CHECK(t, "the record is decided alike, but for the field",
              is_field ? r.stop == STOP_NONE : r.stop == d.stop && r.link == d.link);
        struct field f = { .key = q.field };
        bool keep = true;
        struct decision m = decide_fields(chain, &q.recipient, &q.facts, &f, 1, q.now, &keep);
        CHECK(t, "many fields at once are decided alike",
              m.stop == r.stop && m.link == r.link && keep == (d.stop == STOP_NONE));
    }
}

static void
test_many_fields(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = make_chain(t, arena);
    struct question q = good_question();
    struct field fields[6] = {
        { .key = { .number = 0 } }, { .key = { .number = 1 } },
        { .key = { .number = 3 } }, { .key = { .number = 4 } },
        { .key = { .number = 5 } }, { .key = { bytes_text("own"), 1 } }
    };
    static const bool want[6] = { false, true, false, true, false, false };
    bool keep[6];

    struct decision d = decide_fields(chain, &q.recipient, &q.facts, fields, 6, q.now, keep);
    CHECK(t, "of many fields exactly the granted ones are kept",
          d.stop == STOP_NONE && memcmp(keep, want, sizeof(keep)) == 0);
    d = decide_fields(chain, &q.recipient, &q.facts, NULL, 0, q.now, NULL);
    CHECK(t, "a record without fields may go", d.stop == STOP_NONE);
    memset(keep, true, sizeof(keep));
    q.now.ms += 2000000;
    d = decide_fields(chain, &q.recipient, &q.facts, fields, 6, q.now, keep);
    bool none = false;
    for (size_t i = 0; i < COUNT_OF(keep); i++)
        none = none || keep[i];
    CHECK(t, "of a record that may not go nothing is kept", d.stop == STOP_ENDED && !none);
}

static void
test_tree(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant g[CHAIN_MAX];
    struct signed_object links[CHAIN_MAX];
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct record_facts facts = { .id = { { 0x7e } },
                                  .owner = world.companies[0].id,
                                  .type = { .number = 2 } };

    sample_chain(&world, 1, arena, g, links);
    if (!CHECK(t, "the chain verifies",
               chain_verify(links, 1, &keys, &revoked, SAMPLE_NOW, &chain, NULL) == STATUS_OK))
        return;
    CHECK(t, "a tree holds its own record",
          decide_record(chain, &world.companies[1].id, &facts, SAMPLE_NOW).stop == STOP_NONE);
    facts = (struct record_facts){ .id = { { 9 } },
                                   .owner = world.companies[0].id,
                                   .type = { .number = 3 },
                                   .has_parent = true,
                                   .parent = { { 0x7e } } };
    CHECK(t, "and its children",
          decide_record(chain, &world.companies[1].id, &facts, SAMPLE_NOW).stop == STOP_NONE);
    facts.owner = world.companies[1].id;
    CHECK(t, "but not the children of another owner",
          decide_record(chain, &world.companies[1].id, &facts, SAMPLE_NOW).stop == STOP_OWNER);
}

/* The owner needs no word; everybody below it one that is news. */
static void
test_lease(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *direct = NULL;
    AUTO(verified_chain_free) struct verified_chain *passed_on = make_chain(t, arena);
    struct grant g[CHAIN_MAX];
    struct signed_object links[CHAIN_MAX];
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    struct wall_ms none = { 0 };

    sample_chain(&world, 1, arena, g, links);
    CHECK(t, "a chain of one link",
          chain_verify(links, 1, &keys, &revoked, SAMPLE_NOW, &direct, NULL) == STATUS_OK);
    CHECK(t, "needs no word", decide_lease(direct, none, SAMPLE_NOW).stop == STOP_NONE);
    CHECK(t, "a longer one does", decide_lease(passed_on, none, SAMPLE_NOW).stop == STOP_LEASE);
    for (int64_t off = -1; off <= 1; off++) {
        struct wall_ms now = { SAMPLE_NOW_MS + off };
        CHECK(t, "until the word expires",
              (decide_lease(passed_on, SAMPLE_NOW, now).stop == STOP_NONE) == (off < 0));
    }
}

static void
test_names(struct check *t)
{
    CHECK(t, "a stop has a name",
          strcmp(stop_name(STOP_NOT_YET), "NOT_YET") == 0 &&
              strcmp(stop_name(STOP_NONE), "NONE") == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "one reason at a time", test_one_reason_at_a_time },
        { "many fields", test_many_fields },
        { "a tree", test_tree },
        { "a lease", test_lease },
        { "names", test_names },
    };

    if (sodium_init() < 0)
        return 1;
    sample_world_init(&world);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
