-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: catalog
-- checksum f6ffbb7aeab2253db4f63cd639439b5c02d512e2a0b0545d3e9897917e85eae0
CREATE TABLE "products" ( "product_id" bytea NOT NULL PRIMARY KEY, "title" text NOT NULL, "title_key" bytea NOT NULL, "description" text NOT NULL, "state" bigint NOT NULL CHECK ("state" BETWEEN 1 AND 3), "labels" text NOT NULL, "external_key" text NULL UNIQUE, "version" bigint NOT NULL CHECK ("version" >= 1), "create_time" bigint NOT NULL, "update_time" bigint NOT NULL );
CREATE INDEX "products_by_title" ON "products" ("title_key", "product_id");
CREATE TABLE "variants" ( "variant_id" bytea NOT NULL PRIMARY KEY, "product_id" bytea NOT NULL, "sku" text NOT NULL UNIQUE COLLATE "C", "title" text NOT NULL, "attributes" text NOT NULL, "version" bigint NOT NULL CHECK ("version" >= 1), "create_time" bigint NOT NULL, "update_time" bigint NOT NULL, FOREIGN KEY ("product_id") REFERENCES "products" ("product_id") );
CREATE INDEX "variants_of_product" ON "variants" ("product_id", "sku");
CREATE TABLE "prices" ( "price_id" bytea NOT NULL PRIMARY KEY, "variant_id" bytea NOT NULL, "currency_code" text NOT NULL COLLATE "C", "minor_units" bigint NOT NULL CHECK ("minor_units" BETWEEN 0 AND 1000000000000), "archive_time" bigint NULL, "create_time" bigint NOT NULL, "effective_time" bigint NOT NULL, FOREIGN KEY ("variant_id") REFERENCES "variants" ("variant_id") );
CREATE INDEX "prices_of_variant" ON "prices" ("variant_id", "effective_time", "price_id");
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices FOR EACH ROW WHEN (NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL) EXECUTE FUNCTION souk_refuse_change();
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();
CREATE TRIGGER prices_no_truncate BEFORE TRUNCATE ON prices FOR EACH STATEMENT EXECUTE FUNCTION souk_refuse_change();
CREATE TABLE "default_prices" ( "variant_id" bytea NOT NULL, "currency_code" text NOT NULL COLLATE "C", "price_id" bytea NOT NULL, "change_time" bigint NOT NULL, PRIMARY KEY ("variant_id", "currency_code"), FOREIGN KEY ("variant_id") REFERENCES "variants" ("variant_id"), FOREIGN KEY ("price_id") REFERENCES "prices" ("price_id") );

-- 2: audience
-- checksum 4eb28634553d92f7748ef4c3e6c0990f6b6c92d99391c59b936b32249af6a05e
ALTER TABLE "prices" ADD COLUMN "audience" bigint NOT NULL DEFAULT 3 CHECK ("audience" BETWEEN 1 AND 3);
DROP TRIGGER prices_no_update ON prices;
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices FOR EACH ROW WHEN (NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL OR NEW.audience <> OLD.audience) EXECUTE FUNCTION souk_refuse_change();

-- 3: channels
-- checksum cf2c8df87c5557be2cf85546e02ed37a58992f4dff889acbf178ced383bcf660
ALTER TABLE "products" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "variants" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "prices" ADD COLUMN "metadata" text NOT NULL DEFAULT '{}';
ALTER TABLE "variants" ADD COLUMN "state" bigint NOT NULL DEFAULT 1 CHECK ("state" BETWEEN 1 AND 3);
ALTER TABLE "prices" ADD COLUMN "channel" text NOT NULL DEFAULT '' COLLATE "C";
DROP TRIGGER prices_no_update ON prices;
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices FOR EACH ROW WHEN (NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL OR NEW.audience <> OLD.audience OR NEW.channel <> OLD.channel OR NEW.metadata <> OLD.metadata) EXECUTE FUNCTION souk_refuse_change();
ALTER TABLE "default_prices" ADD COLUMN "channel" text NOT NULL DEFAULT '' COLLATE "C";
ALTER TABLE default_prices DROP CONSTRAINT default_prices_pkey;
ALTER TABLE default_prices ADD PRIMARY KEY (variant_id, currency_code, channel);
CREATE INDEX "products_by_state" ON "products" ("state", "title_key", "product_id");
CREATE INDEX "products_by_update" ON "products" ("update_time", "product_id");
CREATE TABLE "product_labels" ( "label_key" text NOT NULL COLLATE "C", "label_value" text NOT NULL COLLATE "C", "product_id" bytea NOT NULL, PRIMARY KEY ("label_key", "label_value", "product_id"), FOREIGN KEY ("product_id") REFERENCES "products" ("product_id") );
CREATE INDEX "labels_of_product" ON "product_labels" ("product_id");
INSERT INTO product_labels SELECT label.key, label.value, p.product_id FROM products p, json_each_text(p.labels::json) label;

-- 4: imports
-- checksum fe991b6875175f4f8b53c0f029d9bafeb3e03983a2bda76f7254702b5f1adb39
CREATE TABLE "import_groups" ( "operation_id" bytea NOT NULL, "group_number" bigint NOT NULL, "items" bytea NOT NULL, "results" bytea NULL, PRIMARY KEY ("operation_id", "group_number") );
