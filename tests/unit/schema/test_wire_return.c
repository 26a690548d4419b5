/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes back (terms, verdicts, asks, proposals), the sealed way and repair on the wire: every limit at one less, at itself and
 * at one more; orders; rules between fields. Messages are changed with the generated code, which would let all of it pass.
 */
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/wire.h"
#include "tests/check.h"
#include "tests/samples.h"
#include "wire.pb-c.h"

static struct arena *memory; /* of the case that runs */

static void *
on_alloc(void *self, size_t size)
{
    (void)self;
    return arena_alloc(memory, size);
}

static void
on_free(void *self, void *pointer)
{
    (void)self;
    (void)pointer;
}

static const struct sample_codec *
codec_of(const char *name)
{
    for (size_t i = 0; i < sample_codec_count; i++)
        if (strcmp(sample_codecs[i].name, name) == 0)
            return &sample_codecs[i];
    abort();
}

typedef void spoil_fn(ProtobufCMessage *pb, size_t n);

/* The full sample, changed by spoil(pb, n), as its codec takes it. */
static enum status
parse_changed(const char *name, const ProtobufCMessageDescriptor *descriptor, spoil_fn *spoil,
              size_t n)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    ProtobufCAllocator allocator = { on_alloc, on_free, NULL };
    struct bytes again;

    memory = arena;
    struct bytes full = codec_of(name)->full(arena);
    ProtobufCMessage *pb =
        protobuf_c_message_unpack(descriptor, &allocator, full.len, full.data);
    spoil(pb, n);
    uint8_t *raw = arena_alloc(arena, protobuf_c_message_get_packed_size(pb));
    size_t len = protobuf_c_message_pack(pb, raw);
    return codec_of(name)->round_trip(bytes_of(raw, len), arena, &again);
}

#define SPOIL(name, Type)                                                                      \
    static void name##_of(Hansa__V1__##Type *pb, size_t n);                                    \
    static void name(ProtobufCMessage *pb, size_t n)                                           \
    {                                                                                          \
        name##_of((Hansa__V1__##Type *)pb, n);                                                 \
    }                                                                                          \
    static void name##_of(Hansa__V1__##Type *pb, size_t n)

/* list = n copies of its first entry (or of `from`). */
#define REPEAT(list, count, n)                                                                 \
    do {                                                                                       \
        __typeof__((list)) all_ = ARENA_ARRAY(memory, __typeof__((list)[0]), (n) + 1);         \
        for (size_t i_ = 0; i_ < (n); i_++) {                                                  \
            all_[i_] = ARENA_NEW(memory, __typeof__(*(list)[0]));                              \
            *all_[i_] = *(list)[0];                                                            \
        }                                                                                      \
        (list) = all_;                                                                         \
        (count) = (n);                                                                         \
    } while (0)

#define SWAP(list)                                                                             \
    do {                                                                                       \
        __typeof__((list)[0]) kept_ = (list)[0];                                               \
        (list)[0] = (list)[1];                                                                 \
        (list)[1] = kept_;                                                                     \
    } while (0)

static ProtobufCBinaryData
numbered(size_t len, size_t number)
{
    uint8_t *raw = arena_alloc(memory, len);

    memset(raw, 0, len);
    put_u32(raw + len - 4, (uint32_t)number);
    return (ProtobufCBinaryData){ len, raw };
}

static char *
text_of(size_t len)
{
    char *text = arena_alloc(memory, len + 1);

    memset(text, 'x', len);
    text[len] = '\0';
    return text;
}

static void
number_fields(Hansa__V1__GrantField **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        list[i]->number = (uint32_t)i;
}

/* clang-format off */
SPOIL(nothing, Ask) { (void)pb; (void)n; }

SPOIL(want, Grant) { REPEAT(pb->terms->want, pb->terms->n_want, n); number_fields(pb->terms->want, n); }
SPOIL(want_swapped, Grant) { (void)n; SWAP(pb->terms->want); }
SPOIL(want_twice, Grant) { (void)n; pb->terms->want[1] = pb->terms->want[0]; }
SPOIL(quota, Grant) { pb->terms->quota = (uint32_t)n; }
SPOIL(closes, Grant) { pb->terms->closes_ms = n; }
SPOIL(chain_no, Grant) { (void)n; pb->terms->chain = false; }
SPOIL(cites, Grant) { pb->cites = numbered(n, 1); }

SPOIL(kind, Offer) { pb->kind = (uint32_t)n; }

SPOIL(verdict_rows, Verdict) {
    REPEAT(pb->row, pb->n_row, n);
    for (size_t i = 0; i < n; i++)
        pb->row[i]->record = numbered(ID_SIZE, i);
}
SPOIL(withdrawal_rows, Withdrawal) {
    REPEAT(pb->row, pb->n_row, n);
    for (size_t i = 0; i < n; i++)
        pb->row[i]->record = numbered(ID_SIZE, i);
}
SPOIL(scopes_many, Scopes) { REPEAT(pb->scope, pb->n_scope, n); }
SPOIL(scope_sum, Scopes) { pb->scope[0]->sum = numbered(n, 1); }
SPOIL(scopes_answer_no, Scopes) { (void)n; pb->answer = false; }
SPOIL(range_many, ScopeIds) { REPEAT(pb->range, pb->n_range, n); }
SPOIL(range_depth, ScopeIds) { pb->range[2]->depth = (uint32_t)n; pb->range[2]->prefix = 0; }
SPOIL(range_prefix, ScopeIds) { pb->range[0]->prefix = n; }
SPOIL(range_parts, ScopeIds) { REPEAT(pb->range[0]->part, pb->range[0]->n_part, n); }
SPOIL(range_part_sum, ScopeIds) { pb->range[0]->part[3]->sum = numbered(n, 1); }
SPOIL(range_parts_listed, ScopeIds) { (void)n; pb->range[0]->has_listed = pb->range[0]->listed = true; }
SPOIL(range_entries_unlisted, ScopeIds) { (void)n; pb->range[1]->has_listed = false; }
SPOIL(range_entries, ScopeIds) {
    REPEAT(pb->range[1]->entry, pb->range[1]->n_entry, n);
    for (size_t i = 0; i < n; i++) {
        pb->range[1]->entry[i]->record = numbered(ID_SIZE, i);
        pb->range[1]->entry[i]->record.data[0] = 0xac;
    }
}
SPOIL(range_entry_outside, ScopeIds) { pb->range[1]->entry[0]->record = numbered(ID_SIZE, n); }
SPOIL(range_entries_swapped, ScopeIds) { (void)n; SWAP(pb->range[1]->entry); }
SPOIL(range_entry_twice, ScopeIds) { (void)n; pb->range[1]->entry[1]->record = pb->range[1]->entry[0]->record; }
SPOIL(range_entry_number, ScopeIds) { pb->range[1]->entry[0]->number = n; }
SPOIL(withdrawal_swapped, Withdrawal) { (void)n; SWAP(pb->row); }
SPOIL(withdrawal_twice, Withdrawal) { (void)n; pb->row[1]->record = pb->row[0]->record; }
SPOIL(withdrawal_code, Withdrawal) { pb->reason = text_of(n); }
SPOIL(verdict_swapped, Verdict) { (void)n; SWAP(pb->row); }
SPOIL(verdict_twice, Verdict) { (void)n; pb->row[1]->record = pb->row[0]->record; }
SPOIL(verdict_taken_why, Verdict) { (void)n; pb->row[1]->taken = true; }
SPOIL(verdict_refused_no_why, Verdict) { (void)n; pb->row[0]->taken = false; }
SPOIL(verdict_code, Verdict) { pb->row[1]->reason = text_of(n); }
SPOIL(verdict_number, Verdict) { pb->row[0]->number = n; }
SPOIL(verdict_incarnation, Verdict) { pb->row[0]->incarnation = (uint32_t)n; }

SPOIL(ask_rows, Ask) {
    REPEAT(pb->row, pb->n_row, n);
    for (size_t i = 0; i < n; i++)
        pb->row[i]->record = numbered(ID_SIZE, i);
}
SPOIL(ask_everything, Ask) {
    REPEAT(pb->row[0]->field, pb->row[0]->n_field, TERMS_WANT_MAX);
    number_fields(pb->row[0]->field, TERMS_WANT_MAX);
    pb->note = text_of(TEXT_LONG_MAX);
    ask_rows_of(pb, n);
}
SPOIL(ask_fields, Ask) { REPEAT(pb->row[0]->field, pb->row[0]->n_field, n); number_fields(pb->row[0]->field, n); }
SPOIL(ask_swapped, Ask) { (void)n; SWAP(pb->row); }
SPOIL(ask_twice, Ask) { (void)n; pb->row[1]->record = pb->row[0]->record; }
SPOIL(ask_fields_swapped, Ask) { (void)n; SWAP(pb->row[0]->field); }
SPOIL(ask_note, Ask) { pb->note = text_of(n); }

SPOIL(proposal_fields, Proposal) {
    REPEAT(pb->field, pb->n_field, n);
    for (size_t i = 0; i < n; i++)
        pb->field[i]->number = (uint32_t)i;
}
SPOIL(proposal_swapped, Proposal) { (void)n; SWAP(pb->field); }
SPOIL(proposal_twice, Proposal) { (void)n; pb->field[1] = pb->field[0]; }
SPOIL(proposal_salt, Proposal) { pb->field[0]->has_salt = true; pb->field[0]->salt = numbered(n, 1); }
SPOIL(proposal_value, Proposal) { pb->field[0]->value = numbered(n, 1); }

SPOIL(sealed_handles, Sealed) {
    pb->n_handle = n;
    pb->handle = ARENA_ARRAY(memory, ProtobufCBinaryData, n + 1);
    for (size_t i = 0; i < n; i++)
        pb->handle[i] = numbered(HANDLE_SIZE, i);
}
SPOIL(sealed_gone, Sealed) {
    sealed_handles_of(pb, n);
    pb->n_gone = n;
    pb->gone = pb->handle;
    pb->n_handle = 0;
}
SPOIL(sealed_handle_size, Sealed) { pb->handle[0] = numbered(n, 0); }
SPOIL(sealed_swapped, Sealed) { (void)n; SWAP(pb->handle); }
SPOIL(sealed_twice, Sealed) { (void)n; pb->handle[1] = pb->handle[0]; }
SPOIL(sealed_gone_twice, Sealed) { (void)n; sealed_gone_of(pb, 2); pb->gone[1] = pb->gone[0]; }
SPOIL(sealed_key, Sealed) { pb->key = numbered(n, 1); }
SPOIL(sealed_nonce, Sealed) { pb->nonce = numbered(n, 1); }
SPOIL(sealed_epoch, Sealed) { pb->epoch = (uint32_t)n; }
SPOIL(sealed_incarnation, Sealed) { pb->incarnation = (uint32_t)n; }
SPOIL(sealed_number, Sealed) { pb->number = n; }
SPOIL(box, SealedBody) { pb->box = numbered(n, 1); }
SPOIL(light_columns, LightOffer) {
    REPEAT(pb->column, pb->n_column, n);
    number_fields(pb->column, n);
}
SPOIL(light_swapped, LightOffer) { (void)n; SWAP(pb->column); }
SPOIL(receipt_incarnation, SealedReceipt) { pb->incarnation = (uint32_t)n; }
SPOIL(receipt_have, SealedReceipt) { pb->have = n; pb->seen = 9; }
SPOIL(said_records, Receipt) {
    pb->record = ARENA_ARRAY(memory, ProtobufCBinaryData, n + 1);
    pb->n_record = n;
    pb->count = 0;
    for (size_t i = 0; i < n; i++)
        pb->record[i] = numbered(ID_SIZE, i);
}
SPOIL(said_swapped, Receipt) { (void)n; SWAP(pb->record); }
SPOIL(said_twice, Receipt) { (void)n; pb->record[1] = pb->record[0]; }
SPOIL(said_count, Receipt) { pb->count = (uint32_t)n; }
SPOIL(said_state, Receipt) { pb->state = (uint32_t)n; }
SPOIL(said_plain, Receipt) { pb->state = (uint32_t)n; pb->basis = pb->reason = text_of(0); }
SPOIL(said_no_reason, Receipt) { (void)n; pb->reason = text_of(0); }
SPOIL(said_no_basis, Receipt) { (void)n; pb->basis = text_of(0); }
SPOIL(said_reason, Receipt) { pb->reason = text_of(n); }
SPOIL(said_basis, Receipt) { pb->basis = text_of(n); }
SPOIL(said_why, Receipt) { pb->state = (uint32_t)n; pb->basis = text_of(0); }
/* clang-format on */

struct row {
    const char *why, *name;
    const ProtobufCMessageDescriptor *descriptor;
    spoil_fn *spoil;
    size_t n;
    enum status want;
};
#define ROW(why, name, lower, spoil, n, want)                                                  \
    {                                                                                          \
        why, #name, &hansa__v1__##lower##__descriptor, spoil, n, STATUS_##want                 \
    }
/* At one less, at the limit, at one more. */
#define LIMIT(why, name, lower, spoil, limit)                                                  \
    ROW(why ": one less than most", name, lower, spoil, (limit)-1, OK),                        \
        ROW(why ": the most", name, lower, spoil, (limit), OK),                                \
        ROW(why ": one more than most", name, lower, spoil, (limit) + 1, MALFORMED)
#define EXACTLY(why, name, lower, spoil, size)                                                 \
    ROW(why ": one less", name, lower, spoil, (size)-1, MALFORMED),                            \
        ROW(why ": exactly", name, lower, spoil, (size), OK),                                  \
        ROW(why ": one more", name, lower, spoil, (size) + 1, MALFORMED)

static void
check_rows(struct check *t, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(t, rows[i].why,
              parse_changed(rows[i].name, rows[i].descriptor, rows[i].spoil, rows[i].n) ==
                  rows[i].want);
}

/* clang-format off */
static void
test_limits(struct check *t)
{
    static const struct row rows[] = {
        ROW("an untouched message passes", ask, ask, nothing, 0, OK),
        LIMIT("fields wanted", grant, grant, want, TERMS_WANT_MAX),
        LIMIT("rows of a verdict", verdict, verdict, verdict_rows, VERDICT_ROWS_MAX),
        LIMIT("rows of a withdrawal", withdrawal, withdrawal, withdrawal_rows, WITHDRAWAL_ROWS_MAX),
        LIMIT("scopes compared in one message", scopes, scopes, scopes_many, SCOPES_MAX),
        ROW("of no scope", scopes, scopes, scopes_many, 0, OK),
        EXACTLY("a sum", scopes, scopes, scope_sum, SCOPE_SUM_SIZE),
        LIMIT("ranges of one message", scope_ids, scope_ids, range_many, SCOPE_RANGES_MAX),
        ROW("of no range", scope_ids, scope_ids, range_many, 0, MALFORMED),
        LIMIT("digits of a range", scope_ids, scope_ids, range_depth, SCOPE_DEPTH_MAX),
        EXACTLY("parts of a range", scope_ids, scope_ids, range_parts, SCOPE_PARTS),
        EXACTLY("the sum of a part", scope_ids, scope_ids, range_part_sum, SCOPE_SUM_SIZE),
        LIMIT("entries of a range", scope_ids, scope_ids, range_entries, SCOPE_LIST_MAX),
        ROW("an empty list", scope_ids, scope_ids, range_entries, 0, OK),
        LIMIT("the code of a withdrawal", withdrawal, withdrawal, withdrawal_code, CODE_MAX),
        ROW("a withdrawal of nothing", withdrawal, withdrawal, withdrawal_rows, 0, MALFORMED),
        ROW("a withdrawal without a reason", withdrawal, withdrawal, withdrawal_code, 0, MALFORMED),
        LIMIT("rows of an ask", ask, ask, ask_rows, ASK_ROWS_MAX),
        LIMIT("fields of an ask", ask, ask, ask_fields, TERMS_WANT_MAX),
        ROW("every row with every field and the longest note is one object", ask, ask, ask_everything, ASK_ROWS_MAX, OK),
        LIMIT("a code", verdict, verdict, verdict_code, CODE_MAX),
        LIMIT("a note", ask, ask, ask_note, TEXT_LONG_MAX),
        LIMIT("fields of a proposal", proposal, proposal, proposal_fields, FIELDS_MAX),
        LIMIT("a proposed value", proposal, proposal, proposal_value, FIELD_VALUE_MAX),
        LIMIT("columns of a reply sheet", light_offer, light_offer, light_columns, LIGHT_COLUMNS_MAX),
        ROW("a sheet without columns", light_offer, light_offer, light_columns, 0, OK),
        ROW("columns out of order", light_offer, light_offer, light_swapped, 0, MALFORMED),
        LIMIT("handles", sealed, sealed, sealed_handles, RUN_ITEMS_MAX),
        LIMIT("handles gone", sealed, sealed, sealed_gone, RUN_ITEMS_MAX),
        EXACTLY("a handle", sealed, sealed, sealed_handle_size, HANDLE_SIZE),
        EXACTLY("a wrapped key", sealed, sealed, sealed_key, SEAL_KEY_SIZE),
        EXACTLY("a nonce", sealed, sealed, sealed_nonce, SEAL_NONCE_SIZE),
        EXACTLY("a cited grant", grant, grant, cites, ID_SIZE),
        EXACTLY("the least box", sealed_body, sealed_body, box, SEAL_PAD + SEAL_TAG_SIZE),
        EXACTLY("the largest box", sealed_body, sealed_body, box, SEAL_ROOM + SEAL_TAG_SIZE),
        LIMIT("records of a receipt", receipt, receipt, said_records, RECEIPT_RECORDS_MAX),
        LIMIT("a receipt's code", receipt, receipt, said_reason, CODE_MAX),
        LIMIT("a receipt's basis", receipt, receipt, said_basis, TEXT_SHORT_MAX),
        ROW("a receipt of all under a grant", receipt, receipt, said_records, 0, OK),
        ROW("a receipt of state 0", receipt, receipt, said_state, 0, MALFORMED),
        ROW("a receipt of state 5", receipt, receipt, said_state, 5, MALFORMED),
        ROW("a box of a block less than the largest", sealed_body, sealed_body, box, SEAL_ROOM - SEAL_PAD + SEAL_TAG_SIZE, OK),
        ROW("a box of a block more than the largest", sealed_body, sealed_body, box, SEAL_ROOM + SEAL_PAD + SEAL_TAG_SIZE, MALFORMED),
        ROW("a box of a tag alone", sealed_body, sealed_body, box, SEAL_TAG_SIZE, MALFORMED),
        ROW("nothing wanted", grant, grant, want, 0, MALFORMED),
        ROW("no row in a verdict", verdict, verdict, verdict_rows, 0, MALFORMED),
        ROW("no row in an ask", ask, ask, ask_rows, 0, MALFORMED),
        ROW("no field in a row", ask, ask, ask_fields, 0, MALFORMED),
        ROW("no field in a proposal", proposal, proposal, proposal_fields, 0, MALFORMED),
        ROW("no handles", sealed, sealed, sealed_handles, 0, OK),
        ROW("offers of kind 4", offer, offer, kind, 4, OK),
        ROW("offers of kind 5", offer, offer, kind, 5, MALFORMED),
    };

    check_rows(t, rows, COUNT_OF(rows));
}

static void
test_rules(struct check *t)
{
    static const struct row rows[] = {
        ROW("a prefix of one digit", scope_ids, scope_ids, range_prefix, 15, OK),
        ROW("a prefix longer than its digits", scope_ids, scope_ids, range_prefix, 16, MALFORMED),
        ROW("parts that are a list", scope_ids, scope_ids, range_parts_listed, 0, MALFORMED),
        ROW("entries that are no list", scope_ids, scope_ids, range_entries_unlisted, 0, MALFORMED),
        ROW("an entry outside its range", scope_ids, scope_ids, range_entry_outside, 1, MALFORMED),
        ROW("entries out of order", scope_ids, scope_ids, range_entries_swapped, 0, MALFORMED),
        ROW("an entry twice", scope_ids, scope_ids, range_entry_twice, 0, MALFORMED),
        ROW("an entry with number 0", scope_ids, scope_ids, range_entry_number, 0, MALFORMED),
        ROW("an answer that says no", scopes, scopes, scopes_answer_no, 0, MALFORMED),
        ROW("withdrawn rows out of order", withdrawal, withdrawal, withdrawal_swapped, 0, MALFORMED),
        ROW("a withdrawn row twice", withdrawal, withdrawal, withdrawal_twice, 0, MALFORMED),
        ROW("wanted fields out of order", grant, grant, want_swapped, 0, MALFORMED),
        ROW("a wanted field twice", grant, grant, want_twice, 0, MALFORMED),
        ROW("a quota of none is said by leaving it out", grant, grant, quota, 0, MALFORMED),
        ROW("a quota of one", grant, grant, quota, 1, OK),
        ROW("the largest quota", grant, grant, quota, UINT32_MAX, OK),
        ROW("no close is said by leaving it out", grant, grant, closes, 0, MALFORMED),
        ROW("a close long ago", grant, grant, closes, 1, OK),
        ROW("a close that no clock reaches", grant, grant, closes, (size_t)INT64_MAX + 1, MALFORMED),
        ROW("a chain that says no", grant, grant, chain_no, 0, MALFORMED),
        ROW("rows of a verdict out of order", verdict, verdict, verdict_swapped, 0, MALFORMED),
        ROW("a row judged twice", verdict, verdict, verdict_twice, 0, MALFORMED),
        ROW("taken, with a reason", verdict, verdict, verdict_taken_why, 0, MALFORMED),
        ROW("refused, without a reason", verdict, verdict, verdict_refused_no_why, 0, MALFORMED),
        ROW("number 0", verdict, verdict, verdict_number, 0, MALFORMED),
        ROW("incarnation 0", verdict, verdict, verdict_incarnation, 0, MALFORMED),
        ROW("rows of an ask out of order", ask, ask, ask_swapped, 0, MALFORMED),
        ROW("a row asked twice", ask, ask, ask_twice, 0, MALFORMED),
        ROW("asked fields out of order", ask, ask, ask_fields_swapped, 0, MALFORMED),
        ROW("proposed fields out of order", proposal, proposal, proposal_swapped, 0, MALFORMED),
        ROW("a field proposed twice", proposal, proposal, proposal_twice, 0, MALFORMED),
        ROW("a proposed value has no salt", proposal, proposal, proposal_salt, 16, MALFORMED),
        ROW("handles out of order", sealed, sealed, sealed_swapped, 0, MALFORMED),
        ROW("a handle twice", sealed, sealed, sealed_twice, 0, MALFORMED),
        ROW("a handle gone twice", sealed, sealed, sealed_gone_twice, 0, MALFORMED),
        ROW("epoch 0", sealed, sealed, sealed_epoch, 0, MALFORMED),
        ROW("a message of incarnation 0", sealed, sealed, sealed_incarnation, 0, MALFORMED),
        ROW("a message of incarnation 1", sealed, sealed, sealed_incarnation, 1, OK),
        ROW("a message of the last incarnation", sealed, sealed, sealed_incarnation, UINT32_MAX, OK),
        ROW("message 0", sealed, sealed, sealed_number, 0, MALFORMED),
        ROW("message 2^63 - 1", sealed, sealed, sealed_number, INT64_MAX, OK),
        ROW("message 2^63", sealed, sealed, sealed_number, (size_t)INT64_MAX + 1, MALFORMED),
        ROW("a receipt of incarnation 0", sealed_receipt, sealed_receipt, receipt_incarnation, 0, MALFORMED),
        ROW("a receipt of incarnation 1", sealed_receipt, sealed_receipt, receipt_incarnation, 1, OK),
        ROW("a receipt of the last incarnation", sealed_receipt, sealed_receipt, receipt_incarnation, UINT32_MAX, OK),
        ROW("nothing taken of what was seen", sealed_receipt, sealed_receipt, receipt_have, 0, OK),
        ROW("all taken that was seen", sealed_receipt, sealed_receipt, receipt_have, 9, OK),
        ROW("records of a receipt out of order", receipt, receipt, said_swapped, 0, MALFORMED),
        ROW("a record of a receipt twice", receipt, receipt, said_twice, 0, MALFORMED),
        ROW("a receipt about as many as it names", receipt, receipt, said_count, 2, OK),
        ROW("a receipt about more than it names", receipt, receipt, said_count, 3, MALFORMED),
        ROW("received, and no more", receipt, receipt, said_plain, 1, OK),
        ROW("applied, and no more", receipt, receipt, said_plain, 2, OK),
        ROW("purged, and no more", receipt, receipt, said_plain, 3, OK),
        ROW("refused, and no more", receipt, receipt, said_plain, 4, MALFORMED),
        ROW("refused, without a reason", receipt, receipt, said_no_reason, 0, MALFORMED),
        ROW("refused, without a basis", receipt, receipt, said_no_basis, 0, MALFORMED),
        ROW("purged, on a basis", receipt, receipt, said_state, 3, MALFORMED),
        ROW("purged, with a reason", receipt, receipt, said_why, 3, OK),
        ROW("applied, with a reason", receipt, receipt, said_why, 2, MALFORMED),
        ROW("taken what was not seen", sealed_receipt, sealed_receipt, receipt_have, 10, MALFORMED),
    };

    check_rows(t, rows, COUNT_OF(rows));
}
/* clang-format on */

/* What the samples say is what is read. */
static void
test_members(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant *g;
    struct verdict *v;
    struct ask *a;
    struct proposal *p;
    struct sealed *s;
    struct sealed_receipt *r;

    if (!CHECK(
            t, "all parse",
            wire_grant_parse(codec_of("grant")->full(arena), arena, &g) == STATUS_OK &&
                wire_verdict_parse(codec_of("verdict")->full(arena), arena, &v) == STATUS_OK &&
                wire_ask_parse(codec_of("ask")->full(arena), arena, &a) == STATUS_OK &&
                wire_proposal_parse(codec_of("proposal")->full(arena), arena, &p) ==
                    STATUS_OK &&
                wire_sealed_parse(codec_of("sealed")->full(arena), arena, &s) == STATUS_OK &&
                wire_sealed_receipt_parse(codec_of("sealed_receipt")->full(arena), arena, &r) ==
                    STATUS_OK))
        return;
    CHECK(t, "terms",
          g->has_terms && g->terms.want_count == 2 && g->terms.want[1].field.number == 5 &&
              g->terms.quota == 300 && g->terms.closes.ms > 0 && g->terms.chain);
    CHECK(t, "a cited grant", g->has_cites && g->cites.b[0] == 0x67);
    CHECK(t, "a verdict",
          v->row_count == 2 && v->rows[0].taken && v->rows[0].position.number == 7 &&
              !v->rows[1].taken && strcmp(v->rows[1].reason, "OVER_QUOTA") == 0 &&
              v->rows[1].position.incarnation == 2);
    CHECK(t, "an ask",
          a->row_count == 2 && a->rows[0].field_count == 2 && a->rows[1].field_count == 1 &&
              a->rows[0].fields[1].field.number == 6 && a->rows[1].record.b[0] == 2);
    CHECK(t, "a proposal",
          p->field_count == 2 && bytes_is_equal(p->fields[0].value, bytes_text("+49 40 1")) &&
              p->fields[1].value.len == 0 && p->seen.b[0] == 2 && p->record.b[0] == 1);
    CHECK(t, "a header",
          s->epoch == 3 && s->incarnation == 2 && s->number == 300 && s->handle_count == 2 &&
              s->handles[1].b[0] == 2 && s->gone_count == 1 && s->gone[0].b[0] == 3 &&
              s->key[0] == 4 && s->nonce[0] == 5 && s->box.b[0] == 6);
    CHECK(t, "a receipt",
          r->incarnation == 2 && r->have == 4 && r->seen == 9 && r->received.ms > 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "limits", test_limits },
        { "orders and rules", test_rules },
        { "members", test_members },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
