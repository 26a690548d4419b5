/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/key.c - hansa-key: the process that holds the signing and sealing seeds.
 *
 *   hansa-key --init HOME --name NAME --country CC --listen ENDPOINT [--endpoint ENDPOINT]...
 *             [--passphrase-file FILE]
 *   hansa-key --home HOME [--passphrase-file FILE]
 *   hansa-key --home HOME --rotate [--signing] [--sealing] [--transport] [--stolen] [--root FILE
 *             --root-passphrase-file FILE] [--passphrase-file FILE]
 *   hansa-key --home HOME --take-root FILE --root-passphrase-file FILE [--passphrase-file FILE]
 *
 * The second form reads the two seeds into locked memory, gives up everything else (no network, no
 * files) and answers on descriptor 4. The root key is read by the last two alone, which serve nothing and end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "federation/edge_wire.h"
#include "federation/key_backup.h"
#include "federation/key_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/options.h"
#include "schema/base/sandbox.h"
#include "schema/base/wipe.h"

static const char usage[] =
    "hansa-key --init HOME --name NAME --country CC --listen tcp://IP:PORT [--endpoint "
    "tcp://HOST:PORT]... [--passphrase-file FILE]\n"
    "hansa-key --home HOME [--passphrase-file FILE]\n"
    "hansa-key --home HOME --rotate [--signing] [--sealing] [--transport] [--stolen] [--root "
    "FILE "
    "--root-passphrase-file FILE] [--passphrase-file FILE]\n"
    "hansa-key --home HOME --take-root FILE --root-passphrase-file FILE [--passphrase-file "
    "FILE]\n"
    "hansa-key --home HOME --close-backup FILE|--open-backup FILE [--with-keys] "
    "--passphrase-file FILE\n";

static bool
parse_options(int argc, char **argv, struct key_options *o)
{
    const struct option_row rows[] = {
        { "close-backup", .text = &o->close_backup },
        { "country", .text = &o->country },
        { "endpoint", .list = o->endpoints, .count = &o->endpoint_count,
          .most = COUNT_OF(o->endpoints) },
        { "home", .text = &o->home },
        { "init", .text = &o->init },
        { "listen", .text = &o->listen },
        { "name", .text = &o->name },
        { "open-backup", .text = &o->open_backup },
        { "passphrase-file", .text = &o->passphrase_file },
        { "root", .text = &o->root },
        { "root-passphrase-file", .text = &o->root_passphrase_file },
        { "rotate", .flag = &o->rotate },
        { "sealing", .flag = &o->sealing },
        { "signing", .flag = &o->signing },
        { "stolen", .flag = &o->stolen },
        { "take-root", .text = &o->take_root },
        { "transport", .flag = &o->transport },
        { "with-keys", .flag = &o->with_keys },
    };

    return options_read(argc, argv, rows, COUNT_OF(rows)) &&
           (o->init == NULL) != (o->home == NULL);
}

static int
init(const struct key_options *options)
{
    const char *what = NULL;
    enum status status = key_init(options, &what);

    if (status != STATUS_OK)
        LOG(LOG_ERROR, "key.init_failed", log_status(status), log_word("option", what));
    return status_exit_code(status);
}

static enum status
read_secrets(const struct key_options *options, struct secrets **out, const char **what)
{
    AUTO(keyfile_seed_free) struct seed *signing = NULL, *sealing = NULL, *former = NULL;
    AUTO(keyfile_passphrase_close) struct passphrase *pass = NULL;
    AUTO(fd_close) int home = open(options->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd_close) int keys = openat(home, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (keys < 0)
        return STATUS_NOT_FOUND;
    TRY(keyfile_passphrase_open(options->passphrase_file, &pass));
    *what = keyfile_name(KEYFILE_SIGNING);
    TRY(keyfile_read(keys, KEYFILE_SIGNING, pass, &signing));
    *what = keyfile_name(KEYFILE_SEALING);
    TRY(keyfile_read(keys, KEYFILE_SEALING, pass, &sealing));
    enum status s = keyfile_read_former(keys, KEYFILE_SEALING, pass, &former);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    *out = key_secrets_new(signing, sealing, former);
    return STATUS_OK;
}

/* Keys that cannot be read stay so until a person acts: the exit code says not to try again. */
static int
serve(const struct key_options *options)
{
    static const int keep[] = { FD_CORE_KEY, FD_HOME_LOCK };
    AUTO(key_secrets_free) struct secrets *secrets = NULL;

    sandbox_close_others(keep, COUNT_OF(keep));
    const char *what = "keys";
    enum status status = read_secrets(options, &secrets, &what);
    if (status != STATUS_OK) {
        LOG(LOG_ERROR, "key.unreadable", log_word("file", what), log_status(status));
        return status_exit_code(status == STATUS_BUSY ? STATUS_BUSY : STATUS_CONFIG);
    }
    const struct sandbox sandbox = { .role = SANDBOX_KEY };
    sandbox_enter(&sandbox);
    key_serve(FD_CORE_KEY, secrets);
    return status_exit_code(STATUS_STOPPED);
}

/* Beside a running node or without one: nothing is served. */
static int
backup(const struct key_options *options)
{
    bool is_open = options->open_backup != NULL;
    const struct backup_options o = { .home = options->home,
                                      .file = is_open ? options->open_backup
                                                      : options->close_backup,
                                      .passphrase_file = options->passphrase_file,
                                      .with_keys = options->with_keys };
    enum status status = is_open ? key_backup_open(&o) : key_backup_close(&o);

    if (status != STATUS_OK)
        LOG(LOG_ERROR, "backup.failed", log_status(status));
    return status_exit_code(status);
}

static int
change(const struct key_options *options)
{
    enum status status = options->rotate ? key_rotate(options) : key_take_root(options);

    if (status != STATUS_OK)
        LOG(LOG_ERROR, "key.not_changed", log_status(status));
    return status_exit_code(status);
}

int
main(int argc, char **argv)
{
    struct key_options options = { 0 };

    wipe_begin();
    log_init("key", log_level_wanted());
    if (sodium_init() < 0)
        return status_exit_code(STATUS_INTERNAL);
    if (!parse_options(argc, argv, &options)) {
        (void)fputs(usage, stderr);
        return status_exit_code(STATUS_USAGE);
    }
    if (options.close_backup != NULL || options.open_backup != NULL)
        return backup(&options);
    if (options.rotate || options.take_root != NULL)
        return change(&options);
    return options.init != NULL ? init(&options) : serve(&options);
}
