-- SPDX-License-Identifier: Apache-2.0
-- 0031_repair.sql: what stands under a grant, compared with what its holder has (docs/protocol/repair.md).

-- 1: its holder did not have it, and it went again; 2: and was not there then either, may not go, or was erased there: not compared.
ALTER TABLE delivery ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET missed = 2 WHERE purged_ms > 0;
CREATE INDEX delivery_grant ON delivery (grant_id, record);
CREATE INDEX delivery_missed ON delivery (grant_id) WHERE missed = 1;

CREATE TABLE compared (
    leaf INTEGER PRIMARY KEY REFERENCES grants (id),
    at_ms INTEGER NOT NULL,            -- when both sides' sums were last compared
    same INTEGER NOT NULL,             -- 1: they were equal
    mended_ms INTEGER NOT NULL,        -- when something was last mended; 0: never
    again INTEGER NOT NULL,            -- rows sent once more since the share began
    back INTEGER NOT NULL,             -- rows taken back that the holder should not have
    odd INTEGER NOT NULL               -- of the last: rows there that we do not know, or newer than ours
) STRICT;
