-- One row that every write of transfers changes first. So writes come one after another, whichever replica makes them,
-- no account need be locked or read again that this replica wrote last, and the version numbers the blocks of sequences.
CREATE TABLE book (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);

INSERT INTO book (id, version) SELECT 1, last_value / 8192 + 1 FROM transfer_block;

DROP SEQUENCE transfer_block;
