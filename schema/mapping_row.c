/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/mapping_row.c - from the cells of one row to values as typed (contract: schema/mapping.h).
 */
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/mapping.h"
#include "schema/text.h"
#include "schema/text_priv.h"

enum { PARTS = 7 };

struct row {
    const struct mapping *mapping;
    const struct csv_cell *cells;
    size_t count;
    struct arena *arena;
    struct mapped_value *values;
    size_t value_count;
};

static bool
is_empty(const struct mapping *m, struct bytes text, struct arena *arena)
{
    if (text.len == 0)
        return true;
    if (m->empty[0] == NULL)
        return false;
    const char *folded = text_fold(text, arena);
    for (size_t i = 0; m->empty[i] != NULL; i++)
        if (strcmp(m->empty[i], folded) == 0)
            return true;
    return false;
}

/* The text of a column in this row; empty when it says nothing. */
static struct bytes
cell_text(const struct row *row, size_t column)
{
    struct bytes text = { 0 };

    if (column < row->count)
        text = text_trim(csv_unguard(text_trim(row->cells[column].text)));
    if (is_empty(row->mapping, text, row->arena))
        text.len = 0;
    return text;
}

static void
add_value(struct row *row, size_t column, struct bytes text)
{
    const struct mapped_column *from = &row->mapping->columns[column];

    row->values[row->value_count++] = (struct mapped_value){
        .field = from->field,
        .own_name = from->own_name,
        .text = text,
        .column = column + 1,
        .is_key = from->is_key,
    };
}

/* Semicolons and line ends mean something between parts, so within one they become commas. */
static void
put_part(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
            continue;
        if (c == ';' || c == '\n' || c == '\r')
            buffer_put_text(out, c == ';' ? "," : ", ");
        else
            buffer_put_u8(out, c);
    }
}

/* The parts of one address field, in vCard's form. */
static struct bytes
join_parts(const struct row *row, const struct type_field *field)
{
    const struct mapping *m = row->mapping;
    AUTO(buffer_fini) struct buffer out = { 0 };

    for (unsigned part = 1; part <= PARTS; part++) {
        if (part > 1)
            buffer_put_u8(&out, ';');
        for (size_t i = 0; i < m->count; i++)
            if (m->columns[i].field == field && m->columns[i].part == part)
                put_part(&out, cell_text(row, i));
    }
    return arena_copy(row->arena, buffer_bytes(&out));
}

static bool
has_value(const struct row *row, const struct type_field *field)
{
    for (size_t i = 0; i < row->value_count; i++)
        if (row->values[i].field == field)
            return true;
    return false;
}

static struct bytes
value_of(const struct row *row, const char *name)
{
    for (size_t i = 0; i < row->value_count; i++)
        if (row->values[i].field != NULL && strcmp(row->values[i].field->name, name) == 0)
            return row->values[i].text;
    return (struct bytes){ 0 };
}

/* Chinese, Japanese and Korean names: family name first, no blank. */
static bool
is_east_asian(struct bytes text)
{
    uint32_t c = 0;

    while (text_next(&text, &c))
        if ((c >= 0x3040 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3) || c >= 0x20000)
            return true;
    return false;
}

static void
add_person_name(struct row *row)
{
    const struct type_field *name = row->mapping->person_name;
    struct bytes given = value_of(row, "givenName"), family = value_of(row, "familyName");
    AUTO(buffer_fini) struct buffer out = { 0 };

    if (name == NULL || has_value(row, name) || (given.len == 0 && family.len == 0))
        return;
    bool family_first = is_east_asian(family);
    buffer_put_bytes(&out, family_first ? family : given);
    if (given.len > 0 && family.len > 0 && !family_first)
        buffer_put_u8(&out, ' ');
    buffer_put_bytes(&out, family_first ? given : family);
    row->values[row->value_count++] = (struct mapped_value){
        .field = name,
        .text = arena_copy(row->arena, buffer_bytes(&out)),
    };
}

const struct mapped_value *
mapping_row(const struct mapping *mapping, const struct csv_cell *cells, size_t count,
            struct arena *arena, size_t *values)
{
    struct row row = { .mapping = mapping, .cells = cells, .count = count, .arena = arena };

    row.values = ARENA_ARRAY(arena, struct mapped_value, mapping->count + 1);
    for (size_t i = 0; i < mapping->count; i++) {
        const struct mapped_column *column = &mapping->columns[i];
        struct bytes text =
            column->use == COLUMN_DROP ? (struct bytes){ 0 } : cell_text(&row, i);
        if (text.len == 0)
            continue;
        if (column->part == 0)
            add_value(&row, i, text);
        else if (!has_value(&row, column->field))
            add_value(&row, i, join_parts(&row, column->field));
    }
    add_person_name(&row);
    *values = row.value_count;
    return row.values;
}

enum status
mapping_marks_check(const struct mapping *mapping, struct diag *diag)
{
    for (size_t i = 0; i < mapping->count && mapping->own_column == 0; i++)
        if (mapping->columns[i].use == COLUMN_DROP &&
            strncasecmp(mapping->columns[i].header, MAPPING_MARK, sizeof(MAPPING_MARK) - 1) ==
                0)
            return diag_say(diag, STATUS_USAGE, "mapping.no_own", MAPPING_MARK_OWN,
                            mapping->columns[i].header, NULL);
    return STATUS_OK;
}

bool
mapping_row_owner(const struct mapping *mapping, const struct csv_cell *cells, size_t count,
                  struct arena *arena, const char **owner)
{
    const struct row row = {
        .mapping = mapping, .cells = cells, .count = count, .arena = arena
    };

    *owner = "";
    if (mapping->own_column == 0)
        return false;
    if (mapping->owner_column > 0)
        *owner = text_visible(cell_text(&row, mapping->owner_column - 1), arena);
    return strcmp(text_fold(cell_text(&row, mapping->own_column - 1), arena),
                  MAPPING_MARK_NO) == 0;
}
