-- SPDX-License-Identifier: Apache-2.0
-- 0037_readopted.sql: after a restore from a copy, revisions of ours come back from partners that hold them
-- (docs/protocol/restore.md).

-- Partners that were restored and are sent back what we hold of theirs: what is left stands in `due` under the shares that
-- they gave. Written by node/give_back.c.
CREATE TABLE giving_back (
    company INTEGER PRIMARY KEY REFERENCES company (id)
) STRICT;

-- Records of ours that were read back, in this life. Written by node/readopt.c.
CREATE TABLE readopted (
    record INTEGER PRIMARY KEY REFERENCES record (id),
    life INTEGER NOT NULL,             -- our incarnation
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL, -- of our own copy as restored; 0: it had none
    made INTEGER NOT NULL,             -- number of the revision made of what came back: another one was changed since
    seen BLOB NOT NULL                 -- node/store/pack.h: by field, u32 and u64 of the position that its value is from
) STRICT;
