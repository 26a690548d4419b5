-- SPDX-License-Identifier: Apache-2.0
-- 0038_descriptor_fault.sql: of a refused descriptor its serial, and that of the newest that was known then: as long as that is
-- the newest, people are warned. Written by node/keys.c.
ALTER TABLE descriptor_fault ADD COLUMN serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE descriptor_fault ADD COLUMN known INTEGER NOT NULL DEFAULT 0;
