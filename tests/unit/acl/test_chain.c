/* SPDX-License-Identifier: Apache-2.0
 *
 * Chains of docs/protocol/grants.md: a good chain of 1 to 4 links, and one thing wrong with it at a time.
 */
#include <sodium.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/samples.h"

static struct sample_world world;

/* A chain in the making: grants are spoiled before they are signed, links after. */
struct making {
    struct arena *arena;
    struct grant grants[CHAIN_MAX];
    struct signed_object links[CHAIN_MAX];
    size_t count;
    struct wall_ms now;
};

/* Sign grants[from ...]; each names the one before as its parent unless `alone`. */
static void
sign_from(struct making *m, size_t from)
{
    for (size_t i = from; i < m->count; i++) {
        if (i > from && m->grants[i].has_parent)
            m->grants[i].parent = digest_object_id(m->links[i - 1].body);
        m->links[i] = sample_grant_sign(&world, &m->grants[i], m->arena);
    }
}

static void
make_chain(struct making *m, struct arena *arena, size_t count)
{
    *m = (struct making){ .arena = arena, .count = count, .now = SAMPLE_NOW };
    sample_chain(&world, count, arena, m->grants, m->links);
}

static enum status
verify(const struct making *m, struct verified_chain **out, struct chain_fault *fault)
{
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);

    return chain_verify(m->links, m->count, &keys, &revoked, m->now, out, fault);
}

static void
test_good_chains(struct check *t)
{
    for (size_t count = 1; count <= CHAIN_MAX; count++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(verified_chain_free) struct verified_chain *chain = NULL;
        struct making m;
        struct chain_fault fault = { 7, "stale" };
        make_chain(&m, arena, count);
        if (!CHECK(t, "a good chain verifies", verify(&m, &chain, &fault) == STATUS_OK))
            continue;
        CHECK(t, "and has no fault", fault.component == NULL);
        CHECK(t, "it has its links", chain_length(chain) == count);
        struct object_id leaf = digest_object_id(m.links[count - 1].body);
        CHECK(t, "the leaf is the last",
              ID_IS_EQUAL(*chain_leaf_id(chain), leaf) &&
                  ID_IS_EQUAL(chain_leaf(chain)->audience, m.grants[count - 1].audience));
        CHECK(t, "the owner is the root's",
              ID_IS_EQUAL(*chain_owner(chain), world.companies[0].id));
        CHECK(t, "the end is that of the links",
              chain_end(chain).ms == m.grants[count - 1].not_after.ms);
        /* the caller's memory is not needed any more */
        memset((void *)(uintptr_t)m.links[0].body.data, 0, m.links[0].body.len);
        CHECK(t, "the chain has copies of its own",
              chain_link(chain, 0)->field_count == 6 &&
                  strcmp(chain_link(chain, 0)->purposes[0], "follow-up") == 0);
    }
}

static void
test_length(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct making m;
    struct verified_chain *chain;
    struct signed_object five[CHAIN_MAX + 1];
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);

    make_chain(&m, arena, CHAIN_MAX);
    memcpy(five, m.links, sizeof(m.links));
    five[CHAIN_MAX] = m.links[CHAIN_MAX - 1];
    CHECK(t, "no links are no chain",
          chain_verify(five, 0, &keys, &revoked, SAMPLE_NOW, &chain, NULL) ==
              STATUS_BROKEN_CHAIN);
    CHECK(t, "five links are too many",
          chain_verify(five, CHAIN_MAX + 1, &keys, &revoked, SAMPLE_NOW, &chain, NULL) ==
              STATUS_BROKEN_CHAIN);
    CHECK(t, "and nothing comes out", chain == NULL);
}

/* ---- one thing wrong: rows spoil grants[1] of three unless they say otherwise ---- */

typedef void spoil_fn(struct making *m);

static struct grant_field asked[] = { { { .number = 2 }, { .number = 1 } },
                                      { { .number = 2 }, { .number = 3 } },
                                      { { .number = 3 }, { .number = 1 } } };
static struct grant_field asked_else[] = { { { .number = 2 }, { .number = 1 } },
                                           { { .number = 2 }, { .number = 4 } } };

/* Terms in all links, the widest in the root; the last link has the narrowest. */
static void
put_terms(struct making *m)
{
    for (size_t i = 0; i < m->count; i++) {
        m->grants[i].has_terms = true;
        m->grants[i].terms = (struct terms){
            .want = asked, .want_count = 2, .quota = 100, .closes = SAMPLE_NOW, .chain = true
        };
    }
}

/* clang-format off */
#define SPOIL(name) static void name(struct making *m)
SPOIL(nothing)           { sign_from(m, 0); }
SPOIL(root_with_parent)  { m->grants[0].has_parent = true; sign_from(m, 0); }
SPOIL(link_without)      { m->grants[1].has_parent = false; sign_from(m, 1); }
SPOIL(no_fields)         { m->grants[1].field_count = 0; sign_from(m, 1); }
SPOIL(no_purposes)       { m->grants[1].purpose_count = 0; sign_from(m, 1); }
SPOIL(unknown_action)    { m->grants[1].actions |= 16; sign_from(m, 1); }
SPOIL(no_read)           { m->grants[1].actions &= ~(uint32_t)ACTION_READ; sign_from(m, 1); }
SPOIL(depth_four)        { m->grants[0].depth = 4; sign_from(m, 0); }
SPOIL(depth_no_pass_on)  { m->grants[1].actions = ACTION_READ; sign_from(m, 1); }
SPOIL(pass_on_no_depth)  { m->grants[1].depth = 0; sign_from(m, 1); }
SPOIL(no_window)         { m->grants[1].not_before = m->grants[1].not_after; sign_from(m, 1); }
SPOIL(to_itself)         { m->grants[1].audience = m->grants[1].issuer; sign_from(m, 1); }
SPOIL(to_the_owner)      { m->grants[1].audience = world.companies[0].id; sign_from(m, 1); }
SPOIL(root_by_stranger)  { m->grants[0].issuer = world.companies[3].id; sign_from(m, 0); }
SPOIL(changed_signature) { m->links[1].signature.b[5] ^= 1; }
SPOIL(foreign_signature) { m->links[1].signature = sample_sign(&world.companies[0], SIGN_GRANT, m->links[1].body); }
SPOIL(other_type)        { m->links[1].signature = sample_sign(&world.companies[1], SIGN_OFFER, m->links[1].body); }
SPOIL(other_parent)      { m->grants[1].parent.b[0] ^= 1; sign_from(m, 1); }
SPOIL(other_issuer)      { m->grants[1].issuer = world.companies[3].id; sign_from(m, 1); }
SPOIL(other_owner)       { m->grants[1].owner = world.companies[3].id; sign_from(m, 1); }
SPOIL(audience_twice)    { m->grants[2].audience = world.companies[1].id; sign_from(m, 2); }
SPOIL(root_no_pass_on)   { m->grants[0].actions = ACTION_READ; m->grants[0].depth = 0; sign_from(m, 0); }
SPOIL(wider_actions)     { m->grants[0].actions = ACTION_READ | ACTION_PASS_ON; m->grants[1].actions = ACTION_ALL; sign_from(m, 0); }
SPOIL(depth_not_less)    { m->grants[1].depth = 3; sign_from(m, 1); }
SPOIL(wider_fields)      { m->grants[1].fields[5].field.number = 3; sign_from(m, 1); }
SPOIL(wider_type)        { m->grants[1].fields[5].type.number = 4; sign_from(m, 1); }
SPOIL(wider_space)       { m->grants[1].fields[5].field.space = bytes_text("own"); sign_from(m, 1); }
SPOIL(wider_purposes)    { m->grants[1].purposes[1] = "zzz"; sign_from(m, 1); }
SPOIL(wider_countries)   { m->grants[1].countries[0] = "AT"; sign_from(m, 1); }
SPOIL(any_country)       { m->grants[1].country_count = 0; sign_from(m, 1); }
SPOIL(earlier)           { m->grants[1].not_before.ms--; sign_from(m, 1); }
SPOIL(later)             { m->grants[1].not_after.ms++; sign_from(m, 1); }
SPOIL(keep_longer)       { m->grants[1].delete_days = 31; sign_from(m, 1); }
SPOIL(no_receipt)        { m->grants[0].receipt = true; sign_from(m, 0); }
SPOIL(wrong_country)     { m->grants[1].audience = world.companies[3].id; m->grants[2].issuer = world.companies[3].id; sign_from(m, 1); }
SPOIL(cut_body)          { m->links[1].body.len--; }
SPOIL(swapped)           { struct signed_object s = m->links[0]; m->links[0] = m->links[1]; m->links[1] = s; }
SPOIL(narrower) {
    for (size_t i = 1; i < 3; i++) {
        m->grants[i].fields++; m->grants[i].field_count -= i + 1;
        m->grants[i].purpose_count = 1;
        m->grants[i].country_count = 4;
        m->grants[i].delete_days = 3 - (uint32_t)i;
        m->grants[i].receipt = true;
        m->grants[i].not_before.ms += (int64_t)i; m->grants[i].not_after.ms -= (int64_t)i;
    }
    sign_from(m, 0);
}
SPOIL(terms_alike)       { put_terms(m); sign_from(m, 0); }
SPOIL(terms_narrower) {
    put_terms(m);
    m->grants[1].terms.quota--; m->grants[1].terms.closes.ms--;
    m->grants[2].terms.quota = 1; m->grants[2].terms.closes.ms = 1; m->grants[2].terms.chain = false;
    sign_from(m, 0);
}
SPOIL(terms_appear)      { put_terms(m); m->grants[0].has_terms = false; sign_from(m, 0); }
SPOIL(limits_appear)     { put_terms(m); m->grants[0].terms.quota = 0; m->grants[0].terms.closes.ms = 0; sign_from(m, 0); }
SPOIL(contribute_ends) {
    put_terms(m);
    for (size_t i = 1; i < 3; i++) {
        m->grants[i].has_terms = false;
        m->grants[i].actions &= ~(uint32_t)ACTION_CONTRIBUTE;
    }
    sign_from(m, 0);
}
SPOIL(terms_read_only)   { put_terms(m); m->grants[1].actions &= ~(uint32_t)ACTION_CONTRIBUTE; sign_from(m, 0); }
SPOIL(terms_gone)        { put_terms(m); m->grants[1].has_terms = false; sign_from(m, 0); }
SPOIL(terms_gone_last)   { put_terms(m); m->grants[2].has_terms = false; sign_from(m, 0); }
SPOIL(want_more)         { put_terms(m); m->grants[1].terms.want_count = 3; sign_from(m, 0); }
SPOIL(want_less)         { put_terms(m); m->grants[1].terms.want_count = 1; sign_from(m, 0); }
SPOIL(want_other)        { put_terms(m); m->grants[1].terms.want = asked_else; sign_from(m, 0); }
SPOIL(quota_more)        { put_terms(m); m->grants[1].terms.quota++; sign_from(m, 0); }
SPOIL(quota_gone)        { put_terms(m); m->grants[1].terms.quota = 0; sign_from(m, 0); }
SPOIL(quota_grows_last)  { put_terms(m); m->grants[1].terms.quota = 5; m->grants[2].terms.quota = 6; sign_from(m, 0); }
SPOIL(closes_later)      { put_terms(m); m->grants[1].terms.closes.ms++; sign_from(m, 0); }
SPOIL(closes_gone)       { put_terms(m); m->grants[1].terms.closes.ms = 0; sign_from(m, 0); }
SPOIL(chain_appears)     { put_terms(m); m->grants[0].terms.chain = false; sign_from(m, 0); }
SPOIL(cites_in_link)     { m->grants[2].has_cites = true; m->grants[2].depth = 0; m->grants[2].actions = ACTION_READ; sign_from(m, 2); }
SPOIL(cites_passed_on)   { m->grants[0].has_cites = true; sign_from(m, 0); }
SPOIL(cites_terms) {
    put_terms(m);
    m->grants[0].has_cites = true;
    m->grants[0].depth = 0; m->grants[0].actions = ACTION_READ | ACTION_CONTRIBUTE;
    sign_from(m, 0);
}
SPOIL(cites_alone)       { m->count = 1; m->grants[0].has_cites = true; m->grants[0].depth = 0; m->grants[0].actions = ACTION_READ; sign_from(m, 0); }
SPOIL(cites_then_link)   { cites_alone(m); m->count = 3; sign_from(m, 0); }
SPOIL(countries_appear)  { m->grants[0].country_count = 0; sign_from(m, 0); }
/* clang-format on */

/* The sample's links share lists; a row that changes one needs its own. */
static void
unshare(struct making *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct grant *g = &m->grants[i];
        struct bytes fields = bytes_of(g->fields, g->field_count * sizeof(*g->fields));
        struct bytes purposes = bytes_of(g->purposes, g->purpose_count * sizeof(*g->purposes));
        struct bytes countries =
            bytes_of(g->countries, g->country_count * sizeof(*g->countries));
        g->fields = (void *)(uintptr_t)arena_copy(m->arena, fields).data;
        g->purposes = (void *)(uintptr_t)arena_copy(m->arena, purposes).data;
        g->countries = (void *)(uintptr_t)arena_copy(m->arena, countries).data;
    }
}

struct wrong {
    const char *why;
    spoil_fn *spoil;
    enum status want;
    size_t link;
    const char *component;
};

static void
check_wrong(struct check *t, const struct wrong *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(verified_chain_free) struct verified_chain *chain = NULL;
        struct chain_fault fault;
        struct making m;
        make_chain(&m, arena, 3);
        unshare(&m);
        rows[i].spoil(&m);
        enum status status = verify(&m, &chain, &fault);
        CHECK(t, rows[i].why,
              status == rows[i].want && (status == STATUS_OK) == (chain != NULL));
        if (rows[i].component != NULL)
            CHECK(t, rows[i].why,
                  fault.link == rows[i].link && fault.component != NULL &&
                      strcmp(fault.component, rows[i].component) == 0);
    }
}

static void
test_one_thing_wrong(struct check *t)
{
    /* clang-format off */
    static const struct wrong rows[] = {
        { "untouched and signed again it verifies", nothing, STATUS_OK, 0, NULL },
        { "narrower in everything verifies", narrower, STATUS_OK, 0, NULL },
        { "countries may appear under a parent without", countries_appear, STATUS_OK, 0, NULL },
        { "a root with a parent", root_with_parent, STATUS_BROKEN_CHAIN, 0, "parent" },
        { "a link without a parent", link_without, STATUS_BROKEN_CHAIN, 1, "parent" },
        { "no field", no_fields, STATUS_MALFORMED, 1, "fields" },
        { "no purpose", no_purposes, STATUS_MALFORMED, 1, "purposes" },
        { "an action that nobody knows", unknown_action, STATUS_MALFORMED, 1, "actions" },
        { "no read", no_read, STATUS_MALFORMED, 1, "actions" },
        { "depth 4", depth_four, STATUS_MALFORMED, 0, "depth" },
        { "depth without pass_on", depth_no_pass_on, STATUS_MALFORMED, 1, "depth" },
        { "pass_on without depth", pass_on_no_depth, STATUS_MALFORMED, 1, "depth" },
        { "an end at the begin", no_window, STATUS_MALFORMED, 1, "window" },
        { "a grant to its issuer", to_itself, STATUS_MALFORMED, 1, "parties" },
        { "a grant back to the owner", to_the_owner, STATUS_MALFORMED, 1, "parties" },
        { "a root by somebody else", root_by_stranger, STATUS_MALFORMED, 0, "parties" },
        { "a body cut short", cut_body, STATUS_MALFORMED, 1, "body" },
        { "a changed signature", changed_signature, STATUS_BAD_SIGNATURE, 1, "signature" },
        { "signed by another company", foreign_signature, STATUS_BAD_SIGNATURE, 1, "signature" },
        { "signed as another type", other_type, STATUS_BAD_SIGNATURE, 1, "signature" },
        { "another parent", other_parent, STATUS_BROKEN_CHAIN, 1, "parent" },
        { "an issuer who did not get the parent", other_issuer, STATUS_BROKEN_CHAIN, 1, "parent" },
        { "another owner", other_owner, STATUS_BROKEN_CHAIN, 1, "parent" },
        { "links in the wrong order", swapped, STATUS_BROKEN_CHAIN, 0, "parent" },
        { "a company twice", audience_twice, STATUS_BROKEN_CHAIN, 2, "audience" },
        { "a parent that may not be passed on", root_no_pass_on, STATUS_WIDENED, 1, "pass_on" },
        { "more actions", wider_actions, STATUS_WIDENED, 1, "actions" },
        { "depth that does not fall", depth_not_less, STATUS_WIDENED, 1, "depth" },
        { "another field", wider_fields, STATUS_WIDENED, 1, "fields" },
        { "a field of another type", wider_type, STATUS_WIDENED, 1, "fields" },
        { "a field of another name space", wider_space, STATUS_WIDENED, 1, "fields" },
        { "another purpose", wider_purposes, STATUS_WIDENED, 1, "purposes" },
        { "another country", wider_countries, STATUS_WIDENED, 1, "countries" },
        { "any country under a parent with some", any_country, STATUS_WIDENED, 1, "countries" },
        { "an earlier begin", earlier, STATUS_WIDENED, 1, "window" },
        { "a later end", later, STATUS_WIDENED, 1, "window" },
        { "a longer time to delete", keep_longer, STATUS_WIDENED, 1, "duties" },
        { "no receipt under a parent that wants one", no_receipt, STATUS_WIDENED, 1, "duties" },
        { "a company in a country that is not allowed", wrong_country, STATUS_NOT_GRANTED, 1, "countries" },
    };
    /* clang-format on */

    check_wrong(t, rows, COUNT_OF(rows));
}

static void
test_terms(struct check *t)
{
    /* clang-format off */
    static const struct wrong rows[] = {
        { "the same terms all the way", terms_alike, STATUS_OK, 0, NULL },
        { "narrower terms at each link", terms_narrower, STATUS_OK, 0, NULL },
        { "terms under a parent without", terms_appear, STATUS_WIDENED, 1, "terms" },
        { "quota and close under a parent without", limits_appear, STATUS_OK, 0, NULL },
        { "terms end where contribute does", contribute_ends, STATUS_OK, 0, NULL },
        { "terms without contribute", terms_read_only, STATUS_MALFORMED, 1, "terms" },
        { "contribute without its parent's terms", terms_gone, STATUS_WIDENED, 1, "terms" },
        { "the same at the leaf", terms_gone_last, STATUS_WIDENED, 2, "terms" },
        { "more wanted", want_more, STATUS_WIDENED, 1, "terms" },
        { "less wanted", want_less, STATUS_WIDENED, 1, "terms" },
        { "something else wanted", want_other, STATUS_WIDENED, 1, "terms" },
        { "a larger quota", quota_more, STATUS_WIDENED, 1, "terms" },
        { "no quota under a parent with one", quota_gone, STATUS_WIDENED, 1, "terms" },
        { "a quota larger than its parent's, within the root's", quota_grows_last, STATUS_WIDENED, 2, "terms" },
        { "a later close", closes_later, STATUS_WIDENED, 1, "terms" },
        { "no close under a parent with one", closes_gone, STATUS_WIDENED, 1, "terms" },
        { "for the chain under a parent for the owner", chain_appears, STATUS_WIDENED, 1, "terms" },
        { "an answer to another grant", cites_alone, STATUS_OK, 0, NULL },
        { "an answer in a link", cites_in_link, STATUS_MALFORMED, 2, "cites" },
        { "an answer that is passed on", cites_passed_on, STATUS_MALFORMED, 0, "cites" },
        { "an answer with terms", cites_terms, STATUS_MALFORMED, 0, "cites" },
        { "a link under an answer", cites_then_link, STATUS_WIDENED, 1, "pass_on" },
    };
    /* clang-format on */

    check_wrong(t, rows, COUNT_OF(rows));
}

static void
test_time(struct check *t)
{
    static const struct {
        const char *why;
        int64_t begin, end; /* of the leaf, against now */
        enum status want;
    } rows[] = {
        { "a window that opens five minutes from now is open", CLOCK_TOLERANCE_MS, 900000,
          STATUS_OK },
        { "a millisecond more and it is not yet", CLOCK_TOLERANCE_MS + 1, 900000,
          STATUS_NOT_YET },
        { "a window that ends in a millisecond is open", -1000, 1, STATUS_OK },
        { "at its end it has ended", -1000, 0, STATUS_EXPIRED },
        { "after it too", -1000, -1, STATUS_EXPIRED },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(verified_chain_free) struct verified_chain *chain = NULL;
        struct making m;
        make_chain(&m, arena, 2);
        m.grants[1].not_before.ms = SAMPLE_NOW_MS + rows[i].begin;
        m.grants[1].not_after.ms = SAMPLE_NOW_MS + rows[i].end;
        sign_from(&m, 0);
        CHECK(t, rows[i].why, verify(&m, &chain, NULL) == rows[i].want);
    }
}

static void
test_revoked(struct check *t)
{
    for (size_t count = 1; count <= CHAIN_MAX; count++)
        for (size_t gone = 0; gone < count; gone++) {
            AUTO(arena_free) struct arena *arena = arena_new(0);
            AUTO(verified_chain_free) struct verified_chain *chain = NULL;
            struct making m;
            struct chain_fault fault;
            make_chain(&m, arena, count);
            struct object_id id = digest_object_id(m.links[gone].body);
            world.revoked = &id;
            CHECK(t, "a chain with any link revoked is revoked",
                  verify(&m, &chain, &fault) == STATUS_REVOKED && fault.link == gone);
            for (size_t by = 0; by <= count; by++) {
                world.revoker =
                    by < count ? &m.grants[by].issuer : &m.grants[count - 1].audience;
                enum status want = by <= gone ? STATUS_REVOKED : STATUS_OK;
                CHECK(t, "the word of issuers down to the grant counts, nobody else's",
                      verify(&m, &chain, NULL) == want);
                verified_chain_free(&chain);
            }
            world.revoked = NULL;
            world.revoker = NULL;
        }
}

static void
test_unknown_companies(struct check *t)
{
    static const struct {
        const char *why;
        size_t unknown; /* company */
        enum status want;
    } rows[] = {
        { "an owner without descriptor", 0, STATUS_UNKNOWN_KEY },
        { "a company in between without descriptor", 1, STATUS_UNKNOWN_KEY },
        { "an audience without descriptor has no country", 2, STATUS_UNKNOWN_KEY },
        { "a stranger to the chain does not matter", 3, STATUS_OK },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(verified_chain_free) struct verified_chain *chain = NULL;
        struct making m;
        make_chain(&m, arena, 2);
        world.unknown = rows[i].unknown;
        CHECK(t, rows[i].why, verify(&m, &chain, NULL) == rows[i].want);
        world.unknown = SAMPLE_COMPANIES;
    }
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct making m;
    make_chain(&m, arena, 1);
    m.grants[0].country_count = 0;
    sign_from(&m, 0);
    world.unknown = 1;
    CHECK(t, "without countries the audience needs no descriptor",
          verify(&m, &chain, NULL) == STATUS_OK);
    world.unknown = SAMPLE_COMPANIES;
}

static void
test_size(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct making m;

    make_chain(&m, arena, 1);
    static struct record_id records[GRANT_RECORDS_MAX];
    for (uint32_t i = 0; i < GRANT_RECORDS_MAX; i++)
        put_u32(records[i].b, i);
    static struct grant_field fields[GRANT_FIELDS_MAX];
    for (uint32_t i = 0; i < GRANT_FIELDS_MAX; i++)
        fields[i] = (struct grant_field){ { .number = 1 }, { .number = i } };
    m.grants[0].selector = SELECTOR_RECORDS;
    m.grants[0].records = records;
    m.grants[0].record_count = GRANT_RECORDS_MAX;
    m.grants[0].fields = fields;
    m.grants[0].field_count = GRANT_FIELDS_MAX;
    sign_from(&m, 0);
    CHECK(t, "the most records and fields make a grant that verifies",
          m.links[0].body.len <= GRANT_MAX && verify(&m, &chain, NULL) == STATUS_OK);
}

static void
test_checks_alone(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct making m;
    const char *component = "stale";

    make_chain(&m, arena, 2);
    CHECK(t, "a good grant passes its own check",
          grant_check(&m.grants[0], &component) == STATUS_OK && component == NULL);
    struct object_id parent = digest_object_id(m.links[0].body);
    CHECK(t, "a good link narrows its parent",
          grant_narrows(&m.grants[0], &parent, &m.grants[1], &component) == STATUS_OK &&
              component == NULL);
    m.grants[0].selector = SELECTOR_RECORDS;
    CHECK(t, "an empty list of records selects nothing",
          grant_check(&m.grants[0], &component) == STATUS_MALFORMED &&
              strcmp(component, "selector") == 0);
    m.grants[0].selector = SELECTOR_TREE;
    m.grants[0].fields[0].field.number = 99;
    CHECK(t, "lists out of order are refused before they are signed",
          grant_check(&m.grants[0], &component) == STATUS_MALFORMED &&
              strcmp(component, "order") == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "good chains verify", test_good_chains },
        { "length", test_length },
        { "one thing wrong", test_one_thing_wrong },
        { "terms and answers", test_terms },
        { "time", test_time },
        { "revoked", test_revoked },
        { "unknown companies", test_unknown_companies },
        { "the largest grant", test_size },
        { "checks alone", test_checks_alone },
    };

    if (sodium_init() < 0)
        return 1;
    sample_world_init(&world);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
