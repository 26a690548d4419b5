/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_record.c - Revision and Records. Records is the bulk of all traffic.
 */
#include "schema/wire_priv.h"

static enum status
take_revision(struct decoder *d, const void *message, void *target)
{
    const Hansa__V1__Revision *pb = message;
    struct revision *out = target;

    (void)d;
    wire_take_fixed(pb->nonce, out->nonce, sizeof(out->nonce));
    TAKE_ID(out->owner, pb->owner);
    out->type = (struct key){ .space = wire_take_space(pb->type_space), .number = pb->type };
    out->position = (struct position){ pb->incarnation, pb->number };
    out->has_previous = pb->has_previous;
    if (pb->has_previous)
        TAKE_ID(out->previous, pb->previous);
    TAKE_ID(out->profile, pb->profile);
    TAKE_ID(out->commitments, pb->commitments);
    out->claimed = TAKE_MS(pb->claimed_ms);
    out->tombstone = pb->has_tombstone;
    return STATUS_OK;
}

static void
give_revision(struct arena *arena, const void *source, void *message)
{
    const struct revision *in = source;
    Hansa__V1__Revision *pb = message;

    pb->nonce = wire_give_bytes(bytes_of(in->nonce, sizeof(in->nonce)));
    pb->owner = GIVE_ID(in->owner);
    pb->type = in->type.number;
    pb->type_space = wire_give_space(arena, in->type.space);
    pb->incarnation = in->position.incarnation;
    pb->number = in->position.number;
    pb->has_previous = in->has_previous;
    if (in->has_previous)
        pb->previous = GIVE_ID(in->previous);
    pb->profile = GIVE_ID(in->profile);
    pb->commitments = GIVE_ID(in->commitments);
    pb->claimed_ms = GIVE_MS(in->claimed);
    pb->has_tombstone = in->tombstone;
    pb->tombstone = in->tombstone;
}

static const struct codec codec_revision = {
    .rules = &prescan_revision,
    .descriptor = &hansa__v1__revision__descriptor,
    .size = sizeof(struct revision),
    .take = take_revision,
    .give = give_revision,
};
WIRE_CODEC(revision, revision)

/* ---- Records > Run > Disclosure > Field ---- */

static void
take_field(const Hansa__V1__Field *pb, struct field *out)
{
    out->key = (struct key){ .space = wire_take_space(pb->space), .number = pb->number };
    out->value = wire_take_bytes(pb->value);
    out->has_salt = pb->has_salt;
    if (pb->has_salt)
        wire_take_fixed(pb->salt, out->salt, sizeof(out->salt));
}

static enum status
take_disclosure(struct decoder *d, const Hansa__V1__Disclosure *pb, struct disclosure *out)
{
    out->revision = wire_take_bytes(pb->revision);
    out->has_secret = pb->has_secret;
    if (pb->has_secret)
        wire_take_fixed(pb->secret, out->secret, sizeof(out->secret));
    if (pb->has_withheld)
        out->withheld = wire_take_bytes(pb->withheld);
    out->field_count = pb->n_field;
    out->fields = wire_alloc(d, pb->n_field, sizeof(*out->fields));
    if (out->fields == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_field; i++)
        take_field(pb->field[i], &out->fields[i]);
    return STATUS_OK;
}

static enum status
take_run(struct decoder *d, const Hansa__V1__Run *pb, struct run *out)
{
    out->size = pb->size;
    out->first = pb->first;
    TAKE_ID(out->signature, pb->signature);
    if (pb->has_path)
        out->path = wire_take_bytes(pb->path);
    out->item_count = pb->n_item;
    out->items = wire_alloc(d, pb->n_item, sizeof(*out->items));
    if (out->items == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_item; i++)
        TRY(take_disclosure(d, pb->item[i], &out->items[i]));
    return STATUS_OK;
}

static enum status
take_records(struct decoder *d, const void *message, void *target)
{
    const Hansa__V1__Records *pb = message;
    struct records *out = target;

    TAKE_ID(out->grant, pb->grant);
    out->run_count = pb->n_run;
    out->runs = wire_alloc(d, pb->n_run, sizeof(*out->runs));
    if (out->runs == NULL)
        return STATUS_TOO_BIG;
    for (size_t i = 0; i < pb->n_run; i++)
        TRY(take_run(d, pb->run[i], &out->runs[i]));
    return STATUS_OK;
}

static Hansa__V1__Field *
give_field(struct arena *arena, const struct field *in)
{
    Hansa__V1__Field *pb = ARENA_NEW(arena, Hansa__V1__Field);

    hansa__v1__field__init(pb);
    pb->number = in->key.number;
    pb->space = wire_give_space(arena, in->key.space);
    pb->value = wire_give_bytes(in->value);
    pb->has_salt = in->has_salt;
    if (in->has_salt)
        pb->salt = wire_give_bytes(bytes_of(in->salt, sizeof(in->salt)));
    return pb;
}

static Hansa__V1__Disclosure *
give_disclosure(struct arena *arena, const struct disclosure *in)
{
    Hansa__V1__Disclosure *pb = ARENA_NEW(arena, Hansa__V1__Disclosure);

    hansa__v1__disclosure__init(pb);
    pb->revision = wire_give_bytes(in->revision);
    pb->has_secret = in->has_secret;
    if (in->has_secret)
        pb->secret = wire_give_bytes(bytes_of(in->secret, sizeof(in->secret)));
    pb->has_withheld = in->withheld.len > 0;
    pb->withheld = wire_give_bytes(in->withheld);
    pb->n_field = in->field_count;
    pb->field = ARENA_ARRAY(arena, Hansa__V1__Field *, in->field_count);
    for (size_t i = 0; i < in->field_count; i++)
        pb->field[i] = give_field(arena, &in->fields[i]);
    return pb;
}

static Hansa__V1__Run *
give_run(struct arena *arena, const struct run *in)
{
    Hansa__V1__Run *pb = ARENA_NEW(arena, Hansa__V1__Run);

    hansa__v1__run__init(pb);
    pb->size = in->size;
    pb->first = in->first;
    pb->signature = GIVE_ID(in->signature);
    pb->has_path = in->path.len > 0;
    pb->path = wire_give_bytes(in->path);
    pb->n_item = in->item_count;
    pb->item = ARENA_ARRAY(arena, Hansa__V1__Disclosure *, in->item_count);
    for (size_t i = 0; i < in->item_count; i++)
        pb->item[i] = give_disclosure(arena, &in->items[i]);
    return pb;
}

static void
give_records(struct arena *arena, const void *source, void *message)
{
    const struct records *in = source;
    Hansa__V1__Records *pb = message;

    pb->grant = GIVE_ID(in->grant);
    pb->n_run = in->run_count;
    pb->run = ARENA_ARRAY(arena, Hansa__V1__Run *, in->run_count);
    for (size_t i = 0; i < in->run_count; i++)
        pb->run[i] = give_run(arena, &in->runs[i]);
}

static bool
is_disclosure_valid(const struct disclosure *shown)
{
    size_t total = 0;

    for (size_t i = 0; i < shown->field_count; i++) {
        total += shown->fields[i].value.len;
        if (i > 0 && key_compare(shown->fields[i - 1].key, shown->fields[i].key) >= 0)
            return false;
    }
    const uint8_t *withheld = shown->withheld.data;
    for (size_t at = ID_SIZE; at < shown->withheld.len; at += ID_SIZE)
        if (memcmp(withheld + at - ID_SIZE, withheld + at, ID_SIZE) >= 0)
            return false;
    return total <= RECORD_MAX;
}

static bool
is_records_valid(const void *source)
{
    const struct records *in = source;

    for (size_t i = 0; i < in->run_count; i++)
        for (size_t k = 0; k < in->runs[i].item_count; k++)
            if (!is_disclosure_valid(&in->runs[i].items[k]))
                return false;
    return true;
}

static const struct codec codec_records = {
    .rules = &prescan_records,
    .descriptor = &hansa__v1__records__descriptor,
    .size = sizeof(struct records),
    .take = take_records,
    .give = give_records,
    .is_valid = is_records_valid,
};
WIRE_CODEC(records, records)
