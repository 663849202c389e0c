-- What was suspended and revoked, by whom, and where it has arrived; the edges that enforce it; the
-- commands that were given to doors. Bodies are JSON of the joining crate's own types.

-- The version of the rights that are given out next, and whose tombstones a restore waits for.
CREATE TABLE warden (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    waiting TEXT NOT NULL
);
CREATE TABLE warden_points (
    point TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE warden_deeds (
    deed TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    note TEXT NOT NULL
);
-- Where a deed stands at a point; `said` and `signature`: the point's own words, where it signed.
CREATE TABLE warden_signings (
    deed TEXT NOT NULL,
    point TEXT NOT NULL,
    body TEXT NOT NULL,
    stale_until INTEGER,
    said BLOB NOT NULL DEFAULT x'',
    signature BLOB NOT NULL DEFAULT x'',
    PRIMARY KEY (deed, point)
);
CREATE TABLE warden_stones (
    key BLOB PRIMARY KEY,
    generation INTEGER NOT NULL,
    since INTEGER NOT NULL
);
CREATE TABLE warden_suspensions (
    subject TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    is_suspended INTEGER NOT NULL
);
CREATE TABLE edges (
    point TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    records_to INTEGER NOT NULL DEFAULT 0,
    records_lost INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE commands (
    id TEXT PRIMARY KEY,
    door TEXT NOT NULL,
    at INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    body TEXT NOT NULL,
    said BLOB NOT NULL DEFAULT x'',
    signature BLOB NOT NULL DEFAULT x''
);
CREATE INDEX commands_by_door ON commands (door, at);
CREATE INDEX commands_by_time ON commands (at);
CREATE INDEX commands_open ON commands (is_open) WHERE is_open = 1;
-- Lockdowns (`zone:ID`) and the threat level (`threat`), as they stand.
CREATE TABLE alertness (
    what TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
