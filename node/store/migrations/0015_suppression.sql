-- SPDX-License-Identifier: Apache-2.0
-- 0015_suppression.sql: who must not come back. Keyed hashes of identifying values, no name; the key and a copy of every row
-- are in files beside the database, so that an older database does not bring a person back (node/suppression.h).

-- Written by contact.erase, consent.withdraw, suppression.lift, and at start from the file.
CREATE TABLE suppression (
    id INTEGER PRIMARY KEY,
    act BLOB NOT NULL CHECK (length(act) = 16),  -- random; values of one person that went in one act share it
    key BLOB NOT NULL CHECK (length(key) = 16),
    weak INTEGER NOT NULL,             -- 1: a number that several people may have; counts only against a mobile
    reason TEXT NOT NULL,              -- a code: ERASED, WITHDRAWN
    purposes TEXT NOT NULL,            -- WITHDRAWN: for these only; empty: for all
    recipients TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    lifted_ms INTEGER NOT NULL,        -- 0: it stands
    filed INTEGER NOT NULL,            -- 1: this row, as it is, is in the file
    UNIQUE (act, key)
) STRICT;
CREATE INDEX suppression_key ON suppression (key) WHERE lifted_ms = 0;
CREATE INDEX suppression_unfiled ON suppression (id) WHERE filed = 0;
