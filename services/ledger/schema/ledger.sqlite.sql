-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: ledger
-- checksum 3eb6104eac0bc7fb8feaf16d10bef3fcdbb959354600b0abcefe5317a8f0a231
CREATE TABLE "account" ( "number" integer PRIMARY KEY, "id" blob NOT NULL UNIQUE CHECK (length(id) = 16), "ledger" integer NOT NULL, "code" integer NOT NULL, "flags" integer NOT NULL, "user_data" text NOT NULL, "create_time" integer NOT NULL, "debits_pending" integer NOT NULL DEFAULT 0 CHECK ("debits_pending" >= 0), "debits_posted" integer NOT NULL DEFAULT 0 CHECK ("debits_posted" >= 0), "credits_pending" integer NOT NULL DEFAULT 0 CHECK ("credits_pending" >= 0), "credits_posted" integer NOT NULL DEFAULT 0 CHECK ("credits_posted" >= 0), "transfer_count" integer NOT NULL DEFAULT 0, "last_sequence" integer NOT NULL DEFAULT 0, "last_time" integer NOT NULL DEFAULT 0 ) STRICT;
CREATE TRIGGER account_keeps_its_terms BEFORE UPDATE OF number, id, ledger, code, flags, user_data, create_time ON account BEGIN SELECT RAISE(ABORT, 'what an account was created with never changes'); END;
CREATE TRIGGER account_is_never_deleted BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;
CREATE TABLE "transfer" ( "sequence" integer PRIMARY KEY, "id" blob NOT NULL UNIQUE CHECK (length(id) = 16), "debit_account" integer NOT NULL, "credit_account" integer NOT NULL, "amount" integer NOT NULL CHECK ("amount" >= 0), "pending_amount" integer NOT NULL CHECK ("pending_amount" >= 0), "pending_id" blob NULL, "user_data" text NOT NULL, "timeout_seconds" integer NOT NULL, "ledger" integer NOT NULL, "code" integer NOT NULL, "kind" integer NOT NULL, "linked" integer NOT NULL, "effective_time" integer NULL, "create_time" integer NOT NULL, "debit_previous" integer NOT NULL, "credit_previous" integer NOT NULL, CHECK (debit_account <> credit_account) ) STRICT;
CREATE UNIQUE INDEX "transfer_resolves_once" ON "transfer" ("pending_id") WHERE "pending_id" IS NOT NULL;
CREATE TRIGGER transfer_never_changes BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
CREATE TABLE "checkpoint" ( "account" integer NOT NULL, "create_time" integer NOT NULL, "sequence" integer NOT NULL, "debits_pending" integer NOT NULL, "debits_posted" integer NOT NULL, "credits_pending" integer NOT NULL, "credits_posted" integer NOT NULL, PRIMARY KEY ("account", "create_time", "sequence") ) STRICT, WITHOUT ROWID;
CREATE TABLE "due" ( "expire_time" integer NOT NULL, "pending_id" blob NOT NULL, PRIMARY KEY ("expire_time", "pending_id") ) STRICT, WITHOUT ROWID;

-- 2: one write after another
-- checksum e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

-- 3: ledgers and lists
-- checksum 2368962575a6baaf7da98ba91b76e923a3bb09575e0d8ee50538daad509fd2a9
CREATE TABLE "ledger" ( "number" integer PRIMARY KEY, "currency_code" text NOT NULL, "create_time" integer NOT NULL ) STRICT;
INSERT INTO ledger (number, currency_code, create_time) SELECT ledger, MAX(CASE WHEN ledger <= 17576 AND user_data = substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 676 % 26 + 1 AS INTEGER), 1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 26 % 26 + 1 AS INTEGER), 1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 1 % 26 + 1 AS INTEGER), 1) || ' sales' THEN substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 676 % 26 + 1 AS INTEGER), 1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 26 % 26 + 1 AS INTEGER), 1) || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST((ledger - 1) / 1 % 26 + 1 AS INTEGER), 1) ELSE '' END), MIN(create_time) FROM account GROUP BY ledger;
CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'ledgers are never changed'); END;
CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'ledgers are never deleted'); END;
CREATE INDEX "account_by_ledger" ON "account" ("ledger", "number");
CREATE INDEX "account_by_code" ON "account" ("code", "number");
CREATE INDEX "account_by_ledger_and_code" ON "account" ("ledger", "code", "number");
CREATE INDEX "account_by_user_data" ON "account" ("user_data", "number") WHERE user_data <> '';
CREATE INDEX transfer_by_create_time ON transfer (create_time);
CREATE INDEX transfer_by_user_data ON transfer (user_data, create_time) WHERE user_data <> '';
