/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_record.c - Revision. Records, the bulk of all traffic, is in schema/wire_records.c.
 */
#include "schema/wire_priv.h"

static enum status
take_revision(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Revision *pb = message;
    struct revision *out = target;

    (void)arena;
    wire_take_fixed(pb->nonce, out->nonce, sizeof(out->nonce));
    TAKE_ID(out->owner, pb->owner);
    out->type = (struct key){ .space = wire_take_space(pb->type_space), .number = pb->type };
    out->position = (struct position){ pb->incarnation, pb->number };
    out->has_previous = pb->has_previous;
    if (pb->has_previous)
        TAKE_ID(out->previous, pb->previous);
    TAKE_ID(out->profile, pb->profile);
    TAKE_ID(out->commitments, pb->commitments);
    out->claimed = TAKE_MS(pb->claimed_ms);
    out->tombstone = pb->has_tombstone;
    return STATUS_OK;
}

static void
give_revision(struct arena *arena, const void *source, void *message)
{
    const struct revision *in = source;
    Hansa__V1__Revision *pb = message;

    pb->nonce = wire_give_bytes(bytes_of(in->nonce, sizeof(in->nonce)));
    pb->owner = GIVE_ID(in->owner);
    pb->type = in->type.number;
    pb->type_space = wire_give_space(arena, in->type.space);
    pb->incarnation = in->position.incarnation;
    pb->number = in->position.number;
    pb->has_previous = in->has_previous;
    if (in->has_previous)
        pb->previous = GIVE_ID(in->previous);
    pb->profile = GIVE_ID(in->profile);
    pb->commitments = GIVE_ID(in->commitments);
    pb->claimed_ms = GIVE_MS(in->claimed);
    pb->has_tombstone = in->tombstone;
    pb->tombstone = in->tombstone;
}

static const struct codec codec_revision = {
    .rules = &prescan_revision,
    .descriptor = &hansa__v1__revision__descriptor,
    .size = sizeof(struct revision),
    .take = take_revision,
    .give = give_revision,
};
WIRE_CODEC(revision, revision)
