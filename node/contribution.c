/* SPDX-License-Identifier: Apache-2.0
 *
 * node/contribution.c - offers that are answered by rule: contributions to an event, and what comes back of them.
 * Judging their rows is in contribution_judge.c.
 */
#include "node/contribution.h"

#include <stdlib.h>
#include <string.h>

#include "node/receipt.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

/* What goes back to a bringer: arrivals and stages of its own rows, nothing else. */
static const char *const feedback_fields[] = { "contribution", "about",   "form",
                                               "startDate",    "outcome", "status" };

/* ---- rules -------------------------------------------------------------------------------- */

bool
contribution_is_basic(const struct type_field *field)
{
    static const char *const names[] = { "event",        "name",           "status",
                                         "consentBasis", "consentPurpose", "consentRecipients",
                                         "consentDate",  "companions" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (field->column != NULL && strcmp(field->name, names[i]) == 0)
            return true;
    return false;
}

static bool
is_wanted(const struct terms *terms, const struct grant_field *field)
{
    for (size_t i = 0; i < terms->want_count; i++)
        if (grant_field_compare(&terms->want[i], field) == 0)
            return true;
    return false;
}

/* Only guests, only with what was asked for. */
static bool
are_fields_asked_for(struct core *core, const struct grant *grant, const struct terms *terms)
{
    const struct type *attendee = dictionary_find_name(core->dictionary, "attendee");

    for (size_t i = 0; i < grant->field_count; i++) {
        const struct grant_field *f = &grant->fields[i];
        if (!key_is_equal(f->type, attendee->key))
            return false;
        const struct type_field *known = type_field_find(attendee, f->field);
        if (!is_wanted(terms, f) && (known == NULL || !contribution_is_basic(known)))
            return false;
    }
    return true;
}

/* An invitation to bring guests that we know of. */
struct invited {
    const struct live *live;   /* whose chain it stands in */
    const struct grant *grant; /* NULL: none that is known and holds */
};

/* One that we gave, or that others made further down of ours; or one further up our own chain, with whose bringers we
 * stand in one. */
static struct invited
invited_by(struct core *core, const struct object_id *gid)
{
    const struct live *live = live_by_gid(core, gid, ROLE_GIVEN);

    if (live == NULL)
        live = live_by_gid(core, gid, ROLE_NOTED);
    if (live != NULL)
        return (struct invited){ live, chain_leaf(live->chain) };
    for (size_t i = 0; i < core->live_count; i++) {
        live = &core->lives[i];
        for (size_t k = 0; live->role == ROLE_RECEIVED && k + 1 < chain_length(live->chain);
             k++)
            if (live->state == SHARE_ACCEPTED &&
                ID_IS_EQUAL(*chain_link_id(live->chain, k), *gid))
                return (struct invited){ live, chain_link(live->chain, k) };
    }
    return (struct invited){ 0 };
}

static bool
is_there_one(struct core *core, const struct grant *grant)
{
    for (size_t i = 0; i < core->live_count; i++) {
        const struct live *live = &core->lives[i];
        const struct grant *leaf = chain_leaf(live->chain);
        if (live->role == ROLE_RECEIVED && live->state == SHARE_ACCEPTED && leaf->has_cites &&
            ID_IS_EQUAL(leaf->cites, grant->cites) && ID_IS_EQUAL(leaf->issuer, grant->issuer))
            return true;
    }
    return false;
}

static bool
is_known_grant(struct core *core, const struct object_id *gid)
{
    int64_t id;

    return store_number(core->store, &id, STMT_GRANT_FIND, "b", bytes_of(gid->b, ID_SIZE)) ==
           STATUS_OK;
}

static const char *
refuse_contribution(struct core *core, const struct grant *grant)
{
    struct invited cited = invited_by(core, &grant->cites);
    const struct grant *leaf = cited.grant;

    if (leaf == NULL)
        return is_known_grant(core, &grant->cites) ? "LAPSED" : "UNKNOWN";
    if (!ID_IS_EQUAL(leaf->audience, grant->issuer))
        return "NOT_YOURS";
    if (chain_end(cited.live->chain).ms <= core_wall(core).ms)
        return "LAPSED";
    /* A company of the chain takes rows when the terms let everybody see them. */
    bool is_ours = ID_IS_EQUAL(leaf->owner, core->me);
    if ((leaf->actions & ACTION_CONTRIBUTE) == 0 || !leaf->has_terms ||
        (!is_ours && !leaf->terms.chain))
        return "NOT_ASKED";
    if (grant->selector != SELECTOR_TREE || leaf->selector != SELECTOR_TREE ||
        !ID_IS_EQUAL(grant->tree, leaf->tree))
        return "OTHER_EVENT";
    if (grant->depth > 0)
        return "PASS_ON";
    if (!are_fields_asked_for(core, grant, &leaf->terms))
        return "FIELDS";
    if (leaf->terms.closes.ms != 0 && leaf->terms.closes.ms <= core_wall(core).ms)
        return "DEADLINE";
    return is_there_one(core, grant) ? "TWICE" : NULL;
}

static const char *
refuse_feedback(struct core *core, const struct grant *grant)
{
    const struct live *cited = live_by_gid(core, &grant->cites, ROLE_GIVEN);
    const struct type *activity = dictionary_find_name(core->dictionary, "activity");

    if (cited == NULL || cited->kind != OFFER_CONTRIBUTION)
        return is_known_grant(core, &grant->cites) ? "LAPSED" : "UNKNOWN";
    if (!ID_IS_EQUAL(chain_leaf(cited->chain)->audience, grant->issuer))
        return "NOT_YOURS";
    if (grant->selector != SELECTOR_TREE || memcmp(grant->tree.b, grant->cites.b, ID_SIZE) != 0)
        return "OTHER_EVENT";
    for (size_t i = 0; i < grant->field_count; i++)
        if (!key_is_equal(grant->fields[i].type, activity->key))
            return "FIELDS";
    return is_there_one(core, grant) ? "TWICE" : NULL;
}

const char *
contribution_refusal(struct core *core, const struct verified_chain *chain,
                     enum offer_kind kind)
{
    const struct grant *grant = chain_leaf(chain);

    if (!grant->has_cites || chain_length(chain) != 1)
        return "UNKNOWN";
    return kind == OFFER_CONTRIBUTION ? refuse_contribution(core, grant)
                                      : refuse_feedback(core, grant);
}

/* ---- giving ------------------------------------------------------------------------------- */

static enum status
offer_of(struct core *core, const struct live *live, const struct contribution_give *how,
         struct signed_object *object)
{
    struct offer offer = { .author = core->me,
                           .audience = how->to->node,
                           .grant = *chain_leaf_id(live->chain),
                           .kind = how->kind,
                           .title = how->title,
                           .note = "",
                           .count = (uint32_t)how->count,
                           .offered = core_wall(core) };

    return core_sign(core, SIGN_OFFER, wire_offer_format(&offer, core->round), object);
}

enum status
contribution_give(struct core *core, struct grant *grant, const struct contribution_give *how,
                  struct live **out)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct signed_object link, offer;
    struct chain_fault fault;
    struct live made = { 0 };

    grant->issuer = core->me;
    grant->owner = core->me;
    grant->audience = how->to->node;
    grant->actions = ACTION_READ;
    core->env.random(core->env.self, grant->nonce, sizeof(grant->nonce));
    TRY(core_sign(core, SIGN_GRANT, wire_grant_format(grant, core->round), &link));
    TRY(chain_check(core, &link, 1, &chain, &fault));
    made.chain = chain;
    TRY(offer_of(core, &made, how, &offer));
    struct share_row row = { .role = ROLE_GIVEN,
                             .partner = how->to->id,
                             .state = SHARE_OFFERED,
                             .kind = how->kind,
                             .title = how->title,
                             .note = "",
                             .count = how->count,
                             .offer = wire_signed_object_format(&offer, core->round),
                             .oid = digest_object_id(offer.body) };
    TRY(grants_keep(core, &link, chain, &row.leaf));
    TRY(share_add(core, &row, &chain, out));
    TRY(audit_add(core, how->actor, "share.created", bytes_of(row.oid.b, ID_SIZE), link.body));
    return offer_send(core, *out);
}

static int
compare_fields(const void *a, const void *b)
{
    return grant_field_compare(a, b);
}

enum status
contribution_title(struct core *core, const struct object_id *cited, const char **out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SHARE_TITLE);

    *out = "";
    stmt_bind(q, "b", bytes_of(cited->b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s == STATUS_OK)
        *out = arena_text(core->round, bytes_text(stmt_text(q, 0)));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What becomes of its rows goes back to the bringer under a grant that hangs on the contribution. */
static enum status
give_feedback(struct core *core, const struct live *contribution)
{
    const struct type *activity = dictionary_find_name(core->dictionary, "activity");
    const struct grant *leaf = chain_leaf(contribution->chain);
    struct grant_field fields[COUNT_OF(feedback_fields)];
    struct contribution_give how = { .to = company_by_id(core, contribution->partner),
                                     .kind = OFFER_FEEDBACK,
                                     .title = "", /* nothing of the event leaves with it (P2) */
                                     .actor = "node" };
    struct grant grant = { .selector = SELECTOR_TREE,
                           .fields = fields,
                           .not_before = core_wall(core),
                           .not_after = leaf->not_after,
                           .purposes = leaf->purposes,
                           .purpose_count = leaf->purpose_count,
                           .receipt = true,
                           .has_cites = true,
                           .cites = *chain_leaf_id(contribution->chain) };
    struct live *made;

    for (size_t i = 0; i < COUNT_OF(feedback_fields); i++) {
        const struct type_field *f = type_field_find_name(activity, feedback_fields[i]);
        if (f != NULL)
            fields[grant.field_count++] = (struct grant_field){ activity->key, f->key };
    }
    qsort(fields, grant.field_count, sizeof(*fields), compare_fields);
    memcpy(grant.tree.b, grant.cites.b, ID_SIZE);
    return contribution_give(core, &grant, &how, &made);
}

/* ---- answering ---------------------------------------------------------------------------- */

static enum status
accepted(struct core *core, int64_t share)
{
    struct live *live = live_by_share(core, share);
    const struct grant *leaf = chain_leaf(live->chain);
    int64_t cited;

    TRY(share_move(core, live, SHARE_ACCEPTED, ""));
    TRY(receipt_applied(core, live->leaf));
    TRY(store_number(core->store, &cited, STMT_GRANT_FIND, "b",
                     bytes_of(leaf->cites.b, ID_SIZE)));
    if (live->kind == OFFER_FEEDBACK)
        return STATUS_OK;
    TRY(store_exec(core->store, STMT_CONTRIBUTION_ADD, "iib", share, cited,
                   bytes_of(leaf->tree.b, ID_SIZE)));
    struct invited asked = invited_by(core, &leaf->cites);
    assert(asked.grant != NULL); /* the rule found it */
    return ID_IS_EQUAL(asked.grant->owner, core->me) ? give_feedback(core, live) : STATUS_OK;
}

enum status
contribution_answer(struct core *core, int64_t share)
{
    struct live *live = live_by_share(core, share);
    const char *code = contribution_refusal(core, live->chain, live->kind);
    struct answer answer = { .accepted = code == NULL, .reason = code == NULL ? "" : code };

    int64_t leaf = live->leaf;

    TRY(answer_send(core, "node", live, &answer));
    if (code == NULL)
        return accepted(core, share);
    TRY(share_move(core, live, SHARE_DECLINED, code));
    return receipt_erase(core, leaf, NULL, 0, "DECLINED");
}
