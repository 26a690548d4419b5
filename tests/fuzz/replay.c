/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/replay.c - runs a fuzz target over the files of its corpus folder, in every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    static uint8_t data[1 << 20];

    if (f == NULL)
        return 1;
    size_t len = fread(data, 1, sizeof(data), f);
    (void)fclose(f);
    uint8_t *copy =
        malloc(len + 1); /* its own block, so that the sanitizer sees a read past the end */
    if (copy == NULL)
        return 1;
    memcpy(copy, data, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    return 0;
}

int
main(int argc, char **argv)
{
    unsigned done = 0, failed = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

    if (dir == NULL) {
        printf("no corpus folder\n0 passed, 1 failed\n");
        return 1;
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        failed += (unsigned)replay(path);
        done++;
    }
    (void)closedir(dir);
    printf("%u passed, %u failed\n", done - failed, failed);
    return failed == 0 && done > 0 ? 0 : 1;
}
