/* SPDX-License-Identifier: Apache-2.0
 *
 * A command line, a word a line. What passes makes a request that the node's routing reads back as the same arguments;
 * what does not has a sentence.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/target.h"
#include "cli/words.h"
#include "node/http_route.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

enum { WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same, when nothing in it is over a limit of the node. */
static void
check_request(const struct command *command, struct arena *arena)
{
    AUTO(json_decrefp) json_t *body = target_body(command);
    const char *target = target_format(command, arena);
    struct http_route route;
    struct diag diag;

    enum status status =
        http_route_find(command->service->method, target, arena, &diag, &route);
    assert(status == STATUS_OK || status == STATUS_TOO_BIG || status == STATUS_USAGE);
    if (status == STATUS_OK && body != NULL) {
        AUTO(xfree) char *text = json_dumps(body, 0);
        status = http_route_body(route.service, bytes_text(text), route.args, &diag);
    }
    if (status == STATUS_OK) {
        assert(route.service == command->service);
        assert(json_equal(route.args, command->args));
    }
    json_decref(route.args);
}

/* Files are tested elsewhere; here a fuzzer would open what it likes. */
static bool
reads_file(const char *word)
{
    return strcmp(word, "-") == 0 || strchr(word, '/') != NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dictionary *types; /* made once: it is the slow part */
    struct command command;
    struct cli cli;
    char *words[WORDS_MAX];
    int count = 0;
    bool is_safe = true;

    cli_init(&cli);
    cli.dictionary = types;
    types = (struct dictionary *)(uintptr_t)cli_dictionary(&cli);
    char *rest = arena_text(cli.arena, bytes_of(data, size));
    for (char *word; count < WORDS_MAX && (word = strsep(&rest, "\n")) != NULL;) {
        is_safe = is_safe && !reads_file(word);
        words[count++] = word;
    }
    if (is_safe) {
        enum status status = command_parse(&cli, count, words, &command);
        if (status != STATUS_OK)
            assert(cli.diag.key[0] != '\0');
        else if (command.service != NULL && !cli.wants_help &&
                 !words_is_builtin(command.service))
            check_request(&command, cli.arena);
        command_fini(&command);
    }
    cli.dictionary = NULL;
    cli_fini(&cli);
    return 0;
}
