/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/verify.c - hansa-verify: checks an evidence file with nothing but the file (docs/protocol/receipts.md), and
 * says in plain words who signed what. Needs no node, no home and no network.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "federation/evidence.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"

enum { FILE_MOST = 64 * MIB };

static void
on_said(void *self, const char *sentence)
{
    (void)self;
    (void)printf("%s\n", sentence);
}

static int
fail(enum language language, const char *key, const char *arg, enum status s)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *args[] = { arg, text_failure(language, s, NULL, arena) };

    (void)fprintf(stderr, "%s\n", text_format(language, key, args, 2, arena));
    return 1;
}

int
main(int argc, char **argv)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer file = { 0 };
    struct evidence_reader reader = { .language = language_of_environment(), .said = on_said };
    size_t line;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        on_said(NULL, text_get(reader.language, "verify.usage"));
        return 0;
    }
    if (argc != 2)
        return fail(reader.language, "verify.usage", "", STATUS_USAGE);
    enum status s = file_read_at(AT_FDCWD, argv[1], FILE_MOST, &file);
    if (s != STATUS_OK)
        return fail(reader.language, "verify.unreadable", argv[1], s);
    s = evidence_check(buffer_bytes(&file), &reader, arena, &line);
    if (s != STATUS_OK && line == 0)
        return fail(reader.language, "verify.changed", argv[1], s);
    if (s != STATUS_OK)
        return fail(reader.language, "verify.line", arena_printf(arena, "%zu", line), s);
    on_said(NULL, text_format(reader.language, "verify.good", (const char *const[]){ argv[1] },
                              1, arena));
    return 0;
}
