/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/work.h - what sellers have to do, from the projection tables of leads and activities.
 */
#ifndef HANSA_NODE_WORK_H
#define HANSA_NODE_WORK_H

#include "node/store/store.h"

struct work_row {
    int64_t lead; /* 0: a task that is about no open lead of ours */
    int64_t task; /* open, the one due first; 0: the lead has none */
};

/* Open leads and tasks of ours, by seller and due date. seller: "" for all. */
MUST_CHECK enum status work_list(struct store *st, const char *seller, int64_t offset,
                                 int64_t limit, struct work_row *out, size_t *count);
MUST_CHECK enum status work_count(struct store *st, const char *seller, int64_t *out);
/* Open leads of this seller. */
MUST_CHECK enum status work_open_leads(struct store *st, const char *seller, int64_t *out);

#endif
