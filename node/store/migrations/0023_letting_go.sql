-- SPDX-License-Identifier: Apache-2.0
-- Shares whose rows go piece by piece, because the disk has no room to let them go at once. Written by node/letting_go.c.
CREATE TABLE letting_go (
    leaf INTEGER PRIMARY KEY REFERENCES grants (id),
    how INTEGER NOT NULL, -- enum letting
    reason TEXT NOT NULL, -- for the receipt
    held INTEGER NOT NULL, -- rows when it began
    after INTEGER NOT NULL -- the last record that is done
) STRICT;
