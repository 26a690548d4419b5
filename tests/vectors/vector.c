/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/vector.c - reading inputs, writing outputs, finding the check for a kind.
 */
#include "tests/vectors/vector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/cleanup.h"

static const struct vector_kind *const kind_tables[] = {
    vector_kinds_schema,
    vector_kinds_acl,
    vector_kinds_federation,
};

static vector_fn
kind_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kind_tables); i++) {
        for (const struct vector_kind *kind = kind_tables[i]; kind->name != NULL; kind++) {
            if (strcmp(kind->name, name) == 0)
                return kind->judge;
        }
    }
    return NULL;
}

json_t *
vector_judge(json_t *in)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct vector v = { .in = in, .out = json_object(), .arena = arena, .link = -1 };
    vector_fn judge = kind_find(
        vector_text(&v, "kind").data == NULL ? "" : json_string_value(vector_get(&v, "kind")));
    if (judge == NULL) {
        json_decref(v.out);
        return NULL;
    }

    enum status status = judge(&v);
    if (status != STATUS_OK)
        json_object_clear(v.out);
    put_text(v.out, "status", status_name(status));
    if (status != STATUS_OK && v.link >= 0)
        put_number(v.out, "link", (uint32_t)v.link);
    return v.out;
}

static void
stop(const struct vector *v, const char *name)
{
    const char *title = json_string_value(json_object_get(v->in, "name"));

    fprintf(stderr, "vector \"%s\": \"%s\" is missing or not what it should be\n",
            title == NULL ? "?" : title, name);
    exit(1);
}

json_t *
vector_get(const struct vector *v, const char *name)
{
    json_t *value = json_object_get(v->in, name);

    if (value == NULL)
        stop(v, name);
    return value;
}

struct bytes
vector_text(const struct vector *v, const char *name)
{
    json_t *value = vector_get(v, name);

    if (!json_is_string(value))
        stop(v, name);
    return bytes_of(json_string_value(value), json_string_length(value));
}

struct bytes
vector_unhex(const struct vector *v, const json_t *text)
{
    struct bytes hex = bytes_of(json_string_value(text), json_string_length(text));
    uint8_t *raw = arena_alloc(v->arena, hex.len / 2 + 1);

    if (!json_is_string(text) || hex_parse(hex, raw, hex.len / 2) != STATUS_OK)
        stop(v, "hex");
    return bytes_of(raw, hex.len / 2);
}

struct bytes
vector_hex(const struct vector *v, const char *name)
{
    return vector_unhex(v, vector_get(v, name));
}

void
vector_copy(const struct vector *v, const char *name, void *out, size_t len)
{
    struct bytes raw = vector_hex(v, name);

    if (raw.len != len)
        stop(v, name);
    memcpy(out, raw.data, len);
}

uint32_t
vector_u32(const struct vector *v, const char *name)
{
    json_int_t value = json_integer_value(vector_get(v, name));

    if (value < 0 || value > UINT32_MAX)
        stop(v, name);
    return (uint32_t)value;
}

struct wall_ms
vector_ms(const struct vector *v, const char *name)
{
    return (struct wall_ms){ strtoll((const char *)vector_text(v, name).data, NULL, 10) };
}

void
vector_field(const struct vector *v, const json_t *in, struct field *out)
{
    const json_t *space = json_object_get(in, "space");
    const json_t *value = json_object_get(in, "value");
    const json_t *salt = json_object_get(in, "salt");

    *out = (struct field){ 0 };
    out->key.number = (uint32_t)json_integer_value(json_object_get(in, "number"));
    if (space != NULL)
        out->key.space = bytes_of(json_string_value(space), json_string_length(space));
    if (value != NULL)
        out->value = vector_unhex(v, value);
    if (salt != NULL) {
        struct bytes raw = vector_unhex(v, salt);
        if (raw.len != sizeof(out->salt))
            stop(v, "salt");
        out->has_salt = true;
        memcpy(out->salt, raw.data, raw.len);
    }
}

struct field *
vector_fields(const struct vector *v, size_t *count)
{
    json_t *list = vector_get(v, "field");
    *count = json_array_size(list);
    struct field *fields = ARENA_ARRAY(v->arena, struct field, *count + 1);

    for (size_t i = 0; i < *count; i++)
        vector_field(v, json_array_get(list, i), &fields[i]);
    return fields;
}

void
put_hex(json_t *out, const char *name, const void *raw, size_t len)
{
    char *hex = xcalloc(2 * len + 1, 1);

    hex_format(bytes_of(raw, len), hex);
    json_object_set_new(out, name, json_string(hex));
    xfree(&hex);
}

void
put_text(json_t *out, const char *name, const char *text)
{
    json_object_set_new(out, name, json_string(text));
}

void
put_number(json_t *out, const char *name, uint32_t value)
{
    json_object_set_new(out, name, json_integer(value));
}

void
put_number_64(json_t *out, const char *name, uint64_t value)
{
    json_object_set_new(out, name, json_sprintf("%" PRIu64, value));
}

void
put_bool(json_t *out, const char *name, bool value)
{
    json_object_set_new(out, name, json_boolean(value));
}
