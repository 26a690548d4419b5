/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/cleanup.h - scopes release; goto is not used. AUTO, TAKE and TRY are the whole
 * vocabulary, and TRY is the only macro in the tree that returns.
 */
#ifndef HANSA_BASE_CLEANUP_H
#define HANSA_BASE_CLEANUP_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/status.h"

#ifdef NDEBUG
#error "asserts stay on: they state what we promised"
#endif

/* Call `release(&var)` when the scope ends, however it ends. */
#define AUTO(release) __attribute__((cleanup(release)))

/* Give ownership away: yields the pointer and leaves NULL behind. */
#define TAKE(ptr)                                                                              \
    __extension__({                                                                            \
        __typeof__(ptr) taken_ = (ptr);                                                        \
        (ptr) = NULL;                                                                          \
        taken_;                                                                                \
    })

/* Pass a failure up unchanged. The only macro in the tree that returns. */
#define TRY(expr)                                                                              \
    do {                                                                                       \
        enum status status_ = (expr);                                                          \
        if (status_ != STATUS_OK)                                                              \
            return status_;                                                                    \
    } while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory or the process stops; sizes from outside are checked before they come here. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
/* For AUTO(xfree) on heap pointers of any type: takes the address of the pointer, leaves NULL. */
void xfree(void *ptr_to_ptr);
/* For AUTO(fd_close) int fd = -1; closes when >= 0 and leaves -1. */
void fd_close(int *fd);

#endif
