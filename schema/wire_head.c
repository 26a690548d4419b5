/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_head.c - an owner's word on one root grant: what is revoked below it, and until when that holds
 * (docs/protocol/heads.md).
 */
#include "schema/wire_priv.h"

static enum status
take_head(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Head *pb = message;
    struct head *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->number = pb->number;
    out->revoked_count = pb->n_revoked;
    out->revoked = wire_alloc(arena, pb->n_revoked, sizeof(*out->revoked));
    if (out->revoked == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_revoked; i++)
        TAKE_ID(out->revoked[i], pb->revoked[i]);
    out->issued = TAKE_MS(pb->issued_ms);
    out->expires = TAKE_MS(pb->expires_ms);
    return STATUS_OK;
}

static void
give_head(struct arena *arena, const void *source, void *message)
{
    const struct head *in = source;
    Hansa__V1__Head *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->number = in->number;
    pb->n_revoked = in->revoked_count;
    pb->revoked = ARENA_ARRAY(arena, ProtobufCBinaryData, in->revoked_count);
    for (size_t i = 0; i < in->revoked_count; i++)
        pb->revoked[i] = GIVE_ID(in->revoked[i]);
    pb->issued_ms = GIVE_MS(in->issued);
    pb->expires_ms = GIVE_MS(in->expires);
}

/* To anyone; ids in order; no longer than a lease may be. */
static bool
is_head_valid(const void *source)
{
    static const struct node_id anyone;
    const struct head *in = source;

    if (!ID_IS_EQUAL(in->audience, anyone) || in->expires.ms <= in->issued.ms ||
        in->expires.ms - in->issued.ms > LEASE_MS_MAX)
        return false;
    for (size_t i = 1; i < in->revoked_count; i++)
        if (memcmp(in->revoked[i - 1].b, in->revoked[i].b, ID_SIZE) >= 0)
            return false;
    return true;
}

static const struct codec codec_head = {
    .rules = &prescan_head,
    .descriptor = &hansa__v1__head__descriptor,
    .size = sizeof(struct head),
    .take = take_head,
    .give = give_head,
    .is_valid = is_head_valid,
};
WIRE_CODEC(head, head)
