/* SPDX-License-Identifier: Apache-2.0
 *
 * node/consent.c - on what ground a person may be shared (contract: node/consent.h).
 *
 * 1. A row has room for one answer: a basis, purposes, recipients. What cannot be said so is left out, never rounded up:
 *    "event to Brio" and "news to Cedar" do not become "event and news to Brio and Cedar".
 * 2. Records are taken in the order of their moments; one without is of the moment when it was written. Of two at once the no
 *    counts.
 * 3. A no for some companies, where any were allowed, takes everything: a row cannot say "all but".
 */
#include "node/consent.h"

#include <stdlib.h>
#include <string.h>

#include "node/store/project.h"
#include "schema/base/cleanup.h"

enum { RECORDS_MOST = 256, SHOWN = 20, ROWS_MOST = 1024, DAY_MS = 24 * 3600 * 1000 };

/* The answer as it stands. */
struct standing {
    struct arena *arena;
    struct bytes value[CONSENT_FIELD_COUNT_];
    bool is_withdrawn;
};

/* One consent record. */
struct said {
    struct bytes basis, purposes, recipients, date;
    bool is_yes;
    int64_t at; /* when, ms; see rule 2 */
};

/* ---- lists of entries --------------------------------------------------------------------- */

/* Takes the first entry off the text, as written; empty ones too. */
static struct bytes
next_entry(struct bytes *left)
{
    /* U+3001, U+FF0C, U+FF1B */
    static const char *const wide[] = { "\xe3\x80\x81", "\xef\xbc\x8c", "\xef\xbc\x9b" };
    size_t len = 0, skip = 0;

    while (len < left->len && skip == 0) {
        uint8_t c = left->data[len];
        skip = c == ',' || c == ';' || c == '\n' || c == '\r';
        for (size_t i = 0; i < COUNT_OF(wide); i++)
            if (left->len - len >= 3 && memcmp(left->data + len, wide[i], 3) == 0)
                skip = 3;
        len += skip == 0;
    }
    struct bytes entry = bytes_of(left->data, len);
    *left = bytes_of(left->data + len + skip, left->len - len - skip);
    return entry;
}

static bool
is_entry(struct bytes text)
{
    return consent_lists(text, text);
}

/* Has the text no entry at all? */
static bool
is_open(struct bytes text)
{
    return !is_entry(text);
}

/* Is every entry of `part` one of `whole`? */
static bool
is_within(struct bytes part, struct bytes whole)
{
    while (part.len > 0) {
        struct bytes entry = next_entry(&part);
        if (is_entry(entry) && !consent_lists(whole, entry))
            return false;
    }
    return true;
}

static bool
is_touching(struct bytes a, struct bytes b)
{
    while (a.len > 0) {
        struct bytes entry = next_entry(&a);
        if (is_entry(entry) && consent_lists(b, entry))
            return true;
    }
    return false;
}

/* The entries of `list` that are not in `gone`, then those of `more` that are not in `list`. */
static struct bytes
rewritten(struct standing *s, struct bytes list, struct bytes gone, struct bytes more)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    struct bytes parts[] = { list, more };

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        while (parts[i].len > 0) {
            struct bytes entry = next_entry(&parts[i]);
            if (!is_entry(entry) || consent_lists(i == 0 ? gone : list, entry))
                continue;
            if (out.len > 0)
                buffer_put_text(&out, "; ");
            while (entry.len > 0 && entry.data[0] == ' ')
                entry = bytes_of(entry.data + 1, entry.len - 1);
            buffer_put_bytes(&out, entry);
        }
    }
    return arena_copy(s->arena, buffer_bytes(&out));
}

/* ---- what one record changes -------------------------------------------------------------- */

static void
withdraw(struct standing *s)
{
    memset(s->value, 0, sizeof(s->value));
    s->is_withdrawn = true;
}

static void
apply_no(struct standing *s, const struct said *no)
{
    struct bytes *purposes = &s->value[CONSENT_PURPOSE];
    struct bytes *recipients = &s->value[CONSENT_RECIPIENTS];
    bool all_purposes = is_open(no->purposes) || is_open(*purposes);

    if (s->value[CONSENT_BASIS].len == 0) {
        s->is_withdrawn = true;
        return;
    }
    if (!all_purposes && !is_touching(no->purposes, *purposes))
        return;
    if (is_open(no->recipients)) {
        if (!all_purposes)
            *purposes = rewritten(s, *purposes, no->purposes, (struct bytes){ 0 });
        if (all_purposes || is_open(*purposes))
            withdraw(s);
        return;
    }
    if (!is_open(*recipients))
        *recipients = rewritten(s, *recipients, no->recipients, (struct bytes){ 0 });
    if (is_open(*recipients))
        withdraw(s);
}

static void
take(struct standing *s, const struct said *yes)
{
    s->value[CONSENT_BASIS] = yes->basis;
    s->value[CONSENT_PURPOSE] = yes->purposes;
    s->value[CONSENT_RECIPIENTS] = yes->recipients;
    s->value[CONSENT_DATE] = yes->date;
    s->is_withdrawn = false;
}

static void
apply_yes(struct standing *s, const struct said *yes)
{
    struct bytes basis = s->value[CONSENT_BASIS];
    struct bytes *purposes = &s->value[CONSENT_PURPOSE];
    struct bytes *recipients = &s->value[CONSENT_RECIPIENTS];
    bool is_consent = bytes_is_equal(basis, bytes_text("consent"));

    if (basis.len == 0 || bytes_is_equal(basis, bytes_text("unknown")) ||
        (is_consent && is_open(*recipients) && bytes_is_equal(basis, yes->basis))) {
        take(s, yes); /* what stood there allowed nothing */
        return;
    }
    if (!bytes_is_equal(basis, yes->basis) || (is_consent && is_open(yes->recipients)))
        return;
    bool any_purpose = is_open(yes->purposes), any_recipient = is_open(yes->recipients);
    bool for_same = any_purpose || (!is_open(*purposes) && is_within(*purposes, yes->purposes));
    bool to_same =
        any_recipient || (!is_open(*recipients) && is_within(*recipients, yes->recipients));
    if (for_same && !is_open(*recipients))
        *recipients = any_recipient
                          ? (struct bytes){ 0 }
                          : rewritten(s, *recipients, (struct bytes){ 0 }, yes->recipients);
    else if (to_same && !is_open(*purposes))
        *purposes = any_purpose ? (struct bytes){ 0 }
                                : rewritten(s, *purposes, (struct bytes){ 0 }, yes->purposes);
}

/* ---- reading ------------------------------------------------------------------------------ */

static int64_t
moment(struct bytes datetime, int64_t otherwise)
{
    return datetime.len >= 8 ? (int64_t)get_u64(datetime.data) : otherwise;
}

/* The end of a day, UTC. */
static int64_t
day_end(struct call *call, struct bytes date)
{
    static const struct type_field when = { .kind = KIND_DATETIME, .name = "until" };
    const char *text =
        arena_printf(call->arena, "%.*sT00:00:00Z", (int)date.len, (const char *)date.data);
    struct bytes value;

    if (value_parse(&when, bytes_text(text), NULL, "UTC", call->arena, NULL, &value) !=
        STATUS_OK)
        return INT64_MIN; /* what cannot be read is over */
    return moment(value, INT64_MIN) + DAY_MS;
}

static void
read_said(struct call *call, const struct type *type, const struct record_now *now,
          struct said *out)
{
    struct bytes status = record_now_value(now, type, "status");
    struct bytes expiry = record_now_value(now, type, "expiryDate");
    struct bytes given = record_now_value(now, type, "given");

    *out = (struct said){ .basis = record_now_value(now, type, "basis"),
                          .purposes = record_now_value(now, type, "purpose"),
                          .recipients = record_now_value(now, type, "recipients") };
    out->is_yes = status.len == 0 || bytes_is_equal(status, bytes_text("given"));
    out->at =
        moment(out->is_yes ? given : record_now_value(now, type, "withdrawn"), now->at.ms);
    if (given.len >= 8) {
        const struct type_field date = { .kind = KIND_DATE };
        const char *day = value_format(type_field_find_name(type, "given"), given, call->arena);
        struct bytes value;
        if (value_parse(&date, bytes_of(day, strlen(day) < 10 ? strlen(day) : 10), NULL, NULL,
                        call->arena, NULL, &value) == STATUS_OK)
            out->date = value;
    }
    if (!out->is_yes || expiry.len == 0)
        return;
    int64_t end = day_end(call, expiry);
    out->is_yes = call->now.ms < end;
    out->at = out->is_yes ? out->at : end;
}

static int
by_moment(const void *a, const void *b)
{
    const struct said *x = a, *y = b;

    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : y->is_yes - x->is_yes;
}

/* Every consent record about this contact, in order. */
static enum status
read_all(struct call *call, const struct record_id *contact, struct said **list, size_t *count)
{
    const struct type *type;
    int64_t records[RECORDS_MOST];

    *list = NULL;
    *count = 0;
    TRY(find_type(call, "consent", &type));
    struct project_reference about = { .type = type,
                                       .ref = type_field_find_name(type, "contact"),
                                       .value = contact,
                                       .own_only = true };
    TRY(project_referring(call->store, &about, records, RECORDS_MOST, count));
    if (*count == 0)
        return STATUS_OK;
    struct said *said = ARENA_ARRAY(call->arena, struct said, *count);
    for (size_t i = 0; i < *count; i++) {
        struct record_now *now;
        TRY(record_now(call->store, records[i], false, call->arena, &now));
        read_said(call, type, now, &said[i]);
    }
    qsort(said, *count, sizeof(*said), by_moment);
    *list = said;
    return STATUS_OK;
}

/* What these fields of a type say, with what her records add and take away. */
static enum status
standing_of(struct call *call, const struct type *type, const struct field *fields,
            size_t count, const struct record_id *contact, struct standing *out)
{
    struct said *said;
    size_t said_count;

    *out = (struct standing){ .arena = call->arena };
    for (size_t k = 0; k < CONSENT_FIELD_COUNT_; k++)
        for (size_t i = 0; type->consent[k] != NULL && i < count; i++)
            if (key_is_equal(fields[i].key, type->consent[k]->key))
                out->value[k] = fields[i].value;
    TRY(read_all(call, contact, &said, &said_count));
    for (size_t i = 0; i < said_count; i++) {
        if (said[i].is_yes)
            apply_yes(out, &said[i]);
        else
            apply_no(out, &said[i]);
    }
    return STATUS_OK;
}

static enum status
contact_standing(struct call *call, const struct record_now *contact, struct standing *out)
{
    const struct type *type;

    TRY(find_type(call, "contact", &type));
    return standing_of(call, type, contact->fields, contact->field_count, &contact->id, out);
}

static void
put_standing(const struct standing *s, const struct type *to, struct draft *draft)
{
    for (size_t k = 0; k < CONSENT_FIELD_COUNT_; k++) {
        bool fits = s->value[k].len <= FIELD_VALUE_MAX;
        if (to->consent[k] != NULL)
            draft_put(draft, to->consent[k]->key, fits ? s->value[k] : (struct bytes){ 0 });
    }
}

void
consent_take_back(struct call *call, const struct type *type, struct draft *draft,
                  const char *purposes, const char *recipients)
{
    const struct said no = { .purposes = bytes_text(purposes),
                             .recipients = bytes_text(recipients) };
    struct standing s = { .arena = call->arena };

    for (size_t k = 0; k < CONSENT_FIELD_COUNT_; k++) {
        const struct field *f =
            type->consent[k] == NULL ? NULL : draft_find(draft, type->consent[k]->key);
        if (f != NULL)
            s.value[k] = f->value;
    }
    if (s.value[CONSENT_BASIS].len == 0 ||
        bytes_is_equal(s.value[CONSENT_BASIS], bytes_text("unknown")))
        return;
    apply_no(&s, &no);
    put_standing(&s, type, draft);
}

enum status
consent_fill(struct call *call, const struct record_now *contact, const struct type *to,
             struct draft *draft)
{
    struct standing s;

    TRY(contact_standing(call, contact, &s));
    put_standing(&s, to, draft);
    return STATUS_OK;
}

/* ---- what her records change -------------------------------------------------------------- */

/* One contact or row of ours anew, if her records change what it says. */
static enum status
refresh(struct call *call, int64_t record, const struct record_id *contact)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    struct record_now *now;
    struct standing s;
    bool changed;

    TRY(record_now(call->store, record, false, call->arena, &now));
    const struct type *type = dictionary_find(call->dictionary, now->type);
    if (now->owner != COMPANY_US || now->tombstone || type == NULL ||
        type->consent[CONSENT_BASIS] == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    TRY(standing_of(call, type, now->fields, now->field_count, contact, &s));
    put_standing(&s, type, draft);
    changed = draft->count != now->field_count;
    for (size_t i = 0; i < draft->count && !changed; i++)
        changed = !key_is_equal(draft->fields[i].key, now->fields[i].key) ||
                  !bytes_is_equal(draft->fields[i].value, now->fields[i].value);
    struct mint mint = { .record = record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    return changed ? records_mint(call->core, &mint, 1, call->actor, "consent.applied")
                   : STATUS_OK;
}

static enum status
refresh_rows(struct call *call, const char *name, const struct record_id *contact)
{
    int64_t *records = ARENA_ARRAY(call->arena, int64_t, ROWS_MOST);
    struct project_reference made_of = { .value = contact, .own_only = true };
    size_t count;

    TRY(find_type(call, name, &made_of.type));
    made_of.ref = type_field_find_name(made_of.type, "contact");
    TRY(project_referring(call->store, &made_of, records, ROWS_MOST, &count));
    for (size_t i = 0; i < count; i++)
        TRY(refresh(call, records[i], contact));
    return STATUS_OK;
}

enum status
consent_spread(struct call *call, const struct field *fields, size_t count)
{
    const struct type *type;
    struct record_id contact;
    struct bytes value = { 0 };
    int64_t record;

    TRY(find_type(call, "consent", &type));
    const struct type_field *ref = type_field_find_name(type, "contact");
    for (size_t i = 0; i < count; i++)
        if (key_is_equal(fields[i].key, ref->key))
            value = fields[i].value;
    if (value.len != ID_SIZE)
        return STATUS_OK;
    memcpy(contact.b, value.data, ID_SIZE);
    enum status s = store_number(call->store, &record, STMT_RECORD_FIND, "b", value);
    if (s == STATUS_OK)
        s = refresh(call, record, &contact);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(refresh_rows(call, "attendee", &contact));
    return refresh_rows(call, "lead", &contact);
}

/* ---- who stays home ----------------------------------------------------------------------- */

/* The contact of ours that the row is, or refers to; NULL: none. */
static enum status
find_contact(struct call *call, const struct consent_question *q, struct record_now **out)
{
    const struct type_field *ref = type_field_find_name(q->type, "contact");
    struct bytes value = { 0 };
    int64_t record;

    *out = NULL;
    for (size_t i = 0; ref != NULL && ref->kind == KIND_REFERENCE && i < q->field_count; i++)
        if (key_is_equal(q->fields[i].key, ref->key))
            value = q->fields[i].value;
    if (value.len != ID_SIZE)
        return STATUS_OK;
    enum status s = store_number(call->store, &record, STMT_RECORD_FIND, "b", value);
    if (s == STATUS_OK)
        s = record_now(call->store, record, false, call->arena, out);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Does one of her records say no to just this? Asked as if it were a yes. */
static enum status
is_refused(struct call *call, const struct record_id *contact,
           const struct consent_target *target, bool *out)
{
    const struct type *type;
    struct said *said;
    size_t count;

    *out = false;
    TRY(find_type(call, "contact", &type));
    TRY(read_all(call, contact, &said, &count));
    for (size_t i = 0; i < count; i++) {
        const struct field as_yes[] = {
            { .key = type->consent[CONSENT_BASIS]->key, .value = bytes_text("contract") },
            { .key = type->consent[CONSENT_PURPOSE]->key, .value = said[i].purposes },
            { .key = type->consent[CONSENT_RECIPIENTS]->key, .value = said[i].recipients },
        };
        *out = *out || (!said[i].is_yes &&
                        consent_of(type, as_yes, COUNT_OF(as_yes), target) == LACK_NONE);
    }
    return STATUS_OK;
}

enum status
consent_left_out(struct call *call, const struct consent_question *q, enum consent_lack *out)
{
    struct record_now *contact;
    struct standing s;
    bool is_no;

    *out = q->waived ? LACK_NONE : consent_of(q->type, q->fields, q->field_count, q->target);
    if (*out == LACK_NONE)
        return STATUS_OK;
    TRY(find_contact(call, q, &contact));
    if (contact == NULL || contact->owner != COMPANY_US)
        return STATUS_OK;
    TRY(contact_standing(call, contact, &s));
    TRY(is_refused(call, &contact->id, q->target, &is_no));
    if (s.is_withdrawn || is_no)
        *out = LACK_WITHDRAWN;
    return STATUS_OK;
}

void
consent_stay_note(struct call *call, struct consent_stay *stay, const struct copy_row *row,
                  enum consent_lack lack)
{
    const char *key = arena_printf(call->arena, "consent.%s", consent_lack_name(lack));
    struct record_now now = { .id = row->facts.id,
                              .type = row->facts.type,
                              .fields = row->full.fields,
                              .field_count = row->full.field_count };

    if (stay->count++ >= SHOWN)
        return;
    json_t *o = json_object();
    reply_set(o, "id", json_id(now.id.b));
    reply_set(o, "title", json_words(record_title(call, &now)));
    reply_set(o, "stop", json_words(consent_lack_name(lack)));
    reply_set(o, "reason", json_words(text_get(call->language, key)));
    (void)json_array_append_new(stay->items, o);
}

void
consent_stay_put(const struct consent_stay *stay, json_t *reply)
{
    reply_set(reply, "left_out", json_integer(stay->count));
    reply_set(reply, "left_out_records", json_incref(stay->items));
}
