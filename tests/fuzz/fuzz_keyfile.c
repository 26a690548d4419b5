/* SPDX-License-Identifier: Apache-2.0
 *
 * Oracle: a plain key is taken only at its exact size, a wrapped one never without a passphrase.
 */
#include <string.h>

#include "federation/keyfile.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seed seed;

    for (int kind = KEYFILE_ROOT; kind <= KEYFILE_TRANSPORT; kind++) {
        enum status status =
            keyfile_parse(bytes_of(data, size), (enum keyfile_kind)kind, NULL, &seed);
        assert(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_LOCKED);
        assert(status != STATUS_OK || (size == 42 && memcmp(seed.b, data + 10, 32) == 0));
    }
    return 0;
}
