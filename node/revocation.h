/* SPDX-License-Identifier: Apache-2.0
 *
 * node/revocation.h - what we take back, said to those whom it concerns (docs/protocol/grants.md).
 *
 * What is to be said is stored with the fall, in one transaction, and signed afterwards: taking back never waits for the
 * key process (P12).
 */
#ifndef HANSA_NODE_REVOCATION_H
#define HANSA_NODE_REVOCATION_H

#include "node/core_priv.h"

/* Our word that the leaf of this share is taken back is to reach the company. */
MUST_CHECK enum status revocation_note(struct core *core, const struct live *live,
                                       int64_t company, const char *reason);
/* Signs and queues what is noted. */
MUST_CHECK enum status revocation_tell(struct core *core);

#endif
