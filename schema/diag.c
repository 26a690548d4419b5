/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"

/* Cut so that no UTF-8 character is torn: back to the start of the one that does not fit. */
static void
copy_cut(char out[static DIAG_TEXT], const char *text)
{
    size_t len = strlen(text);

    if (len >= DIAG_TEXT) {
        len = DIAG_TEXT - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

enum status
diag_say(struct diag *diag, enum status status, const char *key, ...)
{
    va_list args;

    if (diag == NULL)
        return status;
    memset(diag, 0, sizeof(*diag));
    int len = snprintf(diag->key, sizeof(diag->key), "%s", key);
    assert(len > 0 && (size_t)len < sizeof(diag->key));
    va_start(args, key);
    for (size_t i = 0; i < DIAG_ARGS; i++) {
        const char *arg = va_arg(args, const char *);
        if (arg == NULL)
            break;
        copy_cut(diag->args[i], arg);
    }
    va_end(args);
    return status;
}
