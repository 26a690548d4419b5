/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/home.h - where a node's home is, and the built-in commands that work on it without the
 * API: making it, starting its daemon, stopping it.
 */
#ifndef HANSA_CLI_HOME_H
#define HANSA_CLI_HOME_H

#include "cli/cli.h"
#include "cli/command.h"

/* $HANSA_HOME, else $XDG_DATA_HOME/hansa, else ~/.local/share/hansa. In the arena. */
const char *home_default(struct arena *arena);
/* HOME/api.sock */
const char *home_socket(const struct cli *cli);

/* hansa init|start|stop: their arguments are rows of cli/builtin.c. */
MUST_CHECK enum status home_init(struct cli *cli, const struct command *command);
MUST_CHECK enum status home_start(struct cli *cli, const struct command *command);
MUST_CHECK enum status home_stop(struct cli *cli, const struct command *command);
MUST_CHECK enum status home_backup(struct cli *cli, const struct command *command);
MUST_CHECK enum status home_restore(struct cli *cli, const struct command *command);
/* New keys, which a running node takes at once; the root key out of the home. */
MUST_CHECK enum status home_key_rotate(struct cli *cli, const struct command *command);
MUST_CHECK enum status home_key_take_root(struct cli *cli, const struct command *command);

#endif
