/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"

struct bytes
bytes_of(const void *data, size_t len)
{
    return (struct bytes){ .data = data, .len = len };
}

struct bytes
bytes_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

bool
bytes_is_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

struct reader
reader_of(struct bytes raw)
{
    return (struct reader){ .pos = raw.data, .left = raw.len };
}

struct bytes
reader_bytes(struct reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        return (struct bytes){ 0 };
    }
    struct bytes out = bytes_of(r->pos, len);
    if (len > 0)
        r->pos += len;
    r->left -= len;
    return out;
}

static uint64_t
read_big_endian(struct reader *r, size_t len)
{
    struct bytes raw = reader_bytes(r, len);
    uint64_t value = 0;

    for (size_t i = 0; i < raw.len; i++)
        value = value << 8 | raw.data[i];
    return value;
}

uint8_t
reader_u8(struct reader *r)
{
    return (uint8_t)read_big_endian(r, 1);
}

uint16_t
reader_u16(struct reader *r)
{
    return (uint16_t)read_big_endian(r, 2);
}

uint32_t
reader_u32(struct reader *r)
{
    return (uint32_t)read_big_endian(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
    return read_big_endian(r, 8);
}

void
reader_copy(struct reader *r, void *out, size_t len)
{
    struct bytes raw = reader_bytes(r, len);

    memset(out, 0, len);
    if (raw.len > 0)
        memcpy(out, raw.data, raw.len);
}

enum status
reader_finish(const struct reader *r)
{
    return r->failed || r->left > 0 ? STATUS_MALFORMED : STATUS_OK;
}

void
buffer_fini(struct buffer *buf)
{
    free(buf->data);
    *buf = (struct buffer){ 0 };
}

void
buffer_clear(struct buffer *buf)
{
    buf->len = 0;
}

uint8_t *
buffer_extend(struct buffer *buf, size_t len)
{
    assert(len <= SIZE_MAX / 4 - buf->len);
    if (buf->len + len > buf->cap) {
        buf->cap = (buf->len + len) * 2;
        buf->data = xrealloc(buf->data, buf->cap);
    }
    buf->len += len;
    return buf->data + buf->len - len;
}

void
buffer_put(struct buffer *buf, const void *data, size_t len)
{
    if (len > 0)
        memcpy(buffer_extend(buf, len), data, len);
}

void
buffer_put_bytes(struct buffer *buf, struct bytes bytes)
{
    buffer_put(buf, bytes.data, bytes.len);
}

void
buffer_put_text(struct buffer *buf, const char *text)
{
    buffer_put_bytes(buf, bytes_text(text));
}

void
buffer_put_u8(struct buffer *buf, uint8_t value)
{
    buffer_put(buf, &value, 1);
}

void
buffer_put_u16(struct buffer *buf, uint16_t value)
{
    uint8_t raw[2] = { (uint8_t)(value >> 8), (uint8_t)value };

    buffer_put(buf, raw, sizeof(raw));
}

void
buffer_put_u32(struct buffer *buf, uint32_t value)
{
    put_u32(buffer_extend(buf, 4), value);
}

void
buffer_put_u64(struct buffer *buf, uint64_t value)
{
    put_u64(buffer_extend(buf, 8), value);
}

struct bytes
buffer_bytes(const struct buffer *buf)
{
    return bytes_of(buf->data, buf->len);
}

void
put_u32(uint8_t out[static 4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

void
put_u64(uint8_t out[static 8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

uint32_t
get_u32(const uint8_t in[static 4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

uint64_t
get_u64(const uint8_t in[static 8])
{
    return (uint64_t)get_u32(in) << 32 | get_u32(in + 4);
}

void
hex_format(struct bytes raw, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < raw.len; i++) {
        *out++ = digits[raw.data[i] >> 4];
        *out++ = digits[raw.data[i] & 15];
    }
    *out = '\0';
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum status
hex_parse(struct bytes text, uint8_t *out, size_t out_len)
{
    if (text.len != 2 * out_len)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_digit(text.data[2 * i]);
        int low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return STATUS_MALFORMED;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return STATUS_OK;
}

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";

void
base32_format(struct bytes raw, char *out)
{
    uint32_t window = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < raw.len; i++) {
        window = window << 8 | raw.data[i];
        bits += 8;
        for (; bits >= 5; bits -= 5)
            *out++ = base32_digits[window >> (bits - 5) & 31];
    }
    if (bits > 0)
        *out++ = base32_digits[window << (5 - bits) & 31];
    *out = '\0';
}

static int
base32_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        c |= 0x20;
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

enum status
base32_parse(struct bytes text, uint8_t *out, size_t out_len)
{
    if (text.len != (out_len * 8 + 4) / 5)
        return STATUS_MALFORMED;
    uint32_t window = 0;
    unsigned bits = 0;
    size_t done = 0;

    for (size_t i = 0; i < text.len; i++) {
        int digit = base32_digit(text.data[i]);
        if (digit < 0)
            return STATUS_MALFORMED;
        window = (window << 5 | (uint32_t)digit) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[done++] = (uint8_t)(window >> bits);
        }
    }
    return (window & ((1u << bits) - 1)) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

bool
base32_range(const char *text, uint8_t low[static 32], uint8_t high[static 32])
{
    char padded[53];
    size_t len = strlen(text);

    if (len < BASE32_PREFIX_MIN || len > 52)
        return false;
    memset(padded, 'a', 52);
    padded[52] = '\0';
    memcpy(padded, text, len);
    if (base32_parse(bytes_text(padded), low, 32) != STATUS_OK)
        return false;
    memset(padded + len, '7', 52 - len);
    if (len < 52)
        padded[51] = 'q'; /* the last character carries one bit */
    return base32_parse(bytes_text(padded), high, 32) == STATUS_OK;
}

/* Length of the well-formed sequence at p (RFC 3629 section 4), 0 when there is none. */
static size_t
utf8_sequence(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t first, last, low, high; /* lead byte range, second byte range */
        size_t len;
    } rows[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    if (*p < 0x80)
        return 1;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (*p < rows[i].first || *p > rows[i].last)
            continue;
        if (left < rows[i].len || p[1] < rows[i].low || p[1] > rows[i].high)
            return 0;
        for (size_t k = 2; k < rows[i].len; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].len;
    }
    return 0;
}

bool
utf8_is_valid(struct bytes text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_sequence(text.data + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}
