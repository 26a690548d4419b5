/* SPDX-License-Identifier: Apache-2.0
 *
 * The cursor over untrusted bytes: the input is a program of reads and what they read from. What is read
 * comes from the input, in order and in its bounds; after a failure there is nothing but zero.
 */
#include <string.h>

#include "schema/base/bytes.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One read. Numbers are put back into `echo`, big endian. */
static void
read_one(struct reader *r, uint8_t what, struct buffer *echo)
{
    uint8_t raw[32];
    size_t len = what >> 3;

    switch (what & 7) {
    case 0:
        buffer_put_u8(echo, reader_u8(r));
        break;
    case 1:
        buffer_put_u16(echo, reader_u16(r));
        break;
    case 2:
        buffer_put_u32(echo, reader_u32(r));
        break;
    case 3:
        buffer_put_u64(echo, reader_u64(r));
        break;
    case 4:
        reader_copy(r, raw, len);
        buffer_put(echo, raw, len);
        break;
    case 5: /* a length of the input's own, as large as it likes */
        buffer_put_bytes(echo, reader_bytes(r, (size_t)1 << (len * 2)));
        break;
    default:
        buffer_put_bytes(echo, reader_bytes(r, len));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buffer_fini) struct buffer echo = { 0 };
    size_t steps = size > 0 ? data[0] : 0;

    if (size < 1 + steps)
        return 0;
    struct bytes input = bytes_of(data + 1 + steps, size - 1 - steps);
    struct reader r = reader_of(input);
    for (size_t i = 0; i < steps; i++) {
        size_t before = echo.len, left = r.left;
        bool had_failed = r.failed;
        read_one(&r, data[1 + i], &echo);
        if (!r.failed) {
            assert(left - r.left == echo.len - before);
            continue;
        }
        assert(r.left == left); /* nothing is taken by a read that fails */
        for (size_t k = before; k < echo.len; k++)
            assert(echo.data[k] == 0);
        echo.len = before;
        assert(!had_failed || reader_finish(&r) == STATUS_MALFORMED);
    }
    assert(echo.len <= input.len);
    assert(echo.len == 0 || memcmp(echo.data, input.data, echo.len) == 0);
    assert((reader_finish(&r) == STATUS_OK) == (!r.failed && echo.len == input.len));
    return 0;
}
