-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: payments
-- checksum 5f24f4ef9fe66c63127ab7e387d0a06ab3a32867d4bcc6cd57c40d26fd4e3b57
CREATE TABLE "payments" ( "payment_id" bytea NOT NULL PRIMARY KEY, "order_id" bytea NULL, "customer_id" text NOT NULL, "currency_code" text NOT NULL, "amount_minor" bigint NOT NULL, "authorized_minor" bigint NOT NULL DEFAULT 0, "captured_minor" bigint NOT NULL DEFAULT 0, "refunded_minor" bigint NOT NULL DEFAULT 0, "fees_minor" bigint NOT NULL DEFAULT 0 CHECK ("fees_minor" >= 0), "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 7), "method" text NULL, "decline" text NULL, "is_retryable" bigint NOT NULL DEFAULT 0, "action_url" text NULL, "hold_id" bytea NULL, "attempts" bigint NOT NULL DEFAULT 0, "slot" bigint NOT NULL DEFAULT 0 CHECK ("slot" BETWEEN 0 AND 2), "epoch" bigint NOT NULL DEFAULT 0, "due_time" bigint NULL, "create_time" bigint NOT NULL, "update_time" bigint NOT NULL, "effective_time" bigint NOT NULL, CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor), CHECK (captured_minor <= authorized_minor AND authorized_minor <= amount_minor), CHECK ((slot = 0) = (due_time IS NULL)), CHECK (state <> 4 OR slot > 0), CHECK (order_id IS NOT NULL OR state = 7) );
CREATE INDEX "payments_due" ON "payments" ("due_time") WHERE "slot" > 0;
CREATE TABLE "attempts" ( "payment_id" bytea NOT NULL, "attempt_number" bigint NOT NULL CHECK ("attempt_number" >= 1), "kind" bigint NOT NULL CHECK ("kind" BETWEEN 1 AND 6), "stage" bigint NOT NULL CHECK ("stage" BETWEEN 1 AND 7), "amount_minor" bigint NOT NULL CHECK ("amount_minor" >= 0), "rest_minor" bigint NOT NULL CHECK ("rest_minor" >= 0), "hold_id" bytea NULL, "makes_hold" bigint NOT NULL, "request_id" text NULL, "asked_minor" bigint NULL, "is_final" bigint NOT NULL, "refund_id" bytea NULL, "fee_minor" bigint NOT NULL DEFAULT 0, "decline" text NULL, "is_retryable" bigint NOT NULL DEFAULT 0, "tries" bigint NOT NULL DEFAULT 0, "create_time" bigint NOT NULL, "effective_time" bigint NOT NULL, PRIMARY KEY ("payment_id", "attempt_number"), FOREIGN KEY ("payment_id") REFERENCES "payments" ("payment_id") );
CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();
CREATE TABLE "refunds" ( "refund_id" bytea NOT NULL PRIMARY KEY, "payment_id" bytea NOT NULL, "currency_code" text NOT NULL, "amount_minor" bigint NOT NULL CHECK ("amount_minor" > 0), "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 3), "attempt_number" bigint NOT NULL, "create_time" bigint NOT NULL, "effective_time" bigint NOT NULL, FOREIGN KEY ("payment_id") REFERENCES "payments" ("payment_id") );
CREATE INDEX "refunds_of_payment" ON "refunds" ("payment_id", "refund_id");

-- 2: owner
-- checksum 0559accff95780232f8717c2eb8076510c0fd45e2e02b8ee9da2e7bdd098747a
ALTER TABLE "payments" ADD COLUMN "owner" text NOT NULL DEFAULT '';
UPDATE payments SET owner = 'service:orders' WHERE length(order_id) > 0;

-- 3: captures
-- checksum 9a6e6068fe02b36ffbe4248f364bd10c45a37cde94ca5dc03d684d2ae5c02923
ALTER TABLE "payments" ADD COLUMN "reference" text NOT NULL DEFAULT '';
ALTER TABLE "payments" ADD COLUMN "cancellation" bigint NULL;
ALTER TABLE "payments" ADD COLUMN "return_url" text NULL;
ALTER TABLE "payments" ADD COLUMN "brand" text NULL;
ALTER TABLE "payments" ADD COLUMN "last4" text NULL;
ALTER TABLE "payments" ADD COLUMN "wallet" text NULL;
ALTER TABLE "payments" ADD COLUMN "decline_code" bigint NULL;
ALTER TABLE "payments" ADD COLUMN "expire_time" bigint NULL;
ALTER TABLE "payments" ADD COLUMN "provider" text NULL;
ALTER TABLE "payments" ADD COLUMN "provider_reference" text NULL;
UPDATE payments SET cancellation = 1 WHERE state = 7;
UPDATE payments SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
UPDATE payments SET expire_time = update_time + 900000000 WHERE state = 3;
UPDATE payments SET provider = 'simulator' WHERE attempts > 0;
ALTER TABLE "refunds" ADD COLUMN "decline_code" bigint NULL;
ALTER TABLE "refunds" ADD COLUMN "decline" text NULL;
ALTER TABLE "refunds" ADD COLUMN "is_retryable" bigint NOT NULL DEFAULT 0;
UPDATE refunds SET decline = (SELECT a.decline FROM attempts a WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number), is_retryable = (SELECT a.is_retryable FROM attempts a WHERE a.payment_id = refunds.payment_id AND a.attempt_number = refunds.attempt_number) WHERE state = 3;
UPDATE refunds SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
ALTER TABLE attempts DROP CONSTRAINT attempts_kind_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_kind_check CHECK (kind BETWEEN 1 AND 10);
ALTER TABLE attempts DROP CONSTRAINT attempts_stage_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_stage_check CHECK (stage BETWEEN 1 AND 8);
ALTER TABLE "attempts" ADD COLUMN "capture_id" bytea NULL;
ALTER TABLE "attempts" ADD COLUMN "reverses" bigint NULL;
ALTER TABLE "attempts" ADD COLUMN "decline_code" bigint NULL;
UPDATE attempts SET capture_id = CASE WHEN request_id IS NULL THEN NULL WHEN request_id LIKE 'order%/capture' THEN payment_id ELSE decode(md5(encode(payment_id, 'hex') || request_id), 'hex') END;
ALTER TABLE attempts DROP COLUMN request_id;
UPDATE attempts SET decline_code = CASE decline WHEN 'insufficient_funds' THEN 2 WHEN 'declined_by_customer' THEN 7 WHEN 'charge_expired' THEN 11 WHEN 'refund_refused' THEN 12 WHEN 'amount_too_large' THEN 12 WHEN 'charge_closed' THEN 12 ELSE 1 END WHERE decline IS NOT NULL;
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
-- checksum 0b43cfdf8f93624e6aea2d7c31eab2b9fe15b7ded64a8420be6d0d8eccc152db
-- rewrites payments.customer_id by customer_of_user
CREATE TABLE "claimed_guests" ( "guest_customer_id" bytea NOT NULL PRIMARY KEY, "customer_id" bytea NOT NULL, "due_time" bigint NULL, "create_time" bigint NOT NULL );
CREATE INDEX "claimed_guests_due" ON "claimed_guests" ("due_time") WHERE "due_time" IS NOT NULL;

-- 5: actors
-- checksum 29cdc76ffa4da01c5d9700a2ca2aca68a77fa2dbe9d16d8615328be33013f9c9
ALTER TABLE "attempts" ADD COLUMN "actor" text NOT NULL DEFAULT '';
