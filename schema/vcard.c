/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/vcard.c - vCard 4.0 (contract: schema/vcard.h).
 */
#include "schema/vcard.h"

#include <string.h>

#include "schema/base/cleanup.h"

enum { LINE_MAX_BYTES = 75 }; /* RFC 6350, 3.2: without the line break */

/* A line break goes before a character that would make the line too long, never into one. */
static void
put_folded(struct buffer *out, struct bytes line)
{
    size_t width = 0;

    for (size_t at = 0; at < line.len;) {
        size_t len = 1;
        while (at + len < line.len && (line.data[at + len] & 0xc0) == 0x80)
            len++;
        if (width > 0 && width + len > LINE_MAX_BYTES) {
            buffer_put_text(out, "\r\n ");
            width = 1;
        }
        buffer_put(out, line.data + at, len);
        width += len;
        at += len;
    }
    buffer_put_text(out, "\r\n");
}

static void
put_escaped(struct buffer *line, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '\n')
            buffer_put_text(line, "\\n");
        else if (c == '\t' || (c >= ' ' && c != 0x7f)) {
            if (c == '\\' || c == ',' || c == ';')
                buffer_put_u8(line, '\\');
            buffer_put_u8(line, c);
        }
    }
}

void
vcard_begin(struct buffer *out)
{
    buffer_put_text(out, "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:individual\r\n");
}

void
vcard_end(struct buffer *out)
{
    buffer_put_text(out, "END:VCARD\r\n");
}

void
vcard_put_parts(struct buffer *out, const char *name, const struct bytes *parts, size_t count)
{
    AUTO(buffer_fini) struct buffer line = { 0 };

    buffer_put_text(&line, name);
    for (size_t i = 0; i < count; i++) {
        buffer_put_u8(&line, i == 0 ? ':' : ';');
        put_escaped(&line, parts[i]);
    }
    put_folded(out, buffer_bytes(&line));
}

void
vcard_put_text(struct buffer *out, const char *name, struct bytes text)
{
    vcard_put_parts(out, name, &text, 1);
}

void
vcard_put_plain(struct buffer *out, const char *name, struct bytes text)
{
    AUTO(buffer_fini) struct buffer line = { 0 };

    buffer_put_text(&line, name);
    buffer_put_u8(&line, ':');
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] > ' ' && text.data[i] != 0x7f)
            buffer_put_u8(&line, text.data[i]);
    put_folded(out, buffer_bytes(&line));
}
