/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/store.h - the database: opening, transactions, borrowed statements.
 *
 * 1. One handle writes (core's loop thread) and alone checkpoints; readers are read-only snapshots.
 * 2. All SQL is in node/store/: fixed in statements.h, generated in project.c, where.c and work.c.
 * 3. SQLite codes are mapped here and go no further: SQLITE_FULL is STATUS_DISK_FULL, a constraint is
 *    STATUS_CONFLICT, "no row" is STATUS_NOT_FOUND.
 */
#ifndef HANSA_NODE_STORE_H
#define HANSA_NODE_STORE_H

#include "node/store/statements.h"
#include "schema/base/bytes.h"
#include "schema/base/ids.h"
#include "schema/diag.h"
#include "schema/type.h"

struct store;
struct stmt;

/* Opens for writing, migrates, prepares. path is the database file. STATUS_NEWER_HOME when it was
 * written by a newer version; nothing is changed then. */
MUST_CHECK enum status store_open(const char *path, struct diag *diag, struct store **out);
/* A snapshot reader; one per thread. */
MUST_CHECK enum status store_open_reader(const char *path, struct store **out);
void store_close(struct store **store);

/* Nothing is written outside store_begin .. store_commit. After a failed commit everything since
 * store_begin is gone. store_rollback without a transaction does nothing. */
MUST_CHECK enum status store_begin(struct store *st);
/* A reader's snapshot, ended by store_rollback. */
MUST_CHECK enum status store_begin_read(struct store *st);
MUST_CHECK enum status store_commit(struct store *st);
void store_rollback(struct store *st);
bool store_in_txn(const struct store *st);
/* For one object or request inside a transaction: keep or undo just its changes. One may stand in another. */
MUST_CHECK enum status store_mark(struct store *st);
void store_mark_keep(struct store *st);
void store_mark_undo(struct store *st);

/* Moves the log into the database file as far as no reader needs it; never waits. */
void store_checkpoint(struct store *st);
/* The log emptied, so that nothing erased stands in it (P11). false: a reader is in the way, try again. */
bool store_truncate_log(struct store *st);
/* No cell that was written stays in the writer's memory (P11). */
void store_forget(struct store *st);
int64_t store_wal_pages(const struct store *st);

/* A prepared statement, reset and unbound by stmt_return. */
struct stmt *stmt_borrow(struct store *st, enum statement id);
void stmt_return(struct stmt **q);
/* Binds ?1, ?2, ... by letters: i int64_t, b struct bytes, t const char * (NULL is NULL), n nothing (NULL). */
void stmt_bind(struct stmt *q, const char *kinds, ...);
/* One more row? STATUS_OK: yes. STATUS_NOT_FOUND: no more. */
MUST_CHECK enum status stmt_step(struct stmt *q);
/* Columns of the current row, from 0; bytes and text are valid until the next step. */
int64_t stmt_int(struct stmt *q, int column);
struct bytes stmt_bytes(struct stmt *q, int column);
const char *stmt_text(struct stmt *q, int column); /* "" for NULL */
bool stmt_is_null(struct stmt *q, int column);
void stmt_copy(struct stmt *q, int column, void *out,
               size_t len); /* zero when the length differs */

/* bind, run to the end, return. For statements that give no rows. */
MUST_CHECK enum status store_exec(struct store *st, enum statement id, const char *kinds, ...);
/* The first column of the first row as a number. */
MUST_CHECK enum status store_number(struct store *st, int64_t *out, enum statement id,
                                    const char *kinds, ...);
int64_t store_last_id(const struct store *st);

/* ---- meta ---- */
MUST_CHECK enum status store_meta_get(struct store *st, const char *key, struct arena *arena,
                                      struct bytes *out);
MUST_CHECK enum status store_meta_put(struct store *st, const char *key, struct bytes value);

#endif
