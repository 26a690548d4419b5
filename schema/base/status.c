/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/status.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    bool retry;
    int exit_code;
    int http;
} table[] = {
#define X(name, retry, exit_code, http) [STATUS_##name] = { #name, retry, exit_code, http },
    STATUS_TABLE(X)
#undef X
};

static size_t
row(enum status status)
{
    return (size_t)status < STATUS_COUNT_ ? (size_t)status : (size_t)STATUS_INTERNAL;
}

const char *
status_name(enum status status)
{
    return table[row(status)].name;
}

enum status
status_find(const char *name)
{
    for (size_t i = 0; i < STATUS_COUNT_; i++)
        if (strcmp(table[i].name, name) == 0)
            return (enum status)i;
    return STATUS_COUNT_;
}

bool
status_is_retryable(enum status status)
{
    return table[row(status)].retry;
}

int
status_exit_code(enum status status)
{
    return table[row(status)].exit_code;
}

int
status_http_code(enum status status)
{
    return table[row(status)].http;
}
