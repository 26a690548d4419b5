/* SPDX-License-Identifier: Apache-2.0
 *
 * node/receipt.c - receipts: made of what we hold, taken of what others hold, and passed on (contract: node/receipt.h).
 */
#include "node/receipt.h"

#include <string.h>

#include "node/letting_go.h"
#include "node/relay.h"
#include "node/scopes.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum {
    TELL_MOST = 32,
};

const char *
receipt_state_name(enum receipt_state state)
{
    static const char *const names[] = { [RECEIPT_RECEIVED] = "received",
                                         [RECEIPT_APPLIED] = "applied",
                                         [RECEIPT_PURGED] = "purged",
                                         [RECEIPT_REFUSED] = "refused" };

    assert(state >= RECEIPT_RECEIVED && state <= RECEIPT_REFUSED);
    return names[state];
}

bool
receipt_is_news(enum receipt_state from, enum receipt_state to, bool newer)
{
    static const int rank[] = { [RECEIPT_RECEIVED] = 1,
                                [RECEIPT_APPLIED] = 2,
                                [RECEIPT_REFUSED] = 3,
                                [RECEIPT_PURGED] = 4 };

    return rank[to] > rank[from] || (to == from && newer);
}

/* ---- keeping ------------------------------------------------------------------------------ */

struct entry {
    int64_t grant, holder, audience;
    const struct receipt *receipt;
    struct bytes object; /* none: ours, to be signed */
};

static struct digest
set_of(const struct receipt *r)
{
    return digest_plain(bytes_of(r->records, r->record_count * sizeof(*r->records)));
}

/* STATUS_REPLAY: nothing new in it. */
static enum status
check_forward(struct core *core, const struct entry *e, struct bytes set)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECEIPT_STATE);

    stmt_bind(q, "iiib", e->grant, e->holder, e->audience, set);
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    bool newer = e->receipt->at.ms > stmt_int(q, 1);
    return receipt_is_news((enum receipt_state)stmt_int(q, 0), e->receipt->state, newer)
               ? STATUS_OK
               : STATUS_REPLAY;
}

static enum status
keep(struct core *core, const struct entry *e)
{
    const struct receipt *r = e->receipt;
    struct digest digest = set_of(r);
    struct bytes set = bytes_of(digest.b, r->record_count > 0 ? ID_SIZE : 0);
    enum statement put = e->object.len > 0 ? STMT_RECEIPT_PUT : STMT_RECEIPT_PUT_OWN;

    TRY(check_forward(core, e, set));
    TRY(store_exec(
        core->store, put, "iiibibittiib", e->grant, e->holder, e->audience, set,
        (int64_t)r->state, bytes_of(r->records, r->record_count * sizeof(*r->records)),
        (int64_t)r->count, r->reason, r->basis, r->at.ms, core_wall(core).ms, e->object));
    if (r->record_count == 0)
        return STATUS_OK;
    return store_exec(core->store, STMT_RECEIPT_TRIM, "iii", e->holder, e->audience,
                      (int64_t)RECEIPTS_KEPT_MAX);
}

/* ---- making ------------------------------------------------------------------------------- */

enum status
receipt_make(struct core *core, const struct receipt_said *said)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant_row row;

    TRY(grant_row_get(core, said->leaf, arena, &row));
    assert(row.audience == COMPANY_US && said->record_count <= RECEIPT_RECORDS_MAX);
    if ((said->state < RECEIPT_PURGED && !row.grant->receipt) ||
        (PLANTED(RECEIPT_MISSING) && said->state == RECEIPT_PURGED))
        return STATUS_OK;
    struct receipt r = { .state = said->state,
                         .records = ARENA_ARRAY(arena, struct record_id, said->record_count),
                         .record_count = said->record_count,
                         .count = said->count > UINT32_MAX ? UINT32_MAX : (uint32_t)said->count,
                         .reason = said->reason == NULL ? "" : said->reason,
                         .basis = said->basis == NULL ? "" : said->basis,
                         .at = core_wall(core) };
    if (said->record_count > 0)
        memcpy(r.records, said->records, said->record_count * sizeof(*r.records));
    int64_t to[] = { row.owner, row.issuer };
    for (size_t i = 0; i < COUNT_OF(to) && (i == 0 || row.issuer != row.owner); i++) {
        struct entry e = { row.id, COMPANY_US, to[i], &r, { 0 } };
        enum status s = keep(core, &e);
        if (s != STATUS_REPLAY)
            TRY(s);
    }
    core->receipts_unsaid = true;
    return audit_add(core, "node", "receipt.made", bytes_of(row.gid.b, ID_SIZE),
                     bytes_text(receipt_state_name(said->state)));
}

enum status
receipt_applied(struct core *core, int64_t leaf)
{
    struct receipt_said said = { .leaf = leaf, .state = RECEIPT_APPLIED };
    int64_t held;

    TRY(store_number(core->store, &held, STMT_COPY_VALUES_COUNT, "i", leaf));
    said.count = (size_t)held;
    return receipt_make(core, &said);
}

static enum status
is_there(struct core *core, const struct record_id *record, int64_t leaf, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_IS_THERE);

    stmt_bind(q, "bi", bytes_of(record->b, ID_SIZE), leaf);
    enum status s = stmt_step(q);
    *out = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What was kept on a basis in law is refused, and says why. */
static enum status
refuse(struct core *core, struct receipt_said said)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes only = bytes_of(said.records, said.record_count * ID_SIZE);

    assert(said.record_count <= 1); /* each has a basis of its own */
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HOLD_BASIS);
        stmt_bind(q, "ib", said.leaf, only);
        TRY(stmt_step(q));
        said.basis = arena_text(arena, bytes_text(stmt_text(q, 0)));
    }
    said.state = RECEIPT_REFUSED;
    said.reason = "LEGAL_HOLD";
    return receipt_make(core, &said);
}

enum status
receipt_refuse(struct core *core, int64_t leaf, const struct record_id *record)
{
    struct receipt_said said = {
        .leaf = leaf, .records = record, .record_count = 1, .count = 1
    };

    return refuse(core, said);
}

enum status
receipt_erased(struct core *core, int64_t leaf, int64_t before, const char *reason)
{
    struct receipt_said said = { .leaf = leaf, .state = RECEIPT_PURGED, .reason = reason };
    int64_t after;

    TRY(store_number(core->store, &after, STMT_COPY_GRANT_COUNT, "i", leaf));
    if (PLANTED(RECEIPT_UNTRUE))
        after = 0;
    said.count = (size_t)(after > 0 ? after : before);
    return after > 0 ? refuse(core, said) : receipt_make(core, &said);
}

enum status
receipt_erase(struct core *core, int64_t leaf, const struct record_id *records, size_t count,
              const char *reason)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct record_id *gone = ARENA_ARRAY(arena, struct record_id, count);
    struct receipt_said said = { .leaf = leaf, .state = RECEIPT_PURGED, .reason = reason };
    size_t gone_count = 0, erased = 0;

    if (count == 0)
        return letting_go_begin(core, leaf, LET_ERASE, reason);
    for (size_t i = 0; i < count; i++) {
        bool was, is;
        TRY(is_there(core, &records[i], leaf, &was));
        TRY(records_forget(core, leaf, &records[i]));
        TRY(is_there(core, &records[i], leaf, &is));
        erased += was && !is ? 1 : 0;
        if (is)
            TRY(receipt_refuse(core, leaf, &records[i]));
        else
            gone[gone_count++] = records[i];
    }
    said.records = gone;
    said.record_count = gone_count;
    said.count = erased;
    return gone_count > 0 ? receipt_make(core, &said) : STATUS_OK;
}

enum status
receipt_release(struct core *core, int64_t leaf, const struct record_id *record, bool all)
{
    struct receipt_said said = { .leaf = leaf,
                                 .state = RECEIPT_PURGED,
                                 .records = record,
                                 .record_count = 1,
                                 .count = 1,
                                 .reason = "RELEASED" };
    struct digest set = digest_plain(bytes_of(record->b, ID_SIZE));
    int64_t id;

    TRY(receipt_erase(core, leaf, all ? NULL : record, all ? 0 : 1, "RELEASED"));
    if (!all)
        return STATUS_OK;
    enum status s = store_number(core->store, &id, STMT_RECEIPT_REFUSED, "ib", leaf,
                                 bytes_of(set.b, ID_SIZE)); /* when it alone was withdrawn */
    return s == STATUS_OK ? receipt_make(core, &said) : s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- saying ------------------------------------------------------------------------------- */

static enum status
unsaid_after(struct core *core, int64_t after, struct arena *arena, int64_t *id,
             struct entry *e, struct receipt *r)
{
    enum { ID, GRANT, AUDIENCE, STATE, RECORDS, COUNT, REASON, BASIS, AT };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECEIPT_UNSAID);

    stmt_bind(q, "i", after);
    TRY(stmt_step(q));
    *id = stmt_int(q, ID);
    *e = (struct entry){ stmt_int(q, GRANT), COMPANY_US, stmt_int(q, AUDIENCE), r, { 0 } };
    struct bytes records = stmt_bytes(q, RECORDS);
    *r = (struct receipt){ .author = core->me,
                           .state = (enum receipt_state)stmt_int(q, STATE),
                           .record_count = records.len / ID_SIZE,
                           .count = (uint32_t)stmt_int(q, COUNT),
                           .reason = arena_text(arena, bytes_text(stmt_text(q, REASON))),
                           .basis = arena_text(arena, bytes_text(stmt_text(q, BASIS))),
                           .at = { stmt_int(q, AT) } };
    r->records = ARENA_ARRAY(arena, struct record_id, r->record_count);
    if (records.len > 0)
        memcpy(r->records, records.data, r->record_count * ID_SIZE);
    return STATUS_OK;
}

static enum status
say(struct core *core, int64_t id, const struct entry *e, struct receipt *r,
    struct arena *arena)
{
    const struct company *audience = company_by_id(core, e->audience);
    struct signed_object object;
    struct grant_row row;
    struct company *hop;

    TRY(grant_row_get(core, e->grant, arena, &row));
    r->audience = audience->node; /* the table refers to it */
    r->owner = row.grant->owner;
    r->grant = row.gid;
    TRY(core_sign(core, SIGN_RECEIPT, wire_receipt_format(r, arena), &object));
    TRY(store_exec(core->store, STMT_RECEIPT_SIGNED, "ib", id,
                   wire_signed_object_format(&object, arena)));
    TRY(relay_hop(core, row.id, audience, arena, &hop));
    if (hop == NULL) /* waits in its own queue: for a way, or for a letter */
        LOG(LOG_WARN, "receipt.no_way", log_id("partner", audience->node.b));
    return control_queue(core, hop != NULL ? hop->id : audience->id, MESSAGE_RECEIPT,
                         wire_signed_body_format(&object, arena), 0);
}

enum status
receipt_tell(struct core *core)
{
    int64_t id = 0;

    for (int i = 0; i < TELL_MOST && core->receipts_unsaid; i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct receipt r;
        struct entry e;
        enum status s = unsaid_after(core, id, arena, &id, &e, &r);
        if (s == STATUS_NOT_FOUND)
            core->receipts_unsaid = false;
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        TRY(core_need_txn(core));
        s = say(core, id, &e, &r, arena);
        if (s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
    }
    return STATUS_OK;
}

/* ---- taking ------------------------------------------------------------------------------- */

/* Of a grant that we know, by its audience, about its owner's records. */
static enum status
check_grant(struct taking *t, const struct receipt *r, struct grant_row *row)
{
    int64_t id;

    t->detail = "grant";
    enum status s = grant_find(t->core, &r->grant, &id);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_NOT_GRANTED : s;
    TRY(grant_row_get(t->core, id, t->arena, row));
    if (!ID_IS_EQUAL(row->grant->audience, r->author) ||
        !ID_IS_EQUAL(row->grant->owner, r->owner))
        return STATUS_BROKEN_CHAIN;
    if (!ID_IS_EQUAL(row->grant->owner, r->audience) &&
        !ID_IS_EQUAL(row->grant->issuer, r->audience))
        return STATUS_WRONG_AUDIENCE;
    return STATUS_OK;
}

/* It has the row no more, if we took it back. */
static enum status
row_purged(struct core *core, int64_t holder, int64_t leaf, const struct record_id *id)
{
    struct bytes rid = bytes_of(id->b, ID_SIZE);
    struct position was;
    int64_t record;
    int before, after;

    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b", rid);
    if (s == STATUS_OK)
        s = scopes_delivered(core, leaf, record, &was, &before);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(store_exec(core->store, STMT_DELIVERY_PURGED, "iibi", holder, leaf, rid,
                   core_wall(core).ms));
    TRY(scopes_delivered(core, leaf, record, &was, &after));
    if (after == before)
        return STATUS_OK;
    return scopes_moved(core, live_by_leaf(core, leaf, ROLE_GIVEN), record, &was, NULL);
}

static enum status
keep_taken(struct taking *t, const struct receipt *r, const struct grant_row *row,
           const struct signed_object *object)
{
    const struct company *holder = company_find(t->core, &r->author);
    const struct company *audience = company_find(t->core, &r->audience);
    struct entry e = { row->id, holder->id, audience->id, r,
                       wire_signed_object_format(object, t->arena) };

    TRY(keep(t->core, &e));
    for (size_t i = 0;
         audience->id == COMPANY_US && r->state == RECEIPT_PURGED && i < r->record_count; i++)
        TRY(row_purged(t->core, holder->id, row->id, &r->records[i]));
    struct object_id rid = digest_object_id(object->body);
    return audit_add(t->core, actor_partner(t->core, &t->from->node), "receipt.taken",
                     bytes_of(r->grant.b, ID_SIZE), bytes_of(rid.b, ID_SIZE));
}

static enum status
pass_on(struct taking *t, const struct receipt *r, const struct signed_object *object)
{
    struct relay_address address = { r->author, r->audience, r->grant };
    struct company *after;
    struct grant_row row;

    TRY(relay_after(t, &address, &after));
    enum status s = check_grant(t, r, &row);
    if (s == STATUS_OK)
        s = keep_taken(t, r, &row, object);
    if (s == STATUS_REPLAY)
        return STATUS_OK;        /* it went on before */
    if (s != STATUS_NOT_GRANTED) /* of a contribution: no business of ours but to carry */
        TRY(s);
    return relay_carry(t, after);
}

enum status
receipt_take(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct grant_row row;
    struct receipt *r;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_receipt_parse(object->body, t->arena, &r));
    t->detail = "receipt";
    TRY(object_verify(SIGN_RECEIPT, object, &r->author, &r->audience, &r->audience, &keys));
    if (!ID_IS_EQUAL(r->audience, t->core->me))
        return pass_on(t, r, object);
    TRY(check_grant(t, r, &row));
    enum status s = keep_taken(t, r, &row, object);
    if (s == STATUS_OK)
        LOG(LOG_INFO, "receipt.taken", log_id("partner", r->author.b),
            log_word("state", receipt_state_name(r->state)));
    return s == STATUS_REPLAY ? STATUS_OK : s;
}
