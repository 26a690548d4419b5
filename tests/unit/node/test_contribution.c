/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_contribution.c - what the organiser answers to a contribution, rule by rule, on a real core with
 * really signed chains: what an honest node never sends, and what an honest one sends too late.
 */
#include "node/contribution.h"

#include "tests/unit/node/home_fake.h"

enum { ACME, BRIO, CEDAR, DELTA };

/* ---- a core, and companies that it knows -------------------------------------------------- */

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
    struct company *c;

    memset(f, 0, sizeof(*f));
    home_make(&f->home);
    f->home.now_ms = SAMPLE_NOW_MS;
    f->arena = arena_new(0);
    f->event.b[0] = 1;
    f->other.b[0] = 2;
    if (home_init(&f->home) != STATUS_OK || !home_open(&f->home, &f->core))
        return false;
    for (size_t i = BRIO; i <= DELTA; i++) {
        struct signed_object d = home_descriptor(&f->home, i, f->arena);
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

/* ---- what no honest node sends ------------------------------------------------------------- */

static enum status
pass_on(struct fixture *f, size_t next)
{
    struct envelope env = { .kind = MESSAGE_PASSON, .stream = STREAM_CONTROL };
    struct grant links[2] = { asking(f) };
    struct signed_object objects[2];
    struct bundle bundle = { .links = objects, .link_count = 2 };
    struct taking taking = { .core = f->core,
                             .from = company_find(f->core, node_of(f, BRIO)),
                             .arena = f->arena,
                             .env = &env };
    struct object_id root;

    links[0].actions |= ACTION_PASS_ON;
    links[0].depth = 1;
    if (!give(f, &links[0], SHARE_ACCEPTED, &root))
        return STATUS_IO;
    links[1] = sample_link(&f->home.world, &links[0], &root, next);
    for (size_t i = 0; i < 2; i++)
        objects[i] = sample_grant_sign(&f->home.world, &links[i], f->arena);
    struct passon passon = { .author = *node_of(f, BRIO),
                             .audience = *node_of(f, ACME),
                             .grant = digest_object_id(objects[1].body),
                             .next = *node_of(f, next) };
    bundle.object.body = wire_passon_format(&passon, f->arena);
    bundle.object.signature =
        sample_sign(&f->home.world.companies[BRIO], SIGN_PASSON, bundle.object.body);
    env.body = wire_bundle_format(&bundle, f->arena);
    return exchange_take_object(&taking);
}

static void
test_passing_on_to_nobody(struct check *t)
{
    struct fixture f;

    CHECK(t, "a node", fixture_init(&f));
    CHECK(t, "a link to a company that we know is noted", pass_on(&f, CEDAR) == STATUS_OK);
    fixture_fini(&f);
    CHECK(t, "a node", fixture_init(&f));
    CHECK(t, "P10: one to a company without a descriptor is refused, and the node lives",
          pass_on(&f, DELTA + 1) == STATUS_UNKNOWN_KEY);
    fixture_fini(&f);
}

/* ---- what counts against the quota -------------------------------------------------------- */

/* Rows taken after Brio's one row came, in this form. */
static int64_t
note(struct fixture *f, struct contribution_judge *j, uint64_t number, bool tombstone,
     bool is_kept)
{
    struct revision revision = { .position = { 1, number }, .tombstone = tombstone };
    struct received item = { .revision = &revision, .facts = { .id = f->other } };

    return contribution_judge_note(f->core, j, &item, NULL, is_kept) == STATUS_OK ? j->taken
                                                                                  : -1;
}

static void
test_quota(struct check *t)
{
    struct fixture f;
    struct object_id brought;

    CHECK(t, "a node", fixture_init(&f));
    struct grant ask = asking(&f);
    CHECK(t, "a grant", give(&f, &ask, SHARE_ACCEPTED, &f.asked));
    struct grant g = bringing(&f, BRIO);
    g.audience = *node_of(&f, BRIO);
    g.issuer = g.owner = *node_of(&f, ACME); /* as if received: only its share is looked at */
    CHECK(t, "a share", give(&f, &g, SHARE_ACCEPTED, &brought));
    struct contribution_judge j = { .live = live_by_gid(f.core, &brought, ROLE_GIVEN),
                                    .terms = &ask.terms };
    CHECK(t, "a row that is kept counts", note(&f, &j, 2, false, true) == 1);
    CHECK(t, "the same once more counts no second time", note(&f, &j, 2, false, false) == 1);
    CHECK(t, "an older removal of it, which changes nothing, makes no room",
          note(&f, &j, 1, true, false) == 1);
    CHECK(t, "its removal does", note(&f, &j, 3, true, true) == 0);
    CHECK(t, "an older revision after that does not bring it back",
          note(&f, &j, 2, false, false) == 0);
    fixture_fini(&f);
}

/* A share of Brio's, of which so many rows are refused. */
static bool
refuse_many(struct fixture *f, int64_t partner, int64_t count)
{
    struct bytes id = bytes_of(f->event.b, ID_SIZE);
    int64_t share;

    if (store_exec(f->core->store, STMT_GRANT_ADD, "bbiiiii", id, bytes_text("x"), (int64_t)0,
                   partner, (int64_t)COMPANY_US, partner,
                   (int64_t)SAMPLE_NOW_MS) != STATUS_OK ||
        store_exec(f->core->store, STMT_SHARE_ADD, "iiiiittibbi", store_last_id(f->core->store),
                   (int64_t)ROLE_RECEIVED, partner, (int64_t)SHARE_ACCEPTED,
                   (int64_t)OFFER_CONTRIBUTION, "", "", (int64_t)0, bytes_text("x"), id,
                   (int64_t)SAMPLE_NOW_MS) != STATUS_OK)
        return false;
    share = store_last_id(f->core->store);
    for (int64_t n = 0; n < count; n++) {
        uint8_t rid[ID_SIZE] = { 0xaa };
        put_u64(rid + 1, (uint64_t)n);
        if (store_exec(f->core->store, STMT_VERDICT_PUT, "ibiitiiiiib", share,
                       bytes_of(rid, ID_SIZE), (int64_t)1, (int64_t)1, "OVER_QUOTA", (int64_t)0,
                       (int64_t)0, (int64_t)0, (int64_t)0, (int64_t)1,
                       bytes_text("x")) != STATUS_OK)
            return false;
    }
    return true;
}

static enum status
refuse_row(struct fixture *f, struct contribution_judge *j, uint8_t n)
{
    struct revision revision = { .position = { 1, 1 } };
    struct received item = { .revision = &revision, .facts = { .id = { { 0xbb, n } } } };

    return contribution_judge_note(f->core, j, &item, "OVER_QUOTA", false);
}

static void
test_refused_without_end(struct check *t)
{
    struct fixture f;
    struct object_id brought;

    CHECK(t, "a node", fixture_init(&f));
    struct grant ask = asking(&f);
    CHECK(t, "a grant", give(&f, &ask, SHARE_ACCEPTED, &f.asked));
    struct grant g = bringing(&f, BRIO);
    g.audience = *node_of(&f, BRIO);
    g.issuer = g.owner = *node_of(&f, ACME);
    CHECK(t, "a share", give(&f, &g, SHARE_ACCEPTED, &brought));
    struct live *live = live_by_gid(f.core, &brought, ROLE_GIVEN);
    struct contribution_judge j = { .live = live, .terms = &ask.terms, .left = -1 };
    CHECK(t, "nearly as many were refused as are remembered",
          refuse_many(&f, live->partner, REFUSED_ROWS_MAX - 1));
    CHECK(t, "the last one is", refuse_row(&f, &j, 1) == STATUS_OK);
    CHECK(t, "and may be so again", refuse_row(&f, &j, 1) == STATUS_OK);
    CHECK(t, "one more goes to the dead letters", refuse_row(&f, &j, 2) == STATUS_TOO_BIG);
    CHECK(t, "what is taken is not touched by it", note(&f, &j, 2, false, true) == 1);
    fixture_fini(&f);
}

/* A verdict that a newer one replaced for all its rows. */
static void
test_objects_go(struct check *t)
{
    struct fixture f;
    struct object_id brought, old = { { 0xcc } };

    CHECK(t, "a node", fixture_init(&f));
    struct grant ask = asking(&f);
    CHECK(t, "a grant", give(&f, &ask, SHARE_ACCEPTED, &f.asked));
    struct grant g = bringing(&f, BRIO);
    g.audience = *node_of(&f, BRIO);
    g.issuer = g.owner = *node_of(&f, ACME);
    CHECK(t, "a share", give(&f, &g, SHARE_ACCEPTED, &brought));
    struct contribution_judge j = { .live = live_by_gid(f.core, &brought, ROLE_GIVEN),
                                    .terms = &ask.terms,
                                    .left = -1 };
    struct bytes id = bytes_of(old.b, ID_SIZE);
    CHECK(t, "two rows are judged, told in one object",
          refuse_row(&f, &j, 1) == STATUS_OK && refuse_row(&f, &j, 2) == STATUS_OK &&
              store_exec(f.core->store, STMT_VERDICT_OBJECT_ADD, "bb", id, bytes_text("v")) ==
                  STATUS_OK);
    for (uint8_t n = 1; n <= 2; n++) {
        struct record_id row = { { 0xbb, n } };
        CHECK(t, "told",
              store_exec(f.core->store, STMT_VERDICT_TOLD, "ibib", j.live->share,
                         bytes_of(row.b, ID_SIZE), (int64_t)SAMPLE_NOW_MS, id) == STATUS_OK);
    }
    CHECK(t, "as long as it says something of one it stays",
          refuse_row(&f, &j, 1) == STATUS_OK && store_commit(f.core->store) == STATUS_OK &&
              home_sql(&f.home, "SELECT count(*) FROM verdict_object") == 1);
    CHECK(t, "then it goes",
          core_need_txn(f.core) == STATUS_OK && refuse_row(&f, &j, 2) == STATUS_OK &&
              store_commit(f.core->store) == STATUS_OK &&
              home_sql(&f.home, "SELECT count(*) FROM verdict_object") == 0);
    fixture_fini(&f);
}

/* ---- what is due, and must not go --------------------------------------------------------- */

static void
test_refused_rows(struct check *t)
{
    enum { ROWS = 64 * LOAD_MAX + 1 };
    struct fixture f;

    CHECK(t, "a node", fixture_init(&f));
    struct grant ask = asking(&f);
    CHECK(t, "a grant", give(&f, &ask, SHARE_ACCEPTED, &f.asked));
    struct live *live = live_by_gid(f.core, &f.asked, ROLE_GIVEN);
    struct load *load = ARENA_NEW(f.arena, struct load);
    for (int64_t i = 0; i < ROWS; i++)
        CHECK(t, "a row that is not there is due",
              store_exec(f.core->store, STMT_DUE_ADD, "ii", live->leaf, 1000 + i) == STATUS_OK);
    live->has_due = true;
    CHECK(t, "after so many in vain others have their turn",
          load_due(f.core, live, f.arena, load) == STATUS_OK && load->count == 0 &&
              f.core->due_waits && live->has_due);
    CHECK(t, "then the rest is gone through",
          load_due(f.core, live, f.arena, load) == STATUS_OK && load->count == 0 &&
              !live->has_due);
    fixture_fini(&f);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what is brought", test_rules },
        { "what was asked", test_what_was_asked },
        { "passing on to nobody", test_passing_on_to_nobody },
        { "quota", test_quota },
        { "refused without end", test_refused_without_end },
        { "verdicts that were replaced", test_objects_go },
        { "rows that must not go", test_refused_rows },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
