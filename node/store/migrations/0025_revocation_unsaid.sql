-- SPDX-License-Identifier: Apache-2.0
-- 0025_revocation_unsaid.sql: what we took back and whom it is still to be told, kept with the fall and signed afterwards.
-- Written by node/revocation.c.
CREATE TABLE revocation_unsaid (
    id INTEGER PRIMARY KEY,
    grant_id INTEGER NOT NULL REFERENCES grants (id),
    company INTEGER NOT NULL REFERENCES company (id),
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
