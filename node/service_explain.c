/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_explain.c - "why can Cedar see this?", "why not?", and "who has it?": the stored chains, verified
 * anew on the reader's own snapshot, asked with the same decision as hand-over.
 */
#include <stdio.h>
#include <string.h>

#include "node/heads.h"
#include "node/keys.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

/* ---- keys and revocations from a snapshot ------------------------------------------------- */

static bool
find_keys(void *self, const struct node_id *node, struct company_keys *out)
{
    struct call *call = self;
    struct signed_object *object;
    struct descriptor *d;
    int64_t id;

    if (store_number(call->store, &id, STMT_COMPANY_BY_NODE, "bb", bytes_of(node->b, ID_SIZE),
                     bytes_of(node->b, ID_SIZE)) != STATUS_OK)
        return false;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_GET);
    stmt_bind(q, "i", id);
    if (stmt_step(q) != STATUS_OK ||
        wire_signed_object_parse(arena_copy(call->arena, stmt_bytes(q, 8)), call->arena,
                                 &object) != STATUS_OK ||
        wire_descriptor_parse(object->body, call->arena, &d) != STATUS_OK)
        return false;
    size_t good;
    if (keys_signing(call->store, id, d, out->signing, &out->signing_count, &good) != STATUS_OK)
        return false;
    (void)snprintf(out->country, sizeof(out->country), "%s", d->country);
    (void)snprintf(out->name, sizeof(out->name), "%s", d->name);
    return true;
}

static bool
is_revoked(void *self, const struct object_id *grant, const struct node_id *may, size_t count)
{
    const struct call *call = self;

    return grant_is_revoked(call->core, call->store, grant, may, count);
}

static enum status
verified(struct call *call, int64_t leaf, struct verified_chain **out, enum status *verdict)
{
    struct key_directory keys = { find_keys, call };
    struct revocation_view revoked = { is_revoked, call };
    struct signed_object *links;
    size_t count;

    TRY(grant_links(call->store, leaf, call->arena, &links, &count));
    *verdict = chain_verify(links, count, &keys, &revoked, call->now, out, NULL);
    return STATUS_OK;
}

/* ---- shares towards a company ------------------------------------------------------------- */

struct toward {
    int64_t leaf, partner;
    enum share_role role;
    enum share_state state;
    int64_t share;
    struct wall_ms changed;
};

/* Every share we know of whose last link is for this company (0: any). In the arena. */
static enum status
collect(struct call *call, int64_t company, struct toward **out, size_t *count)
{
    enum { ID, LEAF, ROLE, PARTNER, STATE, CHANGED = 12 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SHARE_ALL);
    AUTO(buffer_fini) struct buffer rows = { 0 };
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct toward t = { .leaf = stmt_int(q, LEAF),
                            .partner = stmt_int(q, PARTNER),
                            .role = (enum share_role)stmt_int(q, ROLE),
                            .state = (enum share_state)stmt_int(q, STATE),
                            .share = stmt_int(q, ID),
                            .changed = { stmt_int(q, CHANGED) } };
        if (t.role == ROLE_RECEIVED)
            continue;
        if (company == 0 || t.partner == company)
            buffer_put(&rows, &t, sizeof(t));
    }
    *count = rows.len / sizeof(struct toward);
    *out = ARENA_ARRAY(call->arena, struct toward, *count);
    if (rows.len > 0)
        memcpy(*out, rows.data, rows.len);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static bool
is_flowing(enum share_state state)
{
    return state == SHARE_OFFERED || state == SHARE_DELIVERED || state == SHARE_ACCEPTED ||
           state == SHARE_FILED;
}

static void
facts_of(struct call *call, const struct record_now *now, struct record_facts *out)
{
    const struct type *type = dictionary_find(call->dictionary, now->type);

    *out = (struct record_facts){ .id = now->id,
                                  .type = now->type,
                                  .known_type = type,
                                  .fields = now->fields,
                                  .field_count = now->field_count };
    for (size_t i = 0; type != NULL && type->parent != NULL && i < now->field_count; i++) {
        if (!key_is_equal(now->fields[i].key, type->parent->key) ||
            now->fields[i].value.len != ID_SIZE)
            continue;
        out->has_parent = true;
        memcpy(out->parent.b, now->fields[i].value.data, ID_SIZE);
    }
}

static enum status
owner_node(struct call *call, int64_t company, struct node_id *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_GET);

    stmt_bind(q, "i", company);
    TRY(stmt_step(q));
    stmt_copy(q, 1, out->b, ID_SIZE);
    return STATUS_OK;
}

/* ---- explain ------------------------------------------------------------------------------ */

/* Our own shares go by our own waiver. What another company waived is not known here. */
static bool
is_waived(struct call *call, const struct toward *t)
{
    int64_t since;

    return t->role == ROLE_GIVEN &&
           store_number(call->store, &since, STMT_COMPANY_WAIVER, "i", t->partner) == STATUS_OK;
}

struct question {
    struct call *call;
    struct node_id company;
    const char *company_name;
    struct record_facts facts;
    const struct type_field *field; /* NULL: the record as a whole */
    bool allowed;
    json_t *because;    /* every chain that was asked, with its answer */
    json_t *stopped_by; /* the nearest miss */
    int nearest;
};

static const char *
link_words(struct question *q, const struct grant *g)
{
    const char *issuer = "?", *audience = "?";

    if (company_name_of(q->call, &g->issuer, &issuer) != STATUS_OK ||
        company_name_of(q->call, &g->audience, &audience) != STATUS_OK)
        return "?";
    return arena_printf(q->call->arena, "%s -> %s", issuer, audience);
}

/* Why, in words; for consent also what of it is missing. */
static const char *
stop_words(struct question *q, const char *stop, enum consent_lack lack)
{
    struct arena *arena = q->call->arena;
    const char *said = text_get(q->call->language, arena_printf(arena, "stop.%s", stop));

    if (lack == LACK_NONE)
        return said;
    return arena_printf(arena, "%s %s", said,
                        text_get(q->call->language,
                                 arena_printf(arena, "consent.%s", consent_lack_name(lack))));
}

static void
note_stop(struct question *q, const char *stop, const char *between, int depth,
          enum consent_lack lack)
{

    if (depth < q->nearest)
        return;
    q->nearest = depth;
    json_decref(q->stopped_by);
    q->stopped_by = json_object();
    reply_set(q->stopped_by, "link", json_words(between));
    reply_set(q->stopped_by, "stop", json_words(stop));
    reply_set(q->stopped_by, "reason", json_words(stop_words(q, stop, lack)));
}

/* What we know of the owner's word: ours, or that of the owner of what we pass on. */
static struct decision
decide(struct question *q, const struct verified_chain *chain, struct wall_ms until)
{
    struct call *call = q->call;
    struct decision d =
        q->field == NULL
            ? decide_record(chain, &q->company, &q->facts, call->now)
            : decide_field(chain, &q->company, &q->facts, q->field->key, call->now);

    return d.stop != STOP_NONE ? d : decide_lease(chain, until, call->now);
}

static enum status
ask_chain(struct question *q, const struct toward *t, json_t *o)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct wall_ms until;
    enum status verdict;

    TRY(verified(q->call, t->leaf, &chain, &verdict));
    if (verdict != STATUS_OK || !is_flowing(t->state)) {
        const char *word =
            verdict != STATUS_OK ? status_name(verdict) : share_state_name(t->state);
        reply_set(o, "answer", json_words(word));
        note_stop(q, verdict != STATUS_OK ? "ENDED" : "STATE", word, 0, LACK_NONE);
        return STATUS_OK;
    }
    q->facts.consent_waived = is_waived(q->call, t);
    TRY(heads_until(q->call->store, t->leaf, &until));
    struct decision d = decide(q, chain, until);
    q->allowed = q->allowed || d.stop == STOP_NONE;
    reply_set(o, "answer", json_words(d.stop == STOP_NONE ? "yes" : "no"));
    if (d.stop != STOP_NONE)
        note_stop(q, stop_name(d.stop), link_words(q, chain_link(chain, d.link)), (int)d.stop,
                  d.lack);
    return STATUS_OK;
}

static enum status
ask(struct question *q, const struct toward *t)
{
    json_t *o = json_object();

    (void)json_array_append_new(q->because, o);
    reply_set(o, "state", json_words(share_state_name(t->state)));
    TRY(share_terms(q->call, t->leaf, o));
    return ask_chain(q, t, o);
}

static const char *
sentence(struct question *q, const struct record_now *now)
{
    const char *what = q->field != NULL ? q->field->label[q->call->language] : "";
    const char *link = json_string_value(json_object_get(q->stopped_by, "link"));
    const char *reason = json_string_value(json_object_get(q->stopped_by, "reason"));
    const char *args[] = { q->company_name, what, record_title(q->call, now),
                           q->allowed     ? ""
                           : link != NULL ? link
                                          : "" };
    const char *key = q->allowed                         ? "explain.yes"
                      : json_array_size(q->because) == 0 ? "explain.no_share"
                                                         : "explain.no";

    if (*what == '\0')
        args[1] = text_get(q->call->language, "explain.record");
    const char *said = text_format(q->call->language, key, args, 4, q->call->arena);
    return q->allowed || reason == NULL ? said
                                        : arena_printf(q->call->arena, "%s %s", said, reason);
}

static enum status
question_read(struct question *q, int64_t *company, struct record_now **now)
{
    struct call *call = q->call;
    const char *field = arg_text(call, "field");
    struct company_name name;
    int64_t record;

    TRY(find_company(call, arg_text(call, "company"), company));
    TRY(company_name(call, *company, &name));
    q->company_name = name.name;
    TRY(owner_node(call, *company, &q->company));
    TRY(find_record(call, arg_text(call, "record"), &record));
    enum status s = record_now(call->store, record, false, call->arena, now);
    if (s == STATUS_NOT_FOUND)
        return diag_say(call->diag, s, "record.unknown", arg_text(call, "record"), NULL);
    TRY(s);
    facts_of(call, *now, &q->facts);
    TRY(owner_node(call, (*now)->owner, &q->facts.owner));
    const struct type *type = dictionary_find(call->dictionary, (*now)->type);
    if (field == NULL)
        return STATUS_OK;
    q->field = type == NULL ? NULL : type_field_find_name(type, field);
    if (q->field == NULL)
        return diag_say(call->diag, STATUS_USAGE, "field.unknown",
                        type == NULL ? "?" : type->name, field, NULL);
    return STATUS_OK;
}

enum status
service_explain(struct call *call)
{
    struct question q = { .call = call, .nearest = -1 };
    struct record_now *now;
    struct toward *shares;
    int64_t company;
    size_t count;

    TRY(question_read(&q, &company, &now));
    TRY(collect(call, company, &shares, &count));
    q.because = json_array();
    call->reply = json_object();
    for (size_t i = 0; i < count; i++)
        TRY(ask(&q, &shares[i]));
    if (now->owner == company)
        q.allowed = true;
    reply_set(call->reply, "allowed", json_boolean(q.allowed));
    reply_set(call->reply, "sentence", json_words(sentence(&q, now)));
    reply_set(call->reply, "stopped_by",
              q.allowed || q.stopped_by == NULL ? json_null() : json_incref(q.stopped_by));
    reply_set(call->reply, "because", q.because);
    json_decref(q.stopped_by);
    return STATUS_OK;
}

/* ---- holders ------------------------------------------------------------------------------ */

struct holding {
    struct call *call;
    struct record_now *now;
    const struct type *type;
    struct record_facts facts;
    struct page page;
    struct wall_ms until; /* of the next row */
};

static void
add_holder(struct holding *h, const char *company, const char *via, json_t *fields,
           struct wall_ms as_of, const char *state)
{
    json_t *o = json_object();

    reply_set(o, "company", json_words(company));
    reply_set(o, "via", via == NULL ? json_null() : json_words(via));
    reply_set(o, "fields", fields);
    reply_set(o, "as_of", as_of.ms > 0 ? json_time(as_of) : json_null());
    reply_set(o, "state", json_words(state));
    reply_set(o, "until", h->until.ms > 0 ? json_time(h->until) : json_null());
    h->until.ms = 0;
    (void)json_array_append_new(h->page.items, o);
}

/* Names of the fields of this record that the chain lets its audience have. */
static json_t *
visible_fields(struct holding *h, const struct verified_chain *chain)
{
    bool keep[FIELDS_MAX];
    json_t *list = json_array();

    (void)decide_fields(chain, &chain_leaf(chain)->audience, &h->facts, h->now->fields,
                        h->now->field_count, h->call->now, keep);
    for (size_t i = 0; i < h->now->field_count; i++) {
        const struct type_field *f =
            h->type == NULL ? NULL : type_field_find(h->type, h->now->fields[i].key);
        if (keep[i])
            (void)json_array_append_new(list, json_words(f != NULL ? f->name : "?"));
    }
    return list;
}

/* What the company acknowledged; false: nothing yet. */
static bool
acknowledged(struct holding *h, const struct toward *t, struct wall_ms *at, bool *is_newest)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(h->call->store, STMT_DELIVERY_LIST);

    stmt_bind(q, "i", h->now->record);
    while (stmt_step(q) == STATUS_OK) {
        struct position p = { (uint32_t)stmt_int(q, 2), (uint64_t)stmt_int(q, 3) };
        if (stmt_int(q, 0) != t->partner || stmt_int(q, 1) != t->leaf)
            continue;
        at->ms = stmt_int(q, 4);
        *is_newest = position_compare(p, h->now->position) == 0;
        return true;
    }
    return false;
}

static enum status
hold(struct holding *h, const struct toward *t)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct company_name name;
    enum status verdict;
    struct wall_ms at = { 0 };
    bool is_newest = false;
    const char *via = NULL, *issuer;

    TRY(verified(h->call, t->leaf, &chain, &verdict));
    if (verdict != STATUS_OK || !is_flowing(t->state))
        return STATUS_OK;
    const struct node_id *audience = &chain_leaf(chain)->audience;
    /* Whether another company waived it is not known: then the next one counts as a holder. */
    h->facts.consent_waived = t->role != ROLE_GIVEN || is_waived(h->call, t);
    if (decide_record(chain, audience, &h->facts, h->call->now).stop != STOP_NONE)
        return STATUS_OK;
    TRY(company_name(h->call, t->partner, &name));
    TRY(company_name_of(h->call, &chain_leaf(chain)->issuer, &issuer));
    if (chain_length(chain) > 1)
        via = issuer;
    bool has = t->role == ROLE_GIVEN && acknowledged(h, t, &at, &is_newest);
    if (t->role == ROLE_NOTED)
        at = t->changed; /* since then it may have it; its own node knows when */
    const char *state = t->state == SHARE_FILED ? share_state_name(t->state)
                        : t->role == ROLE_NOTED ? "passed on"
                        : !has                  ? "on its way"
                        : is_newest             ? "has the newest"
                                                : "has an older one";
    h->until = chain_end(chain);
    add_holder(h, name.name, via, visible_fields(h, chain), at, state);
    return STATUS_OK;
}

static json_t *
all_fields(struct holding *h)
{
    json_t *o = record_fields_json(h->call, h->type, h->now->fields, h->now->field_count);
    json_t *list = json_array();

    for (void *it = json_object_iter(o); it != NULL; it = json_object_iter_next(o, it))
        (void)json_array_append_new(list, json_words(json_object_iter_key(it)));
    json_decref(o);
    return list;
}

/* The owner, and ourselves when the record is a partner's. */
static enum status
hold_first(struct holding *h)
{
    struct company_name owner, us;
    const char *via;

    TRY(company_name(h->call, h->now->owner, &owner));
    if (h->now->owner == COMPANY_US) {
        add_holder(h, owner.name, NULL, all_fields(h), h->now->at, "owner");
        return STATUS_OK;
    }
    add_holder(h, owner.name, NULL, json_array(), (struct wall_ms){ 0 }, "owner");
    TRY(company_name(h->call, COMPANY_US, &us));
    TRY(via_name(h->call, h->now->grant, h->now->owner, &via));
    add_holder(h, us.name, via, all_fields(h), h->now->at, "has it");
    return STATUS_OK;
}

enum status
service_holders(struct call *call)
{
    struct holding h = { .call = call };
    struct toward *shares;
    int64_t record;
    size_t count;

    TRY(find_record(call, arg_text(call, "record"), &record));
    enum status s = record_now(call->store, record, false, call->arena, &h.now);
    if (s == STATUS_NOT_FOUND)
        return diag_say(call->diag, s, "record.unknown", arg_text(call, "record"), NULL);
    TRY(s);
    h.type = dictionary_find(call->dictionary, h.now->type);
    facts_of(call, h.now, &h.facts);
    TRY(owner_node(call, h.now->owner, &h.facts.owner));
    TRY(page_begin(call, &h.page));
    TRY(hold_first(&h));
    TRY(collect(call, 0, &shares, &count));
    for (size_t i = 0; i < count; i++)
        TRY(hold(&h, &shares[i]));
    page_end(call, &h.page, 0, false, -1);
    return STATUS_OK;
}
