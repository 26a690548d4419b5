/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_priv.h - the edge process: libzmq on one side, frames to core on the other.
 *
 * One thread of ours owns every socket and every table (libzmq has threads of its own). What is
 * always true:
 *
 * 1. The ZAP handler is bound before any socket can be reached, and admits only keys that core has
 *    admitted. Before each listening a random key must have been refused on the real socket.
 * 2. Who sent a message is the User-Id that the ZAP handler gave its key (accepted), or the key
 *    that we dialled; never the routing id, never anything in the message.
 * 3. Every message is checked against the table again: one that comes from a node that is no longer
 *    admitted goes nowhere.
 * 4. Nothing is buffered without bound: one message for core at a time (pending), a ring of small
 *    frames, and while either is full nothing is read from partners.
 * 5. No disk, no signing key. It may die at any time; core repeats what was lost.
 *
 *   edge.c           start-up and loop            edge_zap.c      who may come in
 *   edge_socket.c    libzmq's settings            edge_link.c     connections: events, cutting, bytes held
 *   edge_node.c      who is admitted, dialling    edge_receive.c  messages from partners
 *   edge_core.c      frames from and to core      edge_listen.c   listening, self-test
 */
#ifndef HANSA_FEDERATION_EDGE_PRIV_H
#define HANSA_FEDERATION_EDGE_PRIV_H

#include <sys/socket.h>
#include <zmq.h>

#include "federation/edge_frame.h"
#include "federation/endpoint.h"
#include "federation/keyfile.h"

enum { ROUTE_MAX = 255, USER_ID_MAX = 2 * ID_SIZE, RING_SIZE = 64 };

/* A company, or an invitation, that core has admitted. */
struct edge_node {
    struct node_id id;
    enum admit_role role;
    struct box_key key;
    struct box_key former; /* zero: none; else admitted too, and dialled in turn with key */
    bool is_former;        /* dialled with that one */
    bool must_turn;        /* no link with the one dialled: then with the other */
    int64_t turned_ms;
    bool must_say_proved; /* there was a handshake with the new one */
    struct box_secret secret;
    char endpoint[ENDPOINT_MAX + 1]; /* empty: not dialled */
    void *dealer, *monitor;          /* while dialled */
    bool must_say_up; /* the dialled link is through its handshake, core has not heard */
    uint8_t route[ROUTE_MAX]; /* routing id of its newest accepted link */
    size_t route_len;
    int route_fd; /* the link that route belongs to, -1: none */
};

/* A TCP connection of libzmq's, by its file descriptor; fed by the monitors. */
struct edge_link {
    bool is_open, is_accepted, is_cut;
    bool has_node;
    struct node_id node;
    struct sockaddr_storage peer; /* against a reused descriptor */
    int64_t since_ms;
    uint64_t delivered; /* bytes on the wire of what was received from it */
};

struct edge {
    void *context;
    struct seed *transport; /* CURVE secret key, in locked memory */
    struct box_key public_key;
    uint64_t life;
    bool is_configured, must_stop;

    void *zap;
    bool is_testing;
    struct box_key test_key;
    bool was_test_refused;

    void *router, *router_monitor; /* NULL: not listening */
    char listen[ENDPOINT_MAX + 1]; /* as configured */
    char actual[ENDPOINT_MAX + 1]; /* as bound, or the reason why not */

    struct edge_node nodes[EDGE_NODES_MAX];
    size_t node_count;
    struct edge_link links[EDGE_FDS_MAX];

    uint32_t strangers; /* refused handshakes, not yet told */
    int64_t strangers_told_ms;
    int64_t watched_ms; /* when held bytes were last looked at */

    struct edge_frame ring[RING_SIZE]; /* small frames for core, in order */
    size_t ring_first, ring_count;
    bool is_pending; /* a message for core, behind the ring */
    struct edge_frame pending;
    zmq_msg_t pending_message;
};

int64_t edge_now_ms(void);

/* ---- edge_socket.c: NULL (with errno) when libzmq refuses or forgets a setting ---- */
void *edge_socket_router(struct edge *edge, bool is_ipv6);
struct dial {
    const uint8_t *secret; /* 32 bytes */
    const uint8_t *server; /* 32 bytes: its public key */
    bool is_ipv6;
};
void *edge_socket_dealer(struct edge *edge, const struct dial *dial);
/* The PAIR on which the socket's events arrive. */
void *edge_socket_monitor(struct edge *edge, void *socket);
void edge_socket_close(void **socket);
/* Both, in the one order in which libzmq does not wait for ever; either may be NULL. */
void edge_socket_close_monitored(void **socket, void **monitor);

struct edge_event {
    uint16_t what; /* ZMQ_EVENT_... */
    uint32_t value;
};
/* False: none there. */
bool edge_socket_event(void *monitor, struct edge_event *out);

/* ---- edge_zap.c ---- */
bool edge_zap_open(struct edge *edge);
void edge_zap_answer(struct edge *edge); /* all requests that wait */

/* ---- edge_node.c ---- */
struct edge_node *edge_node_find(struct edge *edge, const struct node_id *id);
/* By the key of a connection that comes in; HOSTs do not come in. */
struct edge_node *edge_node_find_key(struct edge *edge, const uint8_t key[static 32]);
/* Dialled links that fail, of companies with two keys: the other one's turn. */
void edge_node_turn(struct edge *edge);
void edge_node_admit(struct edge *edge, const struct edge_frame *frame);
void edge_node_drop(struct edge *edge, const struct node_id *id);
/* Cuts the node's links and forgets what is queued; it stays admitted. */
void edge_node_reset(struct edge *edge, struct edge_node *node);
void edge_node_send(struct edge *edge, struct edge_node *node, struct bytes message);

/* ---- edge_link.c ---- */
void edge_link_events(struct edge *edge); /* all events that wait */
struct edge_link *edge_link_find(struct edge *edge, int fd);
void edge_link_claim(struct edge *edge, int fd, const struct node_id *id);
void edge_link_cut(struct edge *edge, int fd);
void edge_link_cut_node(struct edge *edge, const struct node_id *id);
void edge_link_cut_nameless(struct edge *edge);
void edge_link_forget_accepted(struct edge *edge);
/* Cuts who makes us hold too much. Milliseconds until it wants to look again. */
int edge_link_watch(struct edge *edge);
/* Bytes on the wire of a message part of this size: ZMTP 3.1 frame, RFC 26 MESSAGE command. */
uint64_t edge_link_wire_size(size_t part);

/* ---- edge_receive.c ---- */
void edge_receive(struct edge *edge, void *socket, struct edge_node *dialled);

/* ---- edge_core.c ---- */
void edge_core_say(struct edge *edge, const struct edge_frame *frame);
/* Hands a message over; it is moved out of *message. */
void edge_core_pass(struct edge *edge, const struct node_id *from, zmq_msg_t *message);
bool edge_core_has_room(const struct edge *edge);
void edge_core_forget(struct edge *edge, const struct node_id *id);
void edge_core_flush(struct edge *edge);
void edge_core_commands(struct edge *edge); /* all frames that wait */

/* ---- edge_listen.c ---- */
/* Binds and tests; edge->actual is the endpoint or the reason why not. */
bool edge_listen(struct edge *edge, struct bytes endpoint);

#endif
