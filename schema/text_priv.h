/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/text_priv.h - characters and normal forms, for the files of this folder.
 */
#ifndef HANSA_SCHEMA_TEXT_PRIV_H
#define HANSA_SCHEMA_TEXT_PRIV_H

#include "schema/base/arena.h"

/* ---- schema/text_scan.c ---- */

/* Takes one character off the front; false at the end. What is no UTF-8 gives U+FFFD, byte by
 * byte. */
bool text_next(struct bytes *left, uint32_t *c);
void text_put(struct buffer *out, uint32_t c);
/* Changes what a person sees without being seen: controls, bidi, line separators, tags. */
bool text_is_hidden(uint32_t c);
bool text_has_hidden(struct bytes text);
bool text_is_space(uint32_t c);
/* Without spaces, byte order marks and line ends at both ends; borrowed. */
struct bytes text_trim(struct bytes text);
bool text_is_ascii(struct bytes text);

/* ---- schema/text_fold.c: text must be valid UTF-8, the result lies in the arena ---- */
struct bytes text_nfc(struct bytes text, struct arena *arena);
bool text_is_nfc(struct bytes text); /* at most FIELD_VALUE_MAX bytes */
struct bytes text_nfkc(struct bytes text, struct arena *arena); /* full-width forms to ASCII */
struct bytes text_nfkc_casefold(struct bytes text, struct arena *arena);

#endif
