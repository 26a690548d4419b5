/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/digest.c - the only file that touches libsodium's hash.
 *
 * Short messages, which are nearly all, are put together on the stack and hashed in one call:
 * the running form costs as much again as the one block that they are. Where there are many, four are
 * hashed at once (schema/digest_lanes.c) if the processor can.
 */
#include "schema/digest.h"

#include <sodium.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest_lanes_priv.h"

enum { ONE_CALL_MAX = 384, SALT_SIZE = 16, SALTS_PER_BLOCK = 4 };

_Static_assert(sizeof(struct digest_state) >= sizeof(crypto_generichash_blake2b_state),
               "the running digest fits its public shell");

static crypto_generichash_blake2b_state *
state_of(struct digest_state *state)
{
    return (crypto_generichash_blake2b_state *)(void *)state->opaque;
}

static struct digest
hash_once(const uint8_t *data, size_t len, const uint8_t *key, size_t key_len)
{
    struct digest out;

    (void)crypto_generichash_blake2b(out.b, sizeof(out.b), data, len, key, key_len);
    return out;
}

void
digest_begin(struct digest_state *state)
{
    (void)crypto_generichash_blake2b_init(state_of(state), NULL, 0, ID_SIZE);
}

void
digest_add(struct digest_state *state, struct bytes part)
{
    if (part.len > 0)
        (void)crypto_generichash_blake2b_update(state_of(state), part.data, part.len);
}

struct digest
digest_end(struct digest_state *state)
{
    struct digest out;

    (void)crypto_generichash_blake2b_final(state_of(state), out.b, sizeof(out.b));
    return out;
}

static struct digest
tagged_running(struct bytes tag, const struct bytes *parts, size_t count)
{
    struct digest_state state;
    uint8_t tag_len = (uint8_t)tag.len;

    digest_begin(&state);
    digest_add(&state, bytes_of(&tag_len, 1));
    digest_add(&state, tag);
    for (size_t i = 0; i < count; i++)
        digest_add(&state, parts[i]);
    return digest_end(&state);
}

/* The whole message in out; its length, or 0 when it is longer than cap. */
static size_t
tagged_join(struct bytes tag, const struct bytes *parts, size_t count, uint8_t *out, size_t cap)
{
    size_t len = 1 + tag.len;

    assert(tag.len <= UINT8_MAX && len <= cap);
    out[0] = (uint8_t)tag.len;
    memcpy(out + 1, tag.data, tag.len);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > cap - len)
            return 0;
        if (parts[i].len > 0)
            memcpy(out + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return len;
}

struct digest
digest_tagged(const char *tag, const struct bytes *parts, size_t count)
{
    struct bytes name = bytes_text(tag);
    uint8_t joined[ONE_CALL_MAX];
    size_t len = tagged_join(name, parts, count, joined, sizeof(joined));

    return len > 0 ? hash_once(joined, len, NULL, 0) : tagged_running(name, parts, count);
}

static void
batch_flush_lanes(struct digest_batch *batch)
{
    struct digest_lanes lanes;

    digest_lanes_begin(&lanes, ID_SIZE, 0);
    digest_lanes_block(&lanes, (const uint8_t(*)[LANE_BLOCK])batch->blocks, batch->lens, true);
    for (size_t i = 0; i < batch->count; i++)
        digest_lanes_end(&lanes, i, batch->outs[i]->b, ID_SIZE);
}

void
digest_batch_end(struct digest_batch *batch)
{
    if (batch->count > 1 && digest_lanes_exist())
        batch_flush_lanes(batch);
    else
        for (size_t i = 0; i < batch->count; i++)
            *batch->outs[i] = hash_once(batch->blocks[i], batch->lens[i], NULL, 0);
    batch->count = 0;
}

void
digest_batch_add(struct digest_batch *batch, const char *tag, const struct bytes *parts,
                 size_t count, struct digest *out)
{
    struct bytes name = bytes_text(tag);
    uint8_t *block = batch->blocks[batch->count];
    size_t len = tagged_join(name, parts, count, block, LANE_BLOCK);

    if (len == 0) { /* more than a block: what stands in it now is overwritten */
        *out = digest_tagged(tag, parts, count);
        return;
    }
    memset(block + len, 0, LANE_BLOCK - len);
    batch->lens[batch->count] = len;
    batch->outs[batch->count] = out;
    batch->count++;
    if (batch->count == LANES)
        digest_batch_end(batch);
}

struct digest
digest_plain(struct bytes raw)
{
    return hash_once(raw.data, raw.len, NULL, 0);
}

struct node_id
digest_node_id(const struct sign_key *root_key)
{
    struct node_id out;
    struct digest d = digest_plain(bytes_of(root_key->b, sizeof(root_key->b)));

    memcpy(out.b, d.b, sizeof(out.b));
    return out;
}

struct revision_id
digest_revision_id(struct bytes revision)
{
    struct revision_id out;
    struct digest d = digest_plain(revision);

    memcpy(out.b, d.b, sizeof(out.b));
    return out;
}

struct object_id
digest_object_id(struct bytes body)
{
    struct object_id out;
    struct digest d = digest_plain(body);

    memcpy(out.b, d.b, sizeof(out.b));
    return out;
}

struct record_id
digest_record_id(struct bytes type_space, uint32_t type, const struct node_id *owner,
                 const uint8_t nonce[static 16])
{
    struct record_id out;
    uint8_t space_len = (uint8_t)type_space.len;
    uint8_t number[4];

    assert(type_space.len <= UINT8_MAX);
    put_u32(number, type);
    struct bytes parts[] = { bytes_of(&space_len, 1), type_space,
                             bytes_of(number, sizeof(number)),
                             bytes_of(owner->b, sizeof(owner->b)), bytes_of(nonce, 16) };
    struct digest d = digest_tagged("hansa/1/record", parts, COUNT_OF(parts));
    memcpy(out.b, d.b, sizeof(out.b));
    return out;
}

/* The message of salt block k. */
static size_t
salts_message(uint8_t *out, size_t k)
{
    static const char domain[] = "hansa/1/salts";

    memcpy(out, domain, sizeof(domain) - 1);
    put_u32(out + sizeof(domain) - 1, (uint32_t)k);
    return sizeof(domain) - 1 + 4;
}

/* Four blocks of four salts at a time; the block of the key is the same for all, so it is hashed once. */
static void
salts_lanes(const uint8_t secret[static 32], size_t count, uint8_t (*out)[SALT_SIZE])
{
    uint8_t blocks[LANES][LANE_BLOCK] = { 0 };
    static const size_t key_total[LANES] = { LANE_BLOCK, LANE_BLOCK, LANE_BLOCK, LANE_BLOCK };
    size_t total[LANES];
    struct digest_lanes keyed;

    for (size_t lane = 0; lane < LANES; lane++)
        memcpy(blocks[lane], secret, 32);
    digest_lanes_begin(&keyed, SALTS_PER_BLOCK * SALT_SIZE, 32);
    digest_lanes_block(&keyed, (const uint8_t(*)[LANE_BLOCK])blocks, key_total, false);
    memset(blocks, 0, sizeof(blocks));
    for (size_t i = 0; i < count; i += SALTS_PER_BLOCK * LANES) {
        struct digest_lanes lanes = keyed;
        for (size_t lane = 0; lane < LANES; lane++)
            total[lane] = LANE_BLOCK + salts_message(blocks[lane], i / SALTS_PER_BLOCK + lane);
        digest_lanes_block(&lanes, (const uint8_t(*)[LANE_BLOCK])blocks, total, true);
        for (size_t lane = 0; lane < LANES && i + lane * SALTS_PER_BLOCK < count; lane++) {
            size_t at = i + lane * SALTS_PER_BLOCK;
            size_t here = count - at < SALTS_PER_BLOCK ? count - at : SALTS_PER_BLOCK;
            uint8_t block[SALTS_PER_BLOCK * SALT_SIZE];
            digest_lanes_end(&lanes, lane, block, sizeof(block));
            memcpy(out[at], block, here * SALT_SIZE);
        }
    }
}

static void
salts_one_by_one(const uint8_t secret[static 32], size_t count, uint8_t (*out)[SALT_SIZE])
{
    for (size_t i = 0; i < count; i += SALTS_PER_BLOCK) {
        size_t here = count - i < SALTS_PER_BLOCK ? count - i : SALTS_PER_BLOCK;
        uint8_t message[32], block[SALTS_PER_BLOCK * SALT_SIZE];
        size_t len = salts_message(message, i / SALTS_PER_BLOCK);
        (void)crypto_generichash_blake2b(block, sizeof(block), message, len, secret, 32);
        memcpy(out[i], block, here * SALT_SIZE);
    }
}

void
digest_salts(const uint8_t secret[static 32], size_t count, uint8_t (*out)[16])
{
    if (count > SALTS_PER_BLOCK && digest_lanes_exist())
        salts_lanes(secret, count, out);
    else
        salts_one_by_one(secret, count, out);
}

struct digest
digest_keyed(const uint8_t key[static 32], struct bytes raw)
{
    return hash_once(raw.data, raw.len, key, 32);
}
