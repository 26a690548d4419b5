/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/help.h - help, man pages and completion, all from the same tables as the commands
 * themselves.
 */
#ifndef HANSA_CLI_HELP_H
#define HANSA_CLI_HELP_H

#include "cli/command.h"

/* service NULL: the overview. */
void help_print(struct cli *cli, const struct service *service, const char *type, FILE *out);
/* hansa help WORDS */
MUST_CHECK enum status help_words(struct cli *cli, const struct command *command);
/* Help for a parameter, and the one line of a service. */
const char *help_param(struct cli *cli, const struct service *service,
                       const struct service_param *param);
const char *help_summary(struct cli *cli, const struct service *service);

/* hansa __complete WORDS...: candidates for the last word, one a line. */
void complete_print(struct cli *cli, int count, char *const *words, FILE *out);

/* hansa __man DIR: hansa.1 and a page for every service, as roff. */
MUST_CHECK enum status man_write(struct cli *cli, const char *dir);

#endif
