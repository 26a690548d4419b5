/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "tests/check.h"

static char folder[] = "/tmp/hansa-file-XXXXXX";

static bool
holds(int dir, const char *name, const char *text)
{
    AUTO(buffer_fini) struct buffer got = { 0 };

    return file_read_at(dir, name, 100, &got) == STATUS_OK &&
           bytes_is_equal(buffer_bytes(&got), bytes_text(text));
}

static void
test_a_file_is_replaced_whole(struct check *t)
{
    AUTO(fd_close) int dir = -1;
    struct stat st;

    CHECK(t, "a folder", mkdtemp(folder) != NULL);
    dir = open(folder, O_RDONLY | O_DIRECTORY);
    CHECK(t, "a new file is made", file_replace_at(dir, "f", bytes_text("one")) == STATUS_OK);
    CHECK(t, "with what was given", holds(dir, "f", "one"));
    CHECK(t, "for its owner only",
          fstatat(dir, "f", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(t, "an old file is replaced",
          file_replace_at(dir, "f", bytes_text("second")) == STATUS_OK);
    CHECK(t, "wholly", holds(dir, "f", "second"));

    int left = openat(dir, ".f.new", O_WRONLY | O_CREAT, 0644);
    fd_close(&left);
    CHECK(t, "what a crash left is in nobody's way",
          file_replace_at(dir, "f", bytes_text("third")) == STATUS_OK &&
              holds(dir, "f", "third"));
    CHECK(t, "and is gone", faccessat(dir, ".f.new", F_OK, 0) != 0);
    left = openat(dir, ".f.new", O_WRONLY | O_CREAT, 0600);
    fd_close(&left);
    file_remove_at(dir, "f");
    CHECK(t, "what is taken away leaves nothing",
          faccessat(dir, ".f.new", F_OK, 0) != 0 && faccessat(dir, "f", F_OK, 0) != 0);
    CHECK(t, "no name, no file",
          file_replace_at(dir, "no/f", bytes_text("x")) == STATUS_NOT_FOUND);
    CHECK(t, "tidy", rmdir(folder) == 0);
}

static void
test_reading_has_a_limit(struct check *t)
{
    static const struct {
        const char *why;
        size_t max;
        enum status want;
    } rows[] = {
        { "a file shorter than the limit is read", 10001, STATUS_OK },
        { "a file as long as the limit is read", 10000, STATUS_OK },
        { "a longer one is not", 9999, STATUS_TOO_BIG },
    };
    static const uint8_t content[10000];
    char path[] = "/tmp/hansa-read-XXXXXX";
    AUTO(fd_close) int fd = mkstemp(path);

    CHECK(t, "a file",
          fd >= 0 && file_write(fd, bytes_of(content, sizeof(content))) == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(buffer_fini) struct buffer got = { 0 };
        enum status status = file_read_at(AT_FDCWD, path, rows[i].max, &got);
        CHECK(t, rows[i].why, status == rows[i].want);
        CHECK(t, "and then it is whole", status != STATUS_OK || got.len == sizeof(content));
    }
    AUTO(buffer_fini) struct buffer none = { 0 };
    CHECK(t, "no file is said",
          unlink(path) == 0 && file_read_at(AT_FDCWD, path, 1, &none) == STATUS_NOT_FOUND);
}

static void
test_errors_have_a_status(struct check *t)
{
    static const struct {
        const char *why;
        int error;
        enum status want;
    } rows[] = {
        { "a full disk", ENOSPC, STATUS_DISK_FULL },
        { "a full quota is a full disk", EDQUOT, STATUS_DISK_FULL },
        { "no such file", ENOENT, STATUS_NOT_FOUND },
        { "no right", EACCES, STATUS_DENIED },
        { "there already", EEXIST, STATUS_CONFLICT },
        { "anything else", EIO, STATUS_IO },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, file_status(rows[i].error) == rows[i].want);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a file is replaced whole", test_a_file_is_replaced_whole },
        { "reading has a limit", test_reading_has_a_limit },
        { "errors have a status", test_errors_have_a_status },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
