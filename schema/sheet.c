/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/sheet.c - the header of a reply sheet (contract: schema/sheet.h).
 */
#include "schema/sheet.h"

#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/text_priv.h"

enum { OFFER_TEXT = 52 };
static const char offer_mark[] = "offer:";

/* What stands in the last brackets of the cell, which must end it; else the whole cell. */
static struct bytes
name_of(struct bytes text)
{
    if (text.len == 0 || text.data[text.len - 1] != ']')
        return text;
    for (size_t i = text.len - 1; i > 0; i--)
        if (text.data[i - 1] == '[')
            return text_trim(bytes_of(text.data + i, text.len - 1 - i));
    return text;
}

/* Programs may have made capitals of it. */
static enum status
offer_of(struct bytes text, struct object_id *out)
{
    char low[OFFER_TEXT];

    if (text.len != sizeof(low))
        return STATUS_MALFORMED;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        low[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return base32_parse(bytes_of(low, sizeof(low)), out->b, ID_SIZE);
}

static bool
is_offer(struct bytes name)
{
    const size_t len = sizeof(offer_mark) - 1;

    return name.len >= len && strncasecmp((const char *)name.data, offer_mark, len) == 0;
}

enum status
sheet_header_parse(const struct csv_cell *cells, size_t count, struct arena *arena,
                   struct diag *diag, struct sheet_header *out)
{
    struct sheet_header header = { .count = count };

    *out = (struct sheet_header){ 0 };
    header.names = ARENA_ARRAY(arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        struct bytes name = name_of(sheet_cell(cells, count, i));
        header.names[i] = is_offer(name) ? "" : arena_text(arena, name);
        if (!is_offer(name))
            continue;
        const size_t mark = sizeof(offer_mark) - 1;
        struct bytes id = text_trim(bytes_of(name.data + mark, name.len - mark));
        if (header.has_offer || offer_of(id, &header.offer) != STATUS_OK)
            return diag_say(diag, STATUS_MALFORMED, "sheet.offer_damaged", NULL);
        header.has_offer = true;
    }
    *out = header;
    return STATUS_OK;
}

const char *
sheet_offer_column(const char *label, const struct object_id *offer, struct arena *arena)
{
    char text[64];

    base32_format(bytes_of(offer->b, ID_SIZE), text);
    return arena_printf(arena, "%s [%s%s]", label, offer_mark, text);
}

const char *
sheet_column(const char *label, const char *name, struct arena *arena)
{
    return arena_printf(arena, "%s [%s]", label, name);
}

struct bytes
sheet_cell(const struct csv_cell *cells, size_t count, size_t column)
{
    return column < count ? text_trim(csv_unguard(text_trim(cells[column].text)))
                          : (struct bytes){ 0 };
}
