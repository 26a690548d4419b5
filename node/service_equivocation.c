/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_equivocation.c - records of which an owner signed two contents with one position: the list, and the proof as
 * a file that hansa-verify checks (docs/protocol/equivocation.md).
 */
#include "node/service_priv.h"
#include "schema/base/cleanup.h"

/* Columns of EQUIVOCATION_LIST. */
enum { KEY, RID, SPACE, TYPE, OWNER, SOURCE, INCARNATION, NUMBER, AT, MENDED };

static json_t *
row_json(struct call *call, struct stmt *q)
{
    static const char *const states[] = { "frozen", "mended", "stolen" };
    struct key key = { stmt_bytes(q, SPACE), (uint32_t)stmt_int(q, TYPE) };
    const struct type *type = dictionary_find(call->dictionary, key);
    struct record_id id;
    json_t *o = json_object();

    stmt_copy(q, RID, id.b, ID_SIZE);
    reply_set(o, "record", json_id(id.b));
    reply_set(o, "type", json_words(type == NULL ? "?" : type->name));
    reply_set(o, "owner", json_words(stmt_text(q, OWNER)));
    reply_set(
        o, "position",
        json_words(arena_printf(call->arena, "%lld.%lld", (long long)stmt_int(q, INCARNATION),
                                (long long)stmt_int(q, NUMBER))));
    reply_set(o, "state", json_string(states[stmt_int(q, MENDED)]));
    reply_set(o, "via", json_words(stmt_text(q, SOURCE)));
    reply_set(o, "at", json_time((struct wall_ms){ stmt_int(q, AT) }));
    return o;
}

enum status
service_evidence_list(struct call *call)
{
    return page_rows(call, STMT_EQUIVOCATION_LIST, row_json);
}

enum status
service_evidence_export(struct call *call)
{
    static const char *const words[] = { "descriptor ", "equivocation " };
    AUTO(buffer_fini) struct buffer out = { 0 };
    const char *text = arg_text(call, "record");
    int64_t record;
    enum status s;

    TRY(find_record(call, text, &record));
    evidence_begin(&out);
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_EQUIVOCATION_EXPORT);
        stmt_bind(q, "i", record);
        s = stmt_step(q);
        if (s == STATUS_NOT_FOUND)
            return diag_say(call->diag, STATUS_NOT_FOUND, "evidence.none", text, NULL);
        for (; s == STATUS_OK; s = stmt_step(q))
            TRY(evidence_line(call, words[stmt_int(q, 0) == 1], stmt_bytes(q, 1), &out));
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    evidence_end(call, &out);
    return STATUS_OK;
}
