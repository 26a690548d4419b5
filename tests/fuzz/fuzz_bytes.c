/* SPDX-License-Identifier: Apache-2.0
 *
 * Text forms of bytes: whatever parses is what formatting gives back, and formatting always parses.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "schema/base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t raw[256];
    static char text[2 * sizeof(raw) + 1];
    struct bytes in = bytes_of(data, size < sizeof(raw) ? size : sizeof(raw));

    (void)utf8_is_valid(bytes_of(data, size));
    if (hex_parse(in, raw, in.len / 2) == STATUS_OK) {
        hex_format(bytes_of(raw, in.len / 2), text);
        assert(strncasecmp(text, (const char *)in.data, in.len) == 0);
    }
    if (base32_parse(in, raw, in.len * 5 / 8) == STATUS_OK) {
        base32_format(bytes_of(raw, in.len * 5 / 8), text);
        assert(strncasecmp(text, (const char *)in.data, in.len) == 0);
    }
    base32_format(in, text);
    assert(base32_parse(bytes_text(text), raw, in.len) == STATUS_OK);
    assert(in.len == 0 || memcmp(raw, in.data, in.len) == 0);
    return 0;
}
