-- What people keep in the console: floor plans, and their own views.
CREATE TABLE plans (
    place TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    image BLOB NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    marks TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE views (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    query TEXT NOT NULL,
    is_shared BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (owner, name)
);
