/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/base/wipe.h"

enum { BLOCK = 32 * 1024, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    uint8_t data[] __attribute__((aligned(16)));
};

struct arena {
    struct block *blocks; /* newest first */
    size_t total;
    size_t cap;
};

struct arena *
arena_new(size_t cap)
{
    struct arena *arena = xcalloc(1, sizeof(*arena));

    arena->cap = cap > 0 ? cap : ARENA_CAP_DEFAULT;
    return arena;
}

static void
block_free(struct block *b)
{
    wipe_free(b, sizeof(*b) + b->used);
}

void
arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    for (struct block *b = (*arena)->blocks, *next; b != NULL; b = next) {
        next = b->next;
        block_free(b);
    }
    free(*arena);
    *arena = NULL;
}

void
arena_reset(struct arena *arena)
{
    struct block *keep = NULL;

    for (struct block *b = arena->blocks, *next; b != NULL; b = next) {
        next = b->next;
        if (next == NULL && b->size == BLOCK)
            keep = b;
        else
            block_free(b);
    }
    arena->blocks = keep;
    arena->total = 0;
    if (keep != NULL) {
        keep->next = NULL;
        explicit_bzero(keep->data, keep->used);
        keep->used = 0;
        arena->total = keep->size;
    }
}

void
arena_adopt(struct arena *to, struct arena **from)
{
    struct block **end = &to->blocks; /* behind the newest, which is still being filled */

    if ((*from)->total > to->cap - to->total) {
        fputs("arena over its cap\n", stderr);
        abort();
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = (*from)->blocks;
    to->total += (*from)->total;
    (*from)->blocks = NULL;
    arena_free(from);
}

void *
arena_try(struct arena *arena, size_t size)
{
    if (size > arena->cap)
        return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct block *b = arena->blocks;
    if (b == NULL || b->size - b->used < size) {
        size_t want = size > BLOCK ? size : BLOCK;
        if (want > arena->cap - arena->total)
            return NULL;
        b = malloc(sizeof(*b) + want);
        if (b == NULL)
            return NULL;
        *b = (struct block){ .next = arena->blocks, .size = want };
        arena->blocks = b;
        arena->total += want;
    }
    void *out = b->data + b->used;
    b->used += size;
    memset(out, 0, size);
    return out;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    void *out = arena_try(arena, size);

    if (out == NULL) {
        fputs("arena over its cap\n", stderr);
        abort();
    }
    return out;
}

char *
arena_text(struct arena *arena, struct bytes text)
{
    char *out = arena_alloc(arena, text.len + 1);

    if (text.len > 0)
        memcpy(out, text.data, text.len);
    return out;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *out = arena_alloc(arena, (size_t)len + 1);
    (void)vsnprintf(out, (size_t)len + 1, format, again);
    va_end(again);
    return out;
}

struct bytes
arena_copy(struct arena *arena, struct bytes raw)
{
    uint8_t *out = arena_alloc(arena, raw.len);

    if (raw.len > 0)
        memcpy(out, raw.data, raw.len);
    return bytes_of(out, raw.len);
}
