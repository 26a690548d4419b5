-- SPDX-License-Identifier: Apache-2.0
-- 0035_stolen.sql: the proof is signed with a key that its owner calls stolen: a thief's work. Written by node/equivocation.c
-- when a descriptor says so.
ALTER TABLE equivocation ADD COLUMN stolen INTEGER NOT NULL DEFAULT 0;
