/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/bytes.h - borrowed views, a cursor that reads untrusted bytes, and a growing buffer.
 *
 * A reader remembers its first failure: read every field, then ask reader_finish() once. After a
 * failure every read gives zero. Integers on the wire and in our own frames are big endian.
 */
#ifndef HANSA_BASE_BYTES_H
#define HANSA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base/status.h"

/* Borrowed: valid as long as what it was made from. data may be NULL when len is 0. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_text(const char *text); /* without the final NUL */
bool bytes_is_equal(struct bytes a, struct bytes b);
/* memcmp order, then length: <0, 0, >0. Not for secrets. */
int bytes_compare(struct bytes a, struct bytes b);

struct reader {
    const uint8_t *pos;
    size_t left;
    bool failed;
};

struct reader reader_of(struct bytes raw);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
struct bytes reader_bytes(struct reader *r, size_t len); /* borrowed from the input */
void reader_copy(struct reader *r, void *out, size_t len);
/* STATUS_OK when nothing failed and nothing is left over, else STATUS_MALFORMED. */
MUST_CHECK enum status reader_finish(const struct reader *r);

/* A growing heap buffer. Zero-initialise or buffer_init; release with AUTO(buffer_fini). */
struct buffer {
    uint8_t *data;
    size_t len;
    size_t cap;
};

void buffer_fini(struct buffer *buf);
void buffer_clear(struct buffer *buf);                  /* keeps the memory */
uint8_t *buffer_extend(struct buffer *buf, size_t len); /* len uninitialised bytes at the end */
void buffer_put(struct buffer *buf, const void *data, size_t len);
void buffer_put_bytes(struct buffer *buf, struct bytes bytes);
void buffer_put_text(struct buffer *buf, const char *text);
void buffer_put_u8(struct buffer *buf, uint8_t value);
void buffer_put_u16(struct buffer *buf, uint16_t value);
void buffer_put_u32(struct buffer *buf, uint32_t value);
void buffer_put_u64(struct buffer *buf, uint64_t value);
struct bytes buffer_bytes(const struct buffer *buf); /* borrowed until the next put */

void put_u32(uint8_t out[static 4], uint32_t value);
void put_u64(uint8_t out[static 8], uint64_t value);
uint32_t get_u32(const uint8_t in[static 4]);
uint64_t get_u64(const uint8_t in[static 8]);

/* Lower-case hex; out holds 2 * len + 1 characters. */
void hex_format(struct bytes raw, char *out);
/* Exactly out_len bytes of hex, either case. */
MUST_CHECK enum status hex_parse(struct bytes text, uint8_t *out, size_t out_len);

/* RFC 4648 base32 in lower case without padding. out holds (len * 8 + 4) / 5 + 1 characters. */
void base32_format(struct bytes raw, char *out);
/* Exactly out_len bytes; refuses other characters, wrong length and non-zero spare bits. */
MUST_CHECK enum status base32_parse(struct bytes text, uint8_t *out, size_t out_len);
/* The lowest and the highest 32 bytes whose base32 begins with text. false: it is shorter than BASE32_PREFIX_MIN or no
 * base32. */
enum { BASE32_PREFIX_MIN = 4 };
bool base32_range(const char *text, uint8_t low[static 32], uint8_t high[static 32]);

/* RFC 3629 UTF-8: no surrogates, no over-long forms, nothing above U+10FFFF. */
bool utf8_is_valid(struct bytes text);

#endif
