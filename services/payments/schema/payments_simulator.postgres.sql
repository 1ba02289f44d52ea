-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: simulator
-- checksum 8d3bd801d64d0cdf1e1b168180b69a41ca678f50828a560fd7c3d019b6adc5b3
CREATE TABLE "charges" ( "payment_id" bytea NOT NULL PRIMARY KEY, "currency_code" text NOT NULL, "method" text NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 4), "held_minor" bigint NOT NULL DEFAULT 0 CHECK ("held_minor" >= 0), "captured_minor" bigint NOT NULL DEFAULT 0, "refunded_minor" bigint NOT NULL DEFAULT 0 CHECK ("refunded_minor" >= 0), "fees_minor" bigint NOT NULL DEFAULT 0 CHECK ("fees_minor" >= 0), "operations" bigint NOT NULL DEFAULT 0, "create_time" bigint NOT NULL, CHECK (refunded_minor <= captured_minor) );
CREATE TABLE "operations" ( "operation_key" bytea NOT NULL PRIMARY KEY, "payment_id" bytea NOT NULL, "operation" bigint NOT NULL CHECK ("operation" BETWEEN 1 AND 5), "amount_minor" bigint NOT NULL, "answer" bigint NOT NULL CHECK ("answer" BETWEEN 1 AND 3), "fee_minor" bigint NOT NULL, "decline" text NULL, "is_retryable" bigint NOT NULL, "action_url" text NULL, "create_time" bigint NOT NULL );
CREATE TRIGGER operations_are_append_only BEFORE UPDATE OR DELETE ON operations FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();
CREATE TABLE "lost_requests" ( "operation_key" bytea NOT NULL PRIMARY KEY );
CREATE TABLE "scripts" ( "script_number" bigint NOT NULL PRIMARY KEY, "method" text NULL, "payment_id" bytea NULL, "operation" bigint NULL, "outcome" bigint NOT NULL, CHECK ((method IS NULL) <> (payment_id IS NULL)) );

-- 2: decision
-- checksum 87b856f897e6f01c2bc66e1728521dd32bb517d90608017610d8d93b03815cfa
ALTER TABLE "charges" ADD COLUMN "decision" bigint NULL CHECK ("decision" IN (0, 1));

-- 3: reversals
-- checksum 64067e8bc023569e9716c3c2802b965c283b21fe2a761d6994098465e0f174ed
ALTER TABLE "charges" ADD COLUMN "return_url" text NULL;
ALTER TABLE "charges" ADD COLUMN "expire_time" bigint NULL;
ALTER TABLE "operations" ADD COLUMN "expire_time" bigint NULL;
CREATE TABLE "reversals" ( "payment_id" bytea NOT NULL, "operation_key" bytea NOT NULL, "create_time" bigint NOT NULL, PRIMARY KEY ("payment_id", "operation_key") );
