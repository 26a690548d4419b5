/* SPDX-License-Identifier: Apache-2.0
 *
 * node/revocation.c - what we take back, said to those whom it concerns (contract: node/revocation.h)
 */
#include "node/revocation.h"

#include "node/exchange_priv.h"
#include "schema/base/cleanup.h"

enum { TELL_MOST = 256 }; /* a round's share */

struct unsaid {
    int64_t id, grant, company;
    const char *reason;
    struct wall_ms at;
};

enum status
revocation_note(struct core *core, const struct live *live, int64_t company, const char *reason)
{
    core->revocations_unsaid = true;
    return store_exec(core->store, STMT_REVOCATION_NOTE, "iiti", live->leaf, company, reason,
                      core_wall(core).ms);
}

static enum status
next_unsaid(struct core *core, struct arena *arena, struct unsaid *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_REVOCATION_NEXT);

    TRY(stmt_step(q));
    *out = (struct unsaid){ .id = stmt_int(q, 0),
                            .grant = stmt_int(q, 1),
                            .company = stmt_int(q, 2),
                            .reason = arena_text(arena, bytes_text(stmt_text(q, 3))),
                            .at = { stmt_int(q, 4) } };
    return STATUS_OK;
}

/* As issuer of this link we may take it back in our own name. */
static enum status
sign(struct core *core, const struct unsaid *u, struct arena *arena, struct signed_object *out)
{
    struct grant_row row;

    TRY(grant_row_get(core, u->grant, arena, &row));
    struct revocation r = { .author = core->me,
                            .audience = row.grant->audience,
                            .owner = row.grant->owner,
                            .grant = row.gid,
                            .reason = u->reason,
                            .revoked = u->at };
    TRY(core_sign(core, SIGN_REVOCATION, wire_revocation_format(&r, arena), out));
    return store_exec(core->store, STMT_REVOKED_SIGNED, "bbb", bytes_of(row.gid.b, ID_SIZE),
                      bytes_of(core->me.b, ID_SIZE),
                      wire_signed_object_format(out, arena)); /* evidence */
}

enum status
revocation_tell(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object object = { 0 };
    int64_t signed_for = 0;

    for (int i = 0; i < TELL_MOST && core->revocations_unsaid; i++) {
        struct unsaid u;
        enum status s = next_unsaid(core, arena, &u);
        if (s == STATUS_NOT_FOUND)
            core->revocations_unsaid = false;
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        TRY(core_need_txn(core));
        if (u.grant != signed_for)
            s = sign(core, &u, arena, &object);
        if (s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
        signed_for = u.grant;
        TRY(control_queue(core, u.company, MESSAGE_REVOCATION,
                          wire_signed_body_format(&object, arena), 0));
        TRY(store_exec(core->store, STMT_REVOCATION_SAID, "i", u.id));
    }
    return STATUS_OK;
}
