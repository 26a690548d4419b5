-- SPDX-License-Identifier: Apache-2.0
-- 0019_withdrawal.sql: rows whose ground for being shared is gone (docs/protocol/withdrawals.md).

-- Rows of ours, or that we passed on, that a partner had when their ground went. Written by node/withdrawal.c.
CREATE TABLE withdrawal (
    leaf INTEGER NOT NULL REFERENCES grants (id), -- under which it was given
    record INTEGER NOT NULL REFERENCES record (id),
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL, -- up to this revision
    reason TEXT NOT NULL,              -- a code
    at_ms INTEGER NOT NULL,
    told INTEGER NOT NULL,             -- signed and queued
    PRIMARY KEY (leaf, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawal_untold ON withdrawal (leaf, record) WHERE told = 0;

-- Rows that were taken back from us: these revisions, and those before, are not taken again. Written by node/withdrawal.c.
CREATE TABLE withdrawn (
    rid BLOB NOT NULL CHECK (length(rid) = 32),
    gid BLOB NOT NULL CHECK (length(gid) = 32), -- the grant, with everything below it
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (rid, gid)
) STRICT, WITHOUT ROWID;
