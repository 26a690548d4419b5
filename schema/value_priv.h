/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value_priv.h - one row per kind: how its text is read, its bytes are checked, and
 * shown.
 */
#ifndef HANSA_SCHEMA_VALUE_PRIV_H
#define HANSA_SCHEMA_VALUE_PRIV_H

#include "schema/type.h"

/* What a person typed: trimmed, valid UTF-8, NFC, not empty, at most FIELD_VALUE_MAX bytes. */
struct value_input {
    const struct type_field *field;
    struct bytes text;
    const char *region; /* ISO country or NULL */
    const char *zone;   /* IANA zone or NULL */
    struct arena *arena;
    struct diag *diag;
};

struct value_rule {
    enum status (*parse)(const struct value_input *in, struct bytes *out);
    bool (*is_valid)(struct bytes value);
    /* A valid value as text; NULL when it cannot be shown, hex is shown then. */
    const char *(*format)(const struct type_field *field, struct bytes value,
                          struct arena *arena);
};

/* STATUS_USAGE with the sentence `key`; {0} is the field, {1} the text as typed. */
enum status value_refuse(const struct value_input *in, const char *key);
/* Is the folded text one of the space-separated words of a catalog text, in any language? */
bool value_word_is(const char *key, const char *typed);

/* ---- schema/value_number.c ---- */
enum status value_integer_parse(const struct value_input *in, struct bytes *out);
enum status value_decimal_parse(const struct value_input *in, struct bytes *out);
enum status value_money_parse(const struct value_input *in, struct bytes *out);
bool value_integer_is_valid(struct bytes value);
bool value_decimal_is_valid(struct bytes value);
bool value_money_is_valid(struct bytes value);
const char *value_integer_format(const struct type_field *field, struct bytes value,
                                 struct arena *arena);
const char *value_money_format(const struct type_field *field, struct bytes value,
                               struct arena *arena);

/* ---- schema/value_time.c ---- */
enum status value_date_parse(const struct value_input *in, struct bytes *out);
enum status value_datetime_parse(const struct value_input *in, struct bytes *out);
bool value_date_is_valid(struct bytes value);
bool value_datetime_is_valid(struct bytes value);
const char *value_datetime_format(const struct type_field *field, struct bytes value,
                                  struct arena *arena);

/* ---- schema/value_code.c: codes of countries, languages, currencies and zones, by code or by
 * name ---- */
enum status value_country_parse(const struct value_input *in, struct bytes *out);
enum status value_language_parse(const struct value_input *in, struct bytes *out);
enum status value_currency_parse(const struct value_input *in, struct bytes *out);
enum status value_zone_parse(const struct value_input *in, struct bytes *out);
/* "EUR", "€", "元"; an empty text means the region's. False when unknown. */
bool value_currency_find(struct bytes text, const char *region, char out[static 4]);
unsigned value_currency_digits(const char currency[static 4]); /* 2 for EUR, 0 for JPY */
bool value_zone_is_known(const char *zone);

#endif
