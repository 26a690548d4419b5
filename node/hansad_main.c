/* SPDX-License-Identifier: Apache-2.0
 *
 * node/hansad_main.c - hansad: the options of the parent (node/parent.h).
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/parent.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"

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
take_endpoint(struct arguments *out, const char *text)
{
    if (out->endpoint_count == ENDPOINTS_MAX)
        return false;
    out->endpoints[out->endpoint_count++] = text;
    return true;
}

static bool
take_option(int option, struct arguments *out)
{
    struct parent_options *o = &out->options;
    const char **slots[] = {
        ['C'] = &o->country,
        ['L'] = &o->language,
        ['c'] = &o->capture,
        ['g'] = &o->log,
        ['h'] = &o->home,
        ['i'] = &o->home,
        ['l'] = &o->listen,
        ['n'] = &o->name,
        ['o'] = &o->clock_offset,
        ['p'] = &o->passphrase_file,
        ['B'] = &o->close_backup,
        ['O'] = &o->open_backup,
        ['r'] = &o->root,
        ['T'] = &o->take_root,
        ['P'] = &o->root_passphrase_file,
    };
    bool *flags[] = {
        ['f'] = &o->is_foreground, ['k'] = &o->with_keys, ['R'] = &o->rotate,
        ['s'] = &o->signing,       ['b'] = &o->sealing,   ['t'] = &o->transport,
        ['S'] = &o->stolen,
    };

    if (option > 0 && (size_t)option < COUNT_OF(flags) && flags[option] != NULL) {
        *flags[option] = true;
        return true;
    }
    if (option == 'e')
        return take_endpoint(out, optarg);
    if (option < 0 || (size_t)option >= COUNT_OF(slots) || slots[option] == NULL ||
        *slots[option] != NULL)
        return false;
    *slots[option] = optarg;
    out->is_init = out->is_init || option == 'i';
    return true;
}

static bool
parse(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        { "capture", required_argument, NULL, 'c' },
        { "clock-offset", required_argument, NULL, 'o' },
        { "close-backup", required_argument, NULL, 'B' },
        { "country", required_argument, NULL, 'C' },
        { "endpoint", required_argument, NULL, 'e' },
        { "foreground", no_argument, NULL, 'f' },
        { "home", required_argument, NULL, 'h' },
        { "init", required_argument, NULL, 'i' },
        { "language", required_argument, NULL, 'L' },
        { "listen", required_argument, NULL, 'l' },
        { "log", required_argument, NULL, 'g' },
        { "name", required_argument, NULL, 'n' },
        { "open-backup", required_argument, NULL, 'O' },
        { "passphrase-file", required_argument, NULL, 'p' },
        { "with-keys", no_argument, NULL, 'k' },
        { "rotate", no_argument, NULL, 'R' },
        { "signing", no_argument, NULL, 's' },
        { "sealing", no_argument, NULL, 'b' },
        { "transport", no_argument, NULL, 't' },
        { "stolen", no_argument, NULL, 'S' },
        { "root", required_argument, NULL, 'r' },
        { "root-passphrase-file", required_argument, NULL, 'P' },
        { "take-root", required_argument, NULL, 'T' },
        { 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(option, out))
            return false;
    out->options.endpoints = out->endpoints;
    return optind == argc && out->options.home != NULL;
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
