/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_store.c - the database: opening, migrating, refusing, keeping and undoing.
 */

#include "tests/unit/node/home_fake.h"

static enum status
open_once(const struct home *home)
{
    AUTO(store_close) struct store *st = NULL;
    struct diag diag = { 0 };

    return store_open(home->db, &diag, &st);
}

static struct digest
file_digest(const char *path)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };

    if (file_read_at(AT_FDCWD, path, 64 * MIB, &raw) != STATUS_OK)
        abort();
    return digest_plain(buffer_bytes(&raw));
}

static bool
has_meta(struct store *st, const char *key, const char *value)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes there;

    return store_meta_get(st, key, arena, &there) == STATUS_OK &&
           bytes_is_equal(there, bytes_text(value));
}

static void
test_opening(struct check *t)
{
    AUTO(home_remove) struct home home;

    home_make(&home);
    CHECK(t, "a new database is made", open_once(&home) == STATUS_OK);
    int64_t version = home_sql(&home, "PRAGMA user_version");
    int64_t shape = home_sql(&home, "PRAGMA schema_version");
    CHECK(t, "it says its version", version > 0);
    CHECK(t, "it opens again", open_once(&home) == STATUS_OK);
    CHECK(t, "and no migration runs twice",
          home_sql(&home, "PRAGMA user_version") == version &&
              home_sql(&home, "PRAGMA schema_version") == shape);
    CHECK(t, "every table is strict",
          home_sql(&home, "SELECT count(*) FROM pragma_table_list WHERE type = 'table'"
                          " AND name NOT LIKE 'sqlite_%' AND strict = 0") == 0);
    CHECK(t, "there are tables",
          home_sql(&home, "SELECT count(*) FROM pragma_table_list") > 10);
}

static void
test_newer(struct check *t)
{
    AUTO(home_remove) struct home home;

    home_make(&home);
    CHECK(t, "a new database is made", open_once(&home) == STATUS_OK);
    int64_t version = home_sql(&home, "PRAGMA user_version");
    CHECK(t, "a newer node was here", home_sql(&home, "PRAGMA user_version = 9999") == 0);
    struct digest before = file_digest(home.db);
    CHECK(t, "its database is refused", open_once(&home) == STATUS_NEWER_HOME);
    struct digest after = file_digest(home.db);
    CHECK(t, "and not touched", ID_IS_EQUAL(before, after) && version < 9999);
}

static void
test_not_a_database(struct check *t)
{
    AUTO(home_remove) struct home home;

    home_make(&home);
    CHECK(t, "some other file",
          home_overwrite(&home, bytes_text("these are no pages at all, surely")));
    CHECK(t, "is no database", open_once(&home) == STATUS_CORRUPT);
}

static void
test_transactions(struct check *t)
{
    AUTO(home_remove) struct home home;
    AUTO(store_close) struct store *st = NULL, *reader = NULL;
    struct diag diag = { 0 };

    home_make(&home);
    bool open = store_open(home.db, &diag, &st) == STATUS_OK &&
                store_open_reader(home.db, &reader) == STATUS_OK;
    CHECK(t, "writer and reader open", open);
    if (!open)
        return;
    CHECK(t, "a transaction begins",
          store_begin(st) == STATUS_OK && store_in_txn(st) &&
              store_meta_put(st, "a", bytes_text("1")) == STATUS_OK);
    CHECK(t, "what is marked",
          store_mark(st) == STATUS_OK && store_meta_put(st, "b", bytes_text("2")) == STATUS_OK);
    store_mark_undo(st);
    CHECK(t, "can be undone alone", has_meta(st, "a", "1") && !has_meta(st, "b", "2"));
    CHECK(t, "or kept",
          store_mark(st) == STATUS_OK && store_meta_put(st, "c", bytes_text("3")) == STATUS_OK);
    store_mark_keep(st);
    CHECK(t, "a reader sees nothing before the commit", !has_meta(reader, "a", "1"));
    CHECK(t, "and everything after",
          store_commit(st) == STATUS_OK && has_meta(reader, "a", "1") &&
              has_meta(reader, "c", "3"));
    CHECK(t, "what is rolled back",
          store_begin(st) == STATUS_OK &&
              store_meta_put(st, "d", bytes_text("4")) == STATUS_OK);
    store_rollback(st);
    CHECK(t, "was never there", !has_meta(st, "d", "4") && !store_in_txn(st));
    CHECK(t, "a reader cannot write",
          store_meta_put(reader, "e", bytes_text("5")) != STATUS_OK);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "opening migrates once", test_opening },
        { "a newer home is refused and untouched", test_newer },
        { "what is no database is said so", test_not_a_database },
        { "transactions, marks and readers", test_transactions },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
