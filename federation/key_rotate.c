/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_rotate.c - new keys for a home, and the descriptor that says so; and the root key taken out of it
 * (docs/operations/keys.md).
 *
 * HOME/keys.new is made whole beside HOME/keys: new seeds, copies of those that stay, the old sealing and transport seeds
 * under their former names, and last the descriptor, signed by the root. With it the folder is complete; the parent puts
 * it in the place of HOME/keys when none of its processes lives (node/parent_keys.c). A crash before leaves HOME/keys as
 * it was, and the next attempt starts over.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "federation/identity.h"
#include "federation/key_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { KINDS = KEYFILE_TRANSPORT + 1 };

struct rotation {
    const struct key_options *options;
    int home, keys, next; /* folders */
    struct passphrase *pass;
    struct arena *arena;
    struct descriptor *old; /* the newest that there is */
    struct object_id old_id;
    bool is_known; /* HOME/keys is as the newest descriptor says */
    bool is_lost[KINDS];
    bool is_new[KINDS];
    struct seed *root;
    struct seed *made[KINDS];
};

static void
rotation_fini(struct rotation *r)
{
    keyfile_passphrase_close(&r->pass);
    keyfile_seed_free(&r->root);
    for (size_t i = 0; i < KINDS; i++)
        keyfile_seed_free(&r->made[i]);
    fd_close(&r->next);
    fd_close(&r->keys);
    fd_close(&r->home);
    arena_free(&r->arena);
}

static bool
is_there(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- what there is ---- */

static enum status
read_descriptor(struct rotation *r, int dir, struct descriptor **out, struct object_id *id)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };
    struct signed_object *object;
    struct node_id node;

    *out = NULL;
    enum status s = file_read_at(dir, "descriptor", OBJECT_MAX, &raw);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    TRY(wire_signed_object_parse(arena_copy(r->arena, buffer_bytes(&raw)), r->arena, &object));
    TRY(wire_descriptor_parse(object->body, r->arena, out));
    *id = digest_object_id(object->body);
    return descriptor_verify(object, (*out)->not_before, r->arena, out, &node);
}

/* Beside the keys since they were changed once; beside the database always, also when older keys were put back. */
static enum status
find_newest(struct rotation *r)
{
    struct descriptor *beside;
    struct object_id id;

    TRY(read_descriptor(r, r->home, &r->old, &r->old_id));
    TRY(read_descriptor(r, r->keys, &beside, &id));
    uint64_t has = beside != NULL ? beside->serial : 1; /* the first have none beside them */
    r->is_known = r->old == NULL || has >= r->old->serial;
    if (r->old == NULL || (beside != NULL && beside->serial > r->old->serial)) {
        r->old = beside;
        r->old_id = id;
    }
    return r->old != NULL ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status
open_home(struct rotation *r)
{
    r->home = open(r->options->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->home < 0)
        return file_status(errno);
    if (flock(r->home, LOCK_EX | LOCK_NB) != 0)
        return STATUS_BUSY;
    if (r->options->root != NULL)
        (void)mkdirat(r->home, "keys", 0700); /* all of it may be lost */
    r->keys = openat(r->home, "keys", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return r->keys >= 0 ? STATUS_OK : file_status(errno);
}

/* From its file, or as it lies in the home. It must be the root of this node. */
static enum status
read_root(struct rotation *r)
{
    const struct key_options *o = r->options;
    AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;

    if (o->root != NULL) {
        TRY(keyfile_passphrase_open(o->root_passphrase_file, &pass));
        TRY(keyfile_read_away(o->root, KEYFILE_ROOT, pass, &r->root));
    } else {
        TRY(keyfile_read(r->keys, KEYFILE_ROOT, r->pass, &r->root));
    }
    struct sign_key key = key_public_sign(r->root);
    return r->old == NULL || ID_IS_EQUAL(key, r->old->root_key) ? STATUS_OK : STATUS_DENIED;
}

/* Which are made anew: what is lost, and those asked for; all when neither is, or they are stolen or of another time. */
static enum status
choose(struct rotation *r)
{
    const struct key_options *o = r->options;
    const bool asked[KINDS] = { [KEYFILE_SIGNING] = o->signing,
                                [KEYFILE_SEALING] = o->sealing,
                                [KEYFILE_TRANSPORT] = o->transport };
    bool any = o->signing || o->sealing || o->transport;

    for (int kind = KEYFILE_SIGNING; kind < KINDS; kind++) {
        r->is_lost[kind] = !is_there(r->keys, keyfile_name((enum keyfile_kind)kind));
        any = any || r->is_lost[kind];
    }
    bool all = o->stolen || !r->is_known || !any;
    for (int kind = KEYFILE_SIGNING; kind < KINDS; kind++) {
        r->is_new[kind] = all || asked[kind] || r->is_lost[kind];
        if (r->is_new[kind] && !r->is_lost[kind] && !o->stolen && r->is_known &&
            is_there(r->keys, keyfile_former_name((enum keyfile_kind)kind)))
            return STATUS_BUSY; /* the one before is still in use */
    }
    return STATUS_OK;
}

/* ---- making ---- */

static enum status
open_next(struct rotation *r)
{
    static const char *const names[] = { "root.key",           "signing.key",
                                         "sealing.key",        "transport.key",
                                         "former-sealing.key", "former-transport.key" };

    if (mkdirat(r->home, KEYS_NEXT, 0700) != 0 && errno != EEXIST)
        return file_status(errno);
    r->next = openat(r->home, KEYS_NEXT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r->next < 0)
        return file_status(errno);
    if (is_there(r->next, "descriptor"))
        return STATUS_CONFLICT; /* complete, and waits for the node to start again */
    for (size_t i = 0; i < COUNT_OF(names); i++)
        file_remove_at(r->next, names[i]); /* left by a crash */
    file_remove_at(r->next, "descriptor");
    return STATUS_OK;
}

static enum status
copy_key(const struct rotation *r, const char *from, const char *to)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };

    enum status s = file_read_at(r->keys, from, KEYFILE_SIZE_MAX, &raw);
    if (s == STATUS_OK)
        s = file_replace_at(r->next, to, buffer_bytes(&raw));
    if (raw.data != NULL)
        sodium_memzero(raw.data, raw.cap);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Signing keys that were replaced sign nothing any more; the two others are needed until everybody has the new ones. */
static enum status
make_key(struct rotation *r, enum keyfile_kind kind)
{
    bool keeps = kind != KEYFILE_SIGNING && !r->options->stolen && r->is_known;

    if (!r->is_new[kind]) {
        TRY(copy_key(r, keyfile_name(kind), keyfile_name(kind)));
        return copy_key(r, keyfile_former_name(kind), keyfile_former_name(kind));
    }
    TRY(keyfile_create(r->next, kind, r->pass, &r->made[kind]));
    if (keeps &&
        r->is_lost
            [kind]) /* boxes for the one before it still open; a link has one key before */
        return kind == KEYFILE_SEALING
                   ? copy_key(r, keyfile_former_name(kind), keyfile_former_name(kind))
                   : STATUS_OK;
    return keeps ? copy_key(r, keyfile_name(kind), keyfile_former_name(kind)) : STATUS_OK;
}

static enum status
make_descriptor(struct rotation *r)
{
    struct descriptor d = *r->old;

    d.serial++;
    d.has_previous = true;
    d.previous = r->old_id;
    key_validity(&d);
    if (r->is_new[KEYFILE_SIGNING])
        d.signing_key = key_public_sign(r->made[KEYFILE_SIGNING]);
    if (r->is_new[KEYFILE_SEALING])
        d.sealing_key = key_public_box(r->made[KEYFILE_SEALING]);
    if (r->is_new[KEYFILE_TRANSPORT])
        d.transport_key = key_public_box(r->made[KEYFILE_TRANSPORT]);
    if (r->options->stolen)
        d.refused_below = d.serial;
    TRY(file_replace_at(r->next, "descriptor", key_descriptor(&d, r->root, r->arena)));
    LOG(LOG_INFO, "key.rotated", log_num("serial", (int64_t)d.serial),
        log_num("stolen", r->options->stolen));
    return STATUS_OK;
}

enum status
key_rotate(const struct key_options *options)
{
    AUTO(rotation_fini)
    struct rotation r = {
        .options = options, .home = -1, .keys = -1, .next = -1, .arena = arena_new(0)
    };

    TRY(open_home(&r));
    TRY(find_newest(&r));
    TRY(keyfile_passphrase_open(options->passphrase_file, &r.pass));
    TRY(read_root(&r));
    TRY(choose(&r));
    TRY(open_next(&r));
    TRY(keyfile_check(r.keys, r.pass));
    TRY(copy_key(&r, keyfile_name(KEYFILE_ROOT), keyfile_name(KEYFILE_ROOT)));
    for (int kind = KEYFILE_SIGNING; kind < KINDS; kind++)
        TRY(make_key(&r, (enum keyfile_kind)kind));
    TRY(make_descriptor(&r));
    return fsync(r.next) == 0 && fsync(r.home) == 0 ? STATUS_OK : file_status(errno);
}

/* ---- the root key goes ---- */

enum status
key_take_root(const struct key_options *options)
{
    AUTO(rotation_fini)
    struct rotation r = {
        .options = options, .home = -1, .keys = -1, .next = -1, .arena = arena_new(0)
    };
    AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;
    AUTO(keyfile_seed_free) struct seed *again = NULL;

    TRY(open_home(&r));
    if (is_there(r.home, KEYS_NEXT "/descriptor"))
        return STATUS_CONFLICT; /* has a copy of it */
    TRY(keyfile_passphrase_open(options->passphrase_file, &r.pass));
    TRY(keyfile_passphrase_open(options->root_passphrase_file, &pass));
    if (pass == NULL)
        return STATUS_LOCKED;
    TRY(read_root(&r));
    TRY(keyfile_write_away(options->take_root, KEYFILE_ROOT, pass, r.root));
    TRY(keyfile_read_away(options->take_root, KEYFILE_ROOT, pass, &again));
    if (sodium_memcmp(again->b, r.root->b, sizeof(again->b)) != 0)
        return STATUS_CORRUPT;
    if (unlinkat(r.keys, keyfile_name(KEYFILE_ROOT), 0) != 0 || fsync(r.keys) != 0)
        return file_status(errno);
    LOG(LOG_INFO, "key.root_taken");
    return STATUS_OK;
}
