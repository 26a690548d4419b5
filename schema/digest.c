/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/digest.c - the only file that touches libsodium's hash.
 *
 * Short messages, which are nearly all, are put together on the stack and hashed in one call:
 * the running form costs as much again as the one block that they are.
 */
#include "schema/digest.h"

#include <sodium.h>
#include <string.h>

#include "schema/base/cleanup.h"

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

struct digest
digest_tagged(const char *tag, const struct bytes *parts, size_t count)
{
    struct bytes name = bytes_text(tag);
    uint8_t joined[ONE_CALL_MAX];
    size_t len = 1 + name.len;

    assert(name.len <= UINT8_MAX);
    joined[0] = (uint8_t)name.len;
    memcpy(joined + 1, name.data, name.len);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > sizeof(joined) - len)
            return tagged_running(name, parts, count);
        if (parts[i].len > 0)
            memcpy(joined + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return hash_once(joined, len, NULL, 0);
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

void
digest_salts(const uint8_t secret[static 32], size_t count, uint8_t (*out)[16])
{
    static const char domain[] = "hansa/1/salts";
    uint8_t message[sizeof(domain) - 1 + 4];
    uint8_t block[SALTS_PER_BLOCK * SALT_SIZE];

    memcpy(message, domain, sizeof(domain) - 1);
    for (size_t i = 0; i < count; i += SALTS_PER_BLOCK) {
        size_t here = count - i < SALTS_PER_BLOCK ? count - i : SALTS_PER_BLOCK;
        put_u32(message + sizeof(domain) - 1, (uint32_t)(i / SALTS_PER_BLOCK));
        (void)crypto_generichash_blake2b(block, sizeof(block), message, sizeof(message), secret,
                                         32);
        memcpy(out[i], block, here * SALT_SIZE);
    }
}

struct digest
digest_keyed(const uint8_t key[static 32], struct bytes raw)
{
    return hash_once(raw.data, raw.len, key, 32);
}
