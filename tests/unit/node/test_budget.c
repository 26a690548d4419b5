/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_budget.c - what one partner can make us keep has a limit, and what another does is counted apart.
 * Company 0 is us, 1 floods, 2 does not, 3 is known through 1, and 4 through 3.
 */
#include "node/budget.h"
#include "node/exchange_priv.h"
#include "tests/unit/node/home_fake.h"

enum {
    OWNER = 1,
    TELLER = 2,
    BROUGHT_BY = 3,
    BROUGHT_AGAIN = 4,
    OTHERS = 1000000
}; /* grants that are not here */

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *company[5];
};

static bool
desk_set(struct desk *d)
{
    memset(d, 0, sizeof(*d));
    home_make(&d->home);
    d->arena = arena_new(0);
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    static const size_t through[] = { [BROUGHT_BY] = OWNER, [BROUGHT_AGAIN] = BROUGHT_BY };
    for (size_t i = OWNER; i <= BROUGHT_AGAIN; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        int64_t by = through[i] == 0 ? 0 : d->company[through[i]]->id;
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, by, &d->company[i]) != STATUS_OK)
            return false;
    }
    return true;
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

/* ---- one more of each --------------------------------------------------------------------- */

static struct bytes
number_of(struct desk *d, int64_t n)
{
    uint8_t *id = arena_alloc(d->arena, ID_SIZE);

    memset(id, 0xb0, ID_SIZE);
    put_u64(id, (uint64_t)n);
    return bytes_of(id, ID_SIZE);
}

static bool
introduce(struct desk *d, int64_t from, int64_t n)
{
    return store_exec(d->core->store, STMT_COMPANY_ADD, "bttibiii", number_of(d, n), "x", "DE",
                      (int64_t)1, bytes_text("x"), (int64_t)COMPANY_INTRODUCED, from,
                      (int64_t)HOME_NOW_MS) == STATUS_OK;
}

static bool
offer(struct desk *d, int64_t from, int64_t n)
{
    return store_exec(d->core->store, STMT_GRANT_ADD, "bbiiiii", number_of(d, n),
                      bytes_text("x"), (int64_t)0, from, (int64_t)COMPANY_US, from,
                      (int64_t)HOME_NOW_MS) == STATUS_OK &&
           store_exec(d->core->store, STMT_SHARE_ADD, "iiiiittibbi",
                      store_last_id(d->core->store), (int64_t)ROLE_RECEIVED, from,
                      (int64_t)SHARE_OFFERED, (int64_t)OFFER_RECORDS, "", "", (int64_t)0,
                      bytes_text("x"), number_of(d, n), (int64_t)HOME_NOW_MS) == STATUS_OK;
}

static bool
add_grant(struct desk *d, struct bytes gid, int64_t parent, int64_t from, int64_t to,
          int64_t *out)
{
    return store_exec(d->core->store, STMT_GRANT_ADD, "bbiiiii", gid, bytes_text("x"), parent,
                      from, to, (int64_t)COMPANY_US, (int64_t)HOME_NOW_MS) == STATUS_OK &&
           store_number(d->core->store, out, STMT_GRANT_FIND, "b", gid) == STATUS_OK;
}

/* We gave it to `from`, who passed it on to somebody, who passed it on: as deep as n says. */
static bool
pass_on(struct desk *d, int64_t from, int64_t n)
{
    int64_t leaf, depth = 1 + n % PASS_ON_DEPTH_MAX;

    if (!add_grant(d, number_of(d, 2 * OTHERS), 0, COMPANY_US, from, &leaf))
        return false;
    for (int64_t i = 0, at = from; i < depth; i++, at = from + i)
        if (!add_grant(d, number_of(d, 2 * OTHERS + n * CHAIN_MAX + i), leaf, at, from + 1 + i,
                       &leaf))
            return false;
    return store_exec(d->core->store, STMT_SHARE_ADD, "iiiiittibbi", leaf, (int64_t)ROLE_NOTED,
                      from + depth, (int64_t)SHARE_ACCEPTED, (int64_t)OFFER_RECORDS, "", "",
                      (int64_t)0, bytes_text("x"), number_of(d, n + OTHERS),
                      (int64_t)HOME_NOW_MS) == STATUS_OK;
}

static bool
box(struct desk *d, int64_t from, int64_t n)
{
    return store_exec(d->core->store, STMT_CARRY_ADD, "iiiib", d->company[TELLER]->id, from, n,
                      d->company[TELLER]->id, bytes_text("x")) == STATUS_OK;
}

static bool
handle(struct desk *d, int64_t from, int64_t n)
{
    return store_exec(d->core->store, STMT_CARRIED_ADD, "bib", number_of(d, n % 8), from,
                      number_of(d, n)) == STATUS_OK;
}

/* In four shares of each; some were taken. */
static bool
refused(struct desk *d, int64_t from, int64_t n)
{
    int64_t share, at = 3 * OTHERS + from * 4 + n / 3 % 4;
    enum status s =
        store_number(d->core->store, &share, STMT_SHARE_BY_OID, "b", number_of(d, at));

    if (s == STATUS_NOT_FOUND && offer(d, from, at))
        s = store_number(d->core->store, &share, STMT_SHARE_BY_OID, "b", number_of(d, at));
    for (int64_t k = 0; s == STATUS_OK && k < (n % 100 == 0 ? 2 : 1); k++)
        s = store_exec(d->core->store, STMT_VERDICT_PUT, "ibiitiiiiib", share,
                       number_of(d, 2 * n + k), (int64_t)1, (int64_t)1,
                       k == 0 ? "OVER_QUOTA" : "", (int64_t)0, (int64_t)0, (int64_t)0,
                       (int64_t)0, (int64_t)1, bytes_text("x"));
    return s == STATUS_OK;
}

static bool
come_early(struct desk *d, int64_t from, int64_t n)
{
    struct bytes gid = number_of(d, n + OTHERS), by = number_of(d, 0);

    return store_exec(d->core->store, STMT_REVOKED_ADD, "bbbi", gid, by, bytes_text("x"),
                      (int64_t)HOME_NOW_MS) == STATUS_OK &&
           store_exec(d->core->store, STMT_REVOKED_EARLY, "bbi", gid, by, from) == STATUS_OK;
}

/* ---- tests -------------------------------------------------------------------------------- */

static const struct {
    const char *why;
    enum budget what;
    int64_t most;
    bool (*add)(struct desk *d, int64_t from, int64_t n);
} rows[] = {
    { "companies that one introduced", BUDGET_INTRODUCED, INTRODUCED_MAX, introduce },
    { "shares of one that run", BUDGET_OFFERS, OFFERS_RUNNING_MAX, offer },
    { "what one passed on", BUDGET_NOTED, NOTED_RUNNING_MAX, pass_on },
    { "what waits here for the next link", BUDGET_CARRY, CARRY_MAX, box },
    { "handles of rows carried", BUDGET_CARRIED, CARRIED_MAX, handle },
    { "rows refused", BUDGET_REFUSED, REFUSED_ROWS_MAX, refused },
};

static void
test_budgets(struct check *t)
{
    struct desk d;

    CHECK(t, "a core", desk_set(&d));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t from[] = { d.company[OWNER]->id, d.company[BROUGHT_BY]->id,
                           d.company[BROUGHT_AGAIN]->id };
        int64_t other = d.company[TELLER]->id, first = 1;
        bool added = true;
        if (rows[i].what == BUDGET_INTRODUCED)
            first += 2; /* these two */
        for (int64_t n = first; n < rows[i].most; n++)
            added = added && rows[i].add(&d, from[n % 3], n);
        CHECK(t, rows[i].why, added);
        for (size_t k = 0; k < COUNT_OF(from); k++)
            CHECK(t, "one more is taken",
                  budget_ask(d.core, rows[i].what, from[k]) == STATUS_OK);
        CHECK(t, rows[i].why, rows[i].add(&d, from[rows[i].most % 3], rows[i].most));
        for (size_t k = 0; k < COUNT_OF(from); k++)
            CHECK(t, rows[i].why, budget_ask(d.core, rows[i].what, from[k]) == STATUS_TOO_BIG);
        CHECK(t, "another has its own", budget_ask(d.core, rows[i].what, other) == STATUS_OK);
    }
    desk_clear(&d);
}

/* ---- the handler -------------------------------------------------------------------------- */

static enum status
say_revocation(struct desk *d, size_t from, uint8_t n)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct revocation r = { .author = d->home.world.companies[from].id,
                            .audience = d->home.world.companies[0].id,
                            .owner = d->home.world.companies[from].id,
                            .grant = { { 0xee, n } },
                            .reason = "",
                            .revoked = { HOME_NOW_MS } };
    struct signed_object object = { .body = wire_revocation_format(&r, arena) };

    object.signature =
        sample_sign(&d->home.world.companies[from], SIGN_REVOCATION, object.body);
    struct envelope env = { .kind = MESSAGE_REVOCATION,
                            .body = wire_signed_body_format(&object, arena) };
    struct taking taking = {
        .core = d->core, .from = d->company[from], .arena = arena, .env = &env
    };
    return exchange_take_object(&taking);
}

static bool
is_revoked(struct desk *d, struct bytes gid)
{
    int64_t one;

    return store_number(d->core->store, &one, STMT_REVOKED_FIND, "b", gid) == STATUS_OK;
}

/* None is refused: of those whose grant never came the oldest are forgotten. */
static void
test_early_revocations(struct check *t)
{
    struct object_id mine[] = { { { 0xee, 1 } }, { { 0xee, 2 } }, { { 0xee, 3 } } };
    struct desk d;

    CHECK(t, "a core", desk_set(&d));
    d.home.now_ms += 1000; /* what is said from now on is newer */
    for (int64_t n = 1; n < REVOCATIONS_EARLY_MAX; n++)
        CHECK(t, "many came early", come_early(&d, d.company[OWNER]->id, n));
    CHECK(t, "the last one that there is room for",
          say_revocation(&d, OWNER, 1) == STATUS_OK &&
              is_revoked(&d, bytes_of(mine[0].b, ID_SIZE)) &&
              is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX - 1)));
    CHECK(t, "it may be said again",
          say_revocation(&d, OWNER, 1) == STATUS_OK &&
              is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX - 1)));
    CHECK(t, "another partner's has its own room",
          say_revocation(&d, TELLER, 3) == STATUS_OK &&
              is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX - 1)));
    CHECK(t, "one beyond is kept, also when it comes through others, and old ones are not",
          say_revocation(&d, BROUGHT_BY, 2) == STATUS_OK &&
              is_revoked(&d, bytes_of(mine[0].b, ID_SIZE)) &&
              is_revoked(&d, bytes_of(mine[1].b, ID_SIZE)) &&
              is_revoked(&d, bytes_of(mine[2].b, ID_SIZE)) &&
              !is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX - 1)) &&
              !is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX / 2 - 1)));
    CHECK(t, "but half of them",
          is_revoked(&d, number_of(&d, OTHERS + REVOCATIONS_EARLY_MAX / 2 - 2)));
    desk_clear(&d);
}

/* ---- withdrawals before their rows -------------------------------------------------------- */

/* What OWNER gave us, of which it withdraws a row that is not here. */
static bool
take_grant(struct desk *d, struct object_id *gid)
{
    static const char *purposes[] = { "event" };
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct grant_field fields[] = { { { .number = 2 }, { .number = 1 } } };
    const struct sample_company *by = &d->home.world.companies[OWNER];
    struct chain_fault fault;
    struct grant g = { .issuer = by->id,
                       .audience = d->core->me,
                       .owner = by->id,
                       .selector = SELECTOR_TREE,
                       .tree = { { 7 } },
                       .fields = fields,
                       .field_count = 1,
                       .actions = ACTION_READ,
                       .not_before = { HOME_NOW_MS - 1000 },
                       .not_after = { HOME_NOW_MS + 1000000 },
                       .purposes = purposes,
                       .purpose_count = 1 };
    struct signed_object link = sample_grant_sign(&d->home.world, &g, d->arena);
    int64_t leaf;

    *gid = digest_object_id(link.body);
    return chain_check(d->core, &link, 1, &chain, &fault) == STATUS_OK &&
           grants_keep(d->core, &link, chain, &leaf) == STATUS_OK;
}

static enum status
say_withdrawal(struct desk *d, const struct object_id *gid, uint8_t n)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct sample_company *by = &d->home.world.companies[OWNER];
    struct withdrawn row = { .record = { { 0xdd, n } }, .upto = { 1, 1 } };
    struct withdrawal w = { .author = by->id,
                            .audience = d->core->me,
                            .owner = by->id,
                            .grant = *gid,
                            .rows = &row,
                            .row_count = 1,
                            .reason = "CONSENT",
                            .withdrawn = { HOME_NOW_MS } };
    struct signed_object object = { .body = wire_withdrawal_format(&w, arena) };

    object.signature = sample_sign(by, SIGN_WITHDRAWAL, object.body);
    struct envelope env = { .kind = MESSAGE_WITHDRAWAL,
                            .body = wire_signed_body_format(&object, arena) };
    struct taking taking = {
        .core = d->core, .from = d->company[OWNER], .arena = arena, .env = &env
    };
    return exchange_take_object(&taking);
}

static bool
is_withdrawn(struct desk *d, struct bytes rid, const struct object_id *gid)
{
    int64_t one;

    return store_number(d->core->store, &one, STMT_WITHDRAWN_UPTO, "bbii", rid,
                        bytes_of(gid->b, ID_SIZE), (int64_t)1, (int64_t)1) == STATUS_OK;
}

static void
test_early_withdrawals(struct check *t)
{
    struct record_id mine[] = { { { 0xdd, 1 } }, { { 0xdd, 2 } } };
    struct object_id gid;
    struct desk d;

    CHECK(t, "a core", desk_set(&d) && take_grant(&d, &gid));
    for (int64_t n = 1; n < WITHDRAWN_EARLY_MAX; n++)
        CHECK(t, "many came early",
              store_exec(d.core->store, STMT_WITHDRAWN_PUT, "bbiiti", number_of(&d, n),
                         bytes_of(gid.b, ID_SIZE), (int64_t)1, (int64_t)1, "CONSENT",
                         (int64_t)HOME_NOW_MS) == STATUS_OK &&
                  store_exec(d.core->store, STMT_WITHDRAWN_EARLY, "bbi", number_of(&d, n),
                             bytes_of(gid.b, ID_SIZE), d.company[OWNER]->id) == STATUS_OK);
    d.home.now_ms += 1000;
    CHECK(t, "the last one that there is room for",
          say_withdrawal(&d, &gid, 1) == STATUS_OK &&
              is_withdrawn(&d, bytes_of(mine[0].b, ID_SIZE), &gid) &&
              is_withdrawn(&d, number_of(&d, WITHDRAWN_EARLY_MAX - 1), &gid));
    CHECK(t, "one more, and the older half goes",
          say_withdrawal(&d, &gid, 2) == STATUS_OK &&
              is_withdrawn(&d, bytes_of(mine[0].b, ID_SIZE), &gid) &&
              is_withdrawn(&d, bytes_of(mine[1].b, ID_SIZE), &gid) &&
              !is_withdrawn(&d, number_of(&d, WITHDRAWN_EARLY_MAX - 1), &gid) &&
              !is_withdrawn(&d, number_of(&d, WITHDRAWN_EARLY_MAX / 2 - 1), &gid) &&
              is_withdrawn(&d, number_of(&d, WITHDRAWN_EARLY_MAX / 2 - 2), &gid));
    desk_clear(&d);
}

/* ---- passing on --------------------------------------------------------------------------- */

/* OWNER passes on to TELLER what we gave it. */
static enum status
say_passon(struct desk *d, uint8_t nonce, struct arena *arena)
{
    static const char *purposes[] = { "event" };
    struct grant_field fields[] = { { { .number = 2 }, { .number = 1 } } };
    const struct sample_company *by = &d->home.world.companies[OWNER];
    struct grant root = { .issuer = d->core->me,
                          .audience = by->id,
                          .owner = d->core->me,
                          .selector = SELECTOR_TREE,
                          .tree = { { 7 } },
                          .fields = fields,
                          .field_count = 1,
                          .actions = ACTION_READ | ACTION_PASS_ON,
                          .depth = 1,
                          .not_before = { HOME_NOW_MS - 1000 },
                          .not_after = { HOME_NOW_MS + 1000000 },
                          .purposes = purposes,
                          .purpose_count = 1,
                          .nonce = { nonce } };
    struct signed_object links[2] = { sample_grant_sign(&d->home.world, &root, arena) };
    struct object_id parent = digest_object_id(links[0].body);
    struct grant link = sample_link(&d->home.world, &root, &parent, TELLER);
    links[1] = sample_grant_sign(&d->home.world, &link, arena);
    struct passon passon = { .author = by->id,
                             .audience = d->core->me,
                             .grant = digest_object_id(links[1].body),
                             .next = link.audience };
    struct bundle bundle = { .object = { .body = wire_passon_format(&passon, arena) },
                             .links = links,
                             .link_count = 2 };
    bundle.object.signature = sample_sign(by, SIGN_PASSON, bundle.object.body);
    struct envelope env = { .kind = MESSAGE_PASSON,
                            .body = wire_bundle_format(&bundle, arena) };
    struct taking taking = {
        .core = d->core, .from = d->company[OWNER], .arena = arena, .env = &env
    };
    return exchange_take_object(&taking);
}

/* The newest answer that waits for OWNER. */
static const struct passon_ack *
last_ack(struct desk *d, struct arena *arena)
{
    struct peer_frame frame = { 0 };
    struct signed_object *object;
    struct passon_ack *ack;
    int64_t share;

    if (exchange_control_pull(d->core, d->company[OWNER]->id, arena, &frame, &share) !=
            STATUS_OK ||
        frame.kind != MESSAGE_PASSON_ACK ||
        wire_signed_body_parse(frame.body, arena, &object) != STATUS_OK ||
        wire_passon_ack_parse(object->body, arena, &ack) != STATUS_OK)
        return NULL;
    return ack;
}

static void
test_passed_on(struct check *t)
{
    struct desk d;

    CHECK(t, "a core", desk_set(&d));
    for (int64_t n = 1; n < NOTED_RUNNING_MAX; n++)
        CHECK(t, "much is passed on", pass_on(&d, d.company[OWNER]->id, n));
    enum status s = say_passon(&d, 1, d.arena);
    const struct passon_ack *ack = last_ack(&d, d.arena);
    CHECK(t, "the last one that there is room for",
          s == STATUS_OK && ack != NULL && ack->noted);
    s = say_passon(&d, 2, d.arena);
    ack = last_ack(&d, d.arena);
    CHECK(t, "one more is refused, signed and with the reason",
          s == STATUS_OK && ack != NULL && !ack->noted &&
              strcmp(ack->reason, "too many passed on") == 0);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "budgets", test_budgets },
        { "early revocations", test_early_revocations },
        { "early withdrawals", test_early_withdrawals },
        { "one passed on too many", test_passed_on },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
