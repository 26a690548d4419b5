/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/memory.c - memory for SQLite past the sanitizer's allocator: SQLite is not instrumented, and nearly all
 * of a seed's time would go into watching its allocations. Everything else stays watched.
 */
#include <sqlite3.h>

#include "tests/sim/sim.h"

void *__libc_malloc(size_t size);
void *__libc_realloc(void *there, size_t size);
void __libc_free(void *there);

enum { HEAD = 16 }; /* the size stands before each piece */

static void *
on_malloc(int size)
{
    size_t *piece = __libc_malloc((size_t)size + HEAD);

    if (piece == NULL)
        return NULL;
    *piece = (size_t)size;
    return (char *)piece + HEAD;
}

static void
on_free(void *there)
{
    if (there != NULL)
        __libc_free((char *)there - HEAD);
}

static void *
on_realloc(void *there, int size)
{
    size_t *piece =
        __libc_realloc(there == NULL ? NULL : (char *)there - HEAD, (size_t)size + HEAD);

    if (piece == NULL)
        return NULL;
    *piece = (size_t)size;
    return (char *)piece + HEAD;
}

static int
on_size(void *there)
{
    if (there == NULL)
        return 0;
    const void *piece = (const char *)there - HEAD;
    return (int)*(const size_t *)piece;
}

static int
on_roundup(int size)
{
    return (size + 15) & ~15;
}

static int
on_init(void *self)
{
    (void)self;
    return SQLITE_OK;
}

static void
on_shutdown(void *self)
{
    (void)self;
}

bool
memory_init(void)
{
    static const sqlite3_mem_methods methods = { on_malloc,  on_free, on_realloc,  on_size,
                                                 on_roundup, on_init, on_shutdown, NULL };

    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}
