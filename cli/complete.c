/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/help.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"

/* What has been printed is remembered only as far as needed: services of a noun follow each
 * other. */
struct candidates {
    FILE *out;
    const char *prefix;
};

static void
offer(const struct candidates *c, const char *word)
{
    if (strncmp(word, c->prefix, strlen(c->prefix)) == 0)
        (void)fprintf(c->out, "%s\n", word);
}

static void
offer_nouns(struct cli *cli, const struct candidates *c)
{
    const struct dictionary *types = cli_dictionary(cli);
    const struct service *service;
    const char *last = "";

    for (size_t i = 0; (service = words_service(i)) != NULL; i++) {
        const char *noun =
            arena_text(cli->arena, bytes_of(service->name, strcspn(service->name, ".")));
        bool is_type = dictionary_find_name(types, noun) != NULL; /* comes below */
        if (strcmp(noun, last) != 0 && !is_type)
            offer(c, noun);
        last = noun;
    }
    offer(c, "status");
    offer(c, "lens");
    for (size_t i = 0; i < dictionary_count(types); i++)
        offer(c, dictionary_type(types, i)->name);
}

static void
offer_verbs(struct cli *cli, const char *noun, const struct candidates *c)
{
    bool is_type = dictionary_find_name(cli_dictionary(cli), noun) != NULL;
    const char *verb;

    for (size_t i = 0; (verb = words_verb(noun, is_type, &i)) != NULL;)
        offer(c, verb);
}

static void
offer_options(struct cli *cli, const struct service *service, const char *type,
              const struct candidates *c)
{
    const struct type *known =
        type != NULL ? dictionary_find_name(cli_dictionary(cli), type) : NULL;

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        if (param->kind != PARAM_FIELDS && !command_is_positional(param, type) &&
            (param->flags & PARAM_TYPE_NOUN) == 0)
            offer(c, arena_printf(cli->arena, "--%s", param->name));
    }
    for (size_t i = 0; words_fields(service) != NULL && known != NULL && i < known->field_count;
         i++)
        offer(c, arena_printf(cli->arena, "--%s", known->fields[i].name));
    if (service->shape == REPLY_FILE || service->shape == REPLY_FILES)
        offer(c, "--out");
    offer(c, "--json");
    offer(c, "--home");
    offer(c, "--help");
}

void
complete_print(struct cli *cli, int count, char *const *words, FILE *out)
{
    struct candidates c = { .out = out, .prefix = count > 0 ? words[count - 1] : "" };
    const struct service *service = NULL;
    const char *type = NULL;
    int used = 0;

    /* Options before the noun, with the values of those that take one. */
    while (count > 1 && words[0][0] == '-') {
        bool has_value = strcmp(words[0], "--home") == 0 || strcmp(words[0], "--language") == 0;
        count -= has_value ? 2 : 1;
        words += has_value ? 2 : 1;
    }
    if (count <= 0)
        return;
    if (count == 1) {
        offer_nouns(cli, &c);
        return;
    }
    const char *both[2] = { words[0], count > 2 ? words[1] : NULL };
    if (words_find(cli, both, count > 2 ? 2 : 1, &used, &type, &service) == STATUS_OK &&
        c.prefix[0] == '-')
        offer_options(cli, service, type, &c);
    else if (count == 2)
        offer_verbs(cli, words[0], &c);
}
