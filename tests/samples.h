/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/samples.h - companies with keys, grants between them, and one full example of every message.
 *
 * Deterministic: the same companies have the same keys in every run. Companies 0 (the owner in most
 * tests) to SAMPLE_COMPANIES - 1; a company's country is "DE", "CN", "FR", "US", "JP", "GB" in this order, their
 * names Acme, Brio, Cedar, Delta, Ember, Fern.
 */
#ifndef HANSA_TESTS_SAMPLES_H
#define HANSA_TESTS_SAMPLES_H

#include "acl/chain.h"
#include "schema/wire.h"

enum { SAMPLE_COMPANIES = 6, SAMPLE_NOW_MS = 1800000000 };
#define SAMPLE_NOW ((struct wall_ms){ .ms = SAMPLE_NOW_MS })

struct sample_company {
    struct sign_key key; /* root and signing key in one */
    uint8_t secret[64];
    struct node_id id;
    char country[3];
    char name[6];
};

/* Also a key_directory and a revocation_view over itself. */
struct sample_world {
    struct sample_company companies[SAMPLE_COMPANIES];
    size_t unknown; /* this company has no descriptor; SAMPLE_COMPANIES: all have */
    const struct object_id *revoked; /* one grant, or NULL */
    const struct node_id *revoker;   /* by whom; NULL: by who may */
};

void sample_world_init(struct sample_world *world);
struct key_directory sample_keys(struct sample_world *world);
struct revocation_view sample_revocations(struct sample_world *world);

struct signature sample_sign(const struct sample_company *by, enum sign_type type,
                             struct bytes body);

/* A root of company 0 for company 1: a tree, four fields of type 2 and two of type 3, two purposes,
 * countries CN DE FR GB JP, all actions, depth 3, a wide window around SAMPLE_NOW. Lists are in the arena. */
struct grant sample_root(const struct sample_world *world, struct arena *arena);
/* The widest link that may hang under `parent`, from its audience to company `audience`. */
struct grant sample_link(const struct sample_world *world, const struct grant *parent,
                         const struct object_id *parent_id, size_t audience);
/* Formatted, and signed by whichever sample company is the issuer. */
struct signed_object sample_grant_sign(const struct sample_world *world,
                                       const struct grant *grant, struct arena *arena);
/* Roots and widest links for companies 1 .. count, signed; returns their ids too. */
void sample_chain(const struct sample_world *world, size_t count, struct arena *arena,
                  struct grant grants[static CHAIN_MAX],
                  struct signed_object links[static CHAIN_MAX]);

/* ---- messages ---- */

struct sample_codec {
    const char *name;
    /* Parse, format again; *again is set on STATUS_OK. */
    enum status (*round_trip)(struct bytes raw, struct arena *arena, struct bytes *again);
    /* Every field stands, every list has more than one entry. */
    struct bytes (*full)(struct arena *arena);
    /* Nothing optional stands. */
    struct bytes (*bare)(struct arena *arena);
};
extern const struct sample_codec sample_codecs[];
extern const size_t sample_codec_count;

#endif
