/* SPDX-License-Identifier: Apache-2.0
 *
 * node/budget.h - how much of each kind one partner can make us keep (P10): one table, asked before something new is kept.
 */
#ifndef HANSA_NODE_BUDGET_H
#define HANSA_NODE_BUDGET_H

#include "node/core_priv.h"

enum budget {
    BUDGET_INTRODUCED, /* companies that it made known to us */
    BUDGET_OFFERS,     /* shares in its name that run here */
    BUDGET_NOTED,      /* shares that it, or who had it from it, passed on of what we gave it */
    BUDGET_CARRY,      /* sealed messages of its that wait here for the next link */
    BUDGET_CARRIED,    /* handles of its rows that we carried */
    BUDGET_REFUSED,    /* rows of its contributions that were refused, and said so */
    BUDGET_COUNT_
};

/* Who brought those who brought this company, and so answers for it; partners, and whom we know from nobody, answer for
 * themselves. */
int64_t budget_of(struct core *core, int64_t company);
/* Companies cost nothing to make: what comes from one that a partner introduced, directly or through others, counts as that
 * partner's. STATUS_TOO_BIG: of this there is enough from this partner; the object is refused, its stream goes on. */
MUST_CHECK enum status budget_ask(struct core *core, enum budget what, int64_t company);
MUST_CHECK enum status budget_left(struct core *core, enum budget what, int64_t company,
                                   int64_t *out);

/* What takes back and came before what it takes back is never refused, and marked with budget_of(). When a partner has
 * brought too many, those whose object came since count no more, and of the others the older ones go. */
enum early { EARLY_REVOCATIONS, EARLY_WITHDRAWALS };
MUST_CHECK enum status budget_trim(struct core *core, enum early what, int64_t company);

#endif
