/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_lives_citing.c - what answers a grant ends with it, also what is over already and kept out of sight.
 */
#include "tests/unit/node/route_fake.h"

/* CARRIER brought our row under a grant that cites `cited`. */
static bool
bring(struct desk *d, const struct object_id *cited, uint8_t n, enum share_state state,
      int64_t *share, int64_t *leaf)
{
    int64_t by = d->company[CARRIER]->id, record;
    struct object_id gid = { { 0xcc, n } };
    struct grant g = grant_of(d, CARRIER, n); /* whatever it says */
    struct signed_object object = sample_grant_sign(&d->home.world, &g, d->arena);
    struct bytes raw = wire_signed_object_format(&object, d->arena);
    struct bytes id = bytes_of(gid.b, ID_SIZE), none = bytes_of("", 0);
    struct store *st = d->core->store;

    if (store_number(st, &record, STMT_RECORD_FIND, "b", bytes_of(d->record.b, ID_SIZE)) !=
            STATUS_OK ||
        store_exec(st, STMT_GRANT_ADD, "bbiiiii", id, raw, (int64_t)0, by, (int64_t)COMPANY_US,
                   by, (int64_t)HOME_NOW_MS - 1) != STATUS_OK)
        return false;
    *leaf = store_last_id(st);
    if (store_exec(st, STMT_GRANT_CITES, "ib", *leaf, bytes_of(cited->b, ID_SIZE)) !=
            STATUS_OK ||
        store_exec(st, STMT_SHARE_ADD, "iiiiittibbi", *leaf, (int64_t)ROLE_RECEIVED, by,
                   (int64_t)state, (int64_t)OFFER_CONTRIBUTION, "", "", (int64_t)0,
                   bytes_text("x"), id, (int64_t)HOME_NOW_MS) != STATUS_OK)
        return false;
    *share = store_last_id(st);
    return store_exec(st, STMT_COPY_ADD, "iiiiibnbbiii", record, *leaf, (int64_t)0, (int64_t)1,
                      (int64_t)1, bytes_text("x"), none, none, (int64_t)1, (int64_t)0,
                      (int64_t)HOME_NOW_MS) == STATUS_OK;
}

static bool
is_held(struct desk *d, int64_t leaf)
{
    int64_t n = -1;

    return store_number(d->core->store, &n, STMT_COPY_GRANT_COUNT, "i", leaf) == STATUS_OK &&
           n == 1;
}

static int64_t
state_of(struct desk *d, int64_t share)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_SHARE_GET);

    stmt_bind(q, "i", share);
    return stmt_step(q) == STATUS_OK ? stmt_int(q, 4) : -1;
}

static void
test_over_and_kept(struct check *t)
{
    struct object_id other = { { 0xdd } };
    int64_t share, leaf, apart, apart_leaf = 0;
    struct desk d = { 0 };

    CHECK(t, "a desk, a contribution that is over and kept, and one to something else",
          desk_set(&d) && bring(&d, &d.way[0], 1, SHARE_ENDED, &share, &leaf) &&
              bring(&d, &other, 2, SHARE_ENDED, &apart, &apart_leaf) && is_held(&d, leaf));
    CHECK(t, "what asked for it ends by itself: it stays for its days",
          grant_fall(d.core, &d.way[0], &d.core->me, (struct bytes){ 0 }, SHARE_ENDED, "") ==
                  STATUS_OK &&
              is_held(&d, leaf) && state_of(&d, share) == SHARE_ENDED);
    CHECK(t, "P11: it is taken back afterwards, and it goes",
          grant_fall(d.core, &d.way[0], &d.core->me, (struct bytes){ 0 }, SHARE_STOPPED, "") ==
                  STATUS_OK &&
              !is_held(&d, leaf) && state_of(&d, share) == SHARE_STOPPED);
    CHECK(t, "the other is not touched",
          is_held(&d, apart_leaf) && state_of(&d, apart) == SHARE_ENDED);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a contribution that is over", test_over_and_kept },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
