-- SPDX-License-Identifier: Apache-2.0
-- 0033_answers.sql: what we said to an offer, Signed bytes, so that a partner that was restored from a copy can be told once
-- more (docs/protocol/restore.md). NULL: nothing yet, or said before there was this column. Written by node/exchange_control.c.
ALTER TABLE share ADD COLUMN answer BLOB;
