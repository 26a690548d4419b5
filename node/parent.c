/* SPDX-License-Identifier: Apache-2.0 */
#include "node/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "federation/edge_wire.h"
#include "node/parent_priv.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/text.h"

/* A child that lived less than QUICK_MS died quickly; up to QUICK_MAX of those in a row it comes
 * back at once, then after a second, two, four, and never later than five. */
enum { QUICK_MS = 5000, QUICK_MAX = 5, RESTART_MS = 100, RESTART_MS_MAX = 5000 };
enum { SOCKET_BUFFER = 4 * MIB };
/* The family of a parent that was killed takes a moment to end. */
enum { LOCK_WAIT_MS = 2000, LOCK_STEP_MS = 20 };

/* In the order in which they are started; they are stopped the other way round. */
enum role { ROLE_KEY, ROLE_EDGE, ROLE_CORE, ROLE_COUNT };

static const struct {
    const char *name;
    const char *program;
    int stop_ms; /* after SIGTERM; then SIGKILL */
} roles[ROLE_COUNT] = {
    [ROLE_KEY] = { "key", "hansa-key", 2000 },
    [ROLE_EDGE] = { "edge", "hansa-edge", 2000 },
    [ROLE_CORE] = { "core", "hansa-core", 20000 },
};

struct child {
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t restart_ms; /* when not running */
    unsigned quick_deaths;
};

/* [0] is core's end. */
struct pair {
    int fd[2];
};

struct parent {
    const struct parent_options *options;
    char home[PATH_MAX];
    int home_fd, lock_fd, signal_fd;
    struct pair edge, key;
    struct child children[ROLE_COUNT];
    int exit_code;
    bool must_stop;
    bool must_begin_anew; /* SIGUSR1 */
};

static int64_t
now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- a line for the person who started us ---- */

static enum language
language_wanted(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return language_of(value);
    }
    return LANGUAGE_EN;
}

static int
refuse(enum status status, const char *key, const char *home)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    (void)fprintf(stderr, "%s\n", text_format(language_wanted(), key, &home, 1, arena));
    return status_exit_code(status);
}

/* ---- children ---- */

static void
give(struct program *program, int from, int to)
{
    assert(program->fd_count < PROGRAM_FDS_MAX);
    program->fds[program->fd_count++] = (struct program_fd){ from, to };
}

static struct program
describe(const struct parent *p, enum role role)
{
    struct program program = { .name = roles[role].program };

    parent_argument(&program, program.name);
    parent_option(&program, "--home", p->home);
    if (role == ROLE_CORE) {
        parent_option(&program, "--capture", p->options->capture);
        parent_option(&program, "--clock-offset", p->options->clock_offset);
        give(&program, p->edge.fd[0], FD_CORE_EDGE);
        give(&program, p->key.fd[0], FD_CORE_KEY);
    } else {
        parent_option(&program, "--passphrase-file", p->options->passphrase_file);
        if (role == ROLE_EDGE)
            give(&program, p->edge.fd[1], FD_CORE_EDGE);
        else
            give(&program, p->key.fd[1], FD_CORE_KEY);
    }
    give(&program, p->lock_fd, FD_HOME_LOCK);
    return program;
}

static void
start_child(struct parent *p, enum role role)
{
    struct child *child = &p->children[role];
    struct program program = describe(p, role);
    pid_t pid = parent_start(&program);

    child->started_ms = now_ms();
    if (pid < 0) {
        child->restart_ms = child->started_ms + RESTART_MS_MAX;
        LOG(LOG_ERROR, "process.not_started", log_word("process", roles[role].name),
            log_errno(errno));
        return;
    }
    child->pid = pid;
    LOG(LOG_INFO, "process.started", log_word("process", roles[role].name),
        log_num("pid", pid));
}

static int64_t
restart_delay(const struct child *child)
{
    if (child->quick_deaths <= QUICK_MAX)
        return RESTART_MS;
    int64_t delay = (int64_t)1000 << (child->quick_deaths - QUICK_MAX - 1 < 3
                                          ? child->quick_deaths - QUICK_MAX - 1
                                          : 3);
    return delay < RESTART_MS_MAX ? delay : RESTART_MS_MAX;
}

static void
log_end_of(enum role role, pid_t pid, int state, int64_t lived_ms)
{
    if (WIFSIGNALED(state))
        LOG(LOG_WARN, "process.ended", log_word("process", roles[role].name),
            log_num("pid", pid), log_num("signal", WTERMSIG(state)),
            log_num("lived_ms", lived_ms));
    else
        LOG(LOG_WARN, "process.ended", log_word("process", roles[role].name),
            log_num("pid", pid), log_num("code", WEXITSTATUS(state)),
            log_num("lived_ms", lived_ms));
}

static void
on_child_ended(struct parent *p, enum role role, int state)
{
    struct child *child = &p->children[role];
    int64_t now = now_ms(), lived = now - child->started_ms;

    log_end_of(role, child->pid, state, lived);
    child->pid = 0;
    child->quick_deaths = lived < QUICK_MS ? child->quick_deaths + 1 : 0;
    child->restart_ms = now + restart_delay(child);
    if (p->must_stop)
        return;
    if (WIFEXITED(state) && WEXITSTATUS(state) == status_exit_code(STATUS_CONFIG)) {
        LOG(LOG_ERROR, "process.beyond_help", log_word("process", roles[role].name));
        p->exit_code = WEXITSTATUS(state);
        p->must_stop = true;
    }
    if (role == ROLE_CORE && p->children[ROLE_EDGE].pid > 0)
        (void)kill(p->children[ROLE_EDGE].pid, SIGKILL);
}

static void
reap(struct parent *p)
{
    int state = 0;
    pid_t pid;

    while ((pid = waitpid(-1, &state, WNOHANG)) > 0)
        for (enum role role = 0; role < ROLE_COUNT; role++)
            if (p->children[role].pid == pid)
                on_child_ended(p, role, state);
}

/* Starts who is due. Milliseconds until the next is, -1: nobody waits. */
static int
start_due(struct parent *p)
{
    int64_t now = now_ms();
    int wait = -1;

    for (enum role role = 0; role < ROLE_COUNT; role++) {
        const struct child *child = &p->children[role];
        if (child->pid == 0 && child->restart_ms <= now)
            start_child(p, role);
        if (child->pid > 0)
            continue;
        int left = (int)(child->restart_ms - now);
        wait = wait < 0 || left < wait ? left : wait;
    }
    return wait;
}

/* ---- signals ---- */

static void
read_signals(struct parent *p)
{
    struct signalfd_siginfo info;

    while (read(p->signal_fd, &info, sizeof(info)) == sizeof(info))
        if (info.ssi_signo == SIGUSR1)
            p->must_begin_anew = true;
        else if (info.ssi_signo != SIGCHLD)
            p->must_stop = true;
    reap(p);
}

static void
wait_for_signal(struct parent *p, int wait_ms)
{
    struct pollfd item = { .fd = p->signal_fd, .events = POLLIN };

    (void)poll(&item, 1, wait_ms);
    read_signals(p);
}

static void
stop_child(struct parent *p, enum role role)
{
    const struct child *child = &p->children[role];
    int64_t until = now_ms() + roles[role].stop_ms;

    if (child->pid == 0)
        return;
    (void)kill(child->pid, SIGTERM);
    while (child->pid > 0 && now_ms() < until)
        wait_for_signal(p, (int)(until - now_ms()));
    if (child->pid == 0)
        return;
    LOG(LOG_ERROR, "process.killed", log_word("process", roles[role].name));
    (void)kill(child->pid, SIGKILL);
    while (child->pid > 0)
        wait_for_signal(p, -1);
}

/* ---- start ---- */

static bool
open_pair(struct pair *out)
{
    const int size = SOCKET_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out->fd) != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(out->fd); i++)
        if (setsockopt(out->fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
            (void)setsockopt(out->fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return true;
}

static bool
lock_home(struct parent *p)
{
    int64_t until = now_ms() + LOCK_WAIT_MS;

    p->lock_fd = openat(p->home_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (p->lock_fd >= 0 && flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (now_ms() > until)
            return false;
        (void)poll(NULL, 0, LOCK_STEP_MS);
    }
    return p->lock_fd >= 0;
}

static bool
open_log(const struct parent *p)
{
    char path[PATH_MAX + 8];
    const char *file = p->options->log;

    if (file == NULL && p->options->is_foreground)
        return true;
    (void)snprintf(path, sizeof(path), "%s/log", p->home);
    AUTO(fd_close)
    int fd = open(file != NULL ? file : path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0;
}

static bool
open_signals(struct parent *p)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGUSR1);
    (void)signal(SIGHUP, SIG_IGN); /* a closed terminal ends nobody's node */
    p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return p->signal_fd >= 0 && sigprocmask(SIG_BLOCK, &set, NULL) == 0;
}

static bool
write_pid(const struct parent *p)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    return n > 0 &&
           file_replace_at(p->home_fd, "hansad.pid", bytes_of(text, (size_t)n)) == STATUS_OK;
}

static void
parent_fini(struct parent *p)
{
    fd_close(&p->signal_fd);
    fd_close(&p->home_fd);
    fd_close(&p->lock_fd);
    for (size_t i = 0; i < COUNT_OF(p->edge.fd); i++) {
        fd_close(&p->edge.fd[i]);
        fd_close(&p->key.fd[i]);
    }
}

static void
stop_all(struct parent *p)
{
    for (int role = ROLE_COUNT - 1; role >= 0; role--)
        stop_child(p, (enum role)role);
}

/* No child lives while the keys change, and all start with the new ones. */
static void
begin_anew(struct parent *p)
{
    LOG(LOG_INFO, "process.anew");
    stop_all(p);
    if (!parent_adopt_keys(p->home_fd)) {
        LOG(LOG_ERROR, "keys.not_adopted", log_errno(errno));
        p->exit_code = status_exit_code(STATUS_IO);
        p->must_stop = true;
    }
    for (enum role role = 0; role < ROLE_COUNT; role++)
        p->children[role] = (struct child){ 0 };
    p->must_begin_anew = false;
}

static void
supervise(struct parent *p)
{
    while (!p->must_stop) {
        wait_for_signal(p, start_due(p));
        if (p->must_begin_anew && !p->must_stop)
            begin_anew(p);
    }
    LOG(LOG_INFO, "process.stopping");
    stop_all(p);
    (void)unlinkat(p->home_fd, "hansad.pid", 0);
    LOG(LOG_INFO, "process.stopped", log_num("code", p->exit_code));
}

int
parent_run(const struct parent_options *options)
{
    AUTO(parent_fini)
    struct parent p = { .options = options,
                        .home_fd = -1,
                        .lock_fd = -1,
                        .signal_fd = -1,
                        .edge = { { -1, -1 } },
                        .key = { { -1, -1 } } };

    if (realpath(options->home, p.home) != NULL)
        p.home_fd = open(p.home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p.home_fd < 0 || (faccessat(p.home_fd, "keys", F_OK, 0) != 0 &&
                          faccessat(p.home_fd, "keys.next", F_OK, 0) != 0))
        return refuse(STATUS_CONFIG, "cli.home.none", options->home);
    if (!lock_home(&p))
        return refuse(STATUS_STOPPED, "cli.start.running", p.home);
    if (!parent_adopt_keys(p.home_fd))
        return refuse(STATUS_IO, "home.unwritable", p.home);
    if (!options->is_foreground)
        (void)setsid();
    if (!open_log(&p) || !open_signals(&p) || !open_pair(&p.edge) || !open_pair(&p.key) ||
        !write_pid(&p)) {
        LOG(LOG_ERROR, "process.no_start", log_errno(errno));
        return status_exit_code(STATUS_IO);
    }
    supervise(&p);
    return p.exit_code;
}
