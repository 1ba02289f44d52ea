-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: catalog
-- checksum c9a54943b58f196f9939e554bb27777c0d2d353cd180d55fab9f0dc6a80020ca
CREATE TABLE "products" ( "product_id" blob NOT NULL PRIMARY KEY, "title" text NOT NULL, "title_key" blob NOT NULL, "description" text NOT NULL, "state" integer NOT NULL CHECK ("state" BETWEEN 1 AND 3), "labels" text NOT NULL, "external_key" text NULL UNIQUE, "version" integer NOT NULL CHECK ("version" >= 1), "create_time" integer NOT NULL, "update_time" integer NOT NULL ) STRICT, WITHOUT ROWID;
CREATE INDEX "products_by_title" ON "products" ("title_key", "product_id");
CREATE TABLE "variants" ( "variant_id" blob NOT NULL PRIMARY KEY, "product_id" blob NOT NULL, "sku" text NOT NULL UNIQUE, "title" text NOT NULL, "attributes" text NOT NULL, "version" integer NOT NULL CHECK ("version" >= 1), "create_time" integer NOT NULL, "update_time" integer NOT NULL, FOREIGN KEY ("product_id") REFERENCES "products" ("product_id") ) STRICT, WITHOUT ROWID;
CREATE INDEX "variants_of_product" ON "variants" ("product_id", "sku");
CREATE TABLE "prices" ( "price_id" blob NOT NULL PRIMARY KEY, "variant_id" blob NOT NULL, "currency_code" text NOT NULL, "minor_units" integer NOT NULL CHECK ("minor_units" BETWEEN 0 AND 1000000000000), "archive_time" integer NULL, "create_time" integer NOT NULL, "effective_time" integer NOT NULL, FOREIGN KEY ("variant_id") REFERENCES "variants" ("variant_id") ) STRICT, WITHOUT ROWID;
CREATE INDEX "prices_of_variant" ON "prices" ("variant_id", "effective_time", "price_id");
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices WHEN NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL BEGIN SELECT RAISE(ABORT, 'a price never changes'); END;
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices BEGIN SELECT RAISE(ABORT, 'a price never goes'); END;
CREATE TABLE "default_prices" ( "variant_id" blob NOT NULL, "currency_code" text NOT NULL, "price_id" blob NOT NULL, "change_time" integer NOT NULL, PRIMARY KEY ("variant_id", "currency_code"), FOREIGN KEY ("variant_id") REFERENCES "variants" ("variant_id"), FOREIGN KEY ("price_id") REFERENCES "prices" ("price_id") ) STRICT, WITHOUT ROWID;

-- 2: audience
-- checksum 611338dce2665623924b5c05d0ff67ed6ea55a0adbb4a83f2ee93ae724a8a8cb
ALTER TABLE "prices" ADD COLUMN "audience" integer NOT NULL DEFAULT 3 CHECK ("audience" BETWEEN 1 AND 3);
DROP TRIGGER prices_no_update;
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices WHEN NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL OR NEW.audience <> OLD.audience BEGIN SELECT RAISE(ABORT, 'a price never changes'); END;

-- 3: channels
-- checksum 823a613ea588e149055dea96e8fbfc4909d48e2e012bcb983824b6d67d599c79
ALTER TABLE "products" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "variants" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "prices" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "variants" ADD COLUMN "state" integer NOT NULL DEFAULT 1 CHECK ("state" BETWEEN 1 AND 3);
ALTER TABLE "prices" ADD COLUMN "channel" text NOT NULL DEFAULT '';
DROP TRIGGER prices_no_update;
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices WHEN NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL OR NEW.audience <> OLD.audience OR NEW.channel <> OLD.channel OR NEW.metadata <> OLD.metadata BEGIN SELECT RAISE(ABORT, 'a price never changes'); END;
CREATE TABLE "default_prices_again" ( "variant_id" blob NOT NULL, "currency_code" text NOT NULL, "channel" text NOT NULL, "price_id" blob NOT NULL, "change_time" integer NOT NULL, PRIMARY KEY ("variant_id", "currency_code", "channel"), FOREIGN KEY ("variant_id") REFERENCES "variants" ("variant_id"), FOREIGN KEY ("price_id") REFERENCES "prices" ("price_id") ) STRICT, WITHOUT ROWID;
INSERT INTO default_prices_again SELECT variant_id, currency_code, '', price_id, change_time FROM default_prices;
DROP TABLE default_prices;
ALTER TABLE default_prices_again RENAME TO default_prices;
CREATE INDEX "products_by_state" ON "products" ("state", "title_key", "product_id");
CREATE INDEX "products_by_update" ON "products" ("update_time", "product_id");
CREATE TABLE "product_labels" ( "label_key" text NOT NULL, "label_value" text NOT NULL, "product_id" blob NOT NULL, PRIMARY KEY ("label_key", "label_value", "product_id"), FOREIGN KEY ("product_id") REFERENCES "products" ("product_id") ) STRICT, WITHOUT ROWID;
CREATE INDEX "labels_of_product" ON "product_labels" ("product_id");
INSERT INTO product_labels SELECT label.key, label.value, p.product_id FROM products p, json_each(p.labels) label;

-- 4: imports
-- checksum 3c2fbc46dc79c96d89ed2ebf6864cb47ee7d19ef0967a728ebe896a66f50207b
CREATE TABLE "import_groups" ( "operation_id" blob NOT NULL, "group_number" integer NOT NULL, "items" blob NOT NULL, "results" blob NULL, PRIMARY KEY ("operation_id", "group_number") ) STRICT;
