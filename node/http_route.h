/* SPDX-License-Identifier: Apache-2.0
 *
 * node/http_route.h - from a request's method, target and body to a service and its checked
 * arguments.
 *
 * Pure: no socket, no clock, no globals. Everything comes from the service table. What passes
 * is of the kinds the table names, valid UTF-8, within the limits; whether it makes sense is
 * the service's matter.
 */
#ifndef HANSA_NODE_HTTP_ROUTE_H
#define HANSA_NODE_HTTP_ROUTE_H

#include <jansson.h>

#include "schema/base/arena.h"
#include "schema/diag.h"
#include "schema/service.h"

struct http_route {
    const struct service *service; /* NULL: nothing at this path */
    const char *allow; /* methods this path has, when the method is not one of them */
    json_t *args;      /* from path and query; a new reference, NULL when refused */
};

/*
 * Find the service and read path and query. For a service without a JSON body every argument is
 * checked now; for one with a body http_route_body() does the rest. STATUS_NOT_FOUND,
 * STATUS_TOO_BIG or STATUS_USAGE with a sentence in diag; out->service and out->allow may be
 * set then too.
 */
MUST_CHECK enum status http_route_find(const char *method, const char *target,
                                       struct arena *arena, struct diag *diag,
                                       struct http_route *out);

/* Does this service take a JSON object as its body? */
bool http_route_has_body(const struct service *service);
/* The parameter that is the body itself, or NULL. */
const struct service_param *http_route_upload(const struct service *service);

/* Add the members of a JSON body to args and check that nothing is missing. No body at all is
 * an empty object. */
MUST_CHECK enum status http_route_body(const struct service *service, struct bytes body,
                                       json_t *args, struct diag *diag);

#endif
