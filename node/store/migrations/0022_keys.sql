-- SPDX-License-Identifier: Apache-2.0
-- 0022_keys.sql: keys of companies over time (node/keys.c).

-- Descriptors before the newest, which stands in `company`: what was signed under them must verify. At most
-- DESCRIPTORS_MAX - 1 of a company. Written when a newer one is taken.
CREATE TABLE descriptor (
    company INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    object BLOB NOT NULL,              -- Signed bytes as they came
    PRIMARY KEY (company, serial)
) STRICT, WITHOUT ROWID;

-- Newest descriptor of ours that the company has acknowledged, by serial; 0: none but that of the first contact.
ALTER TABLE company ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
-- Serial of its descriptor whose transport key the link was last seen with; 0: that of the first contact.
ALTER TABLE company ADD COLUMN linked INTEGER NOT NULL DEFAULT 0;

-- A descriptor that cannot be beside the one that we keep: the first of each company, as evidence.
CREATE TABLE descriptor_fault (
    company INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,           -- company.id of who sent it
    at_ms INTEGER NOT NULL,
    object BLOB NOT NULL
) STRICT;
