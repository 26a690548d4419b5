/* SPDX-License-Identifier: Apache-2.0
 *
 * Oracle: what is accepted is plain text that comes back byte for byte.
 */
#include <string.h>

#include "federation/endpoint.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct endpoint endpoint;
    char text[ENDPOINT_MAX + 1];

    if (endpoint_parse(bytes_of(data, size), &endpoint) != STATUS_OK)
        return 0;
    endpoint_format(&endpoint, text);
    assert(strlen(text) == size && memcmp(text, data, size) == 0);
    for (size_t i = strlen("tcp://"); i < size; i++)
        assert(data[i] > ' ' && data[i] < 0x7f && strchr(";,*@%/\\\"'", data[i]) == NULL);
    return 0;
}
