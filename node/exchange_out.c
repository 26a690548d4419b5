/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange_out.c - handing over: the next thing for a partner, the same number again, and what its
 * acknowledgement changes.
 *
 * A data message is made from what is due at the moment it goes (the newest revision, decided again), and kept
 * as a list of (record, position), not as bytes: sending again makes the same bytes from the same revisions, or a
 * signed Void when that may not or cannot be.
 */
#include "node/core_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { LOAD_MAX = RUN_ITEMS_MAX }; /* records of one message: about what fits */

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

    return store_exec(core->store, STMT_FRAME_ADD, "iiiibnnib", peer_company(peer),
                      (int64_t)stream, (int64_t)seq, (int64_t)frame->kind, frame->body, share,
                      bytes_of(hash.b, ID_SIZE));
}

/* An offer whose share has ended since must not arrive any more. */
static bool
is_past_offer(struct core *core, uint8_t kind, int64_t share)
{
    const struct live *live = live_by_share(core, share);

    return kind == MESSAGE_OFFER &&
           (live == NULL || chain_end(live->chain).ms <= core_wall(core).ms);
}

/* Takes it out of the queue. */
static enum status
pull_control(struct core *core, int64_t company, struct arena *arena, struct peer_frame *out,
             int64_t *share)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_CONTROL_NEXT);

    stmt_bind(q, "i", company);
    TRY(stmt_step(q));
    out->kind = (uint8_t)stmt_int(q, 1);
    out->body = arena_copy(arena, stmt_bytes(q, 2));
    *share = stmt_int(q, 3);
    return store_exec(core->store, STMT_CONTROL_DROP, "i", stmt_int(q, 0));
}

static enum status
next_control(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
             struct peer_frame *out)
{
    int64_t share;

    do
        TRY(pull_control(core, peer_company(peer), arena, out, &share));
    while (is_past_offer(core, out->kind, share));
    TRY(number_given(core, peer, STREAM_CONTROL, seq));
    return frame_keep(core, peer, STREAM_CONTROL, seq, out, share);
}

/* ---- handing over: data ------------------------------------------------------------------- */

/* Records that go in one message, all under one grant. */
struct load {
    const struct live *live;
    struct cleared items[LOAD_MAX];
    int64_t records[LOAD_MAX];
    struct position positions[LOAD_MAX];
    size_t count;
};

static bool
may_carry(const struct live *live, int64_t partner)
{
    return live->role == ROLE_GIVEN && live->partner == partner &&
           (live->state == SHARE_DELIVERED || live->state == SHARE_ACCEPTED ||
            PLANTED(DECIDE_ONCE));
}

/* The second decision. STATUS_NOT_GRANTED, STATUS_NOT_FOUND: it must not or cannot go. */
static enum status
load_record(struct core *core, struct load *load, int64_t record, struct arena *arena,
            const struct run_leaves **run)
{
    const struct live *live = load->live;
    struct cleared *item = &load->items[load->count];
    struct copy_row row;
    struct decision why;

    TRY(copy_get(core, record, live->parent_leaf, arena, run, &row));
    if (live_is_declined(core, live, &row.facts.id))
        return STATUS_NOT_GRANTED;
    TRY(disclose(live->chain, &chain_leaf(live->chain)->audience, &row.facts, &row.full,
                 core_wall(core), arena, item, &why));
    item->run = row.run;
    item->leaf = row.leaf;
    load->records[load->count] = record;
    load->positions[load->count++] = row.position;
    return STATUS_OK;
}

static void
load_swap(struct load *load, size_t a, size_t b)
{
    struct cleared item = load->items[a];
    int64_t record = load->records[a];
    struct position position = load->positions[a];

    load->items[a] = load->items[b];
    load->records[a] = load->records[b];
    load->positions[a] = load->positions[b];
    load->items[b] = item;
    load->records[b] = record;
    load->positions[b] = position;
}

/* (run, leaf) order, so that neighbours of one batch share a signature; nearly sorted already. */
static void
load_sort(struct load *load)
{
    for (size_t i = 1; i < load->count; i++) {
        for (size_t k = i; k > 0; k--) {
            const struct cleared *a = &load->items[k - 1], *b = &load->items[k];
            if (a->run->id < b->run->id || (a->run->id == b->run->id && a->leaf <= b->leaf))
                break;
            load_swap(load, k - 1, k);
        }
    }
}

static enum status
next_due(struct core *core, int64_t leaf, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_DUE_NEXT);
    enum status s;

    *count = 0;
    stmt_bind(q, "ii", leaf, (int64_t)LOAD_MAX);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What is due under this share and may still go; what may not is struck off. */
static enum status
load_due(struct core *core, struct load *load, struct arena *arena, bool *any)
{
    const struct run_leaves *run = NULL;
    int64_t records[LOAD_MAX];
    size_t count;

    TRY(next_due(core, load->live->leaf, records, &count));
    *any = count > 0;
    for (size_t i = 0; i < count; i++) {
        enum status s = load_record(core, load, records[i], arena, &run);
        if (s == STATUS_NOT_FOUND || s == STATUS_NOT_GRANTED)
            s = store_exec(core->store, STMT_DUE_DROP, "ii", load->live->leaf, records[i]);
        TRY(s);
    }
    load_sort(load);
    return STATUS_OK;
}

static void
pack_items(const struct load *load, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        buffer_put_u64(out, (uint64_t)load->records[i]);
        buffer_put_u32(out, load->positions[i].incarnation);
        buffer_put_u64(out, load->positions[i].number);
    }
}

static enum status
load_keep(struct core *core, const struct peer *peer, const struct load *load, size_t count,
          uint64_t seq, struct bytes body)
{
    AUTO(buffer_fini) struct buffer items = { 0 };
    struct digest hash = digest_plain(body);

    for (size_t i = 0; i < count; i++)
        TRY(store_exec(core->store, STMT_DUE_DROP, "ii", load->live->leaf, load->records[i]));
    pack_items(load, count, &items);
    return store_exec(core->store, STMT_FRAME_ADD, "iiiinibnb", peer_company(peer),
                      (int64_t)STREAM_DATA, (int64_t)seq, (int64_t)MESSAGE_RECORDS,
                      load->live->leaf, buffer_bytes(&items), bytes_of(hash.b, ID_SIZE));
}

static enum status
next_of_live(struct core *core, struct peer *peer, struct live *live, uint64_t seq,
             struct arena *arena, struct peer_frame *out)
{
    struct load *load = ARENA_NEW(arena, struct load);
    bool any = true;
    size_t taken;

    load->live = live;
    while (load->count == 0 && any)
        TRY(load_due(core, load, arena, &any));
    if (load->count == 0) {
        live->has_due = false;
        return STATUS_NOT_FOUND;
    }
    out->kind = MESSAGE_RECORDS;
    out->body = records_pack(load->items, load->count, MESSAGE_BODY_MAX, arena, &taken);
    assert(taken > 0); /* RECORD_MAX is well below a message */
    TRY(number_given(core, peer, STREAM_DATA, seq));
    return load_keep(core, peer, load, taken, seq, out->body);
}

static enum status
next_data(struct core *core, struct peer *peer, uint64_t seq, struct arena *arena,
          struct peer_frame *out)
{
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (!live->has_due || !may_carry(live, peer_company(peer)))
            continue;
        enum status s = next_of_live(core, peer, live, seq, arena, out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_NOT_FOUND;
}

enum status
exchange_next(void *self, struct peer *peer, enum stream stream, uint64_t seq,
              struct arena *arena, struct peer_frame *out)
{
    *out = (struct peer_frame){ 0 };
    return stream == STREAM_CONTROL ? next_control(self, peer, seq, arena, out)
                                    : next_data(self, peer, seq, arena, out);
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
    const struct run_leaves *run = NULL;
    struct reader r = reader_of(kept->items);
    size_t taken = 0;

    load->live = live_by_leaf(core, kept->leaf, ROLE_GIVEN);
    if (load->live == NULL || !may_carry(load->live, partner))
        return STATUS_NOT_GRANTED;
    while (r.left > 0) {
        int64_t record = (int64_t)reader_u64(&r);
        struct position was;
        was.incarnation = reader_u32(&r);
        was.number = reader_u64(&r);
        TRY(load_record(core, load, record, arena, &run));
        if (position_compare(load->positions[load->count - 1], was) != 0)
            return STATUS_NOT_GRANTED; /* overtaken by a newer one */
    }
    *body = records_pack(load->items, load->count, MESSAGE_BODY_MAX, arena, &taken);
    struct digest hash = digest_plain(*body);
    return taken == load->count && ID_IS_EQUAL(hash, kept->hash) ? STATUS_OK
                                                                 : STATUS_NOT_GRANTED;
}

/* What was in it is due again, if anything still lets it go. */
static enum status
requeue(struct core *core, const struct kept *kept)
{
    struct live *live = live_by_leaf(core, kept->leaf, ROLE_GIVEN);
    struct reader r = reader_of(kept->items);

    if (live == NULL)
        return STATUS_OK;
    live->has_due = true;
    while (r.left > 0) {
        TRY(store_exec(core->store, STMT_DUE_ADD, "ii", live->leaf, (int64_t)reader_u64(&r)));
        (void)reader_bytes(&r, 12);
    }
    return STATUS_OK;
}

static enum status
make_void(struct core *core, struct peer *peer, enum stream stream, uint64_t seq,
          struct arena *arena, struct peer_frame *out)
{
    struct void_range v = { .author = core->me,
                            .audience = *peer_node(peer),
                            .stream = stream,
                            .incarnation = peer_incarnation(peer),
                            .first = seq,
                            .last = seq };
    struct signed_object object;

    TRY(core_sign(core, SIGN_VOID, wire_void_range_format(&v, arena), &object));
    out->kind = MESSAGE_VOID;
    out->body = wire_signed_body_format(&object, arena);
    return frame_keep(core, peer, stream, seq, out, 0);
}

enum status
exchange_again(void *self, struct peer *peer, enum stream stream, uint64_t seq,
               struct arena *arena, struct peer_frame *out)
{
    struct core *core = self;
    struct kept kept;

    TRY(kept_get(core, peer, stream, seq, arena, &kept));
    *out = (struct peer_frame){ .kind = kept.kind, .body = kept.body };
    if (kept.kind != MESSAGE_RECORDS)
        return is_past_offer(core, kept.kind, kept.share)
                   ? make_void(core, peer, stream, seq, arena, out)
                   : STATUS_OK;
    enum status s = rebuild(core, &kept, peer_company(peer), arena, &out->body);
    if (s != STATUS_NOT_GRANTED && s != STATUS_NOT_FOUND)
        return s;
    TRY(requeue(core, &kept));
    if (PLANTED(NUMBER_REUSED)) {
        s = next_data(core, peer, seq, arena, out);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return make_void(core, peer, stream, seq, arena, out);
}

/* ---- acknowledged ------------------------------------------------------------------------- */

static enum status
delivered(struct core *core, const struct peer *peer, int64_t leaf, struct bytes items)
{
    struct reader r = reader_of(items);
    int64_t now = core_wall(core).ms;

    while (r.left > 0) {
        int64_t record = (int64_t)reader_u64(&r);
        int64_t incarnation = reader_u32(&r);
        int64_t number = (int64_t)reader_u64(&r);
        TRY(store_exec(core->store, STMT_DELIVERY_PUT, "iiiiii", record, peer_company(peer),
                       leaf, incarnation, number, now));
    }
    return STATUS_OK;
}

/* The partner has the offer: now its records may follow. */
static enum status
offer_delivered(struct core *core, int64_t share)
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
            TRY(delivered(core, peer, stmt_int(q, LEAF), stmt_bytes(q, ITEMS)));
        else if (stmt_int(q, KIND) == MESSAGE_OFFER)
            TRY(offer_delivered(core, stmt_int(q, SHARE)));
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
    return store_exec(core->store, STMT_OUT_ACKED, "iii", peer_company(peer), (int64_t)stream,
                      (int64_t)upto);
}
