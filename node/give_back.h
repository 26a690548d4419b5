/* SPDX-License-Identifier: Apache-2.0
 *
 * node/give_back.h - at the partner of a restored node: back goes what that one must not forget, as it was signed
 * (docs/protocol/restore.md).
 *
 * 1. Nothing is made for it but what says that we passed something on: answers, verdicts, revocations and its own records
 *    go as the bytes that they were.
 * 2. Its own records are due under the shares that brought them here, and go like records of ours: as messages of kind
 *    OWN_RECORDS, read again from what we hold when they go, and to nobody but their owner.
 * 3. When all of them are acknowledged our own descriptor goes, and says that this was all.
 */
#ifndef HANSA_NODE_GIVE_BACK_H
#define HANSA_NODE_GIVE_BACK_H

#include "node/core_priv.h"

/* This partner was restored. It begins at once, or as soon as less waits for it and the last time is over. */
MUST_CHECK enum status give_back_begin(struct core *core, struct company *company);
/* At start: who is being told. */
MUST_CHECK enum status give_back_load(struct core *core);
/* What is owed begins when it may. Is all that we hold of it acknowledged? Then the last words go. */
MUST_CHECK enum status give_back_go_on(struct core *core, struct company *company);
/* What we answered to this offer, once more; nothing when there is no answer yet. */
MUST_CHECK enum status give_back_answer(struct core *core, const struct company *company,
                                        int64_t share);
/* What we answered and judged, to a company of a chain that began a new incarnation of the sealed way. */
MUST_CHECK enum status give_back_words(struct core *core, const struct company *company);

#endif
