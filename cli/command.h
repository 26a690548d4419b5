/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/command.h - words of a command line to a service and its arguments.
 *
 * Driven by the service table; the few commands that do not go to the node (init, start, stop,
 * help) are rows of the same form. Every refusal is STATUS_USAGE with one sentence that ends in
 * what to write.
 */
#ifndef HANSA_CLI_COMMAND_H
#define HANSA_CLI_COMMAND_H

#include "cli/cli.h"

struct command {
    const struct service *service;
    const char *type; /* the noun of `hansa contact add`; else NULL */
    json_t
        *args; /* by parameter name, of the kinds the table names; released by command_fini */
    const char *upload; /* path of PARAM_UPLOAD, "-" for standard input; else NULL */
    const char *out;    /* --out of a REPLY_FILE or REPLY_FILES; else NULL */
};

/* Reads global options into cli as well. No words: out->service is NULL. With --help arguments
 * may be missing. */
MUST_CHECK enum status command_parse(struct cli *cli, int argc, char *const *argv,
                                     struct command *out);
void command_fini(struct command *command);

/* Is it given as a bare word? The type is, when it is not already the noun. */
bool command_is_positional(const struct service_param *param, const char *type);

#endif
