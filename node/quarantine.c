/* SPDX-License-Identifier: Apache-2.0
 *
 * node/quarantine.c - restored from a copy: a new incarnation, and nothing is sent until each partner has said what it
 * knows and an admin confirmed (contract: node/quarantine.h).
 *
 * Everything that begins it is one transaction; the journal is written before, so that a start that breaks off in between
 * begins it again, with a later incarnation.
 */
#include "node/quarantine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/passon.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"

static const char *
path_of(struct core *core, const char *name)
{
    return arena_printf(core->round, "%s/%s", core->home, name);
}

/* ---- the journal -------------------------------------------------------------------------- */

static uint32_t
last_incarnation(const struct core *core)
{
    enum journal_kind kind;
    struct bytes content;
    uint32_t last = 0;

    for (size_t at = 0; journal_next(core->journal, &at, &kind, &content);) {
        struct reader r = reader_of(content);
        uint32_t here = kind == JOURNAL_INCARNATION ? reader_u32(&r) : 0;
        last = here > last ? here : last;
    }
    return last;
}

/* As the journal has it; COMPANY_STATE_COUNT_: not at all. */
static enum company_state
noted_state(const struct core *core, const struct node_id *node)
{
    enum company_state last = COMPANY_STATE_COUNT_;
    enum journal_kind kind;
    struct bytes content;

    for (size_t at = 0; journal_next(core->journal, &at, &kind, &content);)
        if (kind == JOURNAL_PARTNER && content.len == ID_SIZE + 1 &&
            memcmp(content.data, node->b, ID_SIZE) == 0)
            last = (enum company_state)content.data[ID_SIZE];
    return last;
}

void
quarantine_note_state(struct core *core, const struct company *company)
{
    uint8_t raw[ID_SIZE + 1];

    memcpy(raw, company->node.b, ID_SIZE);
    raw[ID_SIZE] = (uint8_t)company->state;
    journal_add(core->journal, JOURNAL_PARTNER, bytes_of(raw, sizeof(raw)));
}

void
quarantine_note_all(struct core *core)
{
    for (size_t i = 0; i < core->company_count; i++) {
        const struct company *c = core->companies[i];
        if ((c->state == COMPANY_TRUSTED || c->state == COMPANY_SUSPENDED ||
             c->state == COMPANY_REMOVED) &&
            noted_state(core, &c->node) != c->state)
            quarantine_note_state(core, c);
    }
    (void)core_write_journal(core, true);
}

/* ---- beginning ---------------------------------------------------------------------------- */

/* Higher than any that was ever used, as far as anything here knows; the chance part is for a home that was copied
 * back with its journal. */
static uint32_t
next_incarnation(struct core *core)
{
    uint32_t known = last_incarnation(core);
    uint16_t more;

    core->env.random(core->env.self, &more, sizeof(more));
    if (known < core->incarnation)
        known = core->incarnation;
    return known + 1 + more;
}

static enum status
journal_incarnation(struct core *core, struct diag *diag)
{
    uint8_t raw[12];

    put_u32(raw, core->incarnation);
    put_u64(raw + 4, (uint64_t)core->audit_number);
    journal_add(core->journal, JOURNAL_INCARNATION, bytes_of(raw, sizeof(raw)));
    enum status s = journal_flush(core->journal, true);
    return s == STATUS_OK ? s : diag_say(diag, s, "home.unwritable", core->home, NULL);
}

/* The hashes of what was lost are kept as evidence; the file begins anew with what the database has. */
static enum status
begin_hashes(struct core *core, struct diag *diag)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "audit.hashes.before-%u", (unsigned)core->incarnation);
    fd_close(&core->audit_fd);
    if (rename(path_of(core, "audit.hashes"), path_of(core, name)) != 0 && errno != ENOENT)
        return diag_say(diag, STATUS_IO, "home.unwritable", core->home, NULL);
    return audit_load(core, diag);
}

/* Removed stays removed, suspended stays suspended, whatever the older database says. */
static enum status
keep_states(struct core *core)
{
    enum journal_kind kind;
    struct bytes content;

    for (size_t at = 0; journal_next(core->journal, &at, &kind, &content);) {
        struct node_id node;
        if (PLANTED(PARTNER_BACK) || kind != JOURNAL_PARTNER || content.len != ID_SIZE + 1)
            continue;
        memcpy(node.b, content.data, ID_SIZE);
        enum company_state last = noted_state(core, &node);
        if (last == COMPANY_REMOVED)
            TRY(store_exec(core->store, STMT_COMPANY_KEEP_REMOVED, "bi",
                           bytes_of(node.b, ID_SIZE), core_wall(core).ms));
        if (last == COMPANY_SUSPENDED)
            TRY(store_exec(core->store, STMT_COMPANY_KEEP_SUSPENDED, "bi",
                           bytes_of(node.b, ID_SIZE), core_wall(core).ms));
    }
    return STATUS_OK;
}

static enum status
begin_store(struct core *core)
{
    uint8_t raw[4];

    put_u32(raw, core->incarnation);
    TRY(store_meta_put(core->store, "incarnation", bytes_of(raw, sizeof(raw))));
    TRY(store_meta_put(core->store, "quarantine", bytes_text("restored")));
    TRY(store_exec(core->store, STMT_INVITATION_CLEAR, "")); /* they may be used up */
    TRY(store_exec(core->store, STMT_OUT_ANEW, ""));
    TRY(store_exec(core->store, STMT_CONTROL_AGAIN_ALL, "")); /* it may have gone since */
    TRY(keep_states(core));
    TRY(store_exec(core->store, STMT_QUARANTINE_ALL, ""));
    return audit_add(core, "node", "node.restored", bytes_of(core->me.b, ID_SIZE),
                     bytes_of(raw, sizeof(raw)));
}

enum status
quarantine_begin(struct core *core, struct diag *diag, bool *began)
{
    bool is_told = access(path_of(core, "restored"), F_OK) == 0;

    *began = false;
    TRY(audit_load(core, diag));
    if (PLANTED(RESTORE_UNSEEN))
        return STATUS_OK;
    if (core->audit_state != AUDIT_OLDER && core->incarnation >= last_incarnation(core) &&
        !is_told)
        return STATUS_OK;
    core->incarnation = next_incarnation(core);
    LOG(LOG_WARN, "node.restored", log_num("incarnation", core->incarnation),
        log_num("audit", core->audit_number));
    TRY(journal_incarnation(core, diag));
    TRY(begin_hashes(core, diag));
    TRY(store_begin(core->store));
    TRY(begin_store(core));
    *began = true;
    return STATUS_OK;
}

void
quarantine_began(struct core *core)
{
    (void)unlink(path_of(core, "restored"));
    arena_reset(core->round);
}

/* What was handed over in the older incarnation: nobody knows what became of it. */
static enum status
requeue_one(struct core *core, struct stmt *q)
{
    enum { COMPANY, KIND, BODY, LEAF, ITEMS, SHARE };

    if (stmt_int(q, KIND) == MESSAGE_RECORDS || stmt_int(q, KIND) == MESSAGE_OWN_RECORDS)
        return load_requeue(core, stmt_int(q, LEAF), stmt_bytes(q, ITEMS));
    return store_exec(core->store, STMT_CONTROL_FIRST, "iibi", stmt_int(q, COMPANY),
                      stmt_int(q, KIND), stmt_bytes(q, BODY), stmt_int(q, SHARE));
}

/* What we gave to companies that are removed falls, as it did when they were. */
static enum status
fall_of_removed(struct core *core)
{
    for (size_t i = 0; i < core->live_count;) {
        const struct live *live = &core->lives[i];
        const struct company *c = company_by_id(core, live->partner);
        if (live->role == ROLE_NOTED || c == NULL || c->state != COMPANY_REMOVED) {
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
quarantine_requeue(struct core *core)
{
    enum status s;

    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_FRAME_ALL);
        while ((s = stmt_step(q)) == STATUS_OK)
            TRY(requeue_one(core, q));
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    TRY(store_exec(core->store, STMT_FRAME_CLEAR, ""));
    return fall_of_removed(core);
}

/* ---- held --------------------------------------------------------------------------------- */

enum status
quarantine_load(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_QUARANTINE_LIST);
    struct bytes why = { 0 };
    enum status s = store_meta_get(core->store, "quarantine", arena, &why);

    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    core->unconfirmed = why.len > 0;
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct company *c = company_by_id(core, stmt_int(q, 0));
        if (c == NULL)
            continue;
        c->held = true;
        c->heard = stmt_int(q, 1) != 0;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What waits for its owner's word waits for one that we may have had, and do not know any more. */
static enum status
ask_again(struct core *core, const struct company *c)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].state == SHARE_WAITING && passon_upward(core, &core->lives[i]) == c)
            TRY(passon_send(core, &core->lives[i]));
    return STATUS_OK;
}

static enum status
lift(struct core *core, struct company *c, const char *actor)
{
    TRY(ask_again(core, c));
    TRY(store_exec(core->store, STMT_QUARANTINE_DROP, "i", c->id));
    c->held = false;
    c->heard = false;
    LOG(LOG_INFO, "partner.lifted", log_id("partner", c->node.b));
    return audit_add(core, actor, "partner.lifted", bytes_of(c->node.b, ID_SIZE),
                     (struct bytes){ 0 });
}

enum status
quarantine_heard(struct core *core, struct company *company)
{
    if (!company->held || company->heard)
        return STATUS_OK;
    company->heard = true;
    TRY(store_exec(core->store, STMT_QUARANTINE_HEARD, "i", company->id));
    return core->unconfirmed ? STATUS_OK : lift(core, company, "node");
}

enum status
quarantine_confirm(struct core *core, const struct company *only, bool at_once,
                   const char *actor)
{
    if (core->unconfirmed) {
        core->unconfirmed = false;
        TRY(store_meta_put(core->store, "quarantine", (struct bytes){ 0 }));
        TRY(audit_add(core, actor, "node.confirmed", bytes_of(core->me.b, ID_SIZE),
                      (struct bytes){ 0 }));
    }
    for (size_t i = 0; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (c->held && (c->heard || (at_once && (only == NULL || c == only))))
            TRY(lift(core, c, actor));
    }
    return STATUS_OK;
}
