/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys_anew.c - after our keys were stolen: what we said before and has yet to arrive somewhere is signed anew, with
 * not a byte of what is signed changed (contract: node/keys.h).
 *
 * What has a number waits again under none. Then, in stages, a piece a round: the control queue; sealed parcels, of one
 * company after the other; our grants; the offers of our shares, which go again to whoever may need the grant's new
 * signature (node/grants_anew.c), and so do records that may be passed on. Until then nothing of ours goes. Last the batches
 * of our records; until then no data. Words on our roots are made anew by node/heads.c. Where it stands is in `meta`, so a
 * start goes on from there.
 */
#include <string.h>

#include "node/exchange_priv.h"
#include "node/grants_anew.h"
#include "node/keys.h"
#include "node/records_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { PIECE = 64, PIECES = 8, NOTE_SIZE = 9 };

static const char meta_name[] = "sign-anew";

/* What comes after `at` in this stage. */
static enum status
note(struct core *core, enum keys_anew_stage stage, int64_t at)
{
    uint8_t raw[NOTE_SIZE];

    raw[0] = (uint8_t)stage;
    put_u64(raw + 1, (uint64_t)at);
    core->signs_anew = true;
    core->signs_anew_stage = stage;
    core->signs_anew_at = at;
    return store_meta_put(core->store, meta_name, bytes_of(raw, sizeof(raw)));
}

/* What has a number and is not acknowledged waits again, before what waits; a Void will stand for each number, as other
 * bytes under it would be a contradiction. Voids are signed when they go. */
static enum status
take_numbers(struct core *core)
{
    for (size_t i = 1; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (c->peer == NULL)
            continue;
        TRY(store_exec(core->store, STMT_FRAME_BACK, "ii", c->id, (int64_t)0));
        TRY(store_exec(core->store, STMT_FRAME_EMPTY, "ii", c->id, (int64_t)0));
        c->control_waits = true;
    }
    return store_exec(core->store, STMT_FRAME_UNSIGNED, "");
}

enum status
keys_anew_begin(struct core *core)
{
    TRY(take_numbers(core));
    TRY(store_exec(core->store, STMT_HEAD_WANT_ALL, ""));
    TRY(store_exec(core->store, STMT_PARCEL_ASTRAY_ALL, ""));
    return note(core, ANEW_QUEUE, INT64_MIN);
}

enum status
keys_anew_load(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes raw = { 0 };
    enum status s = store_meta_get(core->store, meta_name, arena, &raw);

    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    bool is_noted = raw.len == NOTE_SIZE && raw.data[0] <= ANEW_RUNS;
    core->signs_anew = raw.len > 0;
    core->signs_anew_stage = is_noted ? (enum keys_anew_stage)raw.data[0] : ANEW_QUEUE;
    core->signs_anew_at = is_noted ? (int64_t)get_u64(raw.data + 1) : INT64_MIN;
    return STATUS_OK;
}

bool
keys_anew_holds(const struct core *core)
{
    return core->signs_anew && core->signs_anew_stage < ANEW_RUNS;
}

/* ---- one object --------------------------------------------------------------------------- */

enum fate { STAYS, SIGNED, GOES /* its author makes another */ };

static const struct {
    enum message_kind kind;
    enum sign_type type;
    enum fate fate;
} objects[] = {
    { MESSAGE_OFFER, SIGN_OFFER, SIGNED },
    { MESSAGE_ANSWER, SIGN_ANSWER, SIGNED },
    { MESSAGE_PASSON, SIGN_PASSON, SIGNED },
    { MESSAGE_PASSON_ACK, SIGN_PASSON_ACK, SIGNED },
    { MESSAGE_REVOCATION, SIGN_REVOCATION, SIGNED },
    { MESSAGE_VERDICT, SIGN_VERDICT, SIGNED },
    { MESSAGE_SEALED_RECEIPT, SIGN_SEALED_RECEIPT, SIGNED },
    { MESSAGE_RECEIPT, SIGN_RECEIPT, SIGNED },
    { MESSAGE_WITHDRAWAL, SIGN_WITHDRAWAL, SIGNED },
    { MESSAGE_HEAD, SIGN_HEAD, GOES },
    { MESSAGE_ASK, SIGN_ASK, SIGNED },
    { MESSAGE_PROPOSAL, SIGN_PROPOSAL, SIGNED },
    { MESSAGE_PROPOSAL_ANSWER, SIGN_PROPOSAL_ANSWER, SIGNED },
};

/* Under a key of ours that was stolen? Anything else stays, what others signed above all. */
static bool
is_stolen(const struct core *core, enum sign_type type, const struct signed_object *object)
{
    const struct company *us = core->companies[0];
    size_t good = us->signing_good;

    return signature_verify_any(type, us->signing + good, us->signing_count - good,
                                object->body, &object->signature) == STATUS_OK;
}

static enum status
sign_one(struct core *core, enum sign_type type, struct signed_object *object, bool *is_signed)
{
    if (!is_stolen(core, type, object))
        return STATUS_OK;
    *is_signed = true;
    return core_sign(core, type, object->body, object);
}

static enum status
sign_plain(struct core *core, enum sign_type type, enum fate fate, struct bytes body,
           struct arena *arena, struct bytes *out, bool *is_signed)
{
    struct signed_object *object;

    if (wire_signed_body_parse(body, arena, &object) != STATUS_OK)
        return STATUS_OK;
    *is_signed = fate == GOES && is_stolen(core, type, object);
    if (fate == SIGNED)
        TRY(sign_one(core, type, object, is_signed));
    *out = wire_signed_body_format(object, arena);
    return STATUS_OK;
}

/* The companies whose descriptors came with it. */
static size_t
about(const struct bundle *bundle, struct arena *arena, const struct node_id *out[CHAIN_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < bundle->descriptor_count; i++) {
        struct descriptor *d;
        if (wire_descriptor_parse(bundle->descriptors[i].body, arena, &d) != STATUS_OK)
            continue;
        struct node_id *node = ARENA_NEW(arena, struct node_id);
        *node = digest_node_id(&d->root_key);
        bool is_new = count < CHAIN_MAX;
        for (size_t k = 0; k < count; k++)
            is_new = is_new && !ID_IS_EQUAL(*out[k], *node);
        if (is_new)
            out[count++] = node;
    }
    return count;
}

/* The object, and those of its links that are ours; with our newest descriptor. */
static enum status
sign_bundle(struct core *core, enum sign_type type, struct bytes body, struct arena *arena,
            struct bytes *out, bool *is_signed)
{
    const struct node_id *companies[CHAIN_MAX];
    struct bundle *bundle;

    if (wire_bundle_parse(body, arena, &bundle) != STATUS_OK)
        return STATUS_OK;
    TRY(sign_one(core, type, &bundle->object, is_signed));
    for (size_t i = 0; i < bundle->link_count; i++)
        TRY(sign_one(core, SIGN_GRANT, &bundle->links[i], is_signed));
    if (!*is_signed)
        return STATUS_OK;
    size_t count = about(bundle, arena, companies);
    return keys_bundle(core, bundle, companies, count, arena, out);
}

static enum status
renew(struct core *core, int64_t kind, struct bytes body, struct arena *arena,
      struct bytes *out, enum fate *fate)
{
    bool is_signed = false;

    *fate = STAYS;
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        if (kind != (int64_t)objects[i].kind)
            continue;
        bool is_bundle = kind == MESSAGE_OFFER || kind == MESSAGE_PASSON;
        TRY(is_bundle ? sign_bundle(core, objects[i].type, body, arena, out, &is_signed)
                      : sign_plain(core, objects[i].type, objects[i].fate, body, arena, out,
                                   &is_signed));
        *fate = is_signed ? objects[i].fate : STAYS;
    }
    return STATUS_OK;
}

enum status
keys_anew_word(struct core *core, enum message_kind kind, struct signed_object *object)
{
    bool is_signed = false;

    for (size_t i = 0; i < COUNT_OF(objects); i++)
        if (objects[i].kind == kind)
            return sign_one(core, objects[i].type, object, &is_signed);
    return STATUS_OK;
}

/* ---- what waits --------------------------------------------------------------------------- */

struct row {
    int64_t id, kind;
    struct bytes body;
};

/* The next rows of (id, kind, body); *count under PIECE: these are the last. */
static enum status
rows_get(struct core *core, enum statement which, int64_t a, int64_t b, struct arena *arena,
         struct row **out, size_t *count)
{
    enum { ID, KIND, BODY };
    struct row *rows = ARENA_ARRAY(arena, struct row, PIECE);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, which);
    enum status s = STATUS_OK;

    *out = rows;
    *count = 0;
    stmt_bind(q, "iii", a, b, (int64_t)PIECE);
    while (*count < PIECE && (s = stmt_step(q)) == STATUS_OK)
        rows[(*count)++] = (struct row){ .id = stmt_int(q, ID),
                                         .kind = stmt_int(q, KIND),
                                         .body = arena_copy(arena, stmt_bytes(q, BODY)) };
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
queue_piece(struct core *core, struct arena *arena, int64_t *at, bool *over)
{
    struct row *rows;
    size_t count;

    TRY(rows_get(core, STMT_CONTROL_OWN, *at, MESSAGE_DESCRIPTOR, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct bytes made;
        enum fate fate;
        TRY(renew(core, rows[i].kind, rows[i].body, arena, &made, &fate));
        if (fate == SIGNED)
            TRY(store_exec(core->store, STMT_CONTROL_SIGNED, "ib", rows[i].id, made));
        if (fate == GOES)
            TRY(store_exec(core->store, STMT_CONTROL_DROP, "i", rows[i].id));
        *at = rows[i].id;
    }
    *over = count < PIECE;
    return STATUS_OK;
}

static enum status
sign_parcels(struct core *core, int64_t company, struct arena *arena)
{
    struct row *rows;
    size_t count = PIECE;

    for (int64_t after = -1; count == PIECE;) {
        TRY(rows_get(core, STMT_PARCEL_OWN, company, after, arena, &rows, &count));
        for (size_t i = 0; i < count; i++) {
            struct bytes made;
            enum fate fate;
            TRY(renew(core, rows[i].kind, rows[i].body, arena, &made, &fate));
            if (fate == SIGNED)
                TRY(store_exec(core->store, STMT_PARCEL_SIGNED, "iib", rows[i].id, company,
                               made));
            after = rows[i].id;
        }
    }
    return STATUS_OK;
}

static enum status
parcel_piece(struct core *core, struct arena *arena, int64_t *at, bool *over)
{
    for (size_t i = 1; i < core->company_count; i++) {
        const struct company *c = core->companies[i];
        if (c->id <= *at)
            continue;
        *at = c->id;
        return sign_parcels(core, c->id, arena);
    }
    *over = true;
    return STATUS_OK;
}

/* ---- grants and shares -------------------------------------------------------------------- */

static enum status
grant_piece(struct core *core, struct arena *arena, int64_t *at, bool *over)
{
    struct row *rows;
    size_t count;

    TRY(rows_get(core, STMT_GRANT_OWN, *at, core_wall(core).ms, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct signed_object *object;
        bool is_signed = false;
        TRY(wire_signed_object_parse(rows[i].body, arena, &object));
        TRY(sign_one(core, SIGN_GRANT, object, &is_signed));
        if (is_signed)
            TRY(store_exec(core->store, STMT_GRANT_ANEW, "ibb", rows[i].id,
                           wire_signed_object_format(object, arena),
                           bytes_of(core->companies[0]->signing[0].b, ID_SIZE)));
        *at = rows[i].id;
    }
    *over = count < PIECE;
    return STATUS_OK;
}

/* Whoever it is passed on to may never have seen its records: they go once more, too, with their new signatures. */
static bool
passes_on(const struct live *live)
{
    return (live->state == SHARE_DELIVERED || live->state == SHARE_ACCEPTED) &&
           (chain_leaf(live->chain)->actions & ACTION_PASS_ON) != 0;
}

static enum status
share_piece(struct core *core, struct arena *arena, int64_t *at, bool *over)
{
    struct row *rows;
    size_t count;

    TRY(rows_get(core, STMT_SHARE_OWN, *at, ROLE_GIVEN, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct live *live = live_by_share(core, rows[i].id);
        struct signed_object *object;
        bool is_signed = false;
        TRY(wire_signed_object_parse(rows[i].body, arena, &object));
        TRY(sign_one(core, SIGN_OFFER, object, &is_signed));
        if (is_signed)
            TRY(store_exec(core->store, STMT_SHARE_SIGNED, "ib", rows[i].id,
                           wire_signed_object_format(object, arena)));
        *at = rows[i].id;
        if (live != NULL)
            TRY(grants_anew_say(core, live));
        if (live != NULL && passes_on(live))
            return records_queue_share(core, live); /* a piece of its own */
    }
    *over = count < PIECE;
    return STATUS_OK;
}

/* ---- batches ------------------------------------------------------------------------------ */

static enum status
sign_batch(struct core *core, int64_t run)
{
    struct signed_object object;
    uint8_t body[68];

    TRY(records_batch_body(core->store, &core->me, run, body, &object.signature));
    object.body = bytes_of(body, sizeof(body));
    if (!is_stolen(core, SIGN_BATCH, &object))
        return STATUS_OK; /* another company's */
    TRY(core_sign(core, SIGN_BATCH, object.body, &object));
    return store_exec(core->store, STMT_RUN_SIGNED, "ib", run,
                      bytes_of(object.signature.b, sizeof(object.signature.b)));
}

static enum status
run_piece(struct core *core, struct arena *arena, int64_t *at, bool *over)
{
    struct row *rows;
    size_t count;

    TRY(rows_get(core, STMT_RUN_FROM, *at, 0, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(sign_batch(core, rows[i].id));
        *at = rows[i].id;
    }
    *over = count < PIECE;
    return STATUS_OK;
}

/* ---- stages ------------------------------------------------------------------------------- */

/* The next piece after *at; *over: there is no other. */
typedef enum status piece_fn(struct core *core, struct arena *arena, int64_t *at, bool *over);

static piece_fn *const stages[ANEW_STAGE_COUNT_] = {
    [ANEW_QUEUE] = queue_piece,  [ANEW_PARCELS] = parcel_piece, [ANEW_GRANTS] = grant_piece,
    [ANEW_SHARES] = share_piece, [ANEW_RUNS] = run_piece,
};

static enum status
step(struct core *core, bool *over)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    enum keys_anew_stage stage = core->signs_anew_stage;
    int64_t at = core->signs_anew_at;
    bool is_last = false;

    TRY(stages[stage](core, arena, &at, &is_last));
    *over = is_last && stage == ANEW_RUNS;
    return is_last && !*over ? note(core, stage + 1, INT64_MIN) : note(core, stage, at);
}

enum status
keys_anew_pass(struct core *core)
{
    enum status s = STATUS_OK;
    bool over = false;

    if (!core->signs_anew)
        return STATUS_OK;
    TRY(core_need_txn(core));
    for (int i = 0; i < PIECES && s == STATUS_OK && !over; i++)
        s = step(core, &over);
    core->signs_later = s == STATUS_LOCKED;
    if (s == STATUS_LOCKED)
        return STATUS_OK; /* the key will be back: it begins this piece anew */
    TRY(s);
    if (!over)
        return STATUS_OK;
    core->signs_anew = false;
    LOG(LOG_INFO, "keys.signed_anew");
    TRY(store_meta_put(core->store, meta_name, (struct bytes){ 0 }));
    return audit_add(core, "node", "key.signed_anew", bytes_of(core->me.b, ID_SIZE),
                     (struct bytes){ 0 });
}
