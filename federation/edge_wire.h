/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_wire.h - frames between core and edge, and between core and key.
 *
 * One SOCK_SEQPACKET datagram per frame: u8 op, then the fields in order, big endian, nothing left over.
 * The parent holds both ends of each socket pair for ever, so a restarted process finds its socket
 * open. A frame of an older life is told by the life number: edge draws one at start and says it in
 * EDGE_HELLO; core repeats it in CORE_CONFIG; edge drops every frame before that.
 */
#ifndef HANSA_FEDERATION_EDGE_WIRE_H
#define HANSA_FEDERATION_EDGE_WIRE_H

#include "schema/base/limits.h"

#define EDGE_FRAME_MAX (MESSAGE_MAX + 128)

/* clang-format off */
/* core -> edge */
enum core_op {
    CORE_CONFIG = 1, /* u64 life | u16 len, listen endpoint (tcp://IP:port; port 0: any) */
    CORE_ADMIT = 2,  /* node(32) | u8 role (enum admit_role) | peer transport key(32) |
                        its key before(32), zero: none; admitted too, dialled in turn | own client secret(32), zero: the node's own | u8 dial |
                        u16 len, endpoint. Replaces an earlier ADMIT of the node. */
    CORE_DROP = 3,   /* node(32): refuse from now, cut what is open, forget what is queued;
                        answered by EDGE_DROPPED */
    CORE_SEND = 4,   /* node(32) | message. Silently lost when there is no link: core repeats. */
    CORE_EPOCH = 5,  /* node(32) | u64 epoch: forget what is queued for node and cut its links
                        (they come back by themselves); answered by EDGE_EPOCH */
    CORE_RENEW = 6,  /* nothing: the transport key has changed; edge ends, and comes back with the new one */
};

/* GUEST: an invitation's key, may send Introduce and nothing else. HOST: we are the guest there. */
enum admit_role { ADMIT_PARTNER = 0, ADMIT_GUEST = 1, ADMIT_HOST = 2 };

/* edge -> core. While the socket to core is full, edge reads nothing from partners. */
enum edge_op {
    EDGE_HELLO = 65,    /* u64 life | transport key(32) */
    EDGE_READY = 66,    /* u8 listening | u16 len, actual endpoint or the reason why not */
    EDGE_UP = 67,       /* node(32): a dialled link is through its handshake */
    EDGE_RECEIVED = 68, /* node(32) | message, which starts with the envelope's magic */
    EDGE_DROPPED = 69,  /* node(32) */
    EDGE_EPOCH = 70,    /* node(32) | u64 epoch */
    EDGE_STRANGER = 71, /* u32 refused handshakes since the last one; at most once a second */
    EDGE_BROKEN = 72,   /* node(32) | u8 reason: 1 not one frame, 2 not what its role may send,
                           3 not an envelope. The link was cut. */
    EDGE_PROVED = 73,   /* node(32), which has a key before: a handshake with the new one */
};
/* clang-format on */

/* core -> key: u32 request number, then */
enum key_op {
    KEY_SIGN = 1,   /* u8 enum sign_type | body (not DESCRIPTOR: the root key does that) */
    KEY_PUBLIC = 2, /* nothing */
    KEY_UNWRAP =
        3, /* a content key sealed to our sealing key (SEAL_KEY_SIZE), or to the one before */
    KEY_FORGET = 4, /* nothing: the sealing key before is not needed any more */
};
/* key -> core: u32 request number | u8 enum status | SIGN: signature(64);
 * PUBLIC: signing key(32) | sealing key(32); UNWRAP: content key(32); FORGET: nothing */

/* File descriptors that the parent gives its children. */
enum {
    FD_CORE_EDGE = 3,
    FD_CORE_KEY = 4,
    FD_HOME_LOCK = 5, /* never used: keeps the home locked until the last child is gone */
};

#endif
