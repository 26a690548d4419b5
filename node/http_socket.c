/* SPDX-License-Identifier: Apache-2.0 */
#include "node/http_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "schema/base/cleanup.h"

enum { BACKLOG = 64 };

enum status
http_socket_listen(const char *path, struct diag *diag, int *out)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    AUTO(fd_close) int fd = -1;
    struct stat st;

    *out = -1;
    if (strlen(path) >= sizeof(at.sun_path))
        return diag_say(diag, STATUS_CONFIG, "http.socket.long", path, NULL);
    memcpy(at.sun_path, path, strlen(path));
    if (lstat(path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode))
            return diag_say(diag, STATUS_CONFIG, "http.socket.taken", path, NULL);
        (void)unlink(path);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* Nobody can connect between bind and listen, so the mode is right before anyone could use
     * it. */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0)
        return diag_say(diag, STATUS_IO, "http.socket.failed", path, strerror(errno), NULL);
    *out = fd;
    fd = -1;
    return STATUS_OK;
}

static void
dir_close(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

void
http_socket_purge(const char *upload_dir)
{
    AUTO(dir_close) DIR *dir = opendir(upload_dir);

    if (dir == NULL)
        return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strncmp(e->d_name, HTTP_UPLOAD_PREFIX, strlen(HTTP_UPLOAD_PREFIX)) == 0)
            (void)unlinkat(dirfd(dir), e->d_name, 0);
}
