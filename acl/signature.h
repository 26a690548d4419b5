/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/signature.h - signatures over exact bytes with the type inside (docs/protocol/objects.md).
 * The only file that calls libsodium's verify. Signing lives in the key process.
 */
#ifndef HANSA_ACL_SIGNATURE_H
#define HANSA_ACL_SIGNATURE_H

#include "schema/wire.h"

/* clang-format off */
/*    name          tag in the signed bytes    who signs */
#define SIGN_TYPES(X)                           \
    X(DESCRIPTOR,   "hansa/1/descriptor")       \
    X(BATCH,        "hansa/1/batch")            \
    X(GRANT,        "hansa/1/grant")            \
    X(OFFER,        "hansa/1/offer")            \
    X(ANSWER,       "hansa/1/answer")           \
    X(PASSON,       "hansa/1/passon")           \
    X(PASSON_ACK,   "hansa/1/passon-ack")       \
    X(REVOCATION,   "hansa/1/revocation")       \
    X(VOID,         "hansa/1/void")             \
    X(VERDICT,      "hansa/1/verdict")          \
    X(ASK,          "hansa/1/ask")              \
    X(PROPOSAL,     "hansa/1/proposal")         \
    X(PROPOSAL_ANSWER, "hansa/1/proposal-answer") \
    X(SEALED,       "hansa/1/sealed")           \
    X(SEALED_RECEIPT, "hansa/1/sealed-receipt") \
    X(AUDIT,        "hansa/1/audit-head")       \
    X(RECEIPT,      "hansa/1/receipt")          \
    X(HEAD,         "hansa/1/head")             \
    X(WITHDRAWAL,   "hansa/1/withdrawal")       \
    X(LIGHT_OFFER,  "hansa/1/light-offer")
/* clang-format on */

enum sign_type {
#define X(name, tag) SIGN_##name,
    SIGN_TYPES(X)
#undef X
        SIGN_COUNT_
};

const char *sign_type_tag(enum sign_type type);

/* The bytes that Ed25519 runs over: for the verifier here and for the signer in the key process. */
void signature_message(enum sign_type type, struct bytes body, struct buffer *out);

/* The same under one of the keys, which are tried in order. */
MUST_CHECK enum status signature_verify_any(enum sign_type type, const struct sign_key *keys,
                                            size_t count, struct bytes body,
                                            const struct signature *signature);
/* STATUS_BAD_SIGNATURE when it does not verify. */
MUST_CHECK enum status signature_verify(enum sign_type type, const struct sign_key *key,
                                        struct bytes body, const struct signature *signature);

/* The 68 bytes under a batch signature. */
void signature_batch_body(const struct node_id *owner, uint32_t size, const struct digest *root,
                          uint8_t out[static 68]);

#endif
