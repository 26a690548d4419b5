/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/check_vectors.c - every vector file against the node's own code.
 *
 *   check_vectors FILE...
 *
 * A vector of a kind that has no check here fails. The last line is "N passed, M failed".
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "tests/vectors/vector.h"

static bool
check_vector(const char *file, json_t *vector)
{
    json_t *got = vector_judge(vector);
    json_t *want = json_object_get(vector, "expect");
    bool held = got != NULL && json_equal(got, want) == 1;

    if (!held) {
        char *wanted = json_dumps(want, JSON_COMPACT);
        char *found = got == NULL ? NULL : json_dumps(got, JSON_COMPACT);
        printf("FAIL %s: %s\n  expected %s\n  got      %s\n", file,
               json_string_value(json_object_get(vector, "name")), wanted,
               found == NULL ? "no check for this kind" : found);
        free(wanted);
        free(found);
    }
    json_decref(got);
    return held;
}

static void
check_file(const char *file, unsigned *passed, unsigned *failed)
{
    json_error_t error;
    json_t *root = json_load_file(file, 0, &error);
    json_t *vectors = json_object_get(root, "vectors");

    if (json_array_size(vectors) == 0) {
        printf("FAIL %s: no vectors (%s)\n", file, error.text);
        (*failed)++;
    }
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_vector(file, json_array_get(vectors, i)) ? (*passed)++ : (*failed)++;
    json_decref(root);
}

int
main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;

    if (sodium_init() < 0)
        return 1;
    for (int i = 1; i < argc; i++)
        check_file(argv[i], &passed, &failed);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
