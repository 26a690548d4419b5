/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/mapping.h - which column is which field. Presets are data files (schema/presets/NAME.json,
 * compiled in), recognised by their header; a company's own mapping file has the same form:
 *
 *   { "name": "hubspot", "type": "contact", "recognise": ["Record ID", "Lifecycle Stage"],
 *     "columns": { "First Name": "givenName", "E-mail": "email", "Internal": null },
 *     "key": ["Record ID"], "region": "DE" }
 *
 * null drops a column. A column that is not named maps to the type's field with that name or label (any
 * language); what is left becomes the company's own field, named after the column.
 */
#ifndef HANSA_SCHEMA_MAPPING_H
#define HANSA_SCHEMA_MAPPING_H

#include "schema/base/arena.h"
#include "schema/csv.h"
#include "schema/type.h"

enum column_use { COLUMN_FIELD, COLUMN_DROP, COLUMN_OWN /* a new field of the company's own */ };

struct mapped_column {
    const char *header;             /* as in the file, trimmed */
    enum column_use use;
    const struct type_field *field; /* COLUMN_FIELD */
    const char *own_name;           /* COLUMN_OWN: name made from the header */
    bool is_key;                    /* identifies the row on re-import */
};

struct mapping {
    const char *preset; /* name of the preset used, or "" */
    const char *region; /* for phone numbers, or NULL */
    struct mapped_column *columns;
    size_t count;
};

/* header: cells of the first row. preset: a name, or NULL to recognise. file: the company's own mapping, empty: none.
 * STATUS_USAGE with diag for an unknown preset, a broken file, two columns for one field, no usable column. */
MUST_CHECK enum status mapping_make(const struct dictionary *dictionary, const struct type *type,
                                    const struct csv_cell *header, size_t count, const char *preset,
                                    struct bytes file, struct arena *arena, struct diag *diag,
                                    struct mapping **out);
size_t mapping_preset_count(void);
const char *mapping_preset_name(size_t index);

#endif
