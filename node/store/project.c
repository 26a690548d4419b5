/* SPDX-License-Identifier: Apache-2.0 */
#include "node/store/project.h"

#include <stdio.h>
#include <string.h>

#include "node/store/store_priv.h"
#include "node/store/where.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

static const char *const sql_types[] = {
#define X(name, sql) [KIND_##name] = sql,
    KIND_TABLE(X)
#undef X
};

static void
put(struct buffer *sql, const char *text)
{
    buffer_put_text(sql, text);
}

static void
put_table(struct buffer *sql, const struct type *type)
{
    put(sql, "\"t_");
    put(sql, type->name);
    put(sql, "\"");
}

static enum status
run(struct store *st, struct buffer *sql)
{
    buffer_put_u8(sql, 0);
    return store_status(sqlite3_exec(st->db, (const char *)sql->data, NULL, NULL, NULL));
}

/* ---- tables ------------------------------------------------------------------------------- */

/* From the schema that SQLite has in memory: a query for each column of each type makes most of a start. */
static bool
has_column(struct store *st, const struct type *type, const char *column)
{
    AUTO(buffer_fini) struct buffer name = { 0 };

    put(&name, "t_");
    put(&name, type->name);
    buffer_put_u8(&name, 0);
    return sqlite3_table_column_metadata(st->db, NULL, (const char *)name.data, column, NULL,
                                         NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static enum status
table_make(struct store *st, const struct type *type)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    put(&sql, "CREATE TABLE IF NOT EXISTS ");
    put_table(&sql, type);
    put(&sql, " (id INTEGER PRIMARY KEY REFERENCES record (id)) STRICT");
    return run(st, &sql);
}

static enum status
column_make(struct store *st, const struct type *type, const struct type_field *field)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    if (has_column(st, type, field->column))
        return STATUS_OK;
    put(&sql, "ALTER TABLE ");
    put_table(&sql, type);
    put(&sql, " ADD COLUMN \"");
    put(&sql, field->column);
    put(&sql, "\" ");
    put(&sql, sql_types[field->kind]);
    return run(st, &sql);
}

/* References are looked up from the other end; most rows have none, so the index is small. */
static enum status
index_make(struct store *st, const struct type *type, const struct type_field *field)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    put(&sql, "CREATE INDEX IF NOT EXISTS \"t_");
    put(&sql, type->name);
    put(&sql, "_");
    put(&sql, field->column);
    put(&sql, "\" ON ");
    put_table(&sql, type);
    put(&sql, " (substr(\"");
    put(&sql, field->column);
    put(&sql, "\", 1, 6)) WHERE \"");
    put(&sql, field->column);
    put(&sql, "\" IS NOT NULL");
    return run(st, &sql);
}

enum status
project_tables(struct store *st, const struct dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary_count(dictionary); i++) {
        const struct type *type = dictionary_type(dictionary, i);
        TRY(table_make(st, type));
        for (size_t f = 0; f < type->field_count; f++) {
            const struct type_field *field = &type->fields[f];
            if (field->column == NULL)
                continue;
            TRY(column_make(st, type, field));
            if (field->kind == KIND_REFERENCE && !field->is_parent)
                TRY(index_make(st, type, field));
        }
    }
    return STATUS_OK;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Every column of the type; kept prepared per type (struct store). Not OR REPLACE, which makes SQLite journal each
 * statement. */
static void
insert_sql(const struct type *type, struct buffer *sql)
{
    AUTO(buffer_fini) struct buffer slots = { 0 };
    AUTO(buffer_fini) struct buffer sets = { 0 };
    int n = 1;

    put(sql, "INSERT INTO ");
    put_table(sql, type);
    put(sql, " (id");
    for (size_t f = 0; f < type->field_count; f++) {
        const char *column = type->fields[f].column;
        char slot[16];
        if (column == NULL)
            continue;
        (void)snprintf(slot, sizeof(slot), ", ?%d", ++n);
        put(&slots, slot);
        put(sql, ", \"");
        put(sql, column);
        put(sql, "\"");
        put(&sets, n == 2 ? "\"" : ", \"");
        put(&sets, column);
        put(&sets, "\" = excluded.\"");
        put(&sets, column);
        put(&sets, "\"");
    }
    put(sql, ") VALUES (?1");
    buffer_put_bytes(sql, buffer_bytes(&slots));
    put(sql, ") ON CONFLICT (id) DO UPDATE SET ");
    buffer_put_bytes(sql, buffer_bytes(&sets));
    buffer_put_u8(sql, 0);
}

static enum status
row_statement(struct store *st, const struct type *type, sqlite3_stmt **out)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    for (size_t i = 0; i < COUNT_OF(st->row_types); i++) {
        if (st->row_types[i] == type) {
            *out = st->row_stmts[i];
            return STATUS_OK;
        }
    }
    size_t slot = st->row_next++ % COUNT_OF(st->row_types);
    (void)sqlite3_finalize(st->row_stmts[slot]);
    st->row_stmts[slot] = NULL;
    st->row_types[slot] = NULL;
    insert_sql(type, &sql);
    TRY(store_status(sqlite3_prepare_v3(st->db, (const char *)sql.data, -1,
                                        SQLITE_PREPARE_PERSISTENT, &st->row_stmts[slot],
                                        NULL)));
    st->row_types[slot] = type;
    *out = st->row_stmts[slot];
    return STATUS_OK;
}

static void
bind_value(sqlite3_stmt *q, int slot, const struct type_field *field, struct bytes value)
{
    const char *sql_type = sql_types[field->kind];

    if (strcmp(sql_type, "TEXT") == 0 && field->kind != KIND_MONEY)
        (void)sqlite3_bind_text(q, slot, (const char *)value.data, (int)value.len,
                                SQLITE_STATIC);
    else if (field->kind == KIND_BOOLEAN && value.len == 1)
        (void)sqlite3_bind_int64(q, slot, value.data[0]);
    else if (strcmp(sql_type, "INTEGER") == 0 && value.len >= 8)
        (void)sqlite3_bind_int64(q, slot, (int64_t)get_u64(value.data));
    else if (strcmp(sql_type, "BLOB") == 0)
        (void)sqlite3_bind_blob(q, slot, value.data, (int)value.len, SQLITE_STATIC);
}

/* "123456 EUR": minor units and currency. */
static void
bind_money(sqlite3_stmt *q, int slot, struct bytes value)
{
    char text[32];

    if (value.len != 11)
        return;
    (void)snprintf(text, sizeof(text), "%lld %.3s", (long long)get_u64(value.data),
                   (const char *)value.data + 8);
    (void)sqlite3_bind_text(q, slot, text, -1, SQLITE_TRANSIENT);
}

enum status
project_put(struct store *st, const struct type *type, int64_t record,
            const struct field *fields, size_t count)
{
    sqlite3_stmt *q;
    int slot = 1;
    size_t at = 0;

    TRY(row_statement(st, type, &q));
    (void)sqlite3_bind_int64(q, 1, record);
    for (size_t f = 0; f < type->field_count; f++) {
        const struct type_field *field = &type->fields[f];
        if (field->column == NULL)
            continue;
        slot++;
        while (at < count && key_compare(fields[at].key, field->key) < 0)
            at++;
        if (at == count || !key_is_equal(fields[at].key, field->key) ||
            fields[at].value.len == 0)
            continue;
        if (field->kind == KIND_MONEY)
            bind_money(q, slot, fields[at].value);
        else
            bind_value(q, slot, field, fields[at].value);
    }
    int rc = sqlite3_step(q);
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    return rc == SQLITE_DONE ? STATUS_OK : store_status(rc);
}

enum status
project_drop(struct store *st, const struct type *type, int64_t record)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };
    AUTO(stmt_return) struct stmt *q = NULL;

    put(&sql, "DELETE FROM ");
    put_table(&sql, type);
    put(&sql, " WHERE id = ?1");
    buffer_put_u8(&sql, 0);
    TRY(stmt_generate(st, (const char *)sql.data, &q));
    stmt_bind(q, "i", record);
    enum status s = stmt_step(q);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- queries ------------------------------------------------------------------------------ */

/* ?1 after, ?2 search, ?3 parent, ?4 limit, ?5 segment, ?6 segment to fill, ?7 owner; values of rules behind them */
enum { SLOT_FILL = 6, SLOT_OWNER, SLOT_RULES };

/* Nothing narrows which persons: then each is found by its first row alone, in order. */
static bool
is_plain(const struct project_query *query)
{
    return (query->search == NULL || query->search[0] == '\0') && query->where == NULL &&
           query->segment == 0 && query->owner == 0 && !query->own_only;
}

/* By the index on the parent, or one scan of the type's rows; the record only when something is asked of it. */
static void
put_source(struct buffer *sql, const struct project_query *query)
{
    put(sql, query->parent != NULL ? "record r CROSS JOIN " : "");
    put_table(sql, query->type);
    if (query->parent != NULL) {
        put(sql, " t ON t.id = r.id");
        put(sql, query->people ? " CROSS JOIN person p ON p.record = r.id" : "");
        put(sql, " WHERE r.parent_rid = ?3 AND r.id > ?1");
    } else if (query->own_only || query->owner != 0) {
        put(sql, " t CROSS JOIN record r ON r.id = t.id WHERE t.id > ?1");
    } else {
        put(sql, " t WHERE t.id > ?1");
    }
}

/* Who stands on the list of segment ?5, or is kept off it. */
static void
put_listed(struct buffer *sql, const char *is_in, const char *state)
{
    put(sql, "t.id ");
    put(sql, is_in);
    put(sql, " (SELECT record FROM segment_member WHERE segment = ?5 AND included = ");
    put(sql, state);
    put(sql, ")");
}

/* Whom the rule covers, and who was added by hand, but for those who were taken out by hand. */
static void
put_segment(struct buffer *sql, const struct project_query *query, int *slot)
{
    if (query->segment_rule == NULL) {
        put(sql, " AND ");
        put_listed(sql, "IN", "1");
        return;
    }
    put(sql, " AND (");
    where_put(sql, query->type, query->segment_rule, slot);
    put(sql, " OR ");
    put_listed(sql, "IN", "1");
    put(sql, ") AND ");
    put_listed(sql, "NOT IN", "0");
}

static void
put_conditions(struct buffer *sql, const struct project_query *query)
{
    int slot = SLOT_RULES;

    if (query->people)
        put(sql, is_plain(query) ? " AND p.person = r.id" : " AND p.person > ?1");
    if (query->own_only)
        put(sql, " AND r.owner = 1");
    if (query->owner != 0)
        put(sql, " AND r.owner = ?7");
    if (query->search != NULL && query->search[0] != '\0') {
        put(sql, query->is_digits ? " AND instr(digits(" : " AND instr(fold(");
        where_put_text(sql, query->type);
        put(sql, query->is_digits ? "), ?2) > 0" : "), fold(?2)) > 0");
    }
    if (query->segment != 0)
        put_segment(sql, query, &slot);
    if (query->where != NULL) {
        put(sql, " AND ");
        where_put(sql, query->type, query->where, &slot);
    }
}

static void
bind_all(struct stmt *q, const struct project_query *query)
{
    struct bytes parent =
        query->parent != NULL ? bytes_of(query->parent->b, ID_SIZE) : (struct bytes){ 0 };
    int slot = SLOT_RULES;

    stmt_bind(q, "itbii", query->after, query->search, parent, query->limit, query->segment);
    (void)sqlite3_bind_int64(q->raw, SLOT_OWNER, query->owner);
    if (query->segment != 0 && query->segment_rule != NULL)
        where_bind(q, query->segment_rule, &slot);
    if (query->where != NULL)
        where_bind(q, query->where, &slot);
}

/* `head` and the rows that the query finds, `limit` of them from `after` on. */
static enum status
compile(struct store *st, const struct project_query *query, const char *head, const char *tail,
        struct stmt **out)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    put(&sql, head);
    put(&sql, " FROM ");
    put_source(&sql, query);
    put_conditions(&sql, query);
    put(&sql, query->people && !is_plain(query) ? " ORDER BY p.person"
              : query->parent != NULL           ? " ORDER BY r.id"
                                                : " ORDER BY t.id");
    put(&sql, " LIMIT ?4");
    put(&sql, tail);
    buffer_put_u8(&sql, 0);
    TRY(stmt_generate(st, (const char *)sql.data, out));
    bind_all(*out, query);
    return STATUS_OK;
}

enum status
project_list(struct store *st, const struct project_query *query, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    *count = 0;
    TRY(compile(st, query,
                query->people && !is_plain(query) ? "SELECT DISTINCT p.person" : "SELECT t.id",
                "", &q));
    for (;;) {
        enum status s = stmt_step(q);
        if (s == STATUS_NOT_FOUND)
            return STATUS_OK;
        TRY(s);
        out[(*count)++] = stmt_int(q, 0);
    }
}

enum status
project_count(struct store *st, const struct project_query *query, int64_t *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct project_query all = *query;

    *out = 0;
    all.after = 0;
    all.limit = -1;
    TRY(compile(st, &all, query->people ? "SELECT count(DISTINCT p.person)" : "SELECT count(*)",
                "", &q));
    TRY(stmt_step(q));
    *out = stmt_int(q, 0);
    return STATUS_OK;
}

enum status
project_fill(struct store *st, const struct project_query *query, int64_t segment)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct project_query all = *query;

    all.after = 0;
    all.limit = -1;
    TRY(compile(st, &all,
                "INSERT INTO segment_member (segment, record, included) SELECT ?6, t.id, 1",
                " ON CONFLICT DO UPDATE SET included = 1", &q));
    (void)sqlite3_bind_int64(q->raw, SLOT_FILL, segment);
    enum status s = stmt_step(q);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
project_each_share(struct store *st, const struct type *type, const struct record_id *parent,
                   project_share_fn *fn, void *self)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };
    AUTO(stmt_return) struct stmt *q = NULL;
    enum status s;

    put(&sql, "SELECT r.owner, ifnull(g.issuer, 1), count(*), sum(t.email IS NULL OR"
              " (t.telephone IS NULL AND t.mobile IS NULL)) FROM record r CROSS JOIN ");
    put_table(&sql, type);
    put(&sql, " t ON t.id = r.id CROSS JOIN copy c ON c.id = (SELECT n.id FROM copy n"
              " WHERE n.record = r.id AND n.applied = 1"
              " ORDER BY n.incarnation DESC, n.number DESC, n.grant_id LIMIT 1)"
              " LEFT JOIN grants g ON g.id = c.grant_id WHERE r.parent_rid = ?1"
              " GROUP BY 1, 2 ORDER BY r.owner <> 1, min(r.id)");
    buffer_put_u8(&sql, 0);
    TRY(stmt_generate(st, (const char *)sql.data, &q));
    stmt_bind(q, "b", bytes_of(parent->b, ID_SIZE));
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct project_share share = { stmt_int(q, 0), stmt_int(q, 1), stmt_int(q, 2),
                                       stmt_int(q, 3) };
        TRY(fn(self, &share));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
child_statement(struct store *st, const struct type *type, const struct type_field *ref)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    if (st->child_ref == ref)
        return STATUS_OK;
    stmt_return(&st->child_stmt);
    st->child_ref = NULL;
    put(&sql, "SELECT 1 FROM ");
    put_table(&sql, type);
    put(&sql, " t CROSS JOIN record r ON r.id = t.id WHERE substr(t.\"");
    put(&sql, ref->column);
    put(&sql, "\", 1, 6) = substr(?1, 1, 6) AND t.\"");
    put(&sql, ref->column);
    put(&sql, "\" = ?1 AND r.parent_rid = ?2 AND r.owner = 1 LIMIT 1");
    buffer_put_u8(&sql, 0);
    TRY(stmt_generate(st, (const char *)sql.data, &st->child_stmt));
    st->child_ref = ref;
    return STATUS_OK;
}

enum status
project_find_child(struct store *st, const struct type *type, const struct record_id *parent,
                   const struct type_field *ref, const struct record_id *value, bool *out)
{
    *out = false;
    TRY(child_statement(st, type, ref));
    stmt_bind(st->child_stmt, "bb", bytes_of(value->b, ID_SIZE), bytes_of(parent->b, ID_SIZE));
    enum status s = stmt_step(st->child_stmt);
    *out = s == STATUS_OK;
    (void)sqlite3_reset(st->child_stmt->raw);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
project_referring(struct store *st, const struct project_reference *query, int64_t *out,
                  size_t max, size_t *count)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };
    AUTO(stmt_return) struct stmt *q = NULL;
    enum status s = STATUS_OK;

    *count = 0;
    put(&sql, "SELECT t.id FROM ");
    put_table(&sql, query->type);
    put(&sql, query->own_only ? " t CROSS JOIN record r ON r.id = t.id AND r.owner = 1" : " t");
    put(&sql, " WHERE substr(t.\"");
    put(&sql, query->ref->column);
    put(&sql, "\", 1, 6) = substr(?1, 1, 6) AND t.\"");
    put(&sql, query->ref->column);
    put(&sql, "\" = ?1");
    put(&sql, query->form != NULL ? " AND t.\"form\" = ?2" : "");
    put(&sql, " ORDER BY t.id");
    buffer_put_u8(&sql, 0);
    TRY(stmt_generate(st, (const char *)sql.data, &q));
    stmt_bind(q, "bt", bytes_of(query->value->b, ID_SIZE), query->form);
    while (*count < max && (s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
