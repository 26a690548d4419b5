/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/keyfile.h"

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

#define MAGIC "HNSAKEY\x01"

enum {
    MAGIC_SIZE = 8,
    HEAD_SIZE = 10, /* magic, kind, protection */
    PASSPHRASE_MAX = 1024,
    SALT_SIZE = crypto_pwhash_argon2id_SALTBYTES,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    WRAP_HEAD_SIZE = HEAD_SIZE + 8 + 8 + SALT_SIZE + NONCE_SIZE,
    PLAIN_SIZE = HEAD_SIZE + 32,
    WRAPPED_SIZE = WRAP_HEAD_SIZE + 32 + TAG_SIZE,
};
enum { PROTECTION_PLAIN = 0, PROTECTION_WRAPPED = 1 };

/* Half a second and 256 MiB for whoever guesses; a file may ask for more, up to what a small
 * machine can give. */
#define WORK_OPS     crypto_pwhash_argon2id_OPSLIMIT_MODERATE
#define WORK_MEM     crypto_pwhash_argon2id_MEMLIMIT_MODERATE
#define WORK_OPS_MAX 16
#define WORK_MEM_MAX ((uint64_t)1024 * MIB)

static_assert(WRAPPED_SIZE == 66 + 48, "as the header says");
static_assert(KEYFILE_SIZE_MAX == 66 + 48, "as the header says");

struct work {
    uint64_t ops, mem;
    uint8_t salt[SALT_SIZE];
};

struct passphrase {
    char text[PASSPHRASE_MAX + 1];
    size_t len;
    bool has_key;
    struct work work; /* that key came from */
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

struct seed *
keyfile_seed_new(void)
{
    struct seed *seed = sodium_malloc(sizeof(*seed));

    if (seed == NULL)
        abort();
    return seed;
}

void
keyfile_seed_free(struct seed **seed)
{
    sodium_free(*seed); /* wipes */
    *seed = NULL;
}

void
keyfile_passphrase_close(struct passphrase **pass)
{
    sodium_free(*pass);
    *pass = NULL;
}

const char *
keyfile_name(enum keyfile_kind kind)
{
    static const char *const names[] = {
        [KEYFILE_ROOT] = "root.key",
        [KEYFILE_SIGNING] = "signing.key",
        [KEYFILE_SEALING] = "sealing.key",
        [KEYFILE_TRANSPORT] = "transport.key",
    };

    return names[kind];
}

const char *
keyfile_former_name(enum keyfile_kind kind)
{
    static const char *const names[] = {
        [KEYFILE_ROOT] = "former-root.key",
        [KEYFILE_SIGNING] = "former-signing.key",
        [KEYFILE_SEALING] = "former-sealing.key",
        [KEYFILE_TRANSPORT] = "former-transport.key",
    };

    return names[kind];
}

/* ---- passphrase ---- */

static enum status
passphrase_read(int fd, struct passphrase *pass)
{
    ssize_t n = read(fd, pass->text, sizeof(pass->text));

    if (n < 0)
        return file_status(errno);
    pass->len = (size_t)n;
    while (pass->len > 0 &&
           (pass->text[pass->len - 1] == '\n' || pass->text[pass->len - 1] == '\r'))
        pass->len--;
    if (pass->len > PASSPHRASE_MAX)
        return STATUS_TOO_BIG;
    return pass->len > 0 ? STATUS_OK : STATUS_MALFORMED;
}

enum status
keyfile_passphrase_open(const char *file, struct passphrase **out)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    char path[4096];

    *out = NULL;
    if (file == NULL && credentials == NULL)
        return STATUS_OK;
    int n = file != NULL ? snprintf(path, sizeof(path), "%s", file)
                         : snprintf(path, sizeof(path), "%s/hansa-passphrase", credentials);
    if (n < 0 || (size_t)n >= sizeof(path))
        return STATUS_TOO_BIG;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return file == NULL && errno == ENOENT ? STATUS_OK : file_status(errno);

    AUTO(keyfile_passphrase_close) struct passphrase *pass = sodium_malloc(sizeof(*pass));
    if (pass == NULL)
        abort();
    sodium_memzero(pass, sizeof(*pass));
    TRY(passphrase_read(fd, pass));
    *out = TAKE(pass);
    return STATUS_OK;
}

static enum status
passphrase_derive(struct passphrase *pass, const struct work *work)
{
    if (pass->has_key && memcmp(&pass->work, work, sizeof(*work)) == 0)
        return STATUS_OK;
    pass->has_key = false;
    if (crypto_pwhash_argon2id(pass->key, sizeof(pass->key), pass->text, pass->len, work->salt,
                               work->ops, work->mem,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
        return STATUS_BUSY; /* no memory for it now */
    pass->work = *work;
    pass->has_key = true;
    return STATUS_OK;
}

/* ---- the file's bytes ---- */

static bool
is_work_sane(const struct work *work)
{
    return work->ops >= crypto_pwhash_argon2id_OPSLIMIT_MIN && work->ops <= WORK_OPS_MAX &&
           work->mem >= crypto_pwhash_argon2id_MEMLIMIT_MIN && work->mem <= WORK_MEM_MAX;
}

static enum status
unwrap(struct bytes raw, struct passphrase *pass, struct seed *out)
{
    struct reader r = reader_of(raw);
    struct work work = { 0 };

    (void)reader_bytes(&r, HEAD_SIZE);
    work.ops = reader_u64(&r);
    work.mem = reader_u64(&r);
    reader_copy(&r, work.salt, sizeof(work.salt));
    struct bytes nonce = reader_bytes(&r, NONCE_SIZE);
    struct bytes sealed = reader_bytes(&r, sizeof(out->b) + TAG_SIZE);
    if (reader_finish(&r) != STATUS_OK || !is_work_sane(&work))
        return STATUS_CORRUPT;
    if (pass == NULL)
        return STATUS_LOCKED;
    TRY(passphrase_derive(pass, &work));
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out->b, NULL, NULL, sealed.data,
                                                      sealed.len, raw.data, WRAP_HEAD_SIZE,
                                                      nonce.data, pass->key) == 0
               ? STATUS_OK
               : STATUS_DENIED;
}

enum status
keyfile_parse(struct bytes raw, enum keyfile_kind kind, struct passphrase *pass,
              struct seed *out)
{
    sodium_memzero(out, sizeof(*out));
    if (raw.len < HEAD_SIZE || memcmp(raw.data, MAGIC, MAGIC_SIZE) != 0 ||
        raw.data[MAGIC_SIZE] != kind)
        return STATUS_CORRUPT;
    if (raw.data[MAGIC_SIZE + 1] == PROTECTION_WRAPPED)
        return unwrap(raw, pass, out);
    if (raw.data[MAGIC_SIZE + 1] != PROTECTION_PLAIN || raw.len != PLAIN_SIZE)
        return STATUS_CORRUPT;
    memcpy(out->b, raw.data + HEAD_SIZE, sizeof(out->b));
    return STATUS_OK;
}

/* A salt of its own, unless the passphrase has made a key already. */
static enum status
wrap(uint8_t raw[static WRAPPED_SIZE], struct passphrase *pass, const struct seed *seed)
{
    struct work work = { .ops = WORK_OPS, .mem = WORK_MEM };

    if (pass->has_key)
        work = pass->work;
    else
        randombytes_buf(work.salt, sizeof(work.salt));
    TRY(passphrase_derive(pass, &work));
    put_u64(raw + HEAD_SIZE, work.ops);
    put_u64(raw + HEAD_SIZE + 8, work.mem);
    memcpy(raw + HEAD_SIZE + 16, work.salt, SALT_SIZE);
    uint8_t *nonce = raw + WRAP_HEAD_SIZE - NONCE_SIZE;
    randombytes_buf(nonce, NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(raw + WRAP_HEAD_SIZE, NULL, seed->b,
                                                     sizeof(seed->b), raw, WRAP_HEAD_SIZE, NULL,
                                                     nonce, pass->key);
    return STATUS_OK;
}

/* ---- on disk ---- */

/* As ssh does: a key that others could have read or swapped is not used. */
static bool
is_private(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static void
wipe_buffer(struct buffer *buf)
{
    if (buf->data != NULL)
        sodium_memzero(buf->data, buf->cap);
    buffer_fini(buf);
}

static enum status
read_seed(int fd, enum keyfile_kind kind, struct passphrase *pass, struct seed **out)
{
    AUTO(wipe_buffer) struct buffer raw = { 0 };
    AUTO(keyfile_seed_free) struct seed *seed = keyfile_seed_new();

    enum status status = file_read(fd, WRAPPED_SIZE, &raw);
    if (status != STATUS_OK)
        return status == STATUS_TOO_BIG ? STATUS_CORRUPT : status;
    TRY(keyfile_parse(buffer_bytes(&raw), kind, pass, seed));
    *out = TAKE(seed);
    return STATUS_OK;
}

static enum status
read_named(int keys_dir, const char *name, enum keyfile_kind kind, struct passphrase *pass,
           struct seed **out)
{
    AUTO(fd_close)
    int fd = openat(keys_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    *out = NULL;
    if (fd < 0)
        return errno == ELOOP ? STATUS_CONFIG : file_status(errno);
    return is_private(fd) ? read_seed(fd, kind, pass, out) : STATUS_CONFIG;
}

enum status
keyfile_read(int keys_dir, enum keyfile_kind kind, struct passphrase *pass, struct seed **out)
{
    return read_named(keys_dir, keyfile_name(kind), kind, pass, out);
}

enum status
keyfile_read_former(int keys_dir, enum keyfile_kind kind, struct passphrase *pass,
                    struct seed **out)
{
    return read_named(keys_dir, keyfile_former_name(kind), kind, pass, out);
}

enum status
keyfile_check(int keys_dir, struct passphrase *pass)
{
    for (int kind = KEYFILE_ROOT; kind <= KEYFILE_TRANSPORT; kind++) {
        AUTO(keyfile_seed_free) struct seed *seed = NULL;
        enum status s = keyfile_read(keys_dir, (enum keyfile_kind)kind, pass, &seed);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_OK;
}

/* The bytes of a file; their length. */
static enum status
format(enum keyfile_kind kind, struct passphrase *pass, const struct seed *seed,
       uint8_t raw[static WRAPPED_SIZE], size_t *len)
{
    memcpy(raw, MAGIC, MAGIC_SIZE);
    raw[MAGIC_SIZE] = (uint8_t)kind;
    raw[MAGIC_SIZE + 1] = pass != NULL ? PROTECTION_WRAPPED : PROTECTION_PLAIN;
    *len = pass != NULL ? WRAPPED_SIZE : PLAIN_SIZE;
    if (pass != NULL)
        return wrap(raw, pass, seed);
    memcpy(raw + HEAD_SIZE, seed->b, sizeof(seed->b));
    return STATUS_OK;
}

enum status
keyfile_write_away(const char *path, enum keyfile_kind kind, struct passphrase *pass,
                   const struct seed *seed)
{
    uint8_t raw[WRAPPED_SIZE];
    size_t len;

    if (pass == NULL)
        return STATUS_LOCKED;
    TRY(format(kind, pass, seed, raw, &len));
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? STATUS_CONFLICT : file_status(errno);
    return file_write(fd, bytes_of(raw, len));
}

enum status
keyfile_read_away(const char *path, enum keyfile_kind kind, struct passphrase *pass,
                  struct seed **out)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *out = NULL;
    if (fd < 0)
        return file_status(errno);
    return pass == NULL ? STATUS_LOCKED : read_seed(fd, kind, pass, out);
}

enum status
keyfile_create(int keys_dir, enum keyfile_kind kind, struct passphrase *pass, struct seed **out)
{
    AUTO(keyfile_seed_free) struct seed *seed = keyfile_seed_new();
    uint8_t raw[WRAPPED_SIZE];
    size_t len;

    *out = NULL;
    randombytes_buf(seed->b, sizeof(seed->b));
    enum status status = format(kind, pass, seed, raw, &len);
    if (status == STATUS_OK)
        status = file_replace_at(keys_dir, keyfile_name(kind), bytes_of(raw, len));
    sodium_memzero(raw, sizeof(raw));
    TRY(status);
    *out = TAKE(seed);
    return STATUS_OK;
}
