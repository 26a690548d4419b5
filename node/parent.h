/* SPDX-License-Identifier: Apache-2.0
 *
 * node/parent.h - the small parent: starts key, edge and core, and starts each again when it ends.
 *
 * 1. It holds no data and no secret, reads nothing from its children, and asks nothing of them.
 * 2. It made both socket pairs and keeps all four ends open for ever, so a process that comes back
 *    finds its socket where it was, with what was left in it.
 * 3. One family per home: the lock is held by the parent and by each child, so it is free only when
 *    the last of them is gone, however they went. Children never outlive the parent.
 * 4. When core ends, edge is ended too: its links speak for a core that is gone, and a new edge
 *    says hello to the new core.
 * 5. New keys take their place when no child lives: at start, and at SIGUSR1, which ends all three and starts them anew.
 * 6. A child that exits with 78 cannot be helped by trying again: all stop, with that code.
 */
#ifndef HANSA_NODE_PARENT_H
#define HANSA_NODE_PARENT_H

#include <stdbool.h>

struct parent_options {
    const char *home;
    const char *passphrase_file;
    const char *log;          /* a file for all events; NULL: standard error */
    const char *capture;      /* core: a file for every byte it hands to edge */
    const char *clock_offset; /* core: milliseconds, for tests */
    bool is_foreground;       /* false: a session of its own, and log is HOME/log by default */
    /* A new home: passed on to hansa-key and hansa-core. */
    const char *name, *country, *listen, *language;
    const char *const *endpoints; /* ended by NULL */
    /* A backup to close into this file, or to open from it: passed on to hansa-key. */
    const char *close_backup, *open_backup;
    bool with_keys;
    /* New keys, or the root key out of the home: passed on to hansa-key. */
    bool rotate, signing, sealing, transport, stolen;
    const char *root, *take_root, *root_passphrase_file;
};

/* All give the exit code of the process. */
int parent_run(const struct parent_options *options);
int parent_backup(const struct parent_options *options);
int parent_keys(const struct parent_options *options);
int parent_init(const struct parent_options *options);

#endif
