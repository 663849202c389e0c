-- Operators: who signs in, with what, and for how long. No secret of a session or link is here,
-- only its hash; passwords are Argon2id strings.

CREATE TABLE operators (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    person TEXT,
    teams TEXT NOT NULL,
    -- JSON: [{"role": "guard", "sites": ["hq"]}]; no sites: the whole organisation.
    roles TEXT NOT NULL,
    password_hash TEXT,
    totp_secret TEXT,
    -- Shown to the operator, not yet proved by a first code.
    totp_pending TEXT,
    -- The newest time step whose code was used: none works twice.
    totp_step BIGINT NOT NULL,
    -- Who vouches for them: an identity provider and its name for the person.
    provider TEXT,
    subject TEXT,
    is_disabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX operators_by_subject ON operators (provider, subject);

CREATE TABLE passkeys (
    -- The credential id, base64url.
    id TEXT PRIMARY KEY,
    operator TEXT NOT NULL REFERENCES operators (id),
    name TEXT NOT NULL,
    -- Public key and counters, as JSON; nothing in it is secret.
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkeys_by_operator ON passkeys (operator);

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    operator TEXT NOT NULL REFERENCES operators (id),
    -- `link`, `password`, `passkey`, or `oidc:` and the provider.
    method TEXT NOT NULL,
    -- May only set up how to sign in.
    is_enrolment BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_operator ON sessions (operator, created_at);

CREATE TABLE signin_links (
    hash BLOB PRIMARY KEY,
    -- None yet for the link that makes the first administrator.
    operator TEXT REFERENCES operators (id),
    -- `first_administrator`, `enrol` or `direct`.
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
