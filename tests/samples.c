/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/samples.c - companies and grants.
 */
#include "tests/samples.h"

#include <sodium.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"

void
sample_world_init(struct sample_world *world)
{
    static const char countries[SAMPLE_COMPANIES][3] = { "DE", "CN", "FR", "US", "JP", "GB" };
    static const char names[SAMPLE_COMPANIES][6] = { "Acme",  "Brio",  "Cedar",
                                                     "Delta", "Ember", "Fern" };

    *world = (struct sample_world){ .unknown = SAMPLE_COMPANIES };
    for (size_t i = 0; i < SAMPLE_COMPANIES; i++) {
        struct sample_company *c = &world->companies[i];
        uint8_t seed[32] = { 's', 'a', 'm', 'p', 'l', 'e', (uint8_t)i };
        (void)crypto_sign_ed25519_seed_keypair(c->key.b, c->secret, seed);
        c->id = digest_node_id(&c->key);
        memcpy(c->country, countries[i], sizeof(c->country));
        memcpy(c->name, names[i], sizeof(c->name));
    }
}

static bool
find_company(void *self, const struct node_id *node, struct company_keys *out)
{
    const struct sample_world *world = self;

    for (size_t i = 0; i < SAMPLE_COMPANIES; i++) {
        const struct sample_company *c = &world->companies[i];
        if (i == world->unknown || !ID_IS_EQUAL(c->id, *node))
            continue;
        out->signing[0] = c->key;
        out->signing_count = 1;
        memcpy(out->country, c->country, sizeof(out->country));
        memcpy(out->name, c->name, sizeof(c->name));
        return true;
    }
    return false;
}

static bool
is_revoked(void *self, const struct object_id *grant, const struct node_id *may, size_t count)
{
    const struct sample_world *world = self;

    if (world->revoked == NULL || !ID_IS_EQUAL(*world->revoked, *grant))
        return false;
    for (size_t i = 0; i < count; i++)
        if (world->revoker == NULL || ID_IS_EQUAL(*world->revoker, may[i]))
            return true;
    return false;
}

struct key_directory
sample_keys(struct sample_world *world)
{
    return (struct key_directory){ .find = find_company, .self = world };
}

struct revocation_view
sample_revocations(struct sample_world *world)
{
    return (struct revocation_view){ .is_revoked = is_revoked, .self = world };
}

struct signature
sample_sign(const struct sample_company *by, enum sign_type type, struct bytes body)
{
    AUTO(buffer_fini) struct buffer message = { 0 };
    struct signature out;

    signature_message(type, body, &message);
    (void)crypto_sign_ed25519_detached(out.b, NULL, message.data, message.len, by->secret);
    return out;
}

struct grant
sample_root(const struct sample_world *world, struct arena *arena)
{
    static const uint32_t fields[][2] = { { 2, 1 }, { 2, 3 }, { 2, 4 },
                                          { 2, 9 }, { 3, 1 }, { 3, 2 } };
    static const char *const purposes[] = { "follow-up", "launch" };
    static const char *const countries[] = { "CN", "DE", "FR", "GB", "JP" };
    struct grant g = {
        .issuer = world->companies[0].id,
        .audience = world->companies[1].id,
        .owner = world->companies[0].id,
        .selector = SELECTOR_TREE,
        .tree = { .b = { 0x7e } },
        .actions = ACTION_ALL,
        .depth = 3,
        .not_before = { SAMPLE_NOW_MS - 1000000 },
        .not_after = { SAMPLE_NOW_MS + 1000000 },
        .delete_days = 30,
        .nonce = { 1, 2, 3 },
    };

    g.field_count = COUNT_OF(fields);
    g.fields = ARENA_ARRAY(arena, struct grant_field, g.field_count);
    for (size_t i = 0; i < g.field_count; i++)
        g.fields[i] =
            (struct grant_field){ { .number = fields[i][0] }, { .number = fields[i][1] } };
    g.purpose_count = COUNT_OF(purposes);
    g.purposes = ARENA_ARRAY(arena, const char *, g.purpose_count);
    memcpy(g.purposes, purposes, sizeof(purposes));
    g.country_count = COUNT_OF(countries);
    g.countries = ARENA_ARRAY(arena, const char *, g.country_count);
    memcpy(g.countries, countries, sizeof(countries));
    return g;
}

struct grant
sample_link(const struct sample_world *world, const struct grant *parent,
            const struct object_id *parent_id, size_t audience)
{
    struct grant g = *parent;

    g.issuer = parent->audience;
    g.audience = world->companies[audience].id;
    g.has_parent = true;
    g.parent = *parent_id;
    g.depth = parent->depth - 1;
    if (g.depth == 0)
        g.actions &= ~(uint32_t)ACTION_PASS_ON;
    return g;
}

struct signed_object
sample_grant_sign(const struct sample_world *world, const struct grant *grant,
                  struct arena *arena)
{
    struct signed_object out = { .body = wire_grant_format(grant, arena) };

    for (size_t i = 0; i < SAMPLE_COMPANIES; i++)
        if (ID_IS_EQUAL(world->companies[i].id, grant->issuer))
            out.signature = sample_sign(&world->companies[i], SIGN_GRANT, out.body);
    return out;
}

void
sample_chain(const struct sample_world *world, size_t count, struct arena *arena,
             struct grant grants[static CHAIN_MAX],
             struct signed_object links[static CHAIN_MAX])
{
    /* audiences CN, FR, GB, JP: all allowed by the root's countries */
    static const size_t audiences[CHAIN_MAX] = { 1, 2, 5, 4 };

    assert(count >= 1 && count <= CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i == 0) {
            grants[i] = sample_root(world, arena);
        } else {
            struct object_id parent = digest_object_id(links[i - 1].body);
            grants[i] = sample_link(world, &grants[i - 1], &parent, audiences[i]);
        }
        links[i] = sample_grant_sign(world, &grants[i], arena);
    }
}
