/* SPDX-License-Identifier: Apache-2.0 */
#include "node/import.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/consent.h"
#include "node/service_priv.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/csv.h"
#include "schema/mapping.h"

enum { PIECE = 64 * KIB, BATCH = RUN_ITEMS_MAX, FIRST_BAD = 10, FORMS_MOST = 4 };
static const char problem_header[] =
    "hansa-problem"; /* the column that bad rows get; ignored on the way in */

/* An identifying value: field and matching form. */
struct form {
    struct key key;
    struct bytes form;
};

struct import {
    struct import_config config;
    int fd, bad_fd;
    struct csv *csv;
    struct arena *kept;  /* header, mapping */
    struct arena *batch; /* rows not minted yet */
    struct mapping *mapping;
    const char **headers;
    size_t header_count;
    struct import_counts counts;
    json_t *first_bad;

    /* while a piece is read */
    struct core *core;
    struct call call;
    struct diag *diag;
    enum status failed;
    struct mint mints[BATCH];
    struct form forms[BATCH * FORMS_MOST];
    size_t mint_count, form_count;
};

/* ---- opening ------------------------------------------------------------------------------ */

static bool on_row(void *self, size_t line, const struct csv_cell *cells, size_t count);

static enum status
open_csv(struct import *im, struct diag *diag)
{
    AUTO(xfree) uint8_t *head = xcalloc(1, PIECE);
    struct csv_shape shape;
    ssize_t n = pread(im->fd, head, PIECE, 0);

    if (n < 0)
        return STATUS_IO;
    if (n == 0)
        return diag_say(diag, STATUS_USAGE, "import.empty", NULL);
    TRY(csv_sniff(bytes_of(head, (size_t)n), im->config.charset, im->config.delimiter, diag,
                  &shape));
    return csv_open(&shape, on_row, im, &im->csv);
}

enum status
import_open(const struct import_config *config, struct diag *diag, struct import **out)
{
    AUTO(import_close) struct import *im = xcalloc(1, sizeof(*im));

    *out = NULL;
    im->config = *config;
    im->bad_fd = -1;
    im->kept = arena_new(0);
    im->batch = arena_new(0);
    im->first_bad = json_array();
    im->fd = open(config->path, O_RDONLY | O_CLOEXEC);
    if (im->fd < 0)
        return diag_say(diag, STATUS_IO, "import.unreadable", NULL);
    if (config->bad_path != NULL)
        im->bad_fd = open(config->bad_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (im->bad_fd >= 0 && (ftruncate(im->bad_fd, (off_t)config->bad_size) != 0 ||
                            lseek(im->bad_fd, 0, SEEK_END) < 0))
        return STATUS_IO;
    im->counts.bad_size = config->bad_size;
    TRY(open_csv(im, diag));
    *out = TAKE(im);
    return STATUS_OK;
}

void
import_close(struct import **import)
{
    struct import *im = *import;

    if (im == NULL)
        return;
    csv_close(&im->csv);
    fd_close(&im->fd);
    fd_close(&im->bad_fd);
    arena_free(&im->kept);
    arena_free(&im->batch);
    json_decref(im->first_bad);
    xfree(import);
}

/* ---- bad rows ----------------------------------------------------------------------------- */

static void
put_row(struct buffer *out, const struct csv_cell *cells, size_t count, const char *last)
{
    size_t column = 1;

    for (size_t i = 0; i < count; i++) {
        for (; column < cells[i].column; column++)
            csv_put_cell(out, (struct bytes){ 0 }, column == 1);
        csv_put_cell(out, cells[i].text, column == 1);
        column++;
    }
    csv_put_cell(out, bytes_text(last), column == 1);
    buffer_put_text(out, "\r\n");
}

static void
put_header(struct import *im, struct buffer *out)
{
    for (size_t i = 0; i < im->header_count; i++)
        csv_put_cell(out, bytes_text(im->headers[i]), i == 0);
    csv_put_cell(out, bytes_text(problem_header), false);
    buffer_put_text(out, "\r\n");
}

static void
note_bad(struct import *im, size_t line, size_t column, const char *problem)
{
    json_t *o = json_object();

    reply_set(o, "line", json_integer((json_int_t)line));
    reply_set(
        o, "column",
        json_words(column > 0 && column <= im->header_count ? im->headers[column - 1] : ""));
    reply_set(o, "column_number", json_integer((json_int_t)column));
    reply_set(o, "problem", json_words(problem));
    (void)json_array_append_new(im->first_bad, o);
}

static void
bad_row(struct import *im, size_t line, size_t column, const struct csv_cell *cells,
        size_t count)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    const char *problem = text_failure(im->call.language, STATUS_USAGE, im->diag, im->batch);

    im->counts.bad++;
    if (json_array_size(im->first_bad) < FIRST_BAD)
        note_bad(im, line, column, problem);
    im->diag->key[0] = '\0';
    if (im->bad_fd < 0)
        return;
    if (im->counts.bad_size == 0)
        put_header(im, &out);
    put_row(&out, cells, count, problem);
    if (write(im->bad_fd, out.data, out.len) != (ssize_t)out.len)
        im->failed = STATUS_DISK_FULL;
    im->counts.bad_size += (int64_t)out.len;
}

/* What must not be kept, not even among the bad rows: where it stands in the file, and nothing of what it says. */
static enum status
unkept_row(struct import *im, size_t line, const char *key, const char *owner)
{
    const struct csv_cell blank = { .column = im->header_count };
    const char *text = arena_printf(im->batch, "%zu", line);

    (void)diag_say(im->diag, STATUS_DENIED, key, text, owner, NULL);
    bad_row(im, line, 0, &blank, 1);
    return im->failed;
}

/* ---- the header --------------------------------------------------------------------------- */

/* New fields of the company's own for columns that nothing else takes. */
static enum status
make_own_fields(struct import *im)
{
    for (size_t i = 0; i < im->mapping->count && !im->config.dry_run; i++) {
        const struct mapped_column *c = &im->mapping->columns[i];
        const struct type *type;
        if (c->use != COLUMN_OWN)
            continue;
        TRY(find_type(&im->call, im->config.type, &type));
        if (type_field_find_name(type, c->own_name) == NULL)
            TRY(type_add_field(&im->call, type, c->own_name, c->header, "text", "personal"));
    }
    return STATUS_OK;
}

/* Whoever brings people in says on what ground, for each row or for all; "unknown" is an answer. */
static enum status
check_consent(struct import *im, const struct type *type)
{
    bool is_said = im->config.consent[CONSENT_BASIS] != NULL;

    if (type->consent[CONSENT_BASIS] == NULL || is_said)
        return STATUS_OK;
    for (size_t i = 0; i < im->mapping->count; i++)
        if (im->mapping->columns[i].use == COLUMN_FIELD &&
            im->mapping->columns[i].field == type->consent[CONSENT_BASIS])
            return STATUS_OK;
    return diag_say(im->diag, STATUS_USAGE, "import.consent", NULL);
}

static enum status
take_header(struct import *im, const struct csv_cell *cells, size_t count)
{
    const struct type *type;
    const struct bytes file =
        im->config.mapping != NULL ? bytes_text(im->config.mapping) : (struct bytes){ 0 };

    struct csv_cell *kept = ARENA_ARRAY(im->kept, struct csv_cell, count);
    im->headers = ARENA_ARRAY(im->kept, const char *, count);
    for (size_t i = 0; i < count; i++) {
        const char *text = arena_text(im->kept, cells[i].text);
        if (i + 1 == count && strcmp(text, problem_header) == 0)
            break;
        kept[i] = (struct csv_cell){ bytes_text(text), cells[i].column };
        im->headers[im->header_count++] = text;
    }
    TRY(find_type(&im->call, im->config.type, &type));
    struct mapping_request request = { .type = type,
                                       .header = kept,
                                       .count = im->header_count,
                                       .preset = im->config.preset,
                                       .file = file };
    TRY(mapping_make(&request, im->kept, im->diag, &im->mapping));
    TRY(check_consent(im, type));
    return make_own_fields(im);
}

/* ---- consent ------------------------------------------------------------------------------ */

static bool
is_unknown(const struct field *basis)
{
    return basis == NULL || bytes_is_equal(basis->value, bytes_text("unknown"));
}

/* What a row does not say is taken from the options; what the record says already stays. */
static enum status
fill_consent(struct import *im, const struct type *type, struct draft *draft,
             const struct record_now *now)
{
    struct draft *before = ARENA_NEW(im->batch, struct draft);

    if (type->consent[CONSENT_BASIS] == NULL)
        return STATUS_OK;
    for (size_t i = 0; now != NULL && i < now->field_count; i++)
        draft_put(before, now->fields[i].key, now->fields[i].value);
    const struct key basis = type->consent[CONSENT_BASIS]->key;
    bool is_answered = !is_unknown(draft_find(before, basis));
    for (size_t i = 0; i < CONSENT_DATE; i++) {
        const char *text = im->config.consent[i];
        const struct type_field *f = type->consent[i];
        struct bytes value;
        if (text == NULL && i == CONSENT_BASIS)
            text = "unknown";
        if (text == NULL || f == NULL || draft_find(draft, f->key) != NULL ||
            (is_answered && draft_find(draft, basis) == NULL))
            continue;
        TRY(value_parse(f, bytes_text(text), NULL, NULL, im->batch, im->diag, &value));
        if (draft->count < FIELDS_MAX)
            draft_put(draft, f->key, value);
    }
    bool is_yes = !is_unknown(draft_find(draft, basis)) ||
                  (is_answered && draft_find(draft, basis) == NULL);
    im->counts.consented += is_yes;
    im->counts.unknown += !is_yes;
    return STATUS_OK;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Rows kept so far; what consent records say spreads to those whom they are about. */
static enum status
mint_kept(struct import *im)
{
    const struct type *type;

    if (im->mint_count == 0)
        return STATUS_OK;
    TRY(records_mint(im->core, im->mints, im->mint_count, "user:admin", "record.imported"));
    TRY(find_type(&im->call, "consent", &type));
    for (size_t i = 0; i < im->mint_count; i++)
        if (key_is_equal(im->mints[i].type, type->key))
            TRY(consent_spread(&im->call, im->mints[i].fields, im->mints[i].field_count));
    return STATUS_OK;
}

static enum status
flush(struct import *im)
{
    enum status s = mint_kept(im);

    im->mint_count = 0;
    im->form_count = 0;
    arena_reset(im->batch);
    return s;
}

static bool
is_pending(const struct import *im, const struct form *form)
{
    for (size_t i = 0; i < im->form_count; i++)
        if (key_is_equal(im->forms[i].key, form->key) &&
            bytes_is_equal(im->forms[i].form, form->form))
            return true;
    return false;
}

/* A record found by name is the same only if nothing speaks against it. */
static enum status
agrees(struct import *im, const struct type *type, const struct draft *draft, int64_t record,
       bool *out)
{
    static const char *const told[] = { "organization", "email", "telephone", "mobile" };
    struct record_now *now;

    TRY(record_now(im->core->store, record, false, im->batch, &now));
    *out = true;
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        const struct type_field *f = type_field_find_name(type, told[i]);
        const struct field *mine = f == NULL ? NULL : draft_find(draft, f->key);
        for (size_t k = 0; mine != NULL && k < now->field_count; k++)
            if (key_is_equal(now->fields[k].key, mine->key) &&
                !bytes_is_equal(now->fields[k].value, mine->value))
                *out = false;
    }
    return STATUS_OK;
}

/* Key columns first, then e-mail, then name. *record 0: new. */
static enum status
find_same(struct import *im, const struct type *type, const struct draft *draft,
          const struct key *keys, size_t key_count, int64_t *record)
{
    const struct type_field *email = type_field_find_name(type, "email");
    const struct type_field *name = type_field_find_name(type, "name");
    const struct type_field *order[FORMS_MOST] = { 0 };
    size_t n = 0;
    bool same;

    for (size_t i = 0; i < key_count && n < 2; i++)
        order[n++] = type_field_find(type, keys[i]);
    order[n++] = email;
    order[n++] = name;
    *record = 0;
    for (size_t i = 0; i < n && *record == 0; i++) {
        const struct field *f = order[i] == NULL ? NULL : draft_find(draft, order[i]->key);
        if (f == NULL)
            continue;
        enum status s = record_match(im->core, type, order[i], f->value, record);
        if (s == STATUS_NOT_FOUND)
            continue;
        TRY(s);
        if (order[i] == name) {
            TRY(agrees(im, type, draft, *record, &same));
            *record = same ? *record : 0;
        }
        /* with a key of its own, a row is that record or none */
        if (*record == 0 && i < key_count)
            break;
    }
    return STATUS_OK;
}

/* Rows of one batch that could be the same record: what was before is minted first. */
static enum status
note_forms(struct import *im, const struct type *type, const struct draft *draft)
{
    struct form forms[FORMS_MOST];
    size_t n = 0;
    bool pending = false;

    for (size_t i = 0; i < draft->count && n < FORMS_MOST; i++) {
        const struct type_field *f = type_field_find(type, draft->fields[i].key);
        if (f == NULL || !(f->identifies || f->column == NULL))
            continue;
        forms[n] = (struct form){ f->key, value_match_form(f, draft->fields[i].value,
                                                           im->core->region, im->batch) };
        pending = pending || is_pending(im, &forms[n]);
        n += forms[n].form.len > 0;
    }
    if (pending) {
        TRY(mint_kept(im));
        im->mint_count = 0;
        im->form_count = 0;
    }
    memcpy(im->forms + im->form_count, forms, n * sizeof(*forms));
    im->form_count += n;
    return STATUS_OK;
}

static enum status
keep_row(struct import *im, const struct type *type, struct draft *draft,
         const struct record_now *now)
{
    bool changed = now == NULL;

    if (now != NULL) {
        struct draft *all = ARENA_NEW(im->batch, struct draft);
        for (size_t i = 0; i < now->field_count; i++)
            draft_put(all, now->fields[i].key, now->fields[i].value);
        for (size_t i = 0; i < draft->count; i++) {
            const struct field *was = draft_find(all, draft->fields[i].key);
            changed =
                changed || was == NULL || !bytes_is_equal(was->value, draft->fields[i].value);
            draft_put(all, draft->fields[i].key, draft->fields[i].value);
        }
        draft = all;
    }
    im->counts.added += now == NULL;
    im->counts.updated += now != NULL && changed;
    im->counts.unchanged += !changed;
    if (!changed || im->config.dry_run)
        return STATUS_OK;
    im->mints[im->mint_count++] = (struct mint){ .record = now == NULL ? 0 : now->record,
                                                 .type = type->key,
                                                 .fields = draft->fields,
                                                 .field_count = draft->count };
    return STATUS_OK;
}

/* STATUS_USAGE with *column and a sentence: a bad row. */
static enum status
row_draft(struct import *im, const struct type *type, const struct mapped_value *values,
          size_t n, struct draft *draft, size_t *column)
{
    for (size_t i = 0; i < n; i++) {
        const struct mapped_value *v = &values[i];
        const struct type_field *f = v->field != NULL ? type_field_find(type, v->field->key)
                                                      : type_field_find_name(type, v->own_name);
        const char *region =
            im->mapping->region != NULL ? im->mapping->region : im->core->region;
        struct bytes value;
        if (f == NULL)
            continue; /* an own field that a dry run did not make */
        *column = v->column;
        TRY(value_parse(f, v->text, region, NULL, im->batch, im->diag, &value));
        if (draft->count >= FIELDS_MAX)
            return diag_say(im->diag, STATUS_USAGE, "record.too_many_fields", NULL);
        draft_put(draft, f->key, value);
    }
    *column = 0;
    return draft_check(&im->call, draft, type);
}

static enum status
take_row(struct import *im, size_t line, const struct csv_cell *cells, size_t count)
{
    struct draft *draft = ARENA_NEW(im->batch, struct draft);
    struct key keys[2];
    size_t n, key_count = 0, column = 0;
    enum suppression_verdict verdict;
    struct record_now *now = NULL;
    const char *owner;
    const struct type *type;
    int64_t record;

    TRY(find_type(&im->call, im->config.type, &type));
    size_t given = count;
    if (count > im->header_count)
        count = im->header_count;
    if (given > im->header_count + 1) { /* one more is the problem column of a mended file */
        (void)diag_say(im->diag, STATUS_USAGE, "import.too_many_cells", NULL);
        bad_row(im, line, im->header_count + 1, cells, count);
        return im->failed;
    }
    const struct mapped_value *values = mapping_row(im->mapping, cells, count, im->batch, &n);
    if (mapping_row_owner(im->mapping, cells, count, im->batch, &owner))
        return unkept_row(im, line, "import.not_own", owner);
    enum status s = row_draft(im, type, values, n, draft, &column);
    if (s == STATUS_USAGE || s == STATUS_TOO_BIG || s == STATUS_MALFORMED) {
        bad_row(im, line, column, cells, count);
        return im->failed;
    }
    TRY(s);
    TRY(suppression_judge(&im->call, type, NULL, draft, &verdict));
    im->counts.suppressed += verdict == SUPPRESSION_REFUSED;
    if (verdict == SUPPRESSION_REFUSED) /* somebody who must not come back */
        return unkept_row(im, line, "suppression.row", NULL);
    bool is_limited = verdict == SUPPRESSION_LIMITED;
    for (size_t i = 0; i < n && key_count < COUNT_OF(keys); i++)
        if (values[i].is_key) {
            const struct type_field *f = values[i].field != NULL
                                             ? values[i].field
                                             : type_field_find_name(type, values[i].own_name);
            if (f != NULL)
                keys[key_count++] = f->key;
        }
    if (!im->config.dry_run)
        TRY(note_forms(im, type, draft));
    TRY(find_same(im, type, draft, keys, key_count, &record));
    if (record != 0)
        TRY(record_now(im->core->store, record, false, im->batch, &now));
    TRY(fill_consent(im, type, draft, now));
    TRY(suppression_judge(&im->call, type, now == NULL ? NULL : &now->id, draft, &verdict));
    im->counts.limited += is_limited || verdict == SUPPRESSION_LIMITED;
    TRY(keep_row(im, type, draft, now));
    return im->mint_count == BATCH ? flush(im) : STATUS_OK;
}

static bool
on_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct import *im = self;

    if (im->mapping == NULL) {
        im->failed = take_header(im, cells, count);
        return im->failed == STATUS_OK;
    }
    if (im->config.skip > 0) {
        im->config.skip--;
        return true;
    }
    im->counts.rows++;
    im->failed = take_row(im, line, cells, count);
    return im->failed == STATUS_OK;
}

/* ---- pieces ------------------------------------------------------------------------------- */

static enum status
feed(struct import *im, bool *done)
{
    AUTO(xfree) uint8_t *piece = xcalloc(1, PIECE);
    ssize_t n = read(im->fd, piece, PIECE);
    enum status s;

    if (n < 0)
        return STATUS_IO;
    s = n == 0 ? csv_finish(im->csv, im->diag)
               : csv_feed(im->csv, bytes_of(piece, (size_t)n), im->diag);
    *done = n == 0;
    if (im->failed != STATUS_OK)
        return im->failed;
    TRY(s);
    if (*done && im->mapping == NULL)
        return diag_say(im->diag, STATUS_USAGE, "import.empty", NULL);
    return flush(im);
}

enum status
import_step(struct import *im, struct core *core, struct diag *diag, bool *done)
{
    im->core = core;
    im->diag = diag;
    im->failed = STATUS_OK;
    im->call = (struct call){ .core = core,
                              .store = core->store,
                              .dictionary = core->dictionary,
                              .arena = im->batch,
                              .diag = diag,
                              .now = core_wall(core),
                              .language = im->config.language,
                              .actor = "user:admin" };
    *done = false;
    TRY(core_need_txn(core));
    return feed(im, done);
}

const struct import_counts *
import_counts_get(const struct import *import)
{
    return &import->counts;
}

json_t *
import_first_bad(const struct import *import)
{
    return json_incref(import->first_bad);
}

void
import_restore(struct import *import, const struct import_counts *counts,
               const json_t *first_bad)
{
    size_t i;

    import->counts = *counts;
    for (i = 0; i < json_array_size(first_bad); i++)
        (void)json_array_append(import->first_bad, json_array_get(first_bad, i));
}

const struct mapping *
import_mapping(const struct import *import)
{
    return import->mapping;
}
