/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/route_fake.h - a core at an end of the sealed way. Company 0 is us, 1 our partner, who carries, 2 is
 * beyond it and has no link with us, 3 is a partner and in no chain. A content key is wrapped here by writing it down.
 */
#ifndef HANSA_TESTS_ROUTE_FAKE_H
#define HANSA_TESTS_ROUTE_FAKE_H

#include "node/route_priv.h"
#include "tests/unit/node/home_fake.h"

enum { CARRIER = 1, OTHER = 2, STRANGER = 3, COMPANIES = 4 };

/* ---- a core between companies ------------------------------------------------------------- */

static enum status
on_unwrap(void *self, const uint8_t key[static SEAL_KEY_SIZE], struct content_key *out)
{
    (void)self;
    memcpy(out->b, key, sizeof(out->b));
    return key[sizeof(out->b)] == 0 ? STATUS_OK : STATUS_BAD_SIGNATURE;
}

struct desk {
    struct home home;
    struct core *core;
    struct arena *arena;
    struct company *company[COMPANIES];
    struct object_id way[2]; /* leaves of two chains: we, CARRIER, OTHER */
    struct record_id record;
};

static bool
open_core(struct desk *d)
{
    struct diag diag = { 0 };
    struct core_config config = home_config(&d->home);

    config.env.keyring.unwrap = on_unwrap;
    if (core_open(&config, &diag, &d->core) != STATUS_OK || core_need_txn(d->core) != STATUS_OK)
        return false;
    for (size_t i = 0; i < COMPANIES; i++)
        d->company[i] = company_find(d->core, &d->home.world.companies[i].id);
    return true;
}

static bool
meet(struct desk *d)
{
    for (size_t i = 1; i < COMPANIES; i++) {
        struct signed_object them = home_descriptor(&d->home, i, d->arena);
        if (company_learn(d->core, &them, COMPANY_INTRODUCED, 0, &d->company[i]) != STATUS_OK)
            return false;
    }
    return company_set_state(d->core, d->company[CARRIER], COMPANY_TRUSTED) == STATUS_OK &&
           company_set_state(d->core, d->company[STRANGER], COMPANY_TRUSTED) == STATUS_OK;
}

static struct grant
grant_of(struct desk *d, size_t audience, uint8_t nonce)
{
    static const char *purposes[] = { "event" };
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct grant_field *fields = ARENA_ARRAY(d->arena, struct grant_field, 2);

    fields[0] = (struct grant_field){ type->key, type_field_find_name(type, "event")->key };
    fields[1] = (struct grant_field){ type->key, type_field_find_name(type, "status")->key };
    return (struct grant){ .issuer = d->core->me,
                           .audience = d->company[audience]->node,
                           .owner = d->core->me,
                           .selector = SELECTOR_RECORDS,
                           .records = &d->record,
                           .record_count = 1,
                           .fields = fields,
                           .field_count = 2,
                           .actions = ACTION_READ | ACTION_PASS_ON,
                           .depth = 1,
                           .not_before = { HOME_NOW_MS - 1000 },
                           .not_after = { HOME_NOW_MS + 1000000 },
                           .purposes = purposes,
                           .purpose_count = 1,
                           .nonce = { nonce } };
}

static bool
hold(struct desk *d, const struct signed_object *links, size_t count, enum share_role role,
     struct live **out)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct chain_fault fault;
    struct share_row row = { .role = role,
                             .partner = d->company[OTHER]->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_RECORDS,
                             .title = "",
                             .note = "" };

    if (chain_check(d->core, links, count, &chain, &fault) != STATUS_OK)
        return false;
    row.oid = *chain_leaf_id(chain);
    return grants_keep(d->core, links, chain, &row.leaf) == STATUS_OK &&
           share_add(d->core, &row, &chain, out) == STATUS_OK;
}

/* What we gave to CARRIER, and it to OTHER. */
static bool
open_way(struct desk *d, uint8_t nonce, struct object_id *leaf)
{
    struct grant root = grant_of(d, CARRIER, nonce);
    struct signed_object links[2] = { sample_grant_sign(&d->home.world, &root, d->arena) };
    struct object_id parent = digest_object_id(links[0].body);
    struct grant link = sample_link(&d->home.world, &root, &parent, OTHER);
    struct live *live;

    links[1] = sample_grant_sign(&d->home.world, &link, d->arena);
    *leaf = digest_object_id(links[1].body);
    return hold(d, links, 2, ROLE_NOTED, &live);
}

static bool
mint(struct desk *d)
{
    const struct type *type = dictionary_find_name(d->core->dictionary, "attendee");
    struct field fields[] = { { .key = type_field_find_name(type, "name")->key,
                                .value = bytes_text("Ada") } };
    struct mint in = { .type = type->key, .fields = fields, .field_count = 1 };

    if (records_mint(d->core, &in, 1, "user:admin", "record.added") != STATUS_OK)
        return false;
    d->record = in.id;
    return true;
}

static bool
desk_set(struct desk *d)
{
    home_make(&d->home);
    d->arena = arena_new(0);
    return home_init(&d->home) == STATUS_OK && open_core(d) && meet(d) && mint(d) &&
           open_way(d, 1, &d->way[0]) && open_way(d, 2, &d->way[1]);
}

static void
desk_clear(struct desk *d)
{
    core_close(&d->core);
    arena_free(&d->arena);
    home_remove(&d->home);
}

#endif
