/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/scope.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { SPOTS_EACH = 64 }; /* entries for which one narrowest sum is enough */

struct scope {
    struct scope_sum total;
    uint32_t depth;
    struct scope_sum *sums; /* 16 ^ depth */
};

/* ---- sums --------------------------------------------------------------------------------- */

static struct digest
hash_of(const struct scope_entry *entry)
{
    uint8_t at[12];
    struct bytes parts[] = { bytes_of(entry->record.b, ID_SIZE), bytes_of(at, sizeof(at)) };

    put_u32(at, entry->position.incarnation);
    put_u64(at + 4, entry->position.number);
    return digest_tagged("hansa/1/scope-entry", parts, COUNT_OF(parts));
}

/* Big endian, modulo 2^256. */
static void
add(uint8_t sum[static SCOPE_SUM_SIZE], const uint8_t more[static SCOPE_SUM_SIZE])
{
    unsigned carry = 0;

    for (size_t i = SCOPE_SUM_SIZE; i-- > 0;) {
        carry += (unsigned)sum[i] + more[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

void
scope_sum_add(struct scope_sum *sum, const struct scope_entry *entry)
{
    struct digest hash = hash_of(entry);

    sum->count++;
    add(sum->sum, hash.b);
}

void
scope_sum_drop(struct scope_sum *sum, const struct scope_entry *entry)
{
    static const uint8_t one[SCOPE_SUM_SIZE] = { [SCOPE_SUM_SIZE - 1] = 1 };
    struct digest hash = hash_of(entry);

    for (size_t i = 0; i < SCOPE_SUM_SIZE; i++)
        hash.b[i] = (uint8_t)~hash.b[i];
    sum->count--;
    add(sum->sum, hash.b);
    add(sum->sum, one);
}

bool
scope_sum_is_equal(const struct scope_sum *a, const struct scope_sum *b)
{
    return a->count == b->count && memcmp(a->sum, b->sum, SCOPE_SUM_SIZE) == 0;
}

static void
sum_join(struct scope_sum *sum, const struct scope_sum *more)
{
    sum->count += more->count;
    add(sum->sum, more->sum);
}

/* ---- ranges ------------------------------------------------------------------------------- */

struct scope_range
scope_range_child(const struct scope_range *range, uint32_t digit)
{
    return (struct scope_range){ .depth = range->depth + 1,
                                 .prefix = range->prefix << 4 | digit };
}

static uint64_t
first_digits(const struct record_id *record, uint32_t depth)
{
    return get_u64(record->b) >> 16 >> (4 * (SCOPE_DEPTH_MAX - depth));
}

uint32_t
scope_range_digit(const struct scope_range *range, const struct record_id *record)
{
    return (uint32_t)(first_digits(record, range->depth + 1) & 15);
}

void
scope_range_ends(const struct scope_range *range, uint8_t first[static 6],
                 uint8_t last[static 6])
{
    uint32_t open = 4 * (SCOPE_DEPTH_MAX - range->depth);
    uint64_t low = range->prefix << open, high = low | ((UINT64_C(1) << open) - 1);
    uint8_t raw[8];

    put_u64(raw, low);
    memcpy(first, raw + 2, 6);
    put_u64(raw, high);
    memcpy(last, raw + 2, 6);
}

/* ---- a scope ------------------------------------------------------------------------------ */

static size_t
width(uint32_t depth)
{
    return (size_t)1 << (4 * depth);
}

struct scope *
scope_new(uint32_t depth)
{
    struct scope *scope = xcalloc(1, sizeof(*scope));

    assert(depth <= SCOPE_FINE);
    scope->depth = depth;
    scope->sums = xcalloc(width(depth), sizeof(*scope->sums));
    return scope;
}

void
scope_free(struct scope **scope)
{
    if (*scope != NULL)
        free((*scope)->sums);
    free(*scope);
    *scope = NULL;
}

uint32_t
scope_depth(const struct scope *scope)
{
    return scope->depth;
}

static void
move(struct scope *scope, const struct record_id *record, const struct scope_sum *by)
{
    sum_join(&scope->total, by);
    sum_join(&scope->sums[first_digits(record, scope->depth)], by);
}

void
scope_add(struct scope *scope, const struct scope_entry *entry)
{
    struct scope_sum one = { 0 };

    scope_sum_add(&one, entry);
    move(scope, &entry->record, &one);
}

void
scope_drop(struct scope *scope, const struct scope_entry *entry)
{
    struct scope_sum less = { 0 };

    scope_sum_drop(&less, entry);
    move(scope, &entry->record, &less);
}

struct scope_sum
scope_sum_of(const struct scope *scope, const struct scope_range *range)
{
    struct scope_sum sum = { 0 };

    assert(range->depth <= scope->depth);
    if (range->depth == 0)
        return scope->total;
    size_t each = width(scope->depth - range->depth);
    for (size_t i = 0; i < each; i++)
        sum_join(&sum, &scope->sums[range->prefix * each + i]);
    return sum;
}

void
scope_settle(struct scope *scope)
{
    uint64_t count = scope->total.count;
    uint32_t depth = 0;

    while (depth < scope->depth && count > (uint64_t)SPOTS_EACH * width(depth))
        depth++;
    for (size_t i = 0; i < width(depth); i++)
        scope->sums[i] =
            scope_sum_of(scope, &(struct scope_range){ .depth = depth, .prefix = i });
    scope->sums = xrealloc(scope->sums, width(depth) * sizeof(*scope->sums));
    scope->depth = depth;
}

bool
scope_is_coarse(const struct scope *scope)
{
    return scope->depth < SCOPE_FINE &&
           scope->total.count > (uint64_t)2 * SPOTS_EACH * width(scope->depth);
}
