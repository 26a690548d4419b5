/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "tests/check.h"

/* What a child tries behind the sandbox. True: it went well. */
static bool
open_passwd(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool
open_status(void)
{
    return open("/proc/self/status", O_RDONLY) >= 0;
}

static bool
make_file(void)
{
    return open("/tmp/hansa-sandbox-must-not-be", O_WRONLY | O_CREAT, 0600) >= 0;
}

static char home[] = "/tmp/hansa-sandbox-XXXXXX";

static bool
make_file_at_home(void)
{
    char path[128] = { 0 };

    memcpy(path, home, strlen(home));
    memcpy(path + strlen(home), "/f", 2);
    return open(path, O_WRONLY | O_CREAT, 0600) >= 0 && unlink(path) == 0;
}

static bool
make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
run_program(void)
{
    char *const none[] = { NULL };

    (void)execve("/bin/true", none, none);
    return false;
}

static bool
trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool
make_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) >= 0;
}

static bool
answer(void)
{
    uint8_t raw[8] = { 0 };
    struct timespec now;

    LOG(LOG_INFO, "sandbox.test");
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 && getrandom(raw, sizeof(raw), 0) == 8 &&
           recv(STDIN_FILENO, raw, sizeof(raw), MSG_DONTWAIT) < 0;
}

static bool
read_other(void)
{
    return open("/proc/1/environ", O_RDONLY) >= 0;
}

enum outcome { ALLOWED, REFUSED, KILLED };

static enum outcome
outcome_behind(enum sandbox_role role, bool (*act)(void))
{
    int state = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        const struct sandbox s = { .role = role, .home = home, .even_sanitized = true };
        sandbox_enter(&s);
        /* Not _exit: a sanitizer tidies up there, with calls that the key process may not make. */
        (void)syscall(SYS_exit_group, act() ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &state, 0) != pid)
        return ALLOWED;
    if (WIFSIGNALED(state))
        return WTERMSIG(state) == SIGSYS ? KILLED : ALLOWED;
    return WEXITSTATUS(state) == 0 ? ALLOWED : REFUSED;
}

static void
test_what_each_role_may(struct check *t)
{
    static const struct {
        const char *why;
        enum sandbox_role role;
        bool (*act)(void);
        enum outcome want;
    } rows[] = {
        { "key may answer and log", SANDBOX_KEY, answer, ALLOWED },
        { "key may open no file", SANDBOX_KEY, open_passwd, KILLED },
        { "key may make no socket", SANDBOX_KEY, make_socket, KILLED },
        { "key may run no program", SANDBOX_KEY, run_program, KILLED },
        { "edge may read what name look-up needs", SANDBOX_EDGE, open_passwd, ALLOWED },
        { "edge may not read other files", SANDBOX_EDGE, open_status, REFUSED },
        { "edge may make no file", SANDBOX_EDGE, make_file, REFUSED },
        { "edge may not reach into the home", SANDBOX_EDGE, make_file_at_home, REFUSED },
        { "edge may make sockets", SANDBOX_EDGE, make_socket, ALLOWED },
        { "edge may run no program", SANDBOX_EDGE, run_program, KILLED },
        { "edge may trace nobody", SANDBOX_EDGE, trace, KILLED },
        { "core may work in its home", SANDBOX_CORE, make_file_at_home, ALLOWED },
        { "core may not write elsewhere", SANDBOX_CORE, make_file, REFUSED },
        { "core may read no other process", SANDBOX_CORE, read_other, REFUSED },
        { "core may run no program", SANDBOX_CORE, run_program, KILLED },
        { "core may use no io_uring", SANDBOX_CORE, make_ring, KILLED },
    };

    CHECK(t, "a home", mkdtemp(home) != NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, outcome_behind(rows[i].role, rows[i].act) == rows[i].want);
    CHECK(t, "the home is left empty", rmdir(home) == 0);
}

static void
test_only_named_descriptors_stay(struct check *t)
{
    static const int keep[] = { 4, 7 };
    int state = 0;
    pid_t pid = fork();

    if (pid == 0) {
        for (int fd = 3; fd < 20; fd++)
            (void)dup2(STDERR_FILENO, fd);
        sandbox_close_others(keep, COUNT_OF(keep));
        int wrong = 0;
        for (int fd = 0; fd < 20; fd++)
            wrong += (fcntl(fd, F_GETFD) >= 0) != (fd <= 2 || fd == 4 || fd == 7);
        _exit(wrong);
    }
    CHECK(t, "a child", pid > 0 && waitpid(pid, &state, 0) == pid);
    CHECK(t, "0, 1, 2 and the named stay, no other",
          WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what each role may", test_what_each_role_may },
        { "only named descriptors stay", test_only_named_descriptors_stay },
    };
    log_init("test", LOG_INFO);
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
