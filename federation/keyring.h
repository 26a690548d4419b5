/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/keyring.h - asking for signatures, and for content keys
 * that were sealed to us. Core never sees a key: real nodes ask the key
 * process (federation/keyring_client.c), the simulator signs in memory (tests/sim).
 */
#ifndef HANSA_FEDERATION_KEYRING_H
#define HANSA_FEDERATION_KEYRING_H

#include "acl/signature.h"
#include "federation/seal.h"

struct keyring {
    /* STATUS_LOCKED when the key process does not answer within 3 s. */
    enum status (*sign)(void *self, enum sign_type type, struct bytes body,
                        struct signature *out);
    /* STATUS_BAD_SIGNATURE when it was not sealed to our sealing key. */
    enum status (*unwrap)(void *self, const uint8_t key[static SEAL_KEY_SIZE],
                          struct content_key *out);
    /* The sealing key before the present one goes; NULL where there is none. */
    enum status (*forget)(void *self);
    void *self;
};

/* A keyring over the socket to the key process, for one thread; fd stays the caller's. After 3 s
 * without an answer it says STATUS_LOCKED at once until the key process answers again. */
struct keyring_client;
struct keyring_client *keyring_client_new(int fd);
void keyring_client_free(struct keyring_client **client);
struct keyring keyring_client_get(struct keyring_client *client);

#endif
