/* SPDX-License-Identifier: Apache-2.0
 *
 * Expected values come from another implementation (Python's hashlib).
 */
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"

static bool
is_hex(const void *raw, size_t len, const char *hex)
{
    uint8_t want[64];

    return hex_parse(bytes_text(hex), want, len) == STATUS_OK && memcmp(raw, want, len) == 0;
}

static void
test_plain(struct check *t)
{
    struct digest d = digest_plain((struct bytes){ 0 });

    CHECK(t, "nothing has BLAKE2b-256's digest of nothing",
          is_hex(d.b, 32, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"));
    d = digest_plain(bytes_text("abc"));
    CHECK(t, "abc has BLAKE2b-256's digest of abc",
          is_hex(d.b, 32, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"));
    struct revision_id r = digest_revision_id(bytes_text("abc"));
    struct object_id o = digest_object_id(bytes_text("abc"));
    CHECK(t, "ids of revisions and objects have no tag",
          memcmp(r.b, d.b, 32) == 0 && memcmp(o.b, d.b, 32) == 0);
}

static void
test_tagged(struct check *t)
{
    struct bytes parts[] = { bytes_text("ab"), { 0 }, bytes_text("c") };
    struct digest d = digest_tagged("hansa/1/x", parts, COUNT_OF(parts));

    CHECK(t, "the tag goes in front with its length",
          is_hex(d.b, 32, "94f278aadc686c83b81aafc80478cc3bb04c2d2116a9ce0c8b88d6e2b1e32b48"));
    uint8_t many[1000];
    memset(many, 'q', sizeof(many));
    struct bytes one = bytes_of(many, sizeof(many));
    d = digest_tagged("hansa/1/x", &one, 1);
    CHECK(t, "long input has the same rule",
          is_hex(d.b, 32, "008130813247f6ed3f46effcd0db5e1ebf2a43561903f4984d988f2ff05e4d69"));
}

/* Whatever the way inside, digest_tagged is the running digest of the same bytes. */
static void
test_every_length(struct check *t)
{
    uint8_t many[700];
    static const uint8_t tag[] = "\x09hansa/1/x";

    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t)(i * 7);
    for (size_t len = 0; len <= sizeof(many); len++) {
        struct bytes parts[] = { bytes_of(many, len / 3),
                                 bytes_of(many + len / 3, len - len / 3) };
        struct digest d = digest_tagged("hansa/1/x", parts, 2);
        struct digest_state state;
        digest_begin(&state);
        digest_add(&state, bytes_of(tag, 10));
        digest_add(&state, bytes_of(many, len));
        struct digest want = digest_end(&state);
        CHECK(t, "joined parts hash as one message", ID_IS_EQUAL(d, want));
    }
}

static void
test_record_ids(struct check *t)
{
    struct node_id owner;
    uint8_t nonce[16];

    for (uint8_t i = 0; i < 32; i++)
        owner.b[i] = i;
    memcpy(nonce, owner.b, sizeof(nonce));
    struct record_id id = digest_record_id((struct bytes){ 0 }, 2, &owner, nonce);
    CHECK(t, "a record of a common type has the id that the protocol says",
          is_hex(id.b, 32, "7f5810b30a5688ced31440f1f33dfc732434882284c653f4ee771e8b0e7cbef8"));
    id = digest_record_id(bytes_text("own"), 2, &owner, nonce);
    CHECK(t, "and one of a company's own type too",
          is_hex(id.b, 32, "544bf49b25e3d92db57a8d04813ba18aed6e251381bed44bd1af24380dedd4fd"));
}

static void
test_secrets(struct check *t)
{
    uint8_t secret[32], salts[128][16], some[7][16];

    for (uint8_t i = 0; i < 32; i++)
        secret[i] = (uint8_t)(100 + i);
    digest_salts(secret, 128, salts);
    CHECK(t, "salt 0 is as the protocol says",
          is_hex(salts[0], 16, "456bee72f9de9aace5f272fecfdef431"));
    CHECK(t, "salt 5 comes from the second block",
          is_hex(salts[5], 16, "c7423bc1e2b764718d41f6e4e4520405"));
    for (size_t count = 0; count <= 7; count++) {
        memset(some, 0xee, sizeof(some));
        digest_salts(secret, count, some);
        CHECK(t, "fewer salts are the first of many", memcmp(some, salts, count * 16) == 0);
        if (count < 7)
            CHECK(t, "and no more are written", some[count][0] == 0xee);
    }
    struct digest d = digest_keyed(secret, bytes_text("abc"));
    CHECK(t, "a keyed digest is keyed BLAKE2b-256",
          is_hex(d.b, 32, "f8fbca6627cfc34dc03fda86f0421973293e40b8e30c394b78ca67ab03061f22"));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "plain digests", test_plain },
        { "tagged digests", test_tagged },
        { "input of every length", test_every_length },
        { "record ids", test_record_ids },
        { "salts and keyed digests", test_secrets },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
