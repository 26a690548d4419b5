/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/io.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

/* What is left of the command line. */
struct rest {
    char *const *at;
    int left;
    bool only_words; /* after "--" */
};

/* One option as written: --name, --name=value. */
struct option {
    const char *word;
    const char *name;
    const char *value; /* NULL: not after a "=" */
};

static const char *
take_word(struct rest *rest)
{
    rest->left--;
    return *rest->at++;
}

static bool
is_option(const struct rest *rest)
{
    const char *word = rest->left > 0 ? rest->at[0] : "";

    return !rest->only_words && word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

static struct option
option_of(const char *word, struct arena *arena)
{
    size_t dashes = word[1] == '-' ? 2 : 1;
    size_t len = strcspn(word + dashes, "=");
    struct option option = { .word = word,
                             .name = arena_text(arena, bytes_of(word + dashes, len)) };

    if (word[dashes + len] == '=')
        option.value = word + dashes + len + 1;
    if (strcmp(word, "-h") == 0)
        option.name = "help";
    return option;
}

/* The value after "=", or the next word whatever it looks like. */
static enum status
option_value(struct cli *cli, struct rest *rest, struct option *option, const char *example)
{
    if (option->value == NULL && rest->left > 0)
        option->value = take_word(rest);
    if (option->value != NULL)
        return STATUS_OK;
    const char *name = arena_printf(cli->arena, "--%s", option->name);
    return diag_say(&cli->diag, STATUS_USAGE, "cli.option.value", name,
                    arena_printf(cli->arena, "%s %s", name, example), NULL);
}

static enum status
say_flag(struct cli *cli, const struct option *option)
{
    return diag_say(&cli->diag, STATUS_USAGE, "cli.option.flag",
                    arena_printf(cli->arena, "--%s", option->name), NULL);
}

/* ---- global options ---- */

enum global {
    GLOBAL_HOME,
    GLOBAL_LANGUAGE,
    GLOBAL_JSON,
    GLOBAL_YES,
    GLOBAL_HELP,
    GLOBAL_COUNT_
};

static const struct {
    const char *name;
    const char *example; /* NULL: takes no value */
    bool may_be_field;   /* after a verb that takes fields it is a field of the record */
} globals[GLOBAL_COUNT_] = {
    [GLOBAL_HOME] = { "home", "~/acme", false },
    [GLOBAL_LANGUAGE] = { "language", "zh-Hans", true },
    [GLOBAL_JSON] = { "json", NULL, false },
    [GLOBAL_YES] = { "yes", NULL, false },
    [GLOBAL_HELP] = { "help", NULL, false },
};

static enum global
global_find(const char *name, bool takes_fields)
{
    int i = 0;

    while (i < GLOBAL_COUNT_ &&
           (strcmp(globals[i].name, name) != 0 || (takes_fields && globals[i].may_be_field)))
        i++;
    return (enum global)i;
}

static enum status
take_global(struct cli *cli, struct rest *rest, struct option *option, enum global global)
{
    if (globals[global].example == NULL && option->value != NULL)
        return say_flag(cli, option);
    if (globals[global].example != NULL)
        TRY(option_value(cli, rest, option, globals[global].example));
    if (global == GLOBAL_HOME)
        cli->home = option->value;
    if (global == GLOBAL_LANGUAGE)
        cli->language = language_of(option->value);
    cli->is_json |= global == GLOBAL_JSON;
    cli->is_yes |= global == GLOBAL_YES;
    cli->wants_help |= global == GLOBAL_HELP;
    return STATUS_OK;
}

/* Stops at the first word and at the first option that is not global. */
static enum status
take_globals(struct cli *cli, struct rest *rest)
{
    while (is_option(rest)) {
        struct option option = option_of(rest->at[0], cli->arena);
        enum global global = global_find(option.name, false);
        if (global == GLOBAL_COUNT_)
            return STATUS_OK;
        (void)take_word(rest);
        TRY(take_global(cli, rest, &option, global));
    }
    return STATUS_OK;
}

/* ---- values ---- */

static enum status
say_wrong(struct cli *cli, const struct command *command, const char *key, const char *what)
{
    return diag_say(&cli->diag, STATUS_USAGE, key, what,
                    words_example(cli, command->service, command->type), NULL);
}

static enum status
put_integer(struct cli *cli, struct command *command, const struct service_param *param,
            const char *text)
{
    char *end = NULL;
    size_t digits = strspn(text + (text[0] == '-'), "0123456789");

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (digits == 0 || *end != '\0' || errno != 0)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.value.integer", param->name,
                        param->example, NULL);
    (void)json_object_set_new(command->args, param->name, json_integer(value));
    return STATUS_OK;
}

static void
put_list(struct command *command, const struct service_param *param, const char *text,
         struct arena *arena)
{
    json_t *list = json_object_get(command->args, param->name);
    char *rest = arena_text(arena, bytes_text(text));

    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(command->args, param->name, list);
    }
    for (char *item; (item = strsep(&rest, ",")) != NULL;)
        if (item[0] != '\0')
            (void)json_array_append_new(list, json_string(item));
}

static enum status
put_file(struct cli *cli, struct command *command, const struct service_param *param,
         const char *path)
{
    struct bytes text;

    TRY(io_read(path, HTTP_FILE_MAX, cli->arena, &cli->diag, &text));
    if (!utf8_is_valid(text) || (text.len > 0 && memchr(text.data, 0, text.len) != NULL))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.file.text", path, NULL);
    (void)json_object_set_new(command->args, param->name,
                              json_stringn((const char *)text.data, text.len));
    return STATUS_OK;
}

static enum status
put_value(struct cli *cli, struct command *command, const struct service_param *param,
          const char *text)
{
    bool is_there = command->upload != NULL && param->kind == PARAM_UPLOAD;

    is_there = is_there || json_object_get(command->args, param->name) != NULL;
    if (is_there && param->kind != PARAM_LIST)
        return say_wrong(cli, command, "cli.twice", param->name);
    if (!utf8_is_valid(bytes_text(text)))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.value.utf8", param->name, NULL);
    switch (param->kind) {
    case PARAM_TEXT:
        (void)json_object_set_new(command->args, param->name, json_string(text));
        return STATUS_OK;
    case PARAM_INTEGER:
        return put_integer(cli, command, param, text);
    case PARAM_BOOLEAN:
        (void)json_object_set_new(command->args, param->name, json_true());
        return STATUS_OK;
    case PARAM_LIST:
        put_list(command, param, text, cli->arena);
        return STATUS_OK;
    case PARAM_FILE:
        return put_file(cli, command, param, text);
    case PARAM_UPLOAD:
        command->upload = text;
        return STATUS_OK;
    case PARAM_FIELDS:
        break;
    }
    return STATUS_INTERNAL;
}

/* ---- the service's own options and positionals ---- */

bool
command_is_positional(const struct service_param *param, const char *type)
{
    if ((param->flags & PARAM_TYPE_NOUN) != 0)
        return type == NULL; /* `hansa record list contact` */
    return (param->flags & PARAM_POSITIONAL) != 0;
}

/* --FIELD VALUE */
static enum status
take_field(struct cli *cli, struct rest *rest, struct command *command, struct option *option)
{
    const struct service_param *param = words_fields(command->service);
    json_t *fields = json_object_get(command->args, param->name);

    TRY(option_value(cli, rest, option, "..."));
    if (!utf8_is_valid(bytes_text(option->name)) || !utf8_is_valid(bytes_text(option->value)))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.value.utf8", option->name, NULL);
    if (fields == NULL) {
        fields = json_object();
        (void)json_object_set_new(command->args, param->name, fields);
    }
    if (json_object_get(fields, option->name) != NULL)
        return say_wrong(cli, command, "cli.twice", option->word);
    (void)json_object_set_new(fields, option->name, json_string(option->value));
    return STATUS_OK;
}

/* The parameter that an option of this name fills, or NULL. */
static const struct service_param *
option_param(const struct command *command, const char *name)
{
    const struct service_param *param = words_param(command->service, name);
    bool is_option = param != NULL && param->kind != PARAM_FIELDS &&
                     (param->flags & PARAM_TYPE_NOUN) == 0 &&
                     !command_is_positional(param, command->type);

    return is_option ? param : NULL;
}

static enum status
take_option(struct cli *cli, struct rest *rest, struct command *command)
{
    struct option option = option_of(take_word(rest), cli->arena);
    const struct service_param *param = option_param(command, option.name);
    bool takes_fields = words_fields(command->service) != NULL;
    enum global global = global_find(option.name, takes_fields);

    if (param != NULL && param->kind == PARAM_BOOLEAN)
        return option.value != NULL ? say_flag(cli, &option)
                                    : put_value(cli, command, param, "");
    if (param != NULL) {
        TRY(option_value(cli, rest, &option, param->example != NULL ? param->example : "..."));
        return put_value(cli, command, param, option.value);
    }
    if (global != GLOBAL_COUNT_)
        return take_global(cli, rest, &option, global);
    bool is_folder = command->service->shape == REPLY_FILES;
    if ((command->service->shape == REPLY_FILE || is_folder) &&
        strcmp(option.name, "out") == 0) {
        TRY(option_value(cli, rest, &option, is_folder ? "invitations" : "acme.invite"));
        command->out = option.value;
        return STATUS_OK;
    }
    if (takes_fields && strncmp(option.word, "--", 2) == 0)
        return take_field(cli, rest, command, &option);
    return say_wrong(cli, command, "cli.option.unknown", option.word);
}

static enum status
take_positional(struct cli *cli, struct rest *rest, struct command *command)
{
    const char *word = take_word(rest);
    const struct service *service = command->service;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        bool is_free = param->kind == PARAM_UPLOAD
                           ? command->upload == NULL
                           : json_object_get(command->args, param->name) == NULL;
        if (!command_is_positional(param, command->type) ||
            (!is_free && param->kind != PARAM_LIST))
            continue;
        if (word[0] == '\0') /* a shell variable that was not set */
            return say_wrong(cli, command, "cli.missing", param->name);
        return put_value(cli, command, param, word);
    }
    return say_wrong(cli, command, "cli.extra", word);
}

static enum status
check_complete(struct cli *cli, const struct command *command)
{
    const struct service *service = command->service;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        bool is_there = param->kind == PARAM_UPLOAD
                            ? command->upload != NULL
                            : json_object_get(command->args, param->name) != NULL;
        if ((param->flags & PARAM_REQUIRED) == 0 || is_there)
            continue;
        if (command_is_positional(param, command->type) || param->kind == PARAM_FIELDS)
            return say_wrong(cli, command, "cli.missing", param->name);
        return say_wrong(cli, command, "cli.missing",
                         arena_printf(cli->arena, "--%s", param->name));
    }
    return STATUS_OK;
}

static enum status
take_arguments(struct cli *cli, struct rest *rest, struct command *command)
{
    while (rest->left > 0) {
        if (!rest->only_words && strcmp(rest->at[0], "--") == 0) {
            rest->only_words = true;
            (void)take_word(rest);
        } else if (is_option(rest)) {
            TRY(take_option(cli, rest, command));
        } else {
            TRY(take_positional(cli, rest, command));
        }
    }
    return cli->wants_help ? STATUS_OK : check_complete(cli, command);
}

/* Noun and verb, with global options allowed before each. */
static enum status
take_service(struct cli *cli, struct rest *rest, struct command *command)
{
    const char *words[2] = { NULL, NULL };
    int used = 0;

    words[0] = take_word(rest);
    TRY(take_globals(cli, rest));
    if (rest->left > 0 && rest->at[0][0] != '-')
        words[1] = rest->at[0];
    enum status found = words_find(cli, words, words[1] != NULL ? 2 : 1, &used, &command->type,
                                   &command->service);
    if (found != STATUS_OK)
        return cli->wants_help ? STATUS_OK : found;
    if (used == 2)
        (void)take_word(rest);
    return STATUS_OK;
}

enum status
command_parse(struct cli *cli, int argc, char *const *argv, struct command *out)
{
    struct rest rest = { .at = argv, .left = argc };

    *out = (struct command){ .args = json_object() };
    TRY(take_globals(cli, &rest));
    if (rest.left == 0)
        return STATUS_OK;
    if (rest.at[0][0] == '-')
        return diag_say(&cli->diag, STATUS_USAGE, "cli.option.early", rest.at[0], NULL);
    TRY(take_service(cli, &rest, out));
    if (out->service == NULL)
        return STATUS_OK;
    if (out->type != NULL)
        (void)json_object_set_new(out->args, out->service->params[0].name,
                                  json_string(out->type));
    return take_arguments(cli, &rest, out);
}

void
command_fini(struct command *command)
{
    json_decref(command->args);
    command->args = NULL;
}
