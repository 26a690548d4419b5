/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/arena.h - memory with the lifetime of one message or one request.
 *
 * What must live longer is copied by whoever keeps it. An arena made with a cap refuses to grow
 * past it: arena_try gives NULL, which decoders of untrusted bytes turn into STATUS_TOO_BIG;
 * arena_alloc is for sizes of our own and stops the process instead.
 */
#ifndef HANSA_BASE_ARENA_H
#define HANSA_BASE_ARENA_H

#include <stddef.h>

#include "schema/base/bytes.h"

struct arena;

struct arena *arena_new(size_t cap); /* cap in bytes; 0 = ARENA_CAP_DEFAULT from limits.h */
void arena_free(struct arena **arena);
void arena_reset(struct arena *arena); /* everything given out is gone; keeps one block */
/* What `from` gave out lives as long as `to`; frees `from`. Stops the process when that is over the cap of `to`. */
void arena_adopt(struct arena *to, struct arena **from);

void *arena_try(struct arena *arena, size_t size);   /* zeroed, 16-aligned, NULL over the cap */
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, never NULL */
char *arena_text(struct arena *arena, struct bytes text); /* NUL-terminated copy */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct bytes arena_copy(struct arena *arena, struct bytes raw);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

#endif
