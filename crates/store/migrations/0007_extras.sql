-- Columns and keys beginning `x_` of the organisation folder: ours to keep, not to understand.
CREATE TABLE organisation_extras (
    tenant TEXT NOT NULL,
    file TEXT NOT NULL,
    row TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, file, row, key)
);
