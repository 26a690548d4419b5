/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/federation/test_peer.c - delivery with one partner, before a store that only remembers
 * (docs/protocol/delivery.md).
 */
#include "federation/peer.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/check.h"

enum { SENT_MAX = 256, THEIR_SESSION = 7000, WALL = 1800000000 };

static const struct node_id us = { { 1 } }, them = { { 2 } };

/* What a node would do, remembered. */
struct fake {
    struct arena *arena;
    struct peer_ops ops;
    struct peer *peer;
    uint64_t random;
    struct envelope sent[SENT_MAX];
    size_t sent_count;
    struct peer_in in[2];
    struct peer_out out[2];
    struct digest hashes[2][SENT_MAX];
    unsigned taken, broken, again;
    enum status broken_as, take_says;
    uint64_t waiting; /* data messages that want to go */
    struct mono_ms now;
};

/* ---- ops ---------------------------------------------------------------------------------- */

static uint64_t
on_random(void *self)
{
    struct fake *f = self;

    return ++f->random;
}

static void
on_send(void *self, const struct peer *peer, struct bytes message)
{
    struct fake *f = self;

    (void)peer;
    if (f->sent_count == SENT_MAX ||
        envelope_parse(arena_copy(f->arena, message), &f->sent[f->sent_count++]) != STATUS_OK)
        abort();
}

static enum status
on_load(void *self, const struct peer *peer, enum stream stream, struct peer_in *in,
        struct peer_out *out)
{
    struct fake *f = self;

    (void)peer;
    *in = f->in[stream - 1];
    *out = f->out[stream - 1];
    return STATUS_OK;
}

static enum status
on_save_in(void *self, const struct peer *peer, enum stream stream, const struct peer_in *in,
           const struct digest *hash)
{
    struct fake *f = self;

    (void)peer;
    f->in[stream - 1] = *in;
    if (hash != NULL)
        f->hashes[stream - 1][in->have] = *hash;
    return STATUS_OK;
}

static enum status
on_taken_hash(void *self, const struct peer *peer, enum stream stream, uint64_t seq,
              struct digest *hash)
{
    struct fake *f = self;

    (void)peer;
    *hash = f->hashes[stream - 1][seq];
    return ID_IS_ZERO(*hash) ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status
on_take(void *self, struct peer *peer, const struct envelope *env)
{
    struct fake *f = self;

    (void)peer;
    (void)env;
    f->taken += f->take_says == STATUS_OK;
    return f->take_says;
}

static void
on_broken(void *self, const struct peer *peer, const struct envelope *env, enum status status,
          const char *detail)
{
    struct fake *f = self;

    (void)peer;
    (void)env;
    (void)detail;
    f->broken++;
    f->broken_as = status;
}

static enum status
on_next(void *self, struct peer *peer, enum stream stream, uint64_t seq, struct arena *arena,
        struct peer_frame *out)
{
    struct fake *f = self;

    (void)peer;
    (void)arena;
    if (stream != STREAM_DATA || f->waiting == 0)
        return STATUS_NOT_FOUND;
    f->waiting--;
    f->out[1].next = seq + 1;
    *out = (struct peer_frame){ MESSAGE_RECORDS, bytes_text("records") };
    return STATUS_OK;
}

static enum status
on_again(void *self, struct peer *peer, enum stream stream, uint64_t seq, struct arena *arena,
         struct peer_frame *out)
{
    struct fake *f = self;

    (void)peer;
    (void)stream;
    (void)seq;
    (void)arena;
    f->again++;
    *out = (struct peer_frame){ MESSAGE_RECORDS, bytes_text("records") };
    return STATUS_OK;
}

static enum status
on_acked(void *self, struct peer *peer, enum stream stream, uint64_t upto)
{
    struct fake *f = self;

    (void)peer;
    f->out[stream - 1].acked = upto;
    return STATUS_OK;
}

static void
on_changed(void *self, const struct peer *peer)
{
    (void)self;
    (void)peer;
}

static void
on_about_us(void *self, struct hello *hello)
{
    (void)self;
    hello->descriptor_serial = 1;
}

static void
on_about_them(void *self, struct peer *peer, const struct hello *hello)
{
    (void)self;
    (void)peer;
    (void)hello;
}

static void
fake_init(struct fake *f)
{
    *f = (struct fake){ .arena = arena_new(0), .now = { 100000 } };
    f->out[0].next = f->out[1].next = 1;
    f->ops = (struct peer_ops){ f,           on_random,     on_send,  on_load,
                                on_save_in,  on_taken_hash, on_take,  on_broken,
                                on_next,     on_again,      on_acked, on_changed,
                                on_about_us, on_about_them };
    f->peer = peer_new(&us, &them, 2, 1, &f->ops);
    if (peer_reload(f->peer) != STATUS_OK)
        abort();
}

static void
fake_fini(struct fake *f)
{
    peer_free(&f->peer);
    arena_free(&f->arena);
}

/* ---- what the partner says ---------------------------------------------------------------- */

static struct wall_ms
wall(void)
{
    return (struct wall_ms){ WALL };
}

static void
hear(struct fake *f, const struct envelope *env)
{
    if (peer_on_message(f->peer, env, f->now, wall()) != STATUS_OK)
        abort();
}

/* Our session as we last said it. */
static uint64_t
our_session(const struct fake *f)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct hello *hello;

    for (size_t i = f->sent_count; i > 0; i--)
        if (f->sent[i - 1].kind == MESSAGE_HELLO &&
            wire_hello_parse(f->sent[i - 1].body, arena, &hello) == STATUS_OK)
            return hello->session;
    return 0;
}

static struct hello
hello_of(const struct fake *f, uint64_t have, uint32_t credit)
{
    return (struct hello){
        .author = them,
        .audience = us,
        .session = THEIR_SESSION,
        .answers = our_session(f),
        .incarnation = 1,
        .clock = wall(),
        .descriptor_serial = 1,
        .streams = { { STREAM_CONTROL, 1, 0, 16, 16 * MESSAGE_MAX },
                     { STREAM_DATA, 1, have, credit, (uint64_t)credit * MESSAGE_MAX } },
        .stream_count = 2,
    };
}

static void
hear_hello(struct fake *f, const struct hello *hello)
{
    hear(f, &(struct envelope){ .kind = MESSAGE_HELLO,
                                .body = wire_hello_format(hello, f->arena) });
}

static void
hear_ack(struct fake *f, uint64_t have, uint32_t credit)
{
    struct hello hello = hello_of(f, have, credit);
    struct ack ack = { .stream_count = 2 };

    memcpy(ack.streams, hello.streams, sizeof(ack.streams));
    hear(f, &(struct envelope){ .kind = MESSAGE_ACK,
                                .session = our_session(f),
                                .body = wire_ack_format(&ack, f->arena) });
}

static void
make_ready(struct fake *f, uint32_t credit)
{
    (void)peer_tick(f->peer, f->now, wall());
    struct hello hello = hello_of(f, 0, credit);
    hear_hello(f, &hello);
}

struct line { /* a numbered message that comes */
    uint8_t kind;
    uint32_t incarnation;
    uint64_t seq;
    const char *body;
};

static void
hear_line(struct fake *f, const struct line *line)
{
    hear(f, &(struct envelope){ .kind = line->kind,
                                .stream = STREAM_DATA,
                                .session = our_session(f),
                                .incarnation = line->incarnation,
                                .seq = line->seq,
                                .body = bytes_text(line->body) });
}

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
        struct void_range v;
        uint64_t have;
    } rows[] = {
        { "a Void counts all up to its last as received",
          { .author = them,
            .audience = us,
            .stream = STREAM_DATA,
            .incarnation = 1,
            .first = 1,
            .last = 5 },
          5 },
        { "of another stream it counts for itself alone",
          { .author = them,
            .audience = us,
            .stream = STREAM_CONTROL,
            .incarnation = 1,
            .first = 1,
            .last = 5 },
          1 },
        { "nor may it begin elsewhere",
          { .author = them,
            .audience = us,
            .stream = STREAM_DATA,
            .incarnation = 1,
            .first = 2,
            .last = 5 },
          1 },
        { "nor speak for somebody else",
          { .author = us,
            .audience = us,
            .stream = STREAM_DATA,
            .incarnation = 1,
            .first = 1,
            .last = 5 },
          1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(fake_fini) struct fake f;
        fake_init(&f);
        make_ready(&f, 4);
        struct signed_object object = { .body = wire_void_range_format(&rows[i].v, f.arena) };
        hear(&f, &(struct envelope){ .kind = MESSAGE_VOID,
                                     .stream = STREAM_DATA,
                                     .session = our_session(&f),
                                     .incarnation = 1,
                                     .seq = 1,
                                     .body = wire_signed_body_format(&object, f.arena) });
        CHECK(t, rows[i].why, f.in[1].have == rows[i].have);
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

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "down, greeting, ready", test_states },
        { "silence ends a session", test_silence },
        { "what is owed too long is greeted for", test_stalled },
        { "only the newest session counts", test_session_rules },
        { "each number once, in order, with one content", test_numbers },
        { "a Void fills what will not come", test_void },
        { "acknowledged is durable", test_acknowledging },
        { "never over the credit", test_credit },
        { "credit comes back with acknowledgements", test_credit_comes_back },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
