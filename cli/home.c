/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/home.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/job.h"
#include "cli/render.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"

enum { START_SECONDS = 30, STOP_SECONDS = 60, POLL_MS = 50, SAID_MAX = 64 * 1024 };

const char *
home_default(struct arena *arena)
{
    const char *home = getenv("HANSA_HOME"), *data = getenv("XDG_DATA_HOME");
    const char *user = getenv("HOME");

    if (home != NULL && home[0] != '\0')
        return arena_text(arena, bytes_text(home));
    if (data != NULL && data[0] == '/')
        return arena_printf(arena, "%s/hansa", data);
    return arena_printf(arena, "%s/.local/share/hansa", user != NULL ? user : "");
}

const char *
home_socket(const struct cli *cli)
{
    return arena_printf(cli->arena, "%s/api.sock", cli->home);
}

static const char *
argument(const struct command *command, const char *name)
{
    return json_string_value(json_object_get(command->args, name));
}

/* ---- running the daemon ---- */

/* hansad stands beside this program. */
static const char *
daemon_path(struct cli *cli)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len > 0) {
        self[len] = '\0';
        char *slash = strrchr(self, '/');
        const char *path = arena_printf(cli->arena, "%.*s/hansad", (int)(slash - self), self);
        if (access(path, X_OK) == 0)
            return path;
    }
    return "hansad";
}

/* What it says goes to `log`. */
static pid_t
run_daemon(struct cli *cli, const char *const *arguments, int log)
{
    const char *path = daemon_path(cli);
    pid_t child = fork();

    if (child != 0)
        return child;
    (void)setsid();
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)execvp(path, (char *const *)(uintptr_t)arguments);
    (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

/* A status for how a child ended, with the same exit code. */
static enum status
ended_as(int wait_status)
{
    static const enum status known[] = { STATUS_USAGE,       STATUS_NOT_FOUND, STATUS_DENIED,
                                         STATUS_CONFLICT,    STATUS_MALFORMED, STATUS_BUSY,
                                         STATUS_UNREACHABLE, STATUS_IO,        STATUS_CONFIG };

    for (size_t i = 0; WIFEXITED(wait_status) && i < COUNT_OF(known); i++)
        if (status_exit_code(known[i]) == WEXITSTATUS(wait_status))
            return known[i];
    return STATUS_INTERNAL;
}

static void
print_done(struct cli *cli, const char *key, const char *state)
{
    if (cli->is_json) {
        AUTO(json_decrefp)
        json_t *reply = json_pack("{ssss}", "home", cli->home, "state", state);
        render_json(cli, reply, stdout);
        return;
    }
    (void)printf("%s\n", cli_text(cli, key, cli->home));
}

/* ---- init ---- */

static bool
is_country(const char *text)
{
    return strlen(text) == 2 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
}

static bool
is_endpoint(const char *text)
{
    const char *host = strncmp(text, "tcp://", 6) == 0 ? text + 6 : text;
    const char *port = strrchr(host, ':');
    size_t digits = port != NULL ? strspn(port + 1, "0123456789") : 0;

    return port != NULL && port > host && digits > 0 && digits <= 5 &&
           port[1 + digits] == '\0' &&
           strspn(host,
                  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:[]*_") ==
               strlen(host);
}

static enum status
check_init(struct cli *cli, const struct command *command)
{
    const char *country = argument(command, "country"), *listen = argument(command, "listen");
    const char *name = argument(command, "name");
    struct stat st;

    if (name[0] == '\0')
        return diag_say(&cli->diag, STATUS_USAGE, "cli.init.name", NULL);
    if (!is_country(country))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.init.country", country, NULL);
    if (!is_endpoint(listen))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.init.listen", listen, NULL);
    if (stat(arena_printf(cli->arena, "%s/keys", cli->home), &st) == 0)
        return diag_say(&cli->diag, STATUS_CONFLICT, "cli.init.exists", cli->home, NULL);
    return STATUS_OK;
}

/* Why it failed: its last line for people, else what its last event says about an option and the status. */
static const char *
reason_of(struct cli *cli, struct bytes said, enum status status)
{
    char *rest = arena_text(cli->arena, said);
    const char *sentence = NULL, *option = "";

    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *named = strstr(line, "\"option\":\"");
        if (line[0] != '\0' && line[0] != '{')
            sentence = line;
        else if (named != NULL)
            option = arena_text(cli->arena, bytes_of(named + 10, strcspn(named + 10, "\"")));
    }
    if (sentence != NULL)
        return sentence;
    return arena_printf(cli->arena, "%s%s%s", option, option[0] != '\0' ? ": " : "",
                        text_failure(cli->language, status, NULL, cli->arena));
}

/* Run it to its end and keep what it says. */
static enum status
run_init(struct cli *cli, const char *const *arguments, struct buffer *said, int *ended)
{
    AUTO(fd_close) int from = -1;
    AUTO(fd_close) int to = -1;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return STATUS_IO;
    from = ends[0];
    to = ends[1];
    pid_t child = run_daemon(cli, arguments, to);
    fd_close(&to);
    enum status status = file_read(from, SAID_MAX, said);
    if (child < 0 || waitpid(child, ended, 0) != child)
        return STATUS_IO;
    return status;
}

enum status
home_init(struct cli *cli, const struct command *command)
{
    AUTO(buffer_fini) struct buffer said = { 0 };
    int ended = 0;

    TRY(check_init(cli, command));
    const char *listen = argument(command, "listen");
    const char *passphrase = argument(command, "passphrase-file");
    const char *endpoint = strncmp(listen, "tcp://", 6) == 0
                               ? listen
                               : arena_printf(cli->arena, "tcp://%s", listen);
    const char *arguments[] = {
        "hansad",
        "--init",
        cli->home,
        "--name",
        argument(command, "name"),
        "--country",
        argument(command, "country"),
        "--listen",
        endpoint,
        "--language",
        language_tag(cli->language),
        passphrase != NULL ? "--passphrase-file" : NULL,
        passphrase,
        NULL,
    };
    TRY(run_init(cli, arguments, &said, &ended));
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
        enum status status = ended_as(ended);
        return diag_say(&cli->diag, status, "cli.init.failed", cli->home,
                        reason_of(cli, buffer_bytes(&said), status), NULL);
    }
    print_done(cli, "cli.init.done", "made");
    return STATUS_OK;
}

/* ---- what reads the keys ---- */

struct reason {
    enum status status;
    const char *key; /* {0}: the file or the home that was named, {1}: the home */
};

static const char *
absolute(struct cli *cli, const char *path)
{
    char here[4096];

    if (path[0] == '/' || getcwd(here, sizeof(here)) == NULL)
        return path;
    return arena_printf(cli->arena, "%s/%s", here, path);
}

/* What it says of its end; several have one exit code. */
static enum status
status_said(const char *text, int ended)
{
    static const char label[] = "\"status\":\"";
    const char *at = strstr(text, label);
    char name[32] = "";

    if (at == NULL)
        return ended_as(ended);
    at += sizeof(label) - 1;
    size_t len = strcspn(at, "\"");
    if (len < sizeof(name))
        memcpy(name, at, len);
    enum status status = status_find(name);
    return status == STATUS_COUNT_ || status == STATUS_OK ? ended_as(ended) : status;
}

/* By hansad, which starts what may read the keys. `failed`: what is said when no reason fits. */
static enum status
run_with_keys(struct cli *cli, const char *const *arguments, const char *thing,
              const struct reason *reasons, const char *failed)
{
    AUTO(buffer_fini) struct buffer said = { 0 };
    int ended = 0;

    TRY(run_init(cli, arguments, &said, &ended));
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
        return STATUS_OK;
    enum status status = status_said(arena_text(cli->arena, buffer_bytes(&said)), ended);
    for (; reasons->key != NULL; reasons++)
        if (reasons->status == status)
            return diag_say(&cli->diag, status, reasons->key, thing, cli->home, NULL);
    return diag_say(&cli->diag, status, failed, thing,
                    reason_of(cli, buffer_bytes(&said), status), NULL);
}

/* Is a file that was named there, with something in it? What is no plain file can be read once: its reader says it. */
static enum status
check_file(struct cli *cli, const struct command *command, const char *name)
{
    const char *path = argument(command, name);
    AUTO(fd_close) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat st;

    if (path == NULL)
        return STATUS_OK;
    if (fd < 0 || fstat(fd, &st) != 0)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.file.read", path, strerror(errno), NULL);
    return S_ISREG(st.st_mode) && st.st_size == 0
               ? diag_say(&cli->diag, STATUS_USAGE, "cli.file.empty", path, NULL)
               : STATUS_OK;
}

/* ---- backup and restore ---- */

/* `option` and its file. */
static enum status
run_backup(struct cli *cli, const struct command *command, const char *option, const char *file)
{
    static const struct reason reasons[] = {
        { STATUS_DENIED, "cli.backup.denied" },     { STATUS_CORRUPT, "cli.backup.corrupt" },
        { STATUS_CONFLICT, "cli.backup.occupied" }, { STATUS_LOCKED, "cli.backup.locked" },
        { STATUS_NOT_FOUND, "cli.backup.nowhere" }, { 0 },
    };
    bool with_keys = json_is_true(json_object_get(command->args, "with-keys"));
    const char *arguments[] = {
        "hansad",
        "--home",
        absolute(cli, cli->home),
        option,
        file,
        "--passphrase-file",
        absolute(cli, argument(command, "passphrase-file")),
        with_keys ? "--with-keys" : NULL,
        NULL,
    };

    return run_with_keys(cli, arguments, file, reasons, "cli.backup.failed");
}

enum status
home_backup(struct cli *cli, const struct command *command)
{
    AUTO(json_decrefp) json_t *started = NULL, *job = NULL;
    const char *file = absolute(cli, argument(command, "file"));
    struct command ask = { .service = service_find("node.backup"), .args = json_object() };
    struct stat st;
    enum status status = check_file(cli, command, "passphrase-file");

    if (status == STATUS_OK && stat(file, &st) == 0)
        status = diag_say(&cli->diag, STATUS_CONFLICT, "cli.backup.exists", file, NULL);
    if (status == STATUS_OK)
        status = client_ask(cli, &ask, &started);
    command_fini(&ask);
    TRY(status);
    TRY(job_follow(cli, started, &job));
    TRY(run_backup(cli, command, "--close-backup", file));
    print_done(cli, "cli.backup.done", "saved");
    return STATUS_OK;
}

enum status
home_restore(struct cli *cli, const struct command *command)
{
    TRY(check_file(cli, command, "file"));
    TRY(check_file(cli, command, "passphrase-file"));
    TRY(run_backup(cli, command, "--open-backup", absolute(cli, argument(command, "file"))));
    print_done(cli, "cli.restore.done", "restored");
    return STATUS_OK;
}

/* ---- start and stop ---- */

/* The daemon holds this lock as long as it lives. */
static bool
is_running(struct cli *cli)
{
    AUTO(fd_close)
    int fd = open(arena_printf(cli->arena, "%s/lock", cli->home), O_RDONLY | O_CLOEXEC);

    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static int64_t
now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
wait_a_little(void)
{
    (void)poll(NULL, 0, POLL_MS);
}

/* It ended at once: is it one of its keys? The root alone it never reads. */
static enum status
say_ended(struct cli *cli, enum status status, const char *log)
{
    static const char *const keys[] = { "signing", "sealing", "transport" };

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *file = arena_printf(cli->arena, "%s/keys/%s.key", cli->home, keys[i]);
        if (access(file, F_OK) != 0 && errno == ENOENT)
            return diag_say(&cli->diag, status, "cli.start.key_lost", file, NULL);
    }
    return diag_say(&cli->diag, status, "cli.start.ended", log, NULL);
}

static enum status
wait_answer(struct cli *cli, pid_t child, const char *log)
{
    int64_t end = now_ms() + START_SECONDS * 1000;
    int ended = 0;

    while (!client_is_answered(cli)) {
        if (waitpid(child, &ended, WNOHANG) == child)
            return say_ended(cli, ended_as(ended), log);
        if (now_ms() > end)
            return diag_say(&cli->diag, STATUS_BUSY, "cli.start.slow", log, NULL);
        wait_a_little();
    }
    return STATUS_OK;
}

enum status
home_start(struct cli *cli, const struct command *command)
{
    const char *log = arena_printf(cli->arena, "%s/log", cli->home);
    const char *passphrase = argument(command, "passphrase-file");
    const char *arguments[] = {
        "hansad",   "--home", cli->home, passphrase != NULL ? "--passphrase-file" : NULL,
        passphrase, NULL,
    };
    struct stat st;

    if (stat(cli->home, &st) != 0)
        return diag_say(&cli->diag, STATUS_CONFIG, "cli.home.none", cli->home, NULL);
    if (is_running(cli))
        return diag_say(&cli->diag, STATUS_CONFLICT, "cli.start.running", cli->home, NULL);
    AUTO(fd_close) int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return diag_say(&cli->diag, STATUS_IO, "cli.file.write", log, strerror(errno), NULL);
    pid_t child = run_daemon(cli, arguments, fd);
    if (child < 0)
        return STATUS_IO;
    TRY(wait_answer(cli, child, log));
    print_done(cli, "cli.start.done", "running");
    return STATUS_OK;
}

static pid_t
read_pid(struct cli *cli)
{
    AUTO(fd_close)
    int fd = open(arena_printf(cli->arena, "%s/hansad.pid", cli->home), O_RDONLY | O_CLOEXEC);
    char text[16] = "";
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    long pid = len > 0 ? strtol(text, NULL, 10) : 0;

    return pid > 1 && pid < INT32_MAX ? (pid_t)pid : 0;
}

enum status
home_stop(struct cli *cli, const struct command *command)
{
    int64_t end = now_ms() + STOP_SECONDS * 1000;
    pid_t pid = is_running(cli) ? read_pid(cli) : 0; /* an old pid may be someone else by now */

    (void)command;
    if (pid == 0)
        return diag_say(&cli->diag, STATUS_CONFLICT, "cli.stop.none", cli->home, NULL);
    if (kill(pid, SIGTERM) != 0)
        return diag_say(&cli->diag, STATUS_DENIED, "cli.stop.denied", strerror(errno), NULL);
    while (is_running(cli)) {
        if (now_ms() > end)
            return diag_say(&cli->diag, STATUS_BUSY, "cli.stop.slow", cli->home, NULL);
        wait_a_little();
    }
    print_done(cli, "cli.stop.done", "stopped");
    return STATUS_OK;
}

/* ---- keys ---- */

static const struct reason key_reasons[] = {
    { STATUS_BUSY, "cli.key.busy" },         { STATUS_CONFLICT, "cli.key.waits" },
    { STATUS_DENIED, "cli.key.denied" },     { STATUS_LOCKED, "cli.key.locked" },
    { STATUS_NOT_FOUND, "cli.key.no_root" }, { 0 },
};

static enum status
run_keys(struct cli *cli, const struct command *command, const char *const *arguments)
{
    static const char *const files[] = { "root", "root-passphrase-file", "passphrase-file" };

    for (size_t i = 0; i < COUNT_OF(files); i++)
        TRY(check_file(cli, command, files[i]));
    return run_with_keys(cli, arguments, cli->home, key_reasons, "cli.key.failed");
}

static const char *
file_of(struct cli *cli, const struct command *command, const char *name)
{
    const char *path = argument(command, name);

    return path != NULL ? absolute(cli, path) : NULL;
}

static bool
is_adopted(struct cli *cli)
{
    return access(arena_printf(cli->arena, "%s/keys.next", cli->home), F_OK) != 0 &&
           client_is_answered(cli);
}

/* A running node ends its processes and starts them with the new keys. */
static enum status
adopt(struct cli *cli, bool is_stolen)
{
    const char *now = is_stolen ? "cli.key.rotated_stolen" : "cli.key.rotated";
    const char *later = is_stolen ? "cli.key.next_start_stolen" : "cli.key.next_start";
    int64_t end = now_ms() + START_SECONDS * 1000;
    pid_t pid = is_running(cli) ? read_pid(cli) : 0;

    if (pid == 0) {
        print_done(cli, later, "prepared");
        return STATUS_OK;
    }
    if (kill(pid, SIGUSR1) != 0)
        return diag_say(&cli->diag, STATUS_DENIED, "cli.stop.denied", strerror(errno), NULL);
    while (!is_adopted(cli)) {
        if (!is_running(cli)) { /* it was ending when we asked */
            print_done(cli, later, "prepared");
            return STATUS_OK;
        }
        if (now_ms() > end)
            return diag_say(&cli->diag, STATUS_BUSY, "cli.start.slow",
                            arena_printf(cli->arena, "%s/log", cli->home), NULL);
        wait_a_little();
    }
    print_done(cli, now, "rotated");
    return STATUS_OK;
}

enum status
home_key_rotate(struct cli *cli, const struct command *command)
{
    static const char *const flags[] = { "signing", "sealing", "transport", "stolen" };
    static const char *const files[] = { "root", "root-passphrase-file", "passphrase-file" };
    const char *arguments[16] = { "hansad", "--home", absolute(cli, cli->home), "--rotate" };
    size_t n = 4;

    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (json_is_true(json_object_get(command->args, flags[i])))
            arguments[n++] = arena_printf(cli->arena, "--%s", flags[i]);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (file_of(cli, command, files[i]) != NULL) {
            arguments[n++] = arena_printf(cli->arena, "--%s", files[i]);
            arguments[n++] = file_of(cli, command, files[i]);
        }
    TRY(run_keys(cli, command, arguments));
    return adopt(cli, json_is_true(json_object_get(command->args, "stolen")));
}

enum status
home_key_take_root(struct cli *cli, const struct command *command)
{
    const char *passphrase = file_of(cli, command, "passphrase-file");
    const char *arguments[] = {
        "hansad",
        "--home",
        absolute(cli, cli->home),
        "--take-root",
        file_of(cli, command, "to"),
        "--root-passphrase-file",
        file_of(cli, command, "root-passphrase-file"),
        passphrase != NULL ? "--passphrase-file" : NULL,
        passphrase,
        NULL,
    };

    TRY(run_keys(cli, command, arguments));
    print_done(cli, "cli.key.taken", "taken");
    return STATUS_OK;
}
