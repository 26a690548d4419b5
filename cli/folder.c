/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/client.h"
#include "cli/io.h"
#include "cli/render.h"
#include "schema/base/cleanup.h"

enum { NAME_MAX_BYTES = 120 };

const char *
folder_name(const char *name, struct arena *arena)
{
    /* What would turn the text around becomes <U+202E>, and then harmless. */
    char *out = arena_text(arena, bytes_text(text_visible(bytes_text(name), arena)));
    size_t len = strlen(out);

    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("/\\:*?\"<>|'`$;&+", *c) != NULL ||
            (c == out && (*c == '.' || *c == '-')))
            *c = '_';
    if (len <= NAME_MAX_BYTES)
        return len > 0 ? out : "_";
    /* The end tells files apart and says what they are. */
    out += len - NAME_MAX_BYTES;
    while (((unsigned char)*out & 0xc0) == 0x80 || *out == '.' || *out == '-')
        out++;
    return out;
}

struct written {
    json_t *names;    /* of files, as members: each once */
    json_t *left_out; /* list */
    json_t *rest;     /* what the last reply says beside files: counts */
};

static void
written_fini(struct written *w)
{
    json_decref(w->names);
    json_decref(w->left_out);
    json_decref(w->rest);
}

static enum status
write_file(struct cli *cli, const char *folder, const json_t *file, struct written *w)
{
    AUTO(io_out_close) struct io_out out = { .fd = -1 };
    const json_t *text = json_object_get(file, "text");
    const char *given = json_string_value(json_object_get(file, "name"));

    if (given == NULL || !json_is_string(text))
        return STATUS_INTERNAL;
    const char *name = folder_name(given, cli->arena);
    for (int i = 2; json_object_get(w->names, name) != NULL; i++)
        name = arena_printf(cli->arena, "%d-%s", i, folder_name(given, cli->arena));
    (void)json_object_set_new(w->names, name, json_true());
    TRY(io_out_open(arena_printf(cli->arena, "%s/%s", folder, name), &cli->diag, &out));
    return io_out_put(&out, bytes_of(json_string_value(text), json_string_length(text)),
                      &cli->diag);
}

static enum status
write_piece(struct cli *cli, const char *folder, json_t *reply, struct written *w)
{
    static const char *const mine[] = { "files", "left_out", "next" };
    const json_t *files = json_object_get(reply, "files");

    for (size_t i = 0; i < json_array_size(files); i++)
        TRY(write_file(cli, folder, json_array_get(files, i), w));
    (void)json_array_extend(w->left_out, json_object_get(reply, "left_out"));
    (void)json_object_update(w->rest, reply);
    for (size_t i = 0; i < COUNT_OF(mine); i++)
        (void)json_object_del(w->rest, mine[i]);
    return STATUS_OK;
}

static void
say_written(struct cli *cli, const struct command *command, const struct written *w)
{
    json_t *names = json_array();
    const char *name;
    json_t *value;

    json_object_foreach(w->names, name, value)(void)
        json_array_append_new(names, json_string(name));
    AUTO(json_decrefp)
    json_t *done = json_pack("{ss so sO}", "folder", command->out, "files", names, "left_out",
                             w->left_out);
    (void)json_object_update_missing(done, w->rest);
    if (cli->is_json) {
        render_json(cli, done, stdout);
        return;
    }
    const char *args[] = { arena_printf(cli->arena, "%zu", json_object_size(w->names)),
                           command->out,
                           arena_printf(cli->arena, "%zu", json_array_size(w->left_out)) };
    (void)fprintf(stderr, "%s\n",
                  text_format(cli->language, "cli.folder.written", args, 3, cli->arena));
    if (json_array_size(w->left_out) > 0)
        (void)json_object_set(w->rest, "left_out", w->left_out);
    if (json_object_size(w->rest) > 0)
        render_reply(cli, command, w->rest, stdout);
}

/* The node gives a piece at a time; with --limit the user asked for one only. */
static enum status
ask_all(struct cli *cli, struct command *command, struct written *w)
{
    bool is_one = json_object_get(command->args, "limit") != NULL;
    const char *next;

    do {
        AUTO(json_decrefp) json_t *reply = NULL;
        TRY(client_ask(cli, command, &reply));
        TRY(write_piece(cli, command->out, reply, w));
        next = json_string_value(json_object_get(reply, "next"));
        if (next != NULL)
            (void)json_object_set_new(command->args, "cursor", json_string(next));
    } while (next != NULL && !is_one);
    return STATUS_OK;
}

enum status
folder_run(struct cli *cli, struct command *command)
{
    AUTO(written_fini)
    struct written w = { .names = json_object(),
                         .left_out = json_array(),
                         .rest = json_object() };
    AUTO(io_out_close) struct io_out probe = { .fd = -1 };

    if (mkdir(command->out, 0700) != 0 && errno != EEXIST)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.file.write", command->out,
                        strerror(errno), NULL);
    /* Before the node is asked: what it marks as invited must find its place here. */
    TRY(io_out_open(arena_printf(cli->arena, "%s/.probe", command->out), &cli->diag, &probe));
    TRY(ask_all(cli, command, &w));
    say_written(cli, command, &w);
    return STATUS_OK;
}
