/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_evidence.c - evidence_check with any bytes, as a file whose last line is added, so that the fuzzer need not guess a digest;
 * when the first byte is odd, as a whole file. What is said is a text.
 */
#include <string.h>

#include "federation/evidence.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_said(void *self, const char *sentence)
{
    size_t *count = self;

    assert(*sentence != '\0');
    (*count)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer file = { 0 };
    char hex[2 * ID_SIZE + 1];
    size_t said = 0, line = 0;
    struct evidence_reader reader = { LANGUAGE_EN, on_said, &said };

    if (size == 0)
        return 0;
    buffer_put_bytes(&file, bytes_of(data + 1, size - 1));
    if (data[0] % 2 == 0) {
        struct digest digest = digest_plain(buffer_bytes(&file));
        hex_format(bytes_of(digest.b, ID_SIZE), hex);
        buffer_put_text(&file, "end ");
        buffer_put_text(&file, hex);
        buffer_put_u8(&file, '\n');
    }
    enum status s = evidence_check(buffer_bytes(&file), &reader, arena, &line);
    assert(s == STATUS_OK || line == 0 ||
           line > said); /* each line says at most one thing, and what fails says nothing */
    return 0;
}
