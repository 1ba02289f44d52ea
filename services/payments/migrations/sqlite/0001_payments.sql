CREATE TABLE payments (
    payment_id BLOB NOT NULL PRIMARY KEY,
    -- None in a tombstone: a payment that was voided before it arrived.
    order_id BLOB,
    customer_id TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    authorized_minor INTEGER NOT NULL DEFAULT 0,
    captured_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    fees_minor INTEGER NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- As in the contract: 1 needs a method … 4 processing, 5 authorised, 6 captured, 7 canceled.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    -- The provider's token. Never logged.
    method TEXT,
    decline TEXT,
    is_retryable INTEGER NOT NULL DEFAULT 0,
    action_url TEXT,
    -- The pending transfer in the ledger.
    hold_id BLOB,
    -- How many attempts there are; the last is the one in flight.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The operation slot: 0 free, 1 claimed until due_time, 2 left without an end, to be taken up at due_time or by the next call.
    slot INTEGER NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 2),
    -- Counts the claims; whoever was overtaken writes nothing.
    epoch INTEGER NOT NULL DEFAULT 0,
    due_time INTEGER,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor),
    CHECK (captured_minor <= authorized_minor AND authorized_minor <= amount_minor),
    CHECK ((slot = 0) = (due_time IS NULL)),
    -- Processing means that an attempt is in flight.
    CHECK (state <> 4 OR slot > 0),
    CHECK (order_id IS NOT NULL OR state = 7)
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_due ON payments (due_time) WHERE slot > 0;

-- Every attempt to have the provider do something, written before the call.
CREATE TABLE attempts (
    payment_id BLOB NOT NULL REFERENCES payments,
    attempt_number INTEGER NOT NULL CHECK (attempt_number >= 1),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),
    -- 1 calling, 2 unknown, 3 ledger due, 4 succeeded, 5 declined, 6 action required, 7 superseded.
    stage INTEGER NOT NULL CHECK (stage BETWEEN 1 AND 7),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    rest_minor INTEGER NOT NULL CHECK (rest_minor >= 0),
    hold_id BLOB,
    makes_hold INTEGER NOT NULL,
    -- Of a capture: its key for ever, and what was asked for.
    request_id TEXT,
    asked_minor INTEGER,
    is_final INTEGER NOT NULL,
    refund_id BLOB,
    fee_minor INTEGER NOT NULL DEFAULT 0,
    decline TEXT,
    is_retryable INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    PRIMARY KEY (payment_id, attempt_number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are kept for ever'); END;

CREATE TABLE refunds (
    refund_id BLOB NOT NULL PRIMARY KEY,
    payment_id BLOB NOT NULL REFERENCES payments,
    currency_code TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    -- 1 pending, 2 succeeded, 3 failed.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    attempt_number INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_of_payment ON refunds (payment_id, refund_id);
