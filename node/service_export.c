/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_export.c - records and guests as a file (node/export.h), a part at a time.
 *
 * 1. A part is written on a snapshot, beside the writer, and goes out once its entry is in the audit: who, of which type, how
 *    many rows so far, and the hash of the file so far. The entry of the last part is that of the whole file.
 * 2. What stands in memory between two parts is the hash and the place, never a row: parts can be asked for as slowly as
 *    the reader likes. An export that was not gone on with makes room for a newer one.
 */
#include <stdlib.h>
#include <string.h>

#include "node/export.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

enum { PIECE = 256 };

/* ---- between parts ------------------------------------------------------------------------ */

static struct export_run *
run_find(struct core *core, const uint8_t *id)
{
    for (size_t i = 0; i < EXPORTS_MAX; i++)
        if (core->exports[i].used != 0 && memcmp(core->exports[i].id, id, ID_SIZE) == 0)
            return &core->exports[i];
    return NULL;
}

static void
run_begin(struct call *call, struct export_run *out)
{
    struct digest_state hash;

    *out = (struct export_run){ .total = -1 };
    call->core->env.random(call->core->env.self, out->id, ID_SIZE);
    digest_begin(&hash);
    memcpy(out->hash, &hash, sizeof(hash));
}

/* "ID.AFTER"; the part that follows the last one, and no other. */
static enum status
run_go_on(struct call *call, const char *cursor, struct export_run *out)
{
    enum { ID_TEXT = 52 };
    const struct export_run *run = NULL;
    uint8_t id[ID_SIZE];
    char *end = NULL;

    if (strlen(cursor) < ID_TEXT + 2 || cursor[ID_TEXT] != '.' ||
        base32_parse(bytes_of(cursor, ID_TEXT), id, ID_SIZE) != STATUS_OK)
        return diag_say(call->diag, STATUS_USAGE, "page.cursor", NULL);
    int64_t after = strtoll(cursor + ID_TEXT + 1, &end, 10);
    (void)pthread_mutex_lock(&call->core->view_lock);
    run = run_find(call->core, id);
    if (run != NULL)
        *out = *run;
    (void)pthread_mutex_unlock(&call->core->view_lock);
    if (*end != '\0' || run == NULL || out->after != after)
        return diag_say(call->diag, STATUS_CONFLICT, "export.broken_off", NULL);
    return STATUS_OK;
}

/* In its place, in a free one, or in that of the one that nobody has gone on with for longest. */
static void
run_keep(struct core *core, struct export_run *run, bool goes_on)
{
    (void)pthread_mutex_lock(&core->view_lock);
    struct export_run *slot = run_find(core, run->id);
    for (size_t i = 0; slot == NULL && goes_on && i < EXPORTS_MAX; i++)
        if (core->exports[i].used == 0)
            slot = &core->exports[i];
    if (slot == NULL && goes_on) {
        slot = &core->exports[0];
        for (size_t i = 1; i < EXPORTS_MAX; i++)
            if (core->exports[i].used < slot->used)
                slot = &core->exports[i];
    }
    run->used = ++core->exports_used;
    if (slot != NULL)
        *slot = goes_on ? *run : (struct export_run){ 0 };
    (void)pthread_mutex_unlock(&core->view_lock);
}

/* ---- a part ------------------------------------------------------------------------------- */

static enum status
write_part(struct export_writer *w, struct project_query *query, struct export_run *run,
           bool *more)
{
    int64_t most = arg_integer(w->call, "limit", EXPORT_ROWS_MAX), found[PIECE];
    size_t count = PIECE;

    *more = false;
    query->limit = PIECE;
    while (count == PIECE) {
        query->after = run->after;
        TRY(project_list(w->call->store, query, found, &count));
        for (size_t i = 0; i < count; i++) {
            if (w->rows + w->left_out >= most || w->text.len >= EXPORT_PART_MAX) {
                *more = true;
                return STATUS_OK;
            }
            TRY(export_row(w, found[i]));
            run->after = found[i];
        }
    }
    return STATUS_OK;
}

/* The hash of the file up to here. */
static struct digest
add_to_hash(struct export_run *run, struct bytes text)
{
    struct digest_state hash;

    memcpy(&hash, run->hash, sizeof(hash));
    digest_add(&hash, text);
    memcpy(run->hash, &hash, sizeof(hash));
    return digest_end(&hash);
}

static void
put_reply(struct call *call, const struct export_writer *w, const struct export_run *run,
          bool more, const struct digest *hash)
{
    json_t *o = call->reply = json_object();
    char id[64], hex[2 * ID_SIZE + 1];

    base32_format(bytes_of(run->id, ID_SIZE), id);
    hex_format(bytes_of(hash->b, ID_SIZE), hex);
    reply_set(o, "text", json_text(buffer_bytes(&w->text)));
    reply_set(o, "rows", json_integer(run->rows));
    reply_set(o, "partner_rows", json_integer(run->partner_rows));
    reply_set(o, "left_out_rows", json_integer(run->left_out));
    reply_set(o, "total", json_integer(run->total));
    reply_set(o, "hash", json_string(hex));
    reply_set(o, "next",
              more
                  ? json_string(arena_printf(call->arena, "%s.%lld", id, (long long)run->after))
                  : json_null());
}

static void
put_note(struct call *call, const struct project_query *query, const struct export_run *run,
         const struct digest *hash)
{
    struct api_note *note = &call->request->note;

    note->is_set = true;
    (void)snprintf(note->action, sizeof(note->action), "%.40s.exported:%lld", query->type->name,
                   (long long)run->rows);
    memcpy(note->subject, run->id, ID_SIZE);
    memcpy(note->detail, hash->b, ID_SIZE);
}

static enum status
export_part(struct call *call, struct project_query *query, struct export_run *run)
{
    AUTO(export_fini) struct export_writer w;
    bool is_first = run->total < 0, more;

    TRY(export_init(&w, call, query->type, arg_text(call, "format")));
    if (is_first) {
        TRY(project_count(call->store, query, &run->total));
        export_head(&w, arg_is_set(call, "bom"));
    }
    TRY(write_part(&w, query, run, &more));
    run->rows += w.rows;
    run->partner_rows += w.partner_rows;
    run->left_out += w.left_out;
    struct digest hash = add_to_hash(run, buffer_bytes(&w.text));
    put_reply(call, &w, run, more, &hash);
    put_note(call, query, run, &hash);
    run_keep(call->core, run, more);
    return STATUS_OK;
}

/* ---- requests ----------------------------------------------------------------------------- */

static enum status
show_preview(struct call *call, struct project_query *query)
{
    int64_t total, own = 0;

    TRY(project_count(call->store, query, &total));
    if (query->owner == 0 || query->owner == COMPANY_US) {
        query->owner = COMPANY_US;
        TRY(project_count(call->store, query, &own));
    }
    call->reply = json_object();
    reply_set(call->reply, "rows", json_integer(total));
    reply_set(call->reply, "own_rows", json_integer(own));
    reply_set(call->reply, "partner_rows", json_integer(total - own));
    reply_set(call->reply, "state", json_string("preview"));
    return STATUS_OK;
}

static enum status
export_query(struct call *call, struct project_query *query)
{
    const char *cursor = arg_text(call, "cursor");
    int64_t limit = arg_integer(call, "limit", EXPORT_ROWS_MAX);
    struct export_run *run = ARENA_NEW(call->arena, struct export_run);

    if (limit < 1 || limit > EXPORT_ROWS_MAX)
        return diag_say(call->diag, STATUS_USAGE, "export.limit", NULL);
    query->search = arg_text_or(call, "search", "");
    if (arg_is_set(call, "preview"))
        return show_preview(call, query);
    if (cursor == NULL)
        run_begin(call, run);
    else
        TRY(run_go_on(call, cursor, run));
    return export_part(call, query, run);
}

enum status
service_record_export(struct call *call)
{
    struct project_query query;

    TRY(record_page_query(call, &query));
    return export_query(call, &query);
}

/* Each row by itself, also of one person whom several companies brought: each is under rights of its own. */
enum status
service_guest_export(struct call *call)
{
    struct project_query query;

    TRY(person_query(call, &query));
    query.people = false;
    return export_query(call, &query);
}
