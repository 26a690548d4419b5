/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/folder.h - the files of a reply {"files": [{"name", "text"}], ...} into a folder, piece by piece until the node has
 * no more.
 */
#ifndef HANSA_CLI_FOLDER_H
#define HANSA_CLI_FOLDER_H

#include "cli/command.h"

/* Into command->out, which is made when it is not there; files of the same name are replaced. */
MUST_CHECK enum status folder_run(struct cli *cli, struct command *command);
/* A name that stays inside the folder: no separators, no control characters, no leading dot, at most 120 bytes. */
const char *folder_name(const char *name, struct arena *arena);

#endif
