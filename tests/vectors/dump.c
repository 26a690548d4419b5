/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/dump.c - parsed messages as JSON, with the names of schema/wire.proto; formatted they are the same bytes.
 */
#include "schema/base/cleanup.h"
#include "tests/vectors/vector.h"

#define PUT_ID(out, name, id) put_hex((out), (name), (id).b, sizeof((id).b))

static void
put_ms(json_t *out, const char *name, struct wall_ms at)
{
    put_number_64(out, name, (uint64_t)at.ms);
}

static void
put_space(json_t *out, const char *name, struct bytes space)
{
    if (space.len > 0)
        json_object_set_new(out, name, json_stringn((const char *)space.data, space.len));
}

static void
put_bytes(json_t *out, const char *name, struct bytes raw)
{
    put_hex(out, name, raw.data, raw.len);
}

static void
put_texts(json_t *out, const char *name, const char *const *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    json_object_set_new(out, name, list);
}

static json_t *
dump_signed_object(const struct signed_object *m)
{
    json_t *out = json_object();

    put_bytes(out, "body", m->body);
    PUT_ID(out, "signature", m->signature);
    return out;
}

static void
put_signed_list(json_t *out, const char *name, const struct signed_object *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, dump_signed_object(&list[i]));
    json_object_set_new(out, name, array);
}

static json_t *
dump_descriptor(const struct descriptor *m)
{
    static const struct node_id anyone;
    json_t *out = json_object();

    PUT_ID(out, "root_key", m->root_key);
    PUT_ID(out, "audience", anyone);
    put_number_64(out, "serial", m->serial);
    if (m->has_previous)
        PUT_ID(out, "previous", m->previous);
    put_text(out, "name", m->name);
    put_text(out, "country", m->country);
    PUT_ID(out, "signing_key", m->signing_key);
    PUT_ID(out, "transport_key", m->transport_key);
    PUT_ID(out, "sealing_key", m->sealing_key);
    put_texts(out, "endpoint", m->endpoints, m->endpoint_count);
    put_ms(out, "not_before_ms", m->not_before);
    put_ms(out, "not_after_ms", m->not_after);
    if (m->refused_below > 0)
        put_number_64(out, "refused_below", m->refused_below);
    return out;
}

static json_t *
dump_revision(const struct revision *m)
{
    json_t *out = json_object();

    put_hex(out, "nonce", m->nonce, sizeof(m->nonce));
    PUT_ID(out, "owner", m->owner);
    put_number(out, "type", m->type.number);
    put_space(out, "type_space", m->type.space);
    put_number(out, "incarnation", m->position.incarnation);
    put_number_64(out, "number", m->position.number);
    if (m->has_previous)
        PUT_ID(out, "previous", m->previous);
    PUT_ID(out, "profile", m->profile);
    PUT_ID(out, "commitments", m->commitments);
    put_ms(out, "claimed_ms", m->claimed);
    if (m->tombstone)
        put_bool(out, "tombstone", true);
    return out;
}

json_t *
dump_field(const struct field *field)
{
    json_t *out = json_object();

    put_number(out, "number", field->key.number);
    put_space(out, "space", field->key.space);
    put_bytes(out, "value", field->value);
    if (field->has_salt)
        put_hex(out, "salt", field->salt, sizeof(field->salt));
    return out;
}

static json_t *
dump_disclosure(const struct disclosure *m)
{
    json_t *out = json_object();
    json_t *fields = json_array();

    put_bytes(out, "revision", m->revision);
    if (m->has_secret)
        put_hex(out, "secret", m->secret, sizeof(m->secret));
    for (size_t i = 0; i < m->field_count; i++)
        json_array_append_new(fields, dump_field(&m->fields[i]));
    json_object_set_new(out, "field", fields);
    if (m->withheld.len > 0)
        put_bytes(out, "withheld", m->withheld);
    return out;
}

static json_t *
dump_run(const struct run *m)
{
    json_t *out = json_object();
    json_t *items = json_array();

    put_number(out, "size", m->size);
    put_number(out, "first", m->first);
    PUT_ID(out, "signature", m->signature);
    if (m->path.len > 0)
        put_bytes(out, "path", m->path);
    for (size_t i = 0; i < m->item_count; i++)
        json_array_append_new(items, dump_disclosure(&m->items[i]));
    json_object_set_new(out, "item", items);
    return out;
}

static json_t *
dump_records(const struct records *m)
{
    json_t *out = json_object();
    json_t *runs = json_array();

    PUT_ID(out, "grant", m->grant);
    for (size_t i = 0; i < m->run_count; i++)
        json_array_append_new(runs, dump_run(&m->runs[i]));
    json_object_set_new(out, "run", runs);
    return out;
}

static json_t *
dump_grant_fields(const struct grant_field *fields, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *out = json_object();
        put_number(out, "type", fields[i].type.number);
        put_space(out, "type_space", fields[i].type.space);
        put_number(out, "number", fields[i].field.number);
        put_space(out, "space", fields[i].field.space);
        json_array_append_new(list, out);
    }
    return list;
}

static json_t *
dump_terms(const struct terms *m)
{
    json_t *out = json_object();

    json_object_set_new(out, "want", dump_grant_fields(m->want, m->want_count));
    if (m->quota != 0)
        put_number(out, "quota", m->quota);
    if (m->closes.ms != 0)
        put_ms(out, "closes_ms", m->closes);
    if (m->chain)
        put_bool(out, "chain", true);
    return out;
}

static void
put_selector(json_t *out, const struct grant *m)
{
    json_t *list = json_array();

    for (size_t i = 0; m->selector == SELECTOR_RECORDS && i < m->record_count; i++) {
        json_t *entry = json_object();
        PUT_ID(entry, "id", m->records[i]);
        json_array_append(list, json_object_get(entry, "id"));
        json_decref(entry);
    }
    json_object_set_new(out, "record", list);
    if (m->selector == SELECTOR_TREE)
        PUT_ID(out, "tree", m->tree);
    if (m->selector == SELECTOR_SEGMENT)
        PUT_ID(out, "segment", m->segment);
}

static json_t *
dump_grant(const struct grant *m)
{
    json_t *out = json_object();

    PUT_ID(out, "issuer", m->issuer);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "owner", m->owner);
    if (m->has_parent)
        PUT_ID(out, "parent", m->parent);
    put_selector(out, m);
    json_object_set_new(out, "field", dump_grant_fields(m->fields, m->field_count));
    put_number(out, "actions", m->actions);
    put_number(out, "depth", m->depth);
    put_ms(out, "not_before_ms", m->not_before);
    put_ms(out, "not_after_ms", m->not_after);
    put_texts(out, "purpose", m->purposes, m->purpose_count);
    put_texts(out, "country", m->countries, m->country_count);
    put_number(out, "delete_days", m->delete_days);
    put_bool(out, "receipt", m->receipt);
    put_hex(out, "nonce", m->nonce, sizeof(m->nonce));
    if (m->has_terms)
        json_object_set_new(out, "terms", dump_terms(&m->terms));
    if (m->has_cites)
        PUT_ID(out, "cites", m->cites);
    return out;
}

static json_t *
dump_offer(const struct offer *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    put_number(out, "kind", (uint32_t)m->kind);
    put_text(out, "title", m->title);
    put_text(out, "note", m->note);
    put_number(out, "count", m->count);
    put_ms(out, "offered_ms", m->offered);
    return out;
}

static json_t *
dump_answer(const struct answer *m)
{
    json_t *out = json_object();
    json_t *declined = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "offer", m->offer);
    PUT_ID(out, "grant", m->grant);
    put_bool(out, "accepted", m->accepted);
    put_text(out, "reason", m->reason);
    for (size_t i = 0; i < m->declined_count; i++) {
        json_t *one = json_object();
        PUT_ID(one, "record", m->declined[i].record);
        put_text(one, "reason", m->declined[i].reason);
        json_array_append_new(declined, one);
    }
    json_object_set_new(out, "declined", declined);
    put_ms(out, "answered_ms", m->answered);
    return out;
}

static json_t *
dump_passon(const struct passon *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    PUT_ID(out, "next", m->next);
    put_ms(out, "asked_ms", m->asked);
    return out;
}

static json_t *
dump_passon_ack(const struct passon_ack *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    put_bool(out, "noted", m->noted);
    put_text(out, "reason", m->reason);
    put_ms(out, "noted_ms", m->noted_at);
    return out;
}

static json_t *
dump_revocation(const struct revocation *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "owner", m->owner);
    PUT_ID(out, "grant", m->grant);
    put_text(out, "reason", m->reason);
    put_ms(out, "revoked_ms", m->revoked);
    return out;
}

static json_t *
dump_verdict(const struct verdict *m)
{
    json_t *out = json_object();
    json_t *rows = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    for (size_t i = 0; i < m->row_count; i++) {
        json_t *row = json_object();
        PUT_ID(row, "record", m->rows[i].record);
        put_number(row, "incarnation", m->rows[i].position.incarnation);
        put_number_64(row, "number", m->rows[i].position.number);
        put_bool(row, "taken", m->rows[i].taken);
        put_text(row, "reason", m->rows[i].reason);
        json_array_append_new(rows, row);
    }
    json_object_set_new(out, "row", rows);
    put_ms(out, "judged_ms", m->judged);
    return out;
}

static json_t *
dump_ask(const struct ask *m)
{
    json_t *out = json_object();
    json_t *rows = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    for (size_t i = 0; i < m->row_count; i++) {
        json_t *row = json_object();
        PUT_ID(row, "record", m->rows[i].record);
        json_object_set_new(row, "field",
                            dump_grant_fields(m->rows[i].fields, m->rows[i].field_count));
        json_array_append_new(rows, row);
    }
    json_object_set_new(out, "row", rows);
    put_text(out, "note", m->note);
    put_ms(out, "asked_ms", m->asked);
    return out;
}

static json_t *
dump_proposal(const struct proposal *m)
{
    json_t *out = json_object();
    json_t *fields = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    PUT_ID(out, "record", m->record);
    PUT_ID(out, "seen", m->seen);
    for (size_t i = 0; i < m->field_count; i++)
        json_array_append_new(fields, dump_field(&m->fields[i]));
    json_object_set_new(out, "field", fields);
    put_text(out, "note", m->note);
    put_ms(out, "proposed_ms", m->proposed);
    return out;
}

static json_t *
dump_proposal_answer(const struct proposal_answer *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "proposal", m->proposal);
    put_bool(out, "accepted", m->accepted);
    put_text(out, "reason", m->reason);
    put_ms(out, "answered_ms", m->answered);
    return out;
}

static json_t *
dump_receipt(const struct receipt *m)
{
    json_t *out = json_object(), *records = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "owner", m->owner);
    PUT_ID(out, "grant", m->grant);
    put_number(out, "state", m->state);
    for (size_t i = 0; i < m->record_count; i++) {
        char hex[2 * ID_SIZE + 1];
        hex_format(bytes_of(m->records[i].b, ID_SIZE), hex);
        json_array_append_new(records, json_string(hex));
    }
    json_object_set_new(out, "record", records);
    put_number(out, "count", m->count);
    put_text(out, "reason", m->reason);
    put_text(out, "basis", m->basis);
    put_ms(out, "at_ms", m->at);
    return out;
}

static json_t *
dump_withdrawal(const struct withdrawal *m)
{
    json_t *out = json_object(), *rows = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "owner", m->owner);
    PUT_ID(out, "grant", m->grant);
    for (size_t i = 0; i < m->row_count; i++) {
        json_t *row = json_object();
        PUT_ID(row, "record", m->rows[i].record);
        put_number(row, "incarnation", m->rows[i].upto.incarnation);
        put_number_64(row, "number", m->rows[i].upto.number);
        json_array_append_new(rows, row);
    }
    json_object_set_new(out, "row", rows);
    put_text(out, "reason", m->reason);
    put_ms(out, "withdrawn_ms", m->withdrawn);
    return out;
}

static void
put_handles(json_t *out, const char *name, const struct handle *list, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        char hex[2 * HANDLE_SIZE + 1];
        hex_format(bytes_of(list[i].b, HANDLE_SIZE), hex);
        json_array_append_new(array, json_string(hex));
    }
    json_object_set_new(out, name, array);
}

static json_t *
dump_sealed(const struct sealed *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    put_number(out, "epoch", m->epoch);
    put_number(out, "incarnation", m->incarnation);
    put_number_64(out, "number", m->number);
    put_handles(out, "handle", m->handles, m->handle_count);
    put_handles(out, "gone", m->gone, m->gone_count);
    put_hex(out, "key", m->key, sizeof(m->key));
    put_hex(out, "nonce", m->nonce, sizeof(m->nonce));
    PUT_ID(out, "box", m->box);
    return out;
}

static json_t *
dump_sealed_body(const struct sealed_body *m)
{
    json_t *out = json_object();

    json_object_set_new(out, "header", dump_signed_object(&m->header));
    put_bytes(out, "box", m->box);
    return out;
}

static json_t *
dump_sealed_receipt(const struct sealed_receipt *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    put_number(out, "incarnation", m->incarnation);
    put_number_64(out, "have", m->have);
    put_number_64(out, "seen", m->seen);
    put_ms(out, "received_ms", m->received);
    return out;
}

static json_t *
dump_head(const struct head *m)
{
    json_t *out = json_object();
    json_t *revoked = json_array();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    put_number_64(out, "number", m->number);
    for (size_t i = 0; i < m->revoked_count; i++) {
        json_t *entry = json_object();
        PUT_ID(entry, "id", m->revoked[i]);
        json_array_append(revoked, json_object_get(entry, "id"));
        json_decref(entry);
    }
    json_object_set_new(out, "revoked", revoked);
    put_ms(out, "issued_ms", m->issued);
    put_ms(out, "expires_ms", m->expires);
    return out;
}

static json_t *
dump_light_offer(const struct light_offer *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    PUT_ID(out, "grant", m->grant);
    PUT_ID(out, "event", m->event);
    json_object_set_new(out, "column", dump_grant_fields(m->columns, m->column_count));
    put_ms(out, "offered_ms", m->offered);
    return out;
}

static json_t *
dump_void_range(const struct void_range *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    put_number(out, "stream", (uint32_t)m->stream);
    put_number(out, "incarnation", m->incarnation);
    put_number_64(out, "first", m->first);
    put_number_64(out, "last", m->last);
    return out;
}

static json_t *
dump_streams(const struct stream_state *streams, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *out = json_object();
        put_number(out, "stream", (uint32_t)streams[i].stream);
        put_number(out, "incarnation", streams[i].incarnation);
        put_number_64(out, "have", streams[i].have);
        put_number(out, "credit_frames", streams[i].credit_frames);
        put_number_64(out, "credit_bytes", streams[i].credit_bytes);
        json_array_append_new(list, out);
    }
    return list;
}

static json_t *
dump_hello(const struct hello *m)
{
    json_t *out = json_object();

    PUT_ID(out, "author", m->author);
    PUT_ID(out, "audience", m->audience);
    put_number_64(out, "session", m->session);
    put_number_64(out, "answers", m->answers);
    put_number(out, "incarnation", m->incarnation);
    put_ms(out, "clock_ms", m->clock);
    put_number_64(out, "descriptor_serial", m->descriptor_serial);
    json_object_set_new(out, "stream", dump_streams(m->streams, m->stream_count));
    PUT_ID(out, "profile", m->profile);
    return out;
}

static json_t *
dump_ack(const struct ack *m)
{
    json_t *out = json_object();

    json_object_set_new(out, "stream", dump_streams(m->streams, m->stream_count));
    return out;
}

static json_t *
dump_sum(const struct scope_sum *m)
{
    json_t *out = json_object();

    put_number_64(out, "count", m->count);
    put_hex(out, "sum", m->sum, SCOPE_SUM_SIZE);
    return out;
}

static json_t *
dump_scopes(const struct scopes *m)
{
    json_t *out = json_object(), *list = json_array();

    put_number(out, "incarnation", m->incarnation);
    put_number_64(out, "have", m->have);
    if (m->answer)
        put_bool(out, "answer", true);
    for (size_t i = 0; i < m->count; i++) {
        json_t *scope = dump_sum(&m->list[i].held);
        PUT_ID(scope, "grant", m->list[i].grant);
        json_array_append_new(list, scope);
    }
    json_object_set_new(out, "scope", list);
    return out;
}

static json_t *
dump_scope_range(const struct scope_range *m)
{
    json_t *out = json_object(), *parts = json_array(), *entries = json_array();

    put_number(out, "depth", m->depth);
    put_number_64(out, "prefix", m->prefix);
    if (m->split)
        put_bool(out, "split", true);
    if (m->listed)
        put_bool(out, "listed", true);
    for (size_t i = 0; i < m->part_count; i++)
        json_array_append_new(parts, dump_sum(&m->parts[i]));
    for (size_t i = 0; i < m->entry_count; i++) {
        json_t *entry = json_object();
        PUT_ID(entry, "record", m->entries[i].record);
        put_number(entry, "incarnation", m->entries[i].position.incarnation);
        put_number_64(entry, "number", m->entries[i].position.number);
        json_array_append_new(entries, entry);
    }
    json_object_set_new(out, "part", parts);
    json_object_set_new(out, "entry", entries);
    return out;
}

static json_t *
dump_scope_ids(const struct scope_ids *m)
{
    json_t *out = json_object(), *list = json_array();

    PUT_ID(out, "grant", m->grant);
    put_number(out, "incarnation", m->incarnation);
    put_number_64(out, "have", m->have);
    if (m->answer)
        put_bool(out, "answer", true);
    for (size_t i = 0; i < m->range_count; i++)
        json_array_append_new(list, dump_scope_range(&m->ranges[i]));
    json_object_set_new(out, "range", list);
    return out;
}

static json_t *
dump_introduce(const struct introduce *m)
{
    json_t *out = json_object();

    put_hex(out, "token", m->token, sizeof(m->token));
    json_object_set_new(out, "descriptor", dump_signed_object(&m->descriptor));
    return out;
}

static json_t *
dump_signed_body(const struct signed_object *m, const char *name)
{
    json_t *out = json_object();

    json_object_set_new(out, name, dump_signed_object(m));
    return out;
}

static json_t *
dump_bundle(const struct bundle *m, const char *name)
{
    json_t *out = dump_signed_body(&m->object, name);

    put_signed_list(out, "link", m->links, m->link_count);
    put_signed_list(out, "descriptor", m->descriptors, m->descriptor_count);
    return out;
}

/* ---- one row per message: name in the .proto, struct, parser, what dumps it ---- */

/* clang-format off */
#define MESSAGES(X)                                                              \
    X(Signed,         signed_object, signed_object, dump_signed_object(m))       \
    X(Descriptor,     descriptor,    descriptor,    dump_descriptor(m))          \
    X(Revision,       revision,      revision,      dump_revision(m))            \
    X(Records,        records,       records,       dump_records(m))             \
    X(Grant,          grant,         grant,         dump_grant(m))               \
    X(Offer,          offer,         offer,         dump_offer(m))               \
    X(Answer,         answer,        answer,        dump_answer(m))              \
    X(PassOn,         passon,        passon,        dump_passon(m))              \
    X(PassOnAck,      passon_ack,    passon_ack,    dump_passon_ack(m))          \
    X(Revocation,     revocation,    revocation,    dump_revocation(m))          \
    X(Verdict,        verdict,       verdict,       dump_verdict(m))             \
    X(Ask,            ask,           ask,           dump_ask(m))                 \
    X(Proposal,       proposal,      proposal,      dump_proposal(m))            \
    X(ProposalAnswer, proposal_answer, proposal_answer, dump_proposal_answer(m)) \
    X(Sealed,         sealed,        sealed,        dump_sealed(m))              \
    X(SealedBody,     sealed_body,   sealed_body,   dump_sealed_body(m))         \
    X(SealedReceipt,  sealed_receipt, sealed_receipt, dump_sealed_receipt(m))    \
    X(Withdrawal,     withdrawal,    withdrawal,    dump_withdrawal(m))          \
    X(Receipt,        receipt,       receipt,       dump_receipt(m))             \
    X(Head,           head,          head,          dump_head(m))                \
    X(LightOffer,     light_offer,   light_offer,   dump_light_offer(m))         \
    X(Void,           void_range,    void_range,    dump_void_range(m))          \
    X(Hello,          hello,         hello,         dump_hello(m))               \
    X(Ack,            ack,           ack,           dump_ack(m))                 \
    X(Scopes,         scopes,        scopes,        dump_scopes(m))              \
    X(ScopeIds,       scope_ids,     scope_ids,     dump_scope_ids(m))           \
    X(Introduce,      introduce,     introduce,     dump_introduce(m))           \
    X(SignedBody,     signed_object, signed_body,   dump_signed_body(m, "object"))     \
    X(RevocationBody, signed_object, signed_body,   dump_signed_body(m, "revocation")) \
    X(OfferBody,      bundle,        bundle,        dump_bundle(m, "offer"))     \
    X(PassOnBody,     bundle,        bundle,        dump_bundle(m, "passon"))
/* clang-format on */

#define X(message, type, codec, dump)                                                          \
    static enum status on_##message(struct vector *v, struct bytes raw)                        \
    {                                                                                          \
        struct type *m = NULL;                                                                 \
        TRY(wire_##codec##_parse(raw, v->arena, &m));                                          \
        json_object_set_new(v->out, "fields", dump);                                           \
        bool same = bytes_is_equal(wire_##codec##_format(m, v->arena), raw);                   \
        return same ? STATUS_OK : STATUS_INTERNAL;                                             \
    }
MESSAGES(X)
#undef X

static const struct {
    const char *name;
    enum status (*parse)(struct vector *v, struct bytes raw);
} messages[] = {
#define X(message, type, codec, dump) { #message, on_##message },
    MESSAGES(X)
#undef X
};

enum status
vector_message(struct vector *v, const char *message, struct bytes raw)
{
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        if (strcmp(messages[i].name, message) == 0)
            return messages[i].parse(v, raw);
    }
    return STATUS_NOT_FOUND;
}
