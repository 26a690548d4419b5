/* SPDX-License-Identifier: Apache-2.0 */
#include "node/store/store_priv.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"
#include "schema/embed.h"

enum { APPLICATION_ID = 0x48616e73, BUSY_MS = 5000 };

static const char *const statement_sql[] = {
#define X(name, sql) [STMT_##name] = sql,
    STORE_STATEMENTS(X)
#undef X
};

enum status
store_status(int code)
{
    if (code == SQLITE_IOERR_SHMSIZE)
        return STATUS_DISK_FULL;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
        return STATUS_OK;
    case SQLITE_DONE:
        return STATUS_NOT_FOUND;
    case SQLITE_FULL:
        return STATUS_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STATUS_BUSY;
    case SQLITE_CONSTRAINT:
        return STATUS_CONFLICT;
    case SQLITE_TOOBIG:
        return STATUS_TOO_BIG;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_CORRUPT;
    default:
        return STATUS_IO;
    }
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum status
exec(struct store *st, const char *sql)
{
    return store_status(sqlite3_exec(st->db, sql, NULL, NULL, NULL));
}

static int
on_wal(void *self, sqlite3 *db, const char *name, int pages)
{
    struct store *st = self;

    (void)db;
    (void)name;
    st->wal_pages = pages;
    return SQLITE_OK;
}

static enum status
configure(struct store *st)
{
    static const int limits[][2] = {
        { SQLITE_LIMIT_LENGTH, 4 * MIB },      { SQLITE_LIMIT_SQL_LENGTH, 128 * KIB },
        { SQLITE_LIMIT_EXPR_DEPTH, 200 },      { SQLITE_LIMIT_COMPOUND_SELECT, 8 },
        { SQLITE_LIMIT_ATTACHED, 0 },          { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 512 },
        { SQLITE_LIMIT_VARIABLE_NUMBER, 512 }, { SQLITE_LIMIT_TRIGGER_DEPTH, 4 },
    };
    static const int switches[][2] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        { SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(limits); i++)
        (void)sqlite3_limit(st->db, limits[i][0], limits[i][1]);
    for (size_t i = 0; i < COUNT_OF(switches); i++)
        TRY(store_status(sqlite3_db_config(st->db, switches[i][0], switches[i][1], NULL)));
    (void)sqlite3_busy_timeout(st->db, BUSY_MS);
    TRY(functions_add(st->db));
    return exec(st, "PRAGMA trusted_schema = OFF;"
                    "PRAGMA temp_store = MEMORY;"
                    "PRAGMA cell_size_check = ON;"
                    "PRAGMA mmap_size = 0;"
                    "PRAGMA cache_size = -65536;");
}

static enum status
configure_writer(struct store *st)
{
    TRY(exec(
        st,
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        /* Enforcing them journals every statement, a fifth of all work; tests run foreign_key_check. */
        "PRAGMA foreign_keys = OFF;"
        "PRAGMA secure_delete = ON;"
        "PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 67108864;"));
    (void)sqlite3_wal_hook(st->db, on_wal, st);
    return STATUS_OK;
}

static enum status
user_version(struct store *st, int64_t *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    *out = 0;
    TRY(stmt_generate(st, "PRAGMA user_version", &q));
    assert(q != NULL);
    TRY(stmt_step(q));
    *out = stmt_int(q, 0);
    return STATUS_OK;
}

static enum status
migrate_one(struct store *st, int64_t version)
{
    char stamp[96];

    (void)snprintf(stamp, sizeof(stamp),
                   "PRAGMA user_version = %lld; PRAGMA application_id = %d",
                   (long long)version + 1, APPLICATION_ID);
    TRY(store_begin(st));
    enum status done = exec(st, (const char *)embedded_migrations[version].data);
    if (done == STATUS_OK)
        done = exec(st, stamp);
    if (done == STATUS_OK)
        return store_commit(st);
    LOG(LOG_ERROR, "store.migration_failed", log_num("migration", version + 1),
        log_status(done));
    store_rollback(st);
    return done;
}

static enum status
migrate(struct store *st, struct diag *diag)
{
    int64_t version, newest = 0;

    while (embedded_migrations[newest].name != NULL)
        newest++;
    TRY(user_version(st, &version));
    if (version > newest)
        return diag_say(diag, STATUS_NEWER_HOME, "home.newer", NULL);
    for (; version < newest; version++)
        TRY(migrate_one(st, version));
    return STATUS_OK;
}

static enum status
prepare_one(struct store *st, enum statement id)
{
    int rc = sqlite3_prepare_v3(st->db, statement_sql[id], -1, SQLITE_PREPARE_PERSISTENT,
                                &st->stmts[id].raw, NULL);

    if (rc == SQLITE_OK)
        return STATUS_OK;
    LOG(LOG_ERROR, "store.sql_failed", log_num("code", rc), log_num("statement", id));
    return STATUS_INTERNAL;
}

static enum status
prepare_all(struct store *st)
{
    for (size_t i = 0; i < STMT_COUNT_; i++)
        TRY(prepare_one(st, (enum statement)i));
    return STATUS_OK;
}

static void
setup(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0,
                         0); /* pages are freed, not kept in bulk */
}

/* SQLite's memory statistics take a lock at every allocation, and nobody reads them. */
static void
setup_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, setup);
}

static enum status
open_database(const char *path, int flags, struct store **out)
{
    AUTO(store_close) struct store *st = xcalloc(1, sizeof(*st));

    setup_once();
    TRY(store_status(sqlite3_open_v2(path, &st->db, flags | SQLITE_OPEN_NOMUTEX, NULL)));
    (void)sqlite3_extended_result_codes(st->db, 1);
    TRY(configure(st));
    *out = TAKE(st);
    return STATUS_OK;
}

enum status
store_open(const char *path, struct diag *diag, struct store **out)
{
    AUTO(store_close) struct store *st = NULL;

    *out = NULL;
    TRY(open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &st));
    st->writer = true;
    TRY(configure_writer(st));
    TRY(migrate(st, diag)); /* tables first: statements are compiled against them */
    TRY(prepare_all(st));
    *out = TAKE(st);
    return STATUS_OK;
}

enum status
store_open_reader(const char *path, struct store **out)
{
    AUTO(store_close) struct store *st = NULL;

    *out = NULL;
    TRY(open_database(path, SQLITE_OPEN_READONLY, &st));
    TRY(exec(st, "PRAGMA query_only = ON"));
    *out = TAKE(st);
    return STATUS_OK;
}

void
store_close(struct store **store)
{
    struct store *st = *store;

    if (st == NULL)
        return;
    for (size_t i = 0; i < STMT_COUNT_; i++)
        (void)sqlite3_finalize(st->stmts[i].raw);
    stmt_return(&st->child_stmt);
    for (size_t i = 0; i < STMT_KEPT; i++)
        (void)sqlite3_finalize(st->kept[i].raw);
    for (size_t i = 0; i < COUNT_OF(st->row_stmts); i++)
        (void)sqlite3_finalize(st->row_stmts[i]);
    (void)sqlite3_close_v2(st->db);
    free(st);
    *store = NULL;
}

/* ---- transactions ------------------------------------------------------------------------- */

enum status
store_begin(struct store *st)
{
    return exec(st, "BEGIN IMMEDIATE");
}

enum status
store_begin_read(struct store *st)
{
    return exec(st, "BEGIN");
}

enum status
store_commit(struct store *st)
{
    int rc = sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        return STATUS_OK;
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
        /* The kernel may have dropped the pages: only a new start can tell what is true. */
        LOG(LOG_ERROR, "store.fsync_failed", log_num("code", rc));
        _Exit(EXIT_FAILURE);
    }
    store_rollback(st);
    return store_status(rc);
}

void
store_rollback(struct store *st)
{
    if (store_in_txn(st))
        (void)exec(st, "ROLLBACK");
}

bool
store_in_txn(const struct store *st)
{
    return sqlite3_get_autocommit(st->db) == 0;
}

enum status
store_mark(struct store *st)
{
    return exec(st, "SAVEPOINT one");
}

void
store_mark_keep(struct store *st)
{
    (void)exec(st, "RELEASE one");
}

void
store_mark_undo(struct store *st)
{
    (void)exec(st, "ROLLBACK TO one; RELEASE one");
}

void
store_checkpoint(struct store *st)
{
    if (sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
        SQLITE_OK)
        st->wal_pages = 0;
}

bool
store_truncate_log(struct store *st)
{
    (void)sqlite3_busy_timeout(st->db, 0);
    int rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(st->db, BUSY_MS);
    if (rc == SQLITE_OK)
        st->wal_pages = 0;
    return rc == SQLITE_OK;
}

/* SQLite keeps the last cells that it built in a buffer of a page's size: a large one takes their place. */
void
store_forget(struct store *st)
{
    if (exec(st, "BEGIN IMMEDIATE;"
                 "INSERT INTO letting_go (leaf, how, reason, held, after)"
                 " VALUES (-1, 0, hex(zeroblob(2000)), 0, 0)") != STATUS_OK)
        LOG(LOG_WARN, "store.not_forgotten");
    store_rollback(st);
}

int64_t
store_wal_pages(const struct store *st)
{
    return st->wal_pages;
}

/* ---- statements --------------------------------------------------------------------------- */

struct stmt *
stmt_borrow(struct store *st, enum statement id)
{
    struct stmt *q = &st->stmts[id];

    assert(!sqlite3_stmt_busy(q->raw)); /* the same statement is never borrowed twice */
    if (q->raw == NULL) /* a reader's, at its first use; stmt_step() says when it failed */
        (void)prepare_one(st, id);
    return q;
}

/* One of the kept that is not out, with this text or to be prepared anew; NULL: all are out. */
static struct stmt *
kept_free(struct store *st, const char *sql)
{
    struct stmt *out = NULL;

    for (size_t i = 0; i < STMT_KEPT; i++) {
        struct stmt *q = &st->kept[(st->kept_next + i) % STMT_KEPT];
        if (q->is_out)
            continue;
        if (q->raw != NULL && strcmp(sqlite3_sql(q->raw), sql) == 0)
            return q;
        out = out == NULL ? q : out;
    }
    if (out == NULL)
        return NULL;
    st->kept_next = (size_t)(out - st->kept + 1) % STMT_KEPT;
    (void)sqlite3_finalize(out->raw);
    out->raw = NULL;
    return out;
}

enum status
stmt_generate(struct store *st, const char *sql, struct stmt **out)
{
    struct stmt *q = kept_free(st, sql);
    AUTO(xfree) struct stmt *once = NULL;

    *out = NULL;
    if (q == NULL) {
        q = once = xcalloc(1, sizeof(*once));
        once->once = true;
    }
    if (q->raw == NULL) {
        int rc = sqlite3_prepare_v2(st->db, sql, -1, &q->raw, NULL);
        if (rc != SQLITE_OK) {
            LOG(LOG_ERROR, "store.sql_failed", log_num("code", rc));
            return store_status(rc);
        }
    }
    q->is_out = true;
    once = NULL;
    *out = q;
    return STATUS_OK;
}

void
stmt_return(struct stmt **q)
{
    struct stmt *stmt = *q;

    *q = NULL;
    if (stmt == NULL)
        return;
    if (stmt->once) {
        (void)sqlite3_finalize(stmt->raw);
        free(stmt);
        return;
    }
    (void)sqlite3_reset(stmt->raw);
    if (stmt->raw != NULL)
        (void)sqlite3_clear_bindings(stmt->raw);
    stmt->is_out = false;
}

static void
bind_list(struct stmt *q, const char *kinds, va_list args)
{
    for (int i = 0; kinds[i] != '\0'; i++) {
        if (kinds[i] == 'i') {
            (void)sqlite3_bind_int64(q->raw, i + 1, va_arg(args, int64_t));
        } else if (kinds[i] == 'b') {
            struct bytes raw = va_arg(args, struct bytes);
            (void)sqlite3_bind_blob(q->raw, i + 1, raw.len > 0 ? (const void *)raw.data : "",
                                    (int)raw.len, SQLITE_STATIC);
        } else if (kinds[i] == 't') {
            (void)sqlite3_bind_text(q->raw, i + 1, va_arg(args, const char *), -1,
                                    SQLITE_STATIC);
        } else {
            assert(kinds[i] == 'n');
            (void)sqlite3_bind_null(q->raw, i + 1);
        }
    }
}

void
stmt_bind(struct stmt *q, const char *kinds, ...)
{
    va_list args;

    va_start(args, kinds);
    bind_list(q, kinds, args);
    va_end(args);
}

enum status
stmt_step(struct stmt *q)
{
    return store_status(sqlite3_step(q->raw));
}

int64_t
stmt_int(struct stmt *q, int column)
{
    return sqlite3_column_int64(q->raw, column);
}

struct bytes
stmt_bytes(struct stmt *q, int column)
{
    const void *data = sqlite3_column_blob(q->raw, column);

    return bytes_of(data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(q->raw, column));
}

const char *
stmt_text(struct stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->raw, column);

    return text == NULL ? "" : (const char *)text;
}

bool
stmt_is_null(struct stmt *q, int column)
{
    return sqlite3_column_type(q->raw, column) == SQLITE_NULL;
}

void
stmt_copy(struct stmt *q, int column, void *out, size_t len)
{
    struct bytes raw = stmt_bytes(q, column);

    memset(out, 0, len);
    if (raw.len == len)
        memcpy(out, raw.data, len);
}

static enum status
run_to_end(struct stmt *q)
{
    enum status s = stmt_step(q);

    while (s == STATUS_OK)
        s = stmt_step(q);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
store_exec(struct store *st, enum statement id, const char *kinds, ...)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, id);
    va_list args;

    va_start(args, kinds);
    bind_list(q, kinds, args);
    va_end(args);
    return run_to_end(q);
}

enum status
store_number(struct store *st, int64_t *out, enum statement id, const char *kinds, ...)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, id);
    va_list args;

    *out = 0;
    va_start(args, kinds);
    bind_list(q, kinds, args);
    va_end(args);
    TRY(stmt_step(q));
    *out = stmt_int(q, 0);
    return STATUS_OK;
}

int64_t
store_last_id(const struct store *st)
{
    return sqlite3_last_insert_rowid(st->db);
}

/* ---- meta --------------------------------------------------------------------------------- */

enum status
store_meta_get(struct store *st, const char *key, struct arena *arena, struct bytes *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_META_GET);

    *out = (struct bytes){ 0 };
    stmt_bind(q, "t", key);
    TRY(stmt_step(q));
    *out = arena_copy(arena, stmt_bytes(q, 0));
    return STATUS_OK;
}

enum status
store_meta_put(struct store *st, const char *key, struct bytes value)
{
    return store_exec(st, STMT_META_PUT, "tb", key, value);
}
