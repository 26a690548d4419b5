/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/keys_fake.h - descriptors of the companies of route_fake.h, one after another.
 */
#ifndef HANSA_TESTS_KEYS_FAKE_H
#define HANSA_TESTS_KEYS_FAKE_H

#include "node/exchange_priv.h"
#include "node/keys.h"
#include "tests/unit/node/route_fake.h"

struct line {
    uint64_t serial;
    struct object_id last;
    uint64_t refused_below;
    uint8_t sealing;   /* its first byte */
    size_t signer;     /* whose key it signs with from now on */
    bool is_fat;       /* as long as one can be */
    uint8_t transport; /* its first byte */
};

/* The next in the line of `company`, signed by its root. */
static struct signed_object
next_of(struct desk *d, size_t company, const struct line *line)
{
    static char text[ENDPOINT_MAX + 1];
    const char *endpoints[ENDPOINTS_MAX];
    const struct sample_company *c = &d->home.world.companies[company];
    struct descriptor made = { .root_key = c->key,
                               .serial = line->serial,
                               .has_previous = line->serial > 1,
                               .previous = line->last,
                               .name = c->name,
                               .country = "DE",
                               .signing_key = d->home.world.companies[line->signer].key,
                               .sealing_key = { { line->sealing } },
                               .transport_key = { { line->transport } },
                               .not_before = { HOME_NOW_MS - 1000 },
                               .not_after = { HOME_NOW_MS + 1000000 },
                               .refused_below = line->refused_below };

    memset(text, 'x', ENDPOINT_MAX);
    for (size_t i = 0; i < ENDPOINTS_MAX; i++)
        endpoints[i] = text;
    if (line->is_fat) {
        made.endpoints = endpoints;
        made.endpoint_count = ENDPOINTS_MAX;
    }
    struct signed_object object = { .body = wire_descriptor_format(&made, d->arena) };

    object.signature = sample_sign(c, SIGN_DESCRIPTOR, object.body);
    return object;
}

static enum status
learn(struct desk *d, const struct signed_object *object)
{
    struct company *c;

    return company_learn(d->core, object, COMPANY_INTRODUCED, 0, &c);
}

/* The one after what we know of it. */
static struct line
after(const struct desk *d, size_t company, size_t signer)
{
    const struct company *c = d->company[company];

    return (struct line){ .serial = c->serial + 1,
                          .last = c->descriptor,
                          .refused_below = c->refused_below,
                          .sealing = (uint8_t)(0x10 + c->serial),
                          .signer = signer };
}

static enum status
rotate(struct desk *d, size_t company, size_t signer)
{
    struct line line = after(d, company, signer);
    struct signed_object object = next_of(d, company, &line);

    return learn(d, &object);
}

/* The database has what this round did. */
static int64_t
ask(struct desk *d, const char *sql)
{
    if (store_commit(d->core->store) != STATUS_OK || core_need_txn(d->core) != STATUS_OK)
        return -1;
    return home_sql(&d->home, sql);
}

#endif
