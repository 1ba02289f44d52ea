CREATE TABLE entries (
    number BIGINT PRIMARY KEY, text TEXT NOT NULL, author TEXT NOT NULL, origin TEXT NOT NULL
);
