/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core.h - the node without its machine: store, partners, shares, services. What it needs of the
 * world (clock, random, link, signatures) comes in as functions, so that real nodes (node/core_main.c) and the
 * simulator (tests/sim) run the same code.
 *
 * Work goes in rounds, one transaction each: core_on_*() and core_submit() for what came, then core_round(),
 * which does it, commits once with synchronous=FULL, and only then sends and answers. One thread, except
 * core_read().
 */
#ifndef HANSA_NODE_CORE_H
#define HANSA_NODE_CORE_H

#include <stdbool.h>

#include "federation/edge_wire.h"
#include "federation/keyring.h"
#include "node/api.h"
#include "schema/base/ids.h"

struct core;

/* Whom the link may talk to, and how it gets there. */
struct link_peer {
    struct node_id node;
    enum admit_role role;
    struct box_key transport_key;
    struct box_key former_key; /* zero: none (CORE_ADMIT in federation/edge_wire.h) */
    uint8_t client_secret[32]; /* zero: the node's own */
    const char *dial;          /* endpoint, or NULL */
};

struct core_env {
    void *self;
    struct wall_ms (*wall)(void *self);
    struct mono_ms (*mono)(void *self);
    void (*random)(void *self, void *out, size_t len);
    struct keyring keyring;
    /* Called between a commit and the next round only. send may lose messages. */
    void (*send)(void *self, const struct node_id *to, struct bytes message);
    void (*admit)(void *self, const struct link_peer *peer);
    void (*drop)(void *self, const struct node_id *node); /* then core_on_dropped */
    void (*epoch)(void *self, const struct node_id *node,
                  uint64_t epoch); /* then core_on_epoch */
    void (*renew)(void *self);     /* the transport key has changed; then core_on_link_start */
};

struct core_config {
    const char *home; /* hansa.db, audit.hashes, journal, tmp/ are there */
    struct core_env env;
    int64_t ballast; /* bytes kept free for taking back (node/disk.h); 0: none */
};

/* First start: writes who we are into an empty database. descriptor: bytes of our Signed descriptor; listen:
 * tcp://address:port to bind, NULL: the descriptor's first endpoint. */
struct core_birth {
    struct bytes descriptor;
    const char *language;
    const char *listen;
};
MUST_CHECK enum status core_init(const char *home, const struct core_birth *birth,
                                 struct diag *diag);
MUST_CHECK enum status core_open(const struct core_config *config, struct diag *diag,
                                 struct core **out);
void core_close(struct core **core);

/* The link starts, or starts again: tells it whom to admit. */
void core_on_link_start(struct core *core);
/* The link is another process than before: what that one held is gone with it. Before core_on_link_start. */
void core_on_link_new(struct core *core);
void core_on_message(struct core *core, const struct node_id *from, struct bytes message);
void core_on_up(struct core *core, const struct node_id *node);
void core_on_proved(struct core *core, const struct node_id *node);
void core_on_dropped(struct core *core, const struct node_id *node);
void core_on_epoch(struct core *core, const struct node_id *node, uint64_t epoch);
void core_on_strangers(struct core *core, uint32_t count);
void core_on_broken(struct core *core, const struct node_id *node, uint8_t reason);

/* STATUS_CONFIG: the process is to end, and a person must look. STATUS_OK: it goes on. */
enum status core_ends(const struct core *core);

/* Takes a request of a service that is not read-only; done() is called by a later round. */
void core_submit(struct core *core, struct api_request *request);
/* A read-only service, on any thread, on a snapshot of that thread's own. */
void core_read(struct core *core, struct api_request *request);

/* A share's time is over since the last round: a read must wait for the next one (core_submit), or it would show
 * what has ended. Any thread. */
bool core_read_waits(const struct core *core);

/* Do what came, commit, send, answer. Returns when it wants to run again, at the latest. */
struct mono_ms core_round(struct core *core);

const struct node_id *core_me(const struct core *core);
/* Endpoint on which we listen; in the arena. NULL: nowhere. */
const char *core_listen(const struct core *core, struct arena *arena);

#endif
