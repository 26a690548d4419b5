/* SPDX-License-Identifier: Apache-2.0
 *
 * node/parent_program.c - one program as a child: its place, its arguments, its descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "node/parent_priv.h"
#include "schema/base/log.h"

enum { EXIT_NO_PROGRAM = 127 };

void
parent_argument(struct program *program, const char *argument)
{
    assert(program->argument_count + 1 < PROGRAM_ARGUMENTS_MAX);
    program->arguments[program->argument_count++] = argument;
}

void
parent_option(struct program *program, const char *option, const char *value)
{
    if (value == NULL)
        return;
    parent_argument(program, option);
    parent_argument(program, value);
}

static bool
find_program(const char *name, char path[static PATH_MAX])
{
    const char *folder = getenv("HANSA_LIBEXEC");
    char self[PATH_MAX];

    if (folder == NULL) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n <= 0)
            return false;
        self[n] = '\0';
        *strrchr(self, '/') = '\0';
        folder = self;
    }
    int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX;
}

/* A number that we give may be one that we take from: first all move out of the way. */
static bool
place_descriptors(const struct program *program)
{
    int moved[PROGRAM_FDS_MAX];

    for (size_t i = 0; i < program->fd_count; i++) {
        moved[i] = fcntl(program->fds[i].from, F_DUPFD_CLOEXEC, 64);
        if (moved[i] < 0)
            return false;
    }
    for (size_t i = 0; i < program->fd_count; i++)
        if (dup2(moved[i], program->fds[i].to) < 0)
            return false;
    return true;
}

/* In the new process. A group of its own keeps the terminal's Ctrl-C from it: the parent ends its
 * children in order. */
static _Noreturn void
become(const struct program *program, const char *path, pid_t parent)
{
    char *arguments[PROGRAM_ARGUMENTS_MAX + 1] = { NULL };
    sigset_t none;

    for (size_t i = 0; i < program->argument_count; i++)
        arguments[i] = xstrdup(program->arguments[i]); /* execv has no const */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !place_descriptors(program))
        _exit(EXIT_NO_PROGRAM);
    (void)execv(path, arguments);
    LOG(LOG_ERROR, "process.no_program", log_word("path", path), log_errno(errno));
    _exit(EXIT_NO_PROGRAM);
}

pid_t
parent_start(const struct program *program)
{
    char path[PATH_MAX];
    pid_t parent = getpid();

    if (!find_program(program->name, path))
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(program, path, parent);
    return pid;
}
