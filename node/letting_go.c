/* SPDX-License-Identifier: Apache-2.0
 *
 * node/letting_go.c - all that is held under one share goes, at once or piece by piece (contract: node/letting_go.h).
 *
 * The share itself is over in the transaction that asks: nothing more is taken, passed on or shared under it, however
 * many rows still wait here.
 */
#include "node/letting_go.h"

#include "node/disk.h"
#include "node/receipt.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"

struct task {
    int64_t leaf;
    enum letting how;
    const char *reason;
    int64_t held, after;
};

static enum status
finish(struct core *core, const struct task *t)
{
    TRY(store_exec(core->store, STMT_LETTING_DROP, "i", t->leaf));
    return t->how == LET_ERASE ? receipt_erased(core, t->leaf, t->held, t->reason) : STATUS_OK;
}

enum status
letting_go_begin(struct core *core, int64_t leaf, enum letting how, const char *reason)
{
    struct task t = { .leaf = leaf, .how = how, .reason = reason };
    enum status s = STATUS_OK;
    int64_t rows;

    TRY(store_number(core->store, &rows, STMT_COPY_GRANT_COUNT, "i", leaf));
    TRY(store_number(core->store, &t.held, STMT_COPY_VALUES_COUNT, "i", leaf));
    if (rows > LET_GO_PIECE && disk_is_tight(core->disk)) {
        core->letting_waits = true;
        return store_exec(core->store, STMT_LETTING_ADD, "iiti", leaf, (int64_t)how, reason,
                          t.held);
    }
    while (s == STATUS_OK && !PLANTED(RECEIPT_UNTRUE))
        s = records_piece_go(core, leaf, how == LET_HIDE, &t.after);
    return s == STATUS_NOT_FOUND || s == STATUS_OK ? finish(core, &t) : s;
}

static enum status
next_task(struct core *core, struct task *out)
{
    enum { LEAF, HOW, REASON, HELD, AFTER };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_LETTING_NEXT);

    TRY(stmt_step(q));
    *out = (struct task){ .leaf = stmt_int(q, LEAF),
                          .how = (enum letting)stmt_int(q, HOW),
                          .reason = arena_text(core->round, bytes_text(stmt_text(q, REASON))),
                          .held = stmt_int(q, HELD),
                          .after = stmt_int(q, AFTER) };
    return STATUS_OK;
}

enum status
letting_go_step(struct core *core)
{
    struct task t = { 0 };

    enum status s = next_task(core, &t);
    core->letting_waits = s == STATUS_OK;
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    disk_lend(core->disk);
    TRY(core_need_txn(core));
    s = records_piece_go(core, t.leaf, t.how == LET_HIDE, &t.after);
    if (s == STATUS_NOT_FOUND)
        return finish(core, &t);
    TRY(s);
    return store_exec(core->store, STMT_LETTING_AFTER, "ii", t.leaf, t.after);
}
