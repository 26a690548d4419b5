/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_receipt.c - who holds what we shared, and what each of them says became of it: in use, erased, refused,
 * or silent though its time to say "erased" is over.
 */
#include <string.h>

#include "node/receipt.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

#define DAY_MS INT64_C(86400000)
enum { LATE_DAYS = 2 };

/* Columns of RECEIPT_LIST and RECEIPT_LIST_GIVEN. */
enum {
    KEY,
    GID,
    TITLE,
    NAME,
    SHARE_IN, /* enum share_state */
    CHANGED,
    ENDS,
    OBJECT,
    SAID, /* enum receipt_state, 0: nothing yet */
    RECORDS,
    COUNT,
    REASON,
    BASIS,
    AT,
    CAME,
    HOLDS, /* it was given something, as far as we know */
    VIA
};

struct listing {
    struct call *call;
    struct page page;
    const char *state; /* "" any */
    int64_t late_ms, share, company;
    struct bytes record;
    bool given;
};

/* When it should have been erased; 0: it may be kept. */
static enum status
due_at(struct call *call, struct stmt *q, int64_t *out)
{
    enum share_state state = (enum share_state)stmt_int(q, SHARE_IN);
    struct signed_object *object;
    struct grant *g;

    *out = 0;
    if (state == SHARE_STOPPED || state == SHARE_DECLINED)
        *out = stmt_int(q, CHANGED);
    if (state != SHARE_ENDED)
        return STATUS_OK;
    TRY(wire_signed_object_parse(arena_copy(call->arena, stmt_bytes(q, OBJECT)), call->arena,
                                 &object));
    TRY(wire_grant_parse(object->body, call->arena, &g));
    *out = stmt_int(q, ENDS) + (int64_t)g->delete_days * DAY_MS;
    return STATUS_OK;
}

static const char *
state_of(struct stmt *q)
{
    return stmt_int(q, SAID) == 0 ? "none"
                                  : receipt_state_name((enum receipt_state)stmt_int(q, SAID));
}

static json_t *
record_ids(struct bytes raw)
{
    json_t *list = json_array();
    struct reader r = reader_of(raw);

    while (r.left >= ID_SIZE)
        (void)json_array_append_new(list, json_id(reader_bytes(&r, ID_SIZE).data));
    return list;
}

static json_t *
item_json(struct stmt *q, int64_t due, bool late)
{
    struct object_id gid;
    json_t *o = json_object();

    stmt_copy(q, GID, gid.b, ID_SIZE);
    reply_set(o, "share", json_id(gid.b));
    reply_set(o, "title", json_words(stmt_text(q, TITLE)));
    reply_set(o, "company", json_words(stmt_text(q, NAME)));
    reply_set(o, "state", json_words(state_of(q)));
    reply_set(o, "late", json_boolean(late));
    reply_set(o, "due", due > 0 ? json_time((struct wall_ms){ due }) : json_null());
    if (stmt_int(q, SAID) == 0)
        return o;
    reply_set(o, "records", json_integer(stmt_int(q, COUNT)));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "reported", json_time((struct wall_ms){ stmt_int(q, CAME) }));
    if (stmt_bytes(q, RECORDS).len > 0)
        reply_set(o, "record_ids", record_ids(stmt_bytes(q, RECORDS)));
    if (*stmt_text(q, REASON) != '\0')
        reply_set(o, "reason", json_words(stmt_text(q, REASON)));
    if (*stmt_text(q, BASIS) != '\0')
        reply_set(o, "basis", json_words(stmt_text(q, BASIS)));
    if (*stmt_text(q, VIA) != '\0')
        reply_set(o, "said_to", json_words(stmt_text(q, VIA)));
    return o;
}

static enum status
add_row(struct listing *l, struct stmt *q)
{
    int64_t said = stmt_int(q, SAID), due;

    TRY(due_at(l->call, q, &due));
    bool open = said != RECEIPT_PURGED && said != RECEIPT_REFUSED && stmt_int(q, HOLDS) != 0;
    bool late = !l->given && open && due > 0 && l->call->now.ms >= due + l->late_ms;
    if (*l->state != '\0' && strcmp(l->state, state_of(q)) != 0 &&
        !(late && strcmp(l->state, "late") == 0))
        return STATUS_OK;
    (void)json_array_append_new(l->page.items, item_json(q, due, late));
    return STATUS_OK;
}

static enum status
read_state(struct listing *l)
{
    static const char *const words[] = { "",        "none",   "late",   "received",
                                         "applied", "purged", "refused" };

    l->state = arg_text_or(l->call, "state", "");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(words[i], l->state) == 0)
            return STATUS_OK;
    return diag_say(l->call->diag, STATUS_USAGE, "receipt.state", l->state, NULL);
}

static enum status
read_filters(struct listing *l)
{
    struct call *call = l->call;
    const char *share = arg_text(call, "share"), *company = arg_text(call, "company"),
               *record = arg_text(call, "record");
    int64_t id, days = arg_integer(call, "days", LATE_DAYS);

    TRY(read_state(l));
    if (days < 0 || days > 3650)
        return diag_say(call->diag, STATUS_USAGE, "receipt.days", NULL);
    l->late_ms = days * DAY_MS;
    l->given = arg_is_set(call, "given");
    if (share != NULL)
        TRY(find_share(call, share, &l->share));
    if (company != NULL)
        TRY(find_company(call, company, &l->company));
    if (record == NULL)
        return STATUS_OK;
    TRY(find_record(call, record, &id));
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_RECORD_GET);
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    l->record = arena_copy(call->arena, stmt_bytes(q, 0));
    return STATUS_OK;
}

enum status
service_receipt_list(struct call *call)
{
    struct listing l = { .call = call };
    AUTO(stmt_return) struct stmt *q = NULL;
    int64_t last = 0;
    enum status s;

    TRY(read_filters(&l));
    TRY(page_begin(call, &l.page));
    q = stmt_borrow(call->store, l.given ? STMT_RECEIPT_LIST_GIVEN : STMT_RECEIPT_LIST);
    stmt_bind(q, "itiib", l.page.after, l.page.search, l.share, l.company, l.record);
    while ((s = stmt_step(q)) == STATUS_OK) {
        if ((int64_t)json_array_size(l.page.items) == l.page.limit)
            break;
        last = stmt_int(q, KEY);
        TRY(add_row(&l, q));
    }
    page_end(call, &l.page, last, s == STATUS_OK, -1);
    return s == STATUS_OK || s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
