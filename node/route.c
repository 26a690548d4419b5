/* SPDX-License-Identifier: Apache-2.0
 *
 * node/route.c - the sealed way: which way it goes, what arrives for us or to be carried, and receipts. Sealing and
 * handing over is in route_out.c.
 */
#include <string.h>

#include "node/budget.h"
#include "node/give_back.h"
#include "node/keys.h"
#include "node/route_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum {
    KEYS_KEPT = 16,
    TELL_MOST = 32,
};

/* ---- the way ------------------------------------------------------------------------------ */

/* Companies of a chain in order: the owner, then each link's audience. */
struct path {
    const struct node_id *nodes[CHAIN_MAX + 1];
    size_t count;
};

static void
path_of(const struct verified_chain *chain, struct path *out)
{
    *out = (struct path){ .count = chain_length(chain) + 1 };
    out->nodes[0] = chain_owner(chain);
    for (size_t i = 0; i < chain_length(chain); i++)
        out->nodes[i + 1] = &chain_link(chain, i)->audience;
}

/* count when it is not in it */
static size_t
path_index(const struct path *path, const struct node_id *node)
{
    size_t i = 0;

    for (; i < path->count; i++) {
        assert(path->nodes[i] != NULL);
        if (ID_IS_EQUAL(*path->nodes[i], *node))
            break;
    }
    return i;
}

/* Both sides of it stand by the chain. */
static bool
is_way(const struct live *live)
{
    return live->state == SHARE_ACCEPTED;
}

static bool
way_by(struct core *core, const struct live *live, const struct node_id *to, struct way *out)
{
    struct path path;

    path_of(live->chain, &path);
    size_t me = path_index(&path, &core->me), there = path_index(&path, to);
    if (!is_way(live) || me == path.count || there == path.count ||
        (me < there ? there - me : me - there) < 2)
        return false;
    struct company *hop = company_find(core, path.nodes[me < there ? me + 1 : me - 1]);
    if (hop == NULL || hop->peer == NULL)
        return false;
    *out = (struct way){ hop, live };
    return true;
}

/* A chain that we are in, by its leaf. */
static const struct live *
way_named(struct core *core, const struct object_id *grant)
{
    static const enum share_role roles[] = { ROLE_RECEIVED, ROLE_GIVEN, ROLE_NOTED };

    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        const struct live *live = live_by_gid(core, grant, roles[i]);
        if (live != NULL &&
            live->state != SHARE_WAITING) /* who sends by it may know of its answer before us */
            return live;
    }
    return NULL;
}

/* Who wrote to us last by this way holds by it; of a chain that we only noted we do not know that. */
static bool
last_way(struct core *core, const struct company *to, struct way *out)
{
    struct route_numbers n;

    if (route_numbers_get(core, to->id, &n) != STATUS_OK)
        return false;
    const struct live *live = way_named(core, &n.way);
    return live != NULL && way_by(core, live, &to->node, out);
}

bool
route_find(struct core *core, const struct company *to, struct way *out)
{
    bool found = false;

    for (size_t i = 0; i < core->live_count; i++) {
        struct way way;
        if (!way_by(core, &core->lives[i], &to->node, &way))
            continue;
        if (!found || (out->live->role == ROLE_NOTED && way.live->role != ROLE_NOTED))
            *out = way;
        found = true;
    }
    return found && (last_way(core, to, out) || true);
}

bool
route_find_by(struct core *core, const struct company *to, const struct object_id *grant,
              struct way *out)
{
    const struct live *live = way_named(core, grant);

    return live != NULL && way_by(core, live, &to->node, out);
}

struct company *
route_link(struct core *core, struct company *company)
{
    struct way way;

    if (company->peer != NULL)
        return company;
    return route_find(core, company, &way) ? way.hop : NULL;
}

/* Our neighbours towards author and audience. STATUS_NOT_GRANTED: this is not the way. */
struct between {
    struct company *before, *after; /* after: NULL when it is for us */
};

static enum status
find_between(struct core *core, const struct live *live, const struct node_id *author,
             const struct node_id *audience, struct between *out)
{
    struct path path;

    path_of(live->chain, &path);
    size_t me = path_index(&path, &core->me), from = path_index(&path, author),
           to = path_index(&path, audience);
    if (me == path.count || from == path.count || to == path.count || from == me ||
        (from < to) != (from < me) || (from < to ? me > to : me < to) ||
        (from < to ? to - from : from - to) < 2)
        return STATUS_NOT_GRANTED;
    out->before = company_find(core, path.nodes[from < me ? me - 1 : me + 1]);
    out->after = me == to ? NULL : company_find(core, path.nodes[from < me ? me + 1 : me - 1]);
    return out->before != NULL && (me == to || out->after != NULL) ? STATUS_OK
                                                                   : STATUS_NOT_GRANTED;
}

/* ---- numbers ------------------------------------------------------------------------------ */

enum status
route_numbers_get(struct core *core, int64_t company, struct route_numbers *out)
{
    enum { EPOCH, NEXT, ACKED, INCARNATION, HAVE, SEEN, OWED, WAY, RECEIPT };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_ROUTE_GET);

    *out = (struct route_numbers){ .next = 1 };
    stmt_bind(q, "i", company);
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    *out = (struct route_numbers){ .epoch = (uint32_t)stmt_int(q, EPOCH),
                                   .next = (uint64_t)stmt_int(q, NEXT),
                                   .acked = (uint64_t)stmt_int(q, ACKED),
                                   .incarnation = (uint32_t)stmt_int(q, INCARNATION),
                                   .have = (uint64_t)stmt_int(q, HAVE),
                                   .seen = (uint64_t)stmt_int(q, SEEN),
                                   .owed = stmt_int(q, OWED) != 0,
                                   .receipt = { stmt_int(q, RECEIPT) } };
    stmt_copy(q, WAY, out->way.b, ID_SIZE);
    return STATUS_OK;
}

enum status
route_numbers_put(struct core *core, int64_t company, const struct route_numbers *n)
{
    return store_exec(core->store, STMT_ROUTE_PUT, "iiiiiiiiibi", company, (int64_t)n->epoch,
                      (int64_t)core->incarnation, (int64_t)n->next, (int64_t)n->acked,
                      (int64_t)n->incarnation, (int64_t)n->have, (int64_t)n->seen,
                      (int64_t)n->owed, bytes_of(n->way.b, ID_SIZE), n->receipt.ms);
}

/* ---- arriving for us ---------------------------------------------------------------------- */

/* A sealed message being taken. */
struct arriving {
    struct core *core;
    struct company *from, *author;
    struct arena *arena;
    const struct sealed *header;
    struct bytes box;
    const char *detail;
};

/* Unwrapping costs the key process a multiplication: a content key is remembered while it is in use. */
static enum status
content_key(struct arriving *a, struct content_key *out)
{
    struct core *core = a->core;
    struct digest wrapped = digest_plain(bytes_of(a->header->key, SEAL_KEY_SIZE));

    if (core->opened_keys == NULL)
        core->opened_keys = xcalloc(KEYS_KEPT, sizeof(*core->opened_keys));
    for (size_t i = 0; i < KEYS_KEPT; i++)
        if (core->opened_keys[i].is_set && ID_IS_EQUAL(core->opened_keys[i].wrapped, wrapped)) {
            *out = core->opened_keys[i].key;
            return STATUS_OK;
        }
    TRY(core->env.keyring.unwrap(core->env.keyring.self, a->header->key, out));
    core->opened_keys[core->opened_next++ % KEYS_KEPT] =
        (struct opened_key){ true, wrapped, *out };
    return STATUS_OK;
}

/* What may come the sealed way; the rest is between neighbours. */
static bool
may_be_sealed(uint8_t kind)
{
    static const uint8_t kinds[] = { MESSAGE_OFFER,      MESSAGE_ANSWER,
                                     MESSAGE_REVOCATION, MESSAGE_WITHDRAWAL,
                                     MESSAGE_VERDICT,    MESSAGE_ASK,
                                     MESSAGE_PROPOSAL,   MESSAGE_PROPOSAL_ANSWER,
                                     MESSAGE_DESCRIPTOR, MESSAGE_EQUIVOCATION };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

static enum status
take_object(struct arriving *a, const struct envelope *env)
{
    struct taking t = {
        .core = a->core, .from = a->author, .arena = a->arena, .env = env, .detail = "object"
    };
    struct core_mark mark;

    a->detail = "kind";
    if (!may_be_sealed(env->kind))
        return STATUS_UNKNOWN_KIND;
    TRY(core_mark_set(a->core, &mark));
    enum status s = exchange_take_object(&t);
    if (s == STATUS_OK)
        core_mark_keep(a->core);
    else
        core_mark_undo(a->core, &mark);
    a->detail = t.detail;
    return s;
}

static enum status
open_and_take(struct arriving *a)
{
    struct content_key key;
    struct envelope env = { 0 };

    a->detail = "key";
    enum status s = content_key(a, &key);
    if (s == STATUS_BAD_SIGNATURE)
        return STATUS_UNKNOWN_KEY; /* sealed to a key that we do not have any more, if ever */
    TRY(s);
    a->detail = "box";
    TRY(seal_open(&key, a->header, a->box, a->arena, &env.kind, &env.body));
    if (env.kind == 0)
        return STATUS_OK; /* stands for what may not go any more */
    env.stream = env.kind == MESSAGE_RECORDS ? STREAM_DATA : STREAM_CONTROL;
    if (env.kind == MESSAGE_RECORDS)
        return exchange_take_records(a->core, a->author, &env, &a->detail);
    return take_object(a, &env);
}

/* Of an older incarnation than its author has begun: false. A newer one begins its numbers anew. */
static bool
is_of_now(const struct sealed *header, struct route_numbers *n)
{
    if (header->incarnation < n->incarnation)
        return false;
    if (header->incarnation > n->incarnation)
        n->have = n->seen = 0;
    n->incarnation = header->incarnation;
    n->seen = header->number > n->seen ? header->number : n->seen;
    return true;
}

static enum status
arrived(struct arriving *a)
{
    struct core *core = a->core;
    struct route_numbers n;
    uint64_t number = a->header->number;

    TRY(route_numbers_get(core, a->author->id, &n));
    n.owed = true;
    core->receipts_wait = true;
    n.way = a->header->grant;
    if (n.incarnation > 0 && a->header->incarnation > n.incarnation) /* it was restored */
        TRY(give_back_words(core, a->author));
    if (!is_of_now(a->header, &n)) /* the receipt says which we know */
        return route_numbers_put(core, a->author->id, &n);
    if (number != n.have + 1) /* again, or one is missing: the receipt says which we have */
        return route_numbers_put(core, a->author->id, &n);
    enum status s = open_and_take(a);
    if (s == STATUS_UNKNOWN_KEY && core->companies[0]->serial > 1) {
        LOG(LOG_WARN, "sealed.to_older_key", log_id("author", a->author->node.b));
        return route_numbers_put(core, a->author->id, &n); /* it seals it again */
    }
    if (s ==
        STATUS_BUSY) /* not now: the receipt says that it is missing, and others' do not wait for it */
        return route_numbers_put(core, a->author->id, &n);
    if (s != STATUS_OK && !exchange_is_their_fault(s))
        return s;
    n.have = number;
    TRY(route_numbers_put(core, a->author->id, &n));
    if (s != STATUS_OK) {
        struct envelope env = { .kind = MESSAGE_SEALED, .body = a->box };
        dead_letter(core, a->author->id, &env, s, a->detail);
    }
    return STATUS_OK;
}

/* ---- carrying ----------------------------------------------------------------------------- */

static enum status
count_rows(struct arriving *a)
{
    const struct sealed *h = a->header;
    struct bytes way = bytes_of(h->grant.b, ID_SIZE);
    int64_t left = 0;

    if (h->handle_count > 0)
        TRY(budget_left(a->core, BUDGET_CARRIED, a->author->id, &left));
    for (size_t i = 0; i < h->handle_count && (int64_t)i < left; i++)
        TRY(store_exec(a->core->store, STMT_CARRIED_ADD, "bib", way, a->author->id,
                       bytes_of(h->handles[i].b, HANDLE_SIZE)));
    for (size_t i = 0; i < h->gone_count; i++)
        TRY(store_exec(a->core->store, STMT_CARRIED_DROP, "bib", way, a->author->id,
                       bytes_of(h->gone[i].b, HANDLE_SIZE)));
    return STATUS_OK;
}

static enum status
carry(struct arriving *a, const struct company *next, struct bytes body)
{
    const struct company *audience = company_find(a->core, &a->header->audience);

    a->detail = "audience";
    if (audience == NULL)
        return STATUS_UNKNOWN_KEY;
    enum status s = budget_ask(a->core, BUDGET_CARRY, a->author->id);
    if (s == STATUS_TOO_BIG) { /* let go: no receipt comes, and its author sends it again */
        LOG(LOG_WARN, "sealed.not_carried", log_id("author", a->author->node.b),
            log_id("audience", audience->node.b));
        return STATUS_OK; /* others' come by the same link: it does not wait */
    }
    TRY(s);
    TRY(count_rows(a));
    if (a->header->gone_count > 0)
        a->core->has_erased = true; /* nor shall the log keep what was carried before (P11) */
    return store_exec(a->core->store, STMT_CARRY_ADD, "iiiib", next->id, a->author->id,
                      (int64_t)a->header->number, audience->id, body);
}

static bool
is_known_grant(struct core *core, const struct object_id *gid)
{
    int64_t id;

    return store_number(core->store, &id, STMT_GRANT_FIND, "b", bytes_of(gid->b, ID_SIZE)) ==
           STATUS_OK;
}

static enum status
take_header(struct arriving *a, const struct sealed_body *body, struct between *between)
{
    struct key_directory keys = company_keys_of(a->core);
    const struct live *live = way_named(a->core, &a->header->grant);

    a->detail = "way";
    if (live == NULL) /* ended while it was under way, or never ours */
        return is_known_grant(a->core, &a->header->grant) ? STATUS_REPLAY : STATUS_NOT_GRANTED;
    TRY(find_between(a->core, live, &a->header->author, &a->header->audience, between));
    if (between->before != a->from)
        return STATUS_NOT_GRANTED;
    a->detail = "header";
    a->author = company_find(a->core, &a->header->author);
    TRY(object_verify(SIGN_SEALED, &body->header, &a->header->author, &a->header->audience,
                      &a->header->audience, &keys));
    a->detail = "box";
    struct digest box = digest_plain(body->box);
    return ID_IS_EQUAL(box, a->header->box) ? STATUS_OK : STATUS_BAD_SIGNATURE;
}

enum status
route_take(struct core *core, const struct company *from, const struct envelope *env,
           const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct arriving a = { .core = core, .arena = arena, .detail = "sealed" };
    struct sealed_body *body;
    struct between between = { 0 };
    struct sealed *header;

    *detail = a.detail;
    a.from = company_by_id(core, from->id);
    TRY(wire_sealed_body_parse(env->body, arena, &body));
    TRY(wire_sealed_parse(body->header.body, arena, &header));
    a.header = header;
    a.box = body->box;
    enum status s = take_header(&a, body, &between);
    *detail = a.detail;
    if (s == STATUS_REPLAY)
        return STATUS_OK;
    TRY(s);
    s = between.after == NULL ? arrived(&a) : carry(&a, between.after, env->body);
    *detail = a.detail;
    return s;
}

/* ---- receipts ----------------------------------------------------------------------------- */

/* The newest of a company for another goes, whatever waited before it does not. */
static enum status
queue_receipt(struct core *core, int64_t hop, const struct company *by,
              const struct company *to, struct bytes body)
{
    int64_t pair = -(int64_t)((uint64_t)by->id << 32 | (uint64_t)to->id);

    TRY(store_exec(core->store, STMT_CONTROL_DROP_RECEIPT, "ii", hop, pair));
    return control_queue(core, hop, MESSAGE_SEALED_RECEIPT, body, pair);
}

static enum status
tell_one(struct core *core, int64_t company)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct company *to = company_by_id(core, company);
    struct signed_object object;
    struct route_numbers n;
    struct way way;

    TRY(route_numbers_get(core, company, &n));
    if (to == NULL || !route_find(core, to, &way))
        return STATUS_UNREACHABLE;
    struct sealed_receipt receipt = { .author = core->me,
                                      .audience = to->node,
                                      .grant = *chain_leaf_id(way.live->chain),
                                      .incarnation = n.incarnation,
                                      .have = PLANTED(RECEIPT_EARLY) ? n.seen : n.have,
                                      .seen = n.seen,
                                      .received = core_wall(core) };
    TRY(core_sign(core, SIGN_SEALED_RECEIPT, wire_sealed_receipt_format(&receipt, arena),
                  &object));
    n.owed = false;
    TRY(route_numbers_put(core, company, &n));
    return queue_receipt(core, way.hop->id, core->companies[0], to,
                         wire_signed_body_format(&object, arena));
}

/* Those that are owed one, in the order of the table. */
static enum status
owed_after(struct core *core, int64_t after, int64_t *out)
{
    return store_number(core->store, out, STMT_ROUTE_OWED, "i", after);
}

enum status
route_tell(struct core *core)
{
    for (int i = 0; i < TELL_MOST && core->receipts_wait; i++) {
        enum status s = owed_after(core, core->receipt_last, &core->receipt_last);
        if (s == STATUS_NOT_FOUND) {
            core->receipts_wait = false; /* until the next arrives, or the next tick */
            core->receipt_last = 0;
        }
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        TRY(core_need_txn(core));
        s = tell_one(core, core->receipt_last);
        if (s == STATUS_LOCKED) {
            core->receipt_last = 0;
            return STATUS_OK;
        }
        if (s != STATUS_UNREACHABLE)
            TRY(s);
    }
    return STATUS_OK;
}

static enum status
settle_one(struct core *core, int64_t company, struct stmt *q)
{
    enum { NUMBER, KIND, LEAF, ITEMS, SHARE };

    if (stmt_int(q, KIND) == MESSAGE_RECORDS)
        return exchange_records_delivered(core, company, stmt_int(q, LEAF),
                                          stmt_bytes(q, ITEMS));
    if (stmt_int(q, KIND) == MESSAGE_OFFER)
        return exchange_offer_delivered(core, stmt_int(q, SHARE));
    if (stmt_int(q, KIND) == MESSAGE_PROPOSAL)
        core->has_erased = true; /* what we proposed goes with its parcel (P11) */
    if (stmt_int(q, KIND) == MESSAGE_DESCRIPTOR)
        return keys_told(core, company, stmt_int(q, SHARE));
    return STATUS_OK;
}

static enum status
settle(struct core *core, struct company *by, const struct sealed_receipt *receipt)
{
    struct route_numbers n;
    enum status s;

    TRY(route_numbers_get(core, by->id, &n));
    if (receipt->incarnation != core->incarnation || receipt->have >= n.next ||
        receipt->have < n.acked)
        return STATUS_OK; /* of other numbers, old news, or a claim about what we never sent */
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PARCEL_UPTO);
        stmt_bind(q, "ii", by->id, (int64_t)receipt->have);
        while ((s = stmt_step(q)) == STATUS_OK)
            TRY(settle_one(core, by->id, q));
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    TRY(store_exec(core->store, STMT_PARCEL_DROP, "ii", by->id, (int64_t)receipt->have));
    n.acked = receipt->have;
    n.receipt = receipt->received;
    TRY(route_numbers_put(core, by->id, &n));
    return receipt->seen > receipt->have
               ? route_resend(core, by, receipt->have + 1, receipt->seen)
               : STATUS_OK;
}

enum status
route_take_receipt(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct sealed_receipt *r;
    struct between between;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_sealed_receipt_parse(object->body, t->arena, &r));
    t->detail = "way";
    const struct live *live = way_named(t->core, &r->grant);
    if (live == NULL)
        return is_known_grant(t->core, &r->grant) ? STATUS_OK : STATUS_NOT_GRANTED;
    TRY(find_between(t->core, live, &r->author, &r->audience, &between));
    if (between.before != t->from)
        return STATUS_NOT_GRANTED;
    t->detail = "receipt";
    TRY(object_verify(SIGN_SEALED_RECEIPT, object, &r->author, &r->audience, &r->audience,
                      &keys));
    const struct company *to = company_find(t->core, &r->audience);
    if (between.after != NULL && to == NULL)
        return STATUS_UNKNOWN_KEY;
    if (between.after != NULL)
        return queue_receipt(t->core, between.after->id, company_find(t->core, &r->author), to,
                             t->env->body);
    return settle(t->core, company_find(t->core, &r->author), r);
}
