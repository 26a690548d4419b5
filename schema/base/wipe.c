/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/wipe.c - overwriting memory that is given back (contract: schema/base/wipe.h).
 *
 * A program's own definition of free() takes the place of the C library's for every library that the program loads; glibc
 * documents this and offers its own under the names below. Why not glibc's "perturb" tunable: docs/adr/0019.
 */
#include "schema/base/wipe.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"

/* As deep as our calls go; a request's deepest frames are SQLite's and those with a path or a frame in them. */
enum { STACK = 192 * 1024 };

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature) /* clang's word for it */
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#elif __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif

#if defined(UNDER_TSAN)

/* Nothing is wiped: its realloc() calls the hook of free before it has copied. */
void
wipe_begin(void)
{
}

void
wipe_free(void *ptr, size_t used)
{
    (void)used;
    free(ptr);
}

#elif defined(UNDER_ASAN)

/* <sanitizer/allocator_interface.h> is not packaged with gcc. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *ptr);

static void
on_malloc(const volatile void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
}

static void
on_free(const volatile void *ptr)
{
    void *at = (void *)(uintptr_t)ptr;

    explicit_bzero(at, __sanitizer_get_allocated_size(at));
}

void
wipe_begin(void)
{
    (void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

void
wipe_free(void *ptr, size_t used)
{
    (void)used;
    free(ptr);
}

#else

void __libc_free(void *ptr);

void
wipe_begin(void)
{
}

void
wipe_free(void *ptr, size_t used)
{
    if (ptr == NULL)
        return;
    explicit_bzero(ptr, used);
    __libc_free(ptr);
}

void
free(void *ptr)
{
    int was = errno;

    if (ptr == NULL)
        return;
    explicit_bzero(ptr, malloc_usable_size(ptr));
    __libc_free(ptr);
    errno = was;
}

void *
realloc(void *ptr, size_t size)
{
    size_t have = ptr == NULL ? 0 : malloc_usable_size(ptr);

    if (ptr == NULL)
        return malloc(size);
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (size <= have && size >= have / 2)
        return ptr;
    void *out = malloc(size);
    if (out == NULL)
        return NULL;
    memcpy(out, ptr, size < have ? size : have);
    free(ptr);
    return out;
}

void *
reallocarray(void *ptr, size_t count, size_t size)
{
    size_t all;

    if (!__builtin_mul_overflow(count, size, &all))
        return realloc(ptr, all);
    errno = ENOMEM;
    return NULL;
}

#endif

__attribute__((noinline)) void
wipe_stack(void)
{
    uint8_t below[STACK];

    explicit_bzero(below, sizeof(below));
}
