/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key_backup.c - a backup as one encrypted file (contract: federation/key_backup.h).
 *
 * What comes out of a file is believed piece by piece, as each is authenticated, and gets its names only when the last piece
 * was there: until then everything has ".new" behind its name.
 */
#include "federation/key_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"

#define MAGIC "HNSABAK\x01"

enum {
    MAGIC_SIZE = 8,
    SALT_SIZE = crypto_pwhash_argon2id_SALTBYTES,
    HEAD_SIZE = MAGIC_SIZE + 8 + 8 + SALT_SIZE,
    STREAM_HEAD_SIZE = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    PIECE = 64 * KIB,
    CLOSED_PIECE = PIECE + crypto_secretstream_xchacha20poly1305_ABYTES,
    PASSPHRASE_MAX = 1024,
    PATH_SIZE = 64,
};

/* What may be in one, and so where anything may go. */
static const struct content {
    const char *name, *from;
    bool is_key, must;
} contents[] = {
    { "hansa.db", "tmp/backup.db", false, true },
    { "descriptor", "descriptor", false, true },
    { "keys/root.key", "keys/root.key", true, false },
    { "keys/signing.key", "keys/signing.key", true, true },
    { "keys/sealing.key", "keys/sealing.key", true, true },
    { "keys/transport.key", "keys/transport.key", true, true },
    { "keys/descriptor", "keys/descriptor", true, false },
    { "keys/former-sealing.key", "keys/former-sealing.key", true, false },
    { "keys/former-transport.key", "keys/former-transport.key", true, false },
};

struct vault {
    int fd, home;
    struct buffer piece;
    uint8_t head[HEAD_SIZE];
    bool has_begun, is_over;
    crypto_secretstream_xchacha20poly1305_state stream;
};

static void
vault_fini(struct vault *v)
{
    fd_close(&v->fd);
    fd_close(&v->home);
    buffer_fini(&v->piece);
    sodium_memzero(v, sizeof(*v));
}

/* The text of the file without line ends at its end. */
static enum status
derive(const struct backup_options *o, const uint8_t head[static HEAD_SIZE],
       uint8_t key[static crypto_secretstream_xchacha20poly1305_KEYBYTES])
{
    AUTO(buffer_fini) struct buffer text = { 0 };
    uint64_t ops = get_u64(head + MAGIC_SIZE), mem = get_u64(head + MAGIC_SIZE + 8);

    if (ops < 1 || ops > 16 || mem < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
        mem > (uint64_t)1024 * MIB)
        return STATUS_CORRUPT;
    if (o->passphrase_file == NULL)
        return STATUS_LOCKED;
    TRY(file_read_at(AT_FDCWD, o->passphrase_file, PASSPHRASE_MAX, &text));
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    if (text.len == 0)
        return STATUS_LOCKED;
    int code = crypto_pwhash_argon2id(key, crypto_secretstream_xchacha20poly1305_KEYBYTES,
                                      (const char *)text.data, text.len, head + MAGIC_SIZE + 16,
                                      ops, (size_t)mem, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    sodium_memzero(text.data, text.len);
    return code == 0 ? STATUS_OK : STATUS_BUSY;
}

/* ---- closing ------------------------------------------------------------------------------ */

static enum status
write_all(int fd, const uint8_t *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, data + done, len - done);
        if (n < 0 && errno != EINTR)
            return file_status(errno);
        done += n > 0 ? (size_t)n : 0;
    }
    return STATUS_OK;
}

static enum status
push_piece(struct vault *v, bool is_last)
{
    static uint8_t closed[CLOSED_PIECE];
    unsigned long long len;

    (void)crypto_secretstream_xchacha20poly1305_push(
        &v->stream, closed, &len, v->piece.data, v->piece.len, v->has_begun ? NULL : v->head,
        v->has_begun ? 0 : HEAD_SIZE,
        is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    v->has_begun = true;
    buffer_clear(&v->piece);
    return write_all(v->fd, closed, (size_t)len);
}

static enum status
push(struct vault *v, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t room = PIECE - v->piece.len, n = len < room ? len : room;
        buffer_put(&v->piece, data, n);
        data += n;
        len -= n;
        if (v->piece.len == PIECE)
            TRY(push_piece(v, false));
    }
    return STATUS_OK;
}

static enum status
push_file(struct vault *v, const struct content *c)
{
    AUTO(fd_close) int fd = openat(v->home, c->from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    AUTO(buffer_fini) struct buffer head = { 0 };
    static uint8_t part[PIECE];
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fd < 0 && errno == ENOENT && !c->must ? STATUS_OK : file_status(errno);
    buffer_put_u8(&head, (uint8_t)strlen(c->name));
    buffer_put_text(&head, c->name);
    buffer_put_u64(&head, (uint64_t)st.st_size);
    TRY(push(v, head.data, head.len));
    int64_t left = st.st_size;
    while (left > 0 && (n = read(fd, part, sizeof(part))) > 0) {
        TRY(push(v, part, (size_t)n));
        left -= n;
    }
    return left == 0 ? STATUS_OK : STATUS_IO;
}

static enum status
close_into(struct vault *v, const struct backup_options *o)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    uint8_t stream_head[STREAM_HEAD_SIZE];

    memcpy(v->head, MAGIC, MAGIC_SIZE);
    put_u64(v->head + MAGIC_SIZE, crypto_pwhash_argon2id_OPSLIMIT_MODERATE);
    put_u64(v->head + MAGIC_SIZE + 8, crypto_pwhash_argon2id_MEMLIMIT_MODERATE);
    randombytes_buf(v->head + MAGIC_SIZE + 16, SALT_SIZE);
    TRY(derive(o, v->head, key));
    (void)crypto_secretstream_xchacha20poly1305_init_push(&v->stream, stream_head, key);
    sodium_memzero(key, sizeof(key));
    TRY(write_all(v->fd, v->head, HEAD_SIZE));
    TRY(write_all(v->fd, stream_head, STREAM_HEAD_SIZE));
    for (size_t i = 0; i < COUNT_OF(contents); i++)
        if (!contents[i].is_key || o->with_keys)
            TRY(push_file(v, &contents[i]));
    TRY(push_piece(v, true));
    return fsync(v->fd) == 0 ? STATUS_OK : file_status(errno);
}

enum status
key_backup_close(const struct backup_options *options)
{
    AUTO(vault_fini) struct vault v = { .fd = -1 };

    v.home = open(options->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (v.home < 0)
        return file_status(errno);
    v.fd = open(options->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status s = v.fd < 0 ? file_status(errno) : close_into(&v, options);
    if (s != STATUS_OK && v.fd >= 0)
        (void)unlink(options->file);
    (void)unlinkat(v.home, "tmp/backup.db", 0);
    return s;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* The next piece into v->piece, authenticated. */
static enum status
pull_piece(struct vault *v)
{
    static uint8_t closed[CLOSED_PIECE];
    size_t have = 0;
    unsigned long long len;
    unsigned char tag;
    ssize_t n;

    if (v->is_over)
        return STATUS_CORRUPT; /* a file is longer than what is there */
    while (have < sizeof(closed) && (n = read(v->fd, closed + have, sizeof(closed) - have)) > 0)
        have += (size_t)n;
    if (have < crypto_secretstream_xchacha20poly1305_ABYTES)
        return STATUS_CORRUPT;
    buffer_clear(&v->piece);
    if (crypto_secretstream_xchacha20poly1305_pull(
            &v->stream, buffer_extend(&v->piece, have), &len, &tag, closed, have,
            v->has_begun ? NULL : v->head, v->has_begun ? 0 : HEAD_SIZE) != 0)
        return STATUS_DENIED;
    v->has_begun = true;
    v->piece.len = (size_t)len;
    v->is_over = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return STATUS_OK;
}

/* At most `most` bytes of what comes next. */
static enum status
pull(struct vault *v, size_t *at, size_t most, struct bytes *out)
{
    if (*at == v->piece.len) {
        TRY(pull_piece(v));
        *at = 0;
    }
    size_t left = v->piece.len - *at;
    *out = bytes_of(v->piece.data + *at, left < most ? left : most);
    *at += out->len;
    return STATUS_OK;
}

static enum status
pull_exactly(struct vault *v, size_t *at, uint8_t *out, size_t len)
{
    for (size_t done = 0; done < len;) {
        struct bytes part;
        TRY(pull(v, at, len - done, &part));
        if (part.len > 0)
            memcpy(out + done, part.data, part.len);
        done += part.len;
    }
    return STATUS_OK;
}

static const struct content *
content_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(contents); i++)
        if (strcmp(contents[i].name, name) == 0)
            return &contents[i];
    return NULL;
}

static enum status
pull_file(struct vault *v, size_t *at)
{
    AUTO(fd_close) int fd = -1;
    char name[PATH_SIZE] = "", temp[PATH_SIZE + 8];
    uint8_t len, size[8];

    TRY(pull_exactly(v, at, &len, 1));
    if (len >= sizeof(name))
        return STATUS_CORRUPT;
    TRY(pull_exactly(v, at, (uint8_t *)name, len));
    TRY(pull_exactly(v, at, size, sizeof(size)));
    if (content_find(name) == NULL)
        return STATUS_CORRUPT;
    (void)snprintf(temp, sizeof(temp), "%s.new", name);
    (void)unlinkat(v->home, temp, 0);
    fd = openat(v->home, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_status(errno);
    for (uint64_t left = get_u64(size); left > 0;) {
        struct bytes part;
        TRY(pull(v, at, left < PIECE ? (size_t)left : PIECE, &part));
        TRY(write_all(fd, part.data, part.len));
        left -= part.len;
    }
    return fsync(fd) == 0 ? STATUS_OK : file_status(errno);
}

static enum status
pull_all(struct vault *v, const struct backup_options *o)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    uint8_t stream_head[STREAM_HEAD_SIZE];
    size_t at = 0;

    if (read(v->fd, v->head, HEAD_SIZE) != HEAD_SIZE ||
        memcmp(v->head, MAGIC, MAGIC_SIZE) != 0 ||
        read(v->fd, stream_head, STREAM_HEAD_SIZE) != STREAM_HEAD_SIZE)
        return STATUS_CORRUPT;
    TRY(derive(o, v->head, key));
    int code = crypto_secretstream_xchacha20poly1305_init_pull(&v->stream, stream_head, key);
    sodium_memzero(key, sizeof(key));
    if (code != 0)
        return STATUS_CORRUPT;
    while (!v->is_over || at < v->piece.len)
        TRY(pull_file(v, &at));
    return STATUS_OK;
}

/* The mark first: a database without it would not know that it is an older one. */
static enum status
give_names(struct vault *v)
{
    TRY(file_replace_at(v->home, "restored", bytes_text("restored\n")));
    for (size_t i = COUNT_OF(contents); i-- > 0;) {
        char temp[PATH_SIZE + 8];
        (void)snprintf(temp, sizeof(temp), "%s.new", contents[i].name);
        if (renameat(v->home, temp, v->home, contents[i].name) != 0 && errno != ENOENT)
            return file_status(errno);
    }
    return fsync(v->home) == 0 ? STATUS_OK : file_status(errno);
}

static void
take_away(struct vault *v)
{
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        char temp[PATH_SIZE + 8];
        (void)snprintf(temp, sizeof(temp), "%s.new", contents[i].name);
        (void)unlinkat(v->home, temp, 0);
    }
    (void)unlinkat(v->home, "keys", AT_REMOVEDIR); /* stays when it is not empty */
}

enum status
key_backup_open(const struct backup_options *options)
{
    AUTO(vault_fini) struct vault v = { .fd = -1, .home = -1 };
    struct stat st;

    if (mkdir(options->home, 0700) != 0 && errno != EEXIST)
        return file_status(errno);
    v.home = open(options->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    v.fd = open(options->file, O_RDONLY | O_CLOEXEC);
    if (v.home < 0 || v.fd < 0)
        return file_status(errno);
    if (fstatat(v.home, "hansa.db", &st, AT_SYMLINK_NOFOLLOW) == 0)
        return STATUS_CONFLICT;
    (void)mkdirat(v.home, "tmp", 0700);
    (void)mkdirat(v.home, "keys", 0700);
    enum status s = pull_all(&v, options);
    if (s == STATUS_OK)
        s = give_names(&v);
    take_away(&v);
    return s;
}
