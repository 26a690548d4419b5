/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixed head of every message: what parses formats to the same bytes.
 */
#include "federation/envelope.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct envelope env;

    if (arena == NULL)
        arena = arena_new(0);
    arena_reset(arena);
    if (envelope_parse(bytes_of(data, size), &env) == STATUS_OK)
        assert(bytes_is_equal(envelope_format(&env, arena), bytes_of(data, size)));
    return 0;
}
