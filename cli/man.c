/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"

static void
file_close(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

/* Text as roff: backslashes doubled, hyphens that are typed, no line that starts a request. */
static void
put_roff(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            (void)fputs("\\e", out);
        else if (*text == '-')
            (void)fputs("\\-", out);
        else
            (void)fputc(*text, out);
    }
}

static void
put_section(const char *name, FILE *out)
{
    (void)fprintf(out, ".SH %s\n", name);
}

/* .TP, the words in bold, the help. */
static void
put_item(const char *words, const char *help, FILE *out)
{
    (void)fputs(".TP\n\\fB", out);
    put_roff(words, out);
    (void)fputs("\\fR\n", out);
    put_roff(help, out);
    (void)fputc('\n', out);
}

static void
put_head(const char *name, const char *summary, FILE *out)
{
    (void)fprintf(out, ".TH \"%s\" \"1\" \"\" \"Hansa\" \"\"\n", name);
    put_section("NAME", out);
    put_roff(name, out);
    (void)fputs(" \\- ", out);
    put_roff(summary, out);
    (void)fputc('\n', out);
}

static FILE *
open_page(struct cli *cli, const char *dir, const char *name)
{
    const char *path = arena_printf(cli->arena, "%s/%s.1", dir, name);
    FILE *out = fopen(path, "we");

    if (out == NULL)
        (void)diag_say(&cli->diag, STATUS_IO, "cli.file.write", path, strerror(errno), NULL);
    return out;
}

static const char *
page_name(struct cli *cli, const struct service *service)
{
    char *name = arena_printf(cli->arena, "hansa-%s", service->name);

    for (char *c = name; *c != '\0'; c++)
        if (*c == '.')
            *c = '-';
    return name;
}

static enum status
write_service(struct cli *cli, const char *dir, const struct service *service)
{
    const char *name = page_name(cli, service);
    AUTO(file_close) FILE *out = open_page(cli, dir, name);

    if (out == NULL)
        return STATUS_IO;
    put_head(name, help_summary(cli, service), out);
    put_section("SYNOPSIS", out);
    put_roff(words_example(cli, service, NULL), out);
    (void)fputc('\n', out);
    if (service->params[0].name != NULL)
        put_section("OPTIONS", out);
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        bool is_word = command_is_positional(param, NULL);
        const char *words = arena_printf(cli->arena, is_word ? "%s" : "--%s", param->name);
        put_item(param->kind == PARAM_FIELDS ? "--FIELD VALUE" : words,
                 help_param(cli, service, param), out);
    }
    put_section("SEE ALSO", out);
    (void)fputs(".BR hansa (1)\n", out);
    return STATUS_OK;
}

static enum status
write_overview(struct cli *cli, const char *dir)
{
    AUTO(file_close) FILE *out = open_page(cli, dir, "hansa");
    const struct service *service;

    if (out == NULL)
        return STATUS_IO;
    put_head("hansa", text_get(cli->language, "cli.help.name"), out);
    put_section("SYNOPSIS", out);
    put_roff(text_get(cli->language, "cli.help.usage"), out);
    (void)fputc('\n', out);
    put_section("COMMANDS", out);
    for (size_t i = 0; (service = words_service(i)) != NULL; i++)
        put_item(words_command(cli, service, NULL), help_summary(cli, service), out);
    put_section("EXIT STATUS", out);
    for (int i = 0; i < STATUS_COUNT_; i++)
        put_item(arena_printf(cli->arena, "%d %s", status_exit_code((enum status)i),
                              status_name((enum status)i)),
                 text_failure(cli->language, (enum status)i, NULL, cli->arena), out);
    put_section("ENVIRONMENT", out);
    put_item("HANSA_HOME", text_get(cli->language, "cli.help.home"), out);
    put_item("HANSA_LANG", text_get(cli->language, "cli.help.language"), out);
    return STATUS_OK;
}

enum status
man_write(struct cli *cli, const char *dir)
{
    const struct service *service;

    TRY(write_overview(cli, dir));
    for (size_t i = 0; (service = words_service(i)) != NULL; i++)
        TRY(write_service(cli, dir, service));
    return STATUS_OK;
}
