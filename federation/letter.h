/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/letter.h - a letter: what takes back or answers, from one company to another, as a file (docs/protocol/letters.md).
 * Lines of text: the author's descriptor, then sealed parts. Opening a part is seal.h's, and the key process's.
 * Pure.
 */
#ifndef HANSA_FEDERATION_LETTER_H
#define HANSA_FEDERATION_LETTER_H

#include "schema/base/limits.h"
#include "schema/wire.h"

enum { LETTER_BOX = 255 }; /* kind of what is sealed in a part: no message has it */

struct letter {
    struct signed_object descriptor; /* of its author; not verified */
    struct sealed_body *parts[LETTER_PARTS_MAX];
    size_t part_count;
};
/* STATUS_CORRUPT: cut short or changed on the way. STATUS_MALFORMED: no letter. STATUS_TOO_BIG. *out borrows from the
 * arena alone. */
MUST_CHECK enum status letter_parse(struct bytes file, struct arena *arena, struct letter *out);
void letter_format(const struct letter *letter, struct buffer *out);

/* One object as over a link. */
struct letter_item {
    uint8_t kind;
    struct bytes body;
};
/* As many of them, in order, as one part holds; returns how many. An item of at most OBJECT_MAX + KIB bytes always fits. */
size_t letter_pack(const struct letter_item *items, size_t count, struct buffer *out);
/* What a part has inside; appended. STATUS_MALFORMED; STATUS_TOO_BIG: more than max in all. */
MUST_CHECK enum status letter_unpack(struct bytes plain, struct letter_item *items, size_t max,
                                     size_t *count);
/* By what a letter says which objects it took. */
struct digest letter_name(const struct letter_item *item);

#endif
