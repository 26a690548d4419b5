-- SPDX-License-Identifier: Apache-2.0
-- 0026_equivocation.sql: two revisions of one record with one position, as their owner signed them (no value is in the
-- proof). Written by node/equivocation.c; at most EQUIVOCATIONS_MAX of one owner.
CREATE TABLE equivocation (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES record (id),
    owner INTEGER NOT NULL REFERENCES company (id),
    source INTEGER NOT NULL REFERENCES company (id), -- by whom the second came, or who told us
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL,
    proof BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (record, incarnation, number)
) STRICT;
CREATE INDEX equivocation_owner ON equivocation (owner);
