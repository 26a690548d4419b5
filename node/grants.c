/* SPDX-License-Identifier: Apache-2.0
 *
 * node/grants.c - chains of grants: verified when they come, stored with the key under which each link verified, verified
 * again when they are read (contract: node/core_priv.h).
 */
#include "node/core_priv.h"
#include "node/grants_anew.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum status
grant_row_get(struct core *core, int64_t id, struct arena *arena, struct grant_row *out)
{
    enum { GID, OBJECT, PARENT, ISSUER, AUDIENCE, OWNER };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_GET);
    struct signed_object *object;
    struct grant *grant;

    *out = (struct grant_row){ .id = id };
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    stmt_copy(q, GID, out->gid.b, ID_SIZE);
    out->issuer = stmt_int(q, ISSUER);
    out->audience = stmt_int(q, AUDIENCE);
    out->owner = stmt_int(q, OWNER);
    TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, OBJECT)), arena, &object));
    TRY(wire_grant_parse(object->body, arena, &grant));
    out->grant = grant;
    return STATUS_OK;
}

enum status
grant_find(struct core *core, const struct object_id *gid, int64_t *id)
{
    return store_number(core->store, id, STMT_GRANT_FIND, "b", bytes_of(gid->b, ID_SIZE));
}

enum status
grant_links(struct store *st, int64_t leaf, struct arena *arena, struct signed_object **out,
            size_t *count)
{
    enum { GID, OBJECT, PARENT };
    struct signed_object *links = ARENA_ARRAY(arena, struct signed_object, CHAIN_MAX);
    size_t n = 0;

    *out = NULL;
    *count = 0;
    for (int64_t id = leaf; id != 0 && n < CHAIN_MAX; n++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_GRANT_GET);
        struct signed_object *object;
        stmt_bind(q, "i", id);
        TRY(stmt_step(q));
        TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, OBJECT)), arena, &object));
        for (size_t i = n; i > 0; i--)
            links[i] = links[i - 1];
        links[0] = *object;
        id = stmt_int(q, PARENT);
    }
    *out = links;
    *count = n;
    return STATUS_OK;
}

static bool
is_revoked_by(struct store *st, const struct object_id *grant, const struct node_id *author)
{
    int64_t one;

    return store_number(st, &one, STMT_REVOKED_BY, "bb", bytes_of(grant->b, ID_SIZE),
                        bytes_of(author->b, ID_SIZE)) !=
           STATUS_NOT_FOUND; /* when the database cannot say, assume the worst */
}

bool
grant_is_revoked(const struct core *core, struct store *st, const struct object_id *grant,
                 const struct node_id *may, size_t count)
{
    bool is_gone = is_revoked_by(st, grant, &core->me);

    for (size_t i = 0; i < count && !is_gone; i++)
        is_gone = is_revoked_by(st, grant, &may[i]);
    return is_gone;
}

static bool
is_revoked(void *self, const struct object_id *grant, const struct node_id *may, size_t count)
{
    const struct core *core = self;

    return grant_is_revoked(core, core->store, grant, may, count);
}

enum status
chain_check(struct core *core, const struct signed_object *links, size_t count,
            struct verified_chain **out, struct chain_fault *fault)
{
    struct key_directory keys = company_keys_of(core);
    struct revocation_view revoked = { .is_revoked = is_revoked, .self = core };

    return chain_verify(links, count, &keys, &revoked, core_wall(core), out, fault);
}

static int64_t
company_id_of(struct core *core, const struct node_id *node)
{
    const struct company *c = company_find(core, node);

    return c == NULL ? 0 : c->id;
}

/* With a grant the key that it verifies under, however many its issuer has after it. */
static enum status
keep_key(struct core *core, int64_t grant, const struct node_id *issuer,
         const struct signed_object *link)
{
    const struct company *c = company_find(core, issuer);

    for (size_t i = 0; c != NULL && i < c->signing_count; i++)
        if (signature_verify(SIGN_GRANT, &c->signing[i], link->body, &link->signature) ==
            STATUS_OK)
            return store_exec(core->store, STMT_GRANT_KEY, "ib", grant,
                              bytes_of(c->signing[i].b, sizeof(c->signing[i].b)));
    return STATUS_OK;
}

enum status
grants_keep(struct core *core, const struct signed_object *links,
            const struct verified_chain *chain, int64_t *leaf)
{
    int64_t parent = 0;

    *leaf = 0;
    for (size_t i = 0; i < chain_length(chain); i++) {
        const struct grant *g = chain_link(chain, i);
        struct bytes gid = bytes_of(chain_link_id(chain, i)->b, ID_SIZE);
        struct bytes object = wire_signed_object_format(&links[i], core->round);
        TRY(store_exec(core->store, STMT_GRANT_ADD, "bbiiiii", gid, object, parent,
                       company_id_of(core, &g->issuer), company_id_of(core, &g->audience),
                       company_id_of(core, &g->owner), g->not_after.ms));
        TRY(store_number(core->store, &parent, STMT_GRANT_FIND, "b", gid));
        TRY(keep_key(core, parent, &g->issuer, &links[i]));
        if (g->has_cites)
            TRY(store_exec(core->store, STMT_GRANT_CITES, "ib", parent,
                           bytes_of(g->cites.b, ID_SIZE)));
    }
    *leaf = parent;
    return grants_anew_keep(core, links, chain);
}

enum status
grants_read_cites(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_CITES_UNREAD);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct signed_object *object;
        struct grant *g;
        arena_reset(arena);
        TRY(wire_signed_object_parse(stmt_bytes(q, 1), arena, &object));
        TRY(wire_grant_parse(object->body, arena, &g));
        if (g->has_cites)
            TRY(store_exec(core->store, STMT_GRANT_CITES, "ib", stmt_int(q, 0),
                           bytes_of(g->cites.b, ID_SIZE)));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The issuers of a stored chain, and the keys that were kept with their grants. */
struct link_keys {
    struct core *core;
    struct node_id issuer[CHAIN_MAX];
    struct sign_key key[CHAIN_MAX];
    size_t count;
};

static enum status
link_keys_load(struct link_keys *keys, int64_t leaf)
{
    enum { PARENT = 2, ISSUER, KEY = 7 };

    for (int64_t id = leaf; id != 0 && keys->count < CHAIN_MAX;) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(keys->core->store, STMT_GRANT_GET);
        stmt_bind(q, "i", id);
        TRY(stmt_step(q));
        const struct company *c = company_by_id(keys->core, stmt_int(q, ISSUER));
        if (c != NULL && !stmt_is_null(q, KEY)) {
            keys->issuer[keys->count] = c->node;
            stmt_copy(q, KEY, keys->key[keys->count++].b, sizeof(keys->key[0].b));
        }
        id = stmt_int(q, PARENT);
    }
    return STATUS_OK;
}

/* What is kept of a company, and in the last place the key of its grant. */
static bool
link_keys_find(void *self, const struct node_id *node, struct company_keys *out)
{
    const struct link_keys *keys = self;
    struct key_directory kept = company_keys_kept(keys->core);

    if (!kept.find(kept.self, node, out))
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        if (!ID_IS_EQUAL(keys->issuer[i], *node))
            continue;
        if (out->signing_count == COUNT_OF(out->signing))
            out->signing_count--;
        out->signing[out->signing_count++] = keys->key[i];
    }
    return true;
}

/* A stored chain was verified when it came, and is again, as of its own beginning: one that ended while we were down
 * must come into the list so that the sweep ends it, and one that our clock takes for a future one is not lost. */
enum status
chain_load(struct core *core, int64_t id, struct verified_chain **out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct link_keys kept = { .core = core };
    struct key_directory keys = { .find = link_keys_find, .self = &kept };
    struct revocation_view revoked = { .is_revoked = is_revoked, .self = core };
    struct signed_object *links;
    struct chain_fault fault;
    struct grant *leaf;
    size_t count;

    TRY(link_keys_load(&kept, id));
    TRY(grant_links(core->store, id, arena, &links, &count));
    if (count == 0)
        return STATUS_CORRUPT;
    TRY(wire_grant_parse(links[count - 1].body, arena, &leaf));
    enum status s = chain_verify(links, count, &keys, &revoked, leaf->not_before, out, &fault);
    return s == STATUS_REVOKED ? STATUS_NOT_FOUND : s;
}
