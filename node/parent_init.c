/* SPDX-License-Identifier: Apache-2.0
 *
 * node/parent_init.c - a new home: its keys by hansa-key, then its database by hansa-core. When
 * the second fails, the keys of the first are taken away again, so that the next attempt starts
 * with nothing.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/parent_priv.h"
#include "schema/base/log.h"

int
parent_run_to_end(const struct program *program)
{
    int state = 0;
    pid_t pid = parent_start(program);

    if (pid < 0 || waitpid(pid, &state, 0) != pid || !WIFEXITED(state))
        return status_exit_code(STATUS_INTERNAL);
    return WEXITSTATUS(state);
}

static void
add_company(struct program *program, const struct parent_options *options)
{
    parent_option(program, "--name", options->name);
    parent_option(program, "--country", options->country);
    parent_option(program, "--listen", options->listen);
    for (const char *const *endpoint = options->endpoints; *endpoint != NULL; endpoint++)
        parent_option(program, "--endpoint", *endpoint);
}

static void
take_keys_away(const char *home)
{
    static const char *const files[] = { "keys/root.key", "keys/signing.key",
                                         "keys/sealing.key", "keys/transport.key",
                                         "descriptor" };
    AUTO(fd_close) int dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlinkat(dir, files[i], 0);
    (void)unlinkat(dir, "keys", AT_REMOVEDIR);
}

int
parent_init(const struct parent_options *options)
{
    struct program key = { .name = "hansa-key" };
    struct program core = { .name = "hansa-core" };

    parent_argument(&key, key.name);
    parent_option(&key, "--init", options->home);
    add_company(&key, options);
    parent_option(&key, "--passphrase-file", options->passphrase_file);
    int code = parent_run_to_end(&key);
    if (code != 0)
        return code;

    parent_argument(&core, core.name);
    parent_argument(&core, "--init");
    parent_option(&core, "--home", options->home);
    parent_option(&core, "--language", options->language);
    add_company(&core, options);
    code = parent_run_to_end(&core);
    if (code != 0)
        take_keys_away(options->home);
    return code;
}

int
parent_backup(const struct parent_options *options)
{
    struct program key = { .name = "hansa-key" };

    parent_argument(&key, key.name);
    parent_option(&key, "--home", options->home);
    parent_option(&key, "--close-backup", options->close_backup);
    parent_option(&key, "--open-backup", options->open_backup);
    parent_option(&key, "--passphrase-file", options->passphrase_file);
    if (options->with_keys)
        parent_argument(&key, "--with-keys");
    return parent_run_to_end(&key);
}
