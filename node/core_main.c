/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_main.c - the core process: real clock, real randomness, the sockets to edge and key, the API's
 * server, one loop. No libzmq and no key here.
 *
 * The loop thread owns everything but the requests that HTTP threads hand over (struct inbox).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "federation/edge_frame.h"
#include "node/core.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/base/options.h"
#include "schema/base/plant.h"
#include "schema/base/sandbox.h"
#include "schema/base/wipe.h"
#include "schema/text.h"

enum {
    EX_CONFIG_ = 78,
    FRAMES_A_ROUND = 64, /* messages taken in one transaction when there are many */
    RANDOM_BLOCK = 4096,
};

struct options {
    const char *home, *language, *listen, *capture;
    int64_t clock_offset_ms;
    bool init;
};

/* Requests from HTTP threads. */
struct inbox {
    pthread_mutex_t lock;
    struct api_request **items;
    size_t count;
    int wake;
};

struct waiting { /* a frame that the socket had no room for */
    struct waiting *next;
    struct edge_frame frame;
    uint8_t data[];
};

struct world {
    const struct options *options;
    struct core *core;
    struct inbox inbox;
    struct waiting *waiting, **waiting_end;
    uint64_t life; /* of the edge; 0: it has not said */
    int capture;
    uint8_t random[RANDOM_BLOCK];
    size_t random_left;
};

static volatile sig_atomic_t stop_asked;

static void
on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

/* ---- the world of struct core_env --------------------------------------------------------- */

static int64_t
clock_ms(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct wall_ms
on_wall(void *self)
{
    const struct world *w = self;

    return (struct wall_ms){ clock_ms(CLOCK_REALTIME) + w->options->clock_offset_ms };
}

static struct mono_ms
on_mono(void *self)
{
    (void)self;
    return (struct mono_ms){ clock_ms(CLOCK_MONOTONIC) };
}

/* A system call for 4 KiB instead of one for each nonce and secret; what was given out is wiped. */
static void
on_random(void *self, void *out, size_t len)
{
    struct world *w = self;

    if (len > w->random_left) {
        randombytes_buf(w->random, sizeof(w->random));
        w->random_left = sizeof(w->random);
    }
    assert(len <= w->random_left);
    w->random_left -= len;
    memcpy(out, w->random + w->random_left, len);
    sodium_memzero(w->random + w->random_left, len);
}

static void
capture(struct world *w, struct bytes message)
{
    for (size_t done = 0; w->capture >= 0 && done < message.len;) {
        ssize_t n = write(w->capture, message.data + done, message.len - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
}

/* Kept until the socket takes it: what is on its way is bounded by the partners' credit. */
static void
keep_waiting(struct world *w, const struct edge_frame *frame)
{
    struct waiting *k = xcalloc(1, sizeof(*k) + frame->message.len + frame->text.len);

    k->frame = *frame;
    if (frame->message.len > 0)
        memcpy(k->data, frame->message.data, frame->message.len);
    if (frame->text.len > 0)
        memcpy(k->data + frame->message.len, frame->text.data, frame->text.len);
    k->frame.message.data = k->data;
    k->frame.text.data = k->data + frame->message.len;
    *w->waiting_end = k;
    w->waiting_end = &k->next;
}

static void
send_frame(struct world *w, const struct edge_frame *frame)
{
    if (w->life == 0)
        return; /* there is no edge: what matters is sent again */
    capture(w, frame->message);
    if (w->waiting != NULL || edge_frame_send(FD_CORE_EDGE, frame) == STATUS_BUSY)
        keep_waiting(w, frame);
}

static void
drop_waiting(struct world *w)
{
    for (struct waiting *k = w->waiting, *next; k != NULL; k = next) {
        next = k->next;
        free(k);
    }
    w->waiting = NULL;
    w->waiting_end = &w->waiting;
}

static void
send_waiting(struct world *w)
{
    while (w->waiting != NULL) {
        struct waiting *k = w->waiting;
        if (edge_frame_send(FD_CORE_EDGE, &k->frame) == STATUS_BUSY)
            return;
        w->waiting = k->next;
        if (w->waiting == NULL)
            w->waiting_end = &w->waiting;
        free(k);
    }
}

static void
on_send(void *self, const struct node_id *to, struct bytes message)
{
    send_frame(self, &(struct edge_frame){ .op = CORE_SEND, .node = *to, .message = message });
}

static void
on_admit(void *self, const struct link_peer *peer)
{
    struct edge_frame f = { .op = CORE_ADMIT,
                            .node = peer->node,
                            .code = (uint8_t)peer->role,
                            .key = peer->transport_key,
                            .former = peer->former_key,
                            .dial = peer->dial != NULL };

    memcpy(f.secret.b, peer->client_secret, sizeof(f.secret.b));
    if (peer->dial != NULL)
        f.text = bytes_text(peer->dial);
    send_frame(self, &f);
}

static void
on_drop(void *self, const struct node_id *node)
{
    send_frame(self, &(struct edge_frame){ .op = CORE_DROP, .node = *node });
}

static void
on_epoch(void *self, const struct node_id *node, uint64_t epoch)
{
    send_frame(self, &(struct edge_frame){ .op = CORE_EPOCH, .node = *node, .number = epoch });
}

static void
on_renew(void *self)
{
    send_frame(self, &(struct edge_frame){ .op = CORE_RENEW });
}

/* ---- from the edge ------------------------------------------------------------------------ */

/* A new edge: tell it where to listen, then whom to admit. Frames for an older one are not for it. */
static void
on_edge_hello(struct world *w, const struct edge_frame *f)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *listen = core_listen(w->core, arena);

    drop_waiting(w);
    w->life = f->number;
    send_frame(w, &(struct edge_frame){ .op = CORE_CONFIG,
                                        .number = w->life,
                                        .text = bytes_text(listen == NULL ? "" : listen) });
    core_on_link_new(w->core);
    core_on_link_start(w->core);
}

static void
on_edge_ready(const struct edge_frame *f)
{
    if (f->code != 0)
        LOG(LOG_INFO, "link.listening");
    else
        LOG(LOG_ERROR, "link.not_listening");
}

static void
on_edge_frame(struct world *w, const struct edge_frame *f)
{
    switch (f->op) {
    case EDGE_HELLO:
        on_edge_hello(w, f);
        break;
    case EDGE_READY:
        on_edge_ready(f);
        break;
    case EDGE_UP:
        core_on_up(w->core, &f->node);
        break;
    case EDGE_PROVED:
        core_on_proved(w->core, &f->node);
        break;
    case EDGE_RECEIVED:
        core_on_message(w->core, &f->node, f->message);
        break;
    case EDGE_DROPPED:
        core_on_dropped(w->core, &f->node);
        break;
    case EDGE_EPOCH:
        core_on_epoch(w->core, &f->node, f->number);
        break;
    case EDGE_STRANGER:
        core_on_strangers(w->core, (uint32_t)f->number);
        break;
    case EDGE_BROKEN:
        core_on_broken(w->core, &f->node, f->code);
        break;
    default:
        break;
    }
}

static void
receive_frames(struct world *w)
{
    static uint8_t buf[EDGE_FRAME_MAX];
    struct edge_frame frame;
    struct bytes raw;

    for (int i = 0; i < FRAMES_A_ROUND; i++) {
        enum status s = edge_frame_receive(FD_CORE_EDGE, buf, &raw);
        if (s == STATUS_BUSY || s == STATUS_STOPPED)
            return;
        if (s == STATUS_OK && edge_frame_parse(raw, EDGE_TO_CORE, &frame) == STATUS_OK)
            on_edge_frame(w, &frame);
        else
            LOG(LOG_WARN, "link.frame_refused");
        explicit_bzero(buf, raw.len);
    }
}

/* ---- from the API ------------------------------------------------------------------------- */

static void
on_api_write(void *self, struct api_request *request)
{
    struct world *w = self;
    uint64_t one = 1;

    (void)pthread_mutex_lock(&w->inbox.lock);
    w->inbox.items = xrealloc(w->inbox.items, (w->inbox.count + 1) * sizeof(*w->inbox.items));
    w->inbox.items[w->inbox.count++] = request;
    (void)pthread_mutex_unlock(&w->inbox.lock);
    if (write(w->inbox.wake, &one, sizeof(one)) < 0)
        LOG(LOG_WARN, "api.not_woken", log_errno(errno));
}

static void
on_api_read(void *self, struct api_request *request)
{
    struct world *w = self;

    core_read(w->core, request);
}

static bool
on_api_read_waits(void *self)
{
    const struct world *w = self;

    return core_read_waits(w->core);
}

static void
take_requests(struct world *w)
{
    uint64_t count;

    if (read(w->inbox.wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
        LOG(LOG_WARN, "api.wake_failed", log_errno(errno));
    (void)pthread_mutex_lock(&w->inbox.lock);
    for (size_t i = 0; i < w->inbox.count; i++)
        core_submit(w->core, w->inbox.items[i]);
    w->inbox.count = 0;
    (void)pthread_mutex_unlock(&w->inbox.lock);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static void
loop(struct world *w)
{
    while (!stop_asked && core_ends(w->core) == STATUS_OK) {
        struct mono_ms next = core_round(w->core);
        int64_t wait = next.ms - clock_ms(CLOCK_MONOTONIC);
        struct pollfd fds[] = { { .fd = FD_CORE_EDGE, .events = POLLIN },
                                { .fd = w->inbox.wake, .events = POLLIN } };
        if (w->waiting != NULL)
            fds[0].events |= POLLOUT;
        wait = wait < 0 ? 0 : wait > 1000 ? 1000 : wait;
        if (poll(fds, COUNT_OF(fds), (int)wait) < 0)
            continue;
        if (fds[0].revents & POLLOUT)
            send_waiting(w);
        if (fds[0].revents & POLLIN)
            receive_frames(w);
        take_requests(w);
    }
}

static enum status
serve(struct world *w, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct http *http;
    struct http_config config = {
        .socket_path = arena_printf(arena, "%s/api.sock", w->options->home),
        .upload_dir = arena_printf(arena, "%s/tmp", w->options->home),
        .api = { .read_waits = on_api_read_waits,
                 .read = on_api_read,
                 .write = on_api_write,
                 .self = w },
    };

    w->inbox.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->inbox.wake < 0)
        return STATUS_IO;
    (void)core_round(w->core); /* readers find the tables and the link states */
    TRY(http_start(&config, diag, &http));
    LOG(LOG_INFO, "core.ready");
    loop(w);
    http_quiesce(http);
    take_requests(w);
    (void)core_round(w->core);
    http_stop(&http);
    return stop_asked ? STATUS_OK : core_ends(w->core);
}

/* ---- start-up ----------------------------------------------------------------------------- */

static enum status
init(const struct options *o, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer raw = { 0 };
    const char *tmp = arena_printf(arena, "%s/tmp", o->home);

    if (mkdir(tmp, 0700) != 0 && errno != EEXIST)
        return diag_say(diag, STATUS_IO, "home.unwritable", o->home, NULL);
    TRY(file_read_at(AT_FDCWD, arena_printf(arena, "%s/descriptor", o->home), OBJECT_MAX,
                     &raw));
    struct core_birth birth = { .descriptor = buffer_bytes(&raw),
                                .language = o->language != NULL ? o->language : "en",
                                .listen = o->listen };
    return core_init(o->home, &birth, diag);
}

static enum status
run(const struct options *o, struct diag *diag)
{
    struct world w = { .options = o, .capture = -1 };
    struct keyring_client *keyring = keyring_client_new(FD_CORE_KEY);
    struct core_config config = { .home = o->home,
                                  .ballast = BALLAST_SIZE,
                                  .env = { .self = &w,
                                           .wall = on_wall,
                                           .mono = on_mono,
                                           .random = on_random,
                                           .keyring = keyring_client_get(keyring),
                                           .send = on_send,
                                           .admit = on_admit,
                                           .drop = on_drop,
                                           .epoch = on_epoch,
                                           .renew = on_renew } };

    w.waiting_end = &w.waiting;
    (void)pthread_mutex_init(&w.inbox.lock, NULL);
    if (o->capture != NULL)
        w.capture = open(o->capture, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    sandbox_enter(&(struct sandbox){ .role = SANDBOX_CORE, .home = o->home });
    enum status s = core_open(&config, diag, &w.core);
    if (s == STATUS_OK)
        s = serve(&w, diag);
    core_close(&w.core);
    drop_waiting(&w);
    keyring_client_free(&keyring);
    free(w.inbox.items);
    fd_close(&w.capture);
    return s;
}

static int
usage(const char *what)
{
    fprintf(stderr,
            "hansa-core: %s\nhansa-core is started by hansad. Options: --home HOME [--init "
            "--language TAG] [--capture FILE] [--clock-offset MS]\n",
            what);
    return status_exit_code(STATUS_USAGE);
}

/* Some it does not need: a new home's are given to hansa-key and to it alike. */
static bool
parse(int argc, char **argv, struct options *o)
{
    const char *offset = NULL, *name = NULL, *country = NULL, *endpoints[ENDPOINTS_MAX];
    size_t endpoint_count = 0;
    const struct option_row rows[] = {
        { "capture", .text = &o->capture },
        { "clock-offset", .text = &offset },
        { "country", .text = &country },
        { "endpoint", .list = endpoints, .count = &endpoint_count, .most = ENDPOINTS_MAX },
        { "home", .text = &o->home },
        { "init", .flag = &o->init },
        { "language", .text = &o->language },
        { "listen", .text = &o->listen },
        { "name", .text = &name },
    };

    if (!options_read(argc, argv, rows, COUNT_OF(rows)) || o->home == NULL)
        return false;
    if (offset != NULL)
        o->clock_offset_ms = strtoll(offset, NULL, 10);
    return true;
}

#ifdef HANSA_PLANTS
static void
plant(void)
{
    static const char *const names[] = {
#define X(name) #name,
        PLANT_TABLE(X)
#undef X
    };
    const char *wanted = getenv("HANSA_PLANT");

    for (int i = 0; wanted != NULL && i < PLANT_COUNT_; i++)
        if (strcasecmp(names[i], wanted) == 0)
            plant_active = i;
}
#endif

int
main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct options options = { 0 };
    struct diag diag = { 0 };
    struct sigaction action = { .sa_handler = on_signal };

    wipe_begin();
    log_init("core", log_level_wanted());
    if (sodium_init() < 0)
        return status_exit_code(STATUS_INTERNAL);
    if (!parse(argc, argv, &options))
        return usage("which home?");
#ifdef HANSA_PLANTS
    plant();
#endif
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077);
    enum status s = options.init ? init(&options, &diag) : run(&options, &diag);
    if (s == STATUS_OK)
        return 0;
    fprintf(stderr, "hansa-core: %s\n",
            text_failure(language_of(options.language), s, &diag, arena));
    LOG(LOG_ERROR, "core.ended", log_status(s));
    /* What a person must mend is not tried again by the parent. */
    return s == STATUS_CORRUPT || s == STATUS_CONFLICT ? EX_CONFIG_ : status_exit_code(s);
}
