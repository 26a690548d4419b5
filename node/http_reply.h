/* SPDX-License-Identifier: Apache-2.0
 *
 * node/http_reply.h - what goes back: a JSON reply with its ETag, or a problem (RFC 9457).
 * Pure.
 */
#ifndef HANSA_NODE_HTTP_REPLY_H
#define HANSA_NODE_HTTP_REPLY_H

#include "node/api.h"

enum { HTTP_HEADERS_MAX = 6, HTTP_ETAG_SIZE = 40 };

struct http_reply {
    unsigned code;
    char *body; /* malloc'ed; the receiver frees it */
    size_t len;
    struct {
        const char *name;
        const char *value;
    } headers[HTTP_HEADERS_MAX];
    size_t header_count;
    char etag[HTTP_ETAG_SIZE];
};

/* is_read: with an ETag, and 304 without a body when `known` (If-None-Match, may be NULL) names
 * it. */
void http_reply_json(struct http_reply *out, const json_t *value, bool is_read,
                     const char *known);
/* request->status and diag in the request's language; `allow` not NULL makes it a 405. */
void http_reply_problem(struct http_reply *out, const struct api_request *request,
                        const char *allow, struct arena *arena);

#endif
