-- The book of the simulated provider: a database of its own, as a real provider's would be.

CREATE TABLE charges (
    payment_id BLOB NOT NULL PRIMARY KEY,
    currency_code TEXT NOT NULL,
    -- The token it was last authorised with.
    method TEXT,
    -- 1 open, 2 waits for the customer, 3 held, 4 closed.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    held_minor INTEGER NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    captured_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    fees_minor INTEGER NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- How many operations took effect.
    operations INTEGER NOT NULL DEFAULT 0,
    create_time INTEGER NOT NULL,
    CHECK (refunded_minor <= captured_minor)
) STRICT, WITHOUT ROWID;

-- Every operation that arrived, under its key, with the answer that a repeat gets.
CREATE TABLE operations (
    operation_key BLOB NOT NULL PRIMARY KEY,
    payment_id BLOB NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 1 AND 5),
    amount_minor INTEGER NOT NULL,
    -- 1 approved, 2 declined, 3 the customer must act.
    answer INTEGER NOT NULL CHECK (answer BETWEEN 1 AND 3),
    fee_minor INTEGER NOT NULL,
    decline TEXT,
    is_retryable INTEGER NOT NULL,
    action_url TEXT,
    create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER operations_are_not_changed BEFORE UPDATE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;
CREATE TRIGGER operations_are_not_deleted BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;

-- Keys whose first request was lost on purpose; the next one arrives.
CREATE TABLE lost_requests (
    operation_key BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What the next operations are to come to.
CREATE TABLE scripts (
    script_number INTEGER NOT NULL PRIMARY KEY,
    method TEXT,
    payment_id BLOB,
    operation INTEGER,
    outcome INTEGER NOT NULL,
    CHECK ((method IS NULL) <> (payment_id IS NULL))
) STRICT;
