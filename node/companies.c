/* SPDX-License-Identifier: Apache-2.0
 *
 * node/companies.c - the trust list in memory: who there is, which keys they have, how the link reaches
 * them; invitations and first contact (docs/protocol/invitation.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/keys.h"
#include "node/quarantine.h"
#include "node/repair.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { INTRODUCE_EVERY_MS = 2000 };

static const char *const state_names[] = {
#define X(name, text) [COMPANY_##name] = text,
    COMPANY_STATES(X)
#undef X
};

const char *
company_state_name(enum company_state state)
{
    return state_names[state];
}

/* ---- loading ------------------------------------------------------------------------------ */

/* What its newest descriptor says, and which older signing keys there are. */
static enum status
describe(struct core *core, struct company *c, const struct descriptor *d,
         const struct signed_object *object)
{
    free(c->name);
    free(c->endpoint);
    c->name = xstrdup(d->name);
    c->endpoint = d->endpoint_count > 0 ? xstrdup(d->endpoints[0]) : NULL;
    (void)snprintf(c->country, sizeof(c->country), "%s", d->country);
    c->serial = d->serial;
    c->descriptor = digest_object_id(object->body);
    c->refused_below = d->refused_below;
    c->transport_key = d->transport_key;
    c->sealing_key = d->sealing_key;
    c->control_waits = true;
    c->descriptor_waits = true;
    c->node = digest_node_id(&d->root_key);
    return keys_signing(core->store, c->id, d, c->signing, &c->signing_count, &c->signing_good);
}

static enum status
peer_make(struct core *core, struct company *c)
{
    c->peer = peer_new(&core->me, &c->node, c->id, core->incarnation, &core->peer_ops);
    return peer_reload(c->peer);
}

static struct company *
company_append(struct core *core)
{
    struct company *c = xcalloc(1, sizeof(*c));

    core->companies =
        xrealloc(core->companies, (core->company_count + 1) * sizeof(*core->companies));
    core->companies[core->company_count++] = c;
    return c;
}

/* Columns of COMPANY_ALL. */
enum {
    ID,
    NODE,
    NAME,
    COUNTRY,
    SERIAL,
    DESCRIPTOR,
    STATE,
    BY,
    TOKEN,
    SECRET,
    GUEST,
    WAIVED,
    TOLD,
    LINKED
};

/* One without a node has no descriptor: its keys are zero, and no signature verifies with them. */
static void
load_light(struct core *core, struct stmt *q)
{
    struct company *c = company_append(core);

    c->id = stmt_int(q, ID);
    stmt_copy(q, NODE, c->node.b, ID_SIZE);
    c->name = xstrdup(stmt_text(q, NAME));
    (void)snprintf(c->country, sizeof(c->country), "%s", stmt_text(q, COUNTRY));
    c->state = (enum company_state)stmt_int(q, STATE);
    c->consent_waived = !stmt_is_null(q, WAIVED);
}

static enum status
load_descriptor(struct core *core, struct stmt *q, struct arena *arena, struct company *c)
{
    struct signed_object *object;
    struct descriptor *d;

    TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, DESCRIPTOR)), arena, &object));
    TRY(wire_descriptor_parse(object->body, arena, &d));
    c->told = (uint64_t)stmt_int(q, TOLD);
    TRY(describe(core, c, d, object));
    return keys_link(core, c, (uint64_t)stmt_int(q, LINKED));
}

static enum status
load_row(struct core *core, struct stmt *q, struct arena *arena)
{
    if (stmt_bytes(q, DESCRIPTOR).len == 0) {
        load_light(core, q);
        return STATUS_OK;
    }
    struct company *c = company_append(core);
    c->id = stmt_int(q, ID);
    c->state = (enum company_state)stmt_int(q, STATE);
    c->is_lost = c->state == COMPANY_REMOVED;
    c->introduced_by = stmt_int(q, BY);
    c->consent_waived = !stmt_is_null(q, WAIVED);
    TRY(load_descriptor(core, q, arena, c));
    if (c->state == COMPANY_SELF)
        (void)snprintf(core->region, sizeof(core->region), "%s", c->country);
    if (!stmt_is_null(q, SECRET)) {
        c->is_guest = true;
        stmt_copy(q, TOKEN, c->token, sizeof(c->token));
        stmt_copy(q, SECRET, c->guest_secret, sizeof(c->guest_secret));
        stmt_copy(q, GUEST, c->guest_node.b, ID_SIZE);
    }
    return STATUS_OK;
}

enum status
companies_load(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COMPANY_ALL);
        while ((s = stmt_step(q)) == STATUS_OK)
            TRY(load_row(core, q, arena));
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->state == COMPANY_TRUSTED ||
            core->companies[i]->state == COMPANY_SUSPENDED)
            TRY(peer_make(core, core->companies[i]));
    return STATUS_OK;
}

enum status
companies_describe(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COMPANY_ALL);
    enum status s;

    core->keys_version++;
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct company *c = company_by_id(core, stmt_int(q, ID));
        if (c != NULL && stmt_bytes(q, DESCRIPTOR).len > 0)
            TRY(load_descriptor(core, q, arena, c));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
company_describe(struct core *core, struct company *c)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COMPANY_ONE);

    core->keys_version++;
    stmt_bind(q, "i", c->id);
    TRY(stmt_step(q));
    return load_descriptor(core, q, arena, c);
}

void
companies_free(struct core *core)
{
    companies_cut(core, 0);
    free(core->companies);
    core->companies = NULL;
}

void
companies_cut(struct core *core, size_t count)
{
    while (core->company_count > count) {
        struct company *c = core->companies[--core->company_count];
        repair_free(&c->repair);
        peer_free(&c->peer);
        free(c->name);
        free(c->endpoint);
        free(c);
    }
}

struct company *
company_find(struct core *core, const struct node_id *node)
{
    for (size_t i = 0; i < core->company_count; i++)
        if (ID_IS_EQUAL(core->companies[i]->node, *node))
            return core->companies[i];
    return NULL;
}

struct company *
company_by_id(struct core *core, int64_t id)
{
    for (size_t i = 0; i < core->company_count; i++)
        if (core->companies[i]->id == id)
            return core->companies[i];
    return NULL;
}

/* kept: also keys that were called stolen since. */
static bool
find(struct core *core, const struct node_id *node, bool kept, struct company_keys *out)
{
    const struct company *c = company_find(core, node);

    if (c == NULL)
        return false;
    out->signing_count = kept ? c->signing_count : c->signing_good;
    memcpy(out->signing, c->signing, sizeof(out->signing));
    memcpy(out->country, c->country, sizeof(out->country));
    (void)snprintf(out->name, sizeof(out->name), "%s", c->name);
    return true;
}

static bool
find_good(void *self, const struct node_id *node, struct company_keys *out)
{
    return find(self, node, false, out);
}

static bool
find_kept(void *self, const struct node_id *node, struct company_keys *out)
{
    return find(self, node, true, out);
}

struct key_directory
company_keys_of(struct core *core)
{
    return (struct key_directory){ .find = find_good, .self = core };
}

struct key_directory
company_keys_kept(struct core *core)
{
    return (struct key_directory){ .find = find_kept, .self = core };
}

/* ---- descriptors -------------------------------------------------------------------------- */

static enum status
company_add(struct core *core, const struct descriptor *d, const struct signed_object *object,
            enum company_state state, int64_t introduced_by, struct company **out)
{
    struct bytes raw = wire_signed_object_format(object, core->round);
    struct node_id node = digest_node_id(&d->root_key);

    TRY(keys_check_transport(core, NULL, d));
    TRY(store_exec(core->store, STMT_COMPANY_ADD, "bttibiii", bytes_of(node.b, ID_SIZE),
                   d->name, d->country, (int64_t)d->serial, raw, (int64_t)state, introduced_by,
                   core_wall(core).ms));
    struct company *c = company_append(core);
    c->id = store_last_id(core->store);
    c->state = state;
    c->introduced_by = introduced_by;
    TRY(describe(core, c, d, object));
    *out = c;
    if (state == COMPANY_INTRODUCED)
        TRY(keys_tell(core, c));
    return audit_add(core, "node", "company.learned", bytes_of(node.b, ID_SIZE), object->body);
}

enum status
company_add_light(struct core *core, const char *name, const char *country,
                  struct company **out)
{
    uint8_t nonce[ID_SIZE];
    const struct bytes parts[] = { bytes_of(core->me.b, ID_SIZE),
                                   bytes_of(nonce, sizeof(nonce)) };

    *out = NULL;
    core->env.random(core->env.self, nonce, sizeof(nonce));
    struct digest number = digest_tagged("hansa/1/light-company", parts, COUNT_OF(parts));
    TRY(store_exec(core->store, STMT_COMPANY_ADD, "bttibiii", bytes_of(number.b, ID_SIZE), name,
                   country, (int64_t)0, bytes_of((const uint8_t *)"", 0),
                   (int64_t)COMPANY_LIGHT, (int64_t)0, core_wall(core).ms));
    struct company *c = company_append(core);
    c->id = store_last_id(core->store);
    c->state = COMPANY_LIGHT;
    memcpy(c->node.b, number.b, ID_SIZE);
    c->name = xstrdup(name);
    (void)snprintf(c->country, sizeof(c->country), "%s", country);
    *out = c;
    return STATUS_OK;
}

enum status
company_learn(struct core *core, const struct signed_object *object, enum company_state state,
              int64_t introduced_by, struct company **out)
{
    struct descriptor *d;
    struct node_id node;

    *out = NULL;
    TRY(descriptor_verify(object, core_wall(core), core->round, &d, &node));
    struct company *c = company_find(core, &node);
    if (c == NULL)
        return company_add(core, d, object, state, introduced_by, out);
    *out = c;
    return c->state == COMPANY_SELF ? STATUS_OK : keys_take(core, c, d, object, introduced_by);
}

enum status
company_descriptor(struct core *core, const struct node_id *node, struct arena *arena,
                   struct signed_object *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_COMPANY_GET);
    const struct company *c = company_find(core, node);
    struct signed_object *object;

    if (c == NULL)
        return STATUS_UNKNOWN_KEY;
    stmt_bind(q, "i", c->id);
    TRY(stmt_step(q));
    TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, 8)), arena, &object));
    *out = *object;
    return STATUS_OK;
}

/* ---- states ------------------------------------------------------------------------------- */

/* Who dials: the one of which the other has no endpoint; else the smaller node id. */
static bool
we_dial(const struct core *core, const struct company *c)
{
    const struct company *us = core->companies[0];

    if (c->endpoint == NULL)
        return false;
    return us->endpoint == NULL || memcmp(core->me.b, c->node.b, ID_SIZE) < 0;
}

void
company_admit(struct core *core, const struct company *c)
{
    struct link_peer peer = { .node = c->node,
                              .role = ADMIT_PARTNER,
                              .transport_key = c->transport_key };

    if (c->has_former_transport)
        peer.former_key = c->former_transport;
    peer.dial = we_dial(core, c) ? c->endpoint : NULL;
    core_order(core, LINK_ADMIT, &peer, 0);
}

static void
admit_as_guest(struct core *core, const struct company *c)
{
    struct link_peer peer = { .node = c->guest_node,
                              .role = ADMIT_HOST,
                              .transport_key = c->transport_key,
                              .dial = c->endpoint };

    memcpy(peer.client_secret, c->guest_secret, sizeof(peer.client_secret));
    core_order(core, LINK_ADMIT, &peer, 0);
}

static enum status
admit_invited(struct core *core)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_INVITATION_ALL);
    struct wall_ms now = core_wall(core);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct link_peer peer = { .role = ADMIT_GUEST };
        stmt_copy(q, 0, peer.node.b, ID_SIZE);
        stmt_copy(q, 1, peer.transport_key.b, sizeof(peer.transport_key.b));
        if (stmt_int(q, 2) > now.ms)
            core_order(core, LINK_ADMIT, &peer, 0);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

void
core_on_link_start(struct core *core)
{
    for (size_t i = 0; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (c->state == COMPANY_TRUSTED)
            company_admit(core, c);
        else if (c->is_guest)
            admit_as_guest(core, c);
        if (c->peer != NULL)
            peer_on_cut(c->peer);
    }
    if (admit_invited(core) != STATUS_OK)
        LOG(LOG_WARN, "invitation.not_admitted", log_end());
}

const char *
core_listen(const struct core *core, struct arena *arena)
{
    const char *endpoint = core->companies[0]->endpoint;
    struct bytes listen;

    if (store_meta_get(core->store, "listen", arena, &listen) == STATUS_OK)
        return arena_text(arena, listen);
    return endpoint == NULL ? NULL : arena_text(arena, bytes_text(endpoint));
}

static void
order_drop(struct core *core, const struct node_id *node)
{
    struct link_peer peer = { .node = *node };

    core_order(core, LINK_DROP, &peer, 0);
}

enum status
company_set_state(struct core *core, struct company *c, enum company_state state)
{
    TRY(store_exec(core->store, STMT_COMPANY_STATE, "iii", c->id, (int64_t)state,
                   core_wall(core).ms));
    c->state = state;
    quarantine_note_state(core, c);
    if (state == COMPANY_TRUSTED) {
        if (c->peer == NULL)
            TRY(peer_make(core, c));
        if (c->is_guest)
            order_drop(core, &c->guest_node);
        c->is_guest = false;
        TRY(store_exec(core->store, STMT_COMPANY_GUEST_OVER, "i", c->id));
        TRY(keys_tell(core, c));
        company_admit(core, c);
    } else if (state == COMPANY_SUSPENDED) {
        order_drop(core, &c->node);
    }
    LOG(LOG_INFO, "partner.state", log_id("partner", c->node.b),
        log_word("state", company_state_name(state)));
    return STATUS_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

/* We accepted an invitation: say who we are until the inviter's side has us. */
static void
introduce(struct core *core, struct company *c, struct mono_ms now)
{
    struct introduce in = { 0 };
    struct envelope env = { .kind = MESSAGE_INTRODUCE };

    c->introduce_at.ms = now.ms + INTRODUCE_EVERY_MS;
    if (keys_linked(core, core->round, &in.descriptor) != STATUS_OK)
        return;
    memcpy(in.token, c->token, sizeof(in.token));
    env.body = wire_introduce_format(&in, core->round);
    core_send_later(core, &c->guest_node, envelope_format(&env, core->round));
}

static void
leave(struct core *core, struct company *c)
{
    int64_t waiting = 0, unanswered = 0;

    if (store_number(core->store, &waiting, STMT_CONTROL_COUNT, "i", c->id) == STATUS_OK &&
        store_number(core->store, &unanswered, STMT_FRAME_COUNT, "i", c->id) == STATUS_OK &&
        waiting + unanswered > 0 && core_mono(core).ms < c->leave_at.ms)
        return;
    c->leaving = false;
    c->is_lost = true;
    core->sweep_at.ms = 0;
    order_drop(core, &c->node);
    repair_free(&c->repair);
    peer_free(&c->peer);
}

struct mono_ms
companies_tick(struct core *core)
{
    struct mono_ms now = core_mono(core), next = { now.ms + 10 * 1000 };

    for (size_t i = 0; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        struct mono_ms wants = next;
        if (c->leaving) {
            leave(core, c);
            wants.ms = now.ms + 200;
        }
        if (c->is_guest && now.ms >= c->introduce_at.ms)
            introduce(core, c, now);
        if (c->is_guest)
            wants = c->introduce_at;
        if (c->peer != NULL && c->state != COMPANY_SUSPENDED)
            wants = peer_tick(c->peer, now, core_wall(core));
        if (wants.ms < next.ms)
            next = wants;
    }
    return next;
}

void
company_publish(struct core *core)
{
    (void)pthread_mutex_lock(&core->view_lock);
    core->links = xrealloc(core->links, core->company_count * sizeof(*core->links));
    core->link_count = core->company_count;
    for (size_t i = 0; i < core->company_count; i++) {
        const struct company *c = core->companies[i];
        core->links[i] = (struct link_view){ .company = c->id, .way = c->way };
        if (c->peer == NULL)
            continue;
        core->links[i].state = peer_state(c->peer);
        core->links[i].clock_off = peer_clock_is_off(c->peer);
        core->links[i].clock_offset_ms = peer_clock_offset_ms(c->peer);
        core->links[i].frozen = peer_is_frozen(c->peer);
        core->links[i].behind = peer_is_behind(c->peer);
    }
    (void)pthread_mutex_unlock(&core->view_lock);
}

/* ---- first contact ------------------------------------------------------------------------ */

static enum status
introduced(struct core *core, const struct node_id *guest, const struct introduce *in)
{
    int64_t ends;
    struct company *c;

    TRY(store_number(core->store, &ends, STMT_INVITATION_GET, "bb", bytes_of(in->token, 16),
                     bytes_of(guest->b, ID_SIZE)));
    if (ends <= core_wall(core).ms)
        return STATUS_EXPIRED;
    TRY(company_learn(core, &in->descriptor, COMPANY_INVITED, 0, &c));
    if (c->state == COMPANY_INTRODUCED || c->state == COMPANY_REMOVED)
        TRY(company_set_state(core, c, COMPANY_INVITED));
    TRY(store_exec(core->store, STMT_INVITATION_DROP, "b", bytes_of(guest->b, ID_SIZE)));
    order_drop(core, guest);
    LOG(LOG_INFO, "partner.introduced", log_id("partner", c->node.b));
    return audit_add(core, "node", "partner.introduced", bytes_of(c->node.b, ID_SIZE),
                     (struct bytes){ 0 });
}

enum status
companies_on_introduce(struct core *core, const struct node_id *guest, struct bytes body)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct introduce *in;

    enum status s = wire_introduce_parse(body, arena, &in);
    if (s == STATUS_OK)
        s = introduced(core, guest, in);
    if (s == STATUS_IO || s == STATUS_DISK_FULL || s == STATUS_CORRUPT)
        return s;
    if (s != STATUS_OK)
        LOG(LOG_WARN, "partner.introduction_refused", log_status(s));
    return STATUS_OK;
}
