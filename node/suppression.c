/* SPDX-License-Identifier: Apache-2.0
 *
 * node/suppression.c - who must not come back: keys, the table, and its mirror in a file beside the database
 * (contract: node/suppression.h).
 */
#include "node/suppression.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/consent.h"
#include "node/erase.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

enum { ACT_SIZE = 16, ACTS_MOST = 64, TEXT_MOST = 64, PIECE = 64 * KIB };

static const char key_name[] = "suppression.key";
static const char list_name[] = "suppression.list";

/* ---- keys --------------------------------------------------------------------------------- */

static void
add_key(const struct core *core, char kind, struct bytes a, struct bytes b, bool weak,
        struct suppression_keys *out)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };
    struct suppression_key *key = &out->at[out->count];

    if (a.len == 0 || out->count == SUPPRESSION_KEYS_MAX)
        return;
    buffer_put_text(&buf, "suppression");
    buffer_put_u8(&buf, (uint8_t)kind);
    buffer_put_u32(&buf, (uint32_t)a.len);
    buffer_put_bytes(&buf, a);
    buffer_put_bytes(&buf, b);
    struct digest digest = digest_keyed(core->suppression_key, buffer_bytes(&buf));
    memcpy(key->b, digest.b, SUPPRESSION_KEY_SIZE);
    key->weak = weak;
    for (size_t i = 0; i < out->count; i++)
        if (memcmp(out->at[i].b, key->b, SUPPRESSION_KEY_SIZE) == 0)
            return;
    out->count++;
}

void
suppression_keys_add_record(const struct core *core, const struct record_id *id,
                            struct suppression_keys *keys)
{
    size_t before = keys->count;

    add_key(core, 'r', bytes_of(id->b, ID_SIZE), (struct bytes){ 0 }, false, keys);
    if (keys->count > before)
        keys->at[before].is_record = true;
}

/* The matching form of the field of this name; empty when there is none. */
static struct bytes
form_of(const struct core *core, const struct type *type, const struct field *fields,
        size_t count, const char *name, struct arena *arena)
{
    const struct type_field *field = type_field_find_name(type, name);

    for (size_t i = 0; field != NULL && i < count; i++)
        if (key_is_equal(fields[i].key, field->key))
            return value_match_form(field, fields[i].value, core->region, arena);
    return (struct bytes){ 0 };
}

/* An address and a mobile number are one person's. Another number may be a company's, and a name many people's: they count
 * together. Of a name and its company the same. */
void
suppression_keys_of(const struct core *core, const struct type *type,
                    const struct field *fields, size_t count, struct suppression_keys *out)
{
    static const struct {
        const char *name, *with;
        char kind;
        bool weak;
    } rules[] = {
        { "email", NULL, 'e', false },          { "otherEmail", NULL, 'e', false },
        { "mobile", NULL, 'p', false },         { "instantMessaging", NULL, 'i', false },
        { "telephone", "name", 't', false },    { "otherTelephone", "name", 't', false },
        { "organization", "name", 'o', false }, { "telephone", NULL, 'p', true },
        { "otherTelephone", NULL, 'p', true }, /* last: one that is a mobile's too is not weak */
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);

    *out = (struct suppression_keys){ 0 };
    if (type == NULL || type->key.space.len > 0 ||
        type->consent[CONSENT_BASIS] == NULL) /* what speaks of people asks for a ground */
        return;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        struct bytes b = { 0 };
        if (rules[i].with != NULL) {
            b = form_of(core, type, fields, count, rules[i].with, arena);
            if (b.len == 0)
                continue;
        }
        add_key(core, rules[i].kind, form_of(core, type, fields, count, rules[i].name, arena),
                b, rules[i].weak, out);
    }
}

void
suppression_keys_typed(struct call *call, const char *text, struct suppression_keys *out)
{
    static const struct {
        enum kind kind;
        char key;
    } forms[] = { { KIND_EMAIL, 'e' }, { KIND_PHONE, 'p' }, { KIND_TEXT, 'i' } };

    struct bytes raw;

    *out = (struct suppression_keys){ 0 };
    if (find_record_id(call, text, &raw) == STATUS_OK) {
        struct record_id id;
        memcpy(id.b, raw.data, ID_SIZE);
        suppression_keys_add_record(call->core, &id, out);
    } else {
        *call->diag = (struct diag){ 0 }; /* it is no record's id */
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const struct type_field field = { .kind = forms[i].kind, .name = "value" };
        struct bytes value;
        if (value_parse(&field, bytes_text(text), call->core->region, NULL, call->arena, NULL,
                        &value) == STATUS_OK)
            add_key(call->core, forms[i].key,
                    value_match_form(&field, value, call->core->region, call->arena),
                    (struct bytes){ 0 }, false, out);
    }
}

/* ---- the table ---------------------------------------------------------------------------- */

enum status
suppression_add(struct core *core, const struct suppression_keys *keys,
                struct suppression_act *act)
{
    static const uint8_t none[ACT_SIZE];

    if (memcmp(act->act, none, ACT_SIZE) == 0) {
        core->env.random(core->env.self, act->act, ACT_SIZE);
        act->at = core_wall(core);
    }
    for (size_t i = 0; i < keys->count; i++)
        TRY(store_exec(core->store, STMT_SUPPRESSION_ADD, "bbitttiiii",
                       bytes_of(act->act, ACT_SIZE),
                       bytes_of(keys->at[i].b, SUPPRESSION_KEY_SIZE), (int64_t)keys->at[i].weak,
                       act->reason, act->purposes == NULL ? "" : act->purposes,
                       act->recipients == NULL ? "" : act->recipients, act->at.ms, (int64_t)0,
                       (int64_t)0, (int64_t)keys->at[i].is_record));
    core->suppression_waits = core->suppression_waits || keys->count > 0;
    return STATUS_OK;
}

static void
note_act(struct stmt *q, struct arena *arena, struct suppression_act *acts, size_t *count)
{
    enum { ACT, WEAK, REASON, PURPOSES, RECIPIENTS, AT };
    struct suppression_act *a = &acts[*count];

    stmt_copy(q, ACT, a->act, ACT_SIZE);
    for (size_t i = 0; i < *count; i++)
        if (memcmp(acts[i].act, a->act, ACT_SIZE) == 0)
            return;
    a->reason = arena_text(arena, bytes_text(stmt_text(q, REASON)));
    a->purposes = arena_text(arena, bytes_text(stmt_text(q, PURPOSES)));
    a->recipients = arena_text(arena, bytes_text(stmt_text(q, RECIPIENTS)));
    a->at.ms = stmt_int(q, AT);
    (*count)++;
}

enum status
suppression_find(struct store *st, const struct suppression_keys *keys, struct arena *arena,
                 struct suppression_act **out, size_t *count)
{
    enum { WEAK = 1 };

    *count = 0;
    *out = ARENA_ARRAY(arena, struct suppression_act, ACTS_MOST);
    for (size_t i = 0; i < keys->count; i++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_SUPPRESSION_FIND);
        enum status s = STATUS_OK;
        stmt_bind(q, "b", bytes_of(keys->at[i].b, SUPPRESSION_KEY_SIZE));
        while (*count < ACTS_MOST && (s = stmt_step(q)) == STATUS_OK)
            if (!(keys->at[i].weak && stmt_int(q, WEAK) != 0))
                note_act(q, arena, *out, count);
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    return STATUS_OK;
}

/* ---- judging ------------------------------------------------------------------------------ */

static bool
is_same(const struct draft *a, const struct draft *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = key_is_equal(a->fields[i].key, b->fields[i].key) &&
               bytes_is_equal(a->fields[i].value, b->fields[i].value);
    return same;
}

enum status
suppression_judge(struct call *call, const struct type *type, const struct record_id *id,
                  struct draft *draft, enum suppression_verdict *out)
{
    struct suppression_keys keys;
    struct suppression_act *acts;
    struct draft *before;
    int64_t any;
    size_t count;

    *out = SUPPRESSION_NONE;
    enum status s = store_number(call->store, &any, STMT_SUPPRESSION_ANY, "");
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    suppression_keys_of(call->core, type, draft->fields, draft->count, &keys);
    if (id != NULL)
        suppression_keys_add_record(call->core, id, &keys);
    TRY(suppression_find(call->store, &keys, call->arena, &acts, &count));
    before = ARENA_NEW(call->arena, struct draft);
    *before = *draft;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(acts[i].reason, SUPPRESSION_WITHDRAWN) != 0) {
            *draft = *before;
            *out = SUPPRESSION_REFUSED;
            return STATUS_OK;
        }
        consent_take_back(call, type, draft, acts[i].purposes, acts[i].recipients);
    }
    if (!is_same(draft, before))
        *out = SUPPRESSION_LIMITED;
    return STATUS_OK;
}

/* ---- the file ----------------------------------------------------------------------------- */

static json_t *
hex_json(struct bytes raw)
{
    char text[TEXT_MOST];

    assert(raw.len * 2 < sizeof(text));
    hex_format(raw, text);
    return json_string(text);
}

static void
put_line(struct stmt *q, struct buffer *out)
{
    enum { ACT, KEY, WEAK, REASON, PURPOSES, RECIPIENTS, AT, LIFTED, RECORD };
    json_t *o = json_object();

    reply_set(o, "act", hex_json(stmt_bytes(q, ACT)));
    reply_set(o, "key", hex_json(stmt_bytes(q, KEY)));
    if (stmt_int(q, RECORD) != 0)
        reply_set(o, "record", json_true());
    reply_set(o, "weak", json_boolean(stmt_int(q, WEAK) != 0));
    reply_set(o, "reason", json_words(stmt_text(q, REASON)));
    reply_set(o, "purposes", json_words(stmt_text(q, PURPOSES)));
    reply_set(o, "recipients", json_words(stmt_text(q, RECIPIENTS)));
    reply_set(o, "at", json_integer(stmt_int(q, AT)));
    reply_set(o, "lifted", json_integer(stmt_int(q, LIFTED)));
    char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    buffer_put_text(out, text);
    buffer_put_u8(out, '\n');
    xfree(&text);
    json_decref(o);
}

static enum status
unfiled(struct core *core, struct buffer *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_SUPPRESSION_UNFILED);
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK)
        put_line(q, out);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static int
open_in(const struct core *core, const char *name, int flags)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    return open(arena_printf(arena, "%s/%s", core->home, name), flags | O_CLOEXEC, 0600);
}

enum status
suppression_write(struct core *core)
{
    AUTO(buffer_fini) struct buffer lines = { 0 };
    AUTO(fd_close) int fd = -1;

    if (!core->suppression_waits)
        return STATUS_OK;
    TRY(unfiled(core, &lines));
    if (lines.len > 0) {
        fd = open_in(core, list_name, O_WRONLY | O_CREAT | O_APPEND);
        if (fd < 0)
            return file_status(errno);
        TRY(file_write(fd, buffer_bytes(&lines)));
    }
    core->suppression_waits = false;
    TRY(store_begin(core->store));
    TRY(store_exec(core->store, STMT_SUPPRESSION_FILED, ""));
    return store_commit(core->store);
}

/* ---- at start ----------------------------------------------------------------------------- */

static enum status
load_key(struct core *core)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };
    AUTO(fd_close) int dir = open(core->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t any;

    if (dir < 0)
        return STATUS_IO;
    enum status s = file_read_at(dir, key_name, sizeof(core->suppression_key), &raw);
    if (s == STATUS_OK && raw.len == sizeof(core->suppression_key)) {
        memcpy(core->suppression_key, raw.data, raw.len);
        return STATUS_OK;
    }
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    if (store_number(core->store, &any, STMT_SUPPRESSION_ANY, "") == STATUS_OK)
        LOG(LOG_ERROR, "suppression.key_lost"); /* its entries know nobody again */
    core->env.random(core->env.self, core->suppression_key, sizeof(core->suppression_key));
    return file_replace_at(dir, key_name,
                           bytes_of(core->suppression_key, sizeof(core->suppression_key)));
}

static bool
read_hex(const json_t *o, const char *name, uint8_t *out, size_t size)
{
    const char *text = json_string_value(json_object_get(o, name));

    return text != NULL && hex_parse(bytes_text(text), out, size) == STATUS_OK;
}

/* One line into the table. *is_new: the database did not know it. */
static enum status
take_line(struct core *core, const json_t *o, bool *is_new)
{
    const char *reason = json_string_value(json_object_get(o, "reason"));
    const char *purposes = json_string_value(json_object_get(o, "purposes"));
    const char *recipients = json_string_value(json_object_get(o, "recipients"));
    uint8_t act[ACT_SIZE], key[SUPPRESSION_KEY_SIZE];
    int64_t lifted = json_integer_value(json_object_get(o, "lifted")), there;

    if (reason == NULL || purposes == NULL || recipients == NULL ||
        !read_hex(o, "act", act, sizeof(act)) || !read_hex(o, "key", key, sizeof(key)))
        return STATUS_MALFORMED;
    struct bytes a = bytes_of(act, sizeof(act)), k = bytes_of(key, sizeof(key));
    enum status s = store_number(core->store, &there, STMT_SUPPRESSION_LIFTED, "bb", a, k);
    if (s == STATUS_OK)
        return store_exec(core->store, STMT_SUPPRESSION_AGREES, "bbi", a, k, lifted);
    if (s != STATUS_NOT_FOUND)
        return s;
    *is_new = *is_new || lifted == 0;
    return store_exec(core->store, STMT_SUPPRESSION_ADD, "bbitttiiii", a, k,
                      (int64_t)json_is_true(json_object_get(o, "weak")), reason, purposes,
                      recipients, json_integer_value(json_object_get(o, "at")), lifted,
                      (int64_t)1, (int64_t)json_is_true(json_object_get(o, "record")));
}

struct reading {
    struct core *core;
    struct diag *diag;
    int line;
    bool is_new; /* the database did not know one of them */
    off_t whole; /* bytes of whole lines */
};

static enum status
take_text(struct reading *r, struct bytes text)
{
    char number[TEXT_MOST];
    json_t *o = text.len > SUPPRESSION_LINE_MAX
                    ? NULL
                    : json_loadb((const char *)text.data, text.len, 0, NULL);
    enum status s = o == NULL ? STATUS_MALFORMED : take_line(r->core, o, &r->is_new);

    json_decref(o);
    r->line++;
    r->whole += (off_t)text.len + 1;
    if (s != STATUS_MALFORMED)
        return s;
    (void)snprintf(number, sizeof(number), "%d", r->line);
    return diag_say(r->diag, STATUS_CORRUPT, "suppression.damaged", number, NULL);
}

/* The lines that are whole. *used: their bytes. */
static enum status
take_lines(struct reading *r, struct bytes raw, size_t *used)
{
    const uint8_t *end;

    *used = 0;
    while ((end = memchr(raw.data + *used, '\n', raw.len - *used)) != NULL) {
        size_t len = (size_t)(end - raw.data) - *used;
        TRY(take_text(r, bytes_of(raw.data + *used, len)));
        *used += len + 1;
    }
    return raw.len - *used > SUPPRESSION_LINE_MAX ? take_text(r, raw) : STATUS_OK;
}

/* A line that a crash cut short was not answered; the database has what it stood for. The rest of it is cut off, so that
 * the next begins on its own. */
static enum status
load_list(struct core *core, struct diag *diag, bool *is_new)
{
    AUTO(xfree) uint8_t *piece = xcalloc(1, PIECE);
    AUTO(fd_close) int fd = open_in(core, list_name, O_RDWR);
    struct reading r = { .core = core, .diag = diag };
    size_t have = 0, used;
    ssize_t n;

    *is_new = false;
    if (fd < 0 && errno != ENOENT)
        return file_status(errno);
    TRY(store_exec(core->store, STMT_SUPPRESSION_FORGOTTEN, ""));
    while (fd >= 0 && (n = read(fd, piece + have, PIECE - have)) != 0) {
        if (n < 0)
            return file_status(errno);
        have += (size_t)n;
        TRY(take_lines(&r, bytes_of(piece, have), &used));
        memmove(piece, piece + used, have - used);
        have -= used;
    }
    *is_new = r.is_new;
    return have == 0 || ftruncate(fd, r.whole) == 0 ? STATUS_OK : STATUS_IO;
}

enum status
suppression_load(struct core *core, struct diag *diag)
{
    bool is_new;

    TRY(load_key(core));
    TRY(store_begin(core->store));
    TRY(load_list(core, diag, &is_new));
    if (is_new && !PLANTED(PERSON_BACK)) {
        LOG(LOG_WARN, "suppression.older_database");
        TRY(erase_suppressed(core));
    }
    TRY(store_commit(core->store));
    core->suppression_waits = true; /* what the file does not have */
    return suppression_write(core);
}
