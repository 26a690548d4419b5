/* SPDX-License-Identifier: Apache-2.0
 *
 * node/passon.c - notices of passing on: said to the owner, noted by it and by those between, and acknowledged (contract:
 * node/passon.h). Handlers of the table in exchange_control.c.
 */
#include "node/passon.h"

#include "node/budget.h"
#include "node/grants_anew.h"
#include "node/heads.h"
#include "node/keys.h"
#include "schema/base/cleanup.h"

/* Our neighbours in a chain: who issued to us, and to whom we issued. */
static struct company *
neighbour(struct core *core, const struct verified_chain *chain, bool upward)
{
    for (size_t i = 0; i < chain_length(chain); i++) {
        const struct grant *g = chain_link(chain, i);
        if (upward && ID_IS_EQUAL(g->audience, core->me))
            return company_find(core, &g->issuer);
        if (!upward && ID_IS_EQUAL(g->issuer, core->me))
            return company_find(core, &g->audience);
    }
    return NULL;
}

/* ---- saying so ---------------------------------------------------------------------------- */

struct company *
passon_upward(struct core *core, const struct live *live)
{
    bool is_passed_on =
        live->role == ROLE_NOTED || (live->role == ROLE_GIVEN && chain_length(live->chain) > 1);

    return is_passed_on ? neighbour(core, live->chain, true) : NULL;
}

/* Ours is signed now; of others, the bytes as they came. */
static enum status
passon_object(struct core *core, const struct live *live, struct arena *arena,
              struct signed_object *out)
{
    const struct grant *leaf = chain_leaf(live->chain);
    struct passon passon = { .author = core->me,
                             .audience = leaf->owner,
                             .grant = *chain_leaf_id(live->chain),
                             .next = leaf->audience,
                             .asked = core_wall(core) };
    struct signed_object *object;
    struct bytes kept;

    if (live->role == ROLE_GIVEN)
        return core_sign(core, SIGN_PASSON, wire_passon_format(&passon, arena), out);
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_OFFER);
        stmt_bind(q, "i", live->share);
        TRY(stmt_step(q));
        kept = arena_copy(arena, stmt_bytes(q, 0));
    }
    if (kept.len == 0)
        return STATUS_NOT_FOUND; /* noted before the bytes were kept */
    TRY(wire_signed_object_parse(kept, arena, &object));
    *out = *object;
    return STATUS_OK;
}

enum status
passon_send(struct core *core, const struct live *live)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct company *up = passon_upward(core, live);
    struct bundle bundle = { 0 };
    const struct node_id *audiences[CHAIN_MAX];
    size_t n = chain_length(live->chain);
    struct bytes body;

    if (up == NULL || up->peer == NULL)
        return STATUS_OK;
    enum status s = passon_object(core, live, arena, &bundle.object);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(grant_links(core->store, live->leaf, arena, &bundle.links, &bundle.link_count));
    for (size_t i = 0; i < n; i++)
        audiences[i] = &chain_link(live->chain, i)->audience;
    TRY(keys_bundle(core, &bundle, audiences, n, arena, &body));
    return control_queue(core, up->id, MESSAGE_PASSON, body, 0);
}

/* ---- hearing of it ------------------------------------------------------------------------ */

/* A noted share is called what ours is called. */
static enum status
title_of(struct taking *t, int64_t share, struct share_row *row)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_SHARE_OFFER);

    stmt_bind(q, "i", share);
    TRY(stmt_step(q));
    row->kind = (enum offer_kind)stmt_int(q, 1);
    row->title = arena_text(t->arena, bytes_text(stmt_text(q, 2)));
    row->count = stmt_int(q, 4);
    return STATUS_OK;
}

static enum status
note_passon(struct taking *t, const struct bundle *bundle, struct verified_chain **chain)
{
    struct core *core = t->core;
    const struct live *root = NULL;
    const struct company *next = company_find(core, &chain_leaf(*chain)->audience);
    struct share_row row = { .role = ROLE_NOTED,
                             .partner = next->id,
                             .state = SHARE_ACCEPTED,
                             .kind = OFFER_EVENT,
                             .title = "",
                             .note = "",
                             .offer = wire_signed_object_format(&bundle->object, t->arena) };
    struct live *live;
    int64_t known;

    enum status s = store_number(core->store, &known, STMT_GRANT_FIND, "b",
                                 bytes_of(chain_leaf_id(*chain)->b, ID_SIZE));
    if (s == STATUS_OK)
        return grants_anew_keep(core, bundle->links, *chain);
    if (s != STATUS_NOT_FOUND)
        return s;
    const struct company *bringer = neighbour(core, *chain, false);
    t->detail = "issuer";
    if (bringer == NULL) /* nothing of it went through us */
        return STATUS_NOT_GRANTED;
    t->detail = "passed on";
    TRY(heads_room(core, *chain));
    TRY(budget_ask(core, BUDGET_NOTED, bringer->id));
    root = live_by_gid(core, chain_link_id(*chain, 0), ROLE_GIVEN);
    if (root != NULL)
        TRY(title_of(t, root->share, &row));
    TRY(grants_keep(core, bundle->links, *chain, &row.leaf));
    TRY(share_add(core, &row, chain, &live));
    return heads_changed(core, live->leaf);
}

static enum status
answer_passon(struct taking *t, const struct passon *passon, const char *reason)
{
    bool refused = reason[0] != '\0';
    struct passon_ack ack = { .author = t->core->me,
                              .audience = passon->author,
                              .grant = passon->grant,
                              .noted = !refused,
                              .reason = reason,
                              .noted_at = core_wall(t->core) };
    struct signed_object object;

    TRY(core_sign(t->core, SIGN_PASSON_ACK, wire_passon_ack_format(&ack, t->arena), &object));
    TRY(audit_add(t->core, actor_partner(t->core, &t->from->node),
                  refused ? "passon.refused" : "passon.noted",
                  bytes_of(passon->grant.b, ID_SIZE), bytes_of(passon->next.b, ID_SIZE)));
    return control_queue(t->core, t->from->id, MESSAGE_PASSON_ACK,
                         wire_signed_body_format(&object, t->arena), 0);
}

enum status
passon_take(struct taking *t)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct key_directory keys = company_keys_of(t->core);
    struct bundle *bundle;
    struct passon *passon;

    TRY(wire_bundle_parse(t->env->body, t->arena, &bundle));
    TRY(wire_passon_parse(bundle->object.body, t->arena, &passon));
    TRY(exchange_verify_links(t, bundle, &chain));
    t->detail = "passon";
    TRY(object_verify(SIGN_PASSON, &bundle->object, &passon->author, &passon->audience,
                      &passon->audience, &keys));
    const struct grant *leaf = chain_leaf(chain);
    if (!ID_IS_EQUAL(passon->audience, leaf->owner) ||
        !ID_IS_EQUAL(passon->author, leaf->issuer) ||
        !ID_IS_EQUAL(passon->next, leaf->audience) ||
        !ID_IS_EQUAL(passon->grant, *chain_leaf_id(chain)))
        return STATUS_BROKEN_CHAIN;
    const struct company *next = company_find(t->core, &passon->next);
    t->detail = "descriptor";
    if (next == NULL) /* a chain verifies without its last audience's */
        return STATUS_UNKNOWN_KEY;
    if (ID_IS_EQUAL(passon->audience, t->core->me)) {
        bool may = next->state != COMPANY_SUSPENDED && next->state != COMPANY_REMOVED;
        enum status s = note_passon(t, bundle, &chain);
        if (s != STATUS_OK && s != STATUS_TOO_BIG)
            return s;
        return answer_passon(t, passon,
                             s != STATUS_OK ? "too many passed on"
                             : may          ? ""
                                            : "not with this company");
    }
    /* Between the one who passes on and the owner: the bytes go on unchanged. */
    const struct company *up = neighbour(t->core, chain, true);
    t->detail = "route";
    if (up == NULL || up->peer == NULL)
        return STATUS_NOT_GRANTED;
    TRY(note_passon(t, bundle, &chain));
    return control_queue(t->core, up->id, MESSAGE_PASSON, t->env->body, 0);
}

static enum status
relay_ack(struct taking *t, const struct passon_ack *ack)
{
    const struct live *noted = live_by_gid(t->core, &ack->grant, ROLE_NOTED);
    const struct company *down = noted == NULL ? NULL : neighbour(t->core, noted->chain, false);

    if (down == NULL || down->peer == NULL)
        return STATUS_NOT_GRANTED;
    return control_queue(t->core, down->id, MESSAGE_PASSON_ACK, t->env->body, 0);
}

enum status
passon_take_ack(struct taking *t)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct passon_ack *ack;

    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_passon_ack_parse(object->body, t->arena, &ack));
    t->detail = "author";
    TRY(object_verify(SIGN_PASSON_ACK, object, &ack->author, &ack->audience, &ack->audience,
                      &keys));
    if (!ID_IS_EQUAL(ack->audience, t->core->me))
        return relay_ack(t, ack);
    struct live *live = live_by_gid(t->core, &ack->grant, ROLE_GIVEN);
    if (live == NULL || live->state != SHARE_WAITING)
        return STATUS_OK;
    if (!ID_IS_EQUAL(ack->author, *chain_owner(live->chain)))
        return STATUS_FOREIGN_OWNER;
    TRY(audit_add(t->core, actor_partner(t->core, &t->from->node),
                  ack->noted ? "passon.acknowledged" : "passon.refused",
                  bytes_of(ack->grant.b, ID_SIZE), object->body));
    if (!ack->noted)
        return share_move(t->core, live, SHARE_REFUSED, ack->reason);
    TRY(share_move(t->core, live, SHARE_OFFERED, ""));
    return offer_send(t->core, live);
}
