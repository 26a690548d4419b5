/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/target.h"

#include <string.h>

#include "cli/words.h"
#include "schema/base/cleanup.h"

static void
put_encoded(struct buffer *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    char hex[3];

    for (const char *c = text; *c != '\0'; c++) {
        if (strchr(plain, *c) != NULL) {
            buffer_put_u8(out, (uint8_t)*c);
            continue;
        }
        hex_format(bytes_of(c, 1), hex);
        buffer_put_text(out, "%");
        buffer_put_text(out, hex);
    }
}

static bool
is_in_path(const struct service *service, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = service->path; (at = strchr(at, '{')) != NULL; at++)
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '}')
            return true;
    return false;
}

static bool
has_upload(const struct service *service)
{
    for (size_t i = 0; i < SERVICE_PARAMS_MAX && service->params[i].name != NULL; i++)
        if (service->params[i].kind == PARAM_UPLOAD)
            return true;
    return false;
}

static bool
has_body(const struct service *service)
{
    bool is_sent =
        strcmp(service->method, "POST") == 0 || strcmp(service->method, "PATCH") == 0;

    return is_sent && !has_upload(service);
}

static const char *
text_of(const json_t *value, struct arena *arena)
{
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return json_string_value(value);
}

static void
put_path(struct buffer *out, const struct command *command, struct arena *arena)
{
    const char *rest = command->service->path;

    while (*rest != '\0') {
        size_t plain = strcspn(rest, "{");
        buffer_put(out, rest, plain);
        rest += plain;
        if (*rest == '\0')
            return;
        size_t len = strcspn(rest, "}");
        const char *name = arena_text(arena, bytes_of(rest + 1, len - 1));
        put_encoded(out, text_of(json_object_get(command->args, name), arena));
        rest += len + 1;
    }
}

static void
put_pair(struct buffer *out, bool *is_first, const char *name, const char *text)
{
    buffer_put_text(out, *is_first ? "?" : "&");
    *is_first = false;
    put_encoded(out, name);
    buffer_put_text(out, "=");
    put_encoded(out, text);
}

static void
put_query(struct buffer *out, const struct command *command, struct arena *arena)
{
    bool is_first = true;
    const char *name;
    json_t *value;

    json_object_foreach(command->args, name, value)
    {
        if (is_in_path(command->service, name))
            continue;
        if (!json_is_array(value))
            put_pair(out, &is_first, name, text_of(value, arena));
        for (size_t i = 0; i < json_array_size(value); i++)
            put_pair(out, &is_first, name, text_of(json_array_get(value, i), arena));
    }
}

const char *
target_format(const struct command *command, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    put_path(&out, command, arena);
    if (!has_body(command->service))
        put_query(&out, command, arena);
    return arena_text(arena, buffer_bytes(&out));
}

json_t *
target_body(const struct command *command)
{
    const char *name;
    json_t *value;

    if (!has_body(command->service))
        return NULL;
    json_t *body = json_object();
    json_object_foreach(command->args, name, value)
    {
        if (!is_in_path(command->service, name))
            (void)json_object_set(body, name, value);
    }
    return body;
}
