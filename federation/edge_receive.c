/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_receive.c - messages from partners: one payload frame each, with an envelope's
 * magic, from a node that is admitted now. Anything else cuts the connection.
 */
#include "federation/edge_priv.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"

/* So that one busy partner does not keep the others waiting. */
enum { MESSAGES_PER_TURN = 64 };

/* The two bytes of the envelope that edge looks at (docs/protocol/delivery.md). */
static const uint8_t magic[] = { 'H', 'N', 'S', 'A' };
enum { KIND_AT = 5, KIND_INTRODUCE = 3 };

struct incoming {
    uint8_t route[ROUTE_MAX];
    size_t route_len; /* 0: from a socket that we dialled */
    zmq_msg_t payload;
    bool is_one_frame;
    uint64_t wire_size;
};

static void
incoming_fini(struct incoming *in)
{
    (void)zmq_msg_close(&in->payload);
}

/* The routing id that a ROUTER puts in front. False: nothing there. */
static bool
receive_route(void *socket, struct incoming *in)
{
    int n = zmq_recv(socket, in->route, sizeof(in->route), ZMQ_DONTWAIT);

    if (n < 0)
        return false;
    in->route_len = (size_t)n;
    return true;
}

/* All parts of a message are there when the first is. Only the first is kept. */
static bool
receive_payload(void *socket, struct incoming *in)
{
    if (zmq_msg_recv(&in->payload, socket, ZMQ_DONTWAIT) < 0)
        return false;
    in->wire_size = edge_link_wire_size(zmq_msg_size(&in->payload));
    in->is_one_frame = zmq_msg_more(&in->payload) == 0;
    for (bool more = !in->is_one_frame; more;) {
        zmq_msg_t rest;
        (void)zmq_msg_init(&rest);
        if (zmq_msg_recv(&rest, socket, ZMQ_DONTWAIT) < 0)
            more = false;
        else
            more = zmq_msg_more(&rest) != 0;
        in->wire_size += edge_link_wire_size(zmq_msg_size(&rest));
        (void)zmq_msg_close(&rest);
    }
    return true;
}

/* Whose key libzmq authenticated. 4.3.4 has it on the payload frame only. */
static struct edge_node *
sender(struct edge *edge, zmq_msg_t *payload)
{
    const char *user = zmq_msg_gets(payload, "User-Id");
    struct node_id id;

    if (user == NULL || hex_parse(bytes_text(user), id.b, sizeof(id.b)) != STATUS_OK)
        return NULL;
    return edge_node_find(edge, &id);
}

/* 0 or what is wrong with it. */
static uint8_t
fault(const struct edge_node *node, struct incoming *in)
{
    const uint8_t *data = zmq_msg_data(&in->payload);
    size_t len = zmq_msg_size(&in->payload);

    if (!in->is_one_frame)
        return BROKEN_NOT_ONE_FRAME;
    if (len < ENVELOPE_SIZE || len > MESSAGE_MAX || memcmp(data, magic, sizeof(magic)) != 0)
        return BROKEN_NOT_ENVELOPE;
    if (node->role == ADMIT_GUEST && (data[KIND_AT] != KIND_INTRODUCE || len > EDGE_GUEST_MAX))
        return BROKEN_NOT_ALLOWED;
    return 0;
}

/* Remembers the way back; false when the connection has been cut already. */
static bool
note_link(struct edge *edge, struct edge_node *node, const struct incoming *in, int fd)
{
    if (edge_link_find(edge, fd) == NULL)
        edge_link_events(edge); /* it was accepted just now */
    struct edge_link *link = edge_link_find(edge, fd);
    if (link == NULL)
        return true;
    link->delivered += in->wire_size;
    if (link->is_cut)
        return false;
    if (node == NULL)
        return true;
    edge_link_claim(edge, fd, &node->id);
    if (in->route_len > 0) {
        memcpy(node->route, in->route, in->route_len);
        node->route_len = in->route_len;
        node->route_fd = fd;
    }
    return true;
}

static void
take(struct edge *edge, struct edge_node *dialled, struct incoming *in)
{
    int fd = zmq_msg_get(&in->payload, ZMQ_SRCFD);
    struct edge_node *node = dialled != NULL ? dialled : sender(edge, &in->payload);

    if (!note_link(edge, node, in, fd))
        return;
    if (node == NULL) {
        edge_link_cut(edge, fd); /* admitted at its handshake, no longer */
        return;
    }
    uint8_t reason = fault(node, in);
    if (reason == 0) {
        edge_core_pass(edge, &node->id, &in->payload);
        return;
    }
    edge_link_cut(edge, fd);
    edge_core_say(edge,
                  &(struct edge_frame){ .op = EDGE_BROKEN, .node = node->id, .code = reason });
}

void
edge_receive(struct edge *edge, void *socket, struct edge_node *dialled)
{
    for (int i = 0; i < MESSAGES_PER_TURN && edge_core_has_room(edge) && !edge->is_pending;
         i++) {
        AUTO(incoming_fini) struct incoming in = { .route_len = 0 };
        (void)zmq_msg_init(&in.payload);
        if (dialled == NULL && !receive_route(socket, &in))
            return;
        if (!receive_payload(socket, &in))
            return;
        take(edge, dialled, &in);
    }
}
