/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/envelope.h - the fixed 36 bytes before every message (docs/protocol/delivery.md).
 */
#ifndef HANSA_FEDERATION_ENVELOPE_H
#define HANSA_FEDERATION_ENVELOPE_H

#include "schema/base/limits.h"
#include "schema/wire.h"

/*    name, number, stream (0 session, 1 control, 2 data, 3 control or data), and is it taken also while our disk is full:
 * what takes back, and what keeps the link (node/disk.h)  */
#define MESSAGE_KINDS(X)                                                                       \
    X(HELLO, 1, 0, true)                                                                       \
    X(ACK, 2, 0, true)                                                                         \
    X(INTRODUCE, 3, 0, false)                                                                  \
    X(SCOPES, 4, 0, false)                                                                     \
    X(SCOPE_IDS, 5, 0, false)                                                                  \
    X(OFFER, 16, 1, false)                                                                     \
    X(ANSWER, 17, 1, false)                                                                    \
    X(PASSON, 18, 1, false)                                                                    \
    X(PASSON_ACK, 19, 1, false)                                                                \
    X(REVOCATION, 20, 1, true)                                                                 \
    X(VOID, 21, 3, true)                                                                       \
    X(DESCRIPTOR, 22, 1, false)                                                                \
    X(VERDICT, 23, 1, false)                                                                   \
    X(ASK, 24, 1, false)                                                                       \
    X(PROPOSAL, 25, 1, false)                                                                  \
    X(PROPOSAL_ANSWER, 26, 1, false)                                                           \
    X(SEALED_RECEIPT, 27, 1, false)                                                            \
    X(RECEIPT, 28, 1, false)                                                                   \
    X(WITHDRAWAL, 29, 1, true)                                                                 \
    X(HEAD, 30, 1, true)                                                                       \
    X(EQUIVOCATION, 31, 1, false)                                                              \
    X(RECORDS, 32, 2, false)                                                                   \
    X(SEALED, 33, 2, false)                                                                    \
    X(OWN_RECORDS, 34, 2, false)

enum message_kind {
#define X(name, number, stream, full) MESSAGE_##name = number,
    MESSAGE_KINDS(X)
#undef X
};

/* "OFFER"; "UNKNOWN" for a number outside the table. */
const char *message_kind_name(uint8_t kind);
bool message_kind_is_known(uint8_t kind, enum stream stream);
bool message_kind_takes_back(uint8_t kind);

struct envelope {
    uint8_t kind; /* may be unknown */
    enum stream stream;
    uint64_t session;
    uint32_t incarnation;
    uint64_t seq;
    struct bytes body; /* borrowed */
};

/* STATUS_MALFORMED: not an envelope; STATUS_UNKNOWN_KIND: stream 0 with a kind that is not of it. */
MUST_CHECK enum status envelope_parse(struct bytes raw, struct envelope *out);
struct bytes envelope_format(const struct envelope *in, struct arena *arena);

#endif
