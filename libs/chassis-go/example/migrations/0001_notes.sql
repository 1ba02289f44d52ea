CREATE TABLE notes (
    number INTEGER PRIMARY KEY,
    note_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    text TEXT NOT NULL,
    create_time INTEGER NOT NULL
) STRICT;

CREATE INDEX notes_of_customer ON notes (customer_id, number);
