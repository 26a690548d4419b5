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
        suppression_judge(&f->call, type, &draft, &out) != STATUS_OK)
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

static void
test_older_database(struct check *t)
{
    AUTO(buffer_fini) struct buffer old = { 0 };
    struct fixture f;
    struct draft draft;
    char path[192];

    CHECK(t, "starts", fixture_init(&f));
    const struct type *contact = dictionary_find_name(f.core->dictionary, "contact");
    CHECK(t, "a contact", draft_of(&f, "contact", "name=Ada,email=ada@x.example", &draft));
    struct mint mint = { .type = contact->key,
                         .fields = draft.fields,
                         .field_count = draft.count };
    CHECK(t, "is minted",
          core_need_txn(f.core) == STATUS_OK &&
              records_mint(f.core, &mint, 1, "user:admin", "test") == STATUS_OK &&
              store_commit(f.core->store) == STATUS_OK);
    CHECK(t, "all of it is in the file", store_truncate_log(f.core->store));
    CHECK(t, "is copied", file_read_at(AT_FDCWD, f.home.db, 64 * MIB, &old) == STATUS_OK);
    CHECK(t, "is noted", suppress(&f, "contact", "email=ada@x.example", SUPPRESSION_ERASED));
    core_close(&f.core);
    CHECK(t, "the older one is put back", home_overwrite(&f.home, buffer_bytes(&old)));
    (void)snprintf(path, sizeof(path), "%s-wal", f.home.db);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/audit.hashes", f.home.path);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/journal", f.home.path);
    (void)unlink(path);
    CHECK(t, "it was there", home_sql(&f.home, "SELECT count(*) FROM t_contact") == 1);
    CHECK(t, "starts again", start(&f));
    CHECK(t, "she is gone", home_sql(&f.home, "SELECT count(*) FROM t_contact") == 0);
    CHECK(t, "with her values",
          home_sql(&f.home, "SELECT count(*) FROM copy WHERE grant_id = 0") == 0);
    CHECK(t, "and known again",
          judged(&f, "contact", "email=ada@x.example") == SUPPRESSION_REFUSED);
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
        { "a damaged file", test_damaged },
        { "the longest line", test_limit },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
