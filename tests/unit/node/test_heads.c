/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_heads.c - heads of others, taken or refused by who passes on, and what hangs on them; heads of our
 * own roots, signed and renewed. Company 0 is us, 1 gave us something, 2 gets it from us; or 0 gave it to 1, which passed
 * it on to 2.
 */
#include "node/heads.h"
#include "tests/unit/node/home_fake.h"

enum { HOUR_MS = 3600 * 1000 };

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *company[3];
    struct object_id root, link;
    int64_t root_leaf, link_leaf;
};

static bool
open_core(struct desk *d)
{
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    for (size_t i = 1; i < 3; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->company[i]) != STATUS_OK)
            return false;
    }
    return true;
}

/* The share whose chain is links[0..count). */
static bool
add_share(struct desk *d, struct signed_object *links, size_t count, enum share_role role,
          int64_t partner)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct chain_fault fault;
    struct share_row row = { .role = role,
                             .partner = partner,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_EVENT,
                             .title = "",
                             .note = "" };
    struct live *live;

    if (chain_check(d->core, links, count, &chain, &fault) != STATUS_OK ||
        grants_keep(d->core, links, chain, &row.leaf) != STATUS_OK)
        return false;
    row.oid = *chain_leaf_id(chain);
    *(count == 1 ? &d->root : &d->link) = row.oid;
    *(count == 1 ? &d->root_leaf : &d->link_leaf) = row.leaf;
    return share_add(d->core, &row, &chain, &live) == STATUS_OK;
}

/* owner's grant to `middle`, and middle's to company 2. */
static bool
desk_set(struct desk *d, size_t owner, size_t middle)
{
    struct grant_field fields[] = { { { .number = 2 }, { .number = 1 } } };
    const char *purposes[] = { "event" };
    struct signed_object links[2];

    home_make(&d->home);
    d->home.now_ms = HOME_NOW_MS;
    d->arena = arena_new(0);
    if (!open_core(d))
        return false;
    struct grant g = { .issuer = d->home.world.companies[owner].id,
                       .audience = d->home.world.companies[middle].id,
                       .owner = d->home.world.companies[owner].id,
                       .selector = SELECTOR_TREE,
                       .tree = { { 7 } },
                       .fields = fields,
                       .field_count = 1,
                       .actions = ACTION_READ | ACTION_PASS_ON,
                       .depth = 1,
                       .not_before = { HOME_NOW_MS - 1000 },
                       .not_after = { HOME_NOW_MS + 100 * (int64_t)HOUR_MS },
                       .purposes = purposes,
                       .purpose_count = 1 };
    links[0] = sample_grant_sign(&d->home.world, &g, d->arena);
    g.issuer = g.audience;
    g.audience = d->home.world.companies[2].id;
    g.has_parent = true;
    g.parent = digest_object_id(links[0].body);
    g.actions = ACTION_READ;
    g.depth = 0;
    links[1] = sample_grant_sign(&d->home.world, &g, d->arena);
    bool is_ours = owner == 0;
    return add_share(d, links, 1, is_ours ? ROLE_GIVEN : ROLE_RECEIVED, d->company[1]->id) &&
           add_share(d, links, 2, is_ours ? ROLE_NOTED : ROLE_GIVEN, d->company[2]->id);
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

static int64_t
count_of(struct desk *d, enum statement count, int64_t company)
{
    int64_t n = -1;
    enum status s = count == STMT_DEAD_COUNT
                        ? store_number(d->core->store, &n, count, "")
                        : store_number(d->core->store, &n, count, "i", company);

    return s == STATUS_OK ? n : -1;
}

/* ---- heads of others ---------------------------------------------------------------------- */

struct saying {
    const char *why;
    size_t signer, from;
    uint64_t number;
    int64_t issued, lease; /* from HOME_NOW_MS; 0: a day */
    char revokes;          /* l: the link; o: something else */
    char grant;            /* 'x': a root nobody knows; 'l': the link, no root */
    bool spoiled;          /* the signature */
    enum status want;
    bool is_news; /* it is kept, and handed down */
    bool dead;    /* a dead letter says so */
};

static struct bytes
make_head(struct desk *d, const struct saying *row)
{
    struct object_id other = { { 0xff } };
    const struct sample_company *signer = &d->home.world.companies[row->signer];
    struct head head = { .author = signer->id,
                         .grant = row->grant == 'x'   ? other
                                  : row->grant == 'l' ? d->link
                                                      : d->root,
                         .number = row->number,
                         .revoked = row->revokes == 'l' ? &d->link : &other,
                         .revoked_count = row->revokes != 0,
                         .issued = { HOME_NOW_MS + row->issued } };
    head.expires.ms = head.issued.ms + (row->lease == 0 ? LEASE_MS_MAX : row->lease);
    struct signed_object object = { .body = wire_head_format(&head, d->arena) };
    object.signature = sample_sign(signer, SIGN_HEAD, object.body);
    object.signature.b[3] ^= row->spoiled;
    return wire_signed_body_format(&object, d->arena);
}

static void
check_saying(struct check *t, struct desk *d, const struct saying *row)
{
    struct envelope env = { .kind = MESSAGE_HEAD, .body = make_head(d, row) };
    struct taking taking = {
        .core = d->core, .from = d->company[row->from], .arena = d->arena, .env = &env
    };
    int64_t dead = count_of(d, STMT_DEAD_COUNT, 0);
    int64_t expires = HOME_NOW_MS + row->issued + (row->lease == 0 ? LEASE_MS_MAX : row->lease);

    CHECK(t, row->why, heads_take(&taking) == row->want);
    CHECK(t, row->why, count_of(d, STMT_DEAD_COUNT, 0) - dead == row->dead);
    const struct live *live = live_by_leaf(d->core, d->link_leaf, ROLE_GIVEN);
    bool falls = row->revokes == 'l' && row->is_news;
    if (!CHECK(t, row->why, (live == NULL) == falls) || live == NULL)
        return;
    CHECK(t, row->why, (live->lease.ms == expires) == row->is_news);
    if (!row->is_news)
        return;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_CONTROL_NEXT);
    stmt_bind(q, "ii", d->company[2]->id, (int64_t)HOME_NOW_MS);
    CHECK(t, "the next company gets it as it came, and it alone",
          stmt_step(q) == STATUS_OK && stmt_int(q, 1) == MESSAGE_HEAD &&
              bytes_is_equal(stmt_bytes(q, 2), env.body) && stmt_step(q) == STATUS_NOT_FOUND);
}

/* clang-format off */
static const struct saying sayings[] = {
    { "the first is news", 1, 1, .number = 5, .lease = HOUR_MS, .is_news = true },
    { "the same again is nothing", 1, 1, .number = 5, .lease = HOUR_MS, .is_news = true },
    { "a newer one is news, and the older does not go any more", 1, 1, .number = 6, .lease = 2 * HOUR_MS, .is_news = true },
    { "numbers may have gaps", 1, 1, .number = 9, .lease = 3 * HOUR_MS, .is_news = true },
    { "an older one from the same company is refused and kept", 1, 1, .number = 8, .dead = true },
    { "an older one by another way is late, no more", 1, 2, .number = 8 },
    { "another with the same number is refused and kept", 1, 1, .number = 9, .revokes = 'o', .dead = true },
    { "by a company that is not the owner", 2, 2, .number = 10, .want = STATUS_FOREIGN_OWNER },
    { "of a grant that is no root", 1, 1, .number = 10, .grant = 'l', .want = STATUS_FOREIGN_OWNER },
    { "of a root that nobody knows: nothing hangs on it", 1, 1, .number = 10, .grant = 'x' },
    { "signed by nobody", 1, 1, .number = 10, .spoiled = true, .want = STATUS_BAD_SIGNATURE },
    { "of tomorrow", 1, 1, .number = 10, .issued = CLOCK_TOLERANCE_MS + 1, .want = STATUS_NOT_YET },
    { "of a clock that is a little fast", 1, 1, .number = 10, .issued = CLOCK_TOLERANCE_MS, .is_news = true },
    { "naming what is not below the root", 1, 1, .number = 11, .revokes = 'o', .is_news = true },
    { "brought by the next company", 1, 2, .number = 12, .lease = HOUR_MS, .is_news = true },
    { "naming what we pass on, whose revocation never came", 1, 1, .number = 13, .revokes = 'l', .is_news = true },
};
/* clang-format on */

static void
test_taking(struct check *t)
{
    struct desk d = { 0 };

    if (CHECK(t, "a desk", desk_set(&d, 1, 0))) {
        for (size_t i = 0; i < COUNT_OF(sayings); i++)
            check_saying(t, &d, &sayings[i]);
        int64_t faults = -1;
        CHECK(t, "of what cannot be the first pair is kept",
              store_commit(d.core->store) == STATUS_OK &&
                  (faults = home_sql(&d.home, "SELECT count(*) FROM head_fault")) == 1);
        CHECK(t, "with both heads",
              home_sql(&d.home, "SELECT length(kept) > 0 AND length(refused) > 0 AND kept <>"
                                " refused FROM head_fault") == 1);
        CHECK(t, "the share that was named has stopped",
              home_sql(&d.home, "SELECT state FROM share WHERE role = 0") == SHARE_STOPPED);
    }
    desk_clear(&d);
}

/* To the millisecond, at hand-over and for offers. */
static void
test_lease(struct check *t)
{
    struct desk d = { 0 };
    const struct saying head = { "", 1, 1, .number = 1, .lease = HOUR_MS };

    if (!CHECK(t, "a desk", desk_set(&d, 1, 0))) {
        desk_clear(&d);
        return;
    }
    const struct live *live = live_by_leaf(d.core, d.link_leaf, ROLE_GIVEN);
    CHECK(t, "without a head nothing goes", !load_may_carry(d.core, live, live->partner));
    CHECK(t, "an offer waits as well",
          control_queue(d.core, live->partner, MESSAGE_OFFER, bytes_text("offer"),
                        live->share) == STATUS_OK);
    struct envelope env = { .kind = MESSAGE_HEAD, .body = make_head(&d, &head) };
    struct taking taking = {
        .core = d.core, .from = d.company[1], .arena = d.arena, .env = &env
    };
    CHECK(t, "a head comes", heads_take(&taking) == STATUS_OK);
    for (int64_t off = -1; off <= 1; off++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(d.core->store, STMT_CONTROL_NEXT);
        d.home.now_ms = HOME_NOW_MS + HOUR_MS + off;
        CHECK(t, "records go until it expires",
              load_may_carry(d.core, live, live->partner) == (off < 0));
        stmt_bind(q, "ii", live->partner, d.home.now_ms);
        CHECK(t, "offers as well, and heads",
              stmt_step(q) == (off < 0 ? STATUS_OK : STATUS_NOT_FOUND));
    }
    live = live_by_leaf(d.core, d.root_leaf, ROLE_RECEIVED);
    CHECK(t, "what we received stays", live != NULL && live->state == SHARE_ACCEPTED);
    desk_clear(&d);
}

/* ---- heads of our own roots --------------------------------------------------------------- */

/* The newest of ours; in the arena. NULL: none. */
static struct head *
newest(struct desk *d)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_HEAD_GET);
    struct signed_object *object;
    struct head *head;

    stmt_bind(q, "i", d->root_leaf);
    if (stmt_step(q) != STATUS_OK || stmt_int(q, 0) == 0 ||
        wire_signed_object_parse(arena_copy(d->arena, stmt_bytes(q, 1)), d->arena, &object) !=
            STATUS_OK ||
        wire_head_parse(object->body, d->arena, &head) != STATUS_OK)
        return NULL;
    return head;
}

static bool
tell_at(struct desk *d, int64_t ms)
{
    d->home.now_ms = HOME_NOW_MS + ms;
    d->core->heads_wait = true;
    return heads_tell(d->core) == STATUS_OK;
}

static void
test_telling(struct check *t)
{
    struct desk d = { 0 };
    uint64_t first = 0;

    if (!CHECK(t, "a desk", desk_set(&d, 0, 1))) {
        desk_clear(&d);
        return;
    }
    first = ((uint64_t)d.core->incarnation << 32) + 1;
    CHECK(t, "nobody passed it on: no head", tell_at(&d, 0) && newest(&d) == NULL);
    CHECK(t, "somebody did", heads_changed(d.core, d.link_leaf) == STATUS_OK && tell_at(&d, 0));
    const struct head *h = newest(&d);
    CHECK(t, "it is for a day, and revokes nothing",
          h != NULL && h->number == first && h->revoked_count == 0 &&
              h->expires.ms - h->issued.ms == LEASE_MS_MAX);
    CHECK(t, "it is on its way", count_of(&d, STMT_CONTROL_COUNT, d.company[1]->id) == 1);
    CHECK(t, "until a third has passed it stands",
          tell_at(&d, LEASE_MS_MAX / 3 - 1) && newest(&d)->number == first);
    CHECK(t, "then it is renewed",
          tell_at(&d, LEASE_MS_MAX / 3) && newest(&d)->number == first + 1);
    CHECK(t, "and the newest goes alone",
          count_of(&d, STMT_CONTROL_COUNT, d.company[1]->id) == 1);
    CHECK(t, "the link is taken back",
          grant_fall(d.core, &d.link, &d.core->me, (struct bytes){ 0 }, SHARE_STOPPED, "") ==
              STATUS_OK);
    h = tell_at(&d, LEASE_MS_MAX / 3 + 1) ? newest(&d) : NULL;
    CHECK(t, "the next head says so at once",
          h != NULL && h->number == first + 2 && h->revoked_count == 1 &&
              ID_IS_EQUAL(h->revoked[0], d.link));
    CHECK(t, "nobody holds anything further down: it is the last",
          tell_at(&d, LEASE_MS_MAX) && tell_at(&d, 2 * (int64_t)LEASE_MS_MAX) &&
              newest(&d)->number == first + 2);
    desk_clear(&d);
}

/* A noted share of a link below the root that has stopped. */
static bool
add_stopped(struct desk *d, size_t n)
{
    struct object_id gid = { { 1, (uint8_t)(n >> 8), (uint8_t)n } };
    struct bytes none = bytes_text("");

    return store_exec(d->core->store, STMT_GRANT_ADD, "bbiiiii", bytes_of(gid.b, ID_SIZE), none,
                      d->root_leaf, d->company[1]->id, d->company[2]->id, (int64_t)COMPANY_US,
                      HOME_NOW_MS + 100 * (int64_t)HOUR_MS) == STATUS_OK &&
           store_exec(d->core->store, STMT_SHARE_ADD, "iiiiittibbi",
                      store_last_id(d->core->store), (int64_t)ROLE_NOTED, d->company[2]->id,
                      (int64_t)SHARE_STOPPED, (int64_t)OFFER_EVENT, "", "", (int64_t)0, none,
                      bytes_of(gid.b, ID_SIZE), (int64_t)HOME_NOW_MS) == STATUS_OK;
}

static void
test_too_many(struct check *t)
{
    struct desk d = { 0 };
    bool made = desk_set(&d, 0, 1);

    for (size_t n = 0; n < HEAD_REVOKED_MAX - 1 && made; n++)
        made = heads_room(d.core, live_by_leaf(d.core, d.link_leaf, ROLE_NOTED)->chain) ==
                   STATUS_OK &&
               add_stopped(&d, n);
    const struct live *link = live_by_leaf(d.core, d.link_leaf, ROLE_NOTED);
    CHECK(t, "with that one all are passed on that could be named",
          made && heads_room(d.core, link->chain) == STATUS_TOO_BIG);
    CHECK(t, "one less than a head can name",
          made && heads_changed(d.core, d.link_leaf) == STATUS_OK && tell_at(&d, 0) &&
              newest(&d)->revoked_count == HEAD_REVOKED_MAX - 1);
    CHECK(t, "as many",
          add_stopped(&d, 1000) && heads_changed(d.core, d.link_leaf) == STATUS_OK &&
              tell_at(&d, 1) && newest(&d)->revoked_count == HEAD_REVOKED_MAX);
    CHECK(t, "one more: none is signed, the old one runs out",
          add_stopped(&d, 1001) && heads_changed(d.core, d.link_leaf) == STATUS_OK &&
              tell_at(&d, 2) && newest(&d)->issued.ms == HOME_NOW_MS + 1);
    desk_clear(&d);
}

/* ---- what comes under it ------------------------------------------------------------------ */

/* 1 gave it to 2, and 2 to us. */
static bool
receive(struct desk *d, struct live **out)
{
    struct grant_field fields[] = { { { .number = 2 }, { .number = 1 } } };
    const char *purposes[] = { "event" };
    struct signed_object links[2];

    home_make(&d->home);
    d->arena = arena_new(0);
    if (!open_core(d))
        return false;
    struct grant root = { .issuer = d->home.world.companies[1].id,
                          .audience = d->home.world.companies[2].id,
                          .owner = d->home.world.companies[1].id,
                          .selector = SELECTOR_TREE,
                          .tree = { { 7 } },
                          .fields = fields,
                          .field_count = 1,
                          .actions = ACTION_READ | ACTION_PASS_ON,
                          .depth = 1,
                          .not_before = { HOME_NOW_MS - 1000 },
                          .not_after = { HOME_NOW_MS + 100 * (int64_t)HOUR_MS },
                          .purposes = purposes,
                          .purpose_count = 1 };
    links[0] = sample_grant_sign(&d->home.world, &root, d->arena);
    d->root = digest_object_id(links[0].body);
    struct grant link = sample_link(&d->home.world, &root, &d->root, 0);
    links[1] = sample_grant_sign(&d->home.world, &link, d->arena);
    if (!add_share(d, links, 2, ROLE_RECEIVED, d->company[2]->id))
        return false;
    *out = live_by_leaf(d->core, d->link_leaf, ROLE_RECEIVED);
    return *out != NULL;
}

static enum status
hear(struct desk *d, const struct saying *row)
{
    struct envelope env = { .kind = MESSAGE_HEAD, .body = make_head(d, row) };
    struct taking taking = {
        .core = d->core, .from = d->company[row->from], .arena = d->arena, .env = &env
    };

    return heads_take(&taking);
}

/* Records under it, of which nothing verifies: refused when they are looked at. */
static bool
is_taken_at(struct desk *d, int64_t after)
{
    struct disclosure item = { .revision = bytes_text("nothing") };
    struct run run = { .size = 1, .items = &item, .item_count = 1 };
    struct records message = { .grant = d->link, .runs = &run, .run_count = 1 };
    struct envelope env = { .kind = MESSAGE_RECORDS,
                            .body = wire_records_format(&message, d->arena) };
    const char *detail;

    d->home.now_ms = HOME_NOW_MS + after;
    return exchange_take_records(d->core, d->company[2], &env, &detail) != STATUS_BUSY;
}

static void
test_received(struct check *t)
{
    static const struct saying first = { "", 1, 2, .number = 5, .lease = HOUR_MS };
    static const struct saying next = { "", 1, 2, .number = 6, .issued = 3 * HOUR_MS };
    struct desk d = { 0 };
    struct live *live;

    if (!CHECK(t, "something that was passed on to us", receive(&d, &live)))
        return;
    CHECK(t, "without its owner's word nothing is taken", !is_taken_at(&d, 0));
    CHECK(t, "with it everything", hear(&d, &first) == STATUS_OK && is_taken_at(&d, 0));
    CHECK(t, "also when clocks differ a little",
          is_taken_at(&d, HOUR_MS + CLOCK_TOLERANCE_MS - 1));
    CHECK(t, "not later", !is_taken_at(&d, HOUR_MS + CLOCK_TOLERANCE_MS));
    CHECK(t, "but it stays", live->state == SHARE_ACCEPTED);
    d.home.now_ms = HOME_NOW_MS + 3 * HOUR_MS;
    CHECK(t, "until the next word",
          hear(&d, &next) == STATUS_OK && is_taken_at(&d, 4 * HOUR_MS));
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "taking", test_taking },
        { "a lease", test_lease },
        { "telling", test_telling },
        { "too many", test_too_many },
        { "what comes under it", test_received },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
