/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/node.c - one node of the simulator: its home, its core, its death.
 *
 * A death is a copy of the files as they are at that moment, uncommitted pages and log included, taken while
 * the core still has them open: what kill -9 leaves. The next life opens the copy.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/base/plant.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/sim/sim.h"

enum { AGAIN_MOST = 3 };

static const char *const names[NODES_MAX] = { "Acme", "Brio", "Cedar", "Delta", "Elm" };

/* ---- chance that libsodium asks for ------------------------------------------------------- */

static uint64_t *random_stream;

static const char *
on_random_name(void)
{
    return "sim";
}

static void
on_random_buf(void *out, size_t len)
{
    static uint64_t before; /* a seed runs */
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)check_random(random_stream != NULL ? random_stream : &before);
}

static uint32_t
on_random_number(void)
{
    uint32_t x;

    on_random_buf(&x, sizeof(x));
    return x;
}

void
node_random_from(uint64_t *stream)
{
    static randombytes_implementation ours = { .implementation_name = on_random_name,
                                               .random = on_random_number,
                                               .buf = on_random_buf };

    random_stream = stream;
    (void)randombytes_set_implementation(&ours);
}

/* ---- homes -------------------------------------------------------------------------------- */

static void
copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    AUTO(fd_close) int in = -1;
    AUTO(fd_close) int out = -1;
    char path[512];
    static char block[1 << 16];
    ssize_t n;

    (void)snprintf(path, sizeof(path), "%s/%s", from_dir, name);
    in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return;
    (void)snprintf(path, sizeof(path), "%s/%s", to_dir, name);
    out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while ((n = read(in, block, sizeof(block))) > 0)
        if (out < 0 || write(out, block, (size_t)n) != n)
            abort();
}

static void
make_home(const char *home)
{
    char path[512], keys[512];

    (void)snprintf(path, sizeof(path), "%s/tmp", home);
    (void)snprintf(keys, sizeof(keys), "%s/keys", home);
    if (mkdir(home, 0700) != 0 || mkdir(path, 0700) != 0 || mkdir(keys, 0700) != 0) {
        perror(home);
        abort();
    }
}

/* What a kill leaves; hansa.db-shm is made anew. */
static const char *const home_files[] = { "hansa.db",
                                          "hansa.db-wal",
                                          "audit.hashes",
                                          "journal",
                                          "suppression.key",
                                          "suppression.list",
                                          "descriptor",
                                          "descriptor.2",
                                          "descriptor.3",
                                          "descriptor.4",
                                          "descriptor.5",
                                          "descriptor.6",
                                          "descriptor.7",
                                          "keys/descriptor",
                                          "keys/signing.key",
                                          "keys/sealing.key",
                                          "keys/transport.key",
                                          "keys/former-sealing.key",
                                          "keys/former-transport.key" };

static void
copy_home(const char *from, const char *to)
{
    make_home(to);
    for (size_t i = 0; i < COUNT_OF(home_files); i++)
        copy_file(from, to, home_files[i]);
}

static int
on_left(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    (void)remove(path);
    return 0;
}

static void
remove_home(const char *home)
{
    (void)nftw(home, on_left, 16, FTW_DEPTH | FTW_PHYS);
}

/* Its database as it is now, log included, beside the homes. */
static void
copy_path(const struct node *node, char out[static 256])
{
    (void)snprintf(out, 256, "%s/copy.%d.%llu", node->sim->base, plant_active,
                   (unsigned long long)node->sim->seed);
}

void
node_keep_database(struct node *node)
{
    char path[256];

    copy_path(node, path);
    copy_home(node->home, path);
}

void
node_put_back(struct node *node, bool is_said, bool with_keys)
{
    char path[300], copy[256];

    copy_path(node, copy);
    for (size_t i = 0; i < COUNT_OF(home_files); i++) {
        if (strncmp(home_files[i], "hansa.db", 8) != 0 &&
            !(with_keys && strncmp(home_files[i], "keys/", 5) == 0))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", node->home, home_files[i]);
        (void)unlink(path);
        copy_file(copy, node->home, home_files[i]);
    }
    if (!is_said)
        return;
    (void)snprintf(path, sizeof(path), "%s/restored", node->home);
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        abort();
}

static void
template_path(const char *base, int index, char out[static 256])
{
    (void)snprintf(out, 256, "%s/first.%d", base, index);
}

void
nodes_sweep(const char *base)
{
    DIR *folder = opendir(base);
    const struct dirent *entry;
    char home[256];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, "first.", 6) == 0)
            continue;
        if (snprintf(home, sizeof(home), "%s/%s", base, entry->d_name) < (int)sizeof(home))
            remove_home(home);
    }
    if (folder != NULL)
        (void)closedir(folder);
}

/* Those of children that a plant killed are there still. */
void
nodes_clean(const char *base)
{
    remove_home(base);
}

/* ---- the world of struct core_env --------------------------------------------------------- */

struct wall_ms
node_wall(const struct node *node)
{
    return (struct wall_ms){ SIM_EPOCH_MS + node->sim->now };
}

static struct wall_ms
on_wall(void *self)
{
    return node_wall(self);
}

static struct mono_ms
on_mono(void *self)
{
    const struct node *node = self;

    return (struct mono_ms){ 1000 + node->sim->now };
}

static void
on_random(void *self, void *out, size_t len)
{
    struct node *node = self;
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++) {
        at[i] = (uint8_t)check_random(&node->sim->random);
    }
}

static enum status
on_sign(void *self, enum sign_type type, struct bytes body, struct signature *out)
{
    struct node *node = self;

    if (node->keys_at > node->sim->now) {
        node->sim->counts[COUNT_locked]++;
        return STATUS_LOCKED;
    }
    *out = keys_sign(node->index, node->held.signing, type, body);
    return STATUS_OK;
}

static enum status
on_unwrap(void *self, const uint8_t key[static SEAL_KEY_SIZE], struct content_key *out)
{
    struct node *node = self;

    if (node->keys_at > node->sim->now) {
        node->sim->counts[COUNT_locked]++;
        return STATUS_LOCKED;
    }
    return keys_unwrap(node->index, node->held.sealing, key, out) ||
                   keys_unwrap(node->index, node->held.former_sealing, key, out)
               ? STATUS_OK
               : STATUS_BAD_SIGNATURE;
}

static enum status
on_forget(void *self)
{
    struct node *node = self;

    node->held.former_sealing = 0;
    return STATUS_OK;
}

static void
on_send(void *self, const struct node_id *to, struct bytes message)
{
    struct node *node = self;
    struct sent *s = xcalloc(1, sizeof(*s) + message.len);

    s->to = *to;
    s->len = message.len;
    memcpy(s->data, message.data, message.len);
    *node->sent_end = s;
    node->sent_end = &s->next;
}

static void
on_admit(void *self, const struct link_peer *peer)
{
    net_link_up(self, peer);
}

static void
on_drop(void *self, const struct node_id *node)
{
    net_dropped(self, node);
}

static void
on_epoch(void *self, const struct node_id *node, uint64_t epoch)
{
    net_epoch(self, node, epoch);
}

static void
on_renew(void *self)
{
    net_edge_dies(self);
}

/* ---- life and death ----------------------------------------------------------------------- */

static void
home_of(const struct node *node, int life, char out[static 256])
{
    (void)snprintf(out, 256, "%s/%s.%d.%llu.%d", node->sim->base, node->name, plant_active,
                   (unsigned long long)node->sim->seed, life);
}

void
node_init(struct sim *sim, int index)
{
    struct node *node = &sim->nodes[index];
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char first[256];

    *node = (struct node){ .sim = sim, .index = index, .name = names[index] };
    node->id = keys_node_id(index);
    (void)keys_first(node, arena);
    node->sent_end = &node->sent;
    template_path(sim->base, index, first);
    home_of(node, 0, node->home);
    copy_home(first, node->home);
    node_start(node);
}

enum status
node_open(struct node *node, struct diag *diag)
{
    struct core_config config = { .home = node->home,
                                  .ballast =
                                      node->sim->faults[FAULT_disk_full] ? SIM_BALLAST : 0,
                                  .env = { .self = node,
                                           .wall = on_wall,
                                           .mono = on_mono,
                                           .random = on_random,
                                           .keyring = { .sign = on_sign,
                                                        .unwrap = on_unwrap,
                                                        .forget = on_forget,
                                                        .self = node },
                                           .send = on_send,
                                           .admit = on_admit,
                                           .drop = on_drop,
                                           .epoch = on_epoch,
                                           .renew = on_renew } };

    keys_start(node);
    return core_open(&config, diag, &node->core);
}

void
node_start(struct node *node)
{
    struct diag diag = { 0 };
    enum status s = node_open(node, &diag);

    if (s == STATUS_DISK_FULL && full_is(node)) { /* the parent tries again */
        node->restart_at = node->sim->now + 1000;
        return;
    }
    if (s != STATUS_OK) {
        sim_fail(node->sim, "%s does not start again: %s (%s)", node->name, status_name(s),
                 diag.key);
        return;
    }
    node->up = true;
    node->edge_up = true;
    keys_edge_start(node);
    node->link_count = 0;
    node->round_at = node->sim->now;
    core_on_link_start(node->core);
}

/* Opened once, so that its tables are all there: making them takes longer than a seed. */
static enum status
make_template(struct sim *sim, int index)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct node *node = &sim->nodes[index];
    struct diag diag = { 0 };

    *node = (struct node){ .sim = sim, .index = index, .name = names[index] };
    node->sent_end = &node->sent;
    template_path(sim->base, index, node->home);
    make_home(node->home);
    TRY(core_init(node->home, &(struct core_birth){ keys_birth(node, arena), "en", NULL },
                  &diag));
    node_start(node);
    core_close(&node->core);
    return sim_failed(sim) ? STATUS_INTERNAL : STATUS_OK;
}

enum status
nodes_template(const char *base)
{
    AUTO(xfree) struct sim *sim = xcalloc(1, sizeof(*sim));

    sim->base = base;
    for (int i = 0; i < NODES_MAX; i++)
        TRY(make_template(sim, i));
    return STATUS_OK;
}

static void
drop_sent(struct node *node)
{
    for (struct sent *s = node->sent, *next; s != NULL; s = next) {
        next = s->next;
        free(s);
    }
    node->sent = NULL;
    node->sent_end = &node->sent;
}

void
node_kill(struct node *node)
{
    char next[256];

    home_of(node, ++node->life, next);
    copy_home(node->home, next);
    core_close(&node->core);
    remove_home(node->home);
    (void)snprintf(node->home, sizeof(node->home), "%s", next);
    drop_sent(node);
    node->up = false;
    node->edge_up = false;
    node->link_count = 0;
}

void
node_fini(struct node *node)
{
    char copy[256];

    core_close(&node->core);
    drop_sent(node);
    remove_home(node->home);
    copy_path(node, copy);
    remove_home(copy);
}

/* Past the node, which is down. */
static int
lose(struct node *node, const char *sql, const char *what)
{
    char path[300];
    sqlite3 *db = NULL;
    int lost = 0;

    (void)snprintf(path, sizeof(path), "%s/hansa.db", node->home);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        sim_fail(node->sim, "%s cannot lose %s", node->name, what);
    else
        lost = sqlite3_changes(db);
    (void)sqlite3_close(db);
    return lost;
}

int
node_lose_carried(struct node *node)
{
    return lose(node, "DELETE FROM carry WHERE author <> 1 AND id % 3 <> 0", "what it carries");
}

/* Of shares accepted from companies that it has a link with: only those are compared. Nothing of them stays in the
 * tables that are read. */
int
node_lose_rows(struct node *node)
{
    return lose(
        node,
        "CREATE TEMP TRIGGER lost AFTER DELETE ON main.copy WHEN NOT EXISTS (SELECT 1 FROM "
        "main.copy"
        " WHERE record = old.record AND applied = 1) BEGIN"
        " DELETE FROM t_event WHERE id = old.record; DELETE FROM t_contact WHERE id = "
        "old.record;"
        " DELETE FROM t_attendee WHERE id = old.record; DELETE FROM t_lead WHERE id = "
        "old.record;"
        " DELETE FROM t_activity WHERE id = old.record; END;"
        "DELETE FROM copy WHERE id % 2 = 0 AND grant_id IN (SELECT s.leaf FROM share s"
        " JOIN company c ON c.id = s.partner WHERE s.role = 1 AND s.state = 4 AND c.state = 3)",
        "rows");
}

/* ---- work --------------------------------------------------------------------------------- */

void
node_round(struct node *node)
{
    node->round_at = core_round(node->core).ms - 1000;
    if (node->round_at < node->sim->now)
        node->round_at = node->sim->now;
}

void
node_flush(struct node *node, size_t most)
{
    for (const struct sent *s = node->sent; s != NULL && most > 0; s = s->next, most--)
        net_send(node, s);
    drop_sent(node);
}

struct asked {
    struct api_request request;
    bool is_answered, is_left;
};

static void
asked_free(struct asked *a)
{
    json_decref(a->request.args);
    json_decref(a->request.reply);
    free(a);
}

static void
on_done(struct api_request *request)
{
    struct asked *a = request->done_self;

    a->is_answered = true;
    if (a->is_left)
        asked_free(a);
}

json_t *
node_ask(struct node *node, const char *service, json_t *args, enum status *status)
{
    struct asked *a = xcalloc(1, sizeof(*a));
    json_t *reply;

    a->request.service = service_find(service);
    a->request.args = args;
    a->request.uid = geteuid();
    a->request.done = on_done;
    a->request.done_self = a;
    if (a->request.service == NULL || args == NULL)
        abort();
    if (a->request.service->effect == SERVICE_READS && !core_read_waits(node->core)) {
        core_read(node->core, &a->request);
        a->is_answered = true;
    } else {
        core_submit(node->core, &a->request);
        node_round(node);
        /* What takes back and met a full disk goes again on the room that is kept for it. */
        for (int i = 0; i < AGAIN_MOST && !a->is_answered && full_is(node); i++)
            node_round(node);
    }
    *status = a->request.status;
    reply = *status == STATUS_OK ? json_incref(a->request.reply) : NULL;
    if (a->is_answered)
        asked_free(a);
    else
        a->is_left = true; /* it waits for the link; what it says is decided already */
    return reply;
}
