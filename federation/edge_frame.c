/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/edge_frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "schema/base/cleanup.h"

/* What stands in a frame, in order. Letters: N node, Q u64 number, W u32 number, C u8 code,
 * D u8 dial, K key, S secret, T u16 length and text, M message (the rest). */
struct layout {
    uint8_t op;
    uint8_t code_min, code_max;
    const char *fields;
};

/* clang-format off */
static const struct layout layouts[] = {
    { CORE_CONFIG,   0, 0, "QT" },
    { CORE_ADMIT,    ADMIT_PARTNER, ADMIT_HOST, "NCKFSDT" },
    { CORE_DROP,     0, 0, "N" },
    { CORE_SEND,     0, 0, "NM" },
    { CORE_EPOCH,    0, 0, "NQ" },
    { CORE_RENEW,    0, 0, "" },
    { EDGE_HELLO,    0, 0, "QK" },
    { EDGE_READY,    0, 1, "CT" },
    { EDGE_UP,       0, 0, "N" },
    { EDGE_RECEIVED, 0, 0, "NM" },
    { EDGE_DROPPED,  0, 0, "N" },
    { EDGE_EPOCH,    0, 0, "NQ" },
    { EDGE_STRANGER, 0, 0, "W" },
    { EDGE_BROKEN,   BROKEN_NOT_ONE_FRAME, BROKEN_NOT_ENVELOPE, "NC" },
    { EDGE_PROVED,   0, 0, "N" },
};
/* clang-format on */

static const struct layout *
layout_find(uint8_t op)
{
    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        if (layouts[i].op == op)
            return &layouts[i];
    return NULL;
}

static enum status
read_flag(struct reader *r, bool *out)
{
    uint8_t flag = reader_u8(r);

    *out = flag == 1;
    return flag <= 1 ? STATUS_OK : STATUS_MALFORMED;
}

static enum status
read_code(struct reader *r, const struct layout *layout, uint8_t *out)
{
    *out = reader_u8(r);
    return *out >= layout->code_min && *out <= layout->code_max ? STATUS_OK : STATUS_MALFORMED;
}

static enum status
read_text(struct reader *r, struct bytes *out)
{
    uint16_t len = reader_u16(r);

    if (len > ENDPOINT_MAX)
        return STATUS_TOO_BIG;
    *out = reader_bytes(r, len);
    return STATUS_OK;
}

static enum status
read_message(struct reader *r, struct bytes *out)
{
    if (r->left > MESSAGE_MAX)
        return STATUS_TOO_BIG;
    *out = reader_bytes(r, r->left);
    return out->len > 0 ? STATUS_OK : STATUS_MALFORMED;
}

static enum status
read_field(struct reader *r, const struct layout *layout, char field, struct edge_frame *f)
{
    switch (field) {
    case 'N':
        reader_copy(r, f->node.b, sizeof(f->node.b));
        return STATUS_OK;
    case 'Q':
        f->number = reader_u64(r);
        return STATUS_OK;
    case 'W':
        f->number = reader_u32(r);
        return STATUS_OK;
    case 'C':
        return read_code(r, layout, &f->code);
    case 'D':
        return read_flag(r, &f->dial);
    case 'K':
        reader_copy(r, f->key.b, sizeof(f->key.b));
        return STATUS_OK;
    case 'F':
        reader_copy(r, f->former.b, sizeof(f->former.b));
        return STATUS_OK;
    case 'S':
        reader_copy(r, f->secret.b, sizeof(f->secret.b));
        return STATUS_OK;
    case 'T':
        return read_text(r, &f->text);
    default:
        assert(field == 'M');
        return read_message(r, &f->message);
    }
}

enum status
edge_frame_parse(struct bytes raw, enum edge_direction direction, struct edge_frame *out)
{
    struct reader r = reader_of(raw);
    struct edge_frame f = { .op = reader_u8(&r) };

    *out = (struct edge_frame){ 0 };
    const struct layout *layout = layout_find(f.op);
    if (layout == NULL || (f.op >= EDGE_HELLO) != (direction == EDGE_TO_CORE))
        return STATUS_UNKNOWN_KIND;
    for (const char *field = layout->fields; *field != '\0'; field++)
        TRY(read_field(&r, layout, *field, &f));
    TRY(reader_finish(&r));

    *out = f;
    return STATUS_OK;
}

struct writer {
    uint8_t *pos;
};

static void
write_raw(struct writer *w, const void *raw, size_t len)
{
    if (len > 0)
        memcpy(w->pos, raw, len);
    w->pos += len;
}

static void
write_text(struct writer *w, struct bytes text)
{
    assert(text.len <= ENDPOINT_MAX);
    uint8_t len[2] = { (uint8_t)(text.len >> 8), (uint8_t)text.len };

    write_raw(w, len, sizeof(len));
    write_raw(w, text.data, text.len);
}

static void
write_number(struct writer *w, uint64_t number, size_t size)
{
    uint8_t raw[8];

    put_u64(raw, number);
    write_raw(w, raw + sizeof(raw) - size, size);
}

static void
write_field(struct writer *w, char field, const struct edge_frame *f)
{
    switch (field) {
    case 'N':
        write_raw(w, f->node.b, sizeof(f->node.b));
        return;
    case 'Q':
        write_number(w, f->number, 8);
        return;
    case 'W':
        assert(f->number <= UINT32_MAX);
        write_number(w, f->number, 4);
        return;
    case 'C':
        write_number(w, f->code, 1);
        return;
    case 'D':
        write_number(w, f->dial, 1);
        return;
    case 'K':
        write_raw(w, f->key.b, sizeof(f->key.b));
        return;
    case 'F':
        write_raw(w, f->former.b, sizeof(f->former.b));
        return;
    case 'S':
        write_raw(w, f->secret.b, sizeof(f->secret.b));
        return;
    case 'T':
        write_text(w, f->text);
        return;
    default:
        assert(field == 'M' && f->message.len > 0 && f->message.len <= MESSAGE_MAX);
        return; /* goes beside the head */
    }
}

size_t
edge_frame_format(const struct edge_frame *frame, uint8_t head[static EDGE_FRAME_HEAD_MAX])
{
    const struct layout *layout = layout_find(frame->op);
    struct writer w = { .pos = head };

    assert(layout != NULL && frame->code >= layout->code_min &&
           frame->code <= layout->code_max);
    write_raw(&w, &frame->op, 1);
    for (const char *field = layout->fields; *field != '\0'; field++)
        write_field(&w, *field, frame);
    return (size_t)(w.pos - head);
}

static enum status
status_of_socket(int error)
{
    switch (error) {
    case EAGAIN:
    case ENOBUFS:
        return STATUS_BUSY;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return STATUS_STOPPED;
    default:
        return STATUS_IO;
    }
}

enum status
edge_frame_send(int fd, const struct edge_frame *frame)
{
    uint8_t head[EDGE_FRAME_HEAD_MAX];
    struct iovec parts[2] = { { .iov_base = head, .iov_len = edge_frame_format(frame, head) } };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 1 };

    if (frame->message.len > 0) {
        /* iovec has no const; sendmsg does not write. */
        parts[1] = (struct iovec){ .iov_base = (void *)(uintptr_t)frame->message.data,
                                   .iov_len = frame->message.len };
        msg.msg_iovlen = 2;
    }
    for (;;) {
        if (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return STATUS_OK;
        if (errno != EINTR)
            return status_of_socket(errno);
    }
}

enum status
edge_frame_receive(int fd, uint8_t buf[static EDGE_FRAME_MAX], struct bytes *out)
{
    *out = (struct bytes){ 0 };
    for (;;) {
        ssize_t n = recv(fd, buf, EDGE_FRAME_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return status_of_socket(errno);
        if (n == 0)
            return STATUS_STOPPED;
        if (n > EDGE_FRAME_MAX)
            return STATUS_TOO_BIG;
        *out = bytes_of(buf, (size_t)n);
        return STATUS_OK;
    }
}
