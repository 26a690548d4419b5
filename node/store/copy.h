/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/copy.h - the database as of one moment into another file, piece by piece, beside whoever writes.
 */
#ifndef HANSA_NODE_STORE_COPY_H
#define HANSA_NODE_STORE_COPY_H

#include "node/store/store.h"

struct store_copy;

/* Takes the snapshot. A file that is there is replaced. */
MUST_CHECK enum status store_copy_open(const char *from, const char *to,
                                       struct store_copy **out);
/* So many pages more; *done and *total in pages, *over: the file is complete and closed. */
MUST_CHECK enum status store_copy_step(struct store_copy *copy, int pages, int64_t *done,
                                       int64_t *total, bool *over);
/* Before it is over, the file is taken away. */
void store_copy_close(struct store_copy **copy);

#endif
