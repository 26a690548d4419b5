/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_terms.c - what a share asks of those it invites to bring guests: fields wanted, quota, deadline, who
 * sees the rows; and the small readers that shares and contributions have in common.
 */
#include <stdlib.h>
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum status
moment_read(struct call *call, const char *text, const char *key, struct wall_ms *out)
{
    static const struct type_field when = { .kind = KIND_DATETIME, .name = "until" };
    const char *full = text;
    struct bytes value;

    if (strlen(text) == 10)
        full = arena_printf(call->arena, "%sT23:59:59Z", text);
    enum status s =
        value_parse(&when, bytes_text(full), NULL, "UTC", call->arena, NULL, &value);
    if (s != STATUS_OK || value.len < 8)
        return diag_say(call->diag, STATUS_USAGE, key, text, NULL);
    out->ms = (int64_t)get_u64(value.data);
    return STATUS_OK;
}

enum status
grant_field_read(struct call *call, const char *text, const struct type *only,
                 struct grant_field *out)
{
    const char *dot = strchr(text, '.');
    const struct type *type = only;
    const struct type_field *field = NULL;

    if (dot != NULL) {
        TRY(find_type(call, arena_text(call->arena, bytes_of(text, (size_t)(dot - text))),
                      &type));
        field = type_field_find_name(type, dot + 1);
    } else if (type != NULL) {
        field = type_field_find_name(type, text);
    }
    if (field == NULL)
        return diag_say(call->diag, STATUS_USAGE, "share.field_unknown", text, NULL);
    *out = (struct grant_field){ .type = type->key, .field = field->key };
    return STATUS_OK;
}

static int
compare_fields(const void *a, const void *b)
{
    return grant_field_compare(a, b);
}

static enum status
read_want(struct call *call, struct terms *terms)
{
    const json_t *list = arg_list(call, "want");
    size_t n = json_array_size(list);
    const struct type *attendee;

    TRY(find_type(call, "attendee", &attendee));
    if (n == 0 || n > TERMS_WANT_MAX)
        return diag_say(call->diag, STATUS_USAGE, "terms.want", NULL);
    terms->want = ARENA_ARRAY(call->arena, struct grant_field, n);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        TRY(grant_field_read(call, text, attendee, &terms->want[i]));
        if (!key_is_equal(terms->want[i].type, attendee->key))
            return diag_say(call->diag, STATUS_USAGE, "terms.want_guest", text, NULL);
    }
    qsort(terms->want, n, sizeof(*terms->want), compare_fields);
    for (size_t i = 0; i < n; i++)
        if (terms->want_count == 0 ||
            grant_field_compare(&terms->want[terms->want_count - 1], &terms->want[i]) != 0)
            terms->want[terms->want_count++] = terms->want[i];
    return STATUS_OK;
}

static enum status
read_numbers(struct call *call, struct terms *terms)
{
    const char *closes = arg_text(call, "closes");
    const char *visible = arg_text(call, "visible");
    int64_t quota = arg_integer(call, "quota", terms->quota);

    if (quota < 0 || quota > INT32_MAX || (quota == 0 && terms->quota != 0))
        return diag_say(call->diag, STATUS_USAGE, "terms.quota", NULL);
    terms->quota = (uint32_t)quota;
    if (closes != NULL)
        TRY(moment_read(call, closes, "terms.closes", &terms->closes));
    if (closes != NULL && terms->closes.ms <= call->now.ms)
        return diag_say(call->diag, STATUS_USAGE, "terms.closes_past", closes, NULL);
    if (visible == NULL)
        return STATUS_OK;
    terms->chain = strcmp(visible, "chain") == 0;
    if (!terms->chain && strcmp(visible, "organiser") != 0)
        return diag_say(call->diag, STATUS_USAGE, "terms.visible", visible, NULL);
    return STATUS_OK;
}

/* Does the request speak of contributions at all? */
static bool
is_asking(const struct call *call)
{
    return arg_is_set(call, "contribute") || json_array_size(arg_list(call, "want")) > 0 ||
           json_object_get(call->args, "quota") != NULL || arg_text(call, "closes") != NULL ||
           arg_text(call, "visible") != NULL;
}

enum status
terms_read(struct call *call, const struct grant *parent, struct grant *grant)
{
    if (!is_asking(call))
        return STATUS_OK;
    if (grant->selector != SELECTOR_TREE)
        return diag_say(call->diag, STATUS_USAGE, "terms.event", NULL);
    grant->actions |= ACTION_CONTRIBUTE;
    grant->has_terms = true;
    if (parent != NULL && parent->has_terms)
        grant->terms = parent->terms; /* what is asked for stays the owner's question */
    else
        TRY(read_want(call, &grant->terms));
    return read_numbers(call, &grant->terms);
}

json_t *
terms_json(struct call *call, const struct terms *terms)
{
    const struct grant wanted = { .fields = terms->want, .field_count = terms->want_count };
    json_t *o = json_object();

    reply_set(o, "want", grant_fields_json(call, &wanted));
    reply_set(o, "quota", terms->quota == 0 ? json_null() : json_integer(terms->quota));
    reply_set(o, "closes", terms->closes.ms == 0 ? json_null() : json_time(terms->closes));
    reply_set(o, "visible", json_words(terms->chain ? "chain" : "organiser"));
    return o;
}
