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

-- 4: policies, several locations, parts of reservations, actors
-- checksum 0178d19929cd9a9ccd00cb3ba2d5ed279dd1f4492926f3006d09ec0533780fe4
ALTER TABLE "location" ADD COLUMN "update_time" bigint NOT NULL DEFAULT 0;
ALTER TABLE "location" ADD COLUMN "address" bytea NULL;
ALTER TABLE "location" ADD COLUMN "priority" bigint NOT NULL DEFAULT 0;
ALTER TABLE "location" ADD COLUMN "is_active" bigint NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1));
ALTER TABLE "location" ADD COLUMN "version" bigint NOT NULL DEFAULT 1;
UPDATE location SET update_time = create_time;
ALTER TABLE "stock" ADD COLUMN "backorder_limit" bigint NOT NULL DEFAULT 0;
ALTER TABLE stock DROP CONSTRAINT stock_is_not_over_promised;
ALTER TABLE stock ADD CONSTRAINT stock_is_not_over_promised CHECK (0 <= on_hand AND 0 <= backorder_limit AND 0 <= reserved AND reserved <= on_hand + backorder_limit);
CREATE INDEX "stock_by_location" ON "stock" ("location_id", "sku");
CREATE TABLE "stock_policy" ( "sku" text NOT NULL PRIMARY KEY COLLATE "C", "policy" bigint NOT NULL CHECK ("policy" BETWEEN 1 AND 3), "backorder_limit" bigint NOT NULL CHECK ("backorder_limit" >= 0), "backorder_location_id" text NOT NULL COLLATE "C", "expected_time" bigint NULL, "low_quantity" bigint NOT NULL CHECK ("low_quantity" >= 0), "version" bigint NOT NULL, "update_time" bigint NULL );
ALTER TABLE "reservation_line" ADD COLUMN "consumed" bigint NOT NULL DEFAULT 0;
ALTER TABLE "reservation_line" ADD COLUMN "released" bigint NOT NULL DEFAULT 0 CHECK (0 <= consumed AND 0 <= released AND consumed + released <= quantity);
ALTER TABLE "reservation_line" ADD COLUMN "is_untracked" bigint NOT NULL DEFAULT 0 CHECK (is_untracked IN (0, 1));
CREATE INDEX "reservation_line_by_sku" ON "reservation_line" ("sku", "reservation");
CREATE INDEX "reservation_by_order" ON "reservation" ("order_id", "number") WHERE "order_id" IS NOT NULL;
CREATE TABLE "reservation_step" ( "reservation" bigint NOT NULL, "request_id" text NOT NULL COLLATE "C", "kind" bigint NOT NULL CHECK ("kind" BETWEEN 1 AND 7), "lines_hash" bytea NOT NULL CHECK (length(lines_hash) = 32), PRIMARY KEY ("reservation", "request_id") );
ALTER TABLE "movement" ADD COLUMN "actor" text NOT NULL DEFAULT '';
DROP INDEX movement_by_sku;
CREATE INDEX "movement_by_sku" ON "movement" ("sku", "create_time", "number");
CREATE INDEX "movement_by_location" ON "movement" ("location_id", "create_time", "number");
CREATE INDEX "movement_by_reservation" ON "movement" ("reservation_id", "create_time", "number") WHERE "reservation_id" IS NOT NULL;
CREATE INDEX "movement_by_time" ON "movement" ("create_time", "number");
