-- SPDX-License-Identifier: Apache-2.0
-- Numbers of the sealed way are those of an incarnation, ours as theirs; and a parcel is remembered with the way that its
-- header names and with what is inside, so that it can be sealed again for another way. Written by node/route*.c.
ALTER TABLE route ADD COLUMN incarnation INTEGER NOT NULL DEFAULT 1;      -- ours: of next and acked, and of the parcels
ALTER TABLE route ADD COLUMN have_incarnation INTEGER NOT NULL DEFAULT 0; -- the company's: of have and seen; 0: nothing came
ALTER TABLE parcel ADD COLUMN way BLOB NOT NULL DEFAULT x'';              -- the leaf
ALTER TABLE parcel ADD COLUMN inner BLOB NOT NULL DEFAULT x'';            -- a control object; records are items
