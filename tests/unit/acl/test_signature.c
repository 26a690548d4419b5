/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>

#include "acl/signature.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"
#include "tests/samples.h"

static struct sample_world world;

static void
test_type_and_bytes_are_signed(struct check *t)
{
    struct bytes body = bytes_text("body");
    const struct sample_company *acme = &world.companies[0], *brio = &world.companies[1];

    for (int made = 0; made < SIGN_COUNT_; made++) {
        struct signature s = sample_sign(acme, (enum sign_type)made, body);
        for (int asked = 0; asked < SIGN_COUNT_; asked++)
            CHECK(t, "a signature holds for the type that it was made for and no other",
                  (signature_verify((enum sign_type)asked, &acme->key, body, &s) ==
                   STATUS_OK) == (made == asked));
        CHECK(t, "not under another key",
              signature_verify((enum sign_type)made, &brio->key, body, &s) ==
                  STATUS_BAD_SIGNATURE);
        CHECK(t, "not for a shorter body",
              signature_verify((enum sign_type)made, &acme->key, bytes_of(body.data, 3), &s) ==
                  STATUS_BAD_SIGNATURE);
    }
}

static void
test_every_bit_counts(struct check *t)
{
    struct bytes body = bytes_text("body");
    const struct sample_company *acme = &world.companies[0];
    struct signature good = sample_sign(acme, SIGN_OFFER, body);

    for (size_t bit = 0; bit < 512; bit++) {
        struct signature s = good;
        s.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(t, "a signature with one bit changed is refused",
              signature_verify(SIGN_OFFER, &acme->key, body, &s) == STATUS_BAD_SIGNATURE);
    }
}

/* S + L verifies under the bare equation; RFC 8032 and we refuse it. */
static void
test_malleability(struct check *t)
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                       0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                       0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
    const struct sample_company *acme = &world.companies[0];
    struct signature s = sample_sign(acme, SIGN_OFFER, bytes_text("body"));
    unsigned carry = 0;

    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)s.b[32 + i] + order[i];
        s.b[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK(t, "an S that is not reduced is refused",
          signature_verify(SIGN_OFFER, &acme->key, bytes_text("body"), &s) ==
              STATUS_BAD_SIGNATURE);
}

static void
test_small_order(struct check *t)
{
    /* the neutral element and a point of order two verify anything under the bare equation */
    static const struct sign_key keys[] = {
        { { 1 } },
        { { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f } },
        { { 0 } }
    };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct signature s = { .b = { 1 } }; /* R neutral, S zero */
        CHECK(t, "a key of small order is refused",
              signature_verify(SIGN_OFFER, &keys[i], bytes_text("any"), &s) ==
                  STATUS_BAD_SIGNATURE);
    }
}

static void
test_message(struct check *t)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    signature_message(SIGN_GRANT, bytes_text("xy"), &out);
    CHECK(t, "tag and body stand with their lengths",
          bytes_is_equal(buffer_bytes(&out), bytes_of("\x0dhansa/1/grant\0\0\0\2xy", 20)));
    for (int i = 0; i < SIGN_COUNT_; i++)
        for (int k = 0; k < i; k++)
            CHECK(t, "no two types have one tag",
                  strcmp(sign_type_tag((enum sign_type)i), sign_type_tag((enum sign_type)k)) !=
                      0);
    uint8_t batch[68];
    struct node_id owner = { .b = { [31] = 7 } };
    struct digest root = { .b = { 9 } };
    signature_batch_body(&owner, 0x01020304, &root, batch);
    CHECK(t, "a batch body is owner, size, root",
          batch[31] == 7 && batch[32] == 1 && batch[35] == 4 && batch[36] == 9 &&
              batch[67] == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "type and bytes are signed", test_type_and_bytes_are_signed },
        { "every bit counts", test_every_bit_counts },
        { "malleability", test_malleability },
        { "small order", test_small_order },
        { "the signed message", test_message },
    };

    if (sodium_init() < 0)
        return 1;
    sample_world_init(&world);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
