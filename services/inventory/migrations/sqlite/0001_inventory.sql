-- Places that hold stock. They are never deleted.
CREATE TABLE location (
    location_id TEXT NOT NULL PRIMARY KEY,
    title       TEXT NOT NULL,
    create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO location (location_id, title, create_time) VALUES ('main', 'Main', CAST(strftime('%s', 'now') AS INTEGER) * 1000000);

-- What is where. Rows are never deleted.
CREATE TABLE stock (
    sku         TEXT NOT NULL,
    location_id TEXT NOT NULL,
    on_hand     INTEGER NOT NULL,
    reserved    INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    PRIMARY KEY (sku, location_id),
    CONSTRAINT stock_is_not_over_promised CHECK (0 <= reserved AND reserved <= on_hand)
) STRICT, WITHOUT ROWID;

-- The number, and not the id that a caller chose, is what other rows refer to: it grows, so that they are written side by side.
CREATE TABLE reservation (
    number         INTEGER PRIMARY KEY,
    reservation_id BLOB NOT NULL UNIQUE CHECK (length(reservation_id) = 16),
    state          INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    expire_time    INTEGER NOT NULL,
    create_time    INTEGER NOT NULL,
    update_time    INTEGER NOT NULL
) STRICT;

-- The work list of the expiry: holds (state 1) by the end of their time.
CREATE INDEX reservation_due ON reservation (expire_time) WHERE state = 1;

-- What a list by state and the retention walk along.
CREATE INDEX reservation_by_state ON reservation (state, update_time, number);

CREATE TABLE reservation_line (
    reservation INTEGER NOT NULL,
    sku         TEXT NOT NULL,
    location_id TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    returned    INTEGER NOT NULL CHECK (0 <= returned AND returned <= quantity),
    PRIMARY KEY (reservation, sku, location_id)
) STRICT, WITHOUT ROWID;

-- Every change of every stock, for ever.
CREATE TABLE movement (
    number          INTEGER PRIMARY KEY,
    movement_id     BLOB NOT NULL CHECK (length(movement_id) = 16),
    sku             TEXT NOT NULL,
    location_id     TEXT NOT NULL,
    kind            INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
    on_hand_change  INTEGER NOT NULL,
    reserved_change INTEGER NOT NULL,
    reservation_id  BLOB,
    create_time     INTEGER NOT NULL,
    effective_time  INTEGER NOT NULL,
    note            TEXT NOT NULL
) STRICT;

CREATE INDEX movement_by_sku ON movement (sku, number);

CREATE TRIGGER movement_never_changes BEFORE UPDATE ON movement
BEGIN SELECT RAISE(ABORT, 'table movement is append-only'); END;

CREATE TRIGGER movement_is_never_deleted BEFORE DELETE ON movement
BEGIN SELECT RAISE(ABORT, 'table movement is append-only'); END;
