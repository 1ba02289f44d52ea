-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: payments
-- checksum 37f98bac99656b9db073651467b22f4b72450f4725c125471eb187b1bf9415ee
CREATE TABLE "payments" ( "payment_id" blob NOT NULL PRIMARY KEY, "order_id" blob NULL, "customer_id" text NOT NULL, "currency_code" text NOT NULL, "amount_minor" integer NOT NULL, "authorized_minor" integer NOT NULL DEFAULT 0, "captured_minor" integer NOT NULL DEFAULT 0, "refunded_minor" integer NOT NULL DEFAULT 0, "fees_minor" integer NOT NULL DEFAULT 0 CHECK ("fees_minor" >= 0), "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 7), "method" text NULL, "decline" text NULL, "is_retryable" integer NOT NULL DEFAULT 0, "action_url" text NULL, "hold_id" blob NULL, "attempts" integer NOT NULL DEFAULT 0, "slot" integer NOT NULL DEFAULT 0 CHECK ("slot" BETWEEN 0 AND 2), "epoch" integer NOT NULL DEFAULT 0, "due_time" integer NULL, "create_time" integer NOT NULL, "update_time" integer NOT NULL, "effective_time" integer NOT NULL, CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor), CHECK (captured_minor <= authorized_minor AND authorized_minor <= amount_minor), CHECK ((slot = 0) = (due_time IS NULL)), CHECK (state <> 4 OR slot > 0), CHECK (order_id IS NOT NULL OR state = 7) ) STRICT, WITHOUT ROWID;
CREATE INDEX "payments_due" ON "payments" ("due_time") WHERE "slot" > 0;
CREATE TABLE "attempts" ( "payment_id" blob NOT NULL, "attempt_number" integer NOT NULL CHECK ("attempt_number" >= 1), "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 6), "stage" integer NOT NULL CHECK ("stage" BETWEEN 1 AND 7), "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 0), "rest_minor" integer NOT NULL CHECK ("rest_minor" >= 0), "hold_id" blob NULL, "makes_hold" integer NOT NULL, "request_id" text NULL, "asked_minor" integer NULL, "is_final" integer NOT NULL, "refund_id" blob NULL, "fee_minor" integer NOT NULL DEFAULT 0, "decline" text NULL, "is_retryable" integer NOT NULL DEFAULT 0, "tries" integer NOT NULL DEFAULT 0, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, PRIMARY KEY ("payment_id", "attempt_number"), FOREIGN KEY ("payment_id") REFERENCES "payments" ("payment_id") ) STRICT, WITHOUT ROWID;
CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'attempts are kept for ever'); END;
CREATE TABLE "refunds" ( "refund_id" blob NOT NULL PRIMARY KEY, "payment_id" blob NOT NULL, "currency_code" text NOT NULL, "amount_minor" integer NOT NULL CHECK ("amount_minor" > 0), "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "attempt_number" integer NOT NULL, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, FOREIGN KEY ("payment_id") REFERENCES "payments" ("payment_id") ) STRICT, WITHOUT ROWID;
CREATE INDEX "refunds_of_payment" ON "refunds" ("payment_id", "refund_id");

-- 2: owner
-- checksum 0559accff95780232f8717c2eb8076510c0fd45e2e02b8ee9da2e7bdd098747a
ALTER TABLE "payments" ADD COLUMN "owner" text NOT NULL DEFAULT '';
UPDATE payments SET owner = 'service:orders' WHERE length(order_id) > 0;

-- 3: captures
-- checksum 23489e12f1292d28b3dc598a50ed2c700020f450fda1ed9f1371e1eb7564eefd
ALTER TABLE "payments" ADD COLUMN "reference" text NOT NULL DEFAULT '';
ALTER TABLE "payments" ADD COLUMN "cancellation" integer NULL;
ALTER TABLE "payments" ADD COLUMN "return_url" text NULL;
ALTER TABLE "payments" ADD COLUMN "brand" text NULL;
ALTER TABLE "payments" ADD COLUMN "last4" text NULL;
ALTER TABLE "payments" ADD COLUMN "wallet" text NULL;
ALTER TABLE "payments" ADD COLUMN "decline_code" integer NULL;
ALTER TABLE "payments" ADD COLUMN "expire_time" integer NULL;
ALTER TABLE "payments" ADD COLUMN "provider" text NULL;
ALTER TABLE "payments" ADD COLUMN "provider_reference" text NULL;
UPDATE payments SET cancellation = 1 WHERE state = 7;
UPDATE payments SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
UPDATE payments SET expire_time = update_time + 900000000 WHERE state = 3;
UPDATE payments SET provider = 'simulator' WHERE attempts > 0;
ALTER TABLE "refunds" ADD COLUMN "decline_code" integer NULL;
ALTER TABLE "refunds" ADD COLUMN "decline" text NULL;
ALTER TABLE "refunds" ADD COLUMN "is_retryable" integer NOT NULL DEFAULT 0;
UPDATE refunds SET decline = (SELECT a.decline FROM attempts a WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number), is_retryable = (SELECT a.is_retryable FROM attempts a WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number) WHERE state = 3;
UPDATE refunds SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
CREATE TABLE "attempts_again" ( "payment_id" blob NOT NULL, "attempt_number" integer NOT NULL CHECK ("attempt_number" >= 1), "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 10), "stage" integer NOT NULL CHECK ("stage" BETWEEN 1 AND 8), "amount_minor" integer NOT NULL CHECK ("amount_minor" >= 0), "rest_minor" integer NOT NULL CHECK ("rest_minor" >= 0), "hold_id" blob NULL, "makes_hold" integer NOT NULL, "capture_id" blob NULL, "asked_minor" integer NULL, "is_final" integer NOT NULL, "refund_id" blob NULL, "reverses" integer NULL, "fee_minor" integer NOT NULL DEFAULT 0, "decline_code" integer NULL, "decline" text NULL, "is_retryable" integer NOT NULL DEFAULT 0, "tries" integer NOT NULL DEFAULT 0, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, PRIMARY KEY ("payment_id", "attempt_number"), FOREIGN KEY ("payment_id") REFERENCES "payments" ("payment_id") ) STRICT, WITHOUT ROWID;
INSERT INTO attempts_again SELECT payment_id, attempt_number, kind, stage, amount_minor, rest_minor, hold_id, makes_hold, CASE WHEN request_id IS NULL THEN NULL WHEN request_id LIKE 'order%/capture' THEN payment_id ELSE randomblob(16) END, asked_minor, is_final, refund_id, NULL, fee_minor, NULL, decline, is_retryable, tries, create_time, effective_time FROM attempts;
DROP TABLE attempts;
ALTER TABLE attempts_again RENAME TO attempts;
UPDATE attempts SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'attempts are kept for ever'); END;
CREATE UNIQUE INDEX "captures" ON "attempts" ("capture_id") WHERE "capture_id" IS NOT NULL;
CREATE INDEX "captures_by_time" ON "attempts" ("create_time", "capture_id") WHERE "capture_id" IS NOT NULL;
CREATE INDEX "payments_by_time" ON "payments" ("create_time", "payment_id");
CREATE INDEX "payments_by_state" ON "payments" ("state", "create_time", "payment_id") WHERE "state" < 6;
CREATE INDEX "payments_of_customer" ON "payments" ("customer_id", "create_time", "payment_id");
CREATE INDEX "payments_of_order" ON "payments" ("order_id", "create_time", "payment_id");
CREATE INDEX "payments_by_reference" ON "payments" ("reference", "create_time", "payment_id") WHERE "reference" <> '';
CREATE INDEX "payments_at_provider" ON "payments" ("provider_reference");
CREATE INDEX "payments_expire" ON "payments" ("expire_time") WHERE "expire_time" IS NOT NULL;
CREATE INDEX "refunds_by_time" ON "refunds" ("create_time", "refund_id");
CREATE INDEX "refunds_by_state" ON "refunds" ("state", "create_time", "refund_id");

-- 4: customers
-- checksum 36152c44acf0f2dfa778b30cc3bda181bcc09405bf2a2a51cd4771ecd7ee08bc
-- rewrites payments.customer_id by customer_of_user
CREATE TABLE "claimed_guests" ( "guest_customer_id" blob NOT NULL PRIMARY KEY, "customer_id" blob NOT NULL, "due_time" integer NULL, "create_time" integer NOT NULL ) STRICT, WITHOUT ROWID;
CREATE INDEX "claimed_guests_due" ON "claimed_guests" ("due_time") WHERE "due_time" IS NOT NULL;

-- 5: actors
-- checksum 29cdc76ffa4da01c5d9700a2ca2aca68a77fa2dbe9d16d8615328be33013f9c9
ALTER TABLE "attempts" ADD COLUMN "actor" text NOT NULL DEFAULT '';
