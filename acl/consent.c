/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/consent.c - may what is said of a person go there? (docs/protocol/grants.md, "Consent")
 *
 * 1. One rule for the decision, for previews and for other programs: consent_of().
 * 2. A text of purposes or recipients is a list of entries. It is compared as one string of folded entries with a
 *    line feed before, between and behind them: "\nbrio\ncedar\n". So a name that has a comma in it is found too.
 * 3. What cannot be read is not there: then the record stays home.
 */
#include "acl/chain_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"

enum { SMALL = 512, ID_PREFIX_MIN = 16 };

const char *
consent_lack_name(enum consent_lack lack)
{
    static const char *const names[] = {
#define X(name) #name,
        LACK_TABLE(X)
#undef X
    };

    assert(lack < LACK_COUNT_);
    return names[lack];
}

/* ---- entries ------------------------------------------------------------------------------ */

/* Room for one folded text; most are short and ASCII, and then nothing is allocated. */
struct scratch {
    char small[SMALL];
    struct arena *arena;
};

static void
scratch_fini(struct scratch *s)
{
    arena_free(&s->arena);
}

static bool
is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

/* Bytes of the separator at the front, 0: there is none. Folding has made , and ; of their wide forms. */
static size_t
separator(const uint8_t *at, size_t left)
{
    static const uint8_t ideographic_comma[] = { 0xe3, 0x80, 0x81 };

    if (*at == ',' || *at == ';' || *at == '\n' || *at == '\r')
        return 1;
    return left >= sizeof(ideographic_comma) &&
                   memcmp(at, ideographic_comma, sizeof(ideographic_comma)) == 0
               ? sizeof(ideographic_comma)
               : 0;
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Folded text to "\na\nb\n", blanks trimmed and single; "" when it has no entry. out has text.len + 2 bytes. */
static void
put_entries(struct bytes text, char *out)
{
    size_t n = 0, entries = 0, start = 0;
    bool is_gap = false;

    out[n++] = '\n';
    start = n;
    for (size_t i = 0; i < text.len && entries < CONSENT_ENTRIES_MAX;) {
        size_t skip = separator(text.data + i, text.len - i);
        uint8_t c = text.data[i];
        i += skip > 0 ? skip : 1;
        if (skip > 0 && n > start) {
            out[n++] = '\n';
            start = n;
            entries++;
        }
        if (skip > 0 || c <= ' ') {
            is_gap = n > start;
            continue;
        }
        if (is_gap)
            out[n++] = ' ';
        is_gap = false;
        out[n++] = (char)lower(c);
    }
    if (n > start)
        out[n++] = '\n';
    out[n > 1 ? n : 0] = '\0';
}

/* Lives as long as the scratch. */
static const char *
entries_of(struct bytes text, struct scratch *s)
{
    char *out = s->small;

    if (!is_ascii(text)) {
        s->arena = s->arena == NULL ? arena_new(0) : s->arena;
        text = bytes_text(text_fold(text, s->arena));
    }
    if (text.len + 3 > sizeof(s->small)) {
        s->arena = s->arena == NULL ? arena_new(0) : s->arena;
        out = arena_alloc(s->arena, text.len + 3);
    }
    put_entries(text, out);
    return out;
}

static const char *
entries_keep(struct bytes text, struct arena *arena)
{
    AUTO(scratch_fini) struct scratch s = { .arena = NULL };

    return arena_text(arena, bytes_text(entries_of(text, &s)));
}

static bool
holds(const char *entries, const char *wanted)
{
    return *wanted != '\0' && strstr(entries, wanted) != NULL;
}

bool
consent_lists(struct bytes list, struct bytes entry)
{
    AUTO(scratch_fini) struct scratch a = { .arena = NULL };
    AUTO(scratch_fini) struct scratch b = { .arena = NULL };

    return holds(entries_of(list, &a), entries_of(entry, &b));
}

/* ---- the target --------------------------------------------------------------------------- */

void
consent_target_make(const char *const *purposes, size_t count, const char *name,
                    const struct node_id *node, struct arena *arena, struct consent_target *out)
{
    *out = (struct consent_target){ .purpose_count = count };
    out->purposes = ARENA_ARRAY(arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        out->purposes[i] = entries_keep(bytes_text(purposes[i]), arena);
    out->recipient = entries_keep(bytes_text(name), arena);
    base32_format(bytes_of(node->b, ID_SIZE), out->id);
}

/* An entry that is the beginning of its id, as lists and details show it. */
static bool
names_id(const char *entries, const char *id)
{
    for (const char *at = entries; *at == '\n' && at[1] != '\0';) {
        size_t len = strcspn(++at, "\n");
        if (len >= ID_PREFIX_MIN && strncmp(at, id, len) == 0)
            return true;
        at += len;
    }
    return false;
}

static bool
allows_purpose(struct bytes text, const struct consent_target *target)
{
    AUTO(scratch_fini) struct scratch s = { .arena = NULL };
    const char *entries = entries_of(text, &s);

    for (size_t i = 0; i < target->purpose_count; i++)
        if (holds(entries, target->purposes[i]))
            return true;
    return *entries == '\0'; /* none named: any */
}

/* A person who consents does so to companies that she was told; other grounds hold for any unless some are named. */
static bool
allows_recipient(struct bytes text, bool is_consent, const struct consent_target *target)
{
    AUTO(scratch_fini) struct scratch s = { .arena = NULL };
    const char *entries = entries_of(text, &s);

    if (*entries == '\0')
        return !is_consent;
    return holds(entries, target->recipient) || names_id(entries, target->id);
}

/* ---- the rule ----------------------------------------------------------------------------- */

static struct bytes
value_of(const struct field *fields, size_t count, const struct type_field *field)
{
    for (size_t i = 0; field != NULL && i < count; i++)
        if (key_is_equal(fields[i].key, field->key))
            return fields[i].value;
    return (struct bytes){ 0 };
}

static bool
is_option(const struct type_field *field, struct bytes value)
{
    for (size_t i = 0; field->options[i] != NULL; i++)
        if (bytes_is_equal(bytes_text(field->options[i]), value))
            return true;
    return false;
}

enum consent_lack
consent_of(const struct type *type, const struct field *fields, size_t count,
           const struct consent_target *target)
{
    struct bytes basis = value_of(fields, count, type->consent[CONSENT_BASIS]);
    bool is_consent = bytes_is_equal(basis, bytes_text("consent"));

    if (basis.len == 0 || !is_option(type->consent[CONSENT_BASIS], basis))
        return LACK_NO_BASIS;
    if (bytes_is_equal(basis, bytes_text("unknown")))
        return LACK_UNKNOWN;
    if (!allows_purpose(value_of(fields, count, type->consent[CONSENT_PURPOSE]), target))
        return LACK_PURPOSE;
    if (!allows_recipient(value_of(fields, count, type->consent[CONSENT_RECIPIENTS]),
                          is_consent, target))
        return LACK_RECIPIENT;
    return LACK_NONE;
}

/* Is a granted field that is here one that says something of a person? All three lists are ascending. */
static bool
is_personal(const struct verified_chain *chain, const struct record_facts *facts,
            struct stretch granted)
{
    const struct type *type = facts->known_type;
    size_t t = 0, g = granted.first;

    for (size_t i = 0; i < facts->field_count; i++) {
        struct key key = facts->fields[i].key;
        while (g < granted.end && key_compare(chain->fields[g].field, key) < 0)
            g++;
        while (t < type->field_count && key_compare(type->fields[t].key, key) < 0)
            t++;
        if (g < granted.end && t < type->field_count && type->fields[t].needs_consent &&
            key_is_equal(chain->fields[g].field, key) && key_is_equal(type->fields[t].key, key))
            return true;
    }
    return false;
}

enum consent_lack
consent_decide(const struct verified_chain *chain, const struct record_facts *facts,
               struct stretch granted)
{
    if (facts->consent_waived || facts->known_type == NULL || PLANTED(CONSENT_IGNORED) ||
        !is_personal(chain, facts, granted))
        return LACK_NONE;
    return consent_of(facts->known_type, facts->fields, facts->field_count, &chain->target);
}
