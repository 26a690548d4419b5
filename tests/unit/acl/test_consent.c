/* SPDX-License-Identifier: Apache-2.0
 *
 * Consent: which rows stay home, and why.
 */
#include <ctype.h>
#include <sodium.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/samples.h"

/* Numbers of attendee's fields. */
enum {
    ATTENDEE = 4,
    EVENT = 1,
    NAME = 2,
    COMPANY = 7,
    STATUS = 9,
    DIET = 17,
    BASIS = 19,
    PURPOSE = 20,
    RECIPIENTS = 21
};

static struct sample_world world;
static struct dictionary *dictionary;

/* A row as a person would say it; NULL: the field is not there. */
struct row {
    const char *name, *company, *diet, *basis, *purpose, *recipients;
};

static size_t
row_fields(const struct row *row, struct field out[static 8])
{
    const struct {
        uint32_t number;
        const char *text;
    } all[] = { { NAME, row->name },       { COMPANY, row->company },
                { DIET, row->diet },       { BASIS, row->basis },
                { PURPOSE, row->purpose }, { RECIPIENTS, row->recipients } };
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].text != NULL)
            out[n++] = (struct field){ .key = { .number = all[i].number },
                                       .value = bytes_text(all[i].text) };
    return n;
}

/* Acme grants Brio guests: name, company, status and the ground, for event and follow-up; diet it does not. */
static struct verified_chain *
make_chain(struct check *t, struct arena *arena)
{
    static const uint32_t granted[] = {
        EVENT, NAME, COMPANY, STATUS, BASIS, PURPOSE, RECIPIENTS
    };
    static const char *purposes[] = { "event", "follow-up" };
    struct grant_field fields[COUNT_OF(granted)];
    struct grant g = sample_root(&world, arena);
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    struct verified_chain *chain = NULL;

    for (size_t i = 0; i < COUNT_OF(granted); i++)
        fields[i] = (struct grant_field){ { .number = ATTENDEE }, { .number = granted[i] } };
    g.fields = fields;
    g.field_count = COUNT_OF(fields);
    g.purposes = purposes;
    g.purpose_count = COUNT_OF(purposes);
    struct signed_object link = sample_grant_sign(&world, &g, arena);
    CHECK(t, "the chain verifies",
          chain_verify(&link, 1, &keys, &revoked, SAMPLE_NOW, &chain, NULL) == STATUS_OK);
    return chain;
}

static struct record_facts
facts_of(const struct field *fields, size_t count)
{
    return (struct record_facts){ .id = { { 1 } },
                                  .owner = world.companies[0].id,
                                  .type = { .number = ATTENDEE },
                                  .has_parent = true,
                                  .parent = { { 0x7e } },
                                  .known_type = dictionary_find(
                                      dictionary, (struct key){ .number = ATTENDEE }),
                                  .fields = fields,
                                  .field_count = count };
}

/* clang-format off */
static const struct {
    const char *why;
    struct row row;
    enum consent_lack lack;
} rows[] = {
    { "a name without any ground stays", { .name = "Ada" }, LACK_NO_BASIS },
    { "an empty ground is none", { .name = "Ada", .basis = "" }, LACK_NO_BASIS },
    { "a ground nobody knows is none", { .name = "Ada", .basis = "whim" }, LACK_NO_BASIS },
    { "not known yet is not a yes", { .name = "Ada", .basis = "unknown" }, LACK_UNKNOWN },
    { "a contract lets it go", { .name = "Ada", .basis = "contract" }, LACK_NONE },
    { "a legitimate interest too", { .name = "Ada", .basis = "legitimateInterest" }, LACK_NONE },
    { "nothing personal needs no ground", { .company = "Ada Ltd" }, LACK_NONE },
    { "a ground alone says nothing of a person", { .basis = "unknown" }, LACK_NONE },
    { "what is not granted does not count", { .diet = "vegan", .company = "Ada Ltd" }, LACK_NONE },
    { "one personal field is enough", { .name = "Ada", .company = "Ada Ltd" }, LACK_NO_BASIS },
    { "one of the grant's purposes will do", { "Ada", .basis = "contract", .purpose = "Follow-Up" }, LACK_NONE },
    { "among others", { "Ada", .basis = "contract", .purpose = "newsletter; event" }, LACK_NONE },
    { "other purposes alone will not", { "Ada", .basis = "contract", .purpose = "newsletter, eventful" }, LACK_PURPOSE },
    { "a purpose is a whole entry", { "Ada", .basis = "contract", .purpose = "after event" }, LACK_PURPOSE },
    { "only separators name no purpose", { "Ada", .basis = "contract", .purpose = " ,; \n" }, LACK_NONE },
    { "who consents names companies", { "Ada", .basis = "consent", .purpose = "event" }, LACK_RECIPIENT },
    { "this company is named", { "Ada", .basis = "consent", .recipients = "Brio" }, LACK_NONE },
    { "however it is written", { "Ada", .basis = "consent", .recipients = "cedar,\t BRIO " }, LACK_NONE },
    { "with wide letters and commas", { "Ada", .basis = "consent", .recipients = "Cedar，Ｂｒｉｏ；Delta" }, LACK_NONE },
    { "with a mark", { "Ada", .basis = "consent", .recipients = "松，Brió" }, LACK_NONE },
    { "between ideographic commas", { "Ada", .basis = "consent", .recipients = "松公司、Brio、竹" }, LACK_NONE },
    { "on a line of its own", { "Ada", .basis = "consent", .recipients = "Cedar\r\nBrio" }, LACK_NONE },
    { "another company is named", { "Ada", .basis = "consent", .recipients = "Cedar" }, LACK_RECIPIENT },
    { "a part of a name is another name", { "Ada", .basis = "consent", .recipients = "Brio North" }, LACK_RECIPIENT },
    { "other grounds may be restricted too", { "Ada", .basis = "contract", .recipients = "Cedar" }, LACK_RECIPIENT },
    { "and name this company", { "Ada", .basis = "contract", .recipients = "Cedar; Brio" }, LACK_NONE },
    { "the purpose is asked before the recipient", { "Ada", .basis = "consent", .purpose = "x" }, LACK_PURPOSE },
};
/* clang-format on */

static void
test_rows(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = make_chain(t, arena);
    const struct node_id *brio = &world.companies[1].id;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct field fields[8];
        bool keep[8];
        size_t n = row_fields(&rows[i].row, fields);
        struct record_facts facts = facts_of(fields, n);
        enum stop stop = rows[i].lack == LACK_NONE ? STOP_NONE : STOP_CONSENT;
        struct decision d = decide_record(chain, brio, &facts, SAMPLE_NOW);
        CHECK(t, rows[i].why, d.stop == stop && d.lack == rows[i].lack);
        struct decision m = decide_fields(chain, brio, &facts, fields, n, SAMPLE_NOW, keep);
        CHECK(t, "the fields are decided alike", m.stop == d.stop && m.lack == d.lack);
        for (size_t f = 0; f < n; f++) {
            struct decision one = decide_field(chain, brio, &facts, fields[f].key, SAMPLE_NOW);
            bool is_granted = fields[f].key.number != DIET;
            CHECK(t, "each field says the same, but one that is not granted",
                  one.stop == (is_granted ? stop : STOP_FIELD) &&
                      keep[f] == (one.stop == STOP_NONE));
        }
        facts.consent_waived = true;
        CHECK(t, "what is waived may go",
              decide_record(chain, brio, &facts, SAMPLE_NOW).stop == STOP_NONE);
    }
}

static void
test_who_does_not_know(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(verified_chain_free) struct verified_chain *chain = make_chain(t, arena);
    struct field name = { .key = { .number = NAME }, .value = bytes_text("Ada") };
    struct record_facts facts = facts_of(&name, 1);
    struct record_facts none = facts_of(NULL, 0);

    facts.known_type = NULL;
    CHECK(t, "of a type that is not known nothing is personal",
          decide_record(chain, &world.companies[1].id, &facts, SAMPLE_NOW).stop == STOP_NONE);
    CHECK(t, "nor of a record without fields, as a removed one",
          decide_record(chain, &world.companies[1].id, &none, SAMPLE_NOW).stop == STOP_NONE);
    facts = facts_of(&name, 1);
    CHECK(t, "everything else is asked before",
          decide_record(chain, &world.companies[2].id, &facts, SAMPLE_NOW).stop ==
              STOP_RECIPIENT);
}

static void
test_types(struct check *t)
{
    static const struct {
        const char *type, *field;
        bool needs;
    } fields[] = {
        { "contact", "name", true },         { "contact", "organization", false },
        { "contact", "account", false },     { "contact", "consentBasis", false },
        { "contact", "consentDate", false }, { "attendee", "dietaryNeeds", true },
        { "attendee", "contact", false },    { "attendee", "event", false },
        { "lead", "consentPurpose", false }, { "event", "name", false },
        { "consent", "purpose", true },
    };

    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct type *type = dictionary_find_name(dictionary, fields[i].type);
        const struct type_field *f = type_field_find_name(type, fields[i].field);
        CHECK(t, fields[i].field, f != NULL && f->needs_consent == fields[i].needs);
    }
    const struct type *lead = dictionary_find_name(dictionary, "lead");
    const struct type *consent = dictionary_find_name(dictionary, "consent");
    CHECK(t, "a lead says its ground",
          lead->consent[CONSENT_BASIS] != NULL && lead->consent[CONSENT_DATE] == NULL);
    CHECK(t, "the record of a consent has none: it stays home",
          consent->consent[CONSENT_BASIS] == NULL);
}

static bool
is_for_brio(const char *recipients)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    static const char *purposes[] = { "event" };
    struct row row = { .name = "Ada", .basis = "consent", .recipients = recipients };
    struct field fields[8];
    struct consent_target target;
    size_t n = row_fields(&row, fields);

    consent_target_make(purposes, 1, "Brio, Inc.", &world.companies[1].id, arena, &target);
    return consent_of(dictionary_find_name(dictionary, "attendee"), fields, n, &target) ==
           LACK_NONE;
}

static void
test_names_and_ids(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char id[64];

    base32_format(bytes_of(world.companies[1].id.b, ID_SIZE), id);
    CHECK(t, "a name may have a comma in it", is_for_brio("Cedar; Brio, Inc.; Delta"));
    CHECK(t, "and must be whole", !is_for_brio("Brio; Inc. of Cedar"));
    CHECK(t, "an id names it", is_for_brio(id));
    CHECK(t, "its first sixteen characters do",
          is_for_brio(arena_printf(arena, "Cedar, %.16s", id)));
    char *upper = arena_printf(arena, "%.20s", id);
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    CHECK(t, "in upper case too", is_for_brio(upper));
    CHECK(t, "fifteen do not", !is_for_brio(arena_printf(arena, "%.15s", id)));
    CHECK(t, "nor an id with more behind it", !is_for_brio(arena_printf(arena, "%s2", id)));
}

/* The company is the last of `count` entries. */
static bool
is_last_of(size_t count, bool wide)
{
    AUTO(buffer_fini) struct buffer list = { 0 };

    for (size_t i = 1; i < count; i++)
        buffer_put_text(&list, wide ? "松，" : "x,");
    buffer_put_text(&list, "Brio");
    return consent_lists(buffer_bytes(&list), bytes_text("brio"));
}

static void
test_limit(struct check *t)
{
    CHECK(t, "one entry less than the limit", is_last_of(CONSENT_ENTRIES_MAX - 1, false));
    CHECK(t, "the last that is read", is_last_of(CONSENT_ENTRIES_MAX, false));
    CHECK(t, "one beyond is not there", !is_last_of(CONSENT_ENTRIES_MAX + 1, false));
    CHECK(t, "the last that is read, of wide ones", is_last_of(CONSENT_ENTRIES_MAX, true));
    CHECK(t, "one beyond the wide ones", !is_last_of(CONSENT_ENTRIES_MAX + 1, true));
    CHECK(t, "nothing is in nothing",
          !consent_lists(bytes_text(""), bytes_text("")) &&
              !consent_lists(bytes_text("a"), bytes_text(" ")));
}

static void
test_names(struct check *t)
{
    CHECK(t, "a lack has a name", strcmp(consent_lack_name(LACK_NO_BASIS), "NO_BASIS") == 0);
    CHECK(t, "and so has the stop", strcmp(stop_name(STOP_CONSENT), "CONSENT") == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "rows", test_rows },   { "who does not know", test_who_does_not_know },
        { "types", test_types }, { "names and ids", test_names_and_ids },
        { "limit", test_limit }, { "names", test_names },
    };

    if (sodium_init() < 0 ||
        dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return 1;
    sample_world_init(&world);
    int failed = check_main(argc, argv, cases, COUNT_OF(cases));
    dictionary_free(&dictionary);
    return failed;
}
