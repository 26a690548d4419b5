/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/federation/test_scope.c - sums over what stands under a grant, at every depth.
 */
#include "federation/scope.h"

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"

static struct scope_entry
entry_of(uint32_t n, uint64_t number)
{
    uint8_t raw[4];

    put_u32(raw, n);
    struct digest d = digest_plain(bytes_of(raw, sizeof(raw)));
    struct scope_entry entry = { .position = { 1, number } };
    memcpy(entry.record.b, d.b, ID_SIZE);
    return entry;
}

static struct scope *
scope_of(uint32_t count, uint32_t depth)
{
    struct scope *scope = scope_new(depth);

    for (uint32_t i = 0; i < count; i++) {
        struct scope_entry entry = entry_of(i, 1);
        scope_add(scope, &entry);
    }
    return scope;
}

static struct scope_sum
all_of(const struct scope *scope)
{
    return scope_sum_of(scope, &(struct scope_range){ .depth = 0 });
}

static void
test_sums(struct check *t)
{
    AUTO(scope_free) struct scope *a = scope_of(500, SCOPE_FINE);
    AUTO(scope_free) struct scope *b = scope_new(2);
    struct scope_entry other = entry_of(7, 2), same = entry_of(7, 1);

    for (uint32_t i = 500; i-- > 0;) {
        struct scope_entry entry = entry_of(i, 1);
        scope_add(b, &entry);
    }
    struct scope_sum was = all_of(a), there = all_of(b);
    CHECK(t, "the order and the depth say nothing", scope_sum_is_equal(&was, &there));
    scope_drop(a, &same);
    struct scope_sum less = all_of(a);
    CHECK(t, "one less is another sum", less.count == 499 && !scope_sum_is_equal(&was, &less));
    scope_add(a, &other);
    struct scope_sum moved = all_of(a);
    CHECK(t, "another position is another sum of as many",
          moved.count == 500 && !scope_sum_is_equal(&was, &moved));
    scope_drop(a, &other);
    scope_add(a, &same);
    struct scope_sum again = all_of(a);
    CHECK(t, "and back is what it was", scope_sum_is_equal(&was, &again));
    for (uint32_t i = 0; i < 500; i++) {
        struct scope_entry entry = entry_of(i, 1);
        scope_drop(a, &entry);
    }
    static const struct scope_sum none = { 0 };
    struct scope_sum empty = all_of(a);
    CHECK(t, "without all of them it is nothing", scope_sum_is_equal(&empty, &none));
}

static bool
parts_make_whole(const struct scope *scope, const struct scope_range *range)
{
    struct scope_sum whole = scope_sum_of(scope, range);
    uint64_t count = 0;

    for (uint32_t i = 0; i < SCOPE_PARTS; i++) {
        struct scope_range part = scope_range_child(range, i);
        count += scope_sum_of(scope, &part).count;
    }
    return count == whole.count;
}

static void
test_ranges(struct check *t)
{
    AUTO(scope_free) struct scope *scope = scope_of(2000, SCOPE_FINE);
    struct scope_range range = { .depth = 0 };
    uint8_t first[6], last[6];
    bool fits = true, whole = true;

    for (uint32_t n = 0; n < 2000; n++) {
        struct scope_entry entry = entry_of(n, 1);
        range = (struct scope_range){ .depth = 0 };
        for (uint32_t depth = 0; depth < SCOPE_DEPTH_MAX; depth++) {
            range = scope_range_child(&range, scope_range_digit(&range, &entry.record));
            scope_range_ends(&range, first, last);
            fits = fits && wire_scope_range_has(&range, &entry.record) &&
                   memcmp(first, entry.record.b, 6) <= 0 &&
                   memcmp(last, entry.record.b, 6) >= 0;
        }
        fits = fits && memcmp(first, last, 6) == 0;
    }
    CHECK(t, "a record is in its range at every depth, down to its first six bytes", fits);
    range.prefix ^= 1;
    struct scope_entry entry = entry_of(1999, 1);
    CHECK(t, "and not in the one beside it", !wire_scope_range_has(&range, &entry.record));
    for (uint64_t i = 0; i < 256; i++)
        whole =
            whole && parts_make_whole(scope, &(struct scope_range){ .depth = 2, .prefix = i });
    CHECK(t, "the parts of a range are all of it",
          whole && parts_make_whole(scope, &(struct scope_range){ .depth = 0 }));
}

static void
test_depth(struct check *t)
{
    static const struct {
        const char *why;
        uint32_t count, depth;
    } rows[] = {
        { "nothing needs no depth", 0, 0 }, { "64 need none", 64, 0 },
        { "65 are 16 sums", 65, 1 },        { "1024 are", 1024, 1 },
        { "1025 are 256", 1025, 2 },        { "16385 are 4096", 16385, 3 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(scope_free) struct scope *fine = scope_of(rows[i].count, SCOPE_FINE);
        struct scope_sum before = all_of(fine);
        scope_settle(fine);
        struct scope_sum after = all_of(fine);
        CHECK(t, rows[i].why, scope_depth(fine) == rows[i].depth);
        CHECK(t, "and the same sum", scope_sum_is_equal(&before, &after));
        CHECK(t, "and the same parts",
              rows[i].depth == 0 ||
                  parts_make_whole(fine, &(struct scope_range){ .depth = rows[i].depth - 1 }));
    }
    AUTO(scope_free) struct scope *scope = scope_of(128, 0);
    CHECK(t, "128 in one sum are borne", !scope_is_coarse(scope));
    struct scope_entry more = entry_of(128, 1);
    scope_add(scope, &more);
    CHECK(t, "129 are too many", scope_is_coarse(scope));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "sums", test_sums },
        { "ranges", test_ranges },
        { "depth", test_depth },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
