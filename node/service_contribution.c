/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_contribution.c - bringing our guests to a partner's event: what would go and what stays and why,
 * and the grant that lets it go. What became of it: node/service_brought.c.
 */
#include <stdlib.h>
#include <string.h>

#include "node/asks.h"
#include "node/consent.h"
#include "node/contribution.h"
#include "node/service_priv.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"

enum { PIECE = 256, SHOWN = 50 };

/* ---- who asked ---------------------------------------------------------------------------- */

struct bringing {
    struct call *call;
    const struct type *attendee;
    struct record_now *event;
    int64_t source; /* share under which the event reached us and that asks for guests */
    const struct grant *asked; /* its leaf */
    struct object_id asked_id;
    struct wall_ms ends; /* of the whole chain */
    struct company *organiser;
    int64_t existing; /* our live contribution to the organiser, 0: none */
};

static struct live *
contribution_to(struct core *core, const struct object_id *cited, int64_t company)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (live->role == ROLE_GIVEN && live->kind == OFFER_CONTRIBUTION &&
            live->partner == company && ID_IS_EQUAL(chain_leaf(live->chain)->cites, *cited))
            return live;
    }
    return NULL;
}

/* A grant for this event under which we are asked; the newest. */
static enum status
find_asked(struct bringing *b)
{
    struct core *core = b->call->core;
    bool seen = false;

    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        const struct grant *leaf = chain_leaf(live->chain);
        if (live->role != ROLE_RECEIVED || live->state != SHARE_ACCEPTED ||
            leaf->selector != SELECTOR_TREE || !ID_IS_EQUAL(leaf->tree, b->event->id))
            continue;
        seen = true;
        if ((leaf->actions & ACTION_CONTRIBUTE) == 0 || !leaf->has_terms)
            continue;
        b->source = live->share;
        b->asked = leaf;
        b->asked_id = *chain_leaf_id(live->chain);
        b->ends = chain_end(live->chain);
        b->organiser = company_find(core, chain_owner(live->chain));
    }
    if (b->source == 0)
        return diag_say(b->call->diag, STATUS_DENIED,
                        seen ? "contribute.not_asked" : "contribute.no_share",
                        record_title(b->call, b->event), NULL);
    const struct live *live = contribution_to(core, &b->asked_id, b->organiser->id);
    b->existing = live != NULL ? live->share : 0;
    return STATUS_OK;
}

static enum status
bringing_init(struct call *call, struct bringing *b)
{
    const char *text = arg_text(call, "event");
    const struct type *type;
    int64_t record;

    *b = (struct bringing){ .call = call };
    TRY(find_type(call, "event", &type));
    TRY(find_type(call, "attendee", &b->attendee));
    TRY(find_record(call, text, &record));
    enum status s = record_now(call->store, record, false, call->arena, &b->event);
    if (s == STATUS_NOT_FOUND ||
        (s == STATUS_OK && (b->event->tombstone || !key_is_equal(b->event->type, type->key))))
        return diag_say(call->diag, STATUS_NOT_FOUND, "event.unknown", text, NULL);
    TRY(s);
    if (b->event->owner == COMPANY_US)
        return diag_say(call->diag, STATUS_USAGE, "contribute.own_event", text, NULL);
    return find_asked(b);
}

/* ---- what would go ------------------------------------------------------------------------ */

struct outlook {
    struct bringing *b;
    struct live *live; /* would carry them */
    json_t *left_out, *lacking;
    int64_t going, over, taken, stay;
};

/* Wanted fields that the row has not. */
static json_t *
missing_of(const struct bringing *b, const struct copy_row *row)
{
    struct grant_field missing[TERMS_WANT_MAX];
    size_t count = asks_missing(&b->asked->terms, b->attendee->key, row->full.fields,
                                row->full.field_count, missing);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct type_field *f = type_field_find(b->attendee, missing[i].field);
        (void)json_array_append_new(list, json_words(f != NULL ? f->name : "?"));
    }
    return list;
}

static void
put_row(struct outlook *o, json_t *list, const struct copy_row *row, const char *reason,
        json_t *missing)
{
    struct call *call = o->b->call;
    struct record_now now = { .id = row->facts.id,
                              .type = row->facts.type,
                              .fields = row->full.fields,
                              .field_count = row->full.field_count };
    json_t *r;

    if (json_array_size(list) >= SHOWN) {
        json_decref(missing);
        return;
    }
    r = json_object();
    reply_set(r, "id", json_id(row->facts.id.b));
    reply_set(r, "title", json_words(record_title(call, &now)));
    if (reason != NULL)
        reply_set(r, "reason", json_words(text_get(call->language, reason)));
    if (missing != NULL)
        reply_set(r, "missing", missing);
    (void)json_array_append_new(list, r);
}

/* Catalog key of why our own decision keeps it here. */
static enum status
stay_reason(struct outlook *o, const struct copy_row *row, const struct decision *d,
            const char **out)
{
    struct call *call = o->b->call;
    struct consent_question q = { .type = o->b->attendee,
                                  .fields = row->full.fields,
                                  .field_count = row->full.field_count,
                                  .target = chain_consent_target(o->live->chain),
                                  .waived = row->facts.consent_waived };
    enum consent_lack lack;

    *out = "contribution.NO_CONSENT";
    if (d->stop != STOP_CONSENT)
        return STATUS_OK;
    TRY(consent_left_out(call, &q, &lack));
    if (lack != LACK_NONE)
        *out = arena_printf(call->arena, "consent.%s", consent_lack_name(lack));
    return STATUS_OK;
}

/* Is it on the organiser's list already? */
static enum status
is_taken(struct outlook *o, const struct copy_row *row, bool *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(o->b->call->store, STMT_VERDICT_GET);

    *out = false;
    if (o->b->existing == 0)
        return STATUS_OK;
    stmt_bind(q, "ib", o->b->existing, bytes_of(row->facts.id.b, ID_SIZE));
    enum status s = stmt_step(q);
    *out = s == STATUS_OK && *stmt_text(q, 0) == '\0';
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
look_at(struct outlook *o, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct core *core = o->b->call->core;
    const struct terms *terms = &o->b->asked->terms;
    const struct run_leaves *run = NULL;
    struct copy_row row;
    bool taken;

    TRY(copy_get(core, record, OWN_GRANT, arena, &run, &row));
    if (row.tombstone)
        return STATUS_OK;
    TRY(is_taken(o, &row, &taken));
    o->taken += taken;
    row.facts.consent_waived = live_waives_consent(core, o->live);
    struct decision d = decide_record(o->live->chain, &chain_leaf(o->live->chain)->audience,
                                      &row.facts, core_wall(core));
    bool is_over = terms->quota != 0 && !taken && o->going >= (int64_t)terms->quota;
    if (d.stop != STOP_NONE || is_over) {
        o->stay += d.stop != STOP_NONE;
        o->over += d.stop == STOP_NONE;
        const char *reason = "contribution.OVER_QUOTA";
        if (d.stop != STOP_NONE && json_array_size(o->left_out) < SHOWN)
            TRY(stay_reason(o, &row, &d, &reason)); /* reads what is known of the person */
        put_row(o, o->left_out, &row, reason, NULL);
        return STATUS_OK;
    }
    o->going++;
    json_t *missing = missing_of(o->b, &row);
    if (json_array_size(missing) > 0)
        put_row(o, o->lacking, &row, NULL, missing);
    else
        json_decref(missing);
    return STATUS_OK;
}

static enum status
next_rows(struct bringing *b, int64_t after, int64_t *out, size_t *count)
{
    struct project_query query = { .type = b->attendee,
                                   .parent = &b->event->id,
                                   .search = "",
                                   .after = after,
                                   .limit = PIECE,
                                   .own_only = true };

    return project_list(b->call->store, &query, out, count);
}

static enum status
look(struct outlook *o)
{
    int64_t rows[PIECE], after = 0;
    size_t count;

    do {
        TRY(next_rows(o->b, after, rows, &count));
        for (size_t i = 0; i < count; i++)
            TRY(look_at(o, rows[i]));
        after = count > 0 ? rows[count - 1] : after;
    } while (count == PIECE);
    return STATUS_OK;
}

static void
say(struct outlook *o, const struct live *live, bool preview)
{
    struct call *call = o->b->call;

    call->reply = json_object();
    reply_set(call->reply, "event", json_words(record_title(call, o->b->event)));
    reply_set(call->reply, "partner", json_words(o->b->organiser->name));
    reply_set(call->reply, "state",
              json_words(live == NULL ? "preview" : share_state_name(live->state)));
    reply_set(call->reply, "preview", json_boolean(preview));
    reply_set(call->reply, "going", json_integer(o->going));
    reply_set(call->reply, "already", json_integer(o->taken));
    reply_set(call->reply, "left_out", json_integer(o->stay + o->over));
    reply_set(call->reply, "left_out_records", o->left_out);
    reply_set(call->reply, "lacking", json_integer((json_int_t)json_array_size(o->lacking)));
    reply_set(call->reply, "lacking_records", o->lacking);
    reply_set(call->reply, "terms", terms_json(call, &o->b->asked->terms));
}

/* ---- the grant ---------------------------------------------------------------------------- */

static int
compare_fields(const void *a, const void *b)
{
    return grant_field_compare(a, b);
}

static int
compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* What was asked for, and what every guest has. */
static void
put_fields(struct bringing *b, struct grant *grant)
{
    const struct terms *terms = &b->asked->terms;
    size_t n = 0, kept = 0;
    struct grant_field *fields = ARENA_ARRAY(b->call->arena, struct grant_field,
                                             terms->want_count + b->attendee->field_count);

    for (size_t i = 0; i < terms->want_count; i++)
        fields[n++] = terms->want[i];
    for (size_t i = 0; i < b->attendee->field_count; i++)
        if (contribution_is_basic(&b->attendee->fields[i]))
            fields[n++] = (struct grant_field){ b->attendee->key, b->attendee->fields[i].key };
    qsort(fields, n, sizeof(*fields), compare_fields);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || grant_field_compare(&fields[kept - 1], &fields[i]) != 0)
            fields[kept++] = fields[i];
    grant->fields = fields;
    grant->field_count = kept;
}

static void
put_purposes(struct bringing *b, struct grant *grant)
{
    const json_t *list = arg_list(b->call, "purpose");
    size_t n = json_array_size(list);
    const char **texts = ARENA_ARRAY(b->call->arena, const char *, n + 1);

    texts[0] = "event";
    for (size_t i = 0; i < n; i++)
        texts[i] = json_string_value(json_array_get(list, i));
    n = n == 0 ? 1 : n;
    qsort(texts, n, sizeof(*texts), compare_texts);
    for (size_t i = 0; i < n; i++)
        if (grant->purpose_count == 0 || strcmp(texts[grant->purpose_count - 1], texts[i]) != 0)
            texts[grant->purpose_count++] = texts[i];
    grant->purposes = texts;
}

static enum status
make_grant(struct bringing *b, struct grant *grant)
{
    struct call *call = b->call;
    const char *until = arg_text(call, "until");

    *grant = (struct grant){ .selector = SELECTOR_TREE,
                             .tree = b->event->id,
                             .not_before = call->now,
                             .not_after = b->ends,
                             .receipt = true,
                             .has_cites = true,
                             .cites = b->asked_id };
    if (until != NULL)
        TRY(moment_read(call, until, "share.until", &grant->not_after));
    if (grant->not_after.ms <= call->now.ms)
        return diag_say(call->diag, STATUS_USAGE, "share.until_past",
                        until != NULL ? until : "", NULL);
    put_fields(b, grant);
    put_purposes(b, grant);
    return STATUS_OK;
}

enum { RECEIVERS_MOST = 32 };

/* The organiser; with terms that let the chain see it also the companies that the event came through, and those that we
 * passed it on to. */
static size_t
receivers(struct bringing *b, struct company *out[static RECEIVERS_MOST])
{
    struct core *core = b->call->core;
    const struct live *source = live_by_share(core, b->source);
    size_t count = 0;

    out[count++] = b->organiser;
    for (size_t i = 1; b->asked->terms.chain && i < chain_length(source->chain); i++)
        out[count++] = company_find(core, &chain_link(source->chain, i)->issuer);
    for (size_t i = 0; b->asked->terms.chain && i < core->live_count; i++) {
        const struct live *live = &core->lives[i];
        const struct grant *leaf = chain_leaf(live->chain);
        if (count < RECEIVERS_MOST && live->role == ROLE_GIVEN &&
            live->state == SHARE_ACCEPTED && leaf->has_parent &&
            ID_IS_EQUAL(leaf->parent, b->asked_id) && leaf->terms.chain)
            out[count++] = company_by_id(core, live->partner);
    }
    return count;
}

/* Rows that were refused, and those that have changed since, are due again. */
static enum status
try_again(struct bringing *b, struct live *live)
{
    (void)b;
    if (live->state == SHARE_ACCEPTED)
        return records_queue_share(b->call->core, live);
    return STATUS_OK;
}

static enum status
give(struct bringing *b, struct grant *grant, struct company *to, int64_t count)
{
    struct call *call = b->call;
    struct contribution_give how = { .to = to,
                                     .kind = OFFER_CONTRIBUTION,
                                     /* others may know the event without its name */
                                     .title =
                                         to == b->organiser ? record_title(call, b->event) : "",
                                     .count = count,
                                     .actor = call->actor };
    struct live *live = contribution_to(call->core, &b->asked_id, to->id);
    int64_t cited;

    if (live != NULL)
        return try_again(b, live);
    TRY(contribution_give(call->core, grant, &how, &live));
    TRY(store_number(call->store, &cited, STMT_GRANT_FIND, "b",
                     bytes_of(b->asked_id.b, ID_SIZE)));
    return store_exec(call->store, STMT_CONTRIBUTION_ADD, "iib", live->share, cited,
                      bytes_of(b->event->id.b, ID_SIZE));
}

/* A chain for looking only: nothing of it is stored. */
static enum status
trial(struct bringing *b, struct grant *grant, struct verified_chain **out)
{
    struct core *core = b->call->core;
    struct grant made = *grant;
    struct signed_object link;
    struct chain_fault fault;

    made.issuer = core->me;
    made.owner = core->me;
    made.audience = b->organiser->node;
    made.actions = ACTION_READ;
    TRY(core_sign(core, SIGN_GRANT, wire_grant_format(&made, b->call->arena), &link));
    enum status s = chain_check(core, &link, 1, out, &fault);
    return s == STATUS_OK ? s
                          : diag_say(b->call->diag, s, "share.refused",
                                     fault.component != NULL ? fault.component : "chain", NULL);
}

static enum status
give_all(struct bringing *b, struct grant *grant, int64_t going)
{
    struct company *to[RECEIVERS_MOST];
    size_t count = receivers(b, to);

    if (b->asked->terms.closes.ms != 0 && b->asked->terms.closes.ms <= b->call->now.ms)
        return diag_say(b->call->diag, STATUS_DENIED, "contribute.deadline", NULL);
    for (size_t i = 0; i < count; i++)
        TRY(give(b, grant, to[i], going));
    return STATUS_OK;
}

enum status
service_guest_contribute(struct call *call)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    bool preview = arg_is_set(call, "preview");
    struct bringing b;
    struct live looking = { .role = ROLE_GIVEN };
    struct outlook o = { .b = &b, .live = &looking };
    struct grant grant;

    TRY(bringing_init(call, &b));
    TRY(make_grant(&b, &grant));
    TRY(trial(&b, &grant, &chain));
    looking.chain = chain;
    looking.partner = b.organiser->id;
    o.left_out = json_array();
    o.lacking = json_array();
    enum status s = look(&o);
    struct object_id asked = b.asked_id;
    if (s == STATUS_OK && !preview)
        s = give_all(&b, &grant, o.going);
    if (s != STATUS_OK) {
        json_decref(o.left_out);
        json_decref(o.lacking);
        return s;
    }
    say(&o, contribution_to(call->core, &asked, b.organiser->id), preview);
    return STATUS_OK;
}
