/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire_scopes.c - Scopes and ScopeIds: does a holder have what was delivered to it
 * (docs/protocol/repair.md)?
 */
#include "schema/wire_priv.h"

/* ---- Scopes ---- */

static enum status
take_scopes(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__Scopes *pb = message;
    struct scopes *out = target;

    out->incarnation = pb->incarnation;
    out->have = pb->have;
    out->answer = pb->answer;
    out->count = pb->n_scope;
    out->list = wire_alloc(arena, pb->n_scope, sizeof(*out->list));
    for (size_t i = 0; out->list != NULL && i < pb->n_scope; i++) {
        TAKE_ID(out->list[i].grant, pb->scope[i]->grant);
        out->list[i].held.count = pb->scope[i]->count;
        wire_take_fixed(pb->scope[i]->sum, out->list[i].held.sum, SCOPE_SUM_SIZE);
    }
    return out->list != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static void
give_scopes(struct arena *arena, const void *source, void *message)
{
    const struct scopes *in = source;
    Hansa__V1__Scopes *pb = message;

    pb->incarnation = in->incarnation;
    pb->have = in->have;
    pb->has_answer = pb->answer = in->answer;
    pb->n_scope = in->count;
    pb->scope = ARENA_ARRAY(arena, Hansa__V1__ScopeState *, in->count);
    for (size_t i = 0; i < in->count; i++) {
        pb->scope[i] = ARENA_NEW(arena, Hansa__V1__ScopeState);
        hansa__v1__scope_state__init(pb->scope[i]);
        pb->scope[i]->grant = GIVE_ID(in->list[i].grant);
        pb->scope[i]->count = in->list[i].held.count;
        pb->scope[i]->sum = wire_give_bytes(bytes_of(in->list[i].held.sum, SCOPE_SUM_SIZE));
    }
}

static const struct codec codec_scopes = {
    .rules = &prescan_scopes,
    .descriptor = &hansa__v1__scopes__descriptor,
    .size = sizeof(struct scopes),
    .take = take_scopes,
    .give = give_scopes,
};
WIRE_CODEC(scopes, scopes)

/* ---- ScopeIds ---- */

bool
wire_scope_range_has(const struct scope_range *range, const struct record_id *record)
{
    uint64_t digits = get_u64(record->b) >> 16;

    return digits >> (4 * (SCOPE_DEPTH_MAX - range->depth)) == range->prefix;
}

static enum status
take_parts(struct arena *arena, const Hansa__V1__ScopeRange *pb, struct scope_range *out)
{
    out->part_count = pb->n_part;
    out->parts = wire_alloc(arena, pb->n_part, sizeof(*out->parts));
    for (size_t i = 0; out->parts != NULL && i < pb->n_part; i++) {
        out->parts[i].count = pb->part[i]->count;
        wire_take_fixed(pb->part[i]->sum, out->parts[i].sum, SCOPE_SUM_SIZE);
    }
    return out->parts != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static enum status
take_entries(struct arena *arena, const Hansa__V1__ScopeRange *pb, struct scope_range *out)
{
    out->entry_count = pb->n_entry;
    out->entries = wire_alloc(arena, pb->n_entry, sizeof(*out->entries));
    for (size_t i = 0; out->entries != NULL && i < pb->n_entry; i++) {
        const Hansa__V1__ScopeEntry *entry = pb->entry[i];
        TAKE_ID(out->entries[i].record, entry->record);
        out->entries[i].position = (struct position){ entry->incarnation, entry->number };
    }
    return out->entries != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static enum status
take_scope_ids(struct arena *arena, const void *message, void *target)
{
    const Hansa__V1__ScopeIds *pb = message;
    struct scope_ids *out = target;

    TAKE_ID(out->grant, pb->grant);
    out->incarnation = pb->incarnation;
    out->have = pb->have;
    out->answer = pb->answer;
    out->range_count = pb->n_range;
    out->ranges = wire_alloc(arena, pb->n_range, sizeof(*out->ranges));
    for (size_t i = 0; out->ranges != NULL && i < pb->n_range; i++) {
        out->ranges[i] = (struct scope_range){ .depth = pb->range[i]->depth,
                                               .prefix = pb->range[i]->prefix,
                                               .split = pb->range[i]->split,
                                               .listed = pb->range[i]->listed };
        TRY(take_parts(arena, pb->range[i], &out->ranges[i]));
        TRY(take_entries(arena, pb->range[i], &out->ranges[i]));
    }
    return out->ranges != NULL ? STATUS_OK : STATUS_TOO_BIG;
}

static Hansa__V1__ScopeRange *
give_range(struct arena *arena, const struct scope_range *in)
{
    Hansa__V1__ScopeRange *pb = ARENA_NEW(arena, Hansa__V1__ScopeRange);

    hansa__v1__scope_range__init(pb);
    pb->depth = in->depth;
    pb->prefix = in->prefix;
    pb->has_split = pb->split = in->split;
    pb->has_listed = pb->listed = in->listed;
    pb->n_part = in->part_count;
    pb->part = ARENA_ARRAY(arena, Hansa__V1__ScopePart *, in->part_count);
    for (size_t i = 0; i < in->part_count; i++) {
        pb->part[i] = ARENA_NEW(arena, Hansa__V1__ScopePart);
        hansa__v1__scope_part__init(pb->part[i]);
        pb->part[i]->count = in->parts[i].count;
        pb->part[i]->sum = wire_give_bytes(bytes_of(in->parts[i].sum, SCOPE_SUM_SIZE));
    }
    pb->n_entry = in->entry_count;
    pb->entry = ARENA_ARRAY(arena, Hansa__V1__ScopeEntry *, in->entry_count);
    for (size_t i = 0; i < in->entry_count; i++) {
        pb->entry[i] = ARENA_NEW(arena, Hansa__V1__ScopeEntry);
        hansa__v1__scope_entry__init(pb->entry[i]);
        pb->entry[i]->record = GIVE_ID(in->entries[i].record);
        pb->entry[i]->incarnation = in->entries[i].position.incarnation;
        pb->entry[i]->number = in->entries[i].position.number;
    }
    return pb;
}

static void
give_scope_ids(struct arena *arena, const void *source, void *message)
{
    const struct scope_ids *in = source;
    Hansa__V1__ScopeIds *pb = message;

    pb->grant = GIVE_ID(in->grant);
    pb->incarnation = in->incarnation;
    pb->have = in->have;
    pb->has_answer = pb->answer = in->answer;
    pb->n_range = in->range_count;
    pb->range = ARENA_ARRAY(arena, Hansa__V1__ScopeRange *, in->range_count);
    for (size_t i = 0; i < in->range_count; i++)
        pb->range[i] = give_range(arena, &in->ranges[i]);
}

static bool
is_range_valid(const struct scope_range *range)
{
    if (range->prefix >> (4 * range->depth) != 0 ||
        (range->part_count != 0 && range->part_count != SCOPE_PARTS) ||
        (range->listed && range->part_count != 0) ||
        (!range->listed && range->entry_count != 0))
        return false;
    for (size_t i = 0; i < range->entry_count; i++) {
        const struct record_id *record = &range->entries[i].record;
        if (!wire_scope_range_has(range, record))
            return false;
        if (i > 0 && memcmp(range->entries[i - 1].record.b, record->b, ID_SIZE) >= 0)
            return false;
    }
    return true;
}

static bool
is_scope_ids_valid(const void *source)
{
    const struct scope_ids *in = source;

    for (size_t i = 0; i < in->range_count; i++)
        if (!is_range_valid(&in->ranges[i]))
            return false;
    return true;
}

static const struct codec codec_scope_ids = {
    .rules = &prescan_scope_ids,
    .descriptor = &hansa__v1__scope_ids__descriptor,
    .size = sizeof(struct scope_ids),
    .take = take_scope_ids,
    .give = give_scope_ids,
    .is_valid = is_scope_ids_valid,
};
WIRE_CODEC(scope_ids, scope_ids)
