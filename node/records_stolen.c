/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records_stolen.c - is what we hold signed with a key that its owner calls stolen? Such a copy stays until something
 * comes under a key that counts, whatever their positions say: a thief may have signed the highest there is
 * (docs/protocol/objects.md).
 */
#include "node/records_priv.h"
#include "schema/base/cleanup.h"
#include "schema/merkle.h"

enum status
records_batch_body(struct store *st, const struct node_id *owner, int64_t run,
                   uint8_t body[static 68], struct signature *signature)
{
    enum { SIZE, FIRST, SIGNATURE, LEAVES, PATH };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_RUN_GET);
    struct digest root;

    stmt_bind(q, "i", run);
    TRY(stmt_step(q));
    uint32_t size = (uint32_t)stmt_int(q, SIZE);
    struct bytes leaves = stmt_bytes(q, LEAVES);
    stmt_copy(q, SIGNATURE, signature->b, sizeof(signature->b));
    TRY(merkle_climb((const struct digest *)(const void *)leaves.data, size,
                     (size_t)stmt_int(q, FIRST), leaves.len / ID_SIZE, stmt_bytes(q, PATH),
                     &root));
    signature_batch_body(owner, size, &root, body);
    return STATUS_OK;
}

enum status
records_run_is_stolen(struct core *core, const struct company *owner, int64_t run, bool *out)
{
    uint8_t raw[68];
    struct signature signature;
    size_t good = owner->signing_good;

    *out = false;
    if (good == owner->signing_count)
        return STATUS_OK;
    TRY(records_batch_body(core->store, &owner->node, run, raw, &signature));
    struct bytes body = bytes_of(raw, sizeof(raw));
    *out =
        signature_verify_any(SIGN_BATCH, owner->signing, good, body, &signature) != STATUS_OK &&
        signature_verify_any(SIGN_BATCH, owner->signing + good, owner->signing_count - good,
                             body, &signature) == STATUS_OK;
    return STATUS_OK;
}
