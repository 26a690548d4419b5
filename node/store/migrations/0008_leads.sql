-- SPDX-License-Identifier: Apache-2.0
-- 0008_leads.sql: leads that were made in one step, so that the step can be undone.

-- Written by lead.make.
CREATE TABLE lead_batch (
    id INTEGER PRIMARY KEY,
    event BLOB NOT NULL CHECK (length(event) = 32),
    at_ms INTEGER NOT NULL
) STRICT;

-- Written by lead.make; a row goes when lead.undo took its lead back.
CREATE TABLE lead_made (
    batch INTEGER NOT NULL REFERENCES lead_batch (id),
    lead INTEGER NOT NULL REFERENCES record (id),
    task INTEGER NOT NULL REFERENCES record (id),
    incarnation INTEGER NOT NULL,      -- of the revisions made then, whose number is 1: another one was touched since
    PRIMARY KEY (batch, lead)
) STRICT, WITHOUT ROWID;
