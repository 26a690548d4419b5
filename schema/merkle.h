/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/merkle.h - the tree under a batch signature (docs/protocol/objects.md, "batch").
 */
#ifndef HANSA_SCHEMA_MERKLE_H
#define HANSA_SCHEMA_MERKLE_H

#include "schema/base/bytes.h"
#include "schema/base/ids.h"
#include "schema/base/limits.h"

struct digest merkle_leaf(const struct revision_id *revision);

/* Root over count leaves, 1 <= count <= BATCH_MAX. */
struct digest merkle_root(const struct digest *leaves, size_t count);

/* May first..first+count-1 stand as one run in a batch of size leaves? */
bool merkle_is_run(size_t size, size_t first, size_t count);

/* The longest run that starts at first, has at most `most` items and lies within leaves
 * [first, last]; at least 1. For cutting a selection into runs. */
size_t merkle_run_length(size_t size, size_t first, size_t last, size_t most);

/* Sibling hashes from the run's subtree up to the root, lowest first. *steps <= MERKLE_PATH_MAX.
 * leaves are all `size` leaves of the batch. */
void merkle_path(const struct digest *leaves, size_t size, size_t first, size_t count,
                 struct digest path[static MERKLE_PATH_MAX], size_t *steps);

/* The batch root that follows from a run and its path. STATUS_MALFORMED when the stretch is no
 * run, or the path has the wrong number of steps. */
MUST_CHECK enum status merkle_climb(const struct digest *run_leaves, size_t size, size_t first,
                                    size_t count, struct bytes path, struct digest *root);

#endif
