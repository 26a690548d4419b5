/* SPDX-License-Identifier: Apache-2.0 */
#include "node/http_route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

enum { SEGMENTS_MAX = 8, LIST_TEXT = 200 };

/* ---- percent-encoding ---- */

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next character of an encoded text; -1 for a broken escape. */
static int
decode_one(struct reader *r, bool is_query)
{
    uint8_t c = reader_u8(r);

    if (c == '+' && is_query)
        return ' ';
    if (c != '%')
        return c;
    int high = hex_digit(reader_u8(r)), low = hex_digit(reader_u8(r));
    return r->failed || high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* NULL for a broken escape, a NUL, what is not UTF-8, and in a path any control character. */
static const char *
decode(struct bytes raw, bool is_query, struct arena *arena)
{
    struct reader r = reader_of(raw);
    char *out = arena_alloc(arena, raw.len + 1);
    size_t len = 0;

    while (r.left > 0) {
        int c = decode_one(&r, is_query);
        if (c <= 0 || (!is_query && (c < 0x20 || c == 0x7f)))
            return NULL;
        out[len++] = (char)c;
    }
    return utf8_is_valid(bytes_of(out, len)) ? out : NULL;
}

/* Cut off and return what stands before the separator; all of it when there is none. */
static struct bytes
cut(struct bytes *rest, char separator)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    struct bytes head = *rest;

    if (at == NULL) {
        *rest = bytes_of(NULL, 0);
        return head;
    }
    head.len = (size_t)(at - rest->data);
    *rest = bytes_of(at + 1, rest->len - head.len - 1);
    return head;
}

/* ---- parameters ---- */

static const struct service_param *
param_find(const struct service *service, const char *name)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (strcmp(service->params[i].name, name) == 0)
            return &service->params[i];
    return NULL;
}

static bool
param_is_in_path(const struct service *service, const struct service_param *param)
{
    size_t len = strlen(param->name);

    for (const char *at = service->path; (at = strchr(at, '{')) != NULL; at++)
        if (strncmp(at + 1, param->name, len) == 0 && at[1 + len] == '}')
            return true;
    return false;
}

static bool
param_is_outside_path(const struct service *service, const struct service_param *param)
{
    return param->kind != PARAM_UPLOAD && !param_is_in_path(service, param);
}

static enum status
say_unknown(const struct service *service, const char *name, struct diag *diag)
{
    char known[LIST_TEXT] = "";
    size_t len = 0;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *p = &service->params[i];
        size_t add = strlen(p->name);
        if (!param_is_outside_path(service, p) || len + add + 3 > sizeof(known))
            continue;
        memcpy(known + len, len > 0 ? ", " : "", len > 0 ? 2 : 0);
        len += len > 0 ? 2 : 0;
        memcpy(known + len, p->name, add + 1);
        len += add;
    }
    if (len == 0)
        return diag_say(diag, STATUS_USAGE, "http.parameter.none", name, NULL);
    return diag_say(diag, STATUS_USAGE, "http.parameter.unknown", name, known, NULL);
}

static enum status
say_kind(const struct service_param *param, struct diag *diag)
{
    static const char *const keys[] = {
        [PARAM_TEXT] = "http.kind.text",       [PARAM_INTEGER] = "http.kind.integer",
        [PARAM_BOOLEAN] = "http.kind.boolean", [PARAM_LIST] = "http.kind.list",
        [PARAM_FIELDS] = "http.kind.fields",   [PARAM_FILE] = "http.kind.text",
        [PARAM_UPLOAD] = "http.kind.text",
    };
    return diag_say(diag, STATUS_USAGE, keys[param->kind], param->name, NULL);
}

static enum status
check_complete(const struct service *service, const json_t *args, struct diag *diag)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *p = &service->params[i];
        bool is_needed = (p->flags & PARAM_REQUIRED) != 0 && p->kind != PARAM_UPLOAD;
        if (is_needed && json_object_get(args, p->name) == NULL)
            return diag_say(diag, STATUS_USAGE, "http.parameter.missing", p->name,
                            p->example != NULL ? p->example : "...", NULL);
    }
    return STATUS_OK;
}

/* ---- query ---- */

static json_t *
integer_of(const char *text)
{
    char *end = NULL;
    size_t digits = strspn(text + (text[0] == '-'), "0123456789");

    errno = 0;
    long long value = strtoll(text, &end, 10);
    return digits == 0 || *end != '\0' || errno != 0 ? NULL : json_integer(value);
}

static json_t *
boolean_of(const char *text)
{
    if (strcmp(text, "true") == 0)
        return json_true();
    return strcmp(text, "false") == 0 ? json_false() : NULL;
}

static json_t *
value_of(const struct service_param *param, const char *text)
{
    switch (param->kind) {
    case PARAM_TEXT:
    case PARAM_FILE:
        return json_string(text);
    case PARAM_INTEGER:
        return integer_of(text);
    case PARAM_BOOLEAN:
        return boolean_of(text);
    case PARAM_LIST:
        return json_pack("[s]", text);
    case PARAM_FIELDS: /* only in a body */
    case PARAM_UPLOAD:
        return NULL;
    }
    return NULL;
}

static enum status
put_text(const struct service_param *param, const char *text, json_t *args, struct diag *diag)
{
    json_t *old = json_object_get(args, param->name);

    if (old != NULL && param->kind == PARAM_LIST)
        return json_array_append_new(old, json_string(text)) == 0 ? STATUS_OK : STATUS_INTERNAL;
    if (old != NULL)
        return diag_say(diag, STATUS_USAGE, "http.parameter.twice", param->name, NULL);
    json_t *value = value_of(param, text);
    if (value == NULL)
        return say_kind(param, diag);
    return json_object_set_new(args, param->name, value) == 0 ? STATUS_OK : STATUS_INTERNAL;
}

static enum status
read_query(const struct service *service, struct bytes query, struct arena *arena, json_t *args,
           struct diag *diag)
{
    while (query.len > 0) {
        struct bytes value = cut(&query, '&');
        if (value.len == 0)
            continue;
        const char *name = decode(cut(&value, '='), true, arena);
        const char *text = decode(value, true, arena);
        if (name == NULL || text == NULL)
            return diag_say(diag, STATUS_USAGE, "http.encoding", NULL);
        const struct service_param *param = param_find(service, name);
        if (param == NULL || !param_is_outside_path(service, param))
            return say_unknown(service, name, diag);
        TRY(put_text(param, text, args, diag));
    }
    return STATUS_OK;
}

/* ---- path ---- */

struct path {
    const char *segments[SEGMENTS_MAX];
    size_t count;
};

static bool
path_split(struct bytes raw, struct arena *arena, struct path *out)
{
    *out = (struct path){ 0 };
    if (raw.len == 0 || raw.data[0] != '/' || raw.data[raw.len - 1] == '/')
        return false;
    (void)cut(&raw, '/');
    while (raw.len > 0) {
        if (out->count == SEGMENTS_MAX)
            return false;
        const char *segment = decode(cut(&raw, '/'), false, arena);
        if (segment == NULL || segment[0] == '\0')
            return false;
        out->segments[out->count++] = segment;
    }
    return true;
}

/* With args: also puts what stands in place of {name}. */
static bool
path_is_of(const struct path *path, const struct service *service, json_t *args)
{
    struct bytes rest = bytes_text(service->path + 1);
    size_t i = 0;

    for (; rest.len > 0 && i < path->count; i++) {
        struct bytes want = cut(&rest, '/');
        bool is_param = want.data[0] == '{';
        if (!is_param && !bytes_is_equal(want, bytes_text(path->segments[i])))
            return false;
        if (is_param && args != NULL)
            (void)json_object_setn_new(args, (const char *)want.data + 1, want.len - 2,
                                       json_string(path->segments[i]));
    }
    return rest.len == 0 && i == path->count;
}

/* HEAD is GET without the body of the answer, which the server leaves out by itself. */
static bool
method_is_of(const char *method, const struct service *service)
{
    return strcmp(method, service->method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(service->method, "GET") == 0);
}

static enum status
find_service(const char *method, const struct path *path, struct arena *arena,
             struct diag *diag, struct http_route *out)
{
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *service = service_get(i);
        if (!path_is_of(path, service, NULL))
            continue;
        if (method_is_of(method, service)) {
            out->service = service;
            out->allow = NULL;
            return STATUS_OK;
        }
        out->allow = out->allow == NULL
                         ? service->method
                         : arena_printf(arena, "%s, %s", out->allow, service->method);
    }
    if (out->allow != NULL)
        return diag_say(diag, STATUS_USAGE, "http.method", method, out->allow, NULL);
    return STATUS_NOT_FOUND;
}

enum status
http_route_find(const char *method, const char *target, struct arena *arena, struct diag *diag,
                struct http_route *out)
{
    struct bytes query = bytes_text(target);
    struct path path;

    *out = (struct http_route){ 0 };
    if (query.len > HTTP_TARGET_MAX)
        return diag_say(diag, STATUS_TOO_BIG, "http.target.big", NULL);
    struct bytes raw_path = cut(&query, '?');
    const char *shown = decode(raw_path, false, arena);
    if (shown == NULL)
        return diag_say(diag, STATUS_USAGE, "http.encoding", NULL);
    if (!path_split(raw_path, arena, &path))
        return diag_say(diag, STATUS_NOT_FOUND, "http.path.unknown", shown, NULL);

    enum status found = find_service(method, &path, arena, diag, out);
    if (found == STATUS_NOT_FOUND)
        return diag_say(diag, STATUS_NOT_FOUND, "http.path.unknown", shown, NULL);
    TRY(found);

    AUTO(json_decrefp) json_t *args = json_object();
    (void)path_is_of(&path, out->service, args);
    bool has_body = http_route_has_body(out->service);
    if (has_body && query.len > 0)
        return diag_say(diag, STATUS_USAGE, "http.query.body", NULL);
    TRY(read_query(out->service, query, arena, args, diag));
    if (!has_body)
        TRY(check_complete(out->service, args, diag));
    out->args = TAKE(args);
    return STATUS_OK;
}

/* ---- body ---- */

const struct service_param *
http_route_upload(const struct service *service)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (service->params[i].kind == PARAM_UPLOAD)
            return &service->params[i];
    return NULL;
}

bool
http_route_has_body(const struct service *service)
{
    bool is_sent =
        strcmp(service->method, "POST") == 0 || strcmp(service->method, "PATCH") == 0;

    return is_sent && http_route_upload(service) == NULL;
}

/* jansson recurses, so the depth is counted before it sees the text. */
static bool
is_too_deep(struct bytes body)
{
    int depth = 0;
    bool in_text = false;

    for (size_t i = 0; i < body.len; i++) {
        uint8_t c = body.data[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            depth++;
        else if (!in_text && (c == '}' || c == ']'))
            depth--;
        if (depth > HTTP_JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

static bool
is_texts(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

static bool
is_fields(json_t *value)
{
    const char *name;
    json_t *member;

    json_object_foreach(value, name, member)
    {
        if (!json_is_string(member))
            return false;
    }
    return json_is_object(value);
}

static bool
is_of_kind(json_t *value, enum param_kind kind)
{
    switch (kind) {
    case PARAM_TEXT:
    case PARAM_FILE:
        return json_is_string(value);
    case PARAM_INTEGER:
        return json_is_integer(value);
    case PARAM_BOOLEAN:
        return json_is_boolean(value);
    case PARAM_LIST:
        return is_texts(value);
    case PARAM_FIELDS:
        return is_fields(value);
    case PARAM_UPLOAD:
        return false;
    }
    return false;
}

static enum status
parse_object(struct bytes body, struct diag *diag, json_t **out)
{
    json_error_t error = { 0 };
    char line[16], column[16];

    *out = NULL;
    if (body.len > HTTP_BODY_MAX)
        return diag_say(diag, STATUS_TOO_BIG, "http.body.big", NULL);
    if (is_too_deep(body))
        return diag_say(diag, STATUS_USAGE, "http.body.deep", NULL);
    *out = body.len == 0
               ? json_object()
               : json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*out))
        return STATUS_OK;
    if (*out != NULL) {
        json_decref(*out);
        *out = NULL;
        return diag_say(diag, STATUS_USAGE, "http.body.object", NULL);
    }
    (void)snprintf(line, sizeof(line), "%d", error.line);
    (void)snprintf(column, sizeof(column), "%d", error.column);
    return diag_say(diag, STATUS_USAGE, "http.body.json", line, column, NULL);
}

enum status
http_route_body(const struct service *service, struct bytes body, json_t *args,
                struct diag *diag)
{
    AUTO(json_decrefp) json_t *object = NULL;
    const char *name;
    json_t *value;

    TRY(parse_object(body, diag, &object));
    json_object_foreach(object, name, value)
    {
        const struct service_param *param = param_find(service, name);
        if (param == NULL || !param_is_outside_path(service, param))
            return say_unknown(service, name, diag);
        if (!is_of_kind(value, param->kind))
            return say_kind(param, diag);
        if (param->kind == PARAM_FILE && json_string_length(value) > HTTP_FILE_MAX)
            return diag_say(diag, STATUS_TOO_BIG, "http.file.big", name, NULL);
        if (json_object_set(args, name, value) != 0)
            return STATUS_INTERNAL;
    }
    return check_complete(service, args, diag);
}
