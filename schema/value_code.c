/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value_code.c - codes of countries (ISO 3166), languages (BCP 47), currencies (ISO
 * 4217) and zones (IANA), typed as code or by name. The names come from ICU in the languages
 * below, gathered once on first use and kept for the life of the process; afterwards read-only,
 * so look-ups are safe on any thread.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucurr.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

#include "schema/base/cleanup.h"
#include "schema/text.h"
#include "schema/text_priv.h"
#include "schema/value_priv.h"

enum { NAME_UNITS = 256, TAG_MAX = 35 /* RFC 5646 section 4.4.1 */ };

static const char *const name_languages[] = {
    "en", "zh_Hans", "zh_Hant", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ja", "ko",
};

struct named {
    const char *name; /* folded */
    const char *code;
};

struct names {
    struct named *rows; /* ascending by name */
    size_t count;
    struct arena *arena;
};

typedef int32_t display_fn(const char *locale, const char *in, UChar *out, int32_t room,
                           UErrorCode *error);

static void
add_name(struct names *names, const char *folded, const char *code)
{
    names->rows[names->count++] = (struct named){ .name = folded, .code = code };
}

static void
add_display_name(struct names *names, display_fn *display, const char *locale, const char *in,
                 const char *code)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar units[NAME_UNITS];
    char text[NAME_UNITS * 3];
    int32_t len = display(locale, in, units, NAME_UNITS, &error);

    if (U_FAILURE(error) || len == 0)
        return;
    u_strToUTF8(text, sizeof(text), NULL, units, len, &error);
    if (U_SUCCESS(error))
        add_name(names, text_fold(bytes_text(text), names->arena), code);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static size_t
count_of(const char *text, char mark)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == mark ? 1 : 0;
    return count;
}

/* A catalog's "name=CODE; name=CODE". */
static void
add_listed(struct names *names, const char *list)
{
    while (*list != '\0') {
        size_t name = strcspn(list, "="), entry = strcspn(list, ";");
        assert(name < entry);
        const char *plain = arena_text(names->arena, bytes_of(list, name));
        const char *code =
            arena_text(names->arena, bytes_of(list + name + 1, entry - name - 1));
        add_name(names, text_fold(bytes_text(plain), names->arena), code);
        list += entry;
        list += strspn(list, "; ");
    }
}

/* codes: how many ICU knows. What the catalogs list is added at once. */
static void
start_names(struct names *names, size_t codes, const char *key)
{
    size_t room = codes * (COUNT_OF(name_languages) + 1);

    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        room += count_of(text_get((enum language)i, key), '=');
    names->arena = arena_new(0);
    names->rows = ARENA_ARRAY(names->arena, struct named, room);
    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        add_listed(names, text_get((enum language)i, key));
}

static struct names countries, languages, currencies;

static size_t
count_codes(const char *const *codes)
{
    size_t count = 0;

    while (codes[count] != NULL)
        count++;
    return count;
}

static void
gather_countries(void)
{
    const char *const *codes = uloc_getISOCountries();

    start_names(&countries, count_codes(codes), "input.country");
    for (; *codes != NULL; codes++) {
        const char *locale = arena_printf(countries.arena, "und_%s", *codes);
        const char *iso3 = uloc_getISO3Country(locale);
        add_name(&countries, text_fold(bytes_text(iso3), countries.arena), *codes);
        for (size_t i = 0; i < COUNT_OF(name_languages); i++)
            add_display_name(&countries, uloc_getDisplayCountry, locale, name_languages[i],
                             *codes);
    }
}

static void
gather_languages(void)
{
    const char *const *codes = uloc_getISOLanguages();

    start_names(&languages, count_codes(codes), "input.language");
    for (; *codes != NULL; codes++)
        for (size_t i = 0; strlen(*codes) == 2 && i < COUNT_OF(name_languages); i++)
            add_display_name(&languages, uloc_getDisplayLanguage, *codes, name_languages[i],
                             *codes);
}

static void
gather_names(void)
{
    gather_countries();
    gather_languages();
    start_names(&currencies, 0, "input.currency");
    qsort(countries.rows, countries.count, sizeof(*countries.rows), by_name);
    qsort(languages.rows, languages.count, sizeof(*languages.rows), by_name);
    qsort(currencies.rows, currencies.count, sizeof(*currencies.rows), by_name);
}

static const char *
find_name(const struct names *names, struct bytes text, struct arena *arena)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, gather_names);
    struct named key = { .name = text_fold(text, arena) };
    const struct named *row = bsearch(&key, names->rows, names->count, sizeof(key), by_name);
    return row != NULL ? row->code : NULL;
}

enum status
value_country_parse(const struct value_input *in, struct bytes *out)
{
    struct bytes text = text_nfkc(in->text, in->arena);
    const char *found = NULL;

    if (text.len == 2) {
        char code[3] = { (char)toupper(text.data[0]), (char)toupper(text.data[1]), '\0' };
        for (const char *const *known = uloc_getISOCountries(); *known != NULL; known++)
            if (strcmp(*known, code) == 0)
                found = *known;
    }
    if (found == NULL)
        found = find_name(&countries, text, in->arena);
    if (found == NULL)
        return value_refuse(in, "value.country");
    *out = bytes_text(found);
    return STATUS_OK;
}

/* "zh_hans_CN" to "zh-Hans-CN"; false when it is no tag of a language that exists. */
static bool
read_tag(struct bytes text, char out[static TAG_MAX + 1])
{
    UErrorCode error = U_ZERO_ERROR;
    char tag[TAG_MAX + 1] = { 0 }, locale[2 * TAG_MAX];
    int32_t used = 0;

    if (text.len > TAG_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        tag[i] = text.data[i] == '_' ? '-' : (char)text.data[i];
    (void)uloc_forLanguageTag(tag, locale, sizeof(locale), &used, &error);
    if (U_FAILURE(error) || (size_t)used != text.len || uloc_getISO3Language(locale)[0] == '\0')
        return false;
    int32_t len = uloc_toLanguageTag(locale, out, TAG_MAX + 1, true, &error);
    return U_SUCCESS(error) && len > 0 && len <= TAG_MAX;
}

enum status
value_language_parse(const struct value_input *in, struct bytes *out)
{
    struct bytes text = text_nfkc(in->text, in->arena);
    char tag[TAG_MAX + 1];
    const char *found = read_tag(text, tag) ? tag : find_name(&languages, text, in->arena);

    if (found == NULL)
        return value_refuse(in, "value.language");
    *out = arena_copy(in->arena, bytes_text(found));
    return STATUS_OK;
}

static bool
is_currency(const char code[static 4])
{
    UChar units[4];

    u_charsToUChars(code, units, 4);
    return ucurr_getNumericCode(units) != 0;
}

static bool
currency_of_region(const char *region, char out[static 4])
{
    UErrorCode error = U_ZERO_ERROR;
    UChar units[4] = { 0 };
    char locale[8] = "und_";

    if (region == NULL || strlen(region) != 2)
        return false;
    memcpy(locale + 4, region, 3);
    if (ucurr_forLocale(locale, units, 4, &error) != 3 || U_FAILURE(error))
        return false;
    u_UCharsToChars(units, out, 4);
    return true;
}

/* Several codes, as "USD/CAD/AUD" for $: the region's if it is one of them, else the first. */
static bool
choose_currency(const char *codes, const char *region, char out[static 4])
{
    if (strlen(codes) > 3 && currency_of_region(region, out) && strstr(codes, out) != NULL)
        return true;
    memset(out, 0, 4);
    if (codes[0] == '?')
        return false;
    memcpy(out, codes, 3);
    return true;
}

bool
value_currency_find(struct bytes text, const char *region, char out[static 4])
{
    memset(out, 0, 4);
    while (text.len > 0 && text.data[text.len - 1] == '.')
        text.len--;
    if (text.len == 0)
        return currency_of_region(region, out);
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const char *codes = find_name(&currencies, text, arena);
    if (codes != NULL)
        return choose_currency(codes, region, out);
    const char *code = text_fold(text, arena);
    for (size_t i = 0; i < 3; i++) {
        if (!isalpha((unsigned char)code[i])) /* stops at the end of a shorter one */
            return false;
        out[i] = (char)toupper((unsigned char)code[i]);
    }
    return code[3] == '\0' && is_currency(out);
}

unsigned
value_currency_digits(const char currency[static 4])
{
    UErrorCode error = U_ZERO_ERROR;
    UChar units[4];

    u_charsToUChars(currency, units, 4);
    int32_t digits = ucurr_getDefaultFractionDigits(units, &error);
    return U_SUCCESS(error) && digits >= 0 && digits <= 4 ? (unsigned)digits : 2;
}

enum status
value_currency_parse(const struct value_input *in, struct bytes *out)
{
    char code[4];

    if (!value_currency_find(in->text, in->region, code))
        return value_refuse(in, "value.currency");
    *out = arena_copy(in->arena, bytes_text(code));
    return STATUS_OK;
}

enum status
value_zone_parse(const struct value_input *in, struct bytes *out)
{
    if (!value_zone_is_known(arena_text(in->arena, in->text)))
        return value_refuse(in, "value.zone");
    *out = in->text;
    return STATUS_OK;
}
