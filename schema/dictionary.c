/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/dictionary.c - making a dictionary and looking things up in it (contract:
 * schema/type.h).
 *
 * 1. Types are ascending by key, fields ascending by key within their type; look-ups by key
 * rely on it.
 * 2. Nothing changes after dictionary_new: every pointer given out lives as long as the
 * dictionary.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"
#include "schema/embed.h"
#include "schema/type_priv.h"

/* clang-format off */
static const char *const kinds[] = {
    "text", "name", "email", "phone", "url", "enum", "country", "language", "currency", "zone",
    "address", "boolean", "integer", "decimal", "money", "date", "datetime", "reference", "consent",
    "bytes",
};
/* clang-format on */
static const char *const privacies[] = { "public", "business", "personal", "sensitive" };
static const char *const languages[] = { "en", "zh-Hans", "zh-Hant" };

_Static_assert(COUNT_OF(kinds) == KIND_COUNT_, "one name per kind");
_Static_assert(COUNT_OF(privacies) == PRIVACY_COUNT_, "one name per privacy class");
_Static_assert(COUNT_OF(languages) == LANGUAGE_COUNT_, "one tag per language");

const char *
kind_name(enum kind kind)
{
    assert((size_t)kind < COUNT_OF(kinds));
    return kinds[kind];
}

const char *
privacy_name(enum privacy privacy)
{
    assert((size_t)privacy < COUNT_OF(privacies));
    return privacies[privacy];
}

const char *
language_tag(enum language language)
{
    assert((size_t)language < COUNT_OF(languages));
    return languages[language];
}

/* One subtag of "zh_TW.UTF-8", "zh-hant-hk": up to the next - or _, nothing after . or @. */
static struct bytes
next_subtag(const char **pos)
{
    const char *start = *pos;
    size_t len = strcspn(start, "-_.@");

    *pos = start + len;
    if (**pos == '-' || **pos == '_')
        (*pos)++;
    else
        *pos += strlen(*pos);
    return bytes_of(start, len);
}

static bool
subtag_is(struct bytes subtag, const char *want)
{
    return subtag.len == strlen(want) &&
           strncasecmp((const char *)subtag.data, want, subtag.len) == 0;
}

enum language
language_of(const char *tag)
{
    static const struct {
        const char *subtag;
        enum language language;
    } rows[] = {
        { "hans", LANGUAGE_ZH_HANS }, { "hant", LANGUAGE_ZH_HANT }, { "cn", LANGUAGE_ZH_HANS },
        { "sg", LANGUAGE_ZH_HANS },   { "tw", LANGUAGE_ZH_HANT },   { "hk", LANGUAGE_ZH_HANT },
        { "mo", LANGUAGE_ZH_HANT },
    };

    if (tag == NULL || !subtag_is(next_subtag(&tag), "zh"))
        return LANGUAGE_EN;
    while (*tag != '\0') {
        struct bytes subtag = next_subtag(&tag);
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (subtag_is(subtag, rows[i].subtag))
                return rows[i].language;
    }
    return LANGUAGE_ZH_HANS;
}

enum language
language_of_environment(void)
{
    static const char *const names[] = { "HANSA_LANG", "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return language_of(value);
    }
    return LANGUAGE_EN;
}

enum status
dictionary_new(struct bytes own, const char *own_space, struct diag *diag,
               struct dictionary **out)
{
    *out = NULL;
    if (own.len > DICTIONARY_OWN_MAX)
        return diag_say(diag, STATUS_TOO_BIG, "type.too-long", NULL);
    AUTO(dictionary_free) struct dictionary *d = xcalloc(1, sizeof(*d));
    d->arena = arena_new(0);
    d->types = ARENA_ARRAY(d->arena, struct type, TYPES_MAX);

    for (const struct embedded *file = embedded_types; file->name != NULL; file++) {
        struct bytes text = bytes_of(file->data, (size_t)(file->end - file->data));
        enum status status = type_add_json(d, text, (struct bytes){ 0 }, NULL);
        assert(status == STATUS_OK); /* our own files, tested */
    }
    if (own.len > 0) {
        assert(own_space != NULL && *own_space != '\0' && strlen(own_space) <= NAME_SPACE_MAX);
        struct bytes space = arena_copy(d->arena, bytes_text(own_space));
        TRY(type_add_json(d, own, space, diag));
    }
    type_sort(d);
    *out = TAKE(d);
    return STATUS_OK;
}

void
dictionary_free(struct dictionary **dictionary)
{
    if (*dictionary == NULL)
        return;
    arena_free(&(*dictionary)->arena);
    free(*dictionary);
    *dictionary = NULL;
}

size_t
dictionary_count(const struct dictionary *d)
{
    return d->count;
}

const struct type *
dictionary_type(const struct dictionary *d, size_t index)
{
    assert(index < d->count);
    return &d->types[index];
}

static int
compare_type(const void *key, const void *type)
{
    return key_compare(*(const struct key *)key, ((const struct type *)type)->key);
}

const struct type *
dictionary_find(const struct dictionary *d, struct key key)
{
    return bsearch(&key, d->types, d->count, sizeof(*d->types), compare_type);
}

const struct type *
dictionary_find_name(const struct dictionary *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcasecmp(d->types[i].name, name) == 0)
            return &d->types[i];
    return NULL;
}

static int
compare_field(const void *key, const void *field)
{
    return key_compare(*(const struct key *)key, ((const struct type_field *)field)->key);
}

const struct type_field *
type_field_find(const struct type *type, struct key key)
{
    return bsearch(&key, type->fields, type->field_count, sizeof(*type->fields), compare_field);
}

const struct type_field *
type_field_find_name(const struct type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcasecmp(type->fields[i].name, name) == 0)
            return &type->fields[i];

    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *want = text_fold(bytes_text(name), arena);
    for (size_t i = 0; i < type->field_count; i++)
        for (size_t lang = 0; lang < LANGUAGE_COUNT_; lang++)
            if (strcmp(type->fields[i].folded[lang], want) == 0)
                return &type->fields[i];
    return NULL;
}

static void
put_line_start(struct buffer *out, const char *what, struct key key, const char *name)
{
    char number[16];

    (void)snprintf(number, sizeof(number), " %u ", (unsigned)key.number);
    buffer_put_text(out, what);
    buffer_put_bytes(out, key.space);
    buffer_put_text(out, number);
    buffer_put_text(out, name);
}

static void
put_profile_field(struct buffer *out, const struct type_field *field)
{
    put_line_start(out, "field ", field->key, field->name);
    buffer_put_text(out, " ");
    buffer_put_text(out, kind_name(field->kind));
    buffer_put_text(out, " ");
    if (field->identifies)
        buffer_put_text(out, "i");
    if (field->critical)
        buffer_put_text(out, "c");
    if (!field->identifies && !field->critical)
        buffer_put_text(out, "-");
    buffer_put_text(out, " ");
    buffer_put_text(out, privacy_name(field->privacy));
    buffer_put_text(out, "\n");
}

struct digest
dictionary_profile(const struct dictionary *d)
{
    AUTO(buffer_fini) struct buffer text = { 0 };

    for (size_t i = 0; i < d->count; i++) {
        const struct type *type = &d->types[i];
        put_line_start(&text, "type ", type->key, type->name);
        buffer_put_text(&text, "\n");
        for (size_t k = 0; k < type->field_count; k++)
            put_profile_field(&text, &type->fields[k]);
    }
    struct bytes part = buffer_bytes(&text);
    return digest_tagged("hansa/1/profile", &part, 1);
}
