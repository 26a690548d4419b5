-- SPDX-License-Identifier: Apache-2.0
-- 0001_first.sql: everything a node keeps. Only core's loop thread writes; readers hold read-only snapshots.
-- Projection tables (t_<type>) are made from the dictionary, not here, and can be rebuilt from `copy`.

-- Small facts of this node: written at start and by the services that change them.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Every company we know of; 1 is ourselves. Written by partner services, offers (introduced companies), descriptors.
CREATE TABLE company (
    id INTEGER PRIMARY KEY,
    node BLOB NOT NULL UNIQUE CHECK (length(node) = 32),
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    serial INTEGER NOT NULL,
    descriptor BLOB NOT NULL,          -- Signed bytes as they came
    state INTEGER NOT NULL,            -- enum company_state
    introduced_by INTEGER NOT NULL,    -- company.id, 0: nobody
    since_ms INTEGER NOT NULL,
    token BLOB,                        -- invited: our proof towards the inviter, until trusted
    guest_secret BLOB,                 -- invited: the invitation's transport key, until introduced
    guest_node BLOB                    -- invited: under which the edge knows that link
) STRICT;

-- Invitations that nobody has used yet. Written by partner.invite, used up by the first Introduce.
CREATE TABLE invitation (
    token BLOB PRIMARY KEY CHECK (length(token) = 16),
    guest_node BLOB NOT NULL,
    guest_key BLOB NOT NULL,
    ends_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Types by local number: the common schema's own numbers, 1000 and up for others.
CREATE TABLE rtype (
    id INTEGER PRIMARY KEY,
    space TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (space, number)
) STRICT;

-- One row per record, own or received. Stays when nothing is held any more: an id is a hash, and local numbers are
-- never given twice.
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    rid BLOB NOT NULL CHECK (length(rid) = 32), -- unique: whoever adds has looked first
    owner INTEGER NOT NULL REFERENCES company (id),
    type INTEGER NOT NULL REFERENCES rtype (id),
    parent_rid BLOB,                   -- the committed parent field
    frozen INTEGER NOT NULL DEFAULT 0  -- equivocation found: nothing newer is applied
) STRICT;
-- Ids are random: a whole one in the index costs a page write for nearly every record, six bytes a third of that.
CREATE INDEX record_rid ON record (substr(rid, 1, 6));
CREATE INDEX record_parent ON record (parent_rid, id) WHERE parent_rid IS NOT NULL;

-- Leaves of one signed batch, or of the stretch of it that we got.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    first INTEGER NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    leaves BLOB NOT NULL,              -- count * 32
    path BLOB NOT NULL,
    refs INTEGER NOT NULL              -- rows of copy that stand in it
) STRICT;

-- The newest revision of a record as disclosed under one grant; grant 0 is our own. Values live here.
CREATE TABLE copy (
    id INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES record (id),
    grant_id INTEGER NOT NULL,
    applied INTEGER NOT NULL,          -- 0: under an offer that nobody has accepted, or an ended grant
    incarnation INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision BLOB NOT NULL,            -- exact bytes
    secret BLOB,                       -- full disclosure
    fields BLOB NOT NULL,              -- node/store/pack.h
    withheld BLOB NOT NULL,
    run INTEGER NOT NULL REFERENCES run (id),
    leaf INTEGER NOT NULL,             -- index in the batch
    at_ms INTEGER NOT NULL,
    UNIQUE (record, grant_id)
) STRICT;
CREATE INDEX copy_grant ON copy (grant_id, record) WHERE grant_id > 0;

-- Keyed matching forms of our own records' identifying fields: finds a row again on re-import.
CREATE TABLE match (
    key BLOB NOT NULL,
    record INTEGER NOT NULL REFERENCES record (id),
    PRIMARY KEY (key, record)
) STRICT, WITHOUT ROWID;

-- Every grant we ever verified: given, received, or noted as owner.
CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 32),
    object BLOB NOT NULL,              -- Signed bytes
    parent INTEGER NOT NULL,           -- grants.id, 0 in a root
    issuer INTEGER NOT NULL REFERENCES company (id),
    audience INTEGER NOT NULL REFERENCES company (id),
    owner INTEGER NOT NULL REFERENCES company (id),
    ends_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_parent ON grants (parent);

-- Grants taken back, by whom; also of grants that we have not seen yet, where it shows later whether the author may.
-- Monotone.
CREATE TABLE revoked (
    gid BLOB NOT NULL,
    author BLOB NOT NULL,              -- node id; our own: our word alone
    object BLOB NOT NULL,              -- Signed bytes; empty when the end of a partnership revoked it here
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (gid, author)
) STRICT, WITHOUT ROWID;

-- One row per leaf grant: what was offered, by whom to whom, and what became of it.
CREATE TABLE share (
    id INTEGER PRIMARY KEY,
    leaf INTEGER NOT NULL UNIQUE REFERENCES grants (id),
    role INTEGER NOT NULL,             -- enum share_role
    partner INTEGER NOT NULL REFERENCES company (id), -- the other side; noted: the leaf's audience
    state INTEGER NOT NULL,            -- enum share_state
    kind INTEGER NOT NULL,             -- enum offer_kind
    title TEXT NOT NULL,
    note TEXT NOT NULL,
    count INTEGER NOT NULL,
    offer BLOB NOT NULL,               -- Signed bytes; empty in a noted share
    oid BLOB NOT NULL,                 -- offer id; zero bytes in a noted share
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX share_partner ON share (partner, role);

-- Single records of an accepted offer that were turned down.
CREATE TABLE declined (
    share INTEGER NOT NULL REFERENCES share (id),
    rid BLOB NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (share, rid)
) STRICT, WITHOUT ROWID;

-- Numbers of our streams, per partner. Written with every hand-over and acknowledgement.
CREATE TABLE outstream (
    company INTEGER NOT NULL, stream INTEGER NOT NULL,
    next INTEGER NOT NULL, acked INTEGER NOT NULL,
    PRIMARY KEY (company, stream)
) STRICT, WITHOUT ROWID;
CREATE TABLE instream (
    company INTEGER NOT NULL, stream INTEGER NOT NULL,
    incarnation INTEGER NOT NULL, have INTEGER NOT NULL, frozen INTEGER NOT NULL,
    PRIMARY KEY (company, stream)
) STRICT, WITHOUT ROWID;
-- Hashes of the newest messages taken, to tell a repeat from a contradiction.
CREATE TABLE inbox (
    company INTEGER NOT NULL, stream INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (company, stream, seq)
) STRICT, WITHOUT ROWID;

-- Control objects waiting for a number.
CREATE TABLE control (
    id INTEGER PRIMARY KEY,
    company INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL,
    share INTEGER                      -- the offer that this carries
) STRICT;
CREATE INDEX control_company ON control (company, id);

-- Records that changed under a share we gave. What goes is the newest revision at hand-over.
CREATE TABLE due (
    leaf INTEGER NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY (leaf, record)
) STRICT, WITHOUT ROWID;

-- Handed over, not acknowledged.
CREATE TABLE frame (
    company INTEGER NOT NULL, stream INTEGER NOT NULL, seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    body BLOB,                         -- control, void: the bytes
    grant_id INTEGER, items BLOB,      -- data: the leaf, and (record, incarnation, number) of each revision
    share INTEGER,
    hash BLOB NOT NULL,
    PRIMARY KEY (company, stream, seq)
) STRICT, WITHOUT ROWID;

-- Who acknowledged which revision of what under which grant: the answer to "who has it".
CREATE TABLE delivery (
    record INTEGER NOT NULL, company INTEGER NOT NULL, grant_id INTEGER NOT NULL,
    incarnation INTEGER NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (record, company, grant_id)
) STRICT, WITHOUT ROWID;

-- What partners sent that could not be taken. No content: hash and reason.
CREATE TABLE deadletter (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL, company INTEGER NOT NULL, kind INTEGER NOT NULL,
    status TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX deadletter_company ON deadletter (company, id);

-- One entry per change, in the same transaction; each hash covers the one before. No personal data.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject BLOB NOT NULL, detail BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;

-- Long work: import. Position is committed with each piece, so that it goes on after a restart.
CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, state INTEGER NOT NULL, args TEXT NOT NULL, path TEXT NOT NULL,
    position INTEGER NOT NULL, total INTEGER NOT NULL,
    result TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;

INSERT INTO rtype SELECT value, '', value FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13]');
