/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/lint/analyzer.h - what clang's analyzer cannot see because it lies in another file. Included in
 * front of every file that it looks at, and never compiled.
 */
#include "schema/diag.h"

static inline void
diag_words(const struct diag *diag, const char *key, ...)
{
    (void)diag, (void)key;
}

/* It returns its second argument, so `return diag_say(diag, STATUS_USAGE, ...)` never is STATUS_OK. */
#define diag_say(diag, status, ...) (diag_words(diag, __VA_ARGS__), (status))
