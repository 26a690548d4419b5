/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/type_priv.h - what dictionary.c and type.c share: a dictionary while it is being
 * filled.
 */
#ifndef HANSA_SCHEMA_TYPE_PRIV_H
#define HANSA_SCHEMA_TYPE_PRIV_H

#include "schema/type.h"

struct dictionary {
    struct arena *arena;
    struct type *types; /* ascending by key once made */
    size_t count;
};

/*
 * Add the types and fields of one JSON text to the dictionary: an object, or an array of
 * objects. What is new lies in `space` (borrowed from the dictionary's arena). Fields stay in
 * the order of the text; type_sort puts everything in its place afterwards.
 */
MUST_CHECK enum status type_add_json(struct dictionary *d, struct bytes text,
                                     struct bytes space, struct diag *diag);
void type_sort(struct dictionary *d);

#endif
