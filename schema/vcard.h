/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/vcard.h - writing vCard 4.0 (RFC 6350): lines of at most 75 bytes, folded between characters, values escaped.
 */
#ifndef HANSA_SCHEMA_VCARD_H
#define HANSA_SCHEMA_VCARD_H

#include "schema/base/bytes.h"

/* BEGIN, VERSION and KIND; and END. */
void vcard_begin(struct buffer *out);
void vcard_end(struct buffer *out);
/* A text. name: with its parameters ("TEL;TYPE=cell"), ours. Line feeds are carried, other control characters are not. */
void vcard_put_text(struct buffer *out, const char *name, struct bytes text);
/* Parts with semicolons between (N, ADR); empty ones are empty. */
void vcard_put_parts(struct buffer *out, const char *name, const struct bytes *parts,
                     size_t count);
/* What is written as it is: an address of the web, a date. Control characters and spaces are left out. */
void vcard_put_plain(struct buffer *out, const char *name, struct bytes text);

#endif
