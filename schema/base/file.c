/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "schema/base/cleanup.h"

enum { READ_STEP = 4096, TEMP_NAME_MAX = 256 };

enum status
file_status(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return STATUS_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return STATUS_DENIED;
    case EEXIST:
    case ENOTEMPTY:
        return STATUS_CONFLICT;
    default:
        return STATUS_IO;
    }
}

enum status
file_read(int fd, size_t max, struct buffer *out)
{
    size_t start = out->len;

    for (;;) {
        uint8_t *to = buffer_extend(out, READ_STEP);
        ssize_t n = read(fd, to, READ_STEP);
        out->len -= READ_STEP - (n > 0 ? (size_t)n : 0);
        if (n == 0)
            return STATUS_OK;
        if (n < 0 && errno != EINTR)
            return file_status(errno);
        if (out->len - start > max)
            return STATUS_TOO_BIG;
    }
}

enum status
file_read_at(int dir, const char *name, size_t max, struct buffer *out)
{
    AUTO(fd_close) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? file_status(errno) : file_read(fd, max, out);
}

enum status
file_write(int fd, struct bytes raw)
{
    size_t done = 0;

    while (done < raw.len) {
        ssize_t n = write(fd, raw.data + done, raw.len - done);
        if (n < 0 && errno != EINTR)
            return file_status(errno);
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? STATUS_OK : file_status(errno);
}

static enum status
replace(int dir, const char *temp, const char *name, struct bytes raw)
{
    AUTO(fd_close)
    int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return file_status(errno);
    TRY(file_write(fd, raw));
    if (renameat(dir, temp, dir, name) != 0 || fsync(dir) != 0)
        return file_status(errno);
    return STATUS_OK;
}

static bool
temp_name(const char *name, char temp[static TEMP_NAME_MAX])
{
    int n = snprintf(temp, TEMP_NAME_MAX, ".%s.new", name);

    return n > 0 && n < TEMP_NAME_MAX;
}

enum status
file_replace_at(int dir, const char *name, struct bytes raw)
{
    char temp[TEMP_NAME_MAX];

    if (!temp_name(name, temp))
        return STATUS_TOO_BIG;
    (void)unlinkat(dir, temp, 0); /* left by a crash */
    enum status status = replace(dir, temp, name, raw);
    if (status != STATUS_OK)
        (void)unlinkat(dir, temp, 0);
    return status;
}

void
file_remove_at(int dir, const char *name)
{
    char temp[TEMP_NAME_MAX];

    if (temp_name(name, temp))
        (void)unlinkat(dir, temp, 0);
    (void)unlinkat(dir, name, 0);
}
