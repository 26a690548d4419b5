/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/edge_frame.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "schema/base/cleanup.h"
#include "tests/check.h"

static uint8_t message[MESSAGE_MAX + 1];
static char text[ENDPOINT_MAX + 1];

static struct buffer
joined(const struct edge_frame *frame)
{
    uint8_t head[EDGE_FRAME_HEAD_MAX];
    struct buffer out = { 0 };

    buffer_put(&out, head, edge_frame_format(frame, head));
    buffer_put_bytes(&out, frame->message);
    return out;
}

static bool
is_same(const struct edge_frame *a, const struct edge_frame *b)
{
    return a->op == b->op && ID_IS_EQUAL(a->node, b->node) && a->number == b->number &&
           a->code == b->code && a->dial == b->dial && ID_IS_EQUAL(a->key, b->key) &&
           ID_IS_EQUAL(a->secret, b->secret) && ID_IS_EQUAL(a->former, b->former) &&
           bytes_is_equal(a->text, b->text) && bytes_is_equal(a->message, b->message);
}

static void
test_what_is_put_comes_back(struct check *t)
{
    const struct node_id node = { { 7, 8, 9 } };
    const struct box_key key = { { 1, 2 } };
    const struct edge_frame rows[] = {
        { .op = CORE_CONFIG, .number = UINT64_MAX, .text = bytes_text("tcp://127.0.0.1:0") },
        { .op = CORE_ADMIT,
          .node = node,
          .code = ADMIT_HOST,
          .key = key,
          .former = { { 4 } },
          .secret = { { 3 } },
          .dial = true,
          .text = bytes_of(text, ENDPOINT_MAX) },
        { .op = CORE_DROP, .node = node },
        { .op = CORE_SEND, .node = node, .message = bytes_of(message, MESSAGE_MAX) },
        { .op = CORE_EPOCH, .node = node, .number = 12 },
        { .op = CORE_RENEW },
        { .op = EDGE_HELLO, .number = 1, .key = key },
        { .op = EDGE_READY, .code = 1, .text = bytes_text("tcp://127.0.0.1:7010") },
        { .op = EDGE_UP, .node = node },
        { .op = EDGE_RECEIVED, .node = node, .message = bytes_of(message, 1) },
        { .op = EDGE_DROPPED, .node = node },
        { .op = EDGE_EPOCH, .node = node, .number = 12 },
        { .op = EDGE_STRANGER, .number = UINT32_MAX },
        { .op = EDGE_BROKEN, .node = node, .code = BROKEN_NOT_ENVELOPE },
        { .op = EDGE_PROVED, .node = node },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum edge_direction way = rows[i].op >= EDGE_HELLO ? EDGE_TO_CORE : CORE_TO_EDGE;
        AUTO(buffer_fini) struct buffer raw = joined(&rows[i]);
        struct edge_frame got;
        CHECK(t, "a frame parses to what it was made from",
              edge_frame_parse(buffer_bytes(&raw), way, &got) == STATUS_OK &&
                  is_same(&got, &rows[i]));
        CHECK(t, "and is none for the other direction",
              edge_frame_parse(buffer_bytes(&raw), 1 - way, &got) == STATUS_UNKNOWN_KIND);
        for (size_t cut = 1; cut < raw.len && rows[i].message.len == 0; cut++)
            CHECK(t, "a frame cut anywhere is refused",
                  edge_frame_parse(bytes_of(raw.data, cut), way, &got) != STATUS_OK);
        buffer_put_u8(&raw, 0);
        CHECK(t, "a frame with a byte too many is refused",
              edge_frame_parse(buffer_bytes(&raw), way, &got) != STATUS_OK ||
                  got.message.len == rows[i].message.len + 1);
    }
}

/* A valid ADMIT or BROKEN with one byte changed. */
static void
test_values_have_ranges(struct check *t)
{
    enum { ROLE_AT = 33, DIAL_AT = 130, REASON_AT = 33 };
    static const struct {
        const char *why;
        uint8_t op;
        size_t at;
        uint8_t value;
        bool good;
    } rows[] = {
        { "the last role is one", CORE_ADMIT, ROLE_AT, ADMIT_HOST, true },
        { "the role after it is none", CORE_ADMIT, ROLE_AT, ADMIT_HOST + 1, false },
        { "a flag is 0", CORE_ADMIT, DIAL_AT, 0, true },
        { "or 1", CORE_ADMIT, DIAL_AT, 1, true },
        { "and nothing else", CORE_ADMIT, DIAL_AT, 2, false },
        { "there is no reason 0", EDGE_BROKEN, REASON_AT, 0, false },
        { "the first reason is one", EDGE_BROKEN, REASON_AT, 1, true },
        { "the last reason is one", EDGE_BROKEN, REASON_AT, BROKEN_NOT_ENVELOPE, true },
        { "the reason after it is none", EDGE_BROKEN, REASON_AT, BROKEN_NOT_ENVELOPE + 1,
          false },
        { "op 0 is none", CORE_ADMIT, 0, 0, false },
        { "an op between the two lists is none", CORE_ADMIT, 0, 33, false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct edge_frame made = { .op = rows[i].op,
                                         .code = 1,
                                         .text = bytes_text("tcp://127.0.0.1:1") };
        AUTO(buffer_fini) struct buffer raw = joined(&made);
        struct edge_frame got;
        raw.data[rows[i].at] = rows[i].value;
        enum edge_direction way = rows[i].op == EDGE_BROKEN ? EDGE_TO_CORE : CORE_TO_EDGE;
        enum status status = edge_frame_parse(buffer_bytes(&raw), way, &got);
        CHECK(t, rows[i].why, (status == STATUS_OK) == rows[i].good);
    }
}

static enum status
parse_sized(uint8_t op, size_t text_len, size_t message_len)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };
    struct edge_frame got;

    buffer_put_u8(&raw, op);
    if (op == CORE_CONFIG) {
        buffer_put_u64(&raw, 1);
        buffer_put_u16(&raw, (uint16_t)text_len);
        buffer_put(&raw, text, text_len);
    } else {
        buffer_put(&raw, message, ID_SIZE + message_len);
    }
    return edge_frame_parse(buffer_bytes(&raw), CORE_TO_EDGE, &got);
}

static void
test_limits(struct check *t)
{
    CHECK(t, "a text below its limit is taken",
          parse_sized(CORE_CONFIG, ENDPOINT_MAX - 1, 0) == STATUS_OK);
    CHECK(t, "a text at its limit is taken",
          parse_sized(CORE_CONFIG, ENDPOINT_MAX, 0) == STATUS_OK);
    CHECK(t, "a text over it is not",
          parse_sized(CORE_CONFIG, ENDPOINT_MAX + 1, 0) == STATUS_TOO_BIG);
    CHECK(t, "a message has at least a byte", parse_sized(CORE_SEND, 0, 0) == STATUS_MALFORMED);
}

static void
test_socket(struct check *t)
{
    static uint8_t buf[EDGE_FRAME_MAX], big[EDGE_FRAME_MAX + 1];
    int ends[2];
    struct bytes got;
    struct edge_frame frame = { .op = CORE_SEND, .message = bytes_of(message, MESSAGE_MAX) };

    CHECK(t, "a pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    CHECK(t, "an empty socket has nothing",
          edge_frame_receive(ends[1], buf, &got) == STATUS_BUSY);

    unsigned sent = 0, taken = 0;
    enum status status;
    while ((status = edge_frame_send(ends[0], &frame)) == STATUS_OK && sent < 10000)
        sent++;
    CHECK(t, "a full socket says so", status == STATUS_BUSY && sent > 0);
    while (edge_frame_receive(ends[1], buf, &got) == STATUS_OK)
        taken += got.len == 33 + MESSAGE_MAX;
    CHECK(t, "and every frame comes out whole", taken == sent);

    CHECK(t, "a datagram over the limit", send(ends[0], big, sizeof(big), 0) == sizeof(big));
    CHECK(t, "is dropped and told", edge_frame_receive(ends[1], buf, &got) == STATUS_TOO_BIG);
    fd_close(&ends[0]);
    CHECK(t, "a closed end is told by reading",
          edge_frame_receive(ends[1], buf, &got) == STATUS_STOPPED);
    CHECK(t, "and by writing", edge_frame_send(ends[1], &frame) == STATUS_STOPPED);
    fd_close(&ends[1]);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what is put comes back", test_what_is_put_comes_back },
        { "values have ranges", test_values_have_ranges },
        { "limits", test_limits },
        { "socket", test_socket },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
