/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/evidence.h - an evidence file (docs/protocol/receipts.md), checked with nothing but the file: what was granted, taken back
 * and said about a share, as signed. Nothing is believed before it is verified, and the first thing that does not verify
 * ends it. Pure.
 */
#ifndef HANSA_FEDERATION_EVIDENCE_H
#define HANSA_FEDERATION_EVIDENCE_H

#include "schema/base/arena.h"
#include "schema/base/bytes.h"
#include "schema/base/status.h"
#include "schema/text.h"

/* One sentence in plain words about one line that verified; valid until the call returns. */
typedef void evidence_said_fn(void *self, const char *sentence);
struct evidence_reader {
    enum language language;
    evidence_said_fn *said;
    void *self;
};
/* *line: the one at fault, from 1; 0: the file was cut or changed (STATUS_CORRUPT, STATUS_MALFORMED). */
MUST_CHECK enum status evidence_check(struct bytes file, const struct evidence_reader *reader,
                                      struct arena *arena, size_t *line);

#endif
