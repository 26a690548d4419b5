/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_socket.c - libzmq's settings, as tables. Each is read back where libzmq allows,
 * and a socket with a setting that did not take is no socket.
 */
#include "federation/edge_priv.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"

/* Hidden as a draft in the header, there in the library. Together with a domain that is not empty
 * it makes ZAP fail closed; every other combination fails open when the handler is away. */
#define ENFORCE_DOMAIN 93
/* A build of the tests opens this on purpose, to see the self-test notice. */
#ifndef EDGE_ENFORCE
#define EDGE_ENFORCE 1
#endif

#define DOMAIN "hansa"

/* What CURVE adds to a part: command name, flags, nonce, authenticator. */
enum { CURVE_OVERHEAD = 33 };

struct setting {
    int option;
    int value;
    bool is_readable;
};

/* clang-format off */
static const struct setting common_settings[] = {
    { ZMQ_SNDHWM,            ZMQ_HWM_FRAMES, true },
    { ZMQ_RCVHWM,            ZMQ_HWM_FRAMES, true },
    { ZMQ_LINGER,            0,              true },
    { ZMQ_HANDSHAKE_IVL,     3000,           true },
    { ZMQ_HEARTBEAT_IVL,     15000,          true },
    { ZMQ_HEARTBEAT_TIMEOUT, 45000,          true },
    { ZMQ_TCP_KEEPALIVE,     1,              true },
};

static const struct setting router_settings[] = {
    { ZMQ_CURVE_SERVER,      1,              true },
    { ENFORCE_DOMAIN,        EDGE_ENFORCE,   true },
    { ZMQ_BACKLOG,           64,             true },
    { ZMQ_ROUTER_MANDATORY,  1,              false },
    { ZMQ_ROUTER_HANDOVER,   0,              false },
};

static const struct setting dealer_settings[] = {
    { ZMQ_IMMEDIATE,         1,              true },
    { ZMQ_CONNECT_TIMEOUT,   10000,          true },
    /* A revocation cuts a link that may still carry what it takes back: it is wanted again at once. */
    { ZMQ_RECONNECT_IVL,     100,            true },
    /* A company that comes back waits for us: a try every five seconds costs it nothing. */
    { ZMQ_RECONNECT_IVL_MAX, 5000,           true },
};
/* clang-format on */

static bool
apply(void *socket, const struct setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int got = 0;
        size_t len = sizeof(got);
        if (zmq_setsockopt(socket, settings[i].option, &settings[i].value, sizeof(int)) != 0)
            return false;
        if (settings[i].is_readable &&
            (zmq_getsockopt(socket, settings[i].option, &got, &len) != 0 ||
             got != settings[i].value))
            return false;
    }
    return true;
}

static bool
apply_size_limit(void *socket)
{
    const int64_t limit = MESSAGE_MAX + CURVE_OVERHEAD;
    int64_t got = 0;
    size_t len = sizeof(got);

    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, sizeof(limit)) == 0 &&
           zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &got, &len) == 0 && got == limit;
}

static bool
apply_domain(void *socket)
{
    char got[sizeof(DOMAIN)] = "";
    size_t len = sizeof(got);

    return zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, DOMAIN, strlen(DOMAIN)) == 0 &&
           zmq_getsockopt(socket, ZMQ_ZAP_DOMAIN, got, &len) == 0 && strcmp(got, DOMAIN) == 0;
}

static bool
apply_key(void *socket, int option, const uint8_t key[static 32])
{
    uint8_t got[32];
    size_t len = sizeof(got);

    return zmq_setsockopt(socket, option, key, 32) == 0 &&
           zmq_getsockopt(socket, option, got, &len) == 0 && memcmp(got, key, 32) == 0;
}

static bool
apply_common(void *socket, bool is_ipv6)
{
    const struct setting family = { ZMQ_IPV6, is_ipv6, true };

    return apply(socket, common_settings, COUNT_OF(common_settings)) &&
           apply_size_limit(socket) && apply(socket, &family, 1);
}

static void *
keep_if(void *socket, bool is_good)
{
    if (!is_good)
        edge_socket_close(&socket);
    return socket;
}

void *
edge_socket_router(struct edge *edge, bool is_ipv6)
{
    void *socket = zmq_socket(edge->context, ZMQ_ROUTER);

    return keep_if(socket, socket != NULL && apply_common(socket, is_ipv6) &&
                               apply(socket, router_settings, COUNT_OF(router_settings)) &&
                               apply_domain(socket) &&
                               apply_key(socket, ZMQ_CURVE_SECRETKEY, edge->transport->b));
}

void *
edge_socket_dealer(struct edge *edge, const struct dial *dial)
{
    void *socket = zmq_socket(edge->context, ZMQ_DEALER);
    uint8_t own[32];

    if (socket == NULL)
        return NULL;
    (void)crypto_scalarmult_base(own, dial->secret);
    return keep_if(socket, apply_common(socket, dial->is_ipv6) &&
                               apply(socket, dealer_settings, COUNT_OF(dealer_settings)) &&
                               apply_key(socket, ZMQ_CURVE_SERVERKEY, dial->server) &&
                               apply_key(socket, ZMQ_CURVE_PUBLICKEY, own) &&
                               apply_key(socket, ZMQ_CURVE_SECRETKEY, dial->secret));
}

/* libzmq's own thread waits, and with it every connection, when an event finds no room or no
 * reader. So the pair has no mark, and the events end before their reader does. */
void *
edge_socket_monitor(struct edge *edge, void *socket)
{
    static unsigned number;
    const int no_mark = 0;
    char address[48];
    void *monitor = zmq_socket(edge->context, ZMQ_PAIR);
    const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    (void)snprintf(address, sizeof(address), "inproc://monitor-%u", number++);
    return keep_if(monitor,
                   monitor != NULL &&
                       zmq_setsockopt(monitor, ZMQ_RCVHWM, &no_mark, sizeof(no_mark)) == 0 &&
                       zmq_socket_monitor(socket, address, events) == 0 &&
                       zmq_connect(monitor, address) == 0);
}

void
edge_socket_close(void **socket)
{
    int error = errno;

    if (*socket != NULL)
        (void)zmq_close(*socket);
    *socket = NULL;
    errno = error; /* the caller wants to know why, not how closing went */
}

void
edge_socket_close_monitored(void **socket, void **monitor)
{
    int error = errno;

    if (*socket != NULL)
        (void)zmq_socket_monitor(*socket, NULL, 0);
    errno = error;
    edge_socket_close(socket);
    edge_socket_close(monitor);
}

/* libzmq's monitor: a frame of event and value in host order, then the endpoint. */
bool
edge_socket_event(void *monitor, struct edge_event *out)
{
    uint8_t head[6];
    char endpoint[ENDPOINT_MAX];

    if (zmq_recv(monitor, head, sizeof(head), ZMQ_DONTWAIT) != sizeof(head))
        return false;
    (void)zmq_recv(monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
    memcpy(&out->what, head, sizeof(out->what));
    memcpy(&out->value, head + sizeof(out->what), sizeof(out->value));
    return true;
}
