/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/keyring.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "federation/edge_wire.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

/* What the other end does with the requests it gets, one row each. */
enum behaviour {
    ANSWER,
    ANSWER_STALE_FIRST,
    ANSWER_DENIED,
    ANSWER_SHORT,
    ANSWER_UNKNOWN_STATUS,
    SILENT
};

struct peer {
    int fd;
    const enum behaviour *plan;
    size_t count;
};

static void
reply(int fd, uint32_t number, uint8_t status, size_t payload)
{
    uint8_t raw[5 + 64];

    memset(raw, 0xab, sizeof(raw));
    put_u32(raw, number);
    raw[4] = status;
    (void)send(fd, raw, 5 + payload, 0);
}

static void
answer(const struct peer *peer, enum behaviour how, uint32_t number)
{
    switch (how) {
    case ANSWER_STALE_FIRST:
        reply(peer->fd, number - 1, STATUS_DENIED, 0);
        reply(peer->fd, number, STATUS_OK, 64);
        return;
    case ANSWER:
        reply(peer->fd, number, STATUS_OK, 64);
        return;
    case ANSWER_DENIED:
        reply(peer->fd, number, STATUS_DENIED, 0);
        return;
    case ANSWER_SHORT:
        reply(peer->fd, number, STATUS_OK, 63);
        return;
    case ANSWER_UNKNOWN_STATUS:
        reply(peer->fd, number, 255, 0);
        return;
    case SILENT:
        return;
    }
}

static void *
run_peer(void *arg)
{
    struct peer *peer = arg;
    static uint8_t raw[EDGE_FRAME_MAX];

    for (size_t i = 0; i < peer->count; i++)
        if (recv(peer->fd, raw, sizeof(raw), 0) >= 5)
            answer(peer, peer->plan[i], get_u32(raw));
    return NULL;
}

static void
test_replies(struct check *t)
{
    static const struct {
        const char *why;
        enum behaviour how;
        enum status want;
    } rows[] = {
        { "an answer is taken", ANSWER, STATUS_OK },
        { "an answer to an older question is not", ANSWER_STALE_FIRST, STATUS_OK },
        { "a refusal is passed up", ANSWER_DENIED, STATUS_DENIED },
        { "a short answer is a fault", ANSWER_SHORT, STATUS_INTERNAL },
        { "so is a status that is none", ANSWER_UNKNOWN_STATUS, STATUS_INTERNAL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int ends[2];
        pthread_t thread;
        struct signature got;
        CHECK(t, "a pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
        struct peer peer = { .fd = ends[1], .plan = &rows[i].how, .count = 1 };
        AUTO(keyring_client_free) struct keyring_client *client = keyring_client_new(ends[0]);
        struct keyring ring = keyring_client_get(client);
        CHECK(t, "a peer", pthread_create(&thread, NULL, run_peer, &peer) == 0);
        enum status status = ring.sign(ring.self, SIGN_GRANT, bytes_text("body"), &got);
        CHECK(t, "the peer ends", pthread_join(thread, NULL) == 0);
        CHECK(t, rows[i].why, status == rows[i].want);
        CHECK(t, "and only success gives a signature",
              (got.b[0] == 0xab && got.b[63] == 0xab) == (status == STATUS_OK));
        fd_close(&ends[0]);
        fd_close(&ends[1]);
    }
}

static int64_t
now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
test_a_silent_key_is_locked_and_comes_back(struct check *t)
{
    static const enum behaviour back[] = { SILENT, ANSWER }; /* the request, then the probe */
    int ends[2];
    pthread_t thread;
    struct signature got;

    CHECK(t, "a pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    AUTO(keyring_client_free) struct keyring_client *client = keyring_client_new(ends[0]);
    struct keyring ring = keyring_client_get(client);

    int64_t start = now_ms();
    enum status status = ring.sign(ring.self, SIGN_GRANT, bytes_text("body"), &got);
    int64_t first = now_ms();
    CHECK(t, "silence is a locked key", status == STATUS_LOCKED);
    CHECK(t, "said after 3 s", first - start >= 2900 && first - start < 6000);
    status = ring.sign(ring.self, SIGN_GRANT, bytes_text("body"), &got);
    CHECK(t, "from then on it is said at once",
          status == STATUS_LOCKED && now_ms() - first < 500);

    struct peer peer = { .fd = ends[1], .plan = back, .count = COUNT_OF(back) };
    CHECK(t, "the key is back and answers what it finds waiting",
          pthread_create(&thread, NULL, run_peer, &peer) == 0 &&
              pthread_join(thread, NULL) == 0);
    static const enum behaviour more[] = { ANSWER };
    peer = (struct peer){ .fd = ends[1], .plan = more, .count = COUNT_OF(more) };
    CHECK(t, "a peer", pthread_create(&thread, NULL, run_peer, &peer) == 0);
    status = ring.sign(ring.self, SIGN_GRANT, bytes_text("body"), &got);
    CHECK(t, "and is used again", status == STATUS_OK);
    CHECK(t, "the peer ends", pthread_join(thread, NULL) == 0);
    fd_close(&ends[0]);
    fd_close(&ends[1]);
}

static void
test_limits(struct check *t)
{
    static uint8_t body[MESSAGE_MAX + 1];
    static const enum behaviour plan[] = { ANSWER, ANSWER };
    int ends[2];
    pthread_t thread;
    struct signature got;

    CHECK(t, "a pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    AUTO(keyring_client_free) struct keyring_client *client = keyring_client_new(ends[0]);
    struct keyring ring = keyring_client_get(client);
    struct peer peer = { .fd = ends[1], .plan = plan, .count = COUNT_OF(plan) };
    CHECK(t, "a peer", pthread_create(&thread, NULL, run_peer, &peer) == 0);
    for (size_t len = MESSAGE_MAX - 1; len <= MESSAGE_MAX + 1; len++) {
        enum status want = len <= MESSAGE_MAX ? STATUS_OK : STATUS_TOO_BIG;
        CHECK(t, "a body may be as long as a message",
              ring.sign(ring.self, SIGN_GRANT, bytes_of(body, len), &got) == want);
    }
    CHECK(t, "the peer ends", pthread_join(thread, NULL) == 0);
    fd_close(&ends[0]);
    fd_close(&ends[1]);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "replies", test_replies },
        { "a silent key is locked and comes back", test_a_silent_key_is_locked_and_comes_back },
        { "limits", test_limits },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
