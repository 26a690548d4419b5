/* SPDX-License-Identifier: Apache-2.0
 *
 * node/export.c - rows of a file, in the formats that there are (contract: node/export.h).
 */
#include "node/export.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/csv.h"
#include "schema/mapping.h"
#include "schema/vcard.h"

/* What a row says about itself. */
enum mark {
    MARK_ID,
    MARK_OWN,
    MARK_OWNER,
    MARK_VIA,
    MARK_AS_OF,
    MARK_PURPOSE,
    MARK_UNTIL,
    MARK_ARRIVED, /* of guests alone */
    MARK_COUNT_
};

static const char *const mark_columns[MARK_COUNT_] = {
    MAPPING_MARK "id",    MAPPING_MARK_OWN,       MAPPING_MARK_OWNER,   MAPPING_MARK "via",
    MAPPING_MARK "as_of", MAPPING_MARK "purpose", MAPPING_MARK "until", MAPPING_MARK "arrived"
};
static const char *const mark_properties[MARK_COUNT_] = { "X-HANSA-ID",    "X-HANSA-OWN",
                                                          "X-HANSA-OWNER", "X-HANSA-VIA",
                                                          "X-HANSA-AS-OF", "X-HANSA-PURPOSE",
                                                          "X-HANSA-UNTIL", "X-HANSA-ARRIVED" };

struct row {
    struct record_now *now;
    const char *mark[MARK_COUNT_]; /* NULL: nothing to say */
};

struct export_format {
    const char *name;
    const char *type; /* the one that it is for; NULL: any */
    void (*head)(struct export_writer *w);
    enum status (*put)(struct export_writer *w, const struct row *row);
};

/* ---- values ------------------------------------------------------------------------------- */

enum { ADDRESS_PARTS = 7, STREET = 2 };

/* The lines of an address: box, extended, street, locality, region, postalCode, country. false: it is something else. */
static bool
address_parts(struct bytes value, struct bytes *parts)
{
    size_t n = 0, start = 0;

    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.data[i] != '\n')
            continue;
        if (n == ADDRESS_PARTS)
            return false;
        parts[n++] = bytes_of(value.data + start, i - start);
        start = i + 1;
    }
    return n == ADDRESS_PARTS && utf8_is_valid(value);
}

/* The street alone, or all with semicolons between. */
static struct bytes
address_text(struct export_writer *w, const struct type_field *f, struct bytes value)
{
    struct bytes parts[ADDRESS_PARTS];
    char *text;

    if (!address_parts(value, parts))
        return bytes_text(value_format(f, value, w->call->arena));
    if (parts[STREET].len + ADDRESS_PARTS - 1 == value.len)
        return parts[STREET];
    text = arena_text(w->call->arena, value);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ';';
    return bytes_text(text);
}

static struct bytes
value_of(const struct row *row, const struct type_field *f)
{
    for (size_t i = 0; i < row->now->field_count; i++)
        if (key_is_equal(row->now->fields[i].key, f->key))
            return row->now->fields[i].value;
    return (struct bytes){ 0 };
}

/* As people type it, so that an import reads it back; empty: none. */
static struct bytes
value_text(struct export_writer *w, const struct row *row, const struct type_field *f)
{
    struct bytes value = value_of(row, f);

    if (value.len == 0)
        return value;
    if (f->kind == KIND_REFERENCE && value.len == ID_SIZE)
        return bytes_text(id_text(w->call, value.data));
    if (f->kind == KIND_ADDRESS)
        return address_text(w, f, value);
    return bytes_text(value_format(f, value, w->call->arena));
}

static struct bytes
value_named(struct export_writer *w, const struct row *row, const char *name)
{
    const struct type_field *f = type_field_find_name(w->type, name);

    return f == NULL ? (struct bytes){ 0 } : value_text(w, row, f);
}

/* ---- marks -------------------------------------------------------------------------------- */

static const char *
time_text(struct call *call, struct wall_ms at)
{
    AUTO(json_decrefp) json_t *text = json_time(at);
    const char *words = json_string_value(text);

    return words == NULL ? "" : arena_text(call->arena, bytes_text(words));
}

static const char *
purposes_text(const struct grant *grant, struct arena *arena)
{
    const char *out = "";

    for (size_t i = 0; i < grant->purpose_count; i++)
        out = arena_printf(arena, "%s%s%s", out, i > 0 ? "; " : "", grant->purposes[i]);
    return out;
}

/* A file has few grants: what they say is looked up once. */
static enum status
grant_words(struct export_writer *w, int64_t id, const struct export_grant **out)
{
    struct export_grant *slot = &w->grants[(uint64_t)id % COUNT_OF(w->grants)];
    struct signed_object *links;
    struct grant *grant;
    size_t count;

    *out = slot;
    if (slot->id == id)
        return STATUS_OK;
    TRY(grant_links(w->call->store, id, w->row, &links, &count));
    TRY(wire_grant_parse(links[count - 1].body, w->row, &grant));
    slot->purposes = arena_text(w->kept, bytes_text(purposes_text(grant, w->row)));
    slot->until = arena_text(w->kept, bytes_text(time_text(w->call, grant->not_after)));
    slot->id = id;
    return STATUS_OK;
}

static const char *
joined(struct export_writer *w, const char *before, const char *more)
{
    return before == NULL ? more : arena_printf(w->row, "%s / %s", before, more);
}

/* Of every grant under which a part of it is here, in the same order. */
static enum status
read_rights(struct export_writer *w, struct row *row)
{
    enum { INCARNATION, NUMBER, GRANT = 5 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(w->call->store, STMT_COPY_APPLIED);
    const struct export_grant *grant;
    enum status s;

    stmt_bind(q, "i", row->now->record);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct position at = { (uint32_t)stmt_int(q, INCARNATION),
                               (uint64_t)stmt_int(q, NUMBER) };
        if (position_compare(at, row->now->position) != 0)
            return STATUS_OK;
        TRY(grant_words(w, stmt_int(q, GRANT), &grant));
        row->mark[MARK_PURPOSE] = joined(w, row->mark[MARK_PURPOSE], grant->purposes);
        row->mark[MARK_UNTIL] = joined(w, row->mark[MARK_UNTIL], grant->until);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* When the person came, by any row that speaks of her, as the guest list shows it. */
static enum status
read_arrival(struct export_writer *w, struct row *row)
{
    struct claim own = { .now = row->now }, *claims = &own;
    struct wall_ms arrived;
    size_t count = 1;
    int64_t person;

    enum status s =
        store_number(w->call->store, &person, STMT_PERSON_GET, "i", row->now->record);
    if (s == STATUS_OK)
        s = person_claims(w->call, person, &claims, &count);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    TRY(person_arrived(w->call, claims, count, &arrived));
    row->mark[MARK_ARRIVED] = arrived.ms > 0 ? time_text(w->call, arrived) : NULL;
    return STATUS_OK;
}

static enum status
read_marks(struct export_writer *w, struct row *row)
{
    struct record_now *now = row->now;
    struct company_name owner;
    bool is_own = now->owner == COMPANY_US;

    TRY(company_name(w->call, now->owner, &owner));
    TRY(via_name(w->call, now->grant, now->owner, &row->mark[MARK_VIA]));
    row->mark[MARK_ID] = id_text(w->call, now->id.b);
    row->mark[MARK_OWN] = is_own ? MAPPING_MARK_YES : MAPPING_MARK_NO;
    row->mark[MARK_OWNER] = owner.name;
    row->mark[MARK_AS_OF] = time_text(w->call, now->at);
    if (w->mark_count > MARK_ARRIVED)
        TRY(read_arrival(w, row));
    return is_own ? STATUS_OK : read_rights(w, row);
}

/* ---- CSV ---------------------------------------------------------------------------------- */

static void
csv_put_next(struct export_writer *w, bool is_first, struct bytes text)
{
    csv_put_cell_after(&w->text, is_first ? '\0' : w->delimiter, text);
}

static void
csv_head(struct export_writer *w)
{
    for (size_t i = 0; i < w->column_count; i++) {
        const struct type_field *f = w->columns[i];
        const char *mark = f->kind == KIND_REFERENCE ? MAPPING_MARK : "";
        csv_put_next(w, i == 0, bytes_text(arena_printf(w->row, "%s%s", mark, f->name)));
    }
    for (size_t i = 0; i < w->mark_count; i++)
        csv_put_next(w, w->column_count + i == 0, bytes_text(mark_columns[i]));
    buffer_put_text(&w->text, "\r\n");
}

static enum status
csv_put(struct export_writer *w, const struct row *row)
{
    for (size_t i = 0; i < w->column_count; i++)
        csv_put_next(w, i == 0, value_text(w, row, w->columns[i]));
    for (size_t i = 0; i < w->mark_count; i++)
        csv_put_next(w, w->column_count + i == 0,
                     bytes_text(row->mark[i] == NULL ? "" : row->mark[i]));
    buffer_put_text(&w->text, "\r\n");
    return STATUS_OK;
}

/* ---- vCard -------------------------------------------------------------------------------- */

/* Where a field of a contact goes; what has no place in the standard gets a name of ours. */
static const char *
property_of(const struct type_field *f, struct arena *arena)
{
    static const char start[] = "vcard:";
    char *name;

    if (f->counterpart != NULL && strncmp(f->counterpart, start, sizeof(start) - 1) == 0 &&
        strcmp(f->counterpart, "vcard:IMPP") != 0) /* a URI there, any text here */
        return f->counterpart + sizeof(start) - 1;
    name = arena_printf(arena, "X-HANSA-%s", f->name);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c == '_' ? '-' : *c);
    return name;
}

static void
vcard_names(struct export_writer *w, const struct row *row)
{
    static const char *const otherwise[] = { "name", "email", "organization" };
    const struct bytes name[] = {
        value_named(w, row, "familyName"), value_named(w, row, "givenName"), { 0 }, { 0 }, { 0 }
    };
    struct bytes full = { 0 };

    for (size_t i = 0; i < COUNT_OF(otherwise) && full.len == 0; i++)
        full = value_named(w, row, otherwise[i]);
    if (full.len == 0) /* a card must have one */
        full = bytes_text(row->mark[MARK_ID]);
    vcard_put_text(&w->text, "FN", full);
    if (name[0].len > 0 || name[1].len > 0)
        vcard_put_parts(&w->text, "N", name, COUNT_OF(name));
}

static void
vcard_field(struct export_writer *w, const struct type_field *f, struct bytes raw,
            struct bytes value)
{
    const char *name = property_of(f, w->row);
    AUTO(buffer_fini) struct buffer digits = { 0 };

    if (f->kind == KIND_ADDRESS) {
        struct bytes parts[ADDRESS_PARTS] = { [STREET] = value };
        struct bytes split[ADDRESS_PARTS];
        if (address_parts(raw, split))
            memcpy(parts, split, sizeof(parts));
        vcard_put_parts(&w->text, name, parts, COUNT_OF(parts));
    } else if (strcmp(name, "BDAY") == 0) {
        for (size_t i = 0; i < value.len; i++) /* 19851120 */
            if (value.data[i] != '-')
                buffer_put_u8(&digits, value.data[i]);
        vcard_put_plain(&w->text, name, buffer_bytes(&digits));
    } else if (f->kind == KIND_URL || strcmp(name, "LANG") == 0) {
        vcard_put_plain(&w->text, name, value);
    } else {
        vcard_put_text(&w->text, name, value);
    }
}

static enum status
vcard_put(struct export_writer *w, const struct row *row)
{
    vcard_begin(&w->text);
    vcard_put_text(&w->text, "UID;VALUE=text", bytes_text(row->mark[MARK_ID]));
    vcard_names(w, row);
    for (size_t i = 0; i < w->column_count; i++) {
        const struct type_field *f = w->columns[i];
        struct bytes value = value_text(w, row, f);
        bool is_name = f->counterpart != NULL && (strcmp(f->counterpart, "vcard:N") == 0 ||
                                                  strcmp(f->counterpart, "vcard:FN") == 0);
        if (value.len > 0 && !is_name)
            vcard_field(w, f, value_of(row, f), value);
    }
    for (size_t i = MARK_OWN; i < MARK_COUNT_; i++)
        if (row->mark[i] != NULL)
            vcard_put_text(&w->text, mark_properties[i], bytes_text(row->mark[i]));
    vcard_end(&w->text);
    return STATUS_OK;
}

/* ---- iCalendar ---------------------------------------------------------------------------- */

/* One calendar object each, as RFC 5545 lets a file have several: each may have a time zone of its own. */
static enum status
ical_put(struct export_writer *w, const struct row *row)
{
    const char *marks[2 * MARK_COUNT_ + 1] = { NULL };
    struct diag why = { 0 };
    const char *text;
    size_t n = 0;

    for (size_t i = 0; i < MARK_COUNT_; i++)
        if (row->mark[i] != NULL) {
            marks[n++] = mark_properties[i];
            marks[n++] = row->mark[i];
        }
    enum status s = invitation_event(w->call, row->now, marks, &why, &text);
    if (s == STATUS_USAGE) {
        w->left_out++;
        return STATUS_OK;
    }
    TRY(s);
    buffer_put_text(&w->text, text);
    return STATUS_OK;
}

/* ---- all of them -------------------------------------------------------------------------- */

static const struct export_format formats[] = {
    { "csv", NULL, csv_head, csv_put },
    { "vcard", "contact", NULL, vcard_put },
    { "ical", "event", NULL, ical_put },
};

/* What a person can read; what refers to other records comes last. */
static void
take_columns(struct export_writer *w)
{
    w->columns = ARENA_ARRAY(w->kept, const struct type_field *, w->type->field_count);
    for (int is_reference = 0; is_reference <= 1; is_reference++)
        for (size_t i = 0; i < w->type->field_count; i++) {
            const struct type_field *f = &w->type->fields[i];
            if (f->kind != KIND_BYTES && f->kind != KIND_CONSENT &&
                (f->kind == KIND_REFERENCE) == (is_reference != 0))
                w->columns[w->column_count++] = f;
        }
}

enum status
export_delimiter(struct call *call, char *out)
{
    const char *text = arg_text_or(call, "delimiter", ",");

    if (strcmp(text, ",") != 0 && strcmp(text, ";") != 0)
        return diag_say(call->diag, STATUS_USAGE, "export.delimiter", text, NULL);
    *out = *text;
    return STATUS_OK;
}

enum status
export_init(struct export_writer *w, struct call *call, const struct type *type,
            const char *format)
{
    *w = (struct export_writer){
        .call = call, .type = type, .row = arena_new(0), .kept = call->arena
    };
    take_columns(w);
    w->mark_count = type->key.space.len == 0 && strcmp(type->name, "attendee") == 0
                        ? MARK_COUNT_
                        : MARK_ARRIVED;
    TRY(export_delimiter(call, &w->delimiter));
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (strcmp(formats[i].name, format == NULL ? formats[0].name : format) == 0)
            w->format = &formats[i];
    if (w->format == NULL)
        return diag_say(call->diag, STATUS_USAGE, "export.format", format, NULL);
    if (w->format->type != NULL &&
        (strcmp(w->format->type, type->name) != 0 || type->key.space.len > 0))
        return diag_say(call->diag, STATUS_USAGE, "export.format_type", format, w->format->type,
                        type->name, NULL);
    return STATUS_OK;
}

void
export_fini(struct export_writer *w)
{
    buffer_fini(&w->text);
    arena_free(&w->row);
}

void
export_head(struct export_writer *w, bool bom)
{
    if (bom)
        buffer_put_text(&w->text, "\xEF\xBB\xBF");
    if (w->format->head != NULL)
        w->format->head(w);
}

static enum status
put_row(struct export_writer *w, int64_t record)
{
    struct row row = { 0 };
    enum status s = record_now(w->call->store, record, false, w->row, &row.now);

    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && row.now->tombstone))
        return STATUS_OK; /* lost, and not mended yet (node/repair.h) */
    TRY(s);
    TRY(read_marks(w, &row));
    int64_t left_out = w->left_out;
    TRY(w->format->put(w, &row));
    if (w->left_out == left_out) {
        w->rows++;
        w->partner_rows += row.now->owner != COMPANY_US;
    }
    return STATUS_OK;
}

enum status
export_row(struct export_writer *w, int64_t record)
{
    w->call->arena = w->row;
    enum status s = put_row(w, record);
    w->call->arena = w->kept;
    arena_reset(w->row);
    return s;
}
