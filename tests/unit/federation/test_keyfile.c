/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/keyfile.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "tests/check.h"

static char folder[] = "/tmp/hansa-keyfile-XXXXXX";
static int dir = -1;

static struct passphrase *
passphrase_of(struct check *t, const char *text, size_t len)
{
    struct passphrase *pass = NULL;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/pass", folder);
    CHECK(t, "a passphrase file",
          file_replace_at(dir, "pass", bytes_of(text, len)) == STATUS_OK);
    CHECK(t, "is read", keyfile_passphrase_open(path, &pass) == STATUS_OK && pass != NULL);
    CHECK(t, "and gone", unlinkat(dir, "pass", 0) == 0);
    return pass;
}

static enum status
read_kind(enum keyfile_kind kind, struct passphrase *pass)
{
    AUTO(keyfile_seed_free) struct seed *seed = NULL;
    enum status status = keyfile_read(dir, kind, pass, &seed);

    return (seed != NULL) == (status == STATUS_OK) ? status : STATUS_INTERNAL;
}

static void
test_plain(struct check *t)
{
    AUTO(keyfile_seed_free) struct seed *made = NULL, *got = NULL;
    struct stat st;

    CHECK(t, "a key is made", keyfile_create(dir, KEYFILE_SIGNING, NULL, &made) == STATUS_OK);
    CHECK(t, "for its owner only",
          fstatat(dir, "signing.key", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(t, "with 42 bytes", st.st_size == 42);
    CHECK(t, "and comes back",
          keyfile_read(dir, KEYFILE_SIGNING, NULL, &got) == STATUS_OK &&
              sodium_memcmp(made->b, got->b, sizeof(made->b)) == 0);
    CHECK(t, "a key that is not there", read_kind(KEYFILE_SEALING, NULL) == STATUS_NOT_FOUND);
    CHECK(t, "swapped files are noticed",
          renameat(dir, "signing.key", dir, "sealing.key") == 0 &&
              read_kind(KEYFILE_SEALING, NULL) == STATUS_CORRUPT);
    CHECK(t, "tidy", unlinkat(dir, "sealing.key", 0) == 0);
}

static void
test_others_must_not_reach_it(struct check *t)
{
    static const struct {
        const char *why;
        mode_t mode;
        enum status want;
    } rows[] = {
        { "its owner's alone", 0600, STATUS_OK },
        { "its owner's, to read", 0400, STATUS_OK },
        { "the group may read", 0640, STATUS_CONFIG },
        { "everybody may read", 0604, STATUS_CONFIG },
        { "everybody may write", 0602, STATUS_CONFIG },
    };
    AUTO(keyfile_seed_free) struct seed *made = NULL;

    CHECK(t, "a key", keyfile_create(dir, KEYFILE_ROOT, NULL, &made) == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(t, "mode", fchmodat(dir, "root.key", rows[i].mode, 0) == 0);
        CHECK(t, rows[i].why, read_kind(KEYFILE_ROOT, NULL) == rows[i].want);
    }
    CHECK(t, "mode", fchmodat(dir, "root.key", 0600, 0) == 0);
    CHECK(t, "a link is not followed",
          renameat(dir, "root.key", dir, "real") == 0 &&
              symlinkat("real", dir, "root.key") == 0 &&
              read_kind(KEYFILE_ROOT, NULL) == STATUS_CONFIG);
    CHECK(t, "tidy", unlinkat(dir, "root.key", 0) == 0 && unlinkat(dir, "real", 0) == 0);
}

static void
test_wrapped(struct check *t)
{
    AUTO(keyfile_passphrase_close) struct passphrase *right = passphrase_of(t, "geheim\r\n", 8);
    AUTO(keyfile_passphrase_close) struct passphrase *again = passphrase_of(t, "geheim", 6);
    AUTO(keyfile_passphrase_close) struct passphrase *wrong = passphrase_of(t, "geheim ", 7);
    AUTO(keyfile_seed_free) struct seed *a = NULL, *b = NULL, *got = NULL;
    AUTO(buffer_fini) struct buffer raw = { 0 };

    CHECK(t, "a wrapped key", keyfile_create(dir, KEYFILE_SIGNING, right, &a) == STATUS_OK);
    CHECK(t, "and another", keyfile_create(dir, KEYFILE_SEALING, right, &b) == STATUS_OK);
    CHECK(t, "are not readable without", read_kind(KEYFILE_SIGNING, NULL) == STATUS_LOCKED);
    CHECK(t, "nor with another passphrase", read_kind(KEYFILE_SIGNING, wrong) == STATUS_DENIED);
    CHECK(t, "but with the right one, line ends aside",
          keyfile_read(dir, KEYFILE_SIGNING, again, &got) == STATUS_OK &&
              sodium_memcmp(a->b, got->b, sizeof(a->b)) == 0);
    CHECK(t, "the second too", read_kind(KEYFILE_SEALING, again) == STATUS_OK);

    CHECK(t, "the file", file_read_at(dir, "signing.key", 1000, &raw) == STATUS_OK);
    CHECK(t, "is 114 bytes long", raw.len == 114);
    CHECK(t, "and does not hold the seed", memmem(raw.data, raw.len, a->b, 32) == NULL);
    static const size_t flips[] = { 0, 7, 8, 9, 17, 26, 42, 66, 113 };
    for (size_t i = 0; i < COUNT_OF(flips); i++) {
        struct seed seed;
        raw.data[flips[i]] ^= 1;
        CHECK(t, "no byte of it may change",
              keyfile_parse(buffer_bytes(&raw), KEYFILE_SIGNING, again, &seed) != STATUS_OK);
        raw.data[flips[i]] ^= 1;
    }
    CHECK(t, "tidy",
          unlinkat(dir, "signing.key", 0) == 0 && unlinkat(dir, "sealing.key", 0) == 0);
}

static void
test_hostile_bytes(struct check *t)
{
    static const struct {
        const char *why;
        uint64_t ops, mem;
        enum status want; /* without a passphrase: LOCKED says that the numbers were believed */
    } rows[] = {
        { "as we write it", 3, 268435456, STATUS_LOCKED },
        { "the most work", 16, 1073741824, STATUS_LOCKED },
        { "more operations", 17, 268435456, STATUS_CORRUPT },
        { "more memory", 3, 1073741825, STATUS_CORRUPT },
        { "no operations", 0, 268435456, STATUS_CORRUPT },
        { "no memory", 3, 0, STATUS_CORRUPT },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buffer_fini) struct buffer raw = { 0 };
        static const uint8_t rest[16 + 24 + 48];
        struct seed seed;
        buffer_put(&raw, "HNSAKEY\x01\x01\x01", 10);
        buffer_put_u64(&raw, rows[i].ops);
        buffer_put_u64(&raw, rows[i].mem);
        buffer_put(&raw, rest, sizeof(rest));
        enum status status = keyfile_parse(buffer_bytes(&raw), KEYFILE_ROOT, NULL, &seed);
        CHECK(t, rows[i].why, status == rows[i].want);
    }
}

static void
test_passphrase_files(struct check *t)
{
    static const struct {
        const char *why;
        size_t len;
        enum status want;
    } rows[] = {
        { "one byte is enough", 1, STATUS_OK },     { "a long one", 1023, STATUS_OK },
        { "the longest", 1024, STATUS_OK },         { "too long", 1025, STATUS_TOO_BIG },
        { "none is refused", 0, STATUS_MALFORMED },
    };
    static const char text[1025] = { 'x' };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/pass", folder);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;
        CHECK(t, "a file",
              file_replace_at(dir, "pass", bytes_of(text, rows[i].len)) == STATUS_OK);
        CHECK(t, rows[i].why, keyfile_passphrase_open(path, &pass) == rows[i].want);
        CHECK(t, "success gives one", (pass != NULL) == (rows[i].want == STATUS_OK));
    }
    AUTO(keyfile_passphrase_close) struct passphrase *none = NULL;
    CHECK(t, "tidy", unlinkat(dir, "pass", 0) == 0);
    CHECK(t, "a named file must be there",
          keyfile_passphrase_open(path, &none) == STATUS_NOT_FOUND);
    CHECK(t, "no file and no credential is no passphrase",
          unsetenv("CREDENTIALS_DIRECTORY") == 0 &&
              keyfile_passphrase_open(NULL, &none) == STATUS_OK && none == NULL);
    CHECK(t, "a credential folder without ours neither",
          setenv("CREDENTIALS_DIRECTORY", folder, 1) == 0 &&
              keyfile_passphrase_open(NULL, &none) == STATUS_OK && none == NULL);
    CHECK(t, "the credential is used",
          file_replace_at(dir, "hansa-passphrase", bytes_text("x")) == STATUS_OK &&
              keyfile_passphrase_open(NULL, &none) == STATUS_OK && none != NULL);
    CHECK(t, "tidy", unlinkat(dir, "hansa-passphrase", 0) == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "plain", test_plain },
        { "others must not reach it", test_others_must_not_reach_it },
        { "wrapped", test_wrapped },
        { "hostile bytes", test_hostile_bytes },
        { "passphrase files", test_passphrase_files },
    };
    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        return 1;
    dir = open(folder, O_RDONLY | O_DIRECTORY);
    int result = check_main(argc, argv, cases, COUNT_OF(cases));
    fd_close(&dir);
    (void)rmdir(folder);
    return result;
}
