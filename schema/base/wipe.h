/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/wipe.h - what a process lets go of is overwritten, so that an erased value is in its memory no more (P11).
 *
 * 1. In every program that links this, free() and realloc() overwrite what is given back, whoever calls them: our code,
 *    SQLite, jansson, ICU, libmicrohttpd, libzmq.
 * 2. Under a sanitizer, which has an allocator of its own, wipe_begin() hooks into that one instead.
 * 3. What is not freed is not touched: long-lived buffers and the stack are the business of whoever holds them.
 */
#ifndef HANSA_BASE_WIPE_H
#define HANSA_BASE_WIPE_H

#include <stddef.h>

/* At the start of main. */
void wipe_begin(void);
/* free() of a block of which only the first `used` bytes were ever written. */
void wipe_free(void *ptr, size_t used);
/* Overwrites what calls that have returned left on this thread's stack. */
void wipe_stack(void);

#endif
