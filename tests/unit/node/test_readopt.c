/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_readopt.c - our own revisions come back after a restore: what is believed, by field the highest
 * position, and what stays as it is. Company 0 is us, 1 sends it back, 2 signs what is not ours.
 */
#include "node/readopt.h"
#include "node/suppression.h"
#include "schema/commitment.h"
#include "schema/merkle.h"
#include "tests/unit/node/home_fake.h"

enum { LIFE = 9, NAME = 0, PLACE = 1, ABOUT = 2, FIELDS = 3 };

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *from;
    const struct type *type;
    struct key keys[FIELDS]; /* ascending */
};

/* From now on records are of this type, with these fields. */
static void
desk_use(struct desk *d, const char *type, const char *const names[FIELDS])
{
    d->type = dictionary_find_name(d->core->dictionary, type);
    for (size_t i = 0; i < FIELDS; i++)
        d->keys[i] = type_field_find_name(d->type, names[i])->key;
}

static bool
desk_set(struct desk *d)
{
    static const char *const names[FIELDS] = { "name", "place", "description" };

    memset(d, 0, sizeof(*d));
    home_make(&d->home);
    d->arena = arena_new(0);
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    struct signed_object them = home_descriptor(&d->home, 1, d->arena);
    desk_use(d, "event", names);
    return company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->from) == STATUS_OK;
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

/* A revision as its holder has it: values of all fields, NULL for none, and which of them it was shown. */
struct back {
    const char *why;
    uint8_t nonce;
    struct position at;
    const char *values[FIELDS];
    const char *shown; /* letters n, p, d; NULL: all of it, with the secret */
    bool tombstone;
    size_t signer;
    const struct record_id *parent, *contact; /* always shown */
};

static struct bytes
body_of(struct desk *d, const struct back *b)
{
    struct field *fields = ARENA_ARRAY(d->arena, struct field, FIELDS + 2);
    struct disclosure full = { .has_secret = true, .secret = { 7 }, .fields = fields };
    struct revision r = { .nonce = { b->nonce },
                          .owner = d->core->me,
                          .type = d->type->key,
                          .position = b->at,
                          .claimed = { HOME_NOW_MS },
                          .tombstone = b->tombstone };
    bool keep[FIELDS + 2] = { b->parent != NULL };
    struct disclosure item;
    uint8_t body[68];

    if (b->parent != NULL)
        fields[full.field_count++] = (struct field){ .key = d->type->parent->key,
                                                     .value = bytes_of(b->parent->b, ID_SIZE) };
    for (size_t i = 0; i < FIELDS; i++)
        if (b->values[i] != NULL) {
            keep[full.field_count] = b->shown != NULL && strchr(b->shown, "npd"[i]) != NULL;
            fields[full.field_count++] =
                (struct field){ .key = d->keys[i], .value = bytes_text(b->values[i]) };
        }
    if (b->contact != NULL) {
        struct key key = type_field_find_name(d->type, "contact")->key;
        size_t at = full.field_count++;
        for (; at > 0 && key_compare(fields[at - 1].key, key) > 0; at--) {
            fields[at] = fields[at - 1];
            keep[at] = keep[at - 1];
        }
        fields[at] = (struct field){ .key = key, .value = bytes_of(b->contact->b, ID_SIZE) };
        keep[at] = true;
    }
    r.commitments = commitment_root(full.secret, full.fields, full.field_count);
    full.revision = wire_revision_format(&r, d->arena);
    item = full;
    if (b->shown != NULL) {
        commitment_salts(full.secret, full.fields, full.field_count);
        commitment_narrow(&full, keep, d->arena, &item);
    }
    struct revision_id id = digest_revision_id(item.revision);
    struct digest leaf = merkle_leaf(&id), root = merkle_root(&leaf, 1);
    signature_batch_body(&r.owner, 1, &root, body);
    struct run run = { .size = 1, .items = &item, .item_count = 1 };
    run.signature = sample_sign(&d->home.world.companies[b->signer], SIGN_BATCH,
                                bytes_of(body, sizeof(body)));
    struct records message = { .runs = &run, .run_count = 1 };
    return wire_records_format(&message, d->arena);
}

static enum status
take(struct desk *d, const struct back *b)
{
    struct envelope env = { .kind = MESSAGE_OWN_RECORDS, .body = body_of(d, b) };
    const char *detail;

    return readopt_take(d->core, d->from, &env, &detail);
}

static struct record_id
id_of(const struct desk *d, uint8_t nonce)
{
    const uint8_t raw[16] = { nonce };

    return digest_record_id(d->type->key.space, d->type->key.number, &d->core->me, raw);
}

/* "(9,2) name|place|about", "removed", or "nothing". */
static const char *
look(struct desk *d, uint8_t nonce)
{
    struct record_id id = id_of(d, nonce);
    const char *values[FIELDS] = { "", "", "" };
    struct record_now *now;
    int64_t record;

    if (store_number(d->core->store, &record, STMT_RECORD_FIND, "b", bytes_of(id.b, ID_SIZE)) !=
            STATUS_OK ||
        record_now(d->core->store, record, false, d->arena, &now) != STATUS_OK)
        return "nothing";
    for (size_t i = 0; i < FIELDS; i++)
        for (size_t k = 0; k < now->field_count; k++)
            if (key_is_equal(now->fields[k].key, d->keys[i]))
                values[i] = arena_text(d->arena, now->fields[k].value);
    return now->tombstone
               ? "removed"
               : arena_printf(d->arena, "(%u,%u) %s|%s|%s", (unsigned)now->position.incarnation,
                              (unsigned)now->position.number, values[NAME], values[PLACE],
                              values[ABOUT]);
}

/* A person makes or changes a record here. */
static bool
write_one(struct desk *d, uint8_t nonce, const char *name, const char *place)
{
    struct record_id id = id_of(d, nonce);
    struct field fields[] = { { .key = d->keys[NAME], .value = bytes_text(name) },
                              { .key = d->keys[PLACE], .value = bytes_text(place) } };
    const uint8_t raw[16] = { nonce };
    struct mint mint = { .type = d->type->key,
                         .fields = fields,
                         .field_count = *place == '\0' ? 1 : 2,
                         .nonce = raw };

    if (store_number(d->core->store, &mint.record, STMT_RECORD_FIND, "b",
                     bytes_of(id.b, ID_SIZE)) != STATUS_OK)
        mint.record = 0;
    return records_mint(d->core, &mint, 1, "user:x", "record.changed") == STATUS_OK;
}

static bool
is(struct check *t, struct desk *d, const struct back *b, const char *want)
{
    enum status s = take(d, b);
    const char *got = look(d, b->nonce);
    bool right = s == STATUS_OK && strcmp(got, want) == 0;

    if (!right)
        printf("    %s: %s, %s\n", b->why, status_name(s), got);
    CHECK(t, b->why, right);
    return right;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void
test_fields(struct check *t)
{
    static const struct {
        struct back back;
        const char *want;
    } rows[] = {
        { { "a record that the copy does not know is ours again, with what was shown",
            .nonce = 1, .at = { 1, 3 }, .values = { "Fair", "Hall", "x" }, .shown = "n" },
          "(9,1) Fair||" },
        { { "a second time it changes nothing", .nonce = 1, .at = { 1, 3 },
            .values = { "Fair", "Hall", "x" }, .shown = "n" },
          "(9,1) Fair||" },
        { { "another holder's newer one: its fields, and the others as they were", .nonce = 1,
            .at = { 1, 5 }, .values = { "Newer", "Yard", "x" }, .shown = "p" },
          "(9,2) Fair|Yard|" },
        { { "an older one: only what nobody showed newer", .nonce = 1, .at = { 1, 4 },
            .values = { "Middle", "Old Yard", "x" }, .shown = "np" },
          "(9,3) Middle|Yard|" },
        { { "all of it: what is not there any more goes", .nonce = 1, .at = { 1, 6 },
            .values = { "Last", NULL, "about" } },
          "(9,4) Last||about" },
        { { "and does not come back with an older one", .nonce = 1, .at = { 1, 5 },
            .values = { "Newer", "Yard", "x" }, .shown = "p" },
          "(9,4) Last||about" },
        { { "one of this life is nothing that was lost", .nonce = 1, .at = { LIFE, 99 },
            .values = { "Later", NULL, NULL } },
          "(9,4) Last||about" },
        { { "who signs it is not us", .nonce = 1, .at = { 1, 8 },
            .values = { "Forged", NULL, NULL }, .signer = 2 },
          "(9,4) Last||about" },
        { { "removed is removed", .nonce = 1, .at = { 1, 9 }, .tombstone = true }, "removed" },
        { { "and stays so", .nonce = 1, .at = { 1, 10 }, .values = { "Again", NULL, NULL } },
          "removed" },
        { { "also when only the removal comes back", .nonce = 2, .at = { 1, 9 },
            .tombstone = true },
          "removed" },
        { { "and then what another holds of it", .nonce = 2, .at = { 1, 7 },
            .values = { "Alive", NULL, NULL } },
          "removed" },
    };
    struct desk d;

    CHECK(t, "a home", desk_set(&d));
    CHECK(t, "who was never restored takes nothing back",
          take(&d, &rows[0].back) == STATUS_NOT_GRANTED && strcmp(look(&d, 1), "nothing") == 0);
    d.core->incarnation = LIFE;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        (void)is(t, &d, &rows[i].back, rows[i].want);
    desk_clear(&d);
}

static void
test_copy(struct check *t)
{
    static const struct back older = { "an older one than the copy's changes nothing",
                                       .nonce = 1, .at = { 1, 1 },
                                       .values = { "Lie", NULL, NULL } };
    static const struct back newer = {
        "a newer one: what was shown; the rest as the copy has it", .nonce = 1, .at = { 1, 2 },
        .values = { "New", "New Hall", NULL }, .shown = "n"
    };
    static const struct back later = { "what a person changed since stays", .nonce = 1,
                                       .at = { 1, 3 },
                                       .values = { "Late", "Late Hall", NULL } };
    struct desk d;

    CHECK(t, "a home with a record",
          desk_set(&d) && write_one(&d, 1, "Old", "Old Hall") &&
              write_one(&d, 2, "Two", "Hall"));
    d.core->incarnation = LIFE;
    (void)is(t, &d, &older, "(1,1) Old|Old Hall|");
    (void)is(t, &d, &newer, "(9,1) New|Old Hall|");
    CHECK(t, "a person changes it", write_one(&d, 1, "Hand", "Made"));
    (void)is(t, &d, &later, "(9,2) Hand|Made|");
    desk_clear(&d);
}

static void
test_suppressed(struct check *t)
{
    static const struct back back = { "who was erased does not come back", .nonce = 3,
                                      .at = { 1, 3 }, .values = { "Ada", NULL, NULL } };
    struct suppression_keys keys = { 0 };
    struct suppression_act act = { .reason = SUPPRESSION_ERASED };
    struct desk d;

    CHECK(t, "a home", desk_set(&d));
    struct record_id id = id_of(&d, 3);
    suppression_keys_add_record(d.core, &id, &keys);
    CHECK(t, "an erased record", suppression_add(d.core, &keys, &act) == STATUS_OK);
    d.core->incarnation = LIFE;
    (void)is(t, &d, &back, "nothing");
    desk_clear(&d);
}

/* ---- shares ------------------------------------------------------------------------------- */

struct shown {
    const char *why;
    uint8_t nonce;
    size_t audience, signer;
    uint32_t life;
    bool revoked;
    enum status want;
    int64_t stand; /* shares of ours afterwards */
};

/* Company 1 shows an offer. */
static enum status
show_offer(struct desk *d, const struct shown *how)
{
    static const char *purposes[] = { "event" };
    struct grant_field field = { d->type->key, d->keys[NAME] };
    struct record_id record = id_of(d, how->nonce);
    struct grant g = { .issuer = d->core->me,
                       .audience = d->home.world.companies[how->audience].id,
                       .owner = d->core->me,
                       .selector = SELECTOR_RECORDS,
                       .records = &record,
                       .record_count = 1,
                       .fields = &field,
                       .field_count = 1,
                       .actions = ACTION_READ,
                       .not_before = { HOME_NOW_MS - 1000 },
                       .not_after = { HOME_NOW_MS + 1000000 },
                       .purposes = purposes,
                       .purpose_count = 1,
                       .nonce = { how->nonce } };
    struct signed_object link = sample_grant_sign(&d->home.world, &g, d->arena);
    struct offer offer = { .author = d->core->me,
                           .audience = g.audience,
                           .grant = digest_object_id(link.body),
                           .kind = OFFER_RECORDS,
                           .title = "Fair",
                           .note = "",
                           .count = 1,
                           .offered = { HOME_NOW_MS } };
    struct bundle bundle = { .links = &link, .link_count = 1 };
    struct envelope env = { .kind = MESSAGE_OFFER };
    struct taking t = { .core = d->core, .from = d->from, .arena = d->arena, .env = &env };

    bundle.object.body = wire_offer_format(&offer, d->arena);
    bundle.object.signature =
        sample_sign(&d->home.world.companies[how->signer], SIGN_OFFER, bundle.object.body);
    env.body = wire_bundle_format(&bundle, d->arena);
    if (how->revoked && grant_fall(d->core, &offer.grant, &d->core->me, bytes_text("word"),
                                   SHARE_STOPPED, "") != STATUS_OK)
        return STATUS_INTERNAL;
    d->core->incarnation = how->life;
    return exchange_take_object(&t);
}

static void
test_offers(struct check *t)
{
    static const struct shown rows[] = {
        { "who never forgot anything takes none", 1, 1, 0, 1, .want = STATUS_BAD_SIGNATURE },
        { "one for another company", 1, 2, 0, LIFE, .want = STATUS_BAD_SIGNATURE },
        { "one that we did not sign", 1, 1, 1, LIFE, .want = STATUS_BAD_SIGNATURE },
        { "one that we took back", 1, 1, 0, LIFE, .revoked = true, .want = STATUS_REVOKED },
        { "one of ours stands again", 2, 1, 0, LIFE, .want = STATUS_OK, .stand = 1 },
        { "once", 2, 1, 0, LIFE, .want = STATUS_OK, .stand = 1 },
    };
    struct desk d;

    CHECK(t, "a home", desk_set(&d));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum status s = show_offer(&d, &rows[i]);
        if (s != rows[i].want)
            printf("    %s: %s\n", rows[i].why, status_name(s));
        CHECK(t, rows[i].why,
              s == rows[i].want && (int64_t)d.core->live_count == rows[i].stand);
    }
    CHECK(t, "as one that is not answered",
          d.core->live_count == 1 && d.core->lives[0].role == ROLE_GIVEN &&
              d.core->lives[0].state == SHARE_DELIVERED);
    desk_clear(&d);
}

/* ---- a guest and two holders -------------------------------------------------------------- */

/* The whole event, accepted by company `to`. */
static struct live *
share(struct desk *d, size_t to, const struct record_id *event)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct signed_object them = home_descriptor(&d->home, to, d->arena);
    struct grant_field fields[] = { { d->type->key, d->type->parent->key },
                                    { d->type->key, d->keys[NAME] } };
    const char *purposes[] = { "event" };
    struct grant grant = { .issuer = d->core->me,
                           .owner = d->core->me,
                           .audience = d->home.world.companies[to].id,
                           .selector = SELECTOR_TREE,
                           .tree = *event,
                           .fields = fields,
                           .field_count = COUNT_OF(fields),
                           .actions = ACTION_READ,
                           .not_before = { HOME_NOW_MS - 1000 },
                           .not_after = { HOME_NOW_MS + 1000000 },
                           .purposes = purposes,
                           .purpose_count = 1 };
    struct share_row row = { .role = ROLE_GIVEN,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    struct chain_fault fault;
    struct company *company;
    struct live *live;

    if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &company) != STATUS_OK ||
        chain_check(d->core, &link, 1, &chain, &fault) != STATUS_OK)
        return NULL;
    row.partner = company->id;
    row.oid = *chain_leaf_id(chain);
    return grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
                   share_add(d->core, &row, &chain, &live) == STATUS_OK
               ? live
               : NULL;
}

static bool
write_guest(struct desk *d, uint8_t nonce, const struct record_id *event)
{
    const uint8_t raw[16] = { nonce };
    struct field fields[] = { { .key = d->type->parent->key,
                                .value = bytes_of(event->b, ID_SIZE) },
                              { .key = d->keys[NAME], .value = bytes_text("Ada") } };
    struct mint mint = {
        .type = d->type->key, .fields = fields, .field_count = 2, .nonce = raw
    };

    return records_mint(d->core, &mint, 1, "user:x", "guest.added") == STATUS_OK;
}

static bool
is_due(struct desk *d, const struct live *live)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_DUE_NEXT);

    stmt_bind(q, "ii", live->leaf, (int64_t)1);
    return stmt_step(q) == STATUS_OK;
}

static void
test_guest_removed(struct check *t)
{
    static const char *const names[FIELDS] = { "name", "organization", "jobTitle" };
    static const struct {
        const char *why;
        bool is_known; /* to the copy */
    } rows[] = { { "a guest that the copy has", true },
                 { "a guest that it does not have", false } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk d;
        struct live *other = NULL;
        CHECK(t, "an event", desk_set(&d) && write_one(&d, 1, "Fair", "Hall"));
        struct record_id event = id_of(&d, 1);
        const struct back gone = {
            .nonce = 2, .at = { 1, 9 }, .tombstone = true, .parent = &event
        };
        desk_use(&d, "attendee", names);
        CHECK(t, "two holders",
              share(&d, 1, &event) != NULL && (other = share(&d, 2, &event)) != NULL);
        CHECK(t, rows[i].why, !rows[i].is_known || write_guest(&d, 2, &event));
        CHECK(t, "nothing is due to the other",
              store_exec(d.core->store, STMT_DUE_FORGET, "i", other->leaf) == STATUS_OK &&
                  !is_due(&d, other));
        d.core->incarnation = LIFE;
        CHECK(t, "the removal comes back from one",
              take(&d, &gone) == STATUS_OK && strcmp(look(&d, 2), "removed") == 0);
        CHECK(t, "and is due to the other", is_due(&d, other));
        desk_clear(&d);
    }
}

/* ---- grounds ------------------------------------------------------------------------------ */

/* What a holder kept of a ground may have been ended since, and nobody here knows. */
static void
test_grounds(struct check *t)
{
    static const char *const guest[FIELDS] = { "name", "consentBasis", "consentRecipients" };
    static const char *const consent[FIELDS] = { "purpose", "status", "note" };
    static const struct record_id event = { { 7 } };
    struct record_id eve;
    struct desk d;
    const struct {
        struct back back;
        const char *want;
    } guests[] = {
        { { "a guest that the copy does not know has none", .nonce = 1, .at = { 1, 70 },
            .values = { "Ada", "consent", "Brio" }, .shown = "np", .parent = &event },
          "(9,1) Ada||" },
        { { "one that the copy has, as it is there", .nonce = 2, .at = { 1, 70 },
            .values = { "Bo Li", "consent", "Brio" }, .shown = "np", .parent = &event },
          "(9,1) Bo Li|contract|" },
        { { "also when that says nothing", .nonce = 3, .at = { 1, 70 },
            .values = { "Cy Wu", "consent", "Brio" }, .parent = &event },
          "(9,1) Cy Wu||" },
        { { "nor is a ground alone a change", .nonce = 3, .at = { 1, 71 },
            .values = { NULL, "consent", "Brio" }, .shown = "p" },
          "(9,1) Cy Wu||" },
        { { "all of it, without: it is taken away", .nonce = 2, .at = { 1, 71 },
            .values = { "Bo Li", NULL, NULL }, .parent = &event },
          "(9,2) Bo Li||" },
        { { "of a contact of ours: what she allows", .nonce = 4, .at = { 1, 70 },
            .values = { "Eve", "consent", "Brio" }, .shown = "np", .parent = &event,
            .contact = &eve },
          "(9,1) Eve|contract|" },
    };
    const struct {
        struct back back;
        const char *want;
    } words[] = {
        { { "a consent does not come back", .nonce = 5, .at = { 1, 70 },
            .values = { "event", "given", "x" }, .shown = "np", .contact = &eve },
          "nothing" },
        { { "nor one that does not say what it is", .nonce = 5, .at = { 1, 71 },
            .values = { "event", "withdrawn", NULL }, .shown = "n", .contact = &eve },
          "nothing" },
        { { "a no does", .nonce = 5, .at = { 1, 70 }, .values = { "event", "withdrawn", "x" },
            .shown = "np", .contact = &eve },
          "(9,1) event|withdrawn|" },
    };

    CHECK(t, "a home", desk_set(&d));
    desk_use(&d, "contact", guest);
    eve = id_of(&d, 9);
    CHECK(t, "a contact with a ground", write_one(&d, 9, "Eve", "contract"));
    desk_use(&d, "attendee", guest);
    CHECK(t, "two guests, one with a ground",
          write_one(&d, 2, "Bo", "contract") && write_one(&d, 3, "Cy", ""));
    d.core->incarnation = LIFE;
    for (size_t i = 0; i < COUNT_OF(guests); i++)
        (void)is(t, &d, &guests[i].back, guests[i].want);
    desk_use(&d, "consent", consent);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        (void)is(t, &d, &words[i].back, words[i].want);
    desk_use(&d, "contact", guest);
    CHECK(t, "and counts at once", strstr(look(&d, 9), "Eve||") != NULL);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "by field, the highest position", test_fields },
        { "over the copy that was put back", test_copy },
        { "who must not come back", test_suppressed },
        { "offers of ours", test_offers },
        { "a removed guest of two holders", test_guest_removed },
        { "grounds for sharing", test_grounds },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
