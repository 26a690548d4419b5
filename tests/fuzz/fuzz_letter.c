/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_letter.c - letter_parse and letter_unpack with any bytes. The first byte says what the rest is: 0 what a part has inside,
 * 1 a file as it came, 2 a file without its last line, which is then added, so that the fuzzer need not guess a digest. What is
 * read is written the same again.
 */
#include <string.h>

#include "federation/letter.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INSIDE, WHOLE, ITEMS = 64 };

static void
open_file(struct bytes file, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer again = { 0 };
    struct letter letter, same;

    enum status s = letter_parse(file, arena, &letter);
    assert(s == STATUS_OK || s == STATUS_MALFORMED || s == STATUS_CORRUPT ||
           s == STATUS_TOO_BIG);
    assert(letter.part_count <= LETTER_PARTS_MAX);
    if (s != STATUS_OK)
        return;
    letter_format(&letter, &again);
    assert(letter_parse(buffer_bytes(&again), arena, &same) == STATUS_OK &&
           same.part_count == letter.part_count);
}

static void
open_items(struct bytes plain)
{
    AUTO(buffer_fini) struct buffer again = { 0 };
    struct letter_item items[ITEMS];
    size_t count = 0;

    enum status s = letter_unpack(plain, items, ITEMS, &count);
    assert(s == STATUS_OK || s == STATUS_MALFORMED || s == STATUS_TOO_BIG);
    assert(count <= ITEMS);
    if (s == STATUS_OK && plain.len <= SEAL_ROOM - SEAL_HEAD) {
        assert(letter_pack(items, count, &again) == count);
        assert(bytes_is_equal(buffer_bytes(&again), plain));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(buffer_fini) struct buffer file = { 0 };
    char hex[2 * ID_SIZE + 1];

    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if (data[0] % 3 == INSIDE) {
        open_items(rest);
        return 0;
    }
    buffer_put_bytes(&file, rest);
    if (data[0] % 3 != WHOLE) {
        struct digest digest = digest_plain(rest);
        hex_format(bytes_of(digest.b, ID_SIZE), hex);
        buffer_put_text(&file, "end ");
        buffer_put_text(&file, hex);
        buffer_put_u8(&file, '\n');
    }
    open_file(buffer_bytes(&file), arena);
    return 0;
}
