-- SPDX-License-Identifier: Apache-2.0
-- 0002_segments.sql: who belongs to a segment beside those whom its rule covers.

-- Records put on a segment's list by hand (1) or kept off it (0). Local: never sent. Written by segment.include and
-- segment.exclude; rows of a segment go when it is removed.
CREATE TABLE segment_member (
    segment INTEGER NOT NULL REFERENCES record (id),
    record INTEGER NOT NULL REFERENCES record (id),
    included INTEGER NOT NULL,
    PRIMARY KEY (segment, record)
) STRICT, WITHOUT ROWID;
