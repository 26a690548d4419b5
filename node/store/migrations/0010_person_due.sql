-- SPDX-License-Identifier: Apache-2.0
-- Rows whose keys for "one person, one line" are to be computed: fed at once, worked off in small pieces, so that a large
-- share does not wait for it. Written by node/person.c.
CREATE TABLE person_due (
    record INTEGER PRIMARY KEY
) STRICT;
