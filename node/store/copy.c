/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/copy.c - a snapshot of the database into another file by SQLite's backup API (contract: node/store/copy.h).
 *
 * The source is a reader of its own that holds its snapshot from the first piece to the last, so that writing meanwhile
 * neither changes what is copied nor begins it again; the write-ahead log grows for so long.
 */
#include "node/store/copy.h"

#include <stdlib.h>
#include <unistd.h>

#include "node/store/store_priv.h"
#include "schema/base/cleanup.h"

struct store_copy {
    char *path;
    struct store *from;
    sqlite3 *to;
    sqlite3_backup *backup;
};

void
store_copy_close(struct store_copy **copy)
{
    struct store_copy *c = *copy;

    if (c == NULL)
        return;
    (void)sqlite3_backup_finish(c->backup);
    (void)sqlite3_close(c->to);
    if (c->to != NULL)
        (void)unlink(c->path);
    if (c->from != NULL)
        store_rollback(c->from);
    store_close(&c->from);
    free(c->path);
    free(c);
    *copy = NULL;
}

enum status
store_copy_open(const char *from, const char *to, struct store_copy **out)
{
    AUTO(store_copy_close) struct store_copy *c = xcalloc(1, sizeof(*c));
    int64_t entries;

    *out = NULL;
    c->path = xstrdup(to);
    (void)unlink(to);
    TRY(store_open_reader(from, &c->from));
    TRY(store_begin_read(c->from));
    TRY(store_number(c->from, &entries, STMT_AUDIT_COUNT, "")); /* the snapshot is taken here */
    TRY(store_status(sqlite3_open_v2(
        to, &c->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)));
    c->backup = sqlite3_backup_init(c->to, "main", c->from->db, "main");
    if (c->backup == NULL)
        return store_status(sqlite3_errcode(c->to));
    *out = TAKE(c);
    return STATUS_OK;
}

enum status
store_copy_step(struct store_copy *copy, int pages, int64_t *done, int64_t *total, bool *over)
{
    int code = sqlite3_backup_step(copy->backup, pages);

    *total = sqlite3_backup_pagecount(copy->backup);
    *done = *total - sqlite3_backup_remaining(copy->backup);
    *over = code == SQLITE_DONE;
    if (code == SQLITE_OK)
        return STATUS_OK;
    if (code != SQLITE_DONE)
        return store_status(code);
    code = sqlite3_backup_finish(copy->backup);
    copy->backup = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_close(copy->to);
    if (code == SQLITE_OK)
        copy->to = NULL; /* it stays */
    return store_status(code);
}
