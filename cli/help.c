/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/table.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"

enum { SUMMARY_COLUMN = 30 };

const char *
help_summary(struct cli *cli, const struct service *service)
{
    return text_get(cli->language, arena_printf(cli->arena, "service.%s", service->name));
}

const char *
help_param(struct cli *cli, const struct service *service, const struct service_param *param)
{
    return text_get(cli->language,
                    arena_printf(cli->arena, "service.%s.%s", service->name, param->name));
}

static void
print_pair(const char *left, const char *right, FILE *out)
{
    size_t used = table_width(left);

    (void)fprintf(out, "  %s", left);
    if (used >= SUMMARY_COLUMN) {
        (void)fputc('\n', out);
        table_pad(0, SUMMARY_COLUMN + 2, out);
        used = SUMMARY_COLUMN;
    }
    table_pad(used, SUMMARY_COLUMN, out);
    (void)fprintf(out, "%s\n", right);
}

/* "RECORDS..." for a word, "--until 2027-06-30" for an option. */
static const char *
param_words(struct cli *cli, const struct service_param *param, const char *type)
{
    const char *example = param->example != NULL ? param->example : "...";

    if (param->kind == PARAM_FIELDS)
        return "--FIELD VALUE";
    if (command_is_positional(param, type))
        return arena_printf(cli->arena, "%s%s", param->name,
                            param->kind == PARAM_LIST ? "..." : "");
    if (param->kind == PARAM_BOOLEAN)
        return arena_printf(cli->arena, "--%s", param->name);
    return arena_printf(cli->arena, "--%s %s", param->name, example);
}

static void
print_options(struct cli *cli, FILE *out)
{
    static const struct {
        const char *words, *key;
    } options[] = {
        { "--home DIR", "cli.help.home" },
        { "--json", "cli.help.json" },
        { "--language TAG", "cli.help.language" },
        { "--yes", "cli.help.yes" },
        { "--help", "cli.help.help" },
    };

    (void)fprintf(out, "\n%s\n", cli_text(cli, "cli.help.everywhere", NULL));
    for (size_t i = 0; i < COUNT_OF(options); i++)
        print_pair(options[i].words, cli_text(cli, options[i].key, NULL), out);
}

static void
print_types(struct cli *cli, FILE *out)
{
    const struct dictionary *types = cli_dictionary(cli);
    const char *names = "";

    for (size_t i = 0; i < dictionary_count(types); i++)
        names = arena_printf(cli->arena, "%s%s%s", names, i > 0 ? ", " : "",
                             dictionary_type(types, i)->name);
    (void)fprintf(out, "\n%s\n", cli_text(cli, "cli.help.types", names));
}

static void
print_overview(struct cli *cli, FILE *out)
{
    const struct service *service;

    (void)fprintf(out, "%s\n\n", cli_text(cli, "cli.help.usage", NULL));
    for (size_t i = 0; (service = words_service(i)) != NULL; i++)
        print_pair(words_command(cli, service, NULL), help_summary(cli, service), out);
    print_types(cli, out);
    print_options(cli, out);
    (void)fprintf(out, "\n%s\n", cli_text(cli, "cli.help.more", NULL));
}

/* The fields that a type of the common schema has. */
static void
print_fields(struct cli *cli, const char *type, FILE *out)
{
    const struct type *known =
        type != NULL ? dictionary_find_name(cli_dictionary(cli), type) : NULL;

    for (size_t i = 0; known != NULL && i < known->field_count; i++)
        print_pair(arena_printf(cli->arena, "--%s", known->fields[i].name),
                   known->fields[i].label[cli->language], out);
}

void
help_print(struct cli *cli, const struct service *service, const char *type, FILE *out)
{
    if (service == NULL) {
        print_overview(cli, out);
        return;
    }
    (void)fprintf(out, "%s\n%s\n\n", words_command(cli, service, type),
                  help_summary(cli, service));
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        if ((param->flags & PARAM_TYPE_NOUN) != 0 && type != NULL)
            continue;
        bool is_optional = (param->flags & PARAM_REQUIRED) == 0;
        const char *words = param_words(cli, param, type);
        print_pair(is_optional ? arena_printf(cli->arena, "[%s]", words) : words,
                   help_param(cli, service, param), out);
        if (param->kind == PARAM_FIELDS)
            print_fields(cli, type, out);
    }
    if (service->shape == REPLY_FILE)
        print_pair("[--out FILE]", cli_text(cli, "cli.help.out", NULL), out);
    if (service->shape == REPLY_FILES)
        print_pair("--out DIR", cli_text(cli, "cli.help.folder", NULL), out);
    print_options(cli, out);
    (void)fprintf(out, "\n%s\n  %s\n", cli_text(cli, "cli.help.example", NULL),
                  words_example(cli, service, type));
}

enum status
help_words(struct cli *cli, const struct command *command)
{
    const json_t *list = json_object_get(command->args, "words");
    const char *words[2] = { json_string_value(json_array_get(list, 0)),
                             json_string_value(json_array_get(list, 1)) };
    const struct service *service = NULL;
    const char *type = NULL;
    int used = 0;

    if (words[0] != NULL)
        TRY(words_find(cli, words, words[1] != NULL ? 2 : 1, &used, &type, &service));
    help_print(cli, service, type, stdout);
    return STATUS_OK;
}
