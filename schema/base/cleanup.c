/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
or_stop(void *ptr)
{
    if (ptr == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *
xcalloc(size_t count, size_t size)
{
    return or_stop(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
xrealloc(void *ptr, size_t size)
{
    return or_stop(realloc(ptr, size > 0 ? size : 1));
}

char *
xstrdup(const char *text)
{
    return or_stop(strdup(text));
}

void
xfree(void *ptr_to_ptr)
{
    void *ptr;

    memcpy(&ptr, ptr_to_ptr, sizeof(ptr));
    free(ptr);
    ptr = NULL;
    memcpy(ptr_to_ptr, &ptr, sizeof(ptr));
}

void
fd_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}
