/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_repair.c - both sides of a comparison, before a partner that says what the case wants. Company 0 is us,
 * CARRIER has shares with us, STRANGER is a partner without.
 */
#include "node/repair.h"

#include "node/scopes.h"
#include "tests/unit/node/route_fake.h"

enum { ROWS = 2000, SOME_TYPE = 4, SESSION = 77 };

static int64_t clock_ms;

static struct mono_ms
on_mono(void *self)
{
    (void)self;
    return (struct mono_ms){ clock_ms };
}

struct table {
    struct desk desk;
    struct core *core;
    struct live *given, *received;
    struct scope_entry there[ROWS + 8]; /* what CARRIER has of the given share */
    size_t there_count;
    uint64_t session[COMPANIES]; /* ours towards each */
};

/* ---- messages ----------------------------------------------------------------------------- */

static void
forget_sent(struct table *x)
{
    x->core->sendings = NULL;
    x->core->sendings_end = &x->core->sendings;
}

/* The last message to a company of this kind. */
static bool
sent(struct table *x, size_t to, enum message_kind kind, struct envelope *out)
{
    bool found = false;

    for (const struct sending *s = x->core->sendings; s != NULL; s = s->next) {
        struct envelope env;
        if (ID_IS_EQUAL(s->to, x->desk.company[to]->node) &&
            envelope_parse(s->message, &env) == STATUS_OK && env.kind == (uint8_t)kind) {
            *out = env;
            found = true;
        }
    }
    return found;
}

static void
hear(struct table *x, size_t from, enum message_kind kind, struct bytes body)
{
    struct envelope env = { .kind = (uint8_t)kind,
                            .session = kind == MESSAGE_HELLO ? 0 : x->session[from],
                            .body = body };

    core_on_message(x->core, &x->desk.company[from]->node,
                    envelope_format(&env, x->desk.arena));
}

static void
make_ready(struct table *x, size_t company)
{
    struct envelope env;
    struct hello *ours;
    struct hello theirs = { .author = x->desk.company[company]->node,
                            .audience = x->core->me,
                            .session = SESSION,
                            .incarnation = 1,
                            .clock = { HOME_NOW_MS } };

    (void)companies_tick(x->core);
    if (!sent(x, company, MESSAGE_HELLO, &env) ||
        wire_hello_parse(env.body, x->desk.arena, &ours) != STATUS_OK)
        abort();
    x->session[company] = theirs.answers = ours->session;
    hear(x, company, MESSAGE_HELLO, wire_hello_format(&theirs, x->desk.arena));
}

static void
tick(struct table *x, int64_t ms)
{
    struct mono_ms next = { INT64_MAX };

    forget_sent(x);
    clock_ms += ms;
    for (int i = 0; i < 2; i++) /* the first may make sums */
        if (repair_tick(x->core, &next) != STATUS_OK)
            abort();
}

/* ---- shares ------------------------------------------------------------------------------- */

static struct live *
share(struct table *x, size_t issuer, size_t audience, enum share_role role)
{
    struct grant grant = grant_of(&x->desk, CARRIER, (uint8_t)(10 + role));
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct chain_fault fault;
    struct share_row row = { .role = role,
                             .partner = x->desk.company[CARRIER]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct live *live;

    grant.issuer = grant.owner = x->desk.company[issuer]->node;
    grant.audience = x->desk.company[audience]->node;
    struct signed_object link = sample_grant_sign(&x->desk.home.world, &grant, x->desk.arena);
    if (chain_check(x->core, &link, 1, &chain, &fault) != STATUS_OK)
        abort();
    row.oid = *chain_leaf_id(chain);
    if (grants_keep(x->core, &link, chain, &row.leaf) != STATUS_OK ||
        share_add(x->core, &row, &chain, &live) != STATUS_OK)
        abort();
    return live;
}

static struct scope_entry
entry_of(uint32_t n)
{
    struct scope_entry entry = { .position = { 1, 7 } };
    uint8_t raw[4];

    put_u32(raw, n);
    struct digest d = digest_plain(bytes_of(raw, sizeof(raw)));
    memcpy(entry.record.b, d.b, ID_SIZE);
    return entry;
}

static int64_t
record_add(struct table *x, const struct scope_entry *entry, int64_t owner)
{
    if (store_exec(x->core->store, STMT_RECORD_ADD, "biin", bytes_of(entry->record.b, ID_SIZE),
                   owner, (int64_t)SOME_TYPE) != STATUS_OK)
        abort();
    return store_last_id(x->core->store);
}

/* ROWS delivered under the given share, all of them there; as many held under the received one. */
static void
table_set(struct table *x)
{
    struct run_leaves run = { .size = 1, .count = 1, .leaves = &(struct digest){ { 0 } } };
    int64_t run_id, purged;

    clock_ms = 1000;
    memset(x, 0, sizeof(*x));
    if (!desk_set(&x->desk))
        abort();
    x->core = x->desk.core;
    x->core->env.mono = on_mono;
    (void)share(x, 0, CARRIER, ROLE_GIVEN);
    (void)share(x, CARRIER, 0, ROLE_RECEIVED);
    for (size_t i = 0; i < x->core->live_count; i++) {
        struct live *live = &x->core->lives[i];
        x->given = live->role == ROLE_GIVEN ? live : x->given;
        x->received = live->role == ROLE_RECEIVED ? live : x->received;
    }
    if (records_keep_run(x->core, &run, ROWS, &run_id) != STATUS_OK)
        abort();
    for (uint32_t i = 0; i < ROWS; i++) {
        struct scope_entry given = entry_of(i), held = entry_of(ROWS + 1000 + i);
        int64_t record = record_add(x, &given, COMPANY_US);
        x->there[x->there_count++] = given;
        if (store_number(x->core->store, &purged, STMT_DELIVERY_PUT, "iiiiii", record,
                         x->desk.company[CARRIER]->id, x->given->leaf, (int64_t)1, (int64_t)7,
                         (int64_t)1) != STATUS_OK)
            abort();
        record = record_add(x, &held, x->desk.company[CARRIER]->id);
        if (store_exec(x->core->store, STMT_COPY_ADD, "iiiiibnbbiii", record, x->received->leaf,
                       (int64_t)1, (int64_t)1, (int64_t)7, bytes_text("r"), bytes_text(""),
                       bytes_text(""), run_id, (int64_t)0, (int64_t)1) != STATUS_OK)
            abort();
    }
    make_ready(x, CARRIER);
    make_ready(x, STRANGER);
    forget_sent(x);
}

static void
table_clear(struct table *x)
{
    desk_clear(&x->desk);
}

static int64_t
number(struct table *x, enum statement id, int64_t leaf)
{
    int64_t out = 0;

    return store_number(x->core->store, &out, id, "ii", leaf, (int64_t)1) == STATUS_OK ? out
                                                                                       : 0;
}

/* ---- the holder's side -------------------------------------------------------------------- */

static const struct scopes *
asked_scopes(struct table *x, size_t who)
{
    struct scope_state state = { .grant = *chain_leaf_id(x->received->chain) };
    struct scopes ask = { .incarnation = 1, .list = &state, .count = 1 };
    struct envelope env;
    struct scopes *said;

    forget_sent(x);
    for (int i = 0; i < 10; i++) {
        hear(x, who, MESSAGE_SCOPES, wire_scopes_format(&ask, x->desk.arena));
        if (sent(x, who, MESSAGE_SCOPES, &env))
            return wire_scopes_parse(env.body, x->desk.arena, &said) == STATUS_OK ? said : NULL;
        if (scopes_step(x->core) != STATUS_OK)
            abort();
    }
    return NULL;
}

static const struct scope_ids *
asked_ids(struct table *x, size_t who, struct scope_range *ranges, size_t count)
{
    struct scope_ids ask = { .grant = *chain_leaf_id(x->received->chain),
                             .incarnation = 1,
                             .ranges = ranges,
                             .range_count = count };
    struct envelope env;
    struct scope_ids *said;

    forget_sent(x);
    hear(x, who, MESSAGE_SCOPE_IDS, wire_scope_ids_format(&ask, x->desk.arena));
    if (!sent(x, who, MESSAGE_SCOPE_IDS, &env))
        return NULL;
    return wire_scope_ids_parse(env.body, x->desk.arena, &said) == STATUS_OK ? said : NULL;
}

static void
test_holder(struct check *t)
{
    AUTO(table_clear) struct table x;
    struct scope_range ranges[2] = { { .depth = 0 }, { .depth = 2, .prefix = 0xab } };

    table_set(&x);
    const struct scopes *said = asked_scopes(&x, CARRIER);
    CHECK(t, "who gave it hears how many there are",
          said != NULL && said->answer && said->count == 1 && said->list[0].held.count == ROWS);
    said = asked_scopes(&x, STRANGER);
    CHECK(t, "to another partner the share does not exist",
          said != NULL && said->answer && said->count == 0);
    CHECK(t, "nor any range of it", asked_ids(&x, STRANGER, ranges, 2) == NULL);
    const struct scope_ids *ids = asked_ids(&x, CARRIER, ranges, 2);
    bool is_two = ids != NULL && ids->answer && ids->range_count == 2;
    CHECK(t, "ranges are answered in order", is_two);
    if (!is_two)
        return;
    uint64_t all = 0;
    for (size_t i = 0; i < ids->ranges[0].part_count; i++)
        all += ids->ranges[0].parts[i].count;
    CHECK(t, "much as parts", !ids->ranges[0].listed && all == ROWS);
    CHECK(t, "little as a list",
          ids->ranges[1].listed && ids->ranges[1].entry_count > 0 &&
              ids->ranges[1].entry_count <= SCOPE_LIST_MAX);
    size_t little = ids->ranges[1].entry_count;
    ranges[1].split = true;
    ids = asked_ids(&x, CARRIER, ranges + 1, 1);
    all = 0;
    for (size_t i = 0; ids != NULL && i < ids->ranges[0].part_count; i++)
        all += ids->ranges[0].parts[i].count;
    CHECK(t, "little as parts too, when they are asked for",
          ids != NULL && !ids->ranges[0].listed && all == little);
    struct scope_entry first = entry_of(ROWS + 1000);
    int64_t record = 0;
    if (store_number(x.core->store, &record, STMT_RECORD_FIND, "b",
                     bytes_of(first.record.b, ID_SIZE)) != STATUS_OK ||
        store_exec(x.core->store, STMT_RECORD_FREEZE, "iii", record, (int64_t)1, (int64_t)7) !=
            STATUS_OK)
        abort();
    scopes_forget_all(x.core);
    said = asked_scopes(&x, CARRIER);
    CHECK(t, "a frozen record is not counted",
          said != NULL && said->list[0].held.count == ROWS - 1);
}

/* ---- the giver's side --------------------------------------------------------------------- */

static void
answer_scopes(struct table *x, uint64_t have)
{
    struct scope_state state = { .grant = *chain_leaf_id(x->given->chain) };
    struct scopes said = {
        .incarnation = 1, .have = have, .answer = true, .list = &state, .count = 1
    };

    for (size_t i = 0; i < x->there_count; i++)
        scope_sum_add(&state.held, &x->there[i]);
    hear(x, CARRIER, MESSAGE_SCOPES, wire_scopes_format(&said, x->desk.arena));
}

static int
by_record(const void *a, const void *b)
{
    const struct scope_entry *x = a, *y = b;

    return memcmp(x->record.b, y->record.b, ID_SIZE);
}

static void
answer_range(struct table *x, const struct scope_range *asked, struct scope_range *out)
{
    struct scope_entry *in = ARENA_ARRAY(x->desk.arena, struct scope_entry, ROWS + 8);
    size_t count = 0;

    for (size_t i = 0; i < x->there_count; i++)
        if (wire_scope_range_has(asked, &x->there[i].record))
            in[count++] = x->there[i];
    qsort(in, count, sizeof(*in), by_record);
    *out = (struct scope_range){ .depth = asked->depth, .prefix = asked->prefix };
    if (!asked->split && count <= SCOPE_LIST_MAX) {
        out->listed = true;
        out->entries = in;
        out->entry_count = count;
        return;
    }
    out->part_count = SCOPE_PARTS;
    out->parts = ARENA_ARRAY(x->desk.arena, struct scope_sum, SCOPE_PARTS);
    memset(out->parts, 0, SCOPE_PARTS * sizeof(*out->parts));
    for (size_t i = 0; i < count; i++)
        scope_sum_add(&out->parts[scope_range_digit(asked, &in[i].record)], &in[i]);
}

/* Answers what was asked of ranges. false: nothing was. */
static bool
answer_ids(struct table *x)
{
    struct scope_range *ranges =
        ARENA_ARRAY(x->desk.arena, struct scope_range, SCOPE_RANGES_MAX);
    struct envelope env;
    struct scope_ids *asked;

    if (!sent(x, CARRIER, MESSAGE_SCOPE_IDS, &env) ||
        wire_scope_ids_parse(env.body, x->desk.arena, &asked) != STATUS_OK)
        return false;
    struct scope_ids said = *asked;
    said.answer = true;
    said.ranges = ranges;
    for (size_t i = 0; i < asked->range_count; i++)
        answer_range(x, &asked->ranges[i], &ranges[i]);
    hear(x, CARRIER, MESSAGE_SCOPE_IDS, wire_scope_ids_format(&said, x->desk.arena));
    return true;
}

static void
run_pass(struct table *x, int64_t wait_ms)
{
    tick(x, wait_ms);
    answer_scopes(x, 0);
    tick(x, 0);
    while (answer_ids(x))
        tick(x, 0);
    tick(x, 0); /* no share is left */
}

static void
test_equal(struct check *t)
{
    AUTO(table_clear) struct table x;
    struct envelope env;

    table_set(&x);
    tick(&x, 299);
    CHECK(t, "299 ms after the link came up nothing is asked",
          !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    tick(&x, 1);
    CHECK(t, "at 300 it is", sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    tick(&x, 999);
    CHECK(t, "while no answer came, not again", !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    tick(&x, 1);
    tick(&x, 100);
    CHECK(t, "after a second, again", sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    x.there_count--;
    answer_scopes(&x, 1);
    x.there_count++;
    tick(&x, 0);
    CHECK(t, "an answer of another position is not compared",
          !sent(&x, CARRIER, MESSAGE_SCOPE_IDS, &env));
    tick(&x, 100);
    CHECK(t, "and asked for again", sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    answer_scopes(&x, 0);
    tick(&x, 0);
    CHECK(t, "equal sums need no ids", !sent(&x, CARRIER, MESSAGE_SCOPE_IDS, &env));
    CHECK(t, "and are noted", number(&x, STMT_COMPARED_GET, x.given->leaf) == HOME_NOW_MS);
    tick(&x, 10 * 60 * 1000 - 1);
    CHECK(t, "for ten minutes all is quiet", !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    tick(&x, 1);
    CHECK(t, "then it is compared once more", sent(&x, CARRIER, MESSAGE_SCOPES, &env));
}

static int64_t
due_count(struct table *x)
{
    return number(x, STMT_DUE_COUNT, x->desk.company[CARRIER]->id);
}

static int64_t
control_count(struct table *x)
{
    return number(x, STMT_CONTROL_COUNT, x->desk.company[CARRIER]->id);
}

static void
test_differences(struct check *t)
{
    AUTO(table_clear) struct table x;
    struct envelope env;

    table_set(&x);
    x.there[3] = x.there[--x.there_count]; /* two are lost */
    x.there[9] = x.there[--x.there_count];
    x.there[20].position.number = 6;            /* one is older */
    x.there[x.there_count++] = entry_of(50000); /* nobody knows this one */
    int64_t before = control_count(&x);
    run_pass(&x, 300);
    CHECK(t, "what is missing or older is due again", due_count(&x) == 3);
    CHECK(t, "what nobody knows is taken back", control_count(&x) == before + 1);
    CHECK(t, "and nothing else is asked", !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    if (store_exec(x.core->store, STMT_DUE_FORGET, "i", x.given->leaf) != STATUS_OK)
        abort();
    tick(&x, 1999);
    CHECK(t, "it is not confirmed before two seconds",
          !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
    x.there_count--; /* erased */
    run_pass(&x, 1);
    CHECK(t, "what is not there a second time does not go again", due_count(&x) == 0);
    for (size_t i = 0; i < x.there_count; i++)
        if (x.there[i].position.number == 6)
            x.there[i--] = x.there[--x.there_count];
    tick(&x, 2000);
    answer_scopes(&x, 0);
    tick(&x, 0);
    CHECK(t, "and is not compared", !sent(&x, CARRIER, MESSAGE_SCOPE_IDS, &env));
}

static int64_t
number_of_record(struct table *x)
{
    int64_t record = 0;

    if (store_number(x->core->store, &record, STMT_RECORD_FIND, "b",
                     bytes_of(x->desk.record.b, ID_SIZE)) != STATUS_OK)
        abort();
    return record;
}

/* A holder is ahead of us in a record of ours: who made that revision? */
static void
test_ahead(struct check *t)
{
    static const struct {
        const char *why;
        uint64_t refused_below;
        int64_t due;
    } rows[] = {
        { "nobody but us makes them: people are told", 0, 0 },
        { "after a theft a thief may have: ours goes again", 2, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(table_clear) struct table x;
        table_set(&x);
        x.core->companies[0]->refused_below = rows[i].refused_below;
        int64_t record = number_of_record(&x);
        CHECK(t, "it was delivered",
              store_exec(x.core->store, STMT_DELIVERY_PUT, "iiiiii", record, x.given->partner,
                         x.given->leaf, (int64_t)1, (int64_t)1, HOME_NOW_MS) == STATUS_OK);
        x.there[x.there_count++] = (struct scope_entry){ x.desk.record, { UINT32_MAX, 5 } };
        int64_t before = control_count(&x);
        run_pass(&x, 300);
        CHECK(t, rows[i].why, due_count(&x) == rows[i].due);
        CHECK(t, "and nothing is taken back", control_count(&x) == before);
        CHECK(t, "it went",
              store_exec(x.core->store, STMT_DUE_FORGET, "i", x.given->leaf) == STATUS_OK);
        run_pass(&x, 2000);
        CHECK(t, "who is ahead all the same does not get it for ever", due_count(&x) == 0);
    }
}

static void
test_all_lost(struct check *t)
{
    AUTO(table_clear) struct table x;

    table_set(&x);
    x.there_count = 0;
    run_pass(&x, 300);
    for (int i = 0; i < 100; i++)
        tick(&x, 0);
    CHECK(t, "who lost everything gets everything", due_count(&x) == ROWS);
}

/* There is always more, and never a list. */
static bool
lie_about_ids(struct table *x, uint8_t n)
{
    struct scope_range *ranges =
        ARENA_ARRAY(x->desk.arena, struct scope_range, SCOPE_RANGES_MAX);
    struct scope_sum parts[SCOPE_PARTS];
    struct envelope env;
    struct scope_ids *asked;

    if (!sent(x, CARRIER, MESSAGE_SCOPE_IDS, &env) ||
        wire_scope_ids_parse(env.body, x->desk.arena, &asked) != STATUS_OK)
        return false;
    struct scope_ids said = *asked;
    said.answer = true;
    said.ranges = ranges;
    for (size_t i = 0; i < SCOPE_PARTS; i++)
        parts[i] = (struct scope_sum){ 1000000, { n, (uint8_t)i } };
    for (size_t i = 0; i < asked->range_count; i++)
        ranges[i] = (struct scope_range){ .depth = asked->ranges[i].depth,
                                          .prefix = asked->ranges[i].prefix,
                                          .parts = parts,
                                          .part_count = SCOPE_PARTS };
    hear(x, CARRIER, MESSAGE_SCOPE_IDS, wire_scope_ids_format(&said, x->desk.arena));
    return true;
}

static void
test_liar(struct check *t)
{
    AUTO(table_clear) struct table x;
    struct envelope env;
    int asked = 0;

    table_set(&x);
    x.there_count = 1;
    tick(&x, 300);
    answer_scopes(&x, 0);
    tick(&x, 0);
    while (asked < 300 && lie_about_ids(&x, (uint8_t)asked)) {
        asked++;
        tick(&x, 0);
    }
    CHECK(t, "a partner that always has more is asked one message at a time", asked == 300);
    CHECK(t, "and nothing is due for it", due_count(&x) == 0);
    tick(&x, 0);
    for (int i = 0; i < 60 && clock_ms < INT64_C(1000) * 1000; i++) {
        tick(&x, 1000);
        tick(&x, 100);
    }
    tick(&x, 1000);
    tick(&x, 5000);
    CHECK(t, "when it falls silent it is left alone",
          !sent(&x, CARRIER, MESSAGE_SCOPE_IDS, &env) &&
              !sent(&x, CARRIER, MESSAGE_SCOPES, &env));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a holder answers who gave it, and nobody else", test_holder },
        { "equal sums are all that is said", test_equal },
        { "differences are mended once", test_differences },
        { "a holder that is ahead", test_ahead },
        { "a holder that lost everything", test_all_lost },
        { "a holder that makes it up", test_liar },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
