-- Idempotency records: the answer of each repeatable write, kept for some days.
CREATE TABLE souk_requests (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    caller       TEXT NOT NULL,
    method       TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    body_hash    BYTEA NOT NULL,
    response     BYTEA NOT NULL,
    created_time BIGINT NOT NULL,
    UNIQUE (caller, method, request_id)
);

-- Events that wait to be published, written with the change they tell of.
CREATE TABLE souk_outbox (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     BYTEA NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      BYTEA NOT NULL,
    created_time BIGINT NOT NULL
);

-- Events that were handled, so that a second delivery has no effect.
CREATE TABLE souk_inbox (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer     TEXT NOT NULL,
    event_id     BYTEA NOT NULL,
    created_time BIGINT NOT NULL,
    UNIQUE (consumer, event_id)
);

-- Keys that all replicas and all restarts share; `page` signs page tokens.
CREATE TABLE souk_keys (
    name   TEXT PRIMARY KEY,
    secret BYTEA NOT NULL
);

INSERT INTO souk_keys (name, secret)
VALUES ('page', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- What the triggers of append-only tables call.
CREATE FUNCTION souk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$;
