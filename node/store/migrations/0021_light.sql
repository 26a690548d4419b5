-- SPDX-License-Identifier: Apache-2.0
-- 0021_light.sql: companies without a node, and how people reach them. Their rows of `company` have no descriptor and a
-- number of our making. Written by node/service_light.c; address and person are emptied when the company is removed.
CREATE TABLE light_company (
    company INTEGER PRIMARY KEY REFERENCES company (id),
    email TEXT NOT NULL,
    person TEXT NOT NULL,              -- whom to write to; empty: nobody in particular
    language TEXT NOT NULL             -- that she reads: en, zh-Hans, zh-Hant
) STRICT;
