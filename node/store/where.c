/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/where.c - rules as SQL, by the table `forms` (contract: node/store/where.h). A rule is bounded when it is
 * made (schema/rule.h), so that this may recurse and SQLite's own limits are never met; test_where.c.
 */
#include "node/store/where.h"

#include <stdio.h>

#include "schema/base/cleanup.h"

/* How a kind stands in its column, and what is done with it. */
enum form {
    FORM_OPAQUE,   /* only empty or not */
    FORM_TEXT,     /* as people see it: searched, compared folded */
    FORM_CODE,     /* text, compared as it is; ordered when its kind is */
    FORM_NUMBER,   /* INTEGER, 8 bytes on the wire */
    FORM_BOOLEAN,  /* INTEGER, 1 byte on the wire */
    FORM_DECIMAL,  /* canonical digits */
    FORM_MONEY,    /* "123456 EUR" */
    FORM_REFERENCE /* a range of ids */
};

static const struct {
    enum form form;
    bool searched;
} forms[KIND_COUNT_] = {
    [KIND_TEXT] = { FORM_TEXT, true },        [KIND_NAME] = { FORM_TEXT, true },
    [KIND_EMAIL] = { FORM_TEXT, true },       [KIND_PHONE] = { FORM_TEXT, true },
    [KIND_URL] = { FORM_TEXT, true },         [KIND_ADDRESS] = { FORM_TEXT, true },
    [KIND_ENUM] = { FORM_CODE, true },        [KIND_COUNTRY] = { FORM_CODE, true },
    [KIND_LANGUAGE] = { FORM_CODE, true },    [KIND_CURRENCY] = { FORM_CODE, true },
    [KIND_ZONE] = { FORM_CODE, true },        [KIND_BOOLEAN] = { FORM_BOOLEAN, false },
    [KIND_INTEGER] = { FORM_NUMBER, false },  [KIND_DECIMAL] = { FORM_DECIMAL, true },
    [KIND_MONEY] = { FORM_MONEY, false },     [KIND_DATE] = { FORM_CODE, true },
    [KIND_DATETIME] = { FORM_NUMBER, false }, [KIND_REFERENCE] = { FORM_REFERENCE, false },
    [KIND_CONSENT] = { FORM_OPAQUE, false },  [KIND_BYTES] = { FORM_OPAQUE, false },
};

static const char *const ops[] = {
    [RULE_EQUAL] = "=", [RULE_LESS] = "<",        [RULE_LESS_EQUAL] = "<=",
    [RULE_MORE] = ">",  [RULE_MORE_EQUAL] = ">=",
};

static void
put(struct buffer *sql, const char *text)
{
    buffer_put_text(sql, text);
}

static void
put_column(struct buffer *sql, const struct type_field *field)
{
    put(sql, "t.\"");
    put(sql, field->column);
    put(sql, "\"");
}

static void
put_slot(struct buffer *sql, int *slot)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "?%d", (*slot)++);
    put(sql, text);
}

void
where_put_text(struct buffer *sql, const struct type *type)
{
    bool first = true;

    for (size_t f = 0; f < type->field_count; f++) {
        const struct type_field *field = &type->fields[f];
        if (field->column == NULL || !forms[field->kind].searched)
            continue;
        put(sql, first ? "ifnull(" : "||x'0a'||ifnull(");
        put_column(sql, field);
        put(sql, ",'')");
        first = false;
    }
    put(sql, first ? "''" : "");
}

/* ---- conditions --------------------------------------------------------------------------- */

/* instr(fold(COLUMN), ?) > 0 */
static void
put_contains(struct buffer *sql, const struct type_field *field, int *slot)
{
    put(sql, "ifnull(instr(fold(");
    put_column(sql, field);
    put(sql, "),");
    put_slot(sql, slot);
    put(sql, ")>0,0)");
}

/* BEFORE COLUMN AFTER op ? */
static void
put_compare(struct buffer *sql, const struct rule *r, const char *before, const char *after,
            int *slot)
{
    put(sql, before);
    put_column(sql, r->field);
    put(sql, after);
    put(sql, ops[r->op]);
    put_slot(sql, slot);
}

/* Amounts of different currencies are neither more nor less. */
static void
put_money(struct buffer *sql, const struct rule *r, int *slot)
{
    put(sql, "substr(");
    put_column(sql, r->field);
    put(sql, ",-3)=");
    put_slot(sql, slot);
    put(sql, " AND ");
    put_compare(sql, r, "CAST(", " AS INTEGER)", slot);
}

static void
put_reference(struct buffer *sql, const struct rule *r, int *slot)
{
    put_column(sql, r->field);
    put(sql, " BETWEEN ");
    put_slot(sql, slot);
    put(sql, " AND ");
    put_slot(sql, slot);
}

static void
put_field(struct buffer *sql, const struct rule *r, int *slot)
{
    if (r->op == RULE_CONTAINS) {
        put_contains(sql, r->field, slot);
        return;
    }
    put(sql, "ifnull(");
    switch (forms[r->field->kind].form) {
    case FORM_TEXT:
        put_compare(sql, r, "fold(", ")", slot);
        break;
    case FORM_MONEY:
        put_money(sql, r, slot);
        break;
    case FORM_REFERENCE:
        put_reference(sql, r, slot);
        break;
    case FORM_DECIMAL:
        put_compare(sql, r, "CAST(", " AS NUMERIC)", slot);
        break;
    case FORM_CODE:
    case FORM_NUMBER:
    case FORM_BOOLEAN:
    case FORM_OPAQUE:
        put_compare(sql, r, "", "", slot);
        break;
    }
    put(sql, ",0)");
}

static void put_joined(struct buffer *sql, const struct type *type, const struct rule *rule,
                       int *slot);

/* With parentheses only where the kind changes: SQLite's parser keeps what is open. */
static void
put_part(struct buffer *sql, const struct type *type, const struct rule *part,
         enum rule_kind around, int *slot)
{
    bool apart = (part->kind == RULE_AND || part->kind == RULE_OR) && part->kind != around;

    put(sql, apart ? "(" : "");
    put_joined(sql, type, part, slot);
    put(sql, apart ? ")" : "");
}

static void
put_joined(struct buffer *sql, const struct type *type, const struct rule *rule, int *slot)
{
    switch (rule->kind) {
    case RULE_AND:
    case RULE_OR:
        put_part(sql, type, rule->left, rule->kind, slot);
        put(sql, rule->kind == RULE_AND ? " AND " : " OR ");
        put_part(sql, type, rule->right, rule->kind, slot);
        break;
    case RULE_NOT:
        put(sql, "NOT ");
        put_part(sql, type, rule->left, RULE_NOT, slot);
        break;
    case RULE_TEXT:
        put(sql, "instr(fold(");
        where_put_text(sql, type);
        put(sql, "),");
        put_slot(sql, slot);
        put(sql, ")>0");
        break;
    case RULE_EMPTY:
        put_column(sql, rule->field);
        put(sql, " IS NULL");
        break;
    case RULE_FIELD:
        put_field(sql, rule, slot);
        break;
    }
}

void
where_put(struct buffer *sql, const struct type *type, const struct rule *rule, int *slot)
{
    put_part(sql, type, rule, RULE_FIELD, slot);
}

/* ---- values ------------------------------------------------------------------------------- */

static void
bind_text(struct stmt *q, int *slot, struct bytes text)
{
    (void)sqlite3_bind_text(q->raw, (*slot)++, (const char *)text.data, (int)text.len,
                            SQLITE_STATIC);
}

static void
bind_number(struct stmt *q, int *slot, int64_t number)
{
    (void)sqlite3_bind_int64(q->raw, (*slot)++, number);
}

static void
bind_field(struct stmt *q, const struct rule *r, int *slot)
{
    struct bytes v = r->value;
    enum form form = r->op == RULE_CONTAINS ? FORM_TEXT : forms[r->field->kind].form;

    switch (form) {
    case FORM_TEXT:
    case FORM_CODE:
    case FORM_DECIMAL: /* the CAST beside it makes it a number */
    case FORM_OPAQUE:
        bind_text(q, slot, v);
        break;
    case FORM_NUMBER:
        bind_number(q, slot, (int64_t)get_u64(v.data));
        break;
    case FORM_BOOLEAN:
        bind_number(q, slot, v.data[0]);
        break;
    case FORM_MONEY:
        bind_text(q, slot, bytes_of(v.data + 8, 3));
        bind_number(q, slot, (int64_t)get_u64(v.data));
        break;
    case FORM_REFERENCE:
        for (size_t i = 0; i < 2; i++)
            (void)sqlite3_bind_blob(q->raw, (*slot)++, v.data + i * ID_SIZE, ID_SIZE,
                                    SQLITE_STATIC);
        break;
    }
}

void
where_bind(struct stmt *q, const struct rule *rule, int *slot)
{
    switch (rule->kind) {
    case RULE_AND:
    case RULE_OR:
        where_bind(q, rule->left, slot);
        where_bind(q, rule->right, slot);
        break;
    case RULE_NOT:
        where_bind(q, rule->left, slot);
        break;
    case RULE_TEXT:
        bind_text(q, slot, rule->value);
        break;
    case RULE_FIELD:
        bind_field(q, rule, slot);
        break;
    case RULE_EMPTY:
        break;
    }
}
