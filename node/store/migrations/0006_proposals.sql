-- SPDX-License-Identifier: Apache-2.0
-- 0006_proposals.sql: corrections that one company proposes for another's records. Written by proposal.make, by taking
-- a Proposal or its answer (node/exchange_return.c), and by deciding. A row stays when it is decided; what was proposed
-- does not: fields is NULL and note empty from then on.
CREATE TABLE proposal (
    id INTEGER PRIMARY KEY,
    pid BLOB NOT NULL UNIQUE CHECK (length(pid) = 32), -- object id
    sent INTEGER NOT NULL,             -- 1: ours, for a partner's record; 0: a partner's, for ours
    company INTEGER NOT NULL REFERENCES company (id), -- the other side
    leaf INTEGER NOT NULL REFERENCES grants (id), -- the grant under which its author reads the record
    record INTEGER NOT NULL REFERENCES record (id),
    seen BLOB NOT NULL,                -- revision id that the author saw
    state INTEGER NOT NULL,            -- enum proposal_state
    fields BLOB,                       -- node/store/pack.h; NULL once decided
    note TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX proposal_company ON proposal (company, sent, state);
CREATE INDEX proposal_record ON proposal (record) WHERE state = 0;
CREATE INDEX proposal_leaf ON proposal (leaf) WHERE state = 0;
