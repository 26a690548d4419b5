/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/peer.h"

#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum {
    HELLO_FIRST_MS = 500,
    HELLO_MOST_MS = 30 * 1000,
    STALLED_MS = 5 * 1000, /* something is owed and nothing was acknowledged */
    QUIET_MS = 15 * 1000,  /* READY: say Hello as a heartbeat */
    SILENCE_MS = 45 * 1000,
    STREAMS = 2, /* control and data; index = stream - 1 */
};

struct lane {
    struct peer_in in;
    struct peer_out out;
    uint64_t resend; /* next number to go again; == out.next when all are out */
    uint64_t sent;   /* highest number on the link in this session */
    uint32_t credit; /* frames beyond acked that the partner takes */
    uint64_t gap_at; /* number of the last noted gap, so that it is noted once */
};

struct peer {
    struct node_id me, them;
    int64_t company;
    uint32_t incarnation;
    const struct peer_ops *ops;
    enum peer_state state;
    uint64_t session;       /* ours; 0: none yet */
    uint64_t their_session; /* 0: unknown */
    uint64_t answered;      /* their session as we last repeated it */
    struct lane lanes[STREAMS];
    struct mono_ms hello_at;
    int64_t hello_wait_ms;
    struct mono_ms heard, said, progress;
    int64_t clock_offset_ms;
    bool is_behind;       /* it has numbers that we never gave: our own home is an older copy */
    uint32_t restored_to; /* the incarnation for which it was told */
    bool clock_off;
    bool ack_owed;
};

static const char *const state_names[] = { "down", "greeting", "ready" };

/* Allowed successors: the whole machine. */
static const unsigned successors[PEER_STATE_COUNT_] = {
    [PEER_DOWN] = 1u << PEER_GREETING,
    [PEER_GREETING] = 1u << PEER_READY | 1u << PEER_DOWN | 1u << PEER_GREETING,
    [PEER_READY] = 1u << PEER_GREETING | 1u << PEER_DOWN,
};

const char *
peer_state_name(enum peer_state state)
{
    return state_names[state];
}

static void
move(struct peer *peer, enum peer_state to)
{
    assert(successors[peer->state] & 1u << to);
    bool differs = peer->state != to;
    peer->state = to;
    if (differs)
        peer->ops->changed(peer->ops->self, peer);
}

static struct lane *
lane_of(struct peer *peer, enum stream stream)
{
    assert(stream == STREAM_CONTROL || stream == STREAM_DATA);
    return &peer->lanes[stream - 1];
}

struct peer *
peer_new(const struct node_id *me, const struct node_id *them, int64_t company,
         uint32_t incarnation, const struct peer_ops *ops)
{
    struct peer *peer = xcalloc(1, sizeof(*peer));

    peer->me = *me;
    peer->them = *them;
    peer->company = company;
    peer->incarnation = incarnation;
    peer->ops = ops;
    peer->hello_wait_ms = HELLO_FIRST_MS;
    return peer;
}

void
peer_free(struct peer **peer)
{
    free(*peer);
    *peer = NULL;
}

enum status
peer_reload(struct peer *peer)
{
    for (enum stream s = STREAM_CONTROL; s <= STREAM_DATA; s++) {
        struct lane *lane = lane_of(peer, s);
        *lane = (struct lane){ 0 };
        TRY(peer->ops->load(peer->ops->self, peer, s, &lane->in, &lane->out));
        lane->resend = lane->out.acked + 1;
    }
    peer->ack_owed = false;
    peer->session = 0;
    peer->their_session = 0;
    peer->answered = 0;
    peer->restored_to = 0; /* what was begun may be undone */
    peer->hello_at = (struct mono_ms){ 0 };
    if (peer->state != PEER_DOWN)
        move(peer, PEER_DOWN);
    return STATUS_OK;
}

/* ---- saying ------------------------------------------------------------------------------- */

static void
send_body(struct peer *peer, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    peer->ops->send(peer->ops->self, peer, envelope_format(env, arena));
}

static size_t
stream_states(const struct peer *peer, struct stream_state out[static STREAMS])
{
    static const struct {
        uint32_t frames;
        uint64_t bytes;
    } credit[STREAMS] = { { CREDIT_CONTROL_FRAMES,
                            (uint64_t)CREDIT_CONTROL_FRAMES * MESSAGE_MAX },
                          { CREDIT_DATA_FRAMES, CREDIT_DATA_BYTES } };

    for (size_t i = 0; i < STREAMS; i++)
        out[i] = (struct stream_state){ .stream = (enum stream)(i + 1),
                                        .incarnation = peer->lanes[i].in.incarnation,
                                        .have = peer->lanes[i].in.have,
                                        .credit_frames = credit[i].frames,
                                        .credit_bytes = credit[i].bytes };
    return STREAMS;
}

static void
say_hello(struct peer *peer, struct mono_ms now, struct wall_ms wall)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct hello hello = { .author = peer->me,
                           .audience = peer->them,
                           .session = peer->session,
                           .answers = peer->their_session,
                           .incarnation = peer->incarnation,
                           .clock = wall };

    hello.stream_count = stream_states(peer, hello.streams);
    peer->ops->about_us(peer->ops->self, &hello);
    peer->answered = peer->their_session;
    peer->said = now;
    send_body(peer, &(struct envelope){ .kind = MESSAGE_HELLO,
                                        .body = wire_hello_format(&hello, arena) });
}

static void
say_ack(struct peer *peer)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ack ack = { 0 };

    if (peer->their_session == 0)
        return;
    ack.stream_count = stream_states(peer, ack.streams);
    send_body(peer, &(struct envelope){ .kind = MESSAGE_ACK,
                                        .session = peer->their_session,
                                        .body = wire_ack_format(&ack, arena) });
}

void
peer_say(struct peer *peer, enum message_kind kind, struct bytes body)
{
    assert(peer->state == PEER_READY);
    send_body(peer, &(struct envelope){
                        .kind = (uint8_t)kind, .session = peer->their_session, .body = body });
}

/* A new session: whatever is still under way in the old one is dropped by both. */
static void
greet(struct peer *peer, struct mono_ms now, struct wall_ms wall)
{
    do
        peer->session = peer->ops->random(peer->ops->self);
    while (peer->session == 0);
    move(peer, PEER_GREETING);
    peer->hello_at.ms = now.ms + peer->hello_wait_ms;
    peer->hello_wait_ms *= 2;
    if (peer->hello_wait_ms > HELLO_MOST_MS)
        peer->hello_wait_ms = HELLO_MOST_MS;
    say_hello(peer, now, wall);
}

void
peer_on_link(struct peer *peer, struct mono_ms now)
{
    peer->hello_wait_ms = HELLO_FIRST_MS;
    peer->hello_at = now;
    if (peer->state == PEER_READY)
        move(peer, PEER_DOWN);
}

void
peer_on_cut(struct peer *peer)
{
    if (peer->state != PEER_DOWN)
        move(peer, PEER_DOWN);
    peer->their_session = 0;
    peer->hello_wait_ms = HELLO_FIRST_MS;
    peer->hello_at = (struct mono_ms){ 0 };
}

bool
peer_is_owed(const struct peer *peer)
{
    for (size_t i = 0; i < STREAMS; i++)
        if (peer->lanes[i].sent > peer->lanes[i].out.acked)
            return true;
    return false;
}

struct mono_ms
peer_tick(struct peer *peer, struct mono_ms now, struct wall_ms wall)
{
    if (peer->state == PEER_READY) {
        if (now.ms - peer->heard.ms >= SILENCE_MS)
            peer_on_cut(peer);
        else if (peer_is_owed(peer) && now.ms - peer->progress.ms >= STALLED_MS)
            greet(peer, now, wall);
        else if (now.ms - peer->said.ms >= QUIET_MS)
            say_hello(peer, now, wall);
    } else if (now.ms >= peer->hello_at.ms) {
        greet(peer, now, wall);
    }
    if (peer->state == PEER_READY)
        return (struct mono_ms){ now.ms + (peer_is_owed(peer) ? 1000 : STALLED_MS) };
    return peer->hello_at.ms > now.ms ? peer->hello_at : now;
}

/* ---- hearing ------------------------------------------------------------------------------ */

/* What the partner says it has of ours, and what it will take. */
static enum status
on_stream_state(struct peer *peer, const struct stream_state *s)
{
    struct lane *lane = lane_of(peer, s->stream);
    uint64_t frames = s->credit_bytes / MESSAGE_MAX;
    uint64_t have = s->incarnation == peer->incarnation ? s->have : 0;

    lane->credit = (uint32_t)(frames < s->credit_frames ? frames : s->credit_frames);
    if (have >= lane->out.next || have <= lane->out.acked)
        return STATUS_OK; /* old news, or a claim about what we never sent */
    TRY(peer->ops->acked(peer->ops->self, peer, s->stream, have));
    lane->out.acked = have;
    if (lane->resend <= have)
        lane->resend = have + 1;
    if (lane->sent < have)
        lane->sent = have;
    return STATUS_OK;
}

static enum status
on_stream_states(struct peer *peer, const struct stream_state *streams, size_t count,
                 struct mono_ms now)
{
    uint64_t before = peer->lanes[0].out.acked + peer->lanes[1].out.acked;

    for (size_t i = 0; i < count; i++)
        TRY(on_stream_state(peer, &streams[i]));
    if (peer->lanes[0].out.acked + peer->lanes[1].out.acked != before)
        peer->progress = now;
    return STATUS_OK;
}

static void
judge_clock(struct peer *peer, const struct hello *hello, struct wall_ms wall)
{
    bool was_off = peer->clock_off;

    peer->clock_offset_ms = hello->clock.ms - wall.ms;
    peer->clock_off = peer->clock_offset_ms > CLOCK_TOLERANCE_MS ||
                      peer->clock_offset_ms < -CLOCK_TOLERANCE_MS;
    if (was_off != peer->clock_off)
        peer->ops->changed(peer->ops->self, peer);
}

/* Both know the other's session: everything unacknowledged goes again, decided anew. */
static void
become_ready(struct peer *peer, struct mono_ms now)
{
    for (size_t i = 0; i < STREAMS; i++) {
        peer->lanes[i].resend = peer->lanes[i].out.acked + 1;
        peer->lanes[i].sent = peer->lanes[i].out.acked;
    }
    peer->progress = now;
    peer->hello_wait_ms = HELLO_FIRST_MS;
    move(peer, PEER_READY);
}

/* It says, in this very session, that it has less than it acknowledged: it went back to an older database. What it
 * lost is gone here too; a Void stands for it. */
static enum status
take_back(struct peer *peer, const struct stream_state *s)
{
    struct lane *lane = lane_of(peer, s->stream);
    uint64_t have = s->incarnation == peer->incarnation ? s->have : 0;

    if (have >= lane->out.next && !peer->is_behind) {
        peer->is_behind = true;
        peer->ops->changed(peer->ops->self, peer);
    }
    if (have >= lane->out.acked)
        return STATUS_OK;
    TRY(peer->ops->acked(peer->ops->self, peer, s->stream, have));
    lane->out.acked = have;
    return STATUS_OK;
}

static enum status
check_restored(struct peer *peer, const struct hello *hello)
{
    uint32_t known = 0;

    for (size_t i = 0; i < STREAMS; i++)
        if (peer->lanes[i].in.incarnation > known)
            known = peer->lanes[i].in.incarnation;
    for (size_t i = 0; i < hello->stream_count; i++)
        TRY(take_back(peer, &hello->streams[i]));
    known = known > 0 ? known : 1; /* the first of every node */
    if (hello->incarnation <= known || hello->incarnation == peer->restored_to)
        return STATUS_OK;
    TRY(peer->ops->restored(peer->ops->self, peer));
    peer->restored_to = hello->incarnation;
    return STATUS_OK;
}

static enum status
on_hello(struct peer *peer, const struct hello *hello, struct mono_ms now, struct wall_ms wall)
{
    bool is_new = hello->session != peer->their_session;

    if (!ID_IS_EQUAL(hello->author, peer->them) || !ID_IS_EQUAL(hello->audience, peer->me))
        return STATUS_WRONG_AUDIENCE;
    judge_clock(peer, hello, wall);
    peer->their_session = hello->session;
    TRY(on_stream_states(peer, hello->streams, hello->stream_count, now));
    peer->ops->about_them(peer->ops->self, peer, hello);
    if (peer->state == PEER_DOWN) {
        greet(peer, now, wall);
        return STATUS_OK;
    }
    bool answers_us = hello->answers == peer->session;
    if (is_new && peer->state == PEER_READY)
        move(peer, PEER_GREETING);
    if (!answers_us || peer->answered != peer->their_session)
        say_hello(peer, now, wall);
    if (!answers_us || peer->state != PEER_GREETING)
        return STATUS_OK;
    TRY(check_restored(peer, hello));
    become_ready(peer, now);
    return STATUS_OK;
}

static enum status
on_session_message(struct peer *peer, const struct envelope *env, struct mono_ms now,
                   struct wall_ms wall)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct hello *hello;
    struct ack *ack;
    enum status s = STATUS_UNKNOWN_KIND;

    if (env->kind == MESSAGE_HELLO) {
        s = wire_hello_parse(env->body, arena, &hello);
        if (s == STATUS_OK)
            s = on_hello(peer, hello, now, wall);
    } else if (env->kind == MESSAGE_ACK) {
        if (env->session != peer->session || peer->state != PEER_READY)
            return STATUS_OK; /* of an older session */
        s = wire_ack_parse(env->body, arena, &ack);
        if (s == STATUS_OK)
            s = on_stream_states(peer, ack->streams, ack->stream_count, now);
    } else if (env->kind == MESSAGE_SCOPES || env->kind == MESSAGE_SCOPE_IDS) {
        if (env->session != peer->session || peer->state != PEER_READY)
            return STATUS_OK;
        s = peer->ops->repair(peer->ops->self, peer, env);
    }
    if (s == STATUS_MALFORMED || s == STATUS_TOO_BIG || s == STATUS_WRONG_AUDIENCE ||
        s == STATUS_UNKNOWN_KIND) {
        peer->ops->broken(peer->ops->self, peer, env, s, "session");
        return STATUS_OK;
    }
    return s;
}

/* ---- taking ------------------------------------------------------------------------------- */

static struct digest
hash_of(const struct envelope *env)
{
    struct bytes parts[] = { bytes_of(&env->kind, 1), env->body };

    return digest_tagged("hansa/1/message", parts, COUNT_OF(parts));
}

/* A number that we have: repeat or contradiction? */
static enum status
on_known_number(struct peer *peer, struct lane *lane, const struct envelope *env)
{
    struct digest now = hash_of(env), then;
    enum status s = peer->ops->taken_hash(peer->ops->self, peer, env->stream, env->seq, &then);

    peer->ack_owed = true;
    if (s == STATUS_NOT_FOUND || env->kind == MESSAGE_VOID)
        return STATUS_OK;
    TRY(s);
    if (ID_IS_EQUAL(now, then))
        return STATUS_OK;
    lane->in.frozen = true;
    peer->ops->broken(peer->ops->self, peer, env, STATUS_EQUIVOCATION, "number");
    peer->ops->changed(peer->ops->self, peer);
    return peer->ops->save_in(peer->ops->self, peer, env->stream, &lane->in, NULL);
}

/* Last number that this message stands for: itself, or the end of a Void. 0: not believable. */
static uint64_t
last_number(const struct envelope *env, const struct peer *peer)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct signed_object *object;
    struct void_range *v;

    if (env->kind != MESSAGE_VOID)
        return env->seq;
    if (wire_signed_body_parse(env->body, arena, &object) != STATUS_OK ||
        wire_void_range_parse(object->body, arena, &v) != STATUS_OK)
        return 0;
    bool fits = ID_IS_EQUAL(v->author, peer->them) && ID_IS_EQUAL(v->audience, peer->me) &&
                v->stream == env->stream && v->incarnation == env->incarnation &&
                v->first == env->seq && v->last >= v->first && v->last - v->first < UINT32_MAX;
    return fits ? v->last : 0;
}

static enum status
take_next(struct peer *peer, struct lane *lane, const struct envelope *env)
{
    struct digest hash = hash_of(env);
    uint64_t last = last_number(env, peer);

    if (!message_kind_is_known(env->kind, env->stream) || last == 0) {
        /* Dead-lettered, and the number counts as received: the stream goes on. */
        peer->ops->broken(peer->ops->self, peer, env,
                          last == 0 ? STATUS_MALFORMED : STATUS_UNKNOWN_KIND, "kind");
        last = env->seq;
    } else {
        TRY(peer->ops->take(peer->ops->self, peer, env));
    }
    lane->in.have = last;
    peer->ack_owed = true;
    /* What a Void stands for may still come late: no content was taken that it could contradict. */
    return peer->ops->save_in(peer->ops->self, peer, env->stream, &lane->in,
                              env->kind == MESSAGE_VOID ? NULL : &hash);
}

static enum status
on_sequenced(struct peer *peer, const struct envelope *env)
{
    struct lane *lane = lane_of(peer, env->stream);

    if (env->session != peer->session || peer->state != PEER_READY || lane->in.frozen ||
        peer->clock_off)
        return STATUS_OK; /* comes again */
    if (env->incarnation < lane->in.incarnation)
        return STATUS_OK;
    if (env->incarnation > lane->in.incarnation) {
        lane->in.incarnation = env->incarnation;
        lane->in.have = 0;
    }
    if (env->seq <= lane->in.have)
        return on_known_number(peer, lane, env);
    if (env->seq > lane->in.have + 1) {
        if (lane->gap_at != env->seq)
            peer->ops->broken(peer->ops->self, peer, env, STATUS_GAP, "number");
        lane->gap_at = env->seq;
        return STATUS_OK;
    }
    enum status s = take_next(peer, lane, env);
    return s == STATUS_CLOCK || s == STATUS_BUSY || s == STATUS_LOCKED ? STATUS_OK
                                                                       : s; /* not now */
}

enum status
peer_on_message(struct peer *peer, const struct envelope *env, struct mono_ms now,
                struct wall_ms wall)
{
    peer->heard = now;
    if (env->stream == STREAM_SESSION)
        return on_session_message(peer, env, now, wall);
    TRY(on_sequenced(peer, env));
    if (PLANTED(ACK_BEFORE_COMMIT))
        peer_committed(peer);
    return STATUS_OK;
}

void
peer_committed(struct peer *peer)
{
    if (!peer->ack_owed)
        return;
    peer->ack_owed = false;
    say_ack(peer);
}

/* ---- handing over ------------------------------------------------------------------------- */

static enum status
pump_one(struct peer *peer, enum stream stream, struct mono_ms now)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct lane *lane = lane_of(peer, stream);
    struct peer_frame frame = { 0 };
    uint64_t seq = lane->resend;

    if (lane->sent >= lane->out.acked + lane->credit)
        return STATUS_NOT_FOUND;
    if (seq < lane->out.next) {
        TRY(peer->ops->again(peer->ops->self, peer, stream, seq, arena, &frame));
    } else {
        TRY(peer->ops->next(peer->ops->self, peer, stream, seq, arena, &frame));
        lane->out.next = seq + 1;
    }
    if (lane->sent == lane->out.acked)
        peer->progress =
            now; /* the clock for an acknowledgement starts with the first that is owed */
    lane->sent = frame.last > seq ? frame.last : seq;
    lane->resend = lane->sent + 1;
    peer->said = now;
    send_body(peer, &(struct envelope){ .kind = frame.kind,
                                        .stream = stream,
                                        .session = peer->their_session,
                                        .incarnation = peer->incarnation,
                                        .seq = seq,
                                        .body = frame.body });
    return STATUS_OK;
}

enum status
peer_pump(struct peer *peer, struct mono_ms now, size_t most, size_t *sent)
{
    *sent = 0;
    if (peer->state != PEER_READY || peer->clock_off || peer->is_behind)
        return STATUS_OK;
    for (enum stream s = STREAM_CONTROL; s <= STREAM_DATA;) {
        enum status done = *sent < most ? pump_one(peer, s, now) : STATUS_NOT_FOUND;
        if (done == STATUS_NOT_FOUND ||
            done == STATUS_LOCKED) /* what needs a signature waits for the key */
            s++;
        else if (done != STATUS_OK)
            return done;
        else
            (*sent)++;
    }
    return STATUS_OK;
}

/* ---- questions ---------------------------------------------------------------------------- */

const struct node_id *
peer_node(const struct peer *peer)
{
    return &peer->them;
}

int64_t
peer_company(const struct peer *peer)
{
    return peer->company;
}

enum peer_state
peer_state(const struct peer *peer)
{
    return peer->state;
}

uint32_t
peer_incarnation(const struct peer *peer)
{
    return peer->incarnation;
}

uint64_t
peer_acked(const struct peer *peer, enum stream stream)
{
    return peer->lanes[stream - 1].out.acked;
}

struct peer_in
peer_has(const struct peer *peer, enum stream stream)
{
    return peer->lanes[stream - 1].in;
}

bool
peer_clock_is_off(const struct peer *peer)
{
    return peer->clock_off;
}

int64_t
peer_clock_offset_ms(const struct peer *peer)
{
    return peer->clock_offset_ms;
}

bool
peer_is_frozen(const struct peer *peer)
{
    return peer->lanes[0].in.frozen || peer->lanes[1].in.frozen;
}

bool
peer_is_behind(const struct peer *peer)
{
    return peer->is_behind;
}

enum status
peer_thaw(struct peer *peer)
{
    for (enum stream s = STREAM_CONTROL; s <= STREAM_DATA; s++) {
        struct lane *lane = lane_of(peer, s);
        lane->in.frozen = false;
        TRY(peer->ops->save_in(peer->ops->self, peer, s, &lane->in, NULL));
    }
    return STATUS_OK;
}
