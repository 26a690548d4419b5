-- SPDX-License-Identifier: Apache-2.0
-- When words were compared with a company that others introduced: it stays without a link, its rows are no longer
-- "not verified". Written by node/service_partner.c.
ALTER TABLE company ADD COLUMN confirmed_ms INTEGER NOT NULL DEFAULT 0;
