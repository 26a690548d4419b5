/* SPDX-License-Identifier: Apache-2.0
 *
 * node/erase.c - a person's own records, found together, and destroyed (contract: node/erase.h).
 *
 * 0. Rows held for a company without a node are in our keeping alone: they go as well, and nobody is told.
 * 1. What goes becomes a tombstone: its holders hear of it and destroy what they have, and only hashes stay.
 * 2. In a database that is older than the suppression list a tombstone went out in the life that followed; a second one
 *    could stand at its very position. Unless we are a new incarnation by now, the values are destroyed without one.
 */
#include "node/erase.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"

enum { PIECE = 256, VALUES_MOST = 64, VALUE_LEAST = 4 };

/* ---- collecting --------------------------------------------------------------------------- */

struct collecting {
    struct call *call;
    struct erase_set *set;
};

static bool
is_one_of(const struct type *type, const char *const *names, size_t count)
{
    for (size_t i = 0; type->key.space.len == 0 && i < count; i++)
        if (strcmp(type->name, names[i]) == 0)
            return true;
    return false;
}

/* A row that is a person, or speaks of one. */
static bool
is_person(const struct type *type)
{
    static const char *const names[] = { "contact", "attendee", "lead" };

    return is_one_of(type, names, COUNT_OF(names));
}

static enum erase_fate
fate_of(const struct collecting *c, const struct type *type, const struct record_now *now)
{
    static const char *const texts[] = { "consent", "activity" };
    struct suppression_keys keys;

    if (is_one_of(type, texts, COUNT_OF(texts)))
        return ERASE_GONE;
    if (!is_person(type))
        return ERASE_UNTIED;
    suppression_keys_of(c->call->core, type, now->fields, now->field_count, &keys);
    bool is_bare = strcmp(type->name, "lead") == 0 && keys.count == 0 &&
                   record_now_value(now, type, "name").len == 0 &&
                   record_now_value(now, type, "contact").len == 0;
    return is_bare ? ERASE_KEPT : ERASE_GONE;
}

bool
erase_is_light(struct call *call, const struct record_now *now)
{
    const struct company *owner = company_by_id(call->core, now->owner);

    return owner != NULL && owner->state == COMPANY_LIGHT;
}

static enum status
add(struct collecting *c, int64_t record)
{
    struct record_now *now;

    for (size_t i = 0; i < c->set->count; i++)
        if (c->set->items[i].record == record)
            return STATUS_OK;
    enum status s = record_now(c->call->store, record, false, c->call->arena, &now);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    const struct type *type = dictionary_find(c->call->dictionary, now->type);
    bool is_light = erase_is_light(c->call, now);
    if (type == NULL || now->tombstone || (now->owner != COMPANY_US && !is_light))
        return STATUS_OK;
    if (c->set->count == ERASE_RECORDS_MAX) {
        c->set->is_cut = true;
        return STATUS_OK;
    }
    c->set->items[c->set->count++] = (struct erase_item){ .record = record,
                                                          .type = type,
                                                          .id = now->id,
                                                          .fate = fate_of(c, type, now),
                                                          .light = is_light ? now->owner : 0,
                                                          .leaf = is_light ? now->grant : 0 };
    return STATUS_OK;
}

/* Rows of ours that refer to this one. */
static enum status
add_referring(struct collecting *c, const struct erase_item *to)
{
    int64_t *found = ARENA_ARRAY(c->call->arena, int64_t, ERASE_RECORDS_MAX);
    struct record_id id = to->id;
    const char *name = to->type->name;
    size_t count;

    for (size_t t = 0; t < dictionary_count(c->call->dictionary); t++) {
        const struct type *type = dictionary_type(c->call->dictionary, t);
        for (size_t f = 0; f < type->field_count; f++) {
            const struct type_field *ref = &type->fields[f];
            if (ref->kind != KIND_REFERENCE || ref->column == NULL ||
                (ref->refers != NULL && strcmp(ref->refers, name) != 0))
                continue;
            struct project_reference query = {
                .type = type, .ref = ref, .value = &id, .own_only = true
            };
            TRY(project_referring(c->call->store, &query, found, ERASE_RECORDS_MAX, &count));
            for (size_t i = 0; i < count; i++)
                TRY(add(c, found[i]));
        }
    }
    return STATUS_OK;
}

/* Do two records have an address or a mobile number in common? */
static enum status
is_same_person(struct collecting *c, const struct suppression_keys *a, int64_t record,
               bool *out)
{
    struct suppression_keys b;
    struct record_now *now;

    *out = false;
    TRY(record_now(c->call->store, record, false, c->call->arena, &now));
    if (now->owner != COMPANY_US && !erase_is_light(c->call, now))
        return STATUS_OK;
    suppression_keys_of(c->call->core, dictionary_find(c->call->dictionary, now->type),
                        now->fields, now->field_count, &b);
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b.count; k++)
            *out = *out || (!a->at[i].weak && !b.at[k].weak &&
                            memcmp(a->at[i].b, b.at[k].b, SUPPRESSION_KEY_SIZE) == 0);
    return STATUS_OK;
}

/* Guests by hand or by file, whom no reference leads to. */
static enum status
add_found(struct collecting *c, const struct suppression_keys *keys, struct bytes words)
{
    int64_t *found = ARENA_ARRAY(c->call->arena, int64_t, PIECE);
    struct project_query query = { .search = arena_text(c->call->arena, words),
                                   .limit = PIECE };
    size_t count = PIECE;
    bool is_hers;

    TRY(find_type(c->call, "attendee", &query.type));
    while (words.len >= VALUE_LEAST && count == PIECE) {
        TRY(project_list(c->call->store, &query, found, &count));
        for (size_t i = 0; i < count; i++) {
            TRY(is_same_person(c, keys, found[i], &is_hers));
            if (is_hers)
                TRY(add(c, found[i]));
            query.after = found[i];
        }
    }
    return STATUS_OK;
}

/* Other rows of ours with the same address or mobile number. */
static enum status
add_same(struct collecting *c, const struct erase_item *item)
{
    static const char *const told[] = { "email", "otherEmail", "mobile" };
    static const char *const names[] = { "contact", "lead" };
    int64_t found[PIECE];
    struct suppression_keys keys;
    struct record_now *now;
    size_t count;

    TRY(record_now(c->call->store, item->record, false, c->call->arena, &now));
    suppression_keys_of(c->call->core, item->type, now->fields, now->field_count, &keys);
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        struct bytes value = record_now_value(now, item->type, told[i]);
        if (value.len == 0)
            continue;
        TRY(add_found(c, &keys, value));
        for (size_t n = 0; n < COUNT_OF(names) * COUNT_OF(told); n++) {
            const struct type *type;
            TRY(find_type(c->call, names[n / COUNT_OF(told)], &type));
            const struct type_field *f = type_field_find_name(type, told[n % COUNT_OF(told)]);
            struct field as = { .key = f == NULL ? type->key : f->key, .value = value };
            if (f == NULL)
                continue;
            TRY(records_matching(c->call->core, type, &as, found, PIECE, &count));
            for (size_t k = 0; k < count; k++)
                TRY(add(c, found[k]));
        }
    }
    return STATUS_OK;
}

enum status
erase_collect(struct call *call, const struct record_now *person, struct erase_set *out)
{
    struct collecting c = { call, out };

    *out = (struct erase_set){ 0 };
    out->items = ARENA_ARRAY(call->arena, struct erase_item, ERASE_RECORDS_MAX);
    TRY(add(&c, person->record));
    for (size_t i = 0; i < out->count; i++) { /* grows as it goes */
        struct erase_item item = out->items[i];
        if (!is_person(item.type) || item.fate != ERASE_GONE)
            continue;
        TRY(add_same(&c, &item));
        TRY(add_referring(&c, &item));
    }
    return STATUS_OK;
}

/* ---- what jobs remember ------------------------------------------------------------------- */

struct words {
    struct bytes at[VALUES_MOST];
    size_t count;
};

static struct bytes
lowered(struct bytes text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);

    for (size_t i = 0; i < text.len; i++)
        out[i] = (uint8_t)tolower(text.data[i]);
    return bytes_of(out, text.len);
}

static enum status
words_add(struct call *call, const struct erase_item *item, struct words *out)
{
    static const char *const told[] = { "name",   "familyName", "email",         "otherEmail",
                                        "mobile", "telephone",  "otherTelephone" };
    struct record_now *now;

    if (!is_person(item->type))
        return STATUS_OK;
    TRY(record_now(call->store, item->record, false, call->arena, &now));
    for (size_t i = 0; i < COUNT_OF(told) && out->count < VALUES_MOST; i++) {
        struct bytes value = record_now_value(now, item->type, told[i]);
        if (value.len >= VALUE_LEAST)
            out->at[out->count++] = lowered(value, call->arena);
    }
    return STATUS_OK;
}

static bool
words_are_in(const struct words *words, struct bytes text, struct arena *arena)
{
    struct bytes low = lowered(text, arena);

    for (size_t i = 0; i < words->count; i++)
        if (memmem(low.data, low.len, words->at[i].data, words->at[i].len) != NULL)
            return true;
    return false;
}

/* Rows that an import could not take, when she is among them; kept so far for whoever mends them. */
static enum status
scrub_file(const struct words *words, const char *path)
{
    AUTO(arena_free) struct arena *arena = arena_new(HTTP_UPLOAD_MAX * 2);
    AUTO(buffer_fini) struct buffer raw = { 0 };
    enum status s = file_read_at(AT_FDCWD, path, HTTP_UPLOAD_MAX, &raw);

    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    if (words_are_in(words, buffer_bytes(&raw), arena) && unlink(path) != 0)
        return STATUS_IO;
    return STATUS_OK;
}

/* The next job that does not run any more. STATUS_NOT_FOUND. */
struct over {
    int64_t id;
    const char *path, *args, *result;
};

static enum status
next_over(struct call *call, int64_t after, struct over *out)
{
    enum { ID, PATH, ARGS, RESULT };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_JOB_OVER);

    stmt_bind(q, "i", after);
    TRY(stmt_step(q));
    out->id = stmt_int(q, ID);
    out->path = arena_text(call->arena, bytes_text(stmt_text(q, PATH)));
    out->args = arena_text(call->arena, bytes_text(stmt_text(q, ARGS)));
    out->result = arena_text(call->arena, bytes_text(stmt_text(q, RESULT)));
    return STATUS_OK;
}

static enum status
scrub_job(struct call *call, const struct words *words, const struct over *job)
{
    bool in_args = words_are_in(words, bytes_text(job->args), call->arena);
    bool in_result = words_are_in(words, bytes_text(job->result), call->arena);

    if (*job->path != '\0') {
        TRY(scrub_file(words, job->path));
        TRY(scrub_file(words, arena_printf(call->arena, "%s.bad", job->path)));
    }
    if (!in_args && !in_result)
        return STATUS_OK;
    return store_exec(call->store, STMT_JOB_SCRUB, "itt", job->id, in_args ? "{}" : job->args,
                      in_result ? "{}" : job->result);
}

static enum status
scrub_jobs(struct call *call, const struct words *words)
{
    struct over job = { 0 };
    enum status s;

    while ((s = next_over(call, job.id, &job)) == STATUS_OK)
        TRY(scrub_job(call, words, &job));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- destroying --------------------------------------------------------------------------- */

static bool
is_going(const struct erase_set *set, struct bytes id)
{
    for (size_t i = 0; id.len == ID_SIZE && i < set->count; i++)
        if (set->items[i].fate == ERASE_GONE &&
            memcmp(set->items[i].id.b, id.data, ID_SIZE) == 0)
            return true;
    return false;
}

/* What is left of it: whoever has the children must hear of a tombstone; the rest without what refers to her. */
static enum status
remainder_of(struct call *call, const struct erase_set *set, const struct erase_item *item,
             struct mint *out)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    struct record_now *now;

    TRY(record_now(call->store, item->record, false, call->arena, &now));
    for (size_t i = 0; i < now->field_count; i++) {
        const struct type_field *f = type_field_find(item->type, now->fields[i].key);
        bool is_parent = f != NULL && f->is_parent;
        bool is_hers =
            f != NULL && f->kind == KIND_REFERENCE && is_going(set, now->fields[i].value);
        if (item->fate == ERASE_GONE ? is_parent : !is_hers)
            draft_put(draft, now->fields[i].key, now->fields[i].value);
    }
    *out = (struct mint){ .record = item->record,
                          .type = item->type->key,
                          .fields = draft->fields,
                          .field_count = draft->count,
                          .tombstone = item->fate == ERASE_GONE };
    return STATUS_OK;
}

static enum status
destroy_held(struct call *call, const struct erase_item *item, const char *action)
{
    TRY(store_exec(call->store, STMT_MEMBER_GONE, "i", item->record));
    TRY(records_forget(call->core, item->leaf, &item->id));
    return audit_add(call->core, call->actor, action, bytes_of(item->id.b, ID_SIZE),
                     (struct bytes){ 0 });
}

static enum status
destroy(struct call *call, const struct erase_set *set, const struct erase_item *item,
        const char *action)
{
    struct mint mint;

    if (item->fate == ERASE_KEPT)
        return STATUS_OK;
    if (item->light != 0)
        return destroy_held(call, item, action);
    TRY(remainder_of(call, set, item, &mint));
    if (mint.tombstone) {
        call->core->has_erased = true;
        TRY(store_exec(call->store, STMT_MEMBER_GONE, "i", item->record));
        TRY(store_exec(call->store, STMT_ICAL_REPLY_DROP, "i", item->record));
    }
    return records_mint(call->core, &mint, 1, call->actor, action);
}

static enum status
words_of(struct call *call, const struct erase_set *set, struct words *out)
{
    *out = (struct words){ 0 };
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].fate == ERASE_GONE)
            TRY(words_add(call, &set->items[i], out));
    return STATUS_OK;
}

enum status
erase_run(struct call *call, const struct erase_set *set, const char *action)
{
    struct words *words = ARENA_NEW(call->arena, struct words);

    TRY(words_of(call, set, words));
    for (size_t i = 0; i < set->count; i++)
        TRY(destroy(call, set, &set->items[i], action));
    return scrub_jobs(call, words);
}

/* ---- an older database -------------------------------------------------------------------- */

static enum status
destroy_again(struct call *call, const struct record_now *person)
{
    struct words *words = ARENA_NEW(call->arena, struct words);
    struct erase_set set;

    TRY(erase_collect(call, person, &set));
    TRY(words_of(call, &set, words));
    for (size_t i = 0; i < set.count; i++) {
        const struct erase_item *item = &set.items[i];
        struct record_now *now;
        if (item->fate != ERASE_GONE)
            continue;
        TRY(record_now(call->store, item->record, false, call->arena, &now));
        if (item->light != 0 || now->position.incarnation < call->core->incarnation) {
            TRY(destroy(call, &set, item, "person.erased_again"));
            continue;
        }
        TRY(store_exec(call->store, STMT_MEMBER_GONE, "i", item->record));
        TRY(records_forget_own(call->core, item->record));
        TRY(audit_add(call->core, "node", "person.erased_again", bytes_of(item->id.b, ID_SIZE),
                      (struct bytes){ 0 }));
    }
    return scrub_jobs(call, words);
}

static enum status
again_one(struct call *call, const struct type *type, int64_t record)
{
    struct draft *draft = ARENA_NEW(call->arena, struct draft);
    enum suppression_verdict verdict;
    struct record_now *now;

    enum status s = record_now(call->store, record, false, call->arena, &now);
    if (s != STATUS_OK) /* went with another row of the same person */
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    bool is_light = erase_is_light(call, now);
    if (now->tombstone || (now->owner != COMPANY_US && !is_light))
        return STATUS_OK;
    for (size_t i = 0; i < now->field_count; i++)
        draft_put(draft, now->fields[i].key, now->fields[i].value);
    TRY(suppression_judge(call, type, &now->id, draft, &verdict));
    if (verdict == SUPPRESSION_REFUSED)
        return destroy_again(call, now);
    struct mint mint = { .record = record,
                         .type = type->key,
                         .fields = draft->fields,
                         .field_count = draft->count };
    return verdict == SUPPRESSION_NONE || is_light
               ? STATUS_OK
               : records_mint(call->core, &mint, 1, call->actor, "consent.withdrawn_again");
}

static enum status
again_type(struct core *core, const char *name)
{
    struct project_query query = { .limit = PIECE };
    int64_t records[PIECE];
    size_t count = PIECE;

    query.type = dictionary_find_name(core->dictionary, name);
    while (count == PIECE) {
        TRY(project_list(core->store, &query, records, &count));
        for (size_t i = 0; i < count; i++) {
            AUTO(arena_free) struct arena *arena = arena_new(0);
            struct diag diag = { 0 };
            struct call call = service_own_call(core, arena, &diag);
            TRY(again_one(&call, query.type, records[i]));
            query.after = records[i];
        }
    }
    return STATUS_OK;
}

enum status
erase_suppressed(struct core *core)
{
    static const char *const names[] = { "contact", "attendee", "lead", "consent", "activity" };

    for (size_t i = 0; i < COUNT_OF(names);
         i++) /* people first: what speaks of them goes along */
        TRY(again_type(core, names[i]));
    return STATUS_OK;
}
