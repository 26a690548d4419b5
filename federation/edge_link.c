/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_link.c - libzmq's TCP connections, seen from outside by their file descriptor.
 *
 * libzmq 4.3.4 cannot disconnect one peer and cannot bound the parts of an unfinished message.
 * Both are done here on the connection itself: shutdown(2), and a count of what came in and was
 * never delivered. A descriptor may have been reused by the time we act, so its peer's address is
 * compared first; should that fail too, a stranger's connection is cut and comes back. What must
 * hold (nothing from a dropped node reaches core) is checked per message, not here.
 */
#include "federation/edge_priv.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { WATCH_BUSY_MS = 100, WATCH_IDLE_MS = 1000 };
/* Heartbeats are received and never delivered: this much a second is forgiven. */
enum { HEARTBEAT_BYTES_PER_S = 64 };

/* ---- by descriptor ---- */

struct edge_link *
edge_link_find(struct edge *edge, int fd)
{
    return fd >= 0 && fd < EDGE_FDS_MAX && edge->links[fd].is_open ? &edge->links[fd] : NULL;
}

static bool
peer_of(int fd, struct sockaddr_storage *out)
{
    socklen_t len = sizeof(*out);

    memset(out, 0, sizeof(*out)); /* compared as a whole */
    return getpeername(fd, (struct sockaddr *)out, &len) == 0;
}

/* However it ends, by us or with this process: what the kernel has not sent by then is not sent (P5). */
static void
end_at_once(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void
edge_link_cut(struct edge *edge, int fd)
{
    struct edge_link *link = edge_link_find(edge, fd);
    struct sockaddr_storage now;

    if (link == NULL || link->is_cut)
        return;
    link->is_cut = true;
    if (!peer_of(fd, &now) || memcmp(&now, &link->peer, sizeof(now)) != 0)
        return;
    end_at_once(fd);
    (void)shutdown(fd, SHUT_RDWR);
}

static bool
is_of(const struct edge_link *link, const struct node_id *id)
{
    return link->is_open && link->has_node && ID_IS_EQUAL(link->node, *id);
}

void
edge_link_cut_node(struct edge *edge, const struct node_id *id)
{
    for (int fd = 0; fd < EDGE_FDS_MAX; fd++)
        if (is_of(&edge->links[fd], id))
            edge_link_cut(edge, fd);
}

void
edge_link_cut_nameless(struct edge *edge)
{
    for (int fd = 0; fd < EDGE_FDS_MAX; fd++)
        if (edge->links[fd].is_open && !edge->links[fd].has_node)
            edge_link_cut(edge, fd);
}

void
edge_link_forget_accepted(struct edge *edge)
{
    for (int fd = 0; fd < EDGE_FDS_MAX; fd++)
        if (edge->links[fd].is_accepted)
            edge->links[fd] = (struct edge_link){ 0 };
    for (size_t i = 0; i < edge->node_count; i++) {
        edge->nodes[i].route_len = 0;
        edge->nodes[i].route_fd = -1;
    }
}

/* Beyond the number that a broken network explains, the company's oldest goes. */
static void
keep_few(struct edge *edge, const struct node_id *id)
{
    int oldest = -1;
    unsigned count = 0;

    for (int fd = 0; fd < EDGE_FDS_MAX; fd++) {
        const struct edge_link *link = &edge->links[fd];
        if (!is_of(link, id) || link->is_cut)
            continue;
        count++;
        if (oldest < 0 || link->since_ms < edge->links[oldest].since_ms)
            oldest = fd;
    }
    if (count > EDGE_LINKS_PER_NODE)
        edge_link_cut(edge, oldest);
}

void
edge_link_claim(struct edge *edge, int fd, const struct node_id *id)
{
    struct edge_link *link = edge_link_find(edge, fd);

    if (link == NULL || is_of(link, id))
        return;
    link->has_node = true;
    link->node = *id;
    end_at_once(fd);
    keep_few(edge, id);
}

/* ---- events ---- */

static void
on_open(struct edge *edge, int fd, const struct edge_node *dialled)
{
    if (fd < 0 || fd >= EDGE_FDS_MAX) {
        (void)shutdown(fd, SHUT_RDWR);
        return;
    }
    struct edge_link *link = &edge->links[fd];
    *link = (struct edge_link){
        .is_open = true,
        .is_accepted = dialled == NULL,
        .has_node = dialled != NULL,
        .since_ms = edge_now_ms(),
    };
    if (dialled != NULL) {
        link->node = dialled->id;
        end_at_once(fd);
    }
    (void)peer_of(fd, &link->peer);
}

static void
on_closed(struct edge *edge, int fd)
{
    struct edge_link *link = edge_link_find(edge, fd);

    if (link == NULL)
        return;
    struct edge_node *node = link->has_node ? edge_node_find(edge, &link->node) : NULL;
    if (node != NULL && node->route_fd == fd) {
        node->route_len = 0; /* the id is free, and could be another's next */
        node->route_fd = -1;
    }
    *link = (struct edge_link){ 0 };
}

static void
limit_nameless(struct edge *edge, int newest)
{
    unsigned count = 0;

    for (int fd = 0; fd < EDGE_FDS_MAX; fd++)
        count +=
            edge->links[fd].is_open && !edge->links[fd].has_node && !edge->links[fd].is_cut;
    if (count > EDGE_NAMELESS_MAX)
        edge_link_cut(edge, newest);
}

static void
router_events(struct edge *edge)
{
    struct edge_event event;

    while (edge->router_monitor != NULL && edge_socket_event(edge->router_monitor, &event)) {
        if (event.what == ZMQ_EVENT_ACCEPTED) {
            on_open(edge, (int)event.value, NULL);
            limit_nameless(edge, (int)event.value);
        } else if (event.what == ZMQ_EVENT_DISCONNECTED) {
            on_closed(edge, (int)event.value);
        } else if (event.what != ZMQ_EVENT_HANDSHAKE_SUCCEEDED && !edge->is_testing) {
            edge->strangers++;
        }
    }
}

static void
dealer_events(struct edge *edge, struct edge_node *node)
{
    struct edge_event event;

    while (node->monitor != NULL && edge_socket_event(node->monitor, &event)) {
        if (event.what == ZMQ_EVENT_CONNECTED)
            on_open(edge, (int)event.value, node);
        else if (event.what == ZMQ_EVENT_DISCONNECTED)
            on_closed(edge, (int)event.value);
        node->must_say_up = event.what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        node->must_turn = !node->must_say_up && event.what != ZMQ_EVENT_CONNECTED;
        if (node->must_say_up && !node->is_former && !ID_IS_ZERO(node->former))
            node->must_say_proved = true;
    }
}

void
edge_link_events(struct edge *edge)
{
    router_events(edge);
    for (size_t i = 0; i < edge->node_count; i++)
        dealer_events(edge, &edge->nodes[i]);
}

/* ---- bytes held ---- */

uint64_t
edge_link_wire_size(size_t part)
{
    size_t frame = part + 33; /* RFC 26: "\x07MESSAGE", nonce 8, authenticator 16, flags 1 */

    return frame + (frame > 255 ? 9 : 2);
}

/* What libzmq has taken from the kernel and not given to us. */
static uint64_t
bytes_held(int fd, const struct edge_link *link, int64_t now)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof(info);
    int unread = 0;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len <
            offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received) ||
        ioctl(fd, SIOCINQ, &unread) != 0)
        return 0;
    uint64_t forgiven = (uint64_t)(now - link->since_ms) * HEARTBEAT_BYTES_PER_S / 1000;
    uint64_t known = link->delivered + forgiven + (uint64_t)unread;
    return info.tcpi_bytes_received > known ? info.tcpi_bytes_received - known : 0;
}

int
edge_link_watch(struct edge *edge)
{
    int64_t now = edge_now_ms();
    bool is_busy = false;

    if (now - edge->watched_ms < WATCH_BUSY_MS)
        return WATCH_BUSY_MS;
    edge->watched_ms = now;
    for (int fd = 0; fd < EDGE_FDS_MAX; fd++) {
        const struct edge_link *link = &edge->links[fd];
        if (!link->is_open || link->is_cut)
            continue;
        uint64_t held = bytes_held(fd, link, now);
        is_busy = is_busy || held > EDGE_HELD_NAMELESS_MAX / 4;
        if (held <= (link->has_node ? EDGE_HELD_MAX : EDGE_HELD_NAMELESS_MAX))
            continue;
        LOG(LOG_WARN, "edge.too_much_held", log_num("bytes", (int64_t)held));
        edge_link_cut(edge, fd);
    }
    return is_busy || edge->is_pending ? WATCH_BUSY_MS : WATCH_IDLE_MS;
}
