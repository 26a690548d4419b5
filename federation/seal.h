/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/seal.h - the sealed way (docs/protocol/sealed.md): what one company of a chain sends to another
 * with which it has no link. Carriers see handles and numbers; the rest is under a content key that only the
 * destination can unwrap. Unwrapping is the key process's (federation/keyring.h). Pure but for the system's
 * randomness inside the wrapping.
 *
 * Wrapping: libsodium's sealed box (X25519, XSalsa20-Poly1305). Content: XChaCha20-Poly1305
 * (draft-irtf-cfrg-xchacha). The header's other fields are authenticated with the content, and the header,
 * which names the box by its digest, is signed.
 */
#ifndef HANSA_FEDERATION_SEAL_H
#define HANSA_FEDERATION_SEAL_H

#include "schema/wire.h"

struct content_key {
    uint8_t b[32];
};

/* A content key that only the holder of the sealing key can get at. false: no key of X25519. */
bool seal_wrap(const struct content_key *key, const struct box_key *to,
               uint8_t out[static SEAL_KEY_SIZE]);

/* Seals kind and body under header's nonce and numbers, fills in header->box; the box is in the arena. body is
 * at most SEAL_ROOM - SEAL_HEAD bytes. */
struct bytes seal_close(const struct content_key *key, struct sealed *header, uint8_t kind,
                        struct bytes body, struct arena *arena);

/* STATUS_BAD_SIGNATURE: the box is not the header's, or not under this key. STATUS_MALFORMED: padding or
 * length are wrong. *body is in the arena. */
MUST_CHECK enum status seal_open(const struct content_key *key, const struct sealed *header,
                                 struct bytes box, struct arena *arena, uint8_t *kind,
                                 struct bytes *body);

#endif
