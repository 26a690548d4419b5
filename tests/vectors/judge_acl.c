/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/judge_acl.c - vectors of signatures, grants, chains and decisions. vector_chain()
 * also serves the vectors of federation.
 */
#include <stdio.h>

#include "acl/chain.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "tests/vectors/vector_chain.h"

/* Names of signed types in vectors, with the message inside; a batch has none. */
static const struct {
    const char *name;
    const char *message;
} sign_types[SIGN_COUNT_] = {
    [SIGN_DESCRIPTOR] = { "descriptor", "Descriptor" },
    [SIGN_BATCH] = { "batch", NULL },
    [SIGN_GRANT] = { "grant", "Grant" },
    [SIGN_OFFER] = { "offer", "Offer" },
    [SIGN_ANSWER] = { "answer", "Answer" },
    [SIGN_PASSON] = { "passon", "PassOn" },
    [SIGN_PASSON_ACK] = { "passon_ack", "PassOnAck" },
    [SIGN_REVOCATION] = { "revocation", "Revocation" },
    [SIGN_VOID] = { "void", "Void" },
    [SIGN_VERDICT] = { "verdict", "Verdict" },
    [SIGN_ASK] = { "ask", "Ask" },
    [SIGN_PROPOSAL] = { "proposal", "Proposal" },
    [SIGN_PROPOSAL_ANSWER] = { "proposal_answer", "ProposalAnswer" },
    [SIGN_SEALED] = { "sealed", "Sealed" },
    [SIGN_SEALED_RECEIPT] = { "sealed_receipt", "SealedReceipt" },
    [SIGN_AUDIT] = { "audit_head", NULL },
    [SIGN_RECEIPT] = { "receipt", "Receipt" },
    [SIGN_HEAD] = { "head", "Head" },
    [SIGN_WITHDRAWAL] = { "withdrawal", "Withdrawal" },
    [SIGN_LIGHT_OFFER] = { "light_offer", "LightOffer" },
};

enum sign_type
vector_sign_type(const struct vector *v)
{
    const char *name = json_string_value(vector_get(v, "type"));

    for (size_t i = 0; i < SIGN_COUNT_; i++) {
        if (strcmp(sign_types[i].name, name) == 0)
            return (enum sign_type)i;
    }
    return SIGN_COUNT_;
}

const char *
vector_message_of(enum sign_type type)
{
    return type < SIGN_COUNT_ ? sign_types[type].message : NULL;
}

static enum status
on_signature(struct vector *v)
{
    AUTO(buffer_fini) struct buffer message = { 0 };
    struct sign_key key;
    struct signature signature;
    enum sign_type type = vector_sign_type(v);
    struct bytes body = vector_hex(v, "body");

    vector_copy(v, "key", key.b, sizeof(key.b));
    vector_copy(v, "signature", signature.b, sizeof(signature.b));
    TRY(signature_verify(type, &key, body, &signature));
    signature_message(type, body, &message);
    put_hex(v->out, "signed_bytes", message.data, message.len);
    return STATUS_OK;
}

static enum status
on_batch(struct vector *v)
{
    struct node_id owner;
    struct digest root;
    uint8_t body[68];

    vector_copy(v, "owner", owner.b, sizeof(owner.b));
    vector_copy(v, "root", root.b, sizeof(root.b));
    signature_batch_body(&owner, vector_u32(v, "size"), &root, body);
    put_hex(v->out, "body", body, sizeof(body));
    return STATUS_OK;
}

static enum status
on_object(struct vector *v)
{
    enum sign_type type = vector_sign_type(v);
    struct signed_object *object = NULL;
    struct sign_key key;

    vector_copy(v, "key", key.b, sizeof(key.b));
    TRY(wire_signed_object_parse(vector_hex(v, "signed"), v->arena, &object));
    TRY(signature_verify(type, &key, object->body, &object->signature));
    TRY(vector_message(v, vector_message_of(type), object->body));
    struct object_id id = digest_object_id(object->body);
    put_hex(v->out, "id", id.b, sizeof(id.b));
    return STATUS_OK;
}

static enum status
on_grant(struct vector *v)
{
    struct bytes body = vector_hex(v, "body");
    struct grant *grant = NULL;
    const char *component = NULL;

    TRY(wire_grant_parse(body, v->arena, &grant));
    TRY(grant_check(grant, &component));
    struct object_id id = digest_object_id(body);
    put_hex(v->out, "id", id.b, sizeof(id.b));
    return STATUS_OK;
}

/* ---- chains ---- */

/* Only the recipient's name is ever asked for. */
static void
name_company(const struct vector *v, const struct node_id *node, struct company_keys *out)
{
    const char *name = json_string_value(json_object_get(v->in, "recipient_name"));

    if (name != NULL &&
        bytes_is_equal(vector_hex(v, "recipient"), bytes_of(node->b, sizeof(node->b))))
        (void)snprintf(out->name, sizeof(out->name), "%s", name);
}

bool
vector_company(const struct vector *v, const struct node_id *node, struct company_keys *out)
{
    json_t *list = vector_get(v, "companies");

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        struct bytes id = vector_unhex(v, json_object_get(one, "node"));
        struct bytes key = vector_unhex(v, json_object_get(one, "key"));
        if (!bytes_is_equal(id, bytes_of(node->b, sizeof(node->b))) || key.len != 32)
            continue;
        *out = (struct company_keys){ 0 };
        memcpy(out->signing[0].b, key.data, key.len);
        out->signing_count = 1;
        memcpy(out->country, json_string_value(json_object_get(one, "country")), 2);
        name_company(v, node, out);
        return true;
    }
    return false;
}

static bool
find_company(void *self, const struct node_id *node, struct company_keys *out)
{
    return vector_company(self, node, out);
}

static bool
is_id(const struct vector *v, const json_t *hex, const uint8_t id[static ID_SIZE])
{
    return bytes_is_equal(vector_unhex(v, hex), bytes_of(id, ID_SIZE));
}

static bool
is_revoked(void *self, const struct object_id *grant, const struct node_id *may, size_t count)
{
    const struct vector *v = self;
    const json_t *list = json_object_get(v->in, "revoked");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        bool is_this = is_id(v, json_object_get(one, "grant"), grant->b);
        for (size_t k = 0; is_this && k < count; k++)
            if (is_id(v, json_object_get(one, "author"), may[k].b))
                return true;
    }
    return false;
}

struct key_directory
vector_directory(struct vector *v)
{
    return (struct key_directory){ find_company, v };
}

/* A link that is no Signed cannot reach chain_verify: it is refused here, in its turn, unless an
 * earlier link is refused first. */
static enum status
parse_links(struct vector *v, struct signed_object *links, size_t *count)
{
    json_t *list = vector_get(v, "links");
    size_t total = json_array_size(list);

    for (*count = 0; *count < total; (*count)++) {
        struct signed_object *one = NULL;
        TRY(wire_signed_object_parse(vector_unhex(v, json_array_get(list, *count)), v->arena,
                                     &one));
        links[*count] = *one;
    }
    return STATUS_OK;
}

enum status
vector_chain(struct vector *v, struct verified_chain **out)
{
    enum { LINKS_MAX = 16 };
    struct signed_object links[LINKS_MAX];
    struct key_directory keys = vector_directory(v);
    struct revocation_view revoked = { is_revoked, v };
    struct chain_fault fault = { 0 };
    size_t count = 0;

    assert(json_array_size(vector_get(v, "links")) <= LINKS_MAX);
    enum status parsed = parse_links(v, links, &count);
    if (parsed != STATUS_OK) {
        v->link = (int)count;
        return parsed;
    }
    enum status status =
        chain_verify(links, count, &keys, &revoked, vector_ms(v, "now"), out, &fault);
    if (status != STATUS_OK && count >= 1 && count <= CHAIN_MAX)
        v->link = (int)fault.link;
    return status;
}

static enum status
on_chain(struct vector *v)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;

    TRY(vector_chain(v, &chain));
    put_hex(v->out, "owner", chain_owner(chain)->b, ID_SIZE);
    put_hex(v->out, "leaf", chain_leaf_id(chain)->b, ID_SIZE);
    put_number_64(v->out, "ends_ms", (uint64_t)chain_end(chain).ms);
    return STATUS_OK;
}

/* ---- decisions ---- */

static void
copy_id(const struct vector *v, const json_t *hex, void *out)
{
    struct bytes raw = vector_unhex(v, hex);

    assert(raw.len == ID_SIZE);
    memcpy(out, raw.data, ID_SIZE);
}

static struct record_facts
record_in(const struct vector *v)
{
    json_t *in = vector_get(v, "record");
    const json_t *space = json_object_get(in, "type_space");
    const json_t *parent = json_object_get(in, "parent");
    const json_t *segments = json_object_get(in, "segments");
    struct record_facts facts = { .segment_count = json_array_size(segments) };

    copy_id(v, json_object_get(in, "id"), facts.id.b);
    copy_id(v, json_object_get(in, "owner"), facts.owner.b);
    facts.type.number = (uint32_t)json_integer_value(json_object_get(in, "type"));
    if (space != NULL)
        facts.type.space = bytes_of(json_string_value(space), json_string_length(space));
    facts.has_parent = parent != NULL;
    if (parent != NULL)
        copy_id(v, parent, facts.parent.b);
    struct revision_id *ids =
        ARENA_ARRAY(v->arena, struct revision_id, facts.segment_count + 1);
    for (size_t i = 0; i < facts.segment_count; i++)
        copy_id(v, json_array_get(segments, i), ids[i].b);
    facts.segments = ids;
    return facts;
}

/* What is disclosed of the record, for consent: "fields" of the common schema. */
static void
fields_in(struct vector *v, const struct dictionary *dictionary, struct record_facts *facts)
{
    const json_t *list = json_object_get(v->in, "fields");
    size_t count = json_array_size(list);
    struct field *fields = ARENA_ARRAY(v->arena, struct field, count + 1);

    for (size_t i = 0; i < count; i++)
        vector_field(v, json_array_get(list, i), &fields[i]);
    facts->known_type = dictionary_find(dictionary, facts->type);
    facts->fields = fields;
    facts->field_count = count;
    facts->consent_waived = json_is_true(json_object_get(v->in, "waived"));
}

/* Three ways to ask the same must answer the same. */
static struct decision
decide(struct vector *v, const struct verified_chain *chain, const struct node_id *recipient)
{
    struct record_facts facts = record_in(v);
    AUTO(dictionary_free) struct dictionary *dictionary = NULL;
    struct wall_ms at = vector_ms(v, "at");
    const json_t *asked = json_object_get(v->in, "field");
    enum status s = dictionary_new(bytes_of(NULL, 0), "", NULL, &dictionary);
    assert(s == STATUS_OK); /* our own files */
    fields_in(v, dictionary, &facts);
    if (asked == NULL)
        return decide_record(chain, recipient, &facts, at);

    struct field field;
    bool keep = false;
    vector_field(v, asked, &field);
    struct decision one = decide_field(chain, recipient, &facts, field.key, at);
    struct decision record = decide_fields(chain, recipient, &facts, &field, 1, at, &keep);
    struct decision alone = decide_record(chain, recipient, &facts, at);
    assert(keep == (one.stop == STOP_NONE));
    assert(record.stop == alone.stop && record.link == alone.link);
    return one;
}

static enum status
on_decision(struct vector *v)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct node_id recipient;

    TRY(vector_chain(v, &chain));
    vector_copy(v, "recipient", recipient.b, sizeof(recipient.b));
    struct decision decision = decide(v, chain, &recipient);
    put_text(v->out, "stop", stop_name(decision.stop));
    put_number(v->out, "link", (uint32_t)decision.link);
    return STATUS_OK;
}

/* clang-format off */
const struct vector_kind vector_kinds_acl[] = {
    { "signature", on_signature },
    { "batch", on_batch },
    { "object", on_object },
    { "grant", on_grant },
    { "chain", on_chain },
    { "decision", on_decision },
    { NULL, NULL },
};
/* clang-format on */
