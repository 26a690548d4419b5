/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/job.h - follow long work of the node until it ends, with progress on standard error.
 *
 * Ctrl-C stops the following, not the job: the user is told how to look at it and how to stop
 * it.
 */
#ifndef HANSA_CLI_JOB_H
#define HANSA_CLI_JOB_H

#include "cli/cli.h"

/* *reply: the finished job, a new reference. A job that failed gives its status and the reply;
 * STATUS_STOPPED with *reply NULL: the user pressed Ctrl-C. */
MUST_CHECK enum status job_follow(struct cli *cli, const json_t *started, json_t **reply);
/* How far it is, on standard error; on a terminal always in the same line. Nothing with --json. */
void job_progress(struct cli *cli, json_int_t done, json_int_t total);

#endif
