/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_contribution.c - what the organiser answers to a contribution, rule by rule, on a real core with
 * really signed chains: what an honest node never sends, and what an honest one sends too late.
 */
#include "node/contribution.h"

#include "tests/unit/node/home_fake.h"

enum { ACME, BRIO, CEDAR, DELTA };

/* ---- a core, and companies that it knows -------------------------------------------------- */

static struct signed_object
descriptor_of(const struct sample_company *c, struct arena *arena)
{
    struct descriptor d = { .root_key = c->key,
                            .serial = 1,
                            .name = c->name,
                            .country = c->country,
                            .signing_key = c->key,
                            .not_before = { SAMPLE_NOW_MS - 1000 },
                            .not_after = { SAMPLE_NOW_MS + INT64_C(100000000000) } };
    struct signed_object object = { .body = wire_descriptor_format(&d, arena) };

    object.signature = sample_sign(c, SIGN_DESCRIPTOR, object.body);
    return object;
}

struct fixture {
    struct home home;
    struct arena *arena;
    struct core *core;
    struct record_id event, other;
    struct key attendee;
    struct object_id asked; /* Acme's grant to Brio, with terms */
};

static bool
fixture_init(struct fixture *f)
{
    struct diag diag = { 0 };
    struct company *c;

    memset(f, 0, sizeof(*f));
    home_make(&f->home);
    f->home.now_ms = SAMPLE_NOW_MS;
    f->arena = arena_new(0);
    f->event.b[0] = 1;
    f->other.b[0] = 2;
    struct signed_object own = descriptor_of(&f->home.world.companies[ACME], f->arena);
    struct core_birth birth = { .descriptor = wire_signed_object_format(&own, f->arena),
                                .language = "en" };
    struct core_config config = home_config(&f->home);
    if (core_init(f->home.path, &birth, &diag) != STATUS_OK ||
        core_open(&config, &diag, &f->core) != STATUS_OK || core_need_txn(f->core) != STATUS_OK)
        return false;
    for (size_t i = BRIO; i <= DELTA; i++) {
        struct signed_object d = descriptor_of(&f->home.world.companies[i], f->arena);
        if (company_learn(f->core, &d, COMPANY_INTRODUCED, 0, &c) != STATUS_OK)
            return false;
    }
    f->attendee = dictionary_find_name(f->core->dictionary, "attendee")->key;
    return true;
}

static void
fixture_fini(struct fixture *f)
{
    core_close(&f->core);
    arena_free(&f->arena);
    home_remove(&f->home);
}

static struct grant_field
field(const struct fixture *f, const char *name)
{
    const struct type *type = dictionary_find(f->core->dictionary, f->attendee);

    return (struct grant_field){ f->attendee, type_field_find_name(type, name)->key };
}

/* ---- what was asked, and by whom ---------------------------------------------------------- */

static const struct node_id *
node_of(const struct fixture *f, size_t company)
{
    return &f->home.world.companies[company].id;
}

static struct grant
asking(struct fixture *f)
{
    static const char *purposes[] = { "event" };
    struct grant_field *fields = ARENA_ARRAY(f->arena, struct grant_field, 2);
    struct grant_field *want = ARENA_ARRAY(f->arena, struct grant_field, 1);

    fields[0] = field(f, "event");
    fields[1] = field(f, "name");
    want[0] = field(f, "email");
    return (struct grant){ .issuer = *node_of(f, ACME),
                           .audience = *node_of(f, BRIO),
                           .owner = *node_of(f, ACME),
                           .selector = SELECTOR_TREE,
                           .tree = f->event,
                           .fields = fields,
                           .field_count = 2,
                           .actions = ACTION_READ | ACTION_CONTRIBUTE,
                           .not_before = { SAMPLE_NOW_MS - 10 },
                           .not_after = { SAMPLE_NOW_MS + 1000000 },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .has_terms = true,
                           .terms = { .want = want, .want_count = 1 } };
}

static bool
give(struct fixture *f, const struct grant *grant, enum share_state state,
     struct object_id *gid)
{
    struct verified_chain *chain = NULL;
    struct signed_object link = sample_grant_sign(&f->home.world, grant, f->arena);
    struct chain_fault fault;
    struct live *live;
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = company_find(f->core, &grant->audience)->id,
                             .state = SHARE_OFFERED,
                             .kind = OFFER_EVENT,
                             .title = "Launch",
                             .note = "" };

    if (chain_check(f->core, &link, 1, &chain, &fault) != STATUS_OK ||
        grants_keep(f->core, &link, chain, &row.leaf) != STATUS_OK)
        return false;
    *gid = *chain_leaf_id(chain);
    return share_add(f->core, &row, &chain, &live) == STATUS_OK &&
           share_move(f->core, live, state, "") == STATUS_OK;
}

/* ---- what is brought ---------------------------------------------------------------------- */

static struct grant
bringing(struct fixture *f, size_t by)
{
    static const char *purposes[] = { "event" };
    struct grant_field *fields = ARENA_ARRAY(f->arena, struct grant_field, 3);

    fields[0] = field(f, "event");
    fields[1] = field(f, "name");
    fields[2] = field(f, "email");
    return (struct grant){ .issuer = *node_of(f, by),
                           .audience = *node_of(f, ACME),
                           .owner = *node_of(f, by),
                           .selector = SELECTOR_TREE,
                           .tree = f->event,
                           .fields = fields,
                           .field_count = 3,
                           .actions = ACTION_READ,
                           .not_before = { SAMPLE_NOW_MS - 10 },
                           .not_after = { SAMPLE_NOW_MS + 1000 },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .has_cites = true,
                           .cites = f->asked };
}

/* "": taken. */
static const char *
answer(struct fixture *f, const struct grant *grant)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct signed_object link = sample_grant_sign(&f->home.world, grant, f->arena);
    struct chain_fault fault;

    if (chain_check(f->core, &link, 1, &chain, &fault) != STATUS_OK)
        return "no chain";
    const char *code = contribution_refusal(f->core, chain, OFFER_CONTRIBUTION);
    return code == NULL ? "" : code;
}

static void
change_fields(struct fixture *f, struct grant *g)
{
    g->fields[2] = field(f, "jobTitle");
}

static void
change_event(struct fixture *f, struct grant *g)
{
    g->tree = f->other;
}

static void
change_selector(struct fixture *f, struct grant *g)
{
    g->selector = SELECTOR_RECORDS;
    g->records = &f->event;
    g->record_count = 1;
}

static void
change_cites(struct fixture *f, struct grant *g)
{
    (void)f;
    g->cites.b[0] ^= 1;
}

static void
drop_cites(struct fixture *f, struct grant *g)
{
    (void)f;
    g->has_cites = false;
}

static void
keep(struct fixture *f, struct grant *g)
{
    (void)f;
    (void)g;
}

static void
test_rules(struct check *t)
{
    static const struct {
        const char *why;
        size_t by;
        void (*change)(struct fixture *f, struct grant *g);
        const char *want;
    } rows[] = {
        { "what was asked for is taken", BRIO, keep, "" },
        { "a field that was not asked for is refused", BRIO, change_fields, "FIELDS" },
        { "for another event it is refused", BRIO, change_event, "OTHER_EVENT" },
        { "single records are no contribution", BRIO, change_selector, "OTHER_EVENT" },
        { "a company that was not asked is refused", CEDAR, keep, "NOT_YOURS" },
        { "a grant that nobody gave is refused", BRIO, change_cites, "UNKNOWN" },
        { "without naming what it answers it is refused", BRIO, drop_cites, "UNKNOWN" },
    };
    struct fixture f;

    CHECK(t, "a node that asked Brio for guests", fixture_init(&f));
    struct grant ask = asking(&f);
    CHECK(t, "and gave it a grant", give(&f, &ask, SHARE_ACCEPTED, &f.asked));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct grant g = bringing(&f, rows[i].by);
        rows[i].change(&f, &g);
        CHECK(t, rows[i].why, strcmp(answer(&f, &g), rows[i].want) == 0);
    }
    fixture_fini(&f);
}

/* What the answer hangs on, changed on our side. */
static void
test_what_was_asked(struct check *t)
{
    static const struct {
        const char *why;
        bool has_end;
        int64_t closes; /* relative to now */
        uint32_t actions;
        bool ended;
        const char *want;
    } rows[] = {
        { "before the deadline it is taken", true, 1, ACTION_CONTRIBUTE, false, "" },
        { "on the deadline it is refused", true, 0, ACTION_CONTRIBUTE, false, "DEADLINE" },
        { "after the deadline it is refused", true, -1, ACTION_CONTRIBUTE, false, "DEADLINE" },
        { "without a deadline it is taken", false, 0, ACTION_CONTRIBUTE, false, "" },
        { "who may only read is not asked", false, 0, 0, false, "NOT_ASKED" },
        { "what was taken back asks no more", false, 0, ACTION_CONTRIBUTE, true, "LAPSED" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        CHECK(t, "a node", fixture_init(&f));
        struct grant ask = asking(&f);
        ask.actions = ACTION_READ | rows[i].actions;
        ask.has_terms = rows[i].actions != 0;
        if (!ask.has_terms)
            ask.terms = (struct terms){ 0 };
        else if (rows[i].has_end)
            ask.terms.closes.ms = SAMPLE_NOW_MS + rows[i].closes;
        CHECK(t, "a grant",
              give(&f, &ask, rows[i].ended ? SHARE_STOPPED : SHARE_ACCEPTED, &f.asked));
        struct grant g = bringing(&f, BRIO);
        CHECK(t, rows[i].why, strcmp(answer(&f, &g), rows[i].want) == 0);
        fixture_fini(&f);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what is brought", test_rules },
        { "what was asked", test_what_was_asked },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
