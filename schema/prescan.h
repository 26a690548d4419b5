/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/prescan.h - what protobuf forgives and we do not (docs/protocol/README.md,
 * "Pre-scan").
 *
 * Runs before the decoder, allocates nothing. What passes has one single encoding, decodes, and
 * stays within the limits that the tables name.
 */
#ifndef HANSA_SCHEMA_PRESCAN_H
#define HANSA_SCHEMA_PRESCAN_H

#include "schema/base/bytes.h"

enum prescan_kind {
    PRESCAN_UINT32,
    PRESCAN_UINT64,
    PRESCAN_BOOL,
    PRESCAN_BYTES,  /* from here on length-delimited */
    PRESCAN_HASHES, /* bytes, a multiple of 32 */
    PRESCAN_TEXT,
    PRESCAN_MESSAGE,
};

enum prescan_label { PRESCAN_OPTIONAL, PRESCAN_REQUIRED, PRESCAN_REPEATED };

/* min and max: of the number, or of the length in bytes. */
struct prescan_field {
    enum prescan_kind kind;
    enum prescan_label label;
    uint64_t min, max;
    uint32_t count_min, count_max; /* PRESCAN_REPEATED */
    const struct prescan_message *message;
};

struct prescan_message {
    size_t size_max; /* of the whole message, bytes */
    const struct prescan_field
        *fields; /* fields[i] is number i + 1: our numbers have no holes */
    size_t count;
};

/* STATUS_TOO_BIG over size_max, STATUS_MALFORMED for every other rule. */
MUST_CHECK enum status prescan_check(const struct prescan_message *message, struct bytes raw);

#define PRESCAN_MESSAGES(X)                                                                    \
    X(signed, Signed)                                                                          \
    X(descriptor, Descriptor)                                                                  \
    X(revision, Revision)                                                                      \
    X(field, Field)                                                                            \
    X(disclosure, Disclosure)                                                                  \
    X(run, Run)                                                                                \
    X(records, Records)                                                                        \
    X(grant_field, GrantField)                                                                 \
    X(terms, Terms)                                                                            \
    X(grant, Grant)                                                                            \
    X(offer, Offer)                                                                            \
    X(offer_body, OfferBody)                                                                   \
    X(declined, Declined)                                                                      \
    X(answer, Answer)                                                                          \
    X(passon, PassOn)                                                                          \
    X(passon_ack, PassOnAck)                                                                   \
    X(revocation, Revocation)                                                                  \
    X(judged, Judged)                                                                          \
    X(verdict, Verdict)                                                                        \
    X(wanted, Wanted)                                                                          \
    X(ask, Ask)                                                                                \
    X(proposal, Proposal)                                                                      \
    X(proposal_answer, ProposalAnswer)                                                         \
    X(withdrawn, Withdrawn)                                                                    \
    X(withdrawal, Withdrawal)                                                                  \
    X(sealed, Sealed)                                                                          \
    X(sealed_body, SealedBody)                                                                 \
    X(sealed_receipt, SealedReceipt)                                                           \
    X(receipt, Receipt)                                                                        \
    X(head, Head)                                                                              \
    X(light_offer, LightOffer)                                                                 \
    X(void, Void)                                                                              \
    X(signed_body, SignedBody)                                                                 \
    X(stream_state, StreamState)                                                               \
    X(hello, Hello)                                                                            \
    X(ack, Ack)                                                                                \
    X(scope_state, ScopeState)                                                                 \
    X(scopes, Scopes)                                                                          \
    X(scope_part, ScopePart)                                                                   \
    X(scope_entry, ScopeEntry)                                                                 \
    X(scope_range, ScopeRange)                                                                 \
    X(scope_ids, ScopeIds)                                                                     \
    X(introduce, Introduce)

#define X(name, proto) extern const struct prescan_message prescan_##name;
PRESCAN_MESSAGES(X)
#undef X

#endif
