/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_offer.c - shares as rows: lists and terms; and the tray of offers: accepting and declining.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/receipt.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum { SAMPLE = 20 };

/* ---- rows --------------------------------------------------------------------------------- */

/* Columns of SHARE_COLUMNS. */
enum {
    ID,
    LEAF,
    ROLE,
    PARTNER,
    STATE,
    KIND,
    TITLE,
    NOTE,
    COUNT,
    OID,
    REASON,
    AT,
    CHANGED,
    GID,
    ENDS,
    NAME,
    PARENT,
    ROOT,
    LEASE,
    OWNER
};

static const char *
state_word(enum share_role role, enum share_state state)
{
    return role == ROLE_RECEIVED && state == SHARE_OFFERED ? "open" : share_state_name(state);
}

/* A share that passes something on, while the owner's word is not news. */
static void
set_waits(struct call *call, struct stmt *q, json_t *o)
{
    enum share_state state = (enum share_state)stmt_int(q, STATE);
    struct wall_ms until = { stmt_int(q, LEASE) };
    char since[20];

    if (stmt_int(q, ROLE) != ROLE_GIVEN || stmt_int(q, ROOT) == 0 || until.ms > call->now.ms ||
        (state != SHARE_OFFERED && state != SHARE_DELIVERED && state != SHARE_ACCEPTED))
        return;
    if (until.ms == 0)
        until.ms = stmt_int(q, CHANGED);
    json_t *time = json_time(until);
    (void)snprintf(since, sizeof(since), "%.16s",
                   json_is_string(time) ? json_string_value(time) : "?");
    const char *args[] = { arena_text(call->arena, bytes_text(stmt_text(q, OWNER))), since };
    reply_set(o, "waits",
              json_words(text_format(call->language, "share.waits", args, 2, call->arena)));
    reply_set(o, "waits_since", time);
}

static json_t *
share_json(struct call *call, struct stmt *q)
{
    static const char *const roles[] = { "given", "received", "passed on" };
    static const char *const kinds[] = { "", "event", "records", "contribution", "feedback" };
    enum share_role role = (enum share_role)stmt_int(q, ROLE);
    struct object_id gid;
    json_t *o = json_object();

    stmt_copy(q, GID, gid.b, ID_SIZE);
    reply_set(o, "id", json_id(gid.b));
    reply_set(o, "title", json_words(stmt_text(q, TITLE)));
    reply_set(o, "partner", json_words(stmt_text(q, NAME)));
    reply_set(o, "role", json_words(roles[role]));
    reply_set(o, "state", json_words(state_word(role, (enum share_state)stmt_int(q, STATE))));
    reply_set(o, "kind", json_words(kinds[stmt_int(q, KIND) % (int64_t)COUNT_OF(kinds)]));
    reply_set(o, "records", json_integer(stmt_int(q, COUNT)));
    reply_set(o, "until", json_time((struct wall_ms){ stmt_int(q, ENDS) }));
    reply_set(o, "offered", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "changed", json_time((struct wall_ms){ stmt_int(q, CHANGED) }));
    if (*stmt_text(q, REASON) != '\0')
        reply_set(o, "reason", json_words(stmt_text(q, REASON)));
    if (*stmt_text(q, NOTE) != '\0')
        reply_set(o, "note", json_words(stmt_text(q, NOTE)));
    set_waits(call, q, o);
    return o;
}

enum status
service_share_list(struct call *call)
{
    return page_rows(call, STMT_SHARE_LIST, share_json);
}

enum status
service_offer_list(struct call *call)
{
    return page_rows(call, STMT_OFFER_LIST, share_json);
}

/* ---- terms -------------------------------------------------------------------------------- */

json_t *
grant_fields_json(struct call *call, const struct grant *grant)
{
    json_t *list = json_array();

    for (size_t i = 0; i < grant->field_count; i++) {
        const struct type *type = dictionary_find(call->dictionary, grant->fields[i].type);
        const struct type_field *f =
            type == NULL ? NULL : type_field_find(type, grant->fields[i].field);
        const char *text =
            f == NULL ? arena_printf(call->arena, "%u.%u", grant->fields[i].type.number,
                                     grant->fields[i].field.number)
                      : arena_printf(call->arena, "%s.%s", type->name, f->name);
        (void)json_array_append_new(list, json_words(text));
    }
    return list;
}

enum status
company_name_of(struct call *call, const struct node_id *node, const char **out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_NODE_NAME);

    stmt_bind(q, "b", bytes_of(node->b, ID_SIZE));
    enum status s = stmt_step(q);
    *out = s == STATUS_OK ? arena_text(call->arena, bytes_text(stmt_text(q, 0)))
                          : id_text(call, node->b);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static json_t *
texts_json(const char *const *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_words(texts[i]));
    return list;
}

static enum status
link_json(struct call *call, const struct grant *g, json_t **out)
{
    static const char *const actions[] = { "read", "contribute", "propose", "pass_on" };
    const char *issuer, *audience;
    json_t *o = json_object();
    json_t *may = json_array();

    TRY(company_name_of(call, &g->issuer, &issuer));
    TRY(company_name_of(call, &g->audience, &audience));
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (g->actions >> i & 1)
            (void)json_array_append_new(may, json_words(actions[i]));
    reply_set(o, "issuer", json_words(issuer));
    reply_set(o, "audience", json_words(audience));
    reply_set(o, "fields", grant_fields_json(call, g));
    reply_set(o, "purpose", texts_json(g->purposes, g->purpose_count));
    reply_set(o, "until", json_time(g->not_after));
    reply_set(o, "actions", may);
    reply_set(o, "depth", json_integer(g->depth));
    if (g->country_count > 0)
        reply_set(o, "countries", texts_json(g->countries, g->country_count));
    reply_set(o, "delete_days", json_integer(g->delete_days));
    if (g->has_terms)
        reply_set(o, "terms", terms_json(call, &g->terms));
    *out = o;
    return STATUS_OK;
}

enum status
share_terms(struct call *call, int64_t leaf, json_t *object)
{
    struct signed_object *links;
    json_t *chain = json_array();
    struct grant *g = NULL;
    size_t count;

    TRY(grant_links(call->store, leaf, call->arena, &links, &count));
    for (size_t i = 0; i < count; i++) {
        json_t *o;
        TRY(wire_grant_parse(links[i].body, call->arena, &g));
        TRY(link_json(call, g, &o));
        (void)json_array_append_new(chain, o);
    }
    if (g != NULL) {
        reply_set(object, "fields", grant_fields_json(call, g));
        reply_set(object, "purpose", texts_json(g->purposes, g->purpose_count));
        reply_set(object, "depth", json_integer(g->depth));
        if (g->has_terms)
            reply_set(object, "terms", terms_json(call, &g->terms));
    }
    reply_set(object, "chain", chain);
    return STATUS_OK;
}

static enum status
declined_rows(struct call *call, int64_t share, json_t *object)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_DECLINED_LIST);
    json_t *list = json_array();
    enum status s;

    stmt_bind(q, "i", share);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct record_id id;
        json_t *o = json_object();
        stmt_copy(q, 0, id.b, ID_SIZE);
        reply_set(o, "record", json_id(id.b));
        reply_set(o, "reason", json_words(stmt_text(q, 1)));
        (void)json_array_append_new(list, o);
    }
    json_int_t declined = (json_int_t)json_array_size(list);
    json_int_t count = json_integer_value(json_object_get(object, "records"));
    const char *state = json_string_value(json_object_get(object, "state"));
    bool accepted = state != NULL && strcmp(state, "accepted") == 0;
    reply_set(object, "accepted", json_integer(accepted ? count - declined : 0));
    reply_set(object, "declined", json_integer(declined));
    reply_set(object, "declined_records", list);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* When both sides last compared what stands under it, and what came of that. */
static enum status
comparison(struct call *call, int64_t leaf)
{
    enum { COMPARED, SAME, MENDED, AGAIN, BACK, ODD };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPARED_GET);

    stmt_bind(q, "i", leaf);
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    reply_set(call->reply, "compared", json_time((struct wall_ms){ stmt_int(q, COMPARED) }));
    reply_set(call->reply, "complete", json_boolean(stmt_int(q, SAME) != 0));
    if (stmt_int(q, MENDED) != 0)
        reply_set(call->reply, "mended", json_time((struct wall_ms){ stmt_int(q, MENDED) }));
    reply_set(call->reply, "sent_again", json_integer(stmt_int(q, AGAIN)));
    reply_set(call->reply, "taken_back", json_integer(stmt_int(q, BACK)));
    reply_set(call->reply, "unknown_rows", json_integer(stmt_int(q, ODD)));
    return STATUS_OK;
}

enum status
share_show(struct call *call, int64_t share, int64_t *leaf)
{
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SHARE_GET);
        stmt_bind(q, "i", share);
        TRY(stmt_step(q));
        call->reply = share_json(call, q);
        *leaf = stmt_int(q, LEAF);
    }
    TRY(declined_rows(call, share, call->reply));
    TRY(comparison(call, *leaf));
    return share_terms(call, *leaf, call->reply);
}

enum status
service_share_show(struct call *call)
{
    int64_t share, leaf;

    TRY(find_share(call, arg_text(call, "share"), &share));
    return share_show(call, share, &leaf);
}

/* What lies in the tray: the first rows as they came. */
static enum status
sample(struct call *call, int64_t leaf)
{
    int64_t records[SAMPLE], held;
    json_t *list = json_array();
    size_t count = 0;
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COPY_BY_GRANT);
        stmt_bind(q, "iii", leaf, (int64_t)0, (int64_t)SAMPLE);
        while ((s = stmt_step(q)) == STATUS_OK)
            records[count++] = stmt_int(q, 0);
    }
    for (size_t i = 0; i < count; i++) {
        struct record_now *now;
        json_t *o;
        TRY(record_now(call->store, records[i], true, call->arena, &now));
        if (now->tombstone)
            continue;
        TRY(record_json(call, now, &o));
        (void)json_array_append_new(list, o);
    }
    TRY(store_number(call->store, &held, STMT_COPY_VALUES_COUNT, "i", leaf));
    reply_set(call->reply, "records_arrived", json_integer(held));
    reply_set(call->reply, "items", list);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
service_offer_show(struct call *call)
{
    int64_t share, leaf;

    TRY(find_share(call, arg_text(call, "offer"), &share));
    TRY(share_show(call, share, &leaf));
    return sample(call, leaf);
}

enum status
find_live(struct call *call, const char *param, enum share_role role, struct live **out)
{
    const char *text = arg_text(call, param);
    int64_t share;

    TRY(find_share(call, text, &share));
    *out = live_by_share(call->core, share);
    if (*out == NULL || (*out)->role != role)
        return diag_say(call->diag, STATUS_CONFLICT,
                        role == ROLE_GIVEN ? "share.not_live" : "offer.not_open", text, NULL);
    return STATUS_OK;
}

/* ---- answering ---------------------------------------------------------------------------- */

static int
compare_declined(const void *a, const void *b)
{
    const struct declined *x = a, *y = b;

    return memcmp(x->record.b, y->record.b, ID_SIZE);
}

static enum status
read_except(struct call *call, const char *reason, struct answer *answer)
{
    const json_t *list = arg_list(call, "except");
    size_t n = json_array_size(list);

    if (n > 0 && reason[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "offer.reason", NULL);
    answer->declined = ARENA_ARRAY(call->arena, struct declined, n);
    for (size_t i = 0; i < n; i++) {
        AUTO(stmt_return) struct stmt *q = NULL;
        int64_t record;
        TRY(find_record(call, json_string_value(json_array_get(list, i)), &record));
        q = stmt_borrow(call->store, STMT_RECORD_GET);
        stmt_bind(q, "i", record);
        TRY(stmt_step(q));
        stmt_copy(q, 0, answer->declined[i].record.b, ID_SIZE);
        answer->declined[i].reason = reason;
    }
    if (n > 0)
        qsort(answer->declined, n, sizeof(*answer->declined), compare_declined);
    for (size_t i = 0; i < n; i++)
        if (answer->declined_count == 0 ||
            compare_declined(&answer->declined[answer->declined_count - 1],
                             &answer->declined[i]) != 0)
            answer->declined[answer->declined_count++] = answer->declined[i];
    return STATUS_OK;
}

/* too: another state in which it may be. */
static enum status
open_offer(struct call *call, enum share_state too, struct live **live)
{
    TRY(find_live(call, "offer", ROLE_RECEIVED, live));
    if ((*live)->state != SHARE_OFFERED && (*live)->state != too)
        return diag_say(call->diag, STATUS_CONFLICT, "offer.not_open", arg_text(call, "offer"),
                        NULL);
    if (strlen(arg_text_or(call, "reason", "")) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    return STATUS_OK;
}

enum status
service_offer_accept(struct call *call)
{
    const char *reason = arg_text_or(call, "reason", "");
    struct answer answer = { .accepted = true, .reason = reason };
    struct live *live;
    int64_t leaf;

    TRY(open_offer(call, SHARE_OFFERED, &live));
    TRY(read_except(call, reason, &answer));
    for (size_t i = 0; i < answer.declined_count; i++) {
        TRY(store_exec(call->store, STMT_DECLINED_ADD, "ibt", live->share,
                       bytes_of(answer.declined[i].record.b, ID_SIZE), reason));
        TRY(records_forget(call->core, live->leaf, &answer.declined[i].record));
        live->has_declined = true;
        call->core->lives_version++;
    }
    TRY(share_move(call->core, live, SHARE_ACCEPTED, reason));
    TRY(records_apply(call->core, live));
    TRY(receipt_applied(call->core, live->leaf));
    TRY(answer_send(call->core, call->actor, live, &answer));
    return share_show(call, live->share, &leaf);
}

enum status
service_offer_decline(struct call *call)
{
    struct answer answer = { .reason = arg_text(call, "reason") };
    struct live *live;
    int64_t leaf;

    TRY(open_offer(call, SHARE_ACCEPTED, &live));
    int64_t share = live->share;
    if (answer.reason[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "offer.reason", NULL);
    TRY(answer_send(call->core, call->actor, live, &answer));
    TRY(live_give_back(call->core, live, answer.reason));
    return share_show(call, share, &leaf);
}
