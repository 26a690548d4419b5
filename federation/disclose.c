/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/disclose.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/plant.h"
#include "schema/commitment.h"
#include "schema/digest.h"
#include "schema/merkle.h"

/* Bytes around the parts of a protobuf message, rounded up: tags, lengths, small numbers. */
enum { ITEM_FRAME = 24, FIELD_FRAME = 20, RUN_FRAME = 96, RECORDS_FRAME = 40 };

void
record_facts_of(const struct revision *revision, const struct field *fields, size_t count,
                const struct dictionary *dictionary, struct record_facts *out)
{
    const struct type *type = dictionary_find(dictionary, revision->type);

    *out = (struct record_facts){ .owner = revision->owner, .type = revision->type };
    out->id = digest_record_id(revision->type.space, revision->type.number, &revision->owner,
                               revision->nonce);
    out->known_type = type;
    out->fields = fields;
    out->field_count = count;
    if (type == NULL || type->parent == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        if (!key_is_equal(fields[i].key, type->parent->key) || fields[i].value.len != ID_SIZE)
            continue;
        out->has_parent = true;
        memcpy(out->parent.b, fields[i].value.data, ID_SIZE);
    }
}

/* NOLINTBEGIN(readability-function-size): every one of them is part of the decision */
enum status
disclose(const struct verified_chain *chain, const struct node_id *recipient,
         const struct record_facts *facts, struct disclosure *full, struct wall_ms now,
         struct arena *arena, struct cleared *out, struct decision *why)
{
    bool keep[FIELDS_MAX];
    size_t kept = 0;

    *out = (struct cleared){ 0 };
    assert(full->field_count <= FIELDS_MAX);
    *why = decide_lease(chain, facts->lease, now);
    if (why->stop != STOP_NONE)
        return STATUS_NOT_GRANTED;
    *why = decide_fields(chain, recipient, facts, full->fields, full->field_count, now, keep);
    if (why->stop != STOP_NONE)
        return STATUS_NOT_GRANTED;
    for (size_t i = 0; i < full->field_count; i++) {
        keep[i] = keep[i] || PLANTED(PROJECTION_OFF);
        kept += keep[i];
    }
    out->grant = *chain_leaf_id(chain);
    if (kept == full->field_count) {
        out->shown = *full;
        return STATUS_OK;
    }
    if (full->has_secret)
        commitment_salts(full->secret, full->fields, full->field_count);
    commitment_narrow(full, keep, arena, &out->shown);
    return STATUS_OK;
}
/* NOLINTEND(readability-function-size) */

enum status
disclose_back(const struct object_id *grant, const struct node_id *recipient,
              const struct record_facts *facts, const struct disclosure *held,
              struct cleared *out)
{
    *out = (struct cleared){ 0 };
    if (!ID_IS_EQUAL(*recipient, facts->owner))
        return STATUS_NOT_GRANTED;
    out->grant = *grant;
    out->shown = *held;
    return STATUS_OK;
}

/* ---- packing ------------------------------------------------------------------------------ */

static size_t
item_size(const struct disclosure *d)
{
    size_t size = ITEM_FRAME + d->revision.len + d->withheld.len + (d->has_secret ? 34 : 0);

    for (size_t i = 0; i < d->field_count; i++)
        size += FIELD_FRAME + d->fields[i].key.space.len + d->fields[i].value.len +
                (d->fields[i].has_salt ? 18 : 0);
    return size;
}

/* How many items from the front can stand as one run, going by runs and leaves alone. */
static size_t
stretch(const struct cleared *items, size_t count)
{
    const struct run_leaves *run = items[0].run;
    size_t n = 1;

    while (n < count && n < RUN_ITEMS_MAX && items[n].run == run &&
           items[n].leaf == items[0].leaf + n)
        n++;
    return merkle_run_length(run->size, items[0].leaf, items[0].leaf + n - 1, RUN_ITEMS_MAX);
}

/* The longest run of at most n items that fits; 0 when not even one does. */
static size_t
fitting(const struct cleared *items, size_t n, size_t room)
{
    const struct run_leaves *run = items[0].run;

    for (;;) {
        size_t size = RUN_FRAME + (size_t)MERKLE_PATH_MAX * ID_SIZE;
        for (size_t i = 0; i < n; i++)
            size += item_size(&items[i].shown);
        if (size <= room)
            return n;
        if (n == 1)
            return 0;
        n = merkle_run_length(run->size, items[0].leaf, items[0].leaf + n - 2, n - 1);
    }
}

/* Path from items' subtree to the batch root: inside our stretch, then on from it. */
static struct bytes
path_of(const struct run_leaves *run, size_t first, size_t count, struct arena *arena)
{
    struct digest steps[MERKLE_PATH_MAX];
    size_t n = 0;

    if (first == 0 && count == run->count)
        return run->path;
    /* A stretch is one subtree of its batch, so it has the shape of a batch of its own. */
    merkle_path(run->leaves, run->count, first, count, steps, &n);
    uint8_t *path = arena_alloc(arena, n * ID_SIZE + run->path.len);
    memcpy(path, steps, n * ID_SIZE);
    if (run->path.len > 0)
        memcpy(path + n * ID_SIZE, run->path.data, run->path.len);
    return bytes_of(path, n * ID_SIZE + run->path.len);
}

static size_t
run_make(const struct cleared *items, size_t n, struct arena *arena, struct run *out)
{
    const struct run_leaves *source = items[0].run;
    size_t size = 0;

    *out = (struct run){ .size = source->size, .first = items[0].leaf, .item_count = n };
    out->signature = source->signature;
    out->path = path_of(source, items[0].leaf - source->first, n, arena);
    out->items = ARENA_ARRAY(arena, struct disclosure, n);
    for (size_t i = 0; i < n; i++) {
        out->items[i] = items[i].shown;
        if (items[i].shown.has_secret)
            for (size_t f = 0; f < items[i].shown.field_count; f++)
                items[i].shown.fields[f].has_salt = false;
        size += item_size(&items[i].shown);
    }
    return RUN_FRAME + out->path.len + size;
}

struct bytes
records_pack(const struct cleared *items, size_t count, size_t room, struct arena *arena,
             size_t *taken)
{
    struct records message = { .grant = items[0].grant };
    size_t used = RECORDS_FRAME;

    *taken = 0;
    message.runs = ARENA_ARRAY(arena, struct run, RECORDS_RUNS_MAX);
    while (*taken < count && message.run_count < RECORDS_RUNS_MAX) {
        size_t n = stretch(items + *taken, count - *taken);
        n = used < room ? fitting(items + *taken, n, room - used) : 0;
        if (n == 0)
            break;
        used += run_make(items + *taken, n, arena, &message.runs[message.run_count++]);
        *taken += n;
    }
    return *taken == 0 ? (struct bytes){ 0 } : wire_records_format(&message, arena);
}

/* ---- checking ----------------------------------------------------------------------------- */

static enum status
check_values(const struct received *item, const struct dictionary *dictionary)
{
    const struct type *type = dictionary_find(dictionary, item->revision->type);

    for (size_t i = 0; type != NULL && i < item->shown->field_count; i++) {
        const struct type_field *field = type_field_find(type, item->shown->fields[i].key);
        if (field != NULL && !value_is_valid(field, item->shown->fields[i].value))
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static enum status
check_granted(const struct received *item, const struct receive_rules *rules,
              const char **detail)
{
    bool keep[FIELDS_MAX];
    struct decision why;
    struct record_facts facts = item->facts;

    facts.consent_waived = true; /* the sender decides about consent, and may have waived it */
    why = decide_fields(rules->chain, &rules->me, &facts, item->shown->fields,
                        item->shown->field_count, rules->now, keep);
    if (why.stop != STOP_NONE) {
        *detail = stop_name(why.stop);
        return why.stop == STOP_OWNER ? STATUS_FOREIGN_OWNER : STATUS_NOT_GRANTED;
    }
    for (size_t i = 0; i < item->shown->field_count; i++) {
        if (keep[i])
            continue;
        *detail = stop_name(STOP_FIELD);
        return STATUS_NOT_GRANTED;
    }
    return STATUS_OK;
}

static const struct node_id *
owner_of(const struct receive_rules *rules)
{
    return rules->chain != NULL ? chain_owner(rules->chain) : &rules->me;
}

static enum status
check_item(struct received *item, const struct receive_rules *rules)
{
    item->detail = "owner";
    if (!ID_IS_EQUAL(item->revision->owner, *owner_of(rules)))
        return STATUS_FOREIGN_OWNER;
    item->detail = "commitments";
    TRY(commitment_open(item->shown, &item->revision->commitments));
    record_facts_of(item->revision, item->shown->fields, item->shown->field_count,
                    rules->dictionary, &item->facts);
    if (rules->chain != NULL)
        TRY(check_granted(item, rules, &item->detail));
    item->detail = "value";
    TRY(check_values(item, rules->dictionary));
    item->detail = NULL;
    return STATUS_OK;
}

enum status
run_verify(const struct run *run, const struct digest *leaves, const struct node_id *owner,
           const struct company_keys *keys)
{
    struct digest root;
    uint8_t body[68];

    if (PLANTED(SKIP_SIGNATURE))
        return STATUS_OK;
    TRY(merkle_climb(leaves, run->size, run->first, run->item_count, run->path, &root));
    signature_batch_body(owner, run->size, &root, body);
    return signature_verify_any(SIGN_BATCH, keys->signing, keys->signing_count,
                                bytes_of(body, sizeof(body)), &run->signature);
}

static void
verify_run(const struct run *run, const struct receive_rules *rules, struct arena *arena,
           struct received *out)
{
    struct run_leaves *kept = ARENA_NEW(arena, struct run_leaves);
    struct digest *leaves = ARENA_ARRAY(arena, struct digest, run->item_count);

    *kept = (struct run_leaves){ .size = run->size,
                                 .first = run->first,
                                 .count = (uint32_t)run->item_count,
                                 .signature = run->signature,
                                 .leaves = leaves,
                                 .path = run->path };
    for (size_t i = 0; i < run->item_count; i++) {
        out[i] = (struct received){ .shown = &run->items[i],
                                    .run = kept,
                                    .leaf = run->first + (uint32_t)i };
        out[i].revision_id = digest_revision_id(run->items[i].revision);
        leaves[i] = merkle_leaf(&out[i].revision_id);
    }
    enum status batch = run_verify(run, leaves, owner_of(rules), &rules->owner);
    for (size_t i = 0; i < run->item_count; i++) {
        out[i].status = batch;
        out[i].detail = "batch";
        if (batch == STATUS_OK)
            out[i].status =
                wire_revision_parse(run->items[i].revision, arena, &out[i].revision);
        if (out[i].status == STATUS_OK)
            out[i].status = check_item(&out[i], rules);
    }
}

enum status
records_verify(const struct records *message, const struct receive_rules *rules,
               struct arena *arena, struct received **out, size_t *count)
{
    size_t done = 0;

    *out = NULL;
    *count = 0;
    for (size_t i = 0; i < message->run_count; i++)
        *count += message->runs[i].item_count;
    struct received *items = ARENA_ARRAY(arena, struct received, *count);
    for (size_t i = 0; i < message->run_count; i++) {
        verify_run(&message->runs[i], rules, arena, items + done);
        done += message->runs[i].item_count;
    }
    *out = items;
    return STATUS_OK;
}
