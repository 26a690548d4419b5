/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_equivocation.c - what is a proof that an owner signed two contents with one position, who is told of
 * it, and how many of one owner are kept. Company 0 is us, 1 owns the records, 2 tells us.
 */
#include "node/equivocation.h"
#include "schema/digest.h"
#include "schema/merkle.h"
#include "tests/unit/node/home_fake.h"

enum { OWNER = 1, TELLER = 2, STRANGER = 5 };

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *company[3];
};

static bool
desk_set(struct desk *d)
{
    memset(d, 0, sizeof(*d));
    home_make(&d->home);
    d->arena = arena_new(0);
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    for (size_t i = OWNER; i <= TELLER; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->company[i]) != STATUS_OK)
            return false;
    }
    return true;
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

/* ---- making proofs ------------------------------------------------------------------------ */

struct making {
    const char *why;
    size_t owner, signer;
    uint8_t first[2], second[2]; /* nonce, number */
    size_t runs;                 /* 0: two */
    bool same, granted, opened;
    enum status want;
};

static struct revision
revision_of(struct desk *d, const struct making *m, unsigned nonce, size_t i)
{
    const uint8_t *at = i == 0 ? m->first : m->second;
    struct revision r = { .owner = d->home.world.companies[m->owner].id,
                          .type = { .number = 1 },
                          .position = { 1, at[1] },
                          .claimed = { HOME_NOW_MS } };

    r.nonce[0] = at[0];
    r.nonce[1] = (uint8_t)(nonce >> 8);
    r.nonce[2] = (uint8_t)nonce;
    r.commitments.b[0] = (uint8_t)(m->same ? 0 : i);
    return r;
}

static struct bytes
proof_of(struct desk *d, const struct making *m, unsigned nonce, struct record_id *record)
{
    struct field field = { .key = { .number = 1 }, .has_salt = true, .value = bytes_text("x") };
    struct disclosure items[3] = { 0 };
    struct run runs[3] = { 0 };
    struct records message = { .runs = runs, .run_count = m->runs == 0 ? 2 : m->runs };

    message.grant.b[0] = m->granted;
    for (size_t i = 0; i < message.run_count; i++) {
        struct revision r = revision_of(d, m, nonce, i);
        uint8_t body[68];
        items[i].revision = wire_revision_format(&r, d->arena);
        items[i].fields = &field;
        items[i].field_count = m->opened && i == 1;
        struct revision_id id = digest_revision_id(items[i].revision);
        struct digest leaf = merkle_leaf(&id), root = merkle_root(&leaf, 1);
        signature_batch_body(&r.owner, 1, &root, body);
        runs[i] = (struct run){ .size = 1, .items = &items[i], .item_count = 1 };
        runs[i].signature = sample_sign(&d->home.world.companies[m->signer], SIGN_BATCH,
                                        bytes_of(body, sizeof(body)));
        *record = digest_record_id(r.type.space, r.type.number, &r.owner, r.nonce);
    }
    return wire_records_format(&message, d->arena);
}

static enum status
tell(struct desk *d, struct bytes proof)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct envelope env = { .kind = MESSAGE_EQUIVOCATION, .body = proof };
    struct taking t = {
        .core = d->core, .from = d->company[TELLER], .arena = arena, .env = &env
    };

    return equivocation_take(&t);
}

static bool
have_record(struct desk *d, const struct record_id *id)
{
    return store_exec(d->core->store, STMT_RECORD_ADD, "biin", bytes_of(id->b, ID_SIZE),
                      d->company[OWNER]->id, (int64_t)1) == STATUS_OK;
}

static int64_t
number(struct desk *d, enum statement id, int64_t company)
{
    int64_t n = -1;

    return store_number(d->core->store, &n, id, "i", company) == STATUS_OK ? n : -1;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void
test_what_is_a_proof(struct check *t)
{
    static const struct making rows[] = {
        { "two contents with one position are one",
          OWNER,
          OWNER,
          { 1, 1 },
          { 1, 1 },
          .want = STATUS_OK },
        { "one content twice is none",
          OWNER,
          OWNER,
          { 2, 1 },
          { 2, 1 },
          .same = true,
          .want = STATUS_MALFORMED },
        { "two positions are none",
          OWNER,
          OWNER,
          { 3, 1 },
          { 3, 2 },
          .want = STATUS_MALFORMED },
        { "two records are none", OWNER, OWNER, { 4, 1 }, { 5, 1 }, .want = STATUS_MALFORMED },
        { "who tells cannot make one up",
          OWNER,
          TELLER,
          { 6, 1 },
          { 6, 1 },
          .want = STATUS_BAD_SIGNATURE },
        { "of a company that is not known it cannot be seen",
          STRANGER,
          STRANGER,
          { 7, 1 },
          { 7, 1 },
          .want = STATUS_UNKNOWN_KEY },
        { "one alone is none",
          OWNER,
          OWNER,
          { 8, 1 },
          { 8, 1 },
          .runs = 1,
          .want = STATUS_MALFORMED },
        { "three are none",
          OWNER,
          OWNER,
          { 9, 1 },
          { 9, 1 },
          .runs = 3,
          .want = STATUS_MALFORMED },
        { "it stands under no grant",
          OWNER,
          OWNER,
          { 10, 1 },
          { 10, 1 },
          .granted = true,
          .want = STATUS_MALFORMED },
        { "it shows no value",
          OWNER,
          OWNER,
          { 11, 1 },
          { 11, 1 },
          .opened = true,
          .want = STATUS_MALFORMED },
    };
    struct desk d;

    CHECK(t, "a core", desk_set(&d));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct record_id record;
        struct bytes proof = proof_of(&d, &rows[i], 0, &record);
        int64_t before = number(&d, STMT_EQUIVOCATION_COUNT, d.company[OWNER]->id);
        CHECK(t, "a record of the owner", have_record(&d, &record));
        CHECK(t, rows[i].why, tell(&d, proof) == rows[i].want);
        CHECK(t, rows[i].why,
              number(&d, STMT_EQUIVOCATION_COUNT, d.company[OWNER]->id) ==
                  before + (rows[i].want == STATUS_OK));
    }
    CHECK(t, "the owner is told once",
          number(&d, STMT_CONTROL_COUNT, d.company[OWNER]->id) == 1);
    CHECK(t, "who told us is not", number(&d, STMT_CONTROL_COUNT, d.company[TELLER]->id) == 0);
    desk_clear(&d);
}

static void
test_how_many_are_kept(struct check *t)
{
    static const struct making good = {
        "", OWNER, OWNER, { 1, 1 }, { 1, 1 }, .want = STATUS_OK
    };
    struct record_id record;
    struct bytes proof = { 0 };
    struct desk d;

    CHECK(t, "a core", desk_set(&d));
    proof = proof_of(&d, &good, 1000, &record);
    CHECK(t, "of a record that is not here nothing is kept",
          tell(&d, proof) == STATUS_OK &&
              number(&d, STMT_EQUIVOCATION_COUNT, d.company[OWNER]->id) == 0);
    for (unsigned i = 1; i <= EQUIVOCATIONS_MAX + 1; i++) {
        int64_t want = i < EQUIVOCATIONS_MAX ? i : EQUIVOCATIONS_MAX;
        proof = proof_of(&d, &good, i, &record);
        enum status said = i <= EQUIVOCATIONS_MAX ? STATUS_OK : STATUS_TOO_BIG;
        bool taken =
            have_record(&d, &record) && tell(&d, proof) == said && tell(&d, proof) == said;
        if (i + 1 >= EQUIVOCATIONS_MAX)
            CHECK(t, "one owner's are kept up to a limit, each once",
                  taken && number(&d, STMT_EQUIVOCATION_COUNT, d.company[OWNER]->id) == want &&
                      number(&d, STMT_CONTROL_COUNT, d.company[OWNER]->id) == want);
    }
    desk_clear(&d);
}

/* Frozen, and no proof of it is kept: what is beyond the proofs of one owner, or older than their table. */
static void
test_frozen_without_proof(struct check *t)
{
    static const struct {
        const char *why;
        struct position at;
        bool is_mended;
    } rows[] = {
        { "what is older than what was contradicted mends nothing", { 2, 4 }, false },
        { "what has its position neither", { 2, 5 }, false },
        { "what is of an older incarnation neither", { 1, 99 }, false },
        { "what is newer mends it", { 2, 6 }, true },
    };
    struct record_id id = { { 1 } }, other = { { 2 } };
    int64_t record = 0, gone = 0, frozen;
    bool is_mended;
    struct desk d;

    CHECK(t, "a record",
          desk_set(&d) && have_record(&d, &id) &&
              store_number(d.core->store, &record, STMT_RECORD_FIND, "b",
                           bytes_of(id.b, ID_SIZE)) == STATUS_OK);
    CHECK(t, "of which a copy is held",
          store_exec(d.core->store, STMT_COPY_ADD, "iiiiibnbbiii", record, (int64_t)7,
                     (int64_t)1, (int64_t)2, (int64_t)5, bytes_text("x"), bytes_text("x"),
                     bytes_text("x"), (int64_t)0, (int64_t)0,
                     (int64_t)HOME_NOW_MS) == STATUS_OK);
    CHECK(t, "it is frozen at its position",
          store_exec(d.core->store, STMT_RECORD_FREEZE, "iii", record, (int64_t)2,
                     (int64_t)5) == STATUS_OK);
    CHECK(t, "of another nothing is left",
          have_record(&d, &other) && store_number(d.core->store, &gone, STMT_RECORD_FIND, "b",
                                                  bytes_of(other.b, ID_SIZE)) == STATUS_OK);
    CHECK(t, "anything mends it",
          equivocation_mended(d.core, gone, (struct position){ 1, 1 }, &is_mended) ==
                  STATUS_OK &&
              is_mended);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CHECK(t, rows[i].why,
              equivocation_mended(d.core, record, rows[i].at, &is_mended) == STATUS_OK &&
                  is_mended == rows[i].is_mended);
        AUTO(stmt_return) struct stmt *q = stmt_borrow(d.core->store, STMT_RECORD_FIND);
        stmt_bind(q, "b", bytes_of(id.b, ID_SIZE));
        CHECK(t, rows[i].why, stmt_step(q) == STATUS_OK);
        frozen = stmt_int(q, 2);
        CHECK(t, rows[i].why, (frozen == 0) == rows[i].is_mended);
    }
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what is a proof", test_what_is_a_proof },
        { "how many are kept", test_how_many_are_kept },
        { "frozen without a proof", test_frozen_without_proof },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
