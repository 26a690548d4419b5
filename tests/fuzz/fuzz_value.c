/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_value.c - value_parse of any text and value_is_valid, value_format, value_match_form of any
 * bytes, for every kind: value_integer_parse, value_decimal_parse, value_money_parse, value_date_parse,
 * value_datetime_parse, value_country_parse, value_language_parse, value_currency_parse and
 * value_zone_parse are reached through the table of kinds. Byte 0 is the kind, byte 1 the surroundings.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/text.h"
#include "schema/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *options[] = { "invited", "accepted", NULL };
static const char *labels[] = { "Invited", "Accepted", NULL };

/* What is shown of these kinds can be typed and is the same again. */
static bool
comes_back(enum kind kind)
{
    return kind == KIND_INTEGER || kind == KIND_DECIMAL || kind == KIND_MONEY ||
           kind == KIND_DATE || kind == KIND_COUNTRY || kind == KIND_CURRENCY ||
           kind == KIND_BOOLEAN || kind == KIND_REFERENCE || kind == KIND_ENUM;
}

static void
try_value(const struct type_field *field, struct bytes value, const char *region,
          struct arena *arena)
{
    const char *shown = value_format(field, value, arena);
    struct bytes form = value_match_form(field, value, region, arena);

    assert(utf8_is_valid(bytes_text(shown)));
    assert(form.len == 0 || value_is_valid(field, value));
}

static void
try_text(const struct type_field *field, struct bytes text, const char *region,
         struct arena *arena)
{
    const char *zone = region == NULL ? NULL : "Europe/Berlin";
    struct diag diag = { 0 };
    struct bytes value, again;

    if (value_parse(field, text, region, zone, arena, &diag, &value) != STATUS_OK) {
        assert(diag.key[0] != '\0' && value.len == 0);
        (void)text_failure(LANGUAGE_EN, STATUS_USAGE, &diag, arena);
        return;
    }
    try_value(field, value, region, arena);
    const char *shown = value_format(field, value, arena);
    if (comes_back(field->kind))
        assert(value_parse(field, bytes_text(shown), region, zone, arena, &diag, &again) ==
                   STATUS_OK &&
               bytes_is_equal(value, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const regions[] = { NULL, "DE", "CN", "US" };
    struct type_field field = { .name = "f", .options = options };

    if (size < 2)
        return 0;
    for (size_t i = 0; i < LANGUAGE_COUNT_; i++)
        field.option_label[i] = labels;
    field.kind = (enum kind)(data[0] % KIND_COUNT_);
    const char *region = regions[data[1] % COUNT_OF(regions)];
    struct bytes rest = bytes_of(data + 2, size - 2);
    AUTO(arena_free) struct arena *arena = arena_new(0);
    try_text(&field, rest, region, arena);
    try_value(&field, rest, region, arena);
    return 0;
}
