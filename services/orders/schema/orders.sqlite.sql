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
