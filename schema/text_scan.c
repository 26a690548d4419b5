/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/text_scan.c - walking over UTF-8 one character at a time (contract:
 * schema/text_priv.h).
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/text_priv.h"

/* How many bytes the first character has; 1 for a byte that starts none. */
static size_t
character_length(struct bytes left)
{
    uint8_t first = left.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    if (len > left.len || !utf8_is_valid(bytes_of(left.data, len)))
        return 1;
    return len;
}

bool
text_next(struct bytes *left, uint32_t *c)
{
    static const uint8_t first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };

    if (left->len == 0)
        return false;
    size_t len = character_length(*left);
    if (len == 1)
        *c = left->data[0] < 0x80 ? left->data[0] : 0xFFFD;
    else
        *c = left->data[0] & first_bits[len];
    for (size_t i = 1; i < len; i++)
        *c = *c << 6 | (left->data[i] & 0x3F);
    *left = bytes_of(left->data + len, left->len - len);
    return true;
}

void
text_put(struct buffer *out, uint32_t c)
{
    if (c < 0x80) {
        buffer_put_u8(out, (uint8_t)c);
    } else if (c < 0x800) {
        buffer_put_u8(out, (uint8_t)(0xC0 | c >> 6));
        buffer_put_u8(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buffer_put_u8(out, (uint8_t)(0xE0 | c >> 12));
        buffer_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        buffer_put_u8(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else {
        buffer_put_u8(out, (uint8_t)(0xF0 | c >> 18));
        buffer_put_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3F)));
        buffer_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        buffer_put_u8(out, (uint8_t)(0x80 | (c & 0x3F)));
    }
}

bool
text_is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x0000, 0x001F }, { 0x007F, 0x009F },   { 0x061C, 0x061C }, { 0x200B, 0x200B },
        { 0x200E, 0x200F }, { 0x2028, 0x202E },   { 0x2066, 0x2069 }, { 0xFEFF, 0xFEFF },
        { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

bool
text_has_hidden(struct bytes text)
{
    uint32_t c = 0;

    while (text_next(&text, &c))
        if (text_is_hidden(c))
            return true;
    return false;
}

bool
text_is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x3000 || c == 0xFEFF;
}

struct bytes
text_trim(struct bytes text)
{
    struct bytes left = text;
    const uint8_t *start = NULL, *end = NULL;
    uint32_t c = 0;

    if (text_is_ascii(text)) { /* the common case needs no decoding */
        while (text.len > 0 && text_is_space(text.data[0]))
            text = bytes_of(text.data + 1, text.len - 1);
        while (text.len > 0 && text_is_space(text.data[text.len - 1]))
            text.len--;
        return text;
    }
    while (left.len > 0) {
        const uint8_t *at = left.data;
        (void)text_next(&left, &c);
        if (text_is_space(c))
            continue;
        if (start == NULL)
            start = at;
        end = left.data;
    }
    return start == NULL ? bytes_of(text.data, 0) : bytes_of(start, (size_t)(end - start));
}

bool
text_is_ascii(struct bytes text)
{
    uint8_t any = 0;

    for (size_t i = 0; i < text.len; i++)
        any |= text.data[i];
    return any < 0x80;
}
