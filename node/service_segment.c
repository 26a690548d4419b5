/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_segment.c - segments: people by rule, by hand, or both; and what filters other lists by them.
 *
 * 1. Members are whom the rule covers, and who was included by hand, but for those who were excluded by hand. Without
 *    a rule a segment is a list.
 * 2. They are found when asked, by one scan, and stored nowhere: a contact that changes is in or out at once. Only
 *    what was done by hand is kept (table segment_member), and never leaves this node.
 * 3. A rule parses when it is written. One that came from a partner, or was written before a field went, may not:
 *    then nobody can say who belongs to the segment.
 */
#include <string.h>

#include "node/service_priv.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"
#include "schema/rule.h"

static const char default_type[] = "contact";

struct segment {
    struct record_now *now;
    const struct type *type; /* of its members */
    const struct rule *rule; /* NULL: a list */
};

/* ---- reading ------------------------------------------------------------------------------ */

static enum status
parse_rule(struct call *call, const struct type *type, struct bytes text,
           const struct rule **out)
{
    return rule_parse(type, text, call->core->region, call->arena, call->diag, out);
}

static struct bytes
field_value(const struct field *fields, size_t count, const struct type *type, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < count; i++)
        if (key_is_equal(fields[i].key, field->key))
            return fields[i].value;
    return (struct bytes){ 0 };
}

/* The type and the rule that these fields of a segment say. */
static enum status
read_fields(struct call *call, const struct field *fields, size_t count, struct segment *out)
{
    const struct type *type;

    TRY(find_type(call, "segment", &type));
    struct bytes of = field_value(fields, count, type, "recordType");
    struct bytes rule = field_value(fields, count, type, "rule");
    TRY(find_type(call, of.len > 0 ? arena_text(call->arena, of) : default_type, &out->type));
    return rule.len == 0 ? STATUS_OK : parse_rule(call, out->type, rule, &out->rule);
}

static enum status
find_segment(struct call *call, const char *text, struct segment *out)
{
    const struct type *type;
    int64_t record;

    *out = (struct segment){ 0 };
    TRY(find_type(call, "segment", &type));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, &out->now);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK && (out->now->tombstone || !key_is_equal(out->now->type, type->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "segment.unknown", text, NULL);
    TRY(s);
    return read_fields(call, out->now->fields, out->now->field_count, out);
}

static struct project_query
members_of(const struct segment *segment)
{
    return (struct project_query){ .type = segment->type,
                                   .segment = segment->now->record,
                                   .segment_rule = segment->rule };
}

enum status
segment_filter(struct call *call, const char *segment, struct project_query *query)
{
    const char *name = arg_text(call, segment), *where = arg_text(call, "where");
    struct segment found;

    if (where != NULL)
        TRY(parse_rule(call, query->type, bytes_text(where), &query->where));
    if (name == NULL)
        return STATUS_OK;
    TRY(find_segment(call, name, &found));
    if (found.type != query->type)
        return diag_say(call->diag, STATUS_USAGE, "segment.type", name, found.type->name,
                        query->type->name, NULL);
    query->segment = found.now->record;
    query->segment_rule = found.rule;
    return STATUS_OK;
}

/* ---- what records of this type have of their own ------------------------------------------ */

enum status
segment_check(struct call *call, const struct draft *draft, const struct type *type)
{
    struct segment segment = { 0 };

    (void)type;
    return read_fields(call, draft->fields, draft->count, &segment);
}

/* How many members there are; null when its rule cannot be read here. */
enum status
segment_show(struct call *call, const struct record_now *now, json_t *object)
{
    struct diag *diag = call->diag, unsaid = { 0 };
    struct record_now copy = *now;
    struct segment segment = { .now = &copy };
    int64_t count;

    call->diag = &unsaid;
    enum status s = read_fields(call, now->fields, now->field_count, &segment);
    call->diag = diag;
    if (s != STATUS_OK) {
        reply_set(object, "members", json_null());
        return STATUS_OK;
    }
    struct project_query query = members_of(&segment);
    TRY(project_count(call->store, &query, &count));
    reply_set(object, "members", json_integer(count));
    return STATUS_OK;
}

enum status
segment_removed(struct call *call, const struct record_now *now)
{
    return store_exec(call->store, STMT_MEMBER_FORGET, "i", now->record);
}

/* ---- services: looking -------------------------------------------------------------------- */

enum status
service_segment_list(struct call *call)
{
    struct project_query query = { 0 };

    TRY(find_type(call, "segment", &query.type));
    return record_page(call, &query);
}

enum status
service_segment_members(struct call *call)
{
    struct segment segment;

    TRY(find_segment(call, arg_text(call, "segment"), &segment));
    struct project_query query = { .type = segment.type };
    TRY(segment_filter(call, "segment", &query));
    return record_page(call, &query);
}

/* A record in one line. */
static enum status
line_json(struct call *call, int64_t record, json_t **out)
{
    struct company_name owner;
    struct record_now *now;

    TRY(record_now(call->store, record, false, call->arena, &now));
    TRY(company_name(call, now->owner, &owner));
    *out = json_object();
    reply_set(*out, "id", json_id(now->id.b));
    reply_set(*out, "title", json_words(record_title(call, now)));
    reply_set(*out, "owner", json_words(owner.name));
    return STATUS_OK;
}

enum status
service_segment_preview(struct call *call)
{
    struct project_query query = { 0 };
    int64_t records[PAGE_MAX], total;
    struct page page;
    size_t count;

    TRY(find_type(call, arg_text_or(call, "type", default_type), &query.type));
    TRY(parse_rule(call, query.type, bytes_text(arg_text(call, "rule")), &query.where));
    TRY(page_begin(call, &page));
    query.limit = page.limit;
    TRY(project_count(call->store, &query, &total));
    TRY(project_list(call->store, &query, records, &count));
    for (size_t i = 0; i < count; i++) {
        json_t *line;
        TRY(line_json(call, records[i], &line));
        (void)json_array_append_new(page.items, line);
    }
    json_t *first = json_incref(page.items);
    (void)json_object_clear(call->reply); /* no list */
    reply_set(call->reply, "members", json_integer(total));
    reply_set(call->reply, "first", first);
    return STATUS_OK;
}

/* ---- services: the list ------------------------------------------------------------------- */

static enum status
find_own(struct call *call, struct segment *out)
{
    struct company_name owner;

    TRY(find_segment(call, arg_text(call, "segment"), out));
    if (out->now->owner == COMPANY_US)
        return STATUS_OK;
    TRY(company_name(call, out->now->owner, &owner));
    return diag_say(call->diag, STATUS_DENIED, "record.not_ours", owner.name, NULL);
}

static enum status
put_listed(struct call *call, const struct segment *segment, bool included,
           struct buffer *detail)
{
    const json_t *list = arg_list(call, "records");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct record_now *now;
        int64_t record;
        TRY(find_record(call, text, &record));
        enum status s = record_now(call->store, record, false, call->arena, &now);
        if (s == STATUS_NOT_FOUND ||
            (s == STATUS_OK &&
             (now->tombstone || !key_is_equal(now->type, segment->type->key))))
            return diag_say(call->diag, STATUS_USAGE, "segment.other", text,
                            segment->type->name, NULL);
        TRY(s);
        TRY(store_exec(call->store, STMT_MEMBER_PUT, "iii", segment->now->record, record,
                       (int64_t)included));
        buffer_put(detail, now->id.b, ID_SIZE);
    }
    return STATUS_OK;
}

/* Whom search, rule and other segment find together; the audit keeps how many. */
static enum status
put_found(struct call *call, const struct segment *segment, struct buffer *detail)
{
    struct project_query query = { .type = segment->type, .search = arg_text(call, "search") };
    int64_t count;

    TRY(segment_filter(call, "from", &query));
    TRY(project_count(call->store, &query, &count));
    TRY(project_fill(call->store, &query, segment->now->record));
    buffer_put_u64(detail, (uint64_t)count);
    return STATUS_OK;
}

static enum status
finish(struct call *call, const struct segment *segment, const char *action,
       const struct buffer *detail)
{
    TRY(audit_add(call->core, call->actor, action, bytes_of(segment->now->id.b, ID_SIZE),
                  buffer_bytes(detail)));
    return record_json(call, segment->now, &call->reply);
}

enum status
service_segment_include(struct call *call)
{
    AUTO(buffer_fini) struct buffer detail = { 0 };
    bool is_found = arg_text(call, "search") != NULL || arg_text(call, "where") != NULL ||
                    arg_text(call, "from") != NULL;
    struct segment segment;

    TRY(find_own(call, &segment));
    if (json_array_size(arg_list(call, "records")) == 0 && !is_found)
        return diag_say(call->diag, STATUS_USAGE, "segment.whom", NULL);
    TRY(put_listed(call, &segment, true, &detail));
    if (is_found)
        TRY(put_found(call, &segment, &detail));
    return finish(call, &segment, "segment.included", &detail);
}

enum status
service_segment_exclude(struct call *call)
{
    AUTO(buffer_fini) struct buffer detail = { 0 };
    struct segment segment;

    TRY(find_own(call, &segment));
    TRY(put_listed(call, &segment, false, &detail));
    return finish(call, &segment, "segment.excluded", &detail);
}
