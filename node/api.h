/* SPDX-License-Identifier: Apache-2.0
 *
 * node/api.h - between the HTTP server and the services: one request, one reply, both JSON.
 *
 * The HTTP server knows the service table and nothing of what services do; services know nothing of HTTP.
 */
#ifndef HANSA_NODE_API_H
#define HANSA_NODE_API_H

#include <jansson.h>
#include <sys/types.h>

#include "schema/diag.h"
#include "schema/service.h"
#include "schema/type.h"

/* What a reading service gave away, for the audit: its reply goes out once the entry is durable. */
struct api_note {
    bool is_set;
    char action[64];
    uint8_t subject[32], detail[32];
};

struct api_request {
    const struct service *service;
    json_t *args; /* object: parameters by name, checked against the table's kinds */
    char *
        upload_path; /* PARAM_UPLOAD: a private file in the home's tmp/, or NULL; the service may rename it away */
    uid_t uid; /* of the peer of the unix socket */
    enum language language;

    bool is_again; /* tried before, when there was no room on the disk; the core's own */

    /* the reply */
    enum status status;
    struct diag diag; /* when status is not OK */
    json_t *reply;    /* when it is; owned by the request */
    struct api_note note;

    /* the HTTP server's own: called exactly once for a request given to write() */
    void (*done)(struct api_request *request);
    void *done_self;
};

/* What the HTTP server calls. */
struct api {
    /* Must a reading service be given to write() now, and wait for the loop? Any thread. NULL: never. */
    bool (*read_waits)(void *self);
    /* A reading service: on the calling thread, returns when the reply is there. Any thread. With a note in it, the request
     * is then given to write(), and answered after that. */
    void (*read)(void *self, struct api_request *request);
    /* Any other: takes the request, returns at once; done() comes later from the core's loop thread. */
    void (*write)(void *self, struct api_request *request);
    void *self;
};

/* ---- node/http.c: libmicrohttpd on a unix socket; the only file that includes it ---- */
struct http;
struct http_config {
    const char *socket_path; /* made with mode 0600 */
    const char *upload_dir;
    struct api api;
};
MUST_CHECK enum status http_start(const struct http_config *config, struct diag *diag,
                                  struct http **out);
/* From now on every new request is answered with STOPPED and none reaches the services. Any thread. */
void http_quiesce(struct http *http);
/* Quiesces and waits for those under way, so done() must still come for each: either from another thread,
 * or the loop calls http_quiesce(), answers what it holds, and then this. NULL-safe; leaves NULL. */
void http_stop(struct http **http);

/* ---- node/openapi.c ---- */
/* OpenAPI 3.1 document made from the service table, the status table and the English catalog. New reference. */
json_t *openapi_document(void);

#endif
