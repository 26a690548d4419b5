/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/keys.c - companies' keys: what lies in HOME/keys, who holds what of it, and how it changes
 * (docs/adr/0016-keys-over-time.md).
 *
 * The files have their real names, and the node finds and takes them as it does in the field: keys.next is put in their
 * place while the node is down, the key process reads them when it starts, the edge when it does. In a file stands the
 * serial of the descriptor that the key is new in; the key itself follows from company, kind and that serial.
 *
 * 1. What is sealed to a company can be opened by it, for as long as its author need not know a newer key.
 * 2. When all is at rest everybody who has a link with a company knows its newest descriptor, and the links are by its
 *    newest key.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/parent_priv.h"
#include "schema/base/file.h"
#include "schema/digest.h"
#include "tests/sim/people_priv.h"

enum { ROOT = KEY_KINDS_, CHANGES_MOST = 4, AWAY_MS = 90 * 1000, ALL = (1 << KEY_KINDS_) - 1 };

static const char *const countries[NODES_MAX] = { "DE", "CN", "FR", "US", "JP" };
static const char *const key_files[KEY_KINDS_] = { "signing.key", "sealing.key",
                                                   "transport.key" };
static const char *const former_files[KEY_KINDS_] = { "former-signing.key",
                                                      "former-sealing.key",
                                                      "former-transport.key" };

/* ---- the keys themselves ------------------------------------------------------------------ */

struct seed32 {
    uint8_t b[32];
};

static struct seed32
seed_of(int index, int kind, uint64_t serial)
{
    return (struct seed32){ { 's', 'i', 'm', (uint8_t)index, (uint8_t)kind, (uint8_t)serial } };
}

static struct sign_key
sign_key_of(int index, int kind, uint64_t serial, uint8_t secret[static 64])
{
    struct seed32 seed = seed_of(index, kind, serial);
    struct sign_key out;

    (void)crypto_sign_ed25519_seed_keypair(out.b, secret, seed.b);
    return out;
}

static struct box_key
box_key_of(int index, int kind, uint64_t serial)
{
    struct seed32 seed = seed_of(index, kind, serial);
    struct box_key out;

    (void)crypto_scalarmult_base(out.b, seed.b);
    return out;
}

static struct sign_key
root_of(int index)
{
    uint8_t secret[64];

    return sign_key_of(index, ROOT, 0, secret);
}

static struct signature
sign(int index, int kind, uint64_t serial, enum sign_type type, struct bytes body)
{
    AUTO(buffer_fini) struct buffer message = { 0 };
    struct signature out;
    uint8_t secret[64];

    (void)sign_key_of(index, kind, serial, secret);
    signature_message(type, body, &message);
    (void)crypto_sign_ed25519_detached(out.b, NULL, message.data, message.len, secret);
    return out;
}

struct signature
keys_sign(int index, uint64_t serial, enum sign_type type, struct bytes body)
{
    return sign(index, KEY_SIGNING, serial, type, body);
}

bool
keys_unwrap(int index, uint64_t serial, const uint8_t key[static SEAL_KEY_SIZE],
            struct content_key *out)
{
    struct seed32 seed = seed_of(index, KEY_SEALING, serial);
    struct box_key public = box_key_of(index, KEY_SEALING, serial);

    return serial != 0 &&
           crypto_box_seal_open(out->b, key, SEAL_KEY_SIZE, public.b, seed.b) == 0;
}

uint64_t
keys_open(const struct sim *sim, int index, const uint8_t key[static SEAL_KEY_SIZE],
          struct content_key *out)
{
    uint64_t serial = sim->keys[index].serial;

    while (serial > 0 && !keys_unwrap(index, serial, key, out))
        serial--;
    return serial;
}

/* ---- in a home ---------------------------------------------------------------------------- */

static void
path_in(const struct node *node, const char *folder, const char *name, char out[static 320])
{
    (void)snprintf(out, 320, "%s/%s/%s", node->home, folder, name);
}

static void
put(const struct node *node, const char *folder, const char *name, struct bytes raw)
{
    char path[320];

    path_in(node, folder, name, path);
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, raw.data, raw.len) != (ssize_t)raw.len)
        abort();
}

static void
put_serial(const struct node *node, const char *folder, const char *name, uint64_t serial)
{
    uint8_t raw[8];

    put_u64(raw, serial);
    put(node, folder, name, bytes_of(raw, sizeof(raw)));
}

/* 0: there is none. */
static uint64_t
get_serial(const struct node *node, const char *name)
{
    char path[320];
    uint8_t raw[8];

    path_in(node, "keys", name, path);
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, raw, sizeof(raw)) == (ssize_t)sizeof(raw) ? get_u64(raw) : 0;
}

/* The next one of this company, signed by its root. */
static struct bytes
describe(struct sim *sim, int index, const char *name, struct arena *arena)
{
    struct company_keys_now *now = &sim->keys[index];
    const char *endpoint = arena_printf(arena, "tcp://127.0.0.1:%d", 7000 + index);
    uint8_t secret[64];
    struct descriptor d = {
        .root_key = root_of(index),
        .serial = now->serial,
        .has_previous = now->serial > 1,
        .previous = now->descriptor,
        .name = name,
        .country = countries[index],
        .signing_key = sign_key_of(index, KEY_SIGNING, now->since[KEY_SIGNING], secret),
        .sealing_key = box_key_of(index, KEY_SEALING, now->since[KEY_SEALING]),
        .transport_key = box_key_of(index, KEY_TRANSPORT, now->since[KEY_TRANSPORT]),
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .not_before = { SIM_EPOCH_MS - 600000 },
        .not_after = { SIM_EPOCH_MS + INT64_C(365) * 24 * 3600000 },
        .refused_below = now->refused_below,
    };
    struct signed_object object = { .body = wire_descriptor_format(&d, arena) };

    object.signature = sign(index, ROOT, 0, SIGN_DESCRIPTOR, object.body);
    now->descriptor = digest_object_id(object.body);
    return wire_signed_object_format(&object, arena);
}

struct bytes
keys_first(struct node *node, struct arena *arena)
{
    node->sim->keys[node->index] =
        (struct company_keys_now){ .serial = 1, .since = { 1, 1, 1 } };
    return describe(node->sim, node->index, node->name, arena);
}

struct node_id
keys_node_id(int index)
{
    struct sign_key root = root_of(index);

    return digest_node_id(&root);
}

struct bytes
keys_birth(struct node *node, struct arena *arena)
{
    struct bytes raw = keys_first(node, arena);

    for (int kind = 0; kind < KEY_KINDS_; kind++)
        put_serial(node, "keys", key_files[kind], 1);
    put(node, ".", "descriptor", raw);
    return raw;
}

/* ---- what processes hold ------------------------------------------------------------------ */

void
keys_start(struct node *node)
{
    AUTO(fd_close) int home = open(node->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (home < 0 || !parent_adopt_keys(home))
        abort();
    node->held = (struct held_keys){
        .signing = get_serial(node, key_files[KEY_SIGNING]),
        .sealing = get_serial(node, key_files[KEY_SEALING]),
        .former_sealing = get_serial(node, former_files[KEY_SEALING]),
    };
}

/* The one before, while there are partners that know no other (federation/edge.c). */
void
keys_edge_start(struct node *node)
{
    uint64_t former = get_serial(node, former_files[KEY_TRANSPORT]);

    node->transport =
        box_key_of(node->index, KEY_TRANSPORT,
                   former != 0 ? former : get_serial(node, key_files[KEY_TRANSPORT]));
}

/* ---- changing them ------------------------------------------------------------------------ */

/* As `hansa key rotate` does (federation/key_rotate.c): keys.next, whole. */
static void
make_next(struct node *node, unsigned kinds, bool keeps)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct company_keys_now *now = &node->sim->keys[node->index];
    char path[320];

    path_in(node, "keys.next", "", path);
    if (mkdir(path, 0700) != 0)
        abort();
    now->serial++;
    for (int kind = 0; kind < KEY_KINDS_; kind++) {
        uint64_t before = get_serial(node, key_files[kind]),
                 former = get_serial(node, former_files[kind]);
        bool is_new = (kinds >> kind & 1) != 0;
        if (is_new)
            now->since[kind] = now->serial;
        if (is_new && keeps && kind != KEY_SIGNING)
            former = before;
        if (former != 0 && (keeps || !is_new))
            put_serial(node, "keys.next", former_files[kind], former);
        put_serial(node, "keys.next", key_files[kind], now->since[kind]);
    }
    put(node, "keys.next", "descriptor", describe(node->sim, node->index, node->name, arena));
}

/* The node is down from now on for a little while. */
static void
change(struct node *node, unsigned kinds, bool keeps)
{
    struct sim *sim = node->sim;

    if (node->up)
        node_kill(node);
    sim->keys[node->index].changed_at = sim->now;
    make_next(node, kinds, keeps);
    node->restart_at = sim->now + 50 + (int64_t)sim_random(sim, 3000);
    if (sim->verbose)
        printf("%4d %9.3fs %-6s keys %x are new, descriptor %llu%s\n", sim->step,
               (double)sim->now / 1000, node->name, kinds,
               (unsigned long long)sim->keys[node->index].serial, keeps ? "" : ", alone");
}

/* Some of them, for any reason. */
void
people_rotate(struct node *node)
{
    struct sim *sim = node->sim;
    unsigned kinds = 1 + (unsigned)sim_random(sim, ALL);

    for (int kind = 0; kind < KEY_KINDS_; kind++)
        if (get_serial(node, former_files[kind]) != 0)
            kinds &= ~(1u << kind); /* the one before is still in use */
    if (kinds == 0 || sim->keys[node->index].serial > CHANGES_MOST)
        return;
    change(node, kinds, true);
    sim->counts[COUNT_rotated]++;
}

/* A partner is away while there is news for it; what waits is signed anew. Links are closed to the old transport key, and
 * only an invitation opens them. */
void
keys_act(struct sim *sim)
{
    struct node *node = &sim->nodes[sim_random(sim, (uint64_t)sim->node_count)];
    struct company_keys_now *now = &sim->keys[node->index];
    int away = people_pick_partner(sim, node->index);

    if (away < 0)
        return;
    int64_t *blocked[] = { &sim->blocked_until[node->index][away],
                           &sim->blocked_until[away][node->index] };
    *blocked[0] = *blocked[1] = INT64_MAX;
    net_run(sim, sim->now + AWAY_MS);
    for (int i = 0; i < 4 && !sim_failed(sim); i++) {
        people_change_record(node);
        if (i == 2 && sim_chance(sim, 50))
            people_stop_share(node);
        node_flush(node, SIZE_MAX);
        net_run(sim, sim->now + 1000);
    }
    now->stolen = now->since[KEY_SIGNING];
    now->refused_below = now->serial + 1;
    change(node, ALL, false);
    sim->counts[COUNT_stolen]++;
    net_run(sim, sim->now + 10000);
    *blocked[0] = *blocked[1] = 0;
    people_invite_again(sim);
}

void
keys_are_older(struct node *node)
{
    struct diag diag = { 0 };
    enum status s = node_open(node, &diag);

    if (s != STATUS_CONFIG || strcmp(diag.key, "home.keys_older") != 0)
        sim_fail(node->sim, "%s starts with keys from before: %s (%s)", node->name,
                 status_name(s), diag.key);
    core_close(&node->core);
    change(node, ALL, false);
    node->sim->counts[COUNT_keys_older]++;
}

void
people_invite_again(struct sim *sim)
{
    for (int i = 0; i < sim->node_count && !sim_failed(sim); i++)
        for (int k = 0; k < sim->node_count && !sim_failed(sim); k++) {
            if (!sim->linked[i][k] || net_knows(sim, i, k))
                continue;
            people_invite(&sim->nodes[k], &sim->nodes[i]);
            sim->counts[COUNT_invited_again]++;
        }
}

/* ---- at rest ------------------------------------------------------------------------------ */

static bool
is_known(struct sim *sim, int of, int to, bool say)
{
    enum status s;
    json_t *reply = judge_look(&sim->nodes[of], "key.partners", json_object(), &s);
    const json_t *items = json_object_get(reply, "items");
    bool is = sim->keys[of].serial == 1;

    for (size_t i = 0; i < json_array_size(items); i++)
        is = is || (people_is_text(json_array_get(items, i), "name", sim->nodes[to].name) &&
                    people_is_text(json_array_get(items, i), "keys", "new"));
    json_decref(reply);
    if (!is && say)
        sim_fail(sim, "%s has not acknowledged the newest keys of %s", sim->nodes[to].name,
                 sim->nodes[of].name);
    return is;
}

/* The sealing key from before may stay longer: for who is known, and out of every reach. */
static bool
is_alone(struct sim *sim, const struct node *node, bool say)
{
    bool is = get_serial(node, former_files[KEY_TRANSPORT]) == 0;

    if (!is && say)
        sim_fail(sim, "%s keeps its old transport key, which nobody needs", node->name);
    return is;
}

bool
keys_are_settled(struct sim *sim, bool say)
{
    for (int i = 0; i < sim->node_count; i++) {
        if (!is_alone(sim, &sim->nodes[i], say))
            return false;
        for (int k = 0; k < sim->node_count; k++)
            if (sim->linked[i][k] && !is_known(sim, i, k, say))
                return false;
    }
    return true;
}

/* What a company knows of another, past the node. */
static uint64_t
serial_at(struct sim *sim, int at, int of)
{
    char path[300];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    uint64_t found = 0;

    (void)snprintf(path, sizeof(path), "%s/hansa.db", sim->nodes[at].home);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT serial FROM company WHERE node = ?1", -1, &q, NULL) ==
            SQLITE_OK) {
        (void)sqlite3_bind_blob(q, 1, sim->nodes[of].id.b, ID_SIZE, SQLITE_STATIC);
        if (sqlite3_step(q) == SQLITE_ROW)
            found = (uint64_t)sqlite3_column_int64(q, 0);
    }
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return found;
}

void
keys_judge(struct sim *sim)
{
    for (int i = 0; i < sim->node_count; i++)
        for (int k = 0; k < sim->node_count; k++) {
            uint64_t newest = sim->keys[i].serial;
            uint64_t known =
                newest > 1 && (i == k || sim->linked[i][k]) ? serial_at(sim, k, i) : newest;
            if (known != newest)
                sim_fail(sim, "%s knows descriptor %llu of %s, and %llu is the newest",
                         sim->nodes[k].name, (unsigned long long)known, sim->nodes[i].name,
                         (unsigned long long)newest);
        }
}
