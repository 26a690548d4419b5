/* SPDX-License-Identifier: Apache-2.0
 *
 * node/equivocation.h - an owner signed two contents with one position: the record is frozen, the proof is kept, and who owns
 * or holds the record is told (docs/protocol/equivocation.md, docs/adr/0017-equivocation.md).
 */
#ifndef HANSA_NODE_EQUIVOCATION_H
#define HANSA_NODE_EQUIVOCATION_H

#include "federation/equivocation.h"
#include "node/exchange_priv.h"

/* The item came from `source` and contradicts the copy that we hold of the record under this grant. */
MUST_CHECK enum status equivocation_found(struct core *core, int64_t record, int64_t grant,
                                          const struct received *item, int64_t source);
/* A frozen record: does a revision at this position end it? Then it is thawed. */
MUST_CHECK enum status equivocation_mended(struct core *core, int64_t record,
                                           struct position at, bool *out);
/* The owner calls keys stolen, and its descriptor is taken: proofs under them prove nothing any more, and records that
 * nothing else holds are thawed. */
MUST_CHECK enum status equivocation_stolen(struct core *core, const struct company *owner);
/* Handler of the table of kinds. */
MUST_CHECK enum status equivocation_take(struct taking *t);

#endif
