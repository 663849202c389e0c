-- How it is known that somebody who was granted went through: `reported` or `assumed`.
ALTER TABLE doors ADD COLUMN passage TEXT NOT NULL DEFAULT 'reported';
