/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange_return.c - objects that come back for what was shared: proposals for our records, owners' answers
 * to ours, and what an organiser asks for. Handlers of the table in exchange_control.c.
 *
 * A proposal whose signature holds and that is refused all the same is a dead letter here and an answer there: its
 * author learns that it was not taken, and no more than it may know. A record that is gone, that is not ours, or that it
 * may not read gives one and the same answer (P3).
 */
#include "node/asks.h"
#include "node/exchange_priv.h"
#include "node/proposals.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

/* ---- proposals ---------------------------------------------------------------------------- */

/* The live under which the author reads ours, given by us or passed on by others. */
static const struct live *
live_of_author(struct core *core, const struct proposal *p)
{
    static const enum share_role roles[] = { ROLE_GIVEN, ROLE_NOTED };

    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        const struct live *live = live_by_gid(core, &p->grant, roles[i]);
        if (live != NULL && ID_IS_EQUAL(chain_leaf(live->chain)->audience, p->author) &&
            ID_IS_EQUAL(*chain_owner(live->chain), core->me) &&
            (live->state == SHARE_DELIVERED || live->state == SHARE_ACCEPTED))
            return live;
    }
    return NULL;
}

/* Our own record, not removed. */
static enum status
find_own(struct taking *t, const struct record_id *id, struct copy_row *row)
{
    enum { OWNER = 1 };
    const struct run_leaves *run = NULL;
    int64_t record, owner;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_RECORD_FIND);
        stmt_bind(q, "b", bytes_of(id->b, ID_SIZE));
        enum status s = stmt_step(q);
        if (s == STATUS_NOT_FOUND)
            return STATUS_NOT_GRANTED;
        TRY(s);
        record = stmt_int(q, 0);
        owner = stmt_int(q, OWNER);
    }
    if (owner != COMPANY_US)
        return STATUS_NOT_GRANTED;
    enum status s = copy_get(t->core, record, OWN_GRANT, t->arena, &run, row);
    if (s == STATUS_NOT_FOUND)
        return STATUS_NOT_GRANTED;
    TRY(s);
    row->facts.field_count = 0; /* consent is about what leaves */
    return row->tombstone ? STATUS_NOT_GRANTED : STATUS_OK;
}

/* Readable by the author, of a kind that we know, and nothing that would move the record to another parent. */
static enum status
check_field(struct taking *t, const struct live *live, const struct record_facts *facts,
            const struct field *field)
{
    const struct type *type = dictionary_find(t->core->dictionary, facts->type);
    const struct type_field *known = type == NULL ? NULL : type_field_find(type, field->key);
    struct decision d = decide_field(live->chain, &chain_leaf(live->chain)->audience, facts,
                                     field->key, core_wall(t->core));

    t->detail = "field";
    if (d.stop != STOP_NONE || known == NULL || known->is_parent)
        return STATUS_NOT_GRANTED;
    t->detail = "value";
    if (field->value.len == 0 ? known->required : !value_is_valid(known, field->value))
        return STATUS_MALFORMED;
    return STATUS_OK;
}

static enum status
judge(struct taking *t, const struct proposal *p, struct proposal_row *row)
{
    const struct live *live = live_of_author(t->core, p);
    struct copy_row copy;

    t->detail = "grant";
    if (live == NULL)
        return STATUS_NOT_GRANTED;
    t->detail = "actions";
    if ((chain_leaf(live->chain)->actions & ACTION_PROPOSE) == 0)
        return STATUS_NOT_GRANTED;
    t->detail = "record";
    TRY(find_own(t, &p->record, &copy));
    for (size_t i = 0; i < p->field_count; i++)
        TRY(check_field(t, live, &copy.facts, &p->fields[i]));
    t->detail = "open proposals";
    TRY(proposals_room(t->core->store, t->from->id, false));
    *row = (struct proposal_row){ .company = t->from->id,
                                  .leaf = live->leaf,
                                  .record = copy.record,
                                  .seen = p->seen,
                                  .fields = p->fields,
                                  .field_count = p->field_count,
                                  .note = p->note,
                                  .at = core_wall(t->core) };
    return STATUS_OK;
}

static enum status
keep(struct taking *t, const struct proposal *p, const struct object_id *pid,
     struct proposal_row *row)
{
    row->pid = *pid;
    TRY(proposals_add(t->core, row));
    return audit_add(t->core, actor_partner(t->core, &t->from->node), "proposal.received",
                     bytes_of(pid->b, ID_SIZE), bytes_of(p->record.b, ID_SIZE));
}

enum status
exchange_take_proposal(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct proposal_row row;
    struct proposal *p;
    int64_t known;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_proposal_parse(object->body, t->arena, &p));
    t->detail = "author";
    if (!ID_IS_EQUAL(p->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "proposal";
    TRY(object_verify(SIGN_PROPOSAL, object, &p->author, &p->audience, &t->core->me, &keys));
    struct object_id pid = digest_object_id(object->body);
    enum status s =
        store_number(t->core->store, &known, STMT_PROPOSAL_FIND, "b", bytes_of(pid.b, ID_SIZE));
    if (s != STATUS_NOT_FOUND)
        return s; /* we have it */
    s = judge(t, p, &row);
    if (s == STATUS_OK)
        return keep(t, p, &pid, &row);
    if (!exchange_is_their_fault(s))
        return s;
    dead_letter(t->core, t->from->id, t->env, s, t->detail);
    return proposals_answer(t->core, t->from, &pid, false, status_name(s));
}

/* ---- answers ------------------------------------------------------------------------------ */

enum status
exchange_take_proposal_answer(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct proposal_answer *a;
    struct proposal_row row;
    int64_t id;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_proposal_answer_parse(object->body, t->arena, &a));
    t->detail = "author";
    if (!ID_IS_EQUAL(a->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "answer";
    TRY(object_verify(SIGN_PROPOSAL_ANSWER, object, &a->author, &a->audience, &t->core->me,
                      &keys));
    enum status s = store_number(t->core->store, &id, STMT_PROPOSAL_FIND, "b",
                                 bytes_of(a->proposal.b, ID_SIZE));
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK; /* long over */
    TRY(s);
    TRY(proposals_get(t->core->store, id, t->arena, &row));
    if (!row.sent || row.company != t->from->id)
        return STATUS_NOT_GRANTED;
    if (row.state == PROPOSAL_ACCEPTED || row.state == PROPOSAL_DECLINED)
        return STATUS_OK; /* it said so before */
    TRY(audit_add(t->core, actor_partner(t->core, &t->from->node),
                  a->accepted ? "proposal.accepted" : "proposal.declined",
                  bytes_of(a->proposal.b, ID_SIZE), (struct bytes){ 0 }));
    return proposals_close(t->core, id, a->accepted ? PROPOSAL_ACCEPTED : PROPOSAL_DECLINED,
                           a->reason);
}

/* ---- asks --------------------------------------------------------------------------------- */

/* Our live contribution to this organiser, and what was wanted of it. A company of the chain that only looks on is no
 * organiser and asks for nothing. */
static enum status
find_asked(struct taking *t, const struct object_id *gid, const struct live **out,
           const struct terms **terms)
{
    enum { CITED = 0, OWNER = 5 };
    const struct live *live = live_by_gid(t->core, gid, ROLE_GIVEN);
    int64_t cited;

    t->detail = "grant";
    if (live == NULL || live->kind != OFFER_CONTRIBUTION || live->partner != t->from->id ||
        live->state != SHARE_ACCEPTED)
        return STATUS_NOT_GRANTED;
    enum status s =
        store_number(t->core->store, &cited, STMT_CONTRIBUTION_GET, "i", live->share);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_NOT_GRANTED : s;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_GRANT_GET);
        stmt_bind(q, "i", cited);
        TRY(stmt_step(q));
        t->detail = "author";
        if (stmt_int(q, OWNER) != t->from->id)
            return STATUS_NOT_GRANTED;
    }
    *out = live;
    return asks_terms(t->core->store, cited, t->arena, terms);
}

static bool
is_wanted(const struct terms *terms, const struct grant_field *field)
{
    for (size_t i = 0; terms != NULL && i < terms->want_count; i++)
        if (grant_field_compare(&terms->want[i], field) == 0)
            return true;
    return false;
}

/* One of our rows under the contribution, with fields within its terms. *gone: removed since, nobody's fault. */
static enum status
check_wanted(struct taking *t, const struct live *live, const struct terms *terms,
             const struct wanted *w, struct copy_row *row, bool *gone)
{
    t->detail = "record";
    *gone = false;
    enum status s = find_own(t, &w->record, row);
    if (s == STATUS_NOT_GRANTED && row->tombstone) {
        *gone = true;
        return STATUS_OK;
    }
    TRY(s);
    struct decision d = decide_record(live->chain, &chain_leaf(live->chain)->audience,
                                      &row->facts, core_wall(t->core));
    if (d.stop != STOP_NONE)
        return STATUS_NOT_GRANTED;
    t->detail = "field";
    for (size_t i = 0; i < w->field_count; i++)
        if (!is_wanted(terms, &w->fields[i]) ||
            !key_is_equal(w->fields[i].type, row->facts.type))
            return STATUS_NOT_GRANTED;
    return STATUS_OK;
}

/* What the row has already is not asked for; it may be on its way. */
static enum status
keep_ask(struct taking *t, const struct live *live, const struct wanted *w,
         const struct copy_row *row, const char *note)
{
    struct field *fields = ARENA_ARRAY(t->arena, struct field, w->field_count);
    struct ask_row ask = { .company = t->from->id,
                           .leaf = live->leaf,
                           .record = row->record,
                           .fields = fields,
                           .field_count = w->field_count,
                           .note = note,
                           .at = core_wall(t->core) };

    for (size_t i = 0; i < w->field_count; i++)
        fields[i] = (struct field){ .key = w->fields[i].field };
    TRY(asks_put(t->core, &ask));
    return asks_row_changed(t->core, row->record, row->full.fields, row->full.field_count,
                            false);
}

enum status
exchange_take_ask(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    const struct terms *terms;
    const struct live *live;
    struct ask *a;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_ask_parse(object->body, t->arena, &a));
    t->detail = "author";
    if (!ID_IS_EQUAL(a->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "ask";
    TRY(object_verify(SIGN_ASK, object, &a->author, &a->audience, &t->core->me, &keys));
    TRY(find_asked(t, &a->grant, &live, &terms));
    for (size_t i = 0; i < a->row_count; i++) {
        struct copy_row row = { 0 };
        bool gone;
        TRY(check_wanted(t, live, terms, &a->rows[i], &row, &gone));
        if (!gone)
            TRY(keep_ask(t, live, &a->rows[i], &row, a->note));
    }
    struct object_id aid = digest_object_id(object->body);
    return audit_add(t->core, actor_partner(t->core, &t->from->node), "ask.received",
                     bytes_of(aid.b, ID_SIZE), bytes_of(a->grant.b, ID_SIZE));
}
