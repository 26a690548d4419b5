/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/mapping.h - which column is which field. Presets are data files (schema/presets/NAME.json,
 * compiled in), recognised by their header; a company's own mapping file has the same form:
 *
 *   { "name": "hubspot", "type": "contact", "recognise": ["Record ID", "Lifecycle Stage"],
 *     "columns": { "First Name": "givenName", "E-mail": "email", "City": "address.locality",
 *                  "Internal": null },
 *     "key": ["Record ID"], "empty": ["n/a"], "region": "DE" }
 *
 * null drops a column. A column that is not named maps to the type's field with that name or label (any
 * language); what is left becomes the company's own field, named after the column. Several columns may be the
 * parts of one address: box, extended, street, locality, region, postalCode, country. A column without
 * a header is dropped. "recognise" may hold several lists, of which one is enough; the preset "generic" has none and
 * serves where no other is recognised. A column whose name begins with "hansa." is one that our own export adds: it is
 * dropped, the others are the type's fields by their names, and a row that says it is another company's is for the
 * caller to refuse. Cells that say no more than a text of "empty" are empty.
 */
#ifndef HANSA_SCHEMA_MAPPING_H
#define HANSA_SCHEMA_MAPPING_H

#include "schema/base/arena.h"
#include "schema/csv.h"
#include "schema/type.h"

#define MAPPING_MARK       "hansa."
#define MAPPING_MARK_OWN   MAPPING_MARK "own" /* MAPPING_MARK_NO: a row of MAPPING_MARK_OWNER */
#define MAPPING_MARK_OWNER MAPPING_MARK "owner"
#define MAPPING_MARK_YES   "yes"
#define MAPPING_MARK_NO    "no"

enum column_use {
    COLUMN_FIELD,
    COLUMN_DROP,
    COLUMN_OWN /* a new field of the company's own */
};

struct mapped_column {
    const char *header; /* as in the file, trimmed */
    enum column_use use;
    const struct type_field *field; /* COLUMN_FIELD */
    unsigned part;        /* COLUMN_FIELD of an address: 1 box .. 7 country, 0 all of it */
    const char *own_name; /* COLUMN_OWN: name made from the header, new to the type */
    bool is_key;          /* identifies the row on re-import */
};

struct mapping {
    const char *preset; /* name of the preset used, or "" */
    const char *region; /* for phone numbers, or NULL */
    struct mapped_column *columns;
    size_t count;
    const char **empty;                   /* texts that mean nothing, folded, ended by NULL */
    size_t own_column, owner_column;      /* marks of our own export, 1 = first; 0: none */
    const struct type_field *person_name; /* made of given and family name, or NULL */
};

struct mapped_value {
    const struct type_field *field; /* NULL: a new own field */
    const char *own_name;           /* of that field */
    struct bytes text;              /* as typed, trimmed and unguarded: for value_parse */
    size_t column;                  /* 1 = first; 0: made here */
    bool is_key;
};

struct mapping_request {
    const struct type *type;
    const struct csv_cell *header; /* cells of the first row */
    size_t count;
    const char *preset; /* a name; NULL or "": recognise */
    struct bytes file;  /* the company's own mapping; empty: none */
};

/* STATUS_USAGE with diag for an unknown preset, a broken file, two columns for one field, no column of a field that
 * the type has, an export of ours that does not say whose its rows are. */
MUST_CHECK enum status mapping_make(const struct mapping_request *request, struct arena *arena,
                                    struct diag *diag, struct mapping **out);

/*
 * The values of one row, in the arena; cells that are empty or dropped have none. Parts of an address are one
 * value. A person with given or family name but without a name gets one made of them. Cells beyond the header
 * are left to the caller.
 */
const struct mapped_value *mapping_row(const struct mapping *mapping,
                                       const struct csv_cell *cells, size_t count,
                                       struct arena *arena, size_t *values);
/* STATUS_USAGE: a file of our own export without the column that says which rows are whose. */
MUST_CHECK enum status mapping_marks_check(const struct mapping *mapping, struct diag *diag);
/* Does a row of our own export say that it is another company's? Then *owner is that company, shown safely. */
bool mapping_row_owner(const struct mapping *mapping, const struct csv_cell *cells,
                       size_t count, struct arena *arena, const char **owner);
size_t mapping_preset_count(void);
const char *mapping_preset_name(size_t index);

#endif
