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
