/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_suppression.c - who must not come back: what is known again, the file beside the database, and
 * an older database that is put back.
 */
#include "node/suppression.h"

#include "tests/unit/node/home_fake.h"

struct fixture {
    struct home home;
    struct arena *arena;
    struct core *core;
    struct diag diag;
    struct call call;
};

static bool
start(struct fixture *f)
{
    struct core_config config = home_config(&f->home);

    f->diag = (struct diag){ 0 };
    if (core_open(&config, &f->diag, &f->core) != STATUS_OK)
        return false;
    f->call = (struct call){ .core = f->core,
                             .store = f->core->store,
                             .dictionary = f->core->dictionary,
                             .arena = f->arena,
                             .diag = &f->diag,
                             .now = { HOME_NOW_MS },
                             .actor = "user:admin" };
    return true;
}

static bool
fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    home_make(&f->home);
    f->arena = arena_new(0);
    return home_init(&f->home) == STATUS_OK && start(f);
}

static void
fixture_fini(struct fixture *f)
{
    core_close(&f->core);
    arena_free(&f->arena);
    home_remove(&f->home);
}

/* "email=a@x.example,mobile=+49..." of this type. */
static bool
draft_of(struct fixture *f, const char *type_name, const char *text, struct draft *out)
{
    const struct type *type = dictionary_find_name(f->core->dictionary, type_name);
    bool is_good = true;

    *out = (struct draft){ 0 };
    while (*text != '\0') {
        size_t name = strcspn(text, "="), len = strcspn(text, ",");
        const char *n = arena_text(f->arena, bytes_of(text, name));
        const char *v = arena_text(f->arena, bytes_of(text + name + 1, len - name - 1));
        is_good = is_good && draft_set(&f->call, out, type, n, v) == STATUS_OK;
        text += len + (text[len] == ',');
    }
    return is_good;
}

static bool
suppress(struct fixture *f, const char *type_name, const char *text, const char *reason)
{
    const struct type *type = dictionary_find_name(f->core->dictionary, type_name);
    struct suppression_act act = { .reason = reason };
    struct suppression_keys keys;
    struct draft draft;

    if (!draft_of(f, type_name, text, &draft) || core_need_txn(f->core) != STATUS_OK)
        return false;
    suppression_keys_of(f->core, type, draft.fields, draft.count, &keys);
    return suppression_add(f->core, &keys, &act) == STATUS_OK &&
           store_commit(f->core->store) == STATUS_OK && suppression_write(f->core) == STATUS_OK;
}

static enum suppression_verdict
judged(struct fixture *f, const char *type_name, const char *text)
{
    const struct type *type = dictionary_find_name(f->core->dictionary, type_name);
    enum suppression_verdict out;
    struct draft draft;

    if (!draft_of(f, type_name, text, &draft) ||
        suppression_judge(&f->call, type, NULL, &draft, &out) != STATUS_OK)
        return SUPPRESSION_NONE;
    return out;
}

static void
test_known_again(struct check *t)
{
    static const struct {
        const char *why, *type, *text;
        enum suppression_verdict want;
    } rows[] = {
        { "the same address", "contact", "email=ADA@x.example", SUPPRESSION_REFUSED },
        { "as a guest", "attendee", "email=ada@x.example", SUPPRESSION_REFUSED },
        { "as another address of hers", "contact", "otherEmail=ada@X.example",
          SUPPRESSION_REFUSED },
        { "the same mobile, written otherwise", "lead", "mobile=0170 1234567",
          SUPPRESSION_REFUSED },
        { "her mobile as a telephone", "contact", "telephone=+49 170 1234567",
          SUPPRESSION_REFUSED },
        { "a number that is her company's too is not hers", "contact",
          "name=Ben,telephone=+49 40 7654321", SUPPRESSION_NONE },
        { "with her name it is", "contact", "name=ada quill,telephone=040 7654321",
          SUPPRESSION_REFUSED },
        { "as somebody's mobile it is", "contact", "name=Ben,mobile=+49 40 7654321",
          SUPPRESSION_REFUSED },
        { "her name and company", "attendee", "name=Ada  Quill,organization=QUILL ag",
          SUPPRESSION_REFUSED },
        { "her name alone", "contact", "name=Ada Quill", SUPPRESSION_NONE },
        { "a company is no person", "account", "name=Quill,email=ada@x.example",
          SUPPRESSION_NONE },
        { "somebody else", "contact", "email=ben@x.example", SUPPRESSION_NONE },
    };
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "is noted",
          suppress(&f, "contact",
                   "name=Ada Quill,organization=Quill AG,email=ada@x.example,mobile=+49 170 "
                   "1234567,telephone=+49 40 7654321",
                   SUPPRESSION_ERASED));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, judged(&f, rows[i].type, rows[i].text) == rows[i].want);
    fixture_fini(&f);
}

static void
test_took_back(struct check *t)
{
    const char *row = "email=ada@x.example,consentBasis=consent,consentRecipients=Brio";
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "is noted", suppress(&f, "contact", "email=ada@x.example", SUPPRESSION_WITHDRAWN));
    CHECK(t, "a row may stand",
          judged(&f, "contact", "email=ada@x.example") == SUPPRESSION_NONE);
    CHECK(t, "without the ground", judged(&f, "contact", row) == SUPPRESSION_LIMITED);
    fixture_fini(&f);
}

/* ---- the file ----------------------------------------------------------------------------- */

static int
open_list(const struct fixture *f, int flags)
{
    char path[192];

    (void)snprintf(path, sizeof(path), "%s/suppression.list", f->home.path);
    return open(path, flags | O_CLOEXEC, 0600);
}

static bool
append(const struct fixture *f, const char *text)
{
    AUTO(fd_close) int fd = open_list(f, O_WRONLY | O_APPEND | O_CREAT);

    return fd >= 0 && file_write(fd, bytes_text(text)) == STATUS_OK;
}

/* The database of before, under the journal of nobody: as if copied back by hand. */
static bool
put_back(struct fixture *f, struct bytes old)
{
    static const char *const gone[] = { "hansa.db-wal", "audit.hashes", "journal" };
    char path[192];

    core_close(&f->core);
    if (!home_overwrite(&f->home, old))
        return false;
    for (size_t i = 0; i < COUNT_OF(gone); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->home.path, gone[i]);
        (void)unlink(path);
    }
    return true;
}

static bool
minted(struct fixture *f, const char *text, struct mint *out)
{
    struct draft *draft = ARENA_NEW(f->arena, struct draft);

    if (!draft_of(f, "contact", text, draft))
        return false;
    *out = (struct mint){ .type = dictionary_find_name(f->core->dictionary, "contact")->key,
                          .fields = draft->fields,
                          .field_count = draft->count };
    return core_need_txn(f->core) == STATUS_OK &&
           records_mint(f->core, out, 1, "user:admin", "test") == STATUS_OK &&
           store_commit(f->core->store) == STATUS_OK;
}

/* By the record's id alone. */
static bool
suppress_record(struct fixture *f, const struct record_id *id, const char *reason)
{
    struct suppression_act act = { .reason = reason };
    struct suppression_keys keys = { 0 };

    suppression_keys_add_record(f->core, id, &keys);
    return keys.count == 1 && keys.at[0].is_record && core_need_txn(f->core) == STATUS_OK &&
           suppression_add(f->core, &keys, &act) == STATUS_OK &&
           store_commit(f->core->store) == STATUS_OK && suppression_write(f->core) == STATUS_OK;
}

static void
test_older_database(struct check *t)
{
    AUTO(buffer_fini) struct buffer old = { 0 };
    struct fixture f;
    struct mint ada, bao, kim;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "three people",
          minted(&f, "name=Ada,email=ada@x.example", &ada) && minted(&f, "name=Bao", &bao) &&
              minted(&f, "name=Kim,consentBasis=consent", &kim));
    CHECK(t, "all of it is in the file", store_truncate_log(f.core->store));
    CHECK(t, "is copied", file_read_at(AT_FDCWD, f.home.db, 64 * MIB, &old) == STATUS_OK);
    CHECK(t, "one is noted by her address",
          suppress(&f, "contact", "email=ada@x.example", SUPPRESSION_ERASED));
    CHECK(t, "one by her record", suppress_record(&f, &bao.id, SUPPRESSION_ERASED));
    CHECK(t, "one took her ground back", suppress_record(&f, &kim.id, SUPPRESSION_WITHDRAWN));
    CHECK(t, "the older one is put back", put_back(&f, buffer_bytes(&old)));
    CHECK(t, "they were there", home_sql(&f.home, "SELECT count(*) FROM t_contact") == 3);
    CHECK(t, "starts again", start(&f));
    CHECK(t, "those two are gone", home_sql(&f.home, "SELECT count(*) FROM t_contact") == 1);
    CHECK(t, "with their values",
          home_sql(&f.home, "SELECT count(*) FROM copy WHERE grant_id = 0") == 1);
    CHECK(t, "the third has no ground",
          home_sql(&f.home, "SELECT count(*) FROM t_contact WHERE consentBasis IS NULL") == 1);
    CHECK(t, "and they are known again",
          judged(&f, "contact", "email=ada@x.example") == SUPPRESSION_REFUSED);
    CHECK(t, "a record stays one in the table",
          home_sql(&f.home, "SELECT count(*) FROM suppression WHERE record = 1") == 2);
    fixture_fini(&f);
}

static void
test_known_by_record(struct check *t)
{
    static const struct {
        const char *why;
        uint8_t id;
        bool is_new;
        enum suppression_verdict want;
    } rows[] = {
        { "that record", 7, false, SUPPRESSION_REFUSED },
        { "another", 8, false, SUPPRESSION_NONE },
        { "a new one", 0, true, SUPPRESSION_NONE },
    };
    const struct record_id erased = { { 7 } };
    enum suppression_verdict out;
    struct draft draft;
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "is noted", suppress_record(&f, &erased, SUPPRESSION_ERASED));
    const struct type *contact = dictionary_find_name(f.core->dictionary, "contact");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct record_id id = { { rows[i].id } };
        CHECK(t, rows[i].why,
              draft_of(&f, "contact", "name=Bao", &draft) &&
                  suppression_judge(&f.call, contact, rows[i].is_new ? NULL : &id, &draft,
                                    &out) == STATUS_OK &&
                  out == rows[i].want);
    }
    fixture_fini(&f);
}

static void
test_damaged(struct check *t)
{
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f));
    CHECK(t, "is noted", suppress(&f, "contact", "email=ada@x.example", SUPPRESSION_ERASED));
    core_close(&f.core);
    CHECK(t, "a line is cut", append(&f, "{\"act\":\"00"));
    CHECK(t, "it was not answered: the node starts", start(&f));
    CHECK(t, "with the rest",
          judged(&f, "contact", "email=ada@x.example") == SUPPRESSION_REFUSED);
    CHECK(t, "and goes on", suppress(&f, "contact", "email=ben@x.example", SUPPRESSION_ERASED));
    core_close(&f.core);
    CHECK(t, "starts", start(&f));
    CHECK(t, "both stand", judged(&f, "contact", "email=ben@x.example") == SUPPRESSION_REFUSED);
    core_close(&f.core);
    CHECK(t, "a line that is none", append(&f, "{}\n"));
    CHECK(t, "stops the node", !start(&f));
    CHECK(t, "which says where", strcmp(f.diag.key, "suppression.damaged") == 0);
    fixture_fini(&f);
}

/* One line, filled up with spaces; the line feed is one of the bytes. */
static bool
starts_with_file_of(struct fixture *f, size_t size)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };

    buffer_put_text(&raw, "{\"act\":\"000102030405060708090a0b0c0d0e0f\",\"at\":1,\"key\":"
                          "\"000102030405060708090a0b0c0d0e0f\",\"lifted\":0,\"purposes\":\"\","
                          "\"reason\":\"ERASED\",\"recipients\":\"\",\"weak\":false}");
    size_t fill = size - 1 - raw.len;
    memset(buffer_extend(&raw, fill), ' ', fill);
    buffer_put_u8(&raw, '\n');
    {
        AUTO(fd_close) int fd = open_list(f, O_WRONLY | O_CREAT | O_TRUNC);
        if (fd < 0 || raw.len != size || file_write(fd, buffer_bytes(&raw)) != STATUS_OK)
            return false;
    }
    bool is_up = start(f);
    core_close(&f->core);
    return is_up;
}

static void
test_limit(struct check *t)
{
    struct fixture f;

    CHECK(t, "starts", fixture_init(&f));
    core_close(&f.core);
    CHECK(t, "one less", starts_with_file_of(&f, SUPPRESSION_LINE_MAX));
    CHECK(t, "just that", starts_with_file_of(&f, SUPPRESSION_LINE_MAX + 1));
    CHECK(t, "one more", !starts_with_file_of(&f, SUPPRESSION_LINE_MAX + 2));
    fixture_fini(&f);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a person is known again", test_known_again },
        { "what was taken back", test_took_back },
        { "an older database", test_older_database },
        { "a record is known again", test_known_by_record },
        { "a damaged file", test_damaged },
        { "the longest line", test_limit },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
