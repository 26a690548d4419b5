/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_disk.c - a disk that is full at every write in turn (P12): taking back succeeds on the ballast's room,
 * everything else is refused, and it ends by itself. SQLite's writes go through a quota over all files of the home, the
 * ballast with them; tests/net/test_disk.py does the same with a real file system.
 */
#include "tests/unit/node/home_fake.h"

#include "node/disk.h"

enum { BALLAST = 2 * MIB, WRITES_MOST = 32 };

/* ---- a file system that is full when we say so -------------------------------------------- */

static struct quota {
    char home[128];
    int64_t bytes;   /* that all files may have; 0: any */
    int writes_left; /* more growing writes, and it is full from then on; -1: no count */
    const sqlite3_io_methods *real;
    sqlite3_io_methods ours[2]; /* of the database, and of files that nobody locks */
    sqlite3_vfs *base, vfs;
} quota;

static int64_t
home_bytes(void)
{
    char pattern[160];
    glob_t found = { 0 };
    struct stat st;
    int64_t sum = 0;

    (void)snprintf(pattern, sizeof(pattern), "%s/*", quota.home);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            sum += stat(found.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
    globfree(&found);
    return sum;
}

static int
on_write(sqlite3_file *file, const void *raw, int len, sqlite3_int64 at)
{
    sqlite3_int64 size = 0;

    (void)quota.real->xFileSize(file, &size);
    int64_t growth = at + len - size;
    if (growth > 0 && quota.writes_left == 0) {
        quota.bytes = home_bytes();
        quota.writes_left = -1;
    }
    if (growth > 0 && quota.writes_left > 0)
        quota.writes_left--;
    if (growth > 0 && quota.bytes > 0 && home_bytes() + growth > quota.bytes)
        return SQLITE_FULL;
    return quota.real->xWrite(file, raw, len, at);
}

static int
on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int rc = quota.base->xOpen(quota.base, name, file, flags, out);

    (void)vfs;
    if (rc != SQLITE_OK || file->pMethods == NULL)
        return rc;
    sqlite3_io_methods *ours = &quota.ours[(flags & SQLITE_OPEN_MAIN_DB) != 0];
    quota.real = file->pMethods; /* both write alike */
    *ours = *quota.real;
    ours->xWrite = on_write;
    file->pMethods = ours;
    return rc;
}

static void
quota_register(const char *home)
{
    (void)snprintf(quota.home, sizeof(quota.home), "%s", home);
    quota.bytes = 0;
    quota.writes_left = -1;
    if (quota.base != NULL)
        return;
    quota.base = sqlite3_vfs_find(NULL);
    quota.vfs = *quota.base;
    quota.vfs.zName = "quota";
    quota.vfs.xOpen = on_open;
    (void)sqlite3_vfs_register(&quota.vfs, 1);
}

/* ---- a node on it ------------------------------------------------------------------------- */

static int64_t mono_ms;

static struct mono_ms
on_mono(void *self)
{
    (void)self;
    return (struct mono_ms){ mono_ms };
}

static void
on_admit(void *self, const struct link_peer *peer)
{
    (void)self, (void)peer;
}

static void
on_send(void *self, const struct node_id *to, struct bytes message)
{
    (void)self, (void)to, (void)message;
}

struct desk {
    struct home home;
    struct core *core;
};

static bool
desk_open(struct desk *d)
{
    struct diag diag = { 0 };
    struct core_config config = home_config(&d->home);

    config.env.mono = on_mono;
    config.env.admit = on_admit;
    config.env.send = on_send;
    config.ballast = BALLAST;
    return core_open(&config, &diag, &d->core) == STATUS_OK;
}

static bool
desk_set(struct desk *d)
{
    home_make(&d->home);
    quota_register(d->home.path);
    return home_init(&d->home) == STATUS_OK && desk_open(d);
}

static void
desk_clear(struct desk *d)
{
    quota.bytes = 0;
    core_close(&d->core);
    home_remove(&d->home);
}

static void
on_done(struct api_request *request)
{
    *(bool *)request->done_self = true;
}

/* Asks for it, and lets the core work until the answer is there. id: of the reply, when it has one. */
static enum status
ask(struct desk *d, const char *service, json_t *args, char id[64])
{
    bool is_done = false;
    struct api_request request = { .service = service_find(service),
                                   .args = args,
                                   .uid = geteuid(),
                                   .language = LANGUAGE_EN,
                                   .done = on_done,
                                   .done_self = &is_done };

    core_submit(d->core, &request);
    for (int i = 0; i < 4 && !is_done; i++)
        (void)core_round(d->core);
    const char *text = json_string_value(json_object_get(request.reply, "id"));
    if (id != NULL)
        (void)snprintf(id, 64, "%s", text == NULL ? "" : text);
    json_decref(request.reply);
    json_decref(args);
    return is_done ? request.status : STATUS_BUSY;
}

static enum status
add(struct desk *d, const char *name, char id[64])
{
    return ask(d, "record.add",
               json_pack("{s:s, s:{s:s}}", "type", "contact", "fields", "name", name), id);
}

static enum status
erase(struct desk *d, const char *id)
{
    return ask(d, "contact.erase", json_pack("{s:s}", "contact", id), NULL);
}

static bool
is_audit_well(struct desk *d)
{
    AUTO(store_close) struct store *st = NULL;
    struct audit_finding finding = { 0 };

    return store_open_reader(d->home.db, &st) == STATUS_OK &&
           store_begin_read(st) == STATUS_OK &&
           audit_verify(st, d->core, &finding) == STATUS_OK && finding.bad == 0;
}

/* There is room, and the node had time to see it. */
static bool
make_room(struct desk *d)
{
    quota.bytes = 0;
    quota.writes_left = -1;
    mono_ms += 1001;
    (void)core_round(d->core);
    return !disk_is_full(d->core->disk) && disk_ballast(d->core->disk) == BALLAST;
}

static void
test_full(struct check *t)
{
    struct desk d = { 0 };
    char ada[64], bela[64];

    if (!CHECK(t, "a node", desk_set(&d)))
        return;
    CHECK(t, "with a ballast", disk_ballast(d.core->disk) == BALLAST);
    CHECK(t, "and two people",
          add(&d, "Ada", ada) == STATUS_OK && add(&d, "Bela", bela) == STATUS_OK);
    quota.bytes = 1;
    CHECK(t, "adding finds no room", add(&d, "Chen", NULL) == STATUS_DISK_FULL);
    CHECK(t, "the disk counts as full", disk_is_full(d.core->disk));
    CHECK(t, "and so it stays", add(&d, "Chen", NULL) == STATUS_DISK_FULL);
    CHECK(t, "the ballast is whole", disk_ballast(d.core->disk) == BALLAST);
    quota.bytes = home_bytes();
    CHECK(t, "a person is erased on its room", erase(&d, ada) == STATUS_OK);
    CHECK(t, "and it is filled up again", disk_ballast(d.core->disk) == BALLAST);
    CHECK(t, "another is removed",
          ask(&d, "record.remove", json_pack("{s:s, s:s}", "type", "contact", "record", bela),
              NULL) == STATUS_OK);
    CHECK(t, "one person is erased once", erase(&d, ada) == STATUS_NOT_FOUND);
    CHECK(t, "reading goes on",
          ask(&d, "record.list", json_pack("{s:s}", "type", "contact"), NULL) == STATUS_OK);
    CHECK(t, "the audit is right", is_audit_well(&d));
    core_close(&d.core);
    quota.bytes =
        home_bytes() + DISK_LOW; /* with less the real one lends the ballast at the start */
    CHECK(t, "a full disk starts", desk_open(&d));
    CHECK(t, "with room it goes on by itself", make_room(&d));
    CHECK(t, "and adds", add(&d, "Chen", NULL) == STATUS_OK);
    CHECK(t, "and the audit is right", is_audit_well(&d));
    desk_clear(&d);
}

/* The room for taking back is not for what is refused. */
static void
test_refused_when_full(struct check *t)
{
    struct envelope env = { .kind = MESSAGE_REVOCATION, .body = bytes_text("x") };
    struct desk d = { 0 };

    if (!CHECK(t, "a node", desk_set(&d) && core_need_txn(d.core) == STATUS_OK))
        return;
    int64_t audit = d.core->audit_number;
    disk_fill(d.core->disk, "test", core_mono(d.core));
    dead_letter(d.core, COMPANY_US, &env, STATUS_BAD_SIGNATURE, "test");
    CHECK(t, "on a full disk what is refused is counted, and not kept",
          d.core->companies[0]->refused == 1 && d.core->audit_number == audit);
    CHECK(t, "with room again", make_room(&d) && core_need_txn(d.core) == STATUS_OK);
    CHECK(t, "it counts from nothing", d.core->companies[0]->refused == 0);
    audit = d.core->audit_number;
    dead_letter(d.core, COMPANY_US, &env, STATUS_BAD_SIGNATURE, "test");
    CHECK(t, "and is kept",
          d.core->companies[0]->refused == 0 && d.core->audit_number == audit + 1);
    desk_clear(&d);
}

/* A partner that takes back without end does not use up what others need. */
static void
test_lent_without_end(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct desk d = { 0 };
    struct company *c = NULL;

    if (!CHECK(t, "a node", desk_set(&d) && core_need_txn(d.core) == STATUS_OK))
        return;
    struct signed_object them = home_descriptor(&d.home, 1, arena);
    CHECK(t, "with a partner",
          company_learn(d.core, &them, COMPANY_INTRODUCED, 0, &c) == STATUS_OK &&
              company_set_state(d.core, c, COMPANY_TRUSTED) == STATUS_OK);
    struct envelope env = { .kind = MESSAGE_REVOCATION,
                            .stream = STREAM_CONTROL,
                            .session = 1,
                            .incarnation = 1,
                            .seq = 1,
                            .body = bytes_text("x") };
    struct bytes message = envelope_format(&env, arena);
    disk_fill(d.core->disk, "test", core_mono(d.core));
    for (unsigned i = 1; i <= DISK_TAKES_MAX; i++) {
        disk_settle(d.core->disk, core_mono(d.core));
        core_on_message(d.core, &c->node, message);
        CHECK(t, "it is lent to what takes back", disk_is_lent(d.core->disk) && c->lent == i);
    }
    disk_settle(d.core->disk, core_mono(d.core));
    core_on_message(d.core, &c->node, message);
    CHECK(t, "and not once more", !disk_is_lent(d.core->disk));
    env = (struct envelope){ .kind = MESSAGE_ACK, .session = 1, .body = bytes_text("x") };
    core_on_message(d.core, &c->node, envelope_format(&env, arena));
    CHECK(t, "what keeps the link going is heard, and does not count",
          disk_is_lent(d.core->disk) && c->lent == DISK_TAKES_MAX);
    (void)core_round(d.core);
    CHECK(t, "until it is whole after all that", disk_is_full(d.core->disk) && c->lent == 0);
    core_on_message(d.core, &c->node, message);
    CHECK(t, "then it is lent again", disk_is_lent(d.core->disk));
    desk_clear(&d);
}

/* Whatever write is the first that finds no room. */
static void
test_full_at_every_write(struct check *t)
{
    struct desk d = { 0 };
    int reached = 0;
    char id[64];

    if (!CHECK(t, "a node", desk_set(&d)))
        return;
    for (int n = 0; n < WRITES_MOST; n++) {
        if (!CHECK(t, "a person is added where there is room", add(&d, "Ada", id) == STATUS_OK))
            break;
        (void)store_truncate_log(d.core->store);
        quota.writes_left = n;
        CHECK(t, "she is erased, whichever write is the first without room",
              erase(&d, id) == STATUS_OK);
        reached += disk_is_full(d.core->disk) ? 1 : 0;
        CHECK(t, "she is gone", home_sql(&d.home, "SELECT count(*) FROM t_contact") == 0);
        CHECK(t, "it goes on when there is room", make_room(&d));
    }
    CHECK(t, "there were many writes to fail", reached > 8);
    CHECK(t, "the audit is right", is_audit_well(&d));
    desk_clear(&d);
}

/* The same of what is refused: all of it or nothing. */
static void
test_adding_at_every_write(struct check *t)
{
    struct desk d = { 0 };
    int64_t there = 0;

    if (!CHECK(t, "a node", desk_set(&d)))
        return;
    for (int n = 0; n < WRITES_MOST / 2; n++) {
        (void)store_truncate_log(d.core->store);
        quota.writes_left = n;
        enum status s = add(&d, "Ada", NULL);
        there += s == STATUS_OK ? 1 : 0;
        CHECK(t, "added, or the disk is full", s == STATUS_OK || s == STATUS_DISK_FULL);
        CHECK(t, "what is answered is so",
              home_sql(&d.home, "SELECT count(*) FROM t_contact") == there);
        CHECK(t, "it goes on when there is room", make_room(&d));
    }
    CHECK(t, "the audit is right", is_audit_well(&d));
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "refused when full", test_refused_when_full },
        { "lent without end", test_lent_without_end },
        { "taking back succeeds on a full disk, and the rest is refused", test_full },
        { "whichever write is the first to fail", test_full_at_every_write },
        { "what is refused has not happened", test_adding_at_every_write },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}
