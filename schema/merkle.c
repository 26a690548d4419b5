/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/merkle.c - RFC 6962 tree shape over BLAKE2b-256. Subtrees are stretches [low, low +
 * count) of the leaves; recursion goes as deep as the tree is high, at most MERKLE_PATH_MAX.
 */
#include "schema/merkle.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"

static struct digest
node_hash(const struct digest *left, const struct digest *right)
{
    uint8_t joined[1 + 2 * ID_SIZE] = { 1 };

    memcpy(joined + 1, left->b, ID_SIZE);
    memcpy(joined + 1 + ID_SIZE, right->b, ID_SIZE);
    return digest_plain(bytes_of(joined, sizeof(joined)));
}

struct digest
merkle_leaf(const struct revision_id *revision)
{
    uint8_t joined[1 + ID_SIZE] = { 0 };

    memcpy(joined + 1, revision->b, ID_SIZE);
    return digest_plain(bytes_of(joined, sizeof(joined)));
}

/* The largest power of two smaller than count; count >= 2. */
static size_t
split_of(size_t count)
{
    size_t half = 1;

    while (half * 2 < count)
        half *= 2;
    return half;
}

struct digest
merkle_root(const struct digest *leaves, size_t count)
{
    assert(count >= 1 && count <= BATCH_MAX);
    if (count == 1)
        return leaves[0];
    size_t half = split_of(count);
    struct digest left = merkle_root(leaves, half);
    struct digest right = merkle_root(leaves + half, count - half);
    return node_hash(&left, &right);
}

bool
merkle_is_run(size_t size, size_t first, size_t count)
{
    if (size < 1 || size > BATCH_MAX || first >= size || count < 1 || count > size - first)
        return false;
    size_t whole = count == 1 ? 1 : 2 * split_of(count);
    return first % whole == 0 && (count == whole || first + count == size);
}

size_t
merkle_run_length(size_t size, size_t first, size_t last, size_t most)
{
    size_t limit = last - first + 1 < most ? last - first + 1 : most;

    assert(size <= BATCH_MAX && first <= last && last < size && most >= 1);
    for (size_t whole = BATCH_MAX; whole > 1; whole /= 2) {
        size_t count = whole < size - first ? whole : size - first;
        if (first % whole == 0 && count <= limit)
            return count;
    }
    return 1;
}

/* One step on the way down from the batch to a run. */
struct step {
    size_t low, count; /* the sibling */
    bool is_left;      /* the sibling is the left one */
};

/* Steps from the top; returns how many. */
static size_t
descend(size_t size, size_t first, size_t count, struct step steps[static MERKLE_PATH_MAX])
{
    size_t low = 0, width = size, depth = 0;

    while (low != first || width != count) {
        size_t half = split_of(width);
        bool is_right = first >= low + half;
        assert(depth < MERKLE_PATH_MAX);
        steps[depth++] = is_right ? (struct step){ low, half, true }
                                  : (struct step){ low + half, width - half, false };
        low = is_right ? low + half : low;
        width = is_right ? width - half : half;
    }
    return depth;
}

void
merkle_path(const struct digest *leaves, size_t size, size_t first, size_t count,
            struct digest path[static MERKLE_PATH_MAX], size_t *steps)
{
    struct step down[MERKLE_PATH_MAX];

    assert(merkle_is_run(size, first, count));
    *steps = descend(size, first, count, down);
    for (size_t i = 0; i < *steps; i++) {
        const struct step *s = &down[*steps - 1 - i];
        path[i] = merkle_root(leaves + s->low, s->count);
    }
}

enum status
merkle_climb(const struct digest *run_leaves, size_t size, size_t first, size_t count,
             struct bytes path, struct digest *root)
{
    struct step down[MERKLE_PATH_MAX];

    *root = (struct digest){ 0 };
    if (!merkle_is_run(size, first, count))
        return STATUS_MALFORMED;
    size_t steps = descend(size, first, count, down);
    if (path.len != steps * ID_SIZE)
        return STATUS_MALFORMED;

    struct reader r = reader_of(path);
    struct digest here = merkle_root(run_leaves, count);
    for (size_t i = steps; i > 0; i--) {
        struct digest sibling;
        reader_copy(&r, sibling.b, sizeof(sibling.b));
        here = down[i - 1].is_left ? node_hash(&sibling, &here) : node_hash(&here, &sibling);
    }
    *root = here;
    return STATUS_OK;
}
