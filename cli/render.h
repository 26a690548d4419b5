/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/render.h - a reply on the screen. Every text of a reply may come from a partner, so each
 * passes text_visible; labels are catalog text, or the schema's for fields of a record.
 */
#ifndef HANSA_CLI_RENDER_H
#define HANSA_CLI_RENDER_H

#include "cli/command.h"

/* For people or, with --json, the reply as one line of JSON in which nothing moves a terminal.
 */
void render_reply(struct cli *cli, const struct command *command, const json_t *reply,
                  FILE *out);
/* One line of JSON; C1 and bidirectional controls as \u escapes. */
void render_json(struct cli *cli, const json_t *value, FILE *out);
/* Colour and cursor movement: a terminal that is not dumb, and no NO_COLOR. */
bool render_is_rich(FILE *out);

#endif
