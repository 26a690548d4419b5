/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/file.h"

#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/io.h"
#include "cli/job.h"
#include "cli/render.h"
#include "schema/base/cleanup.h"

static json_int_t
number_of(const json_t *reply, const char *name)
{
    return json_integer_value(json_object_get(reply, name));
}

static enum status
put_part(struct cli *cli, const struct command *command, struct io_out *file,
         const json_t *reply)
{
    const json_t *text = json_object_get(reply, "text");

    if (command->out == NULL) {
        render_reply(cli, command, reply, stdout);
        return STATUS_OK;
    }
    return !json_is_string(text)
               ? STATUS_INTERNAL
               : io_out_add(file, bytes_of(json_string_value(text), json_string_length(text)),
                            &cli->diag);
}

/* What the node says of the file beside its text. */
static void
say_written(struct cli *cli, const struct command *command, json_t *reply)
{
    static const char *const mine[] = { "text", "next", "total" };
    AUTO(json_decrefp) json_t *next = json_incref(json_object_get(reply, "next"));
    bool counts = json_object_get(reply, "rows") != NULL;

    for (size_t i = 0; i < COUNT_OF(mine); i++)
        (void)json_object_del(reply, mine[i]);
    if (cli->is_json) {
        AUTO(json_decrefp) json_t *done = json_pack("{ss}", "file", command->out);
        (void)json_object_update(done, counts ? reply : NULL);
        if (json_is_string(next))
            (void)json_object_set(done, "next", next);
        render_json(cli, done, stdout);
        return;
    }
    (void)fprintf(stderr, "%s\n", cli_text(cli, "cli.written", command->out));
    if (counts)
        render_reply(cli, command, reply, stdout);
    if (json_is_string(next))
        (void)fprintf(stderr, "%s\n", cli_text(cli, "cli.out.more", json_string_value(next)));
}

/* The next part, onto the end of the file. *next: NULL when it was the last. */
static enum status
run_part(struct cli *cli, struct command *command, struct io_out *file, json_t **reply,
         const char **next)
{
    json_decref(*reply);
    *reply = NULL;
    TRY(client_ask(cli, command, reply));
    TRY(put_part(cli, command, file, *reply));
    *next = json_string_value(json_object_get(*reply, "next"));
    if (*next == NULL)
        return STATUS_OK;
    (void)json_object_set_new(command->args, "cursor", json_string(*next));
    if (command->out != NULL)
        job_progress(cli, number_of(*reply, "rows"), number_of(*reply, "total"));
    return STATUS_OK;
}

enum status
file_run(struct cli *cli, struct command *command)
{
    AUTO(io_out_close) struct io_out file = { .fd = -1 };
    AUTO(json_decrefp) json_t *reply = NULL;
    bool is_one = json_object_get(command->args, "limit") != NULL, is_long = false;
    bool is_text = command->out != NULL || !cli->is_json;
    const char *next;

    if (command->out != NULL && !cli->is_yes && access(command->out, F_OK) == 0)
        return diag_say(&cli->diag, STATUS_CONFLICT, "cli.out.exists", command->out, NULL);
    if (command->out != NULL)
        TRY(io_out_open(command->out, &cli->diag, &file));
    do {
        TRY(run_part(cli, command, &file, &reply, &next));
        is_long = is_long || next != NULL;
    } while (next != NULL && !is_one && is_text);
    if (command->out == NULL)
        return STATUS_OK;
    if (is_long && !cli->is_json && render_is_rich(stderr))
        (void)fputc('\n', stderr);
    TRY(io_out_put(&file, (struct bytes){ 0 }, &cli->diag));
    say_written(cli, command, reply);
    return STATUS_OK;
}
