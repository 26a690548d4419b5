/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_receipt.c - what a holder says of what it holds under a grant: received, applied, purged, refused
 * (docs/protocol/receipts.md).
 */
#include "schema/wire_priv.h"

static enum status
take_receipt(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Receipt *pb = message;
    struct receipt *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->owner, pb->owner);
    TAKE_ID(out->grant, pb->grant);
    out->state = (enum receipt_state)pb->state;
    out->count = pb->count;
    out->reason = pb->reason;
    out->basis = pb->basis;
    out->at = TAKE_MS(pb->at_ms);
    out->record_count = pb->n_record;
    out->records = wire_alloc(arena, pb->n_record, sizeof(*out->records));
    for (size_t i = 0; out->records != NULL && i < pb->n_record; i++)
        TAKE_ID(out->records[i], pb->record[i]);
    return out->records != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_receipt(struct arena *arena, const void *source, void *message)
{
    const struct receipt *in = source;
    Hansa__V1__Receipt *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->owner = GIVE_ID(in->owner);
    pb->grant = GIVE_ID(in->grant);
    pb->state = (uint32_t)in->state;
    pb->count = in->count;
    pb->reason = wire_give_text(in->reason);
    pb->basis = wire_give_text(in->basis);
    pb->at_ms = GIVE_MS(in->at);
    pb->n_record = in->record_count;
    pb->record = ARENA_ARRAY(arena, ProtobufCBinaryData, in->record_count);
    for (size_t i = 0; i < in->record_count; i++)
        pb->record[i] = GIVE_ID(in->records[i]);
}

/* Refused says why; what is received or applied has no reason; no more records than are named. */
static bool
is_receipt_valid(const void *source)
{
    const struct receipt *in = source;
    bool refused = in->state == RECEIPT_REFUSED;

    if (refused != (in->basis[0] != '\0') || (refused && in->reason[0] == '\0') ||
        (in->state < RECEIPT_PURGED && in->reason[0] != '\0') ||
        (in->record_count > 0 && in->count > in->record_count))
        return false;
    for (size_t i = 1; i < in->record_count; i++)
        if (memcmp(in->records[i - 1].b, in->records[i].b, ID_SIZE) >= 0)
            return false;
    return true;
}

static const struct codec codec_receipt = {
    .rules = &prescan_receipt,
    .descriptor = &hansa__v1__receipt__descriptor,
    .size = sizeof(struct receipt),
    .take = take_receipt,
    .give = give_receipt,
    .is_valid = is_receipt_valid,
};
WIRE_CODEC(receipt, receipt)
