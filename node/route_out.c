/* SPDX-License-Identifier: Apache-2.0
 *
 * node/route_out.c - sealing and handing over (contract: node/route.h): control objects and records for companies
 * without a link, and what is carried for others. What goes again is in route_again.c.
 *
 * Nothing is written before it is signed, so that a missing key process leaves everything as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "node/route_priv.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { FRAME_ITEMS = 16 }; /* u64 company, u64 number */

/* ---- content keys ------------------------------------------------------------------------- */

void
route_forget_keys(struct core *core)
{
    if (core->content_key_count > 0)
        explicit_bzero(core->content_keys,
                       core->content_key_count * sizeof(*core->content_keys));
    free(core->content_keys);
    core->content_keys = NULL;
    core->content_key_count = 0;
}

/* One per company, its sealing key and grant, made anew when this process starts and when a share towards the company
 * ends. */
static enum status
content_key_for(struct core *core, const struct company *to, const struct object_id *grant,
                struct route_numbers *n, const struct sealing_key **out)
{
    struct sealing_key made = { .company = to->id, .to = to->sealing_key, .grant = *grant };

    for (size_t i = 0; i < core->content_key_count; i++) {
        *out = &core->content_keys[i];
        if ((*out)->company == to->id && ID_IS_EQUAL((*out)->grant, *grant) &&
            ID_IS_EQUAL((*out)->to, to->sealing_key))
            return STATUS_OK;
    }
    made.epoch = ++n->epoch;
    core->env.random(core->env.self, made.key.b, sizeof(made.key.b));
    if (!seal_wrap(&made.key, &to->sealing_key, made.wrapped))
        return STATUS_UNKNOWN_KEY;
    core->content_keys = xrealloc(core->content_keys,
                                  (core->content_key_count + 1) * sizeof(*core->content_keys));
    core->content_keys[core->content_key_count] = made;
    *out = &core->content_keys[core->content_key_count++];
    return STATUS_OK;
}

/* ---- one message -------------------------------------------------------------------------- */

static int
compare_handles(const void *a, const void *b)
{
    return memcmp(a, b, HANDLE_SIZE);
}

enum status
route_seal(struct core *core, const struct company *to, const struct way *way, struct parcel *p,
           struct route_numbers *n, struct arena *arena, struct bytes *body)
{
    const struct sealing_key *key;
    struct sealed header = { .author = core->me,
                             .audience = to->node,
                             .grant = *chain_leaf_id(way->live->chain),
                             .incarnation = core->incarnation,
                             .number = p->number,
                             .handles = p->handles,
                             .handle_count = p->handle_count,
                             .gone = p->gone,
                             .gone_count = p->gone_count };
    struct sealed_body made = { 0 };

    if (p->handle_count > 1)
        qsort(p->handles, p->handle_count, sizeof(*p->handles), compare_handles);
    if (p->gone_count > 1)
        qsort(p->gone, p->gone_count, sizeof(*p->gone), compare_handles);
    TRY(content_key_for(core, to, &header.grant, n, &key));
    header.epoch = key->epoch;
    memcpy(header.key, key->wrapped, sizeof(header.key));
    core->env.random(core->env.self, header.nonce, sizeof(header.nonce));
    made.box = seal_close(&key->key, &header, p->kind, p->inner, arena);
    TRY(core_sign(core, SIGN_SEALED, wire_sealed_format(&header, arena), &made.header));
    *body = wire_sealed_body_format(&made, arena);
    return STATUS_OK;
}

static enum status
keep_parcel(struct core *core, const struct company *to, const struct way *way,
            const struct parcel *p, struct route_numbers *n, struct bytes body)
{
    struct bytes inner = p->kind == MESSAGE_RECORDS ? (struct bytes){ 0 } : p->inner;

    n->next = p->number + 1;
    TRY(route_numbers_put(core, to->id, n));
    return store_exec(core->store, STMT_PARCEL_ADD, "iiiibibbbi", to->id, (int64_t)p->number,
                      (int64_t)p->kind, p->leaf, buffer_bytes(&p->items), p->share,
                      bytes_of(chain_leaf_id(way->live->chain)->b, ID_SIZE), inner, body,
                      core_wall(core).ms);
}

/* ---- what is in it ------------------------------------------------------------------------ */

/* The first control object that may still go; *id is its place in the queue. STATUS_NOT_FOUND. */
static enum status
peek_control(struct core *core, struct company *to, const struct way *way, struct arena *arena,
             struct parcel *p, int64_t *id)
{
    for (;;) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_CONTROL_NEXT);
        stmt_bind(q, "ii", to->id, core_wall(core).ms);
        enum status s = stmt_step(q);
        if (s == STATUS_NOT_FOUND)
            to->control_waits = false;
        TRY(s);
        *id = stmt_int(q, 0);
        p->kind = (uint8_t)stmt_int(q, 1);
        p->share = stmt_int(q, 3);
        p->inner = arena_copy(arena, stmt_bytes(q, 2));
        if (!exchange_offer_is_past(core, p->kind, p->share) && p->kind != MESSAGE_RECEIPT &&
            p->inner.len <= SEAL_ROOM - SEAL_HEAD)
            return STATUS_OK;
        stmt_return(&q);
        if (p->kind == MESSAGE_RECEIPT) /* had no way when it was made: not sealed, as any */
            TRY(control_queue(core, way->hop->id, MESSAGE_RECEIPT, p->inner, 0));
        TRY(store_exec(core->store, STMT_CONTROL_DROP, "i", *id));
    }
}

static enum status
handle_of(struct core *core, int64_t leaf, int64_t record, struct handle *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HANDLE_GET);

    stmt_bind(q, "ii", leaf, record);
    enum status s = stmt_step(q);
    if (s == STATUS_OK)
        stmt_copy(q, 0, out->b, HANDLE_SIZE);
    if (s != STATUS_NOT_FOUND)
        return s;
    core->env.random(core->env.self, out->b, HANDLE_SIZE);
    return store_exec(core->store, STMT_HANDLE_ADD, "iib", leaf, record,
                      bytes_of(out->b, HANDLE_SIZE));
}

static enum status
name_rows(struct core *core, const struct load *load, size_t count, struct arena *arena,
          struct parcel *p)
{
    p->handles = ARENA_ARRAY(arena, struct handle, count);
    p->gone = ARENA_ARRAY(arena, struct handle, count);
    for (size_t i = 0; i < count; i++) {
        struct handle *to =
            load->gone[i] ? &p->gone[p->gone_count++] : &p->handles[p->handle_count++];
        TRY(handle_of(core, load->live->leaf, load->records[i], to));
    }
    return STATUS_OK;
}

/* Records that are due under a share to this company. STATUS_NOT_FOUND. */
static enum status
peek_records(struct core *core, const struct company *to, struct arena *arena,
             struct load *load, struct parcel *p, size_t *taken)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (!live->has_due || !load_may_carry(core, live, to->id))
            continue;
        TRY(load_due(core, live, arena, load));
        if (load->count == 0)
            continue;
        p->kind = MESSAGE_RECORDS;
        p->leaf = live->leaf;
        p->inner = load_pack(load, SEAL_ROOM - SEAL_HEAD, arena, taken);
        assert(*taken > 0); /* RECORD_MAX is well below */
        return name_rows(core, load, *taken, arena, p);
    }
    return STATUS_NOT_FOUND;
}

static enum status
seal_control(struct core *core, struct company *to, const struct way *way, struct arena *arena,
             struct parcel *p, struct bytes *body)
{
    struct route_numbers n;
    int64_t id;

    if (!to->control_waits)
        return STATUS_NOT_FOUND;
    TRY(peek_control(core, to, way, arena, p, &id));
    if (p->kind == MESSAGE_WITHDRAWAL)
        TRY(withdrawal_handles(core, p->inner, arena, &p->gone, &p->gone_count));
    TRY(route_numbers_get(core, to->id, &n));
    p->number = n.next;
    TRY(route_seal(core, to, way, p, &n, arena, body));
    TRY(store_exec(core->store, STMT_CONTROL_DROP, "i", id));
    return keep_parcel(core, to, way, p, &n, *body);
}

static enum status
seal_records(struct core *core, struct company *to, const struct way *way, struct arena *arena,
             struct parcel *p, struct bytes *body)
{
    struct load *load = ARENA_NEW(arena, struct load);
    struct route_numbers n;
    size_t taken;

    TRY(peek_records(core, to, arena, load, p, &taken));
    TRY(route_numbers_get(core, to->id, &n));
    p->number = n.next;
    TRY(route_seal(core, to, way, p, &n, arena, body));
    TRY(load_handed(core, load, taken, &p->items));
    return keep_parcel(core, to, way, p, &n, *body);
}

/* ---- handing over ------------------------------------------------------------------------- */

static enum status
hand_over(struct core *core, const struct peer *peer, uint64_t seq, struct bytes items,
          struct peer_frame *out, struct bytes body)
{
    struct digest hash = digest_plain(body);

    out->kind = MESSAGE_SEALED;
    out->body = body;
    TRY(store_exec(core->store, STMT_OUT_PUT, "iiii", peer_company(peer), (int64_t)STREAM_DATA,
                   (int64_t)seq + 1, (int64_t)peer_acked(peer, STREAM_DATA)));
    return store_exec(core->store, STMT_FRAME_SEALED, "iiiibbbi", peer_company(peer),
                      (int64_t)STREAM_DATA, (int64_t)seq, (int64_t)MESSAGE_SEALED, body, items,
                      bytes_of(hash.b, ID_SIZE), core_wall(core).ms);
}

/* name: of a message of ours, as in its frame; empty: another's. */
static enum status
pull_carried(struct core *core, struct peer *peer, struct arena *arena, struct bytes *name,
             struct bytes *body)
{
    enum { ID, AUTHOR, AUDIENCE, NUMBER, BODY };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_CARRY_NEXT);
    uint8_t *raw = arena_alloc(arena, FRAME_ITEMS);

    stmt_bind(q, "i", peer_company(peer));
    TRY(stmt_step(q));
    put_u64(raw, (uint64_t)stmt_int(q, AUDIENCE));
    put_u64(raw + 8, (uint64_t)stmt_int(q, NUMBER));
    *name = bytes_of(raw, stmt_int(q, AUTHOR) == COMPANY_US ? FRAME_ITEMS : 0);
    *body = arena_copy(arena, stmt_bytes(q, BODY));
    return store_exec(core->store, STMT_CARRY_DROP, "i", stmt_int(q, ID));
}

static enum status
next_carried(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
             struct peer_frame *out)
{
    struct bytes name, body;

    do
        TRY(pull_carried(core, peer, arena, &name, &body));
    while (!route_may_go_again(core, name, body)); /* it is sealed again, in its turn */
    return hand_over(core, peer, seq, name, out, body);
}

static enum status
next_own(struct core *core, struct peer *peer, struct company *to, uint64_t seq,
         struct arena *arena, struct peer_frame *out)
{
    AUTO(buffer_fini) struct buffer items = { 0 };
    struct parcel p = { 0 };
    uint8_t name[FRAME_ITEMS];
    struct bytes body;
    struct way way;

    if (!route_find(core, to, &way) || way.hop->peer != peer)
        return STATUS_NOT_FOUND;
    enum status s = seal_control(core, to, &way, arena, &p, &body);
    if (s == STATUS_NOT_FOUND)
        s = seal_records(core, to, &way, arena, &p, &body);
    items = p.items; /* freed with the scope */
    if (s == STATUS_UNKNOWN_KEY)
        return STATUS_NOT_FOUND; /* its sealing key is none: nothing goes to it */
    TRY(s);
    put_u64(name, (uint64_t)to->id);
    put_u64(name + 8, p.number);
    return hand_over(core, peer, seq, bytes_of(name, FRAME_ITEMS), out, body);
}

enum status
route_next(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
           struct peer_frame *out)
{
    enum status s = next_carried(core, peer, seq, arena, out);

    for (size_t i = 0; s == STATUS_NOT_FOUND && i < core->company_count; i++) {
        struct company *to = core->companies[i];
        if (to->peer == NULL && to->id != COMPANY_US)
            s = next_own(core, peer, to, seq, arena, out);
    }
    return s;
}
