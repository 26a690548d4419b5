/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_priv.h - the two lives of hansa-key: making a home's keys, and signing with them.
 */
#ifndef HANSA_FEDERATION_KEY_PRIV_H
#define HANSA_FEDERATION_KEY_PRIV_H

#include "federation/keyfile.h"
#include "schema/base/limits.h"

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
};

/* Makes HOME/keys and HOME/descriptor. STATUS_CONFLICT: there are keys already. STATUS_USAGE with
 * *what naming the option that is wrong. */
MUST_CHECK enum status key_init(const struct key_options *options, const char **what);

/* What signing takes, in locked memory; made before the sandbox, which would not allow the lock. */
struct secrets;
struct secrets *key_secrets_new(const struct seed *signing, const struct seed *sealing);
void key_secrets_free(struct secrets **secrets);

/* Answers requests on fd for ever; returns when there is no other end. */
void key_serve(int fd, const struct secrets *secrets);

#endif
