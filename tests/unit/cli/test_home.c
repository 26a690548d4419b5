/* SPDX-License-Identifier: Apache-2.0
 *
 * init, start and stop with a hansad that only writes down how it was called.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/home.h"
#include "cli/run.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

enum { WORDS_MAX = 16 };

struct world {
    char dir[64], home[128], called[128], script[128], log[160];
    struct cli cli;
};

static void
world_make(struct check *t, struct world *w, const char *script)
{
    *w = (struct world){ .dir = "/tmp/hansa-home-XXXXXX" };
    CHECK(t, "a folder for the test", mkdtemp(w->dir) != NULL);
    (void)snprintf(w->home, sizeof(w->home), "%s/home", w->dir);
    (void)snprintf(w->called, sizeof(w->called), "%s/called", w->dir);
    (void)snprintf(w->script, sizeof(w->script), "%s/hansad", w->dir);
    (void)snprintf(w->log, sizeof(w->log), "%s/log", w->home);
    FILE *f = fopen(w->script, "we");
    (void)fprintf(f, "#!/bin/sh\necho \"$@\" > %s\n%s\n", w->called, script);
    (void)fclose(f);
    (void)chmod(w->script, 0700);
    (void)setenv("PATH", arena_printf(w->cli.arena = arena_new(0), "%s:/usr/bin:/bin", w->dir),
                 1);
    arena_free(&w->cli.arena);
    cli_init(&w->cli);
    w->cli.language = LANGUAGE_EN;
    w->cli.home = w->home;
    w->cli.is_json = true;
}

static void
world_end(struct world *w)
{
    cli_fini(&w->cli);
    (void)unlink(w->called);
    (void)unlink(w->script);
    (void)unlink(w->log);
    (void)rmdir(w->home);
    (void)rmdir(w->dir);
}

static enum status
run(struct world *w, const char *line)
{
    char *words[WORDS_MAX];
    int count = 0;
    struct command command;
    char *rest = arena_text(w->cli.arena, bytes_text(line));

    for (char *word; count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
        words[count++] = word;
    enum status status = command_parse(&w->cli, count, words, &command);
    if (status == STATUS_OK)
        status = run_command(&w->cli, &command);
    command_fini(&command);
    return status;
}

static bool
was_called(const struct world *w, const char *want)
{
    char line[512] = "";
    FILE *f = fopen(w->called, "re");
    bool is_read = f != NULL && fgets(line, sizeof(line), f) != NULL;

    if (f != NULL)
        (void)fclose(f);
    return is_read && strcmp(line, want) == 0;
}

static void
test_home_is_found(struct check *t)
{
    static const struct {
        const char *why, *hansa, *data, *user, *want;
    } rows[] = {
        { "as the user says", "/h", "/d", "/u", "/h" },
        { "among the user's data", NULL, "/d", "/u", "/d/hansa" },
        { "in the usual place of data", NULL, NULL, "/u", "/u/.local/share/hansa" },
        { "an empty answer is none", "", "", "/u", "/u/.local/share/hansa" },
        { "a relative place of data does not count", NULL, "d", "/u", "/u/.local/share/hansa" },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)unsetenv("HANSA_HOME");
        (void)unsetenv("XDG_DATA_HOME");
        if (rows[i].hansa != NULL)
            (void)setenv("HANSA_HOME", rows[i].hansa, 1);
        if (rows[i].data != NULL)
            (void)setenv("XDG_DATA_HOME", rows[i].data, 1);
        (void)setenv("HOME", rows[i].user, 1);
        CHECK(t, rows[i].why, strcmp(home_default(arena), rows[i].want) == 0);
    }
}

static void
test_init(struct check *t)
{
    static const struct {
        const char *why, *line, *key;
    } wrong[] = {
        { "a country in words", "init --name A --country Germany --listen h:1",
          "cli.init.country" },
        { "a country in small letters", "init --name A --country de --listen h:1",
          "cli.init.country" },
        { "no port", "init --name A --country DE --listen host", "cli.init.listen" },
        { "a port that is none", "init --name A --country DE --listen host:x",
          "cli.init.listen" },
        { "no host", "init --name A --country DE --listen :1", "cli.init.listen" },
        { "another transport", "init --name A --country DE --listen http://h:1",
          "cli.init.listen" },
        { "no name", "init --name= --country DE --listen h:1", "cli.init.name" },
    };
    struct world w;
    char want[512];

    world_make(t, &w, "exit 0");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CHECK(t, wrong[i].why, run(&w, wrong[i].line) == STATUS_USAGE);
        CHECK(t, wrong[i].why, strcmp(w.cli.diag.key, wrong[i].key) == 0);
    }
    CHECK(t, "nothing was begun", access(w.called, F_OK) != 0);
    CHECK(t, "what is right is done",
          run(&w, "init --name Acme --country DE --listen 127.0.0.1:7450 --language zh-Hant "
                  "--passphrase-file p") == STATUS_OK);
    (void)snprintf(
        want, sizeof(want),
        "--init %s --name Acme --country DE --listen tcp://127.0.0.1:7450 --language "
        "zh-Hant --passphrase-file p\n",
        w.home);
    CHECK(t, "by the daemon, with everything said", was_called(&w, want));
    world_end(&w);
}

static void
test_init_fails(struct check *t)
{
    static const struct {
        const char *why, *script, *says;
        enum status want;
    } rows[] = {
        { "its sentence comes out",
          "echo '{\"event\":\"x\"}'; echo 'the disk is broken'; exit 74", "the disk is broken",
          STATUS_IO },
        { "the option that it refuses",
          "echo '{\"event\":\"x\",\"option\":\"--listen\"}' >&2; exit 64",
          "--listen: The request is incomplete or wrong.", STATUS_USAGE },
        { "at least the status", "exit 77", "You are not allowed to do this.", STATUS_DENIED },
    };
    struct world w;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world_make(t, &w, rows[i].script);
        CHECK(t, rows[i].why,
              run(&w, "init --name Acme --country DE --listen h:1") == rows[i].want);
        CHECK(t, rows[i].why,
              strcmp(w.cli.diag.key, "cli.init.failed") == 0 &&
                  strcmp(w.cli.diag.args[1], rows[i].says) == 0);
        world_end(&w);
    }
    world_make(t, &w, "exit 0");
    const char *keys = arena_printf(w.cli.arena, "%s/keys", w.home);
    CHECK(t, "a home with keys", mkdir(w.home, 0700) == 0 && mkdir(keys, 0700) == 0);
    CHECK(t, "is not made again",
          run(&w, "init --name Acme --country DE --listen h:1") == STATUS_CONFLICT);
    (void)rmdir(keys);
    world_end(&w);
}

/* The three that a running node reads; or none. */
static void
keep_keys(struct world *w, bool keep)
{
    static const char *const names[] = { "signing", "sealing", "transport" };
    const char *keys = arena_printf(w->cli.arena, "%s/keys", w->home);

    if (keep && mkdir(keys, 0700) != 0)
        abort();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *file = arena_printf(w->cli.arena, "%s/%s.key", keys, names[i]);
        int fd = keep ? open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
        fd_close(&fd);
        if (!keep)
            (void)unlink(file);
    }
    if (!keep)
        (void)rmdir(keys);
}

static void
put_file(struct world *w, const char *name, const char *text)
{
    FILE *f = fopen(arena_printf(w->cli.arena, "%s/%s", w->dir, name), "we");

    (void)fputs(text, f);
    (void)fclose(f);
}

/* What the process with the keys says, and files that are not as they should be, in words of their own. */
static void
test_reasons(struct check *t)
{
    static const struct {
        const char *why, *script, *words;
        enum status want;
        const char *key;
    } rows[] = {
        { "a wrong passphrase", "echo '{\"status\":\"DENIED\"}'; exit 77",
          "restore file --passphrase-file secret", STATUS_DENIED, "cli.backup.denied" },
        { "not a backup", "echo '{\"status\":\"CORRUPT\"}'; exit 74",
          "restore file --passphrase-file secret", STATUS_CORRUPT, "cli.backup.corrupt" },
        { "a home that is in use", "echo '{\"status\":\"CONFLICT\"}'; exit 73",
          "restore file --passphrase-file secret", STATUS_CONFLICT, "cli.backup.occupied" },
        { "a passphrase of line ends", "echo '{\"status\":\"LOCKED\"}'; exit 69",
          "restore file --passphrase-file secret", STATUS_LOCKED, "cli.backup.locked" },
        { "another reason", "echo '{\"status\":\"DISK_FULL\"}'; exit 74",
          "restore file --passphrase-file secret", STATUS_DISK_FULL, "cli.backup.failed" },
        { "a reason that there is not", "echo '{\"status\":\"OK\"}'; exit 74",
          "restore file --passphrase-file secret", STATUS_IO, "cli.backup.failed" },
        { "no passphrase file", "exit 0", "restore file --passphrase-file none", STATUS_USAGE,
          "cli.file.read" },
        { "an empty passphrase file", "exit 0", "restore file --passphrase-file empty",
          STATUS_USAGE, "cli.file.empty" },
        { "no backup", "exit 0", "restore none --passphrase-file secret", STATUS_USAGE,
          "cli.file.read" },
        { "no passphrase file for a backup", "exit 0", "backup new --passphrase-file none",
          STATUS_USAGE, "cli.file.read" },
        { "no passphrase file of the root", "exit 0",
          "key rotate --root file --root-passphrase-file none", STATUS_USAGE, "cli.file.read" },
        { "no file of the root", "exit 0",
          "key rotate --root none --root-passphrase-file secret", STATUS_USAGE,
          "cli.file.read" },
        { "a wrong passphrase of the root", "echo '{\"status\":\"DENIED\"}'; exit 77",
          "key rotate --root file --root-passphrase-file secret", STATUS_DENIED,
          "cli.key.denied" },
    };
    char here[512];
    struct world w;

    CHECK(t, "where we are", getcwd(here, sizeof(here)) != NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        world_make(t, &w, rows[i].script);
        put_file(&w, "file", "x");
        put_file(&w, "secret", "x");
        put_file(&w, "empty", "");
        CHECK(t, rows[i].why, chdir(w.dir) == 0 && run(&w, rows[i].words) == rows[i].want);
        CHECK(t, rows[i].why, strcmp(w.cli.diag.key, rows[i].key) == 0);
        (void)unlink("file");
        (void)unlink("secret");
        (void)unlink("empty");
        (void)chdir(here);
        world_end(&w);
    }
}

/* Asked before the node is, which is none here. */
static void
test_out(struct check *t)
{
    static const struct {
        const char *why, *words;
        enum status want;
    } rows[] = {
        { "a new file", "partner invite --out new", STATUS_CONFIG },
        { "one that is there stays as it is", "partner invite --out file", STATUS_CONFLICT },
        { "unless the user says so", "partner invite --out file --yes", STATUS_CONFIG },
    };
    char here[512];
    struct world w;

    world_make(t, &w, "exit 0");
    put_file(&w, "file", "x");
    CHECK(t, "there", getcwd(here, sizeof(here)) != NULL && chdir(w.dir) == 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, run(&w, rows[i].words) == rows[i].want);
    (void)unlink("file");
    (void)chdir(here);
    world_end(&w);
}

static void
test_start_and_stop(struct check *t)
{
    struct stat st = { 0 };
    struct world w;

    world_make(t, &w, "exit 78");
    CHECK(t, "without a home nothing starts",
          run(&w, "start") == STATUS_CONFIG && strcmp(w.cli.diag.key, "cli.home.none") == 0);
    CHECK(t, "a home", mkdir(w.home, 0700) == 0);
    CHECK(t, "a daemon that ends at once without its keys",
          run(&w, "start") == STATUS_CONFIG &&
              strcmp(w.cli.diag.key, "cli.start.key_lost") == 0);
    keep_keys(&w, true);
    CHECK(t, "a daemon that ends at once is said",
          run(&w, "start") == STATUS_CONFIG && strcmp(w.cli.diag.key, "cli.start.ended") == 0);
    CHECK(t, "its log is private", stat(w.log, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(t, "what does not run cannot be stopped", run(&w, "stop") == STATUS_CONFLICT);
    keep_keys(&w, false);
    world_end(&w);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "home is found", test_home_is_found }, { "init", test_init },
        { "init fails", test_init_fails },       { "reasons", test_reasons },
        { "files to write", test_out },          { "start and stop", test_start_and_stop },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
