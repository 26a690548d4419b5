/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/envelope.h - the fixed 36 bytes before every message (docs/protocol/delivery.md).
 */
#ifndef HANSA_FEDERATION_ENVELOPE_H
#define HANSA_FEDERATION_ENVELOPE_H

#include "schema/base/limits.h"
#include "schema/wire.h"

/*    name          number  stream (0 session, 1 control, 2 data, 3 control or data)  */
#define MESSAGE_KINDS(X)                                                                       \
    X(HELLO, 1, 0)                                                                             \
    X(ACK, 2, 0)                                                                               \
    X(INTRODUCE, 3, 0)                                                                         \
    X(OFFER, 16, 1)                                                                            \
    X(ANSWER, 17, 1)                                                                           \
    X(PASSON, 18, 1)                                                                           \
    X(PASSON_ACK, 19, 1)                                                                       \
    X(REVOCATION, 20, 1)                                                                       \
    X(VOID, 21, 3)                                                                             \
    X(DESCRIPTOR, 22, 1)                                                                       \
    X(VERDICT, 23, 1)                                                                          \
    X(ASK, 24, 1)                                                                              \
    X(PROPOSAL, 25, 1)                                                                         \
    X(PROPOSAL_ANSWER, 26, 1)                                                                  \
    X(SEALED_RECEIPT, 27, 1)                                                                   \
    X(RECEIPT, 28, 1)                                                                          \
    X(WITHDRAWAL, 29, 1)                                                                       \
    X(HEAD, 30, 1)                                                                             \
    X(RECORDS, 32, 2)                                                                          \
    X(SEALED, 33, 2)

enum message_kind {
#define X(name, number, stream) MESSAGE_##name = number,
    MESSAGE_KINDS(X)
#undef X
};

/* "OFFER"; "UNKNOWN" for a number outside the table. */
const char *message_kind_name(uint8_t kind);
bool message_kind_is_known(uint8_t kind, enum stream stream);

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
