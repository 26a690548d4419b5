-- SPDX-License-Identifier: Apache-2.0
-- 0040_control_first.sql: what goes first is found without a look at all that waits.
CREATE INDEX control_first ON control (company, id) WHERE kind IN (20, 22, 29);
