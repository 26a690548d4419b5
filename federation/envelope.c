/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/envelope.h"

#include "schema/base/cleanup.h"

enum { VERSION = 1, STREAM_EITHER = 3 };
static const char magic[] = "HNSA";

static const struct {
    const char *name;
    uint8_t number;
    uint8_t stream;
    bool takes_back;
} kinds[] = {
#define X(name, number, stream, full) { #name, number, stream, full },
    MESSAGE_KINDS(X)
#undef X
};

const char *
message_kind_name(uint8_t kind)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].number == kind)
            return kinds[i].name;
    return "UNKNOWN";
}

bool
message_kind_is_known(uint8_t kind, enum stream stream)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].number != kind)
            continue;
        return kinds[i].stream == (uint8_t)stream ||
               (kinds[i].stream == STREAM_EITHER && stream != STREAM_SESSION);
    }
    return false;
}

bool
message_kind_takes_back(uint8_t kind)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].number == kind)
            return kinds[i].takes_back;
    return false;
}

/* What holds between the numbers of a session message and of a sequenced one. */
static enum status
check_numbers(const struct envelope *env)
{
    if (env->stream != STREAM_SESSION)
        return env->seq > 0 && env->incarnation > 0 && env->session > 0 ? STATUS_OK
                                                                        : STATUS_MALFORMED;
    if (env->seq != 0 || env->incarnation != 0)
        return STATUS_MALFORMED;
    if (!message_kind_is_known(env->kind, STREAM_SESSION))
        return STATUS_UNKNOWN_KIND;
    bool begins = env->kind == MESSAGE_HELLO || env->kind == MESSAGE_INTRODUCE;
    return (env->session == 0) == begins ? STATUS_OK : STATUS_MALFORMED;
}

enum status
envelope_parse(struct bytes raw, struct envelope *out)
{
    struct reader r = reader_of(raw);
    struct envelope env = { 0 };

    *out = env;
    if (raw.len > MESSAGE_MAX)
        return STATUS_TOO_BIG;
    struct bytes start = reader_bytes(&r, sizeof(magic) - 1);
    uint8_t version = reader_u8(&r);
    env.kind = reader_u8(&r);
    uint8_t stream = reader_u8(&r);
    uint8_t flags = reader_u8(&r);
    env.session = reader_u64(&r);
    env.incarnation = reader_u32(&r);
    env.seq = reader_u64(&r);
    uint32_t reserved = reader_u32(&r);
    uint32_t body_len = reader_u32(&r);
    if (body_len > MESSAGE_BODY_MAX)
        return STATUS_MALFORMED;
    env.body = reader_bytes(&r, body_len);
    TRY(reader_finish(&r));
    if (!bytes_is_equal(start, bytes_text(magic)) || version != VERSION || flags != 0 ||
        reserved != 0 || stream > STREAM_DATA)
        return STATUS_MALFORMED;
    env.stream = (enum stream)stream;
    TRY(check_numbers(&env));
    *out = env;
    return STATUS_OK;
}

struct bytes
envelope_format(const struct envelope *in, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    assert(in->body.len <= MESSAGE_BODY_MAX);
    buffer_put_text(&buf, magic);
    buffer_put_u8(&buf, VERSION);
    buffer_put_u8(&buf, in->kind);
    buffer_put_u8(&buf, (uint8_t)in->stream);
    buffer_put_u8(&buf, 0);
    buffer_put_u64(&buf, in->session);
    buffer_put_u32(&buf, in->incarnation);
    buffer_put_u64(&buf, in->seq);
    buffer_put_u32(&buf, 0);
    buffer_put_u32(&buf, (uint32_t)in->body.len);
    buffer_put_bytes(&buf, in->body);
    return arena_copy(arena, buffer_bytes(&buf));
}
