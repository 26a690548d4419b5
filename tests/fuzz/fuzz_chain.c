/* SPDX-License-Identifier: Apache-2.0
 *
 * Chains of hostile grants, signed all the same: the input is up to four bodies, each behind a u16 length;
 * a byte in front says which links get a good signature and which get their parent corrected, so that the
 * fuzzer need not guess hashes. Whatever verifies must narrow link by link, and grant nothing to others.
 */
#include <sodium.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sample_world world;

static void
mend_link(struct arena *arena, struct signed_object *links, size_t i)
{
    struct grant *g;

    if (wire_grant_parse(links[i].body, arena, &g) != STATUS_OK)
        return;
    if (i > 0 && g->has_parent)
        g->parent = digest_object_id(links[i - 1].body);
    links[i] = sample_grant_sign(&world, g, arena);
}

static size_t
read_links(struct arena *arena, struct reader *r, struct signed_object *links)
{
    uint8_t mend = reader_u8(r);
    size_t count = 0;

    while (r->left > 0 && count <= CHAIN_MAX) {
        links[count].body = reader_bytes(r, reader_u16(r));
        if (r->failed)
            break;
        if ((mend >> count & 1) != 0)
            mend_link(arena, links, count);
        count++;
    }
    return count;
}

static void
check_verified(const struct verified_chain *chain)
{
    const char *component;
    const struct grant *leaf = chain_leaf(chain);
    struct record_facts facts = { .id = leaf->tree, .owner = *chain_owner(chain) };
    size_t count = chain_length(chain);

    for (size_t i = 0; i < count; i++) {
        assert(grant_check(chain_link(chain, i), &component) == STATUS_OK);
        assert(i == 0 || grant_narrows(chain_link(chain, i - 1), chain_link_id(chain, i - 1),
                                       chain_link(chain, i), &component) == STATUS_OK);
    }
    for (size_t i = 0; i < leaf->field_count; i++) {
        facts.type = leaf->fields[i].type;
        for (size_t k = 0; k < SAMPLE_COMPANIES; k++) {
            struct decision d = decide_field(chain, &world.companies[k].id, &facts,
                                             leaf->fields[i].field, SAMPLE_NOW);
            assert(d.stop != STOP_NONE || ID_IS_EQUAL(world.companies[k].id, leaf->audience));
            assert(d.stop != STOP_TYPE &&
                   d.stop != STOP_FIELD); /* the leaf has it, so all have */
            assert(d.link < count);
        }
    }
    assert(chain_end(chain).ms > SAMPLE_NOW_MS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct signed_object links[CHAIN_MAX + 1] = { 0 };
    struct reader r = reader_of(bytes_of(data, size));

    if (arena == NULL) {
        assert(sodium_init() >= 0);
        sample_world_init(&world);
        arena = arena_new(0);
    }
    arena_reset(arena);
    size_t count = read_links(arena, &r, links);
    struct key_directory keys = sample_keys(&world);
    struct revocation_view revoked = sample_revocations(&world);
    struct chain_fault fault;
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    enum status status =
        chain_verify(links, count, &keys, &revoked, SAMPLE_NOW, &chain, &fault);
    assert((status == STATUS_OK) == (chain != NULL));
    assert((status == STATUS_OK) == (fault.component == NULL));
    if (chain == NULL)
        return 0;
    check_verified(chain);
    links[count - 1].signature.b[0] ^= 1;
    struct verified_chain *forged;
    assert(chain_verify(links, count, &keys, &revoked, SAMPLE_NOW, &forged, NULL) ==
           STATUS_BAD_SIGNATURE);
    return 0;
}
