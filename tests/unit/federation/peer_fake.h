/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/federation/peer_fake.h - a peer before a store that only remembers, and its partner's words.
 */
#ifndef HANSA_TESTS_PEER_FAKE_H
#define HANSA_TESTS_PEER_FAKE_H

#include <stdlib.h>
#include <string.h>

#include "federation/peer.h"
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
    unsigned taken, broken, again, restored, repairs;
    uint64_t lost_to; /* again: a Void up to here */
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
    *out = (struct peer_frame){ MESSAGE_RECORDS, bytes_text("records"), 0 };
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
    *out = (struct peer_frame){ MESSAGE_RECORDS, bytes_text("records"), f->lost_to };
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

static enum status
on_restored(void *self, struct peer *peer)
{
    struct fake *f = self;

    (void)peer;
    f->restored++;
    return STATUS_OK;
}

static enum status
on_repair(void *self, struct peer *peer, const struct envelope *env)
{
    struct fake *f = self;

    (void)peer;
    f->repairs++;
    return env->body.len > 0 ? STATUS_OK : STATUS_MALFORMED;
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
    f->ops = (struct peer_ops){ f,          on_random,     on_send,     on_load,
                                on_save_in, on_taken_hash, on_take,     on_broken,
                                on_next,    on_again,      on_acked,    on_restored,
                                on_repair,  on_changed,    on_about_us, on_about_them };
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

#endif
