-- An order shows its first lines and how many there are.
ALTER TABLE orders ADD COLUMN line_count BIGINT NOT NULL DEFAULT 0;
UPDATE orders SET line_count = (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = orders.order_id);

-- Goods may come back for nothing, so a refund may be of 0.
ALTER TABLE refunds DROP CONSTRAINT refunds_amount_minor_check;
ALTER TABLE refunds ADD CONSTRAINT refunds_amount_minor_check CHECK (amount_minor >= 0);

ALTER TABLE order_lines ADD COLUMN returned_quantity BIGINT NOT NULL DEFAULT 0
    CHECK (returned_quantity BETWEEN 0 AND quantity);
UPDATE order_lines SET returned_quantity = (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT)
    FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id
    WHERE r.order_id = order_lines.order_id AND rl.line_number = order_lines.line_number AND r.state = 2 AND r.restock = 1)
    WHERE order_id IN (SELECT order_id FROM refunds WHERE restock = 1 AND state = 2);

-- An order that was paid back whole before its goods left kept its stock for ever. Its refund goes on, and releases it.
UPDATE sagas SET state = 1, step = 7, attempts = 0, due_time = 0, lease_owner = NULL
    WHERE state = 3 AND kind = 4 AND order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 5)
    AND order_id NOT IN (SELECT h.order_id FROM order_history h WHERE h.kind = 'fulfilled');
