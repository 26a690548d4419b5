/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/project.h - one STRICT table per type with real columns, the rebuildable projection that
 * lists and reports read; and the query compiler over it (rules: node/store/where.h). Identifiers come from the dictionary, values are bound.
 */
#ifndef HANSA_NODE_PROJECT_H
#define HANSA_NODE_PROJECT_H

#include "node/store/store.h"
#include "schema/rule.h"

/* Creates what is missing: tables and columns. In a transaction. */
MUST_CHECK enum status project_tables(struct store *st, const struct dictionary *dictionary);
/* Puts or takes away the row of one record. Fields that are not in the type are left out. */
MUST_CHECK enum status project_put(struct store *st, const struct type *type, int64_t record,
                                   const struct field *fields, size_t count);
MUST_CHECK enum status project_drop(struct store *st, const struct type *type, int64_t record);

/* Rows of a type: local record ids, ascending. All conditions hold at once. */
struct project_query {
    const struct type *type;
    const struct record_id *parent;  /* only children of it; NULL: all */
    const char *search;              /* only what contains it; "" or NULL: all */
    const struct rule *where;        /* over type; NULL: all */
    int64_t segment;                 /* only members of this one; 0: all */
    const struct rule *segment_rule; /* of the segment, over type; NULL: it is a list only */
    int64_t owner;                   /* only of this company; 0: all */
    int64_t after;
    int64_t limit;
    bool own_only;
    bool
        is_digits; /* search is digits: of telephone numbers in the texts, however they are written */
    bool
        people; /* not the rows: the persons (node/person.h) of whom a row is found; needs parent */
};
MUST_CHECK enum status project_list(struct store *st, const struct project_query *query,
                                    int64_t *out, size_t *count);
MUST_CHECK enum status project_count(struct store *st, const struct project_query *query,
                                     int64_t *out);
/* Who brought how many of the rows under a parent, by owner and by the company that handed them to us. */
struct project_share {
    int64_t owner, issuer; /* of the grant under which they came; ours: COMPANY_US */
    int64_t rows;
    int64_t missing; /* without e-mail, or without any telephone */
};
typedef enum status project_share_fn(void *self, const struct project_share *share);
MUST_CHECK enum status project_each_share(struct store *st, const struct type *type,
                                          const struct record_id *parent, project_share_fn *fn,
                                          void *self);
/* All rows onto the list of a segment. */
MUST_CHECK enum status project_fill(struct store *st, const struct project_query *query,
                                    int64_t segment);

/* Rows whose reference field `ref` is `value`, ascending, at most max. */
struct project_reference {
    const struct type *type;
    const struct type_field *ref;
    const struct record_id *value;
    const char *form; /* whose column "form" has this word; NULL: any */
    bool own_only;
};
MUST_CHECK enum status project_referring(struct store *st,
                                         const struct project_reference *query, int64_t *out,
                                         size_t max, size_t *count);

/* Is there a child of ours of this parent whose reference field `ref` is `value`? */
MUST_CHECK enum status project_find_child(struct store *st, const struct type *type,
                                          const struct record_id *parent,
                                          const struct type_field *ref,
                                          const struct record_id *value, bool *out);

#endif
