/* SPDX-License-Identifier: Apache-2.0
 *
 * Boxes of docs/protocol/sealed.md: what is closed opens again, at every length that matters; nothing of header or box can
 * be changed; what an author packs wrongly is refused. Wrapped keys are opened by libsodium here, by the key program in
 * tests/net/test_key.py.
 */
#include "federation/seal.h"

#include <sodium.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"

enum { KIND = 32, BODY_MAX = SEAL_ROOM - SEAL_HEAD };

static const struct content_key content_key = { .b = { 7, 7, 7 } };
static struct handle there[] = { { { 1 } }, { { 2 } } }, gone[] = { { { 3 } } };

static struct sealed
header_of(void)
{
    return (struct sealed){ .author = { { 0xce } },
                            .audience = { { 0xac } },
                            .grant = { { 0x67 } },
                            .epoch = 3,
                            .incarnation = 2,
                            .number = 300,
                            .handles = there,
                            .handle_count = COUNT_OF(there),
                            .gone = gone,
                            .gone_count = COUNT_OF(gone),
                            .nonce = { 9 } };
}

static enum status
open_box(const struct sealed *header, struct bytes box)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes body;
    uint8_t kind;
    enum status s = seal_open(&content_key, header, box, arena, &kind, &body);

    return s != STATUS_OK && (kind != 0 || body.len != 0) ? STATUS_INTERNAL : s;
}

static void
test_lengths(struct check *t)
{
    static const size_t lengths[] = { 0,
                                      1,
                                      SEAL_PAD - SEAL_HEAD - 1,
                                      SEAL_PAD - SEAL_HEAD,
                                      SEAL_PAD - SEAL_HEAD + 1,
                                      2 * SEAL_PAD - SEAL_HEAD,
                                      BODY_MAX - 1,
                                      BODY_MAX };

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sealed header = header_of();
        struct bytes body, in = bytes_of(arena_alloc(arena, lengths[i] + 1), lengths[i]);
        uint8_t kind;
        memset((void *)(uintptr_t)in.data, 0x5a, in.len);
        struct bytes box = seal_close(&content_key, &header, KIND, in, arena);
        size_t plain = (lengths[i] + SEAL_HEAD + SEAL_PAD - 1) / SEAL_PAD * SEAL_PAD;
        CHECK(t, "a box is a multiple of the padding and a tag",
              box.len == plain + SEAL_TAG_SIZE);
        CHECK(t, "and fits a message",
              box.len <= SEAL_ROOM + SEAL_TAG_SIZE &&
                  box.len + SEAL_HEADER_MAX <= MESSAGE_BODY_MAX);
        struct digest named = digest_plain(box);
        CHECK(t, "the header names it", ID_IS_EQUAL(named, header.box));
        CHECK(t, "it opens",
              seal_open(&content_key, &header, box, arena, &kind, &body) == STATUS_OK);
        CHECK(t, "as what it was", kind == KIND && bytes_is_equal(body, in));
    }
}

/* The last body that fits goes through the codec of the message; a block more does not (test_wire_return.c). */
static void
test_room(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct sealed header = header_of();
    struct handle many[2 * RUN_ITEMS_MAX] = { 0 };
    struct sealed_body out = { 0 }, *in;
    uint8_t *zeros = arena_alloc(arena, BODY_MAX);

    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i].b[0] = (uint8_t)(i % RUN_ITEMS_MAX);
    header.handles = many;
    header.gone = many + RUN_ITEMS_MAX;
    header.handle_count = header.gone_count = RUN_ITEMS_MAX;
    out.box = seal_close(&content_key, &header, KIND, bytes_of(zeros, BODY_MAX), arena);
    out.header.body = wire_sealed_format(&header, arena);
    CHECK(t, "the fullest header has room",
          out.header.body.len + 128 <= SEAL_HEADER_MAX &&
              out.box.len == SEAL_ROOM + SEAL_TAG_SIZE);
    struct bytes raw = wire_sealed_body_format(&out, arena);
    CHECK(t, "the fullest message is one message", raw.len <= MESSAGE_BODY_MAX);
    CHECK(t, "and parses", wire_sealed_body_parse(raw, arena, &in) == STATUS_OK);
    CHECK(t, "and opens", open_box(&header, in->box) == STATUS_OK);
}

/* ---- nothing can be changed ---- */

typedef void spoil_fn(struct sealed *h);

/* clang-format off */
#define SPOIL(name) static void name(struct sealed *h)
SPOIL(nothing)       { (void)h; }
SPOIL(author)        { h->author.b[31] ^= 1; }
SPOIL(audience)      { h->audience.b[0] ^= 1; }
SPOIL(grant)         { h->grant.b[0] ^= 1; }
SPOIL(epoch)         { h->epoch++; }
SPOIL(incarnation)   { h->incarnation++; }
SPOIL(swapped)       { h->epoch = 2; h->incarnation = 3; }
SPOIL(number)        { h->number++; }
SPOIL(high_number)   { h->number |= (uint64_t)1 << 62; }
SPOIL(handle)        { static struct handle other[] = { { { 1 } }, { { 2, 1 } } }; h->handles = other; }
SPOIL(handle_less)   { h->handle_count = 1; }
SPOIL(no_handle)     { h->handle_count = 0; }
SPOIL(gone_other)    { static struct handle other[] = { { { 4 } } }; h->gone = other; }
SPOIL(gone_none)     { h->gone_count = 0; }
SPOIL(moved_to_gone) { static struct handle all[] = { { { 2 } }, { { 3 } } }; h->handle_count = 1; h->gone = all; h->gone_count = 2; }
SPOIL(moved_back)    { static struct handle all[] = { { { 1 } }, { { 2 } }, { { 3 } } }; h->handles = all; h->handle_count = 3; h->gone_count = 0; }
SPOIL(nonce)         { h->nonce[SEAL_NONCE_SIZE - 1] ^= 1; }
SPOIL(box)           { h->box.b[0] ^= 1; }
SPOIL(wrapped)       { h->key[0] ^= 1; }
/* clang-format on */

static void
test_header(struct check *t)
{
    /* clang-format off */
    static const struct { const char *why; spoil_fn *spoil; enum status want; } rows[] = {
        { "untouched it opens", nothing, STATUS_OK },
        { "the wrapped key is the signature's matter", wrapped, STATUS_OK },
        { "another author", author, STATUS_BAD_SIGNATURE },
        { "another audience", audience, STATUS_BAD_SIGNATURE },
        { "another grant", grant, STATUS_BAD_SIGNATURE },
        { "another epoch", epoch, STATUS_BAD_SIGNATURE },
        { "another incarnation", incarnation, STATUS_BAD_SIGNATURE },
        { "epoch and incarnation swapped", swapped, STATUS_BAD_SIGNATURE },
        { "another number", number, STATUS_BAD_SIGNATURE },
        { "another number, far away", high_number, STATUS_BAD_SIGNATURE },
        { "another handle", handle, STATUS_BAD_SIGNATURE },
        { "a handle less", handle_less, STATUS_BAD_SIGNATURE },
        { "no handle", no_handle, STATUS_BAD_SIGNATURE },
        { "another handle gone", gone_other, STATUS_BAD_SIGNATURE },
        { "none gone", gone_none, STATUS_BAD_SIGNATURE },
        { "one there moved to those gone", moved_to_gone, STATUS_BAD_SIGNATURE },
        { "one gone moved to those there", moved_back, STATUS_BAD_SIGNATURE },
        { "another nonce", nonce, STATUS_BAD_SIGNATURE },
        { "another box", box, STATUS_BAD_SIGNATURE },
    };
    /* clang-format on */

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sealed header = header_of();
        struct bytes sealed =
            seal_close(&content_key, &header, KIND, bytes_text("values"), arena);
        rows[i].spoil(&header);
        CHECK(t, rows[i].why, open_box(&header, sealed) == rows[i].want);
    }
}

/* Every bit of a box: the enciphered kind, length, body, padding, and the tag. */
static void
test_box(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct sealed header = header_of();
    struct bytes sealed = seal_close(&content_key, &header, KIND, bytes_text("values"), arena);
    size_t opened = 0, believed = 0;

    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        uint8_t wrong[SEAL_PAD + SEAL_TAG_SIZE];
        memcpy(wrong, sealed.data, sealed.len);
        wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct bytes changed = bytes_of(wrong, sizeof(wrong));
        believed += open_box(&header, changed) != STATUS_BAD_SIGNATURE;
        struct sealed follows = header;
        follows.box = digest_plain(changed);
        opened += open_box(&follows, changed) != STATUS_BAD_SIGNATURE;
    }
    CHECK(t, "a changed box is not the header's", believed == 0);
    CHECK(t, "and does not open when the digest follows", opened == 0);
    for (size_t len = 0; len < sealed.len; len++) {
        struct sealed follows = header;
        follows.box = digest_plain(bytes_of(sealed.data, len));
        opened += open_box(&follows, bytes_of(sealed.data, len)) != STATUS_BAD_SIGNATURE;
    }
    CHECK(t, "nor when it is cut short", opened == 0);
    struct content_key other = { .b = { 7, 7, 6 } };
    struct bytes body;
    uint8_t kind;
    CHECK(t, "another content key opens nothing",
          seal_open(&other, &header, sealed, arena, &kind, &body) == STATUS_BAD_SIGNATURE);
}

/* ---- an author who packs wrongly: made here without seal_close ---- */

static struct digest
bound(const struct sealed *h)
{
    AUTO(buffer_fini) struct buffer all = { 0 };

    buffer_put_bytes(&all, bytes_of(h->author.b, ID_SIZE));
    buffer_put_bytes(&all, bytes_of(h->audience.b, ID_SIZE));
    buffer_put_bytes(&all, bytes_of(h->grant.b, ID_SIZE));
    buffer_put_u32(&all, h->epoch);
    buffer_put_u32(&all, h->incarnation);
    buffer_put_u64(&all, h->number);
    buffer_put_u32(&all, (uint32_t)h->handle_count);
    buffer_put_u32(&all, (uint32_t)h->gone_count);
    for (size_t i = 0; i < h->handle_count; i++)
        buffer_put_bytes(&all, bytes_of(h->handles[i].b, HANDLE_SIZE));
    for (size_t i = 0; i < h->gone_count; i++)
        buffer_put_bytes(&all, bytes_of(h->gone[i].b, HANDLE_SIZE));
    struct bytes part = buffer_bytes(&all);
    return digest_tagged("hansa/1/seal", &part, 1);
}

static void
test_padding(struct check *t)
{
    /* clang-format off */
    static const struct {
        const char *why;
        uint32_t len;
        size_t plain, stain; /* the byte there is 1; 0: none */
        enum status want;
    } rows[] = {
        { "nothing but padding", 0, SEAL_PAD, 0, STATUS_OK },
        { "no padding", SEAL_PAD - SEAL_HEAD, SEAL_PAD, 0, STATUS_OK },
        { "a length one beyond the end", SEAL_PAD - SEAL_HEAD + 1, SEAL_PAD, 0, STATUS_MALFORMED },
        { "a length far beyond the end", UINT32_MAX, SEAL_PAD, 0, STATUS_MALFORMED },
        { "255 bytes of padding", SEAL_PAD - SEAL_HEAD + 1, 2 * SEAL_PAD, 0, STATUS_OK },
        { "256 bytes of padding", SEAL_PAD - SEAL_HEAD, 2 * SEAL_PAD, 0, STATUS_MALFORMED },
        { "a first byte of padding that is not zero", 3, SEAL_PAD, SEAL_HEAD + 3, STATUS_MALFORMED },
        { "a last byte of padding that is not zero", 3, SEAL_PAD, SEAL_PAD - 1, STATUS_MALFORMED },
        { "the last byte of a body may be anything", 3, SEAL_PAD, SEAL_HEAD + 2, STATUS_OK },
    };
    /* clang-format on */

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t plain[2 * SEAL_PAD] = { KIND }, raw[sizeof(plain) + SEAL_TAG_SIZE];
        struct sealed header = header_of();
        struct digest with = bound(&header);
        put_u32(plain + 1, rows[i].len);
        if (rows[i].stain != 0)
            plain[rows[i].stain] = 1;
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(raw, NULL, plain, rows[i].plain,
                                                         with.b, ID_SIZE, NULL, header.nonce,
                                                         content_key.b);
        struct bytes sealed = bytes_of(raw, rows[i].plain + SEAL_TAG_SIZE);
        header.box = digest_plain(sealed);
        CHECK(t, rows[i].why, open_box(&header, sealed) == rows[i].want);
    }
}

/* ---- wrapped keys ---- */

static void
test_wrap(struct check *t)
{
    uint8_t secret[32] = { 5 }, wrapped[SEAL_KEY_SIZE], again[SEAL_KEY_SIZE];
    struct content_key found;
    struct box_key to, zero = { 0 };

    CHECK(t, "a key pair", crypto_scalarmult_base(to.b, secret) == 0);
    CHECK(t, "a content key is wrapped", seal_wrap(&content_key, &to, wrapped));
    CHECK(t, "the holder of the sealing key unwraps it",
          crypto_box_seal_open(found.b, wrapped, sizeof(wrapped), to.b, secret) == 0 &&
              memcmp(found.b, content_key.b, sizeof(found.b)) == 0);
    CHECK(t, "wrapped twice it is not the same",
          seal_wrap(&content_key, &to, again) && memcmp(wrapped, again, sizeof(again)) != 0);
    CHECK(t, "nothing is wrapped for a point of small order",
          !seal_wrap(&content_key, &zero, wrapped));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "lengths", test_lengths }, { "room", test_room },       { "header", test_header },
        { "box", test_box },         { "padding", test_padding }, { "wrapped keys", test_wrap },
    };

    if (sodium_init() < 0)
        return 1;
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
