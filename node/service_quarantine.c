/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_quarantine.c - a restored node: an admin looks at the trust list and confirms it (node/quarantine.h).
 */
#include "node/quarantine.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

static const char *
held_word(const struct company *c, bool was_held)
{
    if (c->held)
        return c->heard ? "repaired" : "waiting";
    return was_held ? "lifted" : "open";
}

static enum status
row(struct call *call, const struct company *c, bool was_held, json_t *items)
{
    int64_t live = 0;
    json_t *o = json_object();

    for (size_t i = 0; i < call->core->live_count; i++)
        live += call->core->lives[i].partner == c->id && call->core->lives[i].role != ROLE_NOTED
                    ? 1
                    : 0;
    reply_set(o, "name", json_words(c->name));
    reply_set(o, "state", json_words(company_state_name(c->state)));
    reply_set(o, "quarantine", json_words(held_word(c, was_held)));
    reply_set(o, "shares", json_integer(live));
    reply_set(o, "id", json_id(c->node.b));
    (void)json_array_append_new(items, o);
    return STATUS_OK;
}

enum status
service_node_confirm(struct call *call)
{
    struct core *core = call->core;
    const struct company *only = NULL;
    bool *was_held = ARENA_ARRAY(call->arena, bool, core->company_count);
    json_t *items = json_array();
    int64_t id;

    call->reply = json_pack("{s:i, s:n, s:o}", "total", 0, "next", "items", items);
    if (arg_text(call, "partner") != NULL) {
        TRY(find_company(call, arg_text(call, "partner"), &id));
        only = company_by_id(core, id);
    }
    for (size_t i = 0; i < core->company_count; i++)
        was_held[i] = core->companies[i]->held;
    if (!arg_is_set(call, "preview"))
        TRY(quarantine_confirm(core, only, arg_is_set(call, "at-once"), call->actor));
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->state != COMPANY_SELF &&
            core->companies[i]->state != COMPANY_INTRODUCED)
            TRY(row(call, core->companies[i], was_held[i], items));
    reply_set(call->reply, "total", json_integer((json_int_t)json_array_size(items)));
    return STATUS_OK;
}
