/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_exchange_return.c - what the owner of a record takes of a proposal or an ask, and what it refuses,
 * signed by companies that say anything. Company 0 is us, 1 was given the record, 2 was not.
 */
#include "node/asks.h"
#include "node/exchange_priv.h"
#include "node/proposals.h"
#include "tests/unit/node/home_fake.h"

/* ---- a core with partners ----------------------------------------------------------------- */

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *author[3];
    struct record_id record, removed, theirs;
    const struct type_field *event, *name, *phone, *email;
    struct object_id without, with; /* the right to propose */
};

static bool
desk_open(struct desk *d)
{
    if (home_init(&d->home) != STATUS_OK || !home_open(&d->home, &d->core))
        return false;
    for (size_t i = 1; i < 3; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->author[i]) != STATUS_OK ||
            company_set_state(d->core, d->author[i], COMPANY_TRUSTED) != STATUS_OK)
            return false;
    }
    return true;
}

static bool
mint(struct desk *d, bool removed, struct record_id *out)
{
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct field fields[] = { { .key = d->name->key, .value = bytes_text("Ada") } };
    struct mint in = { .type = type->key, .fields = fields, .field_count = 1 };

    if (records_mint(d->core, &in, 1, "user:admin", "record.added") != STATUS_OK)
        return false;
    *out = in.id;
    in.tombstone = true;
    in.field_count = 0;
    return !removed ||
           records_mint(d->core, &in, 1, "user:admin", "record.removed") == STATUS_OK;
}

static int
compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, ID_SIZE);
}

/* We give company 1 name and phone of our records, and of one that is not ours. */
static bool
give(struct desk *d, bool propose, struct object_id *gid)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct grant_field fields[] = { { type->key, d->event->key },
                                    { type->key, d->name->key },
                                    { type->key, d->phone->key } };
    struct record_id records[] = { d->record, d->removed, d->theirs };
    const char *purposes[] = { "event" };
    struct chain_fault fault;
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = d->author[1]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };
    struct live *live;

    qsort(records, COUNT_OF(records), sizeof(records[0]), compare_ids);
    struct grant grant = { .issuer = d->core->me,
                           .audience = d->author[1]->node,
                           .owner = d->core->me,
                           .selector = SELECTOR_RECORDS,
                           .records = records,
                           .record_count = COUNT_OF(records),
                           .fields = fields,
                           .field_count = COUNT_OF(fields),
                           .actions = ACTION_READ | (propose ? ACTION_PROPOSE : 0u),
                           .not_before = { HOME_NOW_MS - 1000 },
                           .not_after = { HOME_NOW_MS + 1000000 },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .nonce = { propose } };
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    if (chain_check(d->core, &link, 1, &chain, &fault) != STATUS_OK)
        return false;
    *gid = *chain_leaf_id(chain);
    row.oid = *gid;
    return grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
           share_add(d->core, &row, &chain, &live) == STATUS_OK;
}

/* A record of company 2 that we were shown once. */
static bool
hold_theirs(struct desk *d)
{
    int64_t type;

    memset(d->theirs.b, 9, ID_SIZE);
    return store_number(d->core->store, &type, STMT_RTYPE_FIND, "ti", "", (int64_t)4) ==
               STATUS_OK &&
           store_exec(d->core->store, STMT_RECORD_ADD, "biin", bytes_of(d->theirs.b, ID_SIZE),
                      d->author[2]->id, type) == STATUS_OK;
}

static bool
desk_set(struct desk *d)
{
    home_make(&d->home);
    d->arena = arena_new(0);
    if (!desk_open(d))
        return false;
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    d->event = type_field_find_name(type, "event");
    d->name = type_field_find_name(type, "name");
    d->phone = type_field_find_name(type, "telephone");
    d->email = type_field_find_name(type, "email");
    return mint(d, false, &d->record) && mint(d, true, &d->removed) && hold_theirs(d) &&
           give(d, false, &d->without) && give(d, true, &d->with);
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

/* ---- proposals ---------------------------------------------------------------------------- */

enum whose { OURS, REMOVED, THEIRS, NOBODYS };

struct saying {
    const char *why;
    size_t author, from;
    bool without, elsewhere; /* under the grant without the right; to somebody else */
    enum whose record;
    char field; /* n, p, m (not granted), e (the parent), ? (not known) */
    const char *value;
    enum status want; /* of the call */
    const char *dead; /* reason of the dead letter; NULL: it is taken */
};

static const struct type_field *
field_of(const struct desk *d, char letter)
{
    return letter == 'n'   ? d->name
           : letter == 'p' ? d->phone
           : letter == 'm' ? d->email
                           : d->event;
}

static struct bytes
value_of(struct desk *d, const struct saying *row)
{
    struct bytes value = bytes_text(row->value);
    struct diag diag = { 0 };

    if (row->field == 'p' && value.len > 0 && row->value[0] != '!' &&
        value_parse(d->phone, value, "DE", NULL, d->arena, &diag, &value) != STATUS_OK)
        abort();
    return value;
}

static enum status
say(struct desk *d, const struct saying *row)
{
    const struct sample_company *author = &d->home.world.companies[row->author];
    struct record_id nobodys = { .b = { 7 } };
    const struct record_id *records[] = { &d->record, &d->removed, &d->theirs, &nobodys };
    struct field field = { .key = field_of(d, row->field)->key, .value = value_of(d, row) };
    struct proposal p = { .author = author->id,
                          .audience = row->elsewhere ? d->author[2]->node : d->core->me,
                          .grant = row->without ? d->without : d->with,
                          .record = *records[row->record],
                          .fields = &field,
                          .field_count = 1,
                          .note = row->why,
                          .proposed = { HOME_NOW_MS } };

    if (row->field == '?')
        field.key.number = 999;
    struct signed_object object = { .body = wire_proposal_format(&p, d->arena) };
    object.signature = sample_sign(author, SIGN_PROPOSAL, object.body);
    struct envelope env = { .kind = MESSAGE_PROPOSAL,
                            .stream = STREAM_CONTROL,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = d->author[row->from], .arena = d->arena, .env = &env
    };
    return exchange_take_object(&t);
}

static int64_t
number(struct desk *d, enum statement id, int64_t company, int64_t sent)
{
    int64_t out = -1;
    enum status s = id == STMT_DEAD_COUNT ? store_number(d->core->store, &out, id, "")
                    : id == STMT_CONTROL_COUNT
                        ? store_number(d->core->store, &out, id, "i", company)
                        : store_number(d->core->store, &out, id, "ii", company, sent);

    return s == STATUS_OK ? out : -1;
}

/* Is the newest dead letter this one? */
static bool
is_last_letter(struct desk *d, int64_t count, const char *reason)
{
    enum { STATUS = 4, DETAIL };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_DEAD_LIST);

    stmt_bind(q, "iti", count - 1, "", (int64_t)1);
    return stmt_step(q) == STATUS_OK &&
           strcmp(arena_printf(d->arena, "%s %s", stmt_text(q, STATUS), stmt_text(q, DETAIL)),
                  reason) == 0;
}

static void
test_what_the_owner_takes(struct check *t)
{
    static const struct saying rows[] = {
        { "a field that it may read is taken", 1, 1, false, false, OURS, 'p', "+49 30 5550100",
          STATUS_OK, NULL },
        { "and one that it wants away", 1, 1, false, false, OURS, 'p', "", STATUS_OK, NULL },
        { "not without the right to propose", 1, 1, true, false, OURS, 'p', "+49 30 5550101",
          STATUS_OK, "NOT_GRANTED actions" },
        { "not a field that it may not read", 1, 1, false, false, OURS, 'm', "a@b.example",
          STATUS_OK, "NOT_GRANTED field" },
        { "not a field that nobody knows", 1, 1, false, false, OURS, '?', "x", STATUS_OK,
          "NOT_GRANTED field" },
        { "not another parent, readable as it is", 1, 1, false, false, OURS, 'e',
          "0123456789abcdef0123456789abcdef", STATUS_OK, "NOT_GRANTED field" },
        { "not a value that is none of its kind", 1, 1, false, false, OURS, 'p', "!\xff",
          STATUS_OK, "MALFORMED value" },
        { "not away what every record has", 1, 1, false, false, OURS, 'n', "", STATUS_OK,
          "MALFORMED value" },
        { "not for a record that is gone", 1, 1, false, false, REMOVED, 'p', "", STATUS_OK,
          "NOT_GRANTED record" },
        { "not for one that is not ours", 1, 1, false, false, THEIRS, 'p', "", STATUS_OK,
          "NOT_GRANTED record" },
        { "not for one that was never here", 1, 1, false, false, NOBODYS, 'p', "", STATUS_OK,
          "NOT_GRANTED record" },
        { "not by a company under another's grant", 2, 2, false, false, OURS, 'p', "",
          STATUS_OK, "NOT_GRANTED grant" },
        { "not carried by another than its author", 1, 2, false, false, OURS, 'p', "",
          STATUS_BAD_SIGNATURE, NULL },
        { "not when it is meant for somebody else", 1, 1, false, true, OURS, 'p', "",
          STATUS_WRONG_AUDIENCE, NULL },
    };
    struct desk d = { 0 };

    if (!CHECK(t, "we have a record, and partners", desk_set(&d)))
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct saying *row = &rows[i];
        int64_t partner = d.author[row->from]->id, dead = number(&d, STMT_DEAD_COUNT, 0, 0);
        int64_t open = number(&d, STMT_PROPOSAL_OPEN_COUNT, partner, 0);
        int64_t queued = number(&d, STMT_CONTROL_COUNT, partner, 0);
        bool taken = row->want == STATUS_OK && row->dead == NULL;
        CHECK(t, row->why, say(&d, row) == row->want);
        if (row->dead != NULL)
            CHECK(t, row->why, is_last_letter(&d, dead + 1, row->dead));
        CHECK(t, "what is refused and signed is a dead letter, and answered",
              number(&d, STMT_DEAD_COUNT, 0, 0) == dead + (row->dead != NULL) &&
                  number(&d, STMT_CONTROL_COUNT, partner, 0) == queued + (row->dead != NULL));
        /* the second takes the place of the first */
        CHECK(t, "and nothing else has changed",
              number(&d, STMT_PROPOSAL_OPEN_COUNT, partner, 0) == open + (taken && i == 0));
    }
    desk_clear(&d);
}

static void
test_the_same_again(struct check *t)
{
    static const struct saying row = { "the same", 1,    1,   false,
                                       false,      OURS, 'p', "+49 30 5550100",
                                       STATUS_OK,  NULL };
    struct desk d = { 0 };

    if (!CHECK(t, "we have a record, and partners", desk_set(&d)))
        return;
    CHECK(t, "it is taken", say(&d, &row) == STATUS_OK);
    CHECK(t, "and taken again", say(&d, &row) == STATUS_OK);
    CHECK(t, "it is there once", number(&d, STMT_PROPOSAL_OPEN_COUNT, d.author[1]->id, 0) == 1);
    int64_t id = 0;
    CHECK(t, "it is found",
          store_number(d.core->store, &id, STMT_PROPOSAL_OPEN_SAME, "iiii", d.author[1]->id,
                       (int64_t)0, (int64_t)1, (int64_t)0) == STATUS_OK);
    CHECK(t, "and declined", proposals_close(d.core, id, PROPOSAL_DECLINED, "no") == STATUS_OK);
    CHECK(t, "decided, it does not open again", say(&d, &row) == STATUS_OK);
    CHECK(t, "whoever says it", number(&d, STMT_PROPOSAL_OPEN_COUNT, d.author[1]->id, 0) == 0);
    desk_clear(&d);
}

/* ---- asks --------------------------------------------------------------------------------- */

/* Our contribution to company `to`, which answers a grant of company `asker` that wants phone and e-mail. */
static bool
contribute(struct desk *d, size_t asker, size_t to, uint8_t nonce, struct object_id *gid)
{
    AUTO(verified_chain_free) struct verified_chain *asked = NULL, *chain = NULL;
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct grant_field want[] = { { type->key, d->email->key }, { type->key, d->phone->key } };
    struct record_id records[] = { d->record, d->removed, d->theirs };
    const char *purposes[] = { "event" };
    struct chain_fault fault;
    struct live *live;
    int64_t cited;

    qsort(records, COUNT_OF(records), sizeof(records[0]), compare_ids);
    struct grant grant = { .issuer = d->author[asker]->node,
                           .audience = d->core->me,
                           .owner = d->author[asker]->node,
                           .selector = SELECTOR_RECORDS,
                           .records = records,
                           .record_count = COUNT_OF(records),
                           .fields = want,
                           .field_count = COUNT_OF(want),
                           .actions = ACTION_READ | ACTION_CONTRIBUTE,
                           .not_before = { HOME_NOW_MS - 1000 },
                           .not_after = { HOME_NOW_MS + 1000000 },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .nonce = { nonce },
                           .has_terms = true,
                           .terms = { .want = want, .want_count = COUNT_OF(want) } };
    struct signed_object link = sample_grant_sign(&d->home.world, &grant, d->arena);
    if (chain_check(d->core, &link, 1, &asked, &fault) != STATUS_OK ||
        grants_keep(d->core, &link, asked, &cited) != STATUS_OK)
        return false;
    grant.issuer = grant.owner = d->core->me;
    grant.audience = d->author[to]->node;
    grant.actions = ACTION_READ;
    grant.has_terms = false;
    grant.has_cites = true;
    grant.cites = *chain_leaf_id(asked);
    link = sample_grant_sign(&d->home.world, &grant, d->arena);
    if (chain_check(d->core, &link, 1, &chain, &fault) != STATUS_OK)
        return false;
    *gid = *chain_leaf_id(chain);
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = d->author[to]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_CONTRIBUTION,
                             .title = "",
                             .note = "",
                             .oid = *gid };
    return grants_keep(d->core, &link, chain, &row.leaf) == STATUS_OK &&
           share_add(d->core, &row, &chain, &live) == STATUS_OK &&
           store_exec(d->core->store, STMT_CONTRIBUTION_ADD, "iib", live->share, cited,
                      bytes_of(d->record.b, ID_SIZE)) == STATUS_OK;
}

struct asking {
    const char *why;
    size_t author, from;
    char
        grant; /* c: contribution to 1, l: one that 1 only looks on at, s: a share that is none */
    enum whose record;
    char field;
    enum status want;
    const char *detail;
    bool is_open; /* afterwards there is one open ask */
};

static enum status
ask(struct desk *d, const struct asking *row, const struct object_id *contribution,
    const struct object_id *looking, const char **detail)
{
    const struct sample_company *author = &d->home.world.companies[row->author];
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct record_id nobodys = { .b = { 7 } };
    const struct record_id *records[] = { &d->record, &d->removed, &d->theirs, &nobodys };
    struct grant_field field = { type->key, field_of(d, row->field)->key };
    struct wanted wanted = { *records[row->record], &field, 1 };
    struct ask a = { .author = author->id,
                     .audience = d->core->me,
                     .grant = row->grant == 'c'   ? *contribution
                              : row->grant == 'l' ? *looking
                                                  : d->with,
                     .rows = &wanted,
                     .row_count = 1,
                     .note = "",
                     .asked = { HOME_NOW_MS } };
    struct signed_object object = { .body = wire_ask_format(&a, d->arena) };

    object.signature = sample_sign(author, SIGN_ASK, object.body);
    struct envelope env = { .kind = MESSAGE_ASK,
                            .stream = STREAM_CONTROL,
                            .body = wire_signed_body_format(&object, d->arena) };
    struct taking t = {
        .core = d->core, .from = d->author[row->from], .arena = d->arena, .env = &env
    };
    enum status s = exchange_take_object(&t);
    *detail = t.detail;
    return s;
}

static bool
is_asked(struct desk *d)
{
    int64_t id;

    return store_number(d->core->store, &id, STMT_ASK_OF_ROW, "ii", (int64_t)1, (int64_t)0) ==
           STATUS_OK;
}

static void
test_what_a_bringer_is_asked(struct check *t)
{
    static const struct asking rows[] = {
        { "a company that only looks on asks for nothing", 1, 1, 'l', OURS, 'p',
          STATUS_NOT_GRANTED, "author", false },
        { "a share that is no contribution carries no ask", 1, 1, 's', OURS, 'p',
          STATUS_NOT_GRANTED, "grant", false },
        { "nor does another's contribution", 2, 2, 'c', OURS, 'p', STATUS_NOT_GRANTED, "grant",
          false },
        { "not a field beyond the terms", 1, 1, 'c', OURS, 'n', STATUS_NOT_GRANTED, "field",
          false },
        { "not a row that is not ours", 1, 1, 'c', THEIRS, 'p', STATUS_NOT_GRANTED, "record",
          false },
        { "not one that was never here", 1, 1, 'c', NOBODYS, 'p', STATUS_NOT_GRANTED, "record",
          false },
        { "a row that is gone is nobody's fault", 1, 1, 'c', REMOVED, 'p', STATUS_OK, NULL,
          false },
        { "not carried by another than its author", 1, 2, 'c', OURS, 'p', STATUS_BAD_SIGNATURE,
          "author", false },
        { "the organiser asks for what our row lacks", 1, 1, 'c', OURS, 'p', STATUS_OK, NULL,
          true },
    };
    struct object_id contribution, looking;
    struct desk d = { 0 };

    if (!CHECK(t, "we have a record, and partners", desk_set(&d)) ||
        !CHECK(t, "we contribute, and let one look on",
               contribute(&d, 1, 1, 1, &contribution) && contribute(&d, 2, 1, 2, &looking)))
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *detail;
        CHECK(t, rows[i].why,
              ask(&d, &rows[i], &contribution, &looking, &detail) == rows[i].want);
        if (rows[i].detail != NULL)
            CHECK(t, rows[i].why, strcmp(detail, rows[i].detail) == 0);
        CHECK(t, rows[i].why, is_asked(&d) == rows[i].is_open);
    }
    struct field phone = { .key = d.phone->key, .value = bytes_text("1") };
    CHECK(t, "it is answered by the row",
          asks_row_changed(d.core, 1, &phone, 1, false) == STATUS_OK && !is_asked(&d));
    desk_clear(&d);
}

/* ---- how many decided ones are remembered --------------------------------------------------- */

static bool
add_closed(struct desk *d, int from, int to)
{
    for (int i = from; i < to; i++) {
        int64_t id;
        if (store_exec(d->core->store, STMT_PROPOSAL_ADD, "biiiibbti",
                       arena_copy(d->arena, bytes_text(arena_printf(d->arena, "%032d", i))),
                       (int64_t)0, d->author[1]->id, (int64_t)1, (int64_t)1,
                       bytes_of(d->record.b, ID_SIZE), (struct bytes){ 0 }, "",
                       (int64_t)i) != STATUS_OK)
            return false;
        id = store_last_id(d->core->store);
        if (proposals_close(d->core, id, PROPOSAL_DECLINED, "") != STATUS_OK)
            return false;
    }
    return true;
}

static size_t
remembered(struct desk *d)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(d->core->store, STMT_PROPOSAL_LIST_ALL);
    size_t n = 0;

    stmt_bind(q, "iti", (int64_t)0, "", (int64_t)100000);
    while (stmt_step(q) == STATUS_OK)
        n++;
    return n;
}

static void
test_how_many_are_remembered(struct check *t)
{
    struct desk d = { 0 };

    if (!CHECK(t, "we have a record, and partners", desk_set(&d)))
        return;
    CHECK(t, "one less than the most",
          add_closed(&d, 0, PROPOSALS_KEPT_MAX - 1) &&
              remembered(&d) == PROPOSALS_KEPT_MAX - 1);
    CHECK(t, "the most",
          add_closed(&d, PROPOSALS_KEPT_MAX - 1, PROPOSALS_KEPT_MAX) &&
              remembered(&d) == PROPOSALS_KEPT_MAX);
    CHECK(t, "one more: the oldest goes",
          add_closed(&d, PROPOSALS_KEPT_MAX, PROPOSALS_KEPT_MAX + 1) &&
              remembered(&d) == PROPOSALS_KEPT_MAX);
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what the owner takes", test_what_the_owner_takes },
        { "the same again", test_the_same_again },
        { "what a bringer is asked", test_what_a_bringer_is_asked },
        { "how many are remembered", test_how_many_are_remembered },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
