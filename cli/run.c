/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/file.h"
#include "cli/folder.h"
#include "cli/help.h"
#include "cli/home.h"
#include "cli/job.h"
#include "cli/render.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"

/* ---- questions ---- */

static bool
needs_answer(const struct cli *cli, const struct command *command)
{
    return words_param(command->service, "preview") != NULL &&
           json_object_get(command->args, "preview") == NULL && !cli->is_yes && !cli->is_json &&
           isatty(STDIN_FILENO) == 1;
}

/* Show what would happen, on standard error, and ask. */
static enum status
ask_person(struct cli *cli, struct command *command)
{
    AUTO(json_decrefp) json_t *preview = NULL;
    char line[16] = "";

    (void)json_object_set_new(command->args, "preview", json_true());
    enum status status = client_ask(cli, command, &preview);
    (void)json_object_del(command->args, "preview");
    TRY(status);
    render_reply(cli, command, preview, stderr);
    (void)fprintf(stderr, "%s ", cli_text(cli, "cli.ask", NULL));
    if (fgets(line, sizeof(line), stdin) == NULL || (line[0] != 'y' && line[0] != 'Y'))
        return diag_say(&cli->diag, STATUS_STOPPED, "cli.ask.no", NULL);
    return STATUS_OK;
}

/* ---- replies ---- */

static enum status
run_job(struct cli *cli, const struct command *command, const json_t *started)
{
    AUTO(json_decrefp) json_t *job = NULL;
    enum status status = job_follow(cli, started, &job);

    if (job != NULL)
        render_reply(cli, command, job, stdout);
    return status;
}

static enum status
run_service(struct cli *cli, struct command *command)
{
    AUTO(json_decrefp) json_t *reply = NULL;

    bool is_folder = command->service->shape == REPLY_FILES &&
                     json_object_get(command->args, "preview") == NULL;

    if (is_folder && command->out == NULL) /* before anything is asked or marked */
        return diag_say(&cli->diag, STATUS_USAGE, "cli.missing", "--out DIR",
                        words_example(cli, command->service, command->type), NULL);
    if (needs_answer(cli, command))
        TRY(ask_person(cli, command));
    if (is_folder)
        return folder_run(cli, command);
    if (command->service->shape == REPLY_FILE &&
        json_object_get(command->args, "preview") == NULL)
        return file_run(cli, command);
    TRY(client_ask(cli, command, &reply));
    if (command->service->shape == REPLY_JOB && json_object_get(reply, "job") != NULL)
        return run_job(cli, command, reply);
    render_reply(cli, command, reply, stdout);
    return STATUS_OK;
}

enum status
run_command(struct cli *cli, struct command *command)
{
    static const struct {
        const char *name;
        enum status (*run)(struct cli *cli, const struct command *command);
    } builtins[] = {
        { "init", home_init },
        { "start", home_start },
        { "stop", home_stop },
        { "backup", home_backup },
        { "restore", home_restore },
        { "key.rotate", home_key_rotate },
        { "key.take-root", home_key_take_root },
        { "help", help_words },
    };

    if (command->service == NULL || cli->wants_help) {
        help_print(cli, command->service, command->type, stdout);
        return STATUS_OK;
    }
    for (size_t i = 0; i < COUNT_OF(builtins); i++)
        if (strcmp(builtins[i].name, command->service->name) == 0)
            return builtins[i].run(cli, command);
    return run_service(cli, command);
}
