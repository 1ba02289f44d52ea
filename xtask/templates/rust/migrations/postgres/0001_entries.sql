-- What users wrote down. Rows never change; the number is the order in which they were written.
CREATE TABLE entry (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id    BYTEA NOT NULL UNIQUE CHECK (length(entry_id) = 16),
    user_id     TEXT COLLATE "C" NOT NULL,
    text        TEXT NOT NULL,
    create_time BIGINT NOT NULL
);

CREATE INDEX entry_of_user ON entry (user_id, number);
