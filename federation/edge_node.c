/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_node.c - who is admitted, and the links that we dial to them.
 *
 * A message goes out over the dialled link if there is one and it takes it, else over the newest
 * link that the company made to us. None: it is lost, and core repeats.
 */
#include "federation/edge_priv.h"

#include <sodium.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { TURN_MS = 1000 }; /* libzmq dials again and again with the same key in between */

struct edge_node *
edge_node_find(struct edge *edge, const struct node_id *id)
{
    for (size_t i = 0; i < edge->node_count; i++)
        if (ID_IS_EQUAL(edge->nodes[i].id, *id))
            return &edge->nodes[i];
    return NULL;
}

struct edge_node *
edge_node_find_key(struct edge *edge, const uint8_t key[static 32])
{
    for (size_t i = 0; i < edge->node_count; i++)
        if (edge->nodes[i].role != ADMIT_HOST &&
            (memcmp(edge->nodes[i].key.b, key, sizeof(edge->nodes[i].key.b)) == 0 ||
             (!ID_IS_ZERO(edge->nodes[i].former) &&
              memcmp(edge->nodes[i].former.b, key, sizeof(edge->nodes[i].former.b)) == 0)))
            return &edge->nodes[i];
    return NULL;
}

/* ---- dialling ---- */

static bool
open_dealer(struct edge *edge, struct edge_node *node, bool is_ipv6)
{
    const struct dial dial = {
        .secret = ID_IS_ZERO(node->secret) ? edge->transport->b : node->secret.b,
        .server = node->is_former ? node->former.b : node->key.b,
        .is_ipv6 = is_ipv6,
    };

    node->dealer = edge_socket_dealer(edge, &dial);
    return node->dealer != NULL;
}

/* Names are looked up in IPv4 only: libzmq tries one address and no other. */
static void
dial(struct edge *edge, struct edge_node *node)
{
    struct endpoint endpoint;
    char text[ENDPOINT_MAX + 1];

    if (node->endpoint[0] == '\0')
        return;
    if (endpoint_parse(bytes_text(node->endpoint), &endpoint) != STATUS_OK ||
        !endpoint_is_dialable(&endpoint)) {
        LOG(LOG_WARN, "edge.bad_endpoint", log_id("peer", node->id.b));
        return;
    }
    endpoint_format(&endpoint, text);
    bool is_made = open_dealer(edge, node, endpoint.kind == ENDPOINT_IPV6);
    if (is_made)
        node->monitor = edge_socket_monitor(edge, node->dealer);
    if (node->monitor != NULL && zmq_connect(node->dealer, text) == 0)
        return;
    LOG(LOG_ERROR, "edge.no_socket", log_id("peer", node->id.b), log_errno(zmq_errno()));
    edge_socket_close_monitored(&node->dealer, &node->monitor);
}

/* Unsent messages go with the socket. */
static void
hang_up(struct edge_node *node)
{
    edge_socket_close_monitored(&node->dealer, &node->monitor);
    node->must_say_up = false;
    node->route_len = 0;
    node->route_fd = -1;
}

/* ---- admitting ---- */

static bool
is_same(const struct edge_node *a, const struct edge_node *b)
{
    return a->role == b->role && ID_IS_EQUAL(a->secret, b->secret) &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

static struct edge_node
node_of(const struct edge_frame *frame)
{
    struct edge_node node = {
        .id = frame->node,
        .role = (enum admit_role)frame->code,
        .key = frame->key,
        .former = frame->former,
        .secret = frame->secret,
        .route_fd = -1,
    };

    if (frame->dial && frame->text.len > 0)
        memcpy(node.endpoint, frame->text.data, frame->text.len);
    return node;
}

/* The key that a link may have now goes on to be admitted. */
static bool
keeps_key(struct edge_node *node, const struct edge_node *wanted)
{
    const struct box_key dialled = node->is_former ? node->former : node->key;

    if (!is_same(node, wanted) ||
        (!ID_IS_EQUAL(node->key, wanted->key) && !ID_IS_EQUAL(node->key, wanted->former)))
        return false;
    node->key = wanted->key;
    node->former = wanted->former;
    node->is_former = !ID_IS_ZERO(wanted->former) && ID_IS_EQUAL(dialled, wanted->former);
    return node->is_former || ID_IS_EQUAL(dialled, wanted->key);
}

/* A link is found by its key, and so each key is one company's: whose it was first. */
static bool
is_taken(struct edge *edge, const struct edge_node *wanted)
{
    const struct box_key *keys[] = { &wanted->key, &wanted->former };

    for (size_t i = 0; i < COUNT_OF(keys) && wanted->role != ADMIT_HOST; i++) {
        const struct edge_node *has =
            ID_IS_ZERO(*keys[i]) ? NULL : edge_node_find_key(edge, keys[i]->b);
        if (has != NULL && !ID_IS_EQUAL(has->id, wanted->id))
            return true;
    }
    return false;
}

/* An ADMIT that changes nothing, or adds a key, cuts nothing. */
void
edge_node_admit(struct edge *edge, const struct edge_frame *frame)
{
    struct edge_node wanted = node_of(frame);
    struct edge_node *node = edge_node_find(edge, &frame->node);

    if (is_taken(edge, &wanted)) {
        LOG(LOG_ERROR, "edge.key_taken", log_id("peer", frame->node.b));
        return;
    }
    if (node != NULL && keeps_key(node, &wanted))
        return;
    if (node != NULL) {
        edge_node_drop(edge, &frame->node);
    } else if (edge->node_count == EDGE_NODES_MAX) {
        LOG(LOG_ERROR, "edge.full", log_id("peer", frame->node.b));
        return;
    }
    node = &edge->nodes[edge->node_count++];
    *node = wanted;
    /* It may have knocked too early: libzmq leaves a refused connection open for seconds. */
    if (node->role != ADMIT_HOST) {
        edge_link_events(edge);
        edge_link_cut_nameless(edge);
    }
    dial(edge, node);
}

void
edge_node_drop(struct edge *edge, const struct node_id *id)
{
    struct edge_node *node = edge_node_find(edge, id);

    edge_link_events(edge); /* so that the newest connections are known */
    edge_link_cut_node(edge, id);
    edge_link_cut_nameless(edge); /* one of them may be this node's */
    edge_core_forget(edge, id);
    if (node == NULL)
        return;
    hang_up(node);
    *node = edge->nodes[--edge->node_count];
    sodium_memzero(&edge->nodes[edge->node_count], sizeof(edge->nodes[0]));
}

void
edge_node_reset(struct edge *edge, struct edge_node *node)
{
    edge_link_events(edge);
    edge_link_cut_node(edge, &node->id);
    hang_up(node);
    dial(edge, node);
}

/* Asked after every round of events: a dialled link that fails is tried with the other key. */
void
edge_node_turn(struct edge *edge)
{
    int64_t now = edge_now_ms();

    for (size_t i = 0; i < edge->node_count; i++) {
        struct edge_node *node = &edge->nodes[i];
        if (!node->must_turn || ID_IS_ZERO(node->former) || now - node->turned_ms < TURN_MS)
            continue;
        node->must_turn = false;
        node->turned_ms = now;
        node->is_former = !node->is_former;
        edge_node_reset(edge, node);
    }
}

/* ---- sending ---- */

static bool
send_dialled(const struct edge_node *node, struct bytes message)
{
    return node->dealer != NULL &&
           zmq_send(node->dealer, message.data, message.len, ZMQ_DONTWAIT) >= 0;
}

/* The routing id either takes both parts or is refused at the first. */
static void
send_accepted(struct edge *edge, const struct edge_node *node, struct bytes message)
{
    if (edge->router == NULL || node->route_len == 0)
        return;
    if (zmq_send(edge->router, node->route, node->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        (void)zmq_send(edge->router, message.data, message.len, ZMQ_DONTWAIT);
}

void
edge_node_send(struct edge *edge, struct edge_node *node, struct bytes message)
{
    if (!send_dialled(node, message))
        send_accepted(edge, node, message);
}
