-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: orders
-- checksum e99be2a51505f7fb5c3bd1149e37d65ee48ee7377cffe471d934194cb72c0a41
CREATE TABLE "orders" ( "order_id" blob NOT NULL PRIMARY KEY, "customer_id" text NOT NULL, "reference" text NOT NULL, "currency_code" text NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 7), "total_minor" integer NULL, "refunded_minor" integer NOT NULL DEFAULT 0 CHECK ("refunded_minor" >= 0), "reason" text NULL, "reason_facts" text NULL, "version" integer NOT NULL CHECK ("version" >= 1), "is_quarantined" integer NOT NULL DEFAULT 0, "action_url" text NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "wishes" blob NULL, "payment_method" text NULL, "expected_minor" integer NULL, "create_time" integer NOT NULL, "update_time" integer NOT NULL, "effective_time" integer NOT NULL, CHECK (total_minor IS NULL OR refunded_minor <= total_minor) ) STRICT;
CREATE INDEX "orders_of_customer" ON "orders" ("customer_id", "order_id");
CREATE INDEX "orders_quarantined" ON "orders" ("order_id") WHERE "is_quarantined" = 1;
CREATE TABLE "order_lines" ( "order_id" blob NOT NULL, "line_number" integer NOT NULL, "sku" text NOT NULL, "price_id" blob NOT NULL, "title" text NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" >= 1), "unit_minor" integer NOT NULL CHECK ("unit_minor" >= 0), "refunded_quantity" integer NOT NULL DEFAULT 0, PRIMARY KEY ("order_id", "line_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id"), CHECK (refunded_quantity BETWEEN 0 AND quantity) ) STRICT, WITHOUT ROWID;
CREATE TABLE "refunds" ( "refund_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "refund_number" integer NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "amount_minor" integer NOT NULL CHECK ("amount_minor" > 0), "restock" integer NOT NULL, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, UNIQUE ("order_id", "refund_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
CREATE TABLE "refund_lines" ( "refund_id" blob NOT NULL, "line_number" integer NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" >= 1), PRIMARY KEY ("refund_id", "line_number"), FOREIGN KEY ("refund_id") REFERENCES "refunds" ("refund_id") ) STRICT, WITHOUT ROWID;
CREATE TABLE "order_history" ( "order_id" blob NOT NULL, "version" integer NOT NULL, "state" integer NOT NULL, "kind" text NOT NULL, "refunded_minor" integer NOT NULL, "change_time" integer NOT NULL, PRIMARY KEY ("order_id", "version"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT, WITHOUT ROWID;
CREATE TABLE "sagas" ( "order_id" blob NOT NULL PRIMARY KEY, "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 4), "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "step" integer NOT NULL, "attempts" integer NOT NULL DEFAULT 0, "taking_back" text NULL, "refund_id" blob NULL, "failure" text NULL, "entries" integer NOT NULL DEFAULT 0, "effective_time" integer NOT NULL, "give_up_time" integer NOT NULL, "cancel_requested" integer NOT NULL DEFAULT 0, "due_time" integer NOT NULL, "lease_owner" text NULL, "lease_epoch" integer NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
CREATE INDEX "sagas_due" ON "sagas" ("due_time") WHERE "state" = 1;
CREATE TABLE "journal" ( "order_id" blob NOT NULL, "entry" integer NOT NULL, "kind" integer NOT NULL, "step" integer NOT NULL, "outcome" text NOT NULL, "lease_epoch" integer NOT NULL, "entry_time" integer NOT NULL, PRIMARY KEY ("order_id", "entry"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT, WITHOUT ROWID;
CREATE TRIGGER order_history_is_not_changed BEFORE UPDATE ON order_history BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE TRIGGER order_history_is_not_deleted BEFORE DELETE ON order_history BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;

-- 2: lines and returns
-- checksum f43cb81778dab96d050611dd3900bcde8d2f5e1f46059c0412e46757cead9db1
ALTER TABLE "orders" ADD COLUMN "line_count" integer NOT NULL DEFAULT 0;
UPDATE orders SET line_count = (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = orders.order_id);
CREATE TABLE "refunds_again" ( "refund_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "refund_number" integer NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 0), "restock" integer NOT NULL, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, UNIQUE ("order_id", "refund_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
INSERT INTO refunds_again SELECT * FROM refunds;
CREATE TABLE "refund_lines_again" ( "refund_id" blob NOT NULL, "line_number" integer NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" >= 1), PRIMARY KEY ("refund_id", "line_number"), FOREIGN KEY ("refund_id") REFERENCES "refunds_again" ("refund_id") ) STRICT, WITHOUT ROWID;
INSERT INTO refund_lines_again SELECT * FROM refund_lines;
DROP TABLE refund_lines;
DROP TABLE refunds;
ALTER TABLE refunds_again RENAME TO refunds;
ALTER TABLE refund_lines_again RENAME TO refund_lines;
ALTER TABLE "order_lines" ADD COLUMN "returned_quantity" integer NOT NULL DEFAULT 0 CHECK (returned_quantity BETWEEN 0 AND quantity);
UPDATE order_lines SET returned_quantity = (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id WHERE r.order_id = order_lines.order_id AND rl.line_number = order_lines.line_number AND r.state = 2 AND r.restock = 1) WHERE order_id IN (SELECT order_id FROM refunds WHERE restock = 1 AND state = 2);
UPDATE sagas SET state = 1, step = 7, attempts = 0, due_time = 0, lease_owner = NULL WHERE state = 3 AND kind = 4 AND order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 5) AND order_id NOT IN (SELECT h.order_id FROM order_history h WHERE h.kind = 'fulfilled');

-- 3: axes, totals and actors
-- checksum 4d0c872b7786d5f24c00c8952f33db745e33b9c162e0e0ddc5a10d4c506fbe0f
ALTER TABLE "orders" ADD COLUMN "payment_status" integer NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "fulfillment_status" integer NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "order_number" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "channel" text NOT NULL DEFAULT 'default';
ALTER TABLE "orders" ADD COLUMN "locale" text NOT NULL DEFAULT '';
ALTER TABLE "orders" ADD COLUMN "subtotal_minor" integer NULL;
ALTER TABLE "orders" ADD COLUMN "discount_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "shipping_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "tax_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "decline" text NULL;
ALTER TABLE "orders" ADD COLUMN "payment_tries" integer NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "action_expire_time" integer NULL;
ALTER TABLE "orders" ADD COLUMN "expire_time" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "return_url" text NULL;
ALTER TABLE "orders" ADD COLUMN "contact" blob NULL;
ALTER TABLE "orders" ADD COLUMN "shipping_address" blob NULL;
ALTER TABLE "orders" ADD COLUMN "billing_address" blob NULL;
ALTER TABLE "orders" ADD COLUMN "customer_note" text NOT NULL DEFAULT '';
ALTER TABLE "orders" ADD COLUMN "metadata" text NULL;
ALTER TABLE "orders" ADD COLUMN "capture_method" integer NOT NULL DEFAULT 1;
ALTER TABLE "order_lines" ADD COLUMN "product_id" blob NULL;
ALTER TABLE "order_lines" ADD COLUMN "variant_id" blob NULL;
ALTER TABLE "order_history" ADD COLUMN "payment_status" integer NOT NULL DEFAULT 1;
ALTER TABLE "order_history" ADD COLUMN "fulfillment_status" integer NOT NULL DEFAULT 1;
ALTER TABLE "order_history" ADD COLUMN "previous_state" integer NULL;
ALTER TABLE "order_history" ADD COLUMN "previous_payment_status" integer NULL;
ALTER TABLE "order_history" ADD COLUMN "previous_fulfillment_status" integer NULL;
ALTER TABLE "order_history" ADD COLUMN "cause" integer NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "order_history" ADD COLUMN "cancel_reason" integer NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "note" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "cancel_actor" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "cancel_reason" integer NOT NULL DEFAULT 0;
ALTER TABLE "sagas" ADD COLUMN "cancel_note" text NOT NULL DEFAULT '';
ALTER TABLE "journal" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "refunds" ADD COLUMN "reason" integer NOT NULL DEFAULT 0;
ALTER TABLE "refunds" ADD COLUMN "note" text NOT NULL DEFAULT '';
ALTER TABLE "refunds" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "refund_lines" ADD COLUMN "amount_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "refund_lines" ADD COLUMN "restock" integer NOT NULL DEFAULT 0;
ALTER TABLE "refund_lines" ADD COLUMN "is_refunded" integer NOT NULL DEFAULT 0;
UPDATE orders SET subtotal_minor = total_minor, expire_time = create_time + 960000000, reason = CASE WHEN state = 5 AND NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 'REFUNDED' WHEN reason = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED' THEN 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' ELSE reason END, payment_status = CASE WHEN state = 1 AND action_url IS NOT NULL THEN 2 WHEN state IN (1, 7) THEN 1 WHEN state = 2 THEN 3 WHEN state = 5 THEN 7 WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'paid') THEN 7 WHEN state = 6 THEN 8 WHEN refunded_minor > 0 THEN 6 ELSE 5 END, fulfillment_status = CASE WHEN NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 1 WHEN NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.order_id AND l.returned_quantity > 0) THEN 3 WHEN EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.order_id AND l.returned_quantity < l.quantity) THEN 5 ELSE 6 END;
UPDATE orders SET refunded_minor = total_minor WHERE state = 6 AND payment_status = 7;
UPDATE orders SET state = CASE WHEN state = 3 THEN 2 WHEN fulfillment_status = 1 THEN 6 ELSE 4 END WHERE state IN (3, 5);
UPDATE sagas SET taking_back = 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' WHERE taking_back = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED';
UPDATE orders SET order_number = numbered.number FROM (SELECT order_id, ROW_NUMBER() OVER (ORDER BY order_id) + 1000 AS number FROM orders) AS numbered WHERE numbered.order_id = orders.order_id;
CREATE TABLE "order_numbers" ( "id" integer NOT NULL PRIMARY KEY CHECK ("id" = 1), "next_number" integer NOT NULL ) STRICT;
INSERT INTO order_numbers (id, next_number) SELECT 1, COALESCE(MAX(order_number), 1000) + 1 FROM orders;
DROP TRIGGER order_history_is_not_changed;
UPDATE order_history SET payment_status = CASE WHEN kind = 'action_needed' THEN 2 WHEN state IN (1, 7) THEN 1 WHEN state = 2 THEN 3 WHEN state = 5 THEN 7 WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history p WHERE p.order_id = order_history.order_id AND p.kind = 'paid' AND p.version < order_history.version) THEN 7 WHEN state = 6 THEN 8 WHEN refunded_minor > 0 THEN 6 ELSE 5 END, fulfillment_status = CASE WHEN EXISTS (SELECT 1 FROM order_history f WHERE f.order_id = order_history.order_id AND f.kind = 'fulfilled' AND f.version <= order_history.version) THEN 3 ELSE 1 END;
UPDATE order_history SET kind = CASE WHEN kind = 'action_needed' THEN 'payment_action_required' ELSE kind END, state = CASE WHEN state = 3 THEN 2 WHEN state = 5 AND fulfillment_status = 1 THEN 6 WHEN state = 5 THEN 4 ELSE state END, refunded_minor = CASE WHEN state = 6 AND payment_status = 7 THEN (SELECT o.refunded_minor FROM orders o WHERE o.order_id = order_history.order_id) ELSE refunded_minor END;
UPDATE order_history SET payment_status = o.payment_status, fulfillment_status = o.fulfillment_status FROM orders AS o WHERE o.order_id = order_history.order_id AND o.version = order_history.version;
UPDATE order_history SET previous_state = p.state, previous_payment_status = p.payment_status, previous_fulfillment_status = p.fulfillment_status FROM order_history AS p WHERE p.order_id = order_history.order_id AND p.version = order_history.version - 1;
CREATE TRIGGER order_history_is_not_changed BEFORE UPDATE ON order_history BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
UPDATE refund_lines SET restock = r.restock, is_refunded = CASE WHEN r.amount_minor > 0 THEN 1 ELSE 0 END FROM refunds AS r WHERE r.refund_id = refund_lines.refund_id;
UPDATE refund_lines SET amount_minor = CASE WHEN filled.amount_left <= 0 THEN 0 WHEN filled.amount_left < filled.price THEN filled.amount_left ELSE filled.price END FROM (SELECT rl.refund_id, rl.line_number, rl.quantity * l.unit_minor AS price, r.amount_minor + rl.quantity * l.unit_minor - CAST(SUM(rl.quantity * l.unit_minor) OVER (PARTITION BY rl.refund_id ORDER BY rl.line_number) AS BIGINT) AS amount_left FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id JOIN order_lines l ON l.order_id = r.order_id AND l.line_number = rl.line_number) AS filled WHERE filled.refund_id = refund_lines.refund_id AND filled.line_number = refund_lines.line_number;
ALTER TABLE refunds DROP COLUMN restock;
CREATE UNIQUE INDEX "orders_by_number" ON "orders" ("order_number");
CREATE INDEX "orders_in_state" ON "orders" ("state", "order_id");
CREATE INDEX "orders_by_payment_status" ON "orders" ("payment_status", "order_id");
CREATE INDEX "orders_by_fulfillment_status" ON "orders" ("fulfillment_status", "order_id");
CREATE INDEX "orders_by_reference" ON "orders" ("reference", "order_id") WHERE "reference" <> '';
CREATE INDEX "orders_of_channel" ON "orders" ("channel", "order_id") WHERE "channel" <> 'default';

-- 4: fulfillments, captures and cancellations in parts
-- checksum 228ba2317bcef124b8d4071eea4504e114385ae6701ffb9a10003825783f1888
ALTER TABLE "orders" ADD COLUMN "captured_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "given_back_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "canceled_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "fulfillment_count" integer NOT NULL DEFAULT 0;
ALTER TABLE "order_lines" ADD COLUMN "fulfilled_quantity" integer NOT NULL DEFAULT 0 CHECK (fulfilled_quantity >= 0);
ALTER TABLE "order_lines" ADD COLUMN "canceled_quantity" integer NOT NULL DEFAULT 0 CHECK (canceled_quantity >= 0 AND fulfilled_quantity + canceled_quantity <= quantity);
ALTER TABLE "order_lines" ADD COLUMN "canceled_minor" integer NOT NULL DEFAULT 0 CHECK (canceled_minor >= 0);
ALTER TABLE "order_history" ADD COLUMN "canceled_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "captured_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "fulfillment_id" blob NULL;
ALTER TABLE "sagas" ADD COLUMN "capture_id" blob NULL;
ALTER TABLE "sagas" ADD COLUMN "capture_minor" integer NULL;
CREATE TABLE "sagas_again" ( "order_id" blob NOT NULL PRIMARY KEY, "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 6), "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "step" integer NOT NULL, "attempts" integer NOT NULL DEFAULT 0, "taking_back" text NULL, "refund_id" blob NULL, "failure" text NULL, "entries" integer NOT NULL DEFAULT 0, "effective_time" integer NOT NULL, "give_up_time" integer NOT NULL, "cancel_requested" integer NOT NULL DEFAULT 0, "due_time" integer NOT NULL, "lease_owner" text NULL, "lease_epoch" integer NOT NULL, "actor" text NOT NULL DEFAULT '', "cancel_actor" text NOT NULL DEFAULT '', "cancel_reason" integer NOT NULL DEFAULT 0, "cancel_note" text NOT NULL DEFAULT '', "capture_id" blob NULL, "capture_minor" integer NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
INSERT INTO sagas_again SELECT * FROM sagas;
DROP TABLE sagas;
ALTER TABLE sagas_again RENAME TO sagas;
CREATE INDEX "sagas_due" ON "sagas" ("due_time") WHERE "state" = 1;
CREATE TABLE "fulfillments" ( "fulfillment_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "fulfillment_number" integer NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "line_count" integer NOT NULL, "location_id" text NOT NULL DEFAULT '', "carrier" text NOT NULL DEFAULT '', "tracking_number" text NOT NULL DEFAULT '', "tracking_uri" text NOT NULL DEFAULT '', "version" integer NOT NULL DEFAULT 1, "actor" text NOT NULL DEFAULT '', "create_time" integer NOT NULL, "update_time" integer NOT NULL, "effective_time" integer NOT NULL, "delivery_time" integer NULL, UNIQUE ("order_id", "fulfillment_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
CREATE TABLE "fulfillment_lines" ( "fulfillment_id" blob NOT NULL, "position" integer NOT NULL, "line_number" integer NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" >= 1), PRIMARY KEY ("fulfillment_id", "position"), FOREIGN KEY ("fulfillment_id") REFERENCES "fulfillments" ("fulfillment_id") ) STRICT, WITHOUT ROWID;
CREATE TABLE "cancellations" ( "cancellation_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 2), "refund_id" blob NOT NULL, "reason" integer NOT NULL DEFAULT 0, "note" text NOT NULL DEFAULT '', "actor" text NOT NULL DEFAULT '', "create_time" integer NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
CREATE INDEX "cancellations_of_order" ON "cancellations" ("order_id");
CREATE TABLE "cancellation_lines" ( "cancellation_id" blob NOT NULL, "line_number" integer NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" >= 1), "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 0), PRIMARY KEY ("cancellation_id", "line_number"), FOREIGN KEY ("cancellation_id") REFERENCES "cancellations" ("cancellation_id") ) STRICT, WITHOUT ROWID;
CREATE TABLE "captures" ( "capture_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" blob NOT NULL, "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 1), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
UPDATE order_lines SET fulfilled_quantity = quantity WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.fulfillment_status <> 1);
UPDATE order_lines SET canceled_quantity = quantity - fulfilled_quantity WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 6);
UPDATE orders SET captured_minor = COALESCE(total_minor, 0) WHERE payment_status IN (5, 6, 7);
UPDATE orders SET refunded_minor = (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = orders.order_id AND r.state = 2) WHERE state = 6;
UPDATE orders SET canceled_minor = COALESCE(total_minor, 0) - refunded_minor, given_back_minor = CASE WHEN payment_status = 7 THEN COALESCE(total_minor, 0) - refunded_minor ELSE 0 END WHERE state = 6;
INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, request_hash, state, line_count, actor, create_time, update_time, effective_time) SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, 2, o.line_count, h.actor, h.change_time, h.change_time, h.change_time FROM orders o JOIN order_history h ON h.order_id = o.order_id AND h.kind = 'fulfilled';
INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, request_hash, state, line_count, actor, create_time, update_time, effective_time) SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, 1, o.line_count, s.actor, o.update_time, o.update_time, s.effective_time FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.kind = 3 AND s.state <> 3 AND o.fulfillment_status = 1;
INSERT INTO fulfillment_lines (fulfillment_id, position, line_number, quantity) SELECT f.fulfillment_id, l.line_number, l.line_number, l.quantity FROM fulfillments f JOIN order_lines l ON l.order_id = f.order_id;
UPDATE orders SET fulfillment_count = 1 WHERE order_id IN (SELECT f.order_id FROM fulfillments f);
DROP TRIGGER order_history_is_not_changed;
UPDATE order_history SET canceled_minor = o.canceled_minor, refunded_minor = o.refunded_minor FROM orders AS o WHERE o.order_id = order_history.order_id AND order_history.state = 6;
UPDATE order_history SET captured_minor = CASE WHEN order_history.state = 6 THEN o.captured_minor - o.given_back_minor ELSE o.captured_minor END FROM orders AS o WHERE o.order_id = order_history.order_id AND order_history.payment_status IN (5, 6, 7);
UPDATE order_history SET fulfillment_id = order_id WHERE kind = 'fulfilled';
CREATE TRIGGER order_history_is_not_changed BEFORE UPDATE ON order_history BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE INDEX "order_lines_by_sku" ON "order_lines" ("sku", "order_id");

-- 5: customers and guests
-- checksum 0b0cca1baf0244dc4de147f11cee9040d046af2ca068715b62224e8657834d8c
ALTER TABLE "orders" ADD COLUMN "public_prices" integer NOT NULL DEFAULT 0;
UPDATE orders SET public_prices = 1 WHERE request_key LIKE 'user:%';
-- rewrites orders.customer_id by customer_of_user
UPDATE orders SET request_hash = x'' WHERE customer_id <> '';
UPDATE orders SET request_key = keyed.own_key FROM (SELECT o.order_id, o.customer_id || substr(o.request_key, instr(o.request_key, char(10))) AS own_key, ROW_NUMBER() OVER (PARTITION BY o.customer_id, substr(o.request_key, instr(o.request_key, char(10))) ORDER BY CASE WHEN o.request_key LIKE 'user:%' THEN 0 ELSE 1 END, o.order_id) AS position FROM orders o WHERE o.customer_id <> '') AS keyed WHERE keyed.order_id = orders.order_id AND keyed.position = 1;
CREATE TABLE "guest_claims" ( "guest_customer_id" text NOT NULL PRIMARY KEY, "customer_id" text NOT NULL, "actor" text NOT NULL, "order_count" integer NOT NULL, "create_time" integer NOT NULL, "done_time" integer NULL ) STRICT, WITHOUT ROWID;
CREATE INDEX "guest_claims_of_customer" ON "guest_claims" ("customer_id");
CREATE INDEX "guest_claims_open" ON "guest_claims" ("create_time") WHERE "done_time" IS NULL;

-- 6: fields that changed
-- checksum 4bb6319687ec45df814ba1dd3a62771d16f491f0ce8965319d3fd36364cbb73a
ALTER TABLE "order_history" ADD COLUMN "updated_fields" text NULL;

-- 7: captures and refunds that a provider took back
-- checksum c26db98600d6d46b71718b003d73f46f0087f8394b4ec4bbfc347b234e3ab8eb
ALTER TABLE "orders" ADD COLUMN "reversed_minor" integer NOT NULL DEFAULT 0;
ALTER TABLE "refunds" ADD COLUMN "is_reversed" integer NOT NULL DEFAULT 0;
CREATE TABLE "reversed_captures" ( "capture_id" blob NOT NULL PRIMARY KEY, "order_id" blob NOT NULL, "payment_id" blob NOT NULL, "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 1), "create_time" integer NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") ) STRICT;
CREATE INDEX "reversed_captures_of_order" ON "reversed_captures" ("order_id");

-- 8: several payments of an order
-- checksum c8beb438ec5cfc1c2fee93ed048a7b5bfbfb1c483a1fdd2308b3937450eba115
ALTER TABLE "orders" ADD COLUMN "payment_count" integer NOT NULL DEFAULT 1;
ALTER TABLE "refunds" ADD COLUMN "payment_id" blob NULL;
CREATE TABLE "order_payments" ( "order_id" blob NOT NULL, "number" integer NOT NULL CHECK ("number" >= 1), "amount_minor" integer NULL, "payment_method" text NULL, "is_authorized" integer NOT NULL DEFAULT 0, "captured_minor" integer NOT NULL DEFAULT 0, "paid_back_minor" integer NOT NULL DEFAULT 0, "tries" integer NOT NULL DEFAULT 1, PRIMARY KEY ("order_id", "number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id"), CHECK (paid_back_minor BETWEEN 0 AND captured_minor), CHECK (captured_minor <= COALESCE(amount_minor, 0)) ) STRICT, WITHOUT ROWID;
