-- Version 3: more settings of projects.

ALTER TABLE projects ADD COLUMN audit_logs_retention_days INTEGER;
ALTER TABLE projects ADD COLUMN secret_sharing INTEGER NOT NULL DEFAULT 1;
ALTER TABLE projects ADD COLUMN show_snapshots_legacy INTEGER NOT NULL DEFAULT 0;
-- A JSON list of texts.
ALTER TABLE projects ADD COLUMN secret_detection_ignore_values TEXT;
