/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_route.c - the sealed way at its destination: what it takes of what carriers bring, and what it says
 * of it.
 */
#include "tests/unit/node/route_fake.h"

/* ---- what arrives ------------------------------------------------------------------------- */

enum fault {
    NONE,
    BOX,          /* changed on the way */
    BOX_SIGNED,   /* and its origin names it so */
    HANDLES,      /* changed on the way */
    HANDLES_KEPT, /* its origin signs other handles than it sealed with */
    INCARNATION,  /* changed on the way */
    SIGNATURE,
    KEY,     /* wrapped for somebody else */
    UNKNOWN, /* a grant that we never heard of */
    CUT,
};

struct saying {
    const char *why;
    uint32_t incarnation;
    uint64_t number;
    enum fault fault;
    size_t author, audience, from;
    uint8_t kind;            /* of what is inside */
    const char *want, *dead; /* what the link gets; the letter of what is inside */
    uint32_t knows;
    uint64_t have, seen; /* afterwards */
};

/* An answer to an offer of ours that we do not have any more; taken and good for nothing. */
static struct bytes
answer(struct desk *d, const struct sample_company *author)
{
    struct answer a = {
        .author = author->id, .audience = d->core->me, .reason = "", .answered = { HOME_NOW_MS }
    };
    struct signed_object object = { .body = wire_answer_format(&a, d->arena) };

    object.signature = sample_sign(author, SIGN_ANSWER, object.body);
    return wire_signed_body_format(&object, d->arena);
}

static void
spoil_before(enum fault fault, struct sealed *h, struct bytes *box)
{
    static struct handle other[] = { { { 8 } } };

    if (fault == BOX_SIGNED) {
        ((uint8_t *)(uintptr_t)box->data)[3] ^= 1;
        h->box = digest_plain(*box);
    }
    if (fault == HANDLES_KEPT)
        h->handles = other;
    if (fault == UNKNOWN)
        h->grant.b[0] ^= 1;
}

static void
spoil_after(struct desk *d, enum fault fault, struct sealed *h, struct sealed_body *body)
{
    static struct handle other[] = { { { 8 } } };

    if (fault == BOX)
        ((uint8_t *)(uintptr_t)body->box.data)[3] ^= 1;
    if (fault == HANDLES)
        h->handles = other;
    if (fault == INCARNATION)
        h->incarnation++;
    if (fault == HANDLES || fault == INCARNATION)
        body->header.body = wire_sealed_format(h, d->arena);
    if (fault == SIGNATURE)
        body->header.signature.b[0] ^= 1;
}

static struct bytes
seal(struct desk *d, const struct saying *row)
{
    static struct handle handles[] = { { { 7 } } };
    const struct sample_company *author = &d->home.world.companies[row->author];
    struct content_key key = { .b = { 5, (uint8_t)row->incarnation } };
    struct bytes inside = row->kind == MESSAGE_ANSWER ? answer(d, author) : (struct bytes){ 0 };
    struct sealed h = { .author = author->id,
                        .audience = d->home.world.companies[row->audience].id,
                        .grant = d->way[0],
                        .epoch = 1,
                        .incarnation = row->incarnation,
                        .number = row->number,
                        .handles = handles,
                        .handle_count = 1 };
    struct sealed_body body = { 0 };

    memcpy(h.key, key.b, sizeof(key.b));
    h.key[sizeof(key.b)] = row->fault == KEY;
    body.box = seal_close(&key, &h, row->kind, inside, d->arena);
    spoil_before(row->fault, &h, &body.box);
    body.header.body = wire_sealed_format(&h, d->arena);
    body.header.signature = sample_sign(author, SIGN_SEALED, body.header.body);
    spoil_after(d, row->fault, &h, &body);
    struct bytes raw = wire_sealed_body_format(&body, d->arena);
    return bytes_of(raw.data, raw.len - (row->fault == CUT));
}

static const char *
say(struct desk *d, const struct saying *row)
{
    struct envelope env = { .kind = MESSAGE_SEALED,
                            .stream = STREAM_DATA,
                            .body = seal(d, row) };
    const char *detail = "";
    enum status s = route_take(d->core, d->company[row->from], &env, &detail);

    return s == STATUS_OK ? "OK" : arena_printf(d->arena, "%s %s", status_name(s), detail);
}

/* Reason of the newest dead letter when there is one more than before, or NULL. */
static const char *
letter(struct desk *d, int64_t before)
{
    enum { STATUS = 4, DETAIL };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_DEAD_LIST);

    stmt_bind(q, "iti", before, "", (int64_t)1);
    return stmt_step(q) == STATUS_OK
               ? arena_printf(d->arena, "%s %s", stmt_text(q, STATUS), stmt_text(q, DETAIL))
               : NULL;
}

static bool
is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int64_t
letters(struct desk *d)
{
    int64_t out = -1;

    return store_number(d->core->store, &out, STMT_DEAD_COUNT, "") == STATUS_OK ? out : -1;
}

static void
check_row(struct check *t, struct desk *d, const struct saying *row)
{
    int64_t before = letters(d);
    struct route_numbers n;
    const char *got = say(d, row), *dead = letter(d, before);
    bool ok = route_numbers_get(d->core, d->company[OTHER]->id, &n) == STATUS_OK;

    if (!is_same(got, row->want) || !is_same(dead, row->dead))
        printf("got \"%s\", letter \"%s\"\n", got, dead == NULL ? "" : dead);
    CHECK(t, row->why, is_same(got, row->want) && is_same(dead, row->dead));
    CHECK(t, row->why,
          ok && n.incarnation == row->knows && n.have == row->have && n.seen == row->seen);
}

#define BY_CARRIER OTHER, 0, CARRIER, MESSAGE_ANSWER
static void
test_taking(struct check *t)
{
    /* clang-format off */
    static const struct saying rows[] = {
        { "the first is taken", 2, 1, NONE, BY_CARRIER, "OK", NULL, 2, 1, 1 },
        { "and the next", 2, 2, NONE, BY_CARRIER, "OK", NULL, 2, 2, 2 },
        { "repeated it changes nothing", 2, 2, NONE, BY_CARRIER, "OK", NULL, 2, 2, 2 },
        { "nor an earlier one", 2, 1, NONE, BY_CARRIER, "OK", NULL, 2, 2, 2 },
        { "a gap is seen, and nothing of it kept", 2, 5, NONE, BY_CARRIER, "OK", NULL, 2, 2, 5 },
        { "the missing one is taken", 2, 3, NONE, BY_CARRIER, "OK", NULL, 2, 3, 5 },
        { "not when its box was changed", 2, 4, BOX, BY_CARRIER, "BAD_SIGNATURE box", NULL, 2, 3, 5 },
        { "nor its list of handles", 2, 4, HANDLES, BY_CARRIER, "BAD_SIGNATURE header", NULL, 2, 3, 5 },
        { "nor its incarnation", 2, 4, INCARNATION, BY_CARRIER, "BAD_SIGNATURE header", NULL, 2, 3, 5 },
        { "nor its signature", 2, 4, SIGNATURE, BY_CARRIER, "BAD_SIGNATURE header", NULL, 2, 3, 5 },
        { "nor when it is cut", 2, 4, CUT, BY_CARRIER, "MALFORMED sealed", NULL, 2, 3, 5 },
        { "nor by a way that nobody knows", 2, 4, UNKNOWN, BY_CARRIER, "NOT_GRANTED way", NULL, 2, 3, 5 },
        { "nor brought by a company that is not on the way", 2, 4, NONE, OTHER, 0, STRANGER, MESSAGE_ANSWER,
          "NOT_GRANTED way", NULL, 2, 3, 5 },
        { "nor by an author that is not in the chain", 2, 4, NONE, STRANGER, 0, CARRIER, MESSAGE_ANSWER,
          "NOT_GRANTED way", NULL, 2, 3, 5 },
        { "nor by the carrier itself, who has a link", 2, 4, NONE, CARRIER, 0, CARRIER, MESSAGE_ANSWER,
          "NOT_GRANTED way", NULL, 2, 3, 5 },
        { "nor for somebody who is not in the chain", 2, 4, NONE, OTHER, STRANGER, CARRIER, MESSAGE_ANSWER,
          "NOT_GRANTED way", NULL, 2, 3, 5 },
        { "a box that its origin broke is a dead letter, and counts", 2, 4, BOX_SIGNED, BY_CARRIER,
          "OK", "BAD_SIGNATURE box", 2, 4, 5 },
        { "so do handles that are not those it sealed with", 2, 5, HANDLES_KEPT, BY_CARRIER,
          "OK", "BAD_SIGNATURE box", 2, 5, 5 },
        { "so does a key that is not for us", 2, 6, KEY, BY_CARRIER, "OK", "UNKNOWN_KEY key", 2, 6, 6 },
        { "and what is between neighbours", 2, 7, NONE, OTHER, 0, CARRIER, MESSAGE_PASSON,
          "OK", "UNKNOWN_KIND kind", 2, 7, 7 },
        { "and an object that is none", 2, 8, NONE, OTHER, 0, CARRIER, MESSAGE_OFFER,
          "OK", "MALFORMED object", 2, 8, 8 },
        { "and records that are none", 2, 9, NONE, OTHER, 0, CARRIER, MESSAGE_RECORDS,
          "OK", "MALFORMED records", 2, 9, 9 },
        { "nothing stands for what may not go", 2, 10, NONE, OTHER, 0, CARRIER, 0, "OK", NULL, 2, 10, 10 },
        { "a new incarnation begins anew, here with a gap", 4, 2, NONE, BY_CARRIER, "OK", NULL, 4, 0, 2 },
        { "its first is taken", 4, 1, NONE, BY_CARRIER, "OK", NULL, 4, 1, 2 },
        { "the older one's next is not", 2, 11, NONE, BY_CARRIER, "OK", NULL, 4, 1, 2 },
        { "nor one under the number that is next", 2, 2, NONE, BY_CARRIER, "OK", NULL, 4, 1, 2 },
        { "nor of one that was never here", 3, 2, NONE, BY_CARRIER, "OK", NULL, 4, 1, 2 },
        { "the newer one's next is", 4, 2, NONE, BY_CARRIER, "OK", NULL, 4, 2, 2 },
        { "the last incarnation begins with its first", UINT32_MAX, 1, NONE, BY_CARRIER, "OK", NULL, UINT32_MAX, 1, 1 },
    };
    /* clang-format on */
    struct desk d = { 0 };

    if (!CHECK(t, "there is a way", desk_set(&d)))
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(t, &d, &rows[i]);
    desk_clear(&d);
}

/* ---- receipts that we say ----------------------------------------------------------------- */

/* The newest that waits for the carrier. */
static bool
receipt_said(struct desk *d, struct sealed_receipt **out)
{
    struct signed_object *object;
    struct peer_frame frame;
    int64_t share;

    if (route_tell(d->core) != STATUS_OK)
        return false;
    d->core->receipts_wait = true;
    return exchange_control_pull(d->core, d->company[CARRIER]->id, d->arena, &frame, &share) ==
               STATUS_OK &&
           frame.kind == MESSAGE_SEALED_RECEIPT &&
           wire_signed_body_parse(frame.body, d->arena, &object) == STATUS_OK &&
           wire_sealed_receipt_parse(object->body, d->arena, out) == STATUS_OK;
}

static void
test_saying(struct check *t)
{
    static const struct saying rows[] = {
        { "the first", 2, 1, NONE, BY_CARRIER, "OK", NULL, 2, 1, 1 },
        { "a gap", 2, 3, NONE, BY_CARRIER, "OK", NULL, 2, 1, 3 },
        { "a repeat", 2, 1, NONE, BY_CARRIER, "OK", NULL, 2, 1, 3 },
        { "a newer incarnation", 3, 1, NONE, BY_CARRIER, "OK", NULL, 3, 1, 1 },
        { "an older one", 2, 2, NONE, BY_CARRIER, "OK", NULL, 3, 1, 1 },
    };
    struct sealed_receipt *r;
    struct desk d = { 0 };

    if (!CHECK(t, "there is a way", desk_set(&d)))
        return;
    CHECK(t, "nothing came, nothing is said", !receipt_said(&d, &r));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_row(t, &d, &rows[i]);
        if (!CHECK(t, "each is answered", receipt_said(&d, &r)))
            break;
        CHECK(t, "with the numbers of the newest incarnation",
              ID_IS_EQUAL(r->author, d.core->me) &&
                  ID_IS_EQUAL(r->audience, d.company[OTHER]->node) &&
                  r->incarnation == rows[i].knows && r->have == rows[i].have &&
                  r->seen == rows[i].seen);
    }
    CHECK(t, "and once", !receipt_said(&d, &r));
    desk_clear(&d);
}

static int64_t
receipts(struct desk *d)
{
    int64_t n = -1;

    return route_tell(d->core) == STATUS_OK &&
                   store_number(d->core->store, &n, STMT_CONTROL_KIND_COUNT, "ii",
                                d->company[CARRIER]->id,
                                (int64_t)MESSAGE_SEALED_RECEIPT) == STATUS_OK
               ? n
               : -1;
}

/* The next link is slow, and much arrives. */
static void
test_one_receipt_waits(struct check *t)
{
    struct saying row = { .incarnation = 1,
                          .number = 1,
                          .author = OTHER,
                          .audience = 0,
                          .from = CARRIER,
                          .kind = MESSAGE_ANSWER };
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    for (; row.number <= 3; row.number++)
        CHECK(t, "of several receipts for one only the newest waits",
              is_same(say(&d, &row), "OK") && receipts(&d) == 1);
    desk_clear(&d);
}

/* ---- carried for others ------------------------------------------------------------------- */

static int64_t
waiting(struct desk *d)
{
    int64_t n = -1;

    return store_number(d->core->store, &n, STMT_BUDGET_CARRY, "i", d->company[CARRIER]->id) ==
                   STATUS_OK
               ? n
               : -1;
}

/* What CARRIER gave us and we passed on to STRANGER, who is away. */
static bool
open_through(struct desk *d)
{
    struct grant root = grant_of(d, CARRIER, 9);
    struct live *live;

    root.issuer = root.owner = d->company[CARRIER]->node;
    root.audience = d->core->me;
    struct signed_object links[2] = { sample_grant_sign(&d->home.world, &root, d->arena) };
    struct object_id parent = digest_object_id(links[0].body);
    struct grant link = sample_link(&d->home.world, &root, &parent, STRANGER);
    links[1] = sample_grant_sign(&d->home.world, &link, d->arena);
    d->way[0] = digest_object_id(links[1].body);
    return hold(d, links, 2, ROLE_GIVEN, &live);
}

static void
test_no_room_for_more(struct check *t)
{
    struct saying row = {
        .incarnation = 1, .number = 1, .author = CARRIER, .audience = STRANGER, .from = CARRIER
    };
    struct desk d = { 0 };

    CHECK(t, "a desk between others", desk_set(&d) && open_through(&d));
    for (int64_t n = 1; n < CARRY_MAX; n++)
        CHECK(t, "much waits",
              store_exec(d.core->store, STMT_CARRY_ADD, "iiiib", d.company[STRANGER]->id,
                         d.company[CARRIER]->id, n, d.company[STRANGER]->id,
                         bytes_text("box")) == STATUS_OK);
    CHECK(t, "the last one that there is room for",
          is_same(say(&d, &row), "OK") && waiting(&d) == CARRY_MAX);
    row.number++;
    CHECK(t, "one more is taken off its link, which others use too, and let go",
          is_same(say(&d, &row), "OK") && waiting(&d) == CARRY_MAX);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what a destination takes", test_taking },
        { "receipts it says", test_saying },
        { "no room for more", test_no_room_for_more },
        { "one receipt waits", test_one_receipt_waits },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
