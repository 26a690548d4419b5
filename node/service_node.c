/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_node.c - the node itself, its dictionary, its audit trail and its dead letters.
 */
#include <stdio.h>
#include <string.h>

#include "node/heads.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

enum { MINUTE_MS = 60 * 1000 };

/* ---- status ------------------------------------------------------------------------------- */

static json_t *
link_counts(struct call *call)
{
    json_t *warnings = json_array();
    struct core *core = call->core;

    if (core->audit_state != AUDIT_WELL)
        (void)json_array_append_new(
            warnings,
            json_words(text_format(call->language, "home.altered", NULL, 0, call->arena)));
    if (core->unconfirmed)
        (void)json_array_append_new(
            warnings,
            json_words(text_format(call->language, "home.quarantined", NULL, 0, call->arena)));

    (void)pthread_mutex_lock(&core->view_lock);
    for (size_t i = 0; i < core->link_count; i++) {
        const struct link_view *v = &core->links[i];
        struct company_name name;
        if ((!v->clock_off && !v->frozen && !v->behind) ||
            company_name(call, v->company, &name) != STATUS_OK)
            continue;
        const char *minutes =
            arena_printf(call->arena, "%lld", (long long)(v->clock_offset_ms / 60000));
        const char *args[] = { name.name, minutes };
        const char *key = v->behind   ? "status.warn.behind"
                          : v->frozen ? "status.warn.frozen"
                                      : "status.warn.clock";
        (void)json_array_append_new(
            warnings, json_words(text_format(call->language, key, args, 2, call->arena)));
    }
    (void)pthread_mutex_unlock(&core->view_lock);
    return warnings;
}

/* Of records of others, and of ourselves; of descriptors. */
static enum status
warn_of_equivocation(struct call *call, json_t *warnings)
{
    static const char *const keys[] = { "status.warn.equivocation",
                                        "status.warn.equivocation_own",
                                        "status.warn.descriptor" };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int64_t count;
        TRY(i < 2 ? store_number(call->store, &count, STMT_EQUIVOCATION_OPEN, "i", (int64_t)i)
                  : store_number(call->store, &count, STMT_DESCRIPTOR_FAULT_OPEN, ""));
        const char *args[] = { arena_printf(call->arena, "%lld", (long long)count) };
        if (count > 0)
            (void)json_array_append_new(
                warnings,
                json_words(text_format(call->language, keys[i], args, 1, call->arena)));
    }
    return STATUS_OK;
}

/* After a restore: records of ours that partners sent back. */
static enum status
warn_of_readopted(struct call *call, json_t *o)
{
    int64_t count;

    TRY(store_number(call->store, &count, STMT_READOPTED_COUNT, "i",
                     (int64_t)call->core->incarnation));
    if (count == 0)
        return STATUS_OK;
    const char *args[] = { arena_printf(call->arena, "%lld", (long long)count) };
    reply_set(o, "own_records_back", json_integer(count));
    if (call->core->unconfirmed)
        (void)json_array_append_new(
            json_object_get(o, "warnings"),
            json_words(
                text_format(call->language, "status.warn.readopted", args, 1, call->arena)));
    return STATUS_OK;
}

enum status
service_node_status(struct call *call)
{
    enum { NODE = 1, NAME, COUNTRY };
    int64_t partners, dead;
    json_t *o = json_object();

    call->reply = o;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_GET);
        stmt_bind(q, "i", (int64_t)COMPANY_US);
        TRY(stmt_step(q));
        reply_set(o, "name", json_words(stmt_text(q, NAME)));
        reply_set(o, "country", json_words(stmt_text(q, COUNTRY)));
    }
    reply_set(o, "id", json_id(call->core->me.b));
    reply_set(o, "version", json_string(HANSA_VERSION));
    TRY(store_number(call->store, &partners, STMT_COMPANY_COUNT, "i",
                     (int64_t)COMPANY_TRUSTED));
    TRY(store_number(call->store, &dead, STMT_DEAD_COUNT, ""));
    reply_set(o, "partners", json_integer(partners));
    reply_set(o, "refused_objects", json_integer(dead));
    reply_set(o, "strangers", json_integer((json_int_t)call->core->strangers));
    reply_set(o, "disk_full", json_boolean(disk_is_full(call->core->disk)));
    reply_set(o, "disk_free_mib", json_integer(disk_free(call->core->disk) / MIB));
    reply_set(o, "ballast_mib", json_integer(disk_ballast(call->core->disk) / MIB));
    reply_set(o, "time", json_time(call->now));
    reply_set(o, "warnings", link_counts(call));
    TRY(warn_of_readopted(call, o));
    TRY(service_key_warn(call, json_object_get(o, "warnings")));
    return warn_of_equivocation(call, json_object_get(o, "warnings"));
}

/* ---- dictionary --------------------------------------------------------------------------- */

enum status
service_type_list(struct call *call)
{
    struct page page;

    TRY(page_begin(call, &page));
    for (size_t i = 0; i < dictionary_count(call->dictionary); i++) {
        const struct type *type = dictionary_type(call->dictionary, i);
        json_t *o = json_object();
        reply_set(o, "name", json_words(type->name));
        reply_set(o, "label", json_words(type->label[call->language]));
        reply_set(o, "label_many", json_words(type->label_many[call->language]));
        reply_set(o, "fields", json_integer((json_int_t)type->field_count));
        reply_set(o, "own", json_boolean(type->key.space.len > 0));
        (void)json_array_append_new(page.items, o);
    }
    page_end(call, &page, 0, false, -1);
    return STATUS_OK;
}

static json_t *
options_json(const struct type_field *f)
{
    json_t *list = json_array();

    for (size_t i = 0; f->options != NULL && f->options[i] != NULL; i++)
        (void)json_array_append_new(list, json_words(f->options[i]));
    return list;
}

enum status
service_type_show(struct call *call)
{
    const struct type *type;
    struct page page;

    TRY(find_type(call, arg_text(call, "type"), &type));
    TRY(page_begin(call, &page));
    for (size_t i = 0; i < type->field_count; i++) {
        const struct type_field *f = &type->fields[i];
        json_t *o = json_object();
        reply_set(o, "name", json_words(f->name));
        reply_set(o, "label", json_words(f->label[call->language]));
        reply_set(o, "kind", json_words(kind_name(f->kind)));
        reply_set(o, "privacy", json_words(privacy_name(f->privacy)));
        reply_set(o, "space", json_words(arena_text(call->arena, f->key.space)));
        reply_set(o, "number", json_integer(f->key.number));
        reply_set(o, "required", json_boolean(f->required));
        if (f->options != NULL)
            reply_set(o, "options", options_json(f));
        (void)json_array_append_new(page.items, o);
    }
    page_end(call, &page, 0, false, -1);
    return STATUS_OK;
}

static json_t *
labels_json(const char *label)
{
    json_t *o = json_object();

    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        reply_set(o, language_tag((enum language)i), json_words(label));
    return o;
}

/* The stored array of our own types; a new reference. */
static enum status
own_types(struct call *call, json_t **out)
{
    struct bytes raw;
    enum status s = store_meta_get(call->store, "own-types", call->arena, &raw);

    *out = NULL;
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    *out = raw.len > 0
               ? json_loadb((const char *)raw.data, raw.len, JSON_REJECT_DUPLICATES, NULL)
               : json_array();
    return *out != NULL ? STATUS_OK : STATUS_CORRUPT;
}

static json_t *
own_type(json_t *types, const char *name)
{
    size_t i;
    json_t *t;

    json_array_foreach(types, i, t)
    {
        if (strcmp(json_string_value(json_object_get(t, "name")), name) == 0)
            return t;
    }
    return NULL;
}

static json_int_t
next_number(const json_t *list, json_int_t first)
{
    size_t i;
    json_t *o;
    json_int_t next = first;

    json_array_foreach(list, i, o)
    {
        json_int_t n = json_integer_value(json_object_get(o, "number"));
        next = n >= next ? n + 1 : next;
    }
    return next;
}

/* Takes types. */
static enum status
own_types_put(struct call *call, json_t *types, const char *action)
{
    char *text = json_dumps(types, JSON_COMPACT | JSON_SORT_KEYS);
    struct bytes raw = bytes_text(text);
    struct digest hash = digest_plain(raw);

    enum status s = store_meta_put(call->store, "own-types", raw);
    if (s == STATUS_OK)
        s = core_load_dictionary(call->core, call->diag);
    if (s == STATUS_OK)
        s = audit_add(call->core, call->actor, action, bytes_of(hash.b, ID_SIZE),
                      (struct bytes){ 0 });
    xfree(&text);
    json_decref(types);
    return s;
}

static json_t *
type_entry(json_t *types, const char *name, const char *label)
{
    json_t *o = json_object();

    reply_set(o, "name", json_words(name));
    reply_set(o, "number", json_integer(next_number(types, 1)));
    reply_set(o, "label", labels_json(label));
    reply_set(o, "labelMany", labels_json(label));
    reply_set(o, "title", json_words("name"));
    reply_set(o, "fields", json_array());
    return o;
}

static json_t *
field_entry(const json_t *fields, const char *name, const char *label)
{
    json_t *o = json_object();

    reply_set(o, "number", json_integer(next_number(fields, 1)));
    reply_set(o, "name", json_words(name));
    reply_set(o, "label", labels_json(label));
    return o;
}

enum status
service_type_add(struct call *call)
{
    const char *name = arg_text(call, "name");
    json_t *types;

    if (dictionary_find_name(call->dictionary, name) != NULL)
        return diag_say(call->diag, STATUS_CONFLICT, "type.exists", name, NULL);
    TRY(own_types(call, &types));
    json_t *o = type_entry(types, name, arg_text_or(call, "label", name));
    json_t *f = field_entry(NULL, "name", "Name");
    reply_set(f, "kind", json_string("name"));
    reply_set(f, "privacy", json_string("business"));
    (void)json_array_append_new(json_object_get(o, "fields"), f);
    (void)json_array_append_new(types, o);
    TRY(own_types_put(call, types, "type.added"));
    call->reply = json_pack("{s:s}", "name", name);
    return STATUS_OK;
}

enum status
type_add_field(struct call *call, const struct type *type, const char *name, const char *label,
               const char *kind, const char *privacy)
{
    json_t *types;

    if (type_field_find_name(type, name) != NULL)
        return diag_say(call->diag, STATUS_CONFLICT, "field.exists", type->name, name, NULL);
    TRY(own_types(call, &types));
    json_t *t = own_type(types, type->name);
    if (t == NULL) {
        t = json_pack("{s:s, s:[]}", "name", type->name, "fields");
        (void)json_array_append_new(types, t);
    }
    json_t *fields = json_object_get(t, "fields");
    json_t *f = field_entry(fields, name, label);
    reply_set(f, "kind", json_words(kind));
    reply_set(f, "privacy", json_words(privacy));
    (void)json_array_append_new(fields, f);
    TRY(own_types_put(call, types, "field.added"));
    call->dictionary = call->core->dictionary;
    return STATUS_OK;
}

enum status
service_field_add(struct call *call)
{
    const char *name = arg_text(call, "name");
    const struct type *type;

    TRY(find_type(call, arg_text(call, "type"), &type));
    TRY(type_add_field(call, type, name, arg_text_or(call, "label", name),
                       arg_text_or(call, "kind", "text"),
                       arg_text_or(call, "privacy", "personal")));
    call->reply = json_pack("{s:s, s:s}", "type", type->name, "name", name);
    return STATUS_OK;
}

/* ---- dead letters and audit --------------------------------------------------------------- */

static json_t *
deadletter_row(struct call *call, struct stmt *q)
{
    enum { ID, AT, COMPANY, KIND, STATUS, DETAIL, HASH, NAME };
    enum status why = status_find(stmt_text(q, STATUS));
    json_t *o = json_object();

    reply_set(o, "id", json_integer(stmt_int(q, ID)));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "partner", json_words(stmt_text(q, NAME)));
    reply_set(o, "kind", json_words(message_kind_name((uint8_t)stmt_int(q, KIND))));
    reply_set(o, "code", json_words(stmt_text(q, STATUS)));
    reply_set(o, "reason", json_words(text_failure(call->language, why, NULL, call->arena)));
    reply_set(o, "detail", json_words(stmt_text(q, DETAIL)));
    return o;
}

enum status
service_deadletter_list(struct call *call)
{
    return page_rows(call, STMT_DEAD_LIST, deadletter_row);
}

static json_t *
audit_row(struct call *call, struct stmt *q)
{
    enum { NUMBER, AT, ACTOR, ACTION, SUBJECT };
    struct bytes subject = stmt_bytes(q, SUBJECT);
    json_t *o = json_object();

    (void)call;
    reply_set(o, "number", json_integer(stmt_int(q, NUMBER)));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    reply_set(o, "actor", json_words(stmt_text(q, ACTOR)));
    reply_set(o, "action", json_words(stmt_text(q, ACTION)));
    reply_set(o, "subject", subject.len == ID_SIZE ? json_id(subject.data) : json_string(""));
    return o;
}

enum status
service_audit_list(struct call *call)
{
    return page_rows(call, STMT_AUDIT_LIST, audit_row);
}

static const char *
audit_words(struct call *call, const struct audit_finding *f)
{
    static const char *const notes[] = {
        [AUDIT_FAULT_NONE] = "audit.note.well",     [AUDIT_FAULT_CHAIN] = "audit.note.edited",
        [AUDIT_FAULT_EDITED] = "audit.note.edited", [AUDIT_FAULT_CUT] = "audit.note.cut",
        [AUDIT_FAULT_SIGNED] = "audit.note.signed", [AUDIT_FAULT_FORGED] = "audit.note.forged",
    };
    AUTO(json_decrefp) json_t *at = json_time(f->accepted);
    bool was_broken = f->bad == 0 && f->since != 0;
    const char *args[] = { arena_printf(call->arena, "%lld",
                                        (long long)(was_broken ? f->broken_at : f->bad)),
                           arena_printf(call->arena, "%lld", (long long)f->since),
                           f->accepted_by, json_is_string(at) ? json_string_value(at) : "" };

    return text_format(call->language, was_broken ? "audit.note.accepted" : notes[f->fault],
                       args, was_broken ? 4 : 1, call->arena);
}

static void
audit_finding_json(struct call *call, const struct audit_finding *f)
{
    json_t *o = call->reply = json_object();

    reply_set(o, "ok", json_boolean(f->bad == 0));
    reply_set(o, "entries", json_integer(f->count));
    reply_set(o, "first_bad", f->bad == 0 ? json_null() : json_integer(f->bad));
    reply_set(o, "signed_to", f->signed_to == 0 ? json_null() : json_integer(f->signed_to));
    reply_set(o, "since", f->since == 0 ? json_null() : json_integer(f->since));
    reply_set(o, "finding", json_words(audit_words(call, f)));
}

enum status
service_audit_verify(struct call *call)
{
    struct audit_finding f;

    TRY(audit_verify(call->store, call->core, &f));
    audit_finding_json(call, &f);
    return STATUS_OK;
}

/* Never silently: what was bad stays named by every later look. */
enum status
service_audit_accept(struct call *call)
{
    AUTO(store_close) struct store *st = NULL;
    bool is_preview = arg_is_set(call, "preview");
    struct audit_finding f;

    TRY(store_open_reader(call->core->db_path, &st));
    TRY(store_begin_read(st));
    TRY(audit_verify(st, call->core, &f));
    store_rollback(st);
    if (f.bad == 0)
        return diag_say(call->diag, STATUS_CONFLICT, "audit.is_well", NULL);
    audit_finding_json(call, &f);
    reply_set(call->reply, "state", json_string(is_preview ? "preview" : "accepted"));
    return is_preview ? STATUS_OK : audit_accept(call->core, call->actor, &f);
}

/* ---- the lease of our word ---------------------------------------------------------------- */

enum status
service_lease_set(struct call *call)
{
    int64_t minutes = arg_integer(call, "minutes", 0);
    uint8_t raw[4];
    char most[16];

    if (minutes < LEASE_MS_MIN / MINUTE_MS || minutes > LEASE_MS_MAX / MINUTE_MS) {
        (void)snprintf(most, sizeof(most), "%d", LEASE_MS_MAX / MINUTE_MS);
        return diag_say(call->diag, STATUS_USAGE, "lease.minutes", most, NULL);
    }
    put_u32(raw, (uint32_t)(minutes * MINUTE_MS));
    TRY(store_meta_put(call->store, "lease-ms", bytes_of(raw, sizeof(raw))));
    TRY(store_exec(call->store, STMT_HEAD_WANT_ALL,
                   "")); /* those that stand would stand longer */
    call->core->heads_wait = true;
    call->reply = json_pack("{s:I}", "minutes", (json_int_t)minutes);
    return audit_add(call->core, call->actor, "lease.set", (struct bytes){ 0 },
                     bytes_of(raw, sizeof(raw)));
}
