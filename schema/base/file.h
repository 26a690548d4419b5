/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/file.h - small files that must be whole: read with a limit, replaced so that a crash
 * leaves the old content or the new, never a part.
 */
#ifndef HANSA_BASE_FILE_H
#define HANSA_BASE_FILE_H

#include "schema/base/bytes.h"

/* The status for an errno: DISK_FULL, NOT_FOUND, DENIED, CONFLICT (there already) or IO. */
enum status file_status(int error);

/* Appends the file's content to out; STATUS_TOO_BIG when it has more than max bytes. */
MUST_CHECK enum status file_read(int fd, size_t max, struct buffer *out);
MUST_CHECK enum status file_read_at(int dir, const char *name, size_t max, struct buffer *out);

/* Writes everything to fd, then fsync. */
MUST_CHECK enum status file_write(int fd, struct bytes raw);
/* A new file in dir (mode 0600) takes the name; durable on return. */
MUST_CHECK enum status file_replace_at(int dir, const char *name, struct bytes raw);
/* Takes the file away, and what a crash left of replacing it. */
void file_remove_at(int dir, const char *name);

#endif
