/* SPDX-License-Identifier: Apache-2.0
 *
 * node/parent_keys.c - new keys take the place of old ones, while no process of ours lives that could hold either
 * (federation/key_rotate.c made them; docs/operations/keys.md).
 *
 *   keys, keys.next with a descriptor   ->   keys.old, keys.next   ->   keys.old, keys   ->   keys
 *
 * Each step is one rename; a crash between leaves what the next start goes on from. What was replaced goes at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "node/parent_priv.h"
#include "schema/base/file.h"
#include "schema/base/log.h"

enum { ASIDE_MAX = 1000 };

static bool
is_there(int home, const char *name)
{
    return faccessat(home, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Only what we ever put there: the folder goes when nothing else is in it. */
static void
remove_old(int home)
{
    static const char *const files[] = { "root.key",           "signing.key",
                                         "sealing.key",        "transport.key",
                                         "former-sealing.key", "former-transport.key",
                                         "descriptor" };
    AUTO(fd_close)
    int dir = openat(home, "keys.old", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    for (size_t i = 0; dir >= 0 && i < COUNT_OF(files); i++)
        file_remove_at(dir, files[i]);
    if (dir >= 0 && unlinkat(home, "keys.old", AT_REMOVEDIR) != 0)
        LOG(LOG_WARN, "keys.old_left", log_errno(errno));
}

/* What is not ours stays, under a name of its own, and is in no later change's way. */
static void
put_aside(int home)
{
    char name[32];

    for (unsigned i = 1; is_there(home, "keys.old") && i < ASIDE_MAX; i++) {
        (void)snprintf(name, sizeof(name), "keys.old.%u", i);
        if (!is_there(home, name))
            (void)renameat(home, "keys.old", home, name);
    }
}

bool
parent_adopt_keys(int home)
{
    bool is_new = is_there(home, "keys.next/descriptor");

    if (is_new && is_there(home, "keys")) {
        remove_old(home);
        put_aside(home);
        if (renameat(home, "keys", home, "keys.old") != 0)
            return false;
    }
    if (is_new && renameat(home, "keys.next", home, "keys") != 0)
        return false;
    if (is_new && fsync(home) != 0)
        return false;
    remove_old(home);
    if (is_new)
        LOG(LOG_INFO, "keys.adopted");
    return true;
}

int
parent_keys(const struct parent_options *options)
{
    struct program key = { .name = "hansa-key" };

    parent_argument(&key, key.name);
    parent_option(&key, "--home", options->home);
    if (options->rotate)
        parent_argument(&key, "--rotate");
    if (options->signing)
        parent_argument(&key, "--signing");
    if (options->sealing)
        parent_argument(&key, "--sealing");
    if (options->transport)
        parent_argument(&key, "--transport");
    if (options->stolen)
        parent_argument(&key, "--stolen");
    parent_option(&key, "--root", options->root);
    parent_option(&key, "--take-root", options->take_root);
    parent_option(&key, "--root-passphrase-file", options->root_passphrase_file);
    parent_option(&key, "--passphrase-file", options->passphrase_file);
    return parent_run_to_end(&key);
}
