/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/check.h - the unit test harness: a test is a table of sentences.
 *
 *   int main(int argc, char **argv)
 *   {
 *       static const struct check_case cases[] = { { "rights only narrow", test_rights_only_narrow } };
 *       return check_main(argc, argv, cases, COUNT_OF(cases));
 *   }
 *
 * Arguments: [--seed N] [case name part]. The last line is "N passed, M failed".
 */
#ifndef HANSA_TESTS_CHECK_H
#define HANSA_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check {
    const char *name;
    uint64_t seed; /* printed when a case fails */
    unsigned held;
    unsigned failed;
};

struct check_case {
    const char *name;
    void (*run)(struct check *t);
};

/* `why` is the sentence that must be true. */
#define CHECK(t, why, cond) check_that((t), (why), (cond), #cond, __FILE__, __LINE__)

bool check_that(struct check *t, const char *why, bool held, const char *cond, const char *file,
                int line);
int check_main(int argc, char **argv, const struct check_case *cases, size_t count);

/* Reproducible random numbers for property tests (splitmix64). */
uint64_t check_random(uint64_t *state);

#endif
