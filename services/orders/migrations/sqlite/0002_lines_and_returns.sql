-- An order shows its first lines and how many there are.
ALTER TABLE orders ADD COLUMN line_count INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET line_count = (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = orders.order_id);

-- Goods may come back for nothing, so a refund may be of 0. SQLite changes a CHECK by making the table again.
CREATE TABLE refunds_again (
    refund_id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL REFERENCES orders,
    refund_number INTEGER NOT NULL,
    request_key TEXT NOT NULL UNIQUE,
    request_hash BLOB NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    restock INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    UNIQUE (order_id, refund_number)
) STRICT;
INSERT INTO refunds_again (refund_id, order_id, refund_number, request_key, request_hash, state, amount_minor, restock,
        create_time, effective_time)
    SELECT refund_id, order_id, refund_number, request_key, request_hash, state, amount_minor, restock, create_time,
        effective_time FROM refunds;
CREATE TABLE refund_lines_again (
    refund_id BLOB NOT NULL REFERENCES refunds_again,
    line_number INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (refund_id, line_number)
) STRICT, WITHOUT ROWID;
INSERT INTO refund_lines_again (refund_id, line_number, quantity)
    SELECT refund_id, line_number, quantity FROM refund_lines;
DROP TABLE refund_lines;
DROP TABLE refunds;
ALTER TABLE refunds_again RENAME TO refunds;
ALTER TABLE refund_lines_again RENAME TO refund_lines;

ALTER TABLE order_lines ADD COLUMN returned_quantity INTEGER NOT NULL DEFAULT 0
    CHECK (returned_quantity BETWEEN 0 AND quantity);
UPDATE order_lines SET returned_quantity = (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS INTEGER)
    FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
    WHERE r.order_id = order_lines.order_id AND rl.line_number = order_lines.line_number AND r.state = 2 AND r.restock = 1)
    WHERE order_id IN (SELECT order_id FROM refunds WHERE restock = 1 AND state = 2);

-- An order that was paid back whole before its goods left kept its stock for ever. Its refund goes on, and releases it.
UPDATE sagas SET state = 1, step = 7, attempts = 0, due_time = 0, lease_owner = NULL
    WHERE state = 3 AND kind = 4 AND order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 5)
    AND order_id NOT IN (SELECT h.order_id FROM order_history h WHERE h.kind = 'fulfilled');
