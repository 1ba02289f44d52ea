-- The trace that an event belongs to, and why the bus refused it for good, if it did.
ALTER TABLE souk_outbox ADD COLUMN traceparent TEXT;
ALTER TABLE souk_outbox ADD COLUMN refused TEXT;

-- Which replica empties the outbox, so that events of one key leave in order.
CREATE TABLE souk_relay (
    name       TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    until_time BIGINT NOT NULL
);

INSERT INTO souk_relay (name, owner, until_time) VALUES ('outbox', '', 0);

-- Microseconds since 1970 by the clock of the database, which all replicas share.
CREATE FUNCTION souk_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint
$$;
