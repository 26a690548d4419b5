/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_offer.c - what companies say to each other about grants: offers, answers, notices
 * of passing on, revocations.
 */
#include "schema/wire_priv.h"

/* ---- Offer ---- */

static enum status
take_offer(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Offer *pb = message;
    struct offer *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->kind = (enum offer_kind)pb->kind;
    out->title = pb->title;
    out->note = pb->note;
    out->count = pb->count;
    out->offered = TAKE_MS(pb->offered_ms);
    return STATUS_OK;
}

static void
give_offer(struct arena *arena, const void *source, void *message)
{
    const struct offer *in = source;
    Hansa__V1__Offer *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->kind = (uint32_t)in->kind;
    pb->title = wire_give_text(in->title);
    pb->note = wire_give_text(in->note);
    pb->count = in->count;
    pb->offered_ms = GIVE_MS(in->offered);
}

static const struct codec codec_offer = {
    .rules = &prescan_offer,
    .descriptor = &hansa__v1__offer__descriptor,
    .size = sizeof(struct offer),
    .take = take_offer,
    .give = give_offer,
};
WIRE_CODEC(offer, offer)

/* ---- Answer ---- */

static enum status
take_answer(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Answer *pb = message;
    struct answer *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->offer, pb->offer);
    TAKE_ID(out->grant, pb->grant);
    out->accepted = pb->accepted;
    out->reason = pb->reason;
    out->answered = TAKE_MS(pb->answered_ms);
    out->declined_count = pb->n_declined;
    out->declined = wire_alloc(arena, pb->n_declined, sizeof(*out->declined));
    if (out->declined == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_declined; i++) {
        TAKE_ID(out->declined[i].record, pb->declined[i]->record);
        out->declined[i].reason = pb->declined[i]->reason;
    }
    return STATUS_OK;
}

static Hansa__V1__Declined *
give_declined(struct arena *arena, const struct declined *in)
{
    Hansa__V1__Declined *pb = ARENA_NEW(arena, Hansa__V1__Declined);

    hansa__v1__declined__init(pb);
    pb->record = GIVE_ID(in->record);
    pb->reason = wire_give_text(in->reason);
    return pb;
}

static void
give_answer(struct arena *arena, const void *source, void *message)
{
    const struct answer *in = source;
    Hansa__V1__Answer *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->offer = GIVE_ID(in->offer);
    pb->grant = GIVE_ID(in->grant);
    pb->accepted = in->accepted;
    pb->reason = wire_give_text(in->reason);
    pb->answered_ms = GIVE_MS(in->answered);
    pb->n_declined = in->declined_count;
    pb->declined = ARENA_ARRAY(arena, Hansa__V1__Declined *, in->declined_count);
    for (size_t i = 0; i < in->declined_count; i++)
        pb->declined[i] = give_declined(arena, &in->declined[i]);
}

static bool
is_answer_valid(const void *source)
{
    const struct answer *in = source;

    for (size_t i = 1; i < in->declined_count; i++)
        if (memcmp(in->declined[i - 1].record.b, in->declined[i].record.b, ID_SIZE) >= 0)
            return false;
    return true;
}

static const struct codec codec_answer = {
    .rules = &prescan_answer,
    .descriptor = &hansa__v1__answer__descriptor,
    .size = sizeof(struct answer),
    .take = take_answer,
    .give = give_answer,
    .is_valid = is_answer_valid,
};
WIRE_CODEC(answer, answer)

/* ---- PassOn ---- */

static enum status
take_passon(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__PassOn *pb = message;
    struct passon *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    TAKE_ID(out->next, pb->next);
    out->asked = TAKE_MS(pb->asked_ms);
    return STATUS_OK;
}

static void
give_passon(struct arena *arena, const void *source, void *message)
{
    const struct passon *in = source;
    Hansa__V1__PassOn *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->next = GIVE_ID(in->next);
    pb->asked_ms = GIVE_MS(in->asked);
}

static const struct codec codec_passon = {
    .rules = &prescan_passon,
    .descriptor = &hansa__v1__pass_on__descriptor,
    .size = sizeof(struct passon),
    .take = take_passon,
    .give = give_passon,
};
WIRE_CODEC(passon, passon)

/* ---- PassOnAck ---- */

static enum status
take_passon_ack(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__PassOnAck *pb = message;
    struct passon_ack *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->noted = pb->noted;
    out->reason = pb->reason;
    out->noted_at = TAKE_MS(pb->noted_ms);
    return STATUS_OK;
}

static void
give_passon_ack(struct arena *arena, const void *source, void *message)
{
    const struct passon_ack *in = source;
    Hansa__V1__PassOnAck *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->noted = in->noted;
    pb->reason = wire_give_text(in->reason);
    pb->noted_ms = GIVE_MS(in->noted_at);
}

static const struct codec codec_passon_ack = {
    .rules = &prescan_passon_ack,
    .descriptor = &hansa__v1__pass_on_ack__descriptor,
    .size = sizeof(struct passon_ack),
    .take = take_passon_ack,
    .give = give_passon_ack,
};
WIRE_CODEC(passon_ack, passon_ack)

/* ---- Revocation ---- */

static enum status
take_revocation(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Revocation *pb = message;
    struct revocation *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->owner, pb->owner);
    TAKE_ID(out->grant, pb->grant);
    out->reason = pb->reason;
    out->revoked = TAKE_MS(pb->revoked_ms);
    return STATUS_OK;
}

static void
give_revocation(struct arena *arena, const void *source, void *message)
{
    const struct revocation *in = source;
    Hansa__V1__Revocation *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->owner = GIVE_ID(in->owner);
    pb->grant = GIVE_ID(in->grant);
    pb->reason = wire_give_text(in->reason);
    pb->revoked_ms = GIVE_MS(in->revoked);
}

static const struct codec codec_revocation = {
    .rules = &prescan_revocation,
    .descriptor = &hansa__v1__revocation__descriptor,
    .size = sizeof(struct revocation),
    .take = take_revocation,
    .give = give_revocation,
};
WIRE_CODEC(revocation, revocation)
