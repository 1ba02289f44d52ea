CREATE TABLE entries (
    seq           INTEGER PRIMARY KEY,
    entry_id      TEXT NOT NULL UNIQUE,
    customer_id   TEXT NOT NULL,
    text          TEXT NOT NULL,
    create_micros INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_of_customer ON entries (customer_id, seq);
