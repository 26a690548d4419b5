/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
check_that(struct check *t, const char *why, bool held, const char *cond, const char *file,
           int line)
{
    if (held) {
        t->held++;
        return true;
    }
    t->failed++;
    printf("FAILED  %s: %s\n        %s:%d: %s (seed %llu)\n", t->name, why, file, line, cond,
           (unsigned long long)t->seed);
    return false;
}

uint64_t
check_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int
check_main(int argc, char **argv, const struct check_case *cases, size_t count)
{
    uint64_t seed = 1;
    const char *only = NULL;
    unsigned passed = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else
            only = argv[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (only != NULL && strstr(cases[i].name, only) == NULL)
            continue;
        struct check t = { .name = cases[i].name, .seed = seed };
        cases[i].run(&t);
        if (t.failed == 0 && t.held == 0) {
            printf("FAILED  %s: checked nothing\n", t.name);
            t.failed = 1;
        }
        if (t.failed == 0)
            passed++;
        else
            failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
