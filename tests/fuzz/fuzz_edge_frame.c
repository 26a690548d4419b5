/* SPDX-License-Identifier: Apache-2.0
 *
 * Oracle: what is accepted comes back byte for byte from format.
 */
#include <string.h>

#include "federation/edge_frame.h"
#include "schema/base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct edge_frame frame;
    uint8_t head[EDGE_FRAME_HEAD_MAX];

    for (int direction = EDGE_TO_CORE; direction <= CORE_TO_EDGE; direction++) {
        struct bytes raw = bytes_of(data, size);
        if (edge_frame_parse(raw, (enum edge_direction)direction, &frame) != STATUS_OK)
            continue;
        size_t len = edge_frame_format(&frame, head);
        assert(len + frame.message.len == size && memcmp(head, data, len) == 0);
    }
    return 0;
}
