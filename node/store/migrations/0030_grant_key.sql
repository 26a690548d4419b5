-- SPDX-License-Identifier: Apache-2.0
-- 0030_grant_key.sql: the signing key under which a grant verified when it came. It verifies at every start, also when its
-- issuer has had so many keys since that this one's descriptor is not kept. Written by node/lives.c. NULL: not known.
ALTER TABLE grants ADD COLUMN key BLOB CHECK (length(key) = 32);
