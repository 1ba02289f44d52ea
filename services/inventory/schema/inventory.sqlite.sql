-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: inventory
-- checksum 47073c180d51e5ffd5a6e936211d9278e8f8dd91e63920c3639c7b8f60eb9710
CREATE TABLE "location" ( "location_id" text NOT NULL PRIMARY KEY, "title" text NOT NULL, "create_time" integer NOT NULL ) STRICT, WITHOUT ROWID;
INSERT INTO location (location_id, title, create_time) VALUES ('main', 'Main', CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
CREATE TABLE "stock" ( "sku" text NOT NULL, "location_id" text NOT NULL, "on_hand" integer NOT NULL, "reserved" integer NOT NULL, "update_time" integer NOT NULL, PRIMARY KEY ("sku", "location_id"), CONSTRAINT "stock_is_not_over_promised" CHECK (0 <= reserved AND reserved <= on_hand) ) STRICT, WITHOUT ROWID;
CREATE TABLE "reservation" ( "number" integer PRIMARY KEY, "reservation_id" blob NOT NULL UNIQUE CHECK (length(reservation_id) = 16), "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 5), "expire_time" integer NOT NULL, "create_time" integer NOT NULL, "update_time" integer NOT NULL ) STRICT;
CREATE INDEX "reservation_due" ON "reservation" ("expire_time") WHERE "state" = 1;
CREATE INDEX "reservation_by_state" ON "reservation" ("state", "update_time", "number");
CREATE TABLE "reservation_line" ( "reservation" integer NOT NULL, "sku" text NOT NULL, "location_id" text NOT NULL, "quantity" integer NOT NULL CHECK ("quantity" > 0), "returned" integer NOT NULL CHECK (0 <= returned AND returned <= quantity), PRIMARY KEY ("reservation", "sku", "location_id") ) STRICT, WITHOUT ROWID;
CREATE TABLE "movement" ( "number" integer PRIMARY KEY, "movement_id" blob NOT NULL CHECK (length(movement_id) = 16), "sku" text NOT NULL, "location_id" text NOT NULL, "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 7), "on_hand_change" integer NOT NULL, "reserved_change" integer NOT NULL, "reservation_id" blob NULL, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, "note" text NOT NULL ) STRICT;
CREATE INDEX "movement_by_sku" ON "movement" ("sku", "number");
CREATE TRIGGER movement_never_changes BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'table movement is append-only'); END;
CREATE TRIGGER movement_is_never_deleted BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'table movement is append-only'); END;

-- 2: owner
-- checksum a25c754266f14e92f0179cd6e57d6e5131f1894f1d690eb9d93ea1f0c8789fce
ALTER TABLE "reservation" ADD COLUMN "order_id" blob NULL CHECK (length(order_id) = 16);
ALTER TABLE "reservation" ADD COLUMN "effective_time" integer NULL;

-- 3: the service that made a reservation
-- checksum 876625727bba69be8bb088fd248828d84089bab3500ee1b1cd3134af996aaecb
ALTER TABLE "reservation" ADD COLUMN "owner" text NOT NULL DEFAULT '';
UPDATE reservation SET owner = 'service:orders';

-- 4: policies, several locations, parts of reservations, actors
-- checksum 593fe7c85d2b8eab3a0b3e390975ca468fcd00e694975b151aa358747ae5198f
ALTER TABLE "location" ADD COLUMN "update_time" integer NOT NULL DEFAULT 0;
ALTER TABLE "location" ADD COLUMN "address" blob NULL;
ALTER TABLE "location" ADD COLUMN "priority" integer NOT NULL DEFAULT 0;
ALTER TABLE "location" ADD COLUMN "is_active" integer NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1));
ALTER TABLE "location" ADD COLUMN "version" integer NOT NULL DEFAULT 1;
UPDATE location SET update_time = create_time;
CREATE TABLE "stock_again" ( "sku" text NOT NULL, "location_id" text NOT NULL, "on_hand" integer NOT NULL, "reserved" integer NOT NULL, "update_time" integer NOT NULL, "backorder_limit" integer NOT NULL DEFAULT 0, PRIMARY KEY ("sku", "location_id"), CONSTRAINT "stock_is_not_over_promised" CHECK (0 <= on_hand AND 0 <= backorder_limit AND 0 <= reserved AND reserved <= on_hand + backorder_limit) ) STRICT, WITHOUT ROWID;
INSERT INTO stock_again (sku, location_id, on_hand, reserved, update_time) SELECT sku, location_id, on_hand, reserved, update_time FROM stock;
DROP TABLE stock;
ALTER TABLE stock_again RENAME TO stock;
CREATE INDEX "stock_by_location" ON "stock" ("location_id", "sku");
CREATE TABLE "stock_policy" ( "sku" text NOT NULL PRIMARY KEY, "policy" integer NOT NULL CHECK ("policy" BETWEEN 1 AND 3), "backorder_limit" integer NOT NULL CHECK ("backorder_limit" >= 0), "backorder_location_id" text NOT NULL, "expected_time" integer NULL, "low_quantity" integer NOT NULL CHECK ("low_quantity" >= 0), "version" integer NOT NULL, "update_time" integer NULL ) STRICT, WITHOUT ROWID;
ALTER TABLE "reservation_line" ADD COLUMN "consumed" integer NOT NULL DEFAULT 0;
ALTER TABLE "reservation_line" ADD COLUMN "released" integer NOT NULL DEFAULT 0 CHECK (0 <= consumed AND 0 <= released AND consumed + released <= quantity);
ALTER TABLE "reservation_line" ADD COLUMN "is_untracked" integer NOT NULL DEFAULT 0 CHECK (is_untracked IN (0, 1));
CREATE INDEX "reservation_line_by_sku" ON "reservation_line" ("sku", "reservation");
CREATE INDEX "reservation_by_order" ON "reservation" ("order_id", "number") WHERE "order_id" IS NOT NULL;
CREATE TABLE "reservation_step" ( "reservation" integer NOT NULL, "request_id" text NOT NULL, "kind" integer NOT NULL CHECK ("kind" BETWEEN 1 AND 7), "lines_hash" blob NOT NULL CHECK (length(lines_hash) = 32), PRIMARY KEY ("reservation", "request_id") ) STRICT, WITHOUT ROWID;
ALTER TABLE "movement" ADD COLUMN "actor" text NOT NULL DEFAULT '';
DROP INDEX movement_by_sku;
CREATE INDEX "movement_by_sku" ON "movement" ("sku", "create_time", "number");
CREATE INDEX "movement_by_location" ON "movement" ("location_id", "create_time", "number");
CREATE INDEX "movement_by_reservation" ON "movement" ("reservation_id", "create_time", "number") WHERE "reservation_id" IS NOT NULL;
CREATE INDEX "movement_by_time" ON "movement" ("create_time", "number");
