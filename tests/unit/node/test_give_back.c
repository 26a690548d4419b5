/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_give_back.c - what a restored partner is told, and that our descriptor is the last of it.
 */
#include "node/give_back.h"
#include "node/exchange_priv.h"
#include "node/grants_anew.h"
#include "node/keys.h"
#include "node/revocation.h"
#include "node/withdrawal.h"
#include "schema/base/limits.h"
#include "tests/unit/node/route_fake.h"

/* What we gave to STRANGER. */
static bool
give(struct desk *d, enum share_state state, struct live **live)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct grant g = grant_of(d, STRANGER, 11);
    struct signed_object link = sample_grant_sign(&d->home.world, &g, d->arena);
    struct chain_fault fault;
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = d->company[STRANGER]->id,
                             .state = state,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "",
                             .offer = wire_signed_object_format(&link, d->arena) };

    return chain_check(d->core, &link, 1, &chain, &fault) == STATUS_OK &&
           grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
           share_add(d->core, &row, &chain, live) == STATUS_OK;
}

/* A share that it accepted, and one row of it that was taken back, and said so. */
static bool
take_back(struct desk *d)
{
    struct live *live;
    int64_t record;

    if (!give(d, SHARE_ACCEPTED, &live) ||
        store_number(d->core->store, &record, STMT_RECORD_FIND, "b",
                     bytes_of(d->record.b, ID_SIZE)) != STATUS_OK)
        return false;
    return store_exec(d->core->store, STMT_WITHDRAWAL_PUT, "iiiiti", live->leaf, record,
                      (int64_t)1, (int64_t)1, "NOT_SHARED",
                      (int64_t)HOME_NOW_MS) == STATUS_OK &&
           store_exec(d->core->store, STMT_WITHDRAWAL_TOLD, "ii", live->leaf, record) ==
               STATUS_OK;
}

static int64_t
waiting(struct desk *d, enum message_kind kind)
{
    int64_t n = -1;

    return store_number(d->core->store, &n, STMT_CONTROL_KIND_COUNT, "ii",
                        d->company[STRANGER]->id, (int64_t)kind) == STATUS_OK
               ? n
               : -1;
}

static void
test_last_word(struct check *t)
{
    struct company *to;
    struct desk d = { 0 };

    CHECK(t, "a row was taken back, and said so", desk_set(&d) && take_back(&d));
    to = d.company[STRANGER];
    CHECK(t, "its holder was restored", give_back_begin(d.core, to) == STATUS_OK);
    CHECK(t, "the offer goes again", waiting(&d, MESSAGE_OFFER) == 1);
    CHECK(t, "before it is said once more the last word does not go",
          give_back_go_on(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 0);
    CHECK(t, "it is said",
          withdrawal_tell(d.core) == STATUS_OK && waiting(&d, MESSAGE_WITHDRAWAL) == 1);
    CHECK(t, "then the last word goes",
          give_back_go_on(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 1);
    CHECK(t, "once",
          give_back_go_on(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 1);
    desk_clear(&d);
}

/* What it had is told to it even when the offer that would tell it again has not gone yet. */
static void
test_stop_while_it_waits(struct check *t)
{
    static const struct {
        const char *why;
        enum share_state state;
    } rows[] = { { "one in its tray", SHARE_DELIVERED },
                 { "an accepted one", SHARE_ACCEPTED } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct live *live = NULL;
        struct desk d = { 0 };
        CHECK(t, rows[i].why,
              desk_set(&d) && give(&d, rows[i].state, &live) &&
                  give_back_begin(d.core, d.company[STRANGER]) == STATUS_OK);
        CHECK(t, "its offer waits again", waiting(&d, MESSAGE_OFFER) == 1);
        struct object_id gid = *chain_leaf_id(live->chain);
        CHECK(t, "it is stopped",
              grant_fall(d.core, &gid, &d.core->me, (struct bytes){ 0 }, SHARE_STOPPED, "") ==
                  STATUS_OK);
        CHECK(t, "no offer of it goes, and its end is said",
              waiting(&d, MESSAGE_OFFER) == 0 && d.core->revocations_unsaid &&
                  revocation_tell(d.core) == STATUS_OK && waiting(&d, MESSAGE_REVOCATION) == 1);
        desk_clear(&d);
    }
}

/* The same after keys were stolen: numbers are taken back, and offers of grants signed anew wait. */
static void
test_stop_after_theft(struct check *t)
{
    static const struct {
        const char *why;
        bool has_number, is_taken; /* the offer; and taken back */
        bool is_told;
    } rows[] = {
        { "what never had a number is not told", false, false, false },
        { "what has one is", true, false, true },
        { "what had one is", true, true, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk d = { 0 };
        struct live *live = NULL;
        struct peer_frame frame = { 0 };
        CHECK(t, rows[i].why,
              desk_set(&d) && give(&d, SHARE_OFFERED, &live) &&
                  offer_send(d.core, live) == STATUS_OK);
        if (rows[i].has_number)
            CHECK(t, "its offer goes",
                  exchange_next(d.core, d.company[STRANGER]->peer, STREAM_CONTROL, 1, d.arena,
                                &frame) == STATUS_OK &&
                      frame.kind == MESSAGE_OFFER);
        if (rows[i].is_taken)
            CHECK(t, "it is taken back", keys_anew_begin(d.core) == STATUS_OK);
        CHECK(t, "it waits again, twice",
              grants_anew_say(d.core, live) == STATUS_OK &&
                  grants_anew_say(d.core, live) == STATUS_OK &&
                  waiting(&d, MESSAGE_OFFER) == 1);
        struct object_id gid = *chain_leaf_id(live->chain);
        d.core->revocations_unsaid = false; /* at a start nobody knows */
        CHECK(t, rows[i].why,
              grant_fall(d.core, &gid, &d.core->me, (struct bytes){ 0 }, SHARE_STOPPED, "") ==
                      STATUS_OK &&
                  d.core->revocations_unsaid == rows[i].is_told);
        desk_clear(&d);
    }
}

/* ---- not too often ------------------------------------------------------------------------ */

enum { FILLER = 77 };

/* So many wait for STRANGER, one of them for the share FILLER. */
static bool
fill(struct desk *d, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++)
        good = good && control_queue(d->core, d->company[STRANGER]->id, MESSAGE_ANSWER,
                                     bytes_text("x"), i == 0 ? FILLER : 0) == STATUS_OK;
    return good;
}

static void
test_busy(struct check *t)
{
    static const struct {
        const char *why;
        size_t waiting;
        bool begins;
    } rows[] = {
        { "fewer wait than may", RETURN_WAITING_MAX - 1, true },
        { "as many as may", RETURN_WAITING_MAX, true },
        { "one more", RETURN_WAITING_MAX + 1, false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct live *live = NULL;
        struct desk d = { 0 };
        CHECK(t, "a share",
              desk_set(&d) && give(&d, SHARE_ACCEPTED, &live) && fill(&d, rows[i].waiting));
        struct company *to = d.company[STRANGER];
        CHECK(t, rows[i].why,
              give_back_begin(d.core, to) == STATUS_OK &&
                  waiting(&d, MESSAGE_OFFER) == rows[i].begins);
        CHECK(t, "what is owed does not begin by itself",
              give_back_go_on(d.core, to) == STATUS_OK &&
                  waiting(&d, MESSAGE_OFFER) == rows[i].begins);
        CHECK(t, "when one of them is gone it has begun",
              store_exec(d.core->store, STMT_CONTROL_DROP_SHARE, "ii", to->id,
                         (int64_t)FILLER) == STATUS_OK &&
                  give_back_go_on(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_OFFER) == 1);
        desk_clear(&d);
    }
}

/* It says that it is a later incarnation, again and again. */
static void
test_often(struct check *t)
{
    static const struct {
        const char *why;
        int64_t after_ms;
        bool begins;
    } rows[] = {
        { "just before it may", GIVE_BACK_EVERY_MS - 1, false },
        { "when it may", GIVE_BACK_EVERY_MS, true },
        { "later", GIVE_BACK_EVERY_MS + 1, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct live *live = NULL;
        struct desk d = { 0 };
        CHECK(t, "a share", desk_set(&d) && give(&d, SHARE_ACCEPTED, &live));
        struct company *to = d.company[STRANGER];
        CHECK(t, "the first begins at once",
              give_back_begin(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_OFFER) == 1 &&
                  store_exec(d.core->store, STMT_CONTROL_DROP_SHARE, "ii", to->id,
                             live->share) == STATUS_OK);
        CHECK(t, "the next waits, and the last word with it",
              give_back_begin(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_OFFER) == 0 &&
                  waiting(&d, MESSAGE_DESCRIPTOR) == 0);
        to->gives_next.ms -= rows[i].after_ms; /* time stands still here */
        CHECK(t, rows[i].why,
              give_back_go_on(d.core, to) == STATUS_OK &&
                  waiting(&d, MESSAGE_OFFER) == rows[i].begins);
        desk_clear(&d);
    }
}

/* ---- what nobody hands over --------------------------------------------------------------- */

/* STRANGER gave us something; our record stands for one of its. */
static struct live *
receive(struct desk *d)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct grant grant = grant_of(d, STRANGER, 13);
    struct chain_fault fault;
    struct share_row row = { .role = ROLE_RECEIVED,
                             .partner = d->company[STRANGER]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct live *live;

    grant.issuer = grant.owner = d->company[STRANGER]->node;
    grant.audience = d->core->me;
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    row.offer = wire_signed_object_format(&link, d->arena);
    return chain_check(d->core, &link, 1, &chain, &fault) == STATUS_OK &&
                   grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
                   share_add(d->core, &row, &chain, &live) == STATUS_OK
               ? live
               : NULL;
}

static int64_t
due(struct desk *d)
{
    return store_commit(d->core->store) == STATUS_OK && core_need_txn(d->core) == STATUS_OK
               ? home_sql(&d->home, "SELECT count(*) FROM due")
               : -1;
}

/* Its chain cannot be read at this start. */
static bool
reopen_without(struct desk *d)
{
    if (store_commit(d->core->store) != STATUS_OK)
        return false;
    core_close(&d->core);
    return home_sql(&d->home,
                    "UPDATE grants SET object = CAST(substr(object, 1, length(object) - 1)"
                    " || x'00' AS BLOB) WHERE owner <> 1") == 0 &&
           open_core(d);
}

static void
test_unloaded(struct check *t)
{
    struct live *live = NULL;
    struct desk d = { 0 };

    CHECK(t, "a share that STRANGER gave us", desk_set(&d) && (live = receive(&d)) != NULL);
    int64_t leaf = live->leaf;
    CHECK(t, "it was restored", give_back_begin(d.core, d.company[STRANGER]) == STATUS_OK);
    CHECK(t, "a record is due back to it",
          store_exec(d.core->store, STMT_DUE_ADD, "ii", leaf, (int64_t)1) == STATUS_OK &&
              due(&d) == 1);
    live->has_due = true;
    CHECK(t, "while it can be handed over the last word waits",
          give_back_go_on(d.core, d.company[STRANGER]) == STATUS_OK && due(&d) == 1 &&
              waiting(&d, MESSAGE_DESCRIPTOR) == 0);
    CHECK(t, "the share is not there after a start",
          reopen_without(&d) && live_by_leaf(d.core, leaf, ROLE_RECEIVED) == NULL &&
              d.company[STRANGER]->gives_back);
    CHECK(t, "what nobody hands over is let go, and the last word goes",
          give_back_go_on(d.core, d.company[STRANGER]) == STATUS_OK && due(&d) == 0 &&
              waiting(&d, MESSAGE_DESCRIPTOR) == 1);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "the last word", test_last_word },
        { "stopped while its offer waits", test_stop_while_it_waits },
        { "stopped after a theft", test_stop_after_theft },
        { "not while much waits", test_busy },
        { "not too often", test_often },
        { "what nobody hands over", test_unloaded },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
