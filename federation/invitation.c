/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/invitation.h"

#include <sodium.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

enum { CHECKSUM = 4 };
static const char prefix[] = "hansa-invite:1:";

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
invitation_guest_key(const uint8_t secret[static 32], struct box_key *out)
{
    return crypto_scalarmult_base(out->b, secret) == 0 ? STATUS_OK : STATUS_INTERNAL;
}
