/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/letter.c - a letter as a file: its lines, and the objects in its parts (contract: federation/letter.h)
 */
#include "federation/letter.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"

static const char first_line[] = "hansa-letter 1";
static const char words[][12] = { "descriptor ", "part " };
static const char last_word[] = "end ";
enum { DESCRIPTOR, PART, LAST_LINE = sizeof(last_word) - 1 + 2 * ID_SIZE + 1 };

/* ---- the file ----------------------------------------------------------------------------- */

static void
last_line(struct bytes before, char out[static LAST_LINE + 1])
{
    struct digest digest = digest_plain(before);

    memcpy(out, last_word, sizeof(last_word));
    hex_format(bytes_of(digest.b, ID_SIZE), out + sizeof(last_word) - 1);
    out[LAST_LINE - 1] = '\n';
}

static enum status
take_object(struct bytes hex, struct arena *arena, struct bytes *out)
{
    uint8_t *raw = arena_alloc(arena, hex.len / 2 + 1);

    *out = bytes_of(raw, hex.len / 2);
    return hex.len % 2 == 0 ? hex_parse(hex, raw, out->len) : STATUS_MALFORMED;
}

static bool
begins(struct bytes line, const char *word, struct bytes *rest)
{
    size_t n = strlen(word);

    if (line.len < n || memcmp(line.data, word, n) != 0)
        return false;
    *rest = bytes_of(line.data + n, line.len - n);
    return true;
}

static enum status
take_part(struct bytes raw, struct arena *arena, struct letter *out)
{
    if (out->part_count == LETTER_PARTS_MAX)
        return STATUS_TOO_BIG;
    TRY(wire_sealed_body_parse(raw, arena, &out->parts[out->part_count]));
    out->part_count++;
    return STATUS_OK;
}

static enum status
take_line(struct bytes line, size_t number, struct arena *arena, struct letter *out)
{
    struct signed_object *object;
    struct bytes hex, raw;

    if (number == 0)
        return bytes_is_equal(line, bytes_text(first_line)) ? STATUS_OK : STATUS_MALFORMED;
    if (!begins(line, words[number == 1 ? DESCRIPTOR : PART], &hex))
        return STATUS_MALFORMED;
    TRY(take_object(hex, arena, &raw));
    if (number > 1)
        return take_part(raw, arena, out);
    TRY(wire_signed_object_parse(raw, arena, &object));
    out->descriptor = *object;
    return STATUS_OK;
}

enum status
letter_parse(struct bytes file, struct arena *arena, struct letter *out)
{
    char want[LAST_LINE + 1];
    struct bytes rest, unused;
    size_t number = 0;

    *out = (struct letter){ 0 };
    if (file.len > LETTER_FILE_MAX)
        return STATUS_TOO_BIG;
    if (!begins(file, first_line, &unused))
        return STATUS_MALFORMED;
    if (file.len < LAST_LINE)
        return STATUS_CORRUPT;
    rest = bytes_of(file.data, file.len - LAST_LINE);
    last_line(rest, want);
    if (memcmp(file.data + rest.len, want, LAST_LINE) != 0)
        return STATUS_CORRUPT;
    for (; rest.len > 0; number++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        if (end == NULL)
            return STATUS_MALFORMED;
        struct bytes line = bytes_of(rest.data, (size_t)(end - rest.data));
        TRY(take_line(line, number, arena, out));
        rest = bytes_of(end + 1, rest.len - line.len - 1);
    }
    return out->part_count > 0 ? STATUS_OK : STATUS_MALFORMED;
}

static void
put_line(struct buffer *out, const char *word, struct bytes raw, struct arena *arena)
{
    char *hex = arena_alloc(arena, 2 * raw.len + 1);

    hex_format(raw, hex);
    buffer_put_text(out, word);
    buffer_put_bytes(out, bytes_of(hex, 2 * raw.len));
    buffer_put_u8(out, '\n');
}

void
letter_format(const struct letter *letter, struct buffer *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char end[LAST_LINE + 1];

    assert(out->len == 0);
    buffer_put_text(out, first_line);
    buffer_put_u8(out, '\n');
    put_line(out, words[DESCRIPTOR], wire_signed_object_format(&letter->descriptor, arena),
             arena);
    for (size_t i = 0; i < letter->part_count; i++)
        put_line(out, words[PART], wire_sealed_body_format(letter->parts[i], arena), arena);
    last_line(buffer_bytes(out), end);
    buffer_put_bytes(out, bytes_of(end, LAST_LINE));
}

/* ---- what is inside ----------------------------------------------------------------------- */

static void
item_put(const struct letter_item *item, struct buffer *out)
{
    buffer_put_u8(out, item->kind);
    buffer_put_u32(out, (uint32_t)item->body.len);
    buffer_put_bytes(out, item->body);
}

size_t
letter_pack(const struct letter_item *items, size_t count, struct buffer *out)
{
    size_t i = 0;

    while (i < count && out->len + SEAL_HEAD + items[i].body.len <= SEAL_ROOM - SEAL_HEAD)
        item_put(&items[i++], out);
    return i;
}

enum status
letter_unpack(struct bytes plain, struct letter_item *items, size_t max, size_t *count)
{
    struct reader r = reader_of(plain);

    while (r.left > 0) {
        struct letter_item item = { .kind = reader_u8(&r) };
        item.body = reader_bytes(&r, reader_u32(&r));
        if (r.failed)
            return STATUS_MALFORMED;
        if (*count == max)
            return STATUS_TOO_BIG;
        items[(*count)++] = item;
    }
    return STATUS_OK;
}

struct digest
letter_name(const struct letter_item *item)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };

    item_put(item, &raw);
    return digest_plain(buffer_bytes(&raw));
}
