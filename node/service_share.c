/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_share.c - sharing: making a grant for one partner, looking through the lens first, and what became
 * of what was shared.
 *
 * The lens shows what disclose() lets through for a chain that chain_verify() made: the same code as hand-over,
 * with nothing stored.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "node/consent.h"
#include "node/keys.h"
#include "node/light.h"
#include "node/passon.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { LENS_DEFAULT = 20, LENS_MOST = 200, DEPTH_DEFAULT = 0 };

/* A share that is being made. */
struct making {
    struct call *call;
    struct company *partner;
    struct live *source; /* received, for passing on; NULL: our own records */
    struct grant grant;
    struct signed_object links[CHAIN_MAX];
    size_t link_count;
    struct grant_field *unasked; /* consent fields that were added */
    size_t unasked_count;
    struct live live; /* with the verified chain */
    enum offer_kind kind;
    const char *title;
};

/* ---- reading the request ------------------------------------------------------------------ */

static int
compare_records(const void *a, const void *b)
{
    return memcmp(a, b, ID_SIZE);
}

static int
compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static int
compare_fields(const void *a, const void *b)
{
    return grant_field_compare(a, b);
}

/* Ascending, without repetition; upper: as in country codes. */
static void
text_set(struct call *call, const json_t *list, bool upper, const char ***out, size_t *count)
{
    size_t n = json_array_size(list), kept = 0;
    const char **texts = ARENA_ARRAY(call->arena, const char *, n);

    for (size_t i = 0; i < n; i++) {
        char *text =
            arena_text(call->arena, bytes_text(json_string_value(json_array_get(list, i))));
        for (char *c = text; upper && *c != '\0'; c++)
            *c = (char)toupper((unsigned char)*c);
        texts[i] = text;
    }
    if (n > 0)
        qsort(texts, n, sizeof(*texts), compare_texts);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    *out = texts;
    *count = kept;
}

/* With any personal field of a type go the fields that say on what ground, so that the next company can decide. */
static void
add_consent(struct making *m, const struct grant_field *named, size_t count)
{
    m->unasked = ARENA_ARRAY(m->call->arena, struct grant_field, count * CONSENT_FIELD_COUNT_);
    for (size_t i = 0; i < count; i++) {
        const struct type *type = dictionary_find(m->call->dictionary, named[i].type);
        if (!type_field_find(type, named[i].field)->needs_consent)
            continue;
        for (size_t k = 0; k < CONSENT_FIELD_COUNT_; k++)
            if (type->consent[k] != NULL)
                m->unasked[m->unasked_count++] =
                    (struct grant_field){ type->key, type->consent[k]->key };
    }
}

/* The fields named, the parent fields without which children could not be told apart, and those of consent. */
static enum status
read_fields(struct making *m, const struct type *only)
{
    struct call *call = m->call;
    const json_t *list = arg_list(call, "fields");
    size_t n = json_array_size(list), kept = 0;
    struct grant_field *fields =
        ARENA_ARRAY(call->arena, struct grant_field, (2 + CONSENT_FIELD_COUNT_) * n + 1);

    for (size_t i = 0; i < n; i++)
        TRY(grant_field_read(call, json_string_value(json_array_get(list, i)), only,
                             &fields[i]));
    size_t named = n;
    for (size_t i = 0; i < named; i++) {
        const struct type *type = dictionary_find(call->dictionary, fields[i].type);
        if (type->parent != NULL && m->grant.selector == SELECTOR_TREE)
            fields[n++] = (struct grant_field){ type->key, type->parent->key };
    }
    add_consent(m, fields, named);
    for (size_t i = 0; i < m->unasked_count; i++)
        fields[n++] = m->unasked[i];
    if (n > 0)
        qsort(fields, n, sizeof(*fields), compare_fields);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || grant_field_compare(&fields[kept - 1], &fields[i]) != 0)
            fields[kept++] = fields[i];
    if (kept == 0 || kept > GRANT_FIELDS_MAX)
        return diag_say(call->diag, STATUS_USAGE, "share.fields", NULL);
    m->grant.fields = fields;
    m->grant.field_count = kept;
    return STATUS_OK;
}

static enum status
read_until(struct making *m)
{
    const char *text = arg_text(m->call, "until");

    TRY(moment_read(m->call, text, "share.until", &m->grant.not_after));
    if (m->grant.not_after.ms <= m->call->now.ms)
        return diag_say(m->call->diag, STATUS_USAGE, "share.until_past", text, NULL);
    return STATUS_OK;
}

static enum status
read_records(struct making *m, struct record_now **first)
{
    struct call *call = m->call;
    const json_t *list = arg_list(call, "records");
    size_t n = json_array_size(list);

    if (n == 0 || n > GRANT_RECORDS_MAX)
        return diag_say(call->diag, STATUS_USAGE, "share.records", NULL);
    m->grant.records = ARENA_ARRAY(call->arena, struct record_id, n);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        struct record_now *now;
        int64_t record;
        TRY(find_record(call, text, &record));
        enum status s = record_now(call->store, record, false, call->arena, &now);
        if (s == STATUS_NOT_FOUND || (s == STATUS_OK && now->tombstone))
            return diag_say(call->diag, STATUS_NOT_FOUND, "record.unknown", text, NULL);
        TRY(s);
        if (i == 0)
            *first = now;
        if (now->owner != (*first)->owner)
            return diag_say(call->diag, STATUS_USAGE, "share.one_owner", NULL);
        m->grant.records[i] = now->id;
    }
    qsort(m->grant.records, n, sizeof(*m->grant.records), compare_records);
    m->grant.record_count = n;
    return STATUS_OK;
}

static bool
is_granted(const struct grant *grant, struct key type, struct key field)
{
    const struct grant_field wanted = { .type = type, .field = field };

    for (size_t i = 0; i < grant->field_count; i++)
        if (grant_field_compare(&grant->fields[i], &wanted) == 0)
            return true;
    return false;
}

/* Would the grant let anything through that is said of a person? */
static bool
is_of_person(const struct grant *grant, const struct type *type)
{
    for (size_t i = 0; type != NULL && i < grant->field_count; i++) {
        const struct type_field *f = type_field_find(type, grant->fields[i].field);
        if (key_is_equal(grant->fields[i].type, type->key) && f != NULL && f->needs_consent)
            return true;
    }
    return false;
}

/* The partner reads the title before any record, and perhaps long after it was made: it is made of what the grant lets
 * through, and of a person says no more than what kind of record it is: her ground may be gone by then (P2, P3). */
static void
name_it(struct making *m, const struct record_now *first, const struct type *type)
{
    struct record_now seen = *first;
    struct arena *arena = m->call->arena;

    seen.fields = ARENA_ARRAY(arena, struct field, first->field_count);
    seen.field_count = 0;
    for (size_t i = 0; i < first->field_count; i++)
        if (is_granted(&m->grant, first->type, first->fields[i].key))
            seen.fields[seen.field_count++] = first->fields[i];
    m->title = record_title(m->call, &seen);
    if (is_of_person(&m->grant, type))
        m->title = type->label[LANGUAGE_EN];
    if (m->grant.record_count > 1)
        m->title = arena_printf(arena, "%zu x %s", m->grant.record_count,
                                type != NULL ? type->label[LANGUAGE_EN] : "?");
}

/* An event goes with its guests; anything else as listed. */
static enum status
read_selector(struct making *m)
{
    struct call *call = m->call;
    struct record_now *first = NULL;
    const struct type *event;

    TRY(read_records(m, &first));
    TRY(find_type(call, "event", &event));
    const struct type *type = dictionary_find(call->dictionary, first->type);
    bool is_event = m->grant.record_count == 1 && key_is_equal(first->type, event->key);
    m->kind = is_event ? OFFER_EVENT : OFFER_RECORDS;
    m->grant.selector = is_event ? SELECTOR_TREE : SELECTOR_RECORDS;
    m->grant.tree = is_event ? first->id : (struct record_id){ 0 };
    m->grant.owner = company_by_id(call->core, first->owner)->node;
    TRY(read_fields(m, type));
    name_it(m, first, type);
    return STATUS_OK;
}

static enum status
read_terms(struct making *m)
{
    struct call *call = m->call;
    int64_t depth = arg_integer(call, "depth", DEPTH_DEFAULT);

    if (depth < 0 || depth > PASS_ON_DEPTH_MAX)
        return diag_say(call->diag, STATUS_USAGE, "share.depth", NULL);
    m->grant.depth = (uint32_t)depth;
    m->grant.actions = ACTION_READ | (depth > 0 ? ACTION_PASS_ON : 0u) |
                       (arg_is_set(call, "propose") ? ACTION_PROPOSE : 0u);
    m->grant.issuer = call->core->me;
    m->grant.audience = m->partner->node;
    m->grant.not_before = call->now;
    int64_t days = arg_integer(call, "delete-days", 0);
    if (days < 0 || days > 3650)
        return diag_say(call->diag, STATUS_USAGE, "share.delete_days", NULL);
    m->grant.delete_days = (uint32_t)days;
    m->grant.receipt = true;
    text_set(call, arg_list(call, "purpose"), false, &m->grant.purposes,
             &m->grant.purpose_count);
    text_set(call, arg_list(call, "countries"), true, &m->grant.countries,
             &m->grant.country_count);
    call->core->env.random(call->core->env.self, m->grant.nonce, sizeof(m->grant.nonce));
    return read_until(m);
}

/* ---- making the chain --------------------------------------------------------------------- */

/* The share under which these records reached us and that may be passed on. */
static enum status
find_source(struct making *m)
{
    struct core *core = m->call->core;
    bool seen = false;

    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        const struct grant *leaf = chain_leaf(live->chain);
        if (live->role != ROLE_RECEIVED || live->state != SHARE_ACCEPTED ||
            !ID_IS_EQUAL(leaf->owner, m->grant.owner))
            continue;
        struct record_facts facts = { .id = m->grant.records[0], .owner = m->grant.owner };
        facts.type = m->grant.fields[0].type;
        struct decision d = decide_record(live->chain, &core->me, &facts, m->call->now);
        if (d.stop == STOP_SELECTOR || d.stop == STOP_OWNER)
            continue;
        seen = true;
        if ((leaf->actions & ACTION_PASS_ON) != 0)
            m->source = live;
    }
    if (m->source == NULL)
        return diag_say(m->call->diag, STATUS_DENIED,
                        seen ? "share.no_pass_on" : "share.not_ours", NULL);
    return STATUS_OK;
}

static bool
is_unasked(const struct making *m, const struct grant_field *field)
{
    for (size_t i = 0; i < m->unasked_count; i++)
        if (grant_field_compare(&m->unasked[i], field) == 0)
            return true;
    return false;
}

/* Consent fields that nobody asked for and the parent has not: without them. */
static void
drop_unasked(struct making *m, const struct grant *parent)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->grant.field_count; i++) {
        struct grant_field f = m->grant.fields[i];
        if (!is_unasked(m, &f) || is_granted(parent, f.type, f.field))
            m->grant.fields[kept++] = f;
    }
    m->grant.field_count = kept;
}

/* What the parent demands and the person left out: its end of life, its countries. */
static void
inherit(struct making *m)
{
    const struct grant *parent = chain_leaf(m->source->chain);

    drop_unasked(m, parent);
    m->grant.has_parent = true;
    m->grant.parent = *chain_leaf_id(m->source->chain);
    if (m->grant.delete_days > parent->delete_days && !PLANTED(KEPT_LONGER))
        m->grant.delete_days = parent->delete_days;
    if (m->grant.country_count == 0) {
        m->grant.countries = parent->countries;
        m->grant.country_count = parent->country_count;
    }
    if (m->grant.not_before.ms < parent->not_before.ms)
        m->grant.not_before = parent->not_before;
}

static enum status
sign_and_verify(struct making *m)
{
    struct call *call = m->call;
    const char *component = "";
    struct chain_fault fault = { 0 };

    if (grant_check(&m->grant, &component) != STATUS_OK)
        return diag_say(call->diag, STATUS_USAGE, "share.refused", component, NULL);
    if (m->source != NULL) {
        struct signed_object *links;
        TRY(grant_links(call->store, m->source->leaf, call->arena, &links, &m->link_count));
        memcpy(m->links, links, m->link_count * sizeof(*links));
        enum status s = grant_narrows(chain_leaf(m->source->chain),
                                      chain_leaf_id(m->source->chain), &m->grant, &component);
        if (s != STATUS_OK)
            return diag_say(call->diag, s, "share.widened", component, NULL);
    }
    if (m->link_count >= CHAIN_MAX)
        return diag_say(call->diag, STATUS_DENIED, "share.no_pass_on", NULL);
    TRY(core_sign(call->core, SIGN_GRANT, wire_grant_format(&m->grant, call->arena),
                  &m->links[m->link_count++]));
    enum status s = chain_check(call->core, m->links, m->link_count, &m->live.chain, &fault);
    if (s != STATUS_OK)
        return diag_say(call->diag, s, "share.refused",
                        fault.component != NULL ? fault.component : "chain", NULL);
    m->live.role = ROLE_GIVEN;
    m->live.partner = m->partner->id;
    m->live.parent_leaf = m->source != NULL ? m->source->leaf : OWN_GRANT;
    return STATUS_OK;
}

static enum status
make(struct call *call, struct making *m)
{
    int64_t id;

    *m = (struct making){ .call = call };
    TRY(find_company(call, arg_text(call, "partner"), &id));
    m->partner = company_by_id(call->core, id);
    bool by_file = m->partner->state == COMPANY_LIGHT;
    if (m->partner->state != COMPANY_TRUSTED && !by_file)
        return diag_say(call->diag, STATUS_CONFLICT, "partner.not_trusted", m->partner->name,
                        NULL);
    if (!by_file && peer_clock_is_off(m->partner->peer))
        return diag_say(call->diag, STATUS_CLOCK, "share.clock", m->partner->name, NULL);
    if (!by_file && exchange_room(call->core, id, ACTS_WAITING_MAX) == STATUS_BUSY)
        return diag_say(call->diag, STATUS_BUSY, "share.silent", m->partner->name, NULL);
    TRY(read_selector(m));
    TRY(read_terms(m));
    if (by_file)
        TRY(light_check(call, &m->grant));
    if (!ID_IS_EQUAL(m->grant.owner, call->core->me)) {
        TRY(find_source(m));
        inherit(m);
    }
    TRY(terms_read(call, m->source != NULL ? chain_leaf(m->source->chain) : NULL, &m->grant));
    return sign_and_verify(m);
}

/* ---- the lens ----------------------------------------------------------------------------- */

struct looking {
    struct making *m;
    json_t *items;
    size_t most;
    int64_t count;
    struct consent_stay left;
};

static json_t *
withheld_names(struct call *call, const struct type *type, const struct disclosure *full,
               const struct disclosure *shown)
{
    json_t *list = json_array();

    for (size_t i = 0; i < full->field_count; i++) {
        bool there = false;
        for (size_t k = 0; k < shown->field_count; k++)
            there = there || key_is_equal(shown->fields[k].key, full->fields[i].key);
        const struct type_field *f =
            type == NULL ? NULL : type_field_find(type, full->fields[i].key);
        if (!there)
            (void)json_array_append_new(list, json_words(f != NULL ? f->name : "?"));
    }
    (void)call;
    return list;
}

static enum status
on_look(void *self, struct live *live, const struct copy_row *row,
        const struct decision *decision)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct looking *l = self;
    struct call *call = l->m->call;
    struct cleared cleared;
    struct decision why;
    struct copy_row copy = *row;

    if (decision->stop == STOP_CONSENT) {
        consent_stay_note(call, &l->left, row, decision->lack);
        return STATUS_OK;
    }
    if (row->tombstone)
        return STATUS_OK; /* who has it hears so; nobody else */
    l->count++;
    if (json_array_size(l->items) >= l->most)
        return STATUS_OK;
    copy.facts.lease = (struct wall_ms){ INT64_MAX }; /* what it would be; perhaps later */
    TRY(disclose(live->chain, &chain_leaf(live->chain)->audience, &copy.facts, &copy.full,
                 call->now, arena, &cleared, &why));
    const struct type *type = dictionary_find(call->dictionary, copy.facts.type);
    json_t *o = json_object();
    reply_set(o, "id", json_id(copy.facts.id.b));
    reply_set(o, "type", json_words(type != NULL ? type->name : "?"));
    reply_set(o, "fields",
              record_fields_json(call, type, cleared.shown.fields, cleared.shown.field_count));
    reply_set(o, "withheld", withheld_names(call, type, &copy.full, &cleared.shown));
    (void)json_array_append_new(l->items, o);
    return STATUS_OK;
}

enum status
service_share_lens(struct call *call)
{
    struct making m;
    int64_t limit = arg_integer(call, "limit", LENS_DEFAULT);

    if (limit < 1 || limit > LENS_MOST)
        return diag_say(call->diag, STATUS_USAGE, "page.limit", NULL);
    enum status s = make(call, &m);
    struct looking l = {
        .m = &m, .items = json_array(), .most = (size_t)limit, .left.items = json_array()
    };
    if (s == STATUS_OK)
        s = records_each_selected(call->core, &m.live, on_look, &l);
    verified_chain_free(&m.live.chain);
    call->reply = json_object();
    reply_set(call->reply, "partner", json_words(s == STATUS_OK ? m.partner->name : ""));
    reply_set(call->reply, "title", json_words(m.title));
    reply_set(call->reply, "records", json_integer(l.count));
    consent_stay_put(&l.left, call->reply);
    json_decref(l.left.items);
    reply_set(call->reply, "items", l.items);
    return s;
}

/* ---- creating ----------------------------------------------------------------------------- */

struct counting {
    struct call *call;
    int64_t count;
    struct consent_stay left;
};

static enum status
on_count(void *self, struct live *live, const struct copy_row *row,
         const struct decision *decision)
{
    struct counting *c = self;

    (void)live;
    if (decision->stop == STOP_CONSENT)
        consent_stay_note(c->call, &c->left, row, decision->lack);
    else if (!row->tombstone)
        c->count++;
    return STATUS_OK;
}

static enum status
sign_offer(struct making *m, int64_t count, struct signed_object *object)
{
    struct call *call = m->call;
    struct offer offer = { .author = call->core->me,
                           .audience = m->partner->node,
                           .grant = *chain_leaf_id(m->live.chain),
                           .kind = m->kind,
                           .note = arg_text_or(call, "note", ""),
                           .count = (uint32_t)count,
                           .offered = call->now };

    if (strlen(offer.note) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    size_t len = strlen(m->title);
    while (len > TEXT_SHORT_MAX || (len < strlen(m->title) && (m->title[len] & 0xc0) == 0x80))
        len--;
    offer.title = arena_text(call->arena, bytes_of(m->title, len));
    m->title = offer.title;
    return core_sign(call->core, SIGN_OFFER, wire_offer_format(&offer, call->arena), object);
}

static enum status
keep(struct making *m)
{
    struct call *call = m->call;
    struct signed_object offer;
    struct live *live;
    AUTO(json_decrefp) json_t *left_out = json_array();
    struct counting c = { .call = call, .left.items = left_out };

    TRY(records_each_selected(call->core, &m->live, on_count, &c));
    bool by_file = m->partner->state == COMPANY_LIGHT;
    struct object_id gid = *chain_leaf_id(m->live.chain);
    TRY(by_file ? light_offer_make(call, &m->grant, &gid, &offer)
                : sign_offer(m, c.count, &offer));
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = m->partner->id,
                             .state = by_file             ? SHARE_FILED
                                      : m->source != NULL ? SHARE_WAITING
                                                          : SHARE_OFFERED,
                             .kind = m->kind,
                             .title = m->title,
                             .note = arg_text_or(call, "note", ""),
                             .count = c.count,
                             .offer = wire_signed_object_format(&offer, call->arena),
                             .oid = digest_object_id(offer.body) };
    int64_t source = m->source != NULL ? m->source->share : 0;
    TRY(grants_keep(call->core, m->links, m->live.chain, &row.leaf));
    TRY(share_add(call->core, &row, &m->live.chain, &live));
    m->source =
        source != 0 ? live_by_share(call->core, source) : NULL; /* the list may have moved */
    TRY(audit_add(call->core, call->actor, "share.created", bytes_of(gid.b, ID_SIZE),
                  bytes_of(row.oid.b, ID_SIZE)));
    call->reply = json_pack("{s:o, s:o, s:s, s:s, s:I}", "id", json_id(gid.b), "title",
                            json_words(row.title), "partner", m->partner->name, "state",
                            share_state_name(row.state), "records", (json_int_t)c.count);
    consent_stay_put(&c.left, call->reply);
    if (by_file)
        return STATUS_OK; /* people carry it: share.to-file */
    return m->source != NULL ? passon_send(call->core, live) /* the owner hears of it first */
                             : offer_send(call->core, live);
}

enum status
service_share_create(struct call *call)
{
    struct making m;
    enum status s = make(call, &m);

    if (s == STATUS_OK)
        s = keep(&m);
    verified_chain_free(&m.live.chain);
    return s;
}
