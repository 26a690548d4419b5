/* SPDX-License-Identifier: Apache-2.0 */
#include "node/http_reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/text.h"

enum { ETAG_BYTES = 16 };

static void
put_header(struct http_reply *out, const char *name, const char *value)
{
    assert(out->header_count < HTTP_HEADERS_MAX);
    out->headers[out->header_count].name = name;
    out->headers[out->header_count].value = value;
    out->header_count++;
}

static void
begin(struct http_reply *out, unsigned code, const json_t *value, const char *type)
{
    *out = (struct http_reply){ .code = code };
    out->body = json_dumps(value, JSON_COMPACT);
    if (out->body == NULL) /* not a container: a service that broke its promise */
        out->body = xstrdup("null");
    out->len = strlen(out->body);
    put_header(out, "Content-Type", type);
    put_header(out, "Cache-Control", "private, no-cache");
    put_header(out, "Vary", "Accept-Language");
    put_header(out, "X-Content-Type-Options", "nosniff");
}

void
http_reply_json(struct http_reply *out, const json_t *value, bool is_read, const char *known)
{
    char hex[2 * ETAG_BYTES + 1];

    begin(out, 200, value, "application/json");
    if (!is_read)
        return;
    struct digest digest = digest_plain(bytes_of(out->body, out->len));
    hex_format(bytes_of(digest.b, ETAG_BYTES), hex);
    (void)snprintf(out->etag, sizeof(out->etag), "\"%s\"", hex);
    put_header(out, "ETag", out->etag);
    if (known == NULL || (strstr(known, out->etag) == NULL && strcmp(known, "*") != 0))
        return;
    out->code = 304;
    out->len = 0;
}

void
http_reply_problem(struct http_reply *out, const struct api_request *request, const char *allow,
                   struct arena *arena)
{
    const char *code = status_name(request->status);
    int http = allow != NULL ? 405 : status_http_code(request->status);
    const char *title = text_failure(request->language, request->status, NULL, arena);
    const char *detail =
        text_failure(request->language, request->status, &request->diag, arena);
    json_t *problem = json_pack("{ss, ss, si, ss, ss}", "type",
                                arena_printf(arena, "urn:hansa:status:%s", code), "title",
                                title, "status", http, "code", code, "detail", detail);

    begin(out, (unsigned)http, problem, "application/problem+json");
    json_decref(problem);
    if (allow != NULL)
        put_header(out, "Allow", allow);
    if (status_is_retryable(request->status))
        put_header(out, "Retry-After", "1");
}
