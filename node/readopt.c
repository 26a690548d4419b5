/* SPDX-License-Identifier: Apache-2.0
 *
 * node/readopt.c - revisions of ours that come back after we were restored from a copy (contract: node/readopt.h).
 */
#include "node/readopt.h"

#include <string.h>

#include "node/service_priv.h"
#include "node/store/pack.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { POSITION_SIZE = 12 };

/* One of ours as it stands here, and what was taken of holders since the restore. */
struct standing {
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

    *out = (struct standing){ 0 };
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

static enum status
merge(struct standing *st, const struct received *item, struct arena *arena, bool *changed)
{
    const struct disclosure *shown = item->shown;
    uint8_t *at = arena_alloc(arena, POSITION_SIZE);

    put_u32(at, item->revision->position.incarnation);
    put_u64(at + 4, item->revision->position.number);
    for (size_t i = 0; i < shown->field_count; i++) {
        const struct field *f = &shown->fields[i];
        if (position_compare(item->revision->position, known_at(st, f->key)) <= 0)
            continue;
        TRY(merge_field(st, f->key, f->value, bytes_of(at, POSITION_SIZE)));
        *changed = true;
    }
    TRY(merge_gone(st, item, bytes_of(at, POSITION_SIZE), changed));
    size_t total = 0;
    for (size_t i = 0; i < st->fields.count; i++)
        total += st->fields.fields[i].value.len;
    return total > RECORD_MAX ? STATUS_TOO_BIG : STATUS_OK;
}

/* ---- one of ours -------------------------------------------------------------------------- */

/* Who was erased does not come back; a ground that was taken back is not said again. */
static enum status
may_stand(struct core *core, const struct received *item, const struct type *type,
          struct draft *draft, struct arena *arena, bool *out)
{
    enum suppression_verdict verdict;
    struct diag diag = { 0 };
    struct call call = { .core = core,
                         .store = core->store,
                         .dictionary = core->dictionary,
                         .arena = arena,
                         .diag = &diag,
                         .now = core_wall(core),
                         .actor = "node" };

    TRY(suppression_judge(&call, type, &item->facts.id, draft, &verdict));
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

/* STATUS_REPLAY: nothing that is not here, or it stays as it is. */
static enum status
readopt(struct core *core, const struct received *item, const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct type *type = dictionary_find(core->dictionary, item->revision->type);
    struct standing *st = ARENA_NEW(arena, struct standing);
    struct position at = item->revision->position;
    bool changed = item->revision->tombstone, stands = true;

    TRY(standing_of(core, &item->facts.id, arena, st));
    if (st->is_over || at.incarnation >= core->incarnation ||
        position_compare(at, st->base) <= 0)
        return STATUS_REPLAY;
    *detail = "type";
    if (type == NULL)
        return STATUS_NOT_FOUND; /* of our own making, since the copy */
    *detail = "fields";
    if (item->revision->tombstone) {
        leave_parent(type->parent, item, st);
    } else {
        TRY(merge(st, item, arena, &changed));
        TRY(may_stand(core, item, type, &st->fields, arena, &stands));
    }
    return changed && stands ? make(core, item, st) : STATUS_REPLAY;
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
