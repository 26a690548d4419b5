/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers as lines "name:value". A head that passes says in one way, or not at all, how long its body is.
 */
#include <string.h>

#include "node/http_head.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head head = { .version = "HTTP/1.1" };
    const uint8_t *end = data + size;
    struct diag diag;

    while (data < end) {
        const uint8_t *line = memchr(data, '\n', (size_t)(end - data));
        size_t len = line != NULL ? (size_t)(line - data) : (size_t)(end - data);
        const uint8_t *colon = memchr(data, ':', len);
        size_t name = colon != NULL ? (size_t)(colon - data) : len;
        http_head_add(&head, bytes_of(data, name),
                      bytes_of(data + name + (colon != NULL), len - name - (colon != NULL)));
        data += len + (line != NULL);
    }
    assert((unsigned)http_head_language(&head) < LANGUAGE_COUNT_);
    if (http_head_check(&head, &diag) != STATUS_OK)
        return 0;
    assert(head.lengths + head.encodings <= 1 && head.hosts == 1 && !head.is_broken);
    for (size_t i = 0; i < service_count(); i++)
        (void)!http_head_check_body(&head, service_get(i), &diag);
    return 0;
}
