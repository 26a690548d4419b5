/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_lives.c - the end of a share, to the millisecond: what a node that was off at the end makes of it
 * before it answers anybody, and that no clock brings it back. Company 0 is us, 1 gave us something.
 */
#include "tests/unit/node/home_fake.h"

enum { ENDS_IN = 60 * 1000 };

static int64_t wall, mono;

static struct wall_ms
on_wall(void *self)
{
    (void)self;
    return (struct wall_ms){ wall };
}

static struct mono_ms
on_mono(void *self)
{
    (void)self;
    return (struct mono_ms){ mono };
}

static void
on_random(void *self, void *out, size_t len)
{
    struct home *home = self;
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)check_random(&home->random);
}

static enum status
on_sign(void *self, enum sign_type type, struct bytes body, struct signature *out)
{
    struct home *home = self;

    *out = sample_sign(&home->world.companies[0], type, body);
    return STATUS_OK;
}

static bool
open_home(struct home *home, struct core **out)
{
    struct diag diag = { 0 };
    struct core_config config = { .home = home->path,
                                  .env = { .self = home,
                                           .wall = on_wall,
                                           .mono = on_mono,
                                           .random = on_random,
                                           .keyring = { .sign = on_sign, .self = home } } };

    return core_open(&config, &diag, out) == STATUS_OK;
}

static bool
receive(struct home *home, struct core *core, struct arena *arena)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct signed_object them = home_descriptor(home, 1, arena);
    struct grant_field fields[] = { { { .number = 2 }, { .number = 1 } } };
    struct record_id records[] = { { { 7 } } };
    const char *purposes[] = { "event" };
    struct chain_fault fault;
    struct company *from;
    struct live *live;

    if (core_need_txn(core) != STATUS_OK ||
        company_learn(core, &them, COMPANY_INTRODUCED, 0, &from) != STATUS_OK)
        return false;
    struct grant grant = { .issuer = from->node,
                           .audience = core->me,
                           .owner = from->node,
                           .selector = SELECTOR_RECORDS,
                           .records = records,
                           .record_count = 1,
                           .fields = fields,
                           .field_count = 1,
                           .actions = ACTION_READ,
                           .not_before = { HOME_NOW_MS - 1000 },
                           .not_after = { HOME_NOW_MS + ENDS_IN },
                           .purposes = purposes,
                           .purpose_count = 1 };
    struct share_row row = { .role = ROLE_RECEIVED,
                             .partner = from->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct signed_object link = sample_grant_sign(&home->world, &grant, arena);
    return chain_check(core, &link, 1, &chain, &fault) == STATUS_OK &&
           grants_keep(core, &link, chain, &row.leaf) == STATUS_OK &&
           share_add(core, &row, &chain, &live) == STATUS_OK;
}

/* A home that was given something ending in a minute, and is off. */
static bool
home_prepare(struct home *home)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(core_close) struct core *core = NULL;

    home_make(home);
    wall = HOME_NOW_MS;
    mono = 1000;
    if (home_init(home) != STATUS_OK || !open_home(home, &core) || !receive(home, core, arena))
        return false;
    bool waits = core_read_waits(core);
    struct mono_ms next = core_round(core);
    return !waits && next.ms > mono;
}

static int64_t
state_of(const struct home *home)
{
    return home_sql(home, "SELECT state FROM share WHERE role = 1");
}

/* ---- off at the end ----------------------------------------------------------------------- */

static const struct {
    const char *why;
    int64_t offset;
    bool is_over;
} starts[] = {
    { "a millisecond before the end it stands", -1, false },
    { "at the end it is over", 0, true },
    { "a millisecond after the end it is over", 1, true },
};

static void
start(struct check *t, size_t i)
{
    AUTO(core_close) struct core *core = NULL;
    AUTO(home_remove) struct home home;
    const char *why = starts[i].why;
    bool is_over = starts[i].is_over;
    size_t lives = is_over ? 0 : 1;
    int64_t state = is_over ? SHARE_ENDED : SHARE_ACCEPTED;

    CHECK(t, why, home_prepare(&home));
    wall = HOME_NOW_MS + ENDS_IN + starts[i].offset;
    CHECK(t, why, open_home(&home, &core));
    CHECK(t, "nobody is answered before the first round", core_read_waits(core) == is_over);
    (void)core_round(core);
    CHECK(t, why, core->live_count == lives && state_of(&home) == state);
    CHECK(t, "then everybody is", !core_read_waits(core));
    core_close(&core);

    wall = HOME_NOW_MS;
    CHECK(t, why, open_home(&home, &core));
    (void)core_round(core);
    CHECK(t, "with the clock set back, what has ended has ended",
          core->live_count == lives && state_of(&home) == state);
}

static void
test_starts(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        start(t, i);
}

/* ---- running over the end ----------------------------------------------------------------- */

static void
test_running(struct check *t)
{
    AUTO(core_close) struct core *core = NULL;
    AUTO(home_remove) struct home home;

    CHECK(t, "a home", home_prepare(&home) && open_home(&home, &core));
    (void)core_round(core);
    wall = HOME_NOW_MS + ENDS_IN - 5;
    mono += 1;
    CHECK(t, "it wants to be awake at the end", core_round(core).ms == mono + 5);
    CHECK(t, "until then it stands", core->live_count == 1);
    wall += 5;
    CHECK(t, "long before the next sweep, reads wait", core_read_waits(core));
    (void)core_round(core);
    CHECK(t, "for one round", !core_read_waits(core));
    CHECK(t, "that ends it", core->live_count == 0 && state_of(&home) == SHARE_ENDED);
}

/* ---- an issuer that has had many keys since ------------------------------------------------ */

/* More of them than are kept; none is the one that signed the grant. */
static bool
change_keys(struct home *home, struct core *core, struct arena *arena)
{
    const struct sample_company *them = &home->world.companies[1];
    struct company *c = core->companies[1];

    if (core_need_txn(core) != STATUS_OK)
        return false;
    for (size_t i = 0; i < DESCRIPTORS_MAX + 1; i++) {
        struct descriptor d = { .root_key = them->key,
                                .serial = c->serial + 1,
                                .has_previous = true,
                                .previous = c->descriptor,
                                .name = "Brio",
                                .country = "DE",
                                .signing_key = home->world.companies[2 + i % 2].key,
                                .not_before = { HOME_NOW_MS - 1000 },
                                .not_after = { HOME_NOW_MS + 100 * ENDS_IN } };
        struct signed_object object = { .body = wire_descriptor_format(&d, arena) };
        object.signature = sample_sign(them, SIGN_DESCRIPTOR, object.body);
        if (company_learn(core, &object, COMPANY_INTRODUCED, 0, &c) != STATUS_OK)
            return false;
    }
    (void)core_round(core);
    return true;
}

static void
test_many_keys(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(core_close) struct core *core = NULL;
    AUTO(home_remove) struct home home;

    CHECK(t, "a home", home_prepare(&home) && open_home(&home, &core));
    CHECK(t, "its issuer has other keys", change_keys(&home, core, arena));
    CHECK(t, "it stands", core->live_count == 1);
    core_close(&core);
    CHECK(t, "and after a start", open_home(&home, &core) && core->live_count == 1);
    core_close(&core);

    CHECK(t, "one whose key nobody knows any more",
          home_sql(&home, "UPDATE grants SET key = NULL") == 0 && open_home(&home, &core) &&
              core->live_count == 0 && state_of(&home) == SHARE_ACCEPTED);
    struct object_id gid;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_GET);
        stmt_bind(q, "i", (int64_t)1);
        CHECK(t, "its grant is there", stmt_step(q) == STATUS_OK);
        stmt_copy(q, 0, gid.b, sizeof(gid.b));
    }
    CHECK(t, "can be taken back",
          core_need_txn(core) == STATUS_OK &&
              grant_fall(core, &gid, &core->companies[1]->node, (struct bytes){ 0 },
                         SHARE_STOPPED, "") == STATUS_OK);
    (void)core_round(core);
    CHECK(t, "and is over", state_of(&home) == SHARE_STOPPED);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "off at the end", test_starts },
        { "running over the end", test_running },
        { "an issuer of many keys", test_many_keys },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
