/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys.c - keys of companies over time (contract: node/keys.h).
 */
#include "node/keys_priv.h"

#include <string.h>

#include "node/equivocation.h"
#include "node/relay.h"
#include "node/route.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { FORMER_MAX = DESCRIPTORS_MAX - 1 };
/* How a descriptor is queued: ours as the serial, below zero, before everything else; another company's as this less its
 * id, in its turn, but before what takes back and is signed by that company. */
#define QUEUED_OTHER (-(INT64_C(1) << 62)) /* in statements.h too */

enum status
keys_parse(struct bytes raw, struct arena *arena, struct signed_object **object,
           struct descriptor **d)
{
    TRY(wire_signed_object_parse(arena_copy(arena, raw), arena, object));
    return wire_descriptor_parse((*object)->body, arena, d);
}

enum status
keys_signing(struct store *st, int64_t company, const struct descriptor *newest,
             struct sign_key out[static DESCRIPTORS_MAX], size_t *count, size_t *good)
{
    enum { SERIAL, OBJECT };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_DESCRIPTOR_FORMER);
    enum status s;

    out[0] = newest->signing_key;
    *count = *good = 1;
    stmt_bind(q, "i", company);
    while ((s = stmt_step(q)) == STATUS_OK && *count < DESCRIPTORS_MAX) {
        struct signed_object *object;
        struct descriptor *d;
        TRY(keys_parse(stmt_bytes(q, OBJECT), arena, &object, &d));
        if (ID_IS_EQUAL(d->signing_key, out[*count - 1]))
            continue;
        out[(*count)++] = d->signing_key;
        *good += d->serial >= newest->refused_below || PLANTED(STOLEN_TAKEN);
    }
    return s == STATUS_NOT_FOUND || s == STATUS_OK ? STATUS_OK : s;
}

/* ---- a company's chain -------------------------------------------------------------------- */

enum status
keys_kept(struct core *core, const struct company *c, uint64_t serial, struct arena *arena,
          struct signed_object **object, struct descriptor **d)
{
    AUTO(stmt_return)
    struct stmt *q =
        stmt_borrow(core->store, serial == c->serial ? STMT_COMPANY_GET : STMT_DESCRIPTOR_GET);

    stmt_bind(q, serial == c->serial ? "i" : "ii", c->id, (int64_t)serial);
    TRY(stmt_step(q));
    return keys_parse(stmt_bytes(q, serial == c->serial ? 8 : 0), arena, object, d);
}

static enum status
trim(struct core *core, const struct company *c)
{
    return store_exec(core->store, STMT_DESCRIPTOR_TRIM, "ii", c->id, (int64_t)FORMER_MAX);
}

/* Not newer than what we know: the same, or evidence; or one from before, which what we know names. */
static enum status
compare(struct core *core, struct company *c, const struct descriptor *d,
        const struct signed_object *object)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct object_id id = digest_object_id(object->body);
    struct signed_object *kept;
    struct descriptor *there;

    enum status s = keys_kept(core, c, d->serial, arena, &kept, &there);
    if (s == STATUS_OK) {
        struct object_id known = digest_object_id(kept->body);
        return ID_IS_EQUAL(id, known) ? STATUS_OK : STATUS_EQUIVOCATION;
    }
    if (s == STATUS_NOT_FOUND)
        s = keys_kept(core, c, d->serial + 1, arena, &kept, &there);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK; /* too old to be judged */
    TRY(s);
    if (!ID_IS_EQUAL(there->previous, id))
        return STATUS_EQUIVOCATION;
    int64_t newer;
    TRY(store_number(core->store, &newer, STMT_DESCRIPTOR_NEWER, "ii", c->id,
                     (int64_t)d->serial));
    if (newer >= FORMER_MAX)
        return STATUS_OK; /* as many as are kept are newer */
    TRY(store_exec(core->store, STMT_DESCRIPTOR_ADD, "iib", c->id, (int64_t)d->serial,
                   wire_signed_object_format(object, core->round)));
    TRY(trim(core, c));
    return company_describe(core, c);
}

static enum status
check_next(const struct company *c, const struct descriptor *d)
{
    if (d->serial == c->serial + 1 && !ID_IS_EQUAL(d->previous, c->descriptor))
        return STATUS_EQUIVOCATION;
    return d->refused_below >= c->refused_below ? STATUS_OK : STATUS_BROKEN_CHAIN;
}

/* Each goes on to others, and their data waits for it. */
static enum status
note_change(struct core *core, struct company *c)
{
    enum { DAY_MS = 24 * 3600 * 1000 };
    int64_t now = core_mono(core).ms;

    if (c->changes == 0 || now - c->changes_since.ms >= DAY_MS) {
        c->changes_since.ms = now;
        c->changes = 0;
    }
    if (c->changes >= KEY_CHANGES_A_DAY_MAX)
        return STATUS_TOO_BIG;
    c->changes++;
    return STATUS_OK;
}

enum status
keys_check_transport(struct core *core, const struct company *c, const struct descriptor *d)
{
    struct node_id node = digest_node_id(&d->root_key);

    for (size_t i = 0; i < core->company_count && !ID_IS_ZERO(d->transport_key); i++) {
        const struct company *other = core->companies[i];
        if (other == c || other->peer == NULL ||
            (!ID_IS_EQUAL(other->transport_key, d->transport_key) &&
             !(other->has_former_transport &&
               ID_IS_EQUAL(other->former_transport, d->transport_key))))
            continue;
        LOG(LOG_ERROR, "company.foreign_key", log_id("company", node.b),
            log_id("partner", other->node.b));
        return STATUS_CONFLICT;
    }
    return STATUS_OK;
}

/* Is `node` one of the chain's companies? */
static bool
is_in(const struct verified_chain *chain, const struct node_id *node)
{
    for (size_t i = 0; i < chain_length(chain); i++)
        if (ID_IS_EQUAL(chain_link(chain, i)->issuer, *node) ||
            ID_IS_EQUAL(chain_link(chain, i)->audience, *node))
            return true;
    return false;
}

/* In a chain, also one that fell: what takes back, and receipts, are carried along those. */
static enum status
is_together(struct core *core, const struct company *a, const struct company *b, bool *out)
{
    for (size_t i = 0; i < core->live_count; i++) {
        *out = is_in(core->lives[i].chain, &a->node) && is_in(core->lives[i].chain, &b->node);
        if (*out)
            return STATUS_OK;
    }
    return relay_are_in_line(core, a, b, out);
}

/* Of one company no more wait than are kept. */
static enum status
relay_to(struct core *core, const struct company *to, const struct company *about,
         struct bytes body)
{
    int64_t share = QUEUED_OTHER - about->id;

    TRY(control_queue(core, to->id, MESSAGE_DESCRIPTOR, body, share));
    return store_exec(core->store, STMT_CONTROL_NEWEST, "iii", to->id, share,
                      (int64_t)DESCRIPTORS_MAX);
}

/* Who has no link with it hears of it from us, before anything that it signs anew. */
static enum status
relay(struct core *core, const struct company *about, const struct signed_object *object,
      int64_t from)
{
    struct bytes body = wire_signed_body_format(object, core->round);

    for (size_t i = 0; i < core->company_count; i++) {
        const struct company *c = core->companies[i];
        bool hears = c->peer != NULL && c != about && c->id != from && !PLANTED(KEY_UNTOLD);
        if (hears)
            TRY(is_together(core, about, c, &hears));
        if (hears)
            TRY(relay_to(core, c, about, body));
    }
    return STATUS_OK;
}

enum status
keys_take(struct core *core, struct company *c, const struct descriptor *d,
          const struct signed_object *object, int64_t from)
{
    bool is_self = c->state == COMPANY_SELF;
    bool is_stolen = d->refused_below > c->refused_below;

    if (d->serial <= c->serial)
        return compare(core, c, d, object);
    TRY(check_next(c, d));
    TRY(keys_check_transport(core, c, d));
    if (!is_self)
        TRY(note_change(core, c));
    if (!ID_IS_EQUAL(c->sealing_key, d->sealing_key)) /* what goes again is sealed again */
        TRY(store_exec(core->store, STMT_PARCEL_ASTRAY, "i", c->id));
    if (!c->has_former_transport) /* the link has what we know until now */
        TRY(store_exec(core->store, STMT_COMPANY_LINKED, "ii", c->id, (int64_t)c->serial));
    TRY(store_exec(core->store, STMT_DESCRIPTOR_KEEP, "i", c->id));
    TRY(trim(core, c));
    TRY(store_exec(core->store, STMT_COMPANY_DESCRIBE, "ittib", c->id, d->name, d->country,
                   (int64_t)d->serial, wire_signed_object_format(object, core->round)));
    TRY(company_describe(core, c));
    if (is_stolen)
        TRY(equivocation_stolen(core, c));
    if (c->state == COMPANY_TRUSTED)
        company_admit(core, c);
    LOG(LOG_INFO, "company.described", log_id("company", c->node.b),
        log_num("serial", (int64_t)d->serial),
        log_num("stolen", d->refused_below == d->serial));
    TRY(audit_add(core, "node", "company.described", bytes_of(c->node.b, ID_SIZE),
                  object->body));
    return is_self ? STATUS_OK : relay(core, c, object, from);
}

enum status
keys_before(struct core *core, int64_t company, uint8_t kind, struct bytes body, int64_t *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct company *about = NULL;
    struct signed_object *object;
    struct revocation *revocation;
    struct withdrawal *withdrawal;

    if (!message_kind_takes_back(kind) ||
        wire_signed_body_parse(body, arena, &object) != STATUS_OK)
        return STATUS_NOT_FOUND;
    if (kind == MESSAGE_REVOCATION &&
        wire_revocation_parse(object->body, arena, &revocation) == STATUS_OK)
        about = company_find(core, &revocation->author);
    else if (kind == MESSAGE_WITHDRAWAL &&
             wire_withdrawal_parse(object->body, arena, &withdrawal) == STATUS_OK)
        about = company_find(core, &withdrawal->author);
    return about == NULL ? STATUS_NOT_FOUND
                         : store_number(core->store, out, STMT_DESCRIPTOR_FIRST, "ii", company,
                                        QUEUED_OTHER - about->id);
}

enum status
keys_fault(struct core *core, const struct company *c, int64_t from, const struct descriptor *d,
           const struct signed_object *refused)
{
    LOG(LOG_ERROR, "company.equivocates", log_id("company", c->node.b));
    return store_exec(core->store, STMT_DESCRIPTOR_FAULT, "iiibii", c->id, from,
                      core_wall(core).ms, wire_signed_object_format(refused, core->round),
                      (int64_t)d->serial, (int64_t)c->serial);
}

enum status
keys_history(struct core *core, const struct node_id *node, size_t most, struct arena *arena,
             struct signed_object *list, size_t *count)
{
    const struct company *c = company_find(core, node);
    struct signed_object *object;
    struct descriptor *d;

    if (c == NULL)
        return STATUS_UNKNOWN_KEY;
    for (uint64_t i = c->serial > most ? c->serial - most + 1 : 1; i <= c->serial; i++) {
        enum status s = keys_kept(core, c, i, arena, &object, &d);
        if (s == STATUS_OK)
            list[(*count)++] = *object;
        else if (s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_OK;
}

/* At least as long as it is on the wire. */
static size_t
bundle_size(const struct bundle *b)
{
    enum { AROUND = 80 }; /* a signature is 64 bytes; tags and lengths are up to 10 */
    size_t size = AROUND + b->object.body.len;

    for (size_t i = 0; i < b->link_count; i++)
        size += AROUND + b->links[i].body.len;
    for (size_t i = 0; i < b->descriptor_count; i++)
        size += AROUND + b->descriptors[i].body.len;
    return size;
}

enum status
keys_bundle(struct core *core, struct bundle *bundle, const struct node_id *const *about,
            size_t count, struct arena *arena, struct bytes *out)
{
    assert(count <= CHAIN_MAX);
    bundle->descriptors = ARENA_ARRAY(arena, struct signed_object, BUNDLE_DESCRIPTORS_MAX);
    for (size_t most = DESCRIPTORS_MAX; most > 0; most--) {
        bundle->descriptor_count = 0;
        for (size_t i = 0; i < count; i++)
            TRY(keys_history(core, about[i], most, arena, bundle->descriptors,
                             &bundle->descriptor_count));
        if (bundle_size(bundle) > SEAL_ROOM - SEAL_HEAD)
            continue;
        *out = wire_bundle_format(bundle, arena);
        return STATUS_OK;
    }
    return STATUS_TOO_BIG;
}

/* ---- telling ours ------------------------------------------------------------------------- */

enum status
keys_tell(struct core *core, struct company *to)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct company *us = core->companies[0];
    struct signed_object list[DESCRIPTORS_MAX];
    size_t count = 0;

    if (us->serial < 2)
        return STATUS_OK;
    TRY(keys_history(core, &core->me, DESCRIPTORS_MAX, arena, list, &count));
    for (size_t i = 0; i < count; i++) {
        struct descriptor *d;
        TRY(wire_descriptor_parse(list[i].body, arena, &d));
        int64_t serial = (int64_t)d->serial;
        if (serial > 1 && serial > (int64_t)to->told)
            TRY(control_queue(core, to->id, MESSAGE_DESCRIPTOR,
                              wire_signed_body_format(&list[i], arena), -serial));
    }
    return STATUS_OK;
}

enum status
keys_told(struct core *core, int64_t company, int64_t share)
{
    struct company *c = company_by_id(core, company);

    if (share >= 0 || share <= QUEUED_OTHER || c == NULL || c->told >= (uint64_t)-share)
        return STATUS_OK;
    c->told = (uint64_t)-share;
    core->keys_version++;
    core->sweep_at = (struct mono_ms){ 0 }; /* perhaps it was the last */
    return store_exec(core->store, STMT_COMPANY_TOLD, "ii", c->id, -share);
}

enum status
keys_wait(struct core *core, struct company *c)
{
    int64_t waits;

    if (core->signs_anew)
        return STATUS_NOT_FOUND; /* what would go is not good yet */
    if (!c->descriptor_waits)
        return STATUS_OK;
    TRY(store_number(core->store, &waits, STMT_DESCRIPTOR_WAITS, "i", c->id));
    c->descriptor_waits = waits != 0;
    return waits != 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

/* ---- the link ----------------------------------------------------------------------------- */

enum status
keys_link(struct core *core, struct company *c, uint64_t linked)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct descriptor *d;

    c->has_former_transport = false;
    if (linked == 0 || linked >= c->serial || linked < c->refused_below)
        return STATUS_OK;
    enum status s = keys_kept(core, c, linked, arena, &object, &d);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    if (ID_IS_EQUAL(d->transport_key, c->transport_key))
        return STATUS_OK;
    c->has_former_transport = true;
    c->former_transport = d->transport_key;
    return STATUS_OK;
}

void
keys_proved(struct core *core, struct company *c)
{
    if (!c->has_former_transport || core_need_txn(core) != STATUS_OK ||
        store_exec(core->store, STMT_COMPANY_LINKED, "ii", c->id, (int64_t)c->serial) !=
            STATUS_OK)
        return;
    c->has_former_transport = false;
    core->keys_version++;
    company_admit(core, c);
    LOG(LOG_INFO, "company.transport_changed", log_id("company", c->node.b));
}
