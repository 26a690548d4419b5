/* SPDX-License-Identifier: Apache-2.0
 *
 * node/heads.c - heads: signing and renewing those of our own roots, taking and handing down those of others.
 *
 * 1. A root needs a head only while somebody below its audience holds something: direct shares cost nothing.
 * 2. Numbers of a root only grow, also over a restore: the incarnation is their upper half.
 * 3. Of several heads of a root that wait for a partner only the newest goes.
 */
#include "node/heads.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { TELL_MOST = 64 /* heads signed in one round */ };

/* ---- what is kept ------------------------------------------------------------------------- */

struct kept {
    int64_t root; /* grants.id */
    uint64_t number;
    struct bytes object;
    int64_t source;
    struct wall_ms expires;
};

/* STATUS_NOT_FOUND: none, or only the wish for one. */
static enum status
kept_get(struct core *core, int64_t root, struct arena *arena, struct kept *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HEAD_GET);

    *out = (struct kept){ .root = root };
    stmt_bind(q, "i", root);
    TRY(stmt_step(q));
    out->number = (uint64_t)stmt_int(q, 0);
    out->object = arena_copy(arena, stmt_bytes(q, 1));
    out->source = stmt_int(q, 2);
    out->expires.ms = stmt_int(q, 3);
    return out->number == 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

enum status
heads_until(struct store *st, int64_t leaf, struct wall_ms *out)
{
    enum status s = store_number(st, &out->ms, STMT_HEAD_UNTIL, "i", leaf);

    if (s == STATUS_NOT_FOUND)
        out->ms = 0;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* grants.id of the first link. */
static enum status
root_of(struct core *core, const struct verified_chain *chain, int64_t *out)
{
    return store_number(core->store, out, STMT_GRANT_FIND, "b",
                        bytes_of(chain_link_id(chain, 0)->b, ID_SIZE));
}

/* The newest goes, whatever waited before it does not. */
static enum status
queue(struct core *core, const struct live *live, struct bytes body)
{
    if (live->state == SHARE_FILED)
        return STATUS_OK; /* a company without a node passes nothing on */
    TRY(store_exec(core->store, STMT_CONTROL_DROP_HEAD, "ii", live->partner, live->share));
    return control_queue(core, live->partner, MESSAGE_HEAD, body, live->share);
}

/* ---- our own roots ------------------------------------------------------------------------ */

enum status
heads_lease(struct store *st, int64_t *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes kept;
    enum status s = store_meta_get(st, "lease-ms", arena, &kept);

    *out = LEASE_MS_MAX;
    if (s == STATUS_OK && kept.len == 4)
        *out = get_u32(kept.data);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
heads_changed(struct core *core, int64_t leaf)
{
    int64_t root;
    enum status s = store_number(core->store, &root, STMT_HEAD_OWN_ROOT, "i", leaf);

    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    core->heads_wait = true;
    return store_exec(core->store, STMT_HEAD_WANT, "i", root);
}

/* What is revoked below a root and would not end by itself, topmost only. *count over the limit: too many to name. */
static enum status
revoked_below(struct core *core, int64_t root, struct arena *arena, struct head *head)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HEAD_REVOKED);
    enum status s;

    head->revoked = ARENA_ARRAY(arena, struct object_id, HEAD_REVOKED_MAX + 1);
    stmt_bind(q, "iii", root, core_wall(core).ms, (int64_t)HEAD_REVOKED_MAX + 1);
    while ((s = stmt_step(q)) == STATUS_OK)
        stmt_copy(q, 0, head->revoked[head->revoked_count++].b, ID_SIZE);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
sign_head(struct core *core, const struct live *live, uint64_t last, struct arena *arena)
{
    struct head head = { .author = core->me,
                         .grant = *chain_leaf_id(live->chain),
                         .number = (uint64_t)core->incarnation << 32,
                         .issued = core_wall(core) };
    struct signed_object object;
    int64_t lease;

    TRY(heads_lease(core->store, &lease));
    TRY(revoked_below(core, live->leaf, arena, &head));
    if (head.revoked_count > HEAD_REVOKED_MAX) {
        LOG(LOG_WARN, "head.too_many", log_id("grant", head.grant.b));
        return store_exec(core->store, STMT_HEAD_RENEW, "ii", live->leaf,
                          head.issued.ms + lease);
    }
    head.number = (head.number > last ? head.number : last) + 1;
    head.expires.ms = head.issued.ms + lease;
    TRY(core_sign(core, SIGN_HEAD, wire_head_format(&head, arena), &object));
    TRY(store_exec(core->store, STMT_HEAD_PUT, "iibiii", live->leaf, (int64_t)head.number,
                   wire_signed_object_format(&object, arena), (int64_t)COMPANY_US,
                   head.expires.ms, head.issued.ms + lease / 3));
    return queue(core, live, wire_signed_body_format(&object, arena));
}

/* The next head that is due. A renewal that nobody needs is the last. */
static enum status
tell_next(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    int64_t root, number, renew, one;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_HEAD_DUE);
        stmt_bind(q, "i", core_wall(core).ms);
        TRY(stmt_step(q));
        root = stmt_int(q, 0);
        number = stmt_int(q, 1);
        renew = stmt_int(q, 2);
    }
    TRY(core_need_txn(core));
    const struct live *live = live_by_leaf(core, root, ROLE_GIVEN);
    enum status s = live == NULL ? STATUS_NOT_FOUND
                    : renew == 0 ? STATUS_OK
                                 : store_number(core->store, &one, STMT_HEAD_NEEDED, "i", root);
    if (s == STATUS_NOT_FOUND)
        return store_exec(core->store, STMT_HEAD_RENEW, "ii", root, INT64_MAX);
    TRY(s);
    return sign_head(core, live, (uint64_t)number, arena);
}

enum status
heads_tell(struct core *core)
{
    for (int i = 0; i < TELL_MOST && core->heads_wait; i++) {
        enum status s = tell_next(core);
        if (s == STATUS_NOT_FOUND)
            core->heads_wait = false;
        if (s == STATUS_NOT_FOUND || s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
    }
    return STATUS_OK;
}

/* ---- others' roots ------------------------------------------------------------------------ */

/* Two heads that cannot both be: the pair is kept, and what came is refused. */
static enum status
keep_fault(struct taking *t, const struct kept *kept, struct bytes refused, enum status why)
{
    TRY(store_exec(t->core->store, STMT_HEAD_FAULT, "iiibb", kept->root, t->from->id,
                   core_wall(t->core).ms, kept->object, refused));
    dead_letter(t->core, t->from->id, t->env, why, "head");
    return STATUS_OK;
}

/* Is it signed with a key that still counts? A thief may have used the highest number there is. */
static bool
counts(struct taking *t, const struct kept *kept)
{
    struct key_directory keys = company_keys_of(t->core);
    struct signed_object *object;
    struct head *head;

    return wire_signed_object_parse(kept->object, t->arena, &object) == STATUS_OK &&
           wire_head_parse(object->body, t->arena, &head) == STATUS_OK &&
           object_verify(SIGN_HEAD, object, &head->author, &head->audience, &head->audience,
                         &keys) == STATUS_OK;
}

/* Against the newest that we have. *is_news: it is newer. */
static enum status
compare(struct taking *t, const struct head *head, struct bytes object, int64_t root,
        bool *is_news)
{
    struct kept kept;
    enum status s = kept_get(t->core, root, t->arena, &kept);

    *is_news = s == STATUS_NOT_FOUND || (s == STATUS_OK && head->number > kept.number);
    if (s == STATUS_NOT_FOUND || *is_news)
        return STATUS_OK;
    TRY(s);
    *is_news = !counts(t, &kept);
    if (*is_news)
        return STATUS_OK;
    if (head->number == kept.number)
        return bytes_is_equal(kept.object, object)
                   ? STATUS_OK
                   : keep_fault(t, &kept, object, STATUS_EQUIVOCATION);
    /* By a longer way an older one may come later; from the same company it is taken back. */
    return kept.source == t->from->id ? keep_fault(t, &kept, object, STATUS_REPLAY) : STATUS_OK;
}

/* Its author is the owner, the grant a root of its own. */
static enum status
check_author(struct taking *t, const struct head *head, int64_t root)
{
    enum { PARENT = 2, ISSUER, OWNER = 5 };
    const struct company *author = company_find(t->core, &head->author);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_GRANT_GET);

    stmt_bind(q, "i", root);
    TRY(stmt_step(q));
    t->detail = "author";
    if (author == NULL || stmt_int(q, PARENT) != 0 || stmt_int(q, ISSUER) != author->id ||
        stmt_int(q, OWNER) != author->id)
        return STATUS_FOREIGN_OWNER;
    t->detail = "issued_ms";
    return head->issued.ms > core_wall(t->core).ms + CLOCK_TOLERANCE_MS ? STATUS_NOT_YET
                                                                        : STATUS_OK;
}

/* Those named fall here, also when their revocation never came. */
static enum status
fall_named(struct core *core, const struct head *head, int64_t root)
{
    for (size_t i = 0; i < head->revoked_count; i++) {
        struct bytes gid = bytes_of(head->revoked[i].b, ID_SIZE);
        int64_t one;
        enum status s = store_number(core->store, &one, STMT_HEAD_FALLS, "bib", gid, root,
                                     bytes_of(head->author.b, ID_SIZE));
        if (s == STATUS_NOT_FOUND)
            continue; /* not of this root, not known, or fallen already */
        TRY(s);
        TRY(grant_fall(core, &head->revoked[i], &head->author, (struct bytes){ 0 },
                       SHARE_STOPPED, ""));
    }
    return STATUS_OK;
}

static bool
is_below(const struct live *live, const struct object_id *root)
{
    return chain_length(live->chain) > 1 && ID_IS_EQUAL(*chain_link_id(live->chain, 0), *root);
}

/* What was passed on is taken, and goes on, by it; those below us get it as it came. */
static enum status
hand_down(struct core *core, const struct head *head, struct bytes body)
{
    core->lives_version++;
    for (size_t i = 0; i < core->live_count; i++) {
        struct live *live = &core->lives[i];
        if (!is_below(live, &head->grant))
            continue;
        live->lease = head->expires;
        if (live->role == ROLE_GIVEN && live->state != SHARE_WAITING)
            TRY(queue(core, live, body));
    }
    return STATUS_OK;
}

static enum status
take_known(struct taking *t, const struct signed_object *object, const struct head *head,
           int64_t root)
{
    struct key_directory keys = company_keys_of(t->core);
    bool is_news;

    TRY(object_verify(SIGN_HEAD, object, &head->author, &head->audience, &head->audience,
                      &keys));
    TRY(check_author(t, head, root));
    if (ID_IS_EQUAL(head->author, t->core->me))
        return STATUS_OK; /* our own word, come back */
    struct bytes raw = wire_signed_object_format(object, t->arena);
    TRY(compare(t, head, raw, root, &is_news));
    if (!is_news)
        return STATUS_OK;
    TRY(store_exec(t->core->store, STMT_HEAD_PUT, "iibiii", root, (int64_t)head->number, raw,
                   t->from->id, head->expires.ms, INT64_MAX));
    TRY(fall_named(t->core, head, root));
    return hand_down(t->core, head, t->env->body);
}

enum status
heads_take(struct taking *t)
{
    struct signed_object *object;
    struct head *head;
    int64_t root;

    t->detail = "head";
    TRY(wire_signed_body_parse(t->env->body, t->arena, &object));
    TRY(wire_head_parse(object->body, t->arena, &head));
    enum status s = store_number(t->core->store, &root, STMT_GRANT_FIND, "b",
                                 bytes_of(head->grant.b, ID_SIZE));
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK; /* we never had anything of it: nothing hangs on it, nothing is kept */
    TRY(s);
    return take_known(t, object, head, root);
}

enum status
heads_staple(struct core *core, const struct live *live)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct kept kept;
    int64_t root;

    if (chain_length(live->chain) == 1)
        return STATUS_OK;
    TRY(root_of(core, live->chain, &root));
    enum status s = kept_get(core, root, arena, &kept);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    TRY(wire_signed_object_parse(kept.object, arena, &object));
    return queue(core, live, wire_signed_body_format(object, arena));
}

bool
heads_is_news(const struct core *core, const struct live *live)
{
    struct wall_ms until = { live->lease.ms + CLOCK_TOLERANCE_MS };

    return decide_lease(live->chain, until, core_wall(core)).stop == STOP_NONE;
}

enum status
heads_room(struct core *core, const struct verified_chain *chain)
{
    int64_t count;

    if (!ID_IS_EQUAL(*chain_owner(chain), core->me))
        return STATUS_OK;
    TRY(store_number(core->store, &count, STMT_HEAD_ROOM, "bi",
                     bytes_of(chain_link_id(chain, 0)->b, ID_SIZE), core_wall(core).ms));
    return count < HEAD_REVOKED_MAX ? STATUS_OK : STATUS_TOO_BIG;
}

static int
compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, ID_SIZE);
}

enum status
heads_check(struct core *core, const struct verified_chain *chain)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct head *head;
    struct kept kept;
    int64_t root;

    enum status s = root_of(core, chain, &root);
    if (s == STATUS_OK)
        s = kept_get(core, root, arena, &kept);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(wire_signed_object_parse(kept.object, arena, &object));
    TRY(wire_head_parse(object->body, arena, &head));
    for (size_t i = 1; i < chain_length(chain) && head->revoked_count > 0; i++)
        if (bsearch(chain_link_id(chain, i), head->revoked, head->revoked_count,
                    sizeof(*head->revoked), compare_ids) != NULL)
            return STATUS_REVOKED;
    return STATUS_OK;
}
