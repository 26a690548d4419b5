/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/io.h - files that the user names: read whole and bounded, or written so that they
 * appear complete or not at all.
 */
#ifndef HANSA_CLI_IO_H
#define HANSA_CLI_IO_H

#include "schema/base/arena.h"
#include "schema/diag.h"

/* "-" is standard input. STATUS_USAGE, STATUS_TOO_BIG or STATUS_IO with a sentence; *out in the
 * arena. */
MUST_CHECK enum status io_read(const char *path, size_t max, struct arena *arena,
                               struct diag *diag, struct bytes *out);

/* A file of mode 0600 beside `path` that takes its name at io_out_put(). */
struct io_out {
    const char *path;
    char *temporary;
    int fd;
};

/* Opened before the node is asked, so that a reply which exists only once is not lost to a bad
 * path. */
MUST_CHECK enum status io_out_open(const char *path, struct diag *diag, struct io_out *out);
/* A piece of it; and the last one, with which it appears. */
MUST_CHECK enum status io_out_add(struct io_out *file, struct bytes text, struct diag *diag);
MUST_CHECK enum status io_out_put(struct io_out *file, struct bytes text, struct diag *diag);
/* Removes what was not put. */
void io_out_close(struct io_out *file);

#endif
