/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_light_reply.c - a reply sheet comes back (contract: node/light.h): its rows become the company's own here.
 *
 * 1. A sheet is looked at as a whole before anything changes, so that the preview and the deed are one code.
 * 2. A row is the one held already when its e-mail address is, else when its name is and nothing that both say differs.
 *    A sheet imported twice adds nothing.
 * 3. Quota, deadline and ground are judged as for a contribution. What is not taken goes into a file with the reason, to
 *    be mended and imported again. A row that lost its ground is erased here: nothing is held without one.
 * 4. A row that the sheet has no more stays, until a person says --replace.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "node/contribution.h"
#include "node/light.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/csv.h"
#include "schema/sheet.h"

enum { SHOWN = 20 };
static const char problem_header[] = "hansa-problem";

struct row {
    size_t line;
    const struct csv_cell *cells;
    size_t count;
    struct draft *draft;
    struct light_person person;
    bool is_suppressed;
    size_t held;         /* the row held that it is; held_count: a new one */
    const char *problem; /* why it is no guest; NULL: it is one */
};

struct taking_sheet {
    struct call *call;
    struct light_share share;
    const struct type *guest;
    struct consent_target target;
    const char *closed; /* code for new rows; NULL: open */

    /* the header */
    struct sheet_header header;
    const struct type_field **columns; /* NULL: not asked for */
    const struct csv_cell *header_cells;

    /* held before */
    struct record_now **held;
    struct light_person *held_persons;
    bool *is_seen, *is_lost; /* named by the sheet; without its ground from now on */
    size_t held_count, lost;

    struct row *rows;
    size_t row_count, added, changed, unchanged, bad, gone;
    bool is_replacing;
    enum status failed;
    struct buffer bad_text;
    json_t *first_bad;
};

static void
sheet_fini(struct taking_sheet *t)
{
    buffer_fini(&t->bad_text);
    json_decref(t->first_bad);
}

/* ---- what is held ------------------------------------------------------------------------- */

static enum status
load_held(struct taking_sheet *t)
{
    struct arena *arena = t->call->arena;

    TRY(light_rows_get(t->call, t->share.live, &t->held, &t->held_count));
    t->held_persons = ARENA_ARRAY(arena, struct light_person, t->held_count);
    t->is_seen = ARENA_ARRAY(arena, bool, t->held_count);
    t->is_lost = ARENA_ARRAY(arena, bool, t->held_count);
    for (size_t i = 0; i < t->held_count; i++)
        light_person_of(t->call, t->guest, t->held[i]->fields, t->held[i]->field_count,
                        &t->held_persons[i]);
    return STATUS_OK;
}

/* The row held that this is; t->held_count: none. Those with the same address first. */
static size_t
held_index(const struct taking_sheet *t, const struct light_person *person)
{
    size_t by_name = t->held_count;

    for (size_t i = 0; i < t->held_count; i++) {
        if (t->is_seen[i] || !light_is_one(person, &t->held_persons[i]))
            continue;
        if (person->form[0].len > 0 && t->held_persons[i].form[0].len > 0)
            return i;
        by_name = by_name == t->held_count ? i : by_name;
    }
    return by_name;
}

/* The line of the sheet that names the same person; 0: none. */
static size_t
line_of_same(const struct taking_sheet *t, const struct light_person *person)
{
    for (size_t i = 0; i < t->row_count; i++)
        if (light_is_one(person, &t->rows[i].person))
            return t->rows[i].line;
    return 0;
}

/* ---- the header --------------------------------------------------------------------------- */

static enum status
other_offer(struct taking_sheet *t)
{
    struct call *call = t->call;
    int64_t share;

    enum status s = store_number(call->store, &share, STMT_SHARE_BY_OID, "b",
                                 bytes_of(t->header.offer.b, ID_SIZE));
    if (s == STATUS_NOT_FOUND)
        return diag_say(call->diag, STATUS_CONFLICT, "sheet.offer_unknown", NULL);
    TRY(s);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SHARE_LEAF);
    stmt_bind(q, "i", share);
    TRY(stmt_step(q));
    struct object_id gid;
    stmt_copy(q, 2, gid.b, ID_SIZE);
    return diag_say(call->diag, STATUS_CONFLICT, "sheet.offer_other", id_text(call, gid.b),
                    NULL);
}

static bool
is_asked_for(const struct light_offer *offer, struct key type, struct key field)
{
    const struct grant_field wanted = { type, field };

    for (size_t i = 0; i < offer->column_count; i++)
        if (grant_field_compare(&offer->columns[i], &wanted) == 0)
            return true;
    return false;
}

/* By the name that we gave the column, or by the field's own name or label, should somebody have written it anew. */
static const struct type_field *
column_field(const struct taking_sheet *t, const char *name)
{
    const struct type_field *field = type_field_find_name(t->guest, name);
    const char *folded = text_fold(bytes_text(name), t->call->arena);

    for (size_t i = 0; field == NULL && i < t->guest->field_count; i++)
        for (int l = 0; l < LANGUAGE_COUNT_ && *folded != '\0'; l++)
            if (strcmp(t->guest->fields[i].folded[l], folded) == 0)
                field = &t->guest->fields[i];
    return field != NULL && is_asked_for(t->share.offer, t->guest->key, field->key) ? field
                                                                                    : NULL;
}

static const struct csv_cell *
keep_cells(struct arena *arena, const struct csv_cell *cells, size_t count)
{
    struct csv_cell *kept = ARENA_ARRAY(arena, struct csv_cell, count);

    for (size_t i = 0; i < count; i++)
        kept[i] = (struct csv_cell){ arena_copy(arena, cells[i].text), cells[i].column };
    return kept;
}

static enum status
take_header(struct taking_sheet *t, const struct csv_cell *cells, size_t count)
{
    struct call *call = t->call;

    t->header_cells = keep_cells(call->arena, cells, count);
    TRY(sheet_header_parse(t->header_cells, count, call->arena, call->diag, &t->header));
    if (!t->header.has_offer)
        return diag_say(call->diag, STATUS_USAGE, "sheet.offer_missing", NULL);
    if (!ID_IS_EQUAL(t->header.offer, t->share.oid))
        return other_offer(t);
    t->columns = ARENA_ARRAY(call->arena, const struct type_field *, count);
    for (size_t i = 0; i < count; i++) {
        t->columns[i] = column_field(t, t->header.names[i]);
        for (size_t k = 0; k < i; k++)
            if (t->columns[i] != NULL && t->columns[k] == t->columns[i])
                return diag_say(call->diag, STATUS_USAGE, "sheet.column_twice",
                                t->columns[i]->name, NULL);
    }
    for (size_t i = 0; i < count; i++)
        if (t->columns[i] != NULL && strcmp(t->columns[i]->name, "name") == 0)
            return STATUS_OK;
    return diag_say(call->diag, STATUS_USAGE, "sheet.no_name", NULL);
}

/* ---- bad rows ----------------------------------------------------------------------------- */

static void
put_cells(struct buffer *out, const struct csv_cell *cells, size_t count, size_t width,
          const char *last)
{
    for (size_t i = 0; i < width; i++)
        csv_put_cell(out, sheet_cell(cells, count, i), i == 0);
    csv_put_cell(out, bytes_text(last), width == 0);
    buffer_put_text(out, "\r\n");
}

/* Of a file that was mended the old problem goes. */
static size_t
width_of(const struct taking_sheet *t)
{
    size_t width = t->header.count;

    return width > 0 && strcmp(t->header.names[width - 1], problem_header) == 0 ? width - 1
                                                                                : width;
}

static void
bad_row(struct taking_sheet *t, size_t line, const struct csv_cell *cells, size_t count,
        const char *problem)
{
    size_t width = width_of(t);

    t->bad++;
    if (t->bad_text.len == 0) {
        buffer_put_text(&t->bad_text, "\xef\xbb\xbf");
        put_cells(&t->bad_text, t->header_cells, t->header.count, width, problem_header);
    }
    put_cells(&t->bad_text, cells, count, width, problem);
    if (json_array_size(t->first_bad) >= SHOWN)
        return;
    json_t *o = json_object();
    reply_set(o, "line", json_integer((json_int_t)line));
    reply_set(o, "problem", json_words(problem));
    (void)json_array_append_new(t->first_bad, o);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* One cell; row->problem when it cannot be read. */
static enum status
read_cell(struct taking_sheet *t, struct row *row, const struct type_field *field,
          struct bytes text)
{
    struct call *call = t->call;
    struct diag why = { 0 };
    struct bytes value;

    enum status s =
        value_parse(field, text, t->share.company->country, NULL, call->arena, &why, &value);
    if (s == STATUS_OK)
        draft_put(row->draft, field->key, value);
    else if (row->problem == NULL)
        row->problem = arena_printf(call->arena, "%s: %s", field->label[call->language],
                                    text_failure(call->language, s, &why, call->arena));
    return STATUS_OK;
}

/* All of it, also behind a bad cell: whom it means must be known, or --replace would take her for gone. */
static enum status
read_row(struct taking_sheet *t, struct row *row)
{
    struct call *call = t->call;
    struct diag why = { 0 }, *said = call->diag;

    row->draft = ARENA_NEW(call->arena, struct draft);
    draft_put(row->draft, t->guest->parent->key, bytes_of(t->share.grant->tree.b, ID_SIZE));
    for (size_t i = 0; i < t->header.count; i++) {
        struct bytes text = sheet_cell(row->cells, row->count, i);
        if (t->columns[i] != NULL && text.len > 0)
            TRY(read_cell(t, row, t->columns[i], text));
    }
    call->diag = &why;
    enum status s = draft_check(call, row->draft, t->guest);
    call->diag = said;
    if (s != STATUS_OK && row->problem == NULL)
        row->problem = text_failure(call->language, s, &why, call->arena);
    return s == STATUS_USAGE || s == STATUS_TOO_BIG || s == STATUS_MALFORMED ? STATUS_OK : s;
}

/* Somebody who must not come back: the line is named, and nothing of her. */
static enum status
check_suppressed(struct taking_sheet *t, struct row *row)
{
    const char *args[] = { arena_printf(t->call->arena, "%zu", row->line) };
    enum suppression_verdict verdict;

    TRY(suppression_judge(t->call, t->guest, NULL, row->draft, &verdict));
    row->is_suppressed = verdict == SUPPRESSION_REFUSED;
    if (!row->is_suppressed)
        return STATUS_OK;
    row->count = 0;
    row->problem = text_format(t->call->language, "suppression.row", args, 1, t->call->arena);
    return STATUS_OK;
}

static enum status
take_row(struct taking_sheet *t, size_t line, const struct csv_cell *cells, size_t count)
{
    struct arena *arena = t->call->arena;
    struct row row = { .line = line, .count = count };

    if (t->row_count == LIGHT_ROWS_MAX)
        return diag_say(t->call->diag, STATUS_TOO_BIG, "sheet.too_many", NULL);
    row.cells = keep_cells(arena, cells, count);
    TRY(read_row(t, &row));
    TRY(check_suppressed(t, &row));
    light_person_of(t->call, t->guest, row.draft->fields, row.draft->count, &row.person);
    size_t same = line_of_same(t, &row.person);
    if (same != 0 && row.problem == NULL) {
        const char *args[] = { arena_printf(arena, "%zu", same) };
        row.problem = text_format(t->call->language, "sheet.twice", args, 1, arena);
    }
    row.held = same != 0 ? t->held_count : held_index(t, &row.person);
    if (row.held < t->held_count)
        t->is_seen[row.held] = true;
    t->rows[t->row_count++] = row;
    return STATUS_OK;
}

static bool
on_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct taking_sheet *t = self;
    bool is_empty = true;

    if (t->header_cells == NULL) {
        t->failed = take_header(t, cells, count);
        return t->failed == STATUS_OK;
    }
    /* Spreadsheets leave lines of delimiters alone. */
    for (size_t i = 0; i < t->header.count; i++)
        is_empty = is_empty && (t->columns[i] == NULL || sheet_cell(cells, count, i).len == 0);
    if (!is_empty)
        t->failed = take_row(t, line, cells, count);
    return t->failed == STATUS_OK;
}

/* ---- the file ----------------------------------------------------------------------------- */

static enum status
read_upload(struct call *call, struct buffer *out)
{
    const char *path = call->request->upload_path;
    AUTO(fd_close) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
    enum status s = file_read(fd, LIGHT_SHEET_MAX, out);
    return s == STATUS_TOO_BIG ? diag_say(call->diag, s, "sheet.too_big", NULL) : s;
}

static enum status
read_sheet(struct taking_sheet *t, struct bytes file)
{
    AUTO(csv_close) struct csv *csv = NULL;
    struct call *call = t->call;
    struct csv_shape shape;

    if (file.len == 0)
        return diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
    if (file.len > 4 && memcmp(file.data, "PK\x03\x04", 4) == 0)
        return diag_say(call->diag, STATUS_USAGE, "sheet.not_csv", NULL);
    TRY(csv_sniff(file, NULL, 0, call->diag, &shape));
    TRY(csv_open(&shape, on_row, t, &csv));
    enum status s = csv_feed(csv, file, call->diag);
    if (s == STATUS_OK)
        s = csv_finish(csv, call->diag);
    if (t->failed != STATUS_OK)
        return t->failed;
    TRY(s);
    return t->header_cells != NULL ? STATUS_OK
                                   : diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
}

static enum status
sheet_init(struct call *call, struct taking_sheet *t)
{
    struct company_name us;

    *t = (struct taking_sheet){ .call = call, .first_bad = json_array() };
    TRY(light_share_find(call, &t->share));
    if (t->share.offer->column_count == 0)
        return diag_say(call->diag, STATUS_CONFLICT, "sheet.not_asked", NULL);
    TRY(find_type(call, "attendee", &t->guest));
    TRY(company_name(call, COMPANY_US, &us));
    consent_target_make(t->share.grant->purposes, t->share.grant->purpose_count, us.name,
                        &call->core->me, call->arena, &t->target);
    TRY(contribution_closed(call->core, t->share.grant, &t->closed));
    t->rows = ARENA_ARRAY(call->arena, struct row, LIGHT_ROWS_MAX);
    return load_held(t);
}

/* ---- judging ------------------------------------------------------------------------------ */

static const char *
code_text(const struct taking_sheet *t, const char *kind, const char *code)
{
    return text_get(t->call->language, arena_printf(t->call->arena, "%s.%s", kind, code));
}

/* A row held whose new answer is none is not held any more. */
static void
judge_ground(struct taking_sheet *t, struct row *row)
{
    enum consent_lack lack =
        consent_of(t->guest, row->draft->fields, row->draft->count, &t->target);

    bool is_fine = lack == LACK_NONE || t->share.company->consent_waived;
    if (!row->is_suppressed && (row->problem != NULL || is_fine))
        return;
    if (!row->is_suppressed)
        row->problem = code_text(t, "consent", consent_lack_name(lack));
    if (row->held < t->held_count) {
        t->is_lost[row->held] = true;
        t->lost++;
    }
}

/* As for contributions: what is on the list may change, new ones need time and room. */
static void
judge_room(struct taking_sheet *t, struct row *row, size_t there)
{
    const struct terms *terms = &t->share.grant->terms;

    if (row->problem != NULL || row->held < t->held_count)
        return;
    if (t->closed != NULL)
        row->problem = code_text(t, "contribution", t->closed);
    else if (terms->quota != 0 && there >= terms->quota)
        row->problem = code_text(t, "contribution", "OVER_QUOTA");
    else if (there >= LIGHT_ROWS_MAX)
        row->problem = text_get(t->call->language, "sheet.full");
    t->added += row->problem == NULL;
}

static bool
is_same(const struct draft *draft, const struct record_now *now)
{
    bool same = draft->count == now->field_count;

    for (size_t i = 0; same && i < draft->count; i++)
        same = key_is_equal(draft->fields[i].key, now->fields[i].key) &&
               bytes_is_equal(draft->fields[i].value, now->fields[i].value);
    return same;
}

static void
judge_rows(struct taking_sheet *t)
{
    for (size_t i = 0; i < t->held_count; i++)
        t->gone += !t->is_seen[i];
    for (size_t i = 0; i < t->row_count; i++)
        judge_ground(t, &t->rows[i]);
    size_t there = t->held_count - t->lost - (t->is_replacing ? t->gone : 0);
    for (size_t i = 0; i < t->row_count; i++) {
        struct row *row = &t->rows[i];
        judge_room(t, row, there + t->added);
        if (row->problem != NULL)
            bad_row(t, row->line, row->cells, row->count, row->problem);
        else if (row->held < t->held_count && is_same(row->draft, t->held[row->held]))
            t->unchanged++;
        else
            t->changed += row->held < t->held_count;
    }
}

/* ---- what becomes of it ------------------------------------------------------------------- */

/* Rows that the sheet names no more. */
static json_t *
gone_json(const struct taking_sheet *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->held_count; i++) {
        if (t->is_seen[i] || json_array_size(list) >= SHOWN)
            continue;
        json_t *o = json_object();
        reply_set(o, "id", json_id(t->held[i]->id.b));
        reply_set(o, "title", json_words(record_title(t->call, t->held[i])));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static enum status
withdraw(struct taking_sheet *t)
{
    for (size_t i = 0; i < t->held_count; i++)
        if (t->is_lost[i] || (t->is_replacing && !t->is_seen[i]))
            TRY(records_forget(t->call->core, t->share.live->leaf, &t->held[i]->id));
    return STATUS_OK;
}

static enum status
put_rows(struct taking_sheet *t)
{
    struct call *call = t->call;
    struct mint *mints = ARENA_ARRAY(call->arena, struct mint, t->row_count);
    size_t n = 0;

    for (size_t i = 0; i < t->row_count; i++) {
        const struct row *row = &t->rows[i];
        const struct record_now *held = row->held < t->held_count ? t->held[row->held] : NULL;
        if (row->problem != NULL || (held != NULL && is_same(row->draft, held)))
            continue;
        mints[n++] = (struct mint){ .record = held != NULL ? held->record : 0,
                                    .type = t->guest->key,
                                    .fields = row->draft->fields,
                                    .field_count = row->draft->count };
    }
    return light_rows_put(call->core, t->share.live, mints, n, call->actor);
}

static enum status
apply(struct taking_sheet *t)
{
    struct call *call = t->call;

    TRY(core_need_txn(call->core));
    TRY(withdraw(t));
    TRY(put_rows(t));
    return audit_add(call->core, call->actor, "light.replied",
                     bytes_of(chain_leaf_id(t->share.live->chain)->b, ID_SIZE),
                     bytes_of(t->share.oid.b, ID_SIZE));
}

/* The rows that were not taken, in the reply alone: here nothing is kept of them. */
static json_t *
bad_files(const struct taking_sheet *t)
{
    json_t *files = json_array();

    if (t->bad > 0)
        (void)json_array_append_new(
            files, json_pack("{ss so}", "name", "bad-rows.csv", "text",
                             json_stringn((const char *)t->bad_text.data, t->bad_text.len)));
    return files;
}

static void
put_counts(const struct taking_sheet *t, json_t *o)
{
    const struct {
        const char *name;
        size_t count;
    } counts[] = {
        { "rows", t->row_count },    { "added", t->added },
        { "updated", t->changed },   { "unchanged", t->unchanged },
        { "bad", t->bad },           { "withdrawn", t->lost + (t->is_replacing ? t->gone : 0) },
        { "not_in_sheet", t->gone },
    };

    for (size_t i = 0; i < COUNT_OF(counts); i++)
        reply_set(o, counts[i].name, json_integer((json_int_t)counts[i].count));
}

enum status
service_share_import_reply(struct call *call)
{
    AUTO(buffer_fini) struct buffer file = { 0 };
    AUTO(sheet_fini) struct taking_sheet t = { 0 };
    bool is_preview = arg_is_set(call, "preview");

    TRY(sheet_init(call, &t));
    t.is_replacing = arg_is_set(call, "replace");
    TRY(read_upload(call, &file));
    TRY(read_sheet(&t, buffer_bytes(&file)));
    judge_rows(&t);
    call->reply = json_object();
    reply_set(call->reply, "preview", json_boolean(is_preview));
    reply_set(call->reply, "partner", json_words(t.share.company->name));
    put_counts(&t, call->reply);
    reply_set(call->reply, "not_in_sheet_rows", gone_json(&t));
    reply_set(call->reply, "first_bad", json_incref(t.first_bad));
    reply_set(call->reply, "files", is_preview ? json_array() : bad_files(&t));
    reply_set(call->reply, "left_out", json_array());
    reply_set(call->reply, "next", json_null());
    return is_preview ? STATUS_OK : apply(&t);
}
