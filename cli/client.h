/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/client.h - one request to the node over its unix socket; the only file that knows
 * libcurl.
 */
#ifndef HANSA_CLI_CLIENT_H
#define HANSA_CLI_CLIENT_H

#include "cli/command.h"

/*
 * Ask. On STATUS_OK *reply is a new reference. A failure that the node reported is in
 * cli->problem and its status is given; STATUS_UNREACHABLE when no node answers at the home's
 * socket.
 */
MUST_CHECK enum status client_ask(struct cli *cli, const struct command *command,
                                  json_t **reply);
/* Does a node answer? Says nothing. */
bool client_is_answered(struct cli *cli);

#endif
