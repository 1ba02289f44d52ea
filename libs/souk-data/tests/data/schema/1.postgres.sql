CREATE TABLE items (
    id           BIGINT PRIMARY KEY,
    number       BIGINT NOT NULL,
    name         TEXT NOT NULL,
    data         BYTEA NOT NULL,
    maybe_number BIGINT,
    maybe_name   TEXT,
    maybe_data   BYTEA
);
CREATE TABLE orders (
    id          BYTEA NOT NULL PRIMARY KEY,
    event_id    BYTEA,
    placed_time BIGINT NOT NULL,
    paid_time   BIGINT,
    mood        BIGINT NOT NULL,
    mood_before BIGINT
);
CREATE TABLE counters (id BIGINT PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));
CREATE TABLE children (
    id     BIGINT PRIMARY KEY,
    parent BIGINT NOT NULL REFERENCES counters (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE lists (id BIGINT PRIMARY KEY, elements TEXT NOT NULL);
CREATE TABLE diary (id BIGINT PRIMARY KEY, line TEXT NOT NULL);
