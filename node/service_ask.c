/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_ask.c - what is missing on the guest list: the organiser looks and asks the bringers, and a bringer sees
 * what it is asked.
 *
 * Each row is looked at alone, as its bringer sent it under its contribution: neither what others brought of the same
 * person nor the line that joins them is read here, so that no ask can tell one bringer of another.
 */
#include <stdlib.h>
#include <string.h>

#include "node/asks.h"
#include "node/service_priv.h"
#include "node/store/pack.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

/* On the wire: of a row, of a field; and what one object may come to. */
enum { ROW_HEAD = 48, FIELD_HEAD = 24, ASK_SIZE = OBJECT_MAX - 512 };

/* ---- rows that others brought ------------------------------------------------------------- */

struct brought {
    int64_t record, leaf, company;
    struct object_id gid; /* of the contribution */
    struct record_id id;
    struct grant_field missing[TERMS_WANT_MAX];
    size_t missing_count;
};

typedef enum status brought_fn(void *self, const struct brought *row);

/* Going over the rows of an event of ours; fn may stop with any status but OK. */
struct walk {
    struct call *call;
    const struct type *attendee;
    struct record_now *event;
    int64_t after;
    brought_fn *fn;
    void *self;
    int64_t cited[64]; /* terms read so far */
    const struct terms *terms[64];
    size_t term_count;
};

static enum status
terms_of(struct walk *w, int64_t cited, const struct terms **out)
{
    for (size_t i = 0; i < w->term_count; i++)
        if (w->cited[i] == cited) {
            *out = w->terms[i];
            return STATUS_OK;
        }
    TRY(asks_terms(w->call->store, cited, w->call->arena, out));
    if (w->term_count < COUNT_OF(w->cited)) {
        w->cited[w->term_count] = cited;
        w->terms[w->term_count++] = *out;
    }
    return STATUS_OK;
}

static enum status
walk_row(struct walk *w, struct stmt *q)
{
    enum { RECORD, LEAF, COMPANY, CITED, RID, FIELDS, GID };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct brought row = { .record = stmt_int(q, RECORD),
                           .leaf = stmt_int(q, LEAF),
                           .company = stmt_int(q, COMPANY) };
    const struct terms *terms;
    struct field *fields;
    size_t count;

    stmt_copy(q, RID, row.id.b, ID_SIZE);
    stmt_copy(q, GID, row.gid.b, ID_SIZE);
    TRY(terms_of(w, stmt_int(q, CITED), &terms));
    TRY(unpack_fields(stmt_bytes(q, FIELDS), arena, &fields, &count));
    if (terms != NULL)
        row.missing_count = asks_missing(terms, w->attendee->key, fields, count, row.missing);
    return w->fn(w->self, &row);
}

static enum status
walk_rows(struct walk *w)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(w->call->store, STMT_BROUGHT_ROWS);
    enum status s;

    stmt_bind(q, "bi", bytes_of(w->event->id.b, ID_SIZE), w->after);
    while ((s = stmt_step(q)) == STATUS_OK)
        TRY(walk_row(w, q));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
walk_init(struct call *call, struct walk *w)
{
    *w = (struct walk){ .call = call };
    TRY(guests_event(call, &w->event));
    TRY(find_type(call, "attendee", &w->attendee));
    if (w->event->owner != COMPANY_US)
        return diag_say(call->diag, STATUS_CONFLICT, "ask.not_our_event", NULL);
    return STATUS_OK;
}

static enum status
company_wanted(struct call *call, int64_t *company)
{
    const char *text = arg_text(call, "company");

    *company = 0;
    return text == NULL ? STATUS_OK : find_company(call, text, company);
}

/* ---- per company -------------------------------------------------------------------------- */

struct tally {
    int64_t company, rows, missing;
};

struct tallies {
    struct tally *of;
    size_t count;
};

static void
tally_add(struct tallies *t, int64_t company, bool is_missing)
{
    size_t i = 0;

    while (i < t->count && t->of[i].company != company)
        i++;
    if (i == t->count) {
        t->of = xrealloc(t->of, (t->count + 1) * sizeof(*t->of));
        t->of[t->count++] = (struct tally){ .company = company };
    }
    t->of[i].rows++;
    t->of[i].missing += is_missing;
}

static enum status
tallies_json(struct call *call, const struct tallies *t, json_t **out)
{
    *out = json_array();
    for (size_t i = 0; i < t->count; i++) {
        struct company_name name;
        json_t *o = json_object();
        (void)json_array_append_new(*out, o);
        TRY(company_name(call, t->of[i].company, &name));
        reply_set(o, "company", json_words(name.name));
        reply_set(o, "rows", json_integer(t->of[i].rows));
        reply_set(o, "missing", json_integer(t->of[i].missing));
    }
    return STATUS_OK;
}

/* ---- looking ------------------------------------------------------------------------------ */

static json_t *
labels_json(struct call *call, const struct type *type, const struct grant_field *fields,
            size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct type_field *f = type_field_find(type, fields[i].field);
        (void)json_array_append_new(
            list,
            json_words(f != NULL ? f->label[call->language]
                                 : arena_printf(call->arena, "%u", fields[i].field.number)));
    }
    return list;
}

struct looking {
    struct walk *walk;
    struct page page;
    int64_t company; /* 0: all */
    int64_t last;
    bool more;
    struct tallies tallies; /* of the whole list */
};

static enum status
missing_json(struct looking *l, const struct brought *row, json_t **out)
{
    struct call *call = l->walk->call;
    struct company_name name;
    struct record_now *now;
    int64_t asked;

    TRY(company_name(call, row->company, &name));
    TRY(record_now(call->store, row->record, false, call->arena, &now));
    enum status s =
        store_number(call->store, &asked, STMT_ASK_SENT, "ii", row->leaf, row->record);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    json_t *o = json_object();
    reply_set(o, "id", json_id(row->id.b));
    reply_set(o, "title", json_words(record_title(call, now)));
    reply_set(o, "company", json_words(name.name));
    reply_set(o, "missing",
              labels_json(call, l->walk->attendee, row->missing, row->missing_count));
    reply_set(o, "asked", s == STATUS_OK ? json_time((struct wall_ms){ asked }) : json_null());
    *out = o;
    return STATUS_OK;
}

static enum status
on_look(void *self, const struct brought *row)
{
    struct looking *l = self;
    json_t *o;

    if (l->company != 0 && l->company != row->company)
        return STATUS_OK;
    tally_add(&l->tallies, row->company, row->missing_count > 0);
    if (row->missing_count == 0 || row->record <= l->page.after)
        return STATUS_OK;
    if ((int64_t)json_array_size(l->page.items) == l->page.limit) {
        l->more = true;
        return STATUS_OK;
    }
    TRY(missing_json(l, row, &o));
    (void)json_array_append_new(l->page.items, o);
    l->last = row->record;
    return STATUS_OK;
}

enum status
service_guest_missing(struct call *call)
{
    struct walk walk;
    struct looking l = { .walk = &walk };
    json_t *by_company;
    int64_t total = 0;

    TRY(walk_init(call, &walk));
    TRY(company_wanted(call, &l.company));
    TRY(page_begin(call, &l.page));
    walk.fn = on_look;
    walk.self = &l;
    enum status s = walk_rows(&walk);
    for (size_t i = 0; i < l.tallies.count; i++)
        total += l.tallies.of[i].missing;
    page_end(call, &l.page, l.last, l.more, total);
    if (s == STATUS_OK) {
        s = tallies_json(call, &l.tallies, &by_company);
        reply_set(call->reply, "by_company", by_company);
    }
    free(l.tallies.of);
    return s;
}

/* ---- asking ------------------------------------------------------------------------------- */

struct asking {
    struct walk *walk;
    int64_t company;        /* 0: all */
    struct record_id *rows; /* NULL: all */
    size_t row_count;
    struct grant_field *only; /* NULL: all that are wanted */
    size_t only_count;
    const char *note;
    struct brought *found; /* with what is asked of each */
    size_t count, room;
    struct tallies tallies;
};

static enum status
read_rows(struct asking *a)
{
    struct call *call = a->walk->call;
    const json_t *list = arg_list(call, "rows");

    a->row_count = json_array_size(list);
    a->rows =
        a->row_count == 0 ? NULL : ARENA_ARRAY(call->arena, struct record_id, a->row_count);
    for (size_t i = 0; i < a->row_count; i++) {
        AUTO(stmt_return) struct stmt *q = NULL;
        int64_t record;
        TRY(find_record(call, json_string_value(json_array_get(list, i)), &record));
        q = stmt_borrow(call->store, STMT_RECORD_GET);
        stmt_bind(q, "i", record);
        TRY(stmt_step(q));
        stmt_copy(q, 0, a->rows[i].b, ID_SIZE);
    }
    return STATUS_OK;
}

static enum status
read_only(struct asking *a)
{
    struct call *call = a->walk->call;
    const json_t *list = arg_list(call, "fields");

    a->only_count = json_array_size(list);
    a->only = ARENA_ARRAY(call->arena, struct grant_field, a->only_count + 1);
    for (size_t i = 0; i < a->only_count; i++)
        TRY(grant_field_read(call, json_string_value(json_array_get(list, i)),
                             a->walk->attendee, &a->only[i]));
    a->note = arg_text_or(call, "note", "");
    if (strlen(a->note) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    return STATUS_OK;
}

static bool
is_row_meant(const struct asking *a, const struct brought *row)
{
    if (a->company != 0 && a->company != row->company)
        return false;
    for (size_t i = 0; i < a->row_count; i++)
        if (ID_IS_EQUAL(a->rows[i], row->id))
            return true;
    return a->rows == NULL;
}

static bool
is_field_meant(const struct asking *a, const struct grant_field *field)
{
    for (size_t i = 0; i < a->only_count; i++)
        if (grant_field_compare(&a->only[i], field) == 0)
            return true;
    return a->only_count == 0;
}

static enum status
on_ask(void *self, const struct brought *row)
{
    struct asking *a = self;
    struct brought meant = *row;

    meant.missing_count = 0;
    for (size_t i = 0; i < row->missing_count; i++)
        if (is_field_meant(a, &row->missing[i]))
            meant.missing[meant.missing_count++] = row->missing[i];
    if (meant.missing_count == 0 || !is_row_meant(a, row))
        return STATUS_OK;
    if (a->count == a->room) {
        a->room = a->room == 0 ? 64 : 2 * a->room;
        a->found = xrealloc(a->found, a->room * sizeof(*a->found));
    }
    a->found[a->count++] = meant;
    tally_add(&a->tallies, row->company, true);
    return STATUS_OK;
}

/* By contribution, then by row. */
static int
compare_brought(const void *x, const void *y)
{
    const struct brought *a = x, *b = y;

    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    return memcmp(a->id.b, b->id.b, ID_SIZE);
}

static enum status
note_sent(struct asking *a, const struct brought *row)
{
    struct field fields[TERMS_WANT_MAX] = { { .has_salt = false } };
    struct ask_row ask = { .sent = true,
                           .company = row->company,
                           .leaf = row->leaf,
                           .record = row->record,
                           .fields = fields,
                           .field_count = row->missing_count,
                           .note = "",
                           .at = a->walk->call->now };

    for (size_t i = 0; i < row->missing_count; i++)
        fields[i].key = row->missing[i].field;
    return asks_put(a->walk->call->core, &ask);
}

static enum status
send_ask(struct asking *a, struct brought *rows, size_t count)
{
    struct call *call = a->walk->call;
    const struct company *to = company_by_id(call->core, rows->company);
    struct wanted *wanted = ARENA_ARRAY(call->arena, struct wanted, count);
    struct signed_object object;
    struct ask ask = { .author = call->core->me,
                       .audience = to->node,
                       .grant = rows->gid,
                       .rows = wanted,
                       .row_count = count,
                       .note = a->note,
                       .asked = call->now };

    for (size_t i = 0; i < count; i++) {
        wanted[i] = (struct wanted){ .record = rows[i].id,
                                     .fields = rows[i].missing,
                                     .field_count = rows[i].missing_count };
        TRY(note_sent(a, &rows[i]));
    }
    TRY(core_sign(call->core, SIGN_ASK, wire_ask_format(&ask, call->arena), &object));
    struct object_id aid = digest_object_id(object.body);
    TRY(audit_add(call->core, call->actor, "ask.sent", bytes_of(aid.b, ID_SIZE),
                  bytes_of(rows->gid.b, ID_SIZE)));
    return control_queue(call->core, to->id, MESSAGE_ASK,
                         wire_signed_body_format(&object, call->arena), 0);
}

static size_t
size_of(const struct brought *row)
{
    size_t size = ROW_HEAD;

    for (size_t i = 0; i < row->missing_count; i++)
        size += FIELD_HEAD + row->missing[i].type.space.len + row->missing[i].field.space.len;
    return size;
}

/* How many rows from here on go into one object: of one contribution, and as many as fit. */
static size_t
chunk_of(const struct asking *a, size_t first)
{
    size_t n = 0, size = strlen(a->note);

    while (first + n < a->count && n < ASK_ROWS_MAX &&
           a->found[first + n].leaf == a->found[first].leaf) {
        size += size_of(&a->found[first + n]);
        if (n > 0 && size > ASK_SIZE)
            break;
        n++;
    }
    return n;
}

static enum status
send_all(struct asking *a)
{
    for (size_t i = 0, n; i < a->count; i += n) {
        n = chunk_of(a, i);
        TRY(send_ask(a, &a->found[i], n));
    }
    return STATUS_OK;
}

static enum status
ask_them(struct asking *a)
{
    struct call *call = a->walk->call;
    bool preview = arg_is_set(call, "preview");
    json_t *by_company;

    TRY(walk_rows(a->walk));
    if (a->count > 0)
        qsort(a->found, a->count, sizeof(*a->found), compare_brought);
    if (!preview)
        TRY(send_all(a));
    call->reply = json_object();
    reply_set(call->reply, "preview", json_boolean(preview));
    reply_set(call->reply, "rows", json_integer((json_int_t)a->count));
    enum status s = tallies_json(call, &a->tallies, &by_company);
    reply_set(call->reply, "by_company", by_company);
    return s;
}

enum status
service_guest_ask(struct call *call)
{
    struct walk walk;
    struct asking a = { .walk = &walk };

    TRY(walk_init(call, &walk));
    TRY(company_wanted(call, &a.company));
    TRY(read_rows(&a));
    TRY(read_only(&a));
    walk.fn = on_ask;
    walk.self = &a;
    enum status s = ask_them(&a);
    free(a.found);
    free(a.tallies.of);
    return s;
}

/* ---- being asked -------------------------------------------------------------------------- */

/* Labels of what was asked for and is still not there. */
static json_t *
still_missing(struct call *call, const struct record_now *now, const struct ask_row *row)
{
    const struct type *type = now == NULL ? NULL : dictionary_find(call->dictionary, now->type);
    json_t *list = json_array();

    for (size_t i = 0; type != NULL && i < row->field_count; i++) {
        const struct type_field *f = type_field_find(type, row->fields[i].key);
        bool there = false;
        for (size_t k = 0; k < now->field_count; k++)
            there = there || key_is_equal(now->fields[k].key, row->fields[i].key);
        if (!there && f != NULL)
            (void)json_array_append_new(list, json_words(f->label[call->language]));
    }
    return list;
}

static enum status
ask_json(struct call *call, int64_t id, json_t **out)
{
    struct company_name company;
    struct record_now *now;
    struct ask_row row;

    TRY(asks_get(call->store, id, call->arena, &row));
    TRY(company_name(call, row.company, &company));
    enum status s = record_now(call->store, row.record, false, call->arena, &now);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && now->tombstone))
        now = NULL;
    else
        TRY(s);
    json_t *o = json_object();
    reply_set(o, "id", json_string(arena_printf(call->arena, "%lld", (long long)id)));
    reply_set(o, "title", json_words(now != NULL ? record_title(call, now) : ""));
    reply_set(o, "record", now != NULL ? json_id(now->id.b) : json_null());
    reply_set(o, "partner", json_words(company.name));
    reply_set(o, "missing", still_missing(call, now, &row));
    reply_set(o, "note", json_words(row.note));
    reply_set(o, "state", json_string(asks_state_name(row.state)));
    reply_set(o, "at", json_time(row.at));
    reply_set(o, "changed", json_time(row.changed));
    reply_set(o, "reason", json_words(row.reason));
    *out = o;
    return STATUS_OK;
}

static json_t *
row_json(struct call *call, struct stmt *q)
{
    json_t *o = NULL;

    return ask_json(call, stmt_int(q, 1), &o) == STATUS_OK ? o : json_object();
}

enum status
service_ask_list(struct call *call)
{
    return page_rows(call, arg_is_set(call, "all") ? STMT_ASK_LIST_ALL : STMT_ASK_LIST,
                     row_json);
}

enum status
service_ask_close(struct call *call)
{
    const char *text = arg_text(call, "ask"), *reason = arg_text(call, "reason");
    struct ask_row row;
    char *end;

    int64_t id = strtoll(text, &end, 10);
    enum status s =
        *end != '\0' ? STATUS_NOT_FOUND : asks_get(call->store, id, call->arena, &row);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && row.sent))
        return diag_say(call->diag, STATUS_NOT_FOUND, "ask.unknown", text, NULL);
    TRY(s);
    if (row.state != ASK_OPEN)
        return diag_say(call->diag, STATUS_CONFLICT, "ask.not_open", text, NULL);
    if (reason[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "ask.reason", NULL);
    if (strlen(reason) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    TRY(asks_close(call->core, id, ASK_CLOSED, reason));
    TRY(audit_add(call->core, call->actor, "ask.closed", bytes_text(text),
                  (struct bytes){ 0 }));
    return ask_json(call, id, &call->reply);
}
