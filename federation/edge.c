/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge.c - hansa-edge: start-up and the loop (federation/edge_priv.h says what holds).
 *
 *   hansa-edge --home HOME [--passphrase-file FILE]
 *
 * Reads HOME/keys/transport.key, or the one before while it is in use, and nothing else, then speaks on descriptor 3.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "federation/edge_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/options.h"
#include "schema/base/sandbox.h"
#include "schema/base/wipe.h"

struct edge_options {
    const char *home;
    const char *passphrase_file;
};

int64_t
edge_now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- start ---- */

static bool
parse_options(int argc, char **argv, struct edge_options *out)
{
    const struct option_row rows[] = {
        { "home", .text = &out->home },
        { "passphrase-file", .text = &out->passphrase_file },
    };

    return options_read(argc, argv, rows, COUNT_OF(rows)) && out->home != NULL;
}

/* The one before, while there are partners that know no other. */
static enum status
read_transport(const struct edge_options *options, struct seed **out)
{
    AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;
    AUTO(fd_close) int home = open(options->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd_close) int keys = openat(home, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (keys < 0)
        return STATUS_NOT_FOUND;
    TRY(keyfile_passphrase_open(options->passphrase_file, &pass));
    enum status s = keyfile_read_former(keys, KEYFILE_TRANSPORT, pass, out);
    return s == STATUS_NOT_FOUND ? keyfile_read(keys, KEYFILE_TRANSPORT, pass, out) : s;
}

/* libzmq needs a descriptor for each socket and each connection; links[] has room for so many. */
static void
limit_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < EDGE_FDS_MAX ? limit.rlim_max : EDGE_FDS_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
open_context(struct edge *edge)
{
    edge->context = zmq_ctx_new();
    return edge->context != NULL && zmq_ctx_set(edge->context, ZMQ_IO_THREADS, 1) == 0 &&
           zmq_ctx_set(edge->context, ZMQ_MAX_SOCKETS, 2 * EDGE_NODES_MAX + 16) == 0 &&
           zmq_ctx_set(edge->context, ZMQ_BLOCKY, 0) == 0 && edge_zap_open(edge);
}

static void
edge_free(struct edge **edge)
{
    struct edge *e = *edge;

    if (e == NULL)
        return;
    for (size_t i = 0; i < e->node_count; i++)
        edge_socket_close_monitored(&e->nodes[i].dealer, &e->nodes[i].monitor);
    if (e->is_pending)
        (void)zmq_msg_close(&e->pending_message);
    edge_socket_close_monitored(&e->router, &e->router_monitor);
    edge_socket_close(&e->zap);
    if (e->context != NULL)
        (void)zmq_ctx_term(e->context);
    keyfile_seed_free(&e->transport);
    xfree(edge);
}

/* ---- loop ---- */

enum { ITEM_CORE, ITEM_SIGNAL, ITEM_ZAP, ITEM_ROUTER_MONITOR, ITEMS_FIXED };
enum { ITEMS_MAX = ITEMS_FIXED + 1 + 2 * EDGE_NODES_MAX };

/* Everything that can wake us. Messages are not waited for while core takes none. */
static int
gather(const struct edge *edge, int signal_fd, zmq_pollitem_t items[static ITEMS_MAX])
{
    bool takes = edge_core_has_room(edge) && !edge->is_pending;
    bool waits = edge->is_pending || edge->ring_count > 0;
    int count = ITEMS_FIXED;

    items[ITEM_CORE] = (zmq_pollitem_t){ .fd = FD_CORE_EDGE };
    items[ITEM_CORE].events =
        (short)((edge_core_has_room(edge) ? ZMQ_POLLIN : 0) | (waits ? ZMQ_POLLOUT : 0));
    items[ITEM_SIGNAL] = (zmq_pollitem_t){ .fd = signal_fd, .events = ZMQ_POLLIN };
    items[ITEM_ZAP] = (zmq_pollitem_t){ .socket = edge->zap, .events = ZMQ_POLLIN };
    items[ITEM_ROUTER_MONITOR] =
        edge->router_monitor != NULL
            ? (zmq_pollitem_t){ .socket = edge->router_monitor, .events = ZMQ_POLLIN }
            : (zmq_pollitem_t){ .fd = signal_fd };
    if (edge->router != NULL && takes)
        items[count++] = (zmq_pollitem_t){ .socket = edge->router, .events = ZMQ_POLLIN };
    for (size_t i = 0; i < edge->node_count; i++) {
        if (edge->nodes[i].dealer == NULL)
            continue;
        items[count++] =
            (zmq_pollitem_t){ .socket = edge->nodes[i].monitor, .events = ZMQ_POLLIN };
        if (takes)
            items[count++] =
                (zmq_pollitem_t){ .socket = edge->nodes[i].dealer, .events = ZMQ_POLLIN };
    }
    return count;
}

static void
turn(struct edge *edge)
{
    edge_zap_answer(edge);
    edge_link_events(edge);
    edge_node_turn(edge);
    edge_core_commands(edge);
    edge_core_flush(edge);
    if (edge->router != NULL)
        edge_receive(edge, edge->router, NULL);
    for (size_t i = 0; i < edge->node_count; i++)
        if (edge->nodes[i].dealer != NULL)
            edge_receive(edge, edge->nodes[i].dealer, &edge->nodes[i]);
}

static void
loop(struct edge *edge, int signal_fd)
{
    static zmq_pollitem_t items[ITEMS_MAX];

    while (!edge->must_stop) {
        int wait = edge_link_watch(edge);
        int count = gather(edge, signal_fd, items);
        (void)zmq_poll(items, count, wait);
        if ((items[ITEM_SIGNAL].revents & ZMQ_POLLIN) != 0)
            return;
        turn(edge);
    }
}

/* ---- */

static int
run(struct edge *edge)
{
    sigset_t ends;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL); /* before libzmq's threads, which inherit it */
    AUTO(fd_close) int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);
    if (signal_fd < 0 || !open_context(edge)) {
        LOG(LOG_ERROR, "edge.no_context", log_errno(zmq_errno()));
        return status_exit_code(STATUS_INTERNAL);
    }
    edge_core_say(edge, &(struct edge_frame){
                            .op = EDGE_HELLO, .number = edge->life, .key = edge->public_key });
    loop(edge, signal_fd);
    return edge->must_stop ? status_exit_code(STATUS_STOPPED) : 0;
}

int
main(int argc, char **argv)
{
    static const int keep[] = { FD_CORE_EDGE, FD_HOME_LOCK };
    AUTO(edge_free) struct edge *edge = xcalloc(1, sizeof(*edge));
    struct edge_options options = { 0 };

    wipe_begin();
    log_init("edge", log_level_wanted());
    if (sodium_init() < 0)
        return status_exit_code(STATUS_INTERNAL);
    if (!parse_options(argc, argv, &options)) {
        (void)fputs("hansa-edge --home HOME [--passphrase-file FILE]\n", stderr);
        return status_exit_code(STATUS_USAGE);
    }
    sandbox_close_others(keep, COUNT_OF(keep));
    enum status status = read_transport(&options, &edge->transport);
    if (status != STATUS_OK) {
        LOG(LOG_ERROR, "edge.key_unreadable", log_status(status));
        return status_exit_code(status == STATUS_BUSY ? STATUS_BUSY : STATUS_CONFIG);
    }
    (void)crypto_scalarmult_base(edge->public_key.b, edge->transport->b);
    randombytes_buf(&edge->life, sizeof(edge->life));
    limit_descriptors();
    sandbox_limit_memory(EDGE_MEMORY_MAX);
    sandbox_enter(&(struct sandbox){ .role = SANDBOX_EDGE });
    return run(edge);
}
