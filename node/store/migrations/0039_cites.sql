-- SPDX-License-Identifier: Apache-2.0
-- 0039_cites.sql: what a grant answers, so that what answers one is found when that one falls. Written by node/grants.c.

-- NULL: not read yet, or no contribution and nothing that comes back for one.
ALTER TABLE grants ADD COLUMN cites BLOB;
CREATE INDEX grants_cites ON grants (cites) WHERE cites IS NOT NULL;
