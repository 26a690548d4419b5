-- SPDX-License-Identifier: Apache-2.0
-- Events and whose rows they have: only where rows come from several companies can a person be brought twice, and only
-- there are keys kept. Written by node/person.c.
CREATE TABLE person_event (
    event BLOB PRIMARY KEY CHECK (length(event) = 32),
    owner INTEGER NOT NULL             -- the only one so far; 0: several
) STRICT, WITHOUT ROWID;
