/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value.c - values by kind: text that people type, bytes on the wire, text that people
 * read (contract: schema/type.h; the bytes: docs/protocol/objects.md, "field values"). The
 * table `rules` is the first thing to read here.
 *
 * Checking a value from outside is exactly as strict as the protocol page, so that nodes agree;
 * reading what people type is stricter (an e-mail address must look like one) and more helpful
 * ("yes", "3,5", full-width digits).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text.h"
#include "schema/text_priv.h"
#include "schema/value_priv.h"

enum {
    EMAIL_MAX = 254 /* RFC 5321 */,
    LOCAL_PART_MAX = 64,
    PHONE_MAX = 64,
    PHONE_DIGITS_MIN = 3
};
enum { ADDRESS_PARTS = 7, STREET = 2, CONSENT_LINES_MAX = 64 };

enum status
value_refuse(const struct value_input *in, const char *key)
{
    return diag_say(in->diag, STATUS_USAGE, key, in->field->name,
                    arena_text(in->arena, in->text), NULL);
}

/* ---- text ---- */

static bool
is_text(struct bytes value)
{
    return value.len > 0 && utf8_is_valid(value) && text_is_nfc(value);
}

/* Line ends become one line feed; other controls are refused. Names and the like have one line.
 */
static enum status
parse_lines(const struct value_input *in, bool one_line, struct bytes *out)
{
    uint8_t *clean = arena_alloc(in->arena, in->text.len);
    size_t len = 0;

    for (size_t i = 0; i < in->text.len; i++) {
        uint8_t c = in->text.data[i];
        if (c == '\r' && i + 1 < in->text.len && in->text.data[i + 1] == '\n')
            continue;
        if (c == '\r' || c == '\n' || c == '\v')
            clean[len++] = one_line ? ' ' : '\n';
        else if (c == '\t')
            clean[len++] = one_line ? ' ' : '\t';
        else if (c < ' ' || c == 0x7F)
            return value_refuse(in, "value.control");
        else
            clean[len++] = c;
    }
    *out = bytes_of(clean, len);
    return STATUS_OK;
}

static enum status
parse_text(const struct value_input *in, struct bytes *out)
{
    return parse_lines(in, false, out);
}

static enum status
parse_line(const struct value_input *in, struct bytes *out)
{
    return parse_lines(in, true, out);
}

static const char *
format_text(const struct type_field *field, struct bytes value, struct arena *arena)
{
    (void)field;
    if (memchr(value.data, '\0', value.len) != NULL)
        return NULL;
    return arena_text(arena, value);
}

/* ---- e-mail, telephone, web ---- */

/* Google's export puts several values in one cell: "a ::: b". The first is the main one. */
static struct bytes
first_of_several(struct bytes text)
{
    const uint8_t *mark = memmem(text.data, text.len, " ::: ", 5);

    return mark == NULL ? text : text_trim(bytes_of(text.data, (size_t)(mark - text.data)));
}

static bool
has_prefix(struct bytes text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && strncasecmp((const char *)text.data, prefix, len) == 0;
}

static struct bytes
skip(struct bytes text, size_t len)
{
    return bytes_of(text.data + len, text.len - len);
}

/* "Ada <ada@example.com>" and "mailto:ada@example.com" to the address alone. */
static struct bytes
bare_address(struct bytes text)
{
    const uint8_t *open = memchr(text.data, '<', text.len);

    if (open != NULL && text.data[text.len - 1] == '>')
        return bytes_of(open + 1, (size_t)(text.data + text.len - 1 - (open + 1)));
    return has_prefix(text, "mailto:") ? skip(text, 7) : text;
}

/* Labels of letters, digits and hyphens (any script), at least two, with dots between. */
static bool
is_domain(struct bytes domain)
{
    size_t label = 0, dots = 0;

    for (size_t i = 0; i < domain.len; i++) {
        uint8_t c = domain.data[i];
        if (c == '.') {
            if (label == 0 || domain.data[i - 1] == '-')
                return false;
            dots++;
            label = 0;
            continue;
        }
        if (!isalnum(c) && c < 0x80 && !(c == '-' && label > 0))
            return false;
        label++;
    }
    return dots > 0 && label > 0 && domain.data[domain.len - 1] != '-';
}

static bool
is_local_part(struct bytes local)
{
    if (local.len == 0 || local.len > LOCAL_PART_MAX || local.data[0] == '.' ||
        local.data[local.len - 1] == '.')
        return false;
    for (size_t i = 0; i < local.len; i++)
        if (local.data[i] <= ' ' || local.data[i] == 0x7F ||
            strchr("()<>[]:;@\\,\"", local.data[i]) != NULL)
            return false;
    return true;
}

static enum status
parse_email(const struct value_input *in, struct bytes *out)
{
    struct bytes text = bare_address(first_of_several(text_nfkc(in->text, in->arena)));
    const uint8_t *at = text.len > 0 ? memrchr(text.data, '@', text.len) : NULL;

    if (at == NULL || text.len > EMAIL_MAX || text_has_hidden(text))
        return value_refuse(in, "value.email");
    struct bytes local = bytes_of(text.data, (size_t)(at - text.data));
    if (!is_local_part(local) || !is_domain(skip(text, local.len + 1)))
        return value_refuse(in, "value.email");
    *out = text;
    return STATUS_OK;
}

/* "1.38E+10" is what a spreadsheet makes of a long number: the digits are lost. */
static bool
is_spreadsheet_number(struct bytes text)
{
    const uint8_t *e = text.len > 0 ? memrchr(text.data, 'E', text.len) : NULL;
    size_t left = e == NULL ? 0 : (size_t)(text.data + text.len - e);

    return left >= 3 && left <= 4 && e[1] == '+' && isdigit(e[2]) && e > text.data &&
           isdigit(e[-1]);
}

static enum status
parse_phone(const struct value_input *in, struct bytes *out)
{
    struct bytes typed = first_of_several(in->text);
    struct bytes plain = text_nfkc(typed, in->arena);
    size_t digits = 0;

    if (has_prefix(typed, "tel:"))
        typed = text_trim(skip(typed, 4));
    for (size_t i = 0; i < plain.len; i++)
        digits += isdigit(plain.data[i]) ? 1 : 0;
    if (is_spreadsheet_number(plain))
        return value_refuse(in, "value.phone-spreadsheet");
    if (digits < PHONE_DIGITS_MIN || typed.len > PHONE_MAX || text_has_hidden(plain))
        return value_refuse(in, "value.phone");
    *out = typed;
    return STATUS_OK;
}

/* Only what a browser may open without harm: no javascript:, data: or file:. */
static enum status
parse_url(const struct value_input *in, struct bytes *out)
{
    struct bytes text = first_of_several(in->text);
    size_t skip_scheme = has_prefix(text, "https://") ? 8 : has_prefix(text, "http://") ? 7 : 0;
    struct bytes rest = skip(text, skip_scheme);
    size_t host = 0;

    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] <= ' ' || rest.data[i] == '"' || rest.data[i] == '<' ||
            rest.data[i] == '>')
            return value_refuse(in, "value.url");
    while (host < rest.len && strchr("/?#:", rest.data[host]) == NULL)
        host++;
    bool port = host + 1 < rest.len && rest.data[host] == ':' && isdigit(rest.data[host + 1]);
    if (text_has_hidden(text) || !is_domain(bytes_of(rest.data, host)) ||
        (host < rest.len && rest.data[host] == ':' && !port))
        return value_refuse(in, "value.url");
    *out = text;
    if (skip_scheme == 0)
        *out = bytes_text(arena_printf(in->arena, "https://%s", arena_text(in->arena, text)));
    return STATUS_OK;
}

/* ---- enum, boolean ---- */

static const char *
join_options(const struct type_field *field, struct arena *arena)
{
    const char *list = field->options[0];

    for (size_t i = 1; field->options[i] != NULL; i++)
        list = arena_printf(arena, "%s, %s", list, field->options[i]);
    return list;
}

static enum status
parse_enum(const struct value_input *in, struct bytes *out)
{
    const struct type_field *field = in->field;
    const char *typed = text_fold(in->text, in->arena);

    for (size_t i = 0; field->options[i] != NULL; i++) {
        bool same = strcmp(text_fold(bytes_text(field->options[i]), in->arena), typed) == 0;
        for (size_t k = 0; k < LANGUAGE_COUNT_ && !same; k++) {
            struct bytes label = bytes_text(field->option_label[k][i]);
            same = strcmp(text_fold(label, in->arena), typed) == 0;
        }
        if (same) {
            *out = bytes_text(field->options[i]);
            return STATUS_OK;
        }
    }
    return diag_say(in->diag, STATUS_USAGE, "value.enum", field->name,
                    arena_text(in->arena, in->text), join_options(field, in->arena), NULL);
}

bool
value_word_is(const char *key, const char *typed)
{
    size_t len = strlen(typed);

    for (int i = 0; i < LANGUAGE_COUNT_; i++)
        for (const char *at = text_get((enum language)i, key); *at != '\0';) {
            size_t word = strcspn(at, " ");
            if (word == len && strncmp(at, typed, len) == 0)
                return true;
            at += word + strspn(at + word, " ");
        }
    return false;
}

static enum status
parse_boolean(const struct value_input *in, struct bytes *out)
{
    static const uint8_t raw[] = { 0, 1 };
    const char *typed = text_fold(in->text, in->arena);
    bool yes = value_word_is("input.yes", typed);

    if (!yes && !value_word_is("input.no", typed))
        return value_refuse(in, "value.boolean");
    *out = bytes_of(&raw[yes], 1);
    return STATUS_OK;
}

static bool
is_boolean(struct bytes value)
{
    return value.len == 1 && value.data[0] <= 1;
}

static const char *
format_boolean(const struct type_field *field, struct bytes value, struct arena *arena)
{
    (void)field;
    (void)arena;
    return value.data[0] == 1 ? "true" : "false";
}

/* ---- address ---- */

/* Seven parts with ; between as in vCard, or any other text: then all of it is the street. */
static enum status
parse_address(const struct value_input *in, struct bytes *out)
{
    size_t semicolons = 0;

    TRY(parse_lines(in, false, out));
    uint8_t *text = arena_alloc(in->arena, out->len + ADDRESS_PARTS);
    for (size_t i = 0; i < out->len; i++)
        semicolons += out->data[i] == ';' ? 1 : 0;
    bool in_parts =
        semicolons == ADDRESS_PARTS - 1 && memchr(out->data, '\n', out->len) == NULL;
    size_t len = in_parts ? 0 : STREET;
    memset(text, '\n', len);
    for (size_t i = 0; i < out->len; i++) {
        if (in_parts && out->data[i] == ';')
            text[len++] = '\n';
        else
            text[len++] = !in_parts && out->data[i] == '\n' ? ',' : out->data[i];
    }
    for (size_t i = STREET + 1; i < ADDRESS_PARTS && !in_parts; i++)
        text[len++] = '\n';
    *out = bytes_of(text, len);
    return STATUS_OK;
}

static bool
is_address(struct bytes value)
{
    size_t feeds = 0;

    for (size_t i = 0; i < value.len; i++)
        feeds += value.data[i] == '\n' ? 1 : 0;
    return feeds == ADDRESS_PARTS - 1 && is_text(value);
}

static const char *
format_address(const struct type_field *field, struct bytes value, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    (void)field;
    if (memchr(value.data, '\0', value.len) != NULL)
        return NULL;
    for (size_t at = 0; at <= value.len;) {
        const uint8_t *end =
            at < value.len ? memchr(value.data + at, '\n', value.len - at) : NULL;
        size_t len = end == NULL ? value.len - at : (size_t)(end - (value.data + at));
        if (len > 0 && out.len > 0)
            buffer_put_text(&out, ", ");
        buffer_put(&out, value.data + at, len);
        at += len + 1;
    }
    return arena_text(arena, buffer_bytes(&out));
}

/* ---- references, bytes ---- */

static enum status
parse_reference(const struct value_input *in, struct bytes *out)
{
    uint8_t *id = arena_alloc(in->arena, ID_SIZE);

    if (base32_parse(in->text, id, ID_SIZE) != STATUS_OK &&
        hex_parse(in->text, id, ID_SIZE) != STATUS_OK)
        return value_refuse(in, "value.reference");
    *out = bytes_of(id, ID_SIZE);
    return STATUS_OK;
}

static bool
is_reference(struct bytes value)
{
    return value.len == ID_SIZE;
}

static const char *
format_reference(const struct type_field *field, struct bytes value, struct arena *arena)
{
    char *out = arena_alloc(arena, (ID_SIZE * 8 + 4) / 5 + 1);

    (void)field;
    base32_format(value, out);
    return out;
}

static const char *
format_hex(const struct type_field *field, struct bytes value, struct arena *arena)
{
    char *out = arena_alloc(arena, 2 + 2 * value.len + 1);

    (void)field;
    memcpy(out, "0x", 2);
    hex_format(value, out + 2);
    return out;
}

static enum status
parse_bytes(const struct value_input *in, struct bytes *out)
{
    struct bytes digits = has_prefix(in->text, "0x") ? skip(in->text, 2) : in->text;
    uint8_t *raw = arena_alloc(in->arena, digits.len / 2 + 1);

    if (digits.len == 0 || hex_parse(digits, raw, digits.len / 2) != STATUS_OK)
        return value_refuse(in, "value.bytes");
    *out = bytes_of(raw, digits.len / 2);
    return STATUS_OK;
}

static bool
is_anything(struct bytes value)
{
    (void)value;
    return true;
}

/* ---- consent: lines key=value, keys ascending ---- */

struct consent_lines {
    struct bytes line[CONSENT_LINES_MAX];
    size_t count;
};

static struct bytes
consent_key(struct bytes line)
{
    const uint8_t *equals = line.len > 0 ? memchr(line.data, '=', line.len) : NULL;

    return bytes_of(line.data, equals == NULL ? 0 : (size_t)(equals - line.data));
}

/* Put a line in its place; false when its key is missing or there already. */
static bool
insert_line(struct consent_lines *lines, struct bytes line)
{
    size_t at = lines->count;

    if (consent_key(line).len == 0 || lines->count == CONSENT_LINES_MAX)
        return false;
    for (; at > 0; at--) {
        int order = bytes_compare(consent_key(lines->line[at - 1]), consent_key(line));
        if (order == 0)
            return false;
        if (order < 0)
            break;
        lines->line[at] = lines->line[at - 1];
    }
    lines->line[at] = line;
    lines->count++;
    return true;
}

/* Typed with line feeds or semicolons between, in any order. */
static enum status
parse_consent(const struct value_input *in, struct bytes *out)
{
    struct consent_lines lines = { .count = 0 };
    AUTO(buffer_fini) struct buffer text = { 0 };
    struct bytes clean;

    TRY(parse_lines(in, false, &clean));
    for (size_t at = 0; at < clean.len;) {
        size_t len = 0;
        while (at + len < clean.len && clean.data[at + len] != '\n' &&
               clean.data[at + len] != ';')
            len++;
        struct bytes line = text_trim(bytes_of(clean.data + at, len));
        if (line.len > 0 && !insert_line(&lines, line))
            return value_refuse(in, "value.consent");
        at += len + 1;
    }
    for (size_t i = 0; i < lines.count; i++) {
        if (i > 0)
            buffer_put_u8(&text, '\n');
        buffer_put_bytes(&text, lines.line[i]);
    }
    *out = arena_copy(in->arena, buffer_bytes(&text));
    return text.len > 0 ? STATUS_OK : value_refuse(in, "value.consent");
}

static bool
is_consent(struct bytes value)
{
    struct bytes before = { 0 };

    for (size_t at = 0; at <= value.len;) {
        const uint8_t *end =
            at < value.len ? memchr(value.data + at, '\n', value.len - at) : NULL;
        size_t len = end == NULL ? value.len - at : (size_t)(end - (value.data + at));
        struct bytes key =
            len > 0 ? consent_key(bytes_of(value.data + at, len)) : (struct bytes){ 0 };
        if (key.len == 0 || (at > 0 && bytes_compare(before, key) >= 0))
            return false;
        before = key;
        at += len + 1;
    }
    return utf8_is_valid(value);
}

static const char *
format_consent(const struct type_field *field, struct bytes value, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    (void)field;
    if (memchr(value.data, '\0', value.len) != NULL)
        return NULL;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\n')
            buffer_put_text(&out, "; ");
        else
            buffer_put_u8(&out, value.data[i]);
    }
    return arena_text(arena, buffer_bytes(&out));
}

/* ---- the table ---- */

/* clang-format off */
static const struct value_rule rules[KIND_COUNT_] = {
    [KIND_TEXT]      = { parse_text,           is_text,                 format_text },
    [KIND_NAME]      = { parse_line,           is_text,                 format_text },
    [KIND_EMAIL]     = { parse_email,          is_text,                 format_text },
    [KIND_PHONE]     = { parse_phone,          is_text,                 format_text },
    [KIND_URL]       = { parse_url,            is_text,                 format_text },
    [KIND_ENUM]      = { parse_enum,           is_text,                 format_text },
    [KIND_COUNTRY]   = { value_country_parse,  is_text,                 format_text },
    [KIND_LANGUAGE]  = { value_language_parse, is_text,                 format_text },
    [KIND_CURRENCY]  = { value_currency_parse, is_text,                 format_text },
    [KIND_ZONE]      = { value_zone_parse,     is_text,                 format_text },
    [KIND_ADDRESS]   = { parse_address,        is_address,              format_address },
    [KIND_BOOLEAN]   = { parse_boolean,        is_boolean,              format_boolean },
    [KIND_INTEGER]   = { value_integer_parse,  value_integer_is_valid,  value_integer_format },
    [KIND_DECIMAL]   = { value_decimal_parse,  value_decimal_is_valid,  format_text },
    [KIND_MONEY]     = { value_money_parse,    value_money_is_valid,    value_money_format },
    [KIND_DATE]      = { value_date_parse,     value_date_is_valid,     format_text },
    [KIND_DATETIME]  = { value_datetime_parse, value_datetime_is_valid, value_datetime_format },
    [KIND_REFERENCE] = { parse_reference,      is_reference,            format_reference },
    [KIND_CONSENT]   = { parse_consent,        is_consent,              format_consent },
    [KIND_BYTES]     = { parse_bytes,          is_anything,             format_hex },
};
/* clang-format on */

enum status
value_parse(const struct type_field *field, struct bytes text, const char *region,
            const char *zone, struct arena *arena, struct diag *diag, struct bytes *out)
{
    struct value_input in = { field, { 0 }, region, zone, arena, diag };
    struct bytes value = { 0 };

    *out = value;
    if (text.len > FIELD_VALUE_MAX)
        return diag_say(diag, STATUS_USAGE, "value.long", field->name, NULL);
    if (!utf8_is_valid(text))
        return diag_say(diag, STATUS_USAGE, "value.utf8", field->name, NULL);
    in.text = text_trim(text_nfc(text_trim(text), arena));
    if (in.text.len == 0)
        return diag_say(diag, STATUS_USAGE, "value.empty", field->name, NULL);
    if (in.text.len > FIELD_VALUE_MAX)
        return diag_say(diag, STATUS_USAGE, "value.long", field->name, NULL);
    TRY(rules[field->kind].parse(&in, &value));
    if (value.len > FIELD_VALUE_MAX)
        return diag_say(diag, STATUS_USAGE, "value.long", field->name, NULL);
    assert(value_is_valid(field, value)); /* what we read, every node takes */
    *out = arena_copy(arena, value);
    return STATUS_OK;
}

bool
value_is_valid(const struct type_field *field, struct bytes value)
{
    return value.len <= FIELD_VALUE_MAX && rules[field->kind].is_valid(value);
}

const char *
value_format(const struct type_field *field, struct bytes value, struct arena *arena)
{
    const char *text = NULL;

    if (field != NULL && value_is_valid(field, value))
        text = rules[field->kind].format(field, value, arena);
    return text != NULL ? text : format_hex(field, value, arena);
}
