-- SPDX-License-Identifier: Apache-2.0
-- 0029_control_share.sql: what waits under a share is found by it. Each new head replaces the one that waits there still.
CREATE INDEX control_share ON control (company, share);
