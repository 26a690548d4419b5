/* SPDX-License-Identifier: Apache-2.0
 *
 * node/budget.c - what one partner can make us keep, each with its limit and how it is counted (contract: node/budget.h).
 */
#include "node/budget.h"

#include "schema/base/cleanup.h"

static const struct {
    int64_t most;
    enum statement count;
} budgets[BUDGET_COUNT_] = {
    [BUDGET_INTRODUCED] = { INTRODUCED_MAX, STMT_BUDGET_INTRODUCED },
    [BUDGET_OFFERS] = { OFFERS_RUNNING_MAX, STMT_BUDGET_OFFERS },
    [BUDGET_NOTED] = { NOTED_RUNNING_MAX, STMT_BUDGET_NOTED },
    [BUDGET_CARRY] = { CARRY_MAX, STMT_BUDGET_CARRY },
};

int64_t
budget_of(struct core *core, int64_t company)
{
    const struct company *c = company_by_id(core, company);

    while (c != NULL && c->state == COMPANY_INTRODUCED && c->introduced_by > COMPANY_US) {
        company = c->introduced_by; /* known before it: this ends */
        c = company_by_id(core, company);
    }
    return company;
}

enum status
budget_ask(struct core *core, enum budget what, int64_t company)
{
    int64_t count;

    TRY(store_number(core->store, &count, budgets[what].count, "i", budget_of(core, company)));
    return count < budgets[what].most ? STATUS_OK : STATUS_TOO_BIG;
}
