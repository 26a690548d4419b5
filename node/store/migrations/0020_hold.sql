-- SPDX-License-Identifier: Apache-2.0
-- Records of others that must not be erased, on a basis in law: kept out of sight when they should be gone. Written by
-- node/service_hold.c.
CREATE TABLE hold (
    record INTEGER PRIMARY KEY REFERENCES record (id),
    basis TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
