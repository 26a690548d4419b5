/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/seal.h"

#include <sodium.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

_Static_assert(SEAL_KEY_SIZE == 32 + crypto_box_SEALBYTES, "a wrapped content key");
_Static_assert(SEAL_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

bool
seal_wrap(const struct content_key *key, const struct box_key *to,
          uint8_t out[static SEAL_KEY_SIZE])
{
    return crypto_box_seal(out, key->b, sizeof(key->b), to->b) == 0;
}

/* What carriers read is bound to what they cannot. The counts keep a handle that is gone from passing for one that
 * is there. */
static struct digest
bound(const struct sealed *h)
{
    uint8_t numbers[24];

    put_u32(numbers, h->epoch);
    put_u32(numbers + 4, h->incarnation);
    put_u64(numbers + 8, h->number);
    put_u32(numbers + 16, (uint32_t)h->handle_count);
    put_u32(numbers + 20, (uint32_t)h->gone_count);
    struct bytes parts[] = { bytes_of(h->author.b, ID_SIZE),
                             bytes_of(h->audience.b, ID_SIZE),
                             bytes_of(h->grant.b, ID_SIZE),
                             bytes_of(numbers, sizeof(numbers)),
                             bytes_of(h->handles, h->handle_count * sizeof(*h->handles)),
                             bytes_of(h->gone, h->gone_count * sizeof(*h->gone)) };
    return digest_tagged("hansa/1/seal", parts, COUNT_OF(parts));
}

struct bytes
seal_close(const struct content_key *key, struct sealed *header, uint8_t kind,
           struct bytes body, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer plain = { 0 };
    struct digest with = bound(header);

    assert(body.len <= SEAL_ROOM - SEAL_HEAD);
    buffer_put_u8(&plain, kind);
    buffer_put_u32(&plain, (uint32_t)body.len);
    buffer_put_bytes(&plain, body);
    while (plain.len % SEAL_PAD != 0)
        buffer_put_u8(&plain, 0);
    uint8_t *box = arena_alloc(arena, plain.len + SEAL_TAG_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, plain.data, plain.len, with.b,
                                                     ID_SIZE, NULL, header->nonce, key->b);
    if (PLANTED(SEALED_IN_CLEAR))
        memcpy(box, plain.data, plain.len);
    sodium_memzero(plain.data, plain.len);
    struct bytes out = bytes_of(box, plain.len + SEAL_TAG_SIZE);
    header->box = digest_plain(out);
    return out;
}

static enum status
unpad(struct bytes plain, uint8_t *kind, struct bytes *body)
{
    struct reader r = reader_of(plain);
    uint8_t first = reader_u8(&r);
    uint32_t len = reader_u32(&r);

    if (r.failed || len > r.left || r.left - len >= SEAL_PAD)
        return STATUS_MALFORMED;
    struct bytes inner = reader_bytes(&r, len);
    while (r.left > 0)
        if (reader_u8(&r) != 0)
            return STATUS_MALFORMED;
    *kind = first;
    *body = inner;
    return STATUS_OK;
}

enum status
seal_open(const struct content_key *key, const struct sealed *header, struct bytes box,
          struct arena *arena, uint8_t *kind, struct bytes *body)
{
    struct digest there = digest_plain(box), with = bound(header);

    *kind = 0;
    *body = (struct bytes){ 0 };
    if (!ID_IS_EQUAL(there, header->box) || box.len < SEAL_PAD + SEAL_TAG_SIZE)
        return STATUS_BAD_SIGNATURE;
    uint8_t *plain = arena_alloc(arena, box.len);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, box.data, box.len, with.b,
                                                   ID_SIZE, header->nonce, key->b) != 0)
        return STATUS_BAD_SIGNATURE;
    return unpad(bytes_of(plain, box.len - SEAL_TAG_SIZE), kind, body);
}
