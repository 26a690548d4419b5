/* SPDX-License-Identifier: Apache-2.0
 *
 * node/grants_anew.c - grants that their issuer signed anew: kept in the place of what counts no more, and said again along
 * the ways on which they were passed on (contract: node/grants_anew.h).
 */
#include "node/grants_anew.h"

#include "node/passon.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

/* ---- saying ------------------------------------------------------------------------------- */

enum status
grants_anew_say(struct core *core, const struct live *live)
{
    const struct company *c = company_by_id(core, live->partner);
    bool may_pass_on = (chain_leaf(live->chain)->actions & ACTION_PASS_ON) != 0;

    if (live->role != ROLE_GIVEN || c == NULL || c->peer == NULL)
        return STATUS_OK; /* who has no link with us passes nothing on */
    if (live->state == SHARE_WAITING)
        return passon_send(core, live);
    if (live->state != SHARE_OFFERED && live->state != SHARE_DELIVERED && !may_pass_on)
        return STATUS_OK;
    return offer_send_again(core, live);
}

/* ---- keeping ------------------------------------------------------------------------------ */

/* Does the signature that we have of it count for what is new? */
static enum status
counts(struct core *core, const struct company *issuer, int64_t grant, bool *out)
{
    enum { KEY = 7 };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_GET);
    struct sign_key key = { 0 };

    *out = false;
    stmt_bind(q, "i", grant);
    TRY(stmt_step(q));
    if (!stmt_is_null(q, KEY))
        stmt_copy(q, KEY, key.b, sizeof(key.b));
    for (size_t i = 0; i < issuer->signing_good; i++)
        *out = *out || ID_IS_EQUAL(issuer->signing[i], key);
    return STATUS_OK;
}

static enum status
keep_better(struct core *core, const struct company *issuer, const struct object_id *gid,
            const struct signed_object *link, bool *is_kept)
{
    int64_t id;
    bool is_good;

    enum status s = grant_find(core, gid, &id);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK; /* over, and forgotten */
    TRY(s);
    TRY(counts(core, issuer, id, &is_good));
    for (size_t i = 0; i < issuer->signing_good && !is_good && !*is_kept; i++) {
        if (signature_verify(SIGN_GRANT, &issuer->signing[i], link->body, &link->signature) !=
            STATUS_OK)
            continue;
        *is_kept = true;
        TRY(store_exec(core->store, STMT_GRANT_ANEW, "ibb", id,
                       wire_signed_object_format(link, core->round),
                       bytes_of(issuer->signing[i].b, sizeof(issuer->signing[i].b))));
        LOG(LOG_INFO, "grant.signed_anew", log_id("grant", gid->b));
    }
    return STATUS_OK;
}

/* Is one of these links above the leaf of this share? */
static bool
passes_on(const struct live *live, const struct verified_chain *chain,
          const bool is_better[static CHAIN_MAX])
{
    for (size_t i = 0; i + 1 < chain_length(live->chain) && i < chain_length(chain); i++)
        if (is_better[i] &&
            ID_IS_EQUAL(*chain_link_id(live->chain, i), *chain_link_id(chain, i)))
            return true;
    return false;
}

enum status
grants_anew_keep(struct core *core, const struct signed_object *links,
                 const struct verified_chain *chain)
{
    bool is_better[CHAIN_MAX] = { false }, any = false;

    for (size_t i = 0; i < chain_length(chain); i++) {
        const struct company *issuer = company_find(core, &chain_link(chain, i)->issuer);
        if (issuer != NULL)
            TRY(keep_better(core, issuer, chain_link_id(chain, i), &links[i], &is_better[i]));
        any = any || is_better[i];
    }
    for (size_t i = 0; any && i < core->live_count; i++)
        if (passes_on(&core->lives[i], chain, is_better))
            TRY(grants_anew_say(core, &core->lives[i]));
    return STATUS_OK;
}
