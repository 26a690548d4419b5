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
    [BUDGET_CARRIED] = { CARRIED_MAX, STMT_BUDGET_CARRIED },
    [BUDGET_REFUSED] = { REFUSED_ROWS_MAX, STMT_BUDGET_REFUSED },
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
budget_left(struct core *core, enum budget what, int64_t company, int64_t *out)
{
    TRY(store_number(core->store, out, budgets[what].count, "i", budget_of(core, company)));
    *out = *out < budgets[what].most ? budgets[what].most - *out : 0;
    return STATUS_OK;
}

enum status
budget_ask(struct core *core, enum budget what, int64_t company)
{
    int64_t left;

    TRY(budget_left(core, what, company, &left));
    return left > 0 ? STATUS_OK : STATUS_TOO_BIG;
}

enum status
budget_trim(struct core *core, enum early what, int64_t company)
{
    static const struct {
        int64_t most;
        enum statement over, known, trim;
    } kinds[] = {
        [EARLY_REVOCATIONS] = { REVOCATIONS_EARLY_MAX, STMT_REVOKED_EARLY_OVER,
                                STMT_REVOKED_EARLY_KNOWN, STMT_REVOKED_EARLY_TRIM },
        [EARLY_WITHDRAWALS] = { WITHDRAWN_EARLY_MAX, STMT_WITHDRAWN_EARLY_OVER,
                                STMT_WITHDRAWN_EARLY_KNOWN, STMT_WITHDRAWN_EARLY_TRIM },
    };
    int64_t one, source = budget_of(core, company);
    enum status s =
        store_number(core->store, &one, kinds[what].over, "ii", source, kinds[what].most);

    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    TRY(store_exec(core->store, kinds[what].known, "i", source));
    return store_exec(core->store, kinds[what].trim, "ii", source, kinds[what].most / 2);
}
