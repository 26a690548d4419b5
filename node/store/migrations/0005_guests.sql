-- SPDX-License-Identifier: Apache-2.0
-- 0005_guests.sql: which rows of an event's guest list speak of one person.

-- One row per attendee row that is shown, ours or a partner's. Written by node/person.c in the transaction that changes
-- what is shown; can be made again from `copy`, but for the two times.
CREATE TABLE person (
    record INTEGER PRIMARY KEY REFERENCES record (id),
    person INTEGER NOT NULL,           -- the smallest record of the connected rows
    keys BLOB NOT NULL,                -- its rows of person_key: per key 8 bytes, 1 byte weak
    claimed_ms INTEGER NOT NULL,       -- as its owner signed, in the first revision that we saw
    since_ms INTEGER NOT NULL          -- when it was first shown here
) STRICT;
CREATE INDEX person_person ON person (person);

-- Keyed matching forms, the event in them: rows with one key are one person's, unless both hold it weakly.
CREATE TABLE person_key (
    key INTEGER NOT NULL,
    record INTEGER NOT NULL REFERENCES record (id),
    weak INTEGER NOT NULL,
    PRIMARY KEY (key, record)
) STRICT, WITHOUT ROWID;
