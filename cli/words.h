/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/words.h - the vocabulary: which words mean which service, and how a command is written.
 *
 * Three sources and no other: the service table, the built-in rows below (init, start, stop,
 * help), and the nouns of record types, which stand for record.*.
 */
#ifndef HANSA_CLI_WORDS_H
#define HANSA_CLI_WORDS_H

#include "cli/cli.h"

/* All services and built-ins by index; NULL behind the last. */
const struct service *words_service(size_t index);
bool words_is_builtin(const struct service *service);

/*
 * The service that one or two words mean: *used of them, *type as in struct command.
 * STATUS_USAGE says which verbs there are, or which noun comes closest.
 */
MUST_CHECK enum status words_find(struct cli *cli, const char *const *words, int count,
                                  int *used, const char **type, const struct service **out);

/* One verb of a noun after another, from *index = 0; NULL at the end. A record type has verbs of its own, if any, and
 * those of records beside them. */
const char *words_verb(const char *noun, bool is_type, size_t *index);

const struct service_param *words_param(const struct service *service, const char *name);
/* The parameter filled from every option that is no other, or NULL. */
const struct service_param *words_fields(const struct service *service);

/* "hansa share create", "hansa contact add"; type NULL: "hansa TYPE add" where there is one. In
 * the arena. */
const char *words_command(struct cli *cli, const struct service *service, const char *type);
/* "hansa share create k4fzq2 --partner Brio ...": all that is required, by example. In the
 * arena. */
const char *words_example(struct cli *cli, const struct service *service, const char *type);

#endif
