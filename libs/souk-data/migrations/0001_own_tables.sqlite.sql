-- Idempotency records: the answer of each repeatable write, kept for some days.
CREATE TABLE souk_requests (
    seq          INTEGER PRIMARY KEY,
    caller       TEXT NOT NULL,
    method       TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    body_hash    BLOB NOT NULL,
    response     BLOB NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (caller, method, request_id)
) STRICT;

-- Events that wait to be published, written with the change they tell of.
CREATE TABLE souk_outbox (
    seq          INTEGER PRIMARY KEY,
    event_id     BLOB NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      BLOB NOT NULL,
    created_time INTEGER NOT NULL
) STRICT;

-- Events that were handled, so that a second delivery has no effect.
CREATE TABLE souk_inbox (
    seq          INTEGER PRIMARY KEY,
    consumer     TEXT NOT NULL,
    event_id     BLOB NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (consumer, event_id)
) STRICT;

-- Keys that all replicas and all restarts share; `page` signs page tokens.
CREATE TABLE souk_keys (
    name   TEXT PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;

INSERT INTO souk_keys (name, secret) VALUES ('page', randomblob(32));
