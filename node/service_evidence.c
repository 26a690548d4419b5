/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_evidence.c - what was granted, taken back and said about one share, as signed, in a file that hansa-verify
 * checks without any node (docs/protocol/receipts.md).
 */
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { FILE_MOST = 32 * MIB };

void
evidence_begin(struct buffer *out)
{
    buffer_put_text(out, "hansa-evidence 1\n");
}

enum status
evidence_line(struct call *call, const char *word, struct bytes object, struct buffer *out)
{
    if (out->len + 2 * object.len > FILE_MOST)
        return diag_say(call->diag, STATUS_TOO_BIG, "receipt.export_big", NULL);
    char *hex = arena_alloc(call->arena, 2 * object.len + 1);
    hex_format(object, hex);
    buffer_put_text(out, word);
    buffer_put_bytes(out, bytes_of(hex, 2 * object.len));
    buffer_put_u8(out, '\n');
    return STATUS_OK;
}

void
evidence_end(struct call *call, struct buffer *out)
{
    char hex[2 * ID_SIZE + 1];
    struct digest digest = digest_plain(buffer_bytes(out));

    hex_format(bytes_of(digest.b, ID_SIZE), hex);
    buffer_put_text(out, "end ");
    buffer_put_text(out, hex);
    buffer_put_u8(out, '\n');
    call->reply = json_object();
    reply_set(call->reply, "text", json_stringn((const char *)out->data, out->len));
}

static enum status
add_lines(struct call *call, int64_t leaf, struct buffer *out)
{
    static const char *const words[] = { "descriptor ", "grant ", "revocation ", "receipt " };
    enum { PART, KEY, OBJECT };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_EVIDENCE);
    enum status s;

    stmt_bind(q, "i", leaf);
    while ((s = stmt_step(q)) == STATUS_OK) {
        TRY(evidence_line(call, words[stmt_int(q, PART) % (int64_t)COUNT_OF(words)],
                          stmt_bytes(q, OBJECT), out));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
service_receipt_export(struct call *call)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    int64_t share, leaf;

    TRY(find_share(call, arg_text(call, "share"), &share));
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_SHARE_GET);
        stmt_bind(q, "i", share);
        TRY(stmt_step(q));
        leaf = stmt_int(q, 1);
    }
    evidence_begin(&out);
    TRY(add_lines(call, leaf, &out));
    evidence_end(call, &out);
    return STATUS_OK;
}
