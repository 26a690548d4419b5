/* SPDX-License-Identifier: Apache-2.0
 *
 * node/store/where.h - a rule as a condition over the projection table of its type, which the statement calls t.
 * Columns come from the dictionary, values are bound. What it makes is 1 or 0, never NULL.
 */
#ifndef HANSA_NODE_WHERE_H
#define HANSA_NODE_WHERE_H

#include "node/store/store_priv.h"
#include "schema/rule.h"

/* The text of every field that is searched, as one SQL expression. */
void where_put_text(struct buffer *sql, const struct type *type);
/* The condition; its values have the slots from *slot on, which is moved behind them. */
void where_put(struct buffer *sql, const struct type *type, const struct rule *rule, int *slot);
/* Binds them, in the same order. The rule outlives the statement. */
void where_bind(struct stmt *q, const struct rule *rule, int *slot);

#endif
