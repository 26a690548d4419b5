/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_brought.c - what became of the guests that we brought: the organiser's word about each row, or why it
 * stays at home; and what we carry for others, by handles.
 */
#include <string.h>

#include "node/consent.h"
#include "node/contribution.h"
#include "node/service_priv.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"

/* ---- what became of it -------------------------------------------------------------------- */

static const char *
state_of(struct stmt *q)
{
    enum { REASON, FIRST, AT, STATE };
    enum share_state state = (enum share_state)stmt_int(q, STATE);

    if (!stmt_is_null(q, REASON))
        return *stmt_text(q, REASON) == '\0' ? "taken" : "refused";
    return state == SHARE_DECLINED                          ? "refused"
           : state == SHARE_ENDED || state == SHARE_STOPPED ? share_state_name(state)
                                                            : "on its way";
}

/* The grant of a share of ours, and to whom: what consent asks of a row. */
static enum status
target_of(struct call *call, int64_t share, struct consent_question *q)
{
    AUTO(stmt_return) struct stmt *leaf = stmt_borrow(call->store, STMT_SHARE_LEAF);
    struct consent_target *target = ARENA_NEW(call->arena, struct consent_target);
    struct signed_object *object;
    struct grant *grant;
    const char *name;
    int64_t since;

    stmt_bind(leaf, "i", share);
    TRY(stmt_step(leaf));
    TRY(wire_signed_object_parse(arena_copy(call->arena, stmt_bytes(leaf, 3)), call->arena,
                                 &object));
    TRY(wire_grant_parse(object->body, call->arena, &grant));
    TRY(company_name_of(call, &grant->audience, &name));
    consent_target_make(grant->purposes, grant->purpose_count, name, &grant->audience,
                        call->arena, target);
    enum status s =
        store_number(call->store, &since, STMT_COMPANY_WAIVER, "i", stmt_int(leaf, 0));
    q->target = target;
    q->waived = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* A row that nobody refused: may it go, or stay there, at all? What was taken is taken back when its ground goes. */
static enum status
put_lack(struct call *call, const struct record_now *now, int64_t share, json_t *o)
{
    struct consent_question q = { .type = dictionary_find(call->dictionary, now->type),
                                  .fields = now->fields,
                                  .field_count = now->field_count };
    enum consent_lack lack;

    TRY(target_of(call, share, &q));
    TRY(consent_left_out(call, &q, &lack));
    if (lack == LACK_NONE)
        return STATUS_OK;
    const char *key = arena_printf(call->arena, "consent.%s", consent_lack_name(lack));
    reply_set(o, "state", json_words("at home"));
    reply_set(o, "reason", json_words(text_get(call->language, key)));
    return STATUS_OK;
}

static enum status
put_verdict(struct call *call, const struct record_now *now, const struct record_id *event,
            json_t *o)
{
    enum { REASON, FIRST, AT, STATE, SHARE_REASON, NAME, SHARE };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_VERDICT_OF_ROW);

    stmt_bind(q, "bb", bytes_of(now->id.b, ID_SIZE), bytes_of(event->b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND) {
        reply_set(o, "state", json_words("at home"));
        return STATUS_OK;
    }
    TRY(s);
    const char *code =
        stmt_is_null(q, REASON) ? stmt_text(q, SHARE_REASON) : stmt_text(q, REASON);
    const char *key = arena_printf(call->arena, "contribution.%s", code);
    reply_set(o, "company", json_words(stmt_text(q, NAME)));
    reply_set(o, "state", json_words(state_of(q)));
    reply_set(o, "reason",
              *code == '\0' ? json_null() : json_words(text_get(call->language, key)));
    reply_set(o, "acknowledged",
              stmt_int(q, FIRST) > 0 ? json_time((struct wall_ms){ stmt_int(q, FIRST) })
                                     : json_null());
    bool may_go = strcmp(state_of(q), "on its way") == 0 || strcmp(state_of(q), "taken") == 0;
    return may_go ? put_lack(call, now, stmt_int(q, SHARE), o) : STATUS_OK;
}

enum status
service_guest_brought(struct call *call)
{
    struct project_query query = { .own_only = true };
    int64_t records[PAGE_MAX + 1], event, total;
    struct record_now *now;
    struct page page;
    size_t count;

    TRY(find_type(call, "attendee", &query.type));
    TRY(find_record(call, arg_text(call, "event"), &event));
    TRY(record_now(call->store, event, false, call->arena, &now));
    struct record_id parent = now->id;
    TRY(page_begin(call, &page));
    query.parent = &parent;
    query.search = page.search;
    query.after = page.after;
    query.limit = page.limit + 1;
    TRY(project_list(call->store, &query, records, &count));
    TRY(project_count(call->store, &query, &total));
    bool more = count > (size_t)page.limit;
    count -= more;
    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object();
        (void)json_array_append_new(page.items, o);
        TRY(record_now(call->store, records[i], false, call->arena, &now));
        reply_set(o, "id", json_id(now->id.b));
        reply_set(o, "name", json_words(record_title(call, now)));
        TRY(put_verdict(call, now, &parent, o));
    }
    page_end(call, &page, count > 0 ? records[count - 1] : 0, more, total);
    return STATUS_OK;
}

/* ---- what we carry for others ------------------------------------------------------------- */

/* Is this the grant of a share of the event? */
static bool
is_of_event(struct bytes raw, const struct record_id *event)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct grant *grant;

    return wire_signed_object_parse(raw, arena, &object) == STATUS_OK &&
           wire_grant_parse(object->body, arena, &grant) == STATUS_OK &&
           grant->selector == SELECTOR_TREE && ID_IS_EQUAL(grant->tree, *event);
}

static enum status
put_carried(struct call *call, struct bytes way, json_t *items)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_CARRIED_COUNTS);
    enum status s;

    stmt_bind(q, "b", way);
    while ((s = stmt_step(q)) == STATUS_OK) {
        json_t *o = json_object();
        reply_set(o, "company", json_words(stmt_text(q, 2)));
        reply_set(o, "rows", json_integer(stmt_int(q, 1)));
        (void)json_array_append_new(items, o);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* By handles: names and values are sealed for the organiser. */
enum status
service_guest_carried(struct call *call)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct record_now *now;
    struct page page;
    int64_t event;
    enum status s;

    TRY(find_record(call, arg_text(call, "event"), &event));
    TRY(record_now(call->store, event, false, call->arena, &now));
    TRY(page_begin(call, &page));
    q = stmt_borrow(call->store, STMT_SHARE_LEAVES);
    while ((s = stmt_step(q)) == STATUS_OK) {
        if (is_of_event(stmt_bytes(q, 1), &now->id))
            TRY(put_carried(call, stmt_bytes(q, 0), page.items));
    }
    page_end(call, &page, 0, false, -1);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
