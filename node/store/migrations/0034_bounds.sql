-- SPDX-License-Identifier: Apache-2.0
-- 0034_bounds.sql: what one partner can make us keep has a limit (node/budget.c), and what it never heard of is not taken back.

-- 1: it had a number before, or may have had one: the partner may know it. Written by node/exchange_out.c, quarantine.c, route_again.c.
ALTER TABLE control ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
