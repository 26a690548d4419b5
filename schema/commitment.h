/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/commitment.h - selective disclosure (docs/protocol/objects.md, "commitments"; the idea of
 * RFC 9901). The owner commits once; anyone who holds a salt can show that field to the next company.
 */
#ifndef HANSA_SCHEMA_COMMITMENT_H
#define HANSA_SCHEMA_COMMITMENT_H

#include "schema/wire.h"

/* Root for a new revision. fields ascending by key, without repetition, count <= FIELDS_MAX. */
struct digest commitment_root(const uint8_t secret[static 32], const struct field *fields,
                              size_t count);

/* Does this disclosure open the revision's commitment root? STATUS_MALFORMED: wrong total,
 * repeated or unordered fields or withheld, salts missing or superfluous. STATUS_BAD_SIGNATURE:
 * the root does not follow. With has_secret, the salts are *not* filled in (see commitment_salts). */
MUST_CHECK enum status commitment_open(const struct disclosure *shown,
                                       const struct digest *root);

/* Fill in fields[i].salt of a full disclosure. */
void commitment_salts(const uint8_t secret[static 32], struct field *fields, size_t count);

/* Narrow a disclosure to the fields for which keep[i] is true. *out is in the arena, its fields
 * and values borrow from `from`; equal to `from` when nothing is dropped. */
void commitment_narrow(const struct disclosure *from, const bool *keep, struct arena *arena,
                       struct disclosure *out);

#endif
