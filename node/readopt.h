/* SPDX-License-Identifier: Apache-2.0
 *
 * node/readopt.h - we were restored from a copy, and revisions of ours that it does not have come back from partners
 * that hold them (docs/protocol/restore.md, docs/adr/0022-readoption.md).
 *
 * 1. Believed is what bears our own signature, and opens its commitments. A partner can leave out, and nothing else.
 * 2. A revision that came back is not continued: its secret is lost with the fields that its holder was not shown. A new one is
 *    made of it, in our new incarnation: by field, the value from the highest position that any holder showed, and what
 *    nobody showed as the copy has it.
 * 3. A share that we gave since the copy stands again when its receiver shows our offer: we could not take back what we do not
 *    know.
 * 4. Removed stays removed, and who was erased or took a ground back does not come back. What a holder has of a ground is
 *    not believed: it may have been ended since. Of grounds the copy is right, or for a record that it does not know our
 *    contact; a holder's revision can only take away. What a person changed here since the
 *    restore wins.
 */
#ifndef HANSA_NODE_READOPT_H
#define HANSA_NODE_READOPT_H

#include "node/exchange_priv.h"

/* An OwnRecords body; items are judged alone. *detail: component at fault. */
MUST_CHECK enum status readopt_take(struct core *core, const struct company *from,
                                    const struct envelope *env, const char **detail);

/* An offer of ours that its receiver sends back: the share stands here again, as one that is not answered. */
MUST_CHECK enum status readopt_offer(struct taking *t, const struct bundle *bundle,
                                     const struct offer *offer);

#endif
