/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/scope.h - what stands under one grant as sums: how many entries, and their hashes added up, for all of it
 * and by the first digits of the record ids (docs/protocol/repair.md).
 *
 * An entry is a record at a position. A sum does not depend on the order and is mended by what changed alone. It finds
 * faults, not fraud: who chooses record ids at will could make two sets with one sum, and would fool itself alone.
 */
#ifndef HANSA_FEDERATION_SCOPE_H
#define HANSA_FEDERATION_SCOPE_H

#include "schema/wire.h"

void scope_sum_add(struct scope_sum *sum, const struct scope_entry *entry);
void scope_sum_drop(struct scope_sum *sum, const struct scope_entry *entry);
bool scope_sum_is_equal(const struct scope_sum *a, const struct scope_sum *b);

struct scope_range scope_range_child(const struct scope_range *range, uint32_t digit);
/* The digit of the record after those of the range that it is in. */
uint32_t scope_range_digit(const struct scope_range *range, const struct record_id *record);
/* The first and the last 6 bytes of the ids in it. */
void scope_range_ends(const struct scope_range *range, uint8_t first[static 6],
                      uint8_t last[static 6]);

struct scope;

/* depth: of the narrowest sums, at most SCOPE_FINE. */
enum { SCOPE_FINE = 4 };
struct scope *scope_new(uint32_t depth);
void scope_free(struct scope **scope);
uint32_t scope_depth(const struct scope *scope);
void scope_add(struct scope *scope, const struct scope_entry *entry);
void scope_drop(struct scope *scope, const struct scope_entry *entry);
/* As coarse as so many entries need: some 4 to 64 for each of its narrowest sums. */
void scope_settle(struct scope *scope);
/* It has grown so that its narrowest sums stand for many: make it anew. */
bool scope_is_coarse(const struct scope *scope);
/* The sum of a range no deeper than scope_depth(). */
struct scope_sum scope_sum_of(const struct scope *scope, const struct scope_range *range);

#endif
