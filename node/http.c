/* SPDX-License-Identifier: Apache-2.0
 *
 * node/http.c - the API's server on a unix socket; the only file that knows libmicrohttpd.
 *
 * Two threads answer. A reading service runs on them; for any other the connection sleeps
 * until the loop thread calls done(). Always true:
 *  1. A head that two servers could read differently (two lengths, a length and chunks, control
 * bytes) is refused before anything of it is used.
 *  2. A body is never larger in memory or on disk than its limit, whatever its head says.
 *  3. A request given to write() is in no other hands until done(), and is answered after it.
 *  4. An upload is gone after its answer unless the service renamed it away.
 */
#include "node/api.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "node/disk.h"
#include "node/http_head.h"
#include "node/http_reply.h"
#include "node/http_route.h"
#include "node/http_socket.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/base/wipe.h"
#include "schema/text.h"

enum { SEND_SECONDS = 3 };

#define OPENAPI_PATH "/api/v1/openapi.json"

struct http {
    struct MHD_Daemon *daemon;
    char *socket_path, *upload_dir;
    struct api api;
    json_t *openapi;
    int listener;
    atomic_bool is_stopping;
    pthread_mutex_t lock; /* of the two counts */
    pthread_cond_t fewer;
    unsigned under_way; /* given to write(), done() not yet called */
    unsigned open;      /* begun and not yet completely answered */
};

/*
 *  READING --head refused--> REFUSED ----\
 *     |                                   answered when the body has been read
 *     \--whole body--> ASKED --done()--> DONE
 */
enum exchange_state {
    EXCHANGE_NEW,     /* only the target is known */
    EXCHANGE_READING, /* routed; the body is coming */
    EXCHANGE_REFUSED, /* request.status says why; the rest of the body is thrown away */
    EXCHANGE_ASKED,   /* the services have it, the connection sleeps */
    EXCHANGE_DONE,    /* request holds the reply */
};

struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct arena *arena;
    enum exchange_state state;
    char *target;
    bool is_openapi;
    struct http_route route;
    struct api_request request;
    struct buffer body;
    int upload;
    size_t received;
};

/* ---- the exchange ---- */

static void
count(struct http *http, unsigned *counter, int by)
{
    (void)pthread_mutex_lock(&http->lock);
    *counter += (unsigned)by;
    if (by < 0)
        (void)pthread_cond_broadcast(&http->fewer);
    (void)pthread_mutex_unlock(&http->lock);
}

static void *
on_target(void *self, const char *target, struct MHD_Connection *connection)
{
    struct exchange *ex = xcalloc(1, sizeof(*ex));
    struct http *http = self;

    count(http, &http->open, 1);
    ex->http = http;
    ex->connection = connection;
    ex->arena = arena_new(0);
    ex->target = xstrdup(target);
    ex->upload = -1;
    return ex;
}

static void
upload_drop(struct exchange *ex)
{
    fd_close(&ex->upload);
    if (ex->request.upload_path == NULL)
        return;
    (void)unlink(ex->request.upload_path);
    free(TAKE(ex->request.upload_path));
}

static void
on_completed(void *self, struct MHD_Connection *connection, void **context,
             enum MHD_RequestTerminationCode code)
{
    struct exchange *ex = *context;

    (void)self;
    (void)connection;
    (void)code;
    if (ex == NULL)
        return;
    *context = NULL;
    count(ex->http, &ex->http->open, -1);
    upload_drop(ex);
    buffer_fini(&ex->body);
    json_decref(ex->request.args);
    json_decref(ex->request.reply);
    arena_free(&ex->arena);
    wipe_stack(); /* of this thread: what was parsed and looked up for the request */
    free(ex->target);
    free(ex);
}

static void
refuse(struct exchange *ex, enum status status)
{
    ex->state = EXCHANGE_REFUSED;
    ex->request.status = status;
    upload_drop(ex);
}

/* ---- the head ---- */

static enum MHD_Result
on_header(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len,
          const char *value, size_t value_len)
{
    (void)kind;
    http_head_add(self, bytes_of(name, name_len), bytes_of(value, value_len));
    return MHD_YES;
}

static uid_t
peer_uid(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer = { .uid = (uid_t)-1 };
    socklen_t len = sizeof(peer);

    if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return (uid_t)-1;
    return peer.uid;
}

static enum status
route(struct exchange *ex, const char *method, const struct http_head *head)
{
    struct diag *diag = &ex->request.diag;

    if (atomic_load(&ex->http->is_stopping))
        return diag_say(diag, STATUS_STOPPED, "http.stopping", NULL);
    ex->is_openapi = strcmp(ex->target, OPENAPI_PATH) == 0;
    if (ex->is_openapi) {
        bool is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
        ex->route.allow = is_read ? NULL : "GET";
        return is_read ? STATUS_OK
                       : diag_say(diag, STATUS_USAGE, "http.method", method, "GET", NULL);
    }
    TRY(http_route_find(method, ex->target, ex->arena, diag, &ex->route));
    ex->request.service = ex->route.service;
    ex->request.args = ex->route.args;
    return http_head_check_body(head, ex->request.service, diag);
}

static enum status
no_room(struct exchange *ex)
{
    enum status s = file_status(errno);

    return s == STATUS_DISK_FULL ? disk_say(ex->http->upload_dir, &ex->request.diag) : s;
}

static enum status
upload_open(struct exchange *ex)
{
    char path[4096];
    int len =
        snprintf(path, sizeof(path), "%s/" HTTP_UPLOAD_PREFIX "XXXXXX", ex->http->upload_dir);

    if (len < 0 || (size_t)len >= sizeof(path))
        return STATUS_CONFIG;
    ex->upload = mkostemp(path, O_CLOEXEC); /* mode 0600 */
    if (ex->upload < 0)
        return no_room(ex);
    ex->request.upload_path = xstrdup(path);
    return STATUS_OK;
}

static enum status
begin(struct exchange *ex, const char *method, const char *version)
{
    struct http_head head = { .version = version };

    (void)MHD_get_connection_values_n(ex->connection, MHD_HEADER_KIND, on_header, &head);
    ex->request.language = http_head_language(&head);
    ex->request.uid = peer_uid(ex->connection);
    TRY(http_head_check(&head, &ex->request.diag));
    TRY(route(ex, method, &head));
    if (ex->request.service != NULL && http_route_upload(ex->request.service) != NULL)
        return upload_open(ex);
    return STATUS_OK;
}

/* ---- the body ---- */

static enum status
upload_add(struct exchange *ex, const char *data, size_t len)
{
    if (ex->received > HTTP_UPLOAD_MAX)
        return diag_say(&ex->request.diag, STATUS_TOO_BIG, "http.upload.big", NULL);
    while (len > 0) {
        ssize_t done = write(ex->upload, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return no_room(ex);
        data += done;
        len -= (size_t)done;
    }
    return STATUS_OK;
}

static enum status
body_add(struct exchange *ex, const char *data, size_t len)
{
    ex->received += len;
    if (ex->upload >= 0)
        return upload_add(ex, data, len);
    if (ex->received > HTTP_BODY_MAX)
        return diag_say(&ex->request.diag, STATUS_TOO_BIG, "http.body.big", NULL);
    buffer_put(&ex->body, data, len);
    return STATUS_OK;
}

/* The client learns why before it is cut off: a refused body is still read, within reason. */
static enum MHD_Result
throw_away(struct exchange *ex, size_t len)
{
    ex->received += len;
    return ex->received <= HTTP_UPLOAD_MAX + HTTP_BODY_MAX ? MHD_YES : MHD_NO;
}

static enum status
body_finish(struct exchange *ex)
{
    const struct service *service = ex->request.service;

    if (service == NULL)
        return STATUS_OK;
    if (ex->upload >= 0) {
        /* durable before the service answers for it; done here, so that the loop thread does
         * not wait */
        if (fdatasync(ex->upload) != 0)
            return no_room(ex);
        fd_close(&ex->upload);
        return STATUS_OK;
    }
    if (!http_route_has_body(service))
        return STATUS_OK;
    return http_route_body(service, buffer_bytes(&ex->body), ex->request.args,
                           &ex->request.diag);
}

/* ---- the answer ---- */

static enum MHD_Result
send_reply(struct exchange *ex, struct http_reply *reply)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);

    if (response == NULL) {
        free(reply->body);
        return MHD_NO;
    }
    for (size_t i = 0; i < reply->header_count; i++)
        (void)MHD_add_response_header(response, reply->headers[i].name,
                                      reply->headers[i].value);
    enum MHD_Result queued = MHD_queue_response(ex->connection, reply->code, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result
answer(struct exchange *ex, const char *method)
{
    struct http_reply reply;
    const struct api_request *request = &ex->request;

    upload_drop(ex);
    if (request->status != STATUS_OK) {
        http_reply_problem(&reply, request, ex->route.allow, ex->arena);
        return send_reply(ex, &reply);
    }
    bool is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    const char *known =
        is_read ? MHD_lookup_connection_value(ex->connection, MHD_HEADER_KIND, "If-None-Match")
                : NULL;
    http_reply_json(&reply, ex->is_openapi ? ex->http->openapi : request->reply, is_read,
                    known);
    return send_reply(ex, &reply);
}

static void
on_done(struct api_request *request)
{
    struct exchange *ex = request->done_self;
    struct http *http = ex->http;

    ex->state = EXCHANGE_DONE;
    MHD_resume_connection(ex->connection); /* ex may be gone after this */
    count(http, &http->under_way, -1);
}

static bool
begin_write(struct http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    bool is_open = !atomic_load(&http->is_stopping);
    http->under_way += is_open;
    (void)pthread_mutex_unlock(&http->lock);
    return is_open;
}

/* The whole request is here. */
static enum MHD_Result
ask(struct exchange *ex, const char *method)
{
    struct api *api = &ex->http->api;

    enum status status = body_finish(ex);
    if (status != STATUS_OK) {
        refuse(ex, status);
        return answer(ex, method);
    }
    if (ex->is_openapi)
        return answer(ex, method);
    bool waits = api->read_waits != NULL && api->read_waits(api->self);
    if (ex->request.service->effect == SERVICE_READS && !waits) {
        api->read(api->self, &ex->request);
        if (ex->request.status != STATUS_OK || !ex->request.note.is_set)
            return answer(ex, method);
    }
    if (!begin_write(ex->http)) {
        refuse(ex, diag_say(&ex->request.diag, STATUS_STOPPED, "http.stopping", NULL));
        return answer(ex, method);
    }
    ex->state = EXCHANGE_ASKED;
    ex->request.done = on_done;
    ex->request.done_self = ex;
    MHD_suspend_connection(ex->connection);
    api->write(api->self, &ex->request);
    return MHD_YES;
}

/* Called with the head, then per piece of the body, then without data, and again after a sleep. */
/* NOLINTBEGIN(readability-function-size): libmicrohttpd's signature */
static enum MHD_Result
on_request(void *self, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *data, size_t *data_len, void **context)
{
    struct exchange *ex = *context;
    size_t len = *data_len;

    (void)self;
    (void)connection;
    (void)url;
    if (ex->state == EXCHANGE_NEW) {
        enum status status = begin(ex, method, version);
        ex->state = EXCHANGE_READING;
        if (status != STATUS_OK)
            refuse(ex, status);
        /* Answering now closes the connection: for a body whose end is unclear or too far away. */
        bool is_last = status == STATUS_TOO_BIG || status == STATUS_MALFORMED;
        return is_last ? answer(ex, method) : MHD_YES;
    }
    *data_len = 0;
    if (ex->state == EXCHANGE_REFUSED)
        return len > 0 ? throw_away(ex, len) : answer(ex, method);
    if (ex->state == EXCHANGE_DONE)
        return answer(ex, method);
    if (len == 0)
        return ask(ex, method);
    enum status status = body_add(ex, data, len);
    if (status != STATUS_OK)
        refuse(ex, status);
    return MHD_YES;
}
/* NOLINTEND(readability-function-size) */

/* ---- start and stop ---- */

static void
http_free(struct http **http)
{
    struct http *h = *http;

    if (h == NULL)
        return;
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon);
    fd_close(&h->listener);
    json_decref(h->openapi);
    free(h->socket_path);
    free(h->upload_dir);
    (void)pthread_cond_destroy(&h->fewer);
    (void)pthread_mutex_destroy(&h->lock);
    free(h);
    *http = NULL;
}

static struct MHD_Daemon *
start_daemon(struct http *h)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
                            NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, h->listener,
                            MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MEMORY,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

enum status
http_start(const struct http_config *config, struct diag *diag, struct http **out)
{
    *out = NULL;
    AUTO(http_free) struct http *h = xcalloc(1, sizeof(*h));

    h->listener = -1;
    h->api = config->api;
    h->socket_path = xstrdup(config->socket_path);
    h->upload_dir = xstrdup(config->upload_dir);
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_cond_init(&h->fewer, NULL);
    h->openapi = openapi_document();
    http_socket_purge(h->upload_dir);
    TRY(http_socket_listen(h->socket_path, diag, &h->listener));
    h->daemon = start_daemon(h);
    if (h->daemon == NULL)
        return diag_say(diag, STATUS_IO, "http.start", h->socket_path, NULL);
    *out = TAKE(h);
    return STATUS_OK;
}

void
http_quiesce(struct http *http)
{
    (void)pthread_mutex_lock(&http->lock);
    bool was_stopping = atomic_exchange(&http->is_stopping, true);
    (void)pthread_mutex_unlock(&http->lock);
    if (was_stopping)
        return;
    (void)unlink(http->socket_path); /* who comes now sees that there is no node */
    (void)MHD_quiesce_daemon(http->daemon);
}

void
http_stop(struct http **http)
{
    struct http *h = *http;
    struct timespec end;

    if (h == NULL)
        return;
    http_quiesce(h);
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += SEND_SECONDS;
    (void)pthread_mutex_lock(&h->lock);
    while (h->under_way > 0)
        (void)pthread_cond_wait(&h->fewer, &h->lock);
    /* The answers still have to be sent, but nobody who does not read them holds us up for long. */
    while (h->open > 0 && pthread_cond_timedwait(&h->fewer, &h->lock, &end) == 0)
        continue;
    (void)pthread_mutex_unlock(&h->lock);
    http_free(http);
}
