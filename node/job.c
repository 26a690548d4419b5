/* SPDX-License-Identifier: Apache-2.0
 *
 * node/job.c - long work: one job at a time, a piece a round, its position committed with its effect. A job
 * that a crash or a stop interrupted goes on from there.
 */
#include <string.h>

#include "node/import.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

/* Columns of JOB_GET. */
enum { ID, KIND, STATE, ARGS, PATH, POSITION, TOTAL, RESULT };

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

void
jobs_forget(struct core *core, int64_t id)
{
    if (core->job != NULL && core->job->id == id)
        job_close(core);
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
        .delimiter = delimiter == NULL               ? 0
                     : strcmp(delimiter, "tab") == 0 ? '\t'
                                                     : delimiter[0],
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
    json_t *result = core->job != NULL && core->job->import != NULL
                         ? result_of(core->job->import)
                         : json_object();

    reply_set(result, "code", json_words(status_name(status)));
    reply_set(result, "problem", json_words(text_failure(LANGUAGE_EN, status, diag, arena)));
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
