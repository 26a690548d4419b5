/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_erase.c - a person goes: everything of hers erased, or her consent taken back; each by one act with a
 * preview, and each onto the suppression list.
 */
#include <string.h>

#include "node/consent.h"
#include "node/erase.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"

/* The contact, guest or lead that the request names: ours, or held for a company without a node. */
static enum status
find_person(struct call *call, struct record_now **now, const struct type **type)
{
    static const char *const names[] = { "contact", "attendee", "lead" };
    const char *text = arg_text(call, "contact");
    bool is_person = false;
    int64_t record;

    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, now);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && (*now)->tombstone))
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
    TRY(s);
    *type = dictionary_find(call->dictionary, (*now)->type);
    for (size_t i = 0; *type != NULL && i < COUNT_OF(names); i++)
        is_person = is_person || strcmp((*type)->name, names[i]) == 0;
    if (!is_person || (*type)->key.space.len > 0)
        return diag_say(call->diag, STATUS_USAGE, "erase.no_person", text, NULL);
    return erase_is_light(call, *now) ? STATUS_OK : record_check_own(call, *now);
}

/* ---- erasing ------------------------------------------------------------------------------ */

static json_t *
counts_json(const struct erase_set *set, enum erase_fate fate)
{
    json_t *o = json_object();

    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->items[i].type->name;
        if (set->items[i].fate == fate)
            reply_set(o, name, json_integer(json_integer_value(json_object_get(o, name)) + 1));
    }
    return o;
}

/* Companies that have any of them, or may have it; whoever brought one by file has that file. */
static enum status
holders_json(struct call *call, const struct erase_set *set, json_t **out)
{
    AUTO(json_decrefp) json_t *seen = json_object();

    for (size_t i = 0; i < set->count; i++) {
        struct company_name name;
        TRY(service_data_holding(call, set->items[i].record, seen));
        if (set->items[i].light == 0)
            continue;
        TRY(company_name(call, set->items[i].light, &name));
        reply_set(seen, name.name, json_true());
    }
    *out = json_array();
    for (void *it = json_object_iter(seen); it != NULL; it = json_object_iter_next(seen, it))
        (void)json_array_append_new(*out, json_words(json_object_iter_key(it)));
    return STATUS_OK;
}

static void
keys_join(struct suppression_keys *into, const struct suppression_keys *more)
{
    for (size_t i = 0; i < more->count && into->count < SUPPRESSION_KEYS_MAX; i++) {
        bool is_there = false;
        for (size_t k = 0; k < into->count; k++)
            is_there =
                is_there || memcmp(into->at[k].b, more->at[i].b, SUPPRESSION_KEY_SIZE) == 0;
        if (!is_there)
            into->at[into->count++] = more->at[i];
    }
}

/* By what she is known again; each record's in an act of its own would hide that they are one person's. */
static enum status
suppress(struct call *call, const struct erase_set *set, struct suppression_act *act,
         int64_t *values)
{
    bool is_preview = arg_is_set(call, "preview");
    struct suppression_keys all = { 0 };

    for (size_t i = 0; i < set->count; i++) {
        struct suppression_keys keys;
        struct record_now *now;
        if (set->items[i].fate != ERASE_GONE)
            continue;
        TRY(record_now(call->store, set->items[i].record, false, call->arena, &now));
        suppression_keys_of(call->core, set->items[i].type, now->fields, now->field_count,
                            &keys);
        keys_join(&all, &keys);
        suppression_keys_add_record(call->core, &set->items[i].id, &keys);
        if (!is_preview)
            TRY(suppression_add(call->core, &keys, act));
    }
    *values = (int64_t)all.count;
    return STATUS_OK;
}

enum status
service_contact_erase(struct call *call)
{
    struct suppression_act act = { .reason = SUPPRESSION_ERASED };
    bool is_preview = arg_is_set(call, "preview");
    const struct type *type;
    struct record_now *now;
    struct erase_set set;
    json_t *holders;
    int64_t values;

    TRY(find_person(call, &now, &type));
    TRY(erase_collect(call, now, &set));
    if (set.is_cut)
        return diag_say(call->diag, STATUS_TOO_BIG, "erase.too_many", NULL);
    TRY(holders_json(call, &set, &holders));
    call->reply = json_object();
    reply_set(call->reply, "id", json_id(now->id.b));
    reply_set(call->reply, "erased", counts_json(&set, ERASE_GONE));
    reply_set(call->reply, "untied", counts_json(&set, ERASE_UNTIED));
    reply_set(call->reply, "kept", counts_json(&set, ERASE_KEPT));
    reply_set(call->reply, "holders", holders);
    TRY(suppress(call, &set, &act, &values));
    reply_set(call->reply, "suppressed_values", json_integer(values));
    reply_set(call->reply, "state", json_string(is_preview ? "preview" : "erased"));
    if (is_preview) /* afterwards nobody knows what to look for */
        reply_set(call->reply, "look_first",
                  json_words(text_format(call->language, "erase.look_first",
                                         (const char *const[]){ id_text(call, now->id.b) }, 1,
                                         call->arena)));
    return is_preview ? STATUS_OK : erase_run(call, &set, "person.erased");
}

/* ---- taking back consent ------------------------------------------------------------------ */

static const char *
joined(struct call *call, const char *name)
{
    const json_t *list = arg_list(call, name);
    const char *out = "";

    for (size_t i = 0; i < json_array_size(list); i++)
        out = arena_printf(call->arena, "%s%s%s", out, i == 0 ? "" : "; ",
                           json_string_value(json_array_get(list, i)));
    return out;
}

/* Without a purpose it is for all, which nobody may say of a yes. */
static enum status
write_no(struct call *call, const struct record_now *contact, const char *purposes,
         const char *recipients)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    const struct type *type;
    const char *at = json_string_value(json_object_get(call->reply, "at"));

    TRY(find_type(call, "consent", &type));
    draft_put(draft, type_field_find_name(type, "contact")->key,
              bytes_of(contact->id.b, ID_SIZE));
    TRY(draft_set(call, draft, type, "status", "withdrawn"));
    TRY(draft_set(call, draft, type, "basis", "consent"));
    TRY(draft_set(call, draft, type, "withdrawn", at));
    if (*purposes != '\0')
        TRY(draft_set(call, draft, type, "purpose", purposes));
    if (*recipients != '\0')
        TRY(draft_set(call, draft, type, "recipients", recipients));
    struct mint mint = { .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    TRY(records_mint(call->core, &mint, 1, call->actor, "consent.withdrawn"));
    return consent_spread(call, draft->fields, draft->count);
}

/* She and the rows made of her, by their ids. */
static enum status
suppress_rows(struct call *call, const struct record_now *contact, const struct erase_set *set,
              struct suppression_act *act)
{
    struct bytes her_id = bytes_of(contact->id.b, ID_SIZE);

    for (size_t i = 0; i < set->count; i++) {
        const struct erase_item *item = &set->items[i];
        struct suppression_keys keys = { 0 };
        struct record_now *now;
        if (item->light != 0 || item->type->consent[CONSENT_BASIS] == NULL)
            continue;
        TRY(record_now(call->store, item->record, false, call->arena, &now));
        if (now->record != contact->record &&
            !bytes_is_equal(record_now_value(now, item->type, "contact"), her_id))
            continue;
        suppression_keys_add_record(call->core, &item->id, &keys);
        TRY(suppression_add(call->core, &keys, act));
    }
    return STATUS_OK;
}

enum status
service_consent_withdraw(struct call *call)
{
    const char *purposes = joined(call, "purpose"), *recipients = joined(call, "recipients");
    struct suppression_act act = { .reason = SUPPRESSION_WITHDRAWN,
                                   .purposes = purposes,
                                   .recipients = recipients };
    bool is_preview = arg_is_set(call, "preview");
    struct suppression_keys keys;
    const struct type *type;
    struct record_now *now;
    struct erase_set set;
    json_t *holders;

    TRY(find_person(call, &now, &type));
    if (strcmp(type->name, "contact") != 0)
        return diag_say(call->diag, STATUS_USAGE, "guest.not_a_contact",
                        arg_text(call, "contact"), NULL);
    if (strlen(purposes) > TEXT_SHORT_MAX || strlen(recipients) > TEXT_SHORT_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "record.too_big", NULL);
    TRY(erase_collect(call, now, &set));
    TRY(holders_json(call, &set, &holders));
    suppression_keys_of(call->core, type, now->fields, now->field_count, &keys);
    call->reply = json_object();
    reply_set(call->reply, "id", json_id(now->id.b));
    reply_set(call->reply, "at", json_time(call->now));
    reply_set(call->reply, "purpose", json_words(purposes));
    reply_set(call->reply, "recipients", json_words(recipients));
    reply_set(call->reply, "altogether",
              json_boolean(*purposes == '\0' && *recipients == '\0'));
    reply_set(call->reply, "holders", holders);
    reply_set(call->reply, "suppressed_values", json_integer((json_int_t)keys.count));
    reply_set(call->reply, "state", json_string(is_preview ? "preview" : "withdrawn"));
    if (is_preview)
        return STATUS_OK;
    TRY(suppression_add(call->core, &keys, &act));
    TRY(suppress_rows(call, now, &set, &act));
    return write_no(call, now, purposes, recipients);
}
