/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/judge.c - one vector a line in, the node's answer a line out, as JSON. For
 * tests/interop/differential.py, which compares with its own answers.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/vectors/vector.h"

int
main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    if (sodium_init() < 0)
        return 1;
    while ((len = getline(&line, &room, stdin)) > 0) {
        json_t *in = json_loadb(line, (size_t)len, 0, NULL);
        json_t *out = in == NULL ? NULL : vector_judge(in);
        char *text = out == NULL ? NULL : json_dumps(out, JSON_COMPACT);
        puts(text == NULL ? "null" : text);
        fflush(stdout);
        free(text);
        json_decref(out);
        json_decref(in);
    }
    free(line);
    return 0;
}
