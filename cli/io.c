/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"

/* A path that is not there is a mistake in the command, not of the machine. */
static enum status
say_errno(struct diag *diag, const char *key, const char *path)
{
    enum status status =
        errno == ENOENT || errno == ENOTDIR ? STATUS_USAGE : file_status(errno);

    return diag_say(diag, status, key, path, strerror(errno), NULL);
}

enum status
io_read(const char *path, size_t max, struct arena *arena, struct diag *diag, struct bytes *out)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };
    bool is_input = strcmp(path, "-") == 0;
    AUTO(fd_close)
    int fd =
        is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);

    *out = bytes_of(NULL, 0);
    if (fd < 0)
        return say_errno(diag, "cli.file.read", path);
    enum status status = file_read(fd, max, &buf);
    if (status == STATUS_TOO_BIG)
        return diag_say(diag, status, "cli.file.big", path, NULL);
    if (status != STATUS_OK)
        return say_errno(diag, "cli.file.read", path);
    *out = arena_copy(arena, buffer_bytes(&buf));
    return STATUS_OK;
}

enum status
io_out_open(const char *path, struct diag *diag, struct io_out *out)
{
    size_t size = strlen(path) + sizeof(".XXXXXX");

    *out = (struct io_out){ .path = path, .temporary = xcalloc(1, size), .fd = -1 };
    (void)snprintf(out->temporary, size, "%s.XXXXXX", path);
    out->fd = mkostemp(out->temporary, O_CLOEXEC); /* mode 0600 */
    return out->fd >= 0 ? STATUS_OK : say_errno(diag, "cli.file.write", path);
}

enum status
io_out_add(struct io_out *file, struct bytes text, struct diag *diag)
{
    return file_write(file->fd, text) == STATUS_OK
               ? STATUS_OK
               : say_errno(diag, "cli.file.write", file->path);
}

enum status
io_out_put(struct io_out *file, struct bytes text, struct diag *diag)
{
    if (file_write(file->fd, text) != STATUS_OK || rename(file->temporary, file->path) != 0)
        return say_errno(diag, "cli.file.write", file->path);
    fd_close(&file->fd);
    return STATUS_OK;
}

void
io_out_close(struct io_out *file)
{
    if (file->fd >= 0)
        (void)unlink(file->temporary);
    fd_close(&file->fd);
    free(file->temporary);
    file->temporary = NULL;
}
