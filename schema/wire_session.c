/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_session.c - what keeps a link going: Hello, Ack, Void, and Introduce before there
 * is one.
 */
#include "schema/wire_priv.h"

/* ---- Void ---- */

static enum status
take_void_range(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Void *pb = message;
    struct void_range *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    out->stream = (enum stream)pb->stream;
    out->incarnation = pb->incarnation;
    out->first = pb->first;
    out->last = pb->last;
    return STATUS_OK;
}

static void
give_void_range(struct arena *arena, const void *source, void *message)
{
    const struct void_range *in = source;
    Hansa__V1__Void *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->stream = (uint32_t)in->stream;
    pb->incarnation = in->incarnation;
    pb->first = in->first;
    pb->last = in->last;
}

static bool
is_void_range_valid(const void *source)
{
    const struct void_range *in = source;

    return in->first <= in->last;
}

static const struct codec codec_void_range = {
    .rules = &prescan_void,
    .descriptor = &hansa__v1__void__descriptor,
    .size = sizeof(struct void_range),
    .take = take_void_range,
    .give = give_void_range,
    .is_valid = is_void_range_valid,
};
WIRE_CODEC(void_range, void_range)

/* ---- StreamState: at most one each for control and data, in this order ---- */

static size_t
take_streams(Hansa__V1__StreamState **list, size_t count, struct stream_state out[static 2])
{
    assert(count <= 2);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct stream_state){ .stream = (enum stream)list[i]->stream,
                                        .incarnation = list[i]->incarnation,
                                        .have = list[i]->have,
                                        .credit_frames = list[i]->credit_frames,
                                        .credit_bytes = list[i]->credit_bytes };
    return count;
}

static Hansa__V1__StreamState **
give_streams(struct arena *arena, const struct stream_state *streams, size_t count)
{
    Hansa__V1__StreamState **list = ARENA_ARRAY(arena, Hansa__V1__StreamState *, count);

    for (size_t i = 0; i < count; i++) {
        list[i] = ARENA_NEW(arena, Hansa__V1__StreamState);
        hansa__v1__stream_state__init(list[i]);
        list[i]->stream = (uint32_t)streams[i].stream;
        list[i]->incarnation = streams[i].incarnation;
        list[i]->have = streams[i].have;
        list[i]->credit_frames = streams[i].credit_frames;
        list[i]->credit_bytes = streams[i].credit_bytes;
    }
    return list;
}

static bool
are_streams_valid(const struct stream_state *streams, size_t count)
{
    return count < 2 || streams[0].stream < streams[1].stream;
}

/* ---- Hello ---- */

static enum status
take_hello(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Hello *pb = message;
    struct hello *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    out->session = pb->session;
    out->answers = pb->answers;
    out->incarnation = pb->incarnation;
    out->clock = TAKE_MS(pb->clock_ms);
    out->descriptor_serial = pb->descriptor_serial;
    out->stream_count = take_streams(pb->stream, pb->n_stream, out->streams);
    TAKE_ID(out->profile, pb->profile);
    return STATUS_OK;
}

static void
give_hello(struct arena *arena, const void *source, void *message)
{
    const struct hello *in = source;
    Hansa__V1__Hello *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->session = in->session;
    pb->answers = in->answers;
    pb->incarnation = in->incarnation;
    pb->clock_ms = GIVE_MS(in->clock);
    pb->descriptor_serial = in->descriptor_serial;
    pb->n_stream = in->stream_count;
    pb->stream = give_streams(arena, in->streams, in->stream_count);
    pb->profile = GIVE_ID(in->profile);
}

static bool
is_hello_valid(const void *source)
{
    const struct hello *in = source;

    return are_streams_valid(in->streams, in->stream_count);
}

static const struct codec codec_hello = {
    .rules = &prescan_hello,
    .descriptor = &hansa__v1__hello__descriptor,
    .size = sizeof(struct hello),
    .take = take_hello,
    .give = give_hello,
    .is_valid = is_hello_valid,
};
WIRE_CODEC(hello, hello)

/* ---- Ack ---- */

static enum status
take_ack(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Ack *pb = message;
    struct ack *out = target;

    (void)arena;
    out->stream_count = take_streams(pb->stream, pb->n_stream, out->streams);
    return STATUS_OK;
}

static void
give_ack(struct arena *arena, const void *source, void *message)
{
    const struct ack *in = source;
    Hansa__V1__Ack *pb = message;

    pb->n_stream = in->stream_count;
    pb->stream = give_streams(arena, in->streams, in->stream_count);
}

static bool
is_ack_valid(const void *source)
{
    const struct ack *in = source;

    return are_streams_valid(in->streams, in->stream_count);
}

static const struct codec codec_ack = {
    .rules = &prescan_ack,
    .descriptor = &hansa__v1__ack__descriptor,
    .size = sizeof(struct ack),
    .take = take_ack,
    .give = give_ack,
    .is_valid = is_ack_valid,
};
WIRE_CODEC(ack, ack)

/* ---- Introduce ---- */

static enum status
take_introduce(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Introduce *pb = message;
    struct introduce *out = target;

    (void)arena;
    wire_take_fixed(pb->token, out->token, sizeof(out->token));
    wire_take_signed(pb->descriptor, &out->descriptor);
    return STATUS_OK;
}

static void
give_introduce(struct arena *arena, const void *source, void *message)
{
    const struct introduce *in = source;
    Hansa__V1__Introduce *pb = message;

    pb->token = wire_give_bytes(bytes_of(in->token, sizeof(in->token)));
    pb->descriptor = wire_give_signed(arena, &in->descriptor);
}

static const struct codec codec_introduce = {
    .rules = &prescan_introduce,
    .descriptor = &hansa__v1__introduce__descriptor,
    .size = sizeof(struct introduce),
    .take = take_introduce,
    .give = give_introduce,
};
WIRE_CODEC(introduce, introduce)
