-- Events that came later than was waited for: how many of each source and hour of event time, and
-- how many of them somebody has had judged again.
CREATE TABLE late_events (
    source TEXT NOT NULL,
    hour BIGINT NOT NULL,
    events BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    settled_events BIGINT NOT NULL DEFAULT 0,
    settled_at BIGINT,
    settled_by TEXT,
    PRIMARY KEY (source, hour)
);
CREATE INDEX late_events_by_hour ON late_events (hour);
