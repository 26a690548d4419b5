/* SPDX-License-Identifier: Apache-2.0
 *
 * node/readopt.c - revisions of ours that come back after we were restored from a copy (contract: node/readopt.h).
 */
#include "node/readopt.h"

#include <string.h>

#include "node/consent.h"
#include "node/service_priv.h"
#include "node/store/pack.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { POSITION_SIZE = 12 };

/* One of ours as it stands here, and what was taken of holders since the restore. */
struct standing {
    const struct type *type;
    int64_t record; /* 0: the copy did not know it */
    bool is_over;   /* removed, erased, frozen, or changed here since: it stays as it is */
    struct position base;
    struct draft fields; /* by now */
    struct draft
        seen; /* by field, also of fields that are gone: the position that it is known of, as bytes */
};

/* ---- how it stands ------------------------------------------------------------------------ */

static enum status
find_ours(struct core *core, const struct record_id *id, struct standing *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_FIND);

    stmt_bind(q, "b", bytes_of(id->b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    out->record = stmt_int(q, 0);
    out->is_over = stmt_int(q, 2) != 0;
    return STATUS_OK;
}

/* What came back of it before, in this life. Without that, a copy of this life was made or changed here since. */
static enum status
read_seen(struct core *core, const struct copy_row *row, struct arena *arena,
          struct standing *out)
{
    enum { LIFE, INCARNATION, NUMBER, MADE, SEEN };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_READOPTED_GET);
    struct field *seen;
    size_t count;

    stmt_bind(q, "i", out->record);
    enum status s = stmt_step(q);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    if (s == STATUS_NOT_FOUND || stmt_int(q, LIFE) != (int64_t)core->incarnation) {
        out->base = row->position;
        out->is_over = row->position.incarnation >= core->incarnation;
        return STATUS_OK;
    }
    struct position made = { core->incarnation, (uint64_t)stmt_int(q, MADE) };
    out->is_over = position_compare(row->position, made) != 0;
    out->base =
        (struct position){ (uint32_t)stmt_int(q, INCARNATION), (uint64_t)stmt_int(q, NUMBER) };
    TRY(unpack_fields(arena_copy(arena, stmt_bytes(q, SEEN)), arena, &seen, &count));
    for (size_t i = 0; i < count; i++)
        draft_put(&out->seen, seen[i].key, seen[i].value);
    return STATUS_OK;
}

static enum status
standing_of(struct core *core, const struct record_id *id, struct arena *arena,
            struct standing *out)
{
    const struct run_leaves *run = NULL;
    struct copy_row row;

    TRY(find_ours(core, id, out));
    if (out->record == 0 || out->is_over)
        return STATUS_OK;
    enum status s = copy_get(core, out->record, OWN_GRANT, arena, &run, &row);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && row.tombstone)) {
        out->is_over = true;
        return STATUS_OK;
    }
    TRY(s);
    for (size_t i = 0; i < row.full.field_count; i++)
        draft_put(&out->fields, row.full.fields[i].key, row.full.fields[i].value);
    return read_seen(core, &row, arena, out);
}

/* ---- merging ------------------------------------------------------------------------------ */

static struct position
known_at(const struct standing *st, struct key key)
{
    const struct field *seen = draft_find(&st->seen, key);
    struct position at = st->base;

    if (seen != NULL) {
        struct reader r = reader_of(seen->value);
        at.incarnation = reader_u32(&r);
        at.number = reader_u64(&r);
    }
    return at;
}

static enum status
merge_field(struct standing *st, struct key key, struct bytes value, struct bytes at)
{
    bool is_new = draft_find(&st->seen, key) == NULL || draft_find(&st->fields, key) == NULL;

    if (is_new && (st->seen.count == FIELDS_MAX || st->fields.count == FIELDS_MAX))
        return STATUS_TOO_BIG;
    draft_put(&st->fields, key, value);
    draft_put(&st->seen, key, at);
    return STATUS_OK;
}

/* A full disclosure also says what is not there any more. */
static enum status
merge_gone(struct standing *st, const struct received *item, struct bytes at, bool *changed)
{
    const struct disclosure *shown = item->shown;

    for (size_t i = 0; shown->has_secret && i < st->fields.count;) {
        struct key key = st->fields.fields[i].key;
        bool is_there = position_compare(item->revision->position, known_at(st, key)) <= 0;
        for (size_t k = 0; k < shown->field_count; k++)
            is_there = is_there || key_is_equal(shown->fields[k].key, key);
        if (is_there) {
            i++;
            continue;
        }
        TRY(merge_field(st, key, (struct bytes){ 0 }, at));
        *changed = true;
    }
    return STATUS_OK;
}

/* What a holder kept of a ground may have been ended since, and the copy does not know it: a ground can only go. */
static bool
is_ground(const struct type *type, struct key key)
{
    for (size_t k = 0; k < CONSENT_FIELD_COUNT_; k++)
        if (type->consent[k] != NULL && key_is_equal(type->consent[k]->key, key))
            return true;
    return false;
}

static enum status
merge(struct standing *st, const struct received *item, struct arena *arena, bool *changed)
{
    const struct disclosure *shown = item->shown;
    uint8_t *at = arena_alloc(arena, POSITION_SIZE);

    put_u32(at, item->revision->position.incarnation);
    put_u64(at + 4, item->revision->position.number);
    for (size_t i = 0; i < shown->field_count; i++) {
        const struct field *f = &shown->fields[i];
        if (is_ground(st->type, f->key) ||
            position_compare(item->revision->position, known_at(st, f->key)) <= 0)
            continue;
        TRY(merge_field(st, f->key, f->value, bytes_of(at, POSITION_SIZE)));
        *changed = true;
    }
    return merge_gone(st, item, bytes_of(at, POSITION_SIZE), changed);
}

static bool
is_too_big(const struct draft *draft)
{
    size_t total = 0;

    for (size_t i = 0; i < draft->count; i++)
        total += draft->fields[i].value.len;
    return total > RECORD_MAX;
}

/* ---- one of ours -------------------------------------------------------------------------- */

static bool
is_consent(const struct type *type)
{
    return type->key.space.len == 0 && strcmp(type->name, "consent") == 0;
}

/* Of what people said of grounds only a no comes back: a yes may have been taken back since. */
static bool
is_yes(const struct type *type, const struct received *item)
{
    const struct disclosure *shown = item->shown;
    const struct type_field *status = type_field_find_name(type, "status");

    for (size_t i = 0; is_consent(type) && i < shown->field_count; i++)
        if (key_is_equal(shown->fields[i].key, status->key))
            return bytes_is_equal(shown->fields[i].value, bytes_text("given"));
    return is_consent(type);
}

/* One that the copy does not know may do what its contact allows, if that is one of ours. */
static enum status
fill_ground(struct call *call, struct standing *st)
{
    const struct type_field *ref = type_field_find_name(st->type, "contact");
    struct record_now *contact;
    int64_t record;

    if (st->record != 0 || st->type->consent[CONSENT_BASIS] == NULL || ref == NULL ||
        st->fields.count > FIELDS_MAX - CONSENT_FIELD_COUNT_)
        return STATUS_OK;
    const struct field *f = draft_find(&st->fields, ref->key);
    enum status s = f == NULL
                        ? STATUS_NOT_FOUND
                        : store_number(call->store, &record, STMT_RECORD_FIND, "b", f->value);
    if (s == STATUS_OK)
        s = record_now(call->store, record, false, call->arena, &contact);
    if (s == STATUS_OK && contact->owner == COMPANY_US && !contact->tombstone)
        return consent_fill(call, contact, st->type, &st->fields);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Who was erased does not come back; a ground that was taken back is not said again. */
static enum status
may_stand(struct call *call, const struct received *item, struct standing *st, bool *out)
{
    enum suppression_verdict verdict;

    TRY(fill_ground(call, st));
    TRY(suppression_judge(call, st->type, &item->facts.id, &st->fields, &verdict));
    *out = verdict != SUPPRESSION_REFUSED;
    return STATUS_OK;
}

/* What is left of a removed one: whoever has the children must hear of it. */
static void
leave_parent(const struct type_field *parent, const struct received *item, struct standing *st)
{
    const struct field *known = parent == NULL ? NULL : draft_find(&st->fields, parent->key);
    struct bytes value = known == NULL ? (struct bytes){ 0 } : known->value;

    for (size_t i = 0; parent != NULL && known == NULL && i < item->shown->field_count; i++)
        if (key_is_equal(item->shown->fields[i].key, parent->key))
            value = item->shown->fields[i].value;
    st->fields.count = 0;
    if (value.len > 0)
        draft_put(&st->fields, parent->key, value);
}

static enum status
make(struct core *core, const struct received *item, struct standing *st)
{
    AUTO(buffer_fini) struct buffer seen = { 0 };
    struct mint mint = { .record = st->record,
                         .type = item->revision->type,
                         .fields = st->fields.fields,
                         .field_count = st->fields.count,
                         .tombstone = item->revision->tombstone,
                         .nonce = item->revision->nonce };
    int64_t made;

    TRY(records_mint(core, &mint, 1, "node", "record.readopted"));
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COPY_AT);
        stmt_bind(q, "ii", (int64_t)OWN_GRANT, mint.record);
        TRY(stmt_step(q));
        made = stmt_int(q, 1);
    }
    pack_fields(st->seen.fields, st->seen.count, &seen);
    return store_exec(core->store, STMT_READOPTED_PUT, "iiiiib", mint.record,
                      (int64_t)core->incarnation, (int64_t)st->base.incarnation,
                      (int64_t)st->base.number, made, buffer_bytes(&seen));
}

static enum status
take_fields(struct call *call, const struct received *item, struct standing *st)
{
    bool changed = false, stands;

    TRY(merge(st, item, call->arena, &changed));
    TRY(may_stand(call, item, st, &stands));
    if (!changed || !stands || is_yes(st->type, item))
        return STATUS_REPLAY;
    if (is_too_big(&st->fields))
        return STATUS_TOO_BIG;
    TRY(make(call->core, item, st));
    return is_consent(st->type) ? consent_spread(call, st->fields.fields, st->fields.count)
                                : STATUS_OK;
}

/* STATUS_REPLAY: nothing that is not here, or it stays as it is. */
static enum status
readopt(struct core *core, const struct received *item, const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };
    struct call call = service_own_call(core, arena, &diag);
    struct standing *st = ARENA_NEW(arena, struct standing);
    struct position at = item->revision->position;

    st->type = dictionary_find(core->dictionary, item->revision->type);
    TRY(standing_of(core, &item->facts.id, arena, st));
    if (st->is_over || at.incarnation >= core->incarnation ||
        position_compare(at, st->base) <= 0)
        return STATUS_REPLAY;
    *detail = "type";
    if (st->type == NULL)
        return STATUS_NOT_FOUND; /* of our own making, since the copy */
    *detail = "fields";
    if (!item->revision->tombstone)
        return take_fields(&call, item, st);
    leave_parent(st->type->parent, item, st);
    return make(core, item, st);
}

/* ---- a message of them -------------------------------------------------------------------- */

static enum status
take_item(struct core *core, const struct company *from, const struct envelope *env,
          const struct received *item, size_t *made)
{
    const char *detail = item->detail;
    enum status s = item->status == STATUS_OK ? readopt(core, item, &detail) : item->status;

    *made += s == STATUS_OK;
    if (s == STATUS_OK || s == STATUS_REPLAY)
        return STATUS_OK;
    if (!exchange_is_their_fault(s))
        return s;
    dead_letter(core, from->id, env, s, detail != NULL ? detail : "record");
    return STATUS_OK;
}

enum status
readopt_take(struct core *core, const struct company *from, const struct envelope *env,
             const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct key_directory keys = company_keys_of(core);
    struct receive_rules rules = { .me = core->me,
                                   .dictionary = core->dictionary,
                                   .now = core_wall(core) };
    struct records *message;
    struct received *items;
    size_t count, made = 0;

    *detail = "records";
    TRY(wire_records_parse(env->body, arena, &message));
    *detail = "life";
    if (core->incarnation == 1) /* we never forgot anything */
        return STATUS_NOT_GRANTED;
    if (!keys.find(keys.self, &core->me, &rules.owner))
        return STATUS_UNKNOWN_KEY;
    TRY(records_verify(message, &rules, arena, &items, &count));
    for (size_t i = 0; i < count; i++)
        TRY(take_item(core, from, env, &items[i], &made));
    if (made > 0)
        LOG(LOG_INFO, "record.readopted", log_id("partner", from->node.b),
            log_num("count", (int64_t)made));
    return STATUS_OK;
}

/* ---- shares ------------------------------------------------------------------------------- */

static enum status
check_offer(struct taking *t, const struct bundle *bundle, const struct offer *offer,
            struct verified_chain **chain)
{
    struct key_directory keys = company_keys_of(t->core);

    t->detail = "author";
    if (t->core->incarnation == 1 || !ID_IS_EQUAL(offer->audience, t->from->node))
        return STATUS_BAD_SIGNATURE; /* we never forgot one; or it is another's */
    t->detail = "offer";
    TRY(object_verify(SIGN_OFFER, &bundle->object, &offer->author, &offer->audience,
                      &offer->audience, &keys));
    TRY(exchange_verify_links(t, bundle, chain));
    t->detail = "leaf";
    const struct grant *leaf = chain_leaf(*chain);
    return ID_IS_EQUAL(leaf->issuer, t->core->me) &&
                   ID_IS_EQUAL(leaf->audience, offer->audience) &&
                   ID_IS_EQUAL(*chain_leaf_id(*chain), offer->grant)
               ? STATUS_OK
               : STATUS_BROKEN_CHAIN;
}

/* What it answered, when it is a contribution. STATUS_NOT_FOUND: that is not known here. */
static enum status
cited_by(struct core *core, const struct offer *offer, const struct verified_chain *chain,
         int64_t *out)
{
    *out = 0;
    return offer->kind != OFFER_CONTRIBUTION
               ? STATUS_OK
               : store_number(core->store, out, STMT_GRANT_FIND, "b",
                              bytes_of(chain_leaf(chain)->cites.b, ID_SIZE));
}

static enum status
keep_share(struct taking *t, const struct bundle *bundle, const struct offer *offer,
           struct verified_chain **chain, int64_t cited)
{
    struct core *core = t->core;
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = t->from->id,
                             .state = SHARE_DELIVERED,
                             .kind = offer->kind,
                             .title = offer->title,
                             .note = offer->note,
                             .count = offer->count,
                             .offer = wire_signed_object_format(&bundle->object, t->arena),
                             .oid = digest_object_id(bundle->object.body) };
    struct record_id event = chain_leaf(*chain)->tree;
    struct live *live;

    TRY(grants_keep(core, bundle->links, *chain, &row.leaf));
    TRY(share_add(core, &row, chain, &live));
    if (cited != 0)
        TRY(store_exec(core->store, STMT_CONTRIBUTION_ADD, "iib", live->share, cited,
                       bytes_of(event.b, ID_SIZE)));
    TRY(audit_add(core, actor_partner(core, &t->from->node), "share.readopted",
                  bytes_of(row.oid.b, ID_SIZE), bytes_of(offer->grant.b, ID_SIZE)));
    return records_queue_share(core, live);
}

enum status
readopt_offer(struct taking *t, const struct bundle *bundle, const struct offer *offer)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    int64_t known, cited;

    enum status s = store_number(t->core->store, &known, STMT_GRANT_FIND, "b",
                                 bytes_of(offer->grant.b, ID_SIZE));
    if (s != STATUS_NOT_FOUND)
        return s; /* we know it, and what became of it */
    TRY(check_offer(t, bundle, offer, &chain));
    s = cited_by(t->core, offer, chain, &cited);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    return keep_share(t, bundle, offer, &chain, cited);
}
