/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/diag.h - one sentence for the person who must fix something, as a catalog key with
 * arguments, so that it can be said in her language. No other text travels upward.
 */
#ifndef HANSA_SCHEMA_DIAG_H
#define HANSA_SCHEMA_DIAG_H

#include "schema/base/status.h"

enum { DIAG_ARGS = 4, DIAG_TEXT = 256 };

struct diag {
    char key[64];                    /* catalog key; empty: say the status */
    char args[DIAG_ARGS][DIAG_TEXT]; /* {0} .. {3} of the catalog text */
};

/* Fill in and return the status: `return diag_say(diag, STATUS_USAGE, "field.unknown", name, NULL);`
 * Arguments are texts, ended by NULL; long ones are cut. diag may be NULL. */
enum status diag_say(struct diag *diag, enum status status, const char *key, ...)
    __attribute__((sentinel));

#endif
