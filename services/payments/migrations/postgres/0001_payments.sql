CREATE TABLE payments (
    payment_id BYTEA NOT NULL PRIMARY KEY,
    -- None in a tombstone: a payment that was voided before it arrived.
    order_id BYTEA,
    customer_id TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    authorized_minor BIGINT NOT NULL DEFAULT 0,
    captured_minor BIGINT NOT NULL DEFAULT 0,
    refunded_minor BIGINT NOT NULL DEFAULT 0,
    fees_minor BIGINT NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- As in the contract: 1 needs a method … 4 processing, 5 authorised, 6 captured, 7 canceled.
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 7),
    -- The provider's token. Never logged.
    method TEXT,
    decline TEXT,
    is_retryable BIGINT NOT NULL DEFAULT 0,
    action_url TEXT,
    -- The pending transfer in the ledger.
    hold_id BYTEA,
    -- How many attempts there are; the last is the one in flight.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- The operation slot: 0 free, 1 claimed until due_time, 2 left without an end, to be taken up at due_time or by the next call.
    slot BIGINT NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 2),
    -- Counts the claims; whoever was overtaken writes nothing.
    epoch BIGINT NOT NULL DEFAULT 0,
    due_time BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL,
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor),
    CHECK (captured_minor <= authorized_minor AND authorized_minor <= amount_minor),
    CHECK ((slot = 0) = (due_time IS NULL)),
    -- Processing means that an attempt is in flight.
    CHECK (state <> 4 OR slot > 0),
    CHECK (order_id IS NOT NULL OR state = 7)
);

CREATE INDEX payments_due ON payments (due_time) WHERE slot > 0;

-- Every attempt to have the provider do something, written before the call.
CREATE TABLE attempts (
    payment_id BYTEA NOT NULL REFERENCES payments,
    attempt_number BIGINT NOT NULL CHECK (attempt_number >= 1),
    kind BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 6),
    -- 1 calling, 2 unknown, 3 ledger due, 4 succeeded, 5 declined, 6 action required, 7 superseded.
    stage BIGINT NOT NULL CHECK (stage BETWEEN 1 AND 7),
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    rest_minor BIGINT NOT NULL CHECK (rest_minor >= 0),
    hold_id BYTEA,
    makes_hold BIGINT NOT NULL,
    -- Of a capture: its key for ever, and what was asked for.
    request_id TEXT,
    asked_minor BIGINT,
    is_final BIGINT NOT NULL,
    refund_id BYTEA,
    fee_minor BIGINT NOT NULL DEFAULT 0,
    decline TEXT,
    is_retryable BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    create_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL,
    PRIMARY KEY (payment_id, attempt_number)
);

CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts
    FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();

CREATE TABLE refunds (
    refund_id BYTEA NOT NULL PRIMARY KEY,
    payment_id BYTEA NOT NULL REFERENCES payments,
    currency_code TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    -- 1 pending, 2 succeeded, 3 failed.
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    attempt_number BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL
);

CREATE INDEX refunds_of_payment ON refunds (payment_id, refund_id);
