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
