CREATE TABLE orders (
    order_id BLOB NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    total_minor INTEGER,
    refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    reason TEXT,
    reason_facts TEXT,
    version INTEGER NOT NULL CHECK (version >= 1),
    is_quarantined INTEGER NOT NULL DEFAULT 0,
    action_url TEXT,
    -- Who asked, and under which request id: the order's key for ever.
    request_key TEXT NOT NULL UNIQUE,
    request_hash BLOB NOT NULL,
    -- What was asked, until the prices are frozen or the order has ended; the payment method until it is authorised.
    wishes BLOB,
    payment_method TEXT,
    expected_minor INTEGER,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    CHECK (total_minor IS NULL OR refunded_minor <= total_minor)
) STRICT;

CREATE INDEX orders_of_customer ON orders (customer_id, order_id);
CREATE INDEX orders_quarantined ON orders (order_id) WHERE is_quarantined = 1;

CREATE TABLE order_lines (
    order_id BLOB NOT NULL REFERENCES orders,
    line_number INTEGER NOT NULL,
    sku TEXT NOT NULL,
    price_id BLOB NOT NULL,
    title TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    unit_minor INTEGER NOT NULL CHECK (unit_minor >= 0),
    refunded_quantity INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_number),
    CHECK (refunded_quantity BETWEEN 0 AND quantity)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunds (
    refund_id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL REFERENCES orders,
    refund_number INTEGER NOT NULL,
    request_key TEXT NOT NULL UNIQUE,
    request_hash BLOB NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    restock INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    UNIQUE (order_id, refund_number)
) STRICT;

CREATE TABLE refund_lines (
    refund_id BLOB NOT NULL REFERENCES refunds,
    line_number INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (refund_id, line_number)
) STRICT, WITHOUT ROWID;

-- Every version of every order, for WatchOrder and the audit. Append-only.
CREATE TABLE order_history (
    order_id BLOB NOT NULL REFERENCES orders,
    version INTEGER NOT NULL,
    state INTEGER NOT NULL,
    kind TEXT NOT NULL,
    refunded_minor INTEGER NOT NULL,
    change_time INTEGER NOT NULL,
    PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

-- The saga that is under way on an order, or the last that was.
CREATE TABLE sagas (
    order_id BLOB NOT NULL PRIMARY KEY REFERENCES orders,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
    -- 1 running, 2 quarantined, 3 ended.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    step INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    taking_back TEXT,
    refund_id BLOB,
    failure TEXT,
    -- How many entries the journal has.
    entries INTEGER NOT NULL DEFAULT 0,
    effective_time INTEGER NOT NULL,
    give_up_time INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    -- The saga is free for any replica to take once this has passed: the end of a lease, or of a pause.
    due_time INTEGER NOT NULL,
    lease_owner TEXT,
    lease_epoch INTEGER NOT NULL
) STRICT;

CREATE INDEX sagas_due ON sagas (due_time) WHERE state = 1;

-- Every step of every saga of an order, as it was decided. Append-only.
CREATE TABLE journal (
    order_id BLOB NOT NULL REFERENCES orders,
    entry INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    step INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    lease_epoch INTEGER NOT NULL,
    entry_time INTEGER NOT NULL,
    PRIMARY KEY (order_id, entry)
) STRICT, WITHOUT ROWID;
