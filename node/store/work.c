/* SPDX-License-Identifier: Apache-2.0 */
#include "node/store/work.h"

#include "node/store/store_priv.h"
#include "schema/base/cleanup.h"

/* These tables are made from the dictionary after the fixed statements are prepared, so this is compiled when asked. */
#define OPEN_LEAD        "r.owner = 1 AND ifnull(l.stage, '') NOT IN ('won', 'lost')"
#define OPEN_TASK        "r.owner = 1 AND a.form = 'task' AND ifnull(a.status, 'open') = 'open'"
#define OF_SELLER(table) "(?1 = '' OR fold(ifnull(" table ".assignee, '')) = fold(?1))"
#define NEVER            "9223372036854775807"

/* A lead with its first task; then tasks of their own. */
static const char rows_sql[] =
    "SELECT l.id AS lead, ifnull(k.id, 0) AS task, fold(ifnull(l.assignee, '')) AS seller,"
    " ifnull(k.dueDate, " NEVER ") AS due FROM t_lead l CROSS JOIN record r ON r.id = l.id"
    " LEFT JOIN t_activity k ON k.id = (SELECT a.id FROM t_activity a CROSS JOIN record o"
    " ON o.id = a.id AND o.owner = 1 WHERE substr(a.about, 1, 6) = substr(r.rid, 1, 6)"
    " AND a.about = r.rid AND a.form = 'task' AND ifnull(a.status, 'open') = 'open'"
    " ORDER BY ifnull(a.dueDate, " NEVER "), a.id LIMIT 1)"
    " WHERE " OPEN_LEAD " AND " OF_SELLER(
        "l") " UNION ALL SELECT 0, a.id, fold(ifnull(a.assignee, '')),"
             " ifnull(a.dueDate, " NEVER
             ") FROM t_activity a CROSS JOIN record r ON r.id = a.id"
             " WHERE " OPEN_TASK " AND " OF_SELLER(
                 "a") " AND NOT EXISTS (SELECT 1 FROM record q CROSS JOIN t_lead l"
                      " ON l.id = q.id WHERE substr(q.rid, 1, 6) = substr(a.about, 1, 6) AND "
                      "q.rid = a.about AND q.owner = 1"
                      " AND ifnull(l.stage, '') NOT IN ('won', 'lost'))";

static enum status
compile(struct store *st, const char *head, const char *tail, struct stmt **out)
{
    AUTO(buffer_fini) struct buffer sql = { 0 };

    buffer_put_text(&sql, head);
    buffer_put_text(&sql, rows_sql);
    buffer_put_text(&sql, tail);
    buffer_put_u8(&sql, 0);
    return stmt_generate(st, (const char *)sql.data, out);
}

enum status
work_list(struct store *st, const char *seller, int64_t offset, int64_t limit,
          struct work_row *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    enum status s;

    *count = 0;
    TRY(compile(st, "", " ORDER BY seller, due, lead, task LIMIT ?2 OFFSET ?3", &q));
    stmt_bind(q, "tii", seller, limit, offset);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = (struct work_row){ stmt_int(q, 0), stmt_int(q, 1) };
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
work_count(struct store *st, const char *seller, int64_t *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    *out = 0;
    TRY(compile(st, "SELECT count(*) FROM (", ")", &q));
    stmt_bind(q, "t", seller);
    TRY(stmt_step(q));
    *out = stmt_int(q, 0);
    return STATUS_OK;
}

enum status
work_open_leads(struct store *st, const char *seller, int64_t *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    *out = 0;
    TRY(stmt_generate(st,
                      "SELECT count(*) FROM t_lead l CROSS JOIN record r ON r.id = l.id"
                      " WHERE " OPEN_LEAD " AND fold(ifnull(l.assignee, '')) = fold(?1)",
                      &q));
    stmt_bind(q, "t", seller);
    TRY(stmt_step(q));
    *out = stmt_int(q, 0);
    return STATUS_OK;
}
