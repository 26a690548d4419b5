-- SPDX-License-Identifier: Apache-2.0
-- 0007_consent.sql: a partnership may go without a ground for sharing personal data, in writing.

-- Both written by partner.waive; NULL: not waived.
ALTER TABLE company ADD COLUMN waiver_note TEXT;
ALTER TABLE company ADD COLUMN waiver_ms INTEGER;
