-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: orders
-- checksum 8c135f209fc8c51c3736944aebdc5c6f9acf7e9603ced9f2ee89f914688e6d18
CREATE TABLE "orders" ( "order_id" bytea NOT NULL PRIMARY KEY, "customer_id" text NOT NULL, "reference" text NOT NULL, "currency_code" text NOT NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 7), "total_minor" bigint NULL, "refunded_minor" bigint NOT NULL DEFAULT 0 CHECK ("refunded_minor" >= 0), "reason" text NULL, "reason_facts" text NULL, "version" bigint NOT NULL CHECK ("version" >= 1), "is_quarantined" bigint NOT NULL DEFAULT 0, "action_url" text NULL, "request_key" text NOT NULL UNIQUE, "request_hash" bytea NOT NULL, "wishes" bytea NULL, "payment_method" text NULL, "expected_minor" bigint NULL, "create_time" bigint NOT NULL, "update_time" bigint NOT NULL, "effective_time" bigint NOT NULL, CHECK (total_minor IS NULL OR refunded_minor <= total_minor) );
CREATE INDEX "orders_of_customer" ON "orders" ("customer_id", "order_id");
CREATE INDEX "orders_quarantined" ON "orders" ("order_id") WHERE "is_quarantined" = 1;
CREATE TABLE "order_lines" ( "order_id" bytea NOT NULL, "line_number" bigint NOT NULL, "sku" text NOT NULL, "price_id" bytea NOT NULL, "title" text NOT NULL, "quantity" bigint NOT NULL CHECK ("quantity" >= 1), "unit_minor" bigint NOT NULL CHECK ("unit_minor" >= 0), "refunded_quantity" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("order_id", "line_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id"), CHECK (refunded_quantity BETWEEN 0 AND quantity) );
CREATE TABLE "refunds" ( "refund_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NOT NULL, "refund_number" bigint NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" bytea NOT NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 3), "amount_minor" bigint NOT NULL CHECK ("amount_minor" > 0), "restock" bigint NOT NULL, "create_time" bigint NOT NULL, "effective_time" bigint NOT NULL, UNIQUE ("order_id", "refund_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE TABLE "refund_lines" ( "refund_id" bytea NOT NULL, "line_number" bigint NOT NULL, "quantity" bigint NOT NULL CHECK ("quantity" >= 1), PRIMARY KEY ("refund_id", "line_number"), FOREIGN KEY ("refund_id") REFERENCES "refunds" ("refund_id") );
CREATE TABLE "order_history" ( "order_id" bytea NOT NULL, "version" bigint NOT NULL, "state" bigint NOT NULL, "kind" text NOT NULL, "refunded_minor" bigint NOT NULL, "change_time" bigint NOT NULL, PRIMARY KEY ("order_id", "version"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE TABLE "sagas" ( "order_id" bytea NOT NULL PRIMARY KEY, "kind" bigint NOT NULL CHECK ("kind" BETWEEN 1 AND 4), "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 3), "step" bigint NOT NULL, "attempts" bigint NOT NULL DEFAULT 0, "taking_back" text NULL, "refund_id" bytea NULL, "failure" text NULL, "entries" bigint NOT NULL DEFAULT 0, "effective_time" bigint NOT NULL, "give_up_time" bigint NOT NULL, "cancel_requested" bigint NOT NULL DEFAULT 0, "due_time" bigint NOT NULL, "lease_owner" text NULL, "lease_epoch" bigint NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE INDEX "sagas_due" ON "sagas" ("due_time") WHERE "state" = 1;
CREATE TABLE "journal" ( "order_id" bytea NOT NULL, "entry" bigint NOT NULL, "kind" bigint NOT NULL, "step" bigint NOT NULL, "outcome" text NOT NULL, "lease_epoch" bigint NOT NULL, "entry_time" bigint NOT NULL, PRIMARY KEY ("order_id", "entry"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER order_history_is_append_only BEFORE UPDATE OR DELETE ON order_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- 2: lines and returns
-- checksum 703103c727535f00c7606a7a2f71ec4727e0d176730a51b5b5c0920cd7833970
ALTER TABLE "orders" ADD COLUMN "line_count" bigint NOT NULL DEFAULT 0;
UPDATE orders SET line_count = (SELECT COUNT(*) FROM order_lines l WHERE l.order_id = orders.order_id);
ALTER TABLE refunds DROP CONSTRAINT refunds_amount_minor_check;
ALTER TABLE refunds ADD CONSTRAINT refunds_amount_minor_check CHECK (amount_minor >= 0);
ALTER TABLE "order_lines" ADD COLUMN "returned_quantity" bigint NOT NULL DEFAULT 0 CHECK (returned_quantity BETWEEN 0 AND quantity);
UPDATE order_lines SET returned_quantity = (SELECT CAST(COALESCE(SUM(rl.quantity), 0) AS BIGINT) FROM refund_lines rl JOIN refunds r ON r.refund_id = rl.refund_id WHERE r.order_id = order_lines.order_id AND rl.line_number = order_lines.line_number AND r.state = 2 AND r.restock = 1) WHERE order_id IN (SELECT order_id FROM refunds WHERE restock = 1 AND state = 2);
UPDATE sagas SET state = 1, step = 7, attempts = 0, due_time = 0, lease_owner = NULL WHERE state = 3 AND kind = 4 AND order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 5) AND order_id NOT IN (SELECT h.order_id FROM order_history h WHERE h.kind = 'fulfilled');

-- 3: axes, totals and actors
-- checksum 2d3307d3db57344dd3f1f738cc90ef9f5f07da57dfcfc28c77c13e17745323e2
ALTER TABLE "orders" ADD COLUMN "payment_status" bigint NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "fulfillment_status" bigint NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "order_number" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "channel" text NOT NULL DEFAULT 'default';
ALTER TABLE "orders" ADD COLUMN "locale" text NOT NULL DEFAULT '';
ALTER TABLE "orders" ADD COLUMN "subtotal_minor" bigint NULL;
ALTER TABLE "orders" ADD COLUMN "discount_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "shipping_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "tax_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "decline" text NULL;
ALTER TABLE "orders" ADD COLUMN "payment_tries" bigint NOT NULL DEFAULT 1;
ALTER TABLE "orders" ADD COLUMN "action_expire_time" bigint NULL;
ALTER TABLE "orders" ADD COLUMN "expire_time" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "return_url" text NULL;
ALTER TABLE "orders" ADD COLUMN "contact" bytea NULL;
ALTER TABLE "orders" ADD COLUMN "shipping_address" bytea NULL;
ALTER TABLE "orders" ADD COLUMN "billing_address" bytea NULL;
ALTER TABLE "orders" ADD COLUMN "customer_note" text NOT NULL DEFAULT '';
ALTER TABLE "orders" ADD COLUMN "metadata" text NULL;
ALTER TABLE "orders" ADD COLUMN "capture_method" bigint NOT NULL DEFAULT 1;
ALTER TABLE "order_lines" ADD COLUMN "product_id" bytea NULL;
ALTER TABLE "order_lines" ADD COLUMN "variant_id" bytea NULL;
ALTER TABLE "order_history" ADD COLUMN "payment_status" bigint NOT NULL DEFAULT 1;
ALTER TABLE "order_history" ADD COLUMN "fulfillment_status" bigint NOT NULL DEFAULT 1;
ALTER TABLE "order_history" ADD COLUMN "previous_state" bigint NULL;
ALTER TABLE "order_history" ADD COLUMN "previous_payment_status" bigint NULL;
ALTER TABLE "order_history" ADD COLUMN "previous_fulfillment_status" bigint NULL;
ALTER TABLE "order_history" ADD COLUMN "cause" bigint NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "order_history" ADD COLUMN "cancel_reason" bigint NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "note" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "cancel_actor" text NOT NULL DEFAULT '';
ALTER TABLE "sagas" ADD COLUMN "cancel_reason" bigint NOT NULL DEFAULT 0;
ALTER TABLE "sagas" ADD COLUMN "cancel_note" text NOT NULL DEFAULT '';
ALTER TABLE "journal" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "refunds" ADD COLUMN "reason" bigint NOT NULL DEFAULT 0;
ALTER TABLE "refunds" ADD COLUMN "note" text NOT NULL DEFAULT '';
ALTER TABLE "refunds" ADD COLUMN "actor" text NOT NULL DEFAULT '';
ALTER TABLE "refund_lines" ADD COLUMN "amount_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "refund_lines" ADD COLUMN "restock" bigint NOT NULL DEFAULT 0;
ALTER TABLE "refund_lines" ADD COLUMN "is_refunded" bigint NOT NULL DEFAULT 0;
UPDATE orders SET subtotal_minor = total_minor, expire_time = create_time + 960000000, reason = CASE WHEN state = 5 AND NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 'REFUNDED' WHEN reason = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED' THEN 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' ELSE reason END, payment_status = CASE WHEN state = 1 AND action_url IS NOT NULL THEN 2 WHEN state IN (1, 7) THEN 1 WHEN state = 2 THEN 3 WHEN state = 5 THEN 7 WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'paid') THEN 7 WHEN state = 6 THEN 8 WHEN refunded_minor > 0 THEN 6 ELSE 5 END, fulfillment_status = CASE WHEN NOT EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = orders.order_id AND h.kind = 'fulfilled') THEN 1 WHEN NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.order_id AND l.returned_quantity > 0) THEN 3 WHEN EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.order_id AND l.returned_quantity < l.quantity) THEN 5 ELSE 6 END;
UPDATE orders SET refunded_minor = total_minor WHERE state = 6 AND payment_status = 7;
UPDATE orders SET state = CASE WHEN state = 3 THEN 2 WHEN fulfillment_status = 1 THEN 6 ELSE 4 END WHERE state IN (3, 5);
UPDATE sagas SET taking_back = 'ERROR_REASON_PAYMENT_ACTION_EXPIRED' WHERE taking_back = 'ERROR_REASON_PAYMENT_NOT_CONFIRMED';
UPDATE orders SET order_number = numbered.number FROM (SELECT order_id, ROW_NUMBER() OVER (ORDER BY order_id) + 1000 AS number FROM orders) AS numbered WHERE numbered.order_id = orders.order_id;
CREATE TABLE "order_numbers" ( "id" bigint NOT NULL PRIMARY KEY CHECK ("id" = 1), "next_number" bigint NOT NULL );
INSERT INTO order_numbers (id, next_number) SELECT 1, COALESCE(MAX(order_number), 1000) + 1 FROM orders;
ALTER TABLE order_history DISABLE TRIGGER order_history_is_append_only;
UPDATE order_history SET payment_status = CASE WHEN kind = 'action_needed' THEN 2 WHEN state IN (1, 7) THEN 1 WHEN state = 2 THEN 3 WHEN state = 5 THEN 7 WHEN state = 6 AND EXISTS (SELECT 1 FROM order_history p WHERE p.order_id = order_history.order_id AND p.kind = 'paid' AND p.version < order_history.version) THEN 7 WHEN state = 6 THEN 8 WHEN refunded_minor > 0 THEN 6 ELSE 5 END, fulfillment_status = CASE WHEN EXISTS (SELECT 1 FROM order_history f WHERE f.order_id = order_history.order_id AND f.kind = 'fulfilled' AND f.version <= order_history.version) THEN 3 ELSE 1 END;
UPDATE order_history SET kind = CASE WHEN kind = 'action_needed' THEN 'payment_action_required' ELSE kind END, state = CASE WHEN state = 3 THEN 2 WHEN state = 5 AND fulfillment_status = 1 THEN 6 WHEN state = 5 THEN 4 ELSE state END, refunded_minor = CASE WHEN state = 6 AND payment_status = 7 THEN (SELECT o.refunded_minor FROM orders o WHERE o.order_id = order_history.order_id) ELSE refunded_minor END;
UPDATE order_history SET payment_status = o.payment_status, fulfillment_status = o.fulfillment_status FROM orders AS o WHERE o.order_id = order_history.order_id AND o.version = order_history.version;
UPDATE order_history SET previous_state = p.state, previous_payment_status = p.payment_status, previous_fulfillment_status = p.fulfillment_status FROM order_history AS p WHERE p.order_id = order_history.order_id AND p.version = order_history.version - 1;
ALTER TABLE order_history ENABLE TRIGGER order_history_is_append_only;
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
-- checksum 42ded1823988c72057d117f2247a8fbab7400659c5203a6a80bdb49fba792549
ALTER TABLE "orders" ADD COLUMN "captured_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "given_back_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "canceled_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "orders" ADD COLUMN "fulfillment_count" bigint NOT NULL DEFAULT 0;
ALTER TABLE "order_lines" ADD COLUMN "fulfilled_quantity" bigint NOT NULL DEFAULT 0 CHECK (fulfilled_quantity >= 0);
ALTER TABLE "order_lines" ADD COLUMN "canceled_quantity" bigint NOT NULL DEFAULT 0 CHECK (canceled_quantity >= 0 AND fulfilled_quantity + canceled_quantity <= quantity);
ALTER TABLE "order_lines" ADD COLUMN "canceled_minor" bigint NOT NULL DEFAULT 0 CHECK (canceled_minor >= 0);
ALTER TABLE "order_history" ADD COLUMN "canceled_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "captured_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "order_history" ADD COLUMN "fulfillment_id" bytea NULL;
ALTER TABLE "sagas" ADD COLUMN "capture_id" bytea NULL;
ALTER TABLE "sagas" ADD COLUMN "capture_minor" bigint NULL;
ALTER TABLE sagas DROP CONSTRAINT sagas_kind_check;
ALTER TABLE sagas ADD CONSTRAINT sagas_kind_check CHECK (kind BETWEEN 1 AND 6);
CREATE TABLE "fulfillments" ( "fulfillment_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NOT NULL, "fulfillment_number" bigint NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" bytea NOT NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 3), "line_count" bigint NOT NULL, "location_id" text NOT NULL DEFAULT '', "carrier" text NOT NULL DEFAULT '', "tracking_number" text NOT NULL DEFAULT '', "tracking_uri" text NOT NULL DEFAULT '', "version" bigint NOT NULL DEFAULT 1, "actor" text NOT NULL DEFAULT '', "create_time" bigint NOT NULL, "update_time" bigint NOT NULL, "effective_time" bigint NOT NULL, "delivery_time" bigint NULL, UNIQUE ("order_id", "fulfillment_number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE TABLE "fulfillment_lines" ( "fulfillment_id" bytea NOT NULL, "position" bigint NOT NULL, "line_number" bigint NOT NULL, "quantity" bigint NOT NULL CHECK ("quantity" >= 1), PRIMARY KEY ("fulfillment_id", "position"), FOREIGN KEY ("fulfillment_id") REFERENCES "fulfillments" ("fulfillment_id") );
CREATE TABLE "cancellations" ( "cancellation_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" bytea NOT NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 2), "refund_id" bytea NOT NULL, "reason" bigint NOT NULL DEFAULT 0, "note" text NOT NULL DEFAULT '', "actor" text NOT NULL DEFAULT '', "create_time" bigint NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE INDEX "cancellations_of_order" ON "cancellations" ("order_id");
CREATE TABLE "cancellation_lines" ( "cancellation_id" bytea NOT NULL, "line_number" bigint NOT NULL, "quantity" bigint NOT NULL CHECK ("quantity" >= 1), "amount_minor" bigint NOT NULL CHECK ("amount_minor" >= 0), PRIMARY KEY ("cancellation_id", "line_number"), FOREIGN KEY ("cancellation_id") REFERENCES "cancellations" ("cancellation_id") );
CREATE TABLE "captures" ( "capture_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NOT NULL, "request_key" text NOT NULL UNIQUE, "request_hash" bytea NOT NULL, "amount_minor" bigint NOT NULL CHECK ("amount_minor" >= 1), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
UPDATE order_lines SET fulfilled_quantity = quantity WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.fulfillment_status <> 1);
UPDATE order_lines SET canceled_quantity = quantity - fulfilled_quantity WHERE order_id IN (SELECT o.order_id FROM orders o WHERE o.state = 6);
UPDATE orders SET captured_minor = COALESCE(total_minor, 0) WHERE payment_status IN (5, 6, 7);
UPDATE orders SET refunded_minor = (SELECT CAST(COALESCE(SUM(r.amount_minor), 0) AS BIGINT) FROM refunds r WHERE r.order_id = orders.order_id AND r.state = 2) WHERE state = 6;
UPDATE orders SET canceled_minor = COALESCE(total_minor, 0) - refunded_minor, given_back_minor = CASE WHEN payment_status = 7 THEN COALESCE(total_minor, 0) - refunded_minor ELSE 0 END WHERE state = 6;
INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, request_hash, state, line_count, actor, create_time, update_time, effective_time) SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, 2, o.line_count, h.actor, h.change_time, h.change_time, h.change_time FROM orders o JOIN order_history h ON h.order_id = o.order_id AND h.kind = 'fulfilled';
INSERT INTO fulfillments (fulfillment_id, order_id, fulfillment_number, request_key, request_hash, state, line_count, actor, create_time, update_time, effective_time) SELECT o.order_id, o.order_id, 1, 'order ' || CAST(o.order_number AS TEXT), o.request_hash, 1, o.line_count, s.actor, o.update_time, o.update_time, s.effective_time FROM orders o JOIN sagas s ON s.order_id = o.order_id WHERE s.kind = 3 AND s.state <> 3 AND o.fulfillment_status = 1;
INSERT INTO fulfillment_lines (fulfillment_id, position, line_number, quantity) SELECT f.fulfillment_id, l.line_number, l.line_number, l.quantity FROM fulfillments f JOIN order_lines l ON l.order_id = f.order_id;
UPDATE orders SET fulfillment_count = 1 WHERE order_id IN (SELECT f.order_id FROM fulfillments f);
ALTER TABLE order_history DISABLE TRIGGER order_history_is_append_only;
UPDATE order_history SET canceled_minor = o.canceled_minor, refunded_minor = o.refunded_minor FROM orders AS o WHERE o.order_id = order_history.order_id AND order_history.state = 6;
UPDATE order_history SET captured_minor = CASE WHEN order_history.state = 6 THEN o.captured_minor - o.given_back_minor ELSE o.captured_minor END FROM orders AS o WHERE o.order_id = order_history.order_id AND order_history.payment_status IN (5, 6, 7);
UPDATE order_history SET fulfillment_id = order_id WHERE kind = 'fulfilled';
ALTER TABLE order_history ENABLE TRIGGER order_history_is_append_only;
CREATE INDEX "order_lines_by_sku" ON "order_lines" ("sku", "order_id");

-- 5: customers and guests
-- checksum cfa2d0a5955186c775a34468eebfb6b3282c22dfbc817bb6a67b2a91425f4d2e
ALTER TABLE "orders" ADD COLUMN "public_prices" bigint NOT NULL DEFAULT 0;
UPDATE orders SET public_prices = 1 WHERE request_key LIKE 'user:%';
-- rewrites orders.customer_id by customer_of_user
UPDATE orders SET request_hash = ''::bytea WHERE customer_id <> '';
UPDATE orders SET request_key = keyed.own_key FROM (SELECT o.order_id, o.customer_id || substr(o.request_key, strpos(o.request_key, chr(10))) AS own_key, ROW_NUMBER() OVER (PARTITION BY o.customer_id, substr(o.request_key, strpos(o.request_key, chr(10))) ORDER BY CASE WHEN o.request_key LIKE 'user:%' THEN 0 ELSE 1 END, o.order_id) AS position FROM orders o WHERE o.customer_id <> '') AS keyed WHERE keyed.order_id = orders.order_id AND keyed.position = 1;
CREATE TABLE "guest_claims" ( "guest_customer_id" text NOT NULL PRIMARY KEY COLLATE "C", "customer_id" text NOT NULL, "actor" text NOT NULL, "order_count" bigint NOT NULL, "create_time" bigint NOT NULL, "done_time" bigint NULL );
CREATE INDEX "guest_claims_of_customer" ON "guest_claims" ("customer_id");
CREATE INDEX "guest_claims_open" ON "guest_claims" ("create_time") WHERE "done_time" IS NULL;

-- 6: fields that changed
-- checksum 4bb6319687ec45df814ba1dd3a62771d16f491f0ce8965319d3fd36364cbb73a
ALTER TABLE "order_history" ADD COLUMN "updated_fields" text NULL;

-- 7: captures and refunds that a provider took back
-- checksum 35ebde7600b3f3678693f3046f09c6dbea59d75ec62e81813856f510d22c14b9
ALTER TABLE "orders" ADD COLUMN "reversed_minor" bigint NOT NULL DEFAULT 0;
ALTER TABLE "refunds" ADD COLUMN "is_reversed" bigint NOT NULL DEFAULT 0;
CREATE TABLE "reversed_captures" ( "capture_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NOT NULL, "payment_id" bytea NOT NULL, "amount_minor" bigint NOT NULL CHECK ("amount_minor" >= 1), "create_time" bigint NOT NULL, FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id") );
CREATE INDEX "reversed_captures_of_order" ON "reversed_captures" ("order_id");

-- 8: several payments of an order
-- checksum e60f055c10f71996ccf4f79a21914c087b365d2e0e2f18c01f43676c49982d3f
ALTER TABLE "orders" ADD COLUMN "payment_count" bigint NOT NULL DEFAULT 1;
ALTER TABLE "refunds" ADD COLUMN "payment_id" bytea NULL;
CREATE TABLE "order_payments" ( "order_id" bytea NOT NULL, "number" bigint NOT NULL CHECK ("number" >= 1), "amount_minor" bigint NULL, "payment_method" text NULL, "is_authorized" bigint NOT NULL DEFAULT 0, "captured_minor" bigint NOT NULL DEFAULT 0, "paid_back_minor" bigint NOT NULL DEFAULT 0, "tries" bigint NOT NULL DEFAULT 1, PRIMARY KEY ("order_id", "number"), FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id"), CHECK (paid_back_minor BETWEEN 0 AND captured_minor), CHECK (captured_minor <= COALESCE(amount_minor, 0)) );
