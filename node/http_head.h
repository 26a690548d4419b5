/* SPDX-License-Identifier: Apache-2.0
 *
 * node/http_head.h - what a request's headers may be. Pure.
 *
 * libmicrohttpd accepts heads that another server would read differently (a length and chunks,
 * two lengths, control bytes), the ground of request smuggling; here they are refused.
 */
#ifndef HANSA_NODE_HTTP_HEAD_H
#define HANSA_NODE_HTTP_HEAD_H

#include "schema/base/bytes.h"
#include "schema/diag.h"
#include "schema/service.h"
#include "schema/type.h"

/* Collected header by header; zero-initialise, set version. Borrows from the request. */
struct http_head {
    const char *version; /* "HTTP/1.1" */
    bool is_broken;      /* a name or value with bytes that do not belong */
    unsigned count, hosts, lengths, encodings, types, content_encodings;
    struct bytes length, encoding, type, language;
};

void http_head_add(struct http_head *head, struct bytes name, struct bytes value);
/* STATUS_MALFORMED when it could be read in two ways. */
MUST_CHECK enum status http_head_check(const struct http_head *head, struct diag *diag);
/* Does the announced body suit the service? STATUS_USAGE or STATUS_TOO_BIG. */
MUST_CHECK enum status http_head_check_body(const struct http_head *head,
                                            const struct service *service, struct diag *diag);
/* The first language of Accept-Language that we have. */
enum language http_head_language(const struct http_head *head);

#endif
