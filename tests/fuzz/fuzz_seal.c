/* SPDX-License-Identifier: Apache-2.0
 *
 * A box of the sealed way under a fixed key. The first byte says what the rest is: 0 a box, as it came; 1 what is inside, which is
 * then sealed as a hostile author would, so that the fuzzer need not guess a tag; 2 a whole SealedBody. What opens
 * closes to the same box again.
 */
#include <sodium.h>

#include "federation/seal.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BOX, PLAIN, BODY };

static const struct content_key key = { .b = { 's', 'e', 'a', 'l' } };

/* docs/protocol/sealed.md, "Making a message", without handles. */
static struct digest
bound(const struct sealed *h)
{
    uint8_t numbers[24];

    put_u32(numbers, h->epoch);
    put_u32(numbers + 4, h->incarnation);
    put_u64(numbers + 8, h->number);
    put_u64(numbers + 16, 0);
    struct bytes parts[] = { bytes_of(h->author.b, ID_SIZE), bytes_of(h->audience.b, ID_SIZE),
                             bytes_of(h->grant.b, ID_SIZE),
                             bytes_of(numbers, sizeof(numbers)) };
    return digest_tagged("hansa/1/seal", parts, COUNT_OF(parts));
}

static struct bytes
seal_plain(const struct sealed *h, struct bytes plain, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, plain.len + SEAL_TAG_SIZE);
    struct digest with = bound(h);

    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.len, with.b,
                                                     ID_SIZE, NULL, h->nonce, key.b);
    return bytes_of(out, plain.len + SEAL_TAG_SIZE);
}

static void
check_open(struct arena *arena, struct sealed header, struct bytes box)
{
    struct sealed again = header;
    struct bytes body;
    uint8_t kind;
    enum status status = seal_open(&key, &header, box, arena, &kind, &body);

    assert(status == STATUS_OK || status == STATUS_MALFORMED || status == STATUS_BAD_SIGNATURE);
    assert(status == STATUS_OK || (kind == 0 && body.len == 0 && body.data == NULL));
    if (status != STATUS_OK || box.len % SEAL_PAD != SEAL_TAG_SIZE ||
        box.len > SEAL_ROOM + SEAL_TAG_SIZE)
        return;
    assert(body.len <= SEAL_ROOM - SEAL_HEAD);
    assert(bytes_is_equal(seal_close(&key, &again, kind, body, arena), box));
    again.number++;
    assert(seal_open(&key, &again, box, arena, &kind, &body) == STATUS_BAD_SIGNATURE);
    again.number--;
    again.incarnation++;
    assert(seal_open(&key, &again, box, arena, &kind, &body) == STATUS_BAD_SIGNATURE);
}

static void
open_body(struct arena *arena, struct bytes raw)
{
    struct sealed_body *message;
    struct sealed *header;

    if (wire_sealed_body_parse(raw, arena, &message) == STATUS_OK &&
        wire_sealed_parse(message->header.body, arena, &header) == STATUS_OK)
        check_open(arena, *header, message->box);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct sealed header = {
        .author = { { 1 } }, .audience = { { 2 } }, .epoch = 1, .incarnation = 1, .number = 1
    };

    if (size == 0)
        return 0;
    if (arena == NULL) {
        assert(sodium_init() >= 0);
        arena = arena_new(0);
    }
    arena_reset(arena);
    struct bytes rest = bytes_of(data + 1, size - 1);
    if (data[0] % 3 == BODY)
        open_body(arena, rest);
    else {
        struct bytes box = data[0] % 3 == PLAIN ? seal_plain(&header, rest, arena) : rest;
        header.box = digest_plain(box);
        check_open(arena, header, box);
    }
    return 0;
}
