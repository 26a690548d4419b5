-- SPDX-License-Identifier: Apache-2.0
-- 0036_limits.sql: by what the limits of one partner are counted (node/budget.c).

-- By whom it came before its record; 0: the record was known. Written by node/withdrawal.c.
ALTER TABLE withdrawn ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
CREATE INDEX withdrawn_source ON withdrawn (source) WHERE source > 0;
CREATE INDEX verdict_refused ON verdict (share) WHERE reason <> '';
CREATE INDEX verdict_object_rows ON verdict (object);
CREATE INDEX carried_author ON carried (author);
