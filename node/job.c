/* SPDX-License-Identifier: Apache-2.0
 *
 * node/job.c - long work: one job at a time, a piece a round, its position committed with its effect. A job
 * that a crash or a stop interrupted goes on from there.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/import.h"
#include "node/light.h"
#include "node/store/copy.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/mapping.h"

enum { BACKUP_PAGES = 256 }; /* a piece of a backup: 1 MiB */

/* Columns of JOB_GET. */
enum { ID, KIND, STATE, ARGS, PATH, POSITION, TOTAL, RESULT };

struct job { /* the one in hand */
    int64_t id;
    const struct job_kind *kind;
    struct arena *arena;
    json_t *args, *result;
    const char *path;
    int64_t done; /* of the kind's own units */
    struct import *import;
    struct store_copy *copy;
};

/* What a kind of job does in a round: the next piece, and result as of then. */
struct job_kind {
    const char *name;
    enum status (*open)(struct job *job, const char *path, struct diag *diag);
    enum status (*step)(struct job *job, struct core *core, struct diag *diag, bool *over);
    bool
        waits; /* for room, when the disk is full, and goes on from there; otherwise it has failed */
};

void
job_close(struct core *core)
{
    struct job *job = core->job;

    if (job == NULL)
        return;
    import_close(&job->import);
    store_copy_close(&job->copy);
    json_decref(job->args);
    json_decref(job->result);
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
    const struct mapping *mapping = import_mapping(im);
    json_t *o =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "added", (json_int_t)c->added, "updated",
                  (json_int_t)c->updated, "unchanged", (json_int_t)c->unchanged, "bad",
                  (json_int_t)c->bad, "bad_size", (json_int_t)c->bad_size, "preset",
                  mapping == NULL ? "" : mapping->preset);

    reply_set(o, "consented", json_integer(c->consented));
    reply_set(o, "unknown", json_integer(c->unknown));
    reply_set(o, "suppressed_rows", json_integer(c->suppressed));
    reply_set(o, "limited", json_integer(c->limited));

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
        .consented = json_integer_value(json_object_get(result, "consented")),
        .unknown = json_integer_value(json_object_get(result, "unknown")),
        .suppressed = json_integer_value(json_object_get(result, "suppressed_rows")),
        .limited = json_integer_value(json_object_get(result, "limited")),
        .bad_size = json_integer_value(json_object_get(result, "bad_size")),
    };

    import_restore(im, &c, json_object_get(result, "first_bad"));
}

static enum status
job_put(struct core *core, const struct job *job, enum job_state state)
{
    char *text = json_dumps(job->result, JSON_COMPACT);
    enum status s =
        store_exec(core->store, STMT_JOB_PUT, "iiit", job->id, (int64_t)state, job->done, text);

    xfree(&text);
    return s;
}

/* ---- import ------------------------------------------------------------------------------- */

/* Of the person who began it. */
static enum language
language_said(const json_t *args)
{
    const char *tag = json_string_value(json_object_get(args, "language"));
    enum language language = LANGUAGE_EN;

    if (tag != NULL)
        (void)light_language_find(tag, &language);
    return language;
}

static const char *
arg_of(const struct job *job, const char *name)
{
    return json_string_value(json_object_get(job->args, name));
}

static enum status
import_begin(struct job *job, const char *path, struct diag *diag)
{
    const char *delimiter = arg_of(job, "delimiter");
    struct import_config config = {
        .type = arg_of(job, "type"),
        .path = path,
        .bad_path = arena_printf(job->arena, "%s.bad", path),
        .preset = arg_of(job, "preset"),
        .mapping = arg_of(job, "mapping"),
        .language = language_said(job->args),
        .charset = arg_of(job, "charset"),
        .delimiter = delimiter == NULL               ? 0
                     : strcmp(delimiter, "tab") == 0 ? '\t'
                                                     : delimiter[0],
        .consent = { arg_of(job, "consent"), arg_of(job, "consent-purpose"),
                     arg_of(job, "consent-recipients") },
        .dry_run = json_is_true(json_object_get(job->args, "dry-run")),
        .skip = job->done,
        .bad_size = json_integer_value(json_object_get(job->result, "bad_size")),
    };

    TRY(import_open(&config, diag, &job->import));
    restore(job->import, job->result, job->done);
    return STATUS_OK;
}

/* What became of each column; one of the company's own is made by the import, unless it is a dry run. */
static json_t *
columns_json(const struct mapping *mapping, enum language language)
{
    static const char *const uses[] = {
        [COLUMN_FIELD] = "field", [COLUMN_DROP] = "left out", [COLUMN_OWN] = "new field"
    };
    json_t *list = json_array();

    for (size_t i = 0; mapping != NULL && i < mapping->count; i++) {
        const struct mapped_column *c = &mapping->columns[i];
        const char *field = c->use == COLUMN_FIELD ? c->field->label[language]
                            : c->use == COLUMN_OWN ? c->header
                                                   : NULL;
        json_t *o = json_object();
        reply_set(o, "column", json_words(c->header));
        reply_set(o, "field", field == NULL ? json_null() : json_words(field));
        reply_set(o, "use", json_string(uses[c->use]));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static enum status
import_piece(struct job *job, struct core *core, struct diag *diag, bool *over)
{
    enum status s = import_step(job->import, core, diag, over);

    json_decref(job->result);
    job->result = result_of(job->import);
    job->done = import_counts_get(job->import)->rows;
    if (*over)
        reply_set(job->result, "columns",
                  columns_json(import_mapping(job->import), language_said(job->args)));
    return s;
}

/* ---- guests ------------------------------------------------------------------------------- */

static enum status
guests_begin(struct job *job, const char *path, struct diag *diag)
{
    (void)job;
    (void)path;
    (void)diag;
    return STATUS_OK;
}

static enum status
guests_piece(struct job *job, struct core *core, struct diag *diag, bool *over)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct call call = { .core = core,
                         .store = core->store,
                         .dictionary = core->dictionary,
                         .args = job->args,
                         .arena = arena,
                         .diag = diag,
                         .now = core_wall(core),
                         .language = language_said(job->args),
                         .actor = "user:admin" };
    struct guests_progress p = {
        .done = job->done,
        .after = json_integer_value(json_object_get(job->result, "after")),
        .added = json_integer_value(json_object_get(job->result, "added")),
        .already = json_integer_value(json_object_get(job->result, "already")),
    };

    TRY(guests_bring(&call, arg_of(job, "search"), &p));
    reply_set(job->result, "after", json_integer(p.after));
    reply_set(job->result, "added", json_integer(p.added));
    reply_set(job->result, "already", json_integer(p.already));
    job->done = p.done;
    *over = p.is_over;
    return STATUS_OK;
}

/* ---- backup ------------------------------------------------------------------------------- */

/* A snapshot begins with the first piece; one that broke off begins anew. */
static enum status
backup_begin(struct job *job, const char *path, struct diag *diag)
{
    (void)path;
    (void)diag;
    job->done = 0;
    return STATUS_OK;
}

static enum status
backup_piece(struct job *job, struct core *core, struct diag *diag, bool *over)
{
    int64_t total;

    (void)diag;
    if (job->copy == NULL)
        TRY(store_copy_open(core->db_path,
                            arena_printf(job->arena, "%s/tmp/backup.db", core->home),
                            &job->copy));
    return store_copy_step(job->copy, BACKUP_PAGES, &job->done, &total, over);
}

static const struct job_kind kinds[] = {
    { "import", import_begin, import_piece, true },
    { "guests", guests_begin, guests_piece, true },
    { "backup", backup_begin, backup_piece, false },
};

/* ---- stepping ----------------------------------------------------------------------------- */

static const struct job_kind *
kind_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
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
    job->kind = kind_find(stmt_text(q, KIND));
    job->args = json_loads(stmt_text(q, ARGS), 0, NULL);
    job->result = json_loads(stmt_text(q, RESULT), 0, NULL);
    job->done = stmt_int(q, POSITION);
    if (job->kind == NULL || job->args == NULL || job->result == NULL)
        return STATUS_CORRUPT;
    job->path = arena_text(job->arena, bytes_text(stmt_text(q, PATH)));
    return job->kind->open(job, job->path, diag);
}

/* What was imported is in the database: its file goes with the commit, so that nobody has to look for people there (P11). */
static void
job_spend(struct core *core, const char *path)
{
    if (path == NULL || *path == '\0')
        return;
    free(core->spent_path);
    core->spent_path = xstrdup(path);
}

void
jobs_settle(struct core *core, bool is_committed)
{
    if (core->spent_path != NULL && is_committed)
        (void)unlink(core->spent_path);
    free(core->spent_path);
    core->spent_path = NULL;
}

enum status
jobs_sweep(struct core *core)
{
    enum { SPENT = 1 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_JOB_SPENT);
    enum status s;

    (void)unlink(arena_printf(core->round, "%s/tmp/backup.db", core->home));
    while ((s = stmt_step(q)) == STATUS_OK)
        (void)unlink(stmt_text(q, SPENT)); /* most are gone long since */
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* A job that has failed may not be open any more. */
static enum language
language_wanted(struct core *core, int64_t id)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_JOB_GET);
    AUTO(json_decrefp) json_t *args = NULL;

    stmt_bind(q, "i", id);
    if (stmt_step(q) == STATUS_OK)
        args = json_loads(stmt_text(q, ARGS), 0, NULL);
    return language_said(args);
}

/* What is wrong with the file or the request ends the job; what was done stays done. */
static enum status
job_fail(struct core *core, int64_t id, enum status status, const struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct job nothing = { .id = id };
    struct job *job = core->job != NULL ? core->job : &nothing;

    if (job->result == NULL)
        job->result = json_object();
    reply_set(job->result, "code", json_words(status_name(status)));
    reply_set(job->result, "problem",
              json_words(text_failure(language_wanted(core, id), status, diag, arena)));
    job_spend(core, job->path);
    enum status s = job_put(core, job, JOB_FAILED);
    if (job == &nothing)
        json_decref(nothing.result);
    TRY(s);
    return jobs_load(core);
}

static enum status
step(struct core *core, struct diag *diag, int64_t id)
{
    bool over = false;

    if (core->job == NULL || core->job->id != id) {
        job_close(core);
        TRY(job_open(core, id, diag));
    }
    TRY(core->job->kind->step(core->job, core, diag, &over));
    TRY(job_put(core, core->job, over ? JOB_DONE : JOB_RUNNING));
    if (!over)
        return STATUS_OK;
    job_spend(core, core->job->path);
    return jobs_load(core);
}

/* A piece that fails takes the round with it, so that nothing of it stays; the next round says so. No mark
 * around it: SQLite copies every page that changes under one. */
enum status
jobs_step(struct core *core)
{
    struct diag diag = { 0 };
    int64_t id;

    TRY(core_need_txn(core));
    if (core->job_failed != 0) {
        id = core->job_failed;
        core->job_failed = 0;
        return job_fail(core, id, core->job_status, &core->job_diag);
    }
    enum status s = store_number(core->store, &id, STMT_JOB_NEXT, "");
    core->job_waits = s == STATUS_OK;
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    s = step(core, &diag, id);
    if (s == STATUS_OK || (s == STATUS_DISK_FULL && core->job != NULL &&
                           core->job->kind != NULL && core->job->kind->waits))
        return s;
    LOG(LOG_WARN, "job.failed", log_num("job", id), log_status(s));
    core->job_failed = id;
    core->job_status = s;
    core->job_diag = diag;
    return s;
}
