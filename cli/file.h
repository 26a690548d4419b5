/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/file.h - a reply {"text", "next", ...} as a file, part by part until the node has no more.
 */
#ifndef HANSA_CLI_FILE_H
#define HANSA_CLI_FILE_H

#include "cli/command.h"

/* Into command->out, which appears whole or not at all; or, when it is NULL, onto standard output. */
MUST_CHECK enum status file_run(struct cli *cli, struct command *command);

#endif
