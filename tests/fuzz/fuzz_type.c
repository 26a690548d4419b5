/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_type.c - type_add_json with any text as a company's own types; what is taken is sound.
 * In place of the whole common schema stands one small type, which takes a hundredth of the time.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text.h"
#include "schema/type_priv.h"

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
    static const char common[] =
        "{\"name\":\"contact\",\"number\":2,\"fields\":[{\"name\":\"email\",\"number\":4},"
        "{\"name\":\"account\",\"number\":20,\"kind\":\"reference\",\"parent\":true}]}";
    AUTO(dictionary_free) struct dictionary *d = xcalloc(1, sizeof(*d));
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };

    d->arena = arena_new(0);
    d->types = ARENA_ARRAY(d->arena, struct type, TYPES_MAX);
    assert(type_add_json(d, bytes_text(common), (struct bytes){ 0 }, NULL) == STATUS_OK);
    if (type_add_json(d, bytes_of(data, size), bytes_text("own"), &diag) != STATUS_OK) {
        assert(diag.key[0] != '\0');
        (void)text_failure(LANGUAGE_ZH_HANS, STATUS_USAGE, &diag, arena);
        return 0;
    }
    type_sort(d);
    for (size_t i = 0; i < dictionary_count(d); i++) {
        check_type(dictionary_type(d, i));
        assert(dictionary_find(d, dictionary_type(d, i)->key) == dictionary_type(d, i));
    }
    (void)dictionary_profile(d);
    return 0;
}
