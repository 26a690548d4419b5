/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_serve.c - answers core, one request at a time, for ever (federation/edge_wire.h).
 *
 * It signs only what the list of types allows, with the type inside the signed bytes, so that no
 * answer can be used as another kind of object; descriptors are the root key's, which is not here.
 */
#include "federation/key_priv.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "acl/signature.h"
#include "federation/edge_wire.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { REQUEST_HEAD = 5, REPLY_MAX = REQUEST_HEAD + 64 };

/* In locked memory. */
struct secrets {
    uint8_t signing[crypto_sign_SECRETKEYBYTES];
    uint8_t sealing[crypto_box_SECRETKEYBYTES];
    struct sign_key signing_public;
    struct box_key sealing_public;
    bool has_former; /* what was sealed to the key before comes yet */
    uint8_t former[crypto_box_SECRETKEYBYTES];
    struct box_key former_public;
};

struct reply {
    uint8_t raw[REPLY_MAX];
    size_t len;
};

static void
reply_put(struct reply *reply, const void *data, size_t len)
{
    assert(len <= sizeof(reply->raw) - reply->len);
    memcpy(reply->raw + reply->len, data, len);
    reply->len += len;
}

static enum status
on_sign(struct secrets *secrets, struct bytes request, struct reply *reply)
{
    AUTO(buffer_fini) struct buffer message = { 0 };
    struct reader r = reader_of(request);
    uint8_t type = reader_u8(&r);
    struct signature signature;

    if (r.failed)
        return STATUS_MALFORMED;
    if (type >= SIGN_COUNT_)
        return STATUS_UNKNOWN_KIND;
    if (type == SIGN_DESCRIPTOR)
        return STATUS_DENIED;
    if (r.left > MESSAGE_MAX)
        return STATUS_TOO_BIG;
    if (r.left == 0)
        return STATUS_MALFORMED;
    signature_message((enum sign_type)type, bytes_of(r.pos, r.left), &message);
    (void)crypto_sign_detached(signature.b, NULL, message.data, message.len, secrets->signing);
    reply_put(reply, signature.b, sizeof(signature.b));
    return STATUS_OK;
}

static enum status
on_public(struct secrets *secrets, struct bytes request, struct reply *reply)
{
    if (request.len != 0)
        return STATUS_MALFORMED;
    reply_put(reply, secrets->signing_public.b, sizeof(secrets->signing_public.b));
    reply_put(reply, secrets->sealing_public.b, sizeof(secrets->sealing_public.b));
    return STATUS_OK;
}

static enum status
on_unwrap(struct secrets *secrets, struct bytes request, struct reply *reply)
{
    uint8_t key[SEAL_KEY_SIZE - crypto_box_SEALBYTES];

    if (request.len != SEAL_KEY_SIZE)
        return STATUS_MALFORMED;
    if (crypto_box_seal_open(key, request.data, request.len, secrets->sealing_public.b,
                             secrets->sealing) != 0 &&
        (!secrets->has_former ||
         crypto_box_seal_open(key, request.data, request.len, secrets->former_public.b,
                              secrets->former) != 0))
        return STATUS_BAD_SIGNATURE;
    reply_put(reply, key, sizeof(key));
    sodium_memzero(key, sizeof(key));
    return STATUS_OK;
}

static enum status
on_forget(struct secrets *secrets, struct bytes request, struct reply *reply)
{
    (void)reply;
    if (request.len != 0)
        return STATUS_MALFORMED;
    secrets->has_former = false;
    sodium_memzero(secrets->former, sizeof(secrets->former));
    return STATUS_OK;
}

static enum status
dispatch(struct secrets *secrets, uint8_t op, struct bytes request, struct reply *reply)
{
    static const struct {
        uint8_t op;
        enum status (*handle)(struct secrets *, struct bytes, struct reply *);
    } handlers[] = {
        { KEY_SIGN, on_sign },
        { KEY_PUBLIC, on_public },
        { KEY_UNWRAP, on_unwrap },
        { KEY_FORGET, on_forget },
    };

    for (size_t i = 0; i < COUNT_OF(handlers); i++)
        if (handlers[i].op == op)
            return handlers[i].handle(secrets, request, reply);
    return STATUS_UNKNOWN_KIND;
}

/* A request too short to carry its number cannot be answered. */
static void
answer(int fd, struct secrets *secrets, struct bytes raw)
{
    struct reply reply = { .len = REQUEST_HEAD };

    if (raw.len < REQUEST_HEAD)
        return;
    struct bytes request = bytes_of(raw.data + REQUEST_HEAD, raw.len - REQUEST_HEAD);
    enum status status = dispatch(secrets, raw.data[4], request, &reply);
    memcpy(reply.raw, raw.data, 4);
    reply.raw[4] = (uint8_t)status;
    if (status != STATUS_OK)
        LOG(LOG_WARN, "key.refused", log_num("op", raw.data[4]), log_status(status));
    (void)send(fd, reply.raw, status == STATUS_OK ? reply.len : REQUEST_HEAD, MSG_NOSIGNAL);
}

struct secrets *
key_secrets_new(const struct seed *signing, const struct seed *sealing,
                const struct seed *former)
{
    struct secrets *secrets = sodium_malloc(sizeof(*secrets));

    if (secrets == NULL)
        abort();
    if (sodium_mlock(secrets, sizeof(*secrets)) != 0)
        LOG(LOG_WARN, "key.memory_not_locked", log_errno(errno));
    (void)crypto_sign_seed_keypair(secrets->signing_public.b, secrets->signing, signing->b);
    memcpy(secrets->sealing, sealing->b, sizeof(secrets->sealing));
    (void)crypto_scalarmult_base(secrets->sealing_public.b, sealing->b);
    secrets->has_former = former != NULL;
    if (former != NULL) {
        memcpy(secrets->former, former->b, sizeof(secrets->former));
        (void)crypto_scalarmult_base(secrets->former_public.b, former->b);
    }
    return secrets;
}

void
key_secrets_free(struct secrets **secrets)
{
    sodium_free(*secrets);
    *secrets = NULL;
}

void
key_serve(int fd, struct secrets *secrets)
{
    static uint8_t raw[EDGE_FRAME_MAX];

    for (;;) {
        ssize_t n = recv(fd, raw, sizeof(raw), MSG_TRUNC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        if ((size_t)n <= sizeof(raw))
            answer(fd, secrets, bytes_of(raw, (size_t)n));
    }
}
