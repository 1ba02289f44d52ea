CREATE TABLE orders (
    order_id BYTEA NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 7),
    total_minor BIGINT,
    refunded_minor BIGINT NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    reason TEXT,
    reason_facts TEXT,
    version BIGINT NOT NULL CHECK (version >= 1),
    is_quarantined BIGINT NOT NULL DEFAULT 0,
    action_url TEXT,
    -- Who asked, and under which request id: the order's key for ever.
    request_key TEXT NOT NULL UNIQUE,
    request_hash BYTEA NOT NULL,
    -- What was asked, until the prices are frozen or the order has ended; the payment method until it is authorised.
    wishes BYTEA,
    payment_method TEXT,
    expected_minor BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL,
    CHECK (total_minor IS NULL OR refunded_minor <= total_minor)
);

CREATE INDEX orders_of_customer ON orders (customer_id, order_id);
CREATE INDEX orders_quarantined ON orders (order_id) WHERE is_quarantined = 1;

CREATE TABLE order_lines (
    order_id BYTEA NOT NULL REFERENCES orders,
    line_number BIGINT NOT NULL,
    sku TEXT NOT NULL,
    price_id BYTEA NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 1),
    unit_minor BIGINT NOT NULL CHECK (unit_minor >= 0),
    refunded_quantity BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_number),
    CHECK (refunded_quantity BETWEEN 0 AND quantity)
);

CREATE TABLE refunds (
    refund_id BYTEA NOT NULL PRIMARY KEY,
    order_id BYTEA NOT NULL REFERENCES orders,
    refund_number BIGINT NOT NULL,
    request_key TEXT NOT NULL UNIQUE,
    request_hash BYTEA NOT NULL,
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    restock BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL,
    UNIQUE (order_id, refund_number)
);

CREATE TABLE refund_lines (
    refund_id BYTEA NOT NULL REFERENCES refunds,
    line_number BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (refund_id, line_number)
);

-- Every version of every order, for WatchOrder and the audit. Append-only.
CREATE TABLE order_history (
    order_id BYTEA NOT NULL REFERENCES orders,
    version BIGINT NOT NULL,
    state BIGINT NOT NULL,
    kind TEXT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    change_time BIGINT NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- The saga that is under way on an order, or the last that was.
CREATE TABLE sagas (
    order_id BYTEA NOT NULL PRIMARY KEY REFERENCES orders,
    kind BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 4),
    -- 1 running, 2 quarantined, 3 ended.
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    step BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    taking_back TEXT,
    refund_id BYTEA,
    failure TEXT,
    -- How many entries the journal has.
    entries BIGINT NOT NULL DEFAULT 0,
    effective_time BIGINT NOT NULL,
    give_up_time BIGINT NOT NULL,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    -- The saga is free for any replica to take once this has passed: the end of a lease, or of a pause.
    due_time BIGINT NOT NULL,
    lease_owner TEXT,
    lease_epoch BIGINT NOT NULL
);

CREATE INDEX sagas_due ON sagas (due_time) WHERE state = 1;

-- Every step of every saga of an order, as it was decided. Append-only.
CREATE TABLE journal (
    order_id BYTEA NOT NULL REFERENCES orders,
    entry BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    step BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    lease_epoch BIGINT NOT NULL,
    entry_time BIGINT NOT NULL,
    PRIMARY KEY (order_id, entry)
);
