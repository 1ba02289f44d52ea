CREATE TABLE items (
    id           INTEGER PRIMARY KEY,
    number       INTEGER NOT NULL,
    name         TEXT NOT NULL,
    data         BLOB NOT NULL,
    maybe_number INTEGER,
    maybe_name   TEXT,
    maybe_data   BLOB
) STRICT;
CREATE TABLE orders (
    id          BLOB NOT NULL PRIMARY KEY,
    event_id    BLOB,
    placed_time INTEGER NOT NULL,
    paid_time   INTEGER,
    mood        INTEGER NOT NULL,
    mood_before INTEGER
) STRICT;
CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER NOT NULL CHECK (value >= 0)) STRICT;
CREATE TABLE children (
    id     INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL REFERENCES counters (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE lists (id INTEGER PRIMARY KEY, elements TEXT NOT NULL) STRICT;
CREATE TABLE diary (id INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;
