/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "schema/base/cleanup.h"

/* clang-format off */
static const struct service builtins[] = {
    { "init", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "name", PARAM_TEXT, PARAM_REQUIRED, "Acme" }, { "country", PARAM_TEXT, PARAM_REQUIRED, "DE" },
        { "listen", PARAM_TEXT, PARAM_REQUIRED, "127.0.0.1:7450" }, { "passphrase-file", PARAM_TEXT, 0, "passphrase.txt" } } },
    { "start", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL, { { "passphrase-file", PARAM_TEXT, 0, "passphrase.txt" } } },
    { "stop", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL, { { 0 } } },
    { "backup", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "file", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, "monday.hansa" }, { "passphrase-file", PARAM_TEXT, PARAM_REQUIRED, "passphrase.txt" },
        { "with-keys", PARAM_BOOLEAN, 0, NULL } } },
    { "restore", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "file", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, "monday.hansa" }, { "passphrase-file", PARAM_TEXT, PARAM_REQUIRED, "passphrase.txt" } } },
    { "key.rotate", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "signing", PARAM_BOOLEAN, 0, NULL }, { "sealing", PARAM_BOOLEAN, 0, NULL }, { "transport", PARAM_BOOLEAN, 0, NULL },
        { "stolen", PARAM_BOOLEAN, 0, NULL }, { "root", PARAM_TEXT, 0, "/media/stick/acme.root" },
        { "root-passphrase-file", PARAM_TEXT, 0, "root-passphrase.txt" }, { "passphrase-file", PARAM_TEXT, 0, "passphrase.txt" } } },
    { "key.take-root", "", "", RIGHT_ADMIN, false, REPLY_OBJECT, NULL,
      { { "to", PARAM_TEXT, PARAM_REQUIRED, "/media/stick/acme.root" },
        { "root-passphrase-file", PARAM_TEXT, PARAM_REQUIRED, "root-passphrase.txt" },
        { "passphrase-file", PARAM_TEXT, 0, "passphrase.txt" } } },
    { "help", "", "", RIGHT_READ, true, REPLY_OBJECT, NULL, { { "words", PARAM_LIST, PARAM_POSITIONAL, "share create" } } },
};

/* Words that stand for another command. With a verb that exists, `share` is an ordinary noun. */
static const struct {
    const char *word;
    const char *service;
} aliases[] = {
    { "status", "node.status" },
    { "lens", "share.lens" },
    { "share", "share.create" },
};
/* clang-format on */

const struct service *
words_service(size_t index)
{
    if (index < service_count())
        return service_get(index);
    index -= service_count();
    return index < COUNT_OF(builtins) ? &builtins[index] : NULL;
}

bool
words_is_builtin(const struct service *service)
{
    return service->path[0] == '\0';
}

const struct service_param *
words_param(const struct service *service, const char *name)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (strcmp(service->params[i].name, name) == 0)
            return &service->params[i];
    return NULL;
}

const struct service_param *
words_fields(const struct service *service)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (service->params[i].kind == PARAM_FIELDS)
            return &service->params[i];
    return NULL;
}

/* ---- finding ---- */

static const struct service *
find_name(const char *name)
{
    const struct service *service;

    for (size_t i = 0; (service = words_service(i)) != NULL; i++)
        if (strcmp(service->name, name) == 0)
            return service;
    return NULL;
}

static const struct service *
find_alias(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (strcmp(aliases[i].word, word) == 0)
            return service_find(aliases[i].service);
    return NULL;
}

static bool
takes_noun(const struct service *service)
{
    return service != NULL && (service->params[0].flags & PARAM_TYPE_NOUN) != 0;
}

const char *
words_verb(const char *noun, bool is_type, size_t *index)
{
    const struct service *service;
    char own[64];
    size_t len = strlen(noun);

    while ((service = words_service(*index)) != NULL) {
        (*index)++;
        if (strncmp(service->name, noun, len) == 0 && service->name[len] == '.')
            return service->name + len + 1;
        if (!is_type || strncmp(service->name, "record.", 7) != 0)
            continue;
        (void)snprintf(own, sizeof(own), "%s.%s", noun, service->name + 7);
        if (find_name(own) == NULL)
            return service->name + 7;
    }
    return NULL;
}

/* "add|list|show" of a noun. Empty when it has no service and is no type. */
static const char *
verbs_of(struct cli *cli, const char *noun, bool is_type)
{
    const char *out = "", *verb;

    for (size_t i = 0; (verb = words_verb(noun, is_type, &i)) != NULL;)
        out = arena_printf(cli->arena, "%s%s%s", out, out[0] != '\0' ? "|" : "", verb);
    return out;
}

static bool
is_type_word(const char *word)
{
    return word[0] != '\0' &&
           strspn(word, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(word);
}

/* Levenshtein distance, of words up to 31 characters. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[32], len = strlen(b);

    if (len >= COUNT_OF(row))
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= len; j++) {
            size_t above = row[j], best = diagonal + (a[i] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = above;
        }
    }
    return row[len];
}

static void
take_closer(const char *word, const char *candidate, const char **best, size_t *score)
{
    size_t d = distance(word, candidate);

    if (d < *score) {
        *score = d;
        *best = candidate;
    }
}

/* The noun that was probably meant, or NULL. */
static const char *
closest_noun(struct cli *cli, const char *word)
{
    const struct dictionary *types = cli_dictionary(cli);
    const struct service *service;
    const char *best = NULL;
    size_t score = strlen(word) > 5 ? 3 : 2; /* one slip in a short word, two in a long one */

    for (size_t i = 0; (service = words_service(i)) != NULL; i++)
        take_closer(
            word, arena_text(cli->arena, bytes_of(service->name, strcspn(service->name, "."))),
            &best, &score);
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        take_closer(word, aliases[i].word, &best, &score);
    for (size_t i = 0; i < dictionary_count(types); i++)
        take_closer(word, dictionary_type(types, i)->name, &best, &score);
    return best;
}

static enum status
say_unknown(struct cli *cli, const char *noun)
{
    const char *near = closest_noun(cli, noun);

    if (near == NULL)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.noun.unknown", noun, NULL);
    return diag_say(&cli->diag, STATUS_USAGE, "cli.noun.near", noun,
                    arena_printf(cli->arena, "hansa %s", near), NULL);
}

static enum status
say_verbs(struct cli *cli, const char *noun, const char *verb)
{
    bool is_type = dictionary_find_name(cli_dictionary(cli), noun) != NULL;
    const char *verbs = verbs_of(cli, noun, is_type);

    if (verbs[0] == '\0')
        return say_unknown(cli, noun);
    const char *write = arena_printf(cli->arena, "hansa %s %s", noun, verbs);
    if (verb == NULL)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.verb.missing", write, NULL);
    return diag_say(&cli->diag, STATUS_USAGE, "cli.verb.unknown", noun, verb, write, NULL);
}

enum status
words_find(struct cli *cli, const char *const *words, int count, int *used, const char **type,
           const struct service **out)
{
    const char *noun = words[0], *verb = count > 1 ? words[1] : NULL;

    *type = NULL;
    *used = 2;
    *out = verb == NULL ? NULL : find_name(arena_printf(cli->arena, "%s.%s", noun, verb));
    if (*out != NULL)
        return STATUS_OK;
    *used = 1;
    *out = strchr(noun, '.') == NULL ? find_name(noun) : NULL;
    if (*out == NULL)
        *out = find_alias(noun);
    if (*out != NULL)
        return STATUS_OK;
    *used = 2;
    bool is_type = dictionary_find_name(cli_dictionary(cli), noun) != NULL;
    if (verb != NULL && is_type_word(noun) &&
        (is_type || verbs_of(cli, noun, false)[0] == '\0'))
        *out = find_name(arena_printf(cli->arena, "record.%s", verb));
    if (!takes_noun(*out)) {
        *out = NULL;
        return say_verbs(cli, noun, verb);
    }
    *type = noun;
    return STATUS_OK;
}

/* ---- writing ---- */

const char *
words_command(struct cli *cli, const struct service *service, const char *type)
{
    char *words = arena_text(cli->arena, bytes_text(service->name));
    char *dot = strchr(words, '.');

    if (dot == NULL)
        return arena_printf(cli->arena, "hansa %s", words);
    *dot = '\0';
    if (strcmp(service->name, "node.status") == 0)
        return "hansa status";
    if (takes_noun(service))
        return arena_printf(cli->arena, "hansa %s %s", type != NULL ? type : "TYPE", dot + 1);
    return arena_printf(cli->arena, "hansa %s %s", words, dot + 1);
}

/* A field that a person would start with: the first of the type's title. */
static const char *
first_field(struct cli *cli, const char *type)
{
    const struct type *known =
        type != NULL ? dictionary_find_name(cli_dictionary(cli), type) : NULL;

    if (known == NULL || known->title == NULL)
        return "FIELD";
    return arena_text(cli->arena, bytes_of(known->title, strcspn(known->title, " ")));
}

/* Quoted for a shell when it must be. */
static const char *
quoted(struct cli *cli, const char *text)
{
    return strpbrk(text, " ;") == NULL ? text : arena_printf(cli->arena, "\"%s\"", text);
}

const char *
words_example(struct cli *cli, const struct service *service, const char *type)
{
    const char *out = words_command(cli, service, type);

    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++) {
        const struct service_param *param = &service->params[i];
        const char *example = param->example != NULL ? quoted(cli, param->example) : "...";
        if ((param->flags & PARAM_REQUIRED) == 0 || (param->flags & PARAM_TYPE_NOUN) != 0)
            continue;
        if (param->kind == PARAM_FIELDS)
            out = arena_printf(cli->arena, "%s --%s ...", out, first_field(cli, type));
        else if (command_is_positional(param, type))
            out = arena_printf(cli->arena, "%s %s", out, example);
        else
            out = arena_printf(cli->arena, "%s --%s %s", out, param->name, example);
    }
    return out;
}
