/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/main.c - `hansa`: read the command line, do the one thing it asks for, say how it went.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/run.h"
#include "schema/base/file.h"

/* For scripts of the build and of shells; not commands that people write. */
static bool
run_hidden(struct cli *cli, int argc, char **argv, enum status *status)
{
    *status = STATUS_OK;
    if (argc >= 2 && strcmp(argv[1], "__complete") == 0) {
        complete_print(cli, argc - 2, argv + 2, stdout);
        return true;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("hansa %s\n", HANSA_VERSION);
        return true;
    }
    if (argc == 3 && strcmp(argv[1], "__man") == 0) {
        *status = man_write(cli, argv[2]);
        return true;
    }
    return false;
}

/* A full disk behind a redirection must not look like success. */
static enum status
flush(struct cli *cli)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return STATUS_OK;
    return diag_say(&cli->diag, file_status(errno), "cli.stdout", strerror(errno), NULL);
}

int
main(int argc, char **argv)
{
    struct command command = { 0 };
    struct cli cli;
    enum status status;

    cli_init(&cli);
    if (!run_hidden(&cli, argc, argv, &status)) {
        status = command_parse(&cli, argc - 1, argv + 1, &command);
        if (status == STATUS_OK)
            status = run_command(&cli, &command);
    }
    int code = cli_end(&cli, status == STATUS_OK ? flush(&cli) : status);
    command_fini(&command);
    cli_fini(&cli);
    return code;
}
