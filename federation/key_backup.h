/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_backup.h - a backup as one encrypted file, closed and opened without a running node.
 *
 *   offset size
 *        0    8  "HNSABAK", version 1
 *        8    8  argon2id operations   16  8  argon2id memory, bytes
 *       24   16  salt
 *       40   24  header of libsodium's secretstream (XChaCha20-Poly1305)
 *       64       pieces of 64 KiB, each 17 bytes longer when closed; the last is marked as such. Bytes 0 to 39 are
 *                authenticated with the first.
 *
 * Inside, file after file: u8 length of the name, name, u64 size, content. Names are those of a list.
 */
#ifndef HANSA_FEDERATION_KEY_BACKUP_H
#define HANSA_FEDERATION_KEY_BACKUP_H

#include "schema/base/bytes.h"

struct backup_options {
    const char *home;
    const char *file;
    const char *passphrase_file;
    bool with_keys;
};

/* HOME/tmp/backup.db, the descriptor and, when asked, the keys as they lie there, into the new file. Takes
 * HOME/tmp/backup.db away. */
MUST_CHECK enum status key_backup_close(const struct backup_options *options);
/* Into a home that has no database. All or nothing. STATUS_DENIED: wrong passphrase, or the file was changed;
 * STATUS_CONFLICT: there is a database; STATUS_CORRUPT: no backup, or cut. */
MUST_CHECK enum status key_backup_open(const struct backup_options *options);

#endif
