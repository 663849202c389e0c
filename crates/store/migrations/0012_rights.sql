-- Who may pass where. Each change has a number, and says who made it, when, why and by whose
-- approval; each thing is in force from one change up to another, so that what held at any time can
-- be told, and any change undone.
CREATE TABLE access_versions (
    version INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    why TEXT NOT NULL,
    approved_by TEXT,
    -- `folder`, `edit`, `import` or `undo`.
    what TEXT NOT NULL,
    undoes INTEGER REFERENCES access_versions (version),
    changes INTEGER NOT NULL
);
CREATE INDEX access_versions_at ON access_versions (at);

CREATE TABLE access_items (
    -- `group`, `member`, `credential`, `right`, `schedule`, `zone`, `door`, `point`, `cards`,
    -- `policy` or `pins`.
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    since INTEGER NOT NULL REFERENCES access_versions (version),
    -- NULL: still in force.
    until INTEGER REFERENCES access_versions (version),
    -- The thing itself, as JSON.
    body TEXT NOT NULL,
    PRIMARY KEY (kind, key, since)
);
CREATE UNIQUE INDEX access_items_now ON access_items (kind, key) WHERE until IS NULL;
CREATE INDEX access_items_since ON access_items (since);
CREATE INDEX access_items_until ON access_items (until);

-- What the organisation folder said of rights when it was last taken in: rights that were edited
-- since stay until the folder says something else.
CREATE TABLE access_folder (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    hash BLOB NOT NULL
);
