-- SPDX-License-Identifier: Apache-2.0
-- The root that a grant hangs under; 0: it is one itself. Written with the grant (node/lives.c).
ALTER TABLE grants ADD COLUMN root INTEGER NOT NULL DEFAULT 0;
WITH RECURSIVE above (id, at) AS (SELECT id, parent FROM grants WHERE parent > 0
    UNION SELECT a.id, g.parent FROM above a JOIN grants g ON g.id = a.at WHERE g.parent > 0)
UPDATE grants SET root = (SELECT a.at FROM above a JOIN grants r ON r.id = a.at
    WHERE a.id = grants.id AND r.parent = 0) WHERE parent > 0;
CREATE INDEX grants_root ON grants (root) WHERE root > 0;

-- The newest head of a root (docs/protocol/heads.md): ours, or an owner's that somebody gave us. Written by
-- node/heads.c.
CREATE TABLE head (
    root INTEGER PRIMARY KEY REFERENCES grants (id),
    number INTEGER NOT NULL,           -- 0: ours, none signed yet
    object BLOB NOT NULL,              -- Signed bytes as they came
    source INTEGER NOT NULL,           -- company.id of who gave it to us; 1: ours
    expires_ms INTEGER NOT NULL,
    renew_ms INTEGER NOT NULL          -- ours: when the next is due
) STRICT;
CREATE INDEX head_renew ON head (renew_ms) WHERE source = 1;
-- Roots of ours that somebody passed on before there were heads.
INSERT INTO head SELECT DISTINCT g.root, 0, x'', 1, 0, 0 FROM share s JOIN grants g ON g.id = s.leaf
    WHERE s.role = 2 AND s.state = 4 AND g.root > 0;

-- Two heads of one root that cannot both be: an older one from who gave us a newer, or two with one number. The first
-- such pair is kept.
CREATE TABLE head_fault (
    root INTEGER PRIMARY KEY REFERENCES grants (id),
    company INTEGER NOT NULL,          -- who gave us the second
    at_ms INTEGER NOT NULL,
    kept BLOB NOT NULL,
    refused BLOB NOT NULL
) STRICT;
