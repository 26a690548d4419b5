/* SPDX-License-Identifier: Apache-2.0
 *
 * Expected roots come from another implementation (Python's hashlib).
 */
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "tests/check.h"

static uint8_t secret[32];

/* Fields 1 .. count; field i has i bytes of the value i - 1, so that no two are alike. */
static struct field *
many_fields(struct arena *arena, size_t count)
{
    struct field *f = ARENA_ARRAY(arena, struct field, count);

    for (size_t i = 0; i < count; i++) {
        uint8_t *value = ARENA_ARRAY(arena, uint8_t, i);
        memset(value, (int)i, i);
        f[i] = (struct field){ .key.number = (uint32_t)i + 1, .value = bytes_of(value, i) };
    }
    return f;
}

static struct disclosure
full(struct field *fields, size_t count)
{
    struct disclosure d = { .has_secret = true, .fields = fields, .field_count = count };

    memcpy(d.secret, secret, sizeof(d.secret));
    return d;
}

static void
test_roots(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    uint8_t long_value[600];
    struct field three[] = {
        { .key = { .number = 1 }, .value = bytes_text("Ada") },
        { .key = { .number = 3 } },
        { .key = { bytes_text("own"), 1 }, .value = bytes_of(long_value, sizeof(long_value)) },
    };
    const struct {
        const char *why;
        const struct field *fields;
        size_t count;
        const char *root;
    } rows[] = {
        { "a revision without fields still has eight commitments", NULL, 0,
          "90d18446a18dce70bd1998a43d4a5ba2cc42d9146a2ef3c36efb63c6b2a2110c" },
        { "three fields, one empty, one long, one of an own name space", three, 3,
          "728b867708f8588fbf384739a3da3432bc1349ed6c35511d8e9729791d90d2ee" },
        { "nine fields are padded to sixteen", many_fields(arena, 9), 9,
          "1dfe0f38e5d4cb1436615422483c5ca23386195d1d13643adb7602b9cc52adf3" },
        { "the most fields there may be", many_fields(arena, 120), 120,
          "6d868c2ad4c897fb8793d846900ce371932bb109bbfa245a8d66564e1a7f100f" },
    };

    memset(long_value, 'v', sizeof(long_value));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct digest root = commitment_root(secret, rows[i].fields, rows[i].count);
        struct digest want;
        CHECK(t, rows[i].why,
              hex_parse(bytes_text(rows[i].root), want.b, 32) == STATUS_OK &&
                  ID_IS_EQUAL(root, want));
    }
}

static void
test_full_opens(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t count = 0; count <= FIELDS_MAX; count++) {
        struct field *fields = many_fields(arena, count);
        struct digest root = commitment_root(secret, fields, count);
        struct disclosure d = full(fields, count);
        CHECK(t, "a full disclosure opens", commitment_open(&d, &root) == STATUS_OK);
        root.b[31] ^= 1;
        CHECK(t, "and opens nothing else", commitment_open(&d, &root) == STATUS_BAD_SIGNATURE);
    }
}

/* ---- what does not open: each row spoils a good disclosure of twelve fields, two withheld ---- */

static void
spoil_order(struct disclosure *d)
{
    struct field first = d->fields[0];

    d->fields[0] = d->fields[1];
    d->fields[1] = first;
}

static void
spoil_repeat(struct disclosure *d)
{
    d->fields[1] = d->fields[0];
}

static void
spoil_value(struct disclosure *d)
{
    d->fields[3].value = bytes_text("forged");
}

static void
spoil_number(struct disclosure *d)
{
    d->fields[d->field_count - 1].key.number++;
}

static void
spoil_space(struct disclosure *d)
{
    d->fields[d->field_count - 1].key.space = bytes_text("own");
}

static void
spoil_salt(struct disclosure *d)
{
    d->fields[0].salt[15] ^= 1;
}

static void
spoil_no_salt(struct disclosure *d)
{
    d->fields[0].has_salt = false;
}

static void
spoil_secret_too(struct disclosure *d)
{
    d->has_secret = true;
}

static void
spoil_drop_field(struct disclosure *d)
{
    d->field_count--;
}

static void
spoil_drop_withheld(struct disclosure *d)
{
    d->withheld.len -= ID_SIZE;
}

static void
spoil_half_hash(struct disclosure *d)
{
    d->withheld.len -= 1;
}

static void
spoil_withheld_order(struct disclosure *d)
{
    static uint8_t turned[COMMITMENTS_MAX * ID_SIZE];

    memcpy(turned, d->withheld.data, d->withheld.len);
    memcpy(turned, d->withheld.data + ID_SIZE, ID_SIZE);
    memcpy(turned + ID_SIZE, d->withheld.data, ID_SIZE);
    d->withheld.data = turned;
}

static void
spoil_withheld_bit(struct disclosure *d)
{
    static uint8_t turned[COMMITMENTS_MAX * ID_SIZE];

    memcpy(turned, d->withheld.data, d->withheld.len);
    turned[d->withheld.len - 1] ^= 1;
    d->withheld.data = turned;
}

static void
spoil_nothing_left(struct disclosure *d)
{
    d->field_count = 0;
    d->withheld.len = 0;
}

static void
spoil_long_space(struct disclosure *d)
{
    static uint8_t space[NAME_SPACE_MAX + 1] = { 'z' };

    d->fields[d->field_count - 1].key.space = bytes_of(space, sizeof(space));
}

static void
test_what_does_not_open(struct check *t)
{
    static const struct {
        const char *why;
        void (*spoil)(struct disclosure *);
        enum status want;
    } rows[] = {
        { "a forged value", spoil_value, STATUS_BAD_SIGNATURE },
        { "another field number", spoil_number, STATUS_BAD_SIGNATURE },
        { "another name space", spoil_space, STATUS_BAD_SIGNATURE },
        { "another salt", spoil_salt, STATUS_BAD_SIGNATURE },
        { "a changed commitment", spoil_withheld_bit, STATUS_BAD_SIGNATURE },
        { "fields out of order", spoil_order, STATUS_MALFORMED },
        { "a field twice", spoil_repeat, STATUS_MALFORMED },
        { "a field without its salt", spoil_no_salt, STATUS_MALFORMED },
        { "a secret beside salts", spoil_secret_too, STATUS_MALFORMED },
        { "a field left out", spoil_drop_field, STATUS_MALFORMED },
        { "a commitment left out", spoil_drop_withheld, STATUS_MALFORMED },
        { "half a hash", spoil_half_hash, STATUS_MALFORMED },
        { "commitments out of order", spoil_withheld_order, STATUS_MALFORMED },
        { "nothing at all", spoil_nothing_left, STATUS_MALFORMED },
        { "a name space over its limit", spoil_long_space, STATUS_MALFORMED },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct field *fields = many_fields(arena, 12);
        struct digest root = commitment_root(secret, fields, 12);
        struct disclosure from = full(fields, 12), narrowed;
        bool keep[12] = { true,  true, true, true, false, true,
                          false, true, true, true, true,  true };
        commitment_narrow(&from, keep, arena, &narrowed);
        CHECK(t, "unspoiled it opens", commitment_open(&narrowed, &root) == STATUS_OK);
        rows[i].spoil(&narrowed);
        CHECK(t, rows[i].why, commitment_open(&narrowed, &root) == rows[i].want);
    }
}

/* A disclosed field whose commitment also stands among the withheld counts twice. */
static void
test_field_also_withheld(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct field *fields = many_fields(arena, 9);
    struct digest root = commitment_root(secret, fields, 9);
    struct disclosure from = full(fields, 9), some, none;
    bool keep[9] = { true };
    bool drop[9] = { false };

    commitment_narrow(&from, keep, arena, &some);
    commitment_narrow(&from, drop, arena, &none);
    const uint8_t *from_some = some.withheld.data;
    some.withheld = none.withheld;
    CHECK(t, "17 of 16 commitments are refused",
          commitment_open(&some, &root) == STATUS_MALFORMED);
    /* leave out another one so that the total is right again: now one commitment stands twice */
    bool is_first = memcmp(none.withheld.data, from_some, ID_SIZE) != 0;
    if (!is_first)
        some.withheld.data += ID_SIZE;
    some.withheld.len -= ID_SIZE;
    CHECK(t, "a field that is also withheld is refused",
          commitment_open(&some, &root) == STATUS_MALFORMED);
}

static void
test_limits(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct digest root = { 0 };
    struct disclosure at = full(many_fields(arena, FIELDS_MAX), FIELDS_MAX);
    struct disclosure over = full(many_fields(arena, FIELDS_MAX + 1), FIELDS_MAX + 1);

    CHECK(t, "120 fields are judged", commitment_open(&at, &root) == STATUS_BAD_SIGNATURE);
    CHECK(t, "121 fields are refused", commitment_open(&over, &root) == STATUS_MALFORMED);
    static const struct {
        size_t withheld;
        enum status want;
    } rows[] = {
        { 0, STATUS_MALFORMED },   { 7, STATUS_MALFORMED },   { 8, STATUS_BAD_SIGNATURE },
        { 9, STATUS_MALFORMED },   { 127, STATUS_MALFORMED }, { 128, STATUS_BAD_SIGNATURE },
        { 129, STATUS_MALFORMED }, { 136, STATUS_MALFORMED },
    };
    struct digest hashes[136] = { 0 };
    for (size_t i = 0; i < COUNT_OF(hashes); i++)
        hashes[i].b[0] = (uint8_t)i;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct disclosure d = { .withheld = bytes_of(hashes, rows[i].withheld * ID_SIZE) };
        CHECK(t, "a total is a multiple of 8 between 8 and 128",
              commitment_open(&d, &root) == rows[i].want);
    }
}

static void
test_salts_are_those_of_the_secret(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct field *fields = many_fields(arena, 13);
    struct digest root = commitment_root(secret, fields, 13);
    struct disclosure from = full(fields, 13), narrowed;
    bool keep[13] = { true, true };

    commitment_narrow(&from, keep, arena, &narrowed);
    CHECK(t, "narrowing leaves the original alone",
          !fields[0].has_salt && from.field_count == 13 &&
              commitment_open(&from, &root) == STATUS_OK);
    commitment_salts(secret, fields, 13);
    CHECK(t, "a narrowed field has the salt that the secret gives",
          memcmp(narrowed.fields[1].salt, fields[1].salt, 16) == 0 && fields[12].has_salt);
    CHECK(t, "and the secret is gone",
          !narrowed.has_secret && ids_is_zero(narrowed.secret, 32));
}

static void
test_secret_beside_withheld(struct check *t)
{
    struct digest root = commitment_root(secret, NULL, 0);
    struct disclosure d = full(NULL, 0);
    static const struct digest one;

    CHECK(t, "a secret opens", commitment_open(&d, &root) == STATUS_OK);
    d.withheld = bytes_of(one.b, ID_SIZE);
    CHECK(t, "a secret beside withheld commitments is refused",
          commitment_open(&d, &root) == STATUS_MALFORMED);
}

static void
test_keeping_all(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct field *fields = many_fields(arena, 3);
    struct disclosure from = full(fields, 3), out;
    bool keep[3] = { true, true, true };

    commitment_narrow(&from, keep, arena, &out);
    CHECK(t, "keeping every field keeps the secret",
          out.has_secret && out.field_count == 3 && out.withheld.len == 0 &&
              out.fields == fields);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "roots are those of the protocol", test_roots },
        { "every number of fields opens", test_full_opens },
        { "what does not open", test_what_does_not_open },
        { "a field that is also withheld", test_field_also_withheld },
        { "limits", test_limits },
        { "narrowing uses the salts of the secret", test_salts_are_those_of_the_secret },
        { "a secret beside withheld commitments", test_secret_beside_withheld },
        { "keeping all", test_keeping_all },
    };

    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)(100 + i);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
