/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_suppression.c - the list of who must not come back, seen and lifted by an administrator (contract:
 * node/suppression.h). It can say why a value is refused, and of nobody who she is.
 */
#include <string.h>

#include "node/suppression.h"
#include "schema/base/cleanup.h"

enum { ACT_SIZE = 16, ACT_SHOWN = 16 };

static json_t *
act_json(const uint8_t *act)
{
    char text[2 * ACT_SIZE + 1];

    hex_format(bytes_of(act, ACT_SIZE), text);
    return json_stringn(text, ACT_SHOWN);
}

/* In words: what the entry keeps out, and until when it does. */
static json_t *
effect_json(struct call *call, const char *reason, const char *purposes, const char *recipients)
{
    const char *args[] = { *purposes != '\0' ? purposes : "*",
                           *recipients != '\0' ? recipients : "*" };

    if (strcmp(reason, SUPPRESSION_WITHDRAWN) != 0)
        return json_words(text_get(call->language, "suppression.erased"));
    if (*purposes == '\0' && *recipients == '\0')
        return json_words(text_get(call->language, "suppression.withdrawn_all"));
    return json_words(
        text_format(call->language, "suppression.withdrawn_some", args, 2, call->arena));
}

static json_t *
list_row(struct call *call, struct stmt *q)
{
    enum { KEY, ACT, REASON, PURPOSES, RECIPIENTS, AT, LIFTED, VALUES, RECORDS };
    json_t *o = json_object();
    uint8_t act[ACT_SIZE];

    stmt_copy(q, ACT, act, ACT_SIZE);
    reply_set(o, "id", act_json(act));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "reason", json_words(stmt_text(q, REASON)));
    reply_set(o, "effect",
              effect_json(call, stmt_text(q, REASON), stmt_text(q, PURPOSES),
                          stmt_text(q, RECIPIENTS)));
    reply_set(o, "suppressed_values", json_integer(stmt_int(q, VALUES)));
    reply_set(o, "suppressed_records", json_integer(stmt_int(q, RECORDS)));
    reply_set(o, "lifted",
              stmt_int(q, LIFTED) == 0 ? json_null()
                                       : json_time((struct wall_ms){ stmt_int(q, LIFTED) }));
    return o;
}

enum status
service_suppression_list(struct call *call)
{
    return page_rows(call, STMT_SUPPRESSION_LIST, list_row);
}

enum status
service_suppression_check(struct call *call)
{
    struct suppression_keys keys;
    struct suppression_act *acts;
    json_t *items = json_array();
    size_t count;

    suppression_keys_typed(call, arg_text(call, "value"), &keys);
    TRY(suppression_find(call->store, &keys, call->arena, &acts, &count));
    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object();
        reply_set(o, "id", act_json(acts[i].act));
        reply_set(o, "at", json_time(acts[i].at));
        reply_set(o, "reason", json_words(acts[i].reason));
        reply_set(o, "effect",
                  effect_json(call, acts[i].reason, acts[i].purposes, acts[i].recipients));
        (void)json_array_append_new(items, o);
    }
    call->reply = json_object();
    reply_set(call->reply, "suppressed", json_boolean(count > 0));
    reply_set(call->reply, "entries", items);
    return STATUS_OK;
}

/* By the beginning of its id. */
static enum status
lift_id(struct call *call, const char *text, int64_t *lifted)
{
    uint8_t act[ACT_SIZE];

    if (strlen(text) < 8 || strspn(text, "0123456789abcdef") != strlen(text))
        return STATUS_OK;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SUPPRESSION_OF_ACT);
        stmt_bind(q, "t", text);
        enum status s = stmt_step(q);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        stmt_copy(q, 0, act, ACT_SIZE);
        s = stmt_step(q);
        if (s == STATUS_OK)
            return diag_say(call->diag, STATUS_USAGE, "id.ambiguous", text, NULL);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    *lifted += 1;
    return store_exec(call->store, STMT_SUPPRESSION_LIFT, "bi", bytes_of(act, ACT_SIZE),
                      call->now.ms);
}

enum status
service_suppression_lift(struct call *call)
{
    const char *text = arg_text(call, "value");
    struct suppression_keys keys;
    struct suppression_act *acts;
    int64_t lifted = 0;
    size_t count;

    suppression_keys_typed(call, text, &keys);
    TRY(suppression_find(call->store, &keys, call->arena, &acts, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(store_exec(call->store, STMT_SUPPRESSION_LIFT, "bi",
                       bytes_of(acts[i].act, ACT_SIZE), call->now.ms));
        lifted++;
    }
    if (count == 0)
        TRY(lift_id(call, text, &lifted));
    if (lifted == 0)
        return diag_say(call->diag, STATUS_NOT_FOUND, "suppression.unknown", NULL);
    call->core->suppression_waits = true;
    TRY(audit_add(call->core, call->actor, "suppression.lifted", (struct bytes){ 0 },
                  (struct bytes){ 0 }));
    call->reply = json_object();
    reply_set(call->reply, "lifted_entries", json_integer(lifted));
    reply_set(call->reply, "state", json_string("lifted"));
    return STATUS_OK;
}
