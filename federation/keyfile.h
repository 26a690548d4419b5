/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/keyfile.h - key seeds on disk: HOME/keys/{root,signing,sealing,transport}.key, and former-sealing.key and
 * former-transport.key while the ones before are still in use.
 *
 * A file holds one 32-byte seed, plain or wrapped with a passphrase:
 *
 *   offset size
 *        0    7  "HNSAKEY"
 *        7    1  version 1
 *        8    1  which key: 1 root, 2 signing, 3 sealing, 4 transport
 *        9    1  0: plain, 1: wrapped
 *   plain:   10   32  seed
 *   wrapped: 10    8  argon2id operations   18  8  argon2id memory, bytes
 *            26   16  salt                  42 24  nonce
 *            66   48  XChaCha20-Poly1305 of the seed, bytes 0 to 65 authenticated
 *
 * The signing and root seeds are Ed25519 seeds (RFC 8032); the sealing and transport seeds are
 * X25519 secret keys.
 *
 * 1. Files are 0600 and the folder 0700; a file that others can reach, a link or a foreign owner's is not read.
 * 2. A seed that was read lies in locked memory (keyfile_seed_new), and nowhere else.
 * 3. All files of a home share a salt, so that one slow derivation opens them all.
 */
#ifndef HANSA_FEDERATION_KEYFILE_H
#define HANSA_FEDERATION_KEYFILE_H

#include "schema/base/bytes.h"

enum keyfile_kind { KEYFILE_ROOT = 1, KEYFILE_SIGNING, KEYFILE_SEALING, KEYFILE_TRANSPORT };
enum { KEYFILE_SIZE_MAX = 114 }; /* wrapped */

struct seed {
    uint8_t b[32];
};

/* In locked, guarded memory; wiped by keyfile_seed_free. */
struct seed *keyfile_seed_new(void);
void keyfile_seed_free(struct seed **seed);

/* A passphrase with the key last derived from it, in locked memory. */
struct passphrase;
/* From the file, or without one from the service manager's credential "hansa-passphrase". Neither:
 * STATUS_OK and *out NULL. The text is the file without line ends at its end, 1 to 1024 bytes. */
MUST_CHECK enum status keyfile_passphrase_open(const char *file, struct passphrase **out);
void keyfile_passphrase_close(struct passphrase **pass);

const char *keyfile_name(enum keyfile_kind kind); /* "signing.key" */
/* "former-signing.key": of the one before. */
const char *keyfile_former_name(enum keyfile_kind kind);

/* STATUS_LOCKED: wrapped, and no passphrase; STATUS_DENIED: wrong passphrase; STATUS_CONFIG: others can reach the
 * file; STATUS_CORRUPT, STATUS_NOT_FOUND. */
MUST_CHECK enum status keyfile_read(int keys_dir, enum keyfile_kind kind,
                                    struct passphrase *pass, struct seed **out);
/* The one before. STATUS_NOT_FOUND: none, as is usual. */
MUST_CHECK enum status keyfile_read_former(int keys_dir, enum keyfile_kind kind,
                                           struct passphrase *pass, struct seed **out);
/* STATUS_LOCKED, _DENIED: this is not the passphrase of the keys that are there. */
MUST_CHECK enum status keyfile_check(int keys_dir, struct passphrase *pass);
/* A file elsewhere, on a medium that may know no owners: wrapped, or it is neither written nor read (STATUS_LOCKED). The
 * new file must not be there (STATUS_CONFLICT). */
MUST_CHECK enum status keyfile_write_away(const char *path, enum keyfile_kind kind,
                                          struct passphrase *pass, const struct seed *seed);
MUST_CHECK enum status keyfile_read_away(const char *path, enum keyfile_kind kind,
                                         struct passphrase *pass, struct seed **out);
/* A new random seed in a new file. pass may be NULL: plain. */
MUST_CHECK enum status keyfile_create(int keys_dir, enum keyfile_kind kind,
                                      struct passphrase *pass, struct seed **out);

/* The bytes of a file to the seed; for keyfile_read and its fuzzer. */
MUST_CHECK enum status keyfile_parse(struct bytes raw, enum keyfile_kind kind,
                                     struct passphrase *pass, struct seed *out);

#endif
