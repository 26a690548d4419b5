/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange_out.c - handing over: the next thing for a partner, the same number again, and what its
 * acknowledgement changes.
 *
 * A data message is made from what is due at the moment it goes (the newest revision, decided again), and kept
 * as a list of (record, position), not as bytes: sending again makes the same bytes from the same revisions, or a
 * signed Void when that may not or cannot be.
 */
#include "node/give_back.h"
#include "node/keys.h"
#include "node/route.h"
#include "node/scopes.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

static enum status
number_given(struct core *core, const struct peer *peer, enum stream stream, uint64_t seq)
{
    return store_exec(core->store, STMT_OUT_PUT, "iiii", peer_company(peer), (int64_t)stream,
                      (int64_t)seq + 1, (int64_t)peer_acked(peer, stream));
}

/* ---- handing over: control ---------------------------------------------------------------- */

static enum status
frame_keep(struct core *core, const struct peer *peer, enum stream stream, uint64_t seq,
           const struct peer_frame *frame, int64_t share)
{
    struct digest hash = digest_plain(frame->body);

    return store_exec(core->store, STMT_FRAME_ADD, "iiiibnnibi", peer_company(peer),
                      (int64_t)stream, (int64_t)seq, (int64_t)frame->kind, frame->body, share,
                      bytes_of(hash.b, ID_SIZE), core_wall(core).ms);
}

bool
exchange_offer_is_past(struct core *core, uint8_t kind, int64_t share)
{
    const struct live *live = live_by_share(core, share);

    return (kind == MESSAGE_OFFER || kind == MESSAGE_HEAD) &&
           (live == NULL || chain_end(live->chain).ms <= core_wall(core).ms);
}

static void
control_read(struct stmt *q, struct arena *arena, struct peer_frame *out, int64_t *id,
             int64_t *share)
{
    enum { ID, KIND, BODY, SHARE };

    *id = stmt_int(q, ID);
    out->kind = (uint8_t)stmt_int(q, KIND);
    out->body = arena_copy(arena, stmt_bytes(q, BODY));
    *share = stmt_int(q, SHARE);
}

enum status
exchange_control_pull(struct core *core, int64_t company, struct arena *arena,
                      struct peer_frame *out, int64_t *share)
{
    AUTO(stmt_return) struct stmt *next = stmt_borrow(core->store, STMT_CONTROL_NEXT);
    AUTO(stmt_return) struct stmt *before = stmt_borrow(core->store, STMT_CONTROL_ONE);
    int64_t id, first;

    stmt_bind(next, "ii", company, core_wall(core).ms);
    TRY(stmt_step(next));
    control_read(next, arena, out, &id, share);
    enum status s = keys_before(core, company, out->kind, out->body, &first);
    if (s == STATUS_OK) {
        stmt_bind(before, "i", first);
        TRY(stmt_step(before));
        control_read(before, arena, out, &id, share);
    } else if (s != STATUS_NOT_FOUND) {
        return s;
    }
    return store_exec(core->store, STMT_CONTROL_DROP, "i", id);
}

static enum status
next_control(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
             struct peer_frame *out)
{
    int64_t share;

    do
        TRY(exchange_control_pull(core, peer_company(peer), arena, out, &share));
    while (exchange_offer_is_past(core, out->kind, share));
    if (out->kind == MESSAGE_OFFER)
        TRY(offer_refresh(core, live_by_share(core, share), arena, &out->body));
    TRY(number_given(core, peer, STREAM_CONTROL, seq));
    return frame_keep(core, peer, STREAM_CONTROL, seq, out, share);
}

/* ---- handing over: data ------------------------------------------------------------------- */

static enum status
load_keep(struct core *core, const struct peer *peer, const struct load *load, size_t count,
          uint64_t seq, const struct peer_frame *frame)
{
    AUTO(buffer_fini) struct buffer items = { 0 };
    struct digest hash = digest_plain(frame->body);

    TRY(load_handed(core, load, count, &items));
    return store_exec(core->store, STMT_FRAME_ADD, "iiiinibnbi", peer_company(peer),
                      (int64_t)STREAM_DATA, (int64_t)seq, (int64_t)frame->kind,
                      load->live->leaf, buffer_bytes(&items), bytes_of(hash.b, ID_SIZE),
                      core_wall(core).ms);
}

static enum status
next_of_live(struct core *core, struct peer *peer, struct live *live, uint64_t seq,
             struct arena *arena, struct peer_frame *out)
{
    struct load *load = ARENA_NEW(arena, struct load);
    size_t taken;

    TRY(load_due(core, live, arena, load));
    if (load->count == 0)
        return STATUS_NOT_FOUND;
    out->kind = live->role == ROLE_RECEIVED ? MESSAGE_OWN_RECORDS : MESSAGE_RECORDS;
    out->body = load_pack(load, MESSAGE_BODY_MAX, arena, &taken);
    assert(taken > 0); /* RECORD_MAX is well below a message */
    TRY(number_given(core, peer, STREAM_DATA, seq));
    return load_keep(core, peer, load, taken, seq, out);
}

static enum status
next_direct(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
            struct peer_frame *out)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (!live->has_due || !load_may_carry(core, live, peer_company(peer)))
            continue;
        enum status s = next_of_live(core, peer, live, seq, arena, out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_NOT_FOUND;
}

/* Turn by turn, so that neither a large share nor a large freight holds up the other. */
static enum status
next_data(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
          struct peer_frame *out)
{
    bool own_first = seq % 2 == 0;
    enum status s = own_first ? next_direct(core, peer, seq, arena, out)
                              : route_next(core, peer, seq, arena, out);

    if (s != STATUS_NOT_FOUND)
        return s;
    return own_first ? route_next(core, peer, seq, arena, out)
                     : next_direct(core, peer, seq, arena, out);
}

/* STATUS_NOT_FOUND: what takes back has no number yet, because too much is unacknowledged, and no data goes before it; or
 * the partner is to know our keys first. */
static enum status
data_waits(struct core *core, const struct peer *peer)
{
    int64_t one;
    enum status s =
        store_number(core->store, &one, STMT_CONTROL_TAKES_BACK, "i", peer_company(peer));

    if (s != STATUS_NOT_FOUND)
        return s == STATUS_OK ? STATUS_NOT_FOUND : s;
    return keys_wait(core, company_by_id(core, peer_company(peer)));
}

enum status
exchange_next(void *self, struct peer *peer, enum stream stream, uint64_t seq,
              struct arena *arena, struct peer_frame *out)
{
    struct core *core = self;

    *out = (struct peer_frame){ 0 };
    if (stream == STREAM_CONTROL)
        return keys_anew_holds(core) ? STATUS_NOT_FOUND
                                     : next_control(core, peer, seq, arena, out);
    if (disk_is_full(core->disk))
        return STATUS_NOT_FOUND; /* its number would have to be kept */
    TRY(data_waits(core, peer));
    enum status s = next_data(core, peer, seq, arena, out);
    if (s == STATUS_NOT_FOUND)
        TRY(give_back_go_on(core, company_by_id(core, peer_company(peer))));
    return s;
}

/* ---- handing over again ------------------------------------------------------------------- */

struct kept {
    uint8_t kind;
    struct bytes body, items;
    int64_t leaf, share;
    struct digest hash;
};

static enum status
kept_get(struct core *core, const struct peer *peer, enum stream stream, uint64_t seq,
         struct arena *arena, struct kept *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_FRAME_GET);

    stmt_bind(q, "iii", peer_company(peer), (int64_t)stream, (int64_t)seq);
    TRY(stmt_step(q));
    out->kind = (uint8_t)stmt_int(q, 0);
    out->body = arena_copy(arena, stmt_bytes(q, 1));
    out->leaf = stmt_int(q, 2);
    out->items = arena_copy(arena, stmt_bytes(q, 3));
    out->share = stmt_int(q, 4);
    stmt_copy(q, 5, out->hash.b, ID_SIZE);
    return STATUS_OK;
}

/* The same revisions, decided again. STATUS_NOT_GRANTED when not all of them may go as they were. */
static enum status
rebuild(struct core *core, const struct kept *kept, int64_t partner, struct arena *arena,
        struct bytes *body)
{
    struct load *load = ARENA_NEW(arena, struct load);
    size_t taken = 0;

    TRY(load_again(core, kept->leaf, partner, kept->items, arena, load));
    *body = load_pack(load, MESSAGE_BODY_MAX, arena, &taken);
    struct digest hash = digest_plain(*body);
    return taken == load->count && ID_IS_EQUAL(hash, kept->hash) ? STATUS_OK
                                                                 : STATUS_NOT_GRANTED;
}

static enum status
sign_void(struct core *core, struct peer *peer, enum stream stream, uint64_t seq,
          struct arena *arena, struct peer_frame *out)
{
    uint64_t last = out->last > seq ? out->last : seq;
    struct void_range v = { .author = core->me,
                            .audience = *peer_node(peer),
                            .stream = stream,
                            .incarnation = peer_incarnation(peer),
                            .first = seq,
                            .last = last };
    struct signed_object object;

    TRY(core_sign(core, SIGN_VOID, wire_void_range_format(&v, arena), &object));
    out->kind = MESSAGE_VOID;
    out->body = wire_signed_body_format(&object, arena);
    return STATUS_OK;
}

static enum status
make_void(struct core *core, struct peer *peer, enum stream stream, uint64_t seq,
          struct arena *arena, struct peer_frame *out)
{
    TRY(sign_void(core, peer, stream, seq, arena, out));
    return frame_keep(core, peer, stream, seq, out, 0);
}

/* It was acknowledged and is not kept any more, and the partner went back to an older database. */
static enum status
make_lost(struct core *core, struct peer *peer, enum stream stream, uint64_t seq,
          struct arena *arena, struct peer_frame *out)
{
    int64_t after;

    TRY(store_number(core->store, &after, STMT_FRAME_AFTER, "iii", peer_company(peer),
                     (int64_t)stream, (int64_t)seq));
    *out = (struct peer_frame){ .last = (uint64_t)after - 1 };
    return make_void(core, peer, stream, seq, arena, out);
}

/* What takes back does not wait behind what had a number before it and was not acknowledged: that is queued again, and a
 * Void stands for each. STATUS_NOT_FOUND: nothing takes back, or nobody can sign. */
static enum status
overtake(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
         struct peer_frame *out)
{
    int64_t one, company = peer_company(peer);

    TRY(store_number(core->store, &one, STMT_FRAME_OVERTAKEN, "ii", company, (int64_t)seq));
    enum status s = sign_void(core, peer, STREAM_CONTROL, seq, arena, out);
    if (s != STATUS_OK)
        return s == STATUS_LOCKED ? STATUS_NOT_FOUND : s;
    TRY(store_exec(core->store, STMT_FRAME_BACK, "ii", company, (int64_t)seq));
    TRY(store_exec(core->store, STMT_CONTROL_HEADS_OLD, "i", company));
    TRY(store_exec(core->store, STMT_FRAME_EMPTY, "ii", company, (int64_t)seq));
    company_by_id(core, company)->control_waits = true;
    return frame_keep(core, peer, STREAM_CONTROL, seq, out, 0);
}

enum status
exchange_again(void *self, struct peer *peer, enum stream stream, uint64_t seq,
               struct arena *arena, struct peer_frame *out)
{
    struct core *core = self;
    struct kept kept;

    if (stream == STREAM_DATA)
        TRY(data_waits(core, peer));
    if (keys_anew_holds(core))
        return STATUS_NOT_FOUND;
    enum status s = kept_get(core, peer, stream, seq, arena, &kept);
    if (s == STATUS_NOT_FOUND)
        return make_lost(core, peer, stream, seq, arena, out);
    TRY(s);
    *out = (struct peer_frame){ 0 };
    if (kept.kind == MESSAGE_VOID && kept.body.len == 0)
        return make_void(core, peer, stream, seq, arena, out); /* overtaken, and not signed */
    if (stream == STREAM_CONTROL) {
        s = overtake(core, peer, seq, arena, out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    *out = (struct peer_frame){ .kind = kept.kind, .body = kept.body };
    if (kept.kind == MESSAGE_SEALED)
        return route_may_go_again(core, kept.items, kept.body)
                   ? STATUS_OK
                   : make_void(core, peer, stream, seq, arena, out);
    if (kept.kind != MESSAGE_RECORDS && kept.kind != MESSAGE_OWN_RECORDS)
        return exchange_offer_is_past(core, kept.kind, kept.share)
                   ? make_void(core, peer, stream, seq, arena, out)
                   : STATUS_OK;
    s = rebuild(core, &kept, peer_company(peer), arena, &out->body);
    if (s != STATUS_NOT_GRANTED && s != STATUS_NOT_FOUND)
        return s;
    TRY(load_requeue(core, kept.leaf, kept.items));
    if (PLANTED(NUMBER_REUSED)) {
        s = next_data(core, peer, seq, arena, out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return make_void(core, peer, stream, seq, arena, out);
}

/* ---- acknowledged ------------------------------------------------------------------------- */

/* It said that it erased this one, and has another revision now. That it was removed is nothing to have. */
static enum status
has_again(struct core *core, int64_t record, int64_t company, int64_t leaf)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct record_now *now;

    enum status s = record_now(core->store, record, true, arena, &now);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && now->tombstone))
        return STATUS_OK;
    TRY(s);
    return store_exec(core->store, STMT_DELIVERY_AGAIN, "iii", record, company, leaf);
}

/* As it will be after DELIVERY_PUT. */
static enum status
sums_delivered(struct core *core, const struct live *live, int64_t record, struct position is)
{
    struct position was;
    int missed = 0;

    if (live == NULL || live->set == NULL)
        return STATUS_OK;
    enum status s = scopes_delivered(core, live->leaf, record, &was, &missed);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    return scopes_moved(core, live, record, s == STATUS_OK && missed < 2 ? &was : NULL, &is);
}

enum status
exchange_records_delivered(struct core *core, int64_t company, int64_t leaf, struct bytes items)
{
    const struct live *live = live_by_leaf(core, leaf, ROLE_GIVEN);
    struct reader r = reader_of(items);
    int64_t now = core_wall(core).ms, purged;

    while (r.left > 0) {
        int64_t record = (int64_t)reader_u64(&r);
        struct position is;
        is.incarnation = reader_u32(&r);
        is.number = reader_u64(&r);
        TRY(sums_delivered(core, live, record, is));
        TRY(store_number(core->store, &purged, STMT_DELIVERY_PUT, "iiiiii", record, company,
                         leaf, (int64_t)is.incarnation, (int64_t)is.number, now));
        if (purged > 0)
            TRY(has_again(core, record, company, leaf));
    }
    return STATUS_OK;
}

enum status
exchange_offer_delivered(struct core *core, int64_t share)
{
    struct live *live = live_by_share(core, share);

    if (live == NULL || live->role != ROLE_GIVEN || live->state != SHARE_OFFERED)
        return STATUS_OK;
    TRY(share_move(core, live, SHARE_DELIVERED, ""));
    return records_queue_share(core, live);
}

static enum status
each_acked(struct core *core, const struct peer *peer, enum stream stream, uint64_t upto)
{
    enum { SEQ, KIND, LEAF, ITEMS, SHARE };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_FRAME_UPTO);
    enum status s;

    stmt_bind(q, "iii", peer_company(peer), (int64_t)stream, (int64_t)upto);
    while ((s = stmt_step(q)) == STATUS_OK) {
        if (stmt_int(q, KIND) == MESSAGE_RECORDS)
            TRY(exchange_records_delivered(core, peer_company(peer), stmt_int(q, LEAF),
                                           stmt_bytes(q, ITEMS)));
        else if (stmt_int(q, KIND) == MESSAGE_OFFER)
            TRY(exchange_offer_delivered(core, stmt_int(q, SHARE)));
        else if (stmt_int(q, KIND) == MESSAGE_PROPOSAL)
            core->has_erased = true; /* what we proposed goes with its frame (P11) */
        else if (stmt_int(q, KIND) == MESSAGE_DESCRIPTOR)
            TRY(keys_told(core, peer_company(peer), stmt_int(q, SHARE)));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
exchange_acked(void *self, struct peer *peer, enum stream stream, uint64_t upto)
{
    struct core *core = self;

    TRY(core_need_txn(core));
    TRY(each_acked(core, peer, stream, upto));
    TRY(store_exec(core->store, STMT_FRAME_DROP, "iii", peer_company(peer), (int64_t)stream,
                   (int64_t)upto));
    TRY(store_exec(core->store, STMT_OUT_ACKED, "iii", peer_company(peer), (int64_t)stream,
                   (int64_t)upto));
    return give_back_go_on(core, company_by_id(core, peer_company(peer)));
}
