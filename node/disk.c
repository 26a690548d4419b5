/* SPDX-License-Identifier: Apache-2.0
 *
 * node/disk.c - the ballast, and the state "disk full" (contract: node/disk.h).
 */
#include "node/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"

enum { LOOK_MS = 1000 };

struct disk {
    int fd;
    int64_t size; /* that the ballast should have; 0: there is none */
    _Atomic int64_t held;
    _Atomic bool is_full, is_tight;
    bool is_lent;
    struct mono_ms look_at;
};

/* ---- room --------------------------------------------------------------------------------- */

static int64_t
room(const struct statvfs *at)
{
    return (int64_t)(at->f_bavail * at->f_frsize);
}

int64_t
disk_free(const struct disk *disk)
{
    struct statvfs at;

    return disk->fd >= 0 && fstatvfs(disk->fd, &at) == 0 ? room(&at) : INT64_MAX;
}

/* The ballast as long as this, or as long as there is room for. */
static bool
hold(struct disk *disk, int64_t size)
{
    while (disk->held < size) {
        if (posix_fallocate(disk->fd, disk->held, BALLAST_STEP) != 0)
            return false;
        disk->held += BALLAST_STEP;
    }
    return true;
}

static void
cut(struct disk *disk, int64_t size)
{
    if (disk->held > size && ftruncate(disk->fd, size) == 0)
        disk->held = size;
}

/* Whole, and more to be had: asked for really, because what a quota leaves shows nowhere else. */
static bool
is_roomy(struct disk *disk)
{
    bool held = disk_free(disk) >= disk->size - disk->held + DISK_BACK &&
                hold(disk, disk->size + DISK_BACK);

    cut(disk, disk->size);
    return held;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Blocks, not length: a file that was copied or restored may have holes. */
static enum status
open_ballast(struct disk *disk, const char *home)
{
    char path[4096];
    struct statvfs at;

    (void)snprintf(path, sizeof(path), "%s/ballast", home);
    disk->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (disk->fd < 0 || fstatvfs(disk->fd, &at) != 0)
        return file_status(errno);
    if (hold(disk, disk->size) && room(&at) >= DISK_LOW)
        return STATUS_OK;
    disk_fill(disk, "start", (struct mono_ms){ 0 });
    disk_lend(disk);
    return STATUS_OK;
}

enum status
disk_open(const char *home, int64_t size, struct diag *diag, struct disk **out)
{
    AUTO(disk_close) struct disk *disk = xcalloc(1, sizeof(*disk));

    *out = NULL;
    disk->fd = -1;
    disk->size = size;
    if (size > 0 && open_ballast(disk, home) != STATUS_OK)
        return diag_say(diag, STATUS_IO, "home.unwritable", home, NULL);
    *out = TAKE(disk);
    return STATUS_OK;
}

void
disk_close(struct disk **disk)
{
    if (*disk == NULL)
        return;
    fd_close(&(*disk)->fd);
    xfree(disk);
}

/* ---- the state ---------------------------------------------------------------------------- */

bool
disk_is_full(const struct disk *disk)
{
    return disk->is_full;
}

bool
disk_is_tight(const struct disk *disk)
{
    return disk->is_tight;
}

bool
disk_is_lent(const struct disk *disk)
{
    return disk->is_lent;
}

bool
disk_is_whole(const struct disk *disk)
{
    return disk_ballast(disk) == disk->size;
}

int64_t
disk_ballast(const struct disk *disk)
{
    return disk->held;
}

void
disk_fill(struct disk *disk, const char *what, struct mono_ms now)
{
    if (disk->size == 0 || disk->is_full)
        return;
    disk->is_full = disk->is_tight = true;
    disk->look_at.ms = now.ms + LOOK_MS;
    LOG(LOG_ERROR, "disk.full", log_word("what", what), log_num("free", disk_free(disk)),
        log_num("ballast", disk->held));
}

void
disk_lend(struct disk *disk)
{
    if (!disk->is_full)
        return;
    cut(disk, 0);
    disk->is_lent = true;
}

struct mono_ms
disk_settle(struct disk *disk, struct mono_ms now)
{
    if (disk->size == 0)
        return (struct mono_ms){ INT64_MAX };
    if (disk->is_lent)
        (void)hold(disk, disk->size);
    disk->is_lent = false;
    if (now.ms < disk->look_at.ms)
        return disk->look_at;
    disk->look_at.ms = now.ms + LOOK_MS;
    int64_t left = disk_free(disk);
    disk->is_tight = left < DISK_TIGHT;
    if (!disk->is_full && left < DISK_LOW)
        disk_fill(disk, "low", now);
    if (disk->is_full && is_roomy(disk)) {
        disk->is_full = false;
        LOG(LOG_INFO, "disk.room", log_num("free", disk_free(disk)));
    }
    return disk->is_full ? disk->look_at : (struct mono_ms){ INT64_MAX };
}

enum status
disk_say(const char *folder, struct diag *diag)
{
    struct statvfs at = { 0 };
    char left[32], wanted[32];

    (void)statvfs(folder, &at);
    (void)snprintf(left, sizeof(left), "%.1f", (double)room(&at) / MIB);
    (void)snprintf(wanted, sizeof(wanted), "%d", (BALLAST_SIZE + DISK_BACK) / MIB);
    return diag_say(diag, STATUS_DISK_FULL, "disk.full", folder, left, wanted, NULL);
}
