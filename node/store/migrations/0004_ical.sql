-- SPDX-License-Identifier: Apache-2.0
-- 0004_ical.sql: the newest calendar answer taken for each guest of ours, so that an older one changes nothing.

-- Written by guest.reply.
CREATE TABLE ical_reply (
    record INTEGER PRIMARY KEY REFERENCES record (id),
    sequence INTEGER NOT NULL,         -- SEQUENCE, then DTSTAMP order the answers of one guest
    stamp_ms INTEGER NOT NULL
) STRICT;
