/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/identity.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/embed.h"

enum { WORD_BITS = 11, WORD_COUNT = 1 << WORD_BITS, WORD_MAX = 16, CHECKSUM = 4 };
static const char prefix[] = "hansa-invite:1:";

enum status
descriptor_verify(const struct signed_object *object, struct wall_ms now, struct arena *arena,
                  struct descriptor **out, struct node_id *node)
{
    struct descriptor *d;

    *out = NULL;
    memset(node, 0, sizeof(*node));
    TRY(wire_descriptor_parse(object->body, arena, &d));
    TRY(signature_verify(SIGN_DESCRIPTOR, &d->root_key, object->body, &object->signature));
    if (now.ms + CLOCK_TOLERANCE_MS < d->not_before.ms)
        return STATUS_NOT_YET;
    if (now.ms - CLOCK_TOLERANCE_MS >= d->not_after.ms)
        return STATUS_EXPIRED;
    *node = digest_node_id(&d->root_key);
    *out = d;
    return STATUS_OK;
}

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

static struct bytes
trimmed(struct bytes text)
{
    while (text.len > 0 && text.data[0] <= ' ')
        text = bytes_of(text.data + 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] <= ' ')
        text.len--;
    return text;
}

static void
put_invitation(const struct invitation *in, struct arena *arena, struct buffer *buf)
{
    struct bytes object = wire_signed_object_format(&in->descriptor, arena);

    buffer_put_u16(buf, (uint16_t)object.len);
    buffer_put_bytes(buf, object);
    buffer_put(buf, in->token, sizeof(in->token));
    buffer_put(buf, in->guest_secret, sizeof(in->guest_secret));
    buffer_put_u64(buf, (uint64_t)in->ends.ms);
}

const char *
invitation_format(const struct invitation *in, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    put_invitation(in, arena, &buf);
    struct digest check = digest_plain(buffer_bytes(&buf));
    buffer_put(&buf, check.b, CHECKSUM);
    char *text = arena_alloc(arena, sizeof(prefix) + (buf.len * 8 + 4) / 5 + 1);
    memcpy(text, prefix, sizeof(prefix) - 1);
    base32_format(buffer_bytes(&buf), text + sizeof(prefix) - 1);
    return text;
}

enum status
invitation_parse(struct bytes text, struct arena *arena, struct invitation **out)
{
    struct bytes line = trimmed(text);
    struct bytes head = bytes_text(prefix);

    *out = NULL;
    if (line.len <= head.len || line.len > OBJECT_MAX ||
        !bytes_is_equal(bytes_of(line.data, head.len), head))
        return STATUS_MALFORMED;
    line = bytes_of(line.data + head.len, line.len - head.len);
    size_t len = line.len * 5 / 8;
    uint8_t *raw = arena_alloc(arena, len);
    TRY(base32_parse(line, raw, len));
    if (len < CHECKSUM)
        return STATUS_MALFORMED;
    struct digest check = digest_plain(bytes_of(raw, len - CHECKSUM));
    if (memcmp(check.b, raw + len - CHECKSUM, CHECKSUM) != 0)
        return STATUS_MALFORMED;

    struct invitation *in = ARENA_NEW(arena, struct invitation);
    struct signed_object *descriptor;
    struct reader r = reader_of(bytes_of(raw, len - CHECKSUM));
    struct bytes object = reader_bytes(&r, reader_u16(&r));
    reader_copy(&r, in->token, sizeof(in->token));
    reader_copy(&r, in->guest_secret, sizeof(in->guest_secret));
    uint64_t ends = reader_u64(&r);
    TRY(reader_finish(&r));
    TRY(wire_signed_object_parse(object, arena, &descriptor));
    if (ends > INT64_MAX)
        return STATUS_MALFORMED;
    in->descriptor = *descriptor;
    in->ends.ms = (int64_t)ends;
    *out = in;
    return STATUS_OK;
}

enum status
object_verify(enum sign_type type, const struct signed_object *object, const struct node_id *author,
              const struct node_id *audience, const struct node_id *me,
              const struct key_directory *keys)
{
    struct company_keys company;

    if (!ID_IS_EQUAL(*audience, *me))
        return STATUS_WRONG_AUDIENCE;
    if (!keys->find(keys->self, author, &company))
        return STATUS_UNKNOWN_KEY;
    return signature_verify(type, &company.signing_key, object->body, &object->signature);
}
