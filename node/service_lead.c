/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_lead.c - leads by rule from guests, in one step. service_lead_undo.c takes it back.
 *
 * 1. A lead has the guest's row as a reference and nothing personal of it; what else it says is ours: event, stage,
 *    seller.
 * 2. A row may be followed up when the grant under which it came is for that purpose, and so is the consent that
 *    stands in it. Who is left out is counted, with the reason.
 * 3. A guest, or with "per company" a company, that has a lead gets no second one: the same step twice makes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/lead.h"
#include "node/service_priv.h"
#include "node/store/work.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { AT_ONCE = 512, PIECE = 200 };

/* clang-format off */
#define LEFT_OUT(X)                                                  \
    X(NO_PURPOSE) /* it came for another purpose, or consent is for another one */ \
    X(HAS_LEAD)   /* somebody follows it up already */               \
    X(NO_SELLER)  /* nobody is for its region */
/* clang-format on */
enum left_out {
#define X(name) OUT_##name,
    LEFT_OUT(X)
#undef X
        OUT_COUNT_
};
static const char *const out_names[] = {
#define X(name) [OUT_##name] = #name,
    LEFT_OUT(X)
#undef X
};

struct guest { /* who gets a lead */
    struct record_id row;
    const char *region;
    const char *company; /* folded; "" for one by itself */
    const struct seller *seller;
};

struct firm { /* of people seen so far */
    bool has_lead, has_guest;
};

struct making {
    struct call *call;
    const struct type *attendee, *lead, *activity;
    struct record_now *event;
    const char *when, *purpose, *due;
    bool per_company;
    enum lead_rule rule;
    struct seller sellers[LEAD_SELLERS_MAX];
    size_t seller_count;
    struct arena *arena; /* of what stays; call->arena is of one piece */
    struct guest guests[AT_ONCE];
    size_t guest_count;
    struct buffer firms; /* struct firm */
    json_t *firm_index;  /* digest of the folded name: its place in `firms` */
    int64_t left_out[OUT_COUNT_];
    bool more;
};

/* ---- what is asked ------------------------------------------------------------------------ */

static bool
is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Regions as codes where they are countries, so that "Germany" and "DE" are one. */
static const char *
region_codes(struct making *m, const char *regions)
{
    const struct type_field *country = type_field_find_name(m->attendee, "country");
    char *rest = arena_text(m->arena, bytes_text(regions)), *one;
    const char *out = "";

    while ((one = strsep(&rest, "/")) != NULL) {
        struct diag nothing = { 0 };
        struct bytes code;
        if (value_parse(country, bytes_text(one), NULL, NULL, m->arena, &nothing, &code) ==
            STATUS_OK)
            one = arena_text(m->arena, code);
        out = arena_printf(m->arena, "%s%s%s", out, *out != '\0' ? "/" : "", one);
    }
    return out;
}

static enum status
read_sellers(struct making *m)
{
    const json_t *list = arg_list(m->call, "sellers");

    if (json_array_size(list) == 0 || json_array_size(list) > LEAD_SELLERS_MAX)
        return diag_say(m->call->diag, STATUS_USAGE, "lead.sellers",
                        arena_printf(m->arena, "%d", LEAD_SELLERS_MAX), NULL);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct seller *s = &m->sellers[m->seller_count++];
        if (lead_seller_of(text, m->arena, s) != STATUS_OK)
            return diag_say(m->call->diag, STATUS_USAGE, "lead.seller", text, NULL);
        s->regions = region_codes(m, s->regions);
        TRY(work_open_leads(m->call->store, s->name, &s->open));
    }
    return STATUS_OK;
}

static enum status
making_init(struct call *call, struct making *m)
{
    static const char *const whens[] = { "accepted", "attended", "invited", "all" };
    static const char *const pers[] = { "person", "company" };
    const char *per = arg_text_or(call, "per", "person");
    struct draft task = { .count = 0 };

    m->call = call;
    m->arena = call->arena;
    TRY(guests_event(call, &m->event));
    TRY(find_type(call, "attendee", &m->attendee));
    TRY(find_type(call, "lead", &m->lead));
    TRY(find_type(call, "activity", &m->activity));
    m->when = arg_text_or(call, "when", "attended");
    m->purpose = arg_text_or(call, "purpose", "follow-up");
    m->due = arg_text(call, "due");
    m->rule = lead_rule_of(arg_text_or(call, "assign", "round-robin"));
    m->per_company = strcmp(per, "company") == 0;
    if (!is_one_of(m->when, whens, COUNT_OF(whens)))
        return diag_say(call->diag, STATUS_USAGE, "lead.when", m->when, NULL);
    if (!is_one_of(per, pers, COUNT_OF(pers)))
        return diag_say(call->diag, STATUS_USAGE, "lead.per", per, NULL);
    if (m->rule == LEAD_RULE_COUNT_)
        return diag_say(call->diag, STATUS_USAGE, "lead.assign", arg_text(call, "assign"),
                        NULL);
    TRY(draft_set(call, &task, m->activity, "dueDate",
                  m->due)); /* said before anything is made */
    return read_sellers(m);
}

/* ---- who is meant ------------------------------------------------------------------------- */

static bool
has_status(struct making *m, const struct claim *claims, size_t count, const char *const *words,
           size_t word_count)
{
    for (size_t i = 0; i < count; i++) {
        const char *status = person_text(m->call, m->attendee, &claims[i], 1, "status");
        if (status != NULL && is_one_of(status, words, word_count))
            return true;
    }
    return false;
}

static enum status
is_meant(struct making *m, const struct claim *claims, size_t count, bool *out)
{
    static const char *const invited[] = { "invited", "accepted", "tentative", "attended",
                                           "absent" };
    static const char *const accepted[] = { "accepted", "attended" };
    static const char *const attended[] = { "attended" };
    struct wall_ms arrived;

    *out = strcmp(m->when, "all") == 0;
    if (*out)
        return STATUS_OK;
    if (strcmp(m->when, "invited") == 0) {
        *out = has_status(m, claims, count, invited, COUNT_OF(invited));
        return STATUS_OK;
    }
    TRY(person_arrived(m->call, claims, count, &arrived));
    *out = arrived.ms > 0 || has_status(m, claims, count, attended, COUNT_OF(attended)) ||
           (strcmp(m->when, "accepted") == 0 &&
            has_status(m, claims, count, accepted, COUNT_OF(accepted)));
    return STATUS_OK;
}

/* Is the grant under which the row came for this purpose? */
static enum status
grant_allows(struct making *m, int64_t grant, bool *out)
{
    AUTO(stmt_return) struct stmt *q = NULL;
    struct signed_object *object;
    struct grant *leaf;

    *out = grant == OWN_GRANT;
    if (*out)
        return STATUS_OK;
    q = stmt_borrow(m->call->store, STMT_GRANT_GET);
    stmt_bind(q, "i", grant);
    TRY(stmt_step(q));
    TRY(wire_signed_object_parse(arena_copy(m->call->arena, stmt_bytes(q, 1)), m->call->arena,
                                 &object));
    TRY(wire_grant_parse(object->body, m->call->arena, &leaf));
    for (size_t i = 0; i < leaf->purpose_count; i++)
        *out = *out || consent_lists(bytes_text(leaf->purposes[i]), bytes_text(m->purpose));
    return STATUS_OK;
}

/* The first claim that may be followed up; NULL: none. */
static enum status
allowed_claim(struct making *m, const struct claim *claims, size_t count,
              const struct claim **out)
{
    *out = NULL;
    for (size_t i = 0; i < count && *out == NULL; i++) {
        const char *purpose =
            person_text(m->call, m->attendee, &claims[i], 1, "consentPurpose");
        bool is_granted;
        if (purpose != NULL && !consent_lists(bytes_text(purpose), bytes_text(m->purpose)))
            continue;
        TRY(grant_allows(m, claims[i].now->grant, &is_granted));
        if (is_granted)
            *out = &claims[i];
    }
    return STATUS_OK;
}

static enum status
has_lead(struct making *m, const struct claim *claims, size_t count, bool *out)
{
    struct project_reference query = { .type = m->lead,
                                       .ref = type_field_find_name(m->lead, "attendee"),
                                       .own_only = true };
    int64_t found;
    size_t n;

    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        query.value = &claims[i].now->id;
        TRY(project_referring(m->call->store, &query, &found, 1, &n));
        *out = n > 0;
    }
    return STATUS_OK;
}

/* The company that this name stands for; "" for none. */
static struct firm *
firm_of(struct making *m, const char *name)
{
    struct digest digest = digest_plain(bytes_text(name));
    char key[ID_SIZE * 2];
    struct firm firm = { 0 };

    base32_format(bytes_of(digest.b, ID_SIZE), key);
    const json_t *at = json_object_get(m->firm_index, key);
    size_t index = at != NULL ? (size_t)json_integer_value(at) : m->firms.len / sizeof(firm);
    if (at == NULL) {
        reply_set(m->firm_index, key, json_integer((json_int_t)index));
        buffer_put(&m->firms, &firm, sizeof(firm));
    }
    return (struct firm *)(void *)m->firms.data + index;
}

static const char *
company_of(struct making *m, const struct claim *claims, size_t count)
{
    const char *text = m->per_company
                           ? person_text(m->call, m->attendee, claims, count, "organization")
                           : NULL;

    return text == NULL ? "" : text_fold(bytes_text(text), m->call->arena);
}

static enum status
consider(struct making *m, int64_t person)
{
    struct claim *claims;
    const struct claim *claim;
    bool is_taken, is_it;
    size_t count;

    TRY(person_claims(m->call, person, &claims, &count));
    const char *company = company_of(m, claims, count);
    struct firm *firm = *company == '\0' ? NULL : firm_of(m, company);
    TRY(has_lead(m, claims, count, &is_taken));
    if (firm != NULL && is_taken)
        firm->has_lead = true;
    TRY(is_meant(m, claims, count, &is_it));
    if (!is_it)
        return STATUS_OK;
    TRY(allowed_claim(m, claims, count, &claim));
    if (is_taken || claim == NULL) {
        m->left_out[is_taken ? OUT_HAS_LEAD : OUT_NO_PURPOSE]++;
        return STATUS_OK;
    }
    if (firm != NULL && firm->has_guest)
        return STATUS_OK;
    m->more = m->more || m->guest_count == AT_ONCE;
    if (m->guest_count == AT_ONCE)
        return STATUS_OK;
    if (firm != NULL)
        firm->has_guest = true;
    const char *region = person_text(m->call, m->attendee, claim, 1, "country");
    m->guests[m->guest_count++] = (struct guest){
        .row = claim->now->id,
        .region = region == NULL ? "" : arena_text(m->arena, bytes_text(region)),
        .company = arena_text(m->arena, bytes_text(company)),
    };
    return STATUS_OK;
}

static enum status
consider_piece(struct making *m, int64_t *after, bool *is_over)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct project_query query = { .type = m->attendee,
                                   .people = true,
                                   .parent = &m->event->id,
                                   .after = *after,
                                   .limit = PIECE };
    int64_t persons[PIECE];
    enum status s = STATUS_OK;
    size_t count;

    TRY(project_list(m->call->store, &query, persons, &count));
    m->call->arena = arena;
    for (size_t i = 0; i < count && s == STATUS_OK; i++)
        s = consider(m, persons[i]);
    m->call->arena = m->arena;
    *after = count > 0 ? persons[count - 1] : *after;
    *is_over = count < PIECE;
    return s;
}

/* Companies that turned out to have a lead go; each of the others gets its seller. */
static void
deal(struct making *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->guest_count; i++) {
        struct guest *g = &m->guests[i];
        if (*g->company != '\0' && firm_of(m, g->company)->has_lead) {
            m->left_out[OUT_HAS_LEAD]++;
            continue;
        }
        g->seller = lead_deal(m->sellers, m->seller_count, m->rule, g->region);
        if (g->seller == NULL)
            m->left_out[OUT_NO_SELLER]++;
        else
            m->guests[n++] = *g;
    }
    m->guest_count = n;
}

/* ---- making them -------------------------------------------------------------------------- */

static void
mint_of(struct making *m, const struct type *type, const struct draft *draft, struct mint *out)
{
    struct field *fields = ARENA_ARRAY(m->arena, struct field, draft->count);

    memcpy(fields, draft->fields, draft->count * sizeof(*fields));
    *out = (struct mint){ .type = type->key, .fields = fields, .field_count = draft->count };
}

static enum status
lead_of(struct making *m, const struct guest *g, struct mint *out)
{
    struct draft d = { .count = 0 };

    draft_put(&d, type_field_find_name(m->lead, "attendee")->key, bytes_of(g->row.b, ID_SIZE));
    draft_put(&d, type_field_find_name(m->lead, "event")->key,
              bytes_of(m->event->id.b, ID_SIZE));
    TRY(draft_set(m->call, &d, m->lead, "stage", "new"));
    TRY(draft_set(m->call, &d, m->lead, "assignee", g->seller->name));
    TRY(draft_set(m->call, &d, m->lead, "source", record_title(m->call, m->event)));
    mint_of(m, m->lead, &d, out);
    return STATUS_OK;
}

static enum status
task_of(struct making *m, const struct guest *g, const struct mint *lead, struct mint *out)
{
    const char *args[] = { record_title(m->call, m->event) };
    struct draft d = { .count = 0 };

    draft_put(&d, type_field_find_name(m->activity, "about")->key,
              bytes_of(lead->id.b, ID_SIZE));
    TRY(draft_set(m->call, &d, m->activity, "subject",
                  text_format(m->call->language, "lead.task", args, 1, m->arena)));
    TRY(draft_set(m->call, &d, m->activity, "form", "task"));
    TRY(draft_set(m->call, &d, m->activity, "status", "open"));
    TRY(draft_set(m->call, &d, m->activity, "assignee", g->seller->name));
    TRY(draft_set(m->call, &d, m->activity, "dueDate", m->due));
    mint_of(m, m->activity, &d, out);
    return STATUS_OK;
}

static enum status
make(struct making *m, int64_t *batch)
{
    struct call *call = m->call;
    struct mint *leads = ARENA_ARRAY(m->arena, struct mint, m->guest_count);
    struct mint *tasks = ARENA_ARRAY(m->arena, struct mint, m->guest_count);

    *batch = 0;
    if (m->guest_count == 0)
        return STATUS_OK;
    for (size_t i = 0; i < m->guest_count; i++)
        TRY(lead_of(m, &m->guests[i], &leads[i]));
    TRY(records_mint(call->core, leads, m->guest_count, call->actor, "lead.made"));
    for (size_t i = 0; i < m->guest_count; i++)
        TRY(task_of(m, &m->guests[i], &leads[i], &tasks[i]));
    TRY(records_mint(call->core, tasks, m->guest_count, call->actor, "lead.task_made"));
    TRY(store_exec(call->store, STMT_LEAD_BATCH_ADD, "bi", bytes_of(m->event->id.b, ID_SIZE),
                   call->now.ms));
    *batch = store_last_id(call->store);
    for (size_t i = 0; i < m->guest_count; i++)
        TRY(store_exec(call->store, STMT_LEAD_MADE_ADD, "iiii", *batch, leads[i].record,
                       tasks[i].record, (int64_t)call->core->incarnation));
    return STATUS_OK;
}

static json_t *
sellers_json(const struct making *m)
{
    json_t *list = json_array();

    for (size_t i = 0; i < m->seller_count; i++) {
        json_t *o = json_object();
        int64_t leads = 0;
        for (size_t g = 0; g < m->guest_count; g++)
            leads += m->guests[g].seller == &m->sellers[i];
        reply_set(o, "seller", json_words(m->sellers[i].name));
        reply_set(o, "leads", json_integer(leads));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *
left_out_json(const struct making *m)
{
    json_t *list = json_array();

    for (size_t i = 0; i < OUT_COUNT_; i++) {
        const char *key = arena_printf(m->arena, "lead.left_out.%s", out_names[i]);
        json_t *o;
        if (m->left_out[i] == 0)
            continue;
        o = json_object();
        reply_set(o, "code", json_words(out_names[i]));
        reply_set(o, "guests", json_integer(m->left_out[i]));
        reply_set(o, "reason", json_words(text_get(m->call->language, key)));
        (void)json_array_append_new(list, o);
    }
    return list;
}

enum status
service_lead_make(struct call *call)
{
    struct making *m = ARENA_NEW(call->arena, struct making);
    bool preview = arg_is_set(call, "preview"), is_over = false;
    int64_t after = 0, batch = 0;
    enum status s;

    TRY(making_init(call, m));
    m->firm_index = json_object();
    do
        s = consider_piece(m, &after, &is_over);
    while (s == STATUS_OK && !is_over);
    if (s == STATUS_OK)
        deal(m);
    buffer_fini(&m->firms);
    json_decref(m->firm_index);
    TRY(s);
    if (!preview)
        TRY(make(m, &batch));
    call->reply = json_object();
    reply_set(call->reply, "batch", batch == 0 ? json_null() : json_integer(batch));
    reply_set(call->reply, "preview", json_boolean(preview));
    reply_set(call->reply, "leads", json_integer((json_int_t)m->guest_count));
    reply_set(call->reply, "sellers", sellers_json(m));
    reply_set(call->reply, "left_out", left_out_json(m));
    reply_set(call->reply, "more", json_boolean(m->more));
    return STATUS_OK;
}
