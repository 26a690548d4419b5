/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_zap.c - the ZAP handler (RFC 27): libzmq asks here about every CURVE handshake.
 *
 * It runs in the loop, not in a thread of its own: the loop never blocks, so nothing needs a lock.
 * A refusal is status 300, which closes the connection without a word; a company that is not yet
 * admitted tries again by itself.
 */
#include "federation/edge_priv.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"

#ifndef EDGE_ZAP_ADDRESS
#define EDGE_ZAP_ADDRESS "inproc://zeromq.zap.01"
#endif

/* Frames of a request, in this order. */
enum { VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, FRAMES };

struct request {
    uint8_t data[FRAMES][256];
    size_t len[FRAMES];
};

bool
edge_zap_open(struct edge *edge)
{
    const int none = 0;

    edge->zap = zmq_socket(edge->context, ZMQ_REP);
    return edge->zap != NULL &&
           zmq_setsockopt(edge->zap, ZMQ_LINGER, &none, sizeof(none)) == 0 &&
           zmq_bind(edge->zap, EDGE_ZAP_ADDRESS) == 0;
}

static bool
has_more(void *socket)
{
    int more = 0;
    size_t len = sizeof(more);

    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &len) == 0 && more != 0;
}

/* False: none waits. A request of another shape has lengths that no check below accepts. */
static bool
receive(void *zap, struct request *out)
{
    uint8_t rest[1];

    *out = (struct request){ .len = { 0 } };
    for (size_t i = 0; i < FRAMES; i++) {
        int n = zmq_recv(zap, out->data[i], sizeof(out->data[i]), ZMQ_DONTWAIT);
        if (n < 0)
            return false;
        out->len[i] = (size_t)n;
        if (i + 1 < FRAMES && !has_more(zap))
            break;
    }
    while (has_more(zap)) {
        out->len[KEY] = 0;
        if (zmq_recv(zap, rest, sizeof(rest), ZMQ_DONTWAIT) < 0)
            return false;
    }
    return true;
}

static bool
is_text(const struct request *request, size_t frame, const char *text)
{
    return request->len[frame] == strlen(text) &&
           memcmp(request->data[frame], text, strlen(text)) == 0;
}

static struct edge_node *
admitted(struct edge *edge, const struct request *request)
{
    if (!is_text(request, VERSION, "1.0") || !is_text(request, DOMAIN, "hansa") ||
        !is_text(request, MECHANISM, "CURVE") || request->len[KEY] != sizeof(struct box_key))
        return NULL;
    return edge_node_find_key(edge, request->data[KEY]);
}

static void
reply(void *zap, const struct request *request, const struct edge_node *node)
{
    char user[USER_ID_MAX + 1] = "";
    const char *const texts[] = { node != NULL ? "200" : "300", node != NULL ? "OK" : "no",
                                  user, "" };

    if (node != NULL)
        hex_format(bytes_of(node->id.b, sizeof(node->id.b)), user);
    (void)zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(zap, request->data[REQUEST], request->len[REQUEST], ZMQ_SNDMORE);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        (void)zmq_send(zap, texts[i], strlen(texts[i]),
                       i + 1 < COUNT_OF(texts) ? ZMQ_SNDMORE : 0);
}

void
edge_zap_answer(struct edge *edge)
{
    struct request request;

    while (receive(edge->zap, &request)) {
        struct edge_node *node = admitted(edge, &request);
        if (node != NULL && !ID_IS_ZERO(node->former) &&
            memcmp(request.data[KEY], node->key.b, sizeof(node->key.b)) == 0)
            node->must_say_proved = true;
        if (edge->is_testing && request.len[KEY] == sizeof(edge->test_key.b) &&
            memcmp(request.data[KEY], edge->test_key.b, sizeof(edge->test_key.b)) == 0)
            edge->was_test_refused = node == NULL;
        reply(edge->zap, &request, node);
    }
}
