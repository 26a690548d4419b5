/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_listen.c - binding, and the test that nobody unknown gets in.
 *
 * After every bind a random key knocks at the real socket, over the real network path. Only when
 * the ZAP handler was asked about that very key, said no, and no handshake came of it, does the
 * socket stay open: libzmq has settings under which it never asks.
 */
#include "federation/edge_priv.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"

/* libzmq may leave a refused connection open, mute, until its handshake's time is over: after a
 * refusal we watch that nothing comes of it for a while. */
enum { TEST_MS = 3000, AFTER_REFUSAL_MS = 100 };

static void
close_router(struct edge *edge)
{
    edge_socket_close_monitored(&edge->router, &edge->router_monitor);
    edge->listen[0] = '\0';
    edge_link_forget_accepted(edge);
}

/* ---- the test ---- */

static void
reach_own(const struct endpoint *bound, char out[static ENDPOINT_MAX + 1])
{
    struct endpoint own = *bound;

    if (!endpoint_is_dialable(&own))
        (void)snprintf(own.host, sizeof(own.host), "%s",
                       own.kind == ENDPOINT_IPV6 ? "::1" : "127.0.0.1");
    endpoint_format(&own, out);
}

/* Serves the handler until it is clear what became of the stranger. */
static bool
stranger_gets_in(struct edge *edge, void *monitor)
{
    int64_t until = edge_now_ms() + TEST_MS;
    bool is_refused = false;
    struct edge_event event;

    for (int64_t now = edge_now_ms(); now < until; now = edge_now_ms()) {
        if (edge->was_test_refused && !is_refused)
            until = now + AFTER_REFUSAL_MS;
        is_refused = edge->was_test_refused;
        zmq_pollitem_t items[] = { { .socket = edge->zap, .events = ZMQ_POLLIN },
                                   { .socket = monitor, .events = ZMQ_POLLIN } };
        (void)zmq_poll(items, COUNT_OF(items), (long)(until - now));
        edge_zap_answer(edge);
        while (edge_socket_event(monitor, &event)) {
            if (event.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
                return true;
            if (event.what != ZMQ_EVENT_CONNECTED)
                return false;
        }
    }
    return false;
}

static bool
test_stranger(struct edge *edge, const struct endpoint *bound)
{
    uint8_t secret[32];
    char text[ENDPOINT_MAX + 1];
    const struct dial dial = {
        .secret = secret,
        .server = edge->public_key.b,
        .is_ipv6 = bound->kind == ENDPOINT_IPV6,
    };

    (void)crypto_box_keypair(edge->test_key.b, secret);
    reach_own(bound, text);
    edge->is_testing = true;
    edge->was_test_refused = false;
    void *dealer = edge_socket_dealer(edge, &dial);
    void *monitor = dealer != NULL ? edge_socket_monitor(edge, dealer) : NULL;
    bool is_safe = monitor != NULL && zmq_connect(dealer, text) == 0 &&
                   !stranger_gets_in(edge, monitor) && edge->was_test_refused;
    edge_socket_close_monitored(&dealer, &monitor);
    return is_safe;
}

/* ---- listening ---- */

static bool
bind_router(struct edge *edge, const struct endpoint *wanted, struct endpoint *bound)
{
    char text[ENDPOINT_MAX + 1];
    size_t len = sizeof(text);

    endpoint_format(wanted, text);
    edge->router = edge_socket_router(edge, wanted->kind == ENDPOINT_IPV6);
    if (edge->router == NULL)
        return false;
    edge->router_monitor = edge_socket_monitor(edge, edge->router);
    return edge->router_monitor != NULL && zmq_bind(edge->router, text) == 0 &&
           zmq_getsockopt(edge->router, ZMQ_LAST_ENDPOINT, text, &len) == 0 &&
           endpoint_parse(bytes_text(text), bound) == STATUS_OK;
}

static bool
refuse(struct edge *edge, const char *reason)
{
    close_router(edge);
    (void)snprintf(edge->actual, sizeof(edge->actual), "%s", reason);
    return false;
}

bool
edge_listen(struct edge *edge, struct bytes endpoint)
{
    struct endpoint wanted, bound;
    char text[ENDPOINT_MAX + 1];

    if (endpoint_parse(endpoint, &wanted) != STATUS_OK || !endpoint_is_listenable(&wanted))
        return refuse(edge, "not an address to listen on");
    endpoint_format(&wanted, text);
    if (edge->router != NULL &&
        (strcmp(text, edge->listen) == 0 || strcmp(text, edge->actual) == 0))
        return true;
    close_router(edge);
    if (!bind_router(edge, &wanted, &bound))
        return refuse(edge, strerrorname_np(zmq_errno()));
    bool is_safe = test_stranger(edge, &bound);
    edge_link_events(edge); /* the stranger's own go uncounted */
    edge->is_testing = false;
    if (!is_safe)
        return refuse(edge, "self-test: a stranger was not refused");
    memcpy(edge->listen, text, sizeof(text));
    endpoint_format(&bound, edge->actual);
    return true;
}
