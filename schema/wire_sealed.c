/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_sealed.c - the sealed way between two companies of a chain that have no link
 * (docs/protocol/sealed.md): header, body, receipt.
 */
#include "schema/wire_priv.h"

/* ---- Sealed ---- */

static struct handle *
take_handles(struct arena *arena, const ProtobufCBinaryData *list, size_t count)
{
    struct handle *out = wire_alloc(arena, count, sizeof(*out));

    for (size_t i = 0; out != NULL && i < count; i++)
        TAKE_ID(out[i], list[i]);
    return out;
}

static ProtobufCBinaryData *
give_handles(struct arena *arena, const struct handle *list, size_t count)
{
    ProtobufCBinaryData *out = ARENA_ARRAY(arena, ProtobufCBinaryData, count);

    for (size_t i = 0; i < count; i++)
        out[i] = GIVE_ID(list[i]);
    return out;
}

static enum status
take_sealed(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Sealed *pb = message;
    struct sealed *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->epoch = pb->epoch;
    out->incarnation = pb->incarnation;
    out->number = pb->number;
    out->handle_count = pb->n_handle;
    out->handles = take_handles(arena, pb->handle, pb->n_handle);
    out->gone_count = pb->n_gone;
    out->gone = take_handles(arena, pb->gone, pb->n_gone);
    wire_take_fixed(pb->key, out->key, sizeof(out->key));
    wire_take_fixed(pb->nonce, out->nonce, sizeof(out->nonce));
    TAKE_ID(out->box, pb->box);
    return out->handles != NULL && out->gone != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_sealed(struct arena *arena, const void *source, void *message)
{
    const struct sealed *in = source;
    Hansa__V1__Sealed *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->epoch = in->epoch;
    pb->incarnation = in->incarnation;
    pb->number = in->number;
    pb->n_handle = in->handle_count;
    pb->handle = give_handles(arena, in->handles, in->handle_count);
    pb->n_gone = in->gone_count;
    pb->gone = give_handles(arena, in->gone, in->gone_count);
    pb->key = wire_give_bytes(bytes_of(in->key, sizeof(in->key)));
    pb->nonce = wire_give_bytes(bytes_of(in->nonce, sizeof(in->nonce)));
    pb->box = GIVE_ID(in->box);
}

static bool
are_handles_ascending(const struct handle *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (memcmp(list[i - 1].b, list[i].b, HANDLE_SIZE) >= 0)
            return false;
    return true;
}

static bool
is_sealed_valid(const void *source)
{
    const struct sealed *in = source;

    return are_handles_ascending(in->handles, in->handle_count) &&
           are_handles_ascending(in->gone, in->gone_count);
}

static const struct codec codec_sealed = {
    .rules = &prescan_sealed,
    .descriptor = &hansa__v1__sealed__descriptor,
    .size = sizeof(struct sealed),
    .take = take_sealed,
    .give = give_sealed,
    .is_valid = is_sealed_valid,
};
WIRE_CODEC(sealed, sealed)

/* ---- SealedBody ---- */

static enum status
take_sealed_body(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__SealedBody *pb = message;
    struct sealed_body *out = target;

    (void)arena;
    wire_take_signed(pb->header, &out->header);
    out->box = wire_take_bytes(pb->box);
    return STATUS_OK;
}

static void
give_sealed_body(struct arena *arena, const void *source, void *message)
{
    const struct sealed_body *in = source;
    Hansa__V1__SealedBody *pb = message;

    pb->header = wire_give_signed(arena, &in->header);
    pb->box = wire_give_bytes(in->box);
}

static bool
is_sealed_body_valid(const void *source)
{
    const struct sealed_body *in = source;

    return in->box.len % SEAL_PAD == SEAL_TAG_SIZE;
}

static const struct codec codec_sealed_body = {
    .rules = &prescan_sealed_body,
    .descriptor = &hansa__v1__sealed_body__descriptor,
    .size = sizeof(struct sealed_body),
    .take = take_sealed_body,
    .give = give_sealed_body,
    .is_valid = is_sealed_body_valid,
};
WIRE_CODEC(sealed_body, sealed_body)

/* ---- SealedReceipt ---- */

static enum status
take_sealed_receipt(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__SealedReceipt *pb = message;
    struct sealed_receipt *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->incarnation = pb->incarnation;
    out->have = pb->have;
    out->seen = pb->seen;
    out->received = TAKE_MS(pb->received_ms);
    return STATUS_OK;
}

static void
give_sealed_receipt(struct arena *arena, const void *source, void *message)
{
    const struct sealed_receipt *in = source;
    Hansa__V1__SealedReceipt *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->incarnation = in->incarnation;
    pb->have = in->have;
    pb->seen = in->seen;
    pb->received_ms = GIVE_MS(in->received);
}

static bool
is_sealed_receipt_valid(const void *source)
{
    const struct sealed_receipt *in = source;

    return in->have <= in->seen;
}

static const struct codec codec_sealed_receipt = {
    .rules = &prescan_sealed_receipt,
    .descriptor = &hansa__v1__sealed_receipt__descriptor,
    .size = sizeof(struct sealed_receipt),
    .take = take_sealed_receipt,
    .give = give_sealed_receipt,
    .is_valid = is_sealed_receipt_valid,
};
WIRE_CODEC(sealed_receipt, sealed_receipt)
