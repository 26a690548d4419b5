/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/fingerprint.h - the six words that two companies compare over another way
 * (docs/protocol/invitation.md).
 */
#ifndef HANSA_FEDERATION_FINGERPRINT_H
#define HANSA_FEDERATION_FINGERPRINT_H

#include "schema/base/arena.h"
#include "schema/base/ids.h"

enum { FINGERPRINT_WORDS = 6 };
/* Static texts; the same for (a, b) and (b, a). */
void fingerprint_words(const struct node_id *a, const struct node_id *b,
                       const char *words[static FINGERPRINT_WORDS]);
/* Joined by blanks, in the arena. */
const char *fingerprint_text(const struct node_id *a, const struct node_id *b,
                             struct arena *arena);

#endif
