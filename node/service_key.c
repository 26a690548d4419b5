/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_key.c - our keys and who knows them: what is in use, which are kept from before, and their end
 * (docs/operations/keys.md).
 */
#include <unistd.h>

#include "node/keys.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

/* Our newest descriptor and those before it. */
struct ours {
    struct descriptor *list[DESCRIPTORS_MAX]; /* the newest first */
    size_t count;
};

static enum status
add(struct call *call, struct ours *ours, struct bytes raw)
{
    struct signed_object *object;

    TRY(wire_signed_object_parse(arena_copy(call->arena, raw), call->arena, &object));
    return wire_descriptor_parse(object->body, call->arena, &ours->list[ours->count++]);
}

static enum status
ours_load(struct call *call, struct ours *ours)
{
    AUTO(stmt_return) struct stmt *newest = stmt_borrow(call->store, STMT_COMPANY_GET);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_DESCRIPTOR_FORMER);
    enum status s;

    *ours = (struct ours){ .count = 0 };
    stmt_bind(newest, "i", (int64_t)COMPANY_US);
    TRY(stmt_step(newest));
    TRY(add(call, ours, stmt_bytes(newest, 8)));
    stmt_bind(q, "i", (int64_t)COMPANY_US);
    while ((s = stmt_step(q)) == STATUS_OK && ours->count < DESCRIPTORS_MAX)
        TRY(add(call, ours, stmt_bytes(q, 1)));
    return s == STATUS_OK || s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- key list ---- */

static const uint8_t *
signing_of(const struct descriptor *d)
{
    return d->signing_key.b;
}

static const uint8_t *
sealing_of(const struct descriptor *d)
{
    return d->sealing_key.b;
}

static const uint8_t *
transport_of(const struct descriptor *d)
{
    return d->transport_key.b;
}

static const struct key_row {
    const char *name;
    const uint8_t *(*key)(const struct descriptor *d);
} key_rows[] = {
    { "signing", signing_of },
    { "sealing", sealing_of },
    { "transport", transport_of },
};

static enum status
key_json(struct call *call, const struct key_row *row, const struct ours *ours, json_t *items)
{
    const struct descriptor *since = ours->list[0];
    int64_t waits = 0;
    json_t *o = json_object();

    for (size_t i = 1; i < ours->count; i++) {
        if (memcmp(row->key(ours->list[i]), row->key(since), 32) != 0)
            break;
        since = ours->list[i];
    }
    const char *former =
        arena_printf(call->arena, "%s/keys/former-%s.key", call->core->home, row->name);
    bool is_kept = access(former, F_OK) == 0;
    if (since->serial > 1)
        TRY(store_number(call->store, &waits, STMT_KEY_WAITS, "i", (int64_t)since->serial));
    reply_set(o, "key", json_words(row->name));
    reply_set(o, "serial", json_integer((json_int_t)since->serial));
    reply_set(o, "since",
              json_time((struct wall_ms){ since->not_before.ms + CLOCK_TOLERANCE_MS }));
    reply_set(o, "former", json_words(is_kept ? "in use" : "none"));
    reply_set(o, "waits", json_integer(waits));
    (void)json_array_append_new(items, o);
    return STATUS_OK;
}

enum status
service_key_list(struct call *call)
{
    json_t *items = json_array();
    struct ours ours;

    call->reply =
        json_pack("{s:i, s:n, s:o}", "total", (int)COUNT_OF(key_rows), "next", "items", items);
    TRY(ours_load(call, &ours));
    for (size_t i = 0; i < COUNT_OF(key_rows); i++)
        TRY(key_json(call, &key_rows[i], &ours, items));
    return STATUS_OK;
}

/* ---- key partners ---- */

enum status
service_key_partners(struct call *call)
{
    enum { ID, NODE, NAME, STATE, TOLD, NEWEST };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_KEY_PARTNERS);
    json_t *items = json_array();
    enum status s;

    call->reply = json_pack("{s:i, s:n, s:o}", "total", 0, "next", "items", items);
    while ((s = stmt_step(q)) == STATUS_OK) {
        uint8_t node[ID_SIZE];
        json_t *o = json_object();
        bool is_new = stmt_int(q, NEWEST) == 1 || stmt_int(q, TOLD) >= stmt_int(q, NEWEST);
        stmt_copy(q, NODE, node, ID_SIZE);
        reply_set(o, "name", json_words(stmt_text(q, NAME)));
        reply_set(o, "state",
                  json_words(company_state_name((enum company_state)stmt_int(q, STATE))));
        reply_set(o, "knows", json_integer(is_new ? stmt_int(q, NEWEST) : stmt_int(q, TOLD)));
        reply_set(o, "newest", json_integer(stmt_int(q, NEWEST)));
        reply_set(o, "keys", json_words(is_new ? "new" : "old"));
        reply_set(o, "id", json_id(node));
        (void)json_array_append_new(items, o);
    }
    reply_set(call->reply, "total", json_integer((json_int_t)json_array_size(items)));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- status ---- */

/* Partners that do not know our newest keys; after a theft none of them can reach us. */
enum status
service_key_warn(struct call *call, json_t *warnings)
{
    struct ours ours;
    int64_t count;

    TRY(ours_load(call, &ours));
    const struct descriptor *d = ours.list[0];
    const int64_t serials[] = { (int64_t)d->refused_below,
                                d->serial > 1 ? (int64_t)d->serial : 0 };
    static const char *const keys[] = { "status.warn.keys_stolen", "status.warn.keys" };
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        TRY(store_number(call->store, &count, STMT_KEY_UNTOLD, "i", serials[i]));
        if (count == 0)
            continue;
        const char *args[] = { arena_printf(call->arena, "%lld", (long long)count) };
        (void)json_array_append_new(
            warnings, json_words(text_format(call->language, keys[i], args, 1, call->arena)));
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- key retire ---- */

enum status
service_key_retire(struct call *call)
{
    struct core *core = call->core;
    bool any = core->has_former_sealing || core->has_former_transport;

    TRY(keys_retire(core, true, call->actor));
    call->reply = json_object();
    reply_set(call->reply, "state", json_words(any ? "retired" : "none"));
    return STATUS_OK;
}
