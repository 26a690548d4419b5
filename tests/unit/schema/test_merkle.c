/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/merkle.h"
#include "tests/check.h"

static struct digest leaves[BATCH_MAX];

static void
fill_leaves(void)
{
    for (uint32_t i = 0; i < BATCH_MAX; i++) {
        struct revision_id id = { .b = { 7 } };
        put_u32(id.b + 4, i);
        leaves[i] = merkle_leaf(&id);
    }
}

static struct digest
join(struct digest left, struct digest right)
{
    uint8_t raw[65] = { 1 };

    memcpy(raw + 1, left.b, 32);
    memcpy(raw + 33, right.b, 32);
    return digest_plain(bytes_of(raw, sizeof(raw)));
}

static void
test_shape(struct check *t)
{
    const struct digest *l = leaves;
    uint8_t raw[33] = { 0 };
    struct revision_id id = { .b = { 9, 9 } };

    memcpy(raw + 1, id.b, 32);
    struct digest by_hand = digest_plain(bytes_of(raw, sizeof(raw)));
    struct digest leaf = merkle_leaf(&id);
    CHECK(t, "a leaf is the digest of 0x00 and the revision id", ID_IS_EQUAL(leaf, by_hand));
    struct digest root = merkle_root(l, 1);
    CHECK(t, "the root of one leaf is the leaf", ID_IS_EQUAL(root, l[0]));
    root = merkle_root(l, 2);
    struct digest two = join(l[0], l[1]);
    CHECK(t, "two leaves are joined under 0x01", ID_IS_EQUAL(root, two));
    root = merkle_root(l, 3);
    struct digest three = join(two, l[2]);
    CHECK(t, "three leaves split two to one", ID_IS_EQUAL(root, three));
    root = merkle_root(l, 7);
    struct digest four = join(two, join(l[2], l[3]));
    struct digest seven = join(four, join(join(l[4], l[5]), l[6]));
    CHECK(t, "seven leaves split four to three, as RFC 6962 says", ID_IS_EQUAL(root, seven));
}

static void
check_stretch(struct check *t, size_t size, size_t first, size_t count)
{
    struct digest root = merkle_root(leaves, size), path[MERKLE_PATH_MAX], found;
    size_t steps = 0;

    if (!merkle_is_run(size, first, count)) {
        CHECK(t, "what is no run does not climb",
              merkle_climb(leaves + first, size, first, count, (struct bytes){ 0 }, &found) ==
                  STATUS_MALFORMED);
        return;
    }
    merkle_path(leaves, size, first, count, path, &steps);
    enum status s =
        merkle_climb(leaves + first, size, first, count, bytes_of(path, steps * 32), &found);
    CHECK(t, "a run climbs to the batch root", s == STATUS_OK && ID_IS_EQUAL(found, root));
}

/* Every stretch of every small batch: a run climbs to the root, nothing else climbs at all. */
static void
test_all_small_batches(struct check *t)
{
    for (size_t size = 1; size <= 40; size++)
        for (size_t first = 0; first < size; first++)
            for (size_t count = 1; first + count <= size; count++)
                check_stretch(t, size, first, count);
}

static void
test_runs_as_written(struct check *t)
{
    static const struct {
        const char *why;
        size_t size, first, count;
        bool is_run;
    } rows[] = {
        { "a whole batch is a run", 5, 0, 5, true },
        { "a single leaf is a run", 5, 3, 1, true },
        { "an aligned pair is a run", 5, 2, 2, true },
        { "an unaligned pair is none", 5, 1, 2, false },
        { "the ragged end is a run", 7, 4, 3, true },
        { "three in the middle are none", 8, 4, 3, false },
        { "three from the start that do not end the batch are none", 5, 0, 3, false },
        { "nothing is no run", 5, 0, 0, false },
        { "past the end is no run", 5, 4, 2, false },
        { "first at the size is no run", 5, 5, 1, false },
        { "an empty batch has no run", 0, 0, 0, false },
        { "a count that wraps is no run", 5, 4, SIZE_MAX, false },
        { "the largest batch is a run", BATCH_MAX, 0, BATCH_MAX, true },
        { "one leaf more than the largest batch is none", BATCH_MAX + 1, 0, BATCH_MAX + 1,
          false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              merkle_is_run(rows[i].size, rows[i].first, rows[i].count) == rows[i].is_run);
}

static void
test_wrong_paths(struct check *t)
{
    struct digest path[MERKLE_PATH_MAX + 1] = { 0 }, found;
    size_t steps = 0;
    struct digest root = merkle_root(leaves, BATCH_MAX);

    merkle_path(leaves, BATCH_MAX, 12345, 1, path, &steps);
    CHECK(t, "one leaf of the largest batch takes 16 steps", steps == MERKLE_PATH_MAX);
    CHECK(t, "and climbs to its root",
          merkle_climb(leaves + 12345, BATCH_MAX, 12345, 1, bytes_of(path, 16 * 32), &found) ==
                  STATUS_OK &&
              ID_IS_EQUAL(found, root));
    for (size_t len = 0; len <= sizeof(path); len++)
        if (len != 16 * 32)
            CHECK(t, "a path of another length is refused",
                  merkle_climb(leaves + 12345, BATCH_MAX, 12345, 1, bytes_of(path, len),
                               &found) == STATUS_MALFORMED);
    CHECK(t, "another place in the batch gives another root",
          merkle_climb(leaves + 12345, BATCH_MAX, 12344, 1, bytes_of(path, 16 * 32), &found) ==
                  STATUS_OK &&
              !ID_IS_EQUAL(found, root));
    path[3].b[5] ^= 1;
    CHECK(t, "a changed step gives another root",
          merkle_climb(leaves + 12345, BATCH_MAX, 12345, 1, bytes_of(path, 16 * 32), &found) ==
                  STATUS_OK &&
              !ID_IS_EQUAL(found, root));
}

/* The longest run by trying all. */
static size_t
longest_run(size_t size, size_t first, size_t last, size_t most)
{
    size_t best = 0;

    for (size_t count = 1; count <= most && first + count - 1 <= last; count++)
        if (merkle_is_run(size, first, count))
            best = count;
    return best;
}

static void
test_cutting(struct check *t)
{
    for (size_t size = 1; size <= 20; size++)
        for (size_t first = 0; first < size; first++)
            for (size_t last = first; last < size; last++)
                for (size_t most = 1; most <= 9; most++)
                    CHECK(t, "the longest run is found",
                          merkle_run_length(size, first, last, most) ==
                              longest_run(size, first, last, most));
    size_t runs = 0;
    for (size_t at = 0; at < 1000; runs++)
        at += merkle_run_length(1000, at, 999, RUN_ITEMS_MAX);
    CHECK(t, "a batch of 1000 goes in 16 runs of at most 64", runs == 16);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "the tree has the shape of RFC 6962", test_shape },
        { "every run of every small batch climbs to its root", test_all_small_batches },
        { "what is a run", test_runs_as_written },
        { "wrong paths", test_wrong_paths },
        { "a selection is cut into the longest runs", test_cutting },
    };

    fill_leaves();
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
