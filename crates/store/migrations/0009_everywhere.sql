-- Incidents that whoever works incidents sees, whatever their site.
ALTER TABLE incidents ADD COLUMN is_everywhere BIGINT NOT NULL DEFAULT 0;
