/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/judge_federation.c - vectors of envelopes, descriptors, records under a chain and
 * first contact.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "federation/disclose.h"
#include "federation/edge_wire.h"
#include "federation/envelope.h"
#include "federation/fingerprint.h"
#include "federation/identity.h"
#include "federation/invitation.h"
#include "federation/key_priv.h"
#include "federation/seal.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/type.h"
#include "tests/vectors/vector_chain.h"

static enum status
on_envelope(struct vector *v)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };
    const json_t *zeros = json_object_get(v->in, "zeros");
    size_t zero_count = (size_t)json_integer_value(zeros);
    struct envelope e;

    buffer_put_bytes(&raw, vector_hex(v, "bytes"));
    if (zero_count > 0)
        memset(buffer_extend(&raw, zero_count), 0, zero_count);
    TRY(envelope_parse(buffer_bytes(&raw), &e));
    put_number(v->out, "kind", e.kind);
    put_number(v->out, "stream", (uint32_t)e.stream);
    put_number_64(v->out, "session", e.session);
    put_number(v->out, "incarnation", e.incarnation);
    put_number_64(v->out, "sequence", e.seq);
    put_number(v->out, "length", (uint32_t)e.body.len);
    put_bool(v->out, "known", message_kind_is_known(e.kind, e.stream));
    bool same = bytes_is_equal(envelope_format(&e, v->arena), buffer_bytes(&raw));
    return same ? STATUS_OK : STATUS_INTERNAL;
}

static enum status
on_descriptor(struct vector *v)
{
    struct signed_object *object = NULL;
    struct descriptor *descriptor = NULL;
    struct node_id node;

    TRY(wire_signed_object_parse(vector_hex(v, "signed"), v->arena, &object));
    TRY(descriptor_verify(object, vector_ms(v, "now"), v->arena, &descriptor, &node));
    put_hex(v->out, "node", node.b, sizeof(node.b));
    return vector_message(v, "Descriptor", object->body);
}

static enum status
id_in(struct vector *v, const char *name, struct node_id *out)
{
    const json_t *hex = json_object_get(json_object_get(v->out, "fields"), name);

    return hex_parse(bytes_of(json_string_value(hex), json_string_length(hex)), out->b,
                     sizeof(out->b));
}

/* Author and audience are taken from the parsed message; a revocation names the grant's audience. */
static enum status
on_addressed(struct vector *v)
{
    struct key_directory keys = vector_directory(v);
    enum sign_type type = vector_sign_type(v);
    struct signed_object *object = NULL;
    struct node_id author, audience, me;

    TRY(wire_signed_object_parse(vector_hex(v, "signed"), v->arena, &object));
    TRY(vector_message(v, vector_message_of(type), object->body));
    TRY(id_in(v, "author", &author));
    TRY(id_in(v, "audience", &audience));
    vector_copy(v, "me", me.b, sizeof(me.b));
    TRY(object_verify(type, object, &author, &audience,
                      type == SIGN_REVOCATION ? &audience : &me, &keys));
    json_object_clear(v->out);
    struct object_id id = digest_object_id(object->body);
    put_hex(v->out, "id", id.b, sizeof(id.b));
    return STATUS_OK;
}

/* ---- first contact ---- */

static enum status
on_words(struct vector *v)
{
    struct node_id a, b;
    const char *words[FINGERPRINT_WORDS];
    json_t *list = json_array();

    vector_copy(v, "a", a.b, sizeof(a.b));
    vector_copy(v, "b", b.b, sizeof(b.b));
    fingerprint_words(&a, &b, words);
    for (size_t i = 0; i < FINGERPRINT_WORDS; i++)
        json_array_append_new(list, json_string(words[i]));
    json_object_set_new(v->out, "words", list);
    return STATUS_OK;
}

static enum status
on_invitation(struct vector *v)
{
    struct wall_ms now = vector_ms(v, "now");
    struct invitation *invitation = NULL;
    struct descriptor *descriptor = NULL;
    struct node_id node;

    TRY(invitation_parse(vector_text(v, "text"), v->arena, &invitation));
    TRY(descriptor_verify(&invitation->descriptor, now, v->arena, &descriptor, &node));
    if (now.ms >= invitation->ends.ms)
        return STATUS_EXPIRED;
    put_hex(v->out, "node", node.b, sizeof(node.b));
    put_text(v->out, "name", descriptor->name);
    put_hex(v->out, "token", invitation->token, sizeof(invitation->token));
    put_hex(v->out, "guest_secret", invitation->guest_secret, sizeof(invitation->guest_secret));
    put_number_64(v->out, "ends_ms", (uint64_t)invitation->ends.ms);
    return STATUS_OK;
}

/* ---- records ---- */

static enum status
on_records(struct vector *v)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    AUTO(dictionary_free) struct dictionary *dictionary = NULL;
    struct company_keys owner;
    struct records *records = NULL;
    struct received *received = NULL;
    size_t count = 0;

    TRY(vector_chain(v, &chain));
    TRY(wire_records_parse(vector_hex(v, "body"), v->arena, &records));
    TRY(dictionary_new(bytes_of(NULL, 0), "", NULL, &dictionary));
    if (!vector_company(v, chain_owner(chain), &owner))
        return STATUS_UNKNOWN_KEY;
    struct receive_rules rules = {
        .chain = chain, .owner = owner, .dictionary = dictionary, .now = vector_ms(v, "now")
    };
    vector_copy(v, "recipient", rules.me.b, sizeof(rules.me.b));
    TRY(records_verify(records, &rules, v->arena, &received, &count));

    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, json_string(status_name(received[i].status)));
    json_object_set_new(v->out, "items", items);
    return STATUS_OK;
}

/* ---- the sealed way ---- */

static enum status
on_seal(struct vector *v)
{
    struct content_key key;
    struct sealed *header = NULL;
    struct bytes body;
    uint8_t kind;

    vector_copy(v, "key", key.b, sizeof(key.b));
    TRY(wire_sealed_parse(vector_hex(v, "header"), v->arena, &header));
    TRY(seal_open(&key, header, vector_hex(v, "box"), v->arena, &kind, &body));
    put_number(v->out, "inner", kind);
    put_hex(v->out, "body", body.data, body.len);
    return STATUS_OK;
}

/* One question to the key process's own code, and its answer. */
static size_t
ask_key(const struct seed *sealing, struct bytes question, uint8_t *answer, size_t room)
{
    struct secrets *secrets = key_secrets_new(sealing, sealing, NULL);
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0 ||
        send(ends[0], question.data, question.len, 0) < 0 || shutdown(ends[0], SHUT_WR) != 0)
        abort();
    key_serve(ends[1], secrets);
    ssize_t len = recv(ends[0], answer, room, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    key_secrets_free(&secrets);
    return len < 0 ? 0 : (size_t)len;
}

static enum status
on_unwrap(struct vector *v)
{
    enum { HEAD = 5 };
    AUTO(buffer_fini) struct buffer question = { 0 };
    uint8_t answer[HEAD + 64];
    struct seed sealing;

    vector_copy(v, "secret", sealing.b, sizeof(sealing.b));
    buffer_put_u32(&question, 1);
    buffer_put_u8(&question, KEY_UNWRAP);
    buffer_put_bytes(&question, vector_hex(v, "wrapped"));
    size_t len = ask_key(&sealing, buffer_bytes(&question), answer, sizeof(answer));
    assert(len >= HEAD);
    if (answer[HEAD - 1] == STATUS_OK)
        put_hex(v->out, "key", answer + HEAD, len - HEAD);
    return (enum status)answer[HEAD - 1];
}

/* clang-format off */
const struct vector_kind vector_kinds_federation[] = {
    { "seal", on_seal },
    { "unwrap", on_unwrap },
    { "envelope", on_envelope },
    { "addressed", on_addressed },
    { "descriptor", on_descriptor },
    { "words", on_words },
    { "invitation", on_invitation },
    { "records", on_records },
    { NULL, NULL },
};
/* clang-format on */
