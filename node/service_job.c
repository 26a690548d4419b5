/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_job.c - long work seen from outside: starting an import, looking, stopping, resuming.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

static const char *const state_names[] = { "running", "done", "failed", "stopped" };

/* Columns of JOB_GET and JOB_LIST. */
enum { ID, KIND, STATE, ARGS, PATH, POSITION, TOTAL, RESULT, AT };

static json_t *
job_json(struct stmt *q)
{
    enum job_state state = (enum job_state)stmt_int(q, STATE);
    json_t *o = json_loads(stmt_text(q, RESULT), 0, NULL);
    int64_t done = stmt_int(q, POSITION), total = stmt_int(q, TOTAL);

    if (o == NULL)
        o = json_object();
    (void)json_object_del(
        o, "bad_size"); /* where the next piece begins is nobody else's business */
    (void)json_object_del(o, "after");
    reply_set(o, "id", json_integer(stmt_int(q, ID)));
    reply_set(o, "kind", json_words(stmt_text(q, KIND)));
    reply_set(o, "state", json_words(state_names[state]));
    reply_set(o, "done", json_integer(done));
    reply_set(o, "total", json_integer(state == JOB_DONE || done > total ? done : total));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    return o;
}

static json_t *
job_row(struct call *call, struct stmt *q)
{
    (void)call;
    return job_json(q);
}

enum status
service_job_list(struct call *call)
{
    return page_rows(call, STMT_JOB_LIST, job_row);
}

/* The job named in the request, stepped to. */
static enum status
find_job(struct call *call, struct stmt **out)
{
    const char *text = arg_text(call, "job");
    struct stmt *q = stmt_borrow(call->store, STMT_JOB_GET);
    char *end;
    int64_t id = strtoll(text, &end, 10);

    *out = q; /* returned by the caller in any case */
    stmt_bind(q, "i", id);
    enum status s = *end == '\0' ? stmt_step(q) : STATUS_NOT_FOUND;
    return s == STATUS_NOT_FOUND ? diag_say(call->diag, s, "job.unknown", text, NULL) : s;
}

enum status
service_job_show(struct call *call)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    TRY(find_job(call, &q));
    call->reply = job_json(q);
    return STATUS_OK;
}

static enum status
set_state(struct call *call, enum job_state from, enum job_state to, int64_t *id)
{
    AUTO(stmt_return) struct stmt *q = NULL;

    TRY(find_job(call, &q));
    *id = stmt_int(q, ID);
    if (stmt_int(q, STATE) != (int64_t)from)
        return diag_say(call->diag, STATUS_CONFLICT, "job.state", arg_text(call, "job"),
                        state_names[stmt_int(q, STATE)], NULL);
    TRY(store_exec(call->store, STMT_JOB_PUT, "iiit", *id, (int64_t)to, stmt_int(q, POSITION),
                   stmt_text(q, RESULT)));
    return STATUS_OK;
}

enum status
service_job_stop(struct call *call)
{
    int64_t id;

    TRY(set_state(call, JOB_RUNNING, JOB_STOPPED, &id));
    jobs_forget(call->core, id);
    call->reply = json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", "stopped");
    return STATUS_OK;
}

enum status
service_job_resume(struct call *call)
{
    int64_t id;

    TRY(set_state(call, JOB_STOPPED, JOB_RUNNING, &id));
    call->core->job_waits = true;
    call->reply = json_pack("{s:I}", "job", (json_int_t)id);
    return STATUS_OK;
}

enum status
service_job_bad_rows(struct call *call)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    AUTO(buffer_fini) struct buffer text = { 0 };

    TRY(find_job(call, &q));
    const char *path = arena_printf(call->arena, "%s.bad", stmt_text(q, PATH));
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t n = 1; fd >= 0 && n > 0 && text.len < HTTP_UPLOAD_MAX;) {
        uint8_t *piece = buffer_extend(&text, 64 * KIB);
        n = read(fd, piece, 64 * KIB);
        text.len -= 64 * KIB - (n > 0 ? (size_t)n : 0);
    }
    call->reply = json_object();
    reply_set(call->reply, "text", json_text(buffer_bytes(&text)));
    return STATUS_OK;
}

/* The database as of now into HOME/tmp/backup.db, which the command line then closes into an encrypted file. */
enum status
service_node_backup(struct call *call)
{
    enum { PAGE_SIZE = 4096 };
    struct stat st = { 0 };

    (void)stat(call->core->db_path, &st);
    TRY(audit_add(call->core, call->actor, "node.backup", bytes_of(call->core->me.b, ID_SIZE),
                  (struct bytes){ 0 }));
    return job_add(call, "backup", json_object(), "", st.st_size / PAGE_SIZE);
}

/* Line feeds: about how many rows there are, for the progress. */
static int64_t
count_lines(const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t piece[16 * KIB];
    int64_t lines = 0;
    ssize_t n;

    while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
        for (ssize_t i = 0; i < n; i++)
            lines += piece[i] == '\n';
    return lines;
}

enum status
job_add(struct call *call, const char *kind, json_t *args, const char *path, int64_t total)
{
    reply_set(args, "language", json_string(language_tag(call->language)));
    char *text = json_dumps(args, JSON_COMPACT);
    enum status s = store_exec(call->store, STMT_JOB_ADD, "tittiti", kind, (int64_t)JOB_RUNNING,
                               text, path, total, "{}", call->now.ms);

    xfree(&text);
    json_decref(args);
    TRY(s);
    call->core->job_waits = true;
    call->reply = json_pack("{s:I}", "job", (json_int_t)store_last_id(call->store));
    return STATUS_OK;
}

/* The ground for all rows that name none, before a long file is read. */
static enum status
check_consent(struct call *call, const struct type *type)
{
    static const char *const names[CONSENT_DATE] = { "consent", "consent-purpose",
                                                     "consent-recipients" };

    for (size_t i = 0; i < CONSENT_DATE; i++) {
        const char *text = arg_text(call, names[i]);
        struct bytes value;
        if (text == NULL)
            continue;
        if (type->consent[i] == NULL)
            return diag_say(call->diag, STATUS_USAGE, "import.no_consent", type->name, NULL);
        TRY(value_parse(type->consent[i], bytes_text(text), NULL, NULL, call->arena, call->diag,
                        &value));
    }
    return STATUS_OK;
}

enum status
service_record_import(struct call *call)
{
    const char *from = call->request->upload_path;
    const struct type *type;

    TRY(find_type(call, arg_text(call, "type"), &type));
    TRY(check_consent(call, type));
    if (from == NULL)
        return diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
    uint8_t raw[8];
    call->core->env.random(call->core->env.self, raw, sizeof(raw));
    char name[17];
    hex_format(bytes_of(raw, sizeof(raw)), name);
    const char *to = arena_printf(call->arena, "%s/tmp/import-%s.csv", call->core->home, name);
    if (rename(from, to) != 0)
        return STATUS_IO;
    return job_add(call, "import", json_incref(call->args), to, count_lines(to));
}
