/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_receipt.c - receipts at the company between: company 1 owns and gave us, we gave company 2, company 3
 * is in no chain of ours. What is taken, passed on, refused; how far it moves; how many are kept.
 */
#include "node/receipt.h"
#include "node/withdrawal.h"
#include "tests/unit/node/home_fake.h"

enum { US, OWNER, BELOW, OUTSIDE, COMPANIES };
enum which { TO_US, FROM_US, UNKNOWN };

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *company[COMPANIES];
    struct object_id gid[3];
    int64_t grant[2];
};

static bool
grant_put(struct desk *d, enum which which, size_t issuer, size_t audience, bool receipt)
{
    const char *purposes[] = { "event" };
    struct grant grant = { .issuer = d->home.world.companies[issuer].id,
                           .audience = d->home.world.companies[audience].id,
                           .owner = d->home.world.companies[OWNER].id,
                           .has_parent = which == FROM_US,
                           .parent = d->gid[TO_US],
                           .selector = SELECTOR_TREE,
                           .actions = ACTION_READ,
                           .not_after = { HOME_NOW_MS },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .receipt = receipt };
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);

    d->gid[which] = digest_object_id(link.body);
    return store_exec(
               d->core->store, STMT_GRANT_ADD, "bbiiiii", bytes_of(d->gid[which].b, ID_SIZE),
               wire_signed_object_format(&link, d->arena),
               which == FROM_US ? d->grant[TO_US] : (int64_t)0, d->company[issuer]->id,
               d->company[audience]->id, d->company[OWNER]->id, HOME_NOW_MS) == STATUS_OK &&
           store_number(d->core->store, &d->grant[which], STMT_GRANT_FIND, "b",
                        bytes_of(d->gid[which].b, ID_SIZE)) == STATUS_OK;
}

static bool
desk_set(struct desk *d, bool receipt)
{
    home_make(&d->home);
    d->arena = arena_new(0);
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    d->company[US] = d->core->companies[0];
    for (size_t i = OWNER; i < COMPANIES; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->company[i]) != STATUS_OK ||
            company_set_state(d->core, d->company[i], COMPANY_TRUSTED) != STATUS_OK)
            return false;
    }
    memset(d->gid[UNKNOWN].b, 7, ID_SIZE);
    return grant_put(d, TO_US, OWNER, US, receipt) && grant_put(d, FROM_US, US, BELOW, receipt);
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

static int64_t
queued(struct desk *d, size_t company)
{
    int64_t n = -1;

    (void)!store_number(d->core->store, &n, STMT_CONTROL_KIND_COUNT, "ii",
                        d->company[company]->id, (int64_t)MESSAGE_RECEIPT);
    return n;
}

struct said {
    const char *why;
    size_t author, signer, from, audience, owner;
    enum which grant;
    enum receipt_state state;
    int64_t at;
    uint32_t record; /* 0: all under the grant */
    enum status want;
    int queued;      /* for the owner, because of it */
    int state_after; /* known of the author under the grant, for this audience; 0: nothing */
};

static enum status
say(struct desk *d, const struct said *row, struct bytes *body)
{
    struct company *const *c = d->company;
    struct record_id record = { { 0 } };
    put_u32(record.b, row->record);
    struct receipt r = { .author = c[row->author]->node,
                         .audience = c[row->audience]->node,
                         .owner = c[row->owner]->node,
                         .grant = d->gid[row->grant],
                         .state = row->state,
                         .records = &record,
                         .record_count = row->record != 0,
                         .reason = row->state == RECEIPT_REFUSED ? "LEGAL_HOLD" : "",
                         .basis = row->state == RECEIPT_REFUSED ? "tax law" : "",
                         .at = { HOME_NOW_MS + row->at } };
    struct signed_object object = { .body = wire_receipt_format(&r, d->arena) };

    object.signature =
        sample_sign(&d->home.world.companies[row->signer], SIGN_RECEIPT, object.body);
    struct envelope env = { .kind = MESSAGE_RECEIPT,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = c[row->from], .arena = d->arena, .env = &env, .detail = ""
    };
    *body = env.body;
    return receipt_take(&t);
}

static int64_t
known(struct desk *d, const struct said *row)
{
    int64_t state = 0;

    if (row->grant == UNKNOWN)
        return 0;
    (void)!store_number(d->core->store, &state, STMT_RECEIPT_STATE, "iiib",
                        d->grant[row->grant], d->company[row->author]->id,
                        d->company[row->audience]->id, (struct bytes){ 0 });
    return state;
}

/* clang-format off */
static const struct said rows[] = {
    { "another's word in its name", BELOW, OUTSIDE, BELOW, US, OWNER, FROM_US, RECEIPT_RECEIVED, 0, 0, STATUS_BAD_SIGNATURE, 0, 0 },
    { "it has the offer", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_RECEIVED, 0, 0, STATUS_OK, 0, RECEIPT_RECEIVED },
    { "it uses it", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_APPLIED, 0, 0, STATUS_OK, 0, RECEIPT_APPLIED },
    { "an older word changes nothing", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_RECEIVED, 5, 0, STATUS_OK, 0, RECEIPT_APPLIED },
    { "it refuses to erase", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_REFUSED, 6, 0, STATUS_OK, 0, RECEIPT_REFUSED },
    { "it erases after all", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_PURGED, 7, 0, STATUS_OK, 0, RECEIPT_PURGED },
    { "erased is the last word", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_REFUSED, 8, 0, STATUS_OK, 0, RECEIPT_PURGED },
    { "its word for the owner goes on", BELOW, BELOW, BELOW, OWNER, OWNER, FROM_US, RECEIPT_APPLIED, 0, 0, STATUS_OK, 1, RECEIPT_APPLIED },
    { "once", BELOW, BELOW, BELOW, OWNER, OWNER, FROM_US, RECEIPT_APPLIED, 0, 0, STATUS_OK, 0, RECEIPT_APPLIED },
    { "the next one too", BELOW, BELOW, BELOW, OWNER, OWNER, FROM_US, RECEIPT_PURGED, 1, 0, STATUS_OK, 1, RECEIPT_PURGED },
    { "of a contribution that we know nothing of, too", BELOW, BELOW, BELOW, OWNER, OWNER, UNKNOWN, RECEIPT_PURGED, 1, 0, STATUS_OK, 1, 0 },
    { "not from outside", BELOW, BELOW, OUTSIDE, OWNER, OWNER, UNKNOWN, RECEIPT_PURGED, 2, 0, STATUS_NOT_GRANTED, 0, 0 },
    { "not from the wrong side", BELOW, BELOW, OWNER, OWNER, OWNER, UNKNOWN, RECEIPT_PURGED, 2, 0, STATUS_NOT_GRANTED, 0, 0 },
    { "not to one outside", BELOW, BELOW, BELOW, OUTSIDE, OWNER, FROM_US, RECEIPT_PURGED, 3, 0, STATUS_NOT_GRANTED, 0, 0 },
    { "not of one outside", OUTSIDE, OUTSIDE, OUTSIDE, OWNER, OWNER, FROM_US, RECEIPT_PURGED, 3, 0, STATUS_NOT_GRANTED, 0, 0 },
    { "of a grant that nobody knows", BELOW, BELOW, BELOW, US, OWNER, UNKNOWN, RECEIPT_PURGED, 0, 0, STATUS_NOT_GRANTED, 0, 0 },
    { "of a grant that it does not hold", BELOW, BELOW, BELOW, US, OWNER, TO_US, RECEIPT_PURGED, 0, 0, STATUS_BROKEN_CHAIN, 0, 0 },
    { "of another's records", BELOW, BELOW, BELOW, US, BELOW, FROM_US, RECEIPT_PURGED, 9, 0, STATUS_BROKEN_CHAIN, 0, RECEIPT_PURGED },
};
/* clang-format on */

static void
test_what_is_taken(struct check *t)
{
    struct desk d = { 0 };

    if (!CHECK(t, "two grants", desk_set(&d, true)))
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t before = queued(&d, OWNER);
        struct bytes body;
        CHECK(t, rows[i].why, say(&d, &rows[i], &body) == rows[i].want);
        CHECK(t, rows[i].why, known(&d, &rows[i]) == rows[i].state_after);
        CHECK(t, rows[i].why, queued(&d, OWNER) - before == rows[i].queued);
        if (rows[i].queued == 0)
            continue;
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct peer_frame frame = { 0 };
        int64_t share;
        CHECK(t, "the very bytes",
              exchange_control_pull(d.core, d.company[OWNER]->id, arena, &frame, &share) ==
                      STATUS_OK &&
                  bytes_is_equal(frame.body, body));
    }
    CHECK(t, "nothing comes back", queued(&d, BELOW) == 0 && queued(&d, OUTSIDE) == 0);
    desk_clear(&d);
}

/* What we say ourselves of what we hold; asks: the grant asks for receipts. */
static void
test_what_is_made(struct check *t)
{
    for (int asks = 0; asks <= 1; asks++) {
        struct desk d = { 0 };
        if (!CHECK(t, "two grants", desk_set(&d, asks != 0)))
            return;
        struct receipt_said said = { .leaf = d.grant[TO_US], .state = RECEIPT_RECEIVED };
        CHECK(t, "received",
              receipt_make(d.core, &said) == STATUS_OK && receipt_tell(d.core) == STATUS_OK);
        CHECK(t, "is said when the grant asks for it", queued(&d, OWNER) == asks);
        CHECK(t, "erased",
              receipt_erase(d.core, d.grant[TO_US], NULL, 0, "REVOKED") == STATUS_OK &&
                  receipt_tell(d.core) == STATUS_OK);
        CHECK(t, "is said always, and to one company once", queued(&d, OWNER) == asks + 1);
        CHECK(t, "once", receipt_tell(d.core) == STATUS_OK && queued(&d, OWNER) == asks + 1);
        desk_clear(&d);
    }
}

static int64_t
kept(struct desk *d)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_RECEIPT_COUNT);

    stmt_bind(q, "ii", d->company[BELOW]->id, d->company[US]->id);
    return stmt_step(q) == STATUS_OK ? stmt_int(q, 0) : -1;
}

static void
test_how_many_are_kept(struct check *t)
{
    struct said row = { "", BELOW, BELOW, BELOW, US, OWNER, FROM_US, RECEIPT_PURGED,
                        0,  1,     0,     0,     0 };
    struct desk d = { 0 };
    struct bytes body;

    if (!CHECK(t, "two grants", desk_set(&d, true)))
        return;
    for (int64_t i = 0; i < RECEIPTS_KEPT_MAX - 2; i++)
        CHECK(t, "many",
              store_exec(d.core->store, STMT_RECEIPT_PUT, "iiibibittiib", d.grant[FROM_US],
                         d.company[BELOW]->id, d.company[US]->id,
                         bytes_text(arena_printf(d.arena, "%032d", (int)i)), (int64_t)3,
                         (struct bytes){ 0 }, (int64_t)1, "", "", i, i,
                         bytes_text("x")) == STATUS_OK);
    for (int64_t i = -1; i <= 1; i++, row.record++)
        CHECK(t, "one less than the most, the most, and one more",
              say(&d, &row, &body) == STATUS_OK &&
                  kept(&d) == RECEIPTS_KEPT_MAX + (i < 0 ? i : 0));
    desk_clear(&d);
}

static void
test_how_many_are_carried(struct check *t)
{
    struct said row = { "", BELOW, BELOW, BELOW, OWNER, OWNER, FROM_US, RECEIPT_PURGED,
                        0,  1,     0,     0,     0 };
    struct desk d = { 0 };
    struct bytes body;

    if (!CHECK(t, "two grants", desk_set(&d, true)))
        return;
    for (int i = 0; i < RECEIPTS_CARRIED_MAX - 1; i++)
        CHECK(t, "many",
              control_queue(d.core, d.company[OWNER]->id, MESSAGE_RECEIPT, bytes_text("x"),
                            0) == STATUS_OK);
    CHECK(t, "the most", say(&d, &row, &body) == STATUS_OK);
    CHECK(t, "wait", queued(&d, OWNER) == RECEIPTS_CARRIED_MAX);
    row.record++;
    CHECK(t, "one more does not", say(&d, &row, &body) == STATUS_TOO_BIG);
    CHECK(t, "and is not in the queue", queued(&d, OWNER) == RECEIPTS_CARRIED_MAX);
    desk_clear(&d);
}

/* ---- holds -------------------------------------------------------------------------------- */

/* Record n of the owner's, held under its grant in revision 5; basis: NULL when no law keeps it. */
static bool
hold_put(struct desk *d, uint8_t n, const char *basis, struct record_id *id)
{
    struct store *st = d->core->store;
    uint8_t signature[64] = { 0 };
    int64_t record;

    memset(id->b, n, ID_SIZE);
    if (store_exec(st, STMT_RECORD_ADD, "biin", bytes_of(id->b, ID_SIZE), d->company[OWNER]->id,
                   (int64_t)4) != STATUS_OK)
        return false;
    record = store_last_id(st);
    if (store_exec(st, STMT_RUN_ADD, "iibbbi", (int64_t)1, (int64_t)0,
                   bytes_of(signature, sizeof(signature)), bytes_of(id->b, ID_SIZE),
                   (struct bytes){ 0 }, (int64_t)1) != STATUS_OK)
        return false;
    int64_t run = store_last_id(st);
    return store_exec(st, STMT_COPY_ADD, "iiiiibnbbiii", record, d->grant[TO_US], (int64_t)1,
                      (int64_t)1, (int64_t)5, bytes_of(id->b, ID_SIZE), (struct bytes){ 0 },
                      (struct bytes){ 0 }, run, (int64_t)0, HOME_NOW_MS) == STATUS_OK &&
           (basis == NULL ||
            store_exec(st, STMT_HOLD_PUT, "iti", record, basis, HOME_NOW_MS) == STATUS_OK);
}

static enum status
withdraw(struct desk *d, const struct record_id *records, size_t count, uint64_t upto)
{
    struct withdrawn gone[4];
    struct withdrawal w = { .author = d->home.world.companies[OWNER].id,
                            .audience = d->core->me,
                            .owner = d->home.world.companies[OWNER].id,
                            .grant = d->gid[TO_US],
                            .rows = gone,
                            .row_count = count,
                            .reason = "CONSENT",
                            .withdrawn = { HOME_NOW_MS } };

    for (size_t i = 0; i < count; i++)
        gone[i] = (struct withdrawn){ records[i], { 1, upto } };
    struct signed_object object = { .body = wire_withdrawal_format(&w, d->arena) };
    object.signature =
        sample_sign(&d->home.world.companies[OWNER], SIGN_WITHDRAWAL, object.body);
    struct envelope env = { .kind = MESSAGE_WITHDRAWAL,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = d->company[OWNER], .arena = d->arena, .env = &env
    };
    return withdrawal_take(&t);
}

/* What we say of this record alone, as "STATE REASON BASIS"; "" nothing. */
static const char *
said_of(struct desk *d, const struct record_id *id)
{
    enum { STATE = 3, RECORDS, REASON = 6, BASIS };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_RECEIPT_UNSAID);
    int64_t after = 0;

    for (stmt_bind(q, "i", after); stmt_step(q) == STATUS_OK;) {
        struct bytes records = stmt_bytes(q, RECORDS);
        if (bytes_is_equal(records, bytes_of(id->b, ID_SIZE)))
            return arena_printf(d->arena, "%s %s %s",
                                receipt_state_name((enum receipt_state)stmt_int(q, STATE)),
                                stmt_text(q, REASON), stmt_text(q, BASIS));
        after = stmt_int(q, 0);
        stmt_return(&q);
        q = stmt_borrow(d->core->store, STMT_RECEIPT_UNSAID);
        stmt_bind(q, "i", after);
    }
    return "";
}

static bool
is_held(struct desk *d, const struct record_id *id)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_COPY_IS_THERE);

    stmt_bind(q, "bi", bytes_of(id->b, ID_SIZE), d->grant[TO_US]);
    return stmt_step(q) == STATUS_OK;
}

static void
test_holds(struct check *t)
{
    enum { PLAIN, TAX, COURT, NEWER, ROWS };
    static const char *const bases[] = { [PLAIN] = NULL,
                                         [TAX] = "tax law",
                                         [COURT] = "an order of the court",
                                         [NEWER] = "tax law" };
    struct record_id id[ROWS];
    struct desk d = { 0 };

    if (!CHECK(t, "two grants", desk_set(&d, true)))
        return;
    CHECK(t, "a share",
          store_exec(d.core->store, STMT_SHARE_ADD, "iiiiittibbi", d.grant[TO_US],
                     (int64_t)ROLE_RECEIVED, d.company[OWNER]->id, (int64_t)SHARE_ACCEPTED,
                     (int64_t)OFFER_RECORDS, "", "", (int64_t)0, (struct bytes){ 0 },
                     bytes_of(d.gid[TO_US].b, ID_SIZE), HOME_NOW_MS) == STATUS_OK);
    for (size_t i = 0; i < ROWS; i++)
        CHECK(t, "rows", hold_put(&d, (uint8_t)(i + 1), bases[i], &id[i]));
    CHECK(t, "the withdrawal of three is taken", withdraw(&d, id, NEWER, 5) == STATUS_OK);
    CHECK(t, "so is one up to an older revision", withdraw(&d, &id[NEWER], 1, 4) == STATUS_OK);
    CHECK(t, "what no law keeps is erased",
          !is_held(&d, &id[PLAIN]) &&
              strcmp(said_of(&d, &id[PLAIN]), "purged WITHDRAWN ") == 0);
    CHECK(t, "what one keeps is refused on that",
          is_held(&d, &id[TAX]) &&
              strcmp(said_of(&d, &id[TAX]), "refused LEGAL_HOLD tax law") == 0);
    CHECK(t, "and another on its own",
          is_held(&d, &id[COURT]) &&
              strcmp(said_of(&d, &id[COURT]), "refused LEGAL_HOLD an order of the court") == 0);
    CHECK(t, "of what is newer nothing is said",
          is_held(&d, &id[NEWER]) && strcmp(said_of(&d, &id[NEWER]), "") == 0);
    CHECK(t, "all is erased but for what is held",
          receipt_erase(d.core, d.grant[TO_US], &id[COURT], 1, "REVOKED") == STATUS_OK &&
              is_held(&d, &id[COURT]));
    for (size_t i = TAX; i <= COURT; i++) {
        int64_t record = 0;
        CHECK(t, "a hold ends",
              store_number(d.core->store, &record, STMT_RECORD_FIND, "b",
                           bytes_of(id[i].b, ID_SIZE)) == STATUS_OK &&
                  store_exec(d.core->store, STMT_HOLD_DROP, "i", record) == STATUS_OK &&
                  receipt_release(d.core, d.grant[TO_US], &id[i], false) == STATUS_OK);
        CHECK(t, "then it is erased, and that is said",
              !is_held(&d, &id[i]) && strcmp(said_of(&d, &id[i]), "purged RELEASED ") == 0);
    }
    desk_clear(&d);
}

static void
test_forward(struct check *t)
{
    static const char order[] = { RECEIPT_RECEIVED, RECEIPT_APPLIED, RECEIPT_REFUSED,
                                  RECEIPT_PURGED };

    for (size_t i = 0; i < COUNT_OF(order); i++)
        for (size_t k = 0; k < COUNT_OF(order); k++)
            for (int newer = 0; newer <= 1; newer++) {
                bool news = receipt_is_news((enum receipt_state)order[i],
                                            (enum receipt_state)order[k], newer != 0);
                CHECK(t, "further on is news, the same only when it is later, back never",
                      news == (k > i || (k == i && newer != 0)));
            }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "states only move forward", test_forward },
        { "what is taken", test_what_is_taken },
        { "what is made", test_what_is_made },
        { "how many are kept", test_how_many_are_kept },
        { "how many are carried", test_how_many_are_carried },
        { "what a law keeps", test_holds },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
