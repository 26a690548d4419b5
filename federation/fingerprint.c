/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/fingerprint.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/embed.h"

enum { WORD_BITS = 11, WORD_COUNT = 1 << WORD_BITS, WORD_MAX = 16 };

/* The list is one text, a word a line: find line number `index`. */
static const char *
word_at(unsigned index)
{
    static char words[WORD_COUNT][WORD_MAX];
    static bool ready;

    if (!ready) {
        const char *p = (const char *)embedded_words[0].data;
        for (size_t i = 0; i < WORD_COUNT && *p != '\0'; i++) {
            size_t len = strcspn(p, "\n");
            (void)snprintf(words[i], WORD_MAX, "%.*s", (int)len, p);
            p += len + (p[len] == '\n');
        }
        ready = true;
    }
    return words[index % WORD_COUNT];
}

void
fingerprint_words(const struct node_id *a, const struct node_id *b,
                  const char *words[static FINGERPRINT_WORDS])
{
    bool swap = memcmp(a->b, b->b, ID_SIZE) > 0;
    struct bytes parts[] = { bytes_of(swap ? b->b : a->b, ID_SIZE),
                             bytes_of(swap ? a->b : b->b, ID_SIZE) };
    struct digest d = digest_tagged("hansa/1/words", parts, COUNT_OF(parts));
    uint64_t window = 0;
    unsigned bits = 0, next = 0;

    for (int i = 0; i < FINGERPRINT_WORDS; i++) {
        for (; bits < WORD_BITS; bits += 8)
            window = window << 8 | d.b[next++];
        bits -= WORD_BITS;
        words[i] = word_at((unsigned)(window >> bits) & (WORD_COUNT - 1));
    }
}

const char *
fingerprint_text(const struct node_id *a, const struct node_id *b, struct arena *arena)
{
    const char *w[FINGERPRINT_WORDS];

    fingerprint_words(a, b, w);
    return arena_printf(arena, "%s %s %s %s %s %s", w[0], w[1], w[2], w[3], w[4], w[5]);
}
