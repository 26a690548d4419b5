/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <locale.h>
#include <string.h>

#include "cli/home.h"
#include "schema/base/cleanup.h"

/* A large reply is shown as a whole. */
#define ARENA_CAP ((size_t)1 << 30)

void
cli_init(struct cli *cli)
{
    /* Catalogs, arguments and replies are UTF-8 whatever the locale says; widths follow. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    *cli = (struct cli){ .arena = arena_new(ARENA_CAP) };
    cli->language = language_of_environment();
    cli->home = home_default(cli->arena);
}

void
cli_fini(struct cli *cli)
{
    json_decref(cli->problem);
    dictionary_free(&cli->dictionary);
    arena_free(&cli->arena);
}

const struct dictionary *
cli_dictionary(struct cli *cli)
{
    if (cli->dictionary == NULL) {
        enum status status = dictionary_new(bytes_text(""), "", NULL, &cli->dictionary);
        assert(status == STATUS_OK); /* compiled in, and tested */
    }
    return cli->dictionary;
}

const char *
cli_text(struct cli *cli, const char *key, const char *arg)
{
    return text_format(cli->language, key, &arg, arg != NULL ? 1 : 0, cli->arena);
}

const char *
cli_visible(struct cli *cli, const char *text)
{
    return text_visible(bytes_text(text), cli->arena);
}

static json_t *
own_problem(struct cli *cli, enum status status)
{
    const char *code = status_name(status);
    const char *title = text_failure(cli->language, status, NULL, cli->arena);
    const char *detail = text_failure(cli->language, status, &cli->diag, cli->arena);

    return json_pack("{ss ss si ss ss}", "type",
                     arena_printf(cli->arena, "urn:hansa:status:%s", code), "title", title,
                     "status", status_http_code(status), "code", code, "detail", detail);
}

int
cli_end(struct cli *cli, enum status status)
{
    if (status == STATUS_OK)
        return 0;
    if (cli->problem == NULL)
        cli->problem = own_problem(cli, status);
    if (cli->is_json) {
        (void)json_dumpf(cli->problem, stderr, JSON_COMPACT | JSON_ENSURE_ASCII);
        (void)fputc('\n', stderr);
        return status_exit_code(status);
    }
    const char *detail = json_string_value(json_object_get(cli->problem, "detail"));
    if (detail == NULL)
        detail = text_failure(cli->language, status, NULL, cli->arena);
    (void)fprintf(stderr, "hansa: %s\n", cli_visible(cli, detail));
    return status_exit_code(status);
}
