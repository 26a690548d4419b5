/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/digest.h - every hash of the protocol (docs/protocol/objects.md). The only file that
 * touches libsodium's hash. BLAKE2b: RFC 7693; Merkle tree shape: RFC 6962 section 2.1.
 */
#ifndef HANSA_SCHEMA_DIGEST_H
#define HANSA_SCHEMA_DIGEST_H

#include "schema/base/bytes.h"
#include "schema/base/ids.h"

/* H(tag, parts joined). tag is ASCII, at most 255 characters. */
struct digest digest_tagged(const char *tag, const struct bytes *parts, size_t count);

/* B(x): plain BLAKE2b-256. */
struct digest digest_plain(struct bytes raw);
struct node_id digest_node_id(const struct sign_key *root_key);
struct revision_id digest_revision_id(struct bytes revision);
struct object_id digest_object_id(struct bytes body);
struct record_id digest_record_id(struct bytes type_space, uint32_t type,
                                  const struct node_id *owner, const uint8_t nonce[static 16]);

/* The 16-byte salts of one revision: salt(first) .. salt(first + count - 1). */
void digest_salts(const uint8_t secret[static 32], size_t count, uint8_t (*out)[16]);

/* Keyed BLAKE2b-256, for local look-ups that must not be guessable (suppression, match keys). */
struct digest digest_keyed(const uint8_t key[static 32], struct bytes raw);

/* Running plain digest, for long input. */
struct digest_state {
    _Alignas(64) uint8_t opaque[384];
};
void digest_begin(struct digest_state *state);
void digest_add(struct digest_state *state, struct bytes part);
struct digest digest_end(struct digest_state *state);

#endif
