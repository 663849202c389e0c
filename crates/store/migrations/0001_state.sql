-- Times are UTC nanoseconds. Forward only: later changes are later files.
CREATE TABLE organisation (
    tenant TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL
);
CREATE TABLE places (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent TEXT,
    name TEXT,
    time_zone TEXT,
    zone_class TEXT,
    capacity BIGINT,
    dwell_max BIGINT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, parent) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE people (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    team TEXT,
    manager TEXT,
    site TEXT,
    valid_from BIGINT,
    valid_to BIGINT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, manager) REFERENCES people (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, site) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE assets (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    place TEXT,
    owner TEXT,
    team TEXT,
    make TEXT,
    model TEXT,
    firmware TEXT,
    serial TEXT,
    criticality BIGINT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, place) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, owner) REFERENCES people (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
-- Exactly one of person, asset and place is set.
CREATE TABLE identifiers (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    person TEXT,
    asset TEXT,
    place TEXT,
    realm TEXT,
    valid_from BIGINT,
    valid_to BIGINT,
    replaces TEXT,
    PRIMARY KEY (tenant, position),
    CHECK ((person IS NOT NULL) + (asset IS NOT NULL) + (place IS NOT NULL) = 1),
    FOREIGN KEY (tenant, person) REFERENCES people (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, asset) REFERENCES assets (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, place) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX identifiers_by_value ON identifiers (tenant, kind, value);
CREATE TABLE doors (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    door TEXT NOT NULL,
    from_zone TEXT NOT NULL,
    to_zone TEXT NOT NULL,
    controller TEXT,
    reader_in TEXT,
    reader_out TEXT,
    held_after BIGINT,
    PRIMARY KEY (tenant, door),
    FOREIGN KEY (tenant, door) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, from_zone) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, to_zone) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, controller) REFERENCES assets (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, reader_in) REFERENCES assets (tenant, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant, reader_out) REFERENCES assets (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE sources (
    tenant TEXT NOT NULL REFERENCES organisation (tenant),
    id TEXT NOT NULL,
    site TEXT,
    payload TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, site) REFERENCES places (tenant, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    level BIGINT NOT NULL,
    state TEXT NOT NULL,
    time BIGINT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX findings_by_time ON findings (time, id);
CREATE INDEX findings_by_rule ON findings (rule, time);

CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    site TEXT,
    state TEXT NOT NULL,
    level BIGINT NOT NULL,
    owner TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX incidents_by_opening ON incidents (opened_at, id);
CREATE INDEX incidents_by_state ON incidents (state, opened_at);
CREATE TABLE incident_entities (
    incident TEXT NOT NULL REFERENCES incidents (id),
    entity TEXT NOT NULL,
    PRIMARY KEY (incident, entity)
);
CREATE INDEX incident_entities_by_entity ON incident_entities (entity);
CREATE TABLE incident_findings (
    incident TEXT NOT NULL REFERENCES incidents (id),
    finding TEXT NOT NULL,
    PRIMARY KEY (incident, finding)
);
CREATE INDEX incident_findings_by_finding ON incident_findings (finding);

CREATE TABLE dead_letters (
    record BIGINT PRIMARY KEY,
    source TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    mapping TEXT,
    reason_code TEXT NOT NULL,
    letter TEXT NOT NULL,
    raw TEXT NOT NULL,
    body_len BIGINT NOT NULL,
    body BLOB NOT NULL,
    status TEXT NOT NULL
);
CREATE INDEX dead_letters_by_status ON dead_letters (status, record);
CREATE INDEX dead_letters_by_source ON dead_letters (source, record);

CREATE TABLE unresolved (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (kind, value, source)
);
CREATE INDEX unresolved_by_last ON unresolved (last_at);

CREATE TABLE counters (
    boundary TEXT NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (boundary, source, outcome, reason)
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,
    sources TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE cursors (
    consumer TEXT PRIMARY KEY,
    seq BIGINT NOT NULL
);
CREATE TABLE snapshots (
    name TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    bytes BLOB NOT NULL
);

CREATE TABLE lake_files (
    path TEXT PRIMARY KEY,
    class_uid BIGINT NOT NULL,
    day TEXT NOT NULL,
    site TEXT,
    seq_min BIGINT NOT NULL,
    seq_max BIGINT NOT NULL,
    time_min BIGINT NOT NULL,
    time_max BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    entry TEXT NOT NULL
);
CREATE INDEX lake_files_by_time ON lake_files (state, time_min, time_max);

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT
);
CREATE INDEX outbox_by_due ON outbox (state, next_at);

-- The act itself may be erased; digest, order and head stay.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    act TEXT,
    digest BLOB NOT NULL,
    previous BLOB NOT NULL,
    head BLOB NOT NULL
);
CREATE TABLE audit_head (
    node TEXT PRIMARY KEY,
    seq BIGINT NOT NULL,
    head BLOB NOT NULL
);
