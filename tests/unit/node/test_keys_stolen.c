/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_keys_stolen.c - after keys were stolen: ours, and what is signed anew; another company's, and what of
 * it gives way. Company 0 is us, 1 (CARRIER) our partner, 2 (OTHER) beyond it, 3 (STRANGER) in no chain.
 */
#include "node/equivocation.h"
#include "node/grants_anew.h"
#include "node/heads.h"
#include "schema/merkle.h"
#include "tests/unit/node/keys_fake.h"

/* ---- ours stolen -------------------------------------------------------------------------- */

/* The batch that our record stands in, as signed bytes. */
static bool
batch(struct desk *d, uint8_t body[static 68], struct signature *signature)
{
    enum { SIGNATURE = 2, LEAVES };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_RUN_GET);
    struct digest leaf;

    stmt_bind(q, "i", (int64_t)1);
    if (stmt_step(q) != STATUS_OK || stmt_bytes(q, LEAVES).len != ID_SIZE)
        return false;
    stmt_copy(q, SIGNATURE, signature->b, sizeof(signature->b));
    stmt_copy(q, LEAVES, leaf.b, ID_SIZE); /* of one: the root */
    signature_batch_body(&d->core->me, 1, &leaf, body);
    return true;
}

static bool
is_batch_by(struct desk *d, size_t signer)
{
    uint8_t body[68];
    struct signature signature;

    return batch(d, body, &signature) &&
           signature_verify(SIGN_BATCH, &d->home.world.companies[signer].key,
                            bytes_of(body, sizeof(body)), &signature) == STATUS_OK;
}

/* As if it had been signed with another key of ours, or by somebody else. */
static bool
sign_batch_by(struct desk *d, size_t signer)
{
    uint8_t body[68];
    struct signature signature;

    if (!batch(d, body, &signature))
        return false;
    signature =
        sample_sign(&d->home.world.companies[signer], SIGN_BATCH, bytes_of(body, sizeof(body)));
    return store_exec(d->core->store, STMT_RUN_SIGNED, "ib", (int64_t)1,
                      bytes_of(signature.b, sizeof(signature.b))) == STATUS_OK;
}

/* An answer of ours that waits for `to`. */
static bool
queue_answer(struct desk *d, size_t to, size_t signer)
{
    struct answer a = { .author = d->core->me,
                        .audience = d->company[to]->node,
                        .reason = "",
                        .answered = { HOME_NOW_MS } };
    struct signed_object object = { .body = wire_answer_format(&a, d->arena) };

    object.signature = sample_sign(&d->home.world.companies[signer], SIGN_ANSWER, object.body);
    return control_queue(d->core, d->company[to]->id, MESSAGE_ANSWER,
                         wire_signed_body_format(&object, d->arena), 0) == STATUS_OK;
}

static bool
is_answer_by(struct desk *d, size_t to, size_t signer)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_CONTROL_NEXT);
    struct signed_object *object;

    stmt_bind(q, "ii", d->company[to]->id, d->home.now_ms);
    return stmt_step(q) == STATUS_OK && stmt_int(q, 1) == MESSAGE_ANSWER &&
           wire_signed_body_parse(arena_copy(d->arena, stmt_bytes(q, 2)), d->arena, &object) ==
               STATUS_OK &&
           signature_verify(SIGN_ANSWER, &d->home.world.companies[signer].key, object->body,
                            &object->signature) == STATUS_OK;
}

/* Ours: first company 0's key, then 4's, then 0's again, with those before it stolen. */
static bool
steal(struct desk *d)
{
    d->company[0] = d->core->companies[0];
    struct line line = after(d, 0, 4);
    struct signed_object object = next_of(d, 0, &line);
    struct descriptor *made;

    if (wire_descriptor_parse(object.body, d->arena, &made) != STATUS_OK ||
        keys_take(d->core, d->company[0], made, &object, 0) != STATUS_OK)
        return false;
    line = after(d, 0, 0);
    line.refused_below = line.serial;
    object = next_of(d, 0, &line);
    return wire_descriptor_parse(object.body, d->arena, &made) == STATUS_OK &&
           keys_take(d->core, d->company[0], made, &object, 0) == STATUS_OK &&
           keys_anew_begin(d->core) == STATUS_OK;
}

/* A Void in the data stream, as it went under a key that was stolen. */
static bool
keep_void(struct desk *d, size_t signer)
{
    struct void_range v = { .author = d->core->me,
                            .audience = d->company[STRANGER]->node,
                            .stream = STREAM_DATA,
                            .incarnation = 1,
                            .first = 1,
                            .last = 7 };
    struct signed_object object = { .body = wire_void_range_format(&v, d->arena) };

    object.signature = sample_sign(&d->home.world.companies[signer], SIGN_VOID, object.body);
    struct bytes body = wire_signed_body_format(&object, d->arena);
    struct digest hash = digest_plain(body);
    return store_exec(d->core->store, STMT_FRAME_ADD, "iiiibnnibi", d->company[STRANGER]->id,
                      (int64_t)STREAM_DATA, (int64_t)1, (int64_t)MESSAGE_VOID, body, (int64_t)0,
                      bytes_of(hash.b, ID_SIZE), d->home.now_ms) == STATUS_OK;
}

static bool
is_frame_by(struct desk *d, const struct peer_frame *frame, uint8_t kind, enum sign_type type,
            size_t signer)
{
    struct signed_object *object;

    return frame->kind == kind &&
           wire_signed_body_parse(frame->body, d->arena, &object) == STATUS_OK &&
           signature_verify(type, &d->home.world.companies[signer].key, object->body,
                            &object->signature) == STATUS_OK;
}

static bool
is_again(struct desk *d, enum stream stream, size_t signer, uint64_t last)
{
    struct peer_frame frame;
    struct signed_object *object;
    struct void_range *v;

    return exchange_again(d->core, d->company[STRANGER]->peer, stream, 1, d->arena, &frame) ==
               STATUS_OK &&
           is_frame_by(d, &frame, MESSAGE_VOID, SIGN_VOID, signer) &&
           wire_signed_body_parse(frame.body, d->arena, &object) == STATUS_OK &&
           wire_void_range_parse(object->body, d->arena, &v) == STATUS_OK && v->last == last;
}

static bool
goes_next(struct desk *d, uint64_t seq, size_t signer)
{
    struct peer_frame frame;

    return exchange_next(d->core, d->company[STRANGER]->peer, STREAM_CONTROL, seq, d->arena,
                         &frame) == STATUS_OK &&
           is_frame_by(d, &frame, MESSAGE_ANSWER, SIGN_ANSWER, signer);
}

/* Link `at` of our first way, as stored; by whom? */
static bool
is_link_by(struct desk *d, size_t at, size_t signer)
{
    struct signed_object *links;
    size_t count;
    int64_t leaf;

    return grant_find(d->core, &d->way[0], &leaf) == STATUS_OK &&
           grant_links(d->core->store, leaf, d->arena, &links, &count) == STATUS_OK &&
           signature_verify(SIGN_GRANT, &d->home.world.companies[signer].key, links[at].body,
                            &links[at].signature) == STATUS_OK;
}

/* Both links as they are, but for the signature of one. */
static bool
links_by(struct desk *d, size_t at, size_t signer, struct signed_object **links)
{
    size_t count;
    int64_t leaf;

    if (grant_find(d->core, &d->way[0], &leaf) != STATUS_OK ||
        grant_links(d->core->store, leaf, d->arena, links, &count) != STATUS_OK)
        return false;
    (*links)[at].signature =
        sample_sign(&d->home.world.companies[signer], SIGN_GRANT, (*links)[at].body);
    return true;
}

/* Our own grant, as it stands after a theft. */
static bool
keep_link_by(struct desk *d, size_t signer)
{
    struct signed_object *links;
    struct object_id gid;
    int64_t id;

    if (!links_by(d, 0, signer, &links))
        return false;
    gid = digest_object_id(links[0].body);
    return grant_find(d->core, &gid, &id) == STATUS_OK &&
           store_exec(d->core->store, STMT_GRANT_ANEW, "ibb", id,
                      wire_signed_object_format(&links[0], d->arena),
                      bytes_of(d->home.world.companies[signer].key.b, ID_SIZE)) == STATUS_OK;
}

static void
test_signed_anew(struct check *t)
{
    struct desk d = { 0 };
    struct peer_frame frame;

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "a record, a grant and an answer under a key that was stolen",
          sign_batch_by(&d, 4) && keep_link_by(&d, 4) && queue_answer(&d, STRANGER, 4));
    CHECK(t, "an answer and a Void that have numbers already",
          goes_next(&d, 1, 4) && queue_answer(&d, STRANGER, 4) && keep_void(&d, 4) &&
              steal(&d));
    struct peer *peer = d.company[STRANGER]->peer;
    CHECK(t, "nothing goes before it is signed anew",
          exchange_next(d.core, peer, STREAM_CONTROL, 2, d.arena, &frame) == STATUS_NOT_FOUND &&
              exchange_again(d.core, peer, STREAM_CONTROL, 1, d.arena, &frame) ==
                  STATUS_NOT_FOUND &&
              keys_wait(d.core, d.company[STRANGER]) == STATUS_NOT_FOUND &&
              is_batch_by(&d, 4) && is_answer_by(&d, STRANGER, 4) && is_link_by(&d, 0, 4));
    CHECK(t, "then everything is",
          keys_anew_pass(d.core) == STATUS_OK && is_answer_by(&d, STRANGER, 0) &&
              is_batch_by(&d, 0) && is_link_by(&d, 0, 0) && !d.core->signs_anew &&
              keys_wait(d.core, d.company[STRANGER]) == STATUS_OK);
    CHECK(t, "what has a number leaves a Void there",
          is_again(&d, STREAM_CONTROL, 0, 1) && is_again(&d, STREAM_DATA, 0, 1));
    CHECK(t, "and goes again before what came after it",
          goes_next(&d, 2, 0) && goes_next(&d, 3, 0) &&
              exchange_next(d.core, peer, STREAM_CONTROL, 4, d.arena, &frame) ==
                  STATUS_NOT_FOUND);
    d.core->signs_anew = true;
    d.core->signs_anew_stage = ANEW_RUNS;
    CHECK(t, "while only batches are left, words go and data waits",
          exchange_again(d.core, peer, STREAM_CONTROL, 1, d.arena, &frame) == STATUS_OK &&
              keys_wait(d.core, d.company[STRANGER]) == STATUS_NOT_FOUND);
    CHECK(t, "what others signed stays as it is",
          sign_batch_by(&d, 5) && queue_answer(&d, CARRIER, 5) &&
              keys_anew_begin(d.core) == STATUS_OK && keys_anew_pass(d.core) == STATUS_OK &&
              is_batch_by(&d, 5) && is_answer_by(&d, CARRIER, 5) && is_link_by(&d, 1, CARRIER));
    desk_clear(&d);
}

/* A start in the middle goes on where it was; a note that says nothing begins anew. */
static void
test_anew_noted(struct check *t)
{
    struct desk d = { 0 };
    uint8_t raw[] = { ANEW_RUNS, 0, 0, 0, 0, 0, 0, 0, 5 };

    CHECK(t, "a desk", desk_set(&d) && steal(&d));
    CHECK(t, "noted at once",
          keys_anew_load(d.core) == STATUS_OK && d.core->signs_anew &&
              d.core->signs_anew_stage == ANEW_QUEUE && keys_anew_holds(d.core));
    CHECK(t, "read again",
          store_meta_put(d.core->store, "sign-anew", bytes_of(raw, sizeof(raw))) == STATUS_OK &&
              keys_anew_load(d.core) == STATUS_OK && d.core->signs_anew_stage == ANEW_RUNS &&
              d.core->signs_anew_at == 5 && !keys_anew_holds(d.core));
    raw[0] = ANEW_STAGE_COUNT_;
    CHECK(t, "no such stage",
          store_meta_put(d.core->store, "sign-anew", bytes_of(raw, sizeof(raw))) == STATUS_OK &&
              keys_anew_load(d.core) == STATUS_OK && d.core->signs_anew_stage == ANEW_QUEUE);
    desk_clear(&d);
}

/* ---- grants that others signed anew ------------------------------------------------------- */

static bool
takes_link_by(struct desk *d, size_t signer)
{
    struct live *live = live_by_gid(d->core, &d->way[0], ROLE_NOTED);
    struct signed_object *links;

    return links_by(d, 1, signer, &links) &&
           grants_anew_keep(d->core, links, live->chain) == STATUS_OK;
}

static void
test_better(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "a signature that counts is not replaced",
          rotate(&d, CARRIER, 4) == STATUS_OK && takes_link_by(&d, 4) &&
              is_link_by(&d, 1, CARRIER));
    struct line line = after(&d, CARRIER, 5);
    line.refused_below = line.serial;
    struct signed_object object = next_of(&d, CARRIER, &line);
    CHECK(t, "its keys were stolen", learn(&d, &object) == STATUS_OK);
    CHECK(t, "nor is it by one that counts no more",
          takes_link_by(&d, 4) && is_link_by(&d, 1, CARRIER));
    CHECK(t, "by one that counts it is", takes_link_by(&d, 5) && is_link_by(&d, 1, 5));
    CHECK(t, "once",
          rotate(&d, CARRIER, 4) == STATUS_OK && takes_link_by(&d, 4) && is_link_by(&d, 1, 5));
    CHECK(t, "links above stay", is_link_by(&d, 0, 0));
    desk_clear(&d);
}

/* ---- records that a thief signed ---------------------------------------------------------- */

/* A revision of CARRIER's record, signed with this company's key, taken under its share. */
struct made {
    size_t signer;
    struct position at;
    uint8_t content;
};

static struct live *
receive(struct desk *d)
{
    struct grant grant = grant_of(d, CARRIER, 9);
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct chain_fault fault;
    struct share_row row = { .role = ROLE_RECEIVED,
                             .partner = d->company[CARRIER]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct live *live;

    grant.issuer = grant.owner = d->company[CARRIER]->node;
    grant.audience = d->core->me;
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    if (chain_check(d->core, &link, 1, &chain, &fault) != STATUS_OK)
        return NULL;
    row.oid = *chain_leaf_id(chain);
    return grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
                   share_add(d->core, &row, &chain, &live) == STATUS_OK
               ? live
               : NULL;
}

static enum status
take(struct desk *d, const struct made *m)
{
    struct revision *r = ARENA_NEW(d->arena, struct revision);
    struct disclosure *shown = ARENA_NEW(d->arena, struct disclosure);
    struct live *live = NULL;
    const char *fault;
    uint8_t body[68];
    int64_t run_id;

    for (size_t i = 0; i < d->core->live_count; i++)
        if (d->core->lives[i].role == ROLE_RECEIVED)
            live = &d->core->lives[i];
    *r = (struct revision){ .owner = d->company[CARRIER]->node,
                            .type = dictionary_find_name(d->core->dictionary, "event")->key,
                            .position = m->at,
                            .claimed = { HOME_NOW_MS } };
    r->commitments.b[0] = m->content;
    *shown = (struct disclosure){ .revision = wire_revision_format(r, d->arena) };
    struct revision_id id = digest_revision_id(shown->revision);
    struct digest leaf = merkle_leaf(&id), root = merkle_root(&leaf, 1);
    struct run_leaves run = { .size = 1, .count = 1, .leaves = &leaf };
    signature_batch_body(&r->owner, 1, &root, body);
    run.signature = sample_sign(&d->home.world.companies[m->signer], SIGN_BATCH,
                                bytes_of(body, sizeof(body)));
    struct received item = { .revision = r, .revision_id = id, .shown = shown, .run = &run };
    record_facts_of(r, NULL, 0, d->core->dictionary, &item.facts);
    d->record = item.facts.id;
    if (live == NULL || records_keep_run(d->core, &run, 1, &run_id) != STATUS_OK)
        return STATUS_INTERNAL;
    return record_take(d->core, live, &item, run_id, &fault);
}

static struct position
held(struct desk *d)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_COPY_POSITION);
    int64_t record = 0;

    if (store_number(d->core->store, &record, STMT_RECORD_FIND, "b",
                     bytes_of(d->record.b, ID_SIZE)) != STATUS_OK)
        return (struct position){ 0 };
    for (size_t i = 0; i < d->core->live_count; i++)
        if (d->core->lives[i].role == ROLE_RECEIVED)
            stmt_bind(q, "ii", record, d->core->lives[i].leaf);
    if (stmt_step(q) != STATUS_OK)
        return (struct position){ 0 };
    return (struct position){ (uint32_t)stmt_int(q, 1), (uint64_t)stmt_int(q, 2) };
}

static bool
rob_carrier(struct desk *d)
{
    struct line line = after(d, CARRIER, 5);

    line.refused_below = line.serial;
    struct signed_object object = next_of(d, CARRIER, &line);
    return learn(d, &object) == STATUS_OK;
}

static void
test_gives_way(struct check *t)
{
    static const struct {
        const char *why;
        bool is_robbed; /* before it comes */
        struct made made;
        enum status want;
        uint64_t number; /* held afterwards */
    } rows[] = {
        { "a revision", false, { CARRIER, { 1, 8 }, 1 }, STATUS_OK, 8 },
        { "the highest position of all, by the thief",
          false,
          { CARRIER, { UINT32_MAX, INT64_MAX }, 2 },
          STATUS_OK,
          INT64_MAX },
        { "nothing that is lower counts while nobody knows",
          false,
          { CARRIER, { 1, 9 }, 3 },
          STATUS_REPLAY,
          INT64_MAX },
        { "once the owner said so, what it signs anew does",
          true,
          { 5, { 1, 8 }, 1 },
          STATUS_OK,
          8 },
        { "and under keys that count the highest applies again",
          true,
          { 5, { 1, 7 }, 4 },
          STATUS_REPLAY,
          8 },
        { "as ever", true, { 5, { 1, 9 }, 5 }, STATUS_OK, 9 },
    };
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d) && receive(&d) != NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].is_robbed && d.company[CARRIER]->refused_below == 0)
            CHECK(t, "its keys were stolen", rob_carrier(&d));
        CHECK(t, rows[i].why, take(&d, &rows[i].made) == rows[i].want);
        CHECK(t, rows[i].why, held(&d).number == rows[i].number);
    }
    desk_clear(&d);
}

static void
test_same_anew(struct check *t)
{
    static const struct made before = { CARRIER, { 1, 8 }, 1 }, after_it = { 5, { 1, 8 }, 1 },
                             other = { 5, { 1, 8 }, 2 };
    struct desk d = { 0 };

    CHECK(t, "a revision",
          desk_set(&d) && receive(&d) != NULL && take(&d, &before) == STATUS_OK);
    CHECK(t, "which is nothing new", take(&d, &before) == STATUS_REPLAY);
    CHECK(t, "signed anew it is kept, once",
          rob_carrier(&d) && take(&d, &after_it) == STATUS_OK &&
              take(&d, &after_it) == STATUS_REPLAY);
    CHECK(t, "another content there is a lie again", take(&d, &other) == STATUS_EQUIVOCATION);
    desk_clear(&d);
}

/* Two contents with one position, the highest: nothing could ever come after them. */
static void
test_thaws(struct check *t)
{
    static const struct made one = { CARRIER, { UINT32_MAX, INT64_MAX }, 1 },
                             two = { CARRIER, { UINT32_MAX, INT64_MAX }, 2 },
                             good = { 5, { 1, 8 }, 3 };
    struct desk d = { 0 };

    CHECK(t, "a thief froze it",
          desk_set(&d) && receive(&d) != NULL && take(&d, &one) == STATUS_OK &&
              take(&d, &two) == STATUS_EQUIVOCATION &&
              ask(&d, "SELECT count(*) FROM record WHERE frozen = 1") == 1);
    CHECK(t, "its proof stays, and holds nothing any more",
          rob_carrier(&d) && ask(&d, "SELECT count(*) FROM record WHERE frozen = 1") == 0 &&
              ask(&d, "SELECT count(*) FROM equivocation WHERE stolen = 1") == 1);
    CHECK(t, "what the owner signs anew is taken",
          take(&d, &good) == STATUS_OK && held(&d).number == 8);
    desk_clear(&d);
}

/* ---- words on a root that a thief signed -------------------------------------------------- */

static enum status
hear_head(struct desk *d, size_t signer, uint64_t number)
{
    struct live *live = NULL;

    for (size_t i = 0; i < d->core->live_count; i++)
        if (d->core->lives[i].role == ROLE_RECEIVED)
            live = &d->core->lives[i];
    if (live == NULL)
        abort();
    struct head head = { .author = d->company[CARRIER]->node,
                         .grant = *chain_leaf_id(live->chain),
                         .number = number,
                         .issued = { HOME_NOW_MS },
                         .expires = { HOME_NOW_MS + 1000 } };
    struct signed_object object = { .body = wire_head_format(&head, d->arena) };
    object.signature = sample_sign(&d->home.world.companies[signer], SIGN_HEAD, object.body);
    struct envelope env = { .kind = MESSAGE_HEAD,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = d->company[CARRIER], .arena = d->arena, .env = &env
    };
    return heads_take(&t);
}

static void
test_head(struct check *t)
{
    static const char last[] = "SELECT number FROM head";
    struct desk d = { 0 };

    CHECK(t, "a thief says the last word that there can be",
          desk_set(&d) && receive(&d) != NULL && hear_head(&d, CARRIER, 7) == STATUS_OK &&
              hear_head(&d, CARRIER, INT64_MAX) == STATUS_OK && ask(&d, last) == INT64_MAX);
    CHECK(t, "until the owner says that its keys were stolen",
          hear_head(&d, CARRIER, 8) == STATUS_OK && ask(&d, last) == INT64_MAX &&
              rob_carrier(&d) && hear_head(&d, 5, 8) == STATUS_OK && ask(&d, last) == 8);
    CHECK(t, "from then on the highest counts again",
          hear_head(&d, 5, 7) == STATUS_OK && ask(&d, last) == 8 &&
              hear_head(&d, CARRIER, 9) == STATUS_BAD_SIGNATURE);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what is signed anew", test_signed_anew }, { "where that stands", test_anew_noted },
        { "grants of others", test_better },         { "a thief's position", test_gives_way },
        { "the same, signed anew", test_same_anew }, { "a thief's proof", test_thaws },
        { "a thief's word on a root", test_head },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
