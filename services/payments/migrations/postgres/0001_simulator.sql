-- The book of the simulated provider: a database of its own, as a real provider's would be.

CREATE TABLE charges (
    payment_id BYTEA NOT NULL PRIMARY KEY,
    currency_code TEXT NOT NULL,
    -- The token it was last authorised with.
    method TEXT,
    -- 1 open, 2 waits for the customer, 3 held, 4 closed.
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    held_minor BIGINT NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    captured_minor BIGINT NOT NULL DEFAULT 0,
    refunded_minor BIGINT NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    fees_minor BIGINT NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- How many operations took effect.
    operations BIGINT NOT NULL DEFAULT 0,
    create_time BIGINT NOT NULL,
    CHECK (refunded_minor <= captured_minor)
);

-- Every operation that arrived, under its key, with the answer that a repeat gets.
CREATE TABLE operations (
    operation_key BYTEA NOT NULL PRIMARY KEY,
    payment_id BYTEA NOT NULL,
    operation BIGINT NOT NULL CHECK (operation BETWEEN 1 AND 5),
    amount_minor BIGINT NOT NULL,
    -- 1 approved, 2 declined, 3 the customer must act.
    answer BIGINT NOT NULL CHECK (answer BETWEEN 1 AND 3),
    fee_minor BIGINT NOT NULL,
    decline TEXT,
    is_retryable BIGINT NOT NULL,
    action_url TEXT,
    create_time BIGINT NOT NULL
);

CREATE TRIGGER operations_are_append_only BEFORE UPDATE OR DELETE ON operations
    FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();

-- Keys whose first request was lost on purpose; the next one arrives.
CREATE TABLE lost_requests (
    operation_key BYTEA NOT NULL PRIMARY KEY
);

-- What the next operations are to come to.
CREATE TABLE scripts (
    script_number BIGINT NOT NULL PRIMARY KEY,
    method TEXT,
    payment_id BYTEA,
    operation BIGINT,
    outcome BIGINT NOT NULL,
    CHECK ((method IS NULL) <> (payment_id IS NULL))
);
