/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_give_back.c - what a restored partner is told, and that our descriptor is the last of it.
 */
#include "node/give_back.h"
#include "node/withdrawal.h"
#include "tests/unit/node/route_fake.h"

/* A share that STRANGER accepted, and one row of it that was taken back, and said so. */
static bool
take_back(struct desk *d)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct grant g = grant_of(d, STRANGER, 11);
    struct signed_object link = sample_grant_sign(&d->home.world, &g, d->arena);
    struct chain_fault fault;
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = d->company[STRANGER]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "",
                             .offer = wire_signed_object_format(&link, d->arena) };
    struct live *live;
    int64_t record;

    if (chain_check(d->core, &link, 1, &chain, &fault) != STATUS_OK ||
        grants_keep(d->core, &link, chain, &row.leaf) != STATUS_OK ||
        share_add(d->core, &row, &chain, &live) != STATUS_OK ||
        store_number(d->core->store, &record, STMT_RECORD_FIND, "b",
                     bytes_of(d->record.b, ID_SIZE)) != STATUS_OK)
        return false;
    return store_exec(d->core->store, STMT_WITHDRAWAL_PUT, "iiiiti", row.leaf, record,
                      (int64_t)1, (int64_t)1, "NOT_SHARED",
                      (int64_t)HOME_NOW_MS) == STATUS_OK &&
           store_exec(d->core->store, STMT_WITHDRAWAL_TOLD, "ii", row.leaf, record) ==
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
          give_back_end(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 0);
    CHECK(t, "it is said",
          withdrawal_tell(d.core) == STATUS_OK && waiting(&d, MESSAGE_WITHDRAWAL) == 1);
    CHECK(t, "then the last word goes",
          give_back_end(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 1);
    CHECK(t, "once",
          give_back_end(d.core, to) == STATUS_OK && waiting(&d, MESSAGE_DESCRIPTOR) == 1);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "the last word", test_last_word },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
