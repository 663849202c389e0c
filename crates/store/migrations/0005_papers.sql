-- The occurrence log. Rows are added and never changed: a correction names what it corrects.
CREATE TABLE occurrences (
    number BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    written_by TEXT NOT NULL,
    site TEXT,
    place TEXT,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    incident TEXT,
    corrects TEXT REFERENCES occurrences (id)
);
CREATE INDEX occurrences_by_time ON occurrences (at, id);
CREATE INDEX occurrences_by_incident ON occurrences (incident, at);
-- What was written under which Idempotency-Key; forgotten after a day.
CREATE TABLE occurrence_keys (
    caller TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    at BIGINT NOT NULL,
    request_hash BLOB NOT NULL,
    occurrence TEXT NOT NULL REFERENCES occurrences (id),
    PRIMARY KEY (caller, key_hash)
);
CREATE INDEX occurrence_keys_by_time ON occurrence_keys (at);
-- An incident's acts are looked for from its opening on.
CREATE INDEX audit_by_time ON audit (at);
-- What a shift's report asks of incidents and of records that gave no event.
CREATE INDEX incidents_by_change ON incidents (changed_at);
CREATE INDEX dead_letters_by_receipt ON dead_letters (received_at);
