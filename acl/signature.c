/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/signature.c - the only file that calls libsodium's verify. It refuses an S that is not
 * reduced and keys or R of small order, as the protocol demands.
 */
#include "acl/signature.h"

#include <sodium.h>

#include "schema/base/cleanup.h"

static const char *const tags[] = {
#define X(name, tag) [SIGN_##name] = tag,
    SIGN_TYPES(X)
#undef X
};

const char *
sign_type_tag(enum sign_type type)
{
    assert(type < SIGN_COUNT_);
    return tags[type];
}

void
signature_message(enum sign_type type, struct bytes body, struct buffer *out)
{
    struct bytes tag = bytes_text(sign_type_tag(type));

    assert(body.len <= UINT32_MAX);
    buffer_put_u8(out, (uint8_t)tag.len);
    buffer_put_bytes(out, tag);
    buffer_put_u32(out, (uint32_t)body.len);
    buffer_put_bytes(out, body);
}

enum status
signature_verify(enum sign_type type, const struct sign_key *key, struct bytes body,
                 const struct signature *signature)
{
    AUTO(buffer_fini) struct buffer message = { 0 };

    signature_message(type, body, &message);
    return crypto_sign_ed25519_verify_detached(signature->b, message.data, message.len,
                                               key->b) == 0
               ? STATUS_OK
               : STATUS_BAD_SIGNATURE;
}

enum status
signature_verify_any(enum sign_type type, const struct sign_key *keys, size_t count,
                     struct bytes body, const struct signature *signature)
{
    for (size_t i = 0; i < count; i++)
        if (signature_verify(type, &keys[i], body, signature) == STATUS_OK)
            return STATUS_OK;
    return STATUS_BAD_SIGNATURE;
}

void
signature_batch_body(const struct node_id *owner, uint32_t size, const struct digest *root,
                     uint8_t out[static 68])
{
    memcpy(out, owner->b, ID_SIZE);
    put_u32(out + ID_SIZE, size);
    memcpy(out + ID_SIZE + 4, root->b, ID_SIZE);
}
