-- SPDX-License-Identifier: Apache-2.0
-- What a company had and says that it erased stays known: who held what, and when, is asked after a breach. 0: it may still have it.
-- Written by node/receipt.c; a later delivery sets it back.
ALTER TABLE delivery ADD COLUMN purged_ms INTEGER NOT NULL DEFAULT 0;
