-- SPDX-License-Identifier: Apache-2.0
-- Partners to which a restored node sends nothing yet. Written by node/quarantine.c.
CREATE TABLE quarantine (
    company INTEGER PRIMARY KEY REFERENCES company (id),
    heard INTEGER NOT NULL             -- 1: it has sent back what it knows of ours
) STRICT;
