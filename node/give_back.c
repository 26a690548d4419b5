/* SPDX-License-Identifier: Apache-2.0
 *
 * node/give_back.c - at the partner of a restored node: back goes what that one must not forget (contract:
 * node/give_back.h).
 */
#include "node/give_back.h"

#include "node/exchange_priv.h"
#include "node/keys.h"
#include "node/passon.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

/* It asks faster than it takes. */
static bool
is_busy(struct core *core, const struct company *company)
{
    int64_t waiting = 0;
    enum status s = store_number(core->store, &waiting, STMT_CONTROL_COUNT, "i", company->id);

    return s != STATUS_OK || waiting > RETURN_WAITING_MAX;
}

/* ---- as it was signed --------------------------------------------------------------------- */

/* Every object that the statement finds, oldest first; bound by the caller. */
static enum status
queue_all(struct core *core, const struct company *company, enum message_kind kind,
          struct stmt *q)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct signed_object *object;
        arena_reset(arena);
        TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, 0)), arena, &object));
        enum status anew = keys_anew_word(core, kind, object);
        if (anew != STATUS_LOCKED)
            TRY(anew);
        TRY(control_queue(core, company->id, kind, wire_signed_body_format(object, arena), 0));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
give_revocations(struct core *core, const struct company *company)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_REVOKED_RETURN);

    stmt_bind(q, "bi", bytes_of(company->node.b, ID_SIZE), company->id);
    return queue_all(core, company, MESSAGE_REVOCATION, q);
}

/* What we took back of it since the copy stands there again: said once more, before it is passed on. */
static enum status
give_withdrawals(struct core *core, const struct company *company)
{
    core->withdrawals_wait = true;
    return store_exec(core->store, STMT_WITHDRAWAL_RETURN, "i", company->id);
}

enum status
give_back_answer(struct core *core, const struct company *company, int64_t share)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_ANSWER);

    if (is_busy(core, company))
        return STATUS_OK;
    stmt_bind(q, "i", share);
    return queue_all(core, company, MESSAGE_ANSWER, q);
}

static enum status
give_answers(struct core *core, const struct company *company)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_ANSWER_RETURN);

    stmt_bind(q, "ii", company->id, core_wall(core).ms);
    return queue_all(core, company, MESSAGE_ANSWER, q);
}

static enum status
give_verdicts(struct core *core, const struct company *company)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_VERDICT_RETURN);

    stmt_bind(q, "i", company->id);
    return queue_all(core, company, MESSAGE_VERDICT, q);
}

enum status
give_back_words(struct core *core, const struct company *company)
{
    if (is_busy(core, company))
        return STATUS_OK;
    TRY(give_answers(core, company));
    return give_verdicts(core, company);
}

/* ---- shares ------------------------------------------------------------------------------- */

/* Its offers that stand here: it may have made them since the copy. */
static enum status
give_its_offers(struct core *core, const struct company *company)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].role == ROLE_RECEIVED && core->lives[i].partner == company->id)
            TRY(offer_send(core, &core->lives[i]));
    return STATUS_OK;
}

/* What it had of ours: the offers again, and every record under them is due. */
static enum status
give_shares(struct core *core, const struct company *company)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->role != ROLE_GIVEN || live->partner != company->id ||
            (live->state != SHARE_DELIVERED && live->state != SHARE_ACCEPTED))
            continue;
        TRY(offer_send_again(core, live));
        TRY(records_queue_share(core, live));
    }
    return STATUS_OK;
}

/* What we, or others below us, passed on of its own or of what it gave us. */
static enum status
give_passons(struct core *core, const struct company *company)
{
    for (size_t i = 0; i < core->live_count; i++) {
        const struct live *live = &core->lives[i];
        const struct company *up = passon_upward(core, live);
        if (up == company)
            TRY(passon_send(core, live));
    }
    return STATUS_OK;
}

/* ---- its own records ---------------------------------------------------------------------- */

/* What we hold of it, whoever gave it to us. */
static enum status
give_records(struct core *core, struct company *company)
{
    TRY(store_exec(core->store, STMT_GIVING_BACK_ADD, "i", company->id));
    TRY(store_exec(core->store, STMT_GIVING_BACK_DUE, "i", company->id));
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].role == ROLE_RECEIVED)
            core->lives[i].has_due = true;
    company->gives_back = true;
    return STATUS_OK;
}

/* Verdicts are about records that it may know again only now. */
static enum status
give_last(struct core *core, struct company *company)
{
    struct signed_object object;

    TRY(give_verdicts(core, company));
    TRY(company_descriptor(core, &core->me, core->round, &object));
    TRY(control_queue(core, company->id, MESSAGE_DESCRIPTOR,
                      wire_signed_body_format(&object, core->round), 0));
    return audit_add(core, "node", "partner.given_back", bytes_of(company->node.b, ID_SIZE),
                     (struct bytes){ 0 });
}

/* May a share of its still have something to hand over? */
static bool
is_handed_over(const struct core *core, const struct company *company)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].role == ROLE_RECEIVED && core->lives[i].has_due &&
            ID_IS_EQUAL(*chain_owner(core->lives[i].chain), company->node))
            return true;
    return false;
}

/* STATUS_NOT_FOUND: nothing is left. What is due under shares that are not there, as their chain does not verify, is let
 * go: nobody would ever hand it over. */
static enum status
find_left(struct core *core, const struct company *company)
{
    int64_t any;
    enum status s = store_number(core->store, &any, STMT_GIVING_BACK_LEFT, "i", company->id);

    if (s != STATUS_OK || is_handed_over(core, company))
        return s;
    TRY(core_need_txn(core));
    TRY(store_exec(core->store, STMT_GIVING_BACK_FORGET, "i", company->id));
    return store_number(core->store, &any, STMT_GIVING_BACK_LEFT, "i", company->id);
}

static enum status
end(struct core *core, struct company *company)
{
    if (!company->gives_back)
        return STATUS_OK;
    enum status s = find_left(core, company);
    if (s != STATUS_NOT_FOUND)
        return s;
    TRY(core_need_txn(core));
    company->gives_back = false;
    TRY(store_exec(core->store, STMT_GIVING_BACK_DROP, "i", company->id));
    return give_last(core, company);
}

enum status
give_back_load(struct core *core)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GIVING_BACK_ALL);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct company *c = company_by_id(core, stmt_int(q, 0));
        if (c != NULL)
            c->gives_back = true;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static enum status
begin(struct core *core, struct company *company)
{
    company->owes_back = false;
    company->gives_next = (struct mono_ms){ core_mono(core).ms + GIVE_BACK_EVERY_MS };
    LOG(LOG_WARN, "partner.restored", log_id("partner", company->node.b));
    company->told = 0;
    TRY(keys_tell(core, company));
    TRY(give_revocations(core, company));
    TRY(give_withdrawals(core, company));
    TRY(give_shares(core, company));
    TRY(give_its_offers(core, company));
    TRY(give_passons(core, company));
    TRY(give_answers(core, company));
    TRY(give_records(core, company));
    return audit_add(core, actor_partner(core, &company->node), "partner.restored",
                     bytes_of(company->node.b, ID_SIZE), (struct bytes){ 0 });
}

enum status
give_back_go_on(struct core *core, struct company *company)
{
    if (!company->owes_back)
        return end(core, company);
    if (is_busy(core, company) || core_mono(core).ms < company->gives_next.ms)
        return STATUS_OK;
    TRY(core_need_txn(core));
    return begin(core, company);
}

enum status
give_back_begin(struct core *core, struct company *company)
{
    company->owes_back = true;
    return give_back_go_on(core, company);
}
