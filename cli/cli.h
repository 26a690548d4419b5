/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/cli.h - what one run of `hansa` carries: where the node is, how to speak, how it went.
 *
 * The command is a client of the node's API and nothing else: of a home it touches the socket,
 * and for start and stop the lock and the pid. Everything it offers comes from the service
 * table.
 */
#ifndef HANSA_CLI_CLI_H
#define HANSA_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "schema/base/arena.h"
#include "schema/diag.h"
#include "schema/service.h"
#include "schema/text.h"
#include "schema/type.h"

struct cli {
    struct arena *arena; /* of the whole run */
    enum language language;
    const char *home; /* never NULL */
    bool is_json;     /* --json: replies and problems as JSON, no questions, no progress */
    bool is_yes;      /* --yes: no questions */
    bool wants_help;  /* --help */
    struct diag diag; /* what went wrong here */
    json_t *problem;  /* what the node said went wrong */
    struct dictionary *dictionary; /* the common schema; made when first asked for */
};

void cli_init(struct cli *cli);
void cli_fini(struct cli *cli);
/* The common schema compiled in: labels and completion. A company's own types are not in it. */
const struct dictionary *cli_dictionary(struct cli *cli);
/* Catalog text in the run's language, with up to one argument (NULL: none). In the arena. */
const char *cli_text(struct cli *cli, const char *key, const char *arg);
/* Partner text made safe for a terminal. In the arena. */
const char *cli_visible(struct cli *cli, const char *text);
/* Say a failure on standard error, as a line or as problem JSON, and give the exit code. */
int cli_end(struct cli *cli, enum status status);

#endif
