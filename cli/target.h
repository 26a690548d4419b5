/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/target.h - a command as an HTTP request: the inverse of what the node's routing does.
 * Pure.
 */
#ifndef HANSA_CLI_TARGET_H
#define HANSA_CLI_TARGET_H

#include "cli/command.h"

/* Path and query, percent-encoded. In the arena. */
const char *target_format(const struct command *command, struct arena *arena);
/* The JSON body, a new reference; NULL for a service that takes none. */
json_t *target_body(const struct command *command);

#endif
