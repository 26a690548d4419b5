/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/render.h"
#include "schema/base/cleanup.h"

enum { POLL_MS = 200, BAR_CELLS = 30 };

static volatile sig_atomic_t is_interrupted;

static void
on_interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

static void
catch_interrupt(void)
{
    struct sigaction action = { .sa_handler =
                                    on_interrupt }; /* without SA_RESTART: waiting ends */

    is_interrupted = 0;
    (void)sigaction(SIGINT, &action, NULL);
}

static json_int_t
number_of(const json_t *job, const char *name)
{
    return json_integer_value(json_object_get(job, name));
}

void
job_progress(struct cli *cli, json_int_t done, json_int_t total)
{
    static json_int_t shown = -1;
    const char *counts =
        total > 0 ? arena_printf(cli->arena, "%lld/%lld", (long long)done, (long long)total)
                  : arena_printf(cli->arena, "%lld", (long long)done);
    char bar[BAR_CELLS + 1];

    if (cli->is_json || done == shown)
        return;
    shown = done;
    if (!render_is_rich(stderr)) {
        (void)fprintf(stderr, "%s\n", counts);
        return;
    }
    size_t filled = total > 0 && done <= total ? (size_t)(done * BAR_CELLS / total) : 0;
    memset(bar, '#', filled);
    memset(bar + filled, '.', BAR_CELLS - filled);
    bar[BAR_CELLS] = '\0';
    (void)fprintf(stderr, "\r[%s] %s\x1b[K", bar, counts);
}

static bool
is_under_way(const json_t *job)
{
    const char *state = json_string_value(json_object_get(job, "state"));

    return state != NULL && strcmp(state, "running") == 0;
}

static void
wait_a_little(void)
{
    struct timespec pause = { .tv_nsec = POLL_MS * 1000 * 1000 };

    (void)nanosleep(&pause, NULL);
}

/* A failed job names its status in "code" and says it in "problem". */
static enum status
status_of(struct cli *cli, const json_t *job)
{
    const char *state = json_string_value(json_object_get(job, "state"));
    const char *code = json_string_value(json_object_get(job, "code"));
    const char *problem = json_string_value(json_object_get(job, "problem"));
    enum status status = code != NULL ? status_find(code) : STATUS_COUNT_;

    if (state != NULL && strcmp(state, "failed") == 0)
        return diag_say(&cli->diag, status != STATUS_COUNT_ ? status : STATUS_INTERNAL,
                        "cli.job.failed", problem != NULL ? problem : "-", NULL);
    if (state != NULL && strcmp(state, "stopped") == 0)
        return diag_say(&cli->diag, STATUS_STOPPED, "cli.job.stopped", NULL);
    return STATUS_OK;
}

static enum status
leave(struct cli *cli, const char *id)
{
    return diag_say(&cli->diag, STATUS_STOPPED, "cli.job.left", id, NULL);
}

enum status
job_follow(struct cli *cli, const json_t *started, json_t **reply)
{
    json_t *id = json_object_get(started, "job");
    const char *text = json_is_string(id) ? json_string_value(id)
                                          : arena_printf(cli->arena, "%lld",
                                                         (long long)json_integer_value(id));
    struct command show = { .service = service_find("job.show"),
                            .args = json_pack("{ss}", "job", text) };
    enum status status = STATUS_OK;

    *reply = NULL;
    catch_interrupt();
    while (status == STATUS_OK && is_interrupted == 0) {
        json_decref(*reply);
        status = client_ask(cli, &show, reply);
        if (status == STATUS_OK)
            job_progress(cli, number_of(*reply, "done"), number_of(*reply, "total"));
        if (status != STATUS_OK || !is_under_way(*reply))
            break;
        wait_a_little();
    }
    if (!cli->is_json && render_is_rich(stderr))
        (void)fputc('\n', stderr);
    command_fini(&show);
    if (status != STATUS_OK)
        return status;
    if (is_under_way(*reply)) {
        json_decref(*reply);
        *reply = NULL;
        return leave(cli, text);
    }
    return status_of(cli, *reply);
}
