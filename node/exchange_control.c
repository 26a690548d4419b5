/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange_control.c - objects of the control stream: offers and answers, revocations, descriptors. Each handler
 * verifies before it believes, and writes only after the last check; what it wrote is undone with the mark of the message
 * when it fails.
 */
#include <string.h>

#include "node/budget.h"
#include "node/contribution.h"
#include "node/equivocation.h"
#include "node/give_back.h"
#include "node/grants_anew.h"
#include "node/heads.h"
#include "node/keys.h"
#include "node/passon.h"
#include "node/quarantine.h"
#include "node/readopt.h"
#include "node/receipt.h"
#include "node/relay.h"
#include "node/withdrawal.h"
#include "node/route.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum status
core_sign(struct core *core, enum sign_type type, struct bytes body, struct signed_object *out)
{
    out->body = body;
    return core->env.keyring.sign(core->env.keyring.self, type, body, &out->signature);
}

static const char *
actor_of(struct taking *t)
{
    return actor_partner(t->core, &t->from->node);
}

/* ---- chains that come with an object ------------------------------------------------------ */

static bool
is_named(const struct node_id *node, struct grant *const *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ID_IS_EQUAL(grants[i]->issuer, *node) || ID_IS_EQUAL(grants[i]->audience, *node))
            return true;
    return false;
}

/* Descriptors of companies that the chain names; others are no business of ours. */
static enum status
learn_all(struct taking *t, const struct bundle *bundle)
{
    struct grant *grants[CHAIN_MAX];

    t->detail = "chain";
    if (bundle->link_count == 0 || bundle->link_count > CHAIN_MAX)
        return STATUS_BROKEN_CHAIN;
    for (size_t i = 0; i < bundle->link_count; i++)
        TRY(wire_grant_parse(bundle->links[i].body, t->arena, &grants[i]));
    for (size_t i = 0; i < bundle->descriptor_count; i++) {
        struct descriptor *d;
        struct node_id node;
        struct company *c;
        t->detail = "descriptor";
        TRY(descriptor_verify(&bundle->descriptors[i], core_wall(t->core), t->arena, &d,
                              &node));
        if (!is_named(&node, grants, bundle->link_count))
            continue;
        if (company_find(t->core, &node) == NULL)
            TRY(budget_ask(t->core, BUDGET_INTRODUCED, t->from->id));
        TRY(company_learn(t->core, &bundle->descriptors[i], COMPANY_INTRODUCED, t->from->id,
                          &c));
    }
    return STATUS_OK;
}

enum status
exchange_verify_links(struct taking *t, const struct bundle *bundle,
                      struct verified_chain **chain)
{
    struct chain_fault fault = { 0 };

    TRY(learn_all(t, bundle));
    enum status s = chain_check(t->core, bundle->links, bundle->link_count, chain, &fault);
    t->detail = fault.component != NULL ? fault.component : "chain";
    return s == STATUS_OK ? heads_check(t->core, *chain) : s;
}

/* ---- offers ------------------------------------------------------------------------------- */

static enum status
offer_format(struct core *core, const struct live *live, struct bundle *bundle,
             struct arena *arena, struct bytes *body)
{
    const struct node_id *issuers[CHAIN_MAX]; /* the owner first, then each who passed on */
    size_t n = chain_length(live->chain);

    for (size_t i = 0; i < n; i++)
        issuers[i] = &chain_link(live->chain, i)->issuer;
    return keys_bundle(core, bundle, issuers, n, arena, body);
}

enum status
offer_refresh(struct core *core, const struct live *live, struct arena *arena,
              struct bytes *body)
{
    struct bundle *bundle;

    TRY(wire_bundle_parse(*body, arena, &bundle));
    return offer_format(core, live, bundle, arena, body);
}

enum status
offer_send(struct core *core, const struct live *live)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bundle bundle = { 0 };
    struct signed_object *object;
    struct bytes body;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_OFFER);
        stmt_bind(q, "i", live->share);
        TRY(stmt_step(q));
        TRY(wire_signed_object_parse(arena_copy(arena, stmt_bytes(q, 0)), arena, &object));
    }
    bundle.object = *object;
    TRY(grant_links(core->store, live->leaf, arena, &bundle.links, &bundle.link_count));
    TRY(offer_format(core, live, &bundle, arena, &body));
    TRY(control_queue(core, live->partner, MESSAGE_OFFER, body, live->share));
    return live->role == ROLE_GIVEN ? heads_staple(core, live) : STATUS_OK;
}

enum status
offer_send_again(struct core *core, const struct live *live)
{
    bool is_unsent;

    TRY(live_is_unsent(core, live, &is_unsent));
    TRY(store_exec(core->store, STMT_CONTROL_DROP_OFFER, "ii", live->partner, live->share));
    TRY(offer_send(core, live));
    return is_unsent ? STATUS_OK
                     : store_exec(core->store, STMT_CONTROL_AGAIN_OFFER, "ii", live->partner,
                                  live->share);
}

static enum status
check_offer(struct taking *t, const struct bundle *bundle, const struct offer *offer,
            struct verified_chain **chain)
{
    struct key_directory keys = company_keys_of(t->core);

    t->detail = "author";
    if (!ID_IS_EQUAL(offer->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "offer";
    TRY(object_verify(SIGN_OFFER, &bundle->object, &offer->author, &offer->audience,
                      &t->core->me, &keys));
    TRY(exchange_verify_links(t, bundle, chain));
    t->detail = "leaf";
    const struct grant *leaf = chain_leaf(*chain);
    if (!ID_IS_EQUAL(leaf->audience, t->core->me))
        return STATUS_WRONG_AUDIENCE;
    if (!ID_IS_EQUAL(leaf->issuer, offer->author) ||
        !ID_IS_EQUAL(*chain_leaf_id(*chain), offer->grant))
        return STATUS_BROKEN_CHAIN;
    return STATUS_OK;
}

static enum status
take_offer(struct taking *t)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct core *core = t->core;
    struct bundle *bundle;
    struct offer *offer;
    struct live *live;
    int64_t known;

    TRY(wire_bundle_parse(t->env->body, t->arena, &bundle));
    TRY(wire_offer_parse(bundle->object.body, t->arena, &offer));
    if (ID_IS_EQUAL(offer->author, core->me))
        return readopt_offer(t, bundle, offer);
    TRY(check_offer(t, bundle, offer, &chain));
    struct object_id oid = digest_object_id(bundle->object.body);
    enum status s =
        store_number(core->store, &known, STMT_SHARE_BY_OID, "b", bytes_of(oid.b, ID_SIZE));
    if (s ==
        STATUS_OK) { /* we have it: who asks again may have lost our answer, or signed anew */
        TRY(grants_anew_keep(core, bundle->links, chain));
        return give_back_answer(core, t->from, known);
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    t->detail = "offers";
    TRY(budget_ask(core, BUDGET_OFFERS, t->from->id));
    struct share_row row = { .role = ROLE_RECEIVED,
                             .partner = t->from->id,
                             .state = SHARE_OFFERED,
                             .kind = offer->kind,
                             .title = offer->title,
                             .note = offer->note,
                             .count = offer->count,
                             .offer = wire_signed_object_format(&bundle->object, t->arena),
                             .oid = oid };
    TRY(grants_keep(core, bundle->links, chain, &row.leaf));
    TRY(share_add(core, &row, &chain, &live));
    TRY(audit_add(core, actor_of(t), "offer.received", bytes_of(oid.b, ID_SIZE),
                  bytes_of(offer->grant.b, ID_SIZE)));
    struct receipt_said received = { .leaf = row.leaf, .state = RECEIPT_RECEIVED };
    TRY(receipt_make(core, &received));
    bool by_rule = offer->kind == OFFER_CONTRIBUTION || offer->kind == OFFER_FEEDBACK;
    return by_rule ? contribution_answer(core, live->share) : STATUS_OK;
}

/* ---- answers ------------------------------------------------------------------------------ */

enum status
answer_send(struct core *core, const char *actor, const struct live *live,
            struct answer *answer)
{
    enum { OID = 9 };
    struct signed_object object;
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_GET);

    stmt_bind(q, "i", live->share);
    TRY(stmt_step(q));
    stmt_copy(q, OID, answer->offer.b, ID_SIZE);
    answer->author = core->me;
    answer->audience = chain_leaf(live->chain)->issuer;
    answer->grant = *chain_leaf_id(live->chain);
    answer->answered = core_wall(core);
    TRY(core_sign(core, SIGN_ANSWER, wire_answer_format(answer, core->round), &object));
    TRY(store_exec(core->store, STMT_SHARE_ANSWERED, "ib", live->share,
                   wire_signed_object_format(&object, core->round)));
    TRY(audit_add(core, actor, answer->accepted ? "offer.accept" : "offer.decline",
                  bytes_of(answer->grant.b, ID_SIZE), object.body));
    return control_queue(core, live->partner, MESSAGE_ANSWER,
                         wire_signed_body_format(&object, core->round), 0);
}

static enum status
answered(struct taking *t, struct live *live, const struct answer *answer)
{
    struct core *core = t->core;

    if (live->state == SHARE_OFFERED)
        TRY(share_move(core, live, SHARE_DELIVERED, ""));
    if (!answer->accepted) /* also what it accepted once: it gives it back */
        return live_decline(core, live, answer->reason);
    if (live->state != SHARE_DELIVERED)
        return STATUS_OK; /* it said so before */
    for (size_t i = 0; i < answer->declined_count; i++)
        TRY(store_exec(core->store, STMT_DECLINED_ADD, "ibt", live->share,
                       bytes_of(answer->declined[i].record.b, ID_SIZE),
                       answer->declined[i].reason));
    live->has_declined = live->has_declined || answer->declined_count > 0;
    core->lives_version++;
    TRY(share_move(core, live, SHARE_ACCEPTED, answer->reason));
    return records_queue_share(core, live);
}

static enum status
take_answer(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct answer *answer;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_answer_parse(object->body, t->arena, &answer));
    t->detail = "author";
    if (!ID_IS_EQUAL(answer->author, t->from->node))
        return STATUS_BAD_SIGNATURE;
    t->detail = "answer";
    TRY(object_verify(SIGN_ANSWER, object, &answer->author, &answer->audience, &t->core->me,
                      &keys));
    struct live *live = live_by_gid(t->core, &answer->grant, ROLE_GIVEN);
    if (live == NULL || live->partner != t->from->id)
        return STATUS_OK; /* stopped meanwhile */
    TRY(audit_add(t->core, actor_of(t), answer->accepted ? "offer.accepted" : "offer.declined",
                  bytes_of(answer->grant.b, ID_SIZE), object->body));
    return answered(t, live, answer);
}

/* ---- revocation --------------------------------------------------------------------------- */

static bool
is_kept(struct taking *t, const struct revocation *r)
{
    int64_t one;

    return store_number(t->core->store, &one, STMT_REVOKED_BY, "bb",
                        bytes_of(r->grant.b, ID_SIZE),
                        bytes_of(r->author.b, ID_SIZE)) == STATUS_OK;
}

/* Of a grant that we do not know, on its way between others. *after: in whose queue it goes on. */
static bool
is_between(struct taking *t, const struct revocation *r, struct company **after)
{
    struct relay_address address = { r->author, r->audience, r->grant };
    int64_t id;

    return store_number(t->core->store, &id, STMT_GRANT_FIND, "b",
                        bytes_of(r->grant.b, ID_SIZE)) == STATUS_NOT_FOUND &&
           !ID_IS_EQUAL(r->audience, t->core->me) &&
           relay_after(t, &address, after) == STATUS_OK;
}

/* May the author take this grant back? Owner, issuer, or issuer of an ancestor. */
static enum status
check_revoker(struct taking *t, const struct revocation *r, bool *is_early)
{
    struct signed_object *links;
    size_t count;
    int64_t id;

    enum status s =
        store_number(t->core->store, &id, STMT_GRANT_FIND, "b", bytes_of(r->grant.b, ID_SIZE));
    *is_early = s == STATUS_NOT_FOUND;
    if (*is_early) /* before its grant: kept with its author, judged with the chain */
        return STATUS_OK;
    TRY(s);
    TRY(grant_links(t->core->store, id, t->arena, &links, &count));
    for (size_t i = 0; i < count; i++) {
        struct grant *g;
        TRY(wire_grant_parse(links[i].body, t->arena, &g));
        if (ID_IS_EQUAL(g->issuer, r->author) || ID_IS_EQUAL(g->owner, r->author))
            return STATUS_OK;
    }
    return STATUS_NOT_GRANTED;
}

/* A revocation is never refused for its number: of those whose grant never came the oldest go. */
static enum status
keep_early(struct taking *t, const struct revocation *r)
{
    TRY(store_exec(t->core->store, STMT_REVOKED_EARLY, "bbi", bytes_of(r->grant.b, ID_SIZE),
                   bytes_of(r->author.b, ID_SIZE), budget_of(t->core, t->from->id)));
    return budget_trim(t->core, EARLY_REVOCATIONS, t->from->id);
}

static enum status
take_revocation(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct company *after;
    struct revocation *r;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_revocation_parse(object->body, t->arena, &r));
    t->detail = "revocation";
    TRY(object_verify(SIGN_REVOCATION, object, &r->author, &r->audience, &r->audience, &keys));
    t->detail = "author";
    bool is_early;
    if (is_between(t, r, &after)) /* only our hands are asked for */
        return relay_carry(t, after);
    TRY(check_revoker(t, r, &is_early));
    if (is_early && is_kept(t, r))
        return STATUS_OK;
    TRY(grant_fall(t->core, &r->grant, &r->author, wire_signed_object_format(object, t->arena),
                   SHARE_STOPPED, r->reason));
    return is_early ? keep_early(t, r) : STATUS_OK;
}

/* ---- descriptors, voids ------------------------------------------------------------------- */

static enum status
take_descriptor(struct taking *t)
{
    struct signed_object *object;
    struct descriptor *d;
    struct node_id node;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(descriptor_verify(object, core_wall(t->core), t->arena, &d, &node));
    struct company *c = company_find(t->core, &node);
    t->detail = "node";
    if (c == NULL)
        return STATUS_OK; /* passed on about a company that is no business of ours */
    if (c->state == COMPANY_SELF)
        return keys_overtaken(t->core, d, object);
    bool is_new = d->serial > c->serial;
    enum status s = keys_take(t->core, c, d, object, t->from->id);
    if (s == STATUS_EQUIVOCATION ||
        s == STATUS_CONFLICT) { /* kept, and so not undone with its mark */
        dead_letter(t->core, t->from->id, t->env, s, "descriptor");
        return keys_fault(t->core, c, t->from->id, d, object);
    }
    TRY(s);
    /* Who was restored is answered with everything, our descriptor last: known by then. */
    return c != t->from || is_new ? STATUS_OK : quarantine_heard(t->core, c);
}

enum status
exchange_take_void(struct core *core, struct peer *peer, const struct envelope *env,
                   const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct key_directory keys = company_keys_of(core);
    struct signed_object *object;
    struct void_range *v;

    *detail = "void";
    TRY(wire_signed_body_parse(env->body, arena, &object));
    TRY(wire_void_range_parse(object->body, arena, &v));
    return object_verify(SIGN_VOID, object, peer_node(peer), &v->audience, &core->me, &keys);
}

/* ---- dispatch ----------------------------------------------------------------------------- */

static const struct {
    enum message_kind kind;
    enum status (*take)(struct taking *t);
} handlers[] = {
    { MESSAGE_OFFER, take_offer },
    { MESSAGE_ANSWER, take_answer },
    { MESSAGE_PASSON, passon_take },
    { MESSAGE_PASSON_ACK, passon_take_ack },
    { MESSAGE_REVOCATION, take_revocation },
    { MESSAGE_DESCRIPTOR, take_descriptor },
    { MESSAGE_HEAD, heads_take },
    { MESSAGE_EQUIVOCATION, equivocation_take },
    { MESSAGE_VERDICT, contribution_take_verdict },
    { MESSAGE_SEALED_RECEIPT, route_take_receipt },
    { MESSAGE_RECEIPT, receipt_take },
    { MESSAGE_WITHDRAWAL, withdrawal_take },
    { MESSAGE_ASK, exchange_take_ask },
    { MESSAGE_PROPOSAL, exchange_take_proposal },
    { MESSAGE_PROPOSAL_ANSWER, exchange_take_proposal_answer },
};

enum status
exchange_take_object(struct taking *t)
{
    t->detail = "object";
    for (size_t i = 0; i < COUNT_OF(handlers); i++)
        if (handlers[i].kind == t->env->kind)
            return handlers[i].take(t);
    return STATUS_UNKNOWN_KIND;
}

enum status
exchange_take_control(struct core *core, struct peer *peer, const struct envelope *env,
                      const char **detail)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_CAP_MESSAGE);
    struct taking t = { .core = core,
                        .from = company_by_id(core, peer_company(peer)),
                        .arena = arena,
                        .env = env };
    enum status s = exchange_take_object(&t);

    *detail = t.detail;
    return s;
}
