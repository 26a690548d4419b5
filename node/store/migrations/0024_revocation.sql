-- SPDX-License-Identifier: Apache-2.0
-- 0024_revocation.sql: when a message was handed to the link, so that a revocation can say since when it may be on the wire.
-- Written by node/exchange_out.c and node/route_out.c.
ALTER TABLE frame ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
