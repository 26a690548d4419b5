/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_audit.c - who changes the past is found out, also who is careful: the head stands outside
 * the database.
 */

#include "tests/unit/node/home_fake.h"

enum { ENTRIES = 6 };

/* ---- a core that only keeps an audit ------------------------------------------------------ */

static enum status
start(struct home *home, struct core **core)
{
    struct diag diag = { 0 };
    struct core_config config = home_config(home);

    return core_open(&config, &diag, core);
}

static bool
add_entries(struct home *home, int count)
{
    AUTO(core_close) struct core *core = NULL;

    if (start(home, &core) != STATUS_OK)
        return false;
    for (int i = 0; i < count; i++)
        if (core_need_txn(core) != STATUS_OK ||
            audit_add(core, "user:admin", "record.changed", bytes_text("subject"),
                      bytes_text("detail")) != STATUS_OK)
            return false;
    (void)core_round(core);
    return true;
}

static int64_t
first_bad(struct home *home)
{
    AUTO(store_close) struct store *st = NULL;
    struct company us = { .signing = { home->world.companies[0].key }, .signing_count = 1 };
    struct company *companies[] = { &us };
    struct core core = { .home = home->path,
                         .me = home->world.companies[0].id,
                         .companies = companies };
    struct audit_finding f;

    if (store_open_reader(home->db, &st) != STATUS_OK ||
        audit_verify(st, &core, &f) != STATUS_OK)
        return -1;
    home->fault = f.fault;
    return f.bad;
}

static enum status
start_and_stop(struct home *home)
{
    AUTO(core_close) struct core *core = NULL;

    return start(home, &core);
}

static bool
is_quarantined(struct home *home)
{
    AUTO(core_close) struct core *core = NULL;

    return start(home, &core) == STATUS_OK && core->audit_state == AUDIT_WELL &&
           core->unconfirmed;
}

static uint32_t
home_incarnation(struct home *home)
{
    AUTO(core_close) struct core *core = NULL;

    return start(home, &core) == STATUS_OK ? core->incarnation : 0;
}

/* ---- changing the past -------------------------------------------------------------------- */

/* The hash as the page says it, made here a second time. */
static struct digest
hash_of(const struct digest *before, sqlite3_stmt *q)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    buffer_put(&buf, before->b, ID_SIZE);
    for (int column = 0; column < 2; column++)
        buffer_put_u64(&buf, (uint64_t)sqlite3_column_int64(q, column));
    for (int column = 2; column < 6; column++) {
        const void *data = sqlite3_column_blob(q, column);
        size_t len = (size_t)sqlite3_column_bytes(q, column);
        buffer_put_u32(&buf, (uint32_t)len);
        buffer_put_bytes(&buf, bytes_of(data, len));
    }
    struct bytes parts[] = { buffer_bytes(&buf) };
    return digest_tagged("hansa/1/audit", parts, 1);
}

/* Every hash anew: the chain follows again. */
static void
rehash(const struct home *home)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL, *put = NULL;
    struct digest before = { 0 };

    if (sqlite3_open(home->db, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db,
                           "SELECT number, at_ms, actor, action, subject, detail FROM audit"
                           " ORDER BY number",
                           -1, &q, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "UPDATE audit SET hash = ?1 WHERE number = ?2", -1, &put,
                           NULL) != SQLITE_OK)
        abort();
    while (sqlite3_step(q) == SQLITE_ROW) {
        before = hash_of(&before, q);
        (void)sqlite3_bind_blob(put, 1, before.b, ID_SIZE, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int64(put, 2, sqlite3_column_int64(q, 0));
        if (sqlite3_step(put) != SQLITE_DONE)
            abort();
        (void)sqlite3_reset(put);
    }
    (void)sqlite3_finalize(q);
    (void)sqlite3_finalize(put);
    (void)sqlite3_close(db);
}

/* The hashes outside as the database has them now. */
static bool
copy_hashes(const struct home *home)
{
    AUTO(fd_close) int fd = -1;
    char path[192];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    bool ok = true;

    (void)snprintf(path, sizeof(path), "%s/audit.hashes", home->path);
    fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (sqlite3_open(home->db, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT hash FROM audit ORDER BY number", -1, &q, NULL) !=
            SQLITE_OK)
        abort();
    while (ok && sqlite3_step(q) == SQLITE_ROW)
        ok = write(fd, sqlite3_column_blob(q, 0), ID_SIZE) == ID_SIZE;
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return ok;
}

static int64_t
file_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void
make(struct check *t, struct home *home)
{
    home_make(home);
    CHECK(t, "a node starts and changes things",
          home_init(home) == STATUS_OK && add_entries(home, ENTRIES) && first_bad(home) == 0 &&
              start_and_stop(home) == STATUS_OK);
}

static void
test_edited(struct check *t)
{
    AUTO(home_remove) struct home home;

    make(t, &home);
    CHECK(t, "an entry is edited",
          home_sql(&home, "UPDATE audit SET action = 'record.added' WHERE number = 3") == 0);
    CHECK(t, "and named", first_bad(&home) == 3);
    rehash(&home);
    CHECK(t, "with all hashes made anew it is named all the same", first_bad(&home) == 3);
    CHECK(t, "by the hashes outside the database", home.fault == AUDIT_FAULT_EDITED);
    CHECK(t, "and the node starts, to be read", start_and_stop(&home) == STATUS_OK);
    CHECK(t, "which repairs nothing", first_bad(&home) == 3);
}

/* The test's own hash is the right one, or the case above shows nothing. */
static void
test_rehash_is_right(struct check *t)
{
    AUTO(home_remove) struct home home;

    make(t, &home);
    rehash(&home);
    CHECK(t, "hashing again what nobody changed changes nothing", first_bad(&home) == 0);
    CHECK(t, "and the node starts", start_and_stop(&home) == STATUS_OK);
}

/* Who has database and hashes, but not the key. */
static void
test_edited_outside(struct check *t)
{
    AUTO(home_remove) struct home home;

    make(t, &home);
    CHECK(t, "work goes on, and is signed again", add_entries(&home, 2));
    CHECK(t, "an entry is edited, all hashes are made anew",
          home_sql(&home, "UPDATE audit SET action = 'record.added' WHERE number = 7") == 0);
    rehash(&home);
    CHECK(t, "outside too", copy_hashes(&home));
    CHECK(t, "the signed head says which part is not what it was", first_bad(&home) == 7);
    CHECK(t, "by the key's word", home.fault == AUDIT_FAULT_SIGNED);
    CHECK(t, "a part before the first signed head, too",
          home_sql(&home, "UPDATE audit SET action = 'record.added' WHERE number = 2") == 0);
    rehash(&home);
    CHECK(t, "is found", copy_hashes(&home) && first_bad(&home) == 1);
}

static void
test_torn_hashes(struct check *t)
{
    AUTO(home_remove) struct home home;
    char path[192];

    make(t, &home);
    (void)snprintf(path, sizeof(path), "%s/audit.hashes", home.path);
    CHECK(t, "a crash left part of the hashes", truncate(path, 3 * ID_SIZE + 7) == 0);
    CHECK(t, "nothing is wrong", first_bad(&home) == 0);
    CHECK(t, "the next start completes them",
          start_and_stop(&home) == STATUS_OK && file_size(path) == ENTRIES * ID_SIZE);
    CHECK(t, "or left the length and not the content",
          truncate(path, 2 * ID_SIZE) == 0 && truncate(path, ENTRIES * ID_SIZE) == 0);
    CHECK(t, "completed as well", start_and_stop(&home) == STATUS_OK && first_bad(&home) == 0);
}

static void
test_cut(struct check *t)
{
    AUTO(home_remove) struct home home;

    make(t, &home);
    CHECK(t, "the newest entries are gone",
          home_sql(&home, "DELETE FROM audit WHERE number > 4") == 0);
    CHECK(t, "the first that lacks is named", first_bad(&home) == 5);
    CHECK(t, "and the node starts quarantined", is_quarantined(&home));
}

static void
test_rolled_back(struct check *t)
{
    AUTO(home_remove) struct home home;
    AUTO(buffer_fini) struct buffer old = { 0 };

    make(t, &home);
    CHECK(t, "the database is whole in its file",
          home_sql(&home, "PRAGMA wal_checkpoint(TRUNCATE)") == 0 &&
              file_read_at(AT_FDCWD, home.db, 64 * MIB, &old) == STATUS_OK);
    CHECK(t, "work goes on",
          add_entries(&home, 2) && first_bad(&home) == 0 &&
              home_sql(&home, "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
    CHECK(t, "someone puts the older file back", home_overwrite(&home, buffer_bytes(&old)));
    CHECK(t, "it is found out", first_bad(&home) == ENTRIES + 1);
    CHECK(t, "and the node starts quarantined", is_quarantined(&home));
    uint32_t incarnation = home_incarnation(&home);
    CHECK(t, "as a new incarnation", incarnation > 1);
    CHECK(t, "whose audit verifies, and says so",
          first_bad(&home) == 0 && home_sql(&home, "SELECT action = 'node.restored' FROM audit"
                                                   " ORDER BY number DESC LIMIT 1") == 1);
    CHECK(t, "the next start is none of that",
          is_quarantined(&home) && home_incarnation(&home) == incarnation);
    CHECK(t, "the older file once more", home_overwrite(&home, buffer_bytes(&old)));
    CHECK(t, "is a later incarnation again",
          is_quarantined(&home) && home_incarnation(&home) > incarnation);
}

/* On a full disk SQLite rolls all of a transaction back by itself, and the start ends there. */
static void
test_never_committed(struct check *t)
{
    AUTO(home_remove) struct home home;
    struct core *core = NULL;

    make(t, &home);
    CHECK(t, "an entry is made",
          start(&home, &core) == STATUS_OK && core_need_txn(core) == STATUS_OK &&
              audit_add(core, "node", "record.changed", bytes_text("other"), bytes_text("x")) ==
                  STATUS_OK);
    store_rollback(core->store);
    core_close(&core);
    CHECK(t, "it was never there, and work goes on", add_entries(&home, 1));
    CHECK(t, "nobody is said to have changed it", first_bad(&home) == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "an edited entry is found, by its number or by the head", test_edited },
        { "the hash is as documented", test_rehash_is_right },
        { "who edits the hashes outside as well is found by what was signed",
          test_edited_outside },
        { "hashes that a crash cut are completed", test_torn_hashes },
        { "a cut log is found", test_cut },
        { "an older database is found", test_rolled_back },
        { "what was never committed is not signed", test_never_committed },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
