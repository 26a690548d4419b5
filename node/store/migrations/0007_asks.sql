-- SPDX-License-Identifier: Apache-2.0
-- 0007_asks.sql: what an organiser asks for that a row on its list has not, one row per contributed row. At the organiser
-- written by guest.ask; at the bringer by taking an Ask (node/exchange_return.c), by a change of the row, and by ask.close.
CREATE TABLE ask (
    id INTEGER PRIMARY KEY,
    sent INTEGER NOT NULL,             -- 1: ours, to a bringer; 0: an organiser's, to us
    company INTEGER NOT NULL REFERENCES company (id), -- the other side
    leaf INTEGER NOT NULL REFERENCES grants (id), -- the contribution
    record INTEGER NOT NULL REFERENCES record (id),
    fields BLOB NOT NULL,              -- node/store/pack.h, without values
    note TEXT NOT NULL,                -- empty once closed
    state INTEGER NOT NULL,            -- enum ask_state
    reason TEXT NOT NULL,              -- why it was closed; stays here
    at_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    UNIQUE (leaf, record)
) STRICT;
CREATE INDEX ask_record ON ask (record) WHERE state = 0 AND sent = 0;
