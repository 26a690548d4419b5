/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/federation/test_peer.c - delivery with one partner, before a store that only remembers
 * (docs/protocol/delivery.md).
 */
#include "federation/peer.h"

#include "tests/unit/federation/peer_fake.h"

/* ---- states ------------------------------------------------------------------------------- */

static void
test_states(struct check *t)
{
    AUTO(fake_fini) struct fake f;

    fake_init(&f);
    CHECK(t, "at first nothing is heard", peer_state(f.peer) == PEER_DOWN);
    (void)peer_tick(f.peer, f.now, wall());
    CHECK(t, "it greets by itself",
          peer_state(f.peer) == PEER_GREETING && f.sent[0].kind == MESSAGE_HELLO);
    struct hello hello = hello_of(&f, 0, 4);
    hello.answers = our_session(&f) + 1;
    hear_hello(&f, &hello);
    CHECK(t, "a Hello that answers something else is no answer",
          peer_state(f.peer) == PEER_GREETING);
    hello.answers = our_session(&f);
    hear_hello(&f, &hello);
    CHECK(t, "one that answers ours makes it ready", peer_state(f.peer) == PEER_READY);
    hello.session++;
    hello.answers = 0;
    hear_hello(&f, &hello);
    CHECK(t, "a new session of theirs is answered first", peer_state(f.peer) == PEER_GREETING);
    hello.answers = our_session(&f);
    hear_hello(&f, &hello);
    CHECK(t, "and then it is ready again", peer_state(f.peer) == PEER_READY);
    peer_on_cut(f.peer);
    CHECK(t, "a cut link is down", peer_state(f.peer) == PEER_DOWN);
}

static void
test_silence(struct check *t)
{
    static const struct {
        const char *why;
        int64_t after_ms;
        enum peer_state state;
    } rows[] = {
        { "44,999 ms of silence are borne", 44999, PEER_READY },
        { "45,000 are not", 45000, PEER_DOWN },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        fake_init(&f);
        make_ready(&f, 4);
        f.now.ms += rows[i].after_ms;
        (void)peer_tick(f.peer, f.now, wall());
        CHECK(t, rows[i].why, peer_state(f.peer) == rows[i].state);
    }
}

static void
test_stalled(struct check *t)
{
    AUTO(fake_fini) struct fake f;
    size_t sent;

    fake_init(&f);
    make_ready(&f, 4);
    f.waiting = 1;
    CHECK(t, "one message goes", peer_pump(f.peer, f.now, 9, &sent) == STATUS_OK && sent == 1);
    f.now.ms += 4999;
    (void)peer_tick(f.peer, f.now, wall());
    CHECK(t, "for five seconds it waits", peer_state(f.peer) == PEER_READY);
    f.now.ms += 1;
    uint64_t before = our_session(&f);
    (void)peer_tick(f.peer, f.now, wall());
    CHECK(t, "then it greets anew",
          peer_state(f.peer) == PEER_GREETING && our_session(&f) != before);
    struct hello hello = hello_of(&f, 0, 4);
    hear_hello(&f, &hello);
    CHECK(t, "and what was not acknowledged goes again",
          peer_pump(f.peer, f.now, 9, &sent) == STATUS_OK && sent == 1 && f.again == 1 &&
              f.sent[f.sent_count - 1].seq == 1);
}

/* It went back to an older database: it has less than it acknowledged, and is a later incarnation. */
static void
test_restored(struct check *t)
{
    AUTO(fake_fini) struct fake f;
    size_t sent;

    fake_init(&f);
    f.in[0] = f.in[1] = (struct peer_in){ .incarnation = 1, .have = 3 };
    f.out[1] = (struct peer_out){ .next = 6, .acked = 5 };
    CHECK(t, "a partner that acknowledged all five", peer_reload(f.peer) == STATUS_OK);
    (void)peer_tick(f.peer, f.now, wall());
    struct hello hello = hello_of(&f, 2, 4);
    hello.answers = 0;
    hear_hello(&f, &hello);
    CHECK(t, "an older word of it changes nothing", f.out[1].acked == 5);
    hello.incarnation = 9;
    hello.answers = our_session(&f);
    hear_hello(&f, &hello);
    CHECK(t, "what it says in this session counts",
          peer_state(f.peer) == PEER_READY && f.out[1].acked == 2 && f.restored == 1);
    f.lost_to = 5;
    f.waiting = 1;
    CHECK(t, "one message stands for what it lost, and new numbers follow",
          peer_pump(f.peer, f.now, 9, &sent) == STATUS_OK && sent == 2 && f.again == 1 &&
              f.sent[f.sent_count - 2].seq == 3 && f.sent[f.sent_count - 1].seq == 6);
    hello.session++;
    hello.answers = 0;
    hear_hello(&f, &hello);
    hello.answers = our_session(&f);
    hear_hello(&f, &hello);
    CHECK(t, "it is answered once for each incarnation", f.restored == 1);
}

/* Our whole home is an older copy: only the partner can say so. */
static void
test_behind(struct check *t)
{
    static const struct {
        const char *why;
        uint64_t have;
        bool want;
    } rows[] = {
        { "it has all that we gave", 5, false },
        { "it has one that we never gave", 6, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        size_t sent;
        fake_init(&f);
        f.out[1] = (struct peer_out){ .next = 6, .acked = 2 };
        CHECK(t, "we gave five", peer_reload(f.peer) == STATUS_OK);
        (void)peer_tick(f.peer, f.now, wall());
        struct hello hello = hello_of(&f, rows[i].have, 4);
        hear_hello(&f, &hello);
        f.waiting = 1;
        CHECK(t, rows[i].why,
              peer_is_behind(f.peer) == rows[i].want &&
                  peer_pump(f.peer, f.now, 9, &sent) == STATUS_OK &&
                  sent == (rows[i].want ? 0 : 1));
    }
}

static void
test_session_rules(struct check *t)
{
    static const struct {
        const char *why;
        uint64_t session_off;
        bool ready, wrong_audience;
        unsigned taken, broken;
    } rows[] = {
        { "a message of this session is taken", 0, true, false, 1, 0 },
        { "one of another session is not", 1, true, false, 0, 0 },
        { "nor any before the greeting is over", 0, false, false, 0, 0 },
        { "a Hello for somebody else is refused", 0, false, true, 0, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        fake_init(&f);
        (void)peer_tick(f.peer, f.now, wall());
        struct hello hello = hello_of(&f, 0, 4);
        if (rows[i].wrong_audience)
            hello.audience = them;
        if (rows[i].ready || rows[i].wrong_audience)
            hear_hello(&f, &hello);
        hear(&f, &(struct envelope){ .kind = MESSAGE_RECORDS,
                                     .stream = STREAM_DATA,
                                     .session = our_session(&f) + rows[i].session_off,
                                     .incarnation = 1,
                                     .seq = 1,
                                     .body = bytes_text("a") });
        CHECK(t, rows[i].why, f.taken == rows[i].taken && f.broken == rows[i].broken);
    }
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void
test_numbers(struct check *t)
{
    static const struct {
        const char *why;
        struct line lines[4];
        unsigned taken;
        uint64_t have;
        unsigned broken;
        enum status as;
        bool frozen;
    } rows[] = {
        { "numbers in order are taken",
          { { 32, 1, 1, "a" }, { 32, 1, 2, "b" } },
          2,
          2,
          0,
          STATUS_OK,
          false },
        { "a repeat is not taken twice",
          { { 32, 1, 1, "a" }, { 32, 1, 1, "a" } },
          1,
          1,
          0,
          STATUS_OK,
          false },
        { "a contradiction freezes the stream",
          { { 32, 1, 1, "a" }, { 32, 1, 1, "x" }, { 32, 1, 2, "b" } },
          1,
          1,
          1,
          STATUS_EQUIVOCATION,
          true },
        { "a gap is noted once and comes again",
          { { 32, 1, 2, "b" }, { 32, 1, 2, "b" }, { 32, 1, 1, "a" }, { 32, 1, 2, "b" } },
          2,
          2,
          1,
          STATUS_GAP,
          false },
        { "an older incarnation is dropped",
          { { 32, 3, 1, "a" }, { 32, 2, 1, "b" } },
          1,
          1,
          0,
          STATUS_OK,
          false },
        { "a newer one starts at 1",
          { { 32, 1, 1, "a" }, { 32, 1, 2, "b" }, { 32, 2, 1, "c" } },
          3,
          1,
          0,
          STATUS_OK,
          false },
        { "an unknown kind counts as received",
          { { 99, 1, 1, "a" }, { 32, 1, 2, "b" } },
          1,
          2,
          1,
          STATUS_UNKNOWN_KIND,
          false },
        { "so does a Void that is none",
          { { MESSAGE_VOID, 1, 1, "a" }, { 32, 1, 2, "b" } },
          1,
          2,
          1,
          STATUS_MALFORMED,
          false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        fake_init(&f);
        make_ready(&f, 4);
        for (size_t k = 0; k < COUNT_OF(rows[i].lines) && rows[i].lines[k].seq != 0; k++)
            hear_line(&f, &rows[i].lines[k]);
        CHECK(t, rows[i].why,
              f.taken == rows[i].taken && f.in[1].have == rows[i].have &&
                  f.broken == rows[i].broken && (f.broken == 0 || f.broken_as == rows[i].as) &&
                  peer_is_frozen(f.peer) == rows[i].frozen);
    }
}

static void
test_void(struct check *t)
{
    static const struct {
        const char *why;
        bool is_theirs;
        enum stream stream;
        uint64_t first;
        uint64_t have;
    } rows[] = {
        { "a Void counts all up to its last as received", true, STREAM_DATA, 1, 5 },
        { "of another stream it counts for itself alone", true, STREAM_CONTROL, 1, 1 },
        { "nor may it begin elsewhere", true, STREAM_DATA, 2, 1 },
        { "nor speak for somebody else", false, STREAM_DATA, 1, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        struct void_range v = { .author = rows[i].is_theirs ? them : us,
                                .audience = us,
                                .stream = rows[i].stream,
                                .incarnation = 1,
                                .first = rows[i].first,
                                .last = 5 };
        fake_init(&f);
        make_ready(&f, 4);
        struct signed_object object = { .body = wire_void_range_format(&v, f.arena) };
        hear(&f, &(struct envelope){ .kind = MESSAGE_VOID,
                                     .stream = STREAM_DATA,
                                     .session = our_session(&f),
                                     .incarnation = 1,
                                     .seq = 1,
                                     .body = wire_signed_body_format(&object, f.arena) });
        CHECK(t, rows[i].why, f.in[1].have == rows[i].have);
        if (rows[i].have != 5)
            continue;
        hear_line(&f, &(struct line){ MESSAGE_RECORDS, 1, 1, "late" });
        CHECK(t, "what it stood for may come late", !peer_is_frozen(f.peer) && f.taken == 1);
    }
}

/* Nothing is acknowledged before the commit (P1); what is "not now" is not acknowledged at all. */
static void
test_acknowledging(struct check *t)
{
    AUTO(fake_fini) struct fake f;
    const struct line first = { 32, 1, 1, "a" }, second = { 32, 1, 2, "b" };

    fake_init(&f);
    make_ready(&f, 4);
    size_t before = f.sent_count;
    hear_line(&f, &first);
    CHECK(t, "not before the commit", f.sent_count == before);
    peer_committed(f.peer);
    CHECK(t, "but then", f.sent_count == before + 1 && f.sent[before].kind == MESSAGE_ACK);
    hear_line(&f, &first);
    peer_committed(f.peer);
    CHECK(t, "and again for a repeat", f.sent_count == before + 2);
    f.take_says = STATUS_BUSY;
    hear_line(&f, &second);
    peer_committed(f.peer);
    CHECK(t, "what cannot be taken now is left",
          f.sent_count == before + 2 && f.in[1].have == 1);
    f.take_says = STATUS_OK;
    hear_line(&f, &second);
    CHECK(t, "until it comes again", f.in[1].have == 2);
}

/* ---- credit ------------------------------------------------------------------------------- */

static void
test_credit(struct check *t)
{
    static const struct {
        const char *why;
        uint64_t waiting;
        uint32_t credit;
        size_t sent;
    } rows[] = {
        { "less than the credit goes", 3, 4, 3 },
        { "as much as the credit goes", 4, 4, 4 },
        { "not one more", 5, 4, 4 },
        { "without credit nothing goes", 1, 0, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        size_t sent;
        fake_init(&f);
        make_ready(&f, rows[i].credit);
        f.waiting = rows[i].waiting;
        CHECK(t, rows[i].why,
              peer_pump(f.peer, f.now, 99, &sent) == STATUS_OK && sent == rows[i].sent);
    }
}

static void
test_credit_comes_back(struct check *t)
{
    AUTO(fake_fini) struct fake f;
    size_t sent;

    fake_init(&f);
    make_ready(&f, 4);
    f.waiting = 10;
    CHECK(t, "four go", peer_pump(f.peer, f.now, 99, &sent) == STATUS_OK && sent == 4);
    hear_ack(&f, 3, 4);
    CHECK(t, "three are acknowledged, three more go",
          peer_pump(f.peer, f.now, 99, &sent) == STATUS_OK && sent == 3 && f.out[1].acked == 3);
    hear_ack(&f, 2, 4);
    CHECK(t, "an older acknowledgement takes nothing back", f.out[1].acked == 3);
    hear_ack(&f, 8, 4);
    CHECK(t, "what was never sent cannot be acknowledged", f.out[1].acked == 3);
    hear_ack(&f, 7, 4);
    CHECK(t, "numbers go on",
          peer_pump(f.peer, f.now, 99, &sent) == STATUS_OK && sent == 3 &&
              f.sent[f.sent_count - 1].seq == 10);
}

/* Repair's messages are handed on in a session, and only in the present one. */
static void
test_repair_messages(struct check *t)
{
    static const uint8_t kinds[] = { MESSAGE_SCOPES, MESSAGE_SCOPE_IDS };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        AUTO(fake_fini) struct fake f;
        fake_init(&f);
        struct envelope env = { .kind = kinds[i], .session = 1, .body = bytes_text("x") };
        hear(&f, &env);
        CHECK(t, "before there is a session it is dropped", f.repairs == 0);
        make_ready(&f, 4);
        env.session = our_session(&f);
        hear(&f, &env);
        CHECK(t, "in a session it is handed on", f.repairs == 1 && f.broken == 0);
        env.session++;
        hear(&f, &env);
        CHECK(t, "of an older one it is dropped", f.repairs == 1);
        env.session = our_session(&f);
        env.body.len = 0;
        hear(&f, &env);
        CHECK(t, "one that is not as it must be is dead-lettered",
              f.broken == 1 && peer_state(f.peer) == PEER_READY);
        size_t before = f.sent_count;
        peer_say(f.peer, (enum message_kind)kinds[i], bytes_text("y"));
        CHECK(t, "what we say carries their session",
              f.sent_count == before + 1 && f.sent[before].kind == kinds[i] &&
                  f.sent[before].session != 0);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "down, greeting, ready", test_states },
        { "silence ends a session", test_silence },
        { "what is owed too long is greeted for", test_stalled },
        { "a restored partner is told what it lost", test_restored },
        { "an older home of our own is noticed before a number is used twice", test_behind },
        { "only the newest session counts", test_session_rules },
        { "each number once, in order, with one content", test_numbers },
        { "a Void fills what will not come", test_void },
        { "acknowledged is durable", test_acknowledging },
        { "never over the credit", test_credit },
        { "repair's messages are of a session", test_repair_messages },
        { "credit comes back with acknowledgements", test_credit_comes_back },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
