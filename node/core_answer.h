/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_answer.h - the end of a round: who gets an answer, and what memory lets go of.
 */
#ifndef HANSA_NODE_CORE_ANSWER_H
#define HANSA_NODE_CORE_ANSWER_H

#include "node/core_priv.h"

/* Everybody of this round; failure: their changes did not happen. */
void core_answer_all(struct core *core, enum status failure);
void core_answer_waiters_fail(struct core *core, enum status failure); /* those of this round */
/* Who waited for this node to be cut (epoch 0), or for this epoch. */
void core_answer_waiters(struct core *core, const struct node_id *node, uint64_t epoch);
void core_answer_expired(struct core *core); /* who waited long enough */

/* ---- core_read.c ---- */
/* What was erased leaves the memory of the writer, of the readers and of this thread's stack. */
void core_forget(struct core *core);

#endif
