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
