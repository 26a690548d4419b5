/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/full.c - a full disk: what SQLite writes, and the ballast, may not make a home larger for a while
 * (node/disk.h). Other files of a home are small; they count, and may grow.
 *
 * The linker leads the ballast's two questions to us (CMakeLists.txt).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/sim/sim.h"

enum { SLACK_MOST = 64 * 1024 };

static struct sim *world; /* whose homes these are */
static sqlite3_vfs *base, vfs;
static sqlite3_io_methods ours[2]; /* of the database, and of files that nobody locks */
static const sqlite3_io_methods *theirs[2];

static bool
is_in(const struct node *node, const char *path)
{
    size_t len = strlen(node->home);

    return len > 0 && strncmp(path, node->home, len) == 0 && path[len] == '/';
}

/* Whose disk is full; NULL: any other. */
static const struct node *
full_at(const char *path)
{
    for (int i = 0; world != NULL && path != NULL && i < world->node_count; i++)
        if (full_is(&world->nodes[i]) && is_in(&world->nodes[i], path))
            return &world->nodes[i];
    return NULL;
}

static int64_t
home_bytes(const struct node *node)
{
    char pattern[300];
    glob_t found = { 0 };
    struct stat st;
    int64_t sum = 0;

    (void)snprintf(pattern, sizeof(pattern), "%s/*", node->home);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            sum += stat(found.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
    globfree(&found);
    return sum;
}

bool
full_is(const struct node *node)
{
    return node->full_until > 0 && node->full_until > node->sim->now;
}

bool
full_may_show(const struct node *node)
{
    return node->full_bytes > 0 && !node->sim->calm;
}

bool
full_has_ballast(const struct node *node)
{
    char path[300];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/ballast", node->home);
    return stat(path, &st) == 0 && st.st_size == SIM_BALLAST;
}

void
full_begin(struct node *node, int64_t ms)
{
    node->full_until = node->sim->now + ms;
    node->full_bytes = home_bytes(node) + (int64_t)sim_random(node->sim, SLACK_MOST);
}

/* ---- SQLite ------------------------------------------------------------------------------- */

/* Behind the file's own: its path, which SQLite keeps as long as the file is open. */
static const char **
path_of(sqlite3_file *file)
{
    return (const char **)(void *)((char *)file + vfs.szOsFile - (int)sizeof(char *));
}

static int
on_write(sqlite3_file *file, const void *raw, int len, sqlite3_int64 at)
{
    const struct node *node = full_at(*path_of(file));
    sqlite3_int64 size = 0;

    if (node != NULL) {
        (void)file->pMethods->xFileSize(file, &size);
        if (at + len > size && home_bytes(node) + at + len - size > node->full_bytes)
            return SQLITE_FULL;
    }
    return theirs[file->pMethods == &ours[1]]->xWrite(file, raw, len, at);
}

static int
on_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
    int rc = base->xOpen(base, name, file, flags, out);

    (void)self;
    if (rc != SQLITE_OK || file->pMethods == NULL)
        return rc;
    size_t kind = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    theirs[kind] = file->pMethods;
    ours[kind] = *file->pMethods;
    ours[kind].xWrite = on_write;
    file->pMethods = &ours[kind];
    *path_of(file) = name;
    return rc;
}

void
full_watch(struct sim *sim)
{
    world = sim;
    if (base != NULL)
        return;
    base = sqlite3_vfs_find(NULL);
    vfs = *base;
    vfs.zName = "sim";
    vfs.szOsFile = (base->szOsFile + 7) / 8 * 8 + (int)sizeof(char *);
    vfs.xOpen = on_open;
    (void)sqlite3_vfs_register(&vfs, 1);
}

/* ---- the ballast -------------------------------------------------------------------------- */

int __real_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);
int __real_fstatvfs(int fd, struct statvfs *out);
int __wrap_fstatvfs(int fd, struct statvfs *out);

static const struct node *
full_behind(int fd)
{
    char link[64], path[512];

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return full_at(path);
}

int
__wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    const struct node *node = full_behind(fd);

    return node != NULL && home_bytes(node) + len > node->full_bytes
               ? ENOSPC
               : __real_posix_fallocate(fd, at, len);
}

int
__wrap_fstatvfs(int fd, struct statvfs *out)
{
    const struct node *node = full_behind(fd);
    int rc = __real_fstatvfs(fd, out);
    int64_t left = node == NULL ? 0 : node->full_bytes - home_bytes(node);

    if (node != NULL && rc == 0)
        out->f_bavail = left > 0 ? (fsblkcnt_t)(left / (int64_t)out->f_frsize) : 0;
    return rc;
}
