/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_return.c - what comes back for what was shared: verdicts on contributed rows, asks for
 * what is missing, proposals and their answers.
 */
#include "schema/wire_priv.h"

/* ---- Verdict ---- */

static enum status
take_verdict(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Verdict *pb = message;
    struct verdict *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->judged = TAKE_MS(pb->judged_ms);
    out->row_count = pb->n_row;
    out->rows = wire_alloc(arena, pb->n_row, sizeof(*out->rows));
    for (size_t i = 0; out->rows != NULL && i < pb->n_row; i++) {
        TAKE_ID(out->rows[i].record, pb->row[i]->record);
        out->rows[i].position =
            (struct position){ pb->row[i]->incarnation, pb->row[i]->number };
        out->rows[i].taken = pb->row[i]->taken;
        out->rows[i].reason = pb->row[i]->reason;
    }
    return out->rows != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static Hansa__V1__Judged *
give_judged(struct arena *arena, const struct judged *in)
{
    Hansa__V1__Judged *pb = ARENA_NEW(arena, Hansa__V1__Judged);

    hansa__v1__judged__init(pb);
    pb->record = GIVE_ID(in->record);
    pb->incarnation = in->position.incarnation;
    pb->number = in->position.number;
    pb->taken = in->taken;
    pb->reason = wire_give_text(in->reason);
    return pb;
}

static void
give_verdict(struct arena *arena, const void *source, void *message)
{
    const struct verdict *in = source;
    Hansa__V1__Verdict *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->judged_ms = GIVE_MS(in->judged);
    pb->n_row = in->row_count;
    pb->row = ARENA_ARRAY(arena, Hansa__V1__Judged *, in->row_count);
    for (size_t i = 0; i < in->row_count; i++)
        pb->row[i] = give_judged(arena, &in->rows[i]);
}

static bool
is_verdict_valid(const void *source)
{
    const struct verdict *in = source;

    for (size_t i = 0; i < in->row_count; i++)
        if (in->rows[i].taken != (in->rows[i].reason[0] == '\0') ||
            (i > 0 && memcmp(in->rows[i - 1].record.b, in->rows[i].record.b, ID_SIZE) >= 0))
            return false;
    return true;
}

static const struct codec codec_verdict = {
    .rules = &prescan_verdict,
    .descriptor = &hansa__v1__verdict__descriptor,
    .size = sizeof(struct verdict),
    .take = take_verdict,
    .give = give_verdict,
    .is_valid = is_verdict_valid,
};
WIRE_CODEC(verdict, verdict)

/* ---- Ask ---- */

static enum status
take_ask(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Ask *pb = message;
    struct ask *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    out->note = pb->note;
    out->asked = TAKE_MS(pb->asked_ms);
    out->row_count = pb->n_row;
    out->rows = wire_alloc(arena, pb->n_row, sizeof(*out->rows));
    for (size_t i = 0; out->rows != NULL && i < pb->n_row; i++) {
        const Hansa__V1__Wanted *w = pb->row[i];
        TAKE_ID(out->rows[i].record, w->record);
        out->rows[i].field_count = w->n_field;
        out->rows[i].fields = wire_take_grant_fields(arena, w->field, w->n_field);
        if (out->rows[i].fields == NULL)
            return STATUS_TOO_BIG;
    }
    return out->rows != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static Hansa__V1__Wanted *
give_wanted(struct arena *arena, const struct wanted *in)
{
    Hansa__V1__Wanted *pb = ARENA_NEW(arena, Hansa__V1__Wanted);

    hansa__v1__wanted__init(pb);
    pb->record = GIVE_ID(in->record);
    pb->n_field = in->field_count;
    pb->field = wire_give_grant_fields(arena, in->fields, in->field_count);
    return pb;
}

static void
give_ask(struct arena *arena, const void *source, void *message)
{
    const struct ask *in = source;
    Hansa__V1__Ask *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->note = wire_give_text(in->note);
    pb->asked_ms = GIVE_MS(in->asked);
    pb->n_row = in->row_count;
    pb->row = ARENA_ARRAY(arena, Hansa__V1__Wanted *, in->row_count);
    for (size_t i = 0; i < in->row_count; i++)
        pb->row[i] = give_wanted(arena, &in->rows[i]);
}

static bool
is_ask_valid(const void *source)
{
    const struct ask *in = source;

    for (size_t i = 0; i < in->row_count; i++)
        if (!wire_are_grant_fields_ascending(in->rows[i].fields, in->rows[i].field_count) ||
            (i > 0 && memcmp(in->rows[i - 1].record.b, in->rows[i].record.b, ID_SIZE) >= 0))
            return false;
    return true;
}

static const struct codec codec_ask = {
    .rules = &prescan_ask,
    .descriptor = &hansa__v1__ask__descriptor,
    .size = sizeof(struct ask),
    .take = take_ask,
    .give = give_ask,
    .is_valid = is_ask_valid,
};
WIRE_CODEC(ask, ask)

/* ---- Proposal ---- */

static enum status
take_proposal(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Proposal *pb = message;
    struct proposal *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    TAKE_ID(out->record, pb->record);
    TAKE_ID(out->seen, pb->seen);
    out->note = pb->note;
    out->proposed = TAKE_MS(pb->proposed_ms);
    out->field_count = pb->n_field;
    out->fields = wire_alloc(arena, pb->n_field, sizeof(*out->fields));
    for (size_t i = 0; out->fields != NULL && i < pb->n_field; i++) {
        const Hansa__V1__Field *f = pb->field[i];
        out->fields[i] = (struct field){ .key = { wire_take_space(f->space), f->number },
                                         .value = wire_take_bytes(f->value),
                                         .has_salt = f->has_salt };
    }
    return out->fields != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static Hansa__V1__Field *
give_field(struct arena *arena, const struct field *in)
{
    Hansa__V1__Field *pb = ARENA_NEW(arena, Hansa__V1__Field);

    hansa__v1__field__init(pb);
    pb->number = in->key.number;
    pb->space = wire_give_space(arena, in->key.space);
    pb->value = wire_give_bytes(in->value);
    return pb;
}

static void
give_proposal(struct arena *arena, const void *source, void *message)
{
    const struct proposal *in = source;
    Hansa__V1__Proposal *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->record = GIVE_ID(in->record);
    pb->seen = GIVE_ID(in->seen);
    pb->note = wire_give_text(in->note);
    pb->proposed_ms = GIVE_MS(in->proposed);
    pb->n_field = in->field_count;
    pb->field = ARENA_ARRAY(arena, Hansa__V1__Field *, in->field_count);
    for (size_t i = 0; i < in->field_count; i++)
        pb->field[i] = give_field(arena, &in->fields[i]);
}

static bool
is_proposal_valid(const void *source)
{
    const struct proposal *in = source;

    for (size_t i = 0; i < in->field_count; i++)
        if (in->fields[i].has_salt ||
            (i > 0 && key_compare(in->fields[i - 1].key, in->fields[i].key) >= 0))
            return false;
    return true;
}

static const struct codec codec_proposal = {
    .rules = &prescan_proposal,
    .descriptor = &hansa__v1__proposal__descriptor,
    .size = sizeof(struct proposal),
    .take = take_proposal,
    .give = give_proposal,
    .is_valid = is_proposal_valid,
};
WIRE_CODEC(proposal, proposal)

/* ---- ProposalAnswer ---- */

static enum status
take_proposal_answer(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__ProposalAnswer *pb = message;
    struct proposal_answer *out = target;

    (void)arena;
    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->proposal, pb->proposal);
    out->accepted = pb->accepted;
    out->reason = pb->reason;
    out->answered = TAKE_MS(pb->answered_ms);
    return STATUS_OK;
}

static void
give_proposal_answer(struct arena *arena, const void *source, void *message)
{
    const struct proposal_answer *in = source;
    Hansa__V1__ProposalAnswer *pb = message;

    (void)arena;
    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->proposal = GIVE_ID(in->proposal);
    pb->accepted = in->accepted;
    pb->reason = wire_give_text(in->reason);
    pb->answered_ms = GIVE_MS(in->answered);
}

static const struct codec codec_proposal_answer = {
    .rules = &prescan_proposal_answer,
    .descriptor = &hansa__v1__proposal_answer__descriptor,
    .size = sizeof(struct proposal_answer),
    .take = take_proposal_answer,
    .give = give_proposal_answer,
};
WIRE_CODEC(proposal_answer, proposal_answer)

/* ---- LightOffer ---- */

static enum status
take_light_offer(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__LightOffer *pb = message;
    struct light_offer *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->grant, pb->grant);
    TAKE_ID(out->event, pb->event);
    out->offered = TAKE_MS(pb->offered_ms);
    out->column_count = pb->n_column;
    out->columns = wire_take_grant_fields(arena, pb->column, pb->n_column);
    return out->columns != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_light_offer(struct arena *arena, const void *source, void *message)
{
    const struct light_offer *in = source;
    Hansa__V1__LightOffer *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->grant = GIVE_ID(in->grant);
    pb->event = GIVE_ID(in->event);
    pb->offered_ms = GIVE_MS(in->offered);
    pb->n_column = in->column_count;
    pb->column = wire_give_grant_fields(arena, in->columns, in->column_count);
}

static bool
is_light_offer_valid(const void *source)
{
    const struct light_offer *in = source;

    return wire_are_grant_fields_ascending(in->columns, in->column_count);
}

static const struct codec codec_light_offer = {
    .rules = &prescan_light_offer,
    .descriptor = &hansa__v1__light_offer__descriptor,
    .size = sizeof(struct light_offer),
    .take = take_light_offer,
    .give = give_light_offer,
    .is_valid = is_light_offer_valid,
};
WIRE_CODEC(light_offer, light_offer)
