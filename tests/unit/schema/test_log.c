/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/ids.h"
#include "schema/base/log.h"
#include "tests/check.h"

/* stderr of the process as a pipe, for the length of a test. */
struct capture {
    int saved;
    int read_end;
};

static struct capture
capture_start(void)
{
    int ends[2] = { -1, -1 };
    struct capture c = { .saved = dup(STDERR_FILENO), .read_end = -1 };

    if (pipe2(ends, O_NONBLOCK) == 0 && dup2(ends[1], STDERR_FILENO) >= 0) {
        fd_close(&ends[1]);
        c.read_end = ends[0];
    }
    return c;
}

static void
capture_end(struct capture *c, char *out, size_t size)
{
    ssize_t n = read(c->read_end, out, size - 1);

    out[n > 0 ? n : 0] = '\0';
    (void)dup2(c->saved, STDERR_FILENO);
    fd_close(&c->saved);
    fd_close(&c->read_end);
}

static void
test_an_event_is_one_line(struct check *t)
{
    uint8_t id[ID_SIZE] = { 0 };
    char got[2048];

    log_init("core", LOG_INFO);
    struct capture c = capture_start();
    LOG(LOG_WARN, "test.event", log_id("peer", id), log_status(STATUS_DENIED),
        log_num("count", -7), log_errno(13), log_word("why", "a\"b\n\\"));
    capture_end(&c, got, sizeof(got));

    char *rest = strchr(got, ',');
    CHECK(t, "it starts with the time in UTC",
          strncmp(got, "{\"t\":\"20", 8) == 0 && rest != NULL && rest[-2] == 'Z');
    CHECK(t, "every field is typed and nothing escapes its quotes",
          rest != NULL &&
              strcmp(rest,
                     ",\"level\":\"warn\",\"role\":\"core\",\"event\":\"test.event\",\"peer\":"
                     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"status\":"
                     "\"DENIED\",\"count\":-7,\"errno\":\"EACCES\",\"why\":\"a_b__\"}\n") == 0);
}

static void
test_fields_may_be_left_out(struct check *t)
{
    char got[2048];

    struct capture c = capture_start();
    LOG(LOG_ERROR, "test.bare");
    capture_end(&c, got, sizeof(got));
    CHECK(t, "a bare event is whole", strstr(got, "\"event\":\"test.bare\"}\n") != NULL);
}

static void
test_too_much_is_cut_whole(struct check *t)
{
    char got[4096], word[200];

    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    struct capture c = capture_start();
    LOG(LOG_INFO, "test.long", log_word("a", word), log_word("b", word), log_word("c", word),
        log_word("d", word), log_word("e", word), log_word("f", word), log_word("g", word),
        log_word("h", word), log_word("i", word), log_num("n", 1));
    capture_end(&c, got, sizeof(got));
    size_t len = strlen(got);
    CHECK(t, "a line has a limit", len <= 1024);
    CHECK(t, "and still ends as JSON", len > 3 && strcmp(got + len - 2, "}\n") == 0);
}

static void
test_level_holds_back(struct check *t)
{
    static const struct {
        const char *why;
        const char *wanted; /* HANSA_LOG */
        enum log_level level;
        bool shown;
    } rows[] = {
        { "debug is off", NULL, LOG_DEBUG, false },
        { "info is on", NULL, LOG_INFO, true },
        { "debug when asked for", "debug", LOG_DEBUG, true },
        { "a level that is none means info", "loud", LOG_DEBUG, false },
        { "errors only", "error", LOG_WARN, false },
        { "errors always", "error", LOG_ERROR, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char got[2048];
        (void)unsetenv("HANSA_LOG");
        if (rows[i].wanted != NULL)
            (void)setenv("HANSA_LOG", rows[i].wanted, 1);
        log_init("core", log_level_wanted());
        struct capture c = capture_start();
        LOG(rows[i].level, "test.level");
        capture_end(&c, got, sizeof(got));
        CHECK(t, rows[i].why, (got[0] != '\0') == rows[i].shown);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "an event is one line", test_an_event_is_one_line },
        { "fields may be left out", test_fields_may_be_left_out },
        { "too much is cut whole", test_too_much_is_cut_whole },
        { "level holds back", test_level_holds_back },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
