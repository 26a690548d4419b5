/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_priv.h - the lives of hansa-key: making a home's keys, changing them, and signing with them.
 */
#ifndef HANSA_FEDERATION_KEY_PRIV_H
#define HANSA_FEDERATION_KEY_PRIV_H

#include "federation/keyfile.h"
#include "schema/wire.h"

struct key_options {
    const char *init; /* home to make */
    const char *home; /* home to serve */
    const char *name;
    const char *country;
    const char *listen;
    const char *endpoints[ENDPOINTS_MAX];
    size_t endpoint_count;
    const char *passphrase_file;
    const char *close_backup, *open_backup; /* files */
    bool with_keys;
    bool rotate, signing, sealing, transport, stolen;
    const char *root, *take_root; /* files on a medium that can be taken out */
    const char *root_passphrase_file;
};

#define KEYS_NEXT "keys.next" /* complete when there is a descriptor in it */

/* Makes HOME/keys and HOME/descriptor. STATUS_CONFLICT: there are keys already. STATUS_USAGE with
 * *what naming the option that is wrong. */
MUST_CHECK enum status key_init(const struct key_options *options, const char **what);

/* New keys and their descriptor, in HOME/keys.next, which counts from the next start. STATUS_CONFLICT: there is one that
 * waits for that; STATUS_BUSY: those before the present ones are still needed; STATUS_DENIED: not the root of this node, or
 * a wrong passphrase; STATUS_LOCKED: a passphrase is missing; STATUS_NOT_FOUND: no root key, no home. */
MUST_CHECK enum status key_rotate(const struct key_options *options);
/* The root key out of the home, into a new file under a passphrase. */
MUST_CHECK enum status key_take_root(const struct key_options *options);

/* ---- key_init.c ---- */
struct sign_key key_public_sign(const struct seed *seed);
struct box_key key_public_box(const struct seed *seed);
/* From now on, for ten years. */
void key_validity(struct descriptor *d);
/* Its Signed bytes, in the arena. */
struct bytes key_descriptor(const struct descriptor *d, const struct seed *root,
                            struct arena *arena);

/* What signing takes, in locked memory; made before the sandbox, which would not allow the lock. */
struct secrets;
/* former: the sealing seed before, or NULL. */
struct secrets *key_secrets_new(const struct seed *signing, const struct seed *sealing,
                                const struct seed *former);
void key_secrets_free(struct secrets **secrets);

/* Answers requests on fd for ever; returns when there is no other end. */
void key_serve(int fd, struct secrets *secrets);

#endif
