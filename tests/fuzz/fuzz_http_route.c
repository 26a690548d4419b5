/* SPDX-License-Identifier: Apache-2.0
 *
 * Method, target and body, a line each and the rest. What passes has only the parameters of its service,
 * each of its kind, and all that are required.
 */
#include <stdlib.h>
#include <string.h>

#include "node/http_route.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_of_kind(const json_t *value, enum param_kind kind)
{
    static const json_type types[] = {
        [PARAM_TEXT] = JSON_STRING,   [PARAM_INTEGER] = JSON_INTEGER, [PARAM_LIST] = JSON_ARRAY,
        [PARAM_FIELDS] = JSON_OBJECT, [PARAM_FILE] = JSON_STRING,
    };

    return kind == PARAM_BOOLEAN ? json_is_boolean(value) : json_typeof(value) == types[kind];
}

static void
check(const struct http_route *route)
{
    size_t known = 0;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && route->service->params[i].name != NULL; i++) {
        const struct service_param *param = &route->service->params[i];
        const json_t *value = json_object_get(route->args, param->name);
        if (value == NULL) {
            assert((param->flags & PARAM_REQUIRED) == 0 || param->kind == PARAM_UPLOAD);
            continue;
        }
        known++;
        assert(is_of_kind(value, param->kind));
    }
    assert(known == json_object_size(route->args));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char *rest = arena_text(arena, bytes_of(data, size));
    const char *method = strsep(&rest, "\n"), *target = rest != NULL ? strsep(&rest, "\n") : "";
    const char *body = rest != NULL ? rest : "";
    struct http_route route;
    struct diag diag;

    enum status status = http_route_find(method, target, arena, &diag, &route);
    assert((status == STATUS_OK) == (route.args != NULL));
    if (status == STATUS_OK && http_route_has_body(route.service))
        status = http_route_body(route.service, bytes_text(body), route.args, &diag);
    if (status == STATUS_OK)
        check(&route);
    json_decref(route.args);
    return 0;
}
