-- SPDX-License-Identifier: Apache-2.0
-- Since when a company has had a record under a grant, whatever it got since: what a breach report asks. Written with
-- `delivery`; what was acknowledged before this column counts from its newest acknowledgement.
ALTER TABLE delivery ADD COLUMN first_ms INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET first_ms = at_ms;
