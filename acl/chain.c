/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/chain.c - makes verified chains, and nothing else does. Links are checked root to leaf,
 * each in the order of the table in docs/protocol/grants.md; the first thing that fails
 * decides.
 */
#include "acl/chain.h"

#include "acl/chain_priv.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

/* What one verification looks at. */
struct inquiry {
    const struct key_directory *keys;
    const struct revocation_view *revoked;
    struct chain_fault *fault;
};

static enum status
fault_at(const struct inquiry *q, enum status status, size_t link, const char *component)
{
    if (status != STATUS_OK)
        *q->fault = (struct chain_fault){ .link = link, .component = component };
    return status;
}

/* Copied first, so that what is verified is what is kept. */
static enum status
link_parse(struct verified_chain *chain, struct bytes body, size_t index)
{
    struct grant *grant;

    if (body.len > GRANT_MAX)
        return STATUS_MALFORMED;
    struct bytes copy = arena_copy(chain->arena, body);
    enum status status = wire_grant_parse(copy, chain->arena, &grant);
    if (status != STATUS_OK)
        return STATUS_MALFORMED;
    chain->links[index] = grant;
    chain->ids[index] = digest_object_id(copy);
    return STATUS_OK;
}

static bool
is_audience_new(const struct verified_chain *chain, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (ID_IS_EQUAL(chain->links[i]->audience, chain->links[index]->audience))
            return false;
    return true;
}

static bool
is_country_allowed(const struct grant *grant, const char *country)
{
    for (size_t i = 0; i < grant->country_count; i++)
        if (strcmp(grant->countries[i], country) == 0)
            return true;
    return grant->country_count == 0;
}

static enum status
link_check_country(const struct inquiry *q, const struct grant *grant, size_t index)
{
    struct company_keys audience = { 0 };

    if (grant->country_count == 0)
        return STATUS_OK;
    if (!q->keys->find(q->keys->self, &grant->audience, &audience))
        return fault_at(q, STATUS_UNKNOWN_KEY, index, "countries");
    if (!is_country_allowed(grant, audience.country))
        return fault_at(q, STATUS_NOT_GRANTED, index, "countries");
    return STATUS_OK;
}

static enum status
link_check_signature(const struct inquiry *q, const struct grant *grant,
                     const struct signed_object *link, size_t index)
{
    struct company_keys issuer = { 0 };

    if (!q->keys->find(q->keys->self, &grant->issuer, &issuer))
        return fault_at(q, STATUS_UNKNOWN_KEY, index, "signature");
    return fault_at(q,
                    signature_verify_any(SIGN_GRANT, issuer.signing, issuer.signing_count,
                                         link->body, &link->signature),
                    index, "signature");
}

static enum status
link_verify(const struct inquiry *q, struct verified_chain *chain,
            const struct signed_object *link, size_t index)
{
    const char *component;
    enum status status = link_parse(chain, link->body, index);

    if (status != STATUS_OK)
        return fault_at(q, status, index, "body");
    const struct grant *grant = chain->links[index];
    if (grant->has_parent != (index > 0))
        return fault_at(q, STATUS_BROKEN_CHAIN, index, "parent");
    status = grant_check(grant, &component);
    if (status != STATUS_OK)
        return fault_at(q, status, index, component);
    TRY(link_check_signature(q, grant, link, index));
    if (!is_audience_new(chain, index))
        return fault_at(q, STATUS_BROKEN_CHAIN, index, "audience");
    if (index > 0) {
        status =
            grant_narrows(chain->links[index - 1], &chain->ids[index - 1], grant, &component);
        if (status != STATUS_OK)
            return fault_at(q, status, index, component);
    }
    return link_check_country(q, grant, index);
}

static enum status
check_time(const struct inquiry *q, const struct verified_chain *chain, struct wall_ms now)
{
    size_t leaf = chain->count - 1;
    struct node_id may[CHAIN_MAX];

    if (!grant_is_open(chain->links[leaf], now))
        return fault_at(q, STATUS_NOT_YET, leaf, "window");
    if (grant_is_over(chain->links[leaf], now))
        return fault_at(q, STATUS_EXPIRED, leaf, "window");
    for (size_t i = 0; i < chain->count; i++) {
        may[i] = chain->links[i]->issuer;
        if (q->revoked->is_revoked(q->revoked->self, &chain->ids[i], may, i + 1))
            return fault_at(q, STATUS_REVOKED, i, "revocation");
    }
    return STATUS_OK;
}

/* Keep in `chain` only what the link has too; both ascending. */
static void
fields_intersect(struct verified_chain *chain, const struct grant *link)
{
    size_t kept = 0, l = 0;

    for (size_t i = 0; i < chain->field_count; i++) {
        while (l < link->field_count &&
               grant_field_compare(&link->fields[l], &chain->fields[i]) < 0)
            l++;
        if (l < link->field_count &&
            grant_field_compare(&link->fields[l], &chain->fields[i]) == 0)
            chain->fields[kept++] = chain->fields[i];
    }
    chain->field_count = kept;
}

static void
fields_compile(struct verified_chain *chain)
{
    const struct grant *root = chain->links[0];

    chain->fields = ARENA_ARRAY(chain->arena, struct grant_field, root->field_count);
    memcpy(chain->fields, root->fields, root->field_count * sizeof(*chain->fields));
    chain->field_count = root->field_count;
    for (size_t i = 1; i < chain->count; i++)
        fields_intersect(chain, chain->links[i]);
}

/* For consent: what the leaf is for, and who gets it. */
static void
target_compile(const struct inquiry *q, struct verified_chain *chain)
{
    const struct grant *leaf = chain->links[chain->count - 1];
    struct company_keys audience = { 0 };

    if (!q->keys->find(q->keys->self, &leaf->audience, &audience))
        audience.name[0] = '\0';
    consent_target_make(leaf->purposes, leaf->purpose_count, audience.name, &leaf->audience,
                        chain->arena, &chain->target);
}

enum status
chain_verify(const struct signed_object *links, size_t count, const struct key_directory *keys,
             const struct revocation_view *revoked, struct wall_ms now,
             struct verified_chain **out, struct chain_fault *fault)
{
    struct chain_fault unasked;
    struct inquiry q = { keys, revoked, fault != NULL ? fault : &unasked };

    *out = NULL;
    *q.fault = (struct chain_fault){ 0 };
    if (count < 1 || count > CHAIN_MAX)
        return fault_at(&q, STATUS_BROKEN_CHAIN, 0, "length");
    AUTO(verified_chain_free) struct verified_chain *chain = xcalloc(1, sizeof(*chain));
    chain->arena = arena_new(0);
    for (size_t i = 0; i < count; i++)
        TRY(link_verify(&q, chain, &links[i], i));
    chain->count = count;
    TRY(check_time(&q, chain, now));
    fields_compile(chain);
    target_compile(&q, chain);
    *out = TAKE(chain);
    return STATUS_OK;
}

void
verified_chain_free(struct verified_chain **chain)
{
    if (*chain == NULL)
        return;
    arena_free(&(*chain)->arena);
    xfree(chain);
}

size_t
chain_length(const struct verified_chain *chain)
{
    return chain->count;
}

const struct grant *
chain_link(const struct verified_chain *chain, size_t index)
{
    assert(index < chain->count);
    return chain->links[index];
}

const struct object_id *
chain_link_id(const struct verified_chain *chain, size_t index)
{
    assert(index < chain->count);
    return &chain->ids[index];
}

const struct grant *
chain_leaf(const struct verified_chain *chain)
{
    return chain_link(chain, chain->count - 1);
}

const struct object_id *
chain_leaf_id(const struct verified_chain *chain)
{
    return chain_link_id(chain, chain->count - 1);
}

const struct node_id *
chain_owner(const struct verified_chain *chain)
{
    return &chain->links[0]->owner;
}

const struct consent_target *
chain_consent_target(const struct verified_chain *chain)
{
    return &chain->target;
}

struct wall_ms
chain_end(const struct verified_chain *chain)
{
    struct wall_ms end = chain->links[0]->not_after;

    for (size_t i = 1; i < chain->count; i++)
        if (chain->links[i]->not_after.ms < end.ms)
            end = chain->links[i]->not_after;
    return end;
}
