/* SPDX-License-Identifier: Apache-2.0
 *
 * The API's server from outside: what it serves, refuses and says, and how it ends.
 */
#include "tests/unit/node/http_fake.h"

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

static void
test_late_reads_wait(struct check *t)
{
    struct fake f;

    fake_start(t, &f);
    f.is_late = true;
    CHECK(t, "when the loop must end something first, a read is answered",
          ask_code(&f, "GET /api/v1/status HTTP/1.1\r\n" HOST "\r\n") == 200);
    CHECK(t, "by the loop", f.reads == 0 && f.writes == 1);
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

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "requests reach services", test_requests_reach_services },
        { "late reads wait", test_late_reads_wait },
        { "smuggling is refused", test_smuggling_is_refused },
        { "problems say what", test_problems_say_what },
        { "language is chosen", test_language_is_chosen },
        { "unchanged is not sent again", test_unchanged_is_not_sent_again },
        { "socket is private", test_socket_is_private },
        { "stop waits for work", test_stop_waits_for_work },
        { "client goes away", test_client_goes_away },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
