/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/run.h - carry out one parsed command: ask first where something would be lost, then the
 * node, then show what it said.
 */
#ifndef HANSA_CLI_RUN_H
#define HANSA_CLI_RUN_H

#include "cli/command.h"

MUST_CHECK enum status run_command(struct cli *cli, struct command *command);

#endif
