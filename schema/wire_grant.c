/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_grant.c - signed objects, descriptors, grants, and the bodies that carry them.
 */
#include "schema/wire_priv.h"

/* ---- Signed, SignedBody, RevocationBody ---- */

void
wire_take_signed(const Hansa__V1__Signed *pb, struct signed_object *out)
{
    out->body = wire_take_bytes(pb->body);
    TAKE_ID(out->signature, pb->signature);
}

static void
fill_signed(const struct signed_object *in, Hansa__V1__Signed *pb)
{
    pb->body = wire_give_bytes(in->body);
    pb->signature = GIVE_ID(in->signature);
}

Hansa__V1__Signed *
wire_give_signed(struct arena *arena, const struct signed_object *in)
{
    Hansa__V1__Signed *pb = ARENA_NEW(arena, Hansa__V1__Signed);

    hansa__v1__signed__init(pb);
    fill_signed(in, pb);
    return pb;
}

static enum status
take_signed_object(struct arena *arena, const void *message, void *target)
{
    (void)arena;
    wire_take_signed(message, target);
    return STATUS_OK;
}

static void
give_signed_object(struct arena *arena, const void *source, void *message)
{
    (void)arena;
    fill_signed(source, message);
}

static const struct codec codec_signed_object = {
    .rules = &prescan_signed,
    .descriptor = &hansa__v1__signed__descriptor,
    .size = sizeof(struct signed_object),
    .take = take_signed_object,
    .give = give_signed_object,
};
WIRE_CODEC(signed_object, signed_object)

static enum status
take_signed_body(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__SignedBody *pb = message;

    (void)arena;
    wire_take_signed(pb->object, target);
    return STATUS_OK;
}

static void
give_signed_body(struct arena *arena, const void *source, void *message)
{
    Hansa__V1__SignedBody *pb = message;

    pb->object = wire_give_signed(arena, source);
}

/* RevocationBody has the same field under the same number. */
static const struct codec codec_signed_body = {
    .rules = &prescan_signed_body,
    .descriptor = &hansa__v1__signed_body__descriptor,
    .size = sizeof(struct signed_object),
    .take = take_signed_body,
    .give = give_signed_body,
};
WIRE_CODEC(signed_body, signed_object)

/* ---- OfferBody, PassOnBody ---- */

static struct signed_object *
take_signed_list(struct arena *arena, Hansa__V1__Signed **list, size_t count)
{
    struct signed_object *out = wire_alloc(arena, count, sizeof(*out));

    for (size_t i = 0; out != NULL && i < count; i++)
        wire_take_signed(list[i], &out[i]);
    return out;
}

static Hansa__V1__Signed **
give_signed_list(struct arena *arena, const struct signed_object *list, size_t count)
{
    Hansa__V1__Signed **out = ARENA_ARRAY(arena, Hansa__V1__Signed *, count);

    for (size_t i = 0; i < count; i++)
        out[i] = wire_give_signed(arena, &list[i]);
    return out;
}

static enum status
take_bundle(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__OfferBody *pb = message;
    struct bundle *out = target;

    wire_take_signed(pb->offer, &out->object);
    out->link_count = pb->n_link;
    out->links = take_signed_list(arena, pb->link, pb->n_link);
    out->descriptor_count = pb->n_descriptor;
    out->descriptors = take_signed_list(arena, pb->descriptor, pb->n_descriptor);
    return out->links != NULL && out->descriptors != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_bundle(struct arena *arena, const void *source, void *message)
{
    const struct bundle *in = source;
    Hansa__V1__OfferBody *pb = message;

    pb->offer = wire_give_signed(arena, &in->object);
    pb->n_link = in->link_count;
    pb->link = give_signed_list(arena, in->links, in->link_count);
    pb->n_descriptor = in->descriptor_count;
    pb->descriptor = give_signed_list(arena, in->descriptors, in->descriptor_count);
}

/* PassOnBody has the same fields under the same numbers. */
static const struct codec codec_bundle = {
    .rules = &prescan_offer_body,
    .descriptor = &hansa__v1__offer_body__descriptor,
    .size = sizeof(struct bundle),
    .take = take_bundle,
    .give = give_bundle,
};
WIRE_CODEC(bundle, bundle)

/* ---- Descriptor ---- */

static const uint8_t for_anyone[ID_SIZE]; /* its audience */

static enum status
take_descriptor(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Descriptor *pb = message;
    struct descriptor *out = target;

    (void)arena;
    if (!bytes_is_equal(wire_take_bytes(pb->audience), bytes_of(for_anyone, ID_SIZE)))
        return STATUS_MALFORMED;
    TAKE_ID(out->root_key, pb->root_key);
    out->serial = pb->serial;
    out->has_previous = pb->has_previous;
    if (pb->has_previous)
        TAKE_ID(out->previous, pb->previous);
    out->name = pb->name;
    out->country = pb->country;
    TAKE_ID(out->signing_key, pb->signing_key);
    TAKE_ID(out->transport_key, pb->transport_key);
    TAKE_ID(out->sealing_key, pb->sealing_key);
    out->endpoints = wire_take_texts(pb->endpoint);
    out->endpoint_count = pb->n_endpoint;
    out->not_before = TAKE_MS(pb->not_before_ms);
    out->not_after = TAKE_MS(pb->not_after_ms);
    out->refused_below = pb->has_refused_below ? pb->refused_below : 0;
    return STATUS_OK;
}

static void
give_descriptor(struct arena *arena, const void *source, void *message)
{
    const struct descriptor *in = source;
    Hansa__V1__Descriptor *pb = message;

    (void)arena;
    pb->root_key = GIVE_ID(in->root_key);
    pb->audience = wire_give_bytes(bytes_of(for_anyone, sizeof(for_anyone)));
    pb->serial = in->serial;
    pb->has_previous = in->has_previous;
    if (in->has_previous)
        pb->previous = GIVE_ID(in->previous);
    pb->name = wire_give_text(in->name);
    pb->country = wire_give_text(in->country);
    pb->signing_key = GIVE_ID(in->signing_key);
    pb->transport_key = GIVE_ID(in->transport_key);
    pb->sealing_key = GIVE_ID(in->sealing_key);
    pb->endpoint = wire_give_texts(in->endpoints);
    pb->n_endpoint = in->endpoint_count;
    pb->not_before_ms = GIVE_MS(in->not_before);
    pb->not_after_ms = GIVE_MS(in->not_after);
    pb->has_refused_below = in->refused_below > 0;
    pb->refused_below = in->refused_below;
}

static bool
is_descriptor_valid(const void *source)
{
    const struct descriptor *in = source;

    return wire_is_country(in->country) && in->has_previous == (in->serial > 1) &&
           in->not_before.ms < in->not_after.ms && in->refused_below <= in->serial;
}

static const struct codec codec_descriptor = {
    .rules = &prescan_descriptor,
    .descriptor = &hansa__v1__descriptor__descriptor,
    .size = sizeof(struct descriptor),
    .take = take_descriptor,
    .give = give_descriptor,
    .is_valid = is_descriptor_valid,
};
WIRE_CODEC(descriptor, descriptor)

/* ---- Grant ---- */

struct grant_field *
wire_take_grant_fields(struct arena *arena, Hansa__V1__GrantField *const *list, size_t count)
{
    struct grant_field *out = wire_alloc(arena, count, sizeof(*out));

    for (size_t i = 0; out != NULL && i < count; i++)
        out[i] = (struct grant_field){
            .type = { .space = wire_take_space(list[i]->type_space), .number = list[i]->type },
            .field = { .space = wire_take_space(list[i]->space), .number = list[i]->number },
        };
    return out;
}

static enum status
take_terms(struct arena *arena, const Hansa__V1__Terms *pb, struct terms *out)
{
    out->want_count = pb->n_want;
    out->want = wire_take_grant_fields(arena, pb->want, pb->n_want);
    out->quota = pb->has_quota ? pb->quota : 0;
    out->closes = TAKE_MS(pb->has_closes_ms ? pb->closes_ms : 0);
    out->chain = pb->has_chain && pb->chain;
    return out->want != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static enum status
take_grant_lists(struct arena *arena, const Hansa__V1__Grant *pb, struct grant *out)
{
    out->record_count = pb->n_record;
    out->records = wire_alloc(arena, pb->n_record, sizeof(*out->records));
    out->field_count = pb->n_field;
    out->fields = wire_take_grant_fields(arena, pb->field, pb->n_field);
    if (out->records == NULL || out->fields == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_record; i++)
        TAKE_ID(out->records[i], pb->record[i]);
    out->purposes = wire_take_texts(pb->purpose);
    out->purpose_count = pb->n_purpose;
    out->countries = wire_take_texts(pb->country);
    out->country_count = pb->n_country;
    return STATUS_OK;
}

static enum status
take_selector(const Hansa__V1__Grant *pb, struct grant *out)
{
    if ((pb->n_record > 0) + pb->has_tree + pb->has_segment != 1)
        return STATUS_MALFORMED;
    out->selector = SELECTOR_RECORDS;
    if (pb->has_tree) {
        out->selector = SELECTOR_TREE;
        TAKE_ID(out->tree, pb->tree);
    }
    if (pb->has_segment) {
        out->selector = SELECTOR_SEGMENT;
        TAKE_ID(out->segment, pb->segment);
    }
    return STATUS_OK;
}

static enum status
take_grant(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Grant *pb = message;
    struct grant *out = target;

    TAKE_ID(out->issuer, pb->issuer);
    TAKE_ID(out->audience, pb->audience);
    TAKE_ID(out->owner, pb->owner);
    out->has_parent = pb->has_parent;
    if (pb->has_parent)
        TAKE_ID(out->parent, pb->parent);
    TRY(take_selector(pb, out));
    TRY(take_grant_lists(arena, pb, out));
    out->actions = pb->actions;
    out->depth = pb->depth;
    out->not_before = TAKE_MS(pb->not_before_ms);
    out->not_after = TAKE_MS(pb->not_after_ms);
    out->delete_days = pb->delete_days;
    out->receipt = pb->receipt;
    wire_take_fixed(pb->nonce, out->nonce, sizeof(out->nonce));
    out->has_cites = pb->has_cites;
    if (pb->has_cites)
        TAKE_ID(out->cites, pb->cites);
    out->has_terms = pb->terms != NULL;
    return pb->terms != NULL ? take_terms(arena, pb->terms, &out->terms) : STATUS_OK;
}

static Hansa__V1__GrantField *
give_grant_field(struct arena *arena, const struct grant_field *in)
{
    Hansa__V1__GrantField *pb = ARENA_NEW(arena, Hansa__V1__GrantField);

    hansa__v1__grant_field__init(pb);
    pb->type = in->type.number;
    pb->type_space = wire_give_space(arena, in->type.space);
    pb->number = in->field.number;
    pb->space = wire_give_space(arena, in->field.space);
    return pb;
}

Hansa__V1__GrantField **
wire_give_grant_fields(struct arena *arena, const struct grant_field *list, size_t count)
{
    Hansa__V1__GrantField **out = ARENA_ARRAY(arena, Hansa__V1__GrantField *, count);

    for (size_t i = 0; i < count; i++)
        out[i] = give_grant_field(arena, &list[i]);
    return out;
}

static Hansa__V1__Terms *
give_terms(struct arena *arena, const struct terms *in)
{
    Hansa__V1__Terms *pb = ARENA_NEW(arena, Hansa__V1__Terms);

    hansa__v1__terms__init(pb);
    pb->n_want = in->want_count;
    pb->want = wire_give_grant_fields(arena, in->want, in->want_count);
    pb->has_quota = in->quota != 0;
    pb->quota = in->quota;
    pb->has_closes_ms = in->closes.ms != 0;
    pb->closes_ms = GIVE_MS(in->closes);
    pb->has_chain = in->chain;
    pb->chain = in->chain;
    return pb;
}

static void
give_selector(struct arena *arena, const struct grant *in, Hansa__V1__Grant *pb)
{
    switch (in->selector) {
    case SELECTOR_RECORDS:
        pb->n_record = in->record_count;
        pb->record = ARENA_ARRAY(arena, ProtobufCBinaryData, in->record_count);
        for (size_t i = 0; i < in->record_count; i++)
            pb->record[i] = GIVE_ID(in->records[i]);
        break;
    case SELECTOR_TREE:
        pb->has_tree = true;
        pb->tree = GIVE_ID(in->tree);
        break;
    case SELECTOR_SEGMENT:
        pb->has_segment = true;
        pb->segment = GIVE_ID(in->segment);
        break;
    }
}

static void
give_grant(struct arena *arena, const void *source, void *message)
{
    const struct grant *in = source;
    Hansa__V1__Grant *pb = message;

    pb->issuer = GIVE_ID(in->issuer);
    pb->audience = GIVE_ID(in->audience);
    pb->owner = GIVE_ID(in->owner);
    pb->has_parent = in->has_parent;
    if (in->has_parent)
        pb->parent = GIVE_ID(in->parent);
    give_selector(arena, in, pb);
    pb->n_field = in->field_count;
    pb->field = wire_give_grant_fields(arena, in->fields, in->field_count);
    pb->actions = in->actions;
    pb->depth = in->depth;
    pb->not_before_ms = GIVE_MS(in->not_before);
    pb->not_after_ms = GIVE_MS(in->not_after);
    pb->purpose = wire_give_texts(in->purposes);
    pb->n_purpose = in->purpose_count;
    pb->country = wire_give_texts(in->countries);
    pb->n_country = in->country_count;
    pb->delete_days = in->delete_days;
    pb->receipt = in->receipt;
    pb->nonce = wire_give_bytes(bytes_of(in->nonce, sizeof(in->nonce)));
    pb->terms = in->has_terms ? give_terms(arena, &in->terms) : NULL;
    pb->has_cites = in->has_cites;
    if (in->has_cites)
        pb->cites = GIVE_ID(in->cites);
}

bool
wire_are_grant_fields_ascending(const struct grant_field *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (grant_field_compare(&list[i - 1], &list[i]) >= 0)
            return false;
    return true;
}

bool
wire_grant_is_ordered(const struct grant *grant)
{
    if (grant->selector == SELECTOR_RECORDS)
        for (size_t i = 1; i < grant->record_count; i++)
            if (memcmp(grant->records[i - 1].b, grant->records[i].b, ID_SIZE) >= 0)
                return false;
    return wire_are_grant_fields_ascending(grant->fields, grant->field_count) &&
           wire_are_grant_fields_ascending(grant->terms.want, grant->terms.want_count) &&
           wire_are_texts_ascending(grant->purposes, grant->purpose_count) &&
           wire_are_texts_ascending(grant->countries, grant->country_count);
}

static bool
is_grant_valid(const void *source)
{
    const struct grant *in = source;

    if (in->selector == SELECTOR_RECORDS && in->record_count == 0)
        return false;
    for (size_t i = 0; i < in->country_count; i++)
        if (!wire_is_country(in->countries[i]))
            return false;
    return wire_grant_is_ordered(in);
}

static const struct codec codec_grant = {
    .rules = &prescan_grant,
    .descriptor = &hansa__v1__grant__descriptor,
    .size = sizeof(struct grant),
    .take = take_grant,
    .give = give_grant,
    .is_valid = is_grant_valid,
};
WIRE_CODEC(grant, grant)
