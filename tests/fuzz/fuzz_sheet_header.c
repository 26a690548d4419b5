/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_sheet_header.c - sheet_header_parse with any CSV: what it names can be looked up, and what we write of it
 * is read again.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/sheet.h"
#include "schema/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
on_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct arena *arena = self;
    struct sheet_header header, again;
    struct diag diag = { 0 };

    enum status s = sheet_header_parse(cells, count, arena, &diag, &header);
    assert(s == STATUS_OK || s == STATUS_MALFORMED);
    if (s != STATUS_OK) {
        assert(*text_failure(LANGUAGE_EN, s, &diag, arena) != '\0');
        return line < 100;
    }
    assert(header.count == count);
    for (size_t i = 0; i < count; i++)
        assert(header.names[i] != NULL && strlen(header.names[i]) <= CSV_LINE_MAX);
    if (header.has_offer) {
        struct csv_cell cell = { bytes_text(sheet_offer_column("x", &header.offer, arena)), 1 };
        assert(sheet_header_parse(&cell, 1, arena, &diag, &again) == STATUS_OK &&
               ID_IS_EQUAL(again.offer, header.offer));
    }
    return line < 100;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(csv_close) struct csv *csv = NULL;
    struct csv_shape shape;
    struct bytes raw = bytes_of(data, size);

    if (csv_sniff(raw, NULL, 0, NULL, &shape) == STATUS_OK &&
        csv_open(&shape, on_row, arena, &csv) == STATUS_OK &&
        csv_feed(csv, raw, NULL) == STATUS_OK)
        (void)!csv_finish(csv, NULL);
    return 0;
}
