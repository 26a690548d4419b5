-- SPDX-License-Identifier: Apache-2.0
-- What holders say of what they hold: the newest receipt for each grant, holder, audience and set of records, ours and
-- others', also those that we only passed on. Written by node/receipt.c.
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY,
    grant_id INTEGER NOT NULL REFERENCES grants (id),
    holder INTEGER NOT NULL REFERENCES company (id),   -- 1: we
    audience INTEGER NOT NULL REFERENCES company (id), -- 1: we
    rset BLOB NOT NULL,                -- digest of records; empty: all under the grant
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    records BLOB NOT NULL,             -- ids, 32 bytes each, ascending
    count INTEGER NOT NULL,
    reason TEXT NOT NULL, basis TEXT NOT NULL,
    at_ms INTEGER NOT NULL,            -- the holder's word
    came_ms INTEGER NOT NULL,          -- when we had it
    object BLOB,                       -- Signed bytes; NULL: ours, not signed yet
    UNIQUE (grant_id, holder, audience, rset)
) STRICT;
CREATE INDEX receipt_unsaid ON receipt (id) WHERE object IS NULL;
CREATE INDEX receipt_holder ON receipt (holder, audience, id) WHERE rset <> x'';
