/* SPDX-License-Identifier: Apache-2.0
 *
 * The API's server from outside: every limit, just below, at and above it.
 */
#include "tests/unit/node/http_fake.h"

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
        { "bodies are bounded", test_bodies_are_bounded },
        { "chunks are bounded", test_chunks_are_bounded },
        { "uploads are private and go", test_uploads_are_private_and_go },
        { "announced uploads are bounded", test_announced_uploads_are_bounded },
        { "heads are bounded", test_heads_are_bounded },
        { "connections are bounded", test_connections_are_bounded },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
