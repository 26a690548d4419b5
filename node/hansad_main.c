/* SPDX-License-Identifier: Apache-2.0
 *
 * node/hansad_main.c - hansad: the options of the parent (node/parent.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/parent.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"
#include "schema/base/options.h"

static const char usage[] =
    "hansad --home HOME [--foreground] [--passphrase-file FILE] [--log FILE] [--capture FILE] "
    "[--clock-offset MS]\n"
    "hansad --init HOME --name NAME --country CC --listen tcp://IP:PORT [--endpoint "
    "tcp://HOST:PORT]... [--language TAG] [--passphrase-file FILE]\n";

struct arguments {
    struct parent_options options;
    const char *endpoints[ENDPOINTS_MAX + 1];
    size_t endpoint_count;
    bool is_init;
};

static bool
parse(int argc, char **argv, struct arguments *out)
{
    struct parent_options *o = &out->options;
    const char *init = NULL;
    const struct option_row rows[] = {
        { "capture", .text = &o->capture },
        { "clock-offset", .text = &o->clock_offset },
        { "close-backup", .text = &o->close_backup },
        { "country", .text = &o->country },
        { "endpoint", .list = out->endpoints, .count = &out->endpoint_count,
          .most = ENDPOINTS_MAX },
        { "foreground", .flag = &o->is_foreground },
        { "home", .text = &o->home },
        { "init", .text = &init },
        { "language", .text = &o->language },
        { "listen", .text = &o->listen },
        { "log", .text = &o->log },
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

    if (!options_read(argc, argv, rows, COUNT_OF(rows)) || (o->home != NULL) == (init != NULL))
        return false;
    out->is_init = init != NULL;
    o->home = out->is_init ? init : o->home;
    o->endpoints = out->endpoints;
    return true;
}

/* Descriptors 0 to 2 are there in every process of ours, so no socket is ever taken for them. */
static bool
open_standard(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = dup(fd);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
        return false;
    fd_close(&fd);
    return true;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = { .is_init = false };

    log_init("parent", log_level_wanted());
    if (!parse(argc, argv, &arguments)) {
        (void)fputs(usage, stderr);
        return status_exit_code(STATUS_USAGE);
    }
    (void)umask(077);
    if (!open_standard())
        return status_exit_code(STATUS_INTERNAL);
    if (arguments.options.close_backup != NULL || arguments.options.open_backup != NULL)
        return parent_backup(&arguments.options);
    if (arguments.options.rotate || arguments.options.take_root != NULL)
        return parent_keys(&arguments.options);
    return arguments.is_init ? parent_init(&arguments.options) : parent_run(&arguments.options);
}
