/* SPDX-License-Identifier: Apache-2.0
 *
 * node/quarantine.h - a node that was restored from a copy: its database is older than its journal, or
 * HOME/restored says so (docs/protocol/restore.md).
 *
 * It begins a new incarnation, so that no number and no position is used twice, and starts quarantined: it can be read,
 * takes what partners send, and sends nothing but what keeps a session going. Each partner sends back what the node must
 * not forget, its own revocations first; after an admin confirmed the trust list, a partner that has done so is lifted.
 */
#ifndef HANSA_NODE_QUARANTINE_H
#define HANSA_NODE_QUARANTINE_H

#include "node/exchange_priv.h"

/* At start, before companies and shares are loaded. *began: it was restored; a transaction is open then, which
 * quarantine_requeue (after loading) and store_commit end. */
MUST_CHECK enum status quarantine_begin(struct core *core, struct diag *diag, bool *began);
MUST_CHECK enum status quarantine_requeue(struct core *core);
/* After that commit. */
void quarantine_began(struct core *core);
/* Who is held, from the database. */
MUST_CHECK enum status quarantine_load(struct core *core);
/* Into the journal: a company's state, which a restored database must not undo; and those it does not have yet. */
void quarantine_note_state(struct core *core, const struct company *company);
void quarantine_note_all(struct core *core);

/* It has sent its descriptor, and with it everything. */
MUST_CHECK enum status quarantine_heard(struct core *core, struct company *company);
/* An admin confirmed. at_once: also who has not sent back anything. only: NULL, all. */
MUST_CHECK enum status quarantine_confirm(struct core *core, const struct company *only,
                                          bool at_once, const char *actor);

#endif
