/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/check.h"

static void
test_memory(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t size = 0; size < 300; size++) {
        uint8_t *p = arena_try(arena, size);
        bool is_zero = true;
        for (size_t i = 0; i < size; i++)
            is_zero = is_zero && p[i] == 0;
        CHECK(t, "memory is zeroed", is_zero);
        CHECK(t, "and aligned to 16", ((uintptr_t)p & 15) == 0);
        memset(p, 0xff, size);
    }
    uint8_t *big = arena_try(arena, 1000000);
    CHECK(t, "a piece larger than a block is given", big != NULL && big[999999] == 0);
    CHECK(t, "text is copied with an end",
          strcmp(arena_text(arena, bytes_of("abcdef", 3)), "abc") == 0);
    CHECK(t, "text is formatted", strcmp(arena_printf(arena, "%d-%s", 7, "x"), "7-x") == 0);
    struct bytes copy = arena_copy(arena, bytes_text("copy"));
    CHECK(t, "bytes are copied", bytes_is_equal(copy, bytes_text("copy")));
}

static void
test_cap(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(100000);

    CHECK(t, "one byte over the cap is refused", arena_try(arena, 100001) == NULL);
    CHECK(t, "a size that would wrap is refused", arena_try(arena, SIZE_MAX) == NULL);
    CHECK(t, "the cap itself is given", arena_try(arena, 100000) != NULL);
    CHECK(t, "and then nothing more", arena_try(arena, 1) == NULL);
    arena_reset(arena);
    CHECK(t, "a reset gives everything back", arena_try(arena, 100000) != NULL);
}

static void
test_reset_keeps_working(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 * MIB);

    for (int round = 0; round < 50; round++) {
        size_t given = 0;
        for (uint8_t *p; (p = arena_try(arena, 1000)) != NULL; given++) {
            CHECK(t, "memory after a reset is zeroed", p[0] == 0 && p[999] == 0);
            memset(p, 0xff, 1000);
        }
        CHECK(t, "no round gives less than nine tenths of the cap", given > 900000 / 1000);
        arena_reset(arena);
    }
}

static void
test_adopt(struct check *t)
{
    AUTO(arena_free) struct arena *to = arena_new(200000);
    struct arena *from = arena_new(0);
    char *mine = arena_text(to, bytes_text("mine"));
    char *theirs = arena_text(from, bytes_text("theirs"));

    (void)arena_alloc(from, 100000);
    arena_adopt(to, &from);
    char *more = arena_text(to, bytes_text("more"));
    CHECK(t, "what the other gave out lives on", from == NULL && strcmp(theirs, "theirs") == 0);
    CHECK(t, "beside what was there and what comes",
          strcmp(mine, "mine") == 0 && strcmp(more, "more") == 0);
    CHECK(t, "and counts against the cap", arena_try(to, 100000) == NULL);
}

static void
test_own_sizes_stop_the_process(struct check *t)
{
    pid_t child = fork();

    if (child == 0) {
        (void)close(2);
        struct arena *arena = arena_new(100);
        (void)arena_alloc(arena, 101);
        _exit(0);
    }
    int how = 0;
    CHECK(t, "arena_alloc over the cap aborts",
          waitpid(child, &how, 0) == child && (WIFSIGNALED(how) || WEXITSTATUS(how) != 0));
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "memory", test_memory },
        { "cap", test_cap },
        { "reset", test_reset_keeps_working },
        { "adopt", test_adopt },
        { "a bug of ours stops the process", test_own_sizes_stop_the_process },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}
