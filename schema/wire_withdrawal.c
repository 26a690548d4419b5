/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_withdrawal.c - Withdrawal: rows whose ground is gone
 * (docs/protocol/withdrawals.md).
 */
#include "schema/wire_priv.h"

static enum status
take_withdrawal(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Withdrawal *pb = message;
    struct withdrawal *out = target;

    TAKE_ID(out->author, pb->author);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->owner, pb->owner);
    TAKE_ID(out->grant, pb->grant);
    out->reason = pb->reason;
    out->withdrawn = TAKE_MS(pb->withdrawn_ms);
    out->row_count = pb->n_row;
    out->rows = wire_alloc(arena, pb->n_row, sizeof(*out->rows));
    for (size_t i = 0; out->rows != NULL && i < pb->n_row; i++) {
        TAKE_ID(out->rows[i].record, pb->row[i]->record);
        out->rows[i].upto = (struct position){ pb->row[i]->incarnation, pb->row[i]->number };
    }
    return out->rows != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_withdrawal(struct arena *arena, const void *source, void *message)
{
    const struct withdrawal *in = source;
    Hansa__V1__Withdrawal *pb = message;

    pb->author = GIVE_ID(in->author);
    pb->audience = GIVE_ID(in->audience);
    pb->owner = GIVE_ID(in->owner);
    pb->grant = GIVE_ID(in->grant);
    pb->reason = wire_give_text(in->reason);
    pb->withdrawn_ms = GIVE_MS(in->withdrawn);
    pb->n_row = in->row_count;
    pb->row = ARENA_ARRAY(arena, Hansa__V1__Withdrawn *, in->row_count);
    for (size_t i = 0; i < in->row_count; i++) {
        pb->row[i] = ARENA_NEW(arena, Hansa__V1__Withdrawn);
        hansa__v1__withdrawn__init(pb->row[i]);
        pb->row[i]->record = GIVE_ID(in->rows[i].record);
        pb->row[i]->incarnation = in->rows[i].upto.incarnation;
        pb->row[i]->number = in->rows[i].upto.number;
    }
}

static bool
is_withdrawal_valid(const void *source)
{
    const struct withdrawal *in = source;

    for (size_t i = 1; i < in->row_count; i++)
        if (memcmp(in->rows[i - 1].record.b, in->rows[i].record.b, ID_SIZE) >= 0)
            return false;
    return true;
}

static const struct codec codec_withdrawal = {
    .rules = &prescan_withdrawal,
    .descriptor = &hansa__v1__withdrawal__descriptor,
    .size = sizeof(struct withdrawal),
    .take = take_withdrawal,
    .give = give_withdrawal,
    .is_valid = is_withdrawal_valid,
};
WIRE_CODEC(withdrawal, withdrawal)
