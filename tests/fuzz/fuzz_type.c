/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_type.c - dictionary_new with any text as a company's own types; what is taken is sound.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/text.h"
#include "schema/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_type(const struct type *type)
{
    assert(type->name[0] != '\0' && type->title != NULL);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct type_field *f = &type->fields[i];
        assert(type_field_find(type, f->key) == f);
        assert(type_field_find_name(type, f->name) == f);
        assert((f->kind == KIND_ENUM) == (f->options != NULL));
        assert(f->column == NULL || f->key.space.len == 0);
        for (size_t lang = 0; lang < LANGUAGE_COUNT_; lang++)
            assert(f->label[lang] != NULL && utf8_is_valid(bytes_text(f->label[lang])));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(dictionary_free) struct dictionary *d = NULL;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };

    if (dictionary_new(bytes_of(data, size), "own", &diag, &d) != STATUS_OK) {
        assert(d == NULL && diag.key[0] != '\0');
        (void)text_failure(LANGUAGE_ZH_HANS, STATUS_USAGE, &diag, arena);
        return 0;
    }
    for (size_t i = 0; i < dictionary_count(d); i++) {
        check_type(dictionary_type(d, i));
        assert(dictionary_find(d, dictionary_type(d, i)->key) == dictionary_type(d, i));
    }
    (void)dictionary_profile(d);
    return 0;
}
