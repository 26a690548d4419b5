/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/keyring_client.c - core's side of the socket to the key process.
 *
 * 1. A request waits at most 3 s. Then the client is locked: it answers STATUS_LOCKED at once,
 * so that core's own work is not held up, and asks again once a second whether the key is back.
 * 2. A reply counts only with the number of the request that waits for it. Numbers start at
 *    random, so a reply meant for an earlier life of core is never taken for one of ours.
 * 3. One thread.
 */
#include "federation/keyring.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "federation/edge_wire.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { REPLY_WAIT_MS = 3000, PROBE_EVERY_MS = 1000, REPLY_HEAD = 5 };
enum { PUBLIC_SIZE = 64, REPLY_MAX = REPLY_HEAD + 64 };

struct keyring_client {
    int fd;
    uint32_t last; /* number of the newest request */
    bool locked;
    int64_t probed_ms; /* while locked: when we last asked */
    struct buffer request;
};

static int64_t
now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct keyring_client *
keyring_client_new(int fd)
{
    struct keyring_client *client = xcalloc(1, sizeof(*client));

    client->fd = fd;
    client->last = randombytes_random();
    return client;
}

void
keyring_client_free(struct keyring_client **client)
{
    if (client == NULL || *client == NULL)
        return;
    buffer_fini(&(*client)->request);
    xfree(client);
}

static bool
wait_for(int fd, short events, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - now_ms();
        struct pollfd p = { .fd = fd, .events = events };
        if (left < 0)
            return false;
        int n = poll(&p, 1, (int)left);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static void
request_begin(struct keyring_client *client, enum key_op op)
{
    client->last++;
    buffer_clear(&client->request);
    buffer_put_u32(&client->request, client->last);
    buffer_put_u8(&client->request, (uint8_t)op);
}

static bool
request_send(struct keyring_client *client)
{
    return send(client->fd, client->request.data, client->request.len,
                MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

enum reply { REPLY_NONE, REPLY_OTHER, REPLY_OURS };

/* Takes what is there. OURS answers the newest request: its status, and payload in raw. */
static enum reply
reply_receive(struct keyring_client *client, size_t payload, uint8_t raw[static REPLY_MAX],
              enum status *status)
{
    ssize_t n = recv(client->fd, raw, REPLY_MAX, MSG_DONTWAIT | MSG_TRUNC);

    if (n <= 0)
        return REPLY_NONE;
    if (n < REPLY_HEAD || get_u32(raw) != client->last)
        return REPLY_OTHER;
    *status = raw[4] < STATUS_COUNT_ ? (enum status)raw[4] : STATUS_INTERNAL;
    size_t want = *status == STATUS_OK ? REPLY_HEAD + payload : REPLY_HEAD;
    if ((size_t)n != want)
        *status = STATUS_INTERNAL;
    return REPLY_OURS;
}

static enum status
lock(struct keyring_client *client)
{
    if (!client->locked)
        LOG(LOG_ERROR, "key.locked");
    client->locked = true;
    client->probed_ms = now_ms();
    request_begin(client, KEY_PUBLIC);
    (void)request_send(
        client); /* a full socket holds older questions, whose answers do not count */
    return STATUS_LOCKED;
}

/* Locked: has the question that we left behind been answered? */
static enum status
unlock(struct keyring_client *client)
{
    uint8_t raw[REPLY_MAX];
    enum status status = STATUS_LOCKED;
    enum reply reply;

    do
        reply = reply_receive(client, PUBLIC_SIZE, raw, &status);
    while (reply == REPLY_OTHER);
    if (reply == REPLY_OURS && status == STATUS_OK) {
        client->locked = false;
        LOG(LOG_INFO, "key.unlocked");
        return STATUS_OK;
    }
    if (now_ms() - client->probed_ms >= PROBE_EVERY_MS)
        return lock(client);
    return STATUS_LOCKED;
}

/* Sends client->request, made by request_begin, and waits for `payload` bytes. */
static enum status
ask(struct keyring_client *client, size_t payload, uint8_t *out)
{
    int64_t until = now_ms() + REPLY_WAIT_MS;
    uint8_t raw[REPLY_MAX];
    enum status status = STATUS_LOCKED;
    enum reply reply = REPLY_OTHER;

    while (!request_send(client))
        if (errno != EAGAIN || !wait_for(client->fd, POLLOUT, until))
            return lock(client);
    while (reply == REPLY_OTHER && wait_for(client->fd, POLLIN, until))
        reply = reply_receive(client, payload, raw, &status);
    if (reply != REPLY_OURS)
        return lock(client);
    TRY(status);
    memcpy(out, raw + REPLY_HEAD, payload);
    return STATUS_OK;
}

static enum status
on_sign(void *self, enum sign_type type, struct bytes body, struct signature *out)
{
    struct keyring_client *client = self;

    *out = (struct signature){ 0 };
    if (body.len > MESSAGE_MAX)
        return STATUS_TOO_BIG;
    if (client->locked)
        TRY(unlock(client));
    request_begin(client, KEY_SIGN);
    buffer_put_u8(&client->request, (uint8_t)type);
    buffer_put_bytes(&client->request, body);
    return ask(client, sizeof(out->b), out->b);
}

static enum status
on_unwrap(void *self, const uint8_t key[static SEAL_KEY_SIZE], struct content_key *out)
{
    struct keyring_client *client = self;

    *out = (struct content_key){ 0 };
    if (client->locked)
        TRY(unlock(client));
    request_begin(client, KEY_UNWRAP);
    buffer_put_bytes(&client->request, bytes_of(key, SEAL_KEY_SIZE));
    return ask(client, sizeof(out->b), out->b);
}

static enum status
on_forget(void *self)
{
    struct keyring_client *client = self;
    uint8_t nothing[1];

    if (client->locked)
        TRY(unlock(client));
    request_begin(client, KEY_FORGET);
    return ask(client, 0, nothing);
}

struct keyring
keyring_client_get(struct keyring_client *client)
{
    return (struct keyring){
        .sign = on_sign, .unwrap = on_unwrap, .forget = on_forget, .self = client
    };
}
