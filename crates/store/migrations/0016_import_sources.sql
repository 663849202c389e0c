-- Which list of another product has brought a thing; none: people or the folder have made it, or
-- changed it since. A list that is said to be whole ends what it alone has brought.
ALTER TABLE access_items ADD COLUMN source TEXT;
CREATE INDEX access_items_source ON access_items (source) WHERE until IS NULL AND source IS NOT NULL;
