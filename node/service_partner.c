/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_partner.c - the trust list: inviting, comparing words, trusting, suspending, removing.
 */
#include <string.h>
#include <strings.h>

#include "node/keys.h"
#include "node/light.h"
#include "node/route_priv.h"
#include "node/service_priv.h"
#include "node/withdrawal.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { DAYS_DEFAULT = 7, DAYS_MOST = 90, DAY_MS = 24 * 3600 * 1000, LEAVE_MS = 3000 };

/* ---- showing ------------------------------------------------------------------------------ */

static const struct link_view *
link_of(struct call *call, int64_t company)
{
    for (size_t i = 0; i < call->core->link_count; i++)
        if (call->core->links[i].company == company)
            return &call->core->links[i];
    return NULL;
}

static void
put_link(struct call *call, int64_t company, json_t *o)
{
    (void)pthread_mutex_lock(&call->core->view_lock);
    const struct link_view *v = link_of(call, company);
    bool up = v != NULL && v->state == PEER_READY;
    reply_set(o, "link", json_string(up ? "up" : "down"));
    if (v != NULL && v->clock_off)
        reply_set(o, "clock_offset_ms", json_integer(v->clock_offset_ms));
    if (v != NULL && v->frozen)
        reply_set(o, "frozen", json_true());
    (void)pthread_mutex_unlock(&call->core->view_lock);
}

/* Columns of COMPANY_LIST and COMPANY_GET. */
static json_t *
company_json(struct call *call, struct stmt *q)
{
    enum { ID, NODE, NAME, COUNTRY, STATE, BY, SINCE, BY_NAME };
    json_t *o = json_object();
    struct node_id node;

    stmt_copy(q, NODE, node.b, ID_SIZE);
    reply_set(o, "id", json_id(node.b));
    reply_set(o, "name", json_words(stmt_text(q, NAME)));
    reply_set(o, "country", json_words(stmt_text(q, COUNTRY)));
    reply_set(o, "state",
              json_words(company_state_name((enum company_state)stmt_int(q, STATE))));
    reply_set(o, "since", json_time((struct wall_ms){ stmt_int(q, SINCE) }));
    bool by_file = stmt_int(q, STATE) == COMPANY_LIGHT; /* no keys to compare, no link */
    reply_set(o, "words",
              by_file ? json_null()
                      : json_words(fingerprint_text(&call->core->me, &node, call->arena)));
    if (stmt_int(q, BY) != 0)
        reply_set(o, "introduced_by", json_words(stmt_text(q, BY_NAME)));
    put_link(call, stmt_int(q, ID), o);
    if (by_file)
        reply_set(o, "link", json_null());
    return o;
}

enum status
service_partner_list(struct call *call)
{
    return page_rows(call, STMT_COMPANY_LIST, company_json);
}

/* That what we send there needs no ground, since when, and where that is written. */
static enum status
put_waiver(struct call *call, int64_t company)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_WAIVER);

    stmt_bind(q, "i", company);
    enum status s = stmt_step(q);
    reply_set(call->reply, "consent_waived", json_boolean(s == STATUS_OK));
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    reply_set(call->reply, "waived", json_time((struct wall_ms){ stmt_int(q, 0) }));
    reply_set(call->reply, "waiver", json_words(stmt_text(q, 1)));
    return STATUS_OK;
}

enum status
partner_show(struct call *call, int64_t company)
{
    int64_t due, control, frames;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COMPANY_GET);
        stmt_bind(q, "i", company);
        TRY(stmt_step(q));
        call->reply = company_json(call, q);
    }
    struct company_name name;
    TRY(company_name(call, company, &name));
    reply_set(call->reply, "verified", json_boolean(company_name_is_verified(&name)));
    TRY(store_number(call->store, &due, STMT_DUE_COUNT, "i", company));
    TRY(store_number(call->store, &control, STMT_CONTROL_COUNT, "i", company));
    TRY(store_number(call->store, &frames, STMT_FRAME_COUNT, "i", company));
    reply_set(call->reply, "records_waiting", json_integer(due));
    reply_set(call->reply, "messages_waiting", json_integer(control + frames));
    TRY(light_company_put(call, company, call->reply));
    return put_waiver(call, company);
}

enum status
service_partner_show(struct call *call)
{
    int64_t company;

    TRY(find_company(call, arg_text(call, "partner"), &company));
    return partner_show(call, company);
}

/* ---- inviting ----------------------------------------------------------------------------- */

static enum status
drop_ended(struct call *call)
{
    for (;;) {
        uint8_t guest[ID_SIZE];
        {
            AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_INVITATION_ENDED);
            stmt_bind(q, "i", call->now.ms);
            enum status s = stmt_step(q);
            if (s != STATUS_OK)
                return s == STATUS_NOT_FOUND ? STATUS_OK : s;
            stmt_copy(q, 0, guest, ID_SIZE);
        }
        TRY(store_exec(call->store, STMT_INVITATION_DROP, "b", bytes_of(guest, ID_SIZE)));
    }
}

static enum status
invitation_keep(struct call *call, struct invitation *in)
{
    struct link_peer peer = { .role = ADMIT_GUEST };

    call->core->env.random(call->core->env.self, in->token, sizeof(in->token));
    call->core->env.random(call->core->env.self, in->guest_secret, sizeof(in->guest_secret));
    call->core->env.random(call->core->env.self, peer.node.b, ID_SIZE);
    TRY(invitation_guest_key(in->guest_secret, &peer.transport_key));
    TRY(store_exec(call->store, STMT_INVITATION_ADD, "bbbi", bytes_of(in->token, 16),
                   bytes_of(peer.node.b, ID_SIZE), bytes_of(peer.transport_key.b, 32),
                   in->ends.ms));
    core_order(call->core, LINK_ADMIT, &peer, 0);
    struct digest token = digest_plain(bytes_of(in->token, sizeof(in->token)));
    return audit_add(call->core, call->actor, "partner.invited", bytes_of(token.b, ID_SIZE),
                     (struct bytes){ 0 });
}

enum status
service_partner_invite(struct call *call)
{
    int64_t days = arg_integer(call, "days", DAYS_DEFAULT);
    struct invitation in = { 0 };

    if (days < 1 || days > DAYS_MOST)
        return diag_say(call->diag, STATUS_USAGE, "partner.days", NULL);
    if (call->core->companies[0]->endpoint == NULL)
        return diag_say(call->diag, STATUS_CONFIG, "partner.no_endpoint", NULL);
    TRY(drop_ended(call));
    TRY(keys_linked(call->core, call->arena, &in.descriptor));
    in.ends.ms = call->now.ms + days * DAY_MS;
    TRY(invitation_keep(call, &in));
    const char *text = invitation_format(&in, call->arena);
    call->reply = json_object();
    reply_set(call->reply, "text", json_words(arena_printf(call->arena, "%s\n", text)));
    reply_set(call->reply, "ends", json_time(in.ends));
    return STATUS_OK;
}

/* ---- accepting ---------------------------------------------------------------------------- */

static enum status
check_invitation(struct call *call, const struct invitation *in, struct descriptor **d)
{
    struct node_id node;

    if (in->ends.ms <= call->now.ms)
        return diag_say(call->diag, STATUS_EXPIRED, "invitation.ended", NULL);
    enum status s = descriptor_verify(&in->descriptor, call->now, call->arena, d, &node);
    if (s != STATUS_OK)
        return diag_say(call->diag, s, "invitation.descriptor", NULL);
    if (ID_IS_EQUAL(node, call->core->me))
        return diag_say(call->diag, STATUS_CONFLICT, "invitation.own", NULL);
    if ((*d)->endpoint_count == 0)
        return diag_say(call->diag, STATUS_MALFORMED, "invitation.no_endpoint", NULL);
    return STATUS_OK;
}

static enum status
become_guest(struct call *call, struct company *c, const struct invitation *in)
{
    memcpy(c->token, in->token, sizeof(c->token));
    memcpy(c->guest_secret, in->guest_secret, sizeof(c->guest_secret));
    call->core->env.random(call->core->env.self, c->guest_node.b, ID_SIZE);
    c->is_guest = true;
    TRY(store_exec(call->store, STMT_COMPANY_GUEST, "ibbb", c->id, bytes_of(c->token, 16),
                   bytes_of(c->guest_secret, 32), bytes_of(c->guest_node.b, ID_SIZE)));
    struct link_peer peer = { .node = c->guest_node,
                              .role = ADMIT_HOST,
                              .transport_key = c->transport_key,
                              .dial = c->endpoint };
    memcpy(peer.client_secret, c->guest_secret, sizeof(peer.client_secret));
    core_order(call->core, LINK_ADMIT, &peer, 0);
    return audit_add(call->core, call->actor, "partner.accepted", bytes_of(c->node.b, ID_SIZE),
                     (struct bytes){ 0 });
}

static const struct company *
company_of_descriptor(struct call *call, const struct descriptor *d)
{
    struct node_id node = digest_node_id(&d->root_key);

    return company_find(call->core, &node);
}

enum status
service_partner_accept(struct call *call)
{
    struct invitation *in;
    struct descriptor *d;
    struct company *c;

    if (invitation_parse(bytes_text(arg_text(call, "invitation")), call->arena, &in) !=
        STATUS_OK)
        return diag_say(call->diag, STATUS_MALFORMED, "invitation.damaged", NULL);
    TRY(check_invitation(call, in, &d));
    const struct company *known = company_of_descriptor(call, d);
    uint64_t serial = known != NULL ? known->serial : 0;
    TRY(company_learn(call->core, &in->descriptor, COMPANY_INVITED, 0, &c));
    if ((c->state == COMPANY_TRUSTED || c->state == COMPANY_SUSPENDED) && c->serial > serial)
        return partner_show(call, c->id); /* new keys of a partner, by hand */
    if (c->state == COMPANY_TRUSTED || c->state == COMPANY_SUSPENDED)
        return diag_say(call->diag, STATUS_CONFLICT, "invitation.known", c->name, NULL);
    if (c->state != COMPANY_INVITED)
        TRY(company_set_state(call->core, c, COMPANY_INVITED));
    TRY(become_guest(call, c, in));
    return partner_show(call, c->id);
}

/* ---- trusting ----------------------------------------------------------------------------- */

static bool
are_same_words(const char *typed, const char *words)
{
    while (*typed != '\0' || *words != '\0') {
        while (*typed == ' ' || *typed == ',' || *typed == '-' || *typed == '\n')
            typed++;
        while (*words == ' ')
            words++;
        size_t a = strcspn(typed, " ,-\n"), b = strcspn(words, " ");
        if (a != b || strncasecmp(typed, words, a) != 0)
            return false;
        typed += a;
        words += b;
    }
    return true;
}

enum status
service_partner_trust(struct call *call)
{
    const char *typed = arg_text(call, "words");
    int64_t id;

    TRY(find_company(call, arg_text(call, "partner"), &id));
    struct company *c = company_by_id(call->core, id);
    if (c->state == COMPANY_LIGHT)
        return diag_say(call->diag, STATUS_CONFLICT, "light.no_node", c->name, NULL);
    if (typed != NULL &&
        !are_same_words(typed, fingerprint_text(&call->core->me, &c->node, call->arena)))
        return diag_say(call->diag, STATUS_DENIED, "partner.words_differ", c->name, NULL);
    if (c->state == COMPANY_TRUSTED && !peer_is_frozen(c->peer))
        return partner_show(call, id);
    if (c->state == COMPANY_INTRODUCED || c->state == COMPANY_REMOVED)
        return diag_say(call->diag, STATUS_CONFLICT, "partner.invite_first", c->name, NULL);
    if (c->peer != NULL)
        TRY(peer_thaw(c->peer));
    TRY(company_set_state(call->core, c, COMPANY_TRUSTED));
    TRY(audit_add(call->core, call->actor, "partner.trusted", bytes_of(c->node.b, ID_SIZE),
                  (struct bytes){ 0 }));
    return partner_show(call, id);
}

/* Met through a chain only: its words were compared, so the keys that we were told are its own. */
enum status
service_partner_confirm(struct call *call)
{
    const char *typed = arg_text(call, "words");
    int64_t id;

    TRY(find_company(call, arg_text(call, "partner"), &id));
    const struct company *c = company_by_id(call->core, id);
    if (c->state != COMPANY_INTRODUCED)
        return diag_say(call->diag, STATUS_CONFLICT, "partner.not_introduced", c->name, NULL);
    if (!are_same_words(typed, fingerprint_text(&call->core->me, &c->node, call->arena)))
        return diag_say(call->diag, STATUS_DENIED, "partner.words_differ", c->name, NULL);
    TRY(store_exec(call->store, STMT_COMPANY_CONFIRM, "ii", id, call->now.ms));
    TRY(audit_add(call->core, call->actor, "partner.confirmed", bytes_of(c->node.b, ID_SIZE),
                  (struct bytes){ 0 }));
    return partner_show(call, id);
}

/* ---- consent waived in writing ------------------------------------------------------------ */

static enum status
waive(struct call *call, struct company *c, const char *note)
{
    if (note == NULL || *note == '\0')
        return diag_say(call->diag, STATUS_USAGE, "partner.waiver_note", c->name, NULL);
    if (strlen(note) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    TRY(store_exec(call->store, STMT_COMPANY_WAIVE, "iti", c->id, note, call->now.ms));
    TRY(records_queue_left_out(call->core, c->id));
    return audit_add(call->core, call->actor, "partner.consent_waived",
                     bytes_of(c->node.b, ID_SIZE), bytes_text(note));
}

static enum status
waive_no_more(struct call *call, struct company *c)
{
    TRY(store_exec(call->store, STMT_COMPANY_WAIVE, "inn", c->id));
    return audit_add(call->core, call->actor, "partner.consent_needed",
                     bytes_of(c->node.b, ID_SIZE), (struct bytes){ 0 });
}

enum status
service_partner_waive(struct call *call)
{
    bool is_end = arg_is_set(call, "end");
    int64_t id;

    TRY(find_company(call, arg_text(call, "partner"), &id));
    struct company *c = company_by_id(call->core, id);
    if (is_end && arg_text(call, "note") != NULL)
        return diag_say(call->diag, STATUS_USAGE, "partner.waiver_end", NULL);
    TRY(is_end ? waive_no_more(call, c) : waive(call, c, arg_text(call, "note")));
    TRY(partner_show(call, id));
    bool was = c->consent_waived;
    c->consent_waived = !is_end; /* what is made anew is decided by it */
    enum status s = is_end ? STATUS_OK : withdrawal_renew(call->core, id, call->actor);
    if (s != STATUS_OK)
        c->consent_waived = was;
    return s;
}

/* ---- suspending, removing ----------------------------------------------------------------- */

static bool
chain_names(const struct live *live, const struct company *c)
{
    for (size_t k = 0; live != NULL && k < chain_length(live->chain); k++)
        if (ID_IS_EQUAL(chain_link(live->chain, k)->audience, c->node) ||
            ID_IS_EQUAL(chain_link(live->chain, k)->issuer, c->node))
            return true;
    return false;
}

/* What a share answers: it ends with that. */
static const struct live *
cited_by(struct core *core, const struct live *live)
{
    static const enum share_role roles[] = { ROLE_NOTED, ROLE_GIVEN, ROLE_RECEIVED };
    const struct grant *leaf = chain_leaf(live->chain);
    const struct live *cited = NULL;

    for (size_t i = 0; leaf->has_cites && cited == NULL && i < COUNT_OF(roles); i++)
        cited = live_by_gid(core, &leaf->cites, roles[i]);
    return cited;
}

/* Does it reach us through this partner and nobody else? */
static bool
is_stranded(struct core *core, const struct company *c, const struct company *by)
{
    bool is_by = false, is_other = false;

    for (size_t i = 0; i < core->live_count; i++) {
        struct way way;
        if (!route_find_by(core, c, chain_leaf_id(core->lives[i].chain), &way))
            continue;
        is_by = is_by || way.hop == by;
        is_other = is_other || way.hop != by;
    }
    return is_by && !is_other;
}

/* Whom only this partner connects with us: what of theirs is here, of ours there, and what waits for them. */
static enum status
stranded(struct call *call, const struct company *by)
{
    struct core *core = call->core;
    json_t *list = json_array();

    reply_set(call->reply, "stranded", list);
    for (size_t i = 0; i < core->company_count; i++) {
        const struct company *c = core->companies[i];
        int64_t here, there, waiting;
        if (c->id == COMPANY_US || c->peer != NULL || !is_stranded(core, c, by))
            continue;
        TRY(store_number(call->store, &here, STMT_HELD_OF, "i", c->id));
        TRY(store_number(call->store, &there, STMT_HELD_BY, "i", c->id));
        TRY(store_number(call->store, &waiting, STMT_WAITING_COUNT, "i", c->id));
        const char *name[] = { c->name };
        json_t *o = json_object();
        reply_set(o, "company", json_words(c->name));
        reply_set(o, "rows_here", json_integer(here));
        reply_set(o, "rows_there", json_integer(there));
        reply_set(o, "waiting", json_integer(waiting));
        reply_set(o, "what_to_do",
                  json_words(text_format(call->language, "letter.do", name, 1, call->arena)));
        (void)json_array_append_new(list, o);
    }
    return STATUS_OK;
}

/* What stands or falls with this partner: shares given and received, those further down, and what answers them. */
static enum status
consequences(struct call *call, int64_t company)
{
    const struct company *c = company_by_id(call->core, company);
    json_t *list = json_array();
    int64_t due;

    for (size_t i = 0; i < call->core->live_count; i++) {
        const struct live *live = &call->core->lives[i];
        if (live->partner != company && !chain_names(live, c) &&
            !chain_names(cited_by(call->core, live), c))
            continue;
        json_t *o = json_object();
        const struct company *other = company_by_id(call->core, live->partner);
        reply_set(o, "share", json_id(chain_leaf_id(live->chain)->b));
        reply_set(o, "role",
                  json_string(live->role == ROLE_GIVEN      ? "given"
                              : live->role == ROLE_RECEIVED ? "received"
                                                            : "passed on"));
        reply_set(o, "partner", json_words(other == NULL ? "" : other->name));
        reply_set(o, "state", json_words(share_state_name(live->state)));
        (void)json_array_append_new(list, o);
    }
    TRY(store_number(call->store, &due, STMT_DUE_COUNT, "i", company));
    reply_set(call->reply, "shares", list);
    reply_set(call->reply, "records_waiting", json_integer(due));
    return STATUS_OK;
}

static enum status
find_partner(struct call *call, struct company **out)
{
    int64_t id;

    TRY(find_company(call, arg_text(call, "partner"), &id));
    *out = company_by_id(call->core, id);
    TRY(partner_show(call, id));
    return consequences(call, id);
}

enum status
service_partner_suspend(struct call *call)
{
    struct company *c;

    TRY(find_partner(call, &c));
    if (c->state != COMPANY_TRUSTED && c->state != COMPANY_SUSPENDED)
        return diag_say(call->diag, STATUS_CONFLICT,
                        c->state == COMPANY_LIGHT ? "light.no_node" : "partner.not_trusted",
                        c->name, NULL);
    reply_set(call->reply, "preview", json_boolean(arg_is_set(call, "preview")));
    if (arg_is_set(call, "preview") || c->state == COMPANY_SUSPENDED)
        return STATUS_OK;
    TRY(company_set_state(call->core, c, COMPANY_SUSPENDED));
    TRY(audit_add(call->core, call->actor, "partner.suspended", bytes_of(c->node.b, ID_SIZE),
                  (struct bytes){ 0 }));
    reply_set(call->reply, "state", json_string("suspended"));
    reply_set(call->reply, "link", json_string("down"));
    service_wait(call, &c->node, 0);
    return STATUS_OK;
}

/* Every grant between us falls: what we gave with a signed word to the partner, what we got without. */
static enum status
revoke_both_ways(struct call *call, const struct company *c)
{
    struct core *core = call->core;

    for (size_t i = 0; i < core->live_count;) {
        const struct live *live = &core->lives[i];
        if (live->partner != c->id || live->role == ROLE_NOTED) {
            i++;
            continue;
        }
        struct object_id gid = *chain_leaf_id(live->chain);
        TRY(grant_fall(core, &gid, &core->me, (struct bytes){ 0 }, SHARE_STOPPED,
                       "partner removed"));
        i = 0;
    }
    return STATUS_OK;
}

enum status
service_partner_remove(struct call *call)
{
    struct company *c;

    TRY(find_partner(call, &c));
    TRY(stranded(call, c));
    reply_set(call->reply, "preview", json_boolean(arg_is_set(call, "preview")));
    if (arg_is_set(call, "preview") || c->state == COMPANY_REMOVED)
        return STATUS_OK;
    bool was_linked = c->state == COMPANY_TRUSTED;
    TRY(revoke_both_ways(call, c));
    TRY(store_exec(call->store, STMT_CARRY_LOSE, "i", c->id));
    TRY(store_exec(call->store, STMT_LIGHT_FORGET, "i", c->id));
    TRY(company_set_state(call->core, c, COMPANY_REMOVED));
    c->leaving = c->peer != NULL;
    c->leave_at.ms = core_mono(call->core).ms + (was_linked ? LEAVE_MS : 0);
    TRY(audit_add(call->core, call->actor, "partner.removed", bytes_of(c->node.b, ID_SIZE),
                  (struct bytes){ 0 }));
    reply_set(call->reply, "state", json_string("removed"));
    return STATUS_OK;
}
