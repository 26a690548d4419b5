/* SPDX-License-Identifier: Apache-2.0
 *
 * node/parent_priv.h - starting programs: what parent.c and parent_init.c share.
 */
#ifndef HANSA_NODE_PARENT_PRIV_H
#define HANSA_NODE_PARENT_PRIV_H

#include <sys/types.h>

#include "node/parent.h"
#include "schema/base/cleanup.h"

enum { PROGRAM_ARGUMENTS_MAX = 48, PROGRAM_FDS_MAX = 3 };

/* from becomes to in the new process; every other descriptor above 2 is closed there. */
struct program_fd {
    int from, to;
};

struct program {
    const char *name; /* "hansa-core": beside this program, or in $HANSA_LIBEXEC */
    const char *arguments[PROGRAM_ARGUMENTS_MAX];
    size_t argument_count;
    struct program_fd fds[PROGRAM_FDS_MAX];
    size_t fd_count;
};

void parent_argument(struct program *program, const char *argument);
/* Nothing when value is NULL. */
void parent_option(struct program *program, const char *option, const char *value);
/* The new process, which dies with us; -1 when there can be none. */
pid_t parent_start(const struct program *program);
/* The same, and its exit code. */
int parent_run_to_end(const struct program *program);

/* New keys that are complete take their place. false: they could not, and nothing may start. */
bool parent_adopt_keys(int home);

#endif
