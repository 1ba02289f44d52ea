-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: inventory
-- checksum b2f4534ae3ab65938f183a5b99be72613cc7f18506649712dd27f77cb135dec0
CREATE TABLE "location" ( "location_id" text NOT NULL PRIMARY KEY COLLATE "C", "title" text NOT NULL, "create_time" bigint NOT NULL );
INSERT INTO location (location_id, title, create_time) VALUES ('main', 'Main', CAST(extract(epoch FROM now()) AS BIGINT) * 1000000);
CREATE TABLE "stock" ( "sku" text NOT NULL COLLATE "C", "location_id" text NOT NULL COLLATE "C", "on_hand" bigint NOT NULL, "reserved" bigint NOT NULL, "update_time" bigint NOT NULL, PRIMARY KEY ("sku", "location_id"), CONSTRAINT "stock_is_not_over_promised" CHECK (0 <= reserved AND reserved <= on_hand) );
ALTER TABLE stock SET (fillfactor = 50);
CREATE TABLE "reservation" ( "number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "reservation_id" bytea NOT NULL UNIQUE CHECK (length(reservation_id) = 16), "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 5), "expire_time" bigint NOT NULL, "create_time" bigint NOT NULL, "update_time" bigint NOT NULL );
CREATE INDEX "reservation_due" ON "reservation" ("expire_time") WHERE "state" = 1;
CREATE INDEX "reservation_by_state" ON "reservation" ("state", "update_time", "number");
CREATE TABLE "reservation_line" ( "reservation" bigint NOT NULL, "sku" text NOT NULL COLLATE "C", "location_id" text NOT NULL COLLATE "C", "quantity" bigint NOT NULL CHECK ("quantity" > 0), "returned" bigint NOT NULL CHECK (0 <= returned AND returned <= quantity), PRIMARY KEY ("reservation", "sku", "location_id") );
CREATE TABLE "movement" ( "number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "movement_id" bytea NOT NULL CHECK (length(movement_id) = 16), "sku" text NOT NULL COLLATE "C", "location_id" text NOT NULL COLLATE "C", "kind" bigint NOT NULL CHECK ("kind" BETWEEN 1 AND 7), "on_hand_change" bigint NOT NULL, "reserved_change" bigint NOT NULL, "reservation_id" bytea NULL, "create_time" bigint NOT NULL, "effective_time" bigint NOT NULL, "note" text NOT NULL );
CREATE INDEX "movement_by_sku" ON "movement" ("sku", "number");
CREATE TRIGGER movement_never_changes BEFORE UPDATE OR DELETE ON movement FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();
CREATE TRIGGER movement_is_never_emptied BEFORE TRUNCATE ON movement FOR EACH STATEMENT EXECUTE FUNCTION souk_refuse_change();

-- 2: owner
-- checksum 6e808a8f8107eaa811b995a3c57c0f6e01b1d9d0d091f5b2a0d16f07f257fd91
ALTER TABLE "reservation" ADD COLUMN "order_id" bytea NULL CHECK (length(order_id) = 16);
ALTER TABLE "reservation" ADD COLUMN "effective_time" bigint NULL;

-- 3: the service that made a reservation
-- checksum 876625727bba69be8bb088fd248828d84089bab3500ee1b1cd3134af996aaecb
ALTER TABLE "reservation" ADD COLUMN "owner" text NOT NULL DEFAULT '';
UPDATE reservation SET owner = 'service:orders';
