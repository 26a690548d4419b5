/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/type.h - the dictionary: which types and fields there are, what they are called, what
 * kind of value they hold (docs/protocol/objects.md). Common types are data files under schema/types/
 * compiled in; a company adds its own as text of the same form, without a rebuild.
 */
#ifndef HANSA_SCHEMA_TYPE_H
#define HANSA_SCHEMA_TYPE_H

#include "schema/base/arena.h"
#include "schema/diag.h"
#include "schema/wire.h"

/* clang-format off */
/*    name       SQL type    what stands in a projection column */
#define KIND_TABLE(X)        \
    X(TEXT,      "TEXT")     \
    X(NAME,      "TEXT")     \
    X(EMAIL,     "TEXT")     \
    X(PHONE,     "TEXT")     \
    X(URL,       "TEXT")     \
    X(ENUM,      "TEXT")     \
    X(COUNTRY,   "TEXT")     \
    X(LANGUAGE,  "TEXT")     \
    X(CURRENCY,  "TEXT")     \
    X(ZONE,      "TEXT")     \
    X(ADDRESS,   "TEXT")     \
    X(BOOLEAN,   "INTEGER")  \
    X(INTEGER,   "INTEGER")  \
    X(DECIMAL,   "TEXT")     \
    X(MONEY,     "TEXT")     \
    X(DATE,      "TEXT")     \
    X(DATETIME,  "INTEGER") /* UTC ms; the zone only in the value */ \
    X(REFERENCE, "BLOB")     \
    X(CONSENT,   "TEXT")     \
    X(BYTES,     "BLOB")
/* clang-format on */

enum kind {
#define X(name, sql) KIND_##name,
    KIND_TABLE(X)
#undef X
        KIND_COUNT_
};
const char *kind_name(enum kind kind); /* lower case: "text" */

enum privacy {
    PRIVACY_PUBLIC,
    PRIVACY_BUSINESS,
    PRIVACY_PERSONAL,
    PRIVACY_SENSITIVE,
    PRIVACY_COUNT_
};
const char *privacy_name(enum privacy privacy);

enum language { LANGUAGE_EN, LANGUAGE_ZH_HANS, LANGUAGE_ZH_HANT, LANGUAGE_COUNT_ };
const char *language_tag(enum language language); /* "en", "zh-Hans", "zh-Hant" */
/* Best match for "zh_TW.UTF-8", "zh-Hant", "de", ...; English when none. */
enum language language_of(const char *tag);
/* Of whoever runs this program: HANSA_LANG, else the locale's variables. */
enum language language_of_environment(void);

struct type_field {
    struct key key;
    const char *name;                    /* camelCase as in schema.org, e.g. "givenName" */
    const char *label[LANGUAGE_COUNT_];  /* never NULL */
    const char *folded[LANGUAGE_COUNT_]; /* the labels by text_fold, for look-ups */
    enum kind kind;
    enum privacy privacy;
    bool identifies; /* identifies a person or company for matching */
    bool is_parent;  /* the field that points at the record's parent */
    bool critical;
    bool required;
    bool
        needs_consent; /* says something of a person, of itself: docs/protocol/grants.md, "Consent" */
    const char
        *column; /* of the projection table; NULL: a company's own field, kept as bytes only */
    const char **options;                       /* KIND_ENUM: NULL-terminated */
    const char **option_label[LANGUAGE_COUNT_]; /* beside options */
    const char *refers;                         /* KIND_REFERENCE: name of the type, or NULL */
    const char *counterpart; /* "vcard:N", "ical:DTSTART", "schema:..." or NULL */
};

/* The fields by which a type says on what ground its personal fields may be shared, found by name. */
enum consent_field {
    CONSENT_BASIS,
    CONSENT_PURPOSE,
    CONSENT_RECIPIENTS,
    CONSENT_DATE,
    CONSENT_FIELD_COUNT_
};

struct type {
    struct key key;
    const char *name; /* "contact" */
    const char *label[LANGUAGE_COUNT_];
    const char *label_many[LANGUAGE_COUNT_];
    struct type_field *fields; /* ascending by key */
    size_t field_count;
    const struct type_field *parent; /* the is_parent field or NULL */
    const struct type_field
        *consent[CONSENT_FIELD_COUNT_]; /* NULL: the type has no such field */
    const char *title; /* names of fields that make a title for people, space-separated */
};

struct dictionary; /* immutable once made; share freely between threads */

/* Own text over this many bytes is refused with STATUS_TOO_BIG. */
enum { DICTIONARY_OWN_MAX = 1024 * 1024 };

/* Common types plus, when own is not empty, a company's own: a JSON array of type objects of the same form
 * as schema/types/, whose fields and types lie in name space own_space. A type object with the name of a common type
 * adds fields to it. On STATUS_USAGE diag says which entry is wrong. */
MUST_CHECK enum status dictionary_new(struct bytes own, const char *own_space,
                                      struct diag *diag, struct dictionary **out);
void dictionary_free(struct dictionary **dictionary);

size_t dictionary_count(const struct dictionary *d);
const struct type *dictionary_type(const struct dictionary *d, size_t index);
const struct type *dictionary_find(const struct dictionary *d, struct key key);
const struct type *dictionary_find_name(const struct dictionary *d, const char *name);
const struct type_field *type_field_find(const struct type *type, struct key key);
/* By name, or by label in any language, case-insensitive. */
const struct type_field *type_field_find_name(const struct type *type, const char *name);
struct digest dictionary_profile(const struct dictionary *d);

/* ---- values (schema/value.c) ---- */

/* Text as people type it to value bytes in the arena: trims, NFC, checks. region is the ISO
 * country for phones without +, may be NULL; zone the IANA zone for date-times without an offset, may be NULL.
 * datetime takes "2027-03-12 18:30", "...T18:30+08:00", "2027-03-12 18:30 Asia/Shanghai".
 * STATUS_USAGE with a sentence in diag. */
MUST_CHECK enum status value_parse(const struct type_field *field, struct bytes text,
                                   const char *region, const char *zone, struct arena *arena,
                                   struct diag *diag, struct bytes *out);
/* Does a value from outside keep its kind's rules? */
bool value_is_valid(const struct type_field *field, struct bytes value);
/* For people and JSON: text in the arena. Invalid or unknown values: "0x" hex. Line feeds of an address become ", ". */
const char *value_format(const struct type_field *field, struct bytes value,
                         struct arena *arena);

/* NFKC case-folded, marks stripped, for search and matching; in the arena. */
const char *text_fold(struct bytes text, struct arena *arena);
/* Matching form of an identifying value (e-mail lower-cased domain and local part, phone in E.164); empty when useless. */
struct bytes value_match_form(const struct type_field *field, struct bytes value,
                              const char *region, struct arena *arena);

#endif
