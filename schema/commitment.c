/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/commitment.c - field commitments: making, opening, narrowing.
 *
 * Commitments of one revision are kept in a struct set, always ascending; 128 of 32 bytes are
 * cheaper to keep in order by insertion than to sort through pointers.
 */
#include "schema/commitment.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

struct set {
    struct digest items[COMMITMENTS_MAX];
    size_t count;
};

/* False when it is in already. */
static bool
set_add(struct set *set, const struct digest *item)
{
    size_t low = 0, high = set->count;

    assert(set->count < COMMITMENTS_MAX);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(set->items[middle].b, item->b, ID_SIZE);
        if (order == 0)
            return false;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(&set->items[low + 1], &set->items[low], (set->count - low) * ID_SIZE);
    set->items[low] = *item;
    set->count++;
    return true;
}

static struct digest
set_root(const struct set *set)
{
    struct bytes all = bytes_of(set->items, set->count * ID_SIZE);

    return digest_tagged("hansa/1/commitments", &all, 1);
}

static struct digest
field_commitment(const uint8_t salt[static 16], const struct field *field)
{
    uint8_t space_len = (uint8_t)field->key.space.len;
    uint8_t number[4];

    put_u32(number, field->key.number);
    struct bytes parts[] = { bytes_of(salt, 16), bytes_of(&space_len, 1), field->key.space,
                             bytes_of(number, sizeof(number)), field->value };
    return digest_tagged("hansa/1/field", parts, COUNT_OF(parts));
}

static struct digest
pad_commitment(const uint8_t salt[static 16])
{
    struct bytes part = bytes_of(salt, 16);

    return digest_tagged("hansa/1/pad", &part, 1);
}

/* n rounded up to a multiple of 8, at least 8. */
static size_t
padded(size_t count)
{
    return count == 0 ? COMMITMENTS_PAD
                      : (count + COMMITMENTS_PAD - 1) / COMMITMENTS_PAD * COMMITMENTS_PAD;
}

/* All commitments under a secret. False when two are equal, which no honest hash gives. */
static bool
set_of_secret(const uint8_t secret[static 32], const struct field *fields, size_t count,
              struct set *set)
{
    uint8_t salts[COMMITMENTS_MAX][16];
    size_t total = padded(count);

    set->count = 0;
    digest_salts(secret, total, salts);
    for (size_t i = 0; i < total; i++) {
        struct digest c =
            i < count ? field_commitment(salts[i], &fields[i]) : pad_commitment(salts[i]);
        if (!set_add(set, &c))
            return false;
    }
    return true;
}

struct digest
commitment_root(const uint8_t secret[static 32], const struct field *fields, size_t count)
{
    struct set set;

    assert(count <= FIELDS_MAX);
    bool is_set = set_of_secret(secret, fields, count, &set);
    assert(is_set);
    return set_root(&set);
}

/* Ascending, without repetition, key within its limits, a salt exactly where one must be. */
static bool
are_fields_sound(const struct disclosure *shown)
{
    if (shown->field_count > FIELDS_MAX)
        return false;
    for (size_t i = 0; i < shown->field_count; i++) {
        const struct field *f = &shown->fields[i];
        if (f->has_salt == shown->has_secret || f->key.space.len > NAME_SPACE_MAX)
            return false;
        if (i > 0 && key_compare(shown->fields[i - 1].key, f->key) >= 0)
            return false;
    }
    return true;
}

/* Narrowed form: disclosed and withheld commitments together. */
static bool
set_of_parts(const struct disclosure *shown, struct set *set)
{
    size_t withheld = shown->withheld.len / ID_SIZE;
    struct reader r = reader_of(shown->withheld);

    set->count = 0;
    if (withheld * ID_SIZE != shown->withheld.len || withheld > COMMITMENTS_MAX)
        return false;
    size_t total = withheld + shown->field_count;
    if (total == 0 || total > COMMITMENTS_MAX || total % COMMITMENTS_PAD != 0)
        return false;
    for (size_t i = 0; i < withheld; i++) {
        reader_copy(&r, set->items[i].b, ID_SIZE);
        if (i > 0 && memcmp(set->items[i - 1].b, set->items[i].b, ID_SIZE) >= 0)
            return false;
    }
    set->count = withheld;
    for (size_t i = 0; i < shown->field_count; i++) {
        struct digest c = field_commitment(shown->fields[i].salt, &shown->fields[i]);
        if (!set_add(set, &c))
            return false;
    }
    return true;
}

enum status
commitment_open(const struct disclosure *shown, const struct digest *root)
{
    struct set set;

    if (!are_fields_sound(shown) || (shown->has_secret && shown->withheld.len > 0))
        return STATUS_MALFORMED;
    bool is_set = shown->has_secret
                      ? set_of_secret(shown->secret, shown->fields, shown->field_count, &set)
                      : set_of_parts(shown, &set);
    if (!is_set)
        return STATUS_MALFORMED;
    struct digest found = set_root(&set);
    return ID_IS_EQUAL(found, *root) ? STATUS_OK : STATUS_BAD_SIGNATURE;
}

void
commitment_salts(const uint8_t secret[static 32], struct field *fields, size_t count)
{
    uint8_t salts[COMMITMENTS_MAX][16];

    assert(count <= FIELDS_MAX);
    digest_salts(secret, count, salts);
    for (size_t i = 0; i < count; i++) {
        fields[i].has_salt = true;
        memcpy(fields[i].salt, salts[i], sizeof(fields[i].salt));
    }
}

/* Everything of a full disclosure with its salt; the pads go to the withheld at once. */
static void
spell_out(const struct disclosure *from, struct field *fields, struct set *withheld)
{
    uint8_t salts[COMMITMENTS_MAX][16];
    size_t total = padded(from->field_count);

    digest_salts(from->secret, total, salts);
    for (size_t i = 0; i < total; i++) {
        if (i < from->field_count) {
            fields[i].has_salt = true;
            memcpy(fields[i].salt, salts[i], sizeof(fields[i].salt));
        } else {
            struct digest pad = pad_commitment(salts[i]);
            (void)set_add(withheld, &pad);
        }
    }
}

static bool
are_all_kept(const bool *keep, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!keep[i])
            return false;
    return true;
}

void
commitment_narrow(const struct disclosure *from, const bool *keep, struct arena *arena,
                  struct disclosure *out)
{
    struct set withheld = { .count = from->withheld.len / ID_SIZE };

    assert(from->field_count <= FIELDS_MAX &&
           withheld.count + from->field_count <= COMMITMENTS_MAX);
    if (are_all_kept(keep, from->field_count)) {
        *out = *from;
        return;
    }
    struct field *fields = ARENA_ARRAY(arena, struct field, from->field_count);
    memcpy(fields, from->fields, from->field_count * sizeof(*fields));
    if (withheld.count > 0)
        memcpy(withheld.items, from->withheld.data, from->withheld.len);
    if (from->has_secret)
        spell_out(from, fields, &withheld);

    *out = (struct disclosure){ .revision = from->revision, .fields = fields };
    for (size_t i = 0; i < from->field_count; i++) {
        if (keep[i]) {
            fields[out->field_count++] = fields[i];
            continue;
        }
        struct digest c = field_commitment(fields[i].salt, &fields[i]);
        (void)set_add(&withheld, &c);
    }
    out->withheld = arena_copy(arena, bytes_of(withheld.items, withheld.count * ID_SIZE));
}
