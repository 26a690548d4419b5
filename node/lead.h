/* SPDX-License-Identifier: Apache-2.0
 *
 * node/lead.h - dealing leads out to sellers. Pure: the same guests and sellers in the same order give the same deal.
 */
#ifndef HANSA_NODE_LEAD_H
#define HANSA_NODE_LEAD_H

#include "schema/base/arena.h"
#include "schema/base/limits.h"
#include "schema/base/status.h"

/* clang-format off */
#define LEAD_RULES(X)                \
    X(ROUND_ROBIN, "round-robin") /* whoever has got the fewest so far */                            \
    X(REGION,      "region")      /* the same among those of the region, else those without one */   \
    X(LOAD,        "load")        /* whoever has the fewest open leads */
/* clang-format on */
enum lead_rule {
#define X(name, text) LEAD_##name,
    LEAD_RULES(X)
#undef X
        LEAD_RULE_COUNT_
};
/* LEAD_RULE_COUNT_: there is none of this name. */
enum lead_rule lead_rule_of(const char *name);

struct seller {
    const char *name;
    const char *regions; /* "DE/AT"; "": everywhere */
    int64_t open;        /* leads she has open already */
    int64_t given;       /* in this deal */
};

/* "Sue:DE/AT" or "Sam"; the texts in the arena. STATUS_USAGE: no name. */
MUST_CHECK enum status lead_seller_of(const char *text, struct arena *arena,
                                      struct seller *out);
/* The one who gets a lead from this region ("" unknown), counted in; NULL: nobody is for it. Ties go to the first. */
struct seller *lead_deal(struct seller *sellers, size_t count, enum lead_rule rule,
                         const char *region);

#endif
