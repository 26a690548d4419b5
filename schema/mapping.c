/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/mapping.c - from a header row to fields (contract: schema/mapping.h).
 *
 * What says where a column goes, first wins: the company's own file, the preset, the names and labels of the type.
 * Only the company's own file can be wrong; what a preset says about fields that the type has not, or says twice,
 * is as if unsaid.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/embed.h"
#include "schema/mapping.h"
#include "schema/text_priv.h"

enum { FILE_MAX = 64 * KIB, OWN_NAME_MAX = 56, PARTS = 7 };

static const char *const parts[PARTS] = {
    "box", "extended", "street", "locality", "region", "postalCode", "country",
};

/* What one mapping says: the JSON, and its columns with their headers folded. */
struct rules {
    json_t *json;
    const char **folded;
    json_t **target;
    size_t count;
};

struct making {
    const struct type *type;
    struct arena *arena;
    struct diag *diag;
    struct mapping *mapping;
    struct rules file;
    struct rules preset;
    const char **folded; /* of the headers */
};

static void
release(struct making *mk)
{
    json_decref(mk->file.json);
    json_decref(mk->preset.json);
}

static void
fold_rules(struct making *mk, struct rules *rules)
{
    json_t *columns = json_object_get(rules->json, "columns"), *target;
    size_t room = json_object_size(columns) + 1;
    const char *header;

    rules->folded = ARENA_ARRAY(mk->arena, const char *, room);
    rules->target = ARENA_ARRAY(mk->arena, json_t *, room);
    json_object_foreach(columns, header, target)
    {
        rules->folded[rules->count] = text_fold(text_trim(bytes_text(header)), mk->arena);
        rules->target[rules->count++] = target;
    }
}

/* ---- presets ---- */

static json_t *
load_preset(size_t index)
{
    const struct embedded *file = &embedded_presets[index];

    json_t *preset = json_loadb((const char *)file->data, (size_t)(file->end - file->data),
                                JSON_REJECT_DUPLICATES, NULL);
    assert(json_is_object(preset)); /* our own files, tested */
    return preset;
}

size_t
mapping_preset_count(void)
{
    size_t count = 0;

    while (embedded_presets[count].name != NULL)
        count++;
    return count;
}

const char *
mapping_preset_name(size_t index)
{
    assert(index < mapping_preset_count());
    return embedded_presets[index].name;
}

static const char *
fold_json(struct making *mk, json_t *text)
{
    return text_fold(bytes_of(json_string_value(text), json_string_length(text)), mk->arena);
}

static bool
has_header(const struct making *mk, const char *folded)
{
    for (size_t i = 0; i < mk->mapping->count; i++)
        if (strcmp(mk->folded[i], folded) == 0)
            return true;
    return false;
}

static bool
has_all(struct making *mk, json_t *headers)
{
    for (size_t i = 0; i < json_array_size(headers); i++)
        if (!has_header(mk, fold_json(mk, json_array_get(headers, i))))
            return false;
    return true;
}

/* One list of headers that must all be there, or several lists of which one must. */
static bool
is_recognised(struct making *mk, json_t *preset)
{
    json_t *recognise = json_object_get(preset, "recognise");

    if (!json_is_array(json_array_get(recognise, 0)))
        return recognise != NULL && has_all(mk, recognise);
    for (size_t i = 0; i < json_array_size(recognise); i++)
        if (has_all(mk, json_array_get(recognise, i)))
            return true;
    return false;
}

static size_t
count_known(struct making *mk, json_t *preset)
{
    const char *header;
    json_t *target;
    size_t known = 0;

    json_object_foreach(json_object_get(preset, "columns"), header, target) known +=
        has_header(mk, text_fold(bytes_text(header), mk->arena)) ? 1 : 0;
    return known;
}

/* A column of our own export. */
static bool
is_mark(const char *folded)
{
    return strncmp(folded, MAPPING_MARK, sizeof(MAPPING_MARK) - 1) == 0;
}

/* The place of a mark of our own export; 0: it has none. */
static size_t
mark_column(const struct making *mk, const char *name)
{
    for (size_t i = 0; i < mk->mapping->count; i++)
        if (strcmp(mk->folded[i], name) == 0)
            return i + 1;
    return 0;
}

/* Of the recognised presets the one that knows most columns; "generic" when there is none. */
static void
recognise_preset(struct making *mk)
{
    size_t best = 0;

    for (size_t i = 0; i < mapping_preset_count(); i++) {
        AUTO(json_decrefp) json_t *preset = load_preset(i);
        bool fallback = json_object_get(preset, "recognise") == NULL;
        size_t known = fallback ? 1 : 1 + count_known(mk, preset);
        if (known <= best || (!fallback && !is_recognised(mk, preset)))
            continue;
        best = known;
        json_decref(mk->preset.json);
        mk->preset.json = json_incref(preset);
        mk->mapping->preset = mapping_preset_name(i);
    }
}

static enum status
choose_preset(struct making *mk, const char *name)
{
    const char *known = "";

    if (name == NULL || *name == '\0') {
        if (mark_column(mk, MAPPING_MARK_OWN) == 0)
            recognise_preset(mk);
        return STATUS_OK;
    }
    for (size_t i = 0; i < mapping_preset_count(); i++) {
        const char *candidate = mapping_preset_name(i);
        known = arena_printf(mk->arena, "%s%s%s", known, i > 0 ? ", " : "", candidate);
        if (strcasecmp(candidate, name) == 0) {
            mk->preset.json = load_preset(i);
            mk->mapping->preset = candidate;
            return STATUS_OK;
        }
    }
    return diag_say(mk->diag, STATUS_USAGE, "mapping.preset", name, known, NULL);
}

/* ---- the company's own file ---- */

static enum status
check_list(struct making *mk, const char *member, bool nested)
{
    json_t *list = json_object_get(mk->file.json, member), *entry;
    size_t i;

    if (list != NULL && !json_is_array(list))
        return diag_say(mk->diag, STATUS_USAGE, "mapping.member", member, NULL);
    json_array_foreach(
        list, i, entry) if (!json_is_string(entry) &&
                            !(nested && json_is_array(entry))) return diag_say(mk->diag,
                                                                               STATUS_USAGE,
                                                                               "mapping.member",
                                                                               member, NULL);
    return STATUS_OK;
}

static enum status
check_file(struct making *mk)
{
    static const char *const members[] = { "name", "type",  "recognise", "columns",
                                           "key",  "empty", "region" };
    const char *name;
    json_t *value;

    json_object_foreach(mk->file.json, name, value)
    {
        size_t i = 0;
        while (i < COUNT_OF(members) && strcmp(members[i], name) != 0)
            i++;
        if (i == COUNT_OF(members))
            return diag_say(mk->diag, STATUS_USAGE, "mapping.member", name, NULL);
    }
    TRY(check_list(mk, "recognise", true));
    TRY(check_list(mk, "key", false));
    TRY(check_list(mk, "empty", false));
    json_t *columns = json_object_get(mk->file.json, "columns");
    if (columns != NULL && !json_is_object(columns))
        return diag_say(mk->diag, STATUS_USAGE, "mapping.member", "columns", NULL);
    const char *type = json_string_value(json_object_get(mk->file.json, "type"));
    if (type != NULL && strcasecmp(type, mk->type->name) != 0)
        return diag_say(mk->diag, STATUS_USAGE, "mapping.type", type, mk->type->name, NULL);
    return STATUS_OK;
}

static enum status
read_file(struct making *mk, struct bytes file)
{
    json_error_t error;
    char line[16];

    if (file.len == 0)
        return STATUS_OK;
    if (file.len > FILE_MAX)
        return diag_say(mk->diag, STATUS_USAGE, "mapping.long", NULL);
    mk->file.json =
        json_loadb((const char *)file.data, file.len, JSON_REJECT_DUPLICATES, &error);
    if (mk->file.json == NULL) {
        (void)snprintf(line, sizeof(line), "%d", error.line);
        return diag_say(mk->diag, STATUS_USAGE, "mapping.json", line, error.text, NULL);
    }
    if (!json_is_object(mk->file.json))
        return diag_say(mk->diag, STATUS_USAGE, "mapping.json", "1", "{ }", NULL);
    return check_file(mk);
}

/* ---- columns ---- */

/* What a mapping says about a header; NULL when nothing. */
static json_t *
target_of(const struct rules *rules, const char *folded)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->folded[i], folded) == 0)
            return rules->target[i];
    return NULL;
}

/* "email", "address.locality" */
static bool
find_target(const struct making *mk, const char *target, struct mapped_column *column)
{
    size_t len = strcspn(target, ".");
    const char *name = arena_text(mk->arena, bytes_of(target, len));

    column->part = 0;
    column->field = type_field_find_name(mk->type, name);
    if (column->field == NULL)
        column->field = type_field_find_name(mk->type, target);
    else if (target[len] == '.')
        for (unsigned i = 0; i < PARTS; i++)
            if (strcasecmp(parts[i], target + len + 1) == 0)
                column->part = i + 1;
    return column->field != NULL && (target[len] == '\0' || column->part > 0) &&
           (column->part == 0 || column->field->kind == KIND_ADDRESS);
}

/* Another column that goes where this one would; those not settled yet have no field. */
static const struct mapped_column *
find_rival(const struct making *mk, size_t at, const struct mapped_column *column)
{
    for (size_t i = 0; i < mk->mapping->count; i++) {
        const struct mapped_column *other = &mk->mapping->columns[i];
        if (i != at && other->use == COLUMN_FIELD && other->field == column->field &&
            (other->part == column->part || other->part == 0 || column->part == 0))
            return other;
    }
    return NULL;
}

static enum status
use_file(struct making *mk, size_t at, json_t *target)
{
    struct mapped_column *column = &mk->mapping->columns[at];

    if (json_is_null(target)) {
        column->use = COLUMN_DROP;
        return STATUS_OK;
    }
    const char *name = json_string_value(target);
    if (name == NULL || !find_target(mk, name, column))
        return diag_say(mk->diag, STATUS_USAGE, "mapping.field", column->header,
                        name == NULL ? "" : name, mk->type->name, NULL);
    column->use = COLUMN_FIELD;
    return STATUS_OK;
}

static bool
use_preset(struct making *mk, size_t at, json_t *target)
{
    struct mapped_column *column = &mk->mapping->columns[at];

    if (target == NULL)
        return false;
    if (json_is_null(target)) {
        column->use = COLUMN_DROP;
        return true;
    }
    if (!find_target(mk, json_string_value(target), column) ||
        find_rival(mk, at, column) != NULL)
        return false;
    column->use = COLUMN_FIELD;
    return true;
}

/* Kept characters of a header: letters and digits of any script. */
static bool
is_word_character(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return c >= 0xC0 && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) &&
           !(c >= 0xFE00 && c <= 0xFFFF) && !text_is_hidden(c) && !text_is_space(c);
}

static uint32_t
upper(uint32_t c)
{
    return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static uint32_t
lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* "Lifecycle Stage" to lifecycleStage, "CRM ID" to crmID, "AccountId" to accountId. */
static const char *
name_from_header(const char *header, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    struct bytes left = text_nfkc(bytes_text(header), arena);
    bool boundary = false,
         leading = true; /* leading: in the capitals that the name begins with */
    uint32_t c = 0;

    while (out.len < OWN_NAME_MAX && text_next(&left, &c)) {
        if (!is_word_character(c)) {
            boundary = true;
            continue;
        }
        struct bytes rest = left;
        uint32_t next = ' ';
        (void)text_next(&rest, &next);
        if (out.len == 0 && c >= '0' && c <= '9')
            buffer_put_u8(&out, 'f');
        bool capital = upper(c) == c && lower(c) != c,
             next_small = lower(next) == next && upper(next) != next;
        if (boundary && out.len > 0) {
            leading = false;
            c = upper(c);
        } else if (leading && capital && (out.len == 0 || !next_small)) {
            c = lower(c);
        } else {
            leading = false;
        }
        boundary = false;
        text_put(&out, c);
    }
    if (out.len == 0)
        buffer_put_text(&out, "column");
    return arena_text(arena, buffer_bytes(&out));
}

static bool
is_taken(const struct making *mk, size_t at, const char *name)
{
    for (size_t i = 0; i < mk->type->field_count; i++)
        if (strcasecmp(mk->type->fields[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < at; i++) {
        const char *other = mk->mapping->columns[i].own_name;
        if (other != NULL && strcasecmp(other, name) == 0)
            return true;
    }
    return false;
}

/* Ids and bytes are not what people have in such a column: "Account" there is a name. */
static bool
is_typable(const struct type_field *field)
{
    return field->kind != KIND_REFERENCE && field->kind != KIND_BYTES &&
           field->kind != KIND_CONSENT;
}

static void
use_names(struct making *mk, size_t at)
{
    struct mapped_column *column = &mk->mapping->columns[at];
    const char *name = name_from_header(column->header, mk->arena);

    column->part = 0;
    column->field = type_field_find_name(mk->type, column->header);
    if (column->field == NULL)
        column->field = type_field_find_name(mk->type, name);
    if (column->field != NULL && is_typable(column->field) &&
        find_rival(mk, at, column) == NULL) {
        column->use = COLUMN_FIELD;
        return;
    }
    column->field = NULL;
    column->use = COLUMN_OWN;
    column->own_name = name;
    for (unsigned n = 2; is_taken(mk, at, column->own_name); n++)
        column->own_name = arena_printf(mk->arena, "%s%u", name, n);
}

static enum status
map_column(struct making *mk, size_t at)
{
    struct mapped_column *column = &mk->mapping->columns[at];
    json_t *target = target_of(&mk->file, mk->folded[at]);

    if (target != NULL)
        return use_file(mk, at, target);
    if (column->header[0] == '\0' || is_mark(mk->folded[at]))
        column->use = COLUMN_DROP;
    else if (!use_preset(mk, at, target_of(&mk->preset, mk->folded[at])))
        use_names(mk, at);
    return STATUS_OK;
}

/* What the file says is settled first, so that no guess takes its field. */
static enum status
map_columns(struct making *mk)
{
    struct mapping *m = mk->mapping;
    bool usable = false;

    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < m->count; i++)
            if ((target_of(&mk->file, mk->folded[i]) != NULL) == (pass == 0))
                TRY(map_column(mk, i));
    for (size_t i = 0; i < m->count; i++) {
        const struct mapped_column *column = &m->columns[i];
        const struct mapped_column *rival =
            column->use == COLUMN_FIELD ? find_rival(mk, i, column) : NULL;
        usable = usable || column->use == COLUMN_FIELD;
        if (rival != NULL)
            return diag_say(mk->diag, STATUS_USAGE, "mapping.twice", column->field->name,
                            rival->header, column->header, NULL);
    }
    if (!usable)
        return diag_say(mk->diag, STATUS_USAGE, "mapping.nothing", mk->type->name, NULL);
    return STATUS_OK;
}

static void
mark_keys(struct making *mk, json_t *rules)
{
    json_t *keys = json_object_get(rules, "key");

    for (size_t k = 0; k < json_array_size(keys); k++) {
        const char *key = fold_json(mk, json_array_get(keys, k));
        for (size_t i = 0; i < mk->mapping->count; i++)
            if (strcmp(mk->folded[i], key) == 0)
                mk->mapping->columns[i].is_key = true;
    }
}

static size_t
add_empties(struct making *mk, json_t *rules, size_t count)
{
    json_t *list = json_object_get(rules, "empty");

    for (size_t i = 0; i < json_array_size(list); i++)
        mk->mapping->empty[count++] = fold_json(mk, json_array_get(list, i));
    return count;
}

static void
set_details(struct making *mk)
{
    struct mapping *m = mk->mapping;
    size_t empties = json_array_size(json_object_get(mk->file.json, "empty")) +
                     json_array_size(json_object_get(mk->preset.json, "empty"));

    m->empty = ARENA_ARRAY(mk->arena, const char *, empties + 1);
    (void)add_empties(mk, mk->preset.json, add_empties(mk, mk->file.json, 0));
    bool own_keys = json_object_get(mk->file.json, "key") != NULL;
    mark_keys(mk, own_keys ? mk->file.json : mk->preset.json);

    const char *region = json_string_value(json_object_get(mk->file.json, "region"));
    if (region == NULL)
        region = json_string_value(json_object_get(mk->preset.json, "region"));
    m->region = region == NULL ? NULL : arena_text(mk->arena, bytes_text(region));

    m->own_column = mark_column(mk, MAPPING_MARK_OWN);
    m->owner_column = mark_column(mk, MAPPING_MARK_OWNER);
    const struct type_field *name = type_field_find_name(mk->type, "name");
    if (name != NULL && type_field_find_name(mk->type, "givenName") != NULL)
        m->person_name = name;
}

/* A header in one line, with one blank between its words: it becomes a label. */
static const char *
clean_header(struct bytes text, struct arena *arena)
{
    struct bytes left = text_nfc(text_trim(csv_unguard(text_trim(text))), arena);
    AUTO(buffer_fini) struct buffer out = { 0 };
    bool gap = false;
    uint32_t c = 0;

    while (out.len < TEXT_SHORT_MAX - 4 && text_next(&left, &c)) {
        if (text_is_space(c) || text_is_hidden(c)) {
            gap = out.len > 0;
            continue;
        }
        if (gap)
            buffer_put_u8(&out, ' ');
        gap = false;
        text_put(&out, c);
    }
    return arena_text(arena, buffer_bytes(&out));
}

static void
take_headers(struct making *mk, const struct csv_cell *header)
{
    struct mapping *m = mk->mapping;

    m->columns = ARENA_ARRAY(mk->arena, struct mapped_column, m->count);
    mk->folded = ARENA_ARRAY(mk->arena, const char *, m->count + 1);
    for (size_t i = 0; i < m->count; i++) {
        m->columns[i].header = clean_header(header[i].text, mk->arena);
        mk->folded[i] = text_fold(bytes_text(m->columns[i].header), mk->arena);
    }
}

enum status
mapping_make(const struct mapping_request *request, struct arena *arena, struct diag *diag,
             struct mapping **out)
{
    AUTO(release)
    struct making mk = { .type = request->type, .arena = arena, .diag = diag };

    *out = NULL;
    assert(request->count <= CSV_COLUMNS_MAX);
    mk.mapping = ARENA_NEW(arena, struct mapping);
    mk.mapping->preset = "";
    mk.mapping->count = request->count;
    take_headers(&mk, request->header);
    TRY(read_file(&mk, request->file));
    TRY(choose_preset(&mk, request->preset));
    fold_rules(&mk, &mk.file);
    fold_rules(&mk, &mk.preset);
    TRY(map_columns(&mk));
    set_details(&mk);
    TRY(mapping_marks_check(mk.mapping, diag));
    *out = mk.mapping;
    return STATUS_OK;
}
