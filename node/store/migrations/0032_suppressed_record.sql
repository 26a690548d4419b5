-- SPDX-License-Identifier: Apache-2.0
-- 0032_suppressed_record.sql: the suppression list knows records too, by a keyed hash of their ids: a person without an address, or
-- whose address changed, is found in an older database all the same (node/suppression.h).

-- 1: key is of a record's id; 0: of a value that identifies a person
ALTER TABLE suppression ADD COLUMN record INTEGER NOT NULL DEFAULT 0;
