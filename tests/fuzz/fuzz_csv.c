/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_csv.c - csv_sniff, csv_feed, csv_finish on any file; what comes out can be written and
 * read again. Byte 0 is the size of the pieces.
 */
#include <string.h>

#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MARK_LEN = 3 };

struct seen {
    struct buffer written;
    struct bytes expected;
    size_t rows;
};

static bool
on_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct seen *seen = self;

    assert(line >= 1 && count >= 1 && count <= CSV_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(utf8_is_valid(cells[i].text) && cells[i].column == i + 1);
        csv_put_cell(&seen->written, cells[i].text, i == 0);
    }
    buffer_put_text(&seen->written, "\r\n");
    seen->rows++;
    return seen->rows < 1000;
}

/* The second time every cell is as it was written: nothing is lost on the way out and in again. */
static bool
on_same_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct seen *seen = self;
    AUTO(buffer_fini) struct buffer row = { 0 };

    (void)line;
    for (size_t i = 0; i < count; i++)
        csv_put_cell(&row, csv_unguard(cells[i].text), i == 0);
    buffer_put_text(&row, "\r\n");
    assert(row.len <= seen->expected.len &&
           memcmp(row.data, seen->expected.data, row.len) == 0);
    seen->expected = bytes_of(seen->expected.data + row.len, seen->expected.len - row.len);
    return true;
}

static void
read_again(struct seen *seen)
{
    static const struct csv_shape shape = { "UTF-8", 0, ',' };
    AUTO(csv_close) struct csv *csv = NULL;

    /* Behind a mark of our own, so that one in the first cell is text. */
    struct bytes all = buffer_bytes(&seen->written);
    seen->expected = bytes_of(all.data + MARK_LEN, all.len - MARK_LEN);
    if (csv_open(&shape, on_same_row, seen, &csv) != STATUS_OK)
        return;
    if (csv_feed(csv, buffer_bytes(&seen->written), NULL) == STATUS_OK &&
        csv_finish(csv, NULL) == STATUS_OK)
        assert(seen->expected.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = { .rows = 0 };
    struct csv_shape shape;
    struct diag diag = { 0 };

    if (size < 1)
        return 0;
    size_t piece = data[0] == 0 ? size : data[0];
    struct bytes file = bytes_of(data + 1, size - 1);
    if (csv_sniff(file, NULL, 0, &diag, &shape) != STATUS_OK)
        return 0;
    buffer_put_text(&seen.written, "\xEF\xBB\xBF");
    AUTO(csv_close) struct csv *csv = NULL;
    if (csv_open(&shape, on_row, &seen, &csv) != STATUS_OK)
        return 0;
    enum status status = STATUS_OK;
    for (size_t at = 0; at < file.len && status == STATUS_OK; at += piece) {
        size_t len = file.len - at < piece ? file.len - at : piece;
        status = csv_feed(csv, bytes_of(file.data + at, len), &diag);
    }
    if (status == STATUS_OK)
        status = csv_finish(csv, &diag);
    if (status == STATUS_OK)
        read_again(&seen);
    buffer_fini(&seen.written);
    return 0;
}
