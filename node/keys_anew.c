/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys_anew.c - after our keys were stolen: what we said before and has yet to arrive somewhere is signed anew, with
 * not a byte of what is signed changed (contract: node/keys.h).
 *
 * First the objects that wait in the queues, then the batches of our records, a piece a round; until the first is done
 * nothing of ours goes, until the second no data. Words on our roots are made anew by node/heads.c. Grants stay as they
 * are: a share that a company has never seen must be given again. Where it stands is in `meta`, so a start goes on from there.
 */
#include <string.h>

#include "node/keys.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/merkle.h"

enum { PIECE = 64, PIECES = 8 };

static const char meta_name[] = "sign-anew";

/* 0: the queues first; n: runs from this number on. */
static enum status
note(struct core *core, uint64_t at)
{
    uint8_t raw[8];

    put_u64(raw, at);
    core->signs_anew = true;
    core->signs_anew_at = at;
    return store_meta_put(core->store, meta_name, bytes_of(raw, sizeof(raw)));
}

enum status
keys_anew_begin(struct core *core)
{
    TRY(store_exec(core->store, STMT_HEAD_WANT_ALL, ""));
    TRY(store_exec(core->store, STMT_PARCEL_ASTRAY_ALL, ""));
    return note(core, 0);
}

enum status
keys_anew_load(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes raw = { 0 };
    enum status s = store_meta_get(core->store, meta_name, arena, &raw);

    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    core->signs_anew = raw.len == 8;
    core->signs_anew_at = raw.len == 8 ? get_u64(raw.data) : 0;
    return STATUS_OK;
}

/* ---- objects that wait -------------------------------------------------------------------- */

static const struct {
    enum message_kind kind;
    enum sign_type type;
} objects[] = {
    { MESSAGE_ANSWER, SIGN_ANSWER },
    { MESSAGE_PASSON_ACK, SIGN_PASSON_ACK },
    { MESSAGE_REVOCATION, SIGN_REVOCATION },
    { MESSAGE_VERDICT, SIGN_VERDICT },
    { MESSAGE_SEALED_RECEIPT, SIGN_SEALED_RECEIPT },
    { MESSAGE_RECEIPT, SIGN_RECEIPT },
    { MESSAGE_WITHDRAWAL, SIGN_WITHDRAWAL },
    { MESSAGE_ASK, SIGN_ASK },
    { MESSAGE_PROPOSAL, SIGN_PROPOSAL },
    { MESSAGE_PROPOSAL_ANSWER, SIGN_PROPOSAL_ANSWER },
};

/* Ours, under a key of ours: signed anew. Anything else stays, of others above all. *out empty: it stays. */
static enum status
sign_object(struct core *core, int64_t kind, struct bytes body, struct arena *arena,
            struct bytes *out)
{
    const struct company *us = core->companies[0];
    struct signed_object *object;

    *out = (struct bytes){ 0 };
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        if (kind != (int64_t)objects[i].kind ||
            wire_signed_body_parse(body, arena, &object) != STATUS_OK ||
            signature_verify_any(objects[i].type, us->signing, us->signing_count, object->body,
                                 &object->signature) != STATUS_OK)
            continue;
        TRY(core_sign(core, objects[i].type, object->body, object));
        *out = wire_signed_body_format(object, arena);
    }
    return STATUS_OK;
}

/* Rows of (id, company, kind, body) of one table; `put` takes (id, company, body). */
static enum status
sign_rows(struct core *core, enum statement all, enum statement put)
{
    enum { ID, COMPANY, KIND, BODY };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, all);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct bytes made;
        arena_reset(arena);
        TRY(sign_object(core, stmt_int(q, KIND), arena_copy(arena, stmt_bytes(q, BODY)), arena,
                        &made));
        if (made.len > 0)
            TRY(store_exec(core->store, put, "iib", stmt_int(q, ID), stmt_int(q, COMPANY),
                           made));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
sign_queues(struct core *core)
{
    TRY(sign_rows(core, STMT_CONTROL_OWN_ALL, STMT_CONTROL_SIGNED));
    TRY(sign_rows(core, STMT_PARCEL_OWN_ALL, STMT_PARCEL_SIGNED));
    return note(core, 1);
}

/* ---- batches ------------------------------------------------------------------------------ */

struct batch {
    int64_t id;
    uint32_t size, first;
    struct signature signature;
    struct bytes leaves, path;
};

static enum status
sign_batch(struct core *core, const struct batch *b)
{
    const struct company *us = core->companies[0];
    struct signed_object object;
    struct digest root;
    uint8_t body[68];

    TRY(merkle_climb((const struct digest *)(const void *)b->leaves.data, b->size, b->first,
                     b->leaves.len / ID_SIZE, b->path, &root));
    signature_batch_body(&core->me, b->size, &root, body);
    struct bytes raw = bytes_of(body, sizeof(body));
    if (signature_verify_any(SIGN_BATCH, us->signing, us->signing_count, raw, &b->signature) !=
        STATUS_OK)
        return STATUS_OK; /* another company's */
    TRY(core_sign(core, SIGN_BATCH, raw, &object));
    return store_exec(core->store, STMT_RUN_SIGNED, "ib", b->id,
                      bytes_of(object.signature.b, sizeof(object.signature.b)));
}

static enum status
sign_piece(struct core *core, bool *over)
{
    enum { ID, SIZE, FIRST, SIGNATURE, LEAVES, PATH };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct batch batches[PIECE];
    size_t count = 0;
    enum status s = STATUS_OK;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RUN_FROM);
        stmt_bind(q, "ii", (int64_t)core->signs_anew_at, (int64_t)PIECE);
        while (count < PIECE && (s = stmt_step(q)) == STATUS_OK) {
            struct batch *b = &batches[count++];
            *b = (struct batch){ .id = stmt_int(q, ID),
                                 .size = (uint32_t)stmt_int(q, SIZE),
                                 .first = (uint32_t)stmt_int(q, FIRST),
                                 .leaves = arena_copy(arena, stmt_bytes(q, LEAVES)),
                                 .path = arena_copy(arena, stmt_bytes(q, PATH)) };
            stmt_copy(q, SIGNATURE, b->signature.b, sizeof(b->signature.b));
        }
    }
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    for (size_t i = 0; i < count; i++)
        TRY(sign_batch(core, &batches[i]));
    *over = count < PIECE;
    return *over ? STATUS_OK : note(core, (uint64_t)batches[count - 1].id + 1);
}

static enum status
step(struct core *core, bool *over)
{
    if (core->signs_anew_at == 0)
        return sign_queues(core);
    for (int i = 0; i < PIECES && !*over; i++)
        TRY(sign_piece(core, over));
    return STATUS_OK;
}

enum status
keys_anew_pass(struct core *core)
{
    bool over = false;

    if (!core->signs_anew)
        return STATUS_OK;
    TRY(core_need_txn(core));
    enum status s = step(core, &over);
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
