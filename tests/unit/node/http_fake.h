/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/http_fake.h - the API's server before services that only remember, and a client
 * that sends raw bytes and reads whole answers.
 */
#ifndef HANSA_TESTS_HTTP_FAKE_H
#define HANSA_TESTS_HTTP_FAKE_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
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
    bool is_late;             /* reads must wait for the loop */
    unsigned reads, writes;
    unsigned interrupt_at; /* the user presses Ctrl-C during this read */
    enum status next;      /* what the services answer */
    bool takes_upload;     /* rename it away, as an import does */
    char *args;            /* of the last request, as JSON */
    uid_t uid;
    enum language language;
    const char *text;       /* reply {"text": ...} with this */
    const char *replies[8]; /* reply to the n-th read with this JSON */
    long upload_size;       /* of the last request; -1: none */
    mode_t upload_mode;
};

static inline void
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
    const char *planned =
        f->reads > 0 && f->reads <= COUNT_OF(f->replies) ? f->replies[f->reads - 1] : NULL;
    if (f->next == STATUS_OK && planned != NULL)
        request->reply = json_loads(planned, 0, NULL);
    else if (f->next == STATUS_OK && f->text != NULL)
        request->reply = json_pack("{ss}", "text", f->text);
    else if (f->next == STATUS_OK)
        request->reply = json_pack("{ss}", "service", request->service->name);
    else
        (void)diag_say(&request->diag, f->next, "http.path.unknown", "what was asked", NULL);
}

static inline bool
fake_read_waits(void *self)
{
    const struct fake *f = self;

    return f->is_late;
}

static inline void
fake_read(void *self, struct api_request *request)
{
    struct fake *f = self;

    (void)pthread_mutex_lock(&f->lock);
    f->reads++;
    if (f->interrupt_at == f->reads)
        (void)kill(getpid(), SIGINT);
    serve(f, request);
    (void)pthread_mutex_unlock(&f->lock);
}

/* The core's loop answers from its own thread; so does this one. */
static inline void *
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

static inline void
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

static inline void
set_holds(struct fake *f, bool holds)
{
    (void)pthread_mutex_lock(&f->lock);
    f->holds = holds;
    (void)pthread_cond_broadcast(&f->changed);
    (void)pthread_mutex_unlock(&f->lock);
}

static inline void
wait_held(struct fake *f)
{
    (void)pthread_mutex_lock(&f->lock);
    while (f->held == NULL)
        (void)pthread_cond_wait(&f->changed, &f->lock);
    (void)pthread_mutex_unlock(&f->lock);
}

static inline struct http_config
config_of(struct fake *f)
{
    return (struct http_config){ f->socket,
                                 f->uploads,
                                 { fake_read_waits, fake_read, fake_write, f } };
}

static inline void
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

static inline void
fake_stop(struct fake *f)
{
    http_stop(&f->http);
    (void)unlink(f->kept);
    (void)rmdir(f->uploads);
    (void)rmdir(f->dir);
    free(f->args);
}

static inline size_t
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

static inline int
dial(const struct fake *f)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, f->socket, strlen(f->socket));
    if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
        fd_close(&fd);
    return fd;
}

static inline bool
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

static inline bool
is_whole(const char *answer, size_t len)
{
    const char *end = strstr(answer, "\r\n\r\n"),
               *length = strcasestr(answer, "Content-Length:");
    size_t want = length != NULL ? strtoul(length + 15, NULL, 10) : 0;
    bool has_body = strncmp(answer + 9, "304", 3) != 0;

    return end != NULL && (!has_body || len >= (size_t)(end + 4 - answer) + want);
}

/* A whole answer, or less when the server closes. */
static inline char *
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

static inline char *
ask_raw(const struct fake *f, const char *request, size_t len)
{
    AUTO(fd_close) int fd = dial(f);

    (void)send_all(fd, request, len);
    return receive(fd);
}

static inline char *
ask(const struct fake *f, const char *request)
{
    return ask_raw(f, request, strlen(request));
}

static inline int
code_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static inline int
ask_code(const struct fake *f, const char *request)
{
    AUTO(xfree) char *answer = ask(f, request);

    return code_of(answer);
}

#define HOST "Host: node\r\n"
#define JSON "Content-Type: application/json\r\n"

#endif
