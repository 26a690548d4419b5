/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_mapping.c - mapping_make and mapping_row with any mapping file and any CSV: the file up to the
 * first zero byte, then the CSV. No two columns go to one place, and every value has one. Presets are recognised
 * only behind a file that begins with a space: reading all of them takes most of the time.
 */
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/mapping.h"
#include "schema/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct dictionary *dictionary;
    struct arena *arena;
    struct bytes file;
    struct mapping *mapping;
};

static void
check_columns(const struct mapping *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct mapped_column *a = &m->columns[i];
        assert((a->use == COLUMN_FIELD) == (a->field != NULL && a->own_name == NULL));
        for (size_t k = 0; k < i; k++) {
            const struct mapped_column *b = &m->columns[k];
            assert(a->use != COLUMN_FIELD || b->use != COLUMN_FIELD || a->field != b->field ||
                   (a->part != b->part && a->part != 0 && b->part != 0));
            assert(a->use != COLUMN_OWN || b->use != COLUMN_OWN ||
                   strcasecmp(a->own_name, b->own_name) != 0);
        }
    }
}

static bool
on_row(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    struct input *in = self;
    struct diag diag = { 0 };
    size_t values = 0;

    if (in->mapping == NULL) {
        struct mapping_request request = {
            .type = dictionary_find_name(in->dictionary, "contact"),
            .header = cells,
            .count = count,
            .preset = in->file.len > 0 && in->file.data[0] == ' ' ? NULL : "generic",
            .file = in->file,
        };
        if (mapping_make(&request, in->arena, &diag, &in->mapping) != STATUS_OK) {
            (void)text_failure(LANGUAGE_EN, STATUS_USAGE, &diag, in->arena);
            return false;
        }
        check_columns(in->mapping);
        return true;
    }
    const struct mapped_value *v = mapping_row(in->mapping, cells, count, in->arena, &values);
    for (size_t i = 0; i < values; i++)
        assert(v[i].text.len > 0 && (v[i].field != NULL) != (v[i].own_name != NULL));
    return line < 100;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct csv_shape shape = { "UTF-8", 0, ',' };
    static struct dictionary *dictionary;
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    size_t len = zero == NULL ? 0 : (size_t)(zero - data);

    if (dictionary == NULL &&
        dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return 0;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(csv_close) struct csv *csv = NULL;
    struct input in = { .dictionary = dictionary, .arena = arena, .file = bytes_of(data, len) };
    struct bytes text =
        zero == NULL ? bytes_of(data, size) : bytes_of(zero + 1, size - len - 1);
    if (csv_open(&shape, on_row, &in, &csv) == STATUS_OK &&
        csv_feed(csv, text, NULL) == STATUS_OK)
        (void)!csv_finish(csv, NULL);
    return 0;
}
