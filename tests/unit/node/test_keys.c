/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_keys.c - descriptors of a company one after another: which follows which, which keys count for
 * what, who hears of it. Company 0 is us, 1 (CARRIER) our partner, 2 (OTHER) beyond it, 3 (STRANGER) in no chain.
 */
#include "tests/unit/node/keys_fake.h"

/* Does something new, or something that we had, verify when this company signed it for `as`? */
static bool
counts(struct desk *d, size_t as, size_t signer, bool kept)
{
    struct key_directory keys = kept ? company_keys_kept(d->core) : company_keys_of(d->core);
    struct signed_object object = { .body = bytes_text("anything") };

    object.signature = sample_sign(&d->home.world.companies[signer], SIGN_ANSWER, object.body);
    return object_verify(SIGN_ANSWER, &object, &d->company[as]->node, &d->core->me,
                         &d->core->me, &keys) == STATUS_OK;
}

static int64_t
kept(struct desk *d, size_t company)
{
    char sql[96];

    (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM descriptor WHERE company = %d",
                   (int)d->company[company]->id);
    return ask(d, sql);
}

static int64_t
queued(struct desk *d, size_t company)
{
    char sql[96];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM control WHERE kind = 22 AND company = %d",
                   (int)d->company[company]->id);
    return ask(d, sql);
}

/* ---- */

static void
test_undone(struct check *t)
{
    struct desk d = { 0 };
    struct core_mark mark;

    CHECK(t, "a desk", desk_set(&d));
    struct box_key before = d.company[OTHER]->sealing_key;
    CHECK(t, "inside something that fails",
          core_mark_set(d.core, &mark) == STATUS_OK && rotate(&d, OTHER, 4) == STATUS_OK &&
              d.company[OTHER]->serial == 2);
    core_mark_undo(d.core, &mark);
    CHECK(t, "memory is as the database is",
          d.company[OTHER]->serial == 1 && ID_IS_EQUAL(d.company[OTHER]->sealing_key, before) &&
              kept(&d, OTHER) == 0 && counts(&d, OTHER, OTHER, false) &&
              !counts(&d, OTHER, 4, false));
    CHECK(t, "and it is taken when it comes again",
          rotate(&d, OTHER, 4) == STATUS_OK && counts(&d, OTHER, 4, false));
    desk_clear(&d);
}

static void
test_wrapped_anew(struct check *t)
{
    struct desk d = { 0 };
    struct peer_frame first = { 0 }, second = { 0 };
    struct sealed_body *body[2];
    struct sealed *header[2];

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "one goes, the sealing key changes, one goes",
          control_queue(d.core, d.company[OTHER]->id, MESSAGE_VERDICT, bytes_text("a"), 0) ==
                  STATUS_OK &&
              route_next(d.core, d.company[CARRIER]->peer, 1, d.arena, &first) == STATUS_OK &&
              rotate(&d, OTHER, OTHER) == STATUS_OK &&
              control_queue(d.core, d.company[OTHER]->id, MESSAGE_VERDICT, bytes_text("b"),
                            0) == STATUS_OK &&
              route_next(d.core, d.company[CARRIER]->peer, 2, d.arena, &second) == STATUS_OK);
    CHECK(t, "both are whole",
          wire_sealed_body_parse(first.body, d.arena, &body[0]) == STATUS_OK &&
              wire_sealed_body_parse(second.body, d.arena, &body[1]) == STATUS_OK &&
              wire_sealed_parse(body[0]->header.body, d.arena, &header[0]) == STATUS_OK &&
              wire_sealed_parse(body[1]->header.body, d.arena, &header[1]) == STATUS_OK);
    CHECK(t, "under another content key, wrapped for the new sealing key",
          memcmp(header[0]->key, header[1]->key, SEAL_KEY_SIZE) != 0);
    desk_clear(&d);
}

static void
test_chain(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    struct line one = { .serial = 1, .sealing = 3, .signer = OTHER };
    struct line second = after(&d, OTHER, 4), other = second;
    other.last.b[0] ^= 1;
    struct signed_object object = next_of(&d, OTHER, &other);
    CHECK(t, "one that follows another is evidence", learn(&d, &object) == STATUS_EQUIVOCATION);
    CHECK(t, "the next is taken", rotate(&d, OTHER, 4) == STATUS_OK);
    object = next_of(&d, OTHER, &second);
    CHECK(t, "the same again changes nothing",
          learn(&d, &object) == STATUS_OK && d.company[OTHER]->serial == 2);
    second.sealing ^= 0x40;
    object = next_of(&d, OTHER, &second);
    CHECK(t, "another one with its serial is evidence",
          learn(&d, &object) == STATUS_EQUIVOCATION);
    CHECK(t, "and changes nothing",
          d.company[OTHER]->serial == 2 && counts(&d, OTHER, 4, false));
    object = home_descriptor(&d.home, OTHER, d.arena);
    CHECK(t, "the first again changes nothing", learn(&d, &object) == STATUS_OK);
    object = next_of(&d, OTHER, &one);
    CHECK(t, "another first is evidence", learn(&d, &object) == STATUS_EQUIVOCATION);
    desk_clear(&d);
}

/* First met by its second: the first comes later, and what was signed then verifies. */
static void
test_from_before(struct check *t)
{
    enum { LATE = 4 };
    struct desk d = { 0 };
    struct company *c;

    CHECK(t, "a desk", desk_set(&d));
    struct line line = { .serial = 1, .sealing = 9, .signer = LATE };
    struct signed_object first = next_of(&d, LATE, &line);
    line = (struct line){ 2, digest_object_id(first.body), 0, 8, 5, false, 0 };
    struct signed_object second = next_of(&d, LATE, &line);
    CHECK(t, "on first contact any serial is taken",
          company_learn(d.core, &second, COMPANY_INTRODUCED, 0, &c) == STATUS_OK &&
              c->serial == 2 && c->signing_count == 1);
    line.serial = 1;
    line.sealing = 7;
    struct signed_object other = next_of(&d, LATE, &line);
    CHECK(t, "what it does not name is not taken", learn(&d, &other) == STATUS_EQUIVOCATION);
    CHECK(t, "the one that it names is",
          learn(&d, &first) == STATUS_OK && c->serial == 2 && c->signing_count == 2);
    desk_clear(&d);
}

/* Away for two changes: the newest comes first, and then those between, backwards. */
static void
test_missed(struct check *t)
{
    struct desk d = { 0 };
    struct signed_object made[5];

    CHECK(t, "a desk", desk_set(&d));
    struct line line = after(&d, OTHER, 4);
    for (size_t i = 2; i < COUNT_OF(made); i++) {
        made[i] = next_of(&d, OTHER, &line);
        line.serial++;
        line.last = digest_object_id(made[i].body);
        line.signer++;
        line.signer = line.signer == 6 ? OTHER : line.signer;
    }
    CHECK(t, "one that skips serials is taken",
          learn(&d, &made[4]) == STATUS_OK && d.company[OTHER]->serial == 4 &&
              !counts(&d, OTHER, 5, false));
    CHECK(t, "what cannot be judged yet changes nothing",
          learn(&d, &made[2]) == STATUS_OK && !counts(&d, OTHER, 4, false));
    CHECK(t, "those that it missed count when they come",
          learn(&d, &made[3]) == STATUS_OK && learn(&d, &made[2]) == STATUS_OK &&
              d.company[OTHER]->serial == 4 && counts(&d, OTHER, 5, false) &&
              counts(&d, OTHER, 4, false));
    line = after(&d, OTHER, OTHER);
    line.refused_below = 4;
    made[2] = next_of(&d, OTHER, &line);
    line.serial += 2;
    line.refused_below = 3;
    made[3] = next_of(&d, OTHER, &line);
    CHECK(t, "but not one that takes back what was called stolen",
          learn(&d, &made[2]) == STATUS_OK && learn(&d, &made[3]) == STATUS_BROKEN_CHAIN);
    desk_clear(&d);
}

static void
test_stolen(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "an older key counts beside the new one",
          rotate(&d, OTHER, 4) == STATUS_OK && counts(&d, OTHER, OTHER, false) &&
              counts(&d, OTHER, 4, false) && !counts(&d, OTHER, 5, false));
    struct line line = after(&d, OTHER, 5);
    line.refused_below = line.serial;
    struct signed_object object = next_of(&d, OTHER, &line);
    CHECK(t, "what is called stolen does not count for what is new",
          learn(&d, &object) == STATUS_OK && counts(&d, OTHER, 5, false) &&
              !counts(&d, OTHER, 4, false) && !counts(&d, OTHER, OTHER, false));
    CHECK(t, "but for what we had",
          counts(&d, OTHER, 4, true) && counts(&d, OTHER, OTHER, true));
    line = after(&d, OTHER, 5);
    line.refused_below = 0;
    object = next_of(&d, OTHER, &line);
    CHECK(t, "and never counts again", learn(&d, &object) == STATUS_BROKEN_CHAIN);
    desk_clear(&d);
}

static void
test_bound(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    for (size_t i = 1; i < DESCRIPTORS_MAX + 2; i++) {
        CHECK(t, "one after the other",
              rotate(&d, STRANGER, i % 2 == 0 ? STRANGER : 4) == STATUS_OK);
        CHECK(t, "are kept, up to the limit",
              kept(&d, STRANGER) ==
                  (int64_t)(i < DESCRIPTORS_MAX - 1 ? i : DESCRIPTORS_MAX - 1));
        CHECK(t, "and so are its keys",
              d.company[STRANGER]->signing_count ==
                  (i < DESCRIPTORS_MAX ? i + 1 : DESCRIPTORS_MAX));
    }
    desk_clear(&d);
}

static bool
has_transport(struct desk *d, size_t company, uint8_t transport, enum status expected)
{
    struct line line = after(d, company, company);

    line.transport = transport;
    struct signed_object object = next_of(d, company, &line);
    return learn(d, &object) == expected;
}

/* A link is found by its key. */
static void
test_foreign_transport(struct check *t)
{
    enum { LATE = 4 };
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "a partner has a key, and another",
          has_transport(&d, CARRIER, 1, STATUS_OK) && has_transport(&d, CARRIER, 2, STATUS_OK));
    d.company[CARRIER]->has_former_transport = true;
    d.company[CARRIER]->former_transport = (struct box_key){ { 1 } };
    CHECK(t, "no other partner has those",
          has_transport(&d, STRANGER, 1, STATUS_CONFLICT) &&
              has_transport(&d, STRANGER, 2, STATUS_CONFLICT) &&
              d.company[STRANGER]->serial == 1);
    CHECK(t, "but one of its own", has_transport(&d, STRANGER, 3, STATUS_OK));
    struct line line = { .serial = 1, .sealing = 9, .signer = LATE, .transport = 3 };
    struct signed_object object = next_of(&d, LATE, &line);
    CHECK(t, "nor has who is met", learn(&d, &object) == STATUS_CONFLICT);
    CHECK(t, "who is no partner keeps nobody out",
          has_transport(&d, OTHER, 4, STATUS_OK) && has_transport(&d, STRANGER, 4, STATUS_OK));
    CHECK(t, "its own it has again", has_transport(&d, STRANGER, 4, STATUS_OK));
    desk_clear(&d);
}

/* Who has long descriptors, and many, takes room from nobody but from what is old. */
static void
test_bundle(struct check *t)
{
    struct desk d = { 0 };
    struct bundle bundle = { 0 }, *back;
    struct bytes body = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    const struct node_id *about[] = { &d.company[CARRIER]->node, &d.company[OTHER]->node,
                                      &d.company[STRANGER]->node };
    struct signed_object links[CHAIN_MAX] = { 0 };
    uint8_t *raw = arena_alloc(d.arena, MESSAGE_BODY_MAX + 1);
    for (size_t i = 0; i < CHAIN_MAX; i++)
        links[i].body = bytes_of(raw, OBJECT_MAX);
    bundle.object.body = bytes_text("offer");
    bundle.links = links;
    bundle.link_count = 1;
    for (size_t i = CARRIER; i <= STRANGER; i++)
        for (size_t k = 0; k < DESCRIPTORS_MAX; k++) {
            struct line line = after(&d, i, i);
            line.is_fat = true;
            struct signed_object object = next_of(&d, i, &line);
            CHECK(t, "a long one", learn(&d, &object) == STATUS_OK);
        }
    CHECK(t, "of each as many of the newest as have room",
          keys_bundle(d.core, &bundle, about, COUNT_OF(about), d.arena, &body) == STATUS_OK &&
              body.len <= SEAL_ROOM - SEAL_HEAD &&
              body.len > SEAL_ROOM - SEAL_HEAD - 3 * bundle.descriptors[0].body.len - 512 &&
              wire_bundle_parse(body, d.arena, &back) == STATUS_OK &&
              back->descriptor_count % 3 == 0 && back->descriptor_count >= 3 &&
              back->descriptor_count < COUNT_OF(about) * DESCRIPTORS_MAX);
    struct object_id last =
        digest_object_id(bundle.descriptors[bundle.descriptor_count - 1].body);
    CHECK(t, "the newest last", ID_IS_EQUAL(last, d.company[STRANGER]->descriptor));
    bundle.link_count = CHAIN_MAX;
    CHECK(t, "what has no room with one of each is too big",
          keys_bundle(d.core, &bundle, about, COUNT_OF(about), d.arena, &body) ==
              STATUS_TOO_BIG);
    for (size_t len = MESSAGE_BODY_MAX - 1; len <= MESSAGE_BODY_MAX + 1; len++)
        CHECK(t, "nothing is queued that fits no message",
              control_queue(d.core, d.company[CARRIER]->id, MESSAGE_VERDICT, bytes_of(raw, len),
                            0) == (len <= MESSAGE_BODY_MAX ? STATUS_OK : STATUS_TOO_BIG));
    desk_clear(&d);
}

static void
test_heard(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    CHECK(t, "who is in a chain with it hears of it, others do not",
          rotate(&d, OTHER, 4) == STATUS_OK && queued(&d, CARRIER) == 1 &&
              queued(&d, STRANGER) == 0);
    CHECK(t, "of who is in no chain nobody hears",
          rotate(&d, STRANGER, 4) == STATUS_OK && queued(&d, CARRIER) == 1 &&
              queued(&d, STRANGER) == 0);
    CHECK(t, "nor does it hear of itself",
          rotate(&d, CARRIER, 4) == STATUS_OK && queued(&d, CARRIER) == 1);
    CHECK(t, "data waits while one is under way",
          keys_wait(d.core, d.company[CARRIER]) == STATUS_NOT_FOUND &&
              keys_wait(d.core, d.company[STRANGER]) == STATUS_OK);
    struct peer_frame frame;
    CHECK(
        t, "it goes first, and data after its acknowledgement",
        exchange_next(d.core, d.company[CARRIER]->peer, STREAM_CONTROL, 1, d.arena, &frame) ==
                STATUS_OK &&
            frame.kind == MESSAGE_DESCRIPTOR &&
            exchange_next(d.core, d.company[CARRIER]->peer, STREAM_DATA, 1, d.arena, &frame) ==
                STATUS_NOT_FOUND &&
            keys_wait(d.core, d.company[CARRIER]) == STATUS_NOT_FOUND &&
            exchange_acked(d.core, d.company[CARRIER]->peer, STREAM_CONTROL, 1) == STATUS_OK &&
            keys_wait(d.core, d.company[CARRIER]) == STATUS_OK);
    desk_clear(&d);
}

/* Somebody who changes its keys without end stands in nobody's way. */
static void
test_restless(struct check *t)
{
    struct desk d = { 0 };

    CHECK(t, "a desk", desk_set(&d));
    for (size_t i = 1; i <= KEY_CHANGES_A_DAY_MAX + 1; i++) {
        CHECK(t, "so many changes in a day",
              rotate(&d, OTHER, i % 2 == 0 ? 4 : 5) ==
                  (i <= KEY_CHANGES_A_DAY_MAX ? STATUS_OK : STATUS_TOO_BIG));
        if (i <= DESCRIPTORS_MAX + 1)
            CHECK(t, "no more wait for another than are kept",
                  queued(&d, CARRIER) == (int64_t)(i < DESCRIPTORS_MAX ? i : DESCRIPTORS_MAX));
    }
    CHECK(t, "those of one are counted", rotate(&d, STRANGER, 4) == STATUS_OK);
    d.company[OTHER]->changes_since.ms -= 24 * 3600 * 1000;
    CHECK(t, "on another day they are taken", rotate(&d, OTHER, 4) == STATUS_OK);
    struct peer_frame frame;
    CHECK(t, "what takes back goes before them",
          control_queue(d.core, d.company[CARRIER]->id, MESSAGE_REVOCATION, bytes_text("x"),
                        0) == STATUS_OK &&
              exchange_next(d.core, d.company[CARRIER]->peer, STREAM_CONTROL, 1, d.arena,
                            &frame) == STATUS_OK &&
              frame.kind == MESSAGE_REVOCATION);
    desk_clear(&d);
}

static void
put(const struct desk *d, const char *folder, const char *name,
    const struct signed_object *object)
{
    AUTO(fd_close)
    int dir = open(arena_printf(d->arena, "%s/%s", d->home.path, folder),
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 ||
        file_replace_at(dir, name, wire_signed_object_format(object, d->arena)) != STATUS_OK)
        abort();
}

/* Our keys changed twice, and then a database from before came back. */
static void
test_restored(struct check *t)
{
    struct desk d = { 0 };
    struct diag diag = { 0 };
    char keys[160];

    CHECK(t, "a desk", desk_set(&d));
    struct line line = after(&d, 0, CARRIER);
    struct signed_object second = next_of(&d, 0, &line);
    line = (struct line){ .serial = line.serial + 1,
                          .last = digest_object_id(second.body),
                          .signer = OTHER };
    struct signed_object third = next_of(&d, 0, &line);
    (void)snprintf(keys, sizeof(keys), "%s/keys", d.home.path);
    CHECK(t, "keys", mkdir(keys, 0700) == 0);
    put(&d, ".", "descriptor.2", &second);
    put(&d, "keys", "descriptor", &third);
    CHECK(t, "the newest is found beside the keys",
          core_need_txn(d.core) == STATUS_OK && keys_begin(d.core, &diag) == STATUS_OK &&
              d.company[0]->serial == line.serial && counts(&d, 0, OTHER, false));
    CHECK(t, "what was signed between is ours too", counts(&d, 0, CARRIER, false));
    CHECK(t, "both stand in the home from now on",
          access(arena_printf(d.arena, "%s/descriptor.3", d.home.path), F_OK) == 0);
    desk_clear(&d);
}

/* Passed on before what takes back, when it came before: that may be signed under it. */
static void
test_before_revocation(struct check *t)
{
    static const uint8_t order[] = { MESSAGE_DESCRIPTOR, MESSAGE_REVOCATION, MESSAGE_ANSWER };
    struct desk d = { 0 };
    struct peer_frame frame;
    int64_t share, to;

    CHECK(t, "a desk", desk_set(&d));
    to = d.company[CARRIER]->id;
    struct revocation r = { .author = d.company[OTHER]->node,
                            .audience = d.company[CARRIER]->node };
    struct signed_object back = { .body = wire_revocation_format(&r, d.arena) };
    CHECK(t, "an answer waits, then a descriptor of another company, then a revocation",
          control_queue(d.core, to, MESSAGE_ANSWER, bytes_text("answer"), 0) == STATUS_OK &&
              rotate(&d, OTHER, STRANGER) == STATUS_OK &&
              control_queue(d.core, to, MESSAGE_REVOCATION,
                            wire_signed_body_format(&back, d.arena), 0) == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(order); i++)
        CHECK(t, message_kind_name(order[i]),
              exchange_control_pull(d.core, to, d.arena, &frame, &share) == STATUS_OK &&
                  frame.kind == order[i]);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "undone with what fails", test_undone },
        { "content keys follow the sealing key", test_wrapped_anew },
        { "a chain", test_chain },
        { "one from before", test_from_before },
        { "changes that were missed", test_missed },
        { "stolen keys", test_stolen },
        { "another's transport key", test_foreign_transport },
        { "a bound", test_bound },
        { "a bundle has room", test_bundle },
        { "who hears of it", test_heard },
        { "without end", test_restless },
        { "an older database with newer keys", test_restored },
        { "a descriptor before what is signed under it", test_before_revocation },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
