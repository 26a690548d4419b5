/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_export.c - records as a file: whatever is in them comes back by an import, parts make one file, each
 * is in the audit before it is answered, and what stands between two parts is bounded.
 */
#include "node/core_answer.h"
#include "node/service_priv.h"
#include "schema/mapping.h"
#include "tests/unit/node/home_fake.h"
#include "tests/unit/schema/csv_rows.h"

enum { PEOPLE = 30, PIECES_MOST = 8, TRIES = 200 };

struct fixture {
    struct home home;
    struct arena *arena;
    struct core *core;
};

static bool
fixture_init(struct fixture *f)
{
    struct core_config config;
    struct diag diag = { 0 };

    memset(f, 0, sizeof(*f));
    home_make(&f->home);
    f->arena = arena_new(0);
    config = home_config(&f->home);
    return home_init(&f->home) == STATUS_OK && core_open(&config, &diag, &f->core) == STATUS_OK;
}

static void
fixture_fini(struct fixture *f)
{
    core_close(&f->core);
    arena_free(&f->arena);
    home_remove(&f->home);
}

static void
on_done(struct api_request *request)
{
    *(bool *)request->done_self = true;
}

/* As the HTTP server does: what reads is read here, and goes to the loop when there is something to note. */
static enum status
ask(struct fixture *f, const char *service, json_t *args, json_t **reply)
{
    bool is_done = false;
    struct api_request request = { .service = service_find(service),
                                   .args = args,
                                   .uid = geteuid(),
                                   .language = LANGUAGE_EN,
                                   .done = on_done,
                                   .done_self = &is_done };

    if (request.service->effect == SERVICE_READS)
        core_read(f->core, &request);
    is_done = request.service->effect == SERVICE_READS &&
              (request.status != STATUS_OK || !request.note.is_set);
    if (!is_done)
        core_submit(f->core, &request);
    for (int i = 0; i < 4 && !is_done; i++)
        (void)core_round(f->core);
    json_decref(args);
    if (reply != NULL)
        *reply = request.reply;
    else
        json_decref(request.reply);
    return is_done ? request.status : STATUS_BUSY;
}

static enum status
add(struct fixture *f, const char *name, const char *note)
{
    return ask(f, "record.add",
               json_pack("{s:s, s:{s:s, s:s}}", "type", "contact", "fields", "name", name,
                         "note", note),
               NULL);
}

static json_t *
part_of(const char *cursor, int limit)
{
    json_t *args = json_pack("{s:s, s:i}", "type", "contact", "limit", limit);

    if (cursor != NULL)
        (void)json_object_set_new(args, "cursor", json_string(cursor));
    return args;
}

static bool
is_text(const json_t *reply, const char *name, const char *want)
{
    const char *text = json_string_value(json_object_get(reply, name));

    return text != NULL && strcmp(text, want) == 0;
}

/* ---- parts -------------------------------------------------------------------------------- */

static void
test_parts(struct check *t)
{
    AUTO(buffer_fini) struct buffer parts = { 0 };
    const char *cursor = NULL;
    char hash[2 * ID_SIZE + 1];
    struct fixture f;
    json_t *whole, *part;
    int count = 0;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "three people",
          add(&f, "Ada", "a") == STATUS_OK && add(&f, "Bo", "b") == STATUS_OK &&
              add(&f, "Cy", "c") == STATUS_OK);
    CHECK(t, "one file", ask(&f, "record.export", part_of(NULL, 100), &whole) == STATUS_OK);
    for (; count < 5 && (count == 0 || cursor != NULL); count++) {
        CHECK(t, "a part", ask(&f, "record.export", part_of(cursor, 1), &part) == STATUS_OK);
        buffer_put_text(&parts, json_string_value(json_object_get(part, "text")));
        cursor = json_string_value(json_object_get(part, "next"));
        cursor = cursor == NULL ? NULL : arena_text(f.arena, bytes_text(cursor));
        struct digest digest = digest_plain(buffer_bytes(&parts));
        hex_format(bytes_of(digest.b, ID_SIZE), hash);
        CHECK(t, "has the hash of the file so far", is_text(part, "hash", hash));
        json_decref(part);
    }
    CHECK(t, "parts make the same file",
          count == 3 &&
              bytes_is_equal(buffer_bytes(&parts),
                             bytes_text(json_string_value(json_object_get(whole, "text")))));
    json_decref(whole);
    CHECK(t, "each is in the audit",
          home_sql(&f.home,
                   "SELECT count(*) FROM audit WHERE action LIKE 'contact.exported:%'") == 4);
    CHECK(t, "with the rows so far",
          home_sql(&f.home, "SELECT count(*) FROM audit WHERE action = 'contact.exported:3'") ==
              2);
    fixture_fini(&f);
}

static void
test_limits(struct check *t)
{
    static const struct {
        const char *why;
        int limit;
        enum status want;
    } rows[] = {
        { "none", 0, STATUS_USAGE },
        { "one", 1, STATUS_OK },
        { "one less", EXPORT_ROWS_MAX - 1, STATUS_OK },
        { "just that", EXPORT_ROWS_MAX, STATUS_OK },
        { "one more", EXPORT_ROWS_MAX + 1, STATUS_USAGE },
    };
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f) && add(&f, "Ada", "a") == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              ask(&f, "record.export", part_of(NULL, rows[i].limit), NULL) == rows[i].want);
    fixture_fini(&f);
}

static void
test_no_rows(struct check *t)
{
    static const struct {
        const char *type, *format;
        bool has_head;
    } rows[] = {
        { "contact", "csv", true },
        { "contact", "vcard", false },
        { "event", "ical", false },
    };
    struct fixture f;
    json_t *reply = NULL;

    CHECK(t, "starts", fixture_init(&f));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *args = json_pack("{s:s, s:s}", "type", rows[i].type, "format", rows[i].format);
        CHECK(t, rows[i].format, ask(&f, "record.export", args, &reply) == STATUS_OK);
        const char *text = json_string_value(json_object_get(reply, "text"));
        CHECK(t, "the file has its head alone",
              text != NULL && (text[0] != '\0') == rows[i].has_head);
        CHECK(t, "and no next part", json_is_null(json_object_get(reply, "next")));
        json_decref(reply);
    }
    fixture_fini(&f);
}

/* What a format cannot say is counted by itself, and is no row of the file. */
static void
test_left_out(struct check *t)
{
    struct fixture f;
    json_t *reply = NULL;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "an event with a time",
          ask(&f, "record.add",
              json_pack("{s:s, s:{s:s, s:s}}", "type", "event", "fields", "name", "Fair",
                        "startDate", "2027-05-20 18:00"),
              NULL) == STATUS_OK);
    CHECK(t, "and one without",
          ask(&f, "record.add",
              json_pack("{s:s, s:{s:s}}", "type", "event", "fields", "name", "Some day"),
              NULL) == STATUS_OK);
    CHECK(t, "as a calendar",
          ask(&f, "record.export", json_pack("{s:s, s:s}", "type", "event", "format", "ical"),
              &reply) == STATUS_OK);
    CHECK(t, "has one row, and one is left out",
          json_integer_value(json_object_get(reply, "rows")) == 1 &&
              json_integer_value(json_object_get(reply, "left_out_rows")) == 1);
    json_decref(reply);
    fixture_fini(&f);
}

static void
test_delimiter(struct check *t)
{
    static const struct {
        const char *delimiter;
        enum status want;
        const char *between;
    } rows[] = {
        { NULL, STATUS_OK, "name,givenName," }, { ",", STATUS_OK, "name,givenName," },
        { ";", STATUS_OK, "name;givenName;" },  { "|", STATUS_USAGE, NULL },
        { ";;", STATUS_USAGE, NULL },
    };
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f) && add(&f, "Ada; Lovelace", "a") == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *args = json_pack("{s:s}", "type", "contact"), *reply = NULL;
        if (rows[i].delimiter != NULL)
            (void)json_object_set_new(args, "delimiter", json_string(rows[i].delimiter));
        CHECK(t, "a delimiter", ask(&f, "record.export", args, &reply) == rows[i].want);
        const char *text = json_string_value(json_object_get(reply, "text"));
        CHECK(t, "stands between columns",
              rows[i].between == NULL ||
                  (text != NULL && strstr(text, rows[i].between) != NULL &&
                   strstr(text, "\"Ada; Lovelace\"") != NULL));
        json_decref(reply);
    }
    fixture_fini(&f);
}

/* Begins an export of two rows; its cursor, in the arena. */
static const char *
begin(struct fixture *f)
{
    json_t *part = NULL;
    const char *cursor = "";

    if (ask(f, "record.export", part_of(NULL, 1), &part) == STATUS_OK)
        cursor =
            arena_text(f->arena, bytes_text(json_string_value(json_object_get(part, "next"))));
    json_decref(part);
    return cursor;
}

static void
test_many_at_once(struct check *t)
{
    const char *cursors[EXPORTS_MAX + 1];
    struct fixture f;

    CHECK(t, "starts",
          fixture_init(&f) && add(&f, "Ada", "a") == STATUS_OK &&
              add(&f, "Bo", "b") == STATUS_OK);
    for (size_t i = 0; i < EXPORTS_MAX; i++)
        cursors[i] = begin(&f);
    CHECK(t, "as many as there may be: the first goes on",
          ask(&f, "record.export", part_of(cursors[0], 5), NULL) == STATUS_OK);
    CHECK(t, "and not twice",
          ask(&f, "record.export", part_of(cursors[0], 5), NULL) == STATUS_CONFLICT);
    cursors[0] = begin(&f);
    cursors[EXPORTS_MAX] = begin(&f);
    CHECK(t, "one more: the oldest was broken off",
          ask(&f, "record.export", part_of(cursors[1], 5), NULL) == STATUS_CONFLICT);
    CHECK(t, "and no other",
          ask(&f, "record.export", part_of(cursors[2], 5), NULL) == STATUS_OK);
    CHECK(t, "a cursor that is none",
          ask(&f, "record.export", part_of("7", 5), NULL) == STATUS_USAGE);
    fixture_fini(&f);
}

/* Notes of 8,000 bytes. */
static void
test_large(struct check *t)
{
    enum { NOTE = 8000, COUNT = EXPORT_PART_MAX / NOTE + 4 };
    char *note = xcalloc(1, NOTE + 1);
    struct fixture f;
    json_t *part;

    memset(note, 'x', NOTE);
    CHECK(t, "starts", fixture_init(&f));
    int added = 0;
    for (int i = 0; i < COUNT; i++)
        added += add(&f, "Ada", note) == STATUS_OK;
    CHECK(t, "they are added", added == COUNT);
    CHECK(t, "a part", ask(&f, "record.export", part_of(NULL, 1000), &part) == STATUS_OK);
    size_t len = json_string_length(json_object_get(part, "text"));
    CHECK(t, "ends with the row that is past the limit",
          len >= EXPORT_PART_MAX && len < EXPORT_PART_MAX + NOTE + 1000);
    const char *cursor = json_string_value(json_object_get(part, "next"));
    CHECK(t, "and goes on",
          cursor != NULL && ask(&f, "record.export", part_of(cursor, 1000), NULL) == STATUS_OK);
    json_decref(part);
    xfree(&note);
    fixture_fini(&f);
}

/* ---- what comes back ---------------------------------------------------------------------- */

static const char *
any_text(struct fixture *f, uint64_t *state)
{
    static const char *const pieces[] = { "=", "+",  "-",   "@",  "'",  "\"",       ",",
                                          ";", "|",  "\n",  " ",  "a",  "b",        "李",
                                          "é", "𠮷", "n/a", "＝", "\t", "hansa.own" };
    const char *out = "x";

    for (uint64_t n = check_random(state) % PIECES_MOST; n > 0; n--)
        out = arena_printf(f->arena, "%s%s", check_random(state) % 4 == 0 ? "" : out,
                           pieces[check_random(state) % COUNT_OF(pieces)]);
    return out;
}

/* People of any texts; how many were taken. */
static int
add_people(struct fixture *f, uint64_t seed)
{
    uint64_t state = seed;
    int count = 0;

    for (int i = 0; i < TRIES && count < PEOPLE; i++) {
        json_t *fields =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", any_text(f, &state), "note",
                      any_text(f, &state), "tags", any_text(f, &state), "organization",
                      any_text(f, &state), "address", any_text(f, &state), "consentPurpose",
                      any_text(f, &state));
        if (i % 3 == 0)
            (void)json_object_set_new(fields, "address",
                                      json_string(";a;Street 1, x;Town;;2;DE"));
        if (i % 4 == 0)
            (void)json_object_set_new(fields, "birthday", json_string("1985-11-20"));
        count +=
            ask(f, "record.add", json_pack("{s:s, s:o}", "type", "contact", "fields", fields),
                NULL) == STATUS_OK;
    }
    return count;
}

/* Is every value of the row what the record has, and nothing missing? */
static bool
is_same(struct fixture *f, const struct mapping *mapping, const struct csv_rows *rows,
        size_t row)
{
    size_t n;
    const struct mapped_value *values =
        mapping_row(mapping, rows->row[row].cells, rows->row[row].count, f->arena, &n);
    struct record_now *now;

    if (record_now(f->core->store, (int64_t)row, false, f->arena, &now) != STATUS_OK ||
        n != now->field_count)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct bytes value;
        bool is_there = false;
        if (values[i].field == NULL ||
            value_parse(values[i].field, values[i].text, f->core->region, NULL, f->arena, NULL,
                        &value) != STATUS_OK)
            return false;
        for (size_t k = 0; k < now->field_count; k++)
            is_there = is_there || (key_is_equal(now->fields[k].key, values[i].field->key) &&
                                    bytes_is_equal(now->fields[k].value, value));
        if (!is_there)
            return false;
    }
    return true;
}

static void
test_comes_back(struct check *t)
{
    struct csv_shape shape = { "UTF-8", 0, ',' };
    struct mapping *mapping = NULL;
    struct csv_rows rows;
    struct fixture f;
    json_t *file;

    CHECK(t, "starts", fixture_init(&f));
    int count = add_people(&f, t->seed);
    CHECK(t, "people of any texts", count == PEOPLE);
    CHECK(t, "one file", ask(&f, "record.export", part_of(NULL, 1000), &file) == STATUS_OK);
    rows = (struct csv_rows){ .arena = f.arena };
    CHECK(t, "is read",
          csv_rows_read(bytes_text(json_string_value(json_object_get(file, "text"))), &shape,
                        4096, NULL, &rows) == STATUS_OK &&
              rows.count == (size_t)count + 1);
    json_decref(file);
    struct mapping_request request = {
        .type = dictionary_find_name(f.core->dictionary, "contact"),
        .header = rows.row[0].cells,
        .count = rows.row[0].count,
    };
    CHECK(t, "and understood", mapping_make(&request, f.arena, NULL, &mapping) == STATUS_OK);
    for (size_t i = 1; mapping != NULL && i < rows.count; i++)
        CHECK(t, "a row is the record that it was", is_same(&f, mapping, &rows, i));
    fixture_fini(&f);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "parts", test_parts },         { "limits", test_limits },
        { "no rows", test_no_rows },     { "left out", test_left_out },
        { "delimiter", test_delimiter }, { "many at once", test_many_at_once },
        { "large rows", test_large },    { "any values come back", test_comes_back },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
