/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_route_out.c - the sealed way at its origin: receipts, a new incarnation, a way that is no more.
 */
#include "tests/unit/node/route_fake.h"

/* ---- what we send ------------------------------------------------------------------------- */

struct sent {
    struct sealed *header;
    struct bytes raw;
    uint8_t kind;
    struct bytes inside;
};

static bool
open_own(struct desk *d, struct bytes raw, struct sent *out)
{
    struct sealed_body *body;

    *out = (struct sent){ .raw = raw };
    if (wire_sealed_body_parse(raw, d->arena, &body) != STATUS_OK ||
        wire_sealed_parse(body->header.body, d->arena, &out->header) != STATUS_OK)
        return false;
    for (size_t i = 0; i < d->core->content_key_count; i++) {
        const struct sealing_key *key = &d->core->content_keys[i];
        if (memcmp(key->wrapped, out->header->key, SEAL_KEY_SIZE) == 0)
            return seal_open(&key->key, out->header, body->box, d->arena, &out->kind,
                             &out->inside) == STATUS_OK;
    }
    return false;
}

static bool
send_next(struct desk *d, struct sent *out)
{
    static uint64_t seq = 1;
    struct peer_frame frame = { 0 };
    enum status s = route_next(d->core, d->company[CARRIER]->peer, seq++, d->arena, &frame);

    return s == STATUS_OK && frame.kind == MESSAGE_SEALED && open_own(d, frame.body, out);
}

static bool
is_sent(const struct sent *sent, uint32_t incarnation, uint64_t number, uint8_t kind,
        const char *inside)
{
    return sent->header->incarnation == incarnation && sent->header->number == number &&
           sent->kind == kind &&
           (inside == NULL || bytes_is_equal(sent->inside, bytes_text(inside)));
}

static bool
queue(struct desk *d, const char *text)
{
    return control_queue(d->core, d->company[OTHER]->id, MESSAGE_VERDICT, bytes_text(text),
                         0) == STATUS_OK;
}

/* A record of ours is due for OTHER. */
static bool
owe(struct desk *d, struct live **live)
{
    struct grant grant = grant_of(d, OTHER, 3);

    grant.actions = ACTION_READ;
    grant.depth = 0;
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    return hold(d, &link, 1, ROLE_GIVEN, live) &&
           records_queue_share(d->core, *live) == STATUS_OK && (*live)->has_due;
}

static struct live *
given(struct desk *d)
{
    for (size_t i = 0; i < d->core->live_count; i++)
        if (d->core->lives[i].role == ROLE_GIVEN)
            return &d->core->lives[i];
    return NULL;
}

static int64_t
due(struct desk *d, const struct live *live)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_DUE_NEXT);
    int64_t n = 0;

    stmt_bind(q, "ii", live->leaf, (int64_t)10);
    while (stmt_step(q) == STATUS_OK)
        n++;
    return n;
}

static enum status
acknowledge(struct desk *d, uint32_t incarnation, uint64_t have, uint64_t seen)
{
    const struct sample_company *author = &d->home.world.companies[OTHER];
    struct sealed_receipt r = { .author = author->id,
                                .audience = d->core->me,
                                .grant = d->way[1],
                                .incarnation = incarnation,
                                .have = have,
                                .seen = seen,
                                .received = { HOME_NOW_MS } };
    struct signed_object object = { .body = wire_sealed_receipt_format(&r, d->arena) };

    object.signature = sample_sign(author, SIGN_SEALED_RECEIPT, object.body);
    struct envelope env = { .kind = MESSAGE_SEALED_RECEIPT,
                            .stream = STREAM_CONTROL,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = d->company[CARRIER], .arena = d->arena, .env = &env
    };
    return route_take_receipt(&t);
}

static uint64_t
acked(struct desk *d)
{
    struct route_numbers n;

    return route_numbers_get(d->core, d->company[OTHER]->id, &n) == STATUS_OK ? n.acked
                                                                              : UINT64_MAX;
}

static void
test_receipts(struct check *t)
{
    static const struct {
        const char *why;
        uint32_t incarnation;
        uint64_t have, acked;
    } rows[] = {
        { "of another incarnation it says nothing", 2, 2, 0 },
        { "nor of what was never sent", 1, 4, 0 },
        { "what has arrived is acknowledged", 1, 2, 2 },
        { "old news change nothing", 1, 1, 2 },
        { "and then the rest is", 1, 3, 3 },
    };
    struct desk d = { 0 };
    struct sent sent;

    if (!CHECK(t, "there is a way", desk_set(&d)))
        return;
    CHECK(t, "three wait", queue(&d, "a") && queue(&d, "b") && queue(&d, "c"));
    for (uint64_t i = 1; i <= 3; i++)
        CHECK(t, "and go", send_next(&d, &sent) && is_sent(&sent, 1, i, MESSAGE_VERDICT, NULL));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(t, rows[i].why,
              acknowledge(&d, rows[i].incarnation, rows[i].have, rows[i].have) == STATUS_OK);
        CHECK(t, rows[i].why, acked(&d) == rows[i].acked);
    }
    desk_clear(&d);
}

static bool
reopen(struct desk *d, uint32_t incarnation)
{
    uint8_t raw[4];

    put_u32(raw, incarnation);
    if (store_meta_put(d->core->store, "incarnation", bytes_of(raw, 4)) != STATUS_OK ||
        store_commit(d->core->store) != STATUS_OK)
        return false;
    core_close(&d->core);
    return open_core(d);
}

static void
test_new_incarnation(struct check *t)
{
    struct desk d = { 0 };
    struct live *live;
    struct sent sent;

    if (!CHECK(t, "there is a way", desk_set(&d)))
        return;
    CHECK(t, "the first goes", queue(&d, "a") && send_next(&d, &sent));
    CHECK(t, "and is acknowledged", acknowledge(&d, 1, 1, 1) == STATUS_OK && acked(&d) == 1);
    CHECK(t, "three wait, and a record", queue(&d, "b") && queue(&d, "c") && owe(&d, &live));
    CHECK(t, "two go",
          send_next(&d, &sent) && send_next(&d, &sent) &&
              is_sent(&sent, 1, 3, MESSAGE_VERDICT, "c"));
    CHECK(t, "and the record",
          due(&d, live) == 1 && send_next(&d, &sent) &&
              is_sent(&sent, 1, 4, MESSAGE_RECORDS, NULL) && due(&d, live) == 0);
    CHECK(t, "one still waits", queue(&d, "d"));

    CHECK(t, "started again as what we were", reopen(&d, 1) && acked(&d) == 1);
    CHECK(t, "we are a new incarnation", reopen(&d, 2) && acked(&d) == 0);
    live = given(&d);
    if (!CHECK(t, "the record is due again", live != NULL && due(&d, live) == 1))
        return;
    CHECK(t, "a receipt of before says nothing now",
          acknowledge(&d, 1, 3, 3) == STATUS_OK && acked(&d) == 0);
    static const char *const order[] = { "b", "c", "d" };
    for (uint64_t i = 0; i < COUNT_OF(order); i++)
        CHECK(t, "what had no receipt goes in its order, from number 1",
              send_next(&d, &sent) && is_sent(&sent, 2, i + 1, MESSAGE_VERDICT, order[i]));
    CHECK(t, "and the record after it",
          send_next(&d, &sent) && is_sent(&sent, 2, 4, MESSAGE_RECORDS, NULL));
    CHECK(t, "epochs begin anew", sent.header->epoch == 1);
    CHECK(t, "nothing is left", !send_next(&d, &sent));
    CHECK(t, "receipts of now count", acknowledge(&d, 2, 4, 4) == STATUS_OK && acked(&d) == 4);
    desk_clear(&d);
}

/* ---- a way that is no more ---------------------------------------------------------------- */

static struct bytes
items_of(struct desk *d, uint64_t number)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    buffer_put_u64(&out, (uint64_t)d->company[OTHER]->id);
    buffer_put_u64(&out, number);
    return arena_copy(d->arena, buffer_bytes(&out));
}

static void
test_way_ends(struct check *t)
{
    struct sent first, second, again;
    struct desk d = { 0 };
    struct live *live;

    if (!CHECK(t, "there are two ways", desk_set(&d)))
        return;
    CHECK(t, "an object and a record go by one",
          queue(&d, "a") && owe(&d, &live) && send_next(&d, &first) && send_next(&d, &second) &&
              ID_IS_EQUAL(first.header->grant, d.way[0]) &&
              is_sent(&second, 1, 2, MESSAGE_RECORDS, NULL));
    CHECK(t, "missed, the first goes again as it was",
          acknowledge(&d, 1, 0, 1) == STATUS_OK && send_next(&d, &again) &&
              bytes_is_equal(again.raw, first.raw));
    CHECK(t, "it may go over the link again",
          route_may_go_again(d.core, items_of(&d, 1), first.raw));

    struct live *way = live_by_gid(d.core, &d.way[0], ROLE_NOTED);
    CHECK(t, "the way ends",
          way != NULL && share_move(d.core, way, SHARE_STOPPED, "") == STATUS_OK);
    live = given(&d);
    CHECK(t, "time passes",
          store_exec(d.core->store, STMT_PARCEL_TRIED, "iii", d.company[OTHER]->id, (int64_t)1,
                     HOME_NOW_MS - 60000) == STATUS_OK);
    CHECK(t, "both are missed", acknowledge(&d, 1, 0, 2) == STATUS_OK);
    CHECK(t, "the object goes under its number by the other way",
          send_next(&d, &again) && is_sent(&again, 1, 1, MESSAGE_VERDICT, "a") &&
              ID_IS_EQUAL(again.header->grant, d.way[1]));
    CHECK(t, "what names the way of before does not go over the link any more",
          !route_may_go_again(d.core, items_of(&d, 1), first.raw) &&
              !route_may_go_again(d.core, items_of(&d, 2), second.raw) &&
              route_may_go_again(d.core, items_of(&d, 1), again.raw));
    CHECK(t, "the record's number goes empty",
          send_next(&d, &again) && is_sent(&again, 1, 2, 0, "") &&
              ID_IS_EQUAL(again.header->grant, d.way[1]));
    CHECK(t, "the record is due, and goes under another",
          live != NULL && due(&d, live) == 1 && send_next(&d, &again) &&
              is_sent(&again, 1, 3, MESSAGE_RECORDS, NULL) && due(&d, live) == 0);
    CHECK(t, "all arrives", acknowledge(&d, 1, 3, 3) == STATUS_OK && acked(&d) == 3);
    CHECK(t, "nothing is left", !send_next(&d, &again));
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "receipts an origin believes", test_receipts },
        { "a new incarnation", test_new_incarnation },
        { "a way that ends", test_way_ends },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
