/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/peer.h - delivery with one partner: session, streams, acknowledgement, credit
 * (docs/protocol/delivery.md). Does no I/O: messages, time and randomness are arguments, everything else
 * goes through struct peer_ops. One thread.
 *
 * The caller works in rounds: begin a transaction, peer_on_message() for what came, peer_pump() for what may
 * go, commit, then hand what send() collected to the link and call peer_committed(). After a failed
 * commit it calls peer_reload() and drops what send() collected.
 */
#ifndef HANSA_FEDERATION_PEER_H
#define HANSA_FEDERATION_PEER_H

#include "federation/envelope.h"

/*
 *            greet                       their Hello answers ours
 *   DOWN -----------------> GREETING -----------------------------> READY
 *     ^                       ^  |                                   |  |
 *     |   link cut, silence   |  |        owed, nothing acknowledged |  |
 *     +-----------------------|--+ <---------------------------------+  |
 *     +-----------------------|----------------------------------------+  silence of 45 s, cut
 *
 * DOWN      nothing is owed an answer; a Hello goes out when its time comes.
 * GREETING  our Hello is out; sequenced messages are neither sent nor taken.
 * READY     both know the other's session; messages flow.
 */
enum peer_state { PEER_DOWN, PEER_GREETING, PEER_READY, PEER_STATE_COUNT_ };
const char *peer_state_name(enum peer_state state);

struct peer;

/* One message to go: its kind and body; the number is already given and durable with the transaction. */
struct peer_frame {
    uint8_t kind;
    struct bytes body;
    uint64_t last; /* a Void: the last number it stands for; 0: only its own */
};

struct peer_in {
    uint32_t incarnation;
    uint64_t have;
    bool frozen;
};

struct peer_out {
    uint64_t next; /* number of the next new message; from 1 */
    uint64_t acked;
};

struct peer_ops {
    void *self;
    uint64_t (*random)(void *self);
    void (*send)(void *self, const struct peer *peer, struct bytes message);

    /* Durable numbers of a stream. */
    enum status (*load)(void *self, const struct peer *peer, enum stream stream,
                        struct peer_in *in, struct peer_out *out);
    enum status (*save_in)(void *self, const struct peer *peer, enum stream stream,
                           const struct peer_in *in, const struct digest *hash);
    /* Hash under which this number was taken; STATUS_NOT_FOUND when forgotten. */
    enum status (*taken_hash)(void *self, const struct peer *peer, enum stream stream,
                              uint64_t seq, struct digest *hash);
    /* Take the next message. Whatever is wrong inside is dead-lettered there and is STATUS_OK here; any
     * other status means "not now": it is not acknowledged and will come again. */
    enum status (*take)(void *self, struct peer *peer, const struct envelope *env);
    /* What breaks the protocol below the objects. */
    void (*broken)(void *self, const struct peer *peer, const struct envelope *env,
                   enum status status, const char *detail);

    /* Give number `seq` to the next thing that should go, durably. STATUS_NOT_FOUND: nothing. */
    enum status (*next)(void *self, struct peer *peer, enum stream stream, uint64_t seq,
                        struct arena *arena, struct peer_frame *out);
    /* The same number again, decided again: the same bytes, or a Void. A Void up to the next number that is kept, when
     * the partner lost what it had acknowledged. */
    enum status (*again)(void *self, struct peer *peer, enum stream stream, uint64_t seq,
                         struct arena *arena, struct peer_frame *out);
    enum status (*acked)(void *self, struct peer *peer, enum stream stream, uint64_t upto);
    /* The partner is a later incarnation than it was: restored from a copy. */
    enum status (*restored)(void *self, struct peer *peer);
    /* Scopes or ScopeIds (docs/protocol/repair.md) of this session. What breaks the rules of the message is MALFORMED
     * or TOO_BIG. */
    enum status (*repair)(void *self, struct peer *peer, const struct envelope *env);
    /* The state or the clock verdict changed. */
    void (*changed)(void *self, const struct peer *peer);
    /* Descriptor serial and profile of ours for Hello; their serial as they say it. */
    void (*about_us)(void *self, struct hello *hello);
    void (*about_them)(void *self, struct peer *peer, const struct hello *hello);
};

struct peer *peer_new(const struct node_id *me, const struct node_id *them, int64_t company,
                      uint32_t incarnation, const struct peer_ops *ops);
void peer_free(struct peer **peer);
/* Durable numbers anew, after a rolled-back transaction or at start; the session ends. */
MUST_CHECK enum status peer_reload(struct peer *peer);

/* A message of this partner with a valid envelope. STATUS_OK also when it was dropped; anything else is ours
 * (store) and ends the round. */
MUST_CHECK enum status peer_on_message(struct peer *peer, const struct envelope *env,
                                       struct mono_ms now, struct wall_ms wall);
/* The link came up: greet at once. */
void peer_on_link(struct peer *peer, struct mono_ms now);
/* The link was cut on purpose. */
void peer_on_cut(struct peer *peer);
/* Timers. Sends Hello when due. Returns when it wants to be called again. */
struct mono_ms peer_tick(struct peer *peer, struct mono_ms now, struct wall_ms wall);
/* Hand over what may go now, at most `most` messages; *sent says how many went. */
MUST_CHECK enum status peer_pump(struct peer *peer, struct mono_ms now, size_t most,
                                 size_t *sent);
/* On the session stream, to a partner that is READY: nobody sees to it that it arrives. */
void peer_say(struct peer *peer, enum message_kind kind, struct bytes body);
/* The transaction is durable: acknowledge what was taken in it. */
void peer_committed(struct peer *peer);

const struct node_id *peer_node(const struct peer *peer);
int64_t peer_company(const struct peer *peer);
enum peer_state peer_state(const struct peer *peer);
uint32_t peer_incarnation(const struct peer *peer);               /* ours towards it */
uint64_t peer_acked(const struct peer *peer, enum stream stream); /* of our numbers */
/* Of its numbers, the last that we have, and of which incarnation. */
struct peer_in peer_has(const struct peer *peer, enum stream stream);
/* Was anything handed over that it has not acknowledged? */
bool peer_is_owed(const struct peer *peer);
/* Does its clock differ from ours by more than the tolerance, as of the last Hello? */
bool peer_clock_is_off(const struct peer *peer);
int64_t peer_clock_offset_ms(const struct peer *peer);
bool peer_is_frozen(const struct peer *peer);
/* It says that it has numbers which we never gave: either it lies, or our own home, journal and all, is an older copy.
 * Nothing is handed over to it. */
bool peer_is_behind(const struct peer *peer);
/* An admin decided to go on: thaw the streams. Durable with the transaction. */
MUST_CHECK enum status peer_thaw(struct peer *peer);

#endif
