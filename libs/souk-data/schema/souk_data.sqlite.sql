-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: requests, outbox, inbox, keys
-- checksum 5d25a0d28a412e6eaf0a63faba093500e3dd713c58a022b231bd73e358890f4a
CREATE TABLE "souk_requests" ( "seq" integer PRIMARY KEY, "caller" text NOT NULL, "method" text NOT NULL, "request_id" text NOT NULL, "body_hash" blob NOT NULL, "response" blob NOT NULL, "created_time" integer NOT NULL, UNIQUE ("caller", "method", "request_id") ) STRICT;
CREATE TABLE "souk_outbox" ( "seq" integer PRIMARY KEY, "event_id" blob NOT NULL, "kind" text NOT NULL, "subject" text NOT NULL, "payload" blob NOT NULL, "created_time" integer NOT NULL ) STRICT;
CREATE TABLE "souk_inbox" ( "seq" integer PRIMARY KEY, "consumer" text NOT NULL, "event_id" blob NOT NULL, "created_time" integer NOT NULL, UNIQUE ("consumer", "event_id") ) STRICT;
CREATE TABLE "souk_keys" ( "name" text PRIMARY KEY, "secret" blob NOT NULL ) STRICT;
INSERT INTO souk_keys (name, secret) VALUES ('page', randomblob(32));

-- 2: relay
-- checksum 8a243484b6a157746aa22ef1a83b4a927aadeecd186dd511769509938af1e7ed
ALTER TABLE "souk_outbox" ADD COLUMN "traceparent" text NULL;
ALTER TABLE "souk_outbox" ADD COLUMN "refused" text NULL;

-- 3: shop
-- checksum b4c55b41b09e1eb68caafdbd47be78d4a107a7521a99053f9852f3b737f7eac6
CREATE TABLE "souk_shop" ( "one" integer PRIMARY KEY CHECK ("one" = 1), "shop" text NOT NULL, "epoch" integer NOT NULL, "reserve" blob NULL ) STRICT;
INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);

-- 4: operations
-- checksum 7f6887e558a81a5beeaf2ae0aa7b1569de1110a850518a157cbdbd04b163e4b0
CREATE TABLE "souk_operations" ( "operation_id" blob NOT NULL PRIMARY KEY, "method" text NOT NULL, "caller" text NOT NULL, "request_id" text NOT NULL, "request_hash" blob NOT NULL, "position" integer NOT NULL, "metadata" blob NOT NULL, "response" blob NULL, "error" blob NULL, "cancel_time" integer NULL, "done_time" integer NULL, "create_time" integer NOT NULL, "update_time" integer NOT NULL, UNIQUE ("caller", "method", "request_id") ) STRICT;
CREATE INDEX "souk_operations_open" ON "souk_operations" ("method", "done_time", "operation_id");
CREATE INDEX "souk_operations_by_method" ON "souk_operations" ("method", "operation_id");
CREATE INDEX "souk_operations_by_end" ON "souk_operations" ("done_time");
