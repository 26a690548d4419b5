-- SPDX-License-Identifier: Apache-2.0
-- 0027_budget.sql: by whom a revocation came before its grant, so that what one partner can make us keep has a limit
-- (node/budget.c). 0: nobody's; its grant was known. Written by node/exchange_control.c.
ALTER TABLE revoked ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
CREATE INDEX revoked_source ON revoked (source) WHERE source > 0;
CREATE INDEX company_introduced ON company (introduced_by) WHERE state = 1;
