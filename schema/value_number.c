/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value_number.c - integers, decimals and money as people and spreadsheets write them.
 *
 * "1,234.50", "1.234,50", "1 234,50" and "1'234.50" are the same number. A single separator
 * before exactly three digits is taken for grouping when it is a comma, or when a currency has
 * fewer digits; else for the decimal point.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/text_priv.h"
#include "schema/value_priv.h"

enum { DIGITS_MAX = 38, ANY_DIGITS = 99 };

struct number {
    bool negative;
    char whole[DIGITS_MAX + 1];    /* without leading zeros, "0" when there is nothing */
    char fraction[DIGITS_MAX + 1]; /* without trailing zeros */
};

/* The characters that count: digits and separators, sign apart, spaces and apostrophes gone. */
struct figures {
    bool negative;
    char text[2 * DIGITS_MAX + 1];
    size_t len;
};

static bool
read_figures(struct bytes text, struct figures *out)
{
    uint32_t c = 0;
    bool signed_already = false;

    *out = (struct figures){ 0 };
    while (text_next(&text, &c)) {
        if (text_is_space(c) || c == '\'' || c == 0x2019 || c == '_')
            continue;
        if ((c == '-' || c == '+' || c == 0x2212) && out->len == 0 && !signed_already) {
            signed_already = true;
            out->negative = c != '+';
            continue;
        }
        if (!(c >= '0' && c <= '9') && c != '.' && c != ',')
            return false;
        if (out->len == sizeof(out->text) - 1)
            return false;
        out->text[out->len++] = (char)c;
    }
    return out->len > 0;
}

/* Where the decimal separator stands; out->len when there is none. */
static size_t
find_decimal(const struct figures *f, unsigned fraction_max)
{
    const char *dot = strrchr(f->text, '.'), *comma = strrchr(f->text, ',');
    const char *last = dot > comma ? dot : comma;

    if (last == NULL)
        return f->len;
    size_t at = (size_t)(last - f->text);
    if (dot != NULL && comma != NULL)
        return at;
    if (strchr(f->text, *last) != last)
        return f->len; /* repeated: grouping */
    bool could_group = f->len - at - 1 == 3 && at >= 1 && at <= 3 && f->text[0] != '0';
    if (could_group && (*last == ',' || fraction_max < 3))
        return f->len;
    return at;
}

/* Groups after the first have three digits, or two as in India before the last. */
static bool
read_whole(const char *text, size_t len, char *out)
{
    size_t digits = 0, group = 0, groups = 0;
    char separator = '\0';

    for (size_t i = 0; i < len; i++) {
        if (isdigit((unsigned char)text[i])) {
            if (digits == DIGITS_MAX)
                return false;
            out[digits++] = text[i];
            group++;
            continue;
        }
        if (group == 0 || (groups > 0 && group != 2 && group != 3) ||
            (separator != '\0' && separator != text[i]))
            return false;
        separator = text[i];
        groups++;
        group = 0;
    }
    out[digits] = '\0';
    return groups == 0 || group == 3;
}

static void
strip_zeros(struct number *n)
{
    size_t zeros = strspn(n->whole, "0");
    size_t len = strlen(n->whole), fraction = strlen(n->fraction);

    memmove(n->whole, n->whole + zeros, len - zeros + 1);
    if (n->whole[0] == '\0')
        memcpy(n->whole, "0", 2);
    while (fraction > 0 && n->fraction[fraction - 1] == '0')
        n->fraction[--fraction] = '\0';
    if (n->fraction[0] == '\0' && strcmp(n->whole, "0") == 0)
        n->negative = false;
}

/* fraction_max: how many digits may follow the point, ANY_DIGITS when that says nothing. */
static bool
read_number(struct bytes text, unsigned fraction_max, struct arena *arena, struct number *out)
{
    struct figures f;

    *out = (struct number){ 0 };
    if (!read_figures(text_nfkc(text, arena), &f))
        return false;
    size_t point = find_decimal(&f, fraction_max);
    if (!read_whole(f.text, point, out->whole))
        return false;
    if (point < f.len) {
        const char *fraction = f.text + point + 1;
        size_t len = f.len - point - 1;
        if (len == 0 || len > DIGITS_MAX || strspn(fraction, "0123456789") != len)
            return false;
        memcpy(out->fraction, fraction, len);
    } else if (out->whole[0] == '\0') {
        return false;
    }
    out->negative = f.negative;
    strip_zeros(out);
    return true;
}

static bool
add_digits(int64_t *total, const char *digits, bool negative)
{
    for (; *digits != '\0'; digits++) {
        int64_t digit = negative ? -(*digits - '0') : *digits - '0';
        if (__builtin_mul_overflow(*total, 10, total) ||
            __builtin_add_overflow(*total, digit, total))
            return false;
    }
    return true;
}

enum status
value_integer_parse(const struct value_input *in, struct bytes *out)
{
    struct number n;
    int64_t total = 0;

    if (!read_number(in->text, ANY_DIGITS, in->arena, &n) || n.fraction[0] != '\0' ||
        !add_digits(&total, n.whole, n.negative))
        return value_refuse(in, "value.integer");
    uint8_t *raw = arena_alloc(in->arena, 8);
    put_u64(raw, (uint64_t)total);
    *out = bytes_of(raw, 8);
    return STATUS_OK;
}

bool
value_integer_is_valid(struct bytes value)
{
    return value.len == 8;
}

const char *
value_integer_format(const struct type_field *field, struct bytes value, struct arena *arena)
{
    (void)field;
    return arena_printf(arena, "%" PRId64, (int64_t)get_u64(value.data));
}

enum status
value_decimal_parse(const struct value_input *in, struct bytes *out)
{
    struct number n;

    if (!read_number(in->text, ANY_DIGITS, in->arena, &n))
        return value_refuse(in, "value.decimal");
    *out = bytes_text(arena_printf(in->arena, "%s%s%s%s", n.negative ? "-" : "", n.whole,
                                   n.fraction[0] != '\0' ? "." : "", n.fraction));
    return STATUS_OK;
}

static size_t
count_digits(struct bytes value, size_t from)
{
    size_t n = 0;

    while (from + n < value.len && isdigit(value.data[from + n]))
        n++;
    return n;
}

bool
value_decimal_is_valid(struct bytes value)
{
    size_t at = value.len > 0 && value.data[0] == '-' ? 1 : 0;
    size_t whole = count_digits(value, at);
    bool zero = whole == 1 && value.data[at] == '0';

    if (whole == 0 || (whole > 1 && value.data[at] == '0'))
        return false;
    if (at + whole == value.len)
        return !(at == 1 && zero);
    if (value.data[at + whole] != '.')
        return false;
    size_t fraction = count_digits(value, at + whole + 1);
    return fraction > 0 && at + whole + 1 + fraction == value.len &&
           value.data[value.len - 1] != '0';
}

/* "€ -1,234.50", "1.234,50 EUR": what stands around the figures is the currency. */
static bool
split_money(struct bytes text, bool *negative, struct bytes *amount, struct bytes *currency)
{
    size_t first = 0, end = text.len;

    while (first < end && !isdigit(text.data[first]) &&
           !(text.data[first] == '.' && first + 1 < end && isdigit(text.data[first + 1])))
        first++;
    while (end > first && !isdigit(text.data[end - 1]))
        end--;
    if (first == end)
        return false;
    struct bytes before = text_trim(bytes_of(text.data, first));
    struct bytes after = text_trim(bytes_of(text.data + end, text.len - end));
    *amount = bytes_of(text.data + first, end - first);
    *negative = false;
    if (before.len > 0 && (before.data[0] == '-' || before.data[before.len - 1] == '-')) {
        *negative = true;
        before = before.data[0] == '-' ? bytes_of(before.data + 1, before.len - 1)
                                       : bytes_of(before.data, before.len - 1);
        before = text_trim(before);
    }
    if (before.len > 0 && after.len > 0)
        return false;
    *currency = before.len > 0 ? before : after;
    return true;
}

enum status
value_money_parse(const struct value_input *in, struct bytes *out)
{
    struct bytes amount, currency, text = text_nfkc(in->text, in->arena);
    struct number n;
    bool negative = false;
    char code[4];
    int64_t minor = 0;

    if (!split_money(text, &negative, &amount, &currency))
        return value_refuse(in, "value.money");
    if (!value_currency_find(currency, in->region, code))
        return value_refuse(in, "value.currency");
    unsigned digits = value_currency_digits(code);
    if (!read_number(amount, digits, in->arena, &n))
        return value_refuse(in, "value.money");
    if (strlen(n.fraction) > digits)
        return value_refuse(in, "value.money-digits");
    while (strlen(n.fraction) < digits)
        n.fraction[strlen(n.fraction)] = '0'; /* zero-filled: still ended */
    if (!add_digits(&minor, n.whole, negative) || !add_digits(&minor, n.fraction, negative))
        return value_refuse(in, "value.money");
    uint8_t *raw = arena_alloc(in->arena, 11);
    put_u64(raw, (uint64_t)minor);
    memcpy(raw + 8, code, 3);
    *out = bytes_of(raw, 11);
    return STATUS_OK;
}

bool
value_money_is_valid(struct bytes value)
{
    if (value.len != 11)
        return false;
    for (size_t i = 8; i < 11; i++)
        if (value.data[i] < 'A' || value.data[i] > 'Z')
            return false;
    return true;
}

/* The digits of the whole part with a comma before each full group of three. */
static const char *
group_digits(uint64_t whole, struct arena *arena)
{
    const char *plain = arena_printf(arena, "%" PRIu64, whole);
    size_t len = strlen(plain), used = 0;
    char *out = arena_alloc(arena, len + len / 3 + 1);

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = plain[i];
    }
    return out;
}

const char *
value_money_format(const struct type_field *field, struct bytes value, struct arena *arena)
{
    int64_t minor = (int64_t)get_u64(value.data);
    uint64_t size = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    char code[4] = { (char)value.data[8], (char)value.data[9], (char)value.data[10], '\0' };
    unsigned digits = value_currency_digits(code);
    uint64_t unit = 1;

    (void)field;
    for (unsigned i = 0; i < digits; i++)
        unit *= 10;
    const char *sign = minor < 0 ? "-" : "";
    const char *whole = group_digits(size / unit, arena);
    if (digits == 0)
        return arena_printf(arena, "%s%s %s", sign, whole, code);
    return arena_printf(arena, "%s%s.%0*" PRIu64 " %s", sign, whole, (int)digits, size % unit,
                        code);
}
