/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_init.c - a new home's keys and its first descriptor.
 *
 * HOME/keys appears whole and last: the keys are made in HOME/keys.new, the descriptor is put into
 * place, then the folder takes its name. A crash before leaves a home without keys, and the next
 * attempt starts over; keys that exist are never touched.
 */
#include "federation/key_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acl/signature.h"
#include "federation/endpoint.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/digest.h"
#include "schema/wire.h"

#define KEYS     "keys"
#define KEYS_NEW "keys.new"

static const int64_t DESCRIPTOR_LIFE_MS = (int64_t)3653 * 24 * 3600 * 1000; /* ten years */

enum { KINDS = KEYFILE_TRANSPORT + 1 };

/* ---- what the person gave ---- */

static bool
is_company_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > TEXT_SHORT_MAX || !utf8_is_valid(bytes_text(name)))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)name[i] < ' ' || name[i] == 0x7f)
            return false;
    return true;
}

static bool
is_country(const char *country)
{
    return strlen(country) == 2 && country[0] >= 'A' && country[0] <= 'Z' &&
           country[1] >= 'A' && country[1] <= 'Z';
}

static bool
is_listen(const char *text)
{
    struct endpoint e;

    return endpoint_parse(bytes_text(text), &e) == STATUS_OK && endpoint_is_listenable(&e);
}

static bool
is_dialable(const char *text)
{
    struct endpoint e;

    return endpoint_parse(bytes_text(text), &e) == STATUS_OK && endpoint_is_dialable(&e);
}

static enum status
check_options(const struct key_options *o, const char **what)
{
    *what = "--name";
    if (o->name == NULL || !is_company_name(o->name))
        return STATUS_USAGE;
    *what = "--country";
    if (o->country == NULL || !is_country(o->country))
        return STATUS_USAGE;
    *what = "--listen";
    if (o->listen == NULL || !is_listen(o->listen))
        return STATUS_USAGE;
    *what = "--endpoint";
    for (size_t i = 0; i < o->endpoint_count; i++)
        if (!is_dialable(o->endpoints[i]))
            return STATUS_USAGE;
    *what = NULL;
    return STATUS_OK;
}

/* ---- folders ---- */

/* Like `mkdir -p`, for us alone; the last part is opened. */
static enum status
open_home(const char *home, int *out)
{
    char path[4096];
    size_t len = strlen(home);

    if (len == 0 || len >= sizeof(path))
        return STATUS_USAGE;
    memcpy(path, home, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (home[i] != '/' && home[i] != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return file_status(errno);
        path[i] = home[i];
    }
    *out = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out >= 0 ? STATUS_OK : file_status(errno);
}

static enum status
open_keys_new(int home, int *out)
{
    if (faccessat(home, KEYS, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return STATUS_CONFLICT;
    if (mkdirat(home, KEYS_NEW, 0700) != 0 && errno != EEXIST) /* there: left by a crash */
        return file_status(errno);
    *out = openat(home, KEYS_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out >= 0 ? STATUS_OK : file_status(errno);
}

/* ---- keys and descriptor ---- */

struct keys {
    struct seed *seed[KINDS]; /* by enum keyfile_kind; 0 is unused */
};

static void
keys_fini(struct keys *keys)
{
    for (size_t kind = KEYFILE_ROOT; kind < KINDS; kind++)
        keyfile_seed_free(&keys->seed[kind]);
}

static enum status
make_keys(int keys_dir, const char *passphrase_file, struct keys *out)
{
    AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;

    TRY(keyfile_passphrase_open(passphrase_file, &pass));
    for (int kind = KEYFILE_ROOT; kind < KINDS; kind++)
        TRY(keyfile_create(keys_dir, (enum keyfile_kind)kind, pass, &out->seed[kind]));
    return STATUS_OK;
}

struct sign_key
key_public_sign(const struct seed *seed)
{
    struct sign_key key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];

    (void)crypto_sign_seed_keypair(key.b, secret, seed->b);
    sodium_memzero(secret, sizeof(secret));
    return key;
}

struct box_key
key_public_box(const struct seed *seed)
{
    struct box_key key;

    (void)crypto_scalarmult_base(key.b, seed->b);
    return key;
}

/* A partner's clock may be behind ours. */
void
key_validity(struct descriptor *d)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    d->not_before.ms = now_ms - CLOCK_TOLERANCE_MS;
    d->not_after.ms = now_ms + DESCRIPTOR_LIFE_MS;
}

/* Without --endpoint partners reach us where we listen, unless that is no address to dial. */
static struct descriptor
describe(const struct key_options *o, const struct keys *keys, const char **endpoints)
{
    struct descriptor d = {
        .root_key = key_public_sign(keys->seed[KEYFILE_ROOT]),
        .serial = 1,
        .name = o->name,
        .country = o->country,
        .signing_key = key_public_sign(keys->seed[KEYFILE_SIGNING]),
        .transport_key = key_public_box(keys->seed[KEYFILE_TRANSPORT]),
        .sealing_key = key_public_box(keys->seed[KEYFILE_SEALING]),
        .endpoints = endpoints,
        .endpoint_count = o->endpoint_count,
    };
    key_validity(&d);
    for (size_t i = 0; i < o->endpoint_count; i++)
        endpoints[i] = o->endpoints[i];
    if (o->endpoint_count == 0 && is_dialable(o->listen)) {
        endpoints[0] = o->listen;
        d.endpoint_count = 1;
    }
    return d;
}

static struct signature
sign_with(const struct seed *seed, enum sign_type type, struct bytes body)
{
    AUTO(buffer_fini) struct buffer message = { 0 };
    struct signature out;
    struct sign_key key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];

    signature_message(type, body, &message);
    (void)crypto_sign_seed_keypair(key.b, secret, seed->b);
    (void)crypto_sign_detached(out.b, NULL, message.data, message.len, secret);
    sodium_memzero(secret, sizeof(secret));
    assert(signature_verify(type, &key, body, &out) == STATUS_OK);
    return out;
}

struct bytes
key_descriptor(const struct descriptor *d, const struct seed *root, struct arena *arena)
{
    struct signed_object object = { .body = wire_descriptor_format(d, arena) };

    object.signature = sign_with(root, SIGN_DESCRIPTOR, object.body);
    return wire_signed_object_format(&object, arena);
}

static enum status
write_descriptor(int home, const struct key_options *o, const struct keys *keys)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *endpoints[ENDPOINTS_MAX] = { NULL };
    struct descriptor d = describe(o, keys, endpoints);

    TRY(file_replace_at(home, "descriptor",
                        key_descriptor(&d, keys->seed[KEYFILE_ROOT], arena)));
    struct node_id id = digest_node_id(&d.root_key);
    LOG(LOG_INFO, "key.created", log_id("node", id.b));
    return STATUS_OK;
}

enum status
key_init(const struct key_options *options, const char **what)
{
    AUTO(fd_close) int home = -1;
    AUTO(fd_close) int dir = -1;
    AUTO(keys_fini) struct keys keys = { { NULL } };

    TRY(check_options(options, what));
    TRY(open_home(options->init, &home));
    TRY(open_keys_new(home, &dir));
    TRY(make_keys(dir, options->passphrase_file, &keys));
    TRY(write_descriptor(home, options, &keys));
    if (renameat2(home, KEYS_NEW, home, KEYS, RENAME_NOREPLACE) != 0 || fsync(home) != 0)
        return file_status(errno);
    return STATUS_OK;
}
