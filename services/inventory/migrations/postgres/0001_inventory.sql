-- Places that hold stock. They are never deleted.
CREATE TABLE location (
    location_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title       TEXT NOT NULL,
    create_time BIGINT NOT NULL
);

INSERT INTO location (location_id, title, create_time) VALUES ('main', 'Main', CAST(extract(epoch FROM now()) AS BIGINT) * 1000000);

-- What is where. Rows are never deleted. Collation "C" sorts by bytes, as SQLite and the program do: one lock order for all.
-- Pages are left part empty, so that a changed row finds room beside its old version and no index is touched.
CREATE TABLE stock (
    sku         TEXT COLLATE "C" NOT NULL,
    location_id TEXT COLLATE "C" NOT NULL,
    on_hand     BIGINT NOT NULL,
    reserved    BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    PRIMARY KEY (sku, location_id),
    CONSTRAINT stock_is_not_over_promised CHECK (0 <= reserved AND reserved <= on_hand)
) WITH (fillfactor = 50);

-- The number, and not the id that a caller chose, is what other rows refer to: it grows, so that they are written side by side.
CREATE TABLE reservation (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id BYTEA NOT NULL UNIQUE CHECK (length(reservation_id) = 16),
    state          BIGINT NOT NULL CHECK (state BETWEEN 1 AND 5),
    expire_time    BIGINT NOT NULL,
    create_time    BIGINT NOT NULL,
    update_time    BIGINT NOT NULL
);

-- The work list of the expiry: holds (state 1) by the end of their time.
CREATE INDEX reservation_due ON reservation (expire_time) WHERE state = 1;

-- What a list by state and the retention walk along.
CREATE INDEX reservation_by_state ON reservation (state, update_time, number);

CREATE TABLE reservation_line (
    reservation BIGINT NOT NULL,
    sku         TEXT COLLATE "C" NOT NULL,
    location_id TEXT COLLATE "C" NOT NULL,
    quantity    BIGINT NOT NULL CHECK (quantity > 0),
    returned    BIGINT NOT NULL CHECK (0 <= returned AND returned <= quantity),
    PRIMARY KEY (reservation, sku, location_id)
);

-- Every change of every stock, for ever.
CREATE TABLE movement (
    number          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movement_id     BYTEA NOT NULL CHECK (length(movement_id) = 16),
    sku             TEXT COLLATE "C" NOT NULL,
    location_id     TEXT COLLATE "C" NOT NULL,
    kind            BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 7),
    on_hand_change  BIGINT NOT NULL,
    reserved_change BIGINT NOT NULL,
    reservation_id  BYTEA,
    create_time     BIGINT NOT NULL,
    effective_time  BIGINT NOT NULL,
    note            TEXT NOT NULL
);

CREATE INDEX movement_by_sku ON movement (sku, number);

CREATE TRIGGER movement_never_changes BEFORE UPDATE OR DELETE ON movement
FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();

CREATE TRIGGER movement_is_never_emptied BEFORE TRUNCATE ON movement
FOR EACH STATEMENT EXECUTE FUNCTION souk_refuse_change();
