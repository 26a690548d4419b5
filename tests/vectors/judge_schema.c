/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/judge_schema.c - vectors of hashes, messages, commitments, batches and values.
 */
#include "schema/base/cleanup.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "schema/merkle.h"
#include "schema/type.h"
#include "tests/vectors/vector.h"

#define PUT_ID(v, name, id) put_hex((v)->out, (name), (id).b, sizeof((id).b))

static enum status
on_digest(struct vector *v)
{
    struct bytes data = vector_hex(v, "data");
    const char *tag = json_string_value(json_object_get(v->in, "tag"));
    struct digest digest = tag == NULL ? digest_plain(data) : digest_tagged(tag, &data, 1);

    PUT_ID(v, "digest", digest);
    return STATUS_OK;
}

static enum status
on_profile(struct vector *v)
{
    struct bytes text = vector_text(v, "text");
    struct digest digest = digest_tagged("hansa/1/profile", &text, 1);

    PUT_ID(v, "profile", digest);
    return STATUS_OK;
}

static enum status
on_record_id(struct vector *v)
{
    struct node_id owner;
    uint8_t nonce[16];

    vector_copy(v, "owner", owner.b, sizeof(owner.b));
    vector_copy(v, "nonce", nonce, sizeof(nonce));
    struct record_id id =
        digest_record_id(vector_text(v, "space"), vector_u32(v, "type"), &owner, nonce);
    PUT_ID(v, "id", id);
    return STATUS_OK;
}

static enum status
on_revision(struct vector *v)
{
    struct bytes raw = vector_hex(v, "bytes");
    struct revision *revision = NULL;
    TRY(wire_revision_parse(raw, v->arena, &revision));

    struct revision_id id = digest_revision_id(raw);
    struct record_id record = digest_record_id(revision->type.space, revision->type.number,
                                               &revision->owner, revision->nonce);
    PUT_ID(v, "id", id);
    PUT_ID(v, "record", record);
    return STATUS_OK;
}

static enum status
on_message(struct vector *v)
{
    return vector_message(v, json_string_value(vector_get(v, "message")),
                          vector_hex(v, "bytes"));
}

/* ---- commitments ---- */

static enum status
on_salts(struct vector *v)
{
    uint8_t secret[32];
    uint8_t(*salts)[16] = arena_alloc(v->arena, 16 * (size_t)COMMITMENTS_MAX);
    uint32_t count = vector_u32(v, "count");

    if (count > COMMITMENTS_MAX)
        return STATUS_TOO_BIG;
    vector_copy(v, "secret", secret, sizeof(secret));
    digest_salts(secret, count, salts);

    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        char hex[33];
        hex_format(bytes_of(salts[i], 16), hex);
        json_array_append_new(list, json_string(hex));
    }
    json_object_set_new(v->out, "salts", list);
    return STATUS_OK;
}

static enum status
on_commitments(struct vector *v)
{
    uint8_t secret[32];
    size_t count = 0;
    struct field *fields = vector_fields(v, &count);

    vector_copy(v, "secret", secret, sizeof(secret));
    struct digest root = commitment_root(secret, fields, count);
    PUT_ID(v, "root", root);
    return STATUS_OK;
}

static void
shown_in(const struct vector *v, struct disclosure *out)
{
    *out = (struct disclosure){ 0 };
    out->fields = vector_fields(v, &out->field_count);
    if (json_object_get(v->in, "secret") != NULL) {
        out->has_secret = true;
        vector_copy(v, "secret", out->secret, sizeof(out->secret));
    }
    if (json_object_get(v->in, "withheld") != NULL)
        out->withheld = vector_hex(v, "withheld");
}

static enum status
on_disclosure(struct vector *v)
{
    struct disclosure shown;
    struct digest root;

    shown_in(v, &shown);
    vector_copy(v, "root", root.b, sizeof(root.b));
    return commitment_open(&shown, &root);
}

static enum status
on_narrow(struct vector *v)
{
    struct disclosure from, to;
    shown_in(v, &from);
    bool *keep = arena_alloc(v->arena, FIELDS_MAX);
    for (size_t i = 0; i < from.field_count; i++)
        keep[i] = json_is_true(json_array_get(vector_get(v, "keep"), i));

    commitment_narrow(&from, keep, v->arena, &to);
    json_t *fields = json_array();
    for (size_t i = 0; i < to.field_count; i++)
        json_array_append_new(fields, dump_field(&to.fields[i]));
    json_object_set_new(v->out, "field", fields);
    if (to.has_secret)
        put_hex(v->out, "secret", to.secret, sizeof(to.secret));
    if (to.withheld.len > 0)
        put_hex(v->out, "withheld", to.withheld.data, to.withheld.len);
    return STATUS_OK;
}

/* ---- batches ---- */

/* Leaves over revision ids B(u32 i), i from first. */
static struct digest *
made_up_leaves(const struct vector *v, uint32_t first, uint32_t count)
{
    struct digest *leaves = ARENA_ARRAY(v->arena, struct digest, (size_t)count + 1);

    for (uint32_t i = 0; i < count; i++) {
        uint8_t number[4];
        put_u32(number, first + i);
        struct revision_id id = digest_revision_id(bytes_of(number, sizeof(number)));
        leaves[i] = merkle_leaf(&id);
    }
    return leaves;
}

static enum status
on_merkle_root(struct vector *v)
{
    uint32_t size = vector_u32(v, "size");
    struct digest root = merkle_root(made_up_leaves(v, 0, size), size);

    PUT_ID(v, "root", root);
    return STATUS_OK;
}

static enum status
on_merkle_path(struct vector *v)
{
    uint32_t size = vector_u32(v, "size");
    uint32_t first = vector_u32(v, "first");
    uint32_t count = vector_u32(v, "count");
    struct digest path[MERKLE_PATH_MAX];
    size_t steps = 0;

    if (!merkle_is_run(size, first, count))
        return STATUS_MALFORMED;
    merkle_path(made_up_leaves(v, 0, size), size, first, count, path, &steps);
    put_hex(v->out, "path", path, 32 * steps);
    return STATUS_OK;
}

static enum status
on_merkle_climb(struct vector *v)
{
    uint32_t first = vector_u32(v, "first");
    uint32_t count = vector_u32(v, "count");
    struct digest root;

    TRY(merkle_climb(made_up_leaves(v, first, count), vector_u32(v, "size"), first, count,
                     vector_hex(v, "path"), &root));
    PUT_ID(v, "root", root);
    return STATUS_OK;
}

/* ---- values ---- */

static enum status
on_value(struct vector *v)
{
    const char *of = json_string_value(vector_get(v, "of"));

    for (size_t i = 0; i < KIND_COUNT_; i++) {
        struct type_field field = { .kind = (enum kind)i };
        if (strcmp(kind_name(field.kind), of) == 0)
            return value_is_valid(&field, vector_hex(v, "value")) ? STATUS_OK
                                                                  : STATUS_MALFORMED;
    }
    return STATUS_NOT_FOUND;
}

static enum status
on_common_profile(struct vector *v)
{
    AUTO(dictionary_free) struct dictionary *dictionary = NULL;

    TRY(dictionary_new(bytes_of(NULL, 0), "", NULL, &dictionary));
    struct digest profile = dictionary_profile(dictionary);
    PUT_ID(v, "profile", profile);
    return STATUS_OK;
}

/* clang-format off */
const struct vector_kind vector_kinds_schema[] = {
    { "digest", on_digest },
    { "profile", on_profile },
    { "record_id", on_record_id },
    { "revision", on_revision },
    { "message", on_message },
    { "salts", on_salts },
    { "commitments", on_commitments },
    { "disclosure", on_disclosure },
    { "narrow", on_narrow },
    { "merkle_root", on_merkle_root },
    { "merkle_path", on_merkle_path },
    { "merkle_climb", on_merkle_climb },
    { "value", on_value },
    { "common_profile", on_common_profile },
    { NULL, NULL },
};
/* clang-format on */
