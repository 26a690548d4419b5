-- SPDX-License-Identifier: Apache-2.0
-- Contributions: rows of one company on another's event, what the organiser said of each, and the sealed way between
-- companies of a chain that have no link.

-- One row per share that answers another grant: a contribution, at the bringer (share given) and at the organiser (share
-- received). Written by node/contribution.c.
CREATE TABLE contribution (
    share INTEGER PRIMARY KEY REFERENCES share (id),
    cited INTEGER NOT NULL REFERENCES grants (id), -- the leaf that asked for it
    event BLOB NOT NULL CHECK (length(event) = 32),
    taken INTEGER NOT NULL             -- organiser: rows that count against the quota
) STRICT;
CREATE INDEX contribution_event ON contribution (event);

-- What became of a contributed row: at the organiser its own judgement, at the bringer the organiser's as signed.
-- Written by node/contribution.c.
CREATE TABLE verdict (
    share INTEGER NOT NULL REFERENCES share (id),
    rid BLOB NOT NULL,
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL, -- of the revision judged
    reason TEXT NOT NULL,              -- a code; empty: taken
    gone INTEGER NOT NULL,             -- removed by its owner since
    claimed_ms INTEGER NOT NULL,       -- when its owner says that it made the revision first taken
    first_ms INTEGER NOT NULL,         -- when the organiser said first that it is taken; 0: never
    at_ms INTEGER NOT NULL,
    told INTEGER NOT NULL,             -- organiser: signed and queued
    object BLOB NOT NULL,              -- id of the signed Verdict; empty before
    PRIMARY KEY (share, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_untold ON verdict (share, rid) WHERE told = 0;
CREATE INDEX verdict_row ON verdict (rid);

-- Signed Verdicts as they are: evidence of who was taken when. No personal data. Written by node/contribution.c.
CREATE TABLE verdict_object (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    object BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers of the sealed way with a company that we have no link with, both directions. Written by node/route*.c.
CREATE TABLE route (
    company INTEGER PRIMARY KEY REFERENCES company (id),
    epoch INTEGER NOT NULL,            -- of our content keys
    next INTEGER NOT NULL, acked INTEGER NOT NULL,
    have INTEGER NOT NULL, seen INTEGER NOT NULL,
    owed INTEGER NOT NULL,             -- 1: a receipt is to be said
    way BLOB NOT NULL,                 -- the leaf under which it last came
    receipt_ms INTEGER NOT NULL        -- the company's newest receipt
) STRICT;

-- What we sealed and have no receipt for. body is NULL when it may not go any more. Written by node/route*.c.
CREATE TABLE parcel (
    company INTEGER NOT NULL, number INTEGER NOT NULL,
    kind INTEGER NOT NULL, leaf INTEGER NOT NULL, items BLOB NOT NULL, share INTEGER NOT NULL,
    body BLOB, sent_ms INTEGER NOT NULL, tries INTEGER NOT NULL,
    PRIMARY KEY (company, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX parcel_leaf ON parcel (leaf) WHERE leaf > 0;

-- Sealed messages on their way through us, or of our own once more: wait for a number of the next link. Written by
-- node/route*.c.
CREATE TABLE carry (
    id INTEGER PRIMARY KEY,
    company INTEGER NOT NULL,          -- the next link
    author INTEGER NOT NULL,
    number INTEGER NOT NULL,
    audience INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX carry_company ON carry (company, id);
CREATE INDEX carry_author ON carry (author);

-- Random names of our rows for carriers. Written by node/route*.c.
CREATE TABLE handle (
    leaf INTEGER NOT NULL, record INTEGER NOT NULL, handle BLOB NOT NULL,
    PRIMARY KEY (leaf, record)
) STRICT, WITHOUT ROWID;

-- What we carried for others: names without content, to count by. Written by node/route*.c.
CREATE TABLE carried (
    way BLOB NOT NULL, author INTEGER NOT NULL, handle BLOB NOT NULL,
    PRIMARY KEY (way, author, handle)
) STRICT, WITHOUT ROWID;
