/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_frame.h - the frames of federation/edge_wire.h as structs, and their passage
 * through the socket pair. Used by both ends.
 *
 * 1. Parsing is strict: the op belongs to the direction, every byte is accounted for, lengths,
 *    roles and flags are in range. Format and parse read the same table.
 * 2. The socket is shared with the parent and with a later life of the process, so its file
 * flags are never changed: sending and receiving ask for MSG_DONTWAIT each time.
 * 3. A message is borrowed, never copied: it goes from its buffer into the socket.
 */
#ifndef HANSA_FEDERATION_EDGE_FRAME_H
#define HANSA_FEDERATION_EDGE_FRAME_H

#include "federation/edge_wire.h"
#include "schema/base/bytes.h"
#include "schema/base/ids.h"

struct box_secret {
    uint8_t b[32]; /* X25519 secret key; zero: the node's own */
};

/* Which members count follows from the op, as in edge_wire.h. */
struct edge_frame {
    uint8_t op; /* enum core_op or enum edge_op */
    struct node_id node;
    uint64_t number; /* life, epoch, or count of strangers */
    uint8_t code;    /* enum admit_role, enum broken_reason, or READY's listening 0 or 1 */
    bool dial;
    struct box_key key;    /* transport key: the peer's in ADMIT, our own in HELLO */
    struct box_key former; /* the peer's before, zero: none */
    struct box_secret secret;
    struct bytes text;    /* endpoint or reason, at most ENDPOINT_MAX; borrowed */
    struct bytes message; /* 1 to MESSAGE_MAX bytes; borrowed */
};

enum broken_reason {
    BROKEN_NOT_ONE_FRAME = 1,
    BROKEN_NOT_ALLOWED = 2,
    BROKEN_NOT_ENVELOPE = 3
};

enum edge_direction { EDGE_TO_CORE, CORE_TO_EDGE };

/* Everything of a frame but its message. */
#define EDGE_FRAME_HEAD_MAX 512

/* Text and message of *out point into raw. STATUS_UNKNOWN_KIND for an op that is none. */
MUST_CHECK enum status edge_frame_parse(struct bytes raw, enum edge_direction direction,
                                        struct edge_frame *out);
/* The bytes before the message; their number. Asserts what parse would refuse. */
size_t edge_frame_format(const struct edge_frame *frame,
                         uint8_t head[static EDGE_FRAME_HEAD_MAX]);

/* STATUS_BUSY: the socket is full, try again when it is writable; STATUS_STOPPED: no other end.
 */
MUST_CHECK enum status edge_frame_send(int fd, const struct edge_frame *frame);
/* The next datagram, into buf. STATUS_BUSY: none there; STATUS_STOPPED: no other end;
 * STATUS_TOO_BIG: it was bigger than a frame and is gone. */
MUST_CHECK enum status edge_frame_receive(int fd, uint8_t buf[static EDGE_FRAME_MAX],
                                          struct bytes *out);

#endif
