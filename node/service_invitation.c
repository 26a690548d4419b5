/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_invitation.c - invitations of our guests as calendar files, and their answers (schema/ical.h).
 *
 * 1. Only our own guest rows are invited, and only they are changed by an answer (P7): whoever brought a guest hears
 *    from the guest, so answers go to an address of ours.
 * 2. A row's UID never changes, and SEQUENCE follows the event's revisions, so that a moved event replaces itself in
 *    the guest's calendar.
 * 3. An answer counts when its UID is ours, its address is the row's, and it is newer than the last one taken.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "node/service_priv.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/ical.h"

enum { RID_TEXT = 52, NODE_TEXT = 16, SEQUENCE_BITS = 20 };
static const char uid_tail[] = ".hansa";

/* ---- what is invited ---------------------------------------------------------------------- */

struct inviting {
    struct call *call;
    const struct type *event_type, *guest_type;
    struct record_now *event;
    struct ical_invitation common; /* all but the guest */
};

static const struct field *
field_of(const struct type *type, const struct record_now *now, const char *name)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < now->field_count; i++)
        if (key_is_equal(now->fields[i].key, field->key))
            return &now->fields[i];
    return NULL;
}

/* Text kinds, whose bytes are the text; "" when there is none. */
static const char *
text_of(struct call *call, const struct type *type, const struct record_now *now,
        const char *name)
{
    const struct field *field = field_of(type, now, name);

    return field != NULL && utf8_is_valid(field->value) ? arena_text(call->arena, field->value)
                                                        : "";
}

static bool
moment_of(const struct inviting *v, const char *name, struct wall_ms *at, const char **zone)
{
    const struct field *field = field_of(v->event_type, v->event, name);

    if (field == NULL || field->value.len < 8)
        return false;
    at->ms = (int64_t)get_u64(field->value.data);
    *zone = arena_text(v->call->arena, bytes_of(field->value.data + 8, field->value.len - 8));
    return true;
}

static const char *
uid_of(struct call *call, const struct record_id *guest)
{
    char rid[64], node[64];

    base32_format(bytes_of(guest->b, ID_SIZE), rid);
    base32_format(bytes_of(call->core->me.b, ID_SIZE), node);
    return arena_printf(call->arena, "%.*s@%.*s%s", RID_TEXT, rid, NODE_TEXT, node, uid_tail);
}

/* Rises with every revision of the event, also after a restored backup, which begins a new incarnation. */
static uint32_t
sequence_of(const struct record_now *event)
{
    uint64_t number = event->position.number, most = (1u << SEQUENCE_BITS) - 1;
    uint32_t life = event->position.incarnation > 0 ? event->position.incarnation - 1 : 0;

    return (life & 0x7ff) << SEQUENCE_BITS | (uint32_t)(number < most ? number : most);
}

static enum status
find_event_now(struct inviting *v)
{
    struct call *call = v->call;
    const char *text = arg_text(call, "event");
    int64_t record;

    TRY(find_type(call, "event", &v->event_type));
    TRY(find_type(call, "attendee", &v->guest_type));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, &v->event);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK &&
         (v->event->tombstone || !key_is_equal(v->event->type, v->event_type->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "event.unknown", text, NULL);
    return s;
}

/* Answers go to this address: one of ours, so of a partner's event we do not take the organiser's. */
static const char *
organizer_email(const struct inviting *v)
{
    const char *from = arg_text_or(v->call, "from", "");

    return from[0] != '\0' || v->event->owner != COMPANY_US
               ? from
               : text_of(v->call, v->event_type, v->event, "organizerEmail");
}

/* What the event's fields say; the guest, the sender and the stamp are the caller's. */
static enum status
event_fill(struct inviting *v)
{
    struct call *call = v->call;
    struct ical_invitation *c = &v->common;
    const char *end_zone, *address;

    c->sequence = sequence_of(v->event);
    c->stamp = call->now;
    if (!moment_of(v, "startDate", &c->start, &c->zone))
        return diag_say(call->diag, STATUS_USAGE, "calendar.no_start", NULL);
    c->has_end = moment_of(v, "endDate", &c->end, &end_zone) && c->end.ms > c->start.ms;
    c->is_cancelled =
        strcmp(text_of(call, v->event_type, v->event, "status"), "cancelled") == 0;
    c->summary = text_of(call, v->event_type, v->event, "name");
    c->location = text_of(call, v->event_type, v->event, "place");
    address = text_of(call, v->event_type, v->event, "address");
    if (address[0] != '\0')
        c->location = arena_printf(call->arena, "%s%s%s", c->location,
                                   c->location[0] != '\0' ? "\n" : "", address);
    c->description = text_of(call, v->event_type, v->event, "description");
    c->url = text_of(call, v->event_type, v->event, "url");
    return STATUS_OK;
}

static enum status
inviting_init(struct call *call, struct inviting *v)
{
    struct company_name us;

    *v = (struct inviting){ .call = call };
    TRY(find_event_now(v));
    TRY(company_name(call, COMPANY_US, &us));
    v->common.organizer_name = us.name;
    v->common.organizer_email = organizer_email(v);
    if (v->common.organizer_email[0] == '\0')
        return diag_say(call->diag, STATUS_USAGE, "calendar.no_sender", NULL);
    return event_fill(v);
}

enum status
invitation_event(struct call *call, struct record_now *event, const char *const *marks,
                 struct diag *why, const char **out)
{
    struct inviting v = { .call = call, .event = event };
    struct diag *said = call->diag;
    struct company_name us;

    *out = NULL;
    TRY(find_type(call, "event", &v.event_type));
    TRY(company_name(call, COMPANY_US, &us));
    v.common.organizer_name = us.name;
    v.common.organizer_email = text_of(call, v.event_type, event, "organizerEmail");
    v.common.uid = uid_of(call, &event->id);
    v.common.marks = marks;
    call->diag = why;
    enum status s = event_fill(&v);
    call->diag = said;
    return s == STATUS_OK ? ical_publish_format(&v.common, call->arena, why, out) : s;
}

/* ---- writing invitations ------------------------------------------------------------------ */

/* STATUS_USAGE with a sentence in *why: this guest cannot be invited. */
static enum status
guest_text(struct inviting *v, const struct record_now *guest, struct diag *why,
           const char **out)
{
    struct ical_invitation in = v->common;

    *out = NULL;
    in.uid = uid_of(v->call, &guest->id);
    in.guest_email = text_of(v->call, v->guest_type, guest, "email");
    in.guest_name = text_of(v->call, v->guest_type, guest, "name");
    if (in.guest_email[0] == '\0')
        return diag_say(why, STATUS_USAGE, "calendar.no_email", NULL);
    return ical_request_format(&in, v->call->arena, why, out);
}

/* Everything the row has, with this on top; the fields are the arena's. */
static enum status
change_of(struct call *call, const struct type *type, const struct record_now *now,
          const char *const (*set)[2], struct mint *out)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);

    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    for (; (*set)[0] != NULL; set++)
        TRY(draft_set(call, draft, type, (*set)[0], (*set)[1]));
    *out = (struct mint){ .record = now->record,
                          .type = type->key,
                          .fields = draft->fields,
                          .field_count = draft->count };
    return STATUS_OK;
}

static bool
becomes_invited(const struct inviting *v, const struct record_now *guest)
{
    return !v->common.is_cancelled && field_of(v->guest_type, guest, "status") == NULL;
}

static enum status
mark_invited(struct inviting *v, const struct record_now *guest, struct mint *out)
{
    static const char *const set[][2] = { { "status", "invited" }, { NULL, NULL } };

    return change_of(v->call, v->guest_type, guest, set, out);
}

/* A guest row of ours under the event. */
static enum status
find_guest(struct inviting *v, struct record_now **out)
{
    struct call *call = v->call;
    const char *text = arg_text(call, "guest");
    int64_t record;

    TRY(find_record(call, text, &record));
    TRY(record_now(call->store, record, false, call->arena, out));
    const struct field *event = field_of(v->guest_type, *out, "event");
    if ((*out)->tombstone || !key_is_equal((*out)->type, v->guest_type->key) || event == NULL ||
        !bytes_is_equal(event->value, bytes_of(v->event->id.b, ID_SIZE)))
        return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
    if ((*out)->owner != COMPANY_US)
        return diag_say(call->diag, STATUS_DENIED, "calendar.not_ours", NULL);
    return STATUS_OK;
}

enum status
service_guest_invitation(struct call *call)
{
    struct record_now *guest;
    struct inviting v;
    struct mint mint;
    const char *text;

    TRY(inviting_init(call, &v));
    TRY(find_guest(&v, &guest));
    TRY(guest_text(&v, guest, call->diag, &text));
    if (becomes_invited(&v, guest)) {
        TRY(mark_invited(&v, guest, &mint));
        TRY(records_mint(call->core, &mint, 1, call->actor, "guest.invited"));
    }
    call->reply = json_object();
    reply_set(call->reply, "text", json_words(text));
    return STATUS_OK;
}

struct batch {
    json_t *files, *left_out;
    struct mint mints[PAGE_MAX];
    size_t mint_count, written;
    bool is_preview;
};

static void
batch_fini(struct batch *batch)
{
    json_decref(batch->files);
    json_decref(batch->left_out);
}

static void
leave_out(struct inviting *v, const struct record_now *guest, const struct diag *why,
          struct batch *batch)
{
    json_t *o = json_object();

    reply_set(o, "record", json_id(guest->id.b));
    reply_set(o, "title", json_words(record_title(v->call, guest)));
    reply_set(o, "reason",
              json_words(text_failure(v->call->language, STATUS_USAGE, why, v->call->arena)));
    (void)json_array_append_new(batch->left_out, o);
}

static enum status
invite_one(struct inviting *v, int64_t record, struct batch *batch)
{
    struct record_now *guest;
    struct diag why = { 0 };
    const char *text;

    TRY(record_now(v->call->store, record, false, v->call->arena, &guest));
    enum status s = guest_text(v, guest, &why, &text);
    if (s == STATUS_USAGE)
        leave_out(v, guest, &why, batch);
    if (s != STATUS_OK)
        return s == STATUS_USAGE ? STATUS_OK : s;
    batch->written++;
    if (becomes_invited(v, guest))
        TRY(mark_invited(v, guest, &batch->mints[batch->mint_count++]));
    if (batch->is_preview)
        return STATUS_OK;
    json_t *o = json_object();
    reply_set(o, "name",
              json_words(arena_printf(v->call->arena, "%s-%s.ics", record_title(v->call, guest),
                                      id_text(v->call, guest->id.b))));
    reply_set(o, "text", json_words(text));
    (void)json_array_append_new(batch->files, o);
    return STATUS_OK;
}

enum status
service_guest_invitations(struct call *call)
{
    AUTO(batch_fini) struct batch batch = { .files = json_array(), .left_out = json_array() };
    struct project_query query = { .own_only = true };
    int64_t records[PAGE_MAX + 1], total;
    struct inviting v;
    struct page page;
    size_t count;

    TRY(inviting_init(call, &v));
    TRY(page_begin(call, &page));
    batch.is_preview = arg_is_set(call, "preview");
    query.type = v.guest_type;
    query.parent = &v.event->id;
    query.search = page.search;
    query.after = page.after;
    query.limit = page.limit + 1;
    TRY(project_list(call->store, &query, records, &count));
    TRY(project_count(call->store, &query, &total));
    bool more = count > (size_t)page.limit;
    count -= more;
    for (size_t i = 0; i < count; i++)
        TRY(invite_one(&v, records[i], &batch));
    if (!batch.is_preview && batch.mint_count > 0)
        TRY(records_mint(call->core, batch.mints, batch.mint_count, call->actor,
                         "guest.invited"));
    (void)json_object_clear(call->reply); /* no list */
    reply_set(call->reply, "preview", json_boolean(batch.is_preview));
    reply_set(call->reply, "total", json_integer(total));
    reply_set(call->reply, "invitations", json_integer((json_int_t)batch.written));
    reply_set(call->reply, "newly_invited", json_integer((json_int_t)batch.mint_count));
    reply_set(call->reply, "files", json_incref(batch.files));
    reply_set(call->reply, "left_out", json_incref(batch.left_out));
    reply_set(
        call->reply, "next",
        more ? json_string(arena_printf(call->arena, "%lld", (long long)records[count - 1]))
             : json_null());
    return STATUS_OK;
}

/* ---- taking answers ----------------------------------------------------------------------- */

static const char *const answer_status[] = {
    [ICAL_ACCEPTED] = "accepted",
    [ICAL_DECLINED] = "declined",
    [ICAL_TENTATIVE] = "tentative",
};

struct answering {
    struct call *call;
    const struct type *guest_type;
    const struct type_field *email;
    int64_t taken, unchanged, refused;
};

/* The record that a UID of ours names; programs may write it in capitals. */
static enum status
guest_of_uid(struct answering *a, const char *uid, struct record_now **out)
{
    struct call *call = a->call;
    char *low = arena_text(call->arena, bytes_text(uid));
    struct record_id id;
    int64_t record;

    for (char *c = low; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    if (strlen(low) != RID_TEXT + 1 + NODE_TEXT + sizeof(uid_tail) - 1 ||
        base32_parse(bytes_of(low, RID_TEXT), id.b, ID_SIZE) != STATUS_OK ||
        strcmp(low, uid_of(call, &id)) != 0)
        return STATUS_NOT_FOUND;
    TRY(store_number(call->store, &record, STMT_RECORD_FIND, "b", bytes_of(id.b, ID_SIZE)));
    TRY(record_now(call->store, record, false, call->arena, out));
    bool is_guest = (*out)->owner == COMPANY_US && !(*out)->tombstone &&
                    key_is_equal((*out)->type, a->guest_type->key);
    return is_guest ? STATUS_OK : STATUS_NOT_FOUND;
}

static bool
is_address_of(struct answering *a, const struct record_now *guest, const char *email)
{
    const struct field *ours = field_of(a->guest_type, guest, "email");
    struct arena *arena = a->call->arena;

    if (ours == NULL)
        return false;
    struct bytes one = value_match_form(a->email, ours->value, NULL, arena);
    struct bytes two = value_match_form(a->email, bytes_text(email), NULL, arena);
    return one.len > 0 && bytes_is_equal(one, two);
}

/* <0: older than the last one taken, 0: that one, >0: newer. */
static enum status
compare_last(struct answering *a, int64_t record, const struct ical_reply *reply, int *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(a->call->store, STMT_ICAL_REPLY_GET);

    *out = 1;
    stmt_bind(q, "i", record);
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    int64_t sequence = stmt_int(q, 0), stamp = stmt_int(q, 1);
    if (sequence == (int64_t)reply->sequence)
        *out = (reply->stamp.ms > stamp) - (reply->stamp.ms < stamp);
    else
        *out = (int64_t)reply->sequence > sequence ? 1 : -1;
    return STATUS_OK;
}

/* Why an answer that names this guest is not taken; NULL: it is. */
static const char *
refusal_of(struct answering *a, const struct record_now *guest, const struct ical_reply *reply)
{
    const char *status = text_of(a->call, a->guest_type, guest, "status");

    if (!is_address_of(a, guest, reply->email))
        return "calendar.other_address";
    if (reply->answer == ICAL_DELEGATED)
        return "calendar.delegated";
    if (strcmp(status, "attended") == 0 || strcmp(status, "absent") == 0)
        return "calendar.over";
    if (strcmp(status, "waitlisted") == 0 && reply->answer != ICAL_DECLINED)
        return "calendar.waiting";
    return NULL;
}

static enum status
take_answer(struct answering *a, const struct record_now *guest, const struct ical_reply *reply)
{
    struct call *call = a->call;
    const char *status = answer_status[reply->answer];
    const char *companions = arena_printf(call->arena, "%lld", (long long)reply->companions);
    const struct field *old = field_of(a->guest_type, guest, "companions");
    const char *set[3][2] = { { "status", status } };
    struct mint mint;

    /* Google says 0 for everybody who brings nobody. */
    if (reply->companions > 0 || (reply->companions == 0 && old != NULL)) {
        set[1][0] = "companions";
        set[1][1] = companions;
    }
    TRY(store_exec(call->store, STMT_ICAL_REPLY_PUT, "iii", guest->record,
                   (int64_t)reply->sequence, reply->stamp.ms));
    TRY(change_of(call, a->guest_type, guest, (const char *const(*)[2])set, &mint));
    return records_mint(call->core, &mint, 1, call->actor, "guest.answered");
}

/* *why NULL: taken. */
static enum status
judge_answer(struct answering *a, const struct ical_reply *reply, json_t *row, const char **why)
{
    struct record_now *guest;
    int order;

    *why = reply->fault;
    if (*why != NULL)
        return STATUS_OK;
    enum status s = guest_of_uid(a, reply->uid, &guest);
    *why = s == STATUS_NOT_FOUND ? "calendar.foreign" : NULL;
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    reply_set(row, "record", json_id(guest->id.b));
    reply_set(row, "title", json_words(record_title(a->call, guest)));
    *why = is_address_of(a, guest, reply->email) ? NULL : "calendar.other_address";
    if (*why != NULL)
        return STATUS_OK;
    TRY(compare_last(a, guest->record, reply, &order));
    *why = order < 0    ? "calendar.older"
           : order == 0 ? "calendar.same"
                        : refusal_of(a, guest, reply);
    return *why == NULL ? take_answer(a, guest, reply) : STATUS_OK;
}

static enum status
answer_row(struct answering *a, const struct ical_reply *reply, json_t *rows)
{
    json_t *row = json_object();
    const char *why;

    (void)json_array_append_new(rows, row);
    TRY(judge_answer(a, reply, row, &why));
    bool is_same = why != NULL && strcmp(why, "calendar.same") == 0;
    a->taken += why == NULL;
    a->unchanged += is_same;
    a->refused += why != NULL && !is_same;
    if (reply->fault == NULL && reply->answer != ICAL_DELEGATED)
        reply_set(row, "status", json_string(answer_status[reply->answer]));
    if (reply->fault == NULL && reply->comment[0] != '\0')
        reply_set(row, "comment", json_words(reply->comment));
    reply_set(row, "state",
              json_string(why == NULL ? "taken"
                          : is_same   ? "unchanged"
                                      : "refused"));
    reply_set(row, "reason",
              why != NULL ? json_words(text_get(a->call->language, why)) : json_null());
    return STATUS_OK;
}

static enum status
read_upload(struct call *call, struct buffer *out)
{
    const char *path = call->request->upload_path;
    AUTO(fd_close) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return diag_say(call->diag, STATUS_USAGE, "ical.broken", NULL);
    enum status s = file_read(fd, ICAL_FILE_MAX, out);
    return s == STATUS_TOO_BIG ? diag_say(call->diag, s, "ical.big", NULL) : s;
}

enum status
service_guest_reply(struct call *call)
{
    AUTO(buffer_fini) struct buffer file = { 0 };
    struct answering a = { .call = call };
    struct ical_replies replies;

    TRY(find_type(call, "attendee", &a.guest_type));
    a.email = type_field_find_name(a.guest_type, "email");
    TRY(read_upload(call, &file));
    TRY(ical_reply_parse(buffer_bytes(&file), call->arena, call->diag, &replies));
    if (replies.count == 0)
        return diag_say(call->diag, STATUS_USAGE, "ical.none", NULL);
    TRY(core_need_txn(call->core));
    call->reply = json_object();
    json_t *rows = json_array();
    reply_set(call->reply, "answers", rows);
    for (size_t i = 0; i < replies.count; i++)
        TRY(answer_row(&a, &replies.items[i], rows));
    reply_set(call->reply, "taken", json_integer(a.taken));
    reply_set(call->reply, "unchanged", json_integer(a.unchanged));
    reply_set(call->reply, "refused", json_integer(a.refused));
    return STATUS_OK;
}
