/* SPDX-License-Identifier: Apache-2.0
 *
 * node/withdrawal.h - a row whose ground for being shared is gone leaves whoever has it (docs/protocol/withdrawals.md).
 *
 * 1. Whoever gave the row says so: the owner for what it shared, a company that passed it on for what lies below. Who
 *    takes the word erases its copy under that grant and hands the same bytes on to those below.
 * 2. A withdrawal goes up to a revision. A later one, on a new ground, is taken again; an earlier one that is still under
 *    way is not.
 */
#ifndef HANSA_NODE_WITHDRAWAL_H
#define HANSA_NODE_WITHDRAWAL_H

#include "node/exchange_priv.h"

/* A record of a share that we gave may not go any more for lack of consent: if its partner has it, or it is under way,
 * it will be told. */
MUST_CHECK enum status withdrawal_note(struct core *core, const struct live *live,
                                       int64_t record);
/* Its partner has a revision, up to this one, that it should not have: it will be told, or told again. */
MUST_CHECK enum status withdrawal_note_upto(struct core *core, const struct live *live,
                                            int64_t record, struct position upto,
                                            const char *reason);
/* Rows that we do not know ourselves, and that its partner should not have. */
MUST_CHECK enum status withdrawal_say(struct core *core, int64_t leaf, struct withdrawn *rows,
                                      size_t count, const char *reason);
/* May its partner have any revision of the record? One that is under way counts. */
MUST_CHECK enum status withdrawal_may_have(struct core *core, const struct live *live,
                                           int64_t record, bool *out);
/* Signs and queues what is noted, in batches. */
MUST_CHECK enum status withdrawal_tell(struct core *core);
/* A ground without a new revision: we waived it for this partner. Rows of ours that were taken back there are made anew,
 * because the revisions that were are not taken again. */
MUST_CHECK enum status withdrawal_renew(struct core *core, int64_t partner, const char *actor);
/* Handler of the table of kinds. */
MUST_CHECK enum status withdrawal_take(struct taking *t);
/* Was this revision taken back from us? */
MUST_CHECK enum status withdrawal_covers(struct core *core, const struct live *live,
                                         const struct record_id *id, struct position at,
                                         bool *out);
/* Rows of ours that a control object on its way by carriers takes back, by the names that carriers know. */
MUST_CHECK enum status withdrawal_handles(struct core *core, struct bytes body,
                                          struct arena *arena, struct handle **out,
                                          size_t *count);

#endif
