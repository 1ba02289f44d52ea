-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: requests, outbox, inbox, keys
-- checksum 682535e91bec15af817d3ffb8c792fa3e53afe5a8155c7e5b75fdb709e18f785
CREATE TABLE "souk_requests" ( "seq" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "caller" text NOT NULL, "method" text NOT NULL, "request_id" text NOT NULL, "body_hash" bytea NOT NULL, "response" bytea NOT NULL, "created_time" bigint NOT NULL, UNIQUE ("caller", "method", "request_id") );
CREATE TABLE "souk_outbox" ( "seq" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "event_id" bytea NOT NULL, "kind" text NOT NULL, "subject" text NOT NULL, "payload" bytea NOT NULL, "created_time" bigint NOT NULL );
CREATE TABLE "souk_inbox" ( "seq" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "consumer" text NOT NULL, "event_id" bytea NOT NULL, "created_time" bigint NOT NULL, UNIQUE ("consumer", "event_id") );
CREATE TABLE "souk_keys" ( "name" text PRIMARY KEY, "secret" bytea NOT NULL );
INSERT INTO souk_keys (name, secret) VALUES ('page', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
CREATE FUNCTION souk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$;

-- 2: relay
-- checksum caf287ac538de1e830fdfc7c84e95c2c3aec1473195000005aadcda9c59922f7
ALTER TABLE "souk_outbox" ADD COLUMN "traceparent" text NULL;
ALTER TABLE "souk_outbox" ADD COLUMN "refused" text NULL;
CREATE TABLE souk_relay (name text PRIMARY KEY, owner text NOT NULL, until_time bigint NOT NULL);
INSERT INTO souk_relay (name, owner, until_time) VALUES ('outbox', '', 0);
CREATE FUNCTION souk_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint
$$;

-- 3: shop
-- checksum 5f4dfcca89d61d20b78dcb9ee691c0211fd204013f0dc550337d82d196a5f91b
CREATE TABLE "souk_shop" ( "one" bigint PRIMARY KEY CHECK ("one" = 1), "shop" text NOT NULL, "epoch" bigint NOT NULL, "reserve" bytea NULL );
INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);

-- 4: operations
-- checksum bbf0da87281a337a94f057fcd0321fa2f95d77278d6bb743f91cedca8516d3e9
CREATE TABLE "souk_operations" ( "operation_id" bytea NOT NULL PRIMARY KEY, "method" text NOT NULL, "caller" text NOT NULL, "request_id" text NOT NULL, "request_hash" bytea NOT NULL, "position" bigint NOT NULL, "metadata" bytea NOT NULL, "response" bytea NULL, "error" bytea NULL, "cancel_time" bigint NULL, "done_time" bigint NULL, "create_time" bigint NOT NULL, "update_time" bigint NOT NULL, UNIQUE ("caller", "method", "request_id") );
CREATE INDEX "souk_operations_open" ON "souk_operations" ("method", "done_time", "operation_id");
CREATE INDEX "souk_operations_by_method" ON "souk_operations" ("method", "operation_id");
CREATE INDEX "souk_operations_by_end" ON "souk_operations" ("done_time");
