/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_exchange_out.c - what goes again to a partner that was away, and what goes before it.
 */
#include "node/revocation.h"
#include "tests/unit/node/route_fake.h"

enum { MANY = CREDIT_CONTROL_FRAMES };

static bool
queue(struct desk *d, enum message_kind kind, const char *text, int64_t share)
{
    return control_queue(d->core, d->company[STRANGER]->id, kind, bytes_text(text), share) ==
           STATUS_OK;
}

static const char *
name_of(struct desk *d, int n)
{
    return arena_printf(d->arena, "object %d", n);
}

/* Handed over, and nothing is heard any more. */
static bool
hand_over_many(struct desk *d)
{
    bool is_well = true;

    for (int i = 1; i <= MANY; i++) {
        struct peer_frame frame;
        is_well = is_well && queue(d, MESSAGE_ANSWER, name_of(d, i), 0) &&
                  exchange_next(d->core, d->company[STRANGER]->peer, STREAM_CONTROL,
                                (uint64_t)i, d->arena, &frame) == STATUS_OK;
    }
    return is_well;
}

/* As what goes when the partner has had nothing: a word per number, Voids as "-". */
static bool
goes(struct desk *d, bool is_new, int seq, enum message_kind kind, const char *text)
{
    struct peer *peer = d->company[STRANGER]->peer;
    struct peer_frame frame;
    enum status s =
        is_new ? exchange_next(d->core, peer, STREAM_CONTROL, (uint64_t)seq, d->arena, &frame)
               : exchange_again(d->core, peer, STREAM_CONTROL, (uint64_t)seq, d->arena, &frame);

    return s == STATUS_OK && frame.kind == kind &&
           (text == NULL || bytes_is_equal(frame.body, bytes_text(text)));
}

/* Something that we carry waits for it. */
static bool
carry(struct desk *d)
{
    return store_exec(d->core->store, STMT_CARRY_ADD, "iiiib", d->company[STRANGER]->id,
                      d->company[OTHER]->id, (int64_t)1, d->company[CARRIER]->id,
                      bytes_text("box")) == STATUS_OK;
}

static enum status
data(struct desk *d)
{
    struct peer_frame frame;

    return exchange_next(d->core, d->company[STRANGER]->peer, STREAM_DATA, 1, d->arena, &frame);
}

static void
test_overtaken(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk, and as much on its way as the credit allows, and one more",
          desk_set(&d) && hand_over_many(&d) && queue(&d, MESSAGE_ANSWER, "later", 0));
    for (int i = 1; i <= MANY; i++)
        CHECK(t, "without anything taken back the same goes under the same number",
              goes(&d, false, i, MESSAGE_ANSWER, name_of(&d, i)));
    CHECK(t, "something is taken back", queue(&d, MESSAGE_REVOCATION, "back", 0));
    for (int round = 0; round < 2; round++)
        for (int i = 4; i <= MANY; i++)
            CHECK(t, "what was not acknowledged makes place, and stays so",
                  goes(&d, false, i, MESSAGE_VOID, NULL));
    CHECK(t, "no data goes before it", carry(&d) && data(&d) == STATUS_NOT_FOUND);
    CHECK(t, "what takes back goes first",
          goes(&d, true, MANY + 1, MESSAGE_REVOCATION, "back"));
    CHECK(t, "then data may go", data(&d) == STATUS_OK);
    for (int i = 4; i <= MANY; i++)
        CHECK(t, "then all the others in their order",
              goes(&d, true, MANY - 2 + i, MESSAGE_ANSWER, name_of(&d, i)));
    CHECK(t, "and what waited behind them, and no more",
          goes(&d, true, 2 * MANY - 1, MESSAGE_ANSWER, "later") &&
              !goes(&d, true, 2 * MANY, MESSAGE_ANSWER, NULL));
    desk_clear(&d);
}

static void
test_heads(struct check *t)
{
    struct desk d = { 0 };
    int64_t root;

    CHECK(t, "a desk, and an owner's word that lasts",
          desk_set(&d) &&
              store_number(d.core->store, &root, STMT_GRANT_FIND, "b",
                           bytes_of(chain_link_id(d.core->lives[0].chain, 0)->b, ID_SIZE)) ==
                  STATUS_OK &&
              store_exec(d.core->store, STMT_HEAD_PUT, "iibiii", root, (int64_t)1,
                         bytes_text("head"), (int64_t)COMPANY_US, (int64_t)HOME_NOW_MS + 1000,
                         (int64_t)INT64_MAX) == STATUS_OK);
    const struct live *live = &d.core->lives[0];
    CHECK(t, "an older head has its number, a newer one waits",
          queue(&d, MESSAGE_HEAD, "older", live->share) &&
              goes(&d, true, 1, MESSAGE_HEAD, "older") &&
              queue(&d, MESSAGE_HEAD, "newer", live->share) &&
              queue(&d, MESSAGE_REVOCATION, "back", 0));
    CHECK(t, "overtaken, only the newer goes",
          goes(&d, false, 1, MESSAGE_VOID, NULL) &&
              goes(&d, true, 2, MESSAGE_REVOCATION, "back") &&
              goes(&d, true, 3, MESSAGE_HEAD, "newer") &&
              !goes(&d, true, 4, MESSAGE_HEAD, NULL));
    desk_clear(&d);
}

static enum status
on_locked(void *self, enum sign_type type, struct bytes body, struct signature *out)
{
    (void)self, (void)type, (void)body, (void)out;
    return STATUS_LOCKED;
}

static void
test_not_overtaken(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "what takes back itself, and the descriptor that it may need, keep their numbers",
          desk_set(&d) && queue(&d, MESSAGE_DESCRIPTOR, "ours", -1) &&
              goes(&d, true, 1, MESSAGE_DESCRIPTOR, "ours") &&
              queue(&d, MESSAGE_WITHDRAWAL, "rows", 0) &&
              goes(&d, true, 2, MESSAGE_WITHDRAWAL, "rows") &&
              queue(&d, MESSAGE_REVOCATION, "back", 0) &&
              goes(&d, false, 1, MESSAGE_DESCRIPTOR, "ours") &&
              goes(&d, false, 2, MESSAGE_WITHDRAWAL, "rows"));
    CHECK(
        t, "what has its number behind something else is overtaken too",
        queue(&d, MESSAGE_ANSWER, "one", 0) && goes(&d, true, 3, MESSAGE_REVOCATION, "back") &&
            goes(&d, true, 4, MESSAGE_ANSWER, "one") &&
            queue(&d, MESSAGE_REVOCATION, "two", 0) &&
            goes(&d, true, 5, MESSAGE_REVOCATION, "two") &&
            goes(&d, false, 3, MESSAGE_REVOCATION, "back") &&
            goes(&d, false, 4, MESSAGE_VOID, NULL) && goes(&d, false, 5, MESSAGE_VOID, NULL) &&
            goes(&d, true, 6, MESSAGE_REVOCATION, "two") &&
            goes(&d, true, 7, MESSAGE_ANSWER, "one"));
    CHECK(t,
          "without the key process nobody can sign Voids: what was on its way goes as it was",
          queue(&d, MESSAGE_REVOCATION, "more", 0));
    d.core->env.keyring.sign = on_locked;
    CHECK(t, "and is not queued again",
          goes(&d, false, 7, MESSAGE_ANSWER, "one") &&
              goes(&d, true, 8, MESSAGE_REVOCATION, "more") &&
              !goes(&d, true, 9, MESSAGE_ANSWER, NULL));
    desk_clear(&d);
}

/* ---- taking back -------------------------------------------------------------------------- */

/* A share with STRANGER, whose offer is in the queue. */
static struct live *
offer(struct desk *d, uint8_t nonce)
{
    struct grant g = grant_of(d, STRANGER, nonce);
    struct signed_object link = sample_grant_sign(&d->home.world, &g, d->arena);
    struct live *live;

    if (!hold(d, &link, 1, ROLE_GIVEN, &live) || !queue(d, MESSAGE_OFFER, "offer", live->share))
        return NULL;
    live->partner = d->company[STRANGER]->id;
    live->state = SHARE_OFFERED;
    return live;
}

/* It gets its number; nothing is in it that could be looked at, as hand-over does. */
static bool
hand_over_offer(struct desk *d, int64_t seq)
{
    struct peer_frame frame = { 0 };
    struct digest none = { { 0 } };
    int64_t share, id = d->company[STRANGER]->id;

    return exchange_control_pull(d->core, id, d->arena, &frame, &share) == STATUS_OK &&
           frame.kind == MESSAGE_OFFER &&
           store_exec(d->core->store, STMT_FRAME_ADD, "iiiibnnibi", id, (int64_t)STREAM_CONTROL,
                      seq, (int64_t)frame.kind, frame.body, share, bytes_of(none.b, ID_SIZE),
                      (int64_t)HOME_NOW_MS) == STATUS_OK;
}

/* Stops it. How many things are to be said of that, and wait. */
static int64_t
stop(struct desk *d, const struct live *live)
{
    struct object_id gid = *chain_leaf_id(live->chain);
    struct peer_frame frame = { 0 };
    int64_t n = 0;

    if (grant_fall(d->core, &gid, &d->core->me, (struct bytes){ 0 }, SHARE_STOPPED, "") !=
            STATUS_OK ||
        revocation_tell(d->core) != STATUS_OK)
        return -1;
    while (exchange_control_pull(d->core, d->company[STRANGER]->id, d->arena, &frame,
                                 &(int64_t){ 0 }) == STATUS_OK)
        n++;
    return n;
}

static void
test_never_offered(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    const struct live *live = offer(&d, 11);
    CHECK(t, "of what it never heard of nothing is taken back",
          live != NULL && stop(&d, live) == 0);
    live = offer(&d, 12);
    CHECK(t, "what had its number may be there: a revocation",
          live != NULL && hand_over_offer(&d, 1) && stop(&d, live) == 1);
    live = offer(&d, 13);
    CHECK(t, "and if something overtook it meanwhile",
          live != NULL && hand_over_offer(&d, 2) && queue(&d, MESSAGE_REVOCATION, "back", 0) &&
              goes(&d, false, 2, MESSAGE_VOID, NULL) && stop(&d, live) == 2);
    live = offer(&d, 14);
    CHECK(t, "and if we are restored from a copy, in which it waits",
          live != NULL && store_exec(d.core->store, STMT_CONTROL_AGAIN_ALL, "") == STATUS_OK &&
              stop(&d, live) == 1);
    desk_clear(&d);
}

/* ---- a copy that is lost behind our back --------------------------------------------------- */

static int64_t
shown(struct desk *d)
{
    if (store_commit(d->core->store) != STATUS_OK || core_need_txn(d->core) != STATUS_OK)
        return -1;
    return home_sql(&d->home, "SELECT count(*) FROM t_attendee");
}

static void
test_lost_copy(struct check *t)
{
    struct desk d = { 0 };
    enum forgotten how;
    int64_t record = 0;

    CHECK(t, "a desk with a row",
          desk_set(&d) &&
              store_number(d.core->store, &record, STMT_RECORD_FIND, "b",
                           bytes_of(d.record.b, ID_SIZE)) == STATUS_OK &&
              shown(&d) == 1);
    CHECK(t, "its copy is lost, and lists still show it",
          store_exec(d.core->store, STMT_COPY_DROP, "ii", record, (int64_t)OWN_GRANT) ==
                  STATUS_OK &&
              shown(&d) == 1);
    CHECK(t, "P11: it is withdrawn, and nothing shows it",
          records_forget_upto(d.core, d.core->lives[0].leaf, record, (struct position){ 9, 9 },
                              &how) == STATUS_OK &&
              how == FORGOT_NOTHING && shown(&d) == 0);
    desk_clear(&d);
}

/* ---- a partner that takes nothing --------------------------------------------------------- */

static enum status
take(struct desk *d, enum message_kind kind)
{
    struct envelope env = { .kind = (uint8_t)kind,
                            .stream = kind >= MESSAGE_RECORDS ? STREAM_DATA : STREAM_CONTROL,
                            .body = bytes_text("x") };
    struct peer_ops ops;

    exchange_ops(d->core, &ops);
    return ops.take(d->core, d->company[STRANGER]->peer, &env);
}

static void
test_takes_nothing(struct check *t)
{
    static const enum message_kind asking[] = { MESSAGE_OFFER,   MESSAGE_PASSON,
                                                MESSAGE_ASK,     MESSAGE_PROPOSAL,
                                                MESSAGE_RECORDS, MESSAGE_SEALED };
    static const enum message_kind free_[] = { MESSAGE_REVOCATION, MESSAGE_WITHDRAWAL,
                                               MESSAGE_ANSWER,     MESSAGE_RECEIPT,
                                               MESSAGE_HEAD,       MESSAGE_VERDICT };
    struct desk d = { 0 };
    int n = 1;

    CHECK(t, "a desk", desk_set(&d));
    int64_t id = d.company[STRANGER]->id;
    for (; n < ACTS_WAITING_MAX; n++)
        CHECK(t, "much waits", queue(&d, MESSAGE_ANSWER, "x", 0));
    CHECK(t, "something may still be shared with it",
          exchange_room(d.core, id, ACTS_WAITING_MAX) == STATUS_OK);
    CHECK(t, "one more, and nothing new",
          queue(&d, MESSAGE_ANSWER, "x", 0) &&
              exchange_room(d.core, id, ACTS_WAITING_MAX) == STATUS_BUSY);
    CHECK(t, "but what takes back always", queue(&d, MESSAGE_REVOCATION, "back", 0));
    for (n += 2; n < ANSWERS_WAITING_MAX; n++)
        CHECK(t, "much more waits", queue(&d, MESSAGE_ANSWER, "x", 0));
    for (size_t i = 0; i < COUNT_OF(asking); i++) /* broken, and so a dead letter */
        CHECK(t, "all of its is taken", take(&d, asking[i]) == STATUS_OK);
    CHECK(t, "one more waits", queue(&d, MESSAGE_ANSWER, "x", 0));
    for (size_t i = 0; i < COUNT_OF(asking); i++)
        CHECK(t, "what leads to more is not taken now", take(&d, asking[i]) == STATUS_BUSY);
    for (size_t i = 0; i < COUNT_OF(free_); i++)
        CHECK(t, "what takes back or answers is", take(&d, free_[i]) == STATUS_OK);
    CHECK(t, "when it took one all is taken again",
          goes(&d, true, 1, MESSAGE_REVOCATION, "back") &&
              take(&d, MESSAGE_OFFER) == STATUS_OK);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what takes back overtakes", test_overtaken },
        { "what does not make place", test_not_overtaken },
        { "heads that are overtaken", test_heads },
        { "an offer that never left", test_never_offered },
        { "a lost copy", test_lost_copy },
        { "a partner that takes nothing", test_takes_nothing },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
