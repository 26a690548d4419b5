/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_proposal.c - corrections: proposing one for a partner's record, and deciding about those that partners
 * propose for ours.
 */
#include <string.h>

#include "node/proposals.h"
#include "node/route.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { FIELD_HEAD = 16 }; /* of one field on the wire */

/* ---- showing ------------------------------------------------------------------------------ */

/* Id of the newest revision that may be shown. STATUS_NOT_FOUND: nothing is held any more. */
static enum status
newest_revision(struct store *st, int64_t record, struct revision_id *out)
{
    enum { REVISION = 2 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_COPY_APPLIED);

    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    *out = digest_revision_id(stmt_bytes(q, REVISION));
    return STATUS_OK;
}

static json_t *
value_json(struct call *call, const struct type *type, const struct field *field)
{
    json_t *all, *value;

    if (field == NULL || field->value.len == 0)
        return json_null();
    all = record_fields_json(call, type, field, 1);
    value = json_incref(json_object_iter_value(json_object_iter(all)));
    json_decref(all);
    return value;
}

static const char *
field_name(struct call *call, const struct type *type, const struct field *field)
{
    json_t *all = record_fields_json(call, type, field, 1);
    const char *name =
        arena_text(call->arena, bytes_text(json_object_iter_key(json_object_iter(all))));

    json_decref(all);
    return name;
}

static const struct field *
now_field(const struct record_now *now, struct key key)
{
    for (size_t i = 0; now != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, key))
            return &now->fields[i];
    return NULL;
}

/* Field by field: what it is, what the author saw when that is still the newest, what it should be. */
static json_t *
changes_json(struct call *call, const struct record_now *now, const struct proposal_row *row,
             bool stale)
{
    const struct type *type = now == NULL ? NULL : dictionary_find(call->dictionary, now->type);
    json_t *list = json_array();

    for (size_t i = 0; i < row->field_count; i++) {
        const struct field *to = &row->fields[i], *from = now_field(now, to->key);
        const struct type_field *known = type == NULL ? NULL : type_field_find(type, to->key);
        json_t *o = json_object();
        reply_set(o, "field", json_words(field_name(call, type, to)));
        if (known != NULL)
            reply_set(o, "label", json_words(known->label[call->language]));
        reply_set(o, "now", value_json(call, type, from));
        reply_set(o, "seen", stale ? json_null() : value_json(call, type, from));
        reply_set(o, "new", value_json(call, type, to));
        (void)json_array_append_new(list, o);
    }
    return list;
}

/* What a node refused by itself is told as a status; what a person wrote is told as it is. */
static const char *
reason_text(struct call *call, const char *reason)
{
    enum status s = status_find(reason);

    return s == STATUS_COUNT_ ? reason : text_failure(call->language, s, NULL, call->arena);
}

/* The record as it is now; *now is NULL when nothing of it is held any more. */
static enum status
held_now(struct call *call, int64_t record, struct record_now **now)
{
    enum status s = record_now(call->store, record, false, call->arena, now);

    if (s == STATUS_OK && (*now)->tombstone)
        *now = NULL;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
is_stale(struct call *call, const struct proposal_row *row, bool *out)
{
    struct revision_id newest;
    enum status s = newest_revision(call->store, row->record, &newest);

    *out = s != STATUS_OK || !ID_IS_EQUAL(newest, row->seen);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
proposal_json(struct call *call, int64_t id, bool full, json_t **out)
{
    struct proposal_row row;
    struct company_name company;
    struct record_now *now;
    bool stale;

    TRY(proposals_get(call->store, id, call->arena, &row));
    TRY(company_name(call, row.company, &company));
    TRY(held_now(call, row.record, &now));
    TRY(is_stale(call, &row, &stale));
    json_t *o = json_object();
    reply_set(o, "id", json_id(row.pid.b));
    reply_set(o, "title", json_words(now != NULL ? record_title(call, now) : ""));
    reply_set(o, "record", now != NULL ? json_id(now->id.b) : json_null());
    reply_set(o, "partner", json_words(company.name));
    reply_set(o, "direction", json_string(row.sent ? "sent" : "received"));
    reply_set(o, "state", json_string(proposals_state_name(row.state)));
    reply_set(o, "at", json_time(row.at));
    reply_set(o, "changed", json_time(row.changed));
    reply_set(o, "stale", json_boolean(row.state == PROPOSAL_OPEN && stale));
    reply_set(o, "reason", json_words(reason_text(call, row.reason)));
    reply_set(o, "note", json_words(row.note));
    if (full)
        reply_set(o, "changes", changes_json(call, now, &row, stale));
    *out = o;
    return STATUS_OK;
}

static json_t *
row_json(struct call *call, struct stmt *q)
{
    enum { ID = 1 };
    json_t *o = NULL;

    return proposal_json(call, stmt_int(q, ID), false, &o) == STATUS_OK ? o : json_object();
}

enum status
service_proposal_list(struct call *call)
{
    return page_rows(
        call, arg_is_set(call, "all") ? STMT_PROPOSAL_LIST_ALL : STMT_PROPOSAL_LIST, row_json);
}

enum status
service_proposal_show(struct call *call)
{
    int64_t id;

    TRY(find_proposal(call, arg_text(call, "proposal"), &id));
    return proposal_json(call, id, true, &call->reply);
}

/* ---- proposing ---------------------------------------------------------------------------- */

struct proposing {
    struct call *call;
    const struct type *type;
    struct record_now *now;
    struct company *owner;
    struct draft to; /* an empty value takes the field away */
    const struct live *live;
};

/* A partner's record that is here. */
static enum status
find_theirs(struct proposing *p)
{
    struct call *call = p->call;
    const char *text = arg_text(call, "record");
    int64_t record;

    TRY(find_record(call, text, &record));
    TRY(held_now(call, record, &p->now));
    if (p->now == NULL)
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
    if (p->now->owner == COMPANY_US)
        return diag_say(call->diag, STATUS_CONFLICT, "proposal.own", text, NULL);
    p->owner = company_by_id(call->core, p->now->owner);
    p->type = dictionary_find(call->dictionary, p->now->type);
    if (p->type == NULL)
        return diag_say(call->diag, STATUS_CONFLICT, "proposal.type", NULL);
    return STATUS_OK;
}

static bool
is_same(const struct proposing *p, struct key key, struct bytes value)
{
    const struct field *from = now_field(p->now, key);

    return from == NULL ? value.len == 0 : bytes_is_equal(from->value, value);
}

/* draft_put() would leave an empty value out. */
static void
put_away(struct draft *draft, struct key key)
{
    static const uint8_t any[] = { 0 };

    draft_put(draft, key, bytes_of(any, sizeof(any)));
    for (size_t i = 0; i < draft->count; i++)
        if (key_is_equal(draft->fields[i].key, key))
            draft->fields[i].value = (struct bytes){ 0 };
}

static enum status
read_field(struct proposing *p, const char *name, const char *text)
{
    struct call *call = p->call;
    const struct type_field *field = type_field_find_name(p->type, name);
    struct draft one = { .count = 0 };

    TRY(draft_set(call, &one, p->type, name, text)); /* also says when there is no such field */
    struct bytes value = one.count > 0 ? one.fields[0].value : (struct bytes){ 0 };
    if (field->is_parent || (value.len == 0 && field->required))
        return diag_say(call->diag, STATUS_USAGE, "proposal.field_fixed", field->name, NULL);
    if (is_same(p, field->key, value))
        return STATUS_OK;
    if (value.len == 0)
        put_away(&p->to, field->key);
    else
        draft_put(&p->to, field->key, value);
    return STATUS_OK;
}

static enum status
read_fields(struct proposing *p)
{
    json_t *fields = json_object_get(p->call->args, "fields");
    size_t bytes = strlen(arg_text_or(p->call, "comment", ""));

    if (json_object_size(fields) > FIELDS_MAX)
        return diag_say(p->call->diag, STATUS_TOO_BIG, "record.too_many_fields", NULL);
    for (void *it = json_object_iter(fields); it != NULL;
         it = json_object_iter_next(fields, it))
        TRY(read_field(p, json_object_iter_key(it),
                       json_string_value(json_object_iter_value(it))));
    if (p->to.count == 0)
        return diag_say(p->call->diag, STATUS_USAGE, "proposal.nothing", NULL);
    if (strlen(arg_text_or(p->call, "comment", "")) > TEXT_LONG_MAX)
        return diag_say(p->call->diag, STATUS_TOO_BIG, "share.note", NULL);
    for (size_t i = 0; i < p->to.count; i++)
        bytes += FIELD_HEAD + p->to.fields[i].key.space.len + p->to.fields[i].value.len;
    if (bytes > PROPOSAL_MAX)
        return diag_say(p->call->diag, STATUS_TOO_BIG, "proposal.too_big", NULL);
    return STATUS_OK;
}

/* Does this share let us read all the fields and propose? *blocked: the field that it does not give. */
static enum status
is_under(struct proposing *p, const struct live *live, const struct field **blocked, bool *out)
{
    struct core *core = p->call->core;
    const struct run_leaves *run = NULL;
    struct copy_row copy;

    *out = false;
    assert(live != NULL);
    if (live->role != ROLE_RECEIVED || live->state != SHARE_ACCEPTED ||
        (chain_leaf(live->chain)->actions & ACTION_PROPOSE) == 0 ||
        !ID_IS_EQUAL(*chain_owner(live->chain), p->owner->node))
        return STATUS_OK;
    enum status s = copy_get(core, p->now->record, live->leaf, p->call->arena, &run, &copy);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    copy.facts.field_count = 0; /* consent is about what leaves, and judged by who discloses */
    for (size_t i = 0; i < p->to.count; i++) {
        struct decision d = decide_field(live->chain, &core->me, &copy.facts,
                                         p->to.fields[i].key, p->call->now);
        if (d.stop == STOP_NONE)
            continue;
        if (d.stop == STOP_FIELD)
            *blocked = &p->to.fields[i];
        return STATUS_OK;
    }
    *out = true;
    return STATUS_OK;
}

static enum status
find_share_of(struct proposing *p)
{
    struct call *call = p->call;
    const struct field *blocked = NULL;

    for (size_t i = 0; i < call->core->live_count && p->live == NULL; i++) {
        bool yes;
        TRY(is_under(p, &call->core->lives[i], &blocked, &yes));
        if (yes)
            p->live = &call->core->lives[i];
    }
    if (p->live != NULL)
        return STATUS_OK;
    if (blocked != NULL)
        return diag_say(call->diag, STATUS_NOT_GRANTED, "proposal.field_not_granted",
                        field_name(call, p->type, blocked), NULL);
    return diag_say(call->diag, STATUS_NOT_GRANTED, "proposal.not_granted", p->owner->name,
                    NULL);
}

static enum status
send_proposal(struct proposing *p, struct proposal_row *row)
{
    struct call *call = p->call;
    struct signed_object object;
    struct proposal proposal = { .author = call->core->me,
                                 .audience = p->owner->node,
                                 .grant = *chain_leaf_id(p->live->chain),
                                 .record = p->now->id,
                                 .seen = row->seen,
                                 .fields = p->to.fields,
                                 .field_count = p->to.count,
                                 .note = row->note,
                                 .proposed = call->now };

    TRY(core_sign(call->core, SIGN_PROPOSAL, wire_proposal_format(&proposal, call->arena),
                  &object));
    row->pid = digest_object_id(object.body);
    TRY(proposals_add(call->core, row));
    TRY(audit_add(call->core, call->actor, "proposal.made", bytes_of(row->pid.b, ID_SIZE),
                  bytes_of(p->now->id.b, ID_SIZE)));
    return control_queue(call->core, p->owner->id, MESSAGE_PROPOSAL,
                         wire_signed_body_format(&object, call->arena), 0);
}

static enum status
check_way(struct proposing *p)
{
    struct call *call = p->call;

    if (route_link(call->core, p->owner) == NULL)
        return diag_say(call->diag, STATUS_UNREACHABLE, "proposal.no_way", p->owner->name,
                        NULL);
    if (proposals_room(call->store, p->owner->id, true) != STATUS_OK)
        return diag_say(call->diag, STATUS_CONFLICT, "proposal.too_many", p->owner->name, NULL);
    return STATUS_OK;
}

enum status
service_proposal_make(struct call *call)
{
    struct proposing *p = ARENA_NEW(call->arena, struct proposing);
    struct proposal_row row = { .sent = true, .at = call->now };
    bool preview = arg_is_set(call, "preview");

    p->call = call;
    TRY(find_theirs(p));
    TRY(read_fields(p));
    TRY(find_share_of(p));
    TRY(check_way(p));
    TRY(newest_revision(call->store, p->now->record, &row.seen));
    row.company = p->owner->id;
    row.leaf = p->live->leaf;
    row.record = p->now->record;
    row.note = arg_text_or(call, "comment", "");
    row.fields = p->to.fields;
    row.field_count = p->to.count;
    if (!preview)
        TRY(send_proposal(p, &row));
    call->reply = json_object();
    reply_set(call->reply, "id", preview ? json_null() : json_id(row.pid.b));
    reply_set(call->reply, "title", json_words(record_title(call, p->now)));
    reply_set(call->reply, "partner", json_words(p->owner->name));
    reply_set(call->reply, "preview", json_boolean(preview));
    reply_set(call->reply, "changes", changes_json(call, p->now, &row, false));
    return STATUS_OK;
}

/* ---- deciding ----------------------------------------------------------------------------- */

/* A partner's, still open, and its author. */
static enum status
find_open(struct call *call, struct proposal_row *row, struct company **author)
{
    const char *text = arg_text(call, "proposal");
    int64_t id;

    TRY(find_proposal(call, text, &id));
    TRY(proposals_get(call->store, id, call->arena, row));
    if (row->sent || row->state != PROPOSAL_OPEN)
        return diag_say(call->diag, STATUS_CONFLICT, "proposal.not_open", text, NULL);
    *author = company_by_id(call->core, row->company);
    return STATUS_OK;
}

static enum status
decide(struct call *call, const struct proposal_row *row, struct company *author, bool accepted,
       const char *reason)
{
    TRY(audit_add(call->core, call->actor, accepted ? "proposal.accept" : "proposal.decline",
                  bytes_of(row->pid.b, ID_SIZE), (struct bytes){ 0 }));
    TRY(proposals_close(call->core, row->id, accepted ? PROPOSAL_ACCEPTED : PROPOSAL_DECLINED,
                        reason));
    TRY(proposals_answer(call->core, author, &row->pid, accepted, reason));
    return proposal_json(call, row->id, true, &call->reply);
}

/* Our record with the changes, as one more revision of ours: everybody with a grant gets it. */
static enum status
change_record(struct call *call, const struct proposal_row *row)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    struct record_now *now;

    TRY(held_now(call, row->record, &now));
    const struct type *type = now == NULL ? NULL : dictionary_find(call->dictionary, now->type);
    if (type == NULL)
        return diag_say(call->diag, STATUS_CONFLICT, "proposal.not_open",
                        arg_text(call, "proposal"), NULL);
    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    for (size_t i = 0; i < row->field_count; i++) {
        if (draft->count >= FIELDS_MAX)
            return diag_say(call->diag, STATUS_TOO_BIG, "record.too_many_fields", NULL);
        draft_put(draft, row->fields[i].key, row->fields[i].value);
    }
    TRY(draft_check(call, draft, type));
    TRY(draft_may_stand(call, &now->id, draft, type));
    struct mint mint = { .record = now->record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    return records_mint(call->core, &mint, 1, call->actor, "record.changed");
}

enum status
service_proposal_accept(struct call *call)
{
    struct proposal_row row;
    struct company *author = NULL;

    TRY(find_open(call, &row, &author));
    TRY(change_record(call, &row));
    return decide(call, &row, author, true, "");
}

enum status
service_proposal_decline(struct call *call)
{
    const char *reason = arg_text(call, "reason");
    struct proposal_row row;
    struct company *author = NULL;

    TRY(find_open(call, &row, &author));
    if (reason[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "offer.reason", NULL);
    if (strlen(reason) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    return decide(call, &row, author, false, reason);
}
