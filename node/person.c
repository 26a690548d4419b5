/* SPDX-License-Identifier: Apache-2.0
 *
 * node/person.c - rows of a guest list that are one person, as connected components over keyed matching forms
 * (contract: node/person.h).
 */
#include "node/person.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

enum { TYPE_ATTENDEE = 4, KEYS_MAX = 5, KEY_PACKED = 9, SETTLE_MOST = 128 };

struct keys {
    struct {
        int64_t key;
        bool weak;
    } at[KEYS_MAX];
    size_t count;
};

bool
person_is_kept(const struct type *type)
{
    return type->key.space.len == 0 && type->key.number == TYPE_ATTENDEE;
}

/* ---- keys --------------------------------------------------------------------------------- */

struct forms {
    struct core *core;
    const struct type *type;
    const struct row_in *row;
    struct arena *arena;
    struct bytes event;
};

static struct bytes
value_of(const struct row_in *row, const struct type_field *field)
{
    for (size_t i = 0; field != NULL && i < row->field_count; i++)
        if (key_is_equal(row->fields[i].key, field->key))
            return row->fields[i].value;
    return (struct bytes){ 0 };
}

/* The matching form of a field of this name; empty when there is none. */
static struct bytes
form_of(const struct forms *f, const char *name)
{
    const struct type_field *field = type_field_find_name(f->type, name);
    struct bytes value = value_of(f->row, field);

    return value.len == 0 ? value : value_match_form(field, value, f->core->region, f->arena);
}

/* A key of one form, or of two together; none when one of them is missing. */
static void
add_key(const struct forms *f, char kind, struct bytes a, const struct bytes *b,
        struct keys *out)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    if (a.len == 0 || (b != NULL && b->len == 0))
        return;
    buffer_put_text(&buf, "person");
    buffer_put_u8(&buf, (uint8_t)kind);
    buffer_put_bytes(&buf, f->event);
    buffer_put_u32(&buf, (uint32_t)a.len);
    buffer_put_bytes(&buf, a);
    if (b != NULL)
        buffer_put_bytes(&buf, *b);
    struct digest digest = digest_keyed(f->core->match_key, buffer_bytes(&buf));
    int64_t key = (int64_t)get_u64(digest.b);
    for (size_t i = 0; i < out->count; i++)
        if (out->at[i].key == key)
            return;
    out->at[out->count++].key = key;
}

static void
keys_of(const struct forms *f, struct keys *out)
{
    struct bytes name = form_of(f, "name"), telephone = form_of(f, "telephone");
    struct bytes organization = form_of(f, "organization");

    *out = (struct keys){ 0 };
    if (f->event.len == 0)
        return;
    add_key(f, 'e', form_of(f, "email"), NULL, out);
    add_key(f, 'p', form_of(f, "mobile"), NULL, out);
    add_key(f, 't', telephone, &name, out);
    add_key(f, 'o', organization, &name, out);
    size_t strong = out->count;
    add_key(f, 'p', telephone, NULL, out); /* last: if it is the mobile's it is strong */
    if (out->count > strong)
        out->at[strong].weak = true;
}

static void
keys_pack(const struct keys *keys, struct buffer *out)
{
    for (size_t i = 0; i < keys->count; i++) {
        buffer_put_u64(out, (uint64_t)keys->at[i].key);
        buffer_put_u8(out, keys->at[i].weak);
    }
}

static void
keys_unpack(struct bytes packed, struct keys *out)
{
    *out = (struct keys){ 0 };
    for (size_t at = 0; at + KEY_PACKED <= packed.len && out->count < KEYS_MAX;
         at += KEY_PACKED) {
        out->at[out->count].key = (int64_t)get_u64(packed.data + at);
        out->at[out->count++].weak = packed.data[at + 8] != 0;
    }
}

static enum status
keys_add(struct core *core, int64_t record, const struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        TRY(store_exec(core->store, STMT_PERSON_KEY_ADD, "iii", keys->at[i].key, record,
                       (int64_t)keys->at[i].weak));
    return STATUS_OK;
}

static enum status
keys_drop(struct core *core, int64_t record, const struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        TRY(store_exec(core->store, STMT_PERSON_KEY_DROP, "ii", keys->at[i].key, record));
    return STATUS_OK;
}

/* ---- components --------------------------------------------------------------------------- */

/* Persons with a row that has this key. */
static enum status
near(struct core *core, int64_t record, int64_t key, bool weak, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PERSON_NEAR);
    enum status s;

    *count = 0;
    stmt_bind(q, "iiii", key, record, (int64_t)weak, (int64_t)PERSON_ROWS_MAX);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Two persons become one, when there is room. */
static enum status
merge(struct core *core, int64_t *person, int64_t other)
{
    int64_t mine, theirs;

    if (other == *person)
        return STATUS_OK;
    TRY(store_number(core->store, &mine, STMT_PERSON_SIZE, "i", *person));
    TRY(store_number(core->store, &theirs, STMT_PERSON_SIZE, "i", other));
    if (mine + theirs > PERSON_ROWS_MAX)
        return STATUS_OK;
    int64_t first = other < *person ? other : *person;
    int64_t later = other < *person ? *person : other;
    TRY(store_exec(core->store, STMT_PERSON_MOVE, "ii", later, first));
    *person = first;
    return STATUS_OK;
}

static enum status
join(struct core *core, int64_t record, const struct keys *keys)
{
    int64_t others[PERSON_ROWS_MAX], person;
    size_t count;

    TRY(store_number(core->store, &person, STMT_PERSON_GET, "i", record));
    for (size_t i = 0; i < keys->count; i++) {
        TRY(near(core, record, keys->at[i].key, keys->at[i].weak, others, &count));
        for (size_t o = 0; o < count; o++)
            TRY(merge(core, &person, others[o]));
    }
    return STATUS_OK;
}

struct member {
    int64_t record;
    struct keys keys;
};

static enum status
members(struct core *core, int64_t person, struct member *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PERSON_ROWS);
    enum status s = STATUS_OK;

    *count = 0;
    stmt_bind(q, "i", person);
    while (*count < PERSON_ROWS_MAX && (s = stmt_step(q)) == STATUS_OK) {
        out[*count].record = stmt_int(q, 0);
        keys_unpack(stmt_bytes(q, 1), &out[*count].keys);
        (*count)++;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* What still holds together after a row let go of its keys. */
static enum status
regroup(struct core *core, int64_t person)
{
    struct member rows[PERSON_ROWS_MAX];
    size_t count;

    TRY(members(core, person, rows, &count));
    for (size_t i = 0; i < count; i++)
        TRY(store_exec(core->store, STMT_PERSON_SET, "ii", rows[i].record, rows[i].record));
    for (size_t i = 0; count > 1 && i < count; i++)
        TRY(join(core, rows[i].record, &rows[i].keys));
    return STATUS_OK;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* STATUS_NOT_FOUND: not there. */
static enum status
stored(struct core *core, int64_t record, int64_t *person, struct keys *keys)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PERSON_GET);

    stmt_bind(q, "i", record);
    TRY(stmt_step(q));
    *person = stmt_int(q, 0);
    keys_unpack(stmt_bytes(q, 1), keys);
    return STATUS_OK;
}

static bool
keys_are_equal(const struct keys *a, const struct keys *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++)
        equal = a->at[i].key == b->at[i].key && a->at[i].weak == b->at[i].weak;
    return equal;
}

/* The row is there with other keys than before. */
static enum status
change(struct core *core, int64_t record, int64_t person, const struct keys *old,
       const struct keys *keys)
{
    AUTO(buffer_fini) struct buffer packed = { 0 };

    keys_pack(keys, &packed);
    TRY(keys_drop(core, record, old));
    TRY(store_exec(core->store, STMT_PERSON_KEYS, "ib", record, buffer_bytes(&packed)));
    TRY(keys_add(core, record, keys));
    TRY(regroup(core, person));
    return join(core, record, keys);
}

enum status
person_put(struct core *core, const struct type *type, int64_t record, const struct row_in *row)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer packed = { 0 };
    struct forms forms = { core, type, row, arena, value_of(row, type->parent) };
    struct keys old, keys;
    int64_t person;

    keys_of(&forms, &keys);
    enum status s = stored(core, record, &person, &old);
    if (s == STATUS_OK)
        return keys_are_equal(&old, &keys) ? STATUS_OK
                                           : change(core, record, person, &old, &keys);
    if (s != STATUS_NOT_FOUND)
        return s;
    keys_pack(&keys, &packed);
    TRY(store_exec(core->store, STMT_PERSON_ADD, "ibii", record, buffer_bytes(&packed),
                   row->claimed.ms, core_wall(core).ms));
    TRY(keys_add(core, record, &keys));
    return join(core, record, &keys);
}

/* Has the event rows of several companies, with this one? The first row of a second company makes all rows due. */
static enum status
has_several(struct core *core, struct bytes event, int64_t owner, bool *out)
{
    int64_t only;
    enum status s = store_number(core->store, &only, STMT_PERSON_EVENT_GET, "b", event);

    *out = s == STATUS_OK && only == 0;
    if (s == STATUS_NOT_FOUND)
        return store_exec(core->store, STMT_PERSON_EVENT_ADD, "bi", event, owner);
    TRY(s);
    if (only == 0 || only == owner)
        return STATUS_OK;
    *out = true;
    TRY(store_exec(core->store, STMT_PERSON_EVENT_SEVERAL, "b", event));
    return store_exec(core->store, STMT_PERSON_DUE_EVENT, "b", event);
}

enum status
person_note(struct core *core, const struct type *type, int64_t record,
            const struct row_in *row)
{
    struct bytes event = value_of(row, type->parent);
    bool several = false;

    TRY(store_exec(core->store, STMT_PERSON_NOTE, "iii", record, row->claimed.ms,
                   core_wall(core).ms));
    if (event.len == ID_SIZE)
        TRY(has_several(core, event, row->owner, &several));
    if (!several)
        return STATUS_OK;
    core->persons_wait = true;
    return store_exec(core->store, STMT_PERSON_DUE_ADD, "i", record);
}

static enum status
settle_one(struct core *core, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct record_now *now;
    enum status s = record_now(core->store, record, false, arena, &now);

    if (s != STATUS_OK) /* gone: whoever took it away dropped it here too */
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    const struct type *type = dictionary_find(core->dictionary, now->type);
    if (type == NULL || now->tombstone)
        return STATUS_OK;
    struct row_in row = { now->fields, now->field_count, now->claimed, now->owner };
    return person_put(core, type, record, &row);
}

static enum status
due_next(struct core *core, size_t most, int64_t *out, size_t *count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_PERSON_DUE_NEXT);
    enum status s;

    *count = 0;
    stmt_bind(q, "i", (int64_t)most);
    while ((s = stmt_step(q)) == STATUS_OK)
        out[(*count)++] = stmt_int(q, 0);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
person_settle(struct core *core, size_t most)
{
    int64_t records[SETTLE_MOST];
    size_t count;

    if (!core->persons_wait)
        return STATUS_OK;
    TRY(due_next(core, most < SETTLE_MOST ? most : SETTLE_MOST, records, &count));
    core->persons_wait = count == most;
    if (count > 0)
        TRY(core_need_txn(core));
    for (size_t i = 0; i < count; i++) {
        TRY(settle_one(core, records[i]));
        TRY(store_exec(core->store, STMT_PERSON_DUE_DROP, "i", records[i]));
    }
    return STATUS_OK;
}

enum status
person_drop(struct core *core, int64_t record)
{
    struct keys keys;
    int64_t person;

    TRY(store_exec(core->store, STMT_PERSON_DUE_DROP, "i", record));
    enum status s = stored(core, record, &person, &keys);

    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    TRY(keys_drop(core, record, &keys));
    TRY(store_exec(core->store, STMT_PERSON_DROP, "i", record));
    return regroup(core, person);
}
