/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/type.c - the JSON form of types and fields, for schema/types/ and a company's own
 * additions alike:
 *
 *   { "name": "seminar", "number": 1, "label": { "en": "Seminar" }, "labelMany": "Seminars",
 *     "title": "name",
 *     "fields": [ { "number": 1, "name": "name", "kind": "name", "privacy": "public",
 *                   "label": "Name", "identifies": false, "required": true, "critical": false,
 *                   "parent": false, "refers": "event", "counterpart": "schema:name",
 *                   "options": [ "small", { "name": "big", "label": { "en": "Big" } } ] } ] }
 *
 * A label is one text for all languages or an object by language tag; left out, it is the name.
 * Left out, a kind is text and a privacy class personal. Names and numbers are unique within
 * their type or name space. What is not understood is refused, so that a typing error does not
 * silently widen what a field may show.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text_priv.h"
#include "schema/type_priv.h"

enum { NAME_MAX_BYTES = 64, OPTIONS_MAX = 128, FIELDS_FIRST = 32 };

/* Where we are in the text, for look-ups, memory and complaints. */
struct parse {
    struct dictionary *d;
    struct bytes space;
    struct diag *diag;
    const char *where; /* name of the type or field */
};

static enum status
refuse(struct parse *p, const char *key, const char *arg)
{
    return diag_say(p->diag, STATUS_USAGE, key, p->where, arg, NULL);
}

/* Every member must be one of `allowed`, space-separated. */
static enum status
check_members(struct parse *p, json_t *object, const char *allowed)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return refuse(p, "type.shape", NULL);
    json_object_foreach(object, name, value)
    {
        bool known = false;
        for (const char *at = allowed; *at != '\0' && !known;) {
            size_t len = strcspn(at, " ");
            known = strlen(name) == len && strncmp(name, at, len) == 0;
            at += len + (at[len] == ' ');
        }
        if (!known)
            return refuse(p, "type.member", name);
    }
    return STATUS_OK;
}

/* A text member; NULL when it is not there. */
static enum status
read_text(struct parse *p, json_t *object, const char *member, const char **out)
{
    json_t *value = json_object_get(object, member);

    *out = NULL;
    if (value == NULL)
        return STATUS_OK;
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));
    if (!json_is_string(value) || text.len == 0 || text.len > TEXT_SHORT_MAX ||
        text_has_hidden(text))
        return refuse(p, "type.text", member);
    *out = arena_text(p->d->arena, text);
    return STATUS_OK;
}

/* Names stand in commands, file headers and JSON: a letter, then letters, digits and _. */
static bool
is_name(const char *name)
{
    struct bytes left = bytes_text(name);
    uint32_t c = 0;

    if (left.len == 0 || left.len > NAME_MAX_BYTES || (name[0] >= '0' && name[0] <= '9') ||
        text_has_hidden(left))
        return false;
    while (text_next(&left, &c))
        if (c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
            !(c >= 'a' && c <= 'z') && c != '_')
            return false;
    return true;
}

static enum status
read_name(struct parse *p, json_t *object, const char **out)
{
    TRY(read_text(p, object, "name", out));
    if (*out == NULL || !is_name(*out))
        return refuse(p, "type.name", *out == NULL ? "" : *out);
    return STATUS_OK;
}

static enum status
read_number(struct parse *p, json_t *object, uint32_t *out)
{
    json_t *value = json_object_get(object, "number");
    json_int_t number = json_integer_value(value);

    *out = 0;
    if (!json_is_integer(value) || number < 1 || number > UINT32_MAX)
        return refuse(p, "type.number", NULL);
    *out = (uint32_t)number;
    return STATUS_OK;
}

static enum status
read_label(struct parse *p, json_t *object, const char *member, const char *fallback,
           const char *out[LANGUAGE_COUNT_])
{
    json_t *label = json_object_get(object, member);

    for (size_t i = 0; i < LANGUAGE_COUNT_; i++)
        out[i] = fallback;
    if (label == NULL)
        return STATUS_OK;
    if (json_is_string(label)) {
        TRY(read_text(p, object, member, &out[0]));
        for (size_t i = 1; i < LANGUAGE_COUNT_; i++)
            out[i] = out[0];
        return STATUS_OK;
    }
    TRY(check_members(p, label, "en zh-Hans zh-Hant"));
    for (size_t i = 0; i < LANGUAGE_COUNT_; i++) {
        const char *text = NULL;
        TRY(read_text(p, label, language_tag((enum language)i), &text));
        if (text != NULL)
            out[i] = text;
        else
            out[i] = out[0]; /* English stands in for a language that has none */
    }
    return STATUS_OK;
}

static enum status
read_flag(struct parse *p, json_t *object, const char *member, bool *out)
{
    json_t *value = json_object_get(object, member);

    if (value != NULL && !json_is_boolean(value))
        return refuse(p, "type.flag", member);
    *out = json_is_true(value);
    return STATUS_OK;
}

static enum status
read_kind(struct parse *p, json_t *object, enum kind *out)
{
    const char *name = NULL;

    *out = KIND_TEXT;
    TRY(read_text(p, object, "kind", &name));
    if (name == NULL)
        return STATUS_OK;
    for (int kind = 0; kind < KIND_COUNT_; kind++)
        if (strcmp(kind_name((enum kind)kind), name) == 0) {
            *out = (enum kind)kind;
            return STATUS_OK;
        }
    return refuse(p, "type.kind", name);
}

static enum status
read_privacy(struct parse *p, json_t *object, enum privacy *out)
{
    const char *name = NULL;

    *out = PRIVACY_PERSONAL;
    TRY(read_text(p, object, "privacy", &name));
    if (name == NULL)
        return STATUS_OK;
    for (int privacy = 0; privacy < PRIVACY_COUNT_; privacy++)
        if (strcmp(privacy_name((enum privacy)privacy), name) == 0) {
            *out = (enum privacy)privacy;
            return STATUS_OK;
        }
    return refuse(p, "type.privacy", name);
}

static enum status
read_option(struct parse *p, json_t *options, size_t index, struct type_field *field)
{
    json_t *entry = json_array_get(options, index);
    const char *label[LANGUAGE_COUNT_];

    if (json_is_string(entry)) {
        AUTO(json_decrefp) json_t *wrapped = json_pack("{sO}", "name", entry);
        TRY(read_text(p, wrapped, "name", &field->options[index]));
        TRY(read_label(p, wrapped, "label", field->options[index], label));
    } else {
        TRY(check_members(p, entry, "name label"));
        TRY(read_text(p, entry, "name", &field->options[index]));
        TRY(read_label(p, entry, "label", field->options[index], label));
    }
    if (field->options[index] == NULL)
        return refuse(p, "type.options", NULL);
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(field->options[i], field->options[index]) == 0)
            return refuse(p, "type.twice", field->options[index]);
    for (size_t i = 0; i < LANGUAGE_COUNT_; i++)
        field->option_label[i][index] = label[i];
    return STATUS_OK;
}

static enum status
read_options(struct parse *p, json_t *object, struct type_field *field)
{
    json_t *options = json_object_get(object, "options");
    size_t count = json_array_size(options);

    if ((options != NULL) != (field->kind == KIND_ENUM))
        return refuse(p, "type.options", NULL);
    if (options == NULL)
        return STATUS_OK;
    if (!json_is_array(options) || count == 0 || count > OPTIONS_MAX)
        return refuse(p, "type.options", NULL);
    field->options = ARENA_ARRAY(p->d->arena, const char *, count + 1);
    for (size_t i = 0; i < LANGUAGE_COUNT_; i++)
        field->option_label[i] = ARENA_ARRAY(p->d->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        TRY(read_option(p, options, i, field));
    return STATUS_OK;
}

static enum status
read_field(struct parse *p, json_t *object, struct type_field *out)
{
    struct type_field f = { 0 };

    TRY(check_members(p, object,
                      "number name kind privacy label identifies required critical parent "
                      "refers counterpart options"));
    TRY(read_name(p, object, &f.name));
    p->where = f.name;
    f.key.space = p->space;
    TRY(read_number(p, object, &f.key.number));
    TRY(read_kind(p, object, &f.kind));
    TRY(read_privacy(p, object, &f.privacy));
    TRY(read_label(p, object, "label", f.name, f.label));
    for (size_t i = 0; i < LANGUAGE_COUNT_; i++)
        f.folded[i] = text_fold(bytes_text(f.label[i]), p->d->arena);
    TRY(read_flag(p, object, "identifies", &f.identifies));
    TRY(read_flag(p, object, "required", &f.required));
    TRY(read_flag(p, object, "critical", &f.critical));
    TRY(read_flag(p, object, "parent", &f.is_parent));
    TRY(read_text(p, object, "refers", &f.refers));
    TRY(read_text(p, object, "counterpart", &f.counterpart));
    TRY(read_options(p, object, &f));
    if ((f.refers != NULL || f.is_parent) && f.kind != KIND_REFERENCE)
        return refuse(p, "type.refers", NULL);
    f.column = p->space.len == 0 ? f.name : NULL;
    *out = f;
    return STATUS_OK;
}

/* Room doubles, so that many small additions cost no more memory than one large. */
static struct type_field *
append_field(struct parse *p, struct type *type)
{
    size_t n = type->field_count;

    if (n >= FIELDS_FIRST ? (n & (n - 1)) == 0 : n == 0) {
        size_t room = n >= FIELDS_FIRST ? n * 2 : FIELDS_FIRST;
        struct type_field *bigger = ARENA_ARRAY(p->d->arena, struct type_field, room);
        if (n > 0)
            memcpy(bigger, type->fields, n * sizeof(*bigger));
        type->fields = bigger;
    }
    type->field_count++;
    return &type->fields[n];
}

static enum status
add_field(struct parse *p, struct type *type, json_t *object)
{
    struct type_field field;

    if (type->field_count == TYPE_FIELDS_MAX)
        return refuse(p, "type.many-fields", type->name);
    TRY(read_field(p, object, &field));
    for (size_t i = 0; i < type->field_count; i++) {
        const struct type_field *other = &type->fields[i];
        if (strcasecmp(other->name, field.name) == 0)
            return refuse(p, "type.twice", field.name);
        if (key_is_equal(other->key, field.key))
            return refuse(p, "type.same-number", other->name);
        if (other->is_parent && field.is_parent)
            return refuse(p, "type.parent", other->name);
    }
    *append_field(p, type) = field;
    return STATUS_OK;
}

static enum status
new_type(struct parse *p, json_t *object, const char *name, struct type **out)
{
    struct dictionary *d = p->d;
    struct type *type = &d->types[d->count];

    *out = NULL;
    if (d->count == TYPES_MAX)
        return refuse(p, "type.many-types", NULL);
    *type = (struct type){ .name = name, .key.space = p->space };
    TRY(read_number(p, object, &type->key.number));
    TRY(read_label(p, object, "label", name, type->label));
    if (json_object_get(object, "labelMany") == NULL)
        memcpy(type->label_many, type->label, sizeof(type->label_many));
    else
        TRY(read_label(p, object, "labelMany", type->label[LANGUAGE_EN], type->label_many));
    TRY(read_text(p, object, "title", &type->title));
    for (size_t i = 0; i < d->count; i++)
        if (key_is_equal(d->types[i].key, type->key))
            return refuse(p, "type.same-number", d->types[i].name);
    d->count++;
    *out = type;
    return STATUS_OK;
}

static struct type *
find_type(struct dictionary *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcasecmp(d->types[i].name, name) == 0)
            return &d->types[i];
    return NULL;
}

static enum status
add_type(struct parse *p, json_t *object)
{
    const char *name = NULL;
    json_t *fields = json_object_get(object, "fields");

    p->where = "";
    TRY(check_members(p, object, "name number label labelMany title fields"));
    TRY(read_name(p, object, &name));
    p->where = name;
    struct type *type = find_type(p->d, name);
    if (type == NULL)
        TRY(new_type(p, object, name, &type));
    if (fields != NULL && !json_is_array(fields))
        return refuse(p, "type.shape", NULL);
    for (size_t i = 0; i < json_array_size(fields); i++)
        TRY(add_field(p, type, json_array_get(fields, i)));
    return STATUS_OK;
}

enum status
type_add_json(struct dictionary *d, struct bytes text, struct bytes space, struct diag *diag)
{
    struct parse p = { .d = d, .space = space, .diag = diag, .where = "" };
    json_error_t error;
    AUTO(json_decrefp)
    json_t *root =
        json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL) {
        char line[16];
        (void)snprintf(line, sizeof(line), "%d", error.line);
        return diag_say(diag, STATUS_USAGE, "type.json", line, error.text, NULL);
    }
    if (!json_is_array(root))
        return add_type(&p, root);
    for (size_t i = 0; i < json_array_size(root); i++)
        TRY(add_type(&p, json_array_get(root, i)));
    return STATUS_OK;
}

static int
by_type_key(const void *a, const void *b)
{
    return key_compare(((const struct type *)a)->key, ((const struct type *)b)->key);
}

static int
by_field_key(const void *a, const void *b)
{
    return key_compare(((const struct type_field *)a)->key,
                       ((const struct type_field *)b)->key);
}

/* Which fields hold the ground for sharing, and which need one. */
static void
find_consent(struct type *type)
{
    static const struct {
        const char *name;
        enum kind kind;
    } rows[CONSENT_FIELD_COUNT_] = {
        [CONSENT_BASIS] = { "consentBasis", KIND_ENUM },
        [CONSENT_PURPOSE] = { "consentPurpose", KIND_TEXT },
        [CONSENT_RECIPIENTS] = { "consentRecipients", KIND_TEXT },
        [CONSENT_DATE] = { "consentDate", KIND_DATE },
    };

    for (size_t k = 0; k < type->field_count; k++) {
        struct type_field *f = &type->fields[k];
        bool is_consent = false;
        for (size_t i = 0; i < CONSENT_FIELD_COUNT_; i++) {
            if (strcmp(f->name, rows[i].name) != 0 || f->kind != rows[i].kind)
                continue;
            type->consent[i] = f;
            is_consent = true;
        }
        f->needs_consent =
            f->privacy >= PRIVACY_PERSONAL && f->kind != KIND_REFERENCE && !is_consent;
    }
}

void
type_sort(struct dictionary *d)
{
    qsort(d->types, d->count, sizeof(*d->types), by_type_key);
    for (size_t i = 0; i < d->count; i++) {
        struct type *type = &d->types[i];
        if (type->field_count > 0)
            qsort(type->fields, type->field_count, sizeof(*type->fields), by_field_key);
        for (size_t k = 0; k < type->field_count; k++)
            if (type->fields[k].is_parent)
                type->parent = &type->fields[k];
        find_consent(type);
        if (type->title == NULL)
            type->title = type->field_count > 0 ? type->fields[0].name : "";
    }
}
