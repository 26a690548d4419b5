/* SPDX-License-Identifier: Apache-2.0
 *
 * node/equivocation.c - two contents with one position: frozen, kept as evidence, told (contract: node/equivocation.h).
 *
 * 1. Nothing is believed but the owner's own two signatures, and nothing is kept of a record that we do not know.
 * 2. What is news here is told on, once: to the owner, to who gave us the record, and to whom we gave it.
 */
#include "node/equivocation.h"

#include "node/scopes.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"

struct finding {
    int64_t record, owner, source; /* owner, source: company.id */
    int64_t told_by;               /* who knows it already; 0: nobody, it was found here */
    struct record_id id;
    struct position position;
    struct bytes proof;
};

/* ---- keeping ------------------------------------------------------------------------------ */

/* STATUS_REPLAY: it is known; STATUS_TOO_BIG: of this owner there is enough. */
static enum status
keep(struct core *core, const struct finding *f)
{
    int64_t count;
    enum status s = store_number(core->store, &count, STMT_EQUIVOCATION_FIND, "iii", f->record,
                                 (int64_t)f->position.incarnation, (int64_t)f->position.number);

    if (s != STATUS_NOT_FOUND)
        return s == STATUS_OK ? STATUS_REPLAY : s;
    TRY(store_number(core->store, &count, STMT_EQUIVOCATION_COUNT, "i", f->owner));
    if (count >= EQUIVOCATIONS_MAX)
        return STATUS_TOO_BIG;
    return store_exec(core->store, STMT_EQUIVOCATION_ADD, "iiiiibi", f->record, f->owner,
                      f->source, (int64_t)f->position.incarnation, (int64_t)f->position.number,
                      f->proof, core_wall(core).ms);
}

static enum status
next_concerned(struct core *core, const struct finding *f, int64_t after, int64_t *out)
{
    return store_number(core->store, out, STMT_EQUIVOCATION_WHOM, "iii", f->record, f->told_by,
                        after);
}

static enum status
tell(struct core *core, const struct finding *f)
{
    int64_t company = COMPANY_US;
    enum status s;

    while ((s = next_concerned(core, f, company, &company)) == STATUS_OK)
        TRY(control_queue(core, company, MESSAGE_EQUIVOCATION, f->proof, 0));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
note(struct core *core, const struct finding *f)
{
    bool is_ours = f->owner == COMPANY_US;
    enum status s = keep(core, f);

    if (s == STATUS_REPLAY)
        return STATUS_OK;
    if (s != STATUS_TOO_BIG ||
        f->told_by != 0) /* what we see ourselves is frozen all the same */
        TRY(s);
    scopes_forget_all(core);
    if (!is_ours)
        TRY(store_exec(core->store, STMT_RECORD_FREEZE, "iii", f->record,
                       (int64_t)f->position.incarnation, (int64_t)f->position.number));
    TRY(audit_add(core, "node", "record.equivocation", bytes_of(f->id.b, ID_SIZE), f->proof));
    LOG(LOG_ERROR, "record.equivocation", log_id("record", f->id.b), log_num("ours", is_ours));
    return s == STATUS_TOO_BIG ? STATUS_OK : tell(core, f);
}

/* ---- found here --------------------------------------------------------------------------- */

enum status
equivocation_found(struct core *core, int64_t record, int64_t grant,
                   const struct received *item, int64_t source)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct company *owner = company_find(core, &item->revision->owner);
    const struct run_leaves *run = NULL;
    struct copy_row row;

    TRY(copy_get(core, record, grant, arena, &run, &row));
    const struct twin twins[2] = { { row.full.revision, row.run, row.leaf },
                                   { item->shown->revision, item->run, item->leaf } };
    return note(core, &(struct finding){ .record = record,
                                         .owner = owner->id,
                                         .source = source,
                                         .id = item->facts.id,
                                         .position = item->revision->position,
                                         .proof = equivocation_format(twins, arena) });
}

/* A frozen record has no copy above the position at which it was frozen. Where the proof was not kept, the highest copy held
 * was contradicted; where no copy is left either, nothing is held that could be wrong. */
enum status
equivocation_mended(struct core *core, int64_t record, struct position at, bool *out)
{
    enum { INCARNATION, NUMBER };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_EQUIVOCATION_LAST);

    *out = false;
    stmt_bind(q, "i", record);
    enum status s = stmt_step(q);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    *out = s == STATUS_NOT_FOUND;
    if (s == STATUS_OK) {
        struct position last = { (uint32_t)stmt_int(q, INCARNATION),
                                 (uint64_t)stmt_int(q, NUMBER) };
        *out = position_compare(at, last) > 0;
    }
    if (!*out)
        return STATUS_OK;
    scopes_forget_all(core);
    return store_exec(core->store, STMT_RECORD_THAW, "i", record);
}

enum status
equivocation_stolen(struct core *core, const struct company *owner)
{
    enum { ID, PROOF };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct key_directory keys = company_keys_of(core);
    int64_t after = 0;

    for (;;) {
        struct equivocation e;
        struct bytes proof;
        {
            AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_EQUIVOCATION_OF);
            stmt_bind(q, "ii", owner->id, after);
            enum status s = stmt_step(q);
            if (s == STATUS_NOT_FOUND)
                break;
            TRY(s);
            after = stmt_int(q, ID);
            proof = arena_copy(arena, stmt_bytes(q, PROOF));
        }
        if (equivocation_verify(proof, &keys, arena, &e) != STATUS_OK)
            TRY(store_exec(core->store, STMT_EQUIVOCATION_STOLEN, "i", after));
    }
    scopes_forget_all(core);
    return store_exec(core->store, STMT_RECORD_THAW_OWNER, "i", owner->id);
}

/* ---- told --------------------------------------------------------------------------------- */

enum status
equivocation_take(struct taking *t)
{
    enum { RECORD, OWNER };
    struct key_directory keys = company_keys_of(t->core);
    struct equivocation e;
    struct finding f = { .source = t->from->id, .told_by = t->from->id, .proof = t->env->body };

    t->detail = "equivocation";
    TRY(equivocation_verify(t->env->body, &keys, t->arena, &e));
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(t->core->store, STMT_RECORD_FIND);
        stmt_bind(q, "b", bytes_of(e.record.b, ID_SIZE));
        enum status s = stmt_step(q);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* no business of ours */
        f.record = stmt_int(q, RECORD);
        f.owner = stmt_int(q, OWNER);
    }
    f.id = e.record;
    f.position = e.position;
    return note(t->core, &f);
}
