/* SPDX-License-Identifier: Apache-2.0
 *
 * node/disk.h - a full disk: what is kept free for taking back, and when work goes on (P12).
 *
 * 1. HOME/ballast has BALLAST_SIZE bytes that are really allocated. Nothing else is in it.
 * 2. Once a write found no room, the disk counts as full. Then only what takes back runs (service table and message table
 *    say which), each on the room that disk_lend() gives it; the end of the round fills the ballast up again.
 * 3. It is over when the ballast is whole and DISK_BACK more could be had: looked at once a second.
 */
#ifndef HANSA_NODE_DISK_H
#define HANSA_NODE_DISK_H

#include "schema/base/ids.h"
#include "schema/diag.h"

struct disk;

/* Makes the ballast, or what there is room for: then the disk is full from the start, and the ballast is lent, since
 * opening a home writes. size 0: no ballast and no such state, for tests. */
MUST_CHECK enum status disk_open(const char *home, int64_t size, struct diag *diag,
                                 struct disk **out);
void disk_close(struct disk **disk);

/* Any thread. */
bool disk_is_full(const struct disk *disk);
bool disk_is_tight(const struct disk *disk); /* little is left: the log must stay short */
bool disk_is_whole(const struct disk *disk); /* all of the ballast is there */
int64_t disk_ballast(const struct disk *disk);
int64_t disk_free(const struct disk *disk);

/* A write found no room. what: a word for the log. */
void disk_fill(struct disk *disk, const char *what, struct mono_ms now);
/* The ballast's room to whoever writes next. Does nothing unless the disk is full. */
void disk_lend(struct disk *disk);
bool disk_is_lent(const struct disk *disk);
/* A round is over, and the log as short as it gets. Returns when it wants to look again. */
struct mono_ms disk_settle(struct disk *disk, struct mono_ms now);

/* STATUS_DISK_FULL, with what a person must know: which folder, how much is free, what still works, what to do. */
enum status disk_say(const char *folder, struct diag *diag);

#endif
