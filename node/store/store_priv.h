/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/store_priv.h - what node/store shares: the raw handle, for generated SQL.
 */
#ifndef HANSA_NODE_STORE_PRIV_H
#define HANSA_NODE_STORE_PRIV_H

#include <sqlite3.h>

#include "node/store/store.h"

enum { STMT_KEPT = 16 };

struct stmt {
    sqlite3_stmt *raw;
    bool once;   /* finalised, not reset, on return */
    bool is_out; /* one of store.kept: borrowed now */
};

struct store {
    sqlite3 *db;
    bool writer;
    struct stmt stmts[STMT_COUNT_];
    struct stmt kept[STMT_KEPT]; /* generated SQL that may come again, found by its text */
    size_t kept_next;
    int64_t wal_pages;
    /* Row statements of the projection, by type (node/store/project.c). */
    const struct type *row_types[16];
    sqlite3_stmt *row_stmts[16];
    size_t row_next;
    const struct type_field *child_ref; /* of child_stmt */
    struct stmt *child_stmt;
};

enum status store_status(int code);
/* Our own functions in SQL (node/store/functions.c). */
MUST_CHECK enum status functions_add(sqlite3 *db);
/* For generated SQL: prepared now or before, the caller's until stmt_return. */
MUST_CHECK enum status stmt_generate(struct store *st, const char *sql, struct stmt **out);

#endif
