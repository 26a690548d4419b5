/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service.c - from a request to its handler and back: who asks, what it may, one handler per row of the
 * service table; and the small parts that handlers share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { ID_SHOWN = 16, PAGE_DEFAULT = 50, WAIT_MS = 5000 };

static const struct {
    const char *name;
    service_fn *run;
} handlers[] = {
    { "node.status", service_node_status },
    { "node.backup", service_node_backup },
    { "node.confirm", service_node_confirm },
    { "lease.set", service_lease_set },
    { "type.list", service_type_list },
    { "type.show", service_type_show },
    { "type.add", service_type_add },
    { "field.add", service_field_add },
    { "partner.invite", service_partner_invite },
    { "partner.accept", service_partner_accept },
    { "key.list", service_key_list },
    { "key.partners", service_key_partners },
    { "key.retire", service_key_retire },
    { "partner.list", service_partner_list },
    { "partner.show", service_partner_show },
    { "partner.trust", service_partner_trust },
    { "partner.confirm", service_partner_confirm },
    { "partner.waive", service_partner_waive },
    { "partner.suspend", service_partner_suspend },
    { "partner.remove", service_partner_remove },
    { "partner.add-light", service_partner_add_light },
    { "record.add", service_record_add },
    { "record.set", service_record_set },
    { "record.show", service_record_show },
    { "record.list", service_record_list },
    { "record.export", service_record_export },
    { "record.remove", service_record_remove },
    { "record.import", service_record_import },
    { "job.list", service_job_list },
    { "job.show", service_job_show },
    { "job.stop", service_job_stop },
    { "job.resume", service_job_resume },
    { "job.bad-rows", service_job_bad_rows },
    { "contact.erase", service_contact_erase },
    { "contact.mentions", service_contact_mentions },
    { "consent.withdraw", service_consent_withdraw },
    { "suppression.list", service_suppression_list },
    { "suppression.check", service_suppression_check },
    { "suppression.lift", service_suppression_lift },
    { "segment.list", service_segment_list },
    { "segment.preview", service_segment_preview },
    { "segment.members", service_segment_members },
    { "segment.include", service_segment_include },
    { "segment.exclude", service_segment_exclude },
    { "guest.add", service_guest_add },
    { "guest.list", service_guest_list },
    { "guest.export", service_guest_export },
    { "guest.arrive", service_guest_arrive },
    { "lead.make", service_lead_make },
    { "lead.undo", service_lead_undo },
    { "lead.move", service_lead_move },
    { "work.list", service_work_list },
    { "event.attribution", service_event_attribution },
    { "guest.invitation", service_guest_invitation },
    { "guest.invitations", service_guest_invitations },
    { "guest.reply", service_guest_reply },
    { "guest.contribute", service_guest_contribute },
    { "guest.brought", service_guest_brought },
    { "guest.carried", service_guest_carried },
    { "share.lens", service_share_lens },
    { "share.create", service_share_create },
    { "share.list", service_share_list },
    { "share.show", service_share_show },
    { "share.stop", service_share_stop },
    { "share.to-file", service_share_to_file },
    { "share.import-reply", service_share_import_reply },
    { "offer.list", service_offer_list },
    { "offer.show", service_offer_show },
    { "offer.accept", service_offer_accept },
    { "offer.decline", service_offer_decline },
    { "guest.missing", service_guest_missing },
    { "guest.ask", service_guest_ask },
    { "ask.list", service_ask_list },
    { "ask.close", service_ask_close },
    { "proposal.make", service_proposal_make },
    { "receipt.list", service_receipt_list },
    { "receipt.hold", service_receipt_hold },
    { "receipt.export", service_receipt_export },
    { "evidence.list", service_evidence_list },
    { "evidence.export", service_evidence_export },
    { "letter.list", service_letter_list },
    { "letter.export", service_letter_export },
    { "letter.import", service_letter_import },
    { "proposal.list", service_proposal_list },
    { "proposal.show", service_proposal_show },
    { "proposal.accept", service_proposal_accept },
    { "proposal.decline", service_proposal_decline },
    { "explain", service_explain },
    { "holders", service_holders },
    { "data.where", service_data_where },
    { "data.held", service_data_held },
    { "data.register", service_data_register },
    { "deadletter.list", service_deadletter_list },
    { "audit.list", service_audit_list },
    { "audit.accept", service_audit_accept },
    { "audit.verify", service_audit_verify },
};

service_fn *
service_handler(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(handlers); i++)
        if (strcmp(handlers[i].name, name) == 0)
            return handlers[i].run;
    return NULL;
}

size_t
service_handler_count(void)
{
    return COUNT_OF(handlers);
}

/* The owner of the home, and root, are the administrator; the socket lets nobody else in, but the
 * decision is taken here all the same. */
static bool
is_allowed(const struct call *call, const struct api_request *request)
{
    (void)call;
    return request->uid == geteuid() || request->uid == 0;
}

static enum status
run(struct call *call, const struct api_request *request)
{
    service_fn *handler = service_handler(request->service->name);

    if (handler == NULL)
        return STATUS_INTERNAL;
    if (!is_allowed(call, request))
        return STATUS_DENIED;
    return handler(call);
}

/* What an unconfirmed node may be told: what only takes away, and the confirmation. */
static bool
is_for_quarantine(const char *name)
{
    static const char *const names[] = { "node.confirm", "partner.suspend", "partner.remove",
                                         "share.stop" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* What a reading service gave away. */
static enum status
write_note(struct call *call, const struct api_note *note)
{
    return audit_add(call->core, call->actor, note->action, bytes_of(note->subject, ID_SIZE),
                     bytes_of(note->detail, ID_SIZE));
}

/* A writing request keeps or loses all its changes. */
static enum status
run_marked(struct call *call, const struct api_request *request)
{
    uint64_t epoch = call->core->epoch;
    struct core_mark mark;

    if (call->core->audit_state != AUDIT_WELL &&
        strcmp(request->service->name, "audit.accept") != 0)
        return diag_say(call->diag, STATUS_CORRUPT, "home.altered", NULL);
    if (disk_is_full(call->core->disk) && request->service->effect != SERVICE_TAKES_BACK)
        return disk_say(call->core->home, call->diag);
    disk_lend(call->core->disk);
    if (call->core->unconfirmed && !is_for_quarantine(request->service->name))
        return diag_say(call->diag, STATUS_CONFLICT, "home.quarantined", NULL);
    TRY(core_mark_set(call->core, &mark));
    enum status s =
        request->note.is_set ? write_note(call, &request->note) : run(call, request);
    if (s == STATUS_OK)
        core_mark_keep(call->core);
    else
        core_mark_undo(call->core, &mark);
    if (s == STATUS_OK && call->core->epoch != epoch && !call->waits) /* P5 */
        service_wait(call, &call->core->me, call->core->epoch);
    return s;
}

void
service_run(struct call *call, struct api_request *request)
{
    call->args = request->args;
    call->request = request;
    call->diag = &request->diag;
    call->language = request->language;
    call->actor = "user:admin";
    call->diag->key[0] = '\0';
    bool is_read = request->service->effect == SERVICE_READS, is_noted = request->note.is_set;
    request->status = is_noted  ? STATUS_OK
                      : is_read ? run(call, request)
                                : run_marked(call, request);
    if (request->status == STATUS_OK && request->note.is_set &&
        call->store == call->core->store)
        request->status = run_marked(call, request);
    if (request->status != STATUS_OK)
        json_decref(call->reply);
    else if (!is_noted)
        request->reply = call->reply != NULL ? call->reply : json_object();
    call->reply = NULL;
}

void
service_wait(struct call *call, const struct node_id *node, uint64_t epoch)
{
    struct waiter *w = xcalloc(1, sizeof(*w));

    w->request = call->request;
    w->node = *node;
    w->epoch = epoch;
    w->until.ms = core_mono(call->core).ms + WAIT_MS;
    w->fresh = true;
    w->next = call->core->waiters;
    call->core->waiters = w;
    call->waits = true;
}

/* ---- arguments ---------------------------------------------------------------------------- */

const char *
arg_text(const struct call *call, const char *name)
{
    return json_string_value(json_object_get(call->args, name));
}

const char *
arg_text_or(const struct call *call, const char *name, const char *otherwise)
{
    const char *text = arg_text(call, name);

    return text != NULL ? text : otherwise;
}

int64_t
arg_integer(const struct call *call, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(call->args, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool
arg_is_set(const struct call *call, const char *name)
{
    return json_is_true(json_object_get(call->args, name));
}

const json_t *
arg_list(const struct call *call, const char *name)
{
    const json_t *value = json_object_get(call->args, name);

    return json_is_array(value) ? value : NULL;
}

/* ---- look-ups ----------------------------------------------------------------------------- */

static enum status
by_prefix(struct call *call, enum statement id, const char *text, const char *key, int64_t *out)
{
    uint8_t low[ID_SIZE], high[ID_SIZE];
    AUTO(stmt_return) struct stmt *q = NULL;

    *out = 0;
    if (!base32_range(text, low, high))
        return diag_say(call->diag, STATUS_NOT_FOUND, key, text, NULL);
    q = stmt_borrow(call->store, id);
    stmt_bind(q, "bb", bytes_of(low, ID_SIZE), bytes_of(high, ID_SIZE));
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return diag_say(call->diag, STATUS_NOT_FOUND, key, text, NULL);
    TRY(s);
    *out = stmt_int(q, 0);
    s = stmt_step(q);
    if (s == STATUS_OK)
        return diag_say(call->diag, STATUS_USAGE, "id.ambiguous", text, NULL);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
find_record(struct call *call, const char *text, int64_t *record)
{
    return by_prefix(call, STMT_RECORD_PREFIX, text, "record.unknown", record);
}

enum status
find_record_id(struct call *call, const char *text, struct bytes *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    int64_t record;

    TRY(find_record(call, text, &record));
    q = stmt_borrow(call->store, STMT_RECORD_GET);
    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    *out = arena_copy(call->arena, stmt_bytes(q, 0));
    return STATUS_OK;
}

enum status
find_share(struct call *call, const char *text, int64_t *share)
{
    return by_prefix(call, STMT_SHARE_PREFIX, text, "share.unknown", share);
}

enum status
find_proposal(struct call *call, const char *text, int64_t *proposal)
{
    return by_prefix(call, STMT_PROPOSAL_PREFIX, text, "proposal.unknown", proposal);
}

enum status
find_company(struct call *call, const char *text, int64_t *company)
{
    *company = 0;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_NAMED);
        stmt_bind(q, "t", text);
        enum status s = stmt_step(q);
        if (s == STATUS_OK) {
            *company = stmt_int(q, 0);
            s = stmt_step(q);
            if (s == STATUS_OK)
                return diag_say(call->diag, STATUS_USAGE, "company.ambiguous", text, NULL);
        }
        if (s != STATUS_NOT_FOUND)
            return s;
        if (*company != 0)
            return STATUS_OK;
    }
    return by_prefix(call, STMT_COMPANY_BY_NODE, text, "company.unknown", company);
}

enum status
find_type(struct call *call, const char *name, const struct type **out)
{
    *out = dictionary_find_name(call->dictionary, name);
    if (*out == NULL)
        return diag_say(call->diag, STATUS_NOT_FOUND, "type.unknown", name, NULL);
    return STATUS_OK;
}

/* ---- JSON --------------------------------------------------------------------------------- */

const char *
id_text(struct call *call, const uint8_t *id32)
{
    char text[64];

    base32_format(bytes_of(id32, ID_SIZE), text);
    return arena_text(call->arena, bytes_of(text, ID_SHOWN));
}

json_t *
json_id(const uint8_t *id32)
{
    char text[64];

    base32_format(bytes_of(id32, ID_SIZE), text);
    return json_stringn(text, ID_SHOWN);
}

json_t *
json_time(struct wall_ms at)
{
    time_t seconds = (time_t)(at.ms / 1000);
    struct tm tm;
    char text[48];

    if (at.ms < 0 || gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 8000)
        return json_null();
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(at.ms % 1000));
    return json_string(text);
}

json_t *
json_words(const char *text)
{
    json_t *value = text != NULL ? json_string(text) : NULL;

    return value != NULL ? value : json_string("");
}

struct call
service_own_call(struct core *core, struct arena *arena, struct diag *diag)
{
    return (struct call){ .core = core,
                          .store = core->store,
                          .dictionary = core->dictionary,
                          .arena = arena,
                          .diag = diag,
                          .now = core_wall(core),
                          .actor = "node" };
}

json_t *
json_text(struct bytes text)
{
    json_t *value = text.len > 0 ? json_stringn((const char *)text.data, text.len) : NULL;

    return value != NULL ? value : json_string("");
}

void
reply_set(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

/* ---- pages -------------------------------------------------------------------------------- */

enum status
page_begin(struct call *call, struct page *page)
{
    const char *cursor = arg_text_or(call, "cursor", "0");
    char *end;

    *page = (struct page){ .search = arg_text_or(call, "search", "") };
    page->limit = arg_integer(call, "limit", PAGE_DEFAULT);
    if (page->limit < 1 || page->limit > PAGE_MAX)
        return diag_say(call->diag, STATUS_USAGE, "page.limit", NULL);
    page->after = strtoll(cursor, &end, 10);
    if (*end != '\0' || page->after < 0)
        return diag_say(call->diag, STATUS_USAGE, "page.cursor", NULL);
    page->items = json_array();
    call->reply = json_object(); /* owns them, also when the rest fails */
    reply_set(call->reply, "total", json_null());
    reply_set(call->reply, "next", json_null());
    reply_set(call->reply, "items", page->items);
    return STATUS_OK;
}

void
page_end(struct call *call, struct page *page, int64_t last, bool more, int64_t total)
{
    char cursor[32];

    (void)snprintf(cursor, sizeof(cursor), "%lld", (long long)last);
    reply_set(call->reply, "total",
              json_integer(total < 0 ? (json_int_t)json_array_size(page->items) : total));
    reply_set(call->reply, "next", more ? json_string(cursor) : json_null());
}

enum status
page_rows(struct call *call, enum statement id, row_fn *row)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, id);
    struct page page;
    int64_t last = 0;
    enum status s;

    TRY(page_begin(call, &page));
    stmt_bind(q, "iti", page.after, page.search, page.limit + 1);
    while ((s = stmt_step(q)) == STATUS_OK) {
        if ((int64_t)json_array_size(page.items) == page.limit)
            break;
        last = stmt_int(q, 0);
        (void)json_array_append_new(page.items, row(call, q));
    }
    page_end(call, &page, last, s == STATUS_OK, -1);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}
