/* SPDX-License-Identifier: Apache-2.0
 *
 * Every message: the first byte chooses which. What parses formats to the same bytes, so that no two
 * encodings mean the same; and the memory for one message is enough for any message that fits one.
 */
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;

    if (size == 0)
        return 0;
    if (arena == NULL)
        arena = arena_new(0);
    arena_reset(arena);
    const struct sample_codec *codec = &sample_codecs[data[0] % sample_codec_count];
    struct bytes raw = bytes_of(data + 1, size - 1), again;
    enum status status = codec->round_trip(raw, arena, &again);
    assert(status == STATUS_OK || status == STATUS_MALFORMED ||
           (status == STATUS_TOO_BIG && size > INTRODUCE_MAX / 8));
    assert(status != STATUS_OK || bytes_is_equal(raw, again));
    return 0;
}
