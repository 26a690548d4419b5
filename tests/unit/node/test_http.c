/* SPDX-License-Identifier: Apache-2.0
 *
 * The API's server from outside: raw bytes on its real socket, before services that only remember.
 */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/api.h"
#include "node/http_socket.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/check.h"

enum { ANSWER_MAX = 1 << 20, WAIT_MS = 20000 };

/* ---- services that only remember ---- */

struct fake {
    char dir[64], socket[128], uploads[128], kept[128];
    struct http *http;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct api_request *held; /* given to write(), not yet answered */
    bool holds;               /* do not answer yet */
    unsigned reads, writes;
    enum status next;  /* what the services answer */
    bool takes_upload; /* rename it away, as an import does */
    char *args;        /* of the last request, as JSON */
    uid_t uid;
    enum language language;
    long upload_size; /* of the last request; -1: none */
    mode_t upload_mode;
};

static void
serve(struct fake *f, struct api_request *request)
{
    struct stat st = { 0 };

    free(f->args);
    f->args = json_dumps(request->args, JSON_COMPACT | JSON_SORT_KEYS);
    f->uid = request->uid;
    f->language = request->language;
    bool has_upload = request->upload_path != NULL && stat(request->upload_path, &st) == 0;
    f->upload_size = has_upload ? (long)st.st_size : -1;
    f->upload_mode = st.st_mode & 07777;
    if (has_upload && f->takes_upload)
        (void)rename(request->upload_path, f->kept);
    request->status = f->next;
    if (f->next == STATUS_OK)
        request->reply = json_pack("{ss}", "service", request->service->name);
    else
        (void)diag_say(&request->diag, f->next, "http.path.unknown", "what was asked", NULL);
}

static void
fake_read(void *self, struct api_request *request)
{
    struct fake *f = self;

    (void)pthread_mutex_lock(&f->lock);
    f->reads++;
    serve(f, request);
    (void)pthread_mutex_unlock(&f->lock);
}

/* The core's loop answers from its own thread; so does this one. */
static void *
answer_later(void *self)
{
    struct fake *f = self;

    (void)pthread_mutex_lock(&f->lock);
    while (f->holds)
        (void)pthread_cond_wait(&f->changed, &f->lock);
    struct api_request *request = TAKE(f->held);
    serve(f, request);
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    request->done(request);
    return NULL;
}

static void
fake_write(void *self, struct api_request *request)
{
    struct fake *f = self;
    pthread_t thread;

    (void)pthread_mutex_lock(&f->lock);
    while (f->held != NULL)
        (void)pthread_cond_wait(&f->changed, &f->lock);
    f->held = request;
    f->writes++;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
    (void)pthread_create(&thread, NULL, answer_later, f);
    (void)pthread_detach(thread);
}

static void
set_holds(struct fake *f, bool holds)
{
    (void)pthread_mutex_lock(&f->lock);
    f->holds = holds;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
}

static void
wait_held(struct fake *f)
{
    (void)pthread_mutex_lock(&f->lock);
    while (f->held == NULL)
        (void)pthread_cond_wait(&f->changed, &f->lock);
    (void)pthread_mutex_unlock(&f->lock);
}

static struct http_config
config_of(struct fake *f)
{
    return (struct http_config){ f->socket, f->uploads, { fake_read, fake_write, f } };
}

static void
fake_start(struct check *t, struct fake *f)
{
    *f = (struct fake){ .dir = "/tmp/hansa-http-XXXXXX" };
    CHECK(t, "a folder for the test", mkdtemp(f->dir) != NULL);
    (void)snprintf(f->socket, sizeof(f->socket), "%s/api.sock", f->dir);
    (void)snprintf(f->uploads, sizeof(f->uploads), "%s/tmp", f->dir);
    (void)snprintf(f->kept, sizeof(f->kept), "%s/kept", f->dir);
    (void)mkdir(f->uploads, 0700);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
    struct http_config config = config_of(f);
    CHECK(t, "the server starts", http_start(&config, NULL, &f->http) == STATUS_OK);
}

static void
fake_stop(struct fake *f)
{
    http_stop(&f->http);
    (void)unlink(f->kept);
    (void)rmdir(f->uploads);
    (void)rmdir(f->dir);
    free(f->args);
}

static size_t
uploads_left(const struct fake *f)
{
    DIR *dir = opendir(f->uploads);
    size_t count = 0;

    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

/* ---- a client without opinions ---- */

static int
dial(const struct fake *f)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, f->socket, strlen(f->socket));
    if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
        fd_close(&fd);
    return fd;
}

static bool
send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = send(fd, data, len, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

static bool
is_whole(const char *answer, size_t len)
{
    const char *end = strstr(answer, "\r\n\r\n"),
               *length = strcasestr(answer, "Content-Length:");
    size_t want = length != NULL ? strtoul(length + 15, NULL, 10) : 0;
    bool has_body = strncmp(answer + 9, "304", 3) != 0;

    return end != NULL && (!has_body || len >= (size_t)(end + 4 - answer) + want);
}

/* A whole answer, or less when the server closes. */
static char *
receive(int fd)
{
    char *answer = xcalloc(1, ANSWER_MAX + 1);
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    size_t len = 0;

    while (len < ANSWER_MAX && !is_whole(answer, len) && poll(&ready, 1, WAIT_MS) == 1) {
        ssize_t got = recv(fd, answer + len, ANSWER_MAX - len, 0);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return answer;
}

static char *
ask_raw(const struct fake *f, const char *request, size_t len)
{
    AUTO(fd_close) int fd = dial(f);

    (void)send_all(fd, request, len);
    return receive(fd);
}

static char *
ask(const struct fake *f, const char *request)
{
    return ask_raw(f, request, strlen(request));
}

static int
code_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static int
ask_code(const struct fake *f, const char *request)
{
    AUTO(xfree) char *answer = ask(f, request);

    return code_of(answer);
}

#define HOST "Host: node\r\n"
#define JSON "Content-Type: application/json\r\n"

/* ---- what must be so ---- */

static void
test_requests_reach_services(struct check *t)
{
    static const struct {
        const char *why, *request, *args;
    } rows[] = {
        { "a read", "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n", "{}" },
        { "a read with a query",
          "GET /api/v1/partners?search=Br%C3%BCder+Co&limit=7 HTTP/1.1\r\n" HOST "\r\n",
          "{\"limit\":7,\"search\":\"Brüder Co\"}" },
        { "a word of the path", "GET /api/v1/partners/Brio HTTP/1.1\r\n" HOST "\r\n",
          "{\"partner\":\"Brio\"}" },
        { "a write with a body",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
          "Content-Length: 18\r\n\r\n{\"name\":\"seminar\"}",
          "{\"name\":\"seminar\"}" },
        { "a write in chunks",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
          "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"name\":\r\na\r\n\"seminar\"}\r\n0\r\n\r\n",
          "{\"name\":\"seminar\"}" },
        { "a write without a body where none is needed",
          "POST /api/v1/jobs/3/stop HTTP/1.1\r\n" HOST "\r\n", "{\"job\":\"3\"}" },
        { "fields of a record",
          "PATCH /api/v1/records/contact/k4 HTTP/1.1\r\n" HOST JSON
          "Content-Length: 28\r\n\r\n{\"fields\":{\"email\":\"a@b.c\"}}",
          "{\"fields\":{\"email\":\"a@b.c\"},\"record\":\"k4\",\"type\":\"contact\"}" },
    };
    struct fake f;

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(t, rows[i].why, ask_code(&f, rows[i].request) == 200);
        CHECK(t, rows[i].why, f.args != NULL && strcmp(f.args, rows[i].args) == 0);
    }
    CHECK(t, "the caller is known by its user", f.uid == getuid());
    CHECK(t, "reads and writes go their own ways", f.reads == 3 && f.writes == 4);
    fake_stop(&f);
}

/* Heads that two servers would read differently, and others that no honest client sends. */
static void
test_smuggling_is_refused(struct check *t)
{
    static const struct {
        const char *why, *request;
    } rows[] = {
        { "a length and chunks",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "two lengths", "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
                         "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" },
        { "one length twice", "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
                              "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" },
        { "a length with a sign",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON "Content-Length: +2\r\n\r\n{}" },
        { "a length list",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON "Content-Length: 2, 2\r\n\r\n{}" },
        { "another coding before chunks", "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
                                          "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
        { "a coding that is almost chunks",
          "POST /api/v1/types HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: xchunked\r\n\r\n" },
        { "chunks in HTTP/1.0", "POST /api/v1/types HTTP/1.0\r\n" HOST JSON
                                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "a control byte in a name",
          "GET /api/v1/status HTTP/1.1\r\n" HOST "X\x01Y: 1\r\n\r\n" },
        { "a control byte in a value",
          "GET /api/v1/status HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n" },
        { "a space before the colon", "GET /api/v1/status HTTP/1.1\r\n" HOST "X : a\r\n\r\n" },
        { "no host", "GET /api/v1/status HTTP/1.1\r\n\r\n" },
        { "two hosts", "GET /api/v1/status HTTP/1.1\r\n" HOST "Host: other\r\n\r\n" },
        { "a coded body", "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
                          "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}" },
        { "two types", "POST /api/v1/types HTTP/1.1\r\n" HOST JSON
                       "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}" },
        { "a body on GET",
          "GET /api/v1/status HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}" },
        { "a form as body", "POST /api/v1/types HTTP/1.1\r\n" HOST
                            "Content-Type: application/x-www-form-urlencoded\r\n"
                            "Content-Length: 12\r\n\r\nname=seminar" },
        { "a multipart upload", "POST /api/v1/records/contact/import HTTP/1.1\r\n" HOST
                                "Content-Type: multipart/form-data; boundary=x\r\n"
                                "Content-Length: 2\r\n\r\nab" },
    };
    struct fake f;

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, ask_code(&f, rows[i].request) == 400);
    CHECK(t, "none of it reached a service", f.reads == 0 && f.writes == 0);
    CHECK(t, "and the server is well",
          ask_code(&f, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n") == 200);
    fake_stop(&f);
}

static bool
has(const char *answer, const char *part)
{
    return strcasestr(answer, part) != NULL;
}

static json_t *
body_of(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n");

    return body != NULL ? json_loads(body + 4, 0, NULL) : NULL;
}

static void
test_problems_say_what(struct check *t)
{
    struct fake f;

    fake_start(t, &f);
    AUTO(xfree) char *missing = ask(&f, "GET /api/v1/nothing HTTP/1.1\r\n" HOST "\r\n");
    AUTO(json_decrefp) json_t *problem = body_of(missing);
    CHECK(t, "nothing there is 404", code_of(missing) == 404);
    CHECK(t, "as problem JSON", has(missing, "Content-Type: application/problem+json"));
    CHECK(t, "with a code that programs read",
          json_is_string(json_object_get(problem, "code")) &&
              strcmp(json_string_value(json_object_get(problem, "code")), "NOT_FOUND") == 0);
    CHECK(t, "the number of the answer",
          json_integer_value(json_object_get(problem, "status")) == 404);
    CHECK(t, "and a sentence that people read",
          json_string_length(json_object_get(problem, "detail")) > 10);

    AUTO(xfree) char *method = ask(&f, "POST /api/v1/status HTTP/1.1\r\n" HOST "\r\n");
    CHECK(t, "a wrong method is 405", code_of(method) == 405);
    CHECK(t, "and says which is right", has(method, "\r\nAllow: GET\r\n"));

    f.next = STATUS_BUSY;
    AUTO(xfree) char *busy = ask(&f, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n");
    CHECK(t, "a refusal of a service comes out", code_of(busy) == 503);
    CHECK(t, "with when to come again", has(busy, "\r\nRetry-After: 1\r\n"));
    f.next = STATUS_CONFLICT;
    CHECK(t, "also of a write",
          ask_code(&f, "POST /api/v1/jobs/3/stop HTTP/1.1\r\n" HOST "\r\n") == 409);
    fake_stop(&f);
}

static void
test_language_is_chosen(struct check *t)
{
    static const struct {
        const char *why, *accept;
        enum language want;
    } rows[] = {
        { "Chinese as asked", "zh-Hant", LANGUAGE_ZH_HANT },
        { "the first that we have", "fr;q=0.9, zh-CN, en", LANGUAGE_ZH_HANS },
        { "English when named first", "en-GB, zh-CN", LANGUAGE_EN },
        { "English when none is ours", "fr, de", LANGUAGE_EN },
        { "English for nonsense", ";;,,=", LANGUAGE_EN },
    };
    struct fake f;
    char request[256];

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)snprintf(request, sizeof(request),
                       "GET /api/v1/status HTTP/1.1\r\n" HOST "Accept-Language: %s\r\n\r\n",
                       rows[i].accept);
        (void)ask_code(&f, request);
        CHECK(t, rows[i].why, f.language == rows[i].want);
    }
    fake_stop(&f);
}

static void
test_unchanged_is_not_sent_again(struct check *t)
{
    struct fake f;
    char request[512], etag[64] = "";

    fake_start(t, &f);
    AUTO(xfree) char *first = ask(&f, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n");
    const char *at = strcasestr(first, "\r\nETag: ");
    if (at != NULL)
        (void)snprintf(etag, sizeof(etag), "%.*s", (int)strcspn(at + 8, "\r"), at + 8);
    (void)snprintf(request, sizeof(request),
                   "GET /api/v1/status HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n", etag);
    AUTO(xfree) char *again = ask(&f, request);
    CHECK(t, "a read has an entity tag", strlen(etag) > 10);
    CHECK(t, "the same is not sent again", code_of(again) == 304);
    CHECK(t, "and has no body", strstr(again, "\r\n\r\n")[4] == '\0');
    (void)snprintf(request, sizeof(request),
                   "GET /api/v1/jobs HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n", etag);
    CHECK(t, "something else is", ask_code(&f, request) == 200);
    AUTO(xfree)
    char *head = ask(&f, "HEAD /api/v1/status HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    CHECK(t, "HEAD answers without a body",
          code_of(head) == 200 && strstr(head, "\r\n\r\n")[4] == '\0');
    AUTO(xfree) char *api = ask(&f, "GET /api/v1/openapi.json HTTP/1.1\r\n" HOST "\r\n");
    AUTO(json_decrefp) json_t *document = body_of(api);
    CHECK(t, "the API describes itself", json_object_get(document, "paths") != NULL);
    fake_stop(&f);
}

/* ---- bodies, uploads and heads at their limits ---- */

/* POST a body of len bytes: first, xxx, last. */
static int
post_sized(const struct fake *f, const char *path, const char *first, const char *last,
           size_t len)
{
    AUTO(xfree) char *all = xcalloc(1, len + 512);
    int head = snprintf(
        all, 512, "POST %s HTTP/1.1\r\n" HOST JSON "Content-Length: %zu\r\n\r\n", path, len);
    char *body = all + head;

    memset(body, 'x', len);
    memcpy(body, first, strlen(first));
    memcpy(body + len - strlen(last), last, strlen(last));
    AUTO(xfree) char *answer = ask_raw(f, all, (size_t)head + len);
    return code_of(answer);
}

static void
test_bodies_are_bounded(struct check *t)
{
    static const struct {
        const char *why;
        size_t len;
        int code;
    } rows[] = {
        { "a body below the limit", HTTP_BODY_MAX - 1, 200 },
        { "a body at the limit", HTTP_BODY_MAX, 200 },
        { "a body above the limit", HTTP_BODY_MAX + 1, 413 },
    };
    struct fake f;

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              post_sized(&f, "/api/v1/types", "{\"name\":\"", "\"}", rows[i].len) ==
                  rows[i].code);
    CHECK(t, "only what fits reached a service", f.writes == 2);
    fake_stop(&f);
}

/* The length of a body in chunks is not known before it is there. */
static void
test_chunks_are_bounded(struct check *t)
{
    static const char head[] =
        "POST /api/v1/types HTTP/1.1\r\n" HOST JSON "Transfer-Encoding: chunked\r\n\r\n";
    enum { PIECE = 4096 };
    char piece[PIECE + 16];
    struct fake f;

    fake_start(t, &f);
    AUTO(fd_close) int fd = dial(&f);
    (void)send_all(fd, head, strlen(head));
    (void)snprintf(piece, sizeof(piece), "%x\r\n", PIECE);
    size_t at = strlen(piece);
    memset(piece + at, ' ', PIECE);
    memcpy(piece + at + PIECE, "\r\n", 2);
    for (int i = 0; i <= HTTP_BODY_MAX / PIECE; i++)
        (void)send_all(fd, piece, at + PIECE + 2);
    (void)send_all(fd, "0\r\n\r\n", 5);
    AUTO(xfree) char *answer = receive(fd);
    CHECK(t, "an endless body is refused", code_of(answer) == 413);
    CHECK(t, "and reaches no service", f.writes == 0);
    fake_stop(&f);
}

static void
test_uploads_are_private_and_go(struct check *t)
{
    static const char import[] = "/api/v1/records/contact/import?dry-run=true";
    struct fake f;

    fake_start(t, &f);
    CHECK(t, "an upload arrives", post_sized(&f, import, "name", "\n", 300000) == 200);
    CHECK(t, "whole", f.upload_size == 300000);
    CHECK(t, "as a private file", f.upload_mode == 0600);
    CHECK(t, "with what the query says",
          strcmp(f.args, "{\"dry-run\":true,\"type\":\"contact\"}") == 0);
    CHECK(t, "and is gone afterwards", uploads_left(&f) == 0);

    f.takes_upload = true;
    CHECK(t, "a service may keep it", post_sized(&f, import, "name", "\n", 10) == 200);
    CHECK(t, "by renaming it", access(f.kept, F_OK) == 0 && uploads_left(&f) == 0);

    CHECK(t, "an upload of nothing is refused",
          ask_code(&f, "POST /api/v1/records/contact/import HTTP/1.1\r\n" HOST "\r\n") == 400);
    CHECK(t, "a wrong query is said after the file was read",
          post_sized(&f, "/api/v1/records/contact/import?colour=red", "a", "b", 300000) == 400);
    CHECK(t, "nothing of it is left", uploads_left(&f) == 0);
    fake_stop(&f);
}

/* Only announced, not sent: the limit is judged before the bytes. */
static void
test_announced_uploads_are_bounded(struct check *t)
{
    static const struct {
        const char *why;
        long len;
        int code;
    } rows[] = {
        { "an upload below the limit may begin", HTTP_UPLOAD_MAX - 1, 100 },
        { "an upload at the limit may begin", HTTP_UPLOAD_MAX, 100 },
        { "an upload above the limit may not", (long)HTTP_UPLOAD_MAX + 1, 413 },
    };
    struct fake f;
    char request[256];

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)snprintf(request, sizeof(request),
                       "POST /api/v1/records/contact/import HTTP/1.1\r\n" HOST
                       "Expect: 100-continue\r\nContent-Length: %ld\r\n\r\n",
                       rows[i].len);
        CHECK(t, rows[i].why, ask_code(&f, request) == rows[i].code);
    }
    fake_stop(&f);
    CHECK(t, "what was begun and broken off is not left", uploads_left(&f) == 0);
}

static void
test_heads_are_bounded(struct check *t)
{
    static const char start[] = "GET /api/v1/jobs?search=", end[] = " HTTP/1.1\r\n" HOST "\r\n";
    static const struct {
        const char *why;
        size_t target; /* bytes of path and query */
        int code;
    } rows[] = {
        { "a target below the limit", HTTP_TARGET_MAX - 1, 200 },
        { "a target at the limit", HTTP_TARGET_MAX, 200 },
        { "a target above the limit", HTTP_TARGET_MAX + 1, 413 },
    };
    struct fake f;

    fake_start(t, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t len = strlen("GET ") + rows[i].target;
        AUTO(xfree) char *request = xcalloc(1, len + sizeof(end));
        memset(request, 'x', len);
        memcpy(request, start, strlen(start));
        memcpy(request + len, end, strlen(end));
        CHECK(t, rows[i].why, ask_code(&f, request) == rows[i].code);
    }
    AUTO(xfree) char *endless = xcalloc(1, HTTP_HEAD_MEMORY * 2);
    memset(endless, 'x', HTTP_HEAD_MEMORY * 2 - 1);
    memcpy(endless, start, strlen(start));
    int code = ask_code(&f, endless);
    CHECK(t, "a head without end is cut off", code == 414 || code == 431 || code == 0);
    CHECK(t, "and the server is well",
          ask_code(&f, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n") == 200);
    fake_stop(&f);
}

/* ---- life ---- */

static void
test_socket_is_private(struct check *t)
{
    struct stat st = { 0 };
    struct fake f;

    fake_start(t, &f);
    CHECK(t, "only its owner may use the socket",
          lstat(f.socket, &st) == 0 && (st.st_mode & 07777) == 0600);
    http_stop(&f.http);
    CHECK(t, "it goes with the server", lstat(f.socket, &st) != 0);

    struct diag diag = { 0 };
    char stray[200];
    (void)snprintf(stray, sizeof(stray), "%s/" HTTP_UPLOAD_PREFIX "abcdef", f.uploads);
    FILE *left = fopen(stray, "we");
    CHECK(t, "an upload is left behind by a crash", left != NULL && fclose(left) == 0);
    FILE *file = fopen(f.socket, "we");
    CHECK(t, "a file stands in the way", file != NULL && fclose(file) == 0);
    struct http_config config = config_of(&f);
    CHECK(t, "what is no socket is not removed",
          http_start(&config, &diag, &f.http) == STATUS_CONFIG && f.http == NULL);
    CHECK(t, "but said", strcmp(diag.key, "http.socket.taken") == 0);
    CHECK(t, "and left alone", unlink(f.socket) == 0);
    CHECK(t, "the upload is cleared away", uploads_left(&f) == 0);
    char longer[200];
    memset(longer, 'x', sizeof(longer));
    longer[0] = '/';
    longer[108] = '\0'; /* one more than a socket's path may have */
    config.socket_path = longer;
    CHECK(t, "a path too long for a socket is said",
          http_start(&config, &diag, &f.http) == STATUS_CONFIG &&
              strcmp(diag.key, "http.socket.long") == 0);
    fake_stop(&f);
}

static void *
stop_server(void *self)
{
    struct fake *f = self;

    http_stop(&f->http);
    return NULL;
}

static void
test_stop_waits_for_work(struct check *t)
{
    static const char write[] = "POST /api/v1/jobs/3/stop HTTP/1.1\r\n" HOST "\r\n";
    struct fake f;
    pthread_t stopper;

    fake_start(t, &f);
    set_holds(&f, true);
    AUTO(fd_close) int working = dial(&f);
    AUTO(fd_close) int idle = dial(&f);
    (void)send_all(idle, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n", 43);
    AUTO(xfree) char *first = receive(idle);
    CHECK(t, "a second connection is served meanwhile", code_of(first) == 200);
    (void)send_all(working, write, strlen(write));
    wait_held(&f);

    http_quiesce(f.http);
    (void)send_all(idle, write, strlen(write));
    AUTO(xfree) char *late = receive(idle);
    CHECK(t, "what comes after the end is sent away", code_of(late) == 503);
    (void)pthread_create(&stopper, NULL, stop_server, &f);
    set_holds(&f, false);
    AUTO(xfree) char *answer = receive(working);
    (void)pthread_join(stopper, NULL);
    CHECK(t, "what was under way is answered", code_of(answer) == 200);
    CHECK(t, "once", f.writes == 1);
    fake_stop(&f);
}

/* The client hangs up while the services work; nothing may be left over or touched twice. */
static void
test_client_goes_away(struct check *t)
{
    static const char write[] = "POST /api/v1/jobs/3/stop HTTP/1.1\r\n" HOST "\r\n";
    struct fake f;

    fake_start(t, &f);
    set_holds(&f, true);
    int fd = dial(&f);
    (void)send_all(fd, write, strlen(write));
    wait_held(&f);
    fd_close(&fd);
    set_holds(&f, false);
    CHECK(t, "the next one is served", ask_code(&f, write) == 200);
    CHECK(t, "and both were done", f.writes == 2);
    fake_stop(&f);
}

static void
test_connections_are_bounded(struct check *t)
{
    static const char read[] = "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n";
    enum { MANY = HTTP_CONNECTIONS_MAX * 2 };
    int fds[MANY];
    struct fake f;
    size_t served = 0;

    fake_start(t, &f);
    for (size_t i = 0; i < MANY; i++) {
        fds[i] = dial(&f);
        struct pollfd ready = { .fd = fds[i], .events = POLLIN };
        (void)send_all(fds[i], read, strlen(read));
        served += i < HTTP_CONNECTIONS_MAX / 2 && poll(&ready, 1, WAIT_MS) == 1;
    }
    CHECK(t, "half of the limit is always served", served == HTTP_CONNECTIONS_MAX / 2);
    for (size_t i = 0; i < MANY; i++)
        fd_close(&fds[i]);
    CHECK(t, "when they go, the next is served", ask_code(&f, read) == 200);
    fake_stop(&f);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "requests reach services", test_requests_reach_services },
        { "smuggling is refused", test_smuggling_is_refused },
        { "problems say what", test_problems_say_what },
        { "language is chosen", test_language_is_chosen },
        { "unchanged is not sent again", test_unchanged_is_not_sent_again },
        { "bodies are bounded", test_bodies_are_bounded },
        { "chunks are bounded", test_chunks_are_bounded },
        { "uploads are private and go", test_uploads_are_private_and_go },
        { "announced uploads are bounded", test_announced_uploads_are_bounded },
        { "heads are bounded", test_heads_are_bounded },
        { "socket is private", test_socket_is_private },
        { "stop waits for work", test_stop_waits_for_work },
        { "client goes away", test_client_goes_away },
        { "connections are bounded", test_connections_are_bounded },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
