/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/functions.c - what our SQL asks of a value that SQLite cannot say: a text without its marks and capitals, the
 * digits of telephone numbers, whether a revision is a removal.
 */
#include <string.h>

#include "node/store/store_priv.h"
#include "schema/base/cleanup.h"
#include "schema/wire.h"

/* What search compares. */
static void
on_fold(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const unsigned char *text = sqlite3_value_text(argv[0]);

    (void)argc;
    if (text == NULL) {
        sqlite3_result_null(ctx);
        return;
    }
    const char *folded = text_fold(bytes_text((const char *)text), arena);
    sqlite3_result_text(ctx, folded, -1, SQLITE_TRANSIENT);
}

/* The digits of a text, in runs: what stands between the digits of a telephone number does not end one. */
static void
on_digits(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    AUTO(buffer_fini) struct buffer runs = { 0 };
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    bool breaks = false;

    (void)argc;
    for (; text != NULL && *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            breaks = breaks || strchr(" -./()+", *text) == NULL;
            continue;
        }
        if (breaks)
            buffer_put_u8(&runs, ' ');
        breaks = false;
        buffer_put_u8(&runs, (uint8_t)*text);
    }
    sqlite3_result_text(ctx, runs.len > 0 ? (const char *)runs.data : "", (int)runs.len,
                        SQLITE_TRANSIENT);
}

/* Does this revision say that its record is gone? */
static void
on_removed(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes raw =
        bytes_of(sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0]));
    struct revision *revision;

    (void)argc;
    bool is_read = wire_revision_parse(raw, arena, &revision) == STATUS_OK;
    sqlite3_result_int(ctx, is_read && revision->tombstone);
}

enum status
functions_add(sqlite3 *db)
{
    static const struct {
        const char *name;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = { { "fold", on_fold }, { "digits", on_digits }, { "removed", on_removed } };

    for (size_t i = 0; i < COUNT_OF(functions); i++)
        TRY(store_status(sqlite3_create_function_v2(
            db, functions[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
            NULL, functions[i].fn, NULL, NULL, NULL)));
    return STATUS_OK;
}
