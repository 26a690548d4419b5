/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/text.h - the catalogs: every sentence that people read, in schema/lang/TAG.json, compiled in.
 */
#ifndef HANSA_SCHEMA_TEXT_H
#define HANSA_SCHEMA_TEXT_H

#include "schema/diag.h"
#include "schema/type.h"

/* The text for a key; falls back to English, then to the key itself. Static. */
const char *text_get(enum language language, const char *key);
/* {0} {1} ... replaced by args, control characters and bidi overrides in args made visible; in the arena. */
const char *text_format(enum language language, const char *key, const char *const *args,
                        size_t count, struct arena *arena);
/* The sentence for a failure: diag's text when it has a key, else "status.NAME". */
const char *text_failure(enum language language, enum status status, const struct diag *diag,
                         struct arena *arena);
/* Partner text made safe for a terminal or a log line: C0, C1, ESC, bidi controls escaped as <U+202E>. In the arena. */
const char *text_visible(struct bytes text, struct arena *arena);

#endif
