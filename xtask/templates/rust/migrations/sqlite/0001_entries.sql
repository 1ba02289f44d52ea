-- What users wrote down. Rows never change; the number is the order in which they were written.
CREATE TABLE entry (
    number      INTEGER PRIMARY KEY,
    entry_id    BLOB NOT NULL UNIQUE CHECK (length(entry_id) = 16),
    user_id     TEXT NOT NULL,
    text        TEXT NOT NULL,
    create_time INTEGER NOT NULL
) STRICT;

CREATE INDEX entry_of_user ON entry (user_id, number);
