/* SPDX-License-Identifier: Apache-2.0
 *
 * node/withdrawal.c - a row whose ground for being shared is gone leaves whoever has it (contract: node/withdrawal.h).
 */
#include "node/withdrawal.h"

#include <stdlib.h>
#include <string.h>

#include "node/asks.h"
#include "node/budget.h"
#include "node/proposals.h"
#include "node/receipt.h"
#include "node/relay.h"
#include "schema/base/limits.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { TELL_MOST = 32 /* objects of one round */, RENEW_PIECE = RUN_ITEMS_MAX };

static const char reason_consent[] = "CONSENT";

/* ---- noting ------------------------------------------------------------------------------- */

static bool
is_after(struct position a, struct position b)
{
    return position_compare(a, b) > 0;
}

/* Is a revision of the record after `since` among what was handed over and not acknowledged? */
static enum status
is_under_way(struct core *core, enum statement id, int64_t leaf, int64_t record,
             struct position since, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, id);
    enum status s;

    s = STATUS_OK;
    stmt_bind(q, "i", leaf);
    while (!*out && (s = stmt_step(q)) == STATUS_OK) {
        struct reader r = reader_of(stmt_bytes(q, 0));
        while (r.left > 0) {
            int64_t at = (int64_t)reader_u64(&r);
            struct position p;
            p.incarnation = reader_u32(&r);
            p.number = reader_u64(&r);
            *out = *out || (at == record && is_after(p, since));
        }
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
position_of(struct core *core, enum statement id, int64_t leaf, int64_t record,
            struct position *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, id);

    *out = (struct position){ 0 };
    stmt_bind(q, "ii", leaf, record);
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    *out = (struct position){ (uint32_t)stmt_int(q, 0), (uint64_t)stmt_int(q, 1) };
    return STATUS_OK;
}

/* Has the partner of this share a revision after `since`, or is one under way to it? */
static enum status
has_it(struct core *core, int64_t leaf, int64_t record, struct position since, bool *out)
{
    struct position there;

    TRY(position_of(core, STMT_DELIVERY_OF, leaf, record, &there));
    *out = is_after(there, since);
    if (!*out)
        TRY(is_under_way(core, STMT_FRAME_ITEMS, leaf, record, since, out));
    return *out ? STATUS_OK : is_under_way(core, STMT_PARCEL_ITEMS, leaf, record, since, out);
}

enum status
withdrawal_may_have(struct core *core, const struct live *live, int64_t record, bool *out)
{
    return has_it(core, live->leaf, record, (struct position){ 0 }, out);
}

enum status
withdrawal_note(struct core *core, const struct live *live, int64_t record)
{
    struct position now, said;
    bool has;

    TRY(position_of(core, STMT_COPY_AT, live->parent_leaf, record, &now));
    if (now.incarnation <= 1 && now.number <= 1)
        return STATUS_OK; /* its first revision: nobody has another */
    TRY(position_of(core, STMT_WITHDRAWAL_GET, live->leaf, record, &said));
    TRY(has_it(core, live->leaf, record, said, &has));
    TRY(store_exec(core->store, STMT_DUE_DROP, "ii", live->leaf, record));
    if (!has)
        return STATUS_OK;
    core->withdrawals_wait = true;
    return store_exec(core->store, STMT_WITHDRAWAL_PUT, "iiiiti", live->leaf, record,
                      (int64_t)now.incarnation, (int64_t)now.number, reason_consent,
                      core_wall(core).ms);
}

enum status
withdrawal_note_upto(struct core *core, const struct live *live, int64_t record,
                     struct position upto, const char *reason)
{
    struct position said;

    TRY(position_of(core, STMT_WITHDRAWAL_GET, live->leaf, record, &said));
    if (is_after(said, upto))
        upto = said; /* it was told, and has forgotten */
    TRY(store_exec(core->store, STMT_DUE_DROP, "ii", live->leaf, record));
    core->withdrawals_wait = true;
    return store_exec(core->store, STMT_WITHDRAWAL_PUT, "iiiiti", live->leaf, record,
                      (int64_t)upto.incarnation, (int64_t)upto.number, reason,
                      core_wall(core).ms);
}

/* ---- telling ------------------------------------------------------------------------------ */

static int
by_record(const void *a, const void *b)
{
    const struct withdrawn *x = a, *y = b;

    return memcmp(x->record.b, y->record.b, ID_SIZE);
}

static enum status
untold_rows(struct core *core, int64_t leaf, struct arena *arena, struct withdrawal *out,
            int64_t *records)
{
    enum { RECORD, RID, INCARNATION, NUMBER, REASON };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_WITHDRAWAL_UNTOLD);
    enum status s;

    out->rows = ARENA_ARRAY(arena, struct withdrawn, WITHDRAWAL_ROWS_MAX);
    stmt_bind(q, "ii", leaf, (int64_t)WITHDRAWAL_ROWS_MAX);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct withdrawn *row = &out->rows[out->row_count];
        records[out->row_count++] = stmt_int(q, RECORD);
        stmt_copy(q, RID, row->record.b, ID_SIZE);
        row->upto = (struct position){ (uint32_t)stmt_int(q, INCARNATION),
                                       (uint64_t)stmt_int(q, NUMBER) };
        out->reason = arena_text(arena, bytes_text(stmt_text(q, REASON)));
    }
    qsort(out->rows, out->row_count, sizeof(*out->rows), by_record);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Signed and queued. Rows and reason are the caller's. */
static enum status
say(struct core *core, int64_t leaf, struct withdrawal *w, struct arena *arena)
{
    struct signed_object object;
    struct grant_row row;

    TRY(grant_row_get(core, leaf, arena, &row));
    w->author = core->me;
    w->withdrawn = core_wall(core);
    w->grant = row.gid;
    w->audience = row.grant->audience;
    w->owner = row.grant->owner;
    TRY(core_sign(core, SIGN_WITHDRAWAL, wire_withdrawal_format(w, arena), &object));
    TRY(audit_add(core, "node", "withdrawal.said", bytes_of(w->grant.b, ID_SIZE), object.body));
    return control_queue(core, row.audience, MESSAGE_WITHDRAWAL,
                         wire_signed_body_format(&object, arena), 0);
}

enum status
withdrawal_say(struct core *core, int64_t leaf, struct withdrawn *rows, size_t count,
               const char *reason)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct withdrawal w = { .rows = rows, .row_count = count, .reason = reason };

    return say(core, leaf, &w, arena);
}

static enum status
tell_leaf(struct core *core, int64_t leaf)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    int64_t records[WITHDRAWAL_ROWS_MAX] = { 0 };
    struct withdrawal w = { 0 };

    TRY(untold_rows(core, leaf, arena, &w, records));
    if (w.row_count == 0)
        return STATUS_OK;
    TRY(say(core, leaf, &w, arena));
    for (size_t i = 0; i < w.row_count; i++)
        TRY(store_exec(core->store, STMT_WITHDRAWAL_TOLD, "ii", leaf, records[i]));
    return STATUS_OK;
}

enum status
withdrawal_tell(struct core *core)
{
    for (int i = 0; i < TELL_MOST && core->withdrawals_wait; i++) {
        int64_t leaf;
        enum status s = store_number(core->store, &leaf, STMT_WITHDRAWAL_NEXT, "");
        if (s == STATUS_NOT_FOUND)
            core->withdrawals_wait = false;
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        TRY(core_need_txn(core));
        s = tell_leaf(core, leaf);
        if (s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
    }
    return STATUS_OK;
}

/* ---- a new ground ------------------------------------------------------------------------- */

static enum status
standing_rows(struct core *core, int64_t partner, int64_t after, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_WITHDRAWAL_STANDS);
    enum status s;

    *count = 0;
    stmt_bind(q, "iii", partner, after, (int64_t)RENEW_PIECE);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
withdrawal_renew(struct core *core, int64_t partner, const char *actor)
{
    int64_t records[RENEW_PIECE] = { 0 };
    size_t count = RENEW_PIECE;

    for (int64_t after = 0; count == RENEW_PIECE; after = records[RENEW_PIECE - 1]) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct mint mints[RENEW_PIECE];
        size_t n = 0;
        TRY(standing_rows(core, partner, after, records, &count));
        for (size_t i = 0; i < count; i++) {
            struct record_now *now;
            TRY(record_now(core->store, records[i], false, arena, &now));
            if (!now->tombstone)
                mints[n++] = (struct mint){ .record = records[i],
                                            .type = now->type,
                                            .fields = now->fields,
                                            .field_count = now->field_count };
        }
        if (n > 0)
            TRY(records_mint(core, mints, n, actor, "consent.waived"));
    }
    return STATUS_OK;
}

enum status
withdrawal_handles(struct core *core, struct bytes body, struct arena *arena,
                   struct handle **out, size_t *count)
{
    struct signed_object *object;
    struct withdrawal *w;

    *count = 0;
    TRY(wire_signed_body_parse(body, arena, &object));
    TRY(wire_withdrawal_parse(object->body, arena, &w));
    *out = ARENA_ARRAY(arena, struct handle, w->row_count);
    for (size_t i = 0; i < w->row_count; i++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HANDLE_OF);
        stmt_bind(q, "bb", bytes_of(w->grant.b, ID_SIZE),
                  bytes_of(w->rows[i].record.b, ID_SIZE));
        enum status s = stmt_step(q);
        if (s == STATUS_OK)
            stmt_copy(q, 0, (*out)[(*count)++].b, HANDLE_SIZE);
        else if (s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_OK;
}

/* ---- taking ------------------------------------------------------------------------------- */

/* Of a grant that we do not know: between others, and only our hands are asked for. */
static enum status
pass_by(struct taking *t, const struct withdrawal *w)
{
    struct relay_address address = { w->author, w->audience, w->grant };
    struct company *after;

    if (ID_IS_EQUAL(w->audience, t->core->me))
        return STATUS_NOT_GRANTED;
    TRY(relay_after(t, &address, &after));
    return relay_carry(t, after);
}

/* Only the owner and those through whose hands the row came may say that it goes, and of rows of that owner alone.
 * STATUS_NOT_FOUND: no grant that we know. */
static enum status
check_author(struct taking *t, const struct withdrawal *w)
{
    struct signed_object *links;
    struct grant *g = NULL;
    bool may = false;
    size_t count;
    int64_t id;

    TRY(grant_find(t->core, &w->grant, &id));
    TRY(grant_links(t->core->store, id, t->arena, &links, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(wire_grant_parse(links[i].body, t->arena, &g));
        may = may || ID_IS_EQUAL(g->issuer, w->author);
    }
    if (g == NULL || !may || !ID_IS_EQUAL(g->owner, w->owner) ||
        !ID_IS_EQUAL(g->audience, w->audience))
        return STATUS_NOT_GRANTED;
    return STATUS_OK;
}

/* It no longer counts against the bringer's quota. */
static enum status
leave_list(struct core *core, int64_t share, const struct record_id *id)
{
    struct bytes rid = bytes_of(id->b, ID_SIZE);
    int64_t there;
    enum status s = store_number(core->store, &there, STMT_VERDICT_STANDS, "ib", share, rid);

    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(store_exec(core->store, STMT_VERDICT_GONE, "ib", share, rid));
    return store_exec(core->store, STMT_CONTRIBUTION_LESS, "i", share);
}

struct below {
    int64_t share, leaf, partner;
    enum share_role role;
    enum share_state state;
};

static enum status
collect_below(struct taking *t, const struct object_id *gid, struct below **out, size_t *count)
{
    enum { SHARE, LEAF, ROLE, STATE, PARTNER };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_GRANT_BELOW);
    size_t room = 16;
    enum status s;

    *count = 0;
    *out = ARENA_ARRAY(t->arena, struct below, room);
    stmt_bind(q, "b", bytes_of(gid->b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK) {
        if (*count == room) {
            struct below *more = ARENA_ARRAY(t->arena, struct below, room * 2);
            memcpy(more, *out, room * sizeof(*more));
            *out = more;
            room *= 2;
        }
        (*out)[(*count)++] = (struct below){ .share = stmt_int(q, SHARE),
                                             .leaf = stmt_int(q, LEAF),
                                             .role = (enum share_role)stmt_int(q, ROLE),
                                             .state = (enum share_state)stmt_int(q, STATE),
                                             .partner = stmt_int(q, PARTNER) };
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What hangs on a row that is not held any more. */
static enum status
untie_row(struct core *core, const struct below *b, const struct record_id *id, int64_t record)
{
    int64_t left;

    TRY(leave_list(core, b->share, id));
    TRY(store_exec(core->store, STMT_ASK_ROW_LAPSE, "iiii", b->leaf, record,
                   (int64_t)ASK_LAPSED, core_wall(core).ms));
    enum status s = store_number(core->store, &left, STMT_COPY_LEFT, "i", record);
    if (s != STATUS_NOT_FOUND)
        return s;
    TRY(store_exec(core->store, STMT_MEMBER_GONE, "i", record));
    return proposals_lapse_record(core, record);
}

/* Our copy under this leaf. */
static enum status
erase_row(struct core *core, const struct below *b, const struct withdrawn *row,
          enum forgotten *out)
{
    int64_t record;

    *out = FORGOT_NOTHING;
    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(row->record.b, ID_SIZE));
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* still under way */
    if (PLANTED(ROW_KEPT))
        return STATUS_OK;
    TRY(records_forget_upto(core, b->leaf, record, row->upto, out));
    return *out == FORGOT_GONE || *out == FORGOT_KEPT ? untie_row(core, b, &row->record, record)
                                                      : STATUS_OK;
}

static enum status
erase_rows(struct taking *t, const struct below *b, const struct withdrawal *w)
{
    struct record_id *records = ARENA_ARRAY(t->arena, struct record_id, w->row_count);
    struct receipt_said said = {
        .leaf = b->leaf, .state = RECEIPT_PURGED, .records = records, .reason = "WITHDRAWN"
    };
    enum forgotten how;

    for (size_t i = 0; i < w->row_count; i++) {
        TRY(erase_row(t->core, b, &w->rows[i], &how));
        said.count += how == FORGOT_GONE;
        if (how == FORGOT_KEPT)
            TRY(receipt_refuse(t->core, b->leaf, &w->rows[i].record));
        if (how == FORGOT_GONE || how == FORGOT_NOTHING)
            records[said.record_count++] = w->rows[i].record;
    }
    return said.record_count == 0 ? STATUS_OK : receipt_make(t->core, &said);
}

/* Whoever got them from us hears the owner's own word. */
static enum status
hand_on(struct taking *t, const struct below *b, const struct withdrawal *w)
{
    const struct company *c = company_by_id(t->core, b->partner);
    bool is_there =
        b->state == SHARE_DELIVERED || b->state == SHARE_ACCEPTED || b->state == SHARE_ENDED;

    if (b->role != ROLE_GIVEN || !is_there || c == NULL || c == t->from ||
        ID_IS_EQUAL(c->node, w->author))
        return STATUS_OK;
    return control_queue(t->core, c->id, MESSAGE_WITHDRAWAL, t->env->body, 0);
}

static enum status
apply(struct taking *t, const struct withdrawal *w)
{
    struct below *below;
    size_t count;

    TRY(collect_below(t, &w->grant, &below, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(hand_on(t, &below[i], w));
        if (below[i].role == ROLE_RECEIVED)
            TRY(erase_rows(t, &below[i], w));
        for (size_t r = 0; below[i].role == ROLE_GIVEN && r < w->row_count; r++)
            TRY(store_exec(t->core->store, STMT_DUE_RID_DROP, "ib", below[i].leaf,
                           bytes_of(w->rows[r].record.b, ID_SIZE)));
    }
    return STATUS_OK;
}

enum status
withdrawal_take(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct core *core = t->core;
    struct signed_object *object;
    struct withdrawal *w;
    bool is_news = false;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_withdrawal_parse(object->body, t->arena, &w));
    t->detail = "withdrawal";
    TRY(object_verify(SIGN_WITHDRAWAL, object, &w->author, &w->audience, &w->audience, &keys));
    t->detail = "author";
    enum status may = check_author(t, w);
    if (may == STATUS_NOT_FOUND)
        return pass_by(t, w);
    TRY(may);
    for (size_t i = 0; i < w->row_count; i++) {
        struct bytes rid = bytes_of(w->rows[i].record.b, ID_SIZE);
        struct bytes gid = bytes_of(w->grant.b, ID_SIZE);
        int64_t incarnation = w->rows[i].upto.incarnation;
        int64_t number = (int64_t)w->rows[i].upto.number, there;
        enum status s = store_number(core->store, &there, STMT_WITHDRAWN_UPTO, "bbii", rid, gid,
                                     incarnation, number);
        if (s == STATUS_OK)
            continue; /* it said so before */
        if (s != STATUS_NOT_FOUND)
            return s;
        is_news = true;
        TRY(store_exec(core->store, STMT_WITHDRAWN_PUT, "bbiiti", rid, gid, incarnation, number,
                       w->reason, core_wall(core).ms));
        s = store_number(core->store, &there, STMT_RECORD_FIND, "b", rid);
        if (s == STATUS_NOT_FOUND) /* it may come yet */
            s = store_exec(core->store, STMT_WITHDRAWN_EARLY, "bbi", rid, gid,
                           budget_of(core, t->from->id));
        TRY(s);
    }
    if (!is_news)
        return STATUS_OK;
    TRY(budget_trim(core, EARLY_WITHDRAWALS, t->from->id));
    core->has_withdrawn = true;
    TRY(audit_add(core, actor_partner(core, &t->from->node), "withdrawal.taken",
                  bytes_of(w->grant.b, ID_SIZE), object->body));
    return apply(t, w);
}

enum status
withdrawal_covers(struct core *core, const struct live *live, const struct record_id *id,
                  struct position at, bool *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct object_id gid;
    enum status s;

    *out = false;
    if (!core->has_withdrawn)
        return STATUS_OK;
    q = stmt_borrow(core->store, STMT_WITHDRAWN_OF);
    stmt_bind(q, "b", bytes_of(id->b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct position upto = { (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
        stmt_copy(q, 0, gid.b, ID_SIZE);
        for (size_t i = 0; i < chain_length(live->chain); i++)
            *out = *out ||
                   (ID_IS_EQUAL(*chain_link_id(live->chain, i), gid) && !is_after(at, upto));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
