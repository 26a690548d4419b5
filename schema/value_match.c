/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value_match.c - the form under which two values of one person or company are the same
 * (contract: schema/type.h). Only ever compared or hashed, never shown or sent.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/text_priv.h"
#include "schema/type.h"

enum { E164_MIN = 7, E164_MAX = 15 };

/* Calling codes (ITU-T E.164), the trunk digit dialled inside the country, and the longest
 * number inside. */
/* clang-format off */
static const struct region {
    const char country[3];
    const char code[4];
    const char trunk[2]; /* "" where it belongs to the number */
    uint8_t national_max;
} regions[] = {
    { "AE", "971", "0", 9 },  { "AR", "54", "0", 11 }, { "AT", "43", "0", 13 }, { "AU", "61", "0", 9 },
    { "BE", "32", "0", 9 },   { "BG", "359", "0", 9 }, { "BR", "55", "0", 11 }, { "CA", "1", "1", 10 },
    { "CH", "41", "0", 9 },   { "CL", "56", "", 9 },   { "CN", "86", "0", 11 }, { "CO", "57", "0", 10 },
    { "CY", "357", "", 8 },   { "CZ", "420", "", 9 },  { "DE", "49", "0", 13 }, { "DK", "45", "", 8 },
    { "EE", "372", "", 8 },   { "EG", "20", "0", 10 }, { "ES", "34", "", 9 },   { "FI", "358", "0", 11 },
    { "FR", "33", "0", 9 },   { "GB", "44", "0", 10 }, { "GR", "30", "", 10 },  { "HK", "852", "", 8 },
    { "HR", "385", "0", 9 },  { "HU", "36", "", 9 },   { "ID", "62", "0", 12 }, { "IE", "353", "0", 9 },
    { "IL", "972", "0", 9 },  { "IN", "91", "0", 10 }, { "IS", "354", "", 9 },  { "IT", "39", "", 11 },
    { "JP", "81", "0", 10 },  { "KE", "254", "0", 9 }, { "KR", "82", "0", 10 }, { "LT", "370", "0", 8 },
    { "LU", "352", "", 11 },  { "LV", "371", "", 8 },  { "MA", "212", "0", 9 }, { "MO", "853", "", 8 },
    { "MT", "356", "", 8 },   { "MX", "52", "", 10 },  { "MY", "60", "0", 10 }, { "NG", "234", "0", 10 },
    { "NL", "31", "0", 9 },   { "NO", "47", "", 8 },   { "NZ", "64", "0", 10 }, { "PE", "51", "0", 9 },
    { "PH", "63", "0", 10 },  { "PL", "48", "", 9 },   { "PT", "351", "", 9 },  { "RO", "40", "0", 9 },
    { "RS", "381", "0", 9 },  { "RU", "7", "8", 10 },  { "SA", "966", "0", 9 }, { "SE", "46", "0", 9 },
    { "SG", "65", "", 8 },    { "SI", "386", "0", 8 }, { "SK", "421", "0", 9 }, { "TH", "66", "0", 9 },
    { "TR", "90", "0", 10 },  { "TW", "886", "0", 9 }, { "UA", "380", "0", 9 }, { "US", "1", "1", 10 },
    { "VN", "84", "0", 10 },  { "ZA", "27", "0", 9 },
};
/* clang-format on */

static const struct region *
find_region(const char *country)
{
    for (size_t i = 0; country != NULL && i < COUNT_OF(regions); i++)
        if (strcasecmp(regions[i].country, country) == 0)
            return &regions[i];
    return NULL;
}

struct digits {
    bool international; /* began with + or 00 */
    char text[64];
    size_t len;
};

/* The digits up to an extension ("x12", "ext. 12", ";12"); "(0)" after + is not dialled. */
static bool
read_digits(struct bytes text, struct digits *out)
{
    *out = (struct digits){ 0 };
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (out->international && text.len - i >= 3 && memcmp(text.data + i, "(0)", 3) == 0) {
            i += 2;
            continue;
        }
        if (c == '+' && out->len == 0)
            out->international = true;
        else if (isalpha(c) || c == ';' || c == ',' || c == '#')
            break;
        else if (isdigit(c) && out->len == sizeof(out->text) - 1)
            return false;
        else if (isdigit(c))
            out->text[out->len++] = (char)c;
    }
    if (!out->international && strncmp(out->text, "00", 2) == 0) {
        out->international = true;
        memmove(out->text, out->text + 2, out->len - 1);
        out->len -= 2;
    }
    return true;
}

static struct bytes
phone_form(struct bytes value, const char *country, struct arena *arena)
{
    const struct region *region = find_region(country);
    struct digits d;
    const char *form;

    if (!read_digits(text_nfkc(value, arena), &d))
        return (struct bytes){ 0 };
    if (d.international) {
        form = arena_printf(arena, "+%s", d.text);
    } else if (region == NULL) {
        form = d.text;
    } else if (d.len > region->national_max &&
               strncmp(d.text, region->code, strlen(region->code)) == 0) {
        form =
            arena_printf(arena, "+%s", d.text); /* the country's code, only the + is missing */
    } else {
        bool trunk = region->trunk[0] != '\0' && d.text[0] == region->trunk[0] &&
                     (region->trunk[0] == '0' || d.len > region->national_max);
        form = arena_printf(arena, "+%s%s", region->code, d.text + (trunk ? 1 : 0));
    }
    size_t digits = strlen(form) - (form[0] == '+');
    if (digits < E164_MIN || digits > E164_MAX)
        return (struct bytes){ 0 };
    return arena_copy(arena, bytes_text(form));
}

/* "https://www.Example.com/" and "example.com" are one site. */
static struct bytes
url_form(struct bytes value, struct arena *arena)
{
    static const char *const prefixes[] = { "https://", "http://", "www." };
    struct bytes text = text_nfkc_casefold(value, arena);

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        size_t len = strlen(prefixes[i]);
        if (text.len > len && memcmp(text.data, prefixes[i], len) == 0)
            text = bytes_of(text.data + len, text.len - len);
    }
    while (text.len > 0 && text.data[text.len - 1] == '/')
        text.len--;
    return text;
}

/* Folded, with one space between words. */
static struct bytes
words_form(struct bytes value, struct arena *arena)
{
    struct bytes left = bytes_text(text_fold(value, arena));
    AUTO(buffer_fini) struct buffer out = { 0 };
    bool gap = false;
    uint32_t c = 0;

    while (text_next(&left, &c)) {
        if (text_is_space(c)) {
            gap = out.len > 0;
            continue;
        }
        if (gap)
            buffer_put_u8(&out, ' ');
        gap = false;
        text_put(&out, c);
    }
    return arena_copy(arena, buffer_bytes(&out));
}

struct bytes
value_match_form(const struct type_field *field, struct bytes value, const char *region,
                 struct arena *arena)
{
    if (!value_is_valid(field, value))
        return (struct bytes){ 0 };
    if (field->kind == KIND_EMAIL)
        return text_nfkc_casefold(value, arena);
    if (field->kind == KIND_PHONE)
        return phone_form(value, region, arena);
    if (field->kind == KIND_URL)
        return url_form(value, arena);
    if (field->kind == KIND_TEXT || field->kind == KIND_NAME)
        return words_form(value, arena);
    return value;
}
