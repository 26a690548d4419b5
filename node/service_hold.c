/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_hold.c - another company's record that must not be erased here, on a basis in law: when it should go, it is
 * kept out of sight, its owner gets REFUSED with the basis, and the end of the hold erases it.
 */
#include <string.h>

#include "node/receipt.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

/* Whatever should be gone goes now. */
static enum status
release(struct call *call, const struct record_now *now)
{
    enum status s;

    TRY(store_exec(call->store, STMT_HOLD_DROP, "i", now->record));
    for (;;) {
        int64_t leaf, state;
        {
            AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_HOLD_KEPT);
            stmt_bind(q, "i", now->record);
            s = stmt_step(q);
            if (s != STATUS_OK)
                return s == STATUS_NOT_FOUND ? STATUS_OK : s;
            leaf = stmt_int(q, 0);
            state = stmt_int(q, 1);
        }
        bool all = state != SHARE_ACCEPTED;
        TRY(receipt_release(call->core, leaf, &now->id, all));
    }
}

enum status
service_receipt_hold(struct call *call)
{
    const char *basis = arg_text_or(call, "basis", "");
    bool end = arg_is_set(call, "end");
    struct record_now *now;
    int64_t record;

    TRY(find_record(call, arg_text(call, "record"), &record));
    TRY(record_now(call->store, record, true, call->arena, &now));
    if (now->owner == COMPANY_US)
        return diag_say(call->diag, STATUS_USAGE, "hold.own", NULL);
    if (!end && (basis[0] == '\0' || strlen(basis) > TEXT_SHORT_MAX))
        return diag_say(call->diag, STATUS_USAGE, "hold.basis", NULL);
    TRY(core_need_txn(call->core));
    if (end)
        TRY(release(call, now));
    else
        TRY(store_exec(call->store, STMT_HOLD_PUT, "iti", record, basis, call->now.ms));
    TRY(audit_add(call->core, call->actor, end ? "hold.ended" : "hold.set",
                  bytes_of(now->id.b, ID_SIZE), (struct bytes){ 0 }));
    call->reply = json_object();
    reply_set(call->reply, "record", json_id(now->id.b));
    reply_set(call->reply, "held", json_boolean(!end));
    if (!end)
        reply_set(call->reply, "basis", json_words(basis));
    return STATUS_OK;
}
