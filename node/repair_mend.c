/* SPDX-License-Identifier: Apache-2.0
 *
 * node/repair_mend.c - the giver's side: one difference between what we delivered and what is there.
 */
#include <string.h>

#include "node/exchange_priv.h"
#include "node/repair_priv.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"

static const char reason_not_shared[] = "NOT_SHARED";

/* ---- missing there ------------------------------------------------------------------------ */

/* Did the organiser refuse it, or its owner take it away since? Then it is not there for a reason. */
static enum status
is_refused(struct core *core, const struct live *live, const struct record_id *id, bool *out)
{
    int64_t one;
    enum status s = store_number(core->store, &one, STMT_VERDICT_REFUSES, "ib", live->share,
                                 bytes_of(id->b, ID_SIZE));

    *out = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
mend_missing(struct core *core, struct live *live, const struct scope_row *row,
             struct repair_tally *tally)
{
    bool refused;

    TRY(is_refused(core, live, &row->entry.record, &refused));
    if (row->missed > 0 || refused) {
        tally->given_up++;
        TRY(scopes_moved(core, live, row->record, &row->entry.position, NULL));
        return store_exec(core->store, STMT_DELIVERY_MISSED, "iii", live->leaf, row->record,
                          (int64_t)2);
    }
    tally->again++;
    live->has_due = true;
    TRY(store_exec(core->store, STMT_DELIVERY_MISSED, "iii", live->leaf, row->record,
                   (int64_t)1));
    return store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, row->record);
}

/* ---- there, and not known to be ----------------------------------------------------------- */

/* It may go, and what is there is what we have: that it was delivered is all that we did not know. */
static enum status
know_delivered(struct core *core, const struct live *live, int64_t record,
               const struct position *is)
{
    struct position was;
    int64_t purged;
    int missed = 0;
    enum status s = scopes_delivered(core, live->leaf, record, &was, &missed);

    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    bool stood = s == STATUS_OK && missed < 2;
    TRY(scopes_moved(core, live, record, stood ? &was : NULL, is));
    TRY(store_number(core->store, &purged, STMT_DELIVERY_PUT, "iiiiii", record, live->partner,
                     live->leaf, (int64_t)is->incarnation, (int64_t)is->number,
                     core_wall(core).ms));
    return store_exec(core->store, STMT_DELIVERY_MISSED, "iii", live->leaf, record, (int64_t)0);
}

/* Of the revision that we could give; zero: none. */
static enum status
position_here(struct core *core, const struct live *live, int64_t record, struct position *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_AT);

    *out = (struct position){ 0 };
    stmt_bind(q, "ii", live->parent_leaf, record);
    enum status s = stmt_step(q);
    if (s == STATUS_OK)
        *out = (struct position){ (uint32_t)stmt_int(q, 0), (uint64_t)stmt_int(q, 1) };
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* May it be we who lost something? Restored from a copy, that may be older than what is there; or what was given to us
 * and not taken back since is not here: who gave it mends that. */
static enum status
may_be_our_loss(struct core *core, const struct live *live, int64_t record,
                const struct scope_entry *entry, bool *out)
{
    struct position ours;
    bool taken_back;

    TRY(position_here(core, live, record, &ours));
    *out = core->incarnation > 1 && position_compare(entry->position, ours) > 0;
    if (*out || ours.incarnation > 0 || live->parent_leaf == OWN_GRANT)
        return STATUS_OK;
    TRY(withdrawal_covers(core, live, &entry->record, entry->position, &taken_back));
    *out = !taken_back;
    return STATUS_OK;
}

/* A thief may have signed any position: what is there by its keys gives way to what goes again. */
static enum status
was_robbed(struct core *core, int64_t record, bool *out)
{
    int64_t owner;

    TRY(store_number(core->store, &owner, STMT_RECORD_OWNER, "i", record));
    *out = company_by_id(core, owner)->refused_below > 0;
    return STATUS_OK;
}

/* Went ours already against a higher one, and it is still there? Once is enough: the holder says what it likes. */
static enum status
went_against(struct core *core, const struct live *live, int64_t record, bool *out)
{
    struct position was;
    int missed = 0;
    enum status s = scopes_delivered(core, live->leaf, record, &was, &missed);

    *out = s == STATUS_OK && missed > 0;
    if (s == STATUS_NOT_FOUND || *out)
        return STATUS_OK;
    TRY(s);
    return store_exec(core->store, STMT_DELIVERY_MISSED, "iii", live->leaf, record, (int64_t)1);
}

static enum status
mend_known(struct core *core, struct live *live, int64_t record,
           const struct scope_entry *entry, struct repair_tally *tally)
{
    struct position ours;
    bool is_ours, robbed;

    TRY(was_robbed(core, record, &robbed));
    TRY(may_be_our_loss(core, live, record, entry, &is_ours));
    enum status s = load_may_go(core, live, record, &ours);
    if (is_ours && (s != STATUS_OK || !robbed)) {
        tally->odd++;
        return STATUS_OK;
    }
    if (s == STATUS_NOT_GRANTED || s == STATUS_NOT_FOUND) {
        tally->back++;
        return withdrawal_note_upto(core, live, record, entry->position, reason_not_shared);
    }
    TRY(s);
    int order = position_compare(entry->position, ours);
    if (order == 0)
        return know_delivered(core, live, record, &entry->position);
    bool is_odd = order > 0 && !robbed;
    if (order > 0 && robbed)
        TRY(went_against(core, live, record, &is_odd));
    if (is_odd) {
        tally->odd++; /* nobody but the owner makes revisions, and it has not this one */
        return STATUS_OK;
    }
    tally->again++;
    live->has_due = true;
    return store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, record);
}

static enum status
mend_extra(struct core *core, struct live *live, const struct scope_entry *entry,
           struct repair_tally *tally)
{
    int64_t record;
    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(entry->record.b, ID_SIZE));

    if (s == STATUS_OK)
        return mend_known(core, live, record, entry, tally);
    if (s != STATUS_NOT_FOUND)
        return s;
    if (core->incarnation > 1) { /* perhaps the restored database is older than the row */
        tally->odd++;
        return STATUS_OK;
    }
    struct withdrawn row = { entry->record, entry->position };
    tally->back++;
    return withdrawal_say(core, live->leaf, &row, 1, reason_not_shared);
}

/* ---- lists -------------------------------------------------------------------------------- */

enum status
repair_mend_list(struct core *core, struct live *live, const struct scope_look *ours,
                 const struct scope_range *theirs, struct repair_tally *tally)
{
    size_t i = 0, k = 0;

    while (i < ours->row_count || k < theirs->entry_count) {
        const struct scope_row *a = i < ours->row_count ? &ours->rows[i] : NULL;
        const struct scope_entry *b = k < theirs->entry_count ? &theirs->entries[k] : NULL;
        int order = a == NULL   ? 1
                    : b == NULL ? -1
                                : memcmp(a->entry.record.b, b->record.b, ID_SIZE);
        int newer = order == 0 ? position_compare(b->position, a->entry.position) : 0;
        if (order < 0 || newer < 0)
            TRY(mend_missing(core, live, a, tally));
        else if (order > 0 || newer > 0)
            TRY(mend_extra(core, live, b, tally));
        i += order <= 0;
        k += order >= 0;
    }
    return STATUS_OK;
}
