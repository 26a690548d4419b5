/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "node/api.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static json_t *
operation_of(const json_t *document, const struct service *service)
{
    char method[16] = "";

    for (size_t i = 0; service->method[i] != '\0' && i + 1 < sizeof(method); i++)
        method[i] = (char)(service->method[i] | 0x20);
    return json_object_get(json_object_get(json_object_get(document, "paths"), service->path),
                           method);
}

static const char *
text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static const json_t *
parameter_of(const json_t *operation, const char *name)
{
    const json_t *list = json_object_get(operation, "parameters");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(text_at(json_array_get(list, i), "name"), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

static const json_t *
body_schema(const json_t *operation)
{
    const json_t *content =
        json_object_get(json_object_get(operation, "requestBody"), "content");

    return json_object_get(json_object_get(content, "application/json"), "schema");
}

static bool
is_required_in_body(const json_t *operation, const char *name)
{
    const json_t *list = json_object_get(body_schema(operation), "required");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0)
            return true;
    return false;
}

/* One parameter is described once: in the path, the query, the JSON body or as the body. */
static void
check_param(struct check *t, const json_t *operation, const struct service *service,
            const struct service_param *param)
{
    const json_t *listed = parameter_of(operation, param->name);
    const json_t *member =
        json_object_get(json_object_get(body_schema(operation), "properties"), param->name);
    bool is_required = (param->flags & PARAM_REQUIRED) != 0;

    if (param->kind == PARAM_UPLOAD) {
        const json_t *content =
            json_object_get(json_object_get(operation, "requestBody"), "content");
        CHECK(t, "an upload is the body", json_object_get(content, "application/octet-stream"));
        CHECK(t, "and nothing else", listed == NULL && member == NULL);
        return;
    }
    CHECK(t, service->name, (listed != NULL) != (member != NULL));
    if (listed != NULL)
        CHECK(t, "what must be given is marked",
              json_is_true(json_object_get(listed, "required")) ==
                  (is_required || strcmp(text_at(listed, "in"), "path") == 0));
    else
        CHECK(t, "what must be in the body is marked",
              is_required_in_body(operation, param->name) == is_required);
    CHECK(t, "every parameter is explained in words",
          strchr(text_at(listed != NULL ? listed : member, "description"), ' ') != NULL);
}

static void
test_every_service_is_described(struct check *t)
{
    AUTO(json_decrefp) json_t *document = openapi_document();

    for (size_t i = 0; i < service_count(); i++) {
        const struct service *service = service_get(i);
        const json_t *operation = operation_of(document, service);
        const json_t *responses = json_object_get(operation, "responses");
        if (!CHECK(t, service->name, json_is_object(operation)))
            continue;
        CHECK(t, "in a sentence", strchr(text_at(operation, "summary"), ' ') != NULL);
        CHECK(t, "with the right needed",
              strcmp(text_at(operation, "x-right"), right_name(service->right)) == 0);
        CHECK(t, "with its reply", json_object_get(responses, "200") != NULL);
        CHECK(t, "and its problems", json_object_get(responses, "default") != NULL);
        for (size_t p = 0; p < SERVICE_PARAMS_MAX && service->params[p].name != NULL; p++)
            check_param(t, operation, service, &service->params[p]);
    }
}

static void
test_document_is_one(struct check *t)
{
    AUTO(json_decrefp) json_t *document = openapi_document();
    AUTO(xfree) char *text = json_dumps(document, JSON_COMPACT);
    AUTO(json_decrefp)
    json_t *again = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    const json_t *codes = json_object_get(
        json_object_get(json_object_get(json_object_get(schemas, "Problem"), "properties"),
                        "code"),
        "enum");

    CHECK(t, "the document is JSON without anything twice", json_equal(document, again));
    CHECK(t, "of OpenAPI 3.1", strcmp(text_at(document, "openapi"), "3.1.0") == 0);
    CHECK(t, "every code of a problem is named", json_array_size(codes) == STATUS_COUNT_ - 1);
    CHECK(t, "what is referred to is there",
          json_object_get(schemas, "File") != NULL && json_object_get(schemas, "Job") != NULL);
}

static void
test_examples_have_their_kind(struct check *t)
{
    AUTO(json_decrefp) json_t *document = openapi_document();
    const json_t *limit =
        parameter_of(operation_of(document, service_find("job.list")), "limit");
    const json_t *create = operation_of(document, service_find("share.create"));
    const json_t *fields = json_object_get(
        json_object_get(json_object_get(body_schema(create), "properties"), "fields"),
        "examples");

    const json_t *import = operation_of(document, service_find("record.import"));
    CHECK(t, "a file has none, for a path is not its text",
          json_object_get(parameter_of(import, "mapping"), "example") == NULL);
    CHECK(t, "a number's example is a number",
          json_integer_value(json_object_get(limit, "example")) == 50);
    CHECK(t, "a list's example is a list", json_array_size(json_array_get(fields, 0)) == 2);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "every service is described", test_every_service_is_described },
        { "document is one", test_document_is_one },
        { "examples have their kind", test_examples_have_their_kind },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
