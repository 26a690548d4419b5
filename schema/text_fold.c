/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/text_fold.c - Unicode normal forms by ICU (contracts: schema/text_priv.h,
 * schema/type.h).
 *
 * ASCII, most of what passes here, never reaches ICU; nor do ideographs where they stay as they are. ICU's normalisers are shared and
 * read-only, so all of this is safe on any thread.
 */
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text_priv.h"
#include "schema/type.h"

typedef const UNormalizer2 *instance_fn(UErrorCode *error);

/* ICU counts in int32_t, and a form may be three times as long; bodies and rows are far
 * shorter. */
enum { FOLD_MAX = 64 * MIB };

struct utf16 {
    UChar *text;
    int32_t len;
};

static struct utf16
to_utf16(struct bytes text, struct arena *arena)
{
    UErrorCode error = U_ZERO_ERROR;
    struct utf16 out = { .text = ARENA_ARRAY(arena, UChar, text.len + 1) };

    assert(text.len <= FOLD_MAX);
    u_strFromUTF8WithSub(out.text, (int32_t)text.len + 1, &out.len, (const char *)text.data,
                         (int32_t)text.len, 0xFFFD, NULL, &error);
    assert(U_SUCCESS(error)); /* UTF-16 never has more units than UTF-8 has bytes */
    return out;
}

static struct bytes
to_utf8(struct utf16 text, struct arena *arena)
{
    UErrorCode error = U_ZERO_ERROR;
    int32_t room = text.len * 3, len = 0;
    char *out = arena_alloc(arena, (size_t)room + 1);

    u_strToUTF8WithSub(out, room + 1, &len, text.text, text.len, 0xFFFD, NULL, &error);
    assert(U_SUCCESS(error));
    return bytes_of(out, (size_t)len);
}

static struct utf16
normalize(instance_fn *instance, struct utf16 in, struct arena *arena)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *form = instance(&error);
    struct utf16 out = { 0 };

    assert(U_SUCCESS(error));
    out.len = unorm2_normalize(form, in.text, in.len, NULL, 0, &error);
    assert(error == U_BUFFER_OVERFLOW_ERROR || U_SUCCESS(error));
    error = U_ZERO_ERROR;
    out.text = ARENA_ARRAY(arena, UChar, (size_t)out.len + 1);
    out.len = unorm2_normalize(form, in.text, in.len, out.text, out.len + 1, &error);
    assert(U_SUCCESS(error));
    return out;
}

static struct bytes
normal_form(instance_fn *instance, struct bytes text, struct arena *arena)
{
    if (text_is_ascii(text))
        return text;
    return to_utf8(normalize(instance, to_utf16(text, arena), arena), arena);
}

struct bytes
text_nfc(struct bytes text, struct arena *arena)
{
    return normal_form(unorm2_getNFCInstance, text, arena);
}

struct bytes
text_nfkc(struct bytes text, struct arena *arena)
{
    return normal_form(unorm2_getNFKCInstance, text, arena);
}

static struct bytes
lower_ascii(struct bytes text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);

    for (size_t i = 0; i < text.len; i++)
        out[i] =
            text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] | 0x20 : text.data[i];
    return bytes_of(out, text.len);
}

struct bytes
text_nfkc_casefold(struct bytes text, struct arena *arena)
{
    if (text_is_ascii(text))
        return lower_ascii(text, arena);
    return normal_form(unorm2_getNFKCCasefoldInstance, text, arena);
}

bool
text_is_nfc(struct bytes text)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar units[FIELD_VALUE_MAX];
    int32_t len = 0;

    if (text_is_ascii(text))
        return true;
    assert(text.len <= FIELD_VALUE_MAX);
    u_strFromUTF8(units, FIELD_VALUE_MAX, &len, (const char *)text.data, (int32_t)text.len,
                  &error);
    const UNormalizer2 *form = unorm2_getNFCInstance(&error);
    return unorm2_isNormalized(form, units, len, &error) && U_SUCCESS(error);
}

/* Only the marks of Latin, Greek and Cyrillic: taking those of kana or Thai would make other
 * words. */
static bool
is_mark(UChar c)
{
    return c >= 0x0300 && c <= 0x036F;
}

/* Only ASCII and U+4E00 to U+9FFF, ideographs that no form changes: most of what Chinese companies have. */
static bool
is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t *c = text.data + i;
        if (*c < 0x80)
            continue;
        if (text.len - i < 3 || (c[1] & 0xC0) != 0x80 || (c[2] & 0xC0) != 0x80 || c[0] < 0xE4 ||
            c[0] > 0xE9 || (c[0] == 0xE4 && c[1] < 0xB8))
            return false;
        i += 2;
    }
    return true;
}

const char *
text_fold(struct bytes text, struct arena *arena)
{
    if (is_plain(text))
        return (const char *)lower_ascii(text, arena).data;
    struct utf16 folded =
        normalize(unorm2_getNFKCCasefoldInstance, to_utf16(text, arena), arena);
    struct utf16 apart = normalize(unorm2_getNFDInstance, folded, arena);
    int32_t kept = 0;
    for (int32_t i = 0; i < apart.len; i++)
        if (!is_mark(apart.text[i]))
            apart.text[kept++] = apart.text[i];
    apart.len = kept;
    return (const char *)to_utf8(normalize(unorm2_getNFCInstance, apart, arena), arena).data;
}
