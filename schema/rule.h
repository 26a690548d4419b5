/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/rule.h - rules over the fields of one type, as people write them: what a segment is made of, and what every
 * list can be filtered by.
 *
 *   country = DE and (organization ~ Werft or "Job title" ~ "head of sales") and not email is empty
 *
 *   rule      = any { "or" any }              any  = condition { "and" condition }
 *   condition = "not" condition | "(" rule ")" | quoted | field ( op value { "," value } | "is" ["not"] ("empty" | "set") )
 *   op        = "=" | "!=" | "~" | "<" | "<=" | ">" | ">="
 *
 * A field is written by its name or its label in any language, a value as in a form (schema/type.h); words with spaces
 * stand in quotes. A quoted text alone: some text field contains it. "~" is: contains. Upper and lower case, accents and
 * full-width forms make no difference. A list of values means any of them. The words are those of the catalogs
 * ("input.and", ...), in every language at once; full-width signs and Chinese quotes are as good as ASCII.
 *
 * A condition is true or false, never unknown: without a value nothing is equal, contained, less or more; "!=" is
 * exactly the opposite of "=", so it is true of an empty field.
 */
#ifndef HANSA_SCHEMA_RULE_H
#define HANSA_SCHEMA_RULE_H

#include "schema/type.h"

enum rule_kind {
    RULE_AND,   /* left and right */
    RULE_OR,    /* left or right */
    RULE_NOT,   /* not left */
    RULE_TEXT,  /* some text field contains the value */
    RULE_FIELD, /* field op value */
    RULE_EMPTY, /* field is empty */
};

enum rule_op {
    RULE_EQUAL,
    RULE_CONTAINS,
    RULE_LESS,
    RULE_LESS_EQUAL,
    RULE_MORE,
    RULE_MORE_EQUAL,
};

struct rule {
    enum rule_kind kind;
    enum rule_op op;
    const struct rule *left, *right;
    const struct type_field *field; /* has a column */
    /* RULE_TEXT, RULE_CONTAINS and what rule_is_folded() says: text by text_fold. A reference: the lowest and the
     * highest id that begin so. Else the bytes of docs/protocol/objects.md. */
    struct bytes value;
};

/* *out lies in the arena and borrows from the type. STATUS_USAGE with a sentence that says what and where: columns
 * count characters from 1. STATUS_TOO_BIG: over RULE_MAX, RULE_TERMS_MAX or RULE_DEPTH_MAX. region: as of value_parse. */
MUST_CHECK enum status rule_parse(const struct type *type, struct bytes text,
                                  const char *region, struct arena *arena, struct diag *diag,
                                  const struct rule **out);

/* Are two values of this kind equal when they are the same text but for case, accents and width? */
bool rule_is_folded(enum kind kind);

#endif
