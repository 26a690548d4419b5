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
    enum { REFUSED = 3 };
    static const char *const states[] = { "frozen", "mended", "stolen", "refused" };
    struct key key = { stmt_bytes(q, SPACE), (uint32_t)stmt_int(q, TYPE) };
    const struct type *type = dictionary_find(call->dictionary, key);
    struct record_id id;
    json_t *o = json_object();

    stmt_copy(q, RID, id.b, ID_SIZE);
    reply_set(o, "record", json_id(id.b));
    bool is_descriptor = stmt_int(q, MENDED) == REFUSED;
    const char *position =
        is_descriptor
            ? arena_printf(call->arena, "%lld", (long long)stmt_int(q, NUMBER))
            : arena_printf(call->arena, "%lld.%lld", (long long)stmt_int(q, INCARNATION),
                           (long long)stmt_int(q, NUMBER));
    reply_set(o, "type",
              json_words(is_descriptor  ? "descriptor"
                         : type == NULL ? "?"
                                        : type->name));
    reply_set(o, "owner", json_words(stmt_text(q, OWNER)));
    reply_set(o, "position", json_words(position));
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

/* Of a record, or of a company whose descriptor was refused. STATUS_NOT_FOUND: there is none. */
static enum status
put_rows(struct call *call, enum statement which, int64_t id, struct buffer *out)
{
    static const char *const words[][2] = { { "descriptor ", "equivocation " },
                                            { "descriptor ", "refused " } };
    const char *const *word = words[which == STMT_DESCRIPTOR_FAULT_EXPORT];
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, which);
    enum status s;

    evidence_begin(out);
    stmt_bind(q, "i", id);
    TRY(stmt_step(q));
    do
        TRY(evidence_line(call, word[stmt_int(q, 0) == 1], stmt_bytes(q, 1), out));
    while ((s = stmt_step(q)) == STATUS_OK);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
find_evidence(struct call *call, const char *text, struct buffer *out)
{
    int64_t id;

    if (find_company(call, text, &id) == STATUS_OK) {
        enum status s = put_rows(call, STMT_DESCRIPTOR_FAULT_EXPORT, id, out);
        if (s != STATUS_NOT_FOUND)
            return s;
        buffer_clear(out);
    }
    *call->diag = (struct diag){ 0 };
    TRY(find_record(call, text, &id));
    return put_rows(call, STMT_EQUIVOCATION_EXPORT, id, out);
}

enum status
service_evidence_export(struct call *call)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    const char *text = arg_text(call, "record");

    enum status s = find_evidence(call, text, &out);
    if (s == STATUS_NOT_FOUND && call->diag->key[0] == '\0')
        return diag_say(call->diag, STATUS_NOT_FOUND, "evidence.none", text, NULL);
    TRY(s);
    evidence_end(call, &out);
    return STATUS_OK;
}
