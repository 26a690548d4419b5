/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/text.c - the catalogs (contract: schema/text.h). Read once on first use, kept for the
 * life of the process, read-only afterwards: look-ups are safe on any thread.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/embed.h"
#include "schema/text.h"
#include "schema/text_priv.h"

static json_t *catalogs[LANGUAGE_COUNT_];

static void
load_catalogs(void)
{
    for (const struct embedded *file = embedded_lang; file->name != NULL; file++)
        for (int i = 0; i < LANGUAGE_COUNT_; i++)
            if (strcmp(language_tag((enum language)i), file->name) == 0)
                catalogs[i] =
                    json_loadb((const char *)file->data, (size_t)(file->end - file->data),
                               JSON_REJECT_DUPLICATES, NULL);
    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        assert(json_is_object(catalogs[i])); /* our own files, tested */
}

const char *
text_get(enum language language, const char *key)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    assert((unsigned)language < LANGUAGE_COUNT_);
    (void)pthread_once(&once, load_catalogs);
    const char *text = json_string_value(json_object_get(catalogs[language], key));
    if (text == NULL)
        text = json_string_value(json_object_get(catalogs[LANGUAGE_EN], key));
    return text != NULL ? text : key;
}

static void
put_visible(struct buffer *out, struct bytes text)
{
    uint32_t c = 0;

    while (text_next(&text, &c)) {
        if (!text_is_hidden(c)) {
            text_put(out, c);
            continue;
        }
        char code[16];
        (void)snprintf(code, sizeof(code), "<U+%04X>", (unsigned)c);
        buffer_put_text(out, code);
    }
}

const char *
text_format(enum language language, const char *key, const char *const *args, size_t count,
            struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    const char *pos = text_get(language, key);

    while (*pos != '\0') {
        if (pos[0] == '{' && pos[1] >= '0' && pos[1] <= '9' && pos[2] == '}') {
            size_t index = (size_t)(pos[1] - '0');
            if (index < count && args[index] != NULL)
                put_visible(&out, bytes_text(args[index]));
            pos += 3;
            continue;
        }
        buffer_put_u8(&out, (uint8_t)*pos++);
    }
    return arena_text(arena, buffer_bytes(&out));
}

const char *
text_failure(enum language language, enum status status, const struct diag *diag,
             struct arena *arena)
{
    if (diag == NULL || diag->key[0] == '\0') {
        const char *key = arena_printf(arena, "status.%s", status_name(status));
        return text_format(language, key, NULL, 0, arena);
    }
    const char *args[DIAG_ARGS];
    for (size_t i = 0; i < DIAG_ARGS; i++)
        args[i] = diag->args[i];
    return text_format(language, diag->key, args, DIAG_ARGS, arena);
}

const char *
text_visible(struct bytes text, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    put_visible(&out, text);
    return arena_text(arena, buffer_bytes(&out));
}
