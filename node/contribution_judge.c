/* SPDX-License-Identifier: Apache-2.0
 *
 * node/contribution_judge.c - what becomes of contributed rows (contract: node/contribution.h): the organiser judges
 * each, signs its verdicts in batches, and the bringer keeps them.
 */
#include <string.h>

#include "node/contribution.h"
#include "node/budget.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { TELL_MOST = 32 }; /* objects of one round */

/* ---- judging ------------------------------------------------------------------------------ */

static const struct field *
field_named(const struct record_now *now, const struct type *type, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, field->key))
            return &now->fields[i];
    return NULL;
}

enum status
contribution_closed(struct core *core, const struct grant *leaf, const char **out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct type *type = dictionary_find_name(core->dictionary, "event");
    int64_t now_ms = core_wall(core).ms, record;
    struct record_now *event;

    *out = leaf->terms.closes.ms != 0 && leaf->terms.closes.ms <= now_ms ? "DEADLINE" : NULL;
    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(leaf->tree.b, ID_SIZE));
    if (s == STATUS_OK)
        s = record_now(core->store, record, false, arena, &event);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && event->tombstone))
        *out = "CLOSED";
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    const struct field *status = field_named(event, type, "status");
    const struct field *until = field_named(event, type, "registrationDeadline");
    if (status != NULL && (bytes_is_equal(status->value, bytes_text("cancelled")) ||
                           bytes_is_equal(status->value, bytes_text("held"))))
        *out = "CLOSED";
    else if (until != NULL && until->value.len >= 8 &&
             (int64_t)get_u64(until->value.data) <= now_ms)
        *out = "DEADLINE";
    return STATUS_OK;
}

/* The grant that asked for it, ours or made further down. NULL: gone. */
static const struct live *
asked_by(struct core *core, int64_t cited)
{
    const struct live *live = live_by_leaf(core, cited, ROLE_GIVEN);

    return live != NULL ? live : live_by_leaf(core, cited, ROLE_NOTED);
}

static bool
is_our_event(struct core *core, const struct grant *contribution)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_FIND);

    stmt_bind(q, "b", bytes_of(contribution->tree.b, ID_SIZE));
    return stmt_step(q) == STATUS_OK && stmt_int(q, 1) == COMPANY_US;
}

enum status
contribution_judge_begin(struct core *core, struct live *live, struct contribution_judge *out)
{
    int64_t cited = 0;

    *out = (struct contribution_judge){ .left = -1 };
    if (live->kind != OFFER_CONTRIBUTION)
        return STATUS_OK;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_CONTRIBUTION_GET);
        stmt_bind(q, "i", live->share);
        enum status s = stmt_step(q);
        if (s != STATUS_OK) /* of a company of the chain, that only looks on */
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        cited = stmt_int(q, 0);
        out->taken = stmt_int(q, 2);
    }
    const struct live *asked = asked_by(core, cited);
    if (asked == NULL && !is_our_event(core, chain_leaf(live->chain)))
        return STATUS_OK;
    if (asked != NULL && !ID_IS_EQUAL(*chain_owner(asked->chain), core->me))
        return STATUS_OK;
    out->live = live;
    out->closed = "LAPSED";
    if (asked == NULL)
        return STATUS_OK;
    out->terms = &chain_leaf(asked->chain)->terms;
    return contribution_closed(core, chain_leaf(asked->chain), &out->closed);
}

struct was {
    bool is_there, is_taken, is_gone;
    int64_t claimed_ms, first_ms;
    struct object_id object; /* zero: none */
};

static enum status
verdict_was(struct core *core, int64_t share, const struct record_id *id, struct was *out)
{
    enum { REASON, GONE, CLAIMED, FIRST, OBJECT = 5 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_VERDICT_GET);

    *out = (struct was){ 0 };
    stmt_bind(q, "ib", share, bytes_of(id->b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    *out = (struct was){ .is_there = true,
                         .is_taken = *stmt_text(q, REASON) == '\0',
                         .is_gone = stmt_int(q, GONE) != 0,
                         .claimed_ms = stmt_int(q, CLAIMED),
                         .first_ms = stmt_int(q, FIRST) };
    if (stmt_bytes(q, OBJECT).len == ID_SIZE)
        stmt_copy(q, OBJECT, out->object.b, ID_SIZE);
    return STATUS_OK;
}

/* A signed verdict that says nothing of any row any more. */
static enum status
drop_object(struct core *core, const struct object_id *id)
{
    return store_exec(core->store, STMT_VERDICT_OBJECT_DROP, "b", bytes_of(id->b, ID_SIZE));
}

/* One more row to remember as refused. STATUS_TOO_BIG: of this partner there are enough. */
static enum status
refuse_one(struct core *core, struct contribution_judge *j)
{
    if (j->left < 0)
        TRY(budget_left(core, BUDGET_REFUSED, j->live->partner, &j->left));
    if (j->left == 0)
        return STATUS_TOO_BIG;
    j->left--;
    return STATUS_OK;
}

/* The same rule as at the sender, asked by the one who answers for the list. */
static bool
lacks_consent(struct core *core, const struct contribution_judge *j,
              const struct received *item)
{
    const struct company *from = company_by_id(core, j->live->partner);
    struct record_facts facts = item->facts;

    facts.consent_waived = from != NULL && from->consent_waived; /* our side, in writing */
    facts.known_type = dictionary_find(core->dictionary, item->revision->type);
    facts.fields = item->shown->fields;
    facts.field_count = item->shown->field_count;
    return decide_record(j->live->chain, &core->me, &facts, core_wall(core)).stop ==
           STOP_CONSENT;
}

enum status
contribution_judge_row(struct core *core, struct contribution_judge *j,
                       const struct received *item, const char **code)
{
    struct was was;

    *code = NULL;
    if (j->live == NULL || item->revision->tombstone)
        return STATUS_OK;
    TRY(verdict_was(core, j->live->share, &item->facts.id, &was));
    if (was.is_taken && !was.is_gone)
        return STATUS_OK; /* a change of a row that is on the list */
    *code = j->closed;
    if (*code == NULL && lacks_consent(core, j, item))
        *code = "NO_CONSENT";
    if (*code == NULL && j->terms->quota != 0 && j->taken >= (int64_t)j->terms->quota &&
        !PLANTED(QUOTA_IGNORED))
        *code = "OVER_QUOTA";
    return STATUS_OK;
}

enum status
contribution_judge_note(struct core *core, struct contribution_judge *j,
                        const struct received *item, const char *code, bool is_kept)
{
    const struct revision *r = item->revision;
    bool counts = code == NULL && !r->tombstone;
    struct was was;

    if (j->live == NULL)
        return STATUS_OK;
    if (code == NULL && !is_kept) {
        core->verdicts_wait = true;
        return store_exec(core->store, STMT_VERDICT_AGAIN, "ibii", j->live->share,
                          bytes_of(item->facts.id.b, ID_SIZE), (int64_t)r->position.incarnation,
                          (int64_t)r->position.number);
    }
    TRY(verdict_was(core, j->live->share, &item->facts.id, &was));
    if (code != NULL && !was.is_there)
        TRY(refuse_one(core, j));
    j->taken += counts - (was.is_taken && !was.is_gone);
    j->has_changed = true;
    core->verdicts_wait = true;
    int64_t claimed = was.claimed_ms != 0 ? was.claimed_ms : r->claimed.ms;
    TRY(store_exec(core->store, STMT_VERDICT_PUT, "ibiitiiiiib", j->live->share,
                   bytes_of(item->facts.id.b, ID_SIZE), (int64_t)r->position.incarnation,
                   (int64_t)r->position.number, code == NULL ? "" : code, (int64_t)r->tombstone,
                   claimed, was.first_ms, core_wall(core).ms, (int64_t)0,
                   (struct bytes){ .data = (const uint8_t *)"" }));
    return drop_object(core, &was.object);
}

enum status
contribution_judge_end(struct core *core, struct contribution_judge *j)
{
    return j->has_changed ? store_exec(core->store, STMT_CONTRIBUTION_TAKEN, "ii",
                                       j->live->share, j->taken)
                          : STATUS_OK;
}

/* ---- telling ------------------------------------------------------------------------------ */

static enum status
untold_rows(struct core *core, int64_t share, struct arena *arena, struct verdict *out)
{
    enum { RID, INCARNATION, NUMBER, REASON };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_VERDICT_UNTOLD);
    enum status s;

    out->rows = ARENA_ARRAY(arena, struct judged, VERDICT_ROWS_MAX);
    stmt_bind(q, "ii", share, (int64_t)VERDICT_ROWS_MAX);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct judged *row = &out->rows[out->row_count++];
        stmt_copy(q, RID, row->record.b, ID_SIZE);
        row->position = (struct position){ (uint32_t)stmt_int(q, INCARNATION),
                                           (uint64_t)stmt_int(q, NUMBER) };
        row->reason = arena_text(arena, bytes_text(stmt_text(q, REASON)));
        row->taken = row->reason[0] == '\0';
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
mark_told(struct core *core, int64_t share, const struct verdict *v,
          const struct object_id *object)
{
    for (size_t i = 0; i < v->row_count; i++)
        TRY(store_exec(core->store, STMT_VERDICT_TOLD, "ibib", share,
                       bytes_of(v->rows[i].record.b, ID_SIZE), v->judged.ms,
                       bytes_of(object->b, ID_SIZE)));
    return STATUS_OK;
}

static enum status
keep_object(struct core *core, const struct signed_object *object, struct object_id *id)
{
    *id = digest_object_id(object->body);
    return store_exec(core->store, STMT_VERDICT_OBJECT_ADD, "bb", bytes_of(id->b, ID_SIZE),
                      wire_signed_object_format(object, core->round));
}

/* One object for one share. */
static enum status
tell_share(struct core *core, int64_t share)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object object, *leaf_object;
    struct verdict v = { .author = core->me, .judged = core_wall(core) };
    struct object_id id;
    int64_t partner, leaf;
    struct grant *grant;
    struct bytes raw;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_LEAF);
        stmt_bind(q, "i", share);
        TRY(stmt_step(q));
        partner = stmt_int(q, 0);
        leaf = stmt_int(q, 1);
        stmt_copy(q, 2, v.grant.b, ID_SIZE);
        raw = arena_copy(arena, stmt_bytes(q, 3));
    }
    (void)leaf;
    TRY(wire_signed_object_parse(raw, arena, &leaf_object));
    TRY(wire_grant_parse(leaf_object->body, arena, &grant));
    v.audience = grant->issuer;
    TRY(untold_rows(core, share, arena, &v));
    if (v.row_count == 0)
        return STATUS_OK;
    TRY(core_sign(core, SIGN_VERDICT, wire_verdict_format(&v, arena), &object));
    TRY(keep_object(core, &object, &id));
    TRY(mark_told(core, share, &v, &id));
    TRY(audit_add(core, "node", "contribution.judged", bytes_of(v.grant.b, ID_SIZE),
                  object.body));
    return control_queue(core, partner, MESSAGE_VERDICT,
                         wire_signed_body_format(&object, arena), 0);
}

enum status
contribution_tell(struct core *core)
{
    for (int i = 0; i < TELL_MOST && core->verdicts_wait; i++) {
        int64_t share;
        enum status s = store_number(core->store, &share, STMT_VERDICT_NEXT, "");
        if (s == STATUS_NOT_FOUND)
            core->verdicts_wait = false;
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        TRY(core_need_txn(core));
        s = tell_share(core, share);
        if (s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
    }
    return STATUS_OK;
}

/* ---- being told --------------------------------------------------------------------------- */

/* When the owner, we, made the revision that was judged; 0: it is not the one we have now. STATUS_NOT_FOUND: no row of
 * ours. */
static enum status
claimed_at(struct core *core, const struct judged *row, struct arena *arena, int64_t *out)
{
    const struct run_leaves *run = NULL;
    struct copy_row copy;
    struct revision *revision;
    int64_t record;

    *out = 0;
    enum status s = store_number(core->store, &record, STMT_RECORD_FIND, "b",
                                 bytes_of(row->record.b, ID_SIZE));
    if (s == STATUS_OK)
        s = copy_get(core, record, OWN_GRANT, arena, &run, &copy);
    TRY(s);
    TRY(wire_revision_parse(copy.full.revision, arena, &revision));
    if (position_compare(revision->position, row->position) == 0)
        *out = revision->claimed.ms;
    return STATUS_OK;
}

static enum status
keep_row(struct taking *t, const struct live *live, const struct verdict *v,
         const struct judged *row, const struct object_id *object)
{
    struct core *core = t->core;
    struct was was;
    int64_t claimed;

    TRY(verdict_was(core, live->share, &row->record, &was));
    enum status s = claimed_at(core, row, t->arena, &claimed);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* says nothing about rows of ours */
    int64_t first = was.first_ms != 0 ? was.first_ms : row->taken ? v->judged.ms : 0;
    TRY(store_exec(core->store, STMT_VERDICT_PUT, "ibiitiiiiib", live->share,
                   bytes_of(row->record.b, ID_SIZE), (int64_t)row->position.incarnation,
                   (int64_t)row->position.number, row->reason, (int64_t)0,
                   was.claimed_ms != 0 ? was.claimed_ms : claimed, first, v->judged.ms,
                   (int64_t)1, bytes_of(object->b, ID_SIZE)));
    return drop_object(core, &was.object);
}

enum status
contribution_take_verdict(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct object_id id;
    struct verdict *v;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_verdict_parse(object->body, t->arena, &v));
    t->detail = "author";
    if (!ID_IS_EQUAL(v->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "verdict";
    TRY(object_verify(SIGN_VERDICT, object, &v->author, &v->audience, &t->core->me, &keys));
    const struct live *live = live_by_gid(t->core, &v->grant, ROLE_GIVEN);
    t->detail = "grant";
    if (live == NULL)
        return STATUS_OK; /* ended meanwhile */
    if (live->partner != t->from->id || live->kind != OFFER_CONTRIBUTION)
        return STATUS_NOT_GRANTED;
    TRY(keep_object(t->core, object, &id));
    for (size_t i = 0; i < v->row_count; i++)
        TRY(keep_row(t, live, v, &v->rows[i], &id));
    TRY(drop_object(t->core, &id)); /* when it says nothing about rows of ours */
    return audit_add(t->core, actor_partner(t->core, &t->from->node), "contribution.judged",
                     bytes_of(v->grant.b, ID_SIZE), object->body);
}
