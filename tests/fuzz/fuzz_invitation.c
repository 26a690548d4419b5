/* SPDX-License-Identifier: Apache-2.0
 *
 * The line of text that a person carries from one company to another. The first byte chooses: text as it
 * comes, or text made valid up to the checksum so that what lies behind it is reached.
 */
#include <sodium.h>
#include <string.h>

#include "federation/invitation.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes
with_checksum(struct bytes raw, struct arena *arena)
{
    static const char head[] = "hansa-invite:1:";
    uint8_t *sealed = arena_alloc(arena, raw.len + 32);
    char *text = arena_alloc(arena, sizeof(head) + (raw.len + 4) * 2);

    memcpy(sealed, raw.data, raw.len);
    (void)crypto_generichash(sealed + raw.len, 32, raw.data, raw.len, NULL, 0);
    memcpy(text, head, sizeof(head));
    base32_format(bytes_of(sealed, raw.len + 4), text + sizeof(head) - 1);
    return bytes_text(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    struct invitation *in;

    if (size == 0 || sodium_init() < 0)
        return 0;
    if (arena == NULL)
        arena = arena_new(0);
    arena_reset(arena);
    struct bytes raw = bytes_of(data + 1, size - 1);
    struct bytes text = data[0] & 1 ? with_checksum(raw, arena) : raw;
    if (invitation_parse(text, arena, &in) != STATUS_OK)
        return 0;
    struct invitation *again;
    assert(invitation_parse(bytes_text(invitation_format(in, arena)), arena, &again) ==
           STATUS_OK);
    assert(memcmp(in->token, again->token, sizeof(in->token)) == 0);
    return 0;
}
