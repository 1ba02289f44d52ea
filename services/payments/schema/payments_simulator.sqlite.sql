-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: simulator
-- checksum 713fb803205713ad2a55c5247c98c07bba6926a560329b7511b949cd78039fb4
CREATE TABLE "charges" ( "payment_id" blob NOT NULL PRIMARY KEY, "currency_code" text NOT NULL, "method" text NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 4), "held_minor" integer NOT NULL DEFAULT 0 CHECK ("held_minor" >= 0), "captured_minor" integer NOT NULL DEFAULT 0, "refunded_minor" integer NOT NULL DEFAULT 0 CHECK ("refunded_minor" >= 0), "fees_minor" integer NOT NULL DEFAULT 0 CHECK ("fees_minor" >= 0), "operations" integer NOT NULL DEFAULT 0, "create_time" integer NOT NULL, CHECK (refunded_minor <= captured_minor) ) STRICT, WITHOUT ROWID;
CREATE TABLE "operations" ( "operation_key" blob NOT NULL PRIMARY KEY, "payment_id" blob NOT NULL, "operation" integer NOT NULL CHECK ("operation" BETWEEN 1 AND 5), "amount_minor" integer NOT NULL, "answer" integer NOT NULL CHECK ("answer" BETWEEN 1 AND 3), "fee_minor" integer NOT NULL, "decline" text NULL, "is_retryable" integer NOT NULL, "action_url" text NULL, "create_time" integer NOT NULL ) STRICT, WITHOUT ROWID;
CREATE TRIGGER operations_are_not_changed BEFORE UPDATE ON operations BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;
CREATE TRIGGER operations_are_not_deleted BEFORE DELETE ON operations BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;
CREATE TABLE "lost_requests" ( "operation_key" blob NOT NULL PRIMARY KEY ) STRICT, WITHOUT ROWID;
CREATE TABLE "scripts" ( "script_number" integer NOT NULL PRIMARY KEY, "method" text NULL, "payment_id" blob NULL, "operation" integer NULL, "outcome" integer NOT NULL, CHECK ((method IS NULL) <> (payment_id IS NULL)) ) STRICT;

-- 2: decision
-- checksum 5c4cd17d0fb6f1821af9267f90e89c2bd5cb56ce5a869d202693b5e6cbb702a1
ALTER TABLE "charges" ADD COLUMN "decision" integer NULL CHECK ("decision" IN (0, 1));

-- 3: reversals
-- checksum 972f8da545511c1499b43b6677c2d7a00a6c69f64defae1fbab559c025ec0f65
ALTER TABLE "charges" ADD COLUMN "return_url" text NULL;
ALTER TABLE "charges" ADD COLUMN "expire_time" integer NULL;
ALTER TABLE "operations" ADD COLUMN "expire_time" integer NULL;
CREATE TABLE "reversals" ( "payment_id" blob NOT NULL, "operation_key" blob NOT NULL, "create_time" integer NOT NULL, PRIMARY KEY ("payment_id", "operation_key") ) STRICT, WITHOUT ROWID;
