/* SPDX-License-Identifier: Apache-2.0
 *
 * node/job.c - long work: one job at a time, a piece a round, its position committed with its effect. A job
 * that a crash or a stop interrupted goes on from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/import.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"

enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_STOPPED };
static const char *const state_names[] = { "running", "done", "failed", "stopped" };

/* Columns of JOB_GET and JOB_LIST. */
enum { ID, KIND, STATE, ARGS, PATH, POSITION, TOTAL, RESULT, AT };

struct job { /* the one in hand */
    int64_t id;
    struct import *import;
    struct arena *arena;
};

void
job_close(struct core *core)
{
    struct job *job = core->job;

    if (job == NULL)
        return;
    import_close(&job->import);
    arena_free(&job->arena);
    xfree(&core->job);
}

enum status
jobs_load(struct core *core)
{
    int64_t id;

    job_close(core);
    enum status s = store_number(core->store, &id, STMT_JOB_NEXT, "");
    core->job_waits = s == STATUS_OK;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- a job's result as JSON --------------------------------------------------------------- */

static json_t *
result_of(const struct import *im)
{
    const struct import_counts *c = import_counts_get(im);
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "added", (json_int_t)c->added,
                          "updated", (json_int_t)c->updated, "unchanged",
                          (json_int_t)c->unchanged, "bad", (json_int_t)c->bad, "bad_size",
                          (json_int_t)c->bad_size, "preset", import_preset(im));

    reply_set(o, "first_bad", import_first_bad(im));
    return o;
}

static void
restore(struct import *im, const json_t *result, int64_t rows)
{
    struct import_counts c = {
        .rows = rows,
        .added = json_integer_value(json_object_get(result, "added")),
        .updated = json_integer_value(json_object_get(result, "updated")),
        .unchanged = json_integer_value(json_object_get(result, "unchanged")),
        .bad = json_integer_value(json_object_get(result, "bad")),
        .bad_size = json_integer_value(json_object_get(result, "bad_size")),
    };

    import_restore(im, &c, json_object_get(result, "first_bad"));
}

static enum status
job_put(struct core *core, int64_t id, enum job_state state, int64_t position, json_t *result)
{
    char *text = json_dumps(result, JSON_COMPACT);
    enum status s =
        store_exec(core->store, STMT_JOB_PUT, "iiit", id, (int64_t)state, position, text);

    xfree(&text);
    json_decref(result);
    return s;
}

/* ---- stepping ----------------------------------------------------------------------------- */

static const char *
text_member(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static enum status
open_import(struct job *job, struct stmt *q, struct diag *diag)
{
    const char *path = arena_text(job->arena, bytes_text(stmt_text(q, PATH)));
    json_t *args = json_loads(stmt_text(q, ARGS), 0, NULL);
    json_t *result = json_loads(stmt_text(q, RESULT), 0, NULL);
    const char *delimiter = text_member(args, "delimiter");
    const char *mapping = text_member(args, "mapping");
    struct import_config config = {
        .type = arena_text(job->arena, bytes_text(text_member(args, "type"))),
        .path = path,
        .bad_path = arena_printf(job->arena, "%s.bad", path),
        .delimiter = delimiter == NULL ? 0 : strcmp(delimiter, "tab") == 0 ? '\t' : delimiter[0],
        .dry_run = json_is_true(json_object_get(args, "dry-run")),
        .skip = stmt_int(q, POSITION),
        .bad_size = json_integer_value(json_object_get(result, "bad_size")),
    };

    if (mapping != NULL)
        config.mapping = arena_text(job->arena, bytes_text(mapping));
    if (text_member(args, "preset") != NULL)
        config.preset = arena_text(job->arena, bytes_text(text_member(args, "preset")));
    if (text_member(args, "charset") != NULL)
        config.charset = arena_text(job->arena, bytes_text(text_member(args, "charset")));
    enum status s = import_open(&config, diag, &job->import);
    if (s == STATUS_OK)
        restore(job->import, result, stmt_int(q, POSITION));
    json_decref(args);
    json_decref(result);
    return s;
}

static enum status
job_open(struct core *core, int64_t id, struct diag *diag)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_JOB_GET);
    struct job *job = xcalloc(1, sizeof(*job));

    core->job = job;
    job->id = id;
    job->arena = arena_new(0);
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    return open_import(job, q, diag);
}

/* What is wrong with the file or the request ends the job; what is wrong here is tried again. */
static enum status
job_fail(struct core *core, int64_t id, enum status status, const struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    json_t *result = core->job != NULL && core->job->import != NULL ? result_of(core->job->import)
                                                                   : json_object();

    reply_set(result, "code", json_words(status_name(status)));
    reply_set(result, "problem",
              json_words(text_failure(LANGUAGE_EN, status, diag, arena)));
    TRY(job_put(core, id, JOB_FAILED, 0, result));
    return jobs_load(core);
}

static enum status
step(struct core *core, struct diag *diag, int64_t id)
{
    bool done = false;

    if (core->job == NULL || core->job->id != id) {
        job_close(core);
        TRY(job_open(core, id, diag));
    }
    TRY(import_step(core->job->import, core, diag, &done));
    TRY(job_put(core, id, done ? JOB_DONE : JOB_RUNNING,
                import_counts_get(core->job->import)->rows, result_of(core->job->import)));
    return done ? jobs_load(core) : STATUS_OK;
}

enum status
jobs_step(struct core *core)
{
    struct diag diag = { 0 };
    struct core_mark mark;
    int64_t id;

    enum status s = store_number(core->store, &id, STMT_JOB_NEXT, "");
    if (s == STATUS_NOT_FOUND) {
        core->job_waits = false;
        return STATUS_OK;
    }
    TRY(s);
    TRY(core_mark_set(core, &mark));
    s = step(core, &diag, id);
    if (s == STATUS_OK) {
        core_mark_keep(core);
        return STATUS_OK;
    }
    core_mark_undo(core, &mark);
    LOG(LOG_WARN, "job.failed", log_num("job", id), log_status(s));
    return job_fail(core, id, s, &diag);
}

/* ---- services ----------------------------------------------------------------------------- */

static json_t *
job_json(struct stmt *q)
{
    enum job_state state = (enum job_state)stmt_int(q, STATE);
    json_t *o = json_loads(stmt_text(q, RESULT), 0, NULL);
    int64_t done = stmt_int(q, POSITION), total = stmt_int(q, TOTAL);

    if (o == NULL)
        o = json_object();
    (void)json_object_del(o, "bad_size");
    reply_set(o, "id", json_integer(stmt_int(q, ID)));
    reply_set(o, "kind", json_words(stmt_text(q, KIND)));
    reply_set(o, "state", json_words(state_names[state]));
    reply_set(o, "done", json_integer(done));
    reply_set(o, "total", json_integer(state == JOB_DONE || done > total ? done : total));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    return o;
}

enum status
service_job_list(struct call *call)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_JOB_LIST);
    struct page page;
    int64_t last = 0;
    enum status s;

    TRY(page_begin(call, &page));
    stmt_bind(q, "iti", page.after, page.search, page.limit + 1);
    while ((s = stmt_step(q)) == STATUS_OK) {
        if ((int64_t)json_array_size(page.items) == page.limit)
            break;
        last = stmt_int(q, ID);
        (void)json_array_append_new(page.items, job_json(q));
    }
    page_end(call, &page, last, s == STATUS_OK, -1);
    return s == STATUS_NOT_FOUND || s == STATUS_OK ? STATUS_OK : s;
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
    if (call->core->job != NULL && call->core->job->id == id)
        job_close(call->core);
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
    reply_set(call->reply, "text", json_stringn((const char *)text.data, text.len));
    return STATUS_OK;
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
service_record_import(struct call *call)
{
    const char *from = call->request->upload_path;
    const struct type *type;

    TRY(find_type(call, arg_text(call, "type"), &type));
    if (from == NULL)
        return diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
    uint8_t raw[8];
    call->core->env.random(call->core->env.self, raw, sizeof(raw));
    char name[17];
    hex_format(bytes_of(raw, sizeof(raw)), name);
    const char *to = arena_printf(call->arena, "%s/tmp/import-%s.csv", call->core->home, name);
    if (rename(from, to) != 0)
        return STATUS_IO;
    char *args = json_dumps(call->args, JSON_COMPACT);
    enum status s = store_exec(call->store, STMT_JOB_ADD, "tittiti", "import", (int64_t)JOB_RUNNING,
                               args, to, count_lines(to), "{}", call->now.ms);
    xfree(&args);
    TRY(s);
    int64_t id = store_last_id(call->store);
    call->core->job_waits = true;
    call->reply = json_pack("{s:I}", "job", (json_int_t)id);
    return STATUS_OK;
}
