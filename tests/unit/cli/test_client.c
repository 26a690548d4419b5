/* SPDX-License-Identifier: Apache-2.0
 *
 * The command against the node's real server: what one sends, the other must understand.
 */
#include <fcntl.h>

#include "cli/client.h"
#include "cli/job.h"
#include "cli/run.h"
#include "cli/target.h"
#include "cli/words.h"
#include "node/http_route.h"
#include "tests/unit/node/http_fake.h"

/* ---- a command's arguments come out of the node's routing as they went in ---- */

/* Texts that need care in a path, a query or JSON. */
static const char *const texts[] = { "k4fzq2", "Müller & Co/KG", "a+b c%20d", "?x=1#y",
                                     "王小明", "\"\\",           "..",        "-" };

static json_t *
value_for(enum param_kind kind, const char *text)
{
    switch (kind) {
    case PARAM_TEXT:
    case PARAM_FILE:
        return json_string(text);
    case PARAM_INTEGER:
        return json_integer(-7);
    case PARAM_BOOLEAN:
        return json_true();
    case PARAM_LIST:
        return json_pack("[ss]", text, "second");
    case PARAM_FIELDS:
        return json_pack("{ssss}", "name", text, "given name", "x");
    case PARAM_UPLOAD:
        break;
    }
    return NULL;
}

static void
check_round_trip(struct check *t, const struct service *service, const char *text)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct command command = { .service = service, .args = json_object() };
    struct http_route route;
    struct diag diag;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (service->params[i].kind != PARAM_UPLOAD)
            (void)json_object_set_new(command.args, service->params[i].name,
                                      value_for(service->params[i].kind, text));
    const char *target = target_format(&command, arena);
    AUTO(json_decrefp) json_t *body = target_body(&command);
    CHECK(t, service->name,
          http_route_find(service->method, target, arena, &diag, &route) == STATUS_OK);
    CHECK(t, service->name, route.service == service);
    CHECK(t, service->name, (body != NULL) == http_route_has_body(service));
    if (body != NULL && route.args != NULL) {
        AUTO(xfree) char *sent = json_dumps(body, 0);
        CHECK(t, service->name,
              http_route_body(service, bytes_text(sent), route.args, &diag) == STATUS_OK);
    }
    CHECK(t, service->name, json_equal(route.args, command.args));
    json_decref(route.args);
    command_fini(&command);
}

static void
test_arguments_arrive(struct check *t)
{
    for (size_t i = 0; i < service_count(); i++)
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            check_round_trip(t, service_get(i), texts[j]);
}

/* ---- asking ---- */

static void
client_init(struct cli *cli, const struct fake *f)
{
    cli_init(cli);
    cli->language = LANGUAGE_EN;
    cli->home = f->dir;
}

static struct command
command_of(const char *service, json_t *args)
{
    return (struct command){ .service = service_find(service), .args = args };
}

static enum status
ask_service(struct cli *cli, const char *service, json_t *args)
{
    struct command command = command_of(service, args);
    AUTO(json_decrefp) json_t *reply = NULL;
    enum status status = client_ask(cli, &command, &reply);

    command_fini(&command);
    return status;
}

static void
test_answers_become_statuses(struct check *t)
{
    struct fake f;
    struct cli cli;

    fake_start(t, &f);
    client_init(&cli, &f);
    CHECK(t, "a read", ask_service(&cli, "node.status", json_object()) == STATUS_OK);
    CHECK(t, "a write",
          ask_service(&cli, "job.stop", json_pack("{ss}", "job", "3")) == STATUS_OK);
    CHECK(t, "a name that looks like a path",
          ask_service(&cli, "partner.show", json_pack("{ss}", "partner", "..")) == STATUS_OK &&
              strcmp(f.args, "{\"partner\":\"..\"}") == 0);
    for (int status = 1; status < STATUS_COUNT_; status++) {
        f.next = (enum status)status;
        CHECK(t, status_name((enum status)status),
              ask_service(&cli, "node.status", json_object()) == (enum status)status);
        CHECK(t, "its sentence is kept for the user", cli.problem != NULL);
    }
    cli.language = LANGUAGE_ZH_HANT;
    (void)ask_service(&cli, "node.status", json_object());
    CHECK(t, "the node is asked in the user's language", f.language == LANGUAGE_ZH_HANT);
    CHECK(t, "a node that answers is seen", client_is_answered(&cli));
    fake_stop(&f);
    CHECK(t, "no home is said as such",
          ask_service(&cli, "node.status", json_object()) == STATUS_CONFIG);
    cli.home = "/tmp";
    CHECK(t, "no node is said as such",
          ask_service(&cli, "node.status", json_object()) == STATUS_UNREACHABLE);
    CHECK(t, "a node that does not answer is seen", !client_is_answered(&cli));
    char longer[200];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    cli.home = longer;
    CHECK(t, "a home too long for a socket is said as such",
          ask_service(&cli, "node.status", json_object()) == STATUS_CONFIG &&
              strcmp(cli.diag.key, "http.socket.long") == 0);
    cli_fini(&cli);
}

static void
test_uploads_arrive(struct check *t)
{
    enum { LEN = 3000000 };
    char path[] = "/tmp/hansa-upload-XXXXXX";
    AUTO(fd_close) int fd = mkstemp(path);
    struct command command =
        command_of("record.import", json_pack("{ss sb}", "type", "contact", "dry-run", 1));
    json_t *reply = NULL;
    struct fake f;
    struct cli cli;

    fake_start(t, &f);
    client_init(&cli, &f);
    CHECK(t, "a file of some size", ftruncate(fd, LEN) == 0);
    command.upload = path;
    CHECK(t, "an upload is taken", client_ask(&cli, &command, &reply) == STATUS_OK);
    CHECK(t, "whole", f.upload_size == LEN);
    json_decref(reply);
    CHECK(t, "a file of more than may be sent", ftruncate(fd, (off_t)HTTP_UPLOAD_MAX + 1) == 0);
    CHECK(t, "is refused with the reason",
          client_ask(&cli, &command, &reply) == STATUS_TOO_BIG);
    command.upload = "/nowhere";
    CHECK(t, "a file that is not there is said",
          client_ask(&cli, &command, &reply) == STATUS_USAGE);
    command.upload = "/tmp";
    CHECK(t, "so is a folder", client_ask(&cli, &command, &reply) == STATUS_USAGE);
    command_fini(&command);
    cli_fini(&cli);
    fake_stop(&f);
    (void)unlink(path);
}

/* ---- files that are written ---- */

static void
test_file_appears_whole_or_not(struct check *t)
{
    struct command command = command_of("job.bad-rows", json_pack("{ss}", "job", "1"));
    struct stat st = { 0 };
    struct fake f;
    struct cli cli;
    char path[128];

    fake_start(t, &f);
    client_init(&cli, &f);
    (void)snprintf(path, sizeof(path), "%s/kept", f.dir);
    command.out = path;
    f.next = STATUS_NOT_FOUND;
    CHECK(t, "what the node refuses", run_command(&cli, &command) == STATUS_NOT_FOUND);
    CHECK(t, "leaves no file", stat(path, &st) != 0);
    f.next = STATUS_OK;
    f.text = "a,b\n1,2\n";
    CHECK(t, "what it gives", run_command(&cli, &command) == STATUS_OK);
    CHECK(t, "is there whole, for its owner only",
          stat(path, &st) == 0 && st.st_size == 8 && (st.st_mode & 07777) == 0600);
    command.out = "/nowhere/file";
    f.reads = 0;
    CHECK(t, "a place that cannot be written is said",
          run_command(&cli, &command) == STATUS_USAGE);
    CHECK(t, "before the node is asked", f.reads == 0);
    command_fini(&command);
    cli_fini(&cli);
    fake_stop(&f);
}

/* ---- jobs ---- */

static void
test_jobs_are_followed(struct check *t)
{
    static const struct {
        const char *why, *last;
        enum status want;
    } rows[] = {
        { "a job that is done", "{\"state\":\"done\",\"done\":3,\"total\":3}", STATUS_OK },
        { "a job that failed gives its status",
          "{\"state\":\"failed\",\"code\":\"DISK_FULL\",\"problem\":\"full\"}",
          STATUS_DISK_FULL },
        { "a job that failed without one", "{\"state\":\"failed\"}", STATUS_INTERNAL },
        { "a job that somebody stopped", "{\"state\":\"stopped\"}", STATUS_STOPPED },
    };
    AUTO(json_decrefp) json_t *started = json_pack("{si}", "job", 7);
    struct fake f;
    struct cli cli;

    fake_start(t, &f);
    client_init(&cli, &f);
    cli.is_json = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *job = NULL;
        f.reads = 0;
        f.replies[0] = "{\"state\":\"running\",\"done\":0,\"total\":0}";
        f.replies[1] = "{\"state\":\"running\",\"done\":1,\"total\":3}";
        f.replies[2] = rows[i].last;
        CHECK(t, rows[i].why, job_follow(&cli, started, &job) == rows[i].want);
        CHECK(t, "is asked until it ends", f.reads == 3);
        CHECK(t, "by its number", strcmp(f.args, "{\"job\":\"7\"}") == 0);
        json_decref(job);
    }
    fake_stop(&f);
    json_t *job = NULL;
    CHECK(t, "a node that goes away is said",
          job_follow(&cli, started, &job) == STATUS_CONFIG && job == NULL);
    cli_fini(&cli);
}

static void
test_interrupt_leaves_the_job(struct check *t)
{
    AUTO(json_decrefp) json_t *started = json_pack("{ss}", "job", "9");
    struct fake f;
    struct cli cli;
    json_t *job = NULL;

    fake_start(t, &f);
    client_init(&cli, &f);
    cli.is_json = true;
    for (size_t i = 0; i < COUNT_OF(f.replies); i++)
        f.replies[i] = "{\"state\":\"running\",\"done\":1,\"total\":3}";
    f.interrupt_at = 2;
    CHECK(t, "Ctrl-C ends the waiting", job_follow(&cli, started, &job) == STATUS_STOPPED);
    CHECK(t, "and only that", f.writes == 0 && job == NULL);
    CHECK(t, "the user learns how to go on",
          strcmp(cli.diag.key, "cli.job.left") == 0 && strcmp(cli.diag.args[0], "9") == 0);
    cli_fini(&cli);
    fake_stop(&f);
}

/* ---- questions ---- */

/* Standard input becomes a terminal on which somebody has typed this; gives the other side. */
static int
type_at_terminal(const char *typed)
{
    int person = posix_openpt(O_RDWR | O_NOCTTY);

    if (person < 0 || grantpt(person) != 0 || unlockpt(person) != 0)
        return -1;
    AUTO(fd_close) int terminal = open(ptsname(person), O_RDWR | O_NOCTTY);
    (void)dup2(terminal, STDIN_FILENO);
    clearerr(stdin);
    return write(person, typed, strlen(typed)) == (ssize_t)strlen(typed) ? person : -1;
}

static void
test_asks_before_it_is_lost(struct check *t)
{
    static const struct {
        const char *why, *typed;
        bool is_yes;
        enum status want;
        unsigned writes;
        const char *args;
    } rows[] = {
        { "yes means it", "y\n", false, STATUS_OK, 2, "{\"partner\":\"Brio\"}" },
        { "no means not", "n\n", false, STATUS_STOPPED, 1,
          "{\"partner\":\"Brio\",\"preview\":true}" },
        { "and so does anything else", "\n", false, STATUS_STOPPED, 1,
          "{\"partner\":\"Brio\",\"preview\":true}" },
        { "--yes asks nothing", "n\n", true, STATUS_OK, 1, "{\"partner\":\"Brio\"}" },
    };
    struct fake f;
    struct cli cli;

    fake_start(t, &f);
    client_init(&cli, &f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct command command =
            command_of("partner.remove", json_pack("{ss}", "partner", "Brio"));
        AUTO(fd_close) int person = type_at_terminal(rows[i].typed);
        CHECK(t, "there is a terminal", person >= 0 && isatty(STDIN_FILENO) == 1);
        f.writes = 0;
        cli.is_yes = rows[i].is_yes;
        CHECK(t, rows[i].why, run_command(&cli, &command) == rows[i].want);
        CHECK(t, rows[i].why, f.writes == rows[i].writes && strcmp(f.args, rows[i].args) == 0);
        command_fini(&command);
    }
    struct command command = command_of("partner.remove", json_pack("{ss}", "partner", "Brio"));
    AUTO(fd_close) int nothing = open("/dev/null", O_RDONLY);
    (void)dup2(nothing, STDIN_FILENO);
    f.writes = 0;
    cli.is_yes = false;
    CHECK(t, "a script is not asked",
          run_command(&cli, &command) == STATUS_OK && f.writes == 1);
    command_fini(&command);
    cli_fini(&cli);
    fake_stop(&f);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "arguments arrive", test_arguments_arrive },
        { "answers become statuses", test_answers_become_statuses },
        { "uploads arrive", test_uploads_arrive },
        { "file appears whole or not", test_file_appears_whole_or_not },
        { "jobs are followed", test_jobs_are_followed },
        { "interrupt leaves the job", test_interrupt_leaves_the_job },
        { "asks before it is lost", test_asks_before_it_is_lost },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
