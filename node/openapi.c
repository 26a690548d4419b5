/* SPDX-License-Identifier: Apache-2.0
 *
 * node/openapi.c - the OpenAPI 3.1 description, made from the service table, the status table
 * and the English catalog. Nothing here names a service: what the table does not say is not
 * described.
 */
#include <stdlib.h>
#include <string.h>

#include "node/api.h"
#include "node/http_route.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text.h"

#define VERSION "1"

static const char *
help_of(struct arena *arena, const char *service, const char *param)
{
    const char *key = param == NULL ? arena_printf(arena, "service.%s", service)
                                    : arena_printf(arena, "service.%s.%s", service, param);
    return text_get(LANGUAGE_EN, key);
}

static json_t *
ref(const char *name)
{
    return json_pack("{so}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static json_t *
content(const char *type, json_t *schema)
{
    return json_pack("{s{so}}", type, "schema", schema);
}

static json_t *
schema_of(enum param_kind kind)
{
    switch (kind) {
    case PARAM_TEXT:
        return json_pack("{ss}", "type", "string");
    case PARAM_FILE:
        return json_pack("{sssi}", "type", "string", "maxLength", HTTP_FILE_MAX);
    case PARAM_INTEGER:
        return json_pack("{ss}", "type", "integer");
    case PARAM_BOOLEAN:
        return json_pack("{ss}", "type", "boolean");
    case PARAM_LIST:
        return json_pack("{sss{ss}}", "type", "array", "items", "type", "string");
    case PARAM_FIELDS:
        return json_pack("{sss{ss}}", "type", "object", "additionalProperties", "type",
                         "string");
    case PARAM_UPLOAD:
        return json_pack("{ssss}", "type", "string", "format", "binary");
    }
    return json_object();
}

/* The example as the parameter's own type: "50" of an integer is 50, "a,b" of a list two texts.
 */
static json_t *
example_of(const struct service_param *param, struct arena *arena)
{
    if (param->kind == PARAM_INTEGER)
        return json_integer(strtol(param->example, NULL, 10));
    if (param->kind != PARAM_LIST)
        return json_string(param->example);
    json_t *list = json_array();
    char *rest = arena_text(arena, bytes_text(param->example));
    for (char *item; (item = strsep(&rest, ",")) != NULL;)
        json_array_append_new(list, json_string(item));
    return list;
}

/* Of a file the table names a path, which is nothing that could be sent. */
static bool
has_example(const struct service_param *param)
{
    return param->example != NULL && param->kind != PARAM_FILE;
}

static json_t *
parameter(const struct service *service, const struct service_param *param, struct arena *arena)
{
    bool in_path = strstr(service->path, arena_printf(arena, "{%s}", param->name)) != NULL;
    bool is_needed = in_path || (param->flags & PARAM_REQUIRED) != 0;
    json_t *out =
        json_pack("{ss ss sb ss so}", "name", param->name, "in", in_path ? "path" : "query",
                  "required", (int)is_needed, "description",
                  help_of(arena, service->name, param->name), "schema", schema_of(param->kind));

    if (has_example(param))
        json_object_set_new(out, "example", example_of(param, arena));
    return out;
}

static json_t *
json_body(const struct service *service, struct arena *arena)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *p = &service->params[i];
        if (strstr(service->path, arena_printf(arena, "{%s}", p->name)) != NULL)
            continue;
        json_t *schema = schema_of(p->kind);
        json_object_set_new(schema, "description",
                            json_string(help_of(arena, service->name, p->name)));
        if (has_example(p))
            json_object_set_new(schema, "examples", json_pack("[o]", example_of(p, arena)));
        json_object_set_new(properties, p->name, schema);
        if ((p->flags & PARAM_REQUIRED) != 0)
            json_array_append_new(required, json_string(p->name));
    }
    bool is_needed = json_array_size(required) > 0;
    json_t *schema = json_pack("{ss sb so so}", "type", "object", "additionalProperties", 0,
                               "properties", properties, "required", required);
    return json_pack("{sb so}", "required", (int)is_needed, "content",
                     content("application/json", schema));
}

static json_t *
list_schema(const struct service *service, struct arena *arena)
{
    json_t *members = json_object();
    char *rest = arena_text(arena, bytes_text(service->columns));

    for (char *name; (name = strsep(&rest, " ")) != NULL;)
        json_object_set_new(members, name, json_object());
    return json_pack("{ss s[s] s{s{sss{ssso}} s{s[ss]} s{ss}}}", "type", "object", "required",
                     "items", "properties", "items", "type", "array", "items", "type", "object",
                     "properties", members, "next", "type", "string", "null", "total", "type",
                     "integer");
}

static json_t *
reply_schema(const struct service *service, struct arena *arena)
{
    switch (service->shape) {
    case REPLY_OBJECT:
        return json_pack("{ss}", "type", "object");
    case REPLY_LIST:
        return list_schema(service, arena);
    case REPLY_FILE:
        return ref("File");
    case REPLY_FILES:
        return json_pack("{ss s[s] s{s{ss so} s{ss} s{s[ss]}}}", "type", "object", "required",
                         "files", "properties", "files", "type", "array", "items", ref("File"),
                         "left_out", "type", "array", "next", "type", "string", "null");
    case REPLY_JOB:
        return ref("Job");
    }
    return json_object();
}

static json_t *
operation(const struct service *service, struct arena *arena)
{
    json_t *parameters = json_array();
    char *id = arena_text(arena, bytes_text(service->name));
    const char *noun = arena_text(arena, bytes_of(id, strcspn(id, ".")));
    bool has_body = http_route_has_body(service);
    const struct service_param *upload = http_route_upload(service);

    id[strcspn(id, ".")] = id[strcspn(id, ".")] == '.' ? '_' : '\0';
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *p = &service->params[i];
        bool in_path = strstr(service->path, arena_printf(arena, "{%s}", p->name)) != NULL;
        if (p != upload && (in_path || !has_body))
            json_array_append_new(parameters, parameter(service, p, arena));
    }
    json_t *out =
        json_pack("{ss ss s[s] so ss s{s{ssso} s{ss}}}", "operationId", id, "summary",
                  help_of(arena, service->name, NULL), "tags", noun, "parameters", parameters,
                  "x-right", right_name(service->right), "responses", "200", "description",
                  "done", "content", content("application/json", reply_schema(service, arena)),
                  "default", "$ref", "#/components/responses/Problem");
    if (upload != NULL)
        json_object_set_new(
            out, "requestBody",
            json_pack("{sb so}", "required", 1, "content",
                      content("application/octet-stream", schema_of(PARAM_UPLOAD))));
    else if (has_body)
        json_object_set_new(out, "requestBody", json_body(service, arena));
    return out;
}

static json_t *
components(void)
{
    json_t *codes = json_array();

    for (int i = 1; i < STATUS_COUNT_; i++)
        json_array_append_new(codes, json_string(status_name((enum status)i)));
    json_t *problem =
        json_pack("{ss s[sss] s{s{ss} s{ss} s{ss} s{ss so} s{ss}}}", "type", "object",
                  "required", "title", "status", "code", "properties", "type", "type", "string",
                  "title", "type", "string", "status", "type", "integer", "code", "type",
                  "string", "enum", codes, "detail", "type", "string");
    json_t *schemas =
        json_pack("{so s{ss s[s] s{s{ss} s{s[ss]}}} s{ss ss s{s{ss}}}}", "Problem", problem,
                  "File", "type", "object", "required", "text", "properties", "text", "type",
                  "string", "next", "type", "string", "null", "Job", "type", "object",
                  "description", "with job: goes on after the answer, see /api/v1/jobs/{job}",
                  "properties", "job", "type", "integer");
    return json_pack("{so s{s{ssso}}}", "schemas", schemas, "responses", "Problem",
                     "description", "what is wrong, in the language of Accept-Language",
                     "content", content("application/problem+json", ref("Problem")));
}

json_t *
openapi_document(void)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    json_t *paths = json_object();

    for (size_t i = 0; i < service_count(); i++) {
        const struct service *service = service_get(i);
        json_t *methods = json_object_get(paths, service->path);
        char *method = arena_text(arena, bytes_text(service->method));
        for (char *c = method; *c != '\0'; c++)
            *c |= 0x20;
        if (methods == NULL) {
            methods = json_object();
            json_object_set_new(paths, service->path, methods);
        }
        json_object_set_new(methods, method, operation(service, arena));
    }
    return json_pack("{ss s{ssssss} s[{ssss}] so so}", "openapi", "3.1.0", "info", "title",
                     "Hansa node", "version", VERSION, "summary",
                     "Customer records, and who may see them", "servers", "url", "/",
                     "description", "the node's unix socket", "paths", paths, "components",
                     components());
}
